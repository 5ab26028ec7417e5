"""Populations to draw holdouts from: a target, and what two models that look at the same rows say of it.

Both models of a population see the target through normal noise of which a part is shared, so that they err on much the
same rows; their probabilities are calibrated. Everything is drawn from the generator that is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

CORRELATED = 0.64  # the part of the noise's variance that both models share
MEMBERS = 5  # rows of a cluster


@dataclass(frozen=True, slots=True)
class Holdout:
    """Rows of a population: what `mlci.stats.estimate.paired_many` takes."""

    y: Array
    candidate: dict[str, Array]
    baseline: dict[str, Array]
    groups: Array | None = None


@dataclass(frozen=True, slots=True)
class Population:
    """Where rows come from.

    Attributes:
        name: As in the page's tables.
        task: The task of its metrics.
        priors: The classes' shares; of a regression, empty.
        skill: How far the classes stand apart for candidate and baseline, in standard deviations of the noise; of a
            regression, the standard deviations of both models' errors.
        shared: The part of the noise's variance that both models share.
        clusters: Whether rows come in clusters of five that share a part of their noise.
        outliers: The share of a regression's rows whose noise is five times as large.
    """

    name: str
    task: str
    priors: tuple[float, ...] = ()
    skill: tuple[float, float] = (1.5, 1.2)
    shared: float = CORRELATED
    clusters: bool = False
    outliers: float = 0.0

    def draw(self, rng: np.random.Generator, n: int) -> Holdout:
        """Draw n rows."""
        groups = np.arange(n) // MEMBERS if self.clusters else None
        return self._values(rng, n, groups) if self.task == "regression" else self._classes(rng, n, groups)

    def _classes(self, rng: np.random.Generator, n: int, groups: Array | None) -> Holdout:
        k = len(self.priors)
        if groups is None:
            y = np.searchsorted(np.cumsum(self.priors), rng.random(n), side="right").clip(max=k - 1)
        else:  # four rows of five are of their cluster's class
            own = np.searchsorted(np.cumsum(self.priors), rng.random(n), side="right").clip(max=k - 1)
            y = np.where(np.arange(n) % MEMBERS < MEMBERS - 1, own[groups * MEMBERS], own)
        width = 1 if k == 2 else k
        noises = _noises(rng, (n, width), self.shared, groups)
        said = [self._says(y, skill, noise) for skill, noise in zip(self.skill, noises, strict=True)]
        return Holdout(y.astype(np.int8), said[0], said[1], groups)

    def _says(self, y: Array, skill: float, noise: Array) -> dict[str, Array]:
        """Posterior probabilities, and labels where all classes are held for equally likely before."""
        if len(self.priors) == 2:
            evidence = skill * (skill * y + noise[:, 0]) - skill**2 / 2
            probability = 1 / (1 + np.exp(-evidence - np.log(self.priors[1] / self.priors[0])))
            return {"labels": (evidence > 0).astype(np.int8), "probability": probability, "score": probability}
        evidence = skill * (skill * np.eye(len(self.priors))[y] + noise)
        odds = np.exp(evidence - evidence.max(axis=1, keepdims=True)) * np.array(self.priors)
        probability = odds / odds.sum(axis=1, keepdims=True)
        return {"labels": evidence.argmax(axis=1).astype(np.int8), "probability": probability, "score": probability}

    def _values(self, rng: np.random.Generator, n: int, groups: Array | None) -> Holdout:
        """A skewed target, as prices are: exponentials of a normal signal, predicted with errors in proportion."""
        signal = rng.normal(size=n)
        y = np.exp(1 + 0.5 * signal)
        larger = np.where(rng.random(n) < self.outliers, 5.0, 1.0)
        noises = _noises(rng, (n, 1), self.shared, groups)
        said = [y * np.exp(skill * larger * noise[:, 0]) for skill, noise in zip(self.skill, noises, strict=True)]
        return Holdout(y, {"values": said[0]}, {"values": said[1]}, groups)


def _noises(rng: np.random.Generator, shape: tuple[int, int], shared: float, groups: Array | None) -> list[Array]:
    """Standard normal noise of both models; clusters share half of it."""
    parts = [rng.normal(size=shape) for _ in range(3)]
    if groups is not None:
        count = int(groups[-1]) + 1
        parts = [(part + rng.normal(size=(count, shape[1]))[groups]) / np.sqrt(2) for part in parts]
    return [np.sqrt(shared) * parts[0] + np.sqrt(1 - shared) * own for own in parts[1:]]


POPULATIONS = (
    Population("binary, balanced", "binary", (0.5, 0.5)),
    Population("binary, 1 % positives", "binary", (0.99, 0.01)),
    Population("three classes, balanced", "multiclass", (1 / 3, 1 / 3, 1 / 3)),
    Population("three classes, one of 1 %", "multiclass", (0.5, 0.49, 0.01)),
    Population("regression", "regression", skill=(0.20, 0.22)),
    Population("regression, 1 % outliers", "regression", skill=(0.10, 0.11), outliers=0.01),
    Population("binary, uncorrelated", "binary", (0.5, 0.5), shared=0.0),
    Population("binary, clusters of 5", "binary", (0.5, 0.5), clusters=True),
)
