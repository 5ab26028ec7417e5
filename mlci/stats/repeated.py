"""Several trainings of both sides, each with another seed: one estimate that holds the seeds' variance, too.

Each pair of trainings has an estimate on the same rows. The mean gain errs by the rows, as any of the estimates says,
and by the seeds, as the gains' spread says, of which k trainings tell with k − 1 degrees of freedom. The two are joined
by the method of variance estimates recovery (Zou and Donner 2008, Statistics in Medicine 27:1693-1702): an arm is the
root of the sum of the squared arms.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlci.stats.confidence import student_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.stats.confidence import ConfidenceDistribution
    from mlci.stats.interval import Estimate


@dataclass(frozen=True, slots=True)
class Repeated:
    """The confidence distribution of the mean gain over trainings.

    Attributes:
        center: The mean gain.
        gains: Of each pair of trainings.
        rows: The confidence distribution of each, for which the trainings are given.
        se: Standard error that the seeds make.
    """

    center: float
    gains: tuple[float, ...]
    rows: tuple[ConfidenceDistribution, ...]
    se: float

    def quantile(self, p: float) -> float:
        """See `mlci.stats.confidence.ConfidenceDistribution`."""
        arms = [each.quantile(p) - gain for each, gain in zip(self.rows, self.gains, strict=True)]
        by_seeds = student_quantile(p, len(self.gains) - 1) * self.se
        return self.center + math.copysign(math.hypot(sum(arms) / len(arms), by_seeds), p - 0.5)


def combined(estimates: Sequence[Estimate]) -> Estimate:
    """One estimate from those of k pairs of trainings, of the same metric on the same rows.

    The gain is that of the trainings' mean, an estimate of what the procedure gains with any seed. What the interval
    allows for the rows is the mean of what each pair's does, which the mean of several never exceeds. `seed_share` is
    s² / (s² + v), with the gains' sample variance s² and the rows' mean variance v. Where a pair has no gain, neither
    has the mean.
    """
    first = estimates[0]
    told = [each.gain for each in estimates if each.gain is not None]
    if len(estimates) == 1:
        return first
    if len(told) < len(estimates):
        return next(each for each in estimates if each.gain is None)
    candidate, baseline = (
        statistics.fmean(value for each in estimates if (value := getattr(each, side)) is not None)
        for side in ("candidate", "baseline")
    )
    methods = dict.fromkeys(each.method for each in estimates)
    if len(methods) == 1 and all(each.se == 0 for each in estimates) and not any(told):  # nothing differs anywhere
        return first
    seeds = statistics.variance(told)
    by_rows = statistics.fmean(each.se**2 for each in estimates)
    total = seeds + by_rows
    notes = dict.fromkeys(each.note for each in estimates if each.note)
    told_of = next((each for each in methods if each != "identical predictions"), first.method)
    return replace(
        first,
        gain=statistics.fmean(told),
        candidate=candidate,
        baseline=baseline,
        method=f"{told_of}, {len(estimates)} seeds",
        se=math.sqrt(by_rows + seeds / len(estimates)),
        distribution=Repeated(
            center=statistics.fmean(told),
            gains=tuple(told),
            rows=tuple(each.distribution for each in estimates),
            se=math.sqrt(seeds / len(estimates)),
        ),
        bounds=(min(each.bounds[0] for each in estimates), max(each.bounds[1] for each in estimates)),
        note="; ".join(notes),
        seed_share=seeds / total if 0 < total < math.inf else None,
    )
