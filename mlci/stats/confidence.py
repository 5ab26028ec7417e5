"""Confidence distributions: the ends of every interval of one comparison, as quantiles of one function.

The interval at confidence 0.95 reaches from the 0.025 quantile to the 0.975 quantile. A quantile function ascends, so
intervals of higher confidence hold those of lower confidence, and Holm's procedure may ask for any level.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NORMAL = NormalDist()

_STRAIGHT = 1e-6  # skewness below which the transformation is the identity, to the last digits
_REACH = 3.3  # standard normal quantile of the outermost stored sample quantile: about 1 sample in 2,000
_STEP = 0.05
_SLOPE = 10  # steps from which the slope beyond the outermost quantile is taken


class ConfidenceDistribution(Protocol):
    """What is known of the true gain."""

    def quantile(self, p: float) -> float:
        """The gain that is an upper confidence limit at level p, 0 < p < 1."""


def normal_quantile(p: float) -> float:
    """The quantile of the standard normal distribution."""
    return _NORMAL.inv_cdf(p)


def student_quantile(p: float, df: float) -> float:
    """The quantile of Student's t distribution; `df` need not be a whole number."""
    from scipy.special import stdtrit

    return float(stdtrit(df, p))


@dataclass(frozen=True, slots=True)
class Student:
    """A normal estimate with an estimated standard error: center ± t · se, the longer arm lengthened by skewness.

    An arm is t, or what Hall's cubic transformation for the estimate's `skewness` makes of t (Hall 1992, Journal of the
    Royal Statistical Society B 54:221-228), whichever is longer: to shorten an arm would rely too much on a skewness
    that few rows tell.
    """

    center: float
    se: float
    df: float
    skewness: float = 0.0

    def quantile(self, p: float) -> float:
        """See `ConfidenceDistribution`."""
        if not self.se > 0:
            return self.center
        t = student_quantile(p, self.df)
        arm = max(t, self._transformed(t)) if t > 0 else min(t, self._transformed(t))
        return self.center + self.se * arm

    def _transformed(self, t: float) -> float:
        g = self.skewness
        if abs(g) < _STRAIGHT:
            return t
        cube = 1 - g * (t + g / 6)
        return 3 / g * (1 - math.copysign(abs(cube) ** (1 / 3), cube))


@dataclass(frozen=True, slots=True)
class Known:
    """The gain is known without error, as that of identical predictions is."""

    value: float

    def quantile(self, p: float) -> float:  # noqa: ARG002 - the same at every level
        """See `ConfidenceDistribution`."""
        return self.value


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is known but the range of the gain."""

    low: float
    high: float

    def quantile(self, p: float) -> float:
        """See `ConfidenceDistribution`."""
        return self.low if p < 0.5 else self.high  # noqa: PLR2004 - one half splits the ends


@dataclass(frozen=True, slots=True)
class Sampled:
    """A sample's quantiles at equidistant standard normal quantiles z = −3.3, −3.25, …, 3.3.

    Between them, and beyond them where a sample of some ten thousand is too thin to be trusted, the quantile is linear
    in z, so that levels such as 0.9995 rest on more than the sample's few outermost values.
    """

    values: tuple[float, ...]

    @classmethod
    def of(cls, sample: NDArray[Any]) -> Sampled:
        """Keep the quantiles of a sample, shape (draws,)."""
        import numpy as np

        z = np.linspace(-_REACH, _REACH, round(2 * _REACH / _STEP) + 1)
        p = [_NORMAL.cdf(each) for each in z]
        return cls(tuple(np.quantile(sample, p).tolist()))

    def quantile(self, p: float) -> float:
        """See `ConfidenceDistribution`."""
        at = (normal_quantile(p) + _REACH) / _STEP
        last = len(self.values) - 1
        if at <= 0:
            return self.values[0] + at * (self.values[_SLOPE] - self.values[0]) / _SLOPE
        if at >= last:
            return self.values[-1] + (at - last) * (self.values[-1] - self.values[-1 - _SLOPE]) / _SLOPE
        below = int(at)
        share = at - below
        return self.values[below] * (1 - share) + self.values[below + 1] * share
