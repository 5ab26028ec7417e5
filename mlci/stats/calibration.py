"""expected_calibration_error: how far predicted probabilities are from what happens, over ten bins of equal width.

A binary model's rows are put in bins by the probability of the positive class (Naeini, Cooper and Hauskrecht 2015),
those of several classes by the probability of the predicted class, which happens where the prediction is right (Guo et
al. 2017, equation 3). A bin's deviation is the sum of (probability − happened) over its rows, divided by all rows; the
error is the sum of the deviations' sizes. In its bin, a row has the influence ±(probability − happened); what the kink
of a size at 0 asks for beyond that is in `mlci.stats.kink`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats.influence import Stratum, clustered, student
from mlci.stats.interval import concluded
from mlci.stats.kink import Deviations, allowing
from mlci.stats.sides import Side, blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlci.results import Reliability
    from mlci.stats.interval import Estimate
    from mlci.stats.metrics import Metric
    from mlci.stats.sides import Groups, Pair

    Array = NDArray[Any]

BINS = 10
_EDGES = np.linspace(0, 1, BINS + 1)  # as scikit-learn's `calibration_curve` has them, to the last digit
_BELOW = np.concatenate(([-1.0], _EDGES[1:]))  # 0 itself lies in the first bin
_MIDDLE = (_EDGES[1:] + _EDGES[:-1]) / 2

_LEAST = 3  # rows that have a variance worth the name


@dataclass(frozen=True, eq=False)
class _Binned:
    """One side's rows and bins.

    `codes` are the rows' bins and `errors` their weighted (probability − happened), shape (n,); `deviations` are the
    bins', shape (10,), and `expected` their variance if the probabilities were right.
    """

    codes: Array
    errors: Array
    deviations: Array
    expected: Array

    @property
    def value(self) -> float:
        return float(np.abs(self.deviations).sum())


def undefined(metric: Metric, side: Side) -> str:  # noqa: ARG001 - rows of one class can be well calibrated, too
    """Why the metric has no meaning on these rows; empty where it has."""
    return ""


def value(metric: Metric, side: Side) -> float:  # noqa: ARG001 - the one metric of this family
    """The metric's value."""
    return _binned(side).value


def paired(metric: Metric, pair: Pair) -> Estimate:
    """Compare both sides on the same rows."""
    mine, theirs = _binned(pair.candidate), _binned(pair.baseline)
    values = np.empty(pair.n)
    gain = metric.sign * (mine.value - theirs.value)
    for rows in blocks(pair.n):
        np.subtract(_influence(mine, rows), _influence(theirs, rows), out=values[rows])
        values[rows] *= metric.sign
        values[rows] -= gain if pair.weight is None else gain * pair.weight[rows]
    law = student(gain, [_stratum(pair.candidate, values)])
    products = _products((mine, theirs), pair.groups) / pair.n**2
    ours, others = (_deviations(each, products[at, at], pair.candidate) for at, each in enumerate((mine, theirs)))
    shared = np.where((ours.noise > 0) & (others.noise > 0), products[0, 1] + _unseen(pair.candidate), 0)
    distribution = allowing(law, metric.sign, ours, others, shared)
    method = "influence values, by cluster" if pair.groups is not None else "influence values"
    return concluded(
        metric, candidate=mine.value, baseline=theirs.value, method=method,
        n=pair.n, distribution=distribution, se=distribution.se,
    )  # fmt: skip


def unpaired(metric: Metric, candidate: Side, baseline: Side) -> Estimate:
    """Compare both sides on independent rows."""
    binned, strata, deviations = [], [], []
    for side in (candidate, baseline):
        each = _binned(side)
        values = _influence(each, slice(None))
        values -= each.value if side.weight is None else each.value * side.weight
        binned.append(each)
        strata.append(_stratum(side, values))
        deviations.append(_deviations(each, _products((each,), side.groups)[0, 0] / side.n**2, side))
    (mine, theirs), (ours, others) = binned, deviations
    law = student(metric.sign * (mine.value - theirs.value), strata)
    distribution = allowing(law, metric.sign, ours, others, np.zeros(BINS))
    return concluded(
        metric, candidate=mine.value, baseline=theirs.value, method="Welch",
        n=candidate.n + baseline.n, distribution=distribution, se=distribution.se,
    )  # fmt: skip


