"""Losses of a rare class: what its few rows leave unseen is allowed for."""

from __future__ import annotations

import numpy as np
import pytest

from mlci.stats import estimate
from mlci.stats.metrics import METRICS

SHARE = 0.01


def draw(rng, n):
    """Labels of which 1 % are positive, and two sides' calibrated probabilities, which share most of their noise."""
    y = (rng.random(n) < SHARE).astype(np.int8)
    shared = rng.normal(size=n)
    sides = []
    for skill in (1.5, 1.2):
        evidence = skill * (skill * y + 0.8 * shared + 0.6 * rng.normal(size=n)) - skill**2 / 2
        sides.append(1 / (1 + np.exp(-evidence) * (1 - SHARE) / SHARE))
    return y, *sides


@pytest.mark.parametrize("name", ["brier_score", "log_loss"])
def test_paired__ten_positive_rows(name):
    """Of 400 intervals at 95 %, each of about ten positive rows, no more than 20 miss the gain."""
    rng = np.random.default_rng(3)
    metric = METRICS[name]
    true = np.mean([estimate.paired(metric, *draw(rng, 300_000)).gain for _ in range(4)])
    found = [estimate.paired(metric, *draw(rng, 1_000)).interval(0.95) for _ in range(400)]
    assert sum(not each.low <= true <= each.high for each in found) <= 20


@pytest.mark.parametrize("name", ["brier_score", "log_loss"])
def test_paired__swapped(name):
    """Swapping the sides turns the interval round, also where a class is rare or has no row."""
    rng = np.random.default_rng(4)
    for n in (20, 300):
        y, candidate, baseline = draw(rng, n)
        ours = estimate.paired(METRICS[name], y, candidate, baseline).interval(0.95)
        theirs = estimate.paired(METRICS[name], y, baseline, candidate).interval(0.95)
        assert (ours.low, ours.high) == pytest.approx((-theirs.high, -theirs.low), abs=1e-12)
