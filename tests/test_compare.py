from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.compare import Scored, compare
from mlci.config.models import ModelConfig
from mlci.training.predictions import Predictions

CLASSES = ("no", "yes")


def policy(gates=None, **more):
    """A binary model's rules."""
    return ModelConfig.model_validate(
        {
            "dataset": "d", "target": "t", "task": "binary", "positive": "yes", "primary": "roc_auc",
            "candidates": {"a": "p:a"}, "metrics": ["roc_auc", "log_loss", "accuracy"], "gates": gates or {}, **more,
        }
    )  # fmt: skip


def scored(target, probability, slices=(), groups=None):
    """A side that gives probabilities."""
    predictions = Predictions(classes=CLASSES, labels=(probability > 0.5).astype(np.int64), probability=probability)
    return Scored(target=target, predictions=predictions, slices=slices, groups=groups)


@pytest.fixture
def rows():
    """A holdout of 2,000 rows, a good model's probabilities, and a much worse one's."""
    draw = np.random.default_rng(7)
    target = draw.integers(0, 2, 2000)
    good = 1 / (1 + np.exp(-(2.5 * (target - 0.5) + draw.normal(0, 1, 2000))))
    bad = 1 / (1 + np.exp(-(0.5 * (target - 0.5) + draw.normal(0, 1, 2000))))
    return target, good, bad


def by_metric(found, slice_=""):
    """Comparisons of one slice, by their metric."""
    return {each.metric: each for each in found.comparisons if each.slice == slice_}


def test_compare__a_worse_model(rows):
    """Every gated metric of a much worse model is worse, and fails."""
    target, good, bad = rows

    found = compare(policy({"roc_auc": {"max_regression": 0.01}}), scored(target, bad), scored(target, good))

    whole = by_metric(found)
    assert (whole["roc_auc"].status, whole["roc_auc"].verdict, whole["log_loss"].status, whole["log_loss"].verdict) == (
        "worse",
        "fail",
        "worse",
        "pass",  # no gate watches it
    )
    assert found.family == 1


def test_compare__identical_predictions(rows):
    """The same predictions are `same`, with a gain of exactly nothing, whatever the margin."""
    target, good, _ = rows

    found = compare(policy({"roc_auc": {"max_regression": 0}}), scored(target, good), scored(target, good.copy()))

    assert {(each.status, each.gain, each.low, each.high) for each in found.comparisons} == {("same", 0.0, 0.0, 0.0)}


def test_compare__more_gates_widen_the_intervals(rows):
    """The promise is over all gates together: the more of them, the wider each interval."""
    target, good, _ = rows
    halves = tuple((f"s = {i}", np.arange(2000) % 4 == i) for i in range(4))
    other = good + np.random.default_rng(1).normal(0, 0.02, 2000).clip(-0.01, 0.01) * (good > 0.1) * (good < 0.9)
    one = compare(policy({"roc_auc": {"max_regression": 0.01}}), scored(target, other), scored(target, good))
    many = compare(
        policy({"roc_auc": {"max_regression": 0.01, "slices": True}}, slices=["s"]),
        scored(target, other, halves),
        scored(target, good, halves),
    )

    narrow, wide = by_metric(one)["roc_auc"], by_metric(many)["roc_auc"]
    assert (many.family, wide.level > narrow.level, wide.low < narrow.low, wide.high > narrow.high) == (
        5,
        True,
        True,
        True,
    )


def test_compare__small_slices_are_reported_not_judged(rows):
    """A slice below `min_rows` has its numbers, and no gate."""
    target, good, bad = rows
    slices = (("s = few", np.arange(2000) < 20), ("s = many", np.arange(2000) >= 20))

    found = compare(
        policy({"roc_auc": {"max_regression": 0.01, "slices": True}}, slices=["s"]),
        scored(target, bad, slices),
        scored(target, good, slices),
    )

    few, many = by_metric(found, "s = few")["roc_auc"], by_metric(found, "s = many")["roc_auc"]
    assert (few.gated, few.verdict, "fewer than 30 rows" in few.note, many.gated) == (False, "pass", True, True)


def test_compare__no_baseline(rows):
    """Without a baseline there are the candidate's values, and nothing to gain or lose."""
    target, good, _ = rows

    found = compare(policy({"roc_auc": {"max_regression": 0.01}}), scored(target, good), None)

    auc = by_metric(found)["roc_auc"]
    assert (auc.candidate is not None, auc.baseline, auc.gain, auc.status, found.family) == (True, None, None, None, 0)


def test_compare__unpaired(rows):
    """Two holdouts of their own are compared with a wider interval than one that both share."""
    target, good, bad = rows
    pair = compare(policy(), scored(target, bad), scored(target, good))
    free = compare(policy(), scored(target[::2], bad[::2]), scored(target, good), paired=False)

    assert by_metric(free)["roc_auc"].high - by_metric(free)["roc_auc"].low > (
        by_metric(pair)["roc_auc"].high - by_metric(pair)["roc_auc"].low
    )


def test_compare__a_side_without_probabilities(rows):
    """What a model does not give is noted, and is no zero."""
    target, good, _ = rows
    labels = Scored(target=target, predictions=Predictions(classes=CLASSES, labels=(good > 0.5).astype(np.int64)))

    found = by_metric(compare(policy(), scored(target, good), labels))

    assert (found["log_loss"].note, found["log_loss"].status, found["accuracy"].status) == (
        "the baseline gives no probability",
        None,
        "same",
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=40))
def test_compare__never_crashes_and_is_antisymmetric(cases):
    """Whatever few rows hold, there is an answer, and swapping the sides turns the gain's sign."""
    target = np.array([int(each[0]) for each in cases])
    mine, theirs = (np.array([each[i] / 8 for each in cases]) for i in (1, 2))

    there = by_metric(compare(policy(), scored(target, mine), scored(target, theirs)))
    back = by_metric(compare(policy(), scored(target, theirs), scored(target, mine)))

    assert [(name, -each.gain if each.gain else each.gain) for name, each in there.items()] == [
        (name, pytest.approx(each.gain) if each.gain else each.gain) for name, each in back.items()
    ]
