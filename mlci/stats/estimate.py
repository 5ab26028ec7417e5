"""The inner door: what a comparison of two sides' predictions says of a metric's gain, at every level.

Arrays come encoded. For classes, targets and predicted labels are codes 0 … k − 1 (binary: 1 is positive);
probabilities are (n,) of the positive class or (n, k); scores are (n,), greater for the positive class; values of a
regression are (n,). The arrays are read, never written, and hold finite numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mlci.errors import UserError
from mlci.stats import power as sizes
from mlci.stats.confidence import Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from mlci.stats.confidence import ConfidenceDistribution
    from mlci.stats.metrics import Metric
    from mlci.stats.sides import Pair, Side

    Array = NDArray[Any]

ONE_CLASS = "only one class in these rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A gain between `low` and `high` at the confidence `level`.

    `gain` is candidate − baseline, signed so that positive is better, from `n` rows; `candidate` and `baseline` are
    the metric's values. Where the gain cannot be told, it is NaN, `low` and `high` are the ends of its range, and
    `note` says why. Ends are infinite where nothing bounds them.
    """

    gain: float
    low: float
    high: float
    baseline: float
    candidate: float
    method: str
    n: int
    level: float
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A gain with all its intervals.

    Attributes:
        gain: Candidate − baseline, signed so that positive is better; None where it cannot be told.
        candidate: The candidate's value of the metric; None where it has none.
        baseline: The baseline's.
        method: How the intervals come about, in words for a report.
        n: Rows.
        se: Standard error of the gain; infinite where it is not known.
        distribution: The confidence distribution of the gain.
        bounds: The range of the gain.
        note: What is special about these rows; empty where nothing is.
    """

    gain: float | None
    candidate: float | None
    baseline: float | None
    method: str
    n: int
    se: float
    distribution: ConfidenceDistribution
    bounds: tuple[float, float] = (-math.inf, math.inf)
    note: str = ""

    def interval(self, confidence: float) -> Interval:
        """The interval at a confidence between 0 and 1; those of higher confidence hold those of lower.

        Raises:
            UserError: the confidence is not between 0 and 1.
        """
        _check_share("confidence", confidence)
        tail = (1 - confidence) / 2
        low, high = self.distribution.quantile(tail), self.distribution.quantile(1 - tail)
        gain = math.nan if self.gain is None else self.gain
        if self.gain is not None:
            low, high = min(low, gain), max(high, gain)
        return Interval(
            gain=gain,
            low=max(low, self.bounds[0]),
            high=min(high, self.bounds[1]),
            baseline=math.nan if self.baseline is None else self.baseline,
            candidate=math.nan if self.candidate is None else self.candidate,
            method=self.method,
            n=self.n,
            level=confidence,
            note=self.note,
        )

    def detectable(self, confidence: float = 0.95, power: float = 0.8) -> float:
        """The smallest true loss that would be noticed, its interval excluding 0, with the probability `power`.

        Raises:
            UserError: the confidence or the power is not between 0 and 1.
        """
        _check_share("power", power)
        return sizes.detectable(self, confidence, power)

    def rows_needed(self, margin: float, confidence: float = 0.95, power: float = 0.8) -> int | None:
        """The rows at which the comparison would be settled for a margin; see `mlci.stats.power.rows_needed`.

        Raises:
            UserError: the confidence or the power is not between 0 and 1.
        """
        _check_share("power", power)
        return sizes.rows_needed(self, margin, confidence, power)


class _Family(Protocol):
    """A module that knows the metrics of one family."""

    def paired(self, metric: Metric, pair: Pair) -> Estimate: ...

    def unpaired(self, metric: Metric, candidate: Side, baseline: Side) -> Estimate: ...

    def value(self, metric: Metric, side: Side) -> float: ...

    def undefined(self, metric: Metric, side: Side) -> str: ...


def paired(  # noqa: PLR0913 - the rows' own facts, and how they are drawn
    metric: Metric,
    y: Array,
    candidate: Array,
    baseline: Array,
    *,
    groups: Array | None = None,
    sample_weight: Array | None = None,
    n_classes: int | None = None,
    seed: int = 0,
) -> Estimate:
    """Compare two sides on the same rows.

    Args:
        metric: A row of `mlci.stats.metrics.METRICS`.
        y: Shape (n,), the target.
        candidate: Shape (n,) or (n, k), what the candidate predicts, as the metric needs it.
        baseline: The same of the baseline.
        groups: Shape (n,); rows that share a value belong together and are counted as one draw.
        sample_weight: Shape (n,), ≥ 0.
        n_classes: k, where the arrays cannot tell; a slice may lack classes.
        seed: Seeds what an interval draws at random.

    Returns:
        The estimate, the same for the same arguments.
    """
    return paired_many(
        [metric], y, {metric.needs: candidate}, {metric.needs: baseline},
        groups=groups, sample_weight=sample_weight, n_classes=n_classes, seed=seed,
    )[0]  # fmt: skip


def paired_many(  # noqa: PLR0913 - as `paired`
    metrics: Sequence[Metric],
    y: Array,
    candidate: Mapping[str, Array],
    baseline: Mapping[str, Array],
    *,
    groups: Array | None = None,
    sample_weight: Array | None = None,
    n_classes: int | None = None,
    seed: int = 0,
) -> list[Estimate]:
    """Compare two sides on the same rows in several metrics, which share what they sort and count.

    `candidate` and `baseline` hold an array for each kind of input that the metrics need (`Metric.needs`); the same
    array may stand under several kinds. Everything else is as in `paired`.

    Returns:
        An estimate for each metric, in their order, each equal to that of `paired`.
    """
    from mlci.stats.sides import Pair

    pairs: dict[tuple[int, int], Pair] = {}
    estimates = []
    for metric in metrics:
        mine, theirs = candidate[metric.needs], baseline[metric.needs]
        key = (id(mine), id(theirs))
        if key not in pairs:
            pairs[key] = Pair.of(y, mine, theirs, groups, sample_weight, n_classes=n_classes, seed=seed)
        estimates.append(_paired(metric, pairs[key]))
    return estimates


def _paired(metric: Metric, pair: Pair) -> Estimate:
    family = _family(metric)
    if reason := "no rows" if pair.n == 0 else family.undefined(metric, pair.candidate):
        return _undefined(metric, family, pair.candidate, pair.baseline, reason)
    if pair.identical:
        value = family.value(metric, pair.candidate)
        return Estimate(
            gain=0.0,
            candidate=value,
            baseline=value,
            method="identical predictions",
            n=pair.n,
            se=0.0,
            distribution=Known(0.0),
            note="both sides predict the same",
        )
    return family.paired(metric, pair)


def unpaired(  # noqa: PLR0913 - as `paired`, for each side
    metric: Metric,
    y_candidate: Array,
    candidate: Array,
    y_baseline: Array,
    baseline: Array,
    *,
    candidate_groups: Array | None = None,
    baseline_groups: Array | None = None,
    candidate_weight: Array | None = None,
    baseline_weight: Array | None = None,
    n_classes: int | None = None,
    seed: int = 0,
) -> Estimate:
    """Compare two sides that scored independent holdouts of the same population; see `paired`.

    Returns:
        The estimate; `n` is the rows of both holdouts.
    """
    from mlci.stats.sides import Side

    mine = Side.of(y_candidate, candidate, candidate_groups, candidate_weight, n_classes=n_classes, seed=seed)
    theirs = Side.of(y_baseline, baseline, baseline_groups, baseline_weight, n_classes=n_classes, seed=seed + 1)
    family = _family(metric)
    for side in (mine, theirs):
        if reason := "no rows" if side.n == 0 else family.undefined(metric, side):
            return _undefined(metric, family, mine, theirs, reason)
    return family.unpaired(metric, mine, theirs)


def point(
    metric: Metric,
    y: Array,
    prediction: Array,
    *,
    sample_weight: Array | None = None,
    n_classes: int | None = None,
) -> float:
    """The metric's value, equal to scikit-learn's; NaN where it has none. See `paired` for the arguments."""
    from mlci.stats.sides import Side

    side = Side.of(y, prediction, None, sample_weight, n_classes=n_classes)
    return _family(metric).value(metric, side) if side.n else math.nan


def concluded(  # noqa: PLR0913 - an estimate's own parts
    metric: Metric,
    *,
    candidate: float,
    baseline: float,
    method: str,
    n: int,
    distribution: ConfidenceDistribution,
    se: float,
    note: str = "",
) -> Estimate:
    """An estimate from both values and what is known of their difference.

    Without a known variance, the distribution is replaced by the gain's whole range.
    """
    low, high = metric.bounds
    reach = high - low
    gain = metric.sign * (candidate - baseline)
    if not math.isfinite(gain):
        reason = "a value is not finite"
        return Estimate(
            gain=None,
            candidate=candidate,
            baseline=baseline,
            method="undefined",
            n=n,
            se=math.inf,
            distribution=Unknown(-reach, reach),
            note=reason,
        )
    if not math.isfinite(se):
        distribution, method, note = Unknown(-reach, reach), "too few rows", note or "too few rows to tell"
    return Estimate(
        gain=gain,
        candidate=candidate,
        baseline=baseline,
        method=method,
        n=n,
        se=se,
        distribution=distribution,
        bounds=(-reach, reach),
        note=note,
    )


def _undefined(metric: Metric, family: _Family, candidate: Side, baseline: Side, reason: str) -> Estimate:
    """An estimate without a gain."""
    values = [family.value(metric, side) if side.n else math.nan for side in (candidate, baseline)]
    told = [value if math.isfinite(value) else None for value in values]
    reach = metric.bounds[1] - metric.bounds[0]
    return Estimate(
        gain=None,
        candidate=told[0],
        baseline=told[1],
        method="undefined",
        n=candidate.n,
        se=math.inf,
        distribution=Unknown(-reach, reach),
        note=reason,
    )


def _family(metric: Metric) -> _Family:
    if metric.family == "proportion":
        from mlci.stats import proportions

        return proportions
    if metric.family == "counts":
        from mlci.stats import counts

        return counts
    if metric.family == "ranks":
        from mlci.stats import ranks

        return ranks
    if metric.name in ("root_mean_squared_error", "r2"):
        from mlci.stats import smooth

        return smooth
    from mlci.stats import losses  # the mean absolute percentage error, too, is a mean of row losses

    return losses


def _check_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise UserError(f"The {name} is {value}, and has to be between 0 and 1.", hint=f"Write {name} as in 0.95.")
