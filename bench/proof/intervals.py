"""How often intervals of 95 % hold the true gain: every metric, on holdouts of many kinds.

The true gain is that of ten million rows of the population. Of each cell, the intervals that lie wholly below and
wholly above the truth are counted, and the holdouts that cannot tell the metric at all (no positive row).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from populations import POPULATIONS

from mlci.stats import estimate
from mlci.stats.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from populations import Population

    from mlci.stats.confidence import ConfidenceDistribution
    from mlci.stats.interval import Estimate
    from mlci.stats.metrics import Metric

SIZES = (50, 200, 1_000, 10_000)
LEVEL = 0.95
CHUNK = 50  # runs of one piece of work
WHOLE = 1_000_000  # rows of each of the samples whose mean gain is taken for the true one
SAMPLES = 10


@dataclass(frozen=True, slots=True)
class Piece:
    """Work of one process: some runs of a population at one size; of no runs, a sample for the true gain."""

    population: Population
    n: int
    start: int
    runs: int


def measure(pool: Executor, runs: int, *, sizes: tuple[int, ...] = SIZES, whole: int = WHOLE) -> list[dict[str, Any]]:
    """Cells, each a population, a size and a metric, with counts of what its intervals did."""
    return [cell for at in POPULATIONS for cell in of_population(pool, at, runs, sizes=sizes, whole=whole)]


def of_population(
    pool: Executor, population: Population, runs: int, *, sizes: tuple[int, ...] = SIZES, whole: int = WHOLE
) -> Iterator[dict[str, Any]]:
    """Cells of one population."""
    samples = [Piece(population, whole, at, 0) for at in range(SAMPLES)]
    pieces = [Piece(population, n, at, min(CHUNK, runs - at)) for n in sizes for at in range(0, runs, CHUNK)]
    gains = np.array(list(pool.map(_gains, samples)))
    true, error = gains.mean(axis=0), gains.std(axis=0, ddof=1) / np.sqrt(SAMPLES)
    found = list(pool.map(_intervals, pieces))
    for n in sizes:
        held = np.concatenate([each for piece, each in zip(pieces, found, strict=True) if piece.n == n])
        low, high = held[..., 0], held[..., 1]
        told = ~np.isnan(low)
        for at, metric in enumerate(metrics(population)):
            some = told[:, at]
            yield {
                "population": population.name,
                "n": n,
                "metric": metric.name,
                "family": metric.family,
                "runs": runs,
                "whole": whole * SAMPLES,
                "told": int(some.sum()),
                "below": int((high[some, at] < true[at]).sum()),
                "above": int((low[some, at] > true[at]).sum()),
                "width": float(np.median(high[some, at] - low[some, at])) if some.any() else None,
                "gain": float(true[at]),
                "gain_error": float(error[at]),
            }


def metrics(population: Population) -> list[Metric]:
    """The built-in metrics of the population's task."""
    return [metric for metric in METRICS.values() if population.task in metric.tasks]


def _gains(piece: Piece) -> list[float]:
    found = _estimates(piece, 1_000_000 + piece.start)
    return [float("nan") if each.gain is None else each.gain for each in found]


def _intervals(piece: Piece) -> Any:  # noqa: ANN401 - an array, shape (runs, metrics, 2)
    ends = [
        [(np.nan, np.nan) if each.gain is None else _ends(each) for each in _estimates(piece, run)]
        for run in range(piece.start, piece.start + piece.runs)
    ]
    return np.array(ends)


def _estimates(piece: Piece, run: int) -> list[Estimate]:
    rng = np.random.default_rng([zlib.crc32(piece.population.name.encode()), piece.n, run])
    rows = piece.population.draw(rng, piece.n)
    return estimate.paired_many(
        metrics(piece.population), rows.y, rows.candidate, rows.baseline,
        groups=rows.groups, n_classes=len(piece.population.priors) or None, seed=run,
    )  # fmt: skip


def _ends(found: Estimate) -> tuple[float, float]:
    """`Estimate.interval`, where metrics that come to the same share the work."""
    gain = 0.0 if found.gain is None else found.gain
    low, high = _quantiles(found.distribution)  # type: ignore[arg-type] # every one is a frozen dataclass
    return max(min(low, gain), found.bounds[0]), min(max(high, gain), found.bounds[1])


@lru_cache(maxsize=100_000)
def _quantiles(distribution: ConfidenceDistribution) -> tuple[float, float]:
    return distribution.quantile((1 - LEVEL) / 2), distribution.quantile((1 + LEVEL) / 2)
