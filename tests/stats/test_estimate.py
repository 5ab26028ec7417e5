from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.stats import estimate
from mlci.stats.metrics import METRICS

KINKED = "expected_calibration_error"  # with few rows, its interval allows for more than the rows' variance
LEVELS = (0.5, 0.8, 0.95, 0.99, 0.999, 0.9995)


def compared(metric, rows, **facts):
    """The estimate of some rows."""
    return estimate.paired(metric, rows.y, rows.candidate, rows.baseline, n_classes=rows.n_classes, **facts)


@pytest.mark.parametrize("weighted", [False, True])
def test_point__scikit_learn(metric, task, weighted, sample, reference):
    """The value is scikit-learn's, on samples of several sizes, with and without weights."""
    pairs = []
    for seed, n in enumerate((7, 30, 200, 1000)):
        rows = sample(metric, task, n, seed)
        weight = np.random.default_rng(seed).integers(0, 4, n) + (n < 10) if weighted else None
        pairs.append((
            estimate.point(metric, rows.y, rows.candidate, sample_weight=weight, n_classes=rows.n_classes),
            reference(metric, rows.y, rows.candidate, weight, rows.n_classes),
        ))  # fmt: skip
    assert [pair[0] for pair in pairs] == pytest.approx([pair[1] for pair in pairs], rel=1e-12, abs=1e-12)


LABELLED = [metric for metric in METRICS.values() if metric.needs == "labels"]
RANKED = [METRICS[name] for name in ("roc_auc", "average_precision")]


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(1, 3)), min_size=1, max_size=12))
@settings(max_examples=25)
def test_point__scikit_learn_on_few_rows(rows):
    """Absent classes and predictions, and single rows, have scikit-learn's answers, undefined ones included."""
    from sklearn import metrics

    y, said, weight = np.array(rows).T
    found, expected = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn says which of its answers are conventions
        for metric in LABELLED + RANKED:
            found.append(estimate.point(metric, y, said, sample_weight=weight))
            score = getattr(metrics, metric.function)
            expected.append(score(y, said, sample_weight=weight, **metric.arguments))
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True)


def test_paired__values(metric, task, sample):
    """The gain is the signed difference of both values, and these are the points."""
    rows = sample(metric, task)
    found = compared(metric, rows)
    points = [
        estimate.point(metric, rows.y, side, n_classes=rows.n_classes) for side in (rows.candidate, rows.baseline)
    ]
    assert [found.candidate, found.baseline, found.gain] == pytest.approx(
        [*points, metric.sign * (points[0] - points[1])], abs=1e-12
    )


def test_paired__nested(metric, task, sample):
    """Intervals of higher confidence hold those of lower confidence, and all hold the gain."""
    found = [compared(metric, sample(metric, task)).interval(level) for level in LEVELS]
    lows, highs = [each.low for each in found], [each.high for each in found]
    assert (lows[::-1], highs) == (sorted(lows), sorted(highs))
    assert lows[0] <= found[0].gain <= highs[0]


def test_paired__swapped(metric, task, sample):
    """Swapping the sides turns the interval round, but for what is drawn at random."""
    rows = sample(metric, task)
    one = compared(metric, rows).interval(0.95)
    other = estimate.paired(metric, rows.y, rows.baseline, rows.candidate, n_classes=rows.n_classes).interval(0.95)
    assert (one.gain, one.low, one.high) == pytest.approx(
        (-other.gain, -other.high, -other.low), abs=0.03 * (one.high - one.low)
    )


def test_paired__order_of_rows(metric, task, sample):
    """The order of the rows does not matter."""
    rows = sample(metric, task)
    order = np.random.default_rng(3).permutation(len(rows.y))
    one = compared(metric, rows).interval(0.95)
    other = estimate.paired(
        metric, rows.y[order], rows.candidate[order], rows.baseline[order], n_classes=rows.n_classes
    ).interval(0.95)
    assert (one.gain, one.low, one.high) == pytest.approx((other.gain, other.low, other.high), abs=1e-10)


def test_paired__same_seed(metric, task, sample):
    """The same arguments give the same estimate."""
    rows = sample(metric, task)
    assert compared(metric, rows, seed=5) == compared(metric, rows, seed=5)


def test_paired__clusters_of_one_row(metric, task, sample):
    """Clusters of one row each, and weights that are all alike, are none."""
    rows = sample(metric, task)
    found = compared(metric, rows, groups=np.arange(200) * 7, sample_weight=np.full(200, 0.3))
    assert found == compared(metric, rows)


