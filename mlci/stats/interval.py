"""What a comparison yields: an estimate with all its intervals, and one interval of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.errors import UserError
from mlci.stats import power as sizes
from mlci.stats.confidence import Unknown

if TYPE_CHECKING:
    from mlci.stats.confidence import ConfidenceDistribution
    from mlci.stats.metrics import Metric

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
        seed_share: Of one training's variance, the part that its seed makes; None where there is one training.
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
    seed_share: float | None = None

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


def _check_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise UserError(f"The {name} is {value}, and has to be between 0 and 1.", hint=f"Write {name} as in 0.95.")
