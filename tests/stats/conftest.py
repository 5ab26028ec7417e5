"""Rows to compare two sides on, and scikit-learn's own answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mlci.stats.metrics import METRICS

if TYPE_CHECKING:
    from mlci.stats.metrics import Metric

CASES = [(metric, task) for metric in METRICS.values() for task in sorted(metric.tasks)]
"""Every metric on every task that it is for."""


def pytest_generate_tests(metafunc):
    """Run a test that asks for `metric` and `task` on all of them."""
    if {"metric", "task"} <= set(metafunc.fixturenames):
        ids = [f"{metric.name}-{task}" for metric, task in CASES]
        metafunc.parametrize(("metric", "task"), CASES, ids=ids)


@dataclass(frozen=True)
class Rows:
    """A target and what two sides predict of it, as `mlci.stats.estimate` takes them."""

    y: Any
    candidate: Any
    baseline: Any
    n_classes: int | None


def draw(metric: Metric, task: str, n: int = 200, seed: int = 0) -> Rows:
    """Rows on which two correlated models are right more often than not; scores have ties."""
    rng = np.random.default_rng(seed)
    if task == "regression":
        y = rng.normal(size=n) + 5
        shared = rng.normal(size=n)
        candidate, baseline = (y + shared + error * rng.normal(size=n) for error in (0.5, 0.6))
        return Rows(y, candidate, baseline, None)
    k = 2 if task == "binary" else 3
    y = rng.permutation(np.arange(n) % k)
    signal = np.eye(k)[y] * 1.5 + rng.normal(size=(n, k))
    sides = [predict(signal + 0.5 * rng.normal(size=(n, k)), metric.needs) for _ in range(2)]
    return Rows(y, *sides, k)


def predict(logits: Any, needs: str) -> Any:
    """Labels, or probabilities of two digits."""
    if needs == "labels":
        return logits.argmax(axis=1)
    chance = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if chance.shape[1] == 2:
        return chance[:, 1].round(2).clip(0.01, 0.99)
    rounded = chance.round(2) + 0.01
    return rounded / rounded.sum(axis=1, keepdims=True)


def scikit_learn(metric: Metric, y: Any, prediction: Any, weight: Any = None, n_classes: int | None = None) -> float:
    """scikit-learn's value of a metric."""
    from sklearn import metrics

    if metric.function == "expected_calibration_error":
        return calibration_error(y, prediction, weight)
    arguments = dict(metric.arguments)
    if metric.function == "log_loss":
        arguments["labels"] = list(range(n_classes))
    return getattr(metrics, metric.function)(y, prediction, sample_weight=weight, **arguments)


def calibration_error(y: Any, prediction: Any, weight: Any = None) -> float:
    """What scikit-learn's reliability diagram makes of whole weights: rows are repeated, since it knows no weights."""
    from sklearn.calibration import calibration_curve

    chance, happened = (prediction, y == 1) if prediction.ndim == 1 else (prediction.max(1), prediction.argmax(1) == y)
    if weight is not None:
        chance, happened = np.repeat(chance, weight), np.repeat(happened, weight)
    observed, predicted = calibration_curve(happened.astype(int), chance, n_bins=10, pos_label=1)
    rows = np.bincount(np.searchsorted(np.linspace(0, 1, 11)[1:-1], chance))
    return float(np.sum(np.abs(observed - predicted) * rows[rows > 0]) / len(chance))


@pytest.fixture(scope="session")
def sample():
    """Draw rows: see `draw`."""
    return draw


@pytest.fixture(scope="session")
def reference():
    """Ask scikit-learn: see `scikit_learn`."""
    return scikit_learn
