"""The search for the slice that fell furthest, among all slices of one column and of two together.

To look at many slices and tell of the worst is to tell of chance, unless the looking is paid for: each slice's interval
stands at the level of Holm's procedure over all slices that were looked at. Slices overlap, and Holm's promise holds
all the same. Slices of the same rows, such as a pair that is one of its parts, are one slice.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats.confidence import Known
from mlci.stats.estimate import paired_parts
from mlci.stats.multiplicity import holm
from mlci.stats.repeated import combined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from mlci.stats.estimate import Estimate
    from mlci.stats.metrics import Metric

    Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Column:
    """The names of a column's slices, such as `sex = Female`, and each row's place in them, shape (n,); −1: none."""

    names: tuple[str, ...]
    codes: Array


@dataclass(frozen=True, slots=True)
class Part:
    """A slice, and how both sides compare there."""

    name: str
    rows: int
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        slices: How many slices were looked at; those where the metric makes no sense are not counted.
        level: The confidence of the worst slice's interval, which pays for all of them.
        worst: The slice whose interval's upper end is lowest: it lost most for certain. None where there is no slice.
        worse: How many slices are worse than the margin; that any is by chance has a probability of at most
            1 − confidence.
    """

    slices: int
    level: float
    worst: Part | None
    worse: int


def search(  # noqa: PLR0913 - the rows, and what to look for
    metric: Metric,
    y: Array,
    candidate: Sequence[Array],
    baseline: Sequence[Array],
    columns: Mapping[str, Column],
    *,
    depth: int,
    min_rows: int,
    margin: float,
    confidence: float,
    groups: Array | None = None,
    sample_weight: Array | None = None,
    n_classes: int | None = None,
    seed: int = 0,
) -> Found:
    """Look at every slice of one column and, at depth 2, of two columns that has at least `min_rows` rows.

    Args:
        metric: A row of `mlci.stats.metrics.METRICS`.
        y: As in `mlci.stats.estimate.paired`, as are all that are not told here.
        candidate: What each of the candidate's trainings predicts; more than one where seeds are repeated.
        baseline: What as many trainings of the baseline predict.
        columns: By name.
        depth: 1 or 2.
        min_rows: Slices with fewer rows are not looked at.
        margin: The loss that is tolerated, ≥ 0.
        confidence: Family-wise, over all slices.
        groups: Shape (n,).
        sample_weight: Shape (n,).
        n_classes: k.
        seed: The same for each slice.

    Returns:
        The worst slice, and how many are worse; of equal ones the first, in the order of the columns.
    """
    parts = []
    for names, rows, codes in _partitions(columns, len(y), depth, min_rows):
        runs = [
            paired_parts(
                [metric], y, {metric.needs: mine}, {metric.needs: theirs}, codes, len(names),
                groups=groups, sample_weight=sample_weight, n_classes=n_classes, seed=seed,
            )
            for mine, theirs in zip(candidate, baseline, strict=True)
        ]  # fmt: skip
        found = (combined([each[0] for each in of_part]) for of_part in zip(*runs, strict=True))
        told = zip(names, rows, found, strict=True)
        parts += [Part(*each) for each in told if each[2].gain is not None]
    if not parts:
        return Found(0, confidence, None, 0)
    level = 1 - (1 - confidence) / len(parts)  # that of Holm's first step, at which the lowest end is judged
    worst, high = _worst(parts, level)
    return Found(len(parts), level, worst, _worse(parts, margin, confidence) if high < -margin else 0)


def _worst(parts: Sequence[Part], level: float) -> tuple[Part, float]:
    """The slice whose interval's upper end is lowest, and that end."""
    worst, lowest = parts[0], math.inf
    for part in sorted(parts, key=lambda part: _gain(part.estimate)):
        if _gain(part.estimate) >= lowest:  # no interval ends below its gain
            break
        high = part.estimate.interval(level).high
        if high < lowest:
            worst, lowest = part, high
    return worst, lowest


def _worse(parts: Sequence[Part], margin: float, confidence: float) -> int:
    """How many slices are worse than the margin, by Holm's procedure.

    Those that did not lose as much on their own rows cannot be, and stand there to be counted alone: their intervals,
    some of which take long, are left out.
    """
    family = [
        each if (gain := _gain(each)) < -margin else replace(each, distribution=Known(gain))
        for each in (part.estimate for part in parts)
    ]
    levels = holm(family, [margin] * len(family), confidence)
    return sum(each.interval(level).high < -margin for each, level in zip(family, levels, strict=True))


def _gain(estimate: Estimate) -> float:
    return math.nan if estimate.gain is None else estimate.gain


def _partitions(
    columns: Mapping[str, Column], n: int, depth: int, min_rows: int
) -> Iterator[tuple[list[str], list[int], Array]]:
    """For each column, then each pair: its slices' names and rows, and each row's place in them, shape (n,).

    A slice has at least `min_rows` rows, and not those of a slice before it.
    """
    mark = np.random.default_rng(0).random(n)  # slices of the same rows have the same sum
    seen: set[tuple[int, float]] = set()
    single = list(columns.values())
    pairs = itertools.combinations(single, 2) if depth > 1 else ()
    for each in itertools.chain(single, (_crossed(*pair) for pair in pairs)):
        codes = np.asarray(each.codes)
        count = len(each.names)
        some = codes >= 0
        inside = codes if some.all() else codes[some]
        rows = np.bincount(inside, minlength=count)
        sums = np.bincount(inside, weights=mark if some.all() else mark[some], minlength=count)
        kept = []
        for at in np.flatnonzero(rows >= max(1, min_rows)).tolist():
            key = (int(rows[at]), float(sums[at]))
            if key not in seen:
                seen.add(key)
                kept.append(at)
        if kept:
            place = np.full(count + 1, -1)
            place[kept] = np.arange(len(kept))
            yield [each.names[at] for at in kept], rows[kept].tolist(), place[codes]


def _crossed(first: Column, second: Column) -> Column:
    """The slices of two columns together."""
    count = len(second.names)
    names = tuple(f"{one} and {other}" for one in first.names for other in second.names)
    both = (first.codes >= 0) & (second.codes >= 0)
    return Column(names, np.where(both, first.codes.astype(np.int64) * count + second.codes, -1))
