"""Means of a loss of each row: log_loss, brier_score, mean absolute and squared errors.

The gain is the mean of the rows' differences, so its interval is that of a paired t test, with the degrees of freedom
that the differences' fourth moment allows (see `mlci.stats.influence`): skewed differences get wider intervals.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats.influence import Stratum, clustered, student
from mlci.stats.interval import concluded
from mlci.stats.sides import blocks, dot

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlci.stats.interval import Estimate
    from mlci.stats.metrics import Metric
    from mlci.stats.sides import Pair, Side

    Array = NDArray[Any]
    Loss = Callable[[Array, Array], Array]

RARE = 30  # rows of a class below which a loss that was not seen counts
FEW = 100  # rows of a class below which their skewness is not taken from them alone
_WORTH = 10  # rows of a class that count as much, in its skewness, as what the probabilities let expect
_LEAST = 3  # rows that have a variance worth the name


def _log_loss(y: Array, probability: Array) -> Array:
    """−log of the probability of what happened, clipped as scikit-learn clips it."""
    if probability.ndim == 1:
        happened = np.where(y == 1, probability, 1 - probability)
    else:
        happened = np.take_along_axis(probability, y.astype(np.intp)[:, None], axis=1)[:, 0]
    least = np.finfo(happened.dtype).eps if happened.dtype.kind == "f" else np.finfo(np.float64).eps
    happened = np.minimum(np.maximum(happened, least), 1 - least)
    losses: Array = np.negative(np.log(happened, out=happened), dtype=np.float64)
    return losses


def _brier(y: Array, probability: Array) -> Array:
    said = probability if probability.ndim == 1 else probability[:, 1]
    error: Array = said.astype(np.float64) - (y == 1)
    return np.square(error)


def _absolute(y: Array, predicted: Array) -> Array:
    return np.abs(np.subtract(predicted, y, dtype=np.float64))


def _squared(y: Array, predicted: Array) -> Array:
    return np.square(np.subtract(predicted, y, dtype=np.float64))


def _relative(y: Array, predicted: Array) -> Array:
    return _absolute(y, predicted) / np.maximum(np.abs(y), np.finfo(np.float64).eps)


_LOSSES: dict[str, Loss] = {
    "log_loss": _log_loss,
    "brier_score_loss": _brier,
    "mean_absolute_error": _absolute,
    "mean_squared_error": _squared,
    "mean_absolute_percentage_error": _relative,
}


def undefined(metric: Metric, side: Side) -> str:  # noqa: ARG001 - a mean of losses always has a meaning
    """Why the metric has no meaning on these rows; empty where it has."""
    return ""


def value(metric: Metric, side: Side) -> float:
    """The metric's value."""
    return _mean(side, _of_rows(metric, side))


def paired(metric: Metric, pair: Pair) -> Estimate:
    """Compare both sides on the same rows."""
    loss = _LOSSES[metric.function]
    differences = np.empty(pair.n)
    totals = np.zeros(2)
    with np.errstate(over="ignore", invalid="ignore"):  # squares of huge errors are infinite, and told to be
        for rows in blocks(pair.n):
            mine = loss(pair.y[rows], pair.candidate.prediction[rows])
            theirs = loss(pair.y[rows], pair.baseline.prediction[rows])
            np.subtract(theirs, mine, out=differences[rows])
            weight = None if pair.weight is None else pair.weight[rows]
            totals += [each.sum() if weight is None else (each * weight).sum() for each in (mine, theirs)]
        candidate, baseline = (totals / pair.n).tolist()
        gain = baseline - candidate
        unseen = _unseen(metric, pair, differences)
        differences -= gain
        stratum = _stratum(pair.candidate, differences, unseen)
        law = student(gain, [replace(stratum, s3=stratum.s3 + _unseen_skewness(metric, pair, differences, gain))])
    method = "paired t, by cluster" if pair.groups is not None else "paired t"
    return concluded(
        metric, candidate=candidate, baseline=baseline, method=method, n=pair.n, distribution=law, se=law.se
    )


