"""Parts of the same rows, such as the slices of a holdout: put beside each other once, then compared side by side."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from mlci.stats.sides import narrow, numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    Array = NDArray[Any]

Found = TypeVar("Found")

_WORKERS = 8  # parts that are compared at the same time, at most: each needs memory of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What a comparison of two sides on n rows takes: see `mlci.stats.estimate.paired_many`."""

    y: Array
    candidate: Mapping[str, Array]
    baseline: Mapping[str, Array]
    groups: Array | None = None
    sample_weight: Array | None = None

    def condensed(self) -> Rows:
        """The same in fewer bits, so that less is moved when the rows are."""
        groups = None if self.groups is None else numbered(np.asarray(self.groups))[0]
        return _made(replace(self, groups=groups), lambda array: narrow(np.asarray(array)))

    def in_order(self, order: Array) -> Rows:
        """Some rows, or all, in an order of their own."""
        with ThreadPoolExecutor(_workers()) as pool:
            return _made(self, lambda array: array.take(order, axis=0), pool.map)

    def part(self, rows: slice) -> Rows:
        """Consecutive rows, without a copy."""
        return _made(self, lambda array: array[rows])


def _made(
    rows: Rows,
    function: Callable[[Array], Array],
    run: Callable[[Callable[[Array], Array], Iterable[Array]], Iterable[Array]] = map,
) -> Rows:
    """Rows made by a function of each array; an array that serves several kinds of input stays one."""
    given = (rows.y, *rows.candidate.values(), *rows.baseline.values(), rows.groups, rows.sample_weight)
    distinct = {id(array): array for array in given if array is not None}
    made = dict(zip(distinct, run(function, distinct.values()), strict=True))
    return Rows(
        y=made[id(rows.y)],
        candidate={needs: made[id(array)] for needs, array in rows.candidate.items()},
        baseline={needs: made[id(array)] for needs, array in rows.baseline.items()},
        groups=made.get(id(rows.groups)),
        sample_weight=made.get(id(rows.sample_weight)),
    )


def each_part(function: Callable[[Rows], Found], rows: Rows, codes: Array, count: int) -> list[Found]:
    """What a function finds in each part of the rows, side by side: NumPy lets other threads run.

    `codes`, shape (n,), are the parts 0 … count − 1, or −1 for none. A part keeps the order of its rows.
    """
    codes = _in_few_bits(np.asarray(codes), count)
    order = np.argsort(codes, kind="stable")  # a radix sort, for codes of up to 16 bits
    sizes = np.bincount(codes[codes >= 0], minlength=count)
    rows = rows.in_order(order[len(order) - int(sizes.sum()) :])
    ends = np.cumsum(sizes)
    parts = [slice(end - size, end) for end, size in zip(ends.tolist(), sizes.tolist(), strict=True)]
    largest_first = np.argsort(-sizes, kind="stable").tolist()
    with ThreadPoolExecutor(_workers()) as pool:
        waiting = {at: pool.submit(lambda part: function(rows.part(part)), parts[at]) for at in largest_first}
        try:
            return [waiting[at].result() for at in range(count)]
        finally:
            pool.shutdown(cancel_futures=True)  # whoever interrupts, or fails, does not wait for the others


def _in_few_bits(codes: Array, count: int) -> Array:
    fitting = next(kind for kind in (np.int8, np.int16, np.int64) if count <= np.iinfo(kind).max)
    return codes.astype(fitting, copy=False)


def _workers() -> int:
    return min(_WORKERS, os.cpu_count() or 1)
