"""What is known of the difference, ratio, least or greatest of several groups' rates, where groups may be alike.

The greatest of estimated rates is too great on average where the true ones are alike, and a resample of it is too
great once more. Percentiles of resamples then miss nearly always: for the selection rates of five like groups, each
95 % interval of their difference lies above 0. Corrections for bias (Efron 1987) mend half of that. What misses by a
calculable amount is the estimate's error: with rates θ, estimated as θ + e, the error of a function T of them is
T(θ + e) − T(θ), whose law is that of resampled e once θ is given (Fang & Santos 2019, Review of Economic Studies
86:377-412, for functions that have a derivative in each direction but no gradient). It depends on which true rates
are alike, and that the data do not tell. So an interval's end is the outermost of three:

- percentiles of the resamples;
- the estimate less its error's quantiles, where θ has the candidate's rates as alike as the data allow: drawn towards
  each other until a test of the level 10 % would reject them. The baseline's rates follow by what both sides' errors
  have in common, and half of what is left of their error is added to them, for the error's law depends on them, too;
- the same with the sides exchanged.

Where the groups that decide are told apart clearly, all three are the same percentiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats.confidence import Sampled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlci.stats.metrics import Form

    Array = NDArray[Any]

_ALLOWED = 0.1  # level of the test that a configuration of rates has to pass
_JITTER = 0.5
_STEPS = 50
_MOST = 1.0  # logarithm of a ratio beyond which nothing more is told


@dataclass(frozen=True, slots=True)
class Widest:
    """Several confidence distributions as one: from the lowest of their low ends to the highest of their high ends."""

    laws: tuple[Sampled, ...]

    @classmethod
    def of(cls, samples: Sequence[Array]) -> Widest:
        """Keep what samples, each shape (draws,), tell."""
        return cls(tuple(Sampled.of(each) for each in samples))

    def quantile(self, p: float) -> float:
        """See `mlci.stats.confidence.ConfidenceDistribution`."""
        ends = [each.quantile(p) for each in self.laws]
        return min(ends) if p < 0.5 else max(ends)  # noqa: PLR2004 - one half splits the ends


@dataclass(frozen=True, slots=True)
class Resampled:
    """Rates between 0 and 1, shape (rates, groups, draws), and factors to widen their spread by, shape (groups,)."""

    rates: Array
    wider: Array


def extreme(form: Form, rates: Array) -> Array:
    """The value of a fairness metric, shape (…), of groups' rates, shape (rates, groups, …), for ratios > 0."""
    value = _extreme(form, np.log(rates) if form == "ratio" else rates)
    return np.asarray(np.exp(value)) if form == "ratio" else value


def gains(form: Form, mine: Resampled, theirs: Resampled, *, paired: bool) -> list[Array]:
    """Samples of the confidence distributions of mine − theirs, each shape (draws,).

    Args:
        form: What becomes of the rates.
        mine: One side's rates.
        theirs: The other side's; its groups may be others unless the sides are paired.
        paired: Whether the draws of both sides belong together.
    """
    sides = [_Rates.of(form, each) for each in (mine, theirs)]
    samples = [sides[0].percentiles() - sides[1].percentiles()]
    for first, second in ((0, 1), (1, 0)):
        alike = sides[first].alike
        told = [alike, sides[second].centre]
        rest = sides[second].noise
        if paired:
            slope = (sides[0].noise * sides[1].noise).mean(axis=-1) / sides[first].variance
            told[1] = told[1] + slope * (alike - sides[first].centre)
            rest = rest - slope[..., None] * sides[first].noise
        followed = told[1][..., None] + _JITTER * np.roll(rest, rest.shape[-1] // 2, axis=-1)
        drawn = sides[first].reflected(alike[..., None]), sides[second].reflected(followed)
        samples.append(drawn[first] - drawn[second])
    return samples


def own(form: Form, drawn: Resampled) -> list[Array]:
    """Samples of the confidence distributions of one side's value; see `gains`."""
    side = _Rates.of(form, drawn)
    return [side.percentiles(), side.reflected(side.alike[..., None])]


@dataclass(frozen=True, slots=True)
class _Rates:
    """Resampled rates, of ratios their logarithms: means, shape (rates, groups), and how draws differ from them."""

    form: Form
    centre: Array
    noise: Array

    @classmethod
    def of(cls, form: Form, drawn: Resampled) -> _Rates:
        values = np.log(drawn.rates) if form == "ratio" else drawn.rates
        centre = values.mean(axis=-1)
        return cls(form, centre, (values - centre[..., None]) * drawn.wider[:, None])

    @property
    def variance(self) -> Array:
        """Shape (rates, groups), positive."""
        return np.asarray(np.maximum(self.noise.var(axis=-1), np.finfo(np.float64).tiny))

    @property
    def alike(self) -> Array:
        """The rates as alike as the data allow, shape (rates, groups)."""
        return np.stack([_alike(self.form, *each) for each in zip(self.centre, self.variance, strict=True)])

    def percentiles(self) -> Array:
        """The value of each draw, shape (draws,)."""
        return self._told(_extreme(self.form, self.centre[..., None] + self.noise))

    def reflected(self, rates: Array) -> Array:
        """The value less its error if the true rates were these, shape (rates, groups, draws or 1); shape (draws,).

        A rate's estimate errs by what its draws differ from it, with the sign turned.
        """
        error = _extreme(self.form, rates - self.noise) - _extreme(self.form, rates)
        return self._told(_extreme(self.form, self.centre) - error)

    def _told(self, values: Array) -> Array:
        return np.asarray(np.exp(np.minimum(values, _MOST))) if self.form == "ratio" else values


def _extreme(form: Form, values: Array) -> Array:
    """Of rates, of ratios their logarithms, shape (rates, groups, …); of several rates, the worse one counts."""
    if form == "difference":
        return np.asarray((values.max(axis=1) - values.min(axis=1)).max(axis=0))
    if form == "ratio":
        return np.asarray((values.min(axis=1) - values.max(axis=1)).min(axis=0))
    if form == "group_min":
        return np.asarray(values.min(axis=1).min(axis=0))
    return np.asarray(values.max(axis=1).max(axis=0))


def _alike(form: Form, values: Array, variance: Array) -> Array:
    """Values, shape (k,), with the extremes that count drawn in as far as a test allows.

    What is least in range at a distance Σ (shift² / variance), cuts the values off above and below, at the same
    multiplier of Lagrange. Of the least or the greatest alone, one end is cut off.
    """
    from scipy.special import chdtri

    if len(values) < 2:  # noqa: PLR2004 - one group is like itself
        return values
    allowed = float(chdtri(len(values) - 1, _ALLOWED))
    mean = np.average(values, weights=1 / variance)
    weakest, strongest = 0.0, float((np.maximum(values - mean, 0) / variance).sum())
    cut = values
    for step in range(_STEPS):
        force = strongest if step == 0 else (weakest + strongest) / 2
        low = -_cut(-values, variance, force) if form != "group_max" else -np.inf
        high = _cut(values, variance, force) if form != "group_min" else np.inf
        tried = np.clip(values, min(low, mean), max(high, mean))
        if ((values - tried) ** 2 / variance).sum() <= allowed:
            cut, weakest = tried, force
            if step == 0:
                break
        else:
            strongest = force
    return cut


def _cut(values: Array, variance: Array, force: float) -> float:
    """The height h at which Σ max(value − h, 0) / variance is `force`."""
    order = np.argsort(-values)
    weight = 1 / variance[order]
    return float(((np.cumsum(weight * values[order]) - force) / np.cumsum(weight)).max())
