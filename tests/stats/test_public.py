from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest

from mlci.errors import UserError
from mlci.stats import Interval, estimate, paired_interval
from mlci.stats.metrics import METRICS

NAMES = np.array(["no", "yes"])


@pytest.fixture(scope="module")
def labels():
    """Two classes, 0 and 1."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    return y, *(np.where(rng.random(200) < share, y, 1 - y) for share in (0.85, 0.8))


@pytest.fixture(scope="module")
def chances(labels):
    """Probabilities of class 1 for both sides."""
    rng = np.random.default_rng(1)
    return [np.clip(0.3 * labels[0] + 0.7 * rng.random(200), 0, 1) for _ in range(2)]


@pytest.fixture(scope="module")
def three():
    """Three classes, and probabilities of both sides."""
    rng = np.random.default_rng(2)
    return rng.permutation(np.arange(150) % 3), rng.dirichlet(np.ones(3), 150), rng.dirichlet(np.ones(3), 150)


def test_paired_interval__is_the_inner_door(metric, task, sample):
    """On encoded input, the interval is that of `estimate.paired`."""
    rows = sample(metric, task)
    found = paired_interval(metric.name, rows.y, rows.candidate, rows.baseline, confidence=0.9, seed=4)
    expected = estimate.paired(metric, rows.y, rows.candidate, rows.baseline, n_classes=rows.n_classes, seed=4)
    assert found == expected.interval(0.9)


FORMS = {
    "list": list,
    "bool": lambda codes: codes.astype(bool),
    "float": lambda codes: codes.astype(float),
    "minus one": lambda codes: 2 * codes - 1,
    "far apart": lambda codes: codes * 10**12,
    "fractional floats far apart": lambda codes: codes * 1e18,
    "text": lambda codes: NAMES[codes],
    "text, list": lambda codes: NAMES[codes].tolist(),
    "object": lambda codes: NAMES[codes].astype(object),
    "column": lambda codes: codes[:, None],
    "pandas": lambda codes: pd.Series(NAMES[codes], index=range(5, 205)),
    "pandas category": lambda codes: pd.Series(NAMES[codes], dtype="category"),
    "pandas nullable": lambda codes: pd.Series(codes, dtype="Int64"),
    "polars": lambda codes: pl.Series(NAMES[codes].tolist()),
    "dates": lambda codes: np.array(["2024-01-01", "2024-06-01"], dtype="datetime64[D]")[codes],
}


@pytest.mark.parametrize("form", FORMS)
def test_paired_interval__labels_of_any_type(form, labels):
    """Labels may be of any type that sorts; the greater of two is positive."""
    given = [FORMS[form](each) for each in labels]
    assert paired_interval("f1", *given) == paired_interval("f1", *labels)


@pytest.mark.parametrize("form", ["list", "bool", "minus one", "text, list", "pandas", "polars"])
@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "log_loss", "brier_score"])
def test_paired_interval__probabilities(metric, form, labels, chances):
    """Probabilities of both classes, in two columns, are those of the positive class alone."""
    columns = [np.column_stack([1 - each, each]) for each in chances]
    found = paired_interval(metric, FORMS[form](labels[0]), columns[0], columns[1].tolist())
    expected = paired_interval(metric, labels[0], *chances)
    assert (found.gain, found.low, found.high) == pytest.approx((expected.gain, expected.low, expected.high))


def test_paired_interval__one_column_and_two(labels, chances):
    """One side may give a column and the other one two."""
    found = paired_interval("log_loss", labels[0], np.column_stack([1 - chances[0], chances[0]]), chances[1][:, None])
    assert found == paired_interval("log_loss", labels[0], *chances)


@pytest.mark.parametrize("metric", ["roc_auc_ovr", "log_loss"])
def test_paired_interval__three_classes_in_text(metric, three):
    """The columns' classes are the sorted labels."""
    y, *sides = three
    assert paired_interval(metric, np.array(["a", "b", "c"])[y], *sides) == paired_interval(metric, y, *sides)


def test_paired_interval__absent_class(three):
    """With classes written as 0, 1, 2, one may be absent."""
    y, candidate, baseline = three
    found = paired_interval("log_loss", np.where(y == 1, 0, y), candidate, baseline)
    assert math.isfinite(found.gain)


def test_paired_interval__scores_of_any_range(labels, chances):
    """An order is all that a score gives: its range does not matter."""
    found = paired_interval("roc_auc", labels[0], chances[0] * 20 - 7, chances[1] / 9)
    assert found == paired_interval("roc_auc", labels[0], *chances)


