"""mlci's values beside those of scikit-learn and Fairlearn on the same random inputs: the greatest difference."""

from __future__ import annotations

import importlib
import importlib.util
import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats import estimate
from mlci.stats.metrics import FAIRNESS, METRICS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.stats.metrics import Metric

    Array = NDArray[Any]

CALIBRATION_BINS = 10


def sklearn_rows(inputs: int) -> list[dict[str, Any]]:
    """For each metric, the greatest difference of value and of gain over random inputs, with and without weights."""
    found = []
    for metric in METRICS.values():
        for task in sorted(metric.tasks):
            worst = max(_differences(metric, task, seed) for seed in range(inputs))
            found.append({"metric": metric.name, "task": task, "inputs": inputs, "difference": worst})
    return found


def _differences(metric: Metric, task: str, seed: int) -> float:
    rng = np.random.default_rng([11, seed])
    n = int(rng.integers(20, 400))
    y, sides = _inputs(metric, task, rng, n)
    weight = rng.integers(0, 4, n).astype(float) + 0.5 if seed % 2 else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's, of empty classes
        theirs = [_sklearn(metric, y, side, weight) for side in sides]
    k = None if task == "regression" else 2 if task == "binary" else 3
    own = [estimate.point(metric, y, side, sample_weight=weight, n_classes=k) for side in sides]
    gain = estimate.paired(metric, y, *sides, sample_weight=weight, n_classes=k).gain
    apart = [abs(a - b) for a, b in zip(own, theirs, strict=True)]
    apart.append(abs((math.nan if gain is None else gain) - metric.sign * (theirs[0] - theirs[1])))
    return max(apart)


def _inputs(metric: Metric, task: str, rng: np.random.Generator, n: int) -> tuple[Array, list[Array]]:
    """A target, and what two models say of it; scores have ties."""
    if task == "regression":
        y = rng.lognormal(size=n)
        return y, [y * rng.lognormal(0, 0.3, n) for _ in range(2)]
    k = 2 if task == "binary" else 3
    y = rng.permutation(np.arange(n) % k)
    sides: list[Array] = []
    for _ in range(2):
        odds = np.exp(1.5 * np.eye(k)[y] + rng.normal(size=(n, k))).round(1) + 0.1
        chance = odds / odds.sum(axis=1, keepdims=True)
        said = chance.argmax(axis=1) if metric.needs == "labels" else chance if k > 2 else chance[:, 1].round(2)
        sides.append(np.asarray(said))
    return y, sides


def _sklearn(metric: Metric, y: Array, said: Array, weight: Array | None) -> float:
    from sklearn import metrics

    if metric.function == "expected_calibration_error":
        return _calibration(y, said, weight)
    return float(getattr(metrics, metric.function)(y, said, sample_weight=weight, **metric.arguments))


def _calibration(y: Array, said: Array, weight: Array | None) -> float:
    """Guo et al. 2017, equation 3, for which scikit-learn has no function: bins (low, high] of the confidence.

    Of a binary model, the probability of the positive class is binned.
    """
    weight = np.ones(len(y)) if weight is None else weight
    confidence, right = (said, y == 1) if said.ndim == 1 else (said.max(axis=1), said.argmax(axis=1) == y)
    bins = np.searchsorted(np.linspace(0, 1, CALIBRATION_BINS + 1)[1:], confidence, side="left")
    return sum(
        abs(float((weight[bins == each] * (right - confidence)[bins == each]).sum())) for each in np.unique(bins)
    ) / float(weight.sum())


# --- Fairlearn -------------------------------------------------------------------------------------------------


def fairlearn_rows(inputs: int) -> list[dict[str, Any]]:
    """For each fairness metric, the greatest difference of value and of gain; none where mlci has no such module."""
    if importlib.util.find_spec("mlci.stats.fairness") is None:
        return []
    names = list(FAIRNESS)
    worst = np.max([_fairness_differences(names, seed) for seed in range(inputs)], axis=0)
    return [
        {"metric": name, "inputs": inputs, "difference": each} for name, each in zip(names, worst.tolist(), strict=True)
    ]


def _fairness_differences(names: list[str], seed: int) -> list[float]:
    import fairlearn.metrics

    own: Any = importlib.import_module("mlci.stats.fairness")
    rng = np.random.default_rng([12, seed])
    n, groups = int(rng.integers(200, 600)), 3
    y, part = (rng.permutation(np.arange(n) % k) for k in (2, groups))
    sides = [np.where(rng.random(n) < 0.7, y, 1 - y) for _ in range(2)]
    weight = rng.integers(1, 4, n).astype(float) if seed % 2 else None
    metrics = [FAIRNESS[name] for name in names]
    values = [own.values(metrics, y, side, part, groups, sample_weight=weight, n_classes=2, seed=0) for side in sides]
    gains = own.paired_many(metrics, y, *sides, part, groups, sample_weight=weight, n_classes=2, seed=0)
    found = []
    for at, metric in enumerate(metrics):
        function = getattr(fairlearn.metrics, metric.name)
        theirs = [float(function(y, side, sensitive_features=part, sample_weight=weight)) for side in sides]
        apart = [abs(each[at].value - other) for each, other in zip(values, theirs, strict=True)]
        found.append(max(*apart, abs(gains[at].gain - metric.sign * (theirs[0] - theirs[1]))))
    return found
