"""Rows in the order of their scores: sorted once, and climbed a block at a time.

To sort the rows' numbers by their scores takes several times as long as to sort the scores themselves, which may stay
where they are. So each row becomes one whole number of 64 bits: the leading bits of its score, then whether it is
positive, then its number. Sorted, these numbers tell all; rows whose scores differ in later bits alone are few, and
are sorted anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats.sides import BLOCK, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[Any]

_BITS = 64
_SIGN = np.int64(-(1 << 63))


@dataclass(frozen=True, slots=True)
class Order:
    """n rows from the least score to the greatest, each shape (n,).

    Attributes:
        rows: The rows.
        positive: Whether each is positive.
        last: Whether each is the last one of its score.
    """

    rows: Array
    positive: Array
    last: Array

    @classmethod
    def of(cls, scores: Array, positive: Array) -> Order:
        """Sort rows by their scores, shape (n,), finite; `positive` says which rows are."""
        n = len(scores)
        keys = np.empty(n, dtype=np.uint64)
        for at in blocks(n):
            keys[at] = _ascending(scores[at])
        least = keys.min() if n else np.uint64(0)
        low = max(1, (n - 1).bit_length())  # bits for the row's number
        spare = max(0, int(keys.max(initial=least) - least).bit_length() - (_BITS - 1 - low))
        for at in blocks(n):
            key = keys[at]
            key -= least
            key >>= np.uint64(spare)
            key <<= np.uint64(1)
            key |= positive[at]
            key <<= np.uint64(low)
            key |= np.arange(at.start, at.stop, dtype=np.uint64)
        keys.sort()
        ranked, last = np.empty(n, dtype=bool), np.ones(n, dtype=bool)
        for at in blocks(n):
            leading = keys[at.start : at.stop + 1] >> np.uint64(low + 1)
            last[at.start : at.start + len(leading) - 1] = leading[1:] != leading[:-1]
        for at in blocks(n):
            np.not_equal(keys[at] & np.uint64(1 << low), 0, out=ranked[at])
            keys[at] &= np.uint64((1 << low) - 1)
        found = cls(keys.view(np.int64), ranked, last)
        if spare:
            found._settle(scores)
        return found

    def _settle(self, scores: Array) -> None:
        """Sort rows anew whose scores differ in bits that were not sorted by."""
        alike = np.flatnonzero(~self.last)  # each seems to have the score of the next
        wrong = np.empty(len(alike), dtype=bool)
        for at in blocks(len(alike)):
            np.not_equal(scores[self.rows[alike[at]]], scores[self.rows[alike[at] + 1]], out=wrong[at])
        if not wrong.any():
            return
        starts = np.flatnonzero(np.diff(alike, prepend=-2) > 1)
        within = np.repeat(np.logical_or.reduceat(wrong, starts), np.diff(starts, append=len(alike)))
        places = np.union1d(alike[within], alike[within] + 1)
        rows = self.rows[places]
        order = np.argsort(scores[rows])
        ranked = scores[rows[order]]
        self.rows[places], self.positive[places] = rows[order], self.positive[places][order]
        self.last[places[:-1]] = ranked[1:] != ranked[:-1]


def _ascending(scores: Array) -> Array:
    """Whole numbers of 64 bits that are ordered as the scores are, and equal where these are."""
    if scores.dtype.kind in "bu":
        return scores.astype(np.uint64)
    if scores.dtype.kind == "i":
        return (scores.astype(np.int64) ^ _SIGN).view(np.uint64)
    signed = (scores.astype(np.float64) + 0.0).view(np.int64)  # −0 becomes 0
    return (signed ^ ((signed >> (_BITS - 1)) | _SIGN)).view(np.uint64)


@dataclass(frozen=True, slots=True)
class Step:
    """Some rows in ascending order, ties together, each shape (rows,).

    Attributes:
        rows: The rows.
        positive: Whether each is positive.
        own: Its weight if it is positive, else 0.
        weight: Its weight; one number where all are alike.
        below: Positive weight, and all weight, of rows with a smaller score.
        upto: The same of rows with no greater score.
        last: Where the last row of each row's score is; None where nothing is tied.
    """

    rows: Array
    positive: Array
    own: Array
    weight: Array | float
    below: tuple[Array, Array]
    upto: tuple[Array, Array]
    last: Array | None


def steps(order: Order, weights: Array | None) -> Iterator[Step]:
    """Climb the order, a block of rows at a time; `weights`, shape (n,), are 1 where there are none."""
    start, passed, n = 0, (0.0, 0.0), len(order.rows)
    while start < n:
        stop = min(start + BLOCK, n)
        stop += 0 if order.last[stop - 1] else int(np.argmax(order.last[stop:])) + 1
        rows, positive = order.rows[start:stop], order.positive[start:stop]
        weight: Array | float
        if weights is None:
            weight, own = 1.0, positive.astype(np.float64)
            passing = np.arange(start + 1, stop + 1, dtype=np.float64)
        else:
            weight = weights[rows]
            own = weight * positive
            passing = passed[1] + np.cumsum(weight)
        upto = passed[0] + np.cumsum(own), passing
        last = order.last[start:stop]
        if last.all():
            tied, below = None, (upto[0] - own, upto[1] - weight)
        else:
            ends = np.flatnonzero(last)
            sizes = np.diff(ends, prepend=-1)
            tied = np.repeat(ends, sizes)
            before = [np.append(earlier, each[ends[:-1]]) for earlier, each in zip(passed, upto, strict=True)]
            below = np.repeat(before[0], sizes), np.repeat(before[1], sizes)
            upto = upto[0][tied], upto[1][tied]
        passed = float(upto[0][-1]), float(upto[1][-1])
        yield Step(rows, positive, own, weight, below, upto, tied)
        start = stop
