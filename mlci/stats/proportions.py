"""Paired proportions: accuracy, recall, specificity and what equals them.

With b rows that the candidate alone has right, c rows that the baseline alone has right, and n rows: Tango's score
interval (Tango 1998, Statistics in Medicine 17:891-908), and for few discordant pairs the same test with its exact
distribution in place of the normal one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats.confidence import normal_quantile
from mlci.stats.influence import Stratum, clustered, student
from mlci.stats.interval import ONE_CLASS, concluded
from mlci.stats.sides import Groups, Pair, Side, blocks, dot

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlci.stats.interval import Estimate
    from mlci.stats.metrics import Metric

    Array = NDArray[Any]

FEW = 50  # discordant pairs below which the normal tail is too light for the levels that Holm's procedure asks for


@dataclass(frozen=True, slots=True)
class PairedProportions:
    """The confidence distribution of (b − c) / n for b + c discordant pairs among n."""

    b: int
    c: int
    n: int

    def quantile(self, p: float) -> float:
        """See `mlci.stats.confidence.ConfidenceDistribution`."""
        if self.b + self.c < FEW:
            return _solve(lambda gain: exact_tail(self.b, self.c, self.n, gain) - p)
        return tango_limit(self.b, self.c, self.n, p)


@dataclass(frozen=True, slots=True)
class IndependentProportions:
    """The confidence distribution of x1 / n1 − x2 / n2, by Newcombe's hybrid score method (1998, method 10)."""

    x1: float
    n1: float
    x2: float
    n2: float

    def quantile(self, p: float) -> float:
        """See `mlci.stats.confidence.ConfidenceDistribution`."""
        z = normal_quantile(p)
        first, second = self.x1 / self.n1, self.x2 / self.n2
        arm = math.hypot(wilson_limit(self.x1, self.n1, z) - first, wilson_limit(self.x2, self.n2, -z) - second)
        return first - second + math.copysign(arm, z)


def wilson_limit(x: float, n: float, z: float) -> float:
    """Wilson's score limit (1927) of the proportion x / n at the standard normal quantile z."""
    middle = x + z * z / 2
    return (middle + z * math.sqrt(x * (n - x) / n + z * z / 4)) / (n + z * z)


def tango_limit(b: int, c: int, n: int, p: float) -> float:
    """Tango's score limit of (b − c) / n at level p: where the score statistic is the normal quantile of p."""
    z = normal_quantile(p)
    return _solve(lambda gain: _score(b, c, n, gain) - z)


def _score(b: int, c: int, n: int, gain: float) -> float:
    """Tango's statistic, equation (12), with the sign turned: it ascends with the gain that is supposed."""
    lost = _nuisance(b, c, n, gain)
    variance = n * (2 * lost + gain * (1 - gain))
    distance = n * gain - (b - c)
    return distance / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, distance) if distance else 0.0


def _nuisance(b: int, c: int, n: int, gain: float) -> float:
    """The chance that the baseline alone is right, estimated by maximum likelihood for a supposed gain."""
    linear = (2 * n - b + c) * gain - b - c
    root = math.sqrt(max(0.0, linear**2 + 8 * n * c * gain * (1 - gain)))
    upper = root - linear
    chance = upper / (4 * n) if linear <= 0 else 2 * c * gain * (1 - gain) / (root + linear)
    return min(max(chance, 0.0, -gain), (1 - gain) / 2)


def exact_tail(b: int, c: int, n: int, gain: float) -> float:
    """The chance of a difference of at least b − c, its own chance counted half, for a supposed gain.

    Given the number of discordant pairs, the pairs that the candidate wins are binomial; that number is binomial in
    its turn, with the nuisance parameter of Tango's test.
    """
    from scipy.special import betainc, gammaln, xlog1py, xlogy

    lost = _nuisance(b, c, n, gain)
    discordant = min(1.0, max(0.0, 2 * lost + gain))
    difference = b - c
    if discordant <= 0:
        return (0.0, 0.5, 1.0)[(difference <= 0) + (difference < 0)]
    spread = 12 * math.sqrt(n * discordant) + 40
    pairs = np.arange(max(0, int(n * discordant - spread)), min(n, int(n * discordant + spread)) + 1)

    def chance(hits: Array, draws: Array | int, share: float) -> Array:
        ways = gammaln(draws + 1) - gammaln(hits + 1) - gammaln(draws - hits + 1)
        return np.asarray(np.exp(ways + xlogy(hits, share) + xlog1py(draws - hits, -share)))

    won = min(1.0, max(0.0, (lost + gain) / discordant))
    least = (difference + pairs) / 2
    whole = np.clip(np.ceil(least), 0, pairs)
    tail = np.where(least <= 0, 1.0, betainc(np.maximum(whole, 1), pairs - whole + 1, won))
    equal = np.where((least == whole) & (abs(difference) <= pairs), chance(whole, pairs, won), 0.0)
    tail = np.where(least > pairs, 0.0, tail)
    return dot(chance(pairs, n, discordant), tail - equal / 2)


def _solve(ascending: Callable[[float], float]) -> float:
    """The root of an ascending function on [−1, 1], by the Illinois method (Dowell and Jarratt 1971) and bisection."""
    low, high = -1.0, 1.0
    below, above = ascending(low), ascending(high)
    if below >= 0:
        return low
    if above <= 0:
        return high
    side = 0
    for turn in range(200):
        inner = math.isfinite(below) and math.isfinite(above) and turn % 3 < 2  # noqa: PLR2004 - every third bisects
        guess = (low * above - high * below) / (above - below) if inner else (low + high) / 2
        value = ascending(guess)
        if value == 0 or high - low < 1e-15 + 1e-13 * abs(guess):
            return guess
        if value < 0:
            low, below = guess, value
            above = above / 2 if side == -1 else above
            side = -1
        else:
            high, above = guess, value
            below = below / 2 if side == 1 else below
            side = 1
    return (low + high) / 2


