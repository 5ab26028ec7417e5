"""Metrics of the order that scores give: roc_auc and its averages over classes, and average_precision.

Each side is sorted once; placements and sums along the order give the value and its influence values in O(n log n).
For roc_auc these are the variances of DeLong, DeLong and Clarke-Pearson (1988), computed as by Sun and Xu (2014) with
mid-ranks for ties; classes are the strata of the variance. Averages over classes sum the classes' influence values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats.influence import Stratum, clustered, student
from mlci.stats.interval import ONE_CLASS, concluded
from mlci.stats.sides import dot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.stats.interval import Estimate
    from mlci.stats.metrics import Metric
    from mlci.stats.sides import Pair, Side

    Array = NDArray[Any]

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
    mine, values = _influence(metric, pair.candidate)
    theirs, others = _influence(metric, pair.baseline)
    values = values - others
    del others
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
    (mine, values), (theirs, others) = (_influence(metric, side) for side in (candidate, baseline))
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


def _influence(metric: Metric, side: Side) -> tuple[float, Array]:
    """The value, and the rows' influence values, shape (n,), before weights."""
    if metric.function == "roc_auc_score" and side.prediction.ndim > 1 and metric.name != "roc_auc":
        return _mean_area(metric, side)
    ladder = _ladder(side, 1)
    return _average_precision(ladder) if metric.name == "average_precision" else _area(ladder)


# --- one order -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ladder:
    """n rows from the least score to the greatest, with what lies below each and what lies not above it.

    Attributes:
        order: The rows, shape (n,).
        positive: Whether each is positive, shape (n,).
        own: Its weight if it is positive, else 0.
        below: Positive weight, and all weight, of rows with a smaller score; each shape (n,).
        upto: The same of rows with no greater score.
        last: The last row of each row's ties, shape (n,); None where nothing is tied.
    """

    order: Array
    positive: Array
    own: Array
    below: tuple[Array, Array]
    upto: tuple[Array, Array]
    last: Array | None


def _ladder(side: Side, positive: int) -> _Ladder:
    """Sort one side's rows by the score of a class."""
    flat = side.prediction.ndim == 1
    scores = side.prediction if flat else side.prediction[:, positive]
    order = side.order if flat else np.argsort(scores)
    hit = (side.y == positive)[order]
    if side.weight is None:
        own, every = hit, np.arange(1, side.n + 1)
        positives = np.cumsum(hit)
    else:
        weight = side.weight[order]
        own = weight * hit
        every, positives = np.cumsum(weight), np.cumsum(own)
    ranked = scores[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    if len(ends) == side.n:
        last = None
        below = (positives - own, every - (1 if side.weight is None else weight))
    else:
        sizes = np.diff(ends, prepend=-1)
        last = np.repeat(ends, sizes)
        starts = [np.concatenate([[0], each[ends[:-1]]]) for each in (positives, every)]
        below = (np.repeat(starts[0], sizes), np.repeat(starts[1], sizes))
        positives, every = positives[last], every[last]
    return _Ladder(order, hit, own, below, (positives, every), last)


def _area(ladder: _Ladder) -> tuple[float, Array]:
    """The area under the ROC curve, and its influence values."""
    positives, total = float(ladder.upto[0][-1]), float(ladder.upto[1][-1])
    negatives = total - positives
    middle = (ladder.below[0] + ladder.upto[0]) / 2
    others = (ladder.below[1] + ladder.upto[1]) / 2 - middle
    # a positive row's placement is the share of negatives below it, a negative row's that of positives above it
    placement = np.where(ladder.positive, others / negatives, 1 - middle / positives)
    area = dot(placement, ladder.own) / positives
    placement -= area
    placement *= np.where(ladder.positive, total / positives, total / negatives)
    return area, _by_row(ladder, placement)


def _average_precision(ladder: _Ladder) -> tuple[float, Array]:
    """The average precision, and its influence values.

    With the shares A(s) of positive rows and N(s) of all rows at or above a score, and π of positive rows, the value
    is T = E[Y A(S) / N(S)] / π. Its influence function is y (A(s) / N(s) − T) / π + y U(s) − W(s), where U(s) and W(s)
    sum Y / N(S) and Y A(S) / N(S)² over rows with no greater score, over π: what a row adds to A and N of those.
    """
    positives, total = float(ladder.upto[0][-1]), float(ladder.upto[1][-1])
    above = total - ladder.below[1]
    precision = (positives - ladder.below[0]) / above
    value = dot(precision, ladder.own) / positives
    each = ladder.own * (total / positives) / above
    gained, lost = np.cumsum(each), np.cumsum(each * precision)
    if ladder.last is not None:
        gained, lost = gained[ladder.last], lost[ladder.last]
    values = np.where(ladder.positive, (precision - value) * (total / positives) + gained, 0.0) - lost
    return value, _by_row(ladder, values)


def _by_row(ladder: _Ladder, values: Array) -> Array:
    """Values in the rows' own order."""
    out = np.empty(len(values))
    out[ladder.order] = values
    return out


# --- several orders --------------------------------------------------------------------------------------------


def _mean_area(metric: Metric, side: Side) -> tuple[float, Array]:
    """The mean of each class's area against the rest, over the classes that have rows."""
    present = np.flatnonzero(side.class_rows)
    share = side.class_weight[present] / side.class_weight.sum()
    weighted = metric.arguments.get("average") == "weighted"
    mean, values = 0.0, np.zeros(side.n)
    for code, own in zip(present.tolist(), share.tolist(), strict=True):
        area, part = _area(_ladder(side, code))
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
