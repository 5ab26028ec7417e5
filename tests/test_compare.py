from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.compare import Against, compare
from mlci.config.models import ModelConfig, Slice
from mlci.data.slices import Parts
from mlci.training.predictions import Predictions
from mlci.weighing import Scored

CLASSES = ("no", "yes")


def policy(gates=None, **more):
    """A binary model's rules."""
    return ModelConfig.model_validate(
        {
            "dataset": "d", "target": "t", "task": "binary", "positive": "yes", "primary": "roc_auc",
            "candidates": {"a": "p:a"}, "metrics": ["roc_auc", "log_loss", "accuracy"], "gates": gates or {}, **more,
        }
    )  # fmt: skip


def scored(target, probability, parts=(), **more):
    """A side that gives probabilities."""
    predictions = Predictions(classes=CLASSES, labels=(probability > 0.5).astype(np.int64), probability=probability)
    return Scored(target=target, predictions=(predictions,), parts=parts, **more)


def sliced(codes, names):
    """The slices of one column."""
    return (Parts(Slice(column="s"), names, np.asarray(codes, dtype=np.int16)),)


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
    halves = sliced(np.arange(2000) % 4, names=("s = 0", "s = 1", "s = 2", "s = 3"))
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
    slices = sliced(np.arange(2000) >= 20, names=("s = few", "s = many"))

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
    said = Predictions(classes=CLASSES, labels=(good > 0.5).astype(np.int64))
    labels = Scored(target=target, predictions=(said,))

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


def fair(target, labels, sexes, **more):
    """A side that gives labels, and a sensitive column."""
    said = Predictions(classes=CLASSES, labels=labels.astype(np.int64))
    part = Parts(Slice(column="sex"), ("sex = f", "sex = m", "sex = x"), sexes.astype(np.int16))
    return Scored(target=target, predictions=(said,), sensitive=(part,), **more)


@pytest.fixture
def unfair():
    """A holdout of 4,000 rows; one model selects all groups alike, another one group twice as often."""
    draw = np.random.default_rng(3)
    target, sexes = draw.integers(0, 2, 4000), (draw.random(4000) < 0.5).astype(int)
    sexes[:5] = 2  # too few to tell
    even = draw.random(4000) < 0.4
    return target, sexes, even, even | ((sexes == 1) & (draw.random(4000) < 0.5))


RULES = {"sensitive": ["sex"], "gates": {"demographic_parity_difference": {"max_regression": 0.05}}}


def test_compare__groups_that_are_treated_less_alike(unfair):
    """A fairness gate fails where the groups drift apart; a group with few rows is shown, and left out."""
    target, sexes, even, uneven = unfair
    rules = policy({"accuracy": {"max_regression": 0.5}}, fairness=RULES)

    found = compare(rules, fair(target, uneven, sexes), fair(target, even, sexes))

    (column,) = found.fairness
    (parity,) = column.comparisons
    rate = [uneven[sexes == code].mean() for code in (0, 1)]
    assert (parity.status, parity.verdict, found.family) == ("worse", "fail", 2)
    assert parity.candidate == pytest.approx(rate[1] - rate[0])
    assert parity.candidate_low < parity.candidate < parity.candidate_high
    assert [(each.name, each.rows) for each in column.groups] == [
        (f"sex = {name}", int((sexes == code).sum())) for code, name in enumerate("fmx")
    ]
    assert "1 group with fewer than 30 rows left out" in column.note
    assert column.groups[1].candidate["selection_rate"] == pytest.approx(rate[1])


def test_compare__fairness_without_a_baseline(unfair):
    """Absolute limits can judge: the candidate's own value is there, with its interval."""
    target, sexes, _, uneven = unfair

    found = compare(policy(fairness=RULES), fair(target, uneven, sexes), None)

    (parity,) = found.fairness[0].comparisons
    assert (parity.status, parity.candidate is not None, parity.candidate_low is not None) == (None, True, True)


def test_compare__fairness_on_two_holdouts(unfair):
    """Each side's groups on its own rows."""
    target, sexes, even, uneven = unfair

    found = compare(
        policy(fairness=RULES), fair(target, uneven, sexes), fair(target[1:], even[1:], sexes[1:]), paired=False
    )

    assert found.fairness[0].comparisons[0].status == "worse"


def test_compare__one_group_alone(unfair):
    """Nothing to compare: told, and no crash."""
    target, _, even, uneven = unfair
    alone = np.zeros(4000, dtype=int)

    found = compare(policy(fairness=RULES), fair(target, uneven, alone), fair(target, even, alone))

    assert found.fairness[0].comparisons[0].note == "fewer than 2 groups have 30 rows"


def test_compare__against_another_commit(rows):
    """Gates hold against a third side as well, in one family with the others; slices do not."""
    target, good, bad = rows
    rules = policy({"roc_auc": {"max_regression": 0.01}})

    found = compare(
        rules, scored(target, bad), scored(target, bad), against=[Against(name="best", scored=scored(target, good))]
    )

    assert [(each.metric, each.status, each.gated) for each in found.references["best"]] == [("roc_auc", "worse", True)]
    assert (by_metric(found)["roc_auc"].status, found.family) == ("same", 2)


def test_compare__what_the_pull_request_adds_is_a_family_of_its_own(rows, unfair):
    """New fairness gates and references do not widen the intervals of the gates that are there."""
    target, sexes, even, uneven = unfair
    gates = {"accuracy": {"max_regression": 0.01}}
    before = policy(gates)
    sides = fair(target, uneven, sexes), fair(target, even, sexes)

    def level(rules, **more):
        return by_metric(compare(rules, *sides, before=before, **more))["accuracy"].level

    more = Against(name="v1", scored=sides[1], is_new=True)
    assert level(policy(gates, fairness=RULES), against=[more]) == level(policy(gates)) == 0.95


def test_compare__gates_that_the_pull_request_adds_do_not_weigh_on_the_reference(rows):
    """Held against another commit, too, a new gate stays out of the old gates' family."""
    target, good, bad = rows
    old = {"roc_auc": {"max_regression": 0.01}}
    more = {name: {"max_regression": 0.5} for name in ("f1", "precision", "recall", "log_loss", "brier_score")}

    def level(gates):
        against = [Against(name="best", scored=scored(target, good))]
        found = compare(policy(gates), scored(target, good), scored(target, bad), before=policy(old), against=against)
        return by_metric(found)["roc_auc"].level

    assert level(old | more) == level(old)


def test_compare__a_slice_that_two_cuts_share_counts_once(rows):
    """Cutting a column again elsewhere cannot count its old slices twice, and so widen their intervals."""
    target, good, bad = rows
    ages = np.arange(2000) % 80
    cuts = [Slice(column="age", edges=(20, at)) for at in range(40, 60)]
    parts = tuple(
        Parts(rule, ("age < 20", f"20 ≤ age < {rule.edges[1]}", f"age ≥ {rule.edges[1]}"),
              np.digitize(ages, rule.edges).astype(np.int16))
        for rule in cuts
    )  # fmt: skip
    rules = policy({"roc_auc": {"max_regression": 0.01, "slices": True}})
    old = rules.model_copy(update={"slices": (cuts[0],)})
    new = rules.model_copy(update={"slices": tuple(cuts)})

    def level(judging, parts):
        found = compare(judging, scored(target, bad, parts), scored(target, good, parts), before=old)
        same = [each for each in found.comparisons if (each.metric, each.slice) == ("roc_auc", "age < 20")]
        assert len(same) == 1
        return same[0].level

    assert level(new, parts) == level(old, parts[:1])
