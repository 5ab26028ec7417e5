"""Smooth functions of means: root_mean_squared_error and r2, by their influence values (the delta method)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats.influence import Stratum, clustered, student
from mlci.stats.interval import concluded
from mlci.stats.sides import dot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.stats.interval import Estimate
    from mlci.stats.metrics import Metric
    from mlci.stats.sides import Pair, Side

    Array = NDArray[Any]

_LEAST = 3  # rows that have a variance worth the name


def undefined(metric: Metric, side: Side) -> str:
    """Why the metric has no meaning on these rows; empty where it has."""
    if metric.name != "r2":
        return ""
    if side.n < 2:  # noqa: PLR2004 - a spread needs two
        return "r2 needs at least two rows"
    return "the target does not vary in these rows" if side.y.min() == side.y.max() else ""


def value(metric: Metric, side: Side) -> float:
    """The metric's value; r2 of a target that does not vary is 1 where it is met, else 0, as scikit-learn has it."""
    error = _mean(side, _squares(side))
    if metric.name != "r2":
        return math.sqrt(error)
    if side.n < 2:  # noqa: PLR2004 - a spread needs two
        return math.nan
    spread = _spread(side)
    if spread <= 0:
        return float(error <= 0)
    return 1 - error / spread


def paired(metric: Metric, pair: Pair) -> Estimate:
    """Compare both sides on the same rows."""
    (mine, values), (theirs, others) = (_influence(metric, side) for side in (pair.candidate, pair.baseline))
    values -= others
    values *= metric.sign
    law = student(metric.sign * (mine - theirs), [_stratum(pair.candidate, values)])
    method = "influence values, by cluster" if pair.groups is not None else "influence values"
    return concluded(metric, candidate=mine, baseline=theirs, method=method, n=pair.n, distribution=law, se=law.se)


def unpaired(metric: Metric, candidate: Side, baseline: Side) -> Estimate:
    """Compare both sides on independent rows."""
    (mine, values), (theirs, others) = (_influence(metric, side) for side in (candidate, baseline))
    law = student(metric.sign * (mine - theirs), [_stratum(candidate, values), _stratum(baseline, others)])
    return concluded(
        metric, candidate=mine, baseline=theirs, method="Welch", n=candidate.n + baseline.n,
        distribution=law, se=law.se,
    )  # fmt: skip


def _influence(metric: Metric, side: Side) -> tuple[float, Array]:
    """The value, and the centred influence values of the rows, shape (n,)."""
    with np.errstate(over="ignore", invalid="ignore"):  # squares of huge errors are infinite, and told to be
        squares = _squares(side)
        error = _mean(side, squares)
        squares -= error
    if metric.name != "r2":
        root = math.sqrt(error)
        return root, squares / (2 * root) if root > 0 else squares
    spread = _spread(side)
    away = np.square(side.y - _mean(side, side.y)) - spread
    return 1 - error / spread, (away * (error / spread) - squares) / spread


def _squares(side: Side) -> Array:
    return np.square(np.subtract(side.y, side.prediction, dtype=np.float64))


def _spread(side: Side) -> float:
    return _mean(side, np.square(side.y - _mean(side, side.y)))


def _mean(side: Side, values: Array) -> float:
    return float(values.mean(dtype=np.float64) if side.weight is None else dot(values, side.weight) / side.n)


def _stratum(side: Side, values: Array) -> Stratum:
    weighted = values if side.weight is None else values * side.weight
    if side.groups is not None:
        return clustered(weighted, side.groups)
    return Stratum.of(weighted) if side.n >= _LEAST else Stratum(1, 0.0, 0.0, 0.0)
