"""Metrics of a confusion matrix as functions of its margins and diagonal, for many matrices at once, with gradients.

The names, averages and answers for empty classes are scikit-learn's: a class that is in neither the target nor the
prediction is left out of a macro average, and a ratio over nothing is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats.sides import blocks, tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.stats.metrics import Metric
    from mlci.stats.sides import Side

    Array = NDArray[Any]

_JOINT = 64  # classes up to which label and prediction are counted as one code


@dataclass(frozen=True, slots=True)
class Margins:
    """What the metrics need of confusion matrices, each shape (…, k): correct, true and predicted rows of each class.

    Of a gradient, the same fields hold the partial derivatives.
    """

    correct: Array
    true: Array
    predicted: Array


def margins(side: Side) -> Margins:
    """Count, or weigh, one side's rows."""
    k = side.classes
    if k > _JOINT:
        hit = side.prediction == side.y
        weight = None if side.weight is None else side.weight[hit]
        correct = tally(side.y[hit], k, weight)
        return Margins(*(each.astype(np.float64) for each in (correct, side.class_weight, _predicted(side))))
    total = np.zeros(k * k)
    for rows in blocks(side.n):
        codes = side.y[rows].astype(np.intp) * k + side.prediction[rows]
        total += np.bincount(codes, weights=None if side.weight is None else side.weight[rows], minlength=k * k)
    return of_matrix(total.reshape(k, k))


def of_matrix(matrix: Array) -> Margins:
    """The margins of one confusion matrix, shape (k, k), label × prediction."""
    return Margins(*(each.astype(np.float64) for each in (matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0))))


def _predicted(side: Side) -> Array:
    return tally(side.prediction, side.classes, side.weight)


def score(metric: Metric, m: Margins) -> Array:
    """The metric's value of each matrix, shape (…); NaN where Cohen's kappa has none."""
    if metric.function == "matthews_corrcoef":
        covariance, spread_true, spread_predicted = _covariances(m)
        return _over(covariance, np.sqrt(spread_true * spread_predicted))
    if metric.function == "cohen_kappa_score":
        total = m.true.sum(axis=-1)
        chance = (m.true * m.predicted).sum(axis=-1)
        possible = total**2 - chance
        value = _over(total * m.correct.sum(axis=-1) - chance, possible)
        return np.where(possible > 0, value, np.nan)
    shares, ratios, _ = _ratios(metric, m)
    return np.asarray((shares * ratios).sum(axis=-1))


def gradient(metric: Metric, m: Margins) -> Margins:
    """The partial derivatives of the value, with respect to each of the margins."""
    if metric.function == "matthews_corrcoef":
        return _gradient_of_correlation(m)
    if metric.function == "cohen_kappa_score":
        return _gradient_of_kappa(m)
    shares, ratios, over = _ratios(metric, m)
    numerator = 2.0 if metric.function == "f1_score" else 1.0
    slope = _over(-shares * ratios, over)
    uses_true, uses_predicted = _denominator(metric)
    by_true, by_predicted = slope * uses_true, slope * uses_predicted
    if metric.arguments.get("average") == "weighted":
        total = m.true.sum(axis=-1, keepdims=True)
        by_true = by_true + _over(ratios - (shares * ratios).sum(axis=-1, keepdims=True), total)
    return Margins(_over(numerator * shares, over), by_true, by_predicted)


def _ratios(metric: Metric, m: Margins) -> tuple[Array, Array, Array]:
    """Each class's share in the average, its ratio and the ratio's denominator, each shape (…, k)."""
    uses_true, uses_predicted = _denominator(metric)
    over = uses_true * m.true + uses_predicted * m.predicted
    ratios = _over((2.0 if metric.function == "f1_score" else 1.0) * m.correct, over)
    average = metric.arguments.get("average")
    if metric.function == "balanced_accuracy_score":
        shares = (m.true > 0).astype(np.float64)
    elif average == "macro":
        shares = (m.true + m.predicted > 0).astype(np.float64)
    elif average == "weighted":
        shares = m.true
    else:  # binary
        shares = np.zeros_like(ratios)
        shares[..., 1] = 1.0
    return _over(shares, shares.sum(axis=-1, keepdims=True)), ratios, over


def _denominator(metric: Metric) -> tuple[float, float]:
    """Whether a class's ratio is over its true rows, its predicted rows, or both."""
    return {"f1_score": (1.0, 1.0), "precision_score": (0.0, 1.0)}.get(metric.function, (1.0, 0.0))


def _covariances(m: Margins) -> tuple[Array, Array, Array]:
    """Of target and prediction, of the target, of the prediction (Gorodkin 2004), times the squared total."""
    total = m.true.sum(axis=-1)
    return (
        m.correct.sum(axis=-1) * total - (m.true * m.predicted).sum(axis=-1),
        total**2 - (m.true**2).sum(axis=-1),
        total**2 - (m.predicted**2).sum(axis=-1),
    )


def _gradient_of_correlation(m: Margins) -> Margins:
    covariance, spread_true, spread_predicted = (each[..., None] for each in _covariances(m))
    root = np.sqrt(spread_true * spread_predicted)
    total = m.true.sum(axis=-1, keepdims=True)
    correct = m.correct.sum(axis=-1, keepdims=True)
    half = _over(covariance, root) / 2
    by_true = (
        _over(correct - m.predicted, root)
        - half * _over(2 * (total - m.true), spread_true)
        - half * _over(2 * total, spread_predicted)
    )
    by_predicted = _over(-m.true, root) + half * _over(2 * m.predicted, spread_predicted)
    return Margins(_over(total, root) * np.ones_like(m.true), by_true, by_predicted)


def _gradient_of_kappa(m: Margins) -> Margins:
    total = m.true.sum(axis=-1, keepdims=True)
    chance = (m.true * m.predicted).sum(axis=-1, keepdims=True)
    correct = m.correct.sum(axis=-1, keepdims=True)
    possible = total**2 - chance
    kappa = _over(total * correct - chance, possible)
    by_true = _over(correct - m.predicted - kappa * (2 * total - m.predicted), possible)
    by_predicted = _over((kappa - 1) * m.true, possible)
    return Margins(_over(total, possible) * np.ones_like(m.true), by_true, by_predicted)


def _over(numerator: Array, denominator: Array) -> Array:
    """A ratio that is 0 over 0."""
    numerator, denominator = np.broadcast_arrays(numerator, denominator)
    out = np.zeros_like(numerator, dtype=np.float64)  # classes stay as far apart in memory as they are in both
    return np.divide(numerator, denominator, out=out, where=denominator > 0)
