"""Intervals of whatever is a mean of influence values, or a sum of such means: the delta method, made fit for few rows.

The first-order error of a smooth statistic is the mean of its influence values (Hampel 1974), so that their variance
is the statistic's. Plain normal intervals from it miss too often where few rows carry most of the variance. Four
things mend that; all vanish as rows grow:

- Student's t instead of the normal, with Satterthwaite's degrees of freedom (1946) for a sum of means, and at most
  those that the fourth moment allows: 2 V² / var(V), which are n − 1 for normal values and about the number of rows
  that carry the variance where few do.
- One more row than was seen, with an influence of the size that those which matter have: Σh² / Σ|h|.
- A guess at that size where a family can give one, so that a difference that was never seen is not thought impossible.
- Half of Hall's correction for skewness (1992), on the longer arm alone. The whole correction, on both arms, covers
  worse than none (as does Johnson's of 1978): a skewness estimated from few rows says little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats.confidence import Student
from mlci.stats.sides import blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlci.stats.sides import Groups

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Stratum:
    """Sums over n independent draws whose centred mean is one term of an estimate's error."""

    n: int
    s2: float
    s3: float
    s4: float

    @classmethod
    def of(
        cls, values: Array, *, size: float = 0.0, share: float = 0.25, unseen: Sequence[float] = (), draws: int = 1
    ) -> Stratum:
        """Sum centred values, shape (n,), and the rows that were not seen.

        Args:
            values: Centred.
            size: What a value may well be where none is different from 0; 0: no idea.
            share: How many rows `size` counts as, in the size of the row that was not seen.
            unseen: Sizes of further rows that were not seen.
            draws: Rows that were not seen, of the size that those which matter have.
        """
        s1 = s2 = s3 = s4 = 0.0
        for rows in blocks(len(values)):
            part = values[rows]
            square = part * part
            s1 += float(np.abs(part).sum())
            s2 += float(square.sum())
            s3 += float((square * part).sum())
            s4 += float((square * square).sum())
        weight = s1 + share * size
        typical = (s2 + share * size**2) / weight if weight > 0 else 0.0
        added = [*unseen, *[typical] * draws]
        return cls(len(values), s2 + sum(each**2 for each in added), s3, s4 + sum(each**4 for each in added))

    @property
    def variance(self) -> float:
        """Of the mean."""
        return self.s2 / (self.n * (self.n - 1)) if self.n > 1 else math.inf

    @property
    def variance_of_variance(self) -> float:
        """Of the mean's estimated variance."""
        return max(0.0, self.s4 - self.s2**2 / self.n) / self.n**4


def student(gain: float, strata: Sequence[Stratum]) -> Student:
    """The confidence distribution of a gain whose error is a sum of independent means."""
    variance = sum(each.variance for each in strata)
    if not math.isfinite(variance):
        return Student(gain, math.inf, 1.0)
    if variance <= 0:
        return Student(gain, 0.0, math.inf)
    by_rows = variance**2 / sum(each.variance**2 / (each.n - 1) for each in strata)
    noise = sum(each.variance_of_variance for each in strata)
    by_moments = 2 * variance**2 / noise if noise > 0 else math.inf
    skewness = sum(each.s3 / each.n**3 for each in strata) / variance**1.5
    return Student(gain, math.sqrt(variance), max(1.0, min(by_rows, by_moments)), skewness / 2)


def clustered(values: Array, groups: Groups, *, size: float = 0.0) -> Stratum:
    """Sum influence values, shape (n,), by cluster: the clusters are the draws (Obuchowski 1997).

    `size` is what a row's value may well be where none is different from 0.
    """
    scale = groups.count / len(values)
    sums = groups.sums(values) * scale
    return Stratum.of(sums - sums.mean(), size=size * scale)
