"""Metrics of the order that scores give: roc_auc and its averages over classes, and average_precision.

Each side is sorted once; placements and sums along the order give the value and its influence values in O(n log n).
For roc_auc these are the variances of DeLong, DeLong and Clarke-Pearson (1988), computed as by Sun and Xu (2014) with
mid-ranks for ties; classes are the strata of the variance. Averages over classes sum the classes' influence values.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats.influence import Stratum, clustered, student
from mlci.stats.interval import ONE_CLASS, concluded
from mlci.stats.order import Order, steps
from mlci.stats.sides import blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.stats.interval import Estimate
    from mlci.stats.metrics import Metric
    from mlci.stats.sides import Pair, Side

    Array = NDArray[Any]

_MANY = 1 << 18  # rows from which a thread is worth its start
SIZE = 0.25  # what a row may change of its class's part in a metric of the range [0, 1], where none is seen to


def undefined(metric: Metric, side: Side) -> str:  # noqa: ARG001 - the same for all of them
    """Why the metric has no meaning on these rows; empty where it has."""
    return ONE_CLASS if np.count_nonzero(side.class_rows) < 2 else ""  # noqa: PLR2004 - an order of two classes


def value(metric: Metric, side: Side) -> float:
    """The metric's value; NaN of an area that needs two classes and has one, 0 of a precision without positive rows."""
    if undefined(metric, side):
        return float(side.class_rows[1] > 0) if metric.name == "average_precision" else float("nan")
    return _influence(metric, side)[0]


def paired(metric: Metric, pair: Pair) -> Estimate:
    """Compare both sides on the same rows."""
    (mine, values), (theirs, others) = _both(metric, pair.candidate, pair.baseline)
    values -= others
    gain = metric.sign * (mine - theirs)
    law = student(gain, _strata(metric, pair.candidate, values))
    method = "influence values" if metric.name == "average_precision" else "DeLong"
    return concluded(
        metric, candidate=mine, baseline=theirs,
        method=f"{method}, by cluster" if pair.groups is not None else method,
        n=pair.n, distribution=law, se=law.se, note=_note(pair.candidate),
    )  # fmt: skip


def unpaired(metric: Metric, candidate: Side, baseline: Side) -> Estimate:
    """Compare both sides on independent rows."""
    (mine, values), (theirs, others) = _both(metric, candidate, baseline)
    law = student(
        metric.sign * (mine - theirs),
        [*_strata(metric, candidate, values), *_strata(metric, baseline, others)],
    )
    return concluded(
        metric, candidate=mine, baseline=theirs, method="Welch", n=candidate.n + baseline.n,
        distribution=law, se=law.se, note=_note(candidate) or _note(baseline),
    )  # fmt: skip


def _note(side: Side) -> str:
    absent = side.classes - int(np.count_nonzero(side.class_rows))
    return f"{absent} of {side.classes} classes have no row and are left out of the mean" if absent else ""


def _both(metric: Metric, candidate: Side, baseline: Side) -> list[tuple[float, Array]]:
    """Both sides' influence values; of many rows, side by side: sorting lets other threads run."""
    sides = (candidate, baseline)
    if min(side.n for side in sides) < _MANY:
        return [_influence(metric, side) for side in sides]
    with ThreadPoolExecutor(len(sides)) as pool:
        return list(pool.map(partial(_influence, metric), sides))


def _influence(metric: Metric, side: Side) -> tuple[float, Array]:
    """The value, and the rows' influence values, shape (n,), before weights."""
    if metric.function == "roc_auc_score" and side.prediction.ndim > 1 and metric.name != "roc_auc":
        return _mean_area(metric, side)
    return _average_precision(side) if metric.name == "average_precision" else _area(side, 1)


# --- one order -------------------------------------------------------------------------------------------------


def _order(side: Side, code: int) -> Order:
    """Sort one side's rows by the score of a class, once for all metrics if there is but one score."""
    if side.prediction.ndim > 1:
        return Order.of(np.ascontiguousarray(side.prediction[:, code]), side.y == code)
    kept = side.scratch.get("order")
    if not isinstance(kept, Order):
        kept = side.scratch["order"] = Order.of(side.prediction, side.y == code)
    return kept