def undefined(metric: Metric, side: Side) -> str:
    """Why the metric has no meaning on these rows; empty where it has."""
    wanted = _condition(metric)
    return ONE_CLASS if wanted is not None and not side.class_rows[wanted] else ""


def value(metric: Metric, side: Side) -> float:
    """The metric's value; 0 of no rows."""
    if side.weight is None:
        every, right, _ = map(float, _right(metric, side.y, side.prediction))
    else:
        wanted = _condition(metric)
        weight = side.weight if wanted is None else side.weight * (side.y == wanted)
        every, right = float(weight.sum()), float(weight[side.prediction == side.y].sum())
    if every <= 0:
        return 0.0
    share = min(right / every, 1.0)
    return share if metric.greater_is_better else 1 - share


def paired(metric: Metric, pair: Pair) -> Estimate:
    """Compare both sides on the same rows."""
    n = pair.n
    if pair.groups is not None or pair.weight is not None:
        pair = Pair(_condensed(metric, pair.candidate), _condensed(metric, pair.baseline))
    if pair.groups is None and pair.weight is None:
        about, *correct, both = _right(metric, pair.y, pair.candidate.prediction, pair.baseline.prediction)
        b, c = (each - both for each in correct)
        mine, theirs = (each / about if metric.greater_is_better else 1 - each / about for each in correct)
        found = PairedProportions(b, c, about)
        gain = (b - c) / about
        se = math.sqrt(max(0.0, (b + c) / about - gain**2) / about)
        method = "exact" if b + c < FEW else "Tango score"
        return concluded(metric, candidate=mine, baseline=theirs, method=method, n=n, distribution=found, se=se)
    mine, theirs = (value(metric, side) for side in (pair.candidate, pair.baseline))
    right = (pair.candidate.prediction == pair.y).astype(np.float64) - (pair.baseline.prediction == pair.y)
    gain = metric.sign * (mine - theirs)
    if not right.any():  # no variance was seen: as many draws as rows weigh, or clusters there are
        nothing = PairedProportions(0, 0, _draws(pair.candidate))
        return concluded(metric, candidate=mine, baseline=theirs, method="exact", n=n, distribution=nothing, se=0.0)
    law = student(gain, [_stratum(pair.candidate, right - gain)])
    return concluded(
        metric, candidate=mine, baseline=theirs, method=_by(pair.candidate), n=n, distribution=law, se=law.se
    )


def unpaired(metric: Metric, candidate: Side, baseline: Side) -> Estimate:
    """Compare both sides on independent rows."""
    n = candidate.n + baseline.n
    candidate, baseline = _condensed(metric, candidate), _condensed(metric, baseline)
    mine, theirs = (value(metric, side) for side in (candidate, baseline))
    gain = metric.sign * (mine - theirs)
    shares = [each if metric.greater_is_better else 1 - each for each in (mine, theirs)]
    draws = [_draws(side) for side in (candidate, baseline)]
    plain = all(side.groups is None and side.weight is None for side in (candidate, baseline))
    spread = [share * (1 - share) for share in shares]
    if plain or min(spread) <= 0:
        found = IndependentProportions(shares[0] * draws[0], draws[0], shares[1] * draws[1], draws[1])
        se = math.sqrt(spread[0] / draws[0] + spread[1] / draws[1])
        return concluded(
            metric, candidate=mine, baseline=theirs, method="Newcombe score", n=n, distribution=found, se=se
        )
    strata = [
        _stratum(side, (side.prediction == side.y) - share)
        for side, share in zip((candidate, baseline), shares, strict=True)
    ]
    law = student(gain, strata)
    return concluded(metric, candidate=mine, baseline=theirs, method="Welch", n=n, distribution=law, se=law.se)


def _condition(metric: Metric) -> int | None:
    """The class whose rows the metric is about; None: all rows."""
    if metric.function != "recall_score" or "average" in metric.arguments:
        return None
    return int(metric.arguments.get("pos_label", 1))


def _right(metric: Metric, y: Array, *said: Array) -> list[int]:
    """Rows that the metric is about; of these, those that each prediction has right, and those that all have right."""
    wanted = _condition(metric)
    found = np.zeros(len(said) + 2, dtype=np.int64)
    for rows in blocks(len(y)):
        label = y[rows]
        about = np.ones(len(label), dtype=bool) if wanted is None else label == wanted
        right = [about & (each[rows] == label) for each in said]
        found += [int(np.count_nonzero(each)) for each in (about, *right, np.logical_and.reduce(right))]
    return found.tolist()


def _condensed(metric: Metric, side: Side) -> Side:
    """The rows that the metric is about."""
    wanted = _condition(metric)
    if wanted is None:
        return side
    rows = side.y == wanted
    groups = None if side.groups is None else Groups.of(side.groups.codes[rows])
    weight = None if side.weight is None else side.weight[rows]
    weight = None if weight is None else weight / weight.mean() if weight.size else weight
    return Side(side.y[rows], side.prediction[rows], groups, weight, side.n_classes, side.seed)


def _stratum(side: Side, centred: Array) -> Stratum:
    values = centred if side.weight is None else centred * side.weight
    return Stratum.of(values) if side.groups is None else clustered(values, side.groups)


def _draws(side: Side) -> int:
    """Independent draws that the rows are worth: clusters, or Kish's effective size (1965)."""
    if side.groups is not None:
        return side.groups.count
    return side.n if side.weight is None else max(1, round(side.n**2 / dot(side.weight, side.weight)))


def _by(side: Side) -> str:
    return "paired t, by cluster" if side.groups is not None else "paired t"
