from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.errors import UserError
from mlci.stats import estimate
from mlci.stats.metrics import METRICS
from mlci.stats.resampled import estimate_of, resamples_for

MAE = METRICS["mean_absolute_error"]
LEVELS = (0.5, 0.9, 0.95, 0.99, 0.999, 0.9999)


def bootstrapped(y, candidate, baseline, resamples, groups=None):
    """The gains in mean absolute error of resampled rows, or of clusters."""
    rng = np.random.default_rng(1)
    differences = np.abs(baseline - y) - np.abs(candidate - y)
    counts = np.ones(len(y)) if groups is None else np.bincount(groups)
    sums = differences if groups is None else np.bincount(groups, differences)
    drawn = rng.integers(0, len(sums), (resamples, len(sums)))
    return sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)


def of(gains, **facts):
    """The estimate of gains around 0.5."""
    return estimate_of("mine", True, 1.5, 1.0, np.asarray(gains), 100, **facts)


@pytest.mark.parametrize("clustered", [False, True])
def test_estimate_of__agrees_with_influence_values(clustered, sample):
    """Of a mean absolute error as the user's own function, the interval is that of influence values, but for chance."""
    rows = sample(MAE, "regression", n=1500)
    groups = np.arange(1500) // 3 if clustered else None
    values = [float(np.abs(side - rows.y).mean()) for side in (rows.candidate, rows.baseline)]
    gains = bootstrapped(rows.y, rows.candidate, rows.baseline, 9999, groups)
    mine = estimate_of("mine", False, *values, gains, 1500, clustered=clustered)
    theirs = estimate.paired(MAE, rows.y, rows.candidate, rows.baseline, groups=groups)
    assert (mine.gain, mine.n, mine.se) == (pytest.approx(theirs.gain), 1500, pytest.approx(theirs.se, rel=0.03))
    for level in (0.8, 0.95, 0.99):
        one, other = mine.interval(level), theirs.interval(level)
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=0.04 * (other.high - other.low))


def test_estimate_of__percentiles():
    """At levels that the resamples reach, the interval holds their share."""
    gains = np.random.default_rng(0).gamma(2, size=9999) - 1.5
    for level in (0.8, 0.95, 0.99):
        found = of(gains).interval(level)
        assert np.mean((found.low <= gains) & (gains <= found.high)) == pytest.approx(level, abs=0.002)


def test_estimate_of__directions():
    """Gains come signed; the values do not."""
    up, down = (estimate_of("mine", each, 1.0, 3.0, np.array([1.0, 2.0, 3.0]), 10) for each in (True, False))
    assert (up.gain, down.gain, down.candidate, down.baseline) == (-2.0, 2.0, 1.0, 3.0)


@pytest.mark.parametrize(("clustered", "method"), [(False, "row bootstrap"), (True, "cluster bootstrap")])
def test_estimate_of__method(clustered, method):
    """The method says what was resampled, and how often."""
    assert of(np.arange(1200.0), clustered=clustered).method == f"{method}, 1,200 resamples"


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300))
@settings(max_examples=50)
def test_estimate_of__nested(gains):
    """Whatever the gains, intervals of higher confidence hold those of lower confidence, and all hold the gain."""
    found = [of(gains).interval(level) for level in LEVELS]
    lows, highs = [each.low for each in found], [each.high for each in found]
    slack = 1e-9 * (1 + abs(max(map(abs, gains))))
    assert all(a >= b - slack for a, b in itertools.pairwise(lows))
    assert all(a <= b + slack for a, b in itertools.pairwise(highs))
    assert lows[0] <= 0.5 <= highs[0]


@pytest.mark.parametrize("resamples", [99, 999])
def test_interval__beyond_the_resamples(resamples):
    """Far levels of few resamples are a normal distribution's on the average, not the outermost resample."""
    z = {0.95: 1.96, 0.99: 2.576, 0.999: 3.291}
    arms = {level: [] for level in z}
    for seed in range(200):
        found = of(np.random.default_rng(seed).normal(0.5, 1, resamples))
        for level, arm in arms.items():
            arm.append(found.interval(level).high - 0.5)
    assert {level: np.mean(arm) for level, arm in arms.items()} == pytest.approx(z, rel=0.05)


@pytest.mark.parametrize(
    ("confidence", "needed"), [(0.9, 99), (0.95, 199), (0.99, 999), (0.995, 1999), (0.998, 4999), (0.999, 9999)]
)
def test_resamples_for__confidence(confidence, needed):
    """Five resamples lie beyond each end."""
    assert resamples_for(confidence) == needed


def test_interval__says_what_it_rests_on():
    """A level that the resamples do not reach is named, with what would reach it where that can be asked for."""
    found = of(np.random.default_rng(0).normal(size=999), note="a note")
    told = "; 999 resamples hold too few outermost values for 99.5 % confidence: the ends go on as a normal "
    assert [found.interval(level).note for level in (0.95, 0.99, 0.995)] == [
        "a note",
        "a note",
        f"a note{told}distribution's would; `resamples: 1999` would do without",
    ]
    assert found.interval(0.9999).note.endswith("99.99 % confidence: the ends go on as a normal distribution's would")


def test_interval__confidence_that_is_none():
    """A confidence beyond 1 is refused as that of any estimate is."""
    with pytest.raises(UserError, match="confidence"):
        of([1.0, 2.0]).interval(1.0)


def test_estimate_of__all_gains_alike():
    """Gains that are all alike are certain, at every level and without a note."""
    found = estimate_of("mine", True, 1.0, 1.0, np.zeros(99), 10).interval(0.999)
    assert (found.gain, found.low, found.high, found.note) == (0.0, 0.0, 0.0, "")


@pytest.mark.parametrize(
    ("candidate", "gains", "gain", "method", "note"),
    [
        (None, None, None, "undefined", "`mine` has no value here"),
        (1.5, None, 0.5, "no interval", "`mine` was not resampled"),
        (1.5, np.array([]), 0.5, "no interval", "`mine` was not resampled"),
        (1.5, np.array([0.5]), 0.5, "no interval", "`mine` was not resampled"),
    ],
)
def test_estimate_of__nothing_to_rest_on(candidate, gains, gain, method, note):
    """Without gains nothing is decided, and the values are told all the same."""
    found = estimate_of("mine", True, candidate, 1.0, gains, 10)
    assert (found.gain, found.method, found.note, found.se) == (gain, method, note, math.inf)
    interval = found.interval(0.95)
    assert (interval.low, interval.high, math.isinf(found.detectable())) == (-math.inf, math.inf, True)


def test_estimate_of__given_note():
    """The reason that there is no interval is the one that is given."""
    assert estimate_of("mine", True, 1.0, 0.5, None, 10, note="too slow").note == "too slow"