def _area(side: Side, code: int) -> tuple[float, Array]:
    """The area under the ROC curve of a class against the rest, and its influence values."""
    positives, total = float(side.class_weight[code]), float(side.class_weight.sum())
    negatives = total - positives
    area, values = 0.0, np.empty(side.n)
    for step in steps(_order(side, code), side.weight):
        middle = (step.below[0] + step.upto[0]) / 2
        others = (step.below[1] + step.upto[1]) / 2 - middle
        # a positive row's placement is the share of negatives below it, a negative row's that of positives above it
        placement = np.where(step.positive, others / negatives, 1 - middle / positives)
        area += float((placement * step.own).sum()) / positives
        values[step.rows] = placement
    for rows in blocks(side.n):
        values[rows] -= area
        values[rows] *= np.where(side.y[rows] == code, total / positives, total / negatives)
    return area, values


def _average_precision(side: Side) -> tuple[float, Array]:
    """The average precision, and its influence values.

    With the shares A(s) of positive rows and N(s) of all rows at or above a score, and π of positive rows, the value
    is T = E[Y A(S) / N(S)] / π. Its influence function is y (A(s) / N(s) − T) / π + y U(s) − W(s), where U(s) and W(s)
    sum Y / N(S) and Y A(S) / N(S)² over rows with no greater score, over π: what a row adds to A and N of those.
    """
    positives, total = float(side.class_weight[1]), float(side.class_weight.sum())
    gained = lost = mean = 0.0
    values = np.empty(side.n)
    for step in steps(_order(side, 1), side.weight):
        above = np.maximum(total - step.below[1], step.weight)  # never less than the row itself, by rounding
        precision = np.maximum(positives - step.below[0], step.own) / above
        mean += float((precision * step.own).sum()) / positives
        each = step.own * (total / positives) / above
        gains, losses = gained + np.cumsum(each), lost + np.cumsum(each * precision)
        if step.last is not None:
            gains, losses = gains[step.last], losses[step.last]
        gained, lost = float(gains[-1]), float(losses[-1])
        values[step.rows] = np.where(step.positive, precision * (total / positives) + gains, 0.0) - losses
    for rows in blocks(side.n):
        values[rows] -= (side.y[rows] == 1) * (mean * total / positives)
    return mean, values


# --- several orders --------------------------------------------------------------------------------------------


def _mean_area(metric: Metric, side: Side) -> tuple[float, Array]:
    """The mean of each class's area against the rest, over the classes that have rows."""
    present = np.flatnonzero(side.class_rows)
    share = side.class_weight[present] / side.class_weight.sum()
    weighted = metric.arguments.get("average") == "weighted"
    mean, values = 0.0, np.zeros(side.n)
    for code, own in zip(present.tolist(), share.tolist(), strict=True):
        area, part = _area(side, code)
        worth = own if weighted else 1 / len(present)
        mean += worth * area
        part *= worth
        if weighted:  # the share itself is estimated
            part += area * ((side.y == code) - own)
        values += part
    return mean, values


def _strata(metric: Metric, side: Side, values: Array) -> list[Stratum]:
    """Sums of influence values over the rows of each class, and over the classes; or over clusters."""
    present = np.flatnonzero(side.class_rows)
    size = SIZE / len(present) if metric.name.startswith("roc_auc_ovr") else SIZE
    weighted = values if side.weight is None else values * side.weight
    if side.groups is not None:
        return [clustered(weighted, side.groups, size=size * side.n / int(side.class_rows[present].min()))]
    strata, between = [], np.zeros(3)
    for code in present:
        rows = int(side.class_rows[code])
        part = weighted[side.y == code]
        middle = float(part.mean())
        part -= middle
        part *= rows / side.n
        strata.append(Stratum.of(part, size=size))
        between += [rows * middle**2, rows * middle**3, rows * middle**4]
    return [*strata, Stratum(side.n, *between.tolist())]
