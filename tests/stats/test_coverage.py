"""A light simulation: intervals hold the true gain about as often as they say. `bench/` has the thorough one."""

from __future__ import annotations

import numpy as np
import pytest

from mlci.stats import estimate
from mlci.stats.metrics import METRICS
from mlci.stats.multiplicity import holm

NAMES = [
    "accuracy",
    "recall",
    "f1",
    "precision",
    "matthews_corrcoef",
    "roc_auc",
    "average_precision",
    "log_loss",
    "brier_score",
]
RUNS = 100


def draw(rng, n, share, skill=(1.5, 1.2)):
    """Labels, and two sides' labels and probabilities: noisy looks at one correlated signal."""
    y = (rng.random(n) < share).astype(np.int8)
    shared = rng.normal(size=n)
    sides = []
    for each in skill:
        logit = each * (each * y + 0.8 * shared + 0.6 * rng.normal(size=n)) - each**2 / 2 + np.log(share / (1 - share))
        said = {
            "probability": 1 / (1 + np.exp(-logit)),
            "labels": (logit > np.log(share / (1 - share))).astype(np.int8),
        }
        sides.append(said | {"score": said["probability"]})
    return y, *sides


@pytest.mark.parametrize(("n", "share"), [(200, 0.5), (200, 0.1), (1000, 0.01)])
def test_interval__coverage(n, share):
    """Of 100 intervals at 95 %, the number that misses the gain is not far above 5, whatever the metric."""
    rng = np.random.default_rng(0)
    metrics = [METRICS[name] for name in NAMES]
    whole = draw(rng, 500_000, share)
    true = [each.gain for each in estimate.paired_many(metrics, *whole)]
    missed = np.zeros(len(NAMES))
    for seed in range(RUNS):
        found = [each.interval(0.95) for each in estimate.paired_many(metrics, *draw(rng, n, share), seed=seed)]
        missed += [not each.low <= gain <= each.high for each, gain in zip(found, true, strict=True)]
    assert {name: count for name, count in zip(NAMES, missed, strict=True) if count > 0.13 * RUNS} == {}


def test_holm__promise():
    """Where every true loss is the margin, gates of a family fail together in fewer than one run in twenty."""
    rng = np.random.default_rng(1)
    metrics = [METRICS[name] for name in NAMES]
    true = [each.gain for each in estimate.paired_many(metrics, *draw(rng, 500_000, 0.3, (1.2, 1.5)))]
    failed = 0
    for seed in range(RUNS):
        found = estimate.paired_many(metrics, *draw(rng, 400, 0.3, (1.2, 1.5)), seed=seed)
        margins = [-gain for gain in true]
        levels = holm(found, margins, 0.95)
        told = zip(found, levels, margins, strict=True)
        failed += any(each.interval(level).high < -margin for each, level, margin in told)
    assert failed <= 0.05 * RUNS


def test_interval__coverage_of_weighted_rows():
    """Where rows of one class were sampled down and weigh a hundredfold, intervals of a confusion matrix still hold."""
    rng = np.random.default_rng(2)
    metrics = [METRICS[name] for name in ("balanced_accuracy", "f1", "f1_macro")]
    y = np.repeat([1, 0], [150, 850])
    weight = np.where(y == 1, 1.0, 100.0)
    false = np.zeros(len(metrics))
    spread, told = [], []
    for seed in range(2 * RUNS):
        signal = 2 * y - 1 + rng.normal(size=len(y))
        sides = [{"labels": (signal + 0.5 * rng.normal(size=len(y)) > 0).astype(np.int8)} for _ in range(2)]
        found = estimate.paired_many(metrics, y, *sides, sample_weight=weight, seed=seed)
        false += [each.interval(0.95).high < 0 for each in found]
        spread.append([each.gain for each in found])
        told.append([each.se for each in found])
    ratio = np.sqrt(np.mean(np.square(told), axis=0)) / np.std(spread, axis=0)
    assert (false <= 0.06 * 2 * RUNS).all()
    assert ((ratio > 0.8) & (ratio < 1.25)).all()
