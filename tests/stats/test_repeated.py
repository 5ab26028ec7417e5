"""Several seeds make one estimate, whose interval holds their variance, too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.stats import estimate
from mlci.stats.metrics import METRICS
from mlci.stats.repeated import combined

ERROR = METRICS["mean_absolute_error"]


def trained(rng, y, seed_sd, k, gain=0.0):
    """Estimates of k pairs of trainings, whose gains differ by their seeds; the true gain is `gain`."""
    noise = rng.normal(size=len(y))
    found = []
    for _ in range(k):
        theirs, mine = (np.abs(noise) + 3 + seed_sd * rng.normal() for _ in range(2))
        found.append(estimate.paired(ERROR, y, y + mine - gain + 0.3 * rng.normal(size=len(y)), y + theirs))
    return found


def test_combined__one_training():
    """A single training is what it was."""
    rng = np.random.default_rng(0)
    (one,) = trained(rng, np.zeros(100), 0.1, 1)

    assert combined([one]) is one


def test_combined__the_mean_and_its_share():
    """The gain is the mean; seeds that scatter much make most of one training's variance."""
    rng = np.random.default_rng(0)
    each = trained(rng, np.zeros(500), 0.5, 6)

    found = combined(each)

    gains = [one.gain for one in each]
    seeds, rows = np.var(gains, ddof=1), np.mean([one.se**2 for one in each])
    assert (found.gain, found.seed_share, found.method) == (
        pytest.approx(np.mean(gains)),
        pytest.approx(seeds / (seeds + rows)),
        "paired t, 6 seeds",
    )


def test_combined__seeds_that_change_nothing():
    """Trainings that all say the same have the interval of one."""
    rng = np.random.default_rng(0)
    (one,) = trained(rng, np.zeros(100), 0.1, 1)

    found = combined([one] * 5)

    interval, alone = found.interval(0.95), one.interval(0.95)
    assert (interval.low, interval.high, found.seed_share) == (
        pytest.approx(alone.low),
        pytest.approx(alone.high),
        0.0,
    )


def test_combined__one_without_a_gain():
    """Where one training cannot be compared, the mean cannot, either."""
    rng = np.random.default_rng(0)
    (one,) = trained(rng, np.zeros(100), 0.1, 1)
    undefined = estimate.paired(METRICS["roc_auc"], np.ones(9, int), np.arange(9.0), np.arange(9.0) ** 2)

    assert combined([one, undefined]).gain is None


def test_combined__coverage():
    """Of 200 intervals over five seeds, about 190 hold the true gain; of those that see one seed alone, far fewer."""
    rng = np.random.default_rng(1)
    hits = alone = 0
    for _ in range(200):
        each = trained(rng, np.zeros(200), 0.2, 5, gain=0.1)
        interval, one = combined(each).interval(0.95), each[0].interval(0.95)
        hits += interval.low <= 0.1 <= interval.high
        alone += one.low <= 0.1 <= one.high
    assert (hits >= 184, alone < 120) == (True, True)


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=6), st.floats(0.5, 0.999), st.integers(0, 99))
def test_combined__intervals_are_nested(shifts, level, seed):
    """Intervals of higher confidence hold those of lower confidence, and each holds the gain."""
    rng = np.random.default_rng(seed)
    y = np.zeros(20)
    each = [estimate.paired(ERROR, y, rng.normal(size=20) + 5 + shift, rng.normal(size=20) + 5) for shift in shifts]

    found = combined(each)

    wide, narrow = found.interval(level), found.interval(0.5)
    assert wide.low <= narrow.low <= found.gain <= narrow.high <= wide.high