def test_paired__clusters_of_copies(metric, task, sample):
    """Rows written down four times in a cluster each tell no more than once: the interval stays, all but equal."""
    rows = sample(metric, task, n=300)
    one = compared(metric, rows)
    copies = [np.repeat(each, 4, axis=0) for each in (rows.y, rows.candidate, rows.baseline)]
    many = estimate.paired(metric, *copies, groups=np.repeat(np.arange(300), 4), n_classes=rows.n_classes)
    naive = estimate.paired(metric, *copies, n_classes=rows.n_classes)
    assert (many.gain, many.se / one.se, many.se / naive.se) == (
        pytest.approx(one.gain), pytest.approx(1, abs=0.06),
        pytest.approx(2, abs=0.5 if metric.name == KINKED else 0.15),
    )  # fmt: skip


def test_paired__weights_as_copies(metric, task, sample):
    """Whole weights count a row as often as copies would, which form a cluster."""
    rows = sample(metric, task, n=300)
    weight = np.random.default_rng(1).integers(1, 4, 300)
    one = compared(metric, rows, sample_weight=weight)
    copies = [np.repeat(each, weight, axis=0) for each in (rows.y, rows.candidate, rows.baseline)]
    many = estimate.paired(metric, *copies, groups=np.repeat(np.arange(300), weight), n_classes=rows.n_classes)
    assert (one.gain, one.se) == (pytest.approx(many.gain), pytest.approx(many.se, rel=0.06))


def test_paired__rows_without_weight(metric, task, sample):
    """Rows of weight 0 are not there."""
    rows = sample(metric, task)
    weight = (np.arange(200) % 3 > 0).astype(float)
    kept = weight > 0
    alone = estimate.paired(
        metric, rows.y[kept], rows.candidate[kept], rows.baseline[kept], n_classes=rows.n_classes
    )  # fmt: skip
    assert compared(metric, rows, sample_weight=weight) == alone


def test_paired__more_rows_tell_more(metric, task, sample):
    """Sixteen times the rows make the interval a quarter as wide, roughly."""
    few, many = (compared(metric, sample(metric, task, n=n)).interval(0.95) for n in (400, 6400))
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(4 if metric.name != KINKED else 5, rel=0.35)


def test_paired_many__equals_paired(sample):
    """Metrics that share rows have the estimates that each has alone."""
    y = sample(METRICS["f1"], "binary").y
    sides = {
        needs: sample(METRICS[name], "binary")
        for needs, name in (("labels", "f1"), ("score", "roc_auc"), ("probability", "log_loss"))
    }
    metrics = [metric for metric in METRICS.values() if "binary" in metric.tasks]
    candidate = {needs: rows.candidate for needs, rows in sides.items()}
    baseline = {needs: rows.baseline for needs, rows in sides.items()}
    expected = [estimate.paired(each, y, candidate[each.needs], baseline[each.needs], seed=3) for each in metrics]
    assert estimate.paired_many(metrics, y, candidate, baseline, seed=3) == expected


def test_unpaired__wider_than_paired(metric, task, sample):
    """On independent rows, the same gain is less certain than on the same rows, whose errors cancel."""
    rows = sample(metric, task, n=400)
    paired = compared(metric, rows)
    found = estimate.unpaired(
        metric, rows.y, rows.candidate, rows.y, rows.baseline, n_classes=rows.n_classes
    )  # fmt: skip
    assert (found.gain, found.n, found.se > paired.se) == (pytest.approx(paired.gain), 800, True)


def test_unpaired__clusters_and_weights(metric, task, sample):
    """Clusters and weights of each side count: copies in clusters tell no more."""
    rows = sample(metric, task, n=300)
    one = estimate.unpaired(metric, rows.y, rows.candidate, rows.y, rows.baseline, n_classes=rows.n_classes)
    y, candidate, baseline = (np.repeat(each, 3, axis=0) for each in (rows.y, rows.candidate, rows.baseline))
    groups, weight = np.repeat(np.arange(300), 3), np.tile([1.0, 2.0, 3.0], 300)
    many = estimate.unpaired(
        metric, y, candidate, y, baseline, candidate_groups=groups, baseline_groups=groups,
        candidate_weight=weight, baseline_weight=weight, n_classes=rows.n_classes,
    )  # fmt: skip
    assert (many.gain, many.se) == (pytest.approx(one.gain), pytest.approx(one.se, rel=0.06))


# --- degenerate cases ------------------------------------------------------------------------------------------


