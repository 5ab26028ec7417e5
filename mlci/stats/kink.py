"""Sums of sizes, Σ|d|, of deviations with noise: what the kink at 0 asks of the interval of two sides' difference.

Intervals from influence values alone take each deviation's sign for known. They cover 60 % of the time where ten
deviations of one side are noise and those of the other side are not. Four things mend that, and vanish for deviations
that are clear of their noise:

- A side's sum is too great by what the size of noise adds. The interval's center is free of that: deviations are taken
  as normal around 0, with a variance beyond the noise that they tell together (empirical Bayes, as Morris 1983). Those
  more than 2.5 standard errors from 0 have no such bias, and are left out.
- What that is estimated with adds to the variance.
- Noise of both sides cancels where the signs of both deviations are equally sure, and less where they are not.
- Where a deviation differs between the sides, and the common part is too small to tell its sign, the sides could be
  told apart the other way round: the difference is added to both arms, as far as it is more than noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.stats.confidence import Student

    Array = NDArray[Any]

_CLEAR = 2.5  # standard errors from 0 that noise does not reach
_WITHIN = 0.9113  # variance of a standard normal variable that lies within those
_SURE = 1.5  # standard errors from 0 at which a sign is taken for known
_SIZE = math.sqrt(2 / math.pi)  # mean size of a standard normal variable


@dataclass(frozen=True, slots=True)
class Allowing:
    """A confidence distribution whose arms are both longer by `slack`."""

    plain: Student
    slack: float

    @property
    def se(self) -> float:
        """Standard error."""
        return self.plain.se

    def quantile(self, p: float) -> float:
        """See `mlci.stats.confidence.ConfidenceDistribution`."""
        return self.plain.quantile(p) + math.copysign(self.slack, p - 0.5)


@dataclass(frozen=True, eq=False)
class Deviations:
    """One side's k deviations, whose sizes add up, and their standard errors, shape (k,); 0 of what is not there."""

    values: Array
    noise: Array


def allowing(law: Student, sign: int, mine: Deviations, theirs: Deviations, shared: Array) -> Allowing:
    """A law from both sides' influence values, made to allow for deviations that may be noise.

    Args:
        law: Of sign · (mine − theirs).
        sign: +1 or −1.
        mine: The candidate's deviations.
        theirs: The baseline's.
        shared: Shape (k,), the covariance of each deviation with that of the other side.
    """
    if not math.isfinite(law.se):
        return Allowing(law, 0.0)
    (too_great, doubt), (also, more) = _bias(mine), _bias(theirs)
    weight = float((mine.noise * theirs.noise).sum())
    alike = min(max(float(shared.sum()) / weight, 0.0), 1.0) if weight > 0 else 0.0
    one_sure = np.abs(_sureness(mine) - _sureness(theirs))
    cancelled = np.maximum(np.sign(mine.values * theirs.values) * shared, 0)
    variance = law.se**2 + (1 - alike) * (doubt**2 + more**2) + 2 * float((one_sure * cancelled).sum())
    plain = replace(law, center=law.center - sign * (too_great - also), se=math.sqrt(variance))
    return Allowing(plain, _slack(mine, theirs, shared))


def _bias(side: Deviations) -> tuple[float, float]:
    """By how much the sizes of deviations are too great, summed over the bins, and the standard error of that."""
    doubtful = (side.noise > 0) & (np.abs(side.values) < _CLEAR * side.noise)
    values, noise = side.values[doubtful], side.noise[doubtful]
    count = len(noise)
    if not count:
        return 0.0, 0.0
    spread = float(np.square(values / noise).mean()) / _WITHIN - 1
    doubt = math.sqrt(2 / count) * (1 + max(spread, 0.0))
    total = _SIZE * float(noise.sum())
    low, middle, high = (
        total * (math.sqrt(1 + real) - math.sqrt(real))
        for real in (max(spread + step * doubt, 0.0) for step in (1, 0, -1))
    )
    return middle, (high - low) / 2


def _sureness(side: Deviations) -> Array:
    """How sure the deviations' signs are, from 0 to 1, shape (k,)."""
    from scipy.special import ndtr

    units = np.divide(np.abs(side.values), side.noise, out=np.zeros(len(side.noise)), where=side.noise > 0)
    sure: Array = 2 * ndtr(units) - 1
    return sure


def _slack(mine: Deviations, theirs: Deviations, shared: Array) -> float:
    """What the deviations by which the sides could be told apart the other way round add to an arm.

    |b| − |a| is the lesser of |b − a| and |b + a|, with the sign of their product. Noise that both sides share makes
    the sum's sign the one that is in doubt.
    """
    variance = np.square(mine.noise) + np.square(theirs.noise)
    common = np.sqrt(np.maximum(variance + 2 * shared, 0))
    apart = np.maximum(variance - 2 * shared, 0)
    difference = theirs.values - mine.values
    told = apart > 0
    if not told.any():
        return 0.0
    real = max(0.0, float((np.square(difference[told]) / apart[told]).mean()) - 1)
    doubtful = np.abs(mine.values + theirs.values) < _SURE * common
    return real / (1 + real) * float(np.minimum(np.abs(difference), common)[doubtful].sum())