def reliability(
    y: Array, probability: Array, *, sample_weight: Array | None = None, n_classes: int | None = None
) -> Reliability:
    """One side's reliability diagram, in numbers.

    Args:
        y: Shape (n,), codes; binary: 1 is positive.
        probability: Shape (n,) of the positive class, or (n, k) of all classes.
        sample_weight: Shape (n,), ≥ 0.
        n_classes: k, where the arrays cannot tell.

    Returns:
        Ten bins with their rows of weight, mean predicted probability and share in which it happened; and the error,
        which is 0 of no rows.
    """
    from mlci.results import Bin, Reliability

    side = Side.of(y, probability, None, sample_weight, n_classes=n_classes)
    rows, weight, said = np.zeros(BINS, dtype=np.int64), np.zeros(BINS), np.zeros(BINS)
    binned = _binned(side)
    for part in blocks(side.n):
        codes, by = binned.codes[part], None if side.weight is None else side.weight[part]
        chance = _events(side.y[part], side.prediction[part])[0]
        rows += np.bincount(codes, minlength=BINS)
        weight += np.bincount(codes, by, minlength=BINS)
        said += np.bincount(codes, chance if by is None else chance * by, minlength=BINS)
    with np.errstate(invalid="ignore"):
        predicted, apart = said / weight, binned.deviations * side.n / weight
    return Reliability(
        error=binned.value,
        bins=tuple(
            Bin(
                low=float(_EDGES[at]),
                high=float(_EDGES[at + 1]),
                rows=int(rows[at]),
                predicted=min(max(float(predicted[at]), 0.0), 1.0) if rows[at] else None,
                observed=min(max(float(predicted[at] - apart[at]), 0.0), 1.0) if rows[at] else None,
            )
            for at in range(BINS)
        ),
    )


# --- rows --------------------------------------------------------------------------------------------------------


def _binned(side: Side) -> _Binned:
    codes, errors = np.empty(side.n, dtype=np.int8), np.empty(side.n)
    deviations, expected = np.zeros(BINS), np.zeros(BINS)
    for rows in blocks(side.n):
        chance, happened = _events(side.y[rows], side.prediction[rows])
        places = (chance * BINS).astype(np.intp)
        places -= chance <= _BELOW[places]  # an edge belongs to the bin below it
        np.minimum(places, BINS - 1, out=places)  # what is rounded to a little more than 1
        codes[rows] = places
        np.subtract(chance, happened, out=errors[rows])
        if side.weight is not None:
            errors[rows] *= side.weight[rows]
        deviations += np.bincount(places, errors[rows], minlength=BINS)
        noise = chance * (1 - chance)
        if side.weight is not None:
            noise *= np.square(side.weight[rows])
        expected += np.bincount(places, noise, minlength=BINS)
    n = max(side.n, 1)
    return _Binned(codes, errors, deviations / n, expected / n**2)


def _events(y: Array, probability: Array) -> tuple[Array, Array]:
    """A probability for each row, shape (n,), and whether that which it is of happened."""
    if probability.ndim > 1 and probability.shape[1] > 2:  # noqa: PLR2004 - binary
        choice = probability.argmax(axis=1)
        chance = np.take_along_axis(probability, choice[:, None], axis=1)[:, 0]
        return chance.astype(np.float64), choice == y
    chance = probability if probability.ndim == 1 else probability[:, 1]
    return chance.astype(np.float64, copy=False), y == 1


def _influence(binned: _Binned, rows: slice) -> Array:
    """What each row adds to the error, shape (n,)."""
    return np.sign(binned.deviations)[binned.codes[rows]] * binned.errors[rows]


def _stratum(side: Side, values: Array) -> Stratum:
    if side.groups is not None:
        return clustered(values, side.groups)
    return Stratum.of(values) if side.n >= _LEAST else Stratum(1, 0.0, 0.0, 0.0)


def _products(sides: Sequence[_Binned], groups: Groups | None) -> Array:
    """Sums over the draws of the products of what each adds to the sides' deviations, shape (sides, sides, 10)."""
    total = np.zeros((len(sides), len(sides), BINS))
    if groups is not None:
        for at in range(BINS):
            found = [np.flatnonzero(each.codes == at) for each in sides]
            sums = [
                np.bincount(groups.codes[rows], each.errors[rows], minlength=groups.count)
                for rows, each in zip(found, sides, strict=True)
            ]
            total[:, :, at] = [[(one * other).sum() for other in sums] for one in sums]
        return total
    for (i, one), (j, other) in itertools.combinations_with_replacement(enumerate(sides), 2):
        for rows in blocks(len(one.codes)):
            product = one.errors[rows] * other.errors[rows]
            if i != j:
                product *= one.codes[rows] == other.codes[rows]
            total[i, j] += np.bincount(one.codes[rows], product, minlength=BINS)
        total[j, i] = total[i, j]
    return total


def _deviations(binned: _Binned, seen: Array, side: Side) -> Deviations:
    """The bins' deviations and their noise, 0 of no rows. `seen` is the variance that the draws have, shape (10,).

    Few rows can happen to have hardly any, as a rare class has none: what the probabilities expect is the least.
    """
    total = float(binned.expected.sum())
    together = 1.0 if side.groups is None or not total > 0 else max(1.0, float(seen.sum()) / total)
    least = np.maximum(seen, together * binned.expected)
    return Deviations(binned.deviations, np.sqrt(np.where(least > 0, least + _unseen(side), 0)))


def _unseen(side: Side) -> Array:
    """What a draw more in the middle of a bin adds to its variance: the noise of few rows is not none, either."""
    draws = side.n if side.groups is None else side.groups.count
    return _MIDDLE * (1 - _MIDDLE) / draws**2