def test_paired__identical(metric, task, sample):
    """Identical predictions have a gain of 0 without error, and a note."""
    rows = sample(metric, task)
    found = estimate.paired(metric, rows.y, rows.candidate, rows.candidate.copy(), n_classes=rows.n_classes)
    interval = found.interval(0.9995)
    assert (found.gain, interval.low, interval.high, found.method, bool(found.note)) == (
        0.0, 0.0, 0.0, "identical predictions", True
    )  # fmt: skip


@pytest.mark.parametrize("n", [1, 2])
def test_paired__hardly_a_row(metric, task, n, sample):
    """One row, or two, decide nothing: whatever is told, a small margin stays inconclusive."""
    from mlci.stats.decisions import status

    rows = sample(metric, task, n=40, seed=1)
    differing = np.flatnonzero((rows.candidate != rows.baseline).reshape(40, -1).any(axis=1))[:n]
    found = estimate.paired(
        metric, rows.y[differing], rows.candidate[differing], rows.baseline[differing], n_classes=rows.n_classes
    )
    interval = found.interval(0.95)
    assert status(interval.low, interval.high, 0.01) == "inconclusive"


ONE_CLASS = [
    ("recall", 0), ("specificity", 1), ("f1", 0), ("precision", 0), ("matthews_corrcoef", 1), ("cohen_kappa", 0),
    ("roc_auc", 1), ("average_precision", 0), ("average_precision", 1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "code"), ONE_CLASS)
def test_paired__one_class(name, code):
    """With one class only, these metrics tell nothing: no gain, the whole range, and a note."""
    metric = METRICS[name]
    rng = np.random.default_rng(0)
    sides = [rng.integers(0, 2, 50) if metric.needs == "labels" else rng.random(50) for _ in range(2)]
    found = estimate.paired(metric, np.full(50, code), *sides)
    interval = found.interval(0.95)
    reach = metric.bounds[1] - metric.bounds[0]
    assert (found.gain, interval.low, interval.high, found.note) == (
        None,
        -reach,
        reach,
        "only one class in these rows",
    )


def test_paired__one_class_that_tells(sample):
    """Accuracy and the losses of rows have a meaning on one class."""
    rng = np.random.default_rng(0)
    y = np.zeros(50, int)
    found = [
        estimate.paired(METRICS["accuracy"], y, rng.integers(0, 2, 50), rng.integers(0, 2, 50)).gain,
        estimate.paired(METRICS["log_loss"], y, rng.random(50), rng.random(50)).gain,
    ]
    assert None not in found


def test_paired__constant_target():
    """A target that does not vary has no r2 to compare."""
    found = estimate.paired(METRICS["r2"], np.ones(30), np.arange(30.0), np.ones(30))
    assert (found.gain, found.candidate, found.baseline, found.note) == (
        None, 0.0, 1.0, "the target does not vary in these rows"
    )  # fmt: skip


def test_paired__constant_scores(sample):
    """A constant score is an area of one half, and is compared as any other."""
    rows = sample(METRICS["roc_auc"], "binary")
    found = estimate.paired(METRICS["roc_auc"], rows.y, rows.candidate, np.full(200, 0.5)).interval(0.95)
    assert (found.baseline, found.low > 0.2) == (0.5, True)


def test_paired__no_rows(metric, task):
    """No rows tell nothing."""
    found = estimate.paired(metric, np.array([], int), np.array([]), np.array([]))
    assert (found.gain, found.note, math.isinf(found.detectable())) == (None, "no rows", True)


def test_paired__one_cluster(metric, task, sample):
    """One cluster has no variance, so that nothing is decided."""
    rows = sample(metric, task)
    found = compared(metric, rows, groups=np.zeros(200)).interval(0.95)
    reach = metric.bounds[1] - metric.bounds[0]
    assert (found.low, found.high, found.method) == (-reach, reach, "too few rows")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_paired__value_that_is_not_finite(value):
    """A value that is not a number has no gain."""
    found = estimate.paired(METRICS["mean_absolute_error"], np.zeros(9), np.full(9, value), np.ones(9))
    assert (found.gain, found.note) == (None, "a value is not finite")


def test_paired__narrow_codes(sample):
    """Codes of eight bits are counted as those of 64 bits are."""
    rng = np.random.default_rng(0)
    y, candidate, baseline = (rng.integers(0, 100, 5000) for _ in range(3))
    narrow = [each.astype(np.int8) for each in (y, candidate, baseline)]
    metric = METRICS["f1_macro"]
    assert estimate.paired(metric, *narrow) == estimate.paired(metric, y, candidate, baseline)
