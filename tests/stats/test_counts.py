from __future__ import annotations

import numpy as np
import pytest

from mlci.stats import confusion, counts, estimate
from mlci.stats.confusion import Margins
from mlci.stats.metrics import METRICS
from mlci.stats.sides import Pair, Side

NAMES = [name for name, metric in METRICS.items() if metric.family == "counts"]
BINARY = ["f1", "precision"]


def labels(n, k, seed, right=(0.8, 0.75)):
    """A target and two sides' labels."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    return y, *(np.where(rng.random(n) < share, y, rng.integers(0, k, n)) for share in right)


@pytest.mark.parametrize("name", NAMES)
def test_gradient__is_the_derivative(name):
    """The partial derivatives are those that small changes of each margin show."""
    metric = METRICS[name]
    k = 2 if name in BINARY else 4
    rng = np.random.default_rng(1)
    parts = rng.random(k) + 1, rng.random(k) + 4, rng.random(k) + 3
    parts[2][:] *= parts[1].sum() / parts[2].sum()  # both margins have the table's total, which is that of the labels
    found = confusion.gradient(metric, Margins(*parts))
    expected = np.zeros((3, k))
    for part in range(3):
        for at in range(k):
            moved = []
            for sign in (1, -1):
                changed = [each.copy() for each in parts]
                changed[part][at] += sign * 1e-5
                moved.append(confusion.score(metric, Margins(*changed)))
            expected[part, at] = (moved[0] - moved[1]) / 2e-5
    assert np.stack([found.correct, found.true, found.predicted]) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_influence__is_the_derivative(name):
    """An influence value is how fast the value changes as its row gains weight, as rows grow."""
    metric = METRICS[name]
    k = 2 if name in BINARY else 6
    y, said, _ = labels(20_000, k, 2)
    step = np.zeros(len(y))
    step[:50] = 0.5
    values = [estimate.point(metric, y, said, sample_weight=1 + sign * step, n_classes=k) for sign in (1, -1)]
    found = counts._influence(metric, Side.of(y, said, n_classes=k))[:50].mean()
    assert found == pytest.approx((values[0] - values[1]) / 50 * 20_000, rel=0.02, abs=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_paired__is_the_row_bootstrap(name):
    """With many rows, the interval is that of resampled rows."""
    metric, n = METRICS[name], 3000
    y, candidate, baseline = labels(n, 2, 3)
    found = estimate.paired(metric, y, candidate, baseline).interval(0.95)
    rng = np.random.default_rng(0)
    code = (y * 2 + candidate) * 2 + baseline
    tables = rng.multinomial(n, np.bincount(code, minlength=8) / n, size=20_000).astype(float)
    label, mine, theirs = np.indices((2, 2, 2)).reshape(3, 8)
    values = [confusion.score(metric, counts._margins_of(tables.T, label, said, 2)) for said in (mine, theirs)]
    low, high = np.quantile(values[0] - values[1], [0.025, 0.975])
    assert [found.low, found.high] == pytest.approx([low, high], abs=0.03 * (high - low))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BINARY])
def test_paired__methods_meet(name):
    """With many rows, influence values give the interval that drawn tables give."""
    metric = METRICS[name]
    y, candidate, baseline = labels(5000, 3, 4)
    drawn = estimate.paired(metric, y, candidate, baseline)
    law = counts._smoothed(metric, counts._table(Pair.of(y, candidate, baseline, n_classes=3)))
    assert np.sqrt(law.variance) == pytest.approx(drawn.se, rel=0.03)


def test_paired__many_classes():
    """A hundred classes take influence values, whose interval lies around the gain."""
    y, candidate, baseline = labels(3000, 100, 5)
    found = estimate.paired(METRICS["f1_macro"], y, candidate, baseline)
    interval = found.interval(0.95)
    assert (found.method, interval.low < found.gain < interval.high) == ("influence values", True)


def test_paired__classes_that_do_not_occur():
    """A slice that lacks classes is judged by those that it has."""
    y, candidate, baseline = labels(300, 3, 6)
    all_three = estimate.paired(METRICS["f1_macro"], y, candidate, baseline)
    among_more = estimate.paired(METRICS["f1_macro"], y * 2, candidate * 2, baseline * 2, n_classes=7)
    assert (among_more.gain, among_more.distribution) == (all_three.gain, all_three.distribution)


def test_paired__no_positive_predicted():
    """A side that predicts no positive row has an f1 of 0, as scikit-learn has it, and an interval around the gain."""
    y = np.array([0, 1, 1, 0] * 20)
    found = estimate.paired(METRICS["f1"], y, np.zeros(80, int), y).interval(0.95)
    assert (found.candidate, found.gain, found.low, found.high < -0.8) == (0.0, -1.0, -1.0, True)


def test_paired__rare_disagreement():
    """Where one row in 200 is told apart, the interval is not that of a difference that cannot be."""
    y = np.array([1, 0] * 100)
    candidate, baseline = y.copy(), y.copy()
    baseline[0] = 0
    found = estimate.paired(METRICS["f1"], y, candidate, baseline).interval(0.95)
    assert (found.gain > 0, found.low < -0.001, found.high > 0.015) == (True, True, True)
