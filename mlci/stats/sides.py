"""The rows of a comparison: encoded arrays, and what several metrics count or sort of them once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[Any]

BLOCK = 1 << 16  # rows that are worked on together: their intermediate results stay in the processor's cache

_EIGHT_BITS = np.iinfo(np.int8).max
_LOOKED_FOR = 4  # codes of eight bits up to which it is faster to look for each than to count them all


def blocks(n: int) -> Iterator[slice]:
    """Consecutive slices that cover n rows."""
    return (slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK))


def narrow(array: Array) -> Array:
    """The same numbers in eight bits, if they are the whole numbers from 0 to 127 that codes of classes mostly are."""
    if array.dtype.kind not in "iu" or array.itemsize == 1 or not array.size:
        return array
    return array.astype(np.int8) if array.min() >= 0 and array.max() <= _EIGHT_BITS else array


def numbered(labels: Array) -> tuple[Array, int]:
    """The place of each of n labels, shape (n,), among the sorted ones that occur, and how many occur."""
    if labels.dtype.kind in "iu" and labels.size:
        least, greatest = int(labels.min()), int(labels.max())
        if greatest - least < 4 * labels.size + 64 and greatest <= np.iinfo(np.intp).max:  # to sort would take longer
            labels = labels.astype(np.intp) - least if least else labels
            occurs = np.zeros(greatest - least + 1, dtype=bool)
            occurs[labels] = True
            place = np.cumsum(occurs) - 1
            return place[labels], int(place[-1]) + 1
    occurring, codes = np.unique(labels, return_inverse=True)
    return codes, len(occurring)


def dot(a: Array, b: Array) -> float:
    """The sum of products of two arrays, shape (n,), summed in pairs, without waking the linear algebra's threads."""
    return sum(float((a[rows] * b[rows]).sum(dtype=np.float64)) for rows in blocks(len(a)))


@dataclass(frozen=True, slots=True)
class Groups:
    """Which of `count` clusters each row belongs to, shape (n,)."""

    codes: Array
    count: int

    @classmethod
    def of(cls, groups: Array | None) -> Groups | None:
        """Number the clusters; None where every row is its own."""
        if groups is None:
            return None
        codes, count = numbered(np.asarray(groups))
        return None if count == len(codes) else cls(codes, count)

    def sums(self, values: Array) -> Array:
        """The sum of `values`, shape (n,), in each cluster."""
        return np.bincount(self.codes, weights=values, minlength=self.count)


@dataclass(frozen=True, eq=False)
class Side:
    """One side's predictions for n rows; use `of` to make one.

    Attributes:
        y: Shape (n,), codes or values.
        prediction: Shape (n,) or (n, k).
        groups: Clusters of more than one row; None where there are none.
        weight: Shape (n,), positive, with mean 1; None where all are alike.
        n_classes: k; 0 where it is not known or makes no sense.
        seed: Seeds what is drawn at random.
    """

    y: Array
    prediction: Array
    groups: Groups | None
    weight: Array | None
    n_classes: int
    seed: int

    @classmethod
    def of(  # noqa: PLR0913 - as `mlci.stats.estimate.paired`
        cls,
        y: Array,
        prediction: Array,
        groups: Array | None = None,
        sample_weight: Array | None = None,
        *,
        n_classes: int | None = None,
        seed: int = 0,
    ) -> Side:
        """Drop rows without weight, and what all rows have alike."""
        y, prediction = narrow(np.asarray(y)), narrow(np.asarray(prediction))
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        if weight is not None and not (weight > 0).all():
            kept = weight > 0
            y, prediction, weight = y[kept], prediction[kept], weight[kept]
            groups = None if groups is None else np.asarray(groups)[kept]
        if weight is not None and (weight.size == 0 or weight.min() == weight.max()):
            weight = None
        if weight is not None:
            weight = weight / weight.mean()
        return cls(y, prediction, Groups.of(groups), weight, n_classes or 0, seed)

    def saying(self, prediction: Array) -> Side:
        """The same rows with other predictions."""
        return Side(self.y, prediction, self.groups, self.weight, self.n_classes, self.seed)

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.y)

    @cached_property
    def classes(self) -> int:
        """Classes: k as given, or one more than the greatest code, and 2 at least."""
        if self.prediction.ndim > 1:
            return int(self.prediction.shape[1])
        found = [2, self.n_classes, int(self.y.max(initial=0)) + 1]
        if self.prediction.dtype.kind in "iub":
            found.append(int(self.prediction.max(initial=0)) + 1)
        return max(found)

    @cached_property
    def class_rows(self) -> Array:
        """Rows of each class, shape (k,)."""
        return tally(self.y, self.classes)

    @cached_property
    def class_weight(self) -> Array:
        """Weight of each class, shape (k,)."""
        return self.class_rows.astype(np.float64) if self.weight is None else tally(self.y, self.classes, self.weight)

    @cached_property
    def scratch(self) -> dict[str, Any]:
        """What a family keeps for its next metric on the same rows."""
        return {}


@dataclass(frozen=True, eq=False)
class Pair:
    """Both sides' predictions for the same rows; use `of` to make one."""

    candidate: Side
    baseline: Side

    @classmethod
    def of(  # noqa: PLR0913 - as `mlci.stats.estimate.paired`
        cls,
        y: Array,
        candidate: Array,
        baseline: Array,
        groups: Array | None = None,
        sample_weight: Array | None = None,
        *,
        n_classes: int | None = None,
        seed: int = 0,
    ) -> Pair:
        """Drop rows without weight, and what all rows have alike."""
        mine, theirs = np.asarray(candidate), narrow(np.asarray(baseline))
        if sample_weight is not None:
            kept = np.asarray(sample_weight) > 0
            theirs = theirs if kept.all() else theirs[kept]
        side = Side.of(y, mine, groups, sample_weight, n_classes=n_classes, seed=seed)
        return cls(side, side.saying(theirs))

    @property
    def n(self) -> int:
        """Rows."""
        return self.candidate.n

    @property
    def y(self) -> Array:
        """Shape (n,), codes or values."""
        return self.candidate.y

    @property
    def groups(self) -> Groups | None:
        """Clusters of more than one row."""
        return self.candidate.groups

    @property
    def weight(self) -> Array | None:
        """Shape (n,), with mean 1; None where all are alike."""
        return self.candidate.weight

    def saying(self, candidate: Array, baseline: Array) -> Pair:
        """The same rows with other predictions."""
        mine, theirs = narrow(np.asarray(candidate)), narrow(np.asarray(baseline))
        return Pair(self.candidate.saying(mine), self.candidate.saying(theirs))

    @cached_property
    def classes(self) -> int:
        """Classes."""
        return max(self.candidate.classes, self.baseline.classes)

    @cached_property
    def identical(self) -> bool:
        """Whether both sides predict the same in every row."""
        mine, theirs = self.candidate.prediction, self.baseline.prediction
        return mine.shape == theirs.shape and all(np.array_equal(mine[rows], theirs[rows]) for rows in blocks(self.n))


def tally(codes: Array, count: int, weight: Array | None = None) -> Array:
    """How often, or with how much weight, each code 0 … count − 1 occurs in `codes`, shape (n,)."""
    if weight is None and count <= _LOOKED_FOR and codes.itemsize == 1:
        return np.array([np.count_nonzero(codes == code) for code in range(count)])
    total = np.zeros(count, dtype=np.int64 if weight is None else np.float64)
    for rows in blocks(len(codes)):
        part = None if weight is None else weight[rows]
        total += np.bincount(codes[rows], weights=part, minlength=count)
    return total