def test_paired_interval__groups_and_weights(labels):
    """Groups may be of any type, and count as the inner door counts them."""
    weight = np.linspace(1, 2, 200)
    found = paired_interval("f1", *labels, groups=[f"g{row // 4}" for row in range(200)], sample_weight=weight.tolist())
    expected = estimate.paired(METRICS["f1"], *labels, groups=np.arange(200) // 4, sample_weight=weight)
    assert found == expected.interval(0.95)


@pytest.mark.parametrize("y", [[1] * 20, [0] * 20, ["spam"] * 20])
def test_paired_interval__one_class(y):
    """One class only is told in the interval, not by an error."""
    found = paired_interval("roc_auc", y, np.linspace(0, 1, 20), np.linspace(1, 0, 20))
    assert (math.isnan(found.gain), found.low, found.high, found.method, found.note) == (
        True, -1.0, 1.0, "undefined", "only one class in these rows"
    )  # fmt: skip


@pytest.mark.parametrize(("labels_", "value"), [([1, 1, 1], 1.0), (["ham"] * 3, 0.0), ([True] * 3, 1.0)])
def test_paired_interval__one_label_everywhere(labels_, value):
    """Of one label, 1 and True are positive, and any other is not known to be."""
    found = paired_interval("specificity" if value == 0 else "recall", labels_, labels_, labels_)
    assert found == Interval(
        gain=0.0, low=0.0, high=0.0, baseline=1.0, candidate=1.0, method="identical predictions", n=3, level=0.95,
        note="both sides predict the same",
    )  # fmt: skip


Y = [0, 1, 1, 0]
P = [0.2, 0.7, 0.6, 0.1]

WRONG = [
    ("roc_acu", Y, P, P, {}, "no metric that mlci knows", "Did you mean 'roc_auc'?"),
    ("mse", Y, P, P, {}, "no metric that mlci knows", "Did you mean 'mean_squared_error'?"),
    ("f1", [], [], [], {}, "y_true is empty", ""),
    ("f1", Y, [0, 1], Y, {}, "candidate has the length 2, and y_true has 4", ""),
    ("f1", Y, Y, 1, {}, "baseline has no length, and y_true has 4", ""),
    ("f1", Y, P, Y, {}, "f1 is for classes, and candidate holds fractions", "Round"),
    ("accuracy", P, Y, Y, {}, "accuracy is for classes, and y_true holds fractions", "regression"),
    ("f1", [0, 1, 2, 0], Y, Y, {}, "f1 is for two classes, and the arrays hold 3 labels", "f1_macro"),
    ("specificity", [0, 1, 2, 0], Y, Y, {}, "specificity is for two classes", "balanced_accuracy"),
    ("accuracy", ["a", "b", "a", "b"], Y, Y, {}, "of different types", ""),
    ("accuracy", [0, None, 1, 0], Y, Y, {}, "y_true is missing or not finite in 1 of 4 places", ""),
    ("accuracy", pd.Series([0, pd.NA, 1, 0], dtype="Int64"), Y, Y, {}, "y_true is missing or not finite in 1", ""),
    ("accuracy", [0.0, math.nan, 1.0, 0.0], Y, Y, {}, "y_true is missing or not finite in 1", ""),
    ("accuracy", Y, [[0, 1]] * 4, Y, {}, r"candidate has the shape \(4, 2\)", ""),
    ("roc_auc", Y, P, [0.1, math.nan, 0.2, 0.3], {}, "baseline is missing or not finite in 1 of 4", ""),
    ("roc_auc", Y, [[0.2] * 3] * 4, P, {}, r"candidate has the shape \(4, 3\)", "roc_auc takes"),
    ("roc_auc", Y, ["a", "b", "c", "d"], P, {}, "candidate does not hold numbers", ""),
    ("roc_auc", Y, [0.1, None, 0.2, "x"], P, {}, "candidate does not hold numbers", ""),
    ("roc_auc", [0, 1, 2, 1], P, P, {}, "y_true holds 3 labels, and the predictions are for 2 classes", ""),
    ("roc_auc_ovr", Y, P, P, {}, r"candidate has the shape \(4,\)", "a column for each class"),
    ("log_loss", Y, [0.1, 0.2, 1.3, -0.1], P, {}, r"candidate holds 2 values outside of \[0, 1\]", ""),
    ("log_loss", Y, P, [[0.5, 0.4]] * 4, {}, "In 4 rows, the probabilities of baseline do not sum to 1", ""),
    ("log_loss", Y, [[0.5, 0.5]] * 4, [[0.5, 0.25, 0.25]] * 4, {}, "different numbers of classes", ""),
    ("log_loss", ["a"] * 4, P, P, {}, "y_true holds 1 of 2 labels", "Write classes as 0 to 1"),
    ("log_loss", ["a", "b"] * 2, [[0.5, 0.25, 0.25]] * 4, [[0.5, 0.25, 0.25]] * 4, {}, "holds 2 of 3 labels", "0 to 2"),
    ("r2", P, [math.inf, 1, 2, 3], P, {}, "candidate is missing or not finite in 1 of 4", ""),
    ("r2", ["a"] * 4, P, P, {}, "y_true does not hold numbers", ""),
    ("f1", Y, Y, Y, {"confidence": 95}, "confidence is 95", "0.95"),
    ("f1", Y, Y, Y, {"groups": [1, 2]}, "groups has the length 2", ""),
    ("f1", Y, Y, Y, {"groups": [1, 2, None, 3]}, "groups is missing or not finite in 1 of 4", ""),
    ("f1", Y, Y, Y, {"sample_weight": [1, 2, -1, 1]}, "sample_weight is negative in some rows", ""),
    ("f1", Y, Y, Y, {"sample_weight": [0] * 4}, "sample_weight is 0 in all rows", ""),
    ("f1", Y, Y, Y, {"sample_weight": [1, 2, math.nan, 1]}, "sample_weight is missing or not finite in 1", ""),
]


@pytest.mark.parametrize("case", WRONG, ids=[case[5][:40] for case in WRONG])
def test_paired_interval__wrong_input(case):
    """What is wrong is said in one sentence, and how to mend it in another."""
    *arguments, facts, message, hint = case
    with pytest.raises(UserError, match=message) as raised:
        paired_interval(*arguments, **facts)
    assert (hint in raised.value.hint, bool(raised.value.hint)) == (True, True)


def test_paired_interval__no_value_in_a_message():
    """A message does not hold a value of the data."""
    with pytest.raises(UserError) as raised:
        paired_interval("f1", ["secret", "other", "third"], ["secret"] * 3, ["other"] * 3)
    assert "secret" not in str(raised.value)
