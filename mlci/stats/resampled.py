"""Estimates from resampled gains: the bootstrap of metrics that only the user's own function knows.

The interval is the percentile interval (Efron 1979; Efron and Tibshirani 1993, chapter 13). Few resamples hold few
outermost values: beyond the quantile that five of them lie outside of, quantiles go on in a straight line of the
standard normal quantile, as those of a normal distribution do, with the slope that they have there. Levels that rest on
that are named, with the resamples that would do without.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats.confidence import Known, Sampled, Unknown, normal_quantile
from mlci.stats.interval import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.stats.confidence import ConfidenceDistribution
    from mlci.stats.interval import Interval

_OUTSIDE = 5  # resamples that lie beyond the outermost quantile that is told by them
_SPAN = 0.5  # standard normal quantiles over which the slope there is taken
_MOST = 9_999  # resamples that a scorer may ask for
_REACH, _STEPS = 3.3, 132  # standard normal quantiles of those that `Sampled` holds


@dataclass(frozen=True, slots=True, kw_only=True)
class ResampledEstimate(Estimate):
    """An estimate from a number of resamples; an interval at a level that they do not reach says so in its note."""

    resamples: int

    def interval(self, confidence: float) -> Interval:
        """See `Estimate.interval`.

        Raises:
            UserError: the confidence is not between 0 and 1.
        """
        found = super(ResampledEstimate, self).interval(confidence)  # slots make a new class
        needed = resamples_for(confidence)
        if needed <= self.resamples or self.se == 0:
            return found
        told = (
            f"{self.resamples:,} resamples hold too few outermost values for {100 * confidence:.6g} % confidence: the "
            "ends go on as a normal distribution's would"
        )
        if needed <= _MOST:
            told += f"; `resamples: {needed}` would do without"
        return replace(found, note="; ".join(filter(None, (found.note, told))))


def resamples_for(confidence: float) -> int:
    """The resamples from which on an interval at that confidence rests on them alone."""
    return math.ceil(_OUTSIDE / ((1 - confidence) / 2) * (1 - 1e-12)) - 1


def estimate_of(  # noqa: PLR0913, PLR0917 - what is known of two sides
    name: str,
    greater_is_better: bool,  # noqa: FBT001 - as the configuration has it
    candidate: float | None,
    baseline: float | None,
    gains: NDArray[Any] | None,
    n: int,
    *,
    clustered: bool = False,
    note: str = "",
) -> Estimate:
    """The estimate of a user's own metric.

    Args:
        name: Of the metric.
        greater_is_better: Its direction.
        candidate: The candidate's value; None where it has none.
        baseline: The baseline's.
        gains: Shape (m,), those of the resamples, signed so that positive is better; None where there are none.
        n: Rows.
        clustered: Whether clusters were resampled, not rows.
        note: What is special about these rows, such as why there are no gains.

    Returns:
        The estimate. Without gains, nothing is known of the gain but its value.
    """
    gain = None
    if candidate is not None and baseline is not None:
        gain = candidate - baseline if greater_is_better else baseline - candidate
    if gain is None or gains is None or len(gains) < 2:  # noqa: PLR2004 - a spread needs two
        return Estimate(
            gain=gain,
            candidate=candidate,
            baseline=baseline,
            method="undefined" if gain is None else "no interval",
            n=n,
            se=math.inf,
            distribution=Unknown(-math.inf, math.inf),
            note=note or (f"`{name}` has no value here" if gain is None else f"`{name}` was not resampled"),
        )
    kind = "cluster" if clustered else "row"
    return ResampledEstimate(
        gain=gain,
        candidate=candidate,
        baseline=baseline,
        method=f"{kind} bootstrap, {len(gains):,} resamples",
        n=n,
        se=float(np.std(gains, ddof=1)),
        distribution=_distribution(np.asarray(gains, dtype=np.float64)),
        note=note,
        resamples=len(gains),
    )


def _distribution(gains: NDArray[np.float64]) -> ConfidenceDistribution:
    """The sample's quantiles, and beyond those that it tells a straight line of the standard normal quantile."""
    if gains.min() == gains.max():
        return Known(float(gains[0]))
    last = -normal_quantile(min(_OUTSIDE / (len(gains) + 1), 0.25))
    inner = last - min(_SPAN, last)
    z = np.linspace(-_REACH, _REACH, _STEPS + 1)
    values = _quantiles(gains, z)
    for side in (-1, 1):
        beyond = side * z > last
        edge, before = _quantiles(gains, side * np.array([last, inner])).tolist()
        values[beyond] = edge + (edge - before) / (last - inner) * (side * z[beyond] - last)
    return Sampled(tuple(values.tolist()))


def _quantiles(gains: NDArray[np.float64], z: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sample's quantiles at standard normal ones: the k-th of m values is the quantile k / (m + 1)."""
    from scipy.special import ndtr

    found: NDArray[np.float64] = np.quantile(gains, ndtr(z), method="weibull")
    return found
