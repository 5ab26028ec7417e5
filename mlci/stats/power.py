"""What a holdout can detect, and how many rows would: the sizes that a report speaks of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlci.stats.confidence import normal_quantile

if TYPE_CHECKING:
    from mlci.stats.interval import Estimate

_BY_SEEDS = 0.1  # share of the variance that seeds make, from which rows alone settle nothing
_MANY = 10**15  # rows beyond which a number tells nothing


def detectable(estimate: Estimate, confidence: float, power: float) -> float:
    """The smallest true loss whose interval would exclude 0, with the probability `power`.

    The interval's upper arm plus the normal quantile of the power times the standard error: what a two-sided test of
    the level 1 − confidence detects. A gate with a margin m would fail from a loss of m plus this. Infinite where
    the variance is not known.
    """
    if estimate.gain is None or not math.isfinite(estimate.se):
        return math.inf
    arm = estimate.interval(confidence).high - estimate.gain
    return arm + normal_quantile(power) * estimate.se


def rows_needed(estimate: Estimate, margin: float, confidence: float, power: float) -> int | None:
    """The rows at which a comparison would be settled, arms and errors shrinking with the root of the rows.

    That many rows detect a loss of `margin` with the probability `power`, so that an unchanged model passes and a
    loss of twice the margin fails. Where the holdout is large enough for that and the comparison inconclusive all the
    same, because the observed gain lies close to −margin: the rows at which the arm that crosses −margin would no
    longer, if the gain stayed what it is.

    Returns:
        The rows; those of this holdout where it is settled; None where no number of rows can be told: the margin is
        0, the variance is not known or not the rows' alone, or the observed gain is −margin.
    """
    from mlci.stats.decisions import status

    found = detectable(estimate, confidence, power)
    if estimate.gain is None or margin <= 0 or not math.isfinite(found):
        return None
    if (estimate.seed_share or 0.0) > _BY_SEEDS:
        return None  # more rows do not make the seeds vary less
    factor = (found / margin) ** 2
    if factor <= 1:
        interval = estimate.interval(confidence)
        if status(interval.low, interval.high, margin) != "inconclusive":
            return estimate.n
        distance = estimate.gain + margin
        arm = estimate.gain - interval.low if distance > 0 else interval.high - estimate.gain
        factor = (arm / distance) ** 2 if distance else math.inf
    rows = estimate.n * factor
    return math.ceil(rows) if rows < _MANY else None
