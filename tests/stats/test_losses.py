from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mlci.stats import estimate, smooth
from mlci.stats.metrics import METRICS
from mlci.stats.sides import Side

LOSSES = {
    "log_loss": lambda y, p: -np.log(np.where(y == 1, p, 1 - p)),
    "brier_score": lambda y, p: (y - p) ** 2,
    "mean_absolute_error": lambda y, p: abs(y - p),
    "mean_squared_error": lambda y, p: (y - p) ** 2,
    "mean_absolute_percentage_error": lambda y, p: abs((y - p) / y),
}


@pytest.mark.parametrize("name", LOSSES)
def test_paired__is_a_paired_t_test(name, sample):
    """With many rows, the interval is that of a t test on the rows' differences."""
    metric = METRICS[name]
    task = "binary" if "binary" in metric.tasks else "regression"
    rows = sample(metric, task, n=2000)
    each = [LOSSES[name](rows.y, side) for side in (rows.baseline, rows.candidate)]
    test = stats.ttest_rel(*each).confidence_interval(0.95)
    found = estimate.paired(metric, rows.y, rows.candidate, rows.baseline).interval(0.95)
    assert [found.low, found.high] == pytest.approx([test.low, test.high], abs=0.02 * (test.high - test.low))


def test_paired__outlier_widens():
    """One row that carries most of the variance is not trusted as 200 alike would be."""
    rng = np.random.default_rng(0)
    y, candidate, baseline = np.zeros(200), 0.1 * rng.normal(size=200), 0.1 * rng.normal(size=200)
    baseline[0] = 50
    found = estimate.paired(METRICS["mean_absolute_error"], y, candidate, baseline)
    arm = found.gain - found.interval(0.95).low
    assert arm > 3 * found.se


def test_paired__class_that_was_not_seen():
    """With no positive row among 200, a log loss allows for what positive rows would bring."""
    rng = np.random.default_rng(1)
    candidate, baseline = rng.random(200) * 0.02, rng.random(200) * 0.02
    found = estimate.paired(METRICS["log_loss"], np.zeros(200, int), candidate, baseline)
    plain = np.std(np.log1p(-candidate) - np.log1p(-baseline)) / np.sqrt(200)
    assert found.se > 5 * plain


def test_paired__constant_difference():
    """A difference that is the same in every row is certain."""
    y = np.arange(50.0)
    found = estimate.paired(METRICS["mean_absolute_error"], y, y + 1, y + 3).interval(0.99)
    assert (found.gain, found.low, found.high) == (2.0, 2.0, 2.0)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["root_mean_squared_error", "r2"])
def test_smooth__is_the_derivative(name, weighted, sample):
    """An influence value is how fast the value changes as its row gains weight."""
    metric = METRICS[name]
    rows = sample(metric, "regression", n=40)
    weight = np.linspace(0.5, 2, 40) if weighted else np.ones(40)
    step = 1e-4
    slopes = [
        (
            estimate.point(metric, rows.y, rows.candidate, sample_weight=weight + step * (np.arange(40) == row))
            - estimate.point(metric, rows.y, rows.candidate, sample_weight=weight - step * (np.arange(40) == row))
        )
        / (2 * step)
        * weight.sum()
        for row in range(40)
    ]
    found = smooth._influence(metric, Side.of(rows.y, rows.candidate, None, weight))[1]
    assert found == pytest.approx(slopes, abs=1e-5)


def test_smooth__perfect_side():
    """A root of no error has no slope, and the comparison goes by the other side's."""
    y = np.random.default_rng(2).normal(size=100)
    found = estimate.paired(METRICS["root_mean_squared_error"], y, y, y + np.linspace(-1, 1, 100)).interval(0.95)
    assert (found.candidate, 0 < found.low < found.gain < found.high) == (0.0, True)