def unpaired(metric: Metric, candidate: Side, baseline: Side) -> Estimate:
    """Compare both sides on independent rows."""
    means, strata = [], []
    for side in (candidate, baseline):
        losses = _of_rows(metric, side)
        means.append(_mean(side, losses))
        strata.append(_stratum(side, losses - means[-1]))
    law = student(metric.sign * (means[0] - means[1]), strata)
    return concluded(
        metric, candidate=means[0], baseline=means[1], method="Welch",
        n=candidate.n + baseline.n, distribution=law, se=law.se,
    )  # fmt: skip


def _of_rows(metric: Metric, side: Side) -> Array:
    loss = _LOSSES[metric.function]
    losses = np.empty(side.n)
    for rows in blocks(side.n):
        losses[rows] = loss(side.y[rows], side.prediction[rows])
    return losses


def _mean(side: Side, losses: Array) -> float:
    return float(losses.mean() if side.weight is None else dot(losses, side.weight) / side.n)


def _stratum(side: Side, centred: Array, unseen: list[float] | None = None) -> Stratum:
    values = centred if side.weight is None else centred * side.weight
    if side.groups is not None:
        return clustered(values, side.groups)
    if side.n < _LEAST:
        return Stratum(1, 0.0, 0.0, 0.0)
    return Stratum.of(values, unseen=unseen or ())


def _unseen(metric: Metric, pair: Pair, differences: Array) -> list[float]:
    """Sizes of the differences that rows of rare classes would bring, one for each rare class.

    With few rows of a class, or none, what they would bring is not in the sample's variance. Its size is taken from
    those rows, and from what every row would bring if it were of that class, weighed by the probability that both
    sides give to that.
    """
    if metric.needs != "probability":
        return []
    sizes = []
    for code in np.flatnonzero(pair.candidate.class_rows < RARE).tolist():
        chance, change = _supposed(metric, pair, code)
        rows = pair.y == code
        weight = float(chance.sum()) + int(np.count_nonzero(rows))
        total = dot(chance, np.square(change)) + float(np.square(differences[rows]).sum())
        sizes.append(float(np.sqrt(total / weight)) if weight > 0 else 0.0)
    return sizes


def _unseen_skewness(metric: Metric, pair: Pair, centred: Array, gain: float) -> float:
    """What the sum of the centred differences' cubes lacks, for rare classes.

    The few rows of a class that would change the gain most are the likeliest not to have been seen: with ten rows of a
    class, intervals of the Brier score's gain lie below the truth three times too often. So the sum of the cubes over a
    class's rows is drawn towards what is expected where every row were of that class, weighed by the probability that
    both sides give to that, scaled to the rows there are; the variance stays as it was seen.
    """
    if metric.needs != "probability" or pair.groups is not None or pair.weight is not None:
        return 0.0
    lacking = 0.0
    for code in np.flatnonzero(pair.candidate.class_rows < FEW).tolist():
        chance, change = _supposed(metric, pair, code)
        count, mass = int(pair.candidate.class_rows[code]), float(chance.sum())
        expected = dot(chance, (change - gain) ** 3) * (count + 0.5) / mass if mass > 0 else 0.0
        seen = float((centred[pair.y == code] ** 3).sum())
        lacking += _WORTH / (count + _WORTH) * (expected - seen)
    return lacking


def _supposed(metric: Metric, pair: Pair, code: int) -> tuple[Array, Array]:
    """The mean of both sides' probabilities of a class, and each row's difference if it were of that class."""
    chance = (_probability(pair.candidate.prediction, code) + _probability(pair.baseline.prediction, code)) / 2
    supposed, loss = np.full(pair.n, code), _LOSSES[metric.function]
    return chance, loss(supposed, pair.baseline.prediction) - loss(supposed, pair.candidate.prediction)


def _probability(prediction: Array, code: int) -> Array:
    """That a row is of a class, shape (n,)."""
    if prediction.ndim > 1:
        return np.asarray(prediction[:, code])
    return prediction if code == 1 else 1 - prediction
