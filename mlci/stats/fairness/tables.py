"""Groups' tables of label × predictions: counted, and drawn anew.

All that a fairness metric depends on is, for each group, the table of label × prediction, and of a comparison that of
label × candidate's prediction × baseline's prediction. Tables are drawn as `mlci.stats.counts` draws them: gamma cells
with Jeffreys' prior, Rubin's Bayesian bootstrap (1981) of the rows. With weights, a cell's gamma variable has the mean
and the variance that its rows' weights give it. Rows that belong together are drawn together: each cluster's table
times an exponential variable, clusters with equal tables as one gamma variable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats.confidence import normal_quantile
from mlci.stats.sides import Groups, blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

DRAWS = 20_000
PRIOR = 0.5  # Jeffreys', for each cell that a group's rows of a class have
_CLUSTER_DRAWS = 4000
_LEAST_DRAWS = 2000
_PLACES = 1 << 20  # groups × draws that are held at a time
_BATCHES = 4096  # up to which clusters are drawn one by one; more are put together at random
_TABLES = 1 << 22  # cells of the clusters' tables that are held at a time
_MARKS = 1 << 40  # whole numbers, so that sums do not depend on the order of rows
_FEW = 1.5  # clusters, by their weight, below which a group's spread is not known


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows in groups, with one or two sides' predictions; use `of` to make them.

    Attributes:
        y: Shape (n,), 0 or 1.
        predictions: Each of shape (n,), 0 or 1.
        sensitive: Shape (n,), group codes.
        n_groups: How many groups there may be.
        clusters: Clusters of more than one row; None where there are none.
        weight: Shape (n,), positive, with mean 1; None where all are alike.
        seed: Seeds what is drawn at random.
        many: Whether the labels are of more than two classes: `predictions` then tell whether each row is right, and
            `y` is 1.
        identical: Whether both sides predict the same.
    """

    y: Array
    predictions: tuple[Array, ...]
    sensitive: Array
    n_groups: int
    clusters: Groups | None
    weight: Array | None
    seed: int
    many: bool
    identical: bool

    @classmethod
    def of(  # noqa: PLR0913, PLR0917 - as `mlci.stats.fairness.paired`
        cls,
        y: Array,
        predictions: Sequence[Array],
        sensitive: Array,
        n_groups: int,
        groups: Array | None = None,
        sample_weight: Array | None = None,
        *,
        n_classes: int | None = None,
        seed: int = 0,
    ) -> Rows:
        """Drop rows in no group and rows without weight."""
        arrays = [np.asarray(each) for each in (sensitive, y, *predictions)]
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        groups = None if groups is None else np.asarray(groups)
        kept = arrays[0] >= 0
        if weight is not None:
            kept &= weight > 0
        if not kept.all():
            arrays = [each[kept] for each in arrays]
            weight = None if weight is None else weight[kept]
            groups = None if groups is None else groups[kept]
        if weight is not None:
            weight = None if weight.size == 0 or weight.min() == weight.max() else weight / weight.mean()
        codes, y, *said = arrays
        many = max(n_classes or 0, *(int(each.max(initial=0)) + 1 for each in (y, *said))) > 2  # noqa: PLR2004 - two classes
        identical = len(said) > 1 and np.array_equal(said[0], said[1])
        if many:
            said = [each == y for each in said]
            y = np.ones(len(y), dtype=np.int8)
        return cls(y, tuple(said), codes, n_groups, Groups.of(groups), weight, seed, many, identical)

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.y)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the groups' tables: groups × label × the prediction of each side."""
        return (self.n_groups, 2, *(2 for _ in self.predictions))

    def codes(self, rows: slice) -> Array:
        """The cell that each row falls into."""
        code = self.sensitive[rows].astype(np.intp)
        for each in (self.y, *self.predictions):
            code *= 2
            code += each[rows]
        return code


@dataclass(frozen=True, slots=True)
class Table:
    """What the cells hold, each shape (groups, 2, 2) or (groups, 2, 2, 2).

    Attributes:
        mass: The weight of a cell's rows; their number where all weigh the same.
        square: The sum of their squared weights.
    """

    mass: Array
    square: Array

    @classmethod
    def of(cls, rows: Rows) -> Table:
        """Count, or weigh, the rows."""
        size = int(np.prod(rows.shape))
        mass, square = np.zeros(size), np.zeros(size)
        for block in blocks(rows.n):
            codes = rows.codes(block)
            if rows.weight is None:
                mass += np.bincount(codes, minlength=size)
            else:
                weight = rows.weight[block]
                mass += np.bincount(codes, weights=weight, minlength=size)
                square += np.bincount(codes, weights=weight * weight, minlength=size)
        square = mass if rows.weight is None else square
        return cls(mass.reshape(rows.shape), square.reshape(rows.shape))

    @property
    def present(self) -> Array:
        """The codes of the groups that have rows."""
        return np.flatnonzero(self.mass.sum(axis=tuple(range(1, self.mass.ndim))) > 0)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Tables of the present groups, drawn many times.

    Attributes:
        cells: Shape (groups, 2, …, draws).
        wider: Shape (groups,), ≥ 1: by how much a group's spread is greater than that of its draws, for few clusters
            tell little of it; infinite where they tell nothing.
    """

    cells: Array
    wider: Array

    @classmethod
    def of(cls, rows: Rows, table: Table) -> Drawn:
        """Draw tables."""
        present = table.present
        mass, square = table.mass[present], table.square[present]
        heavy = float(square.sum() / mass.sum())  # what a row weighs, seen from the weight
        labels = mass.sum(axis=(0, *range(2, mass.ndim))) > 0
        prior = np.where(labels.reshape(1, 2, *(1 for _ in rows.predictions)), PRIOR, 0.0) * np.ones(mass.shape)
        generator = np.random.default_rng(rows.seed)
        draws = DRAWS if rows.clusters is None else min(DRAWS, _CLUSTER_DRAWS)
        draws = max(min(draws, _LEAST_DRAWS), min(draws, _PLACES // len(present)))
        if rows.clusters is None:
            mean, variance = mass + prior * heavy, square + prior * heavy**2
            scale = np.divide(variance, mean, out=np.zeros(mean.shape), where=mean > 0)
            shape = np.divide(mean, scale, out=np.zeros(mean.shape), where=mean > 0)
            return cls(_gammas(generator, shape, scale, draws), np.ones(len(present)))
        cells = _gammas(generator, prior, np.full(prior.shape, heavy), draws)
        flat = cells.reshape(-1, draws)
        size = flat.shape[0]
        here = np.full(rows.n_groups, -1)
        here[present] = np.arange(len(present))
        inner = size // len(present)
        codes = np.concatenate([rows.codes(block) for block in blocks(rows.n)])
        codes = here[codes // inner] * inner + codes % inner
        tables, number = _cluster_tables(generator, codes, size, rows)
        step = max(1, _TABLES // len(tables))
        for start in range(0, draws, step):
            part = flat[:, start : start + step]
            part += (generator.standard_gamma(number, size=(part.shape[1], len(tables))) @ tables).T
        return cls(cells, _wider(rows, here, len(present)))


def _gammas(generator: np.random.Generator, shape: Array, scale: Array, draws: int) -> Array:
    """Independent gamma variables, shape (…, draws)."""
    cells = np.empty((shape.size, draws))
    for cell, (each, factor) in enumerate(zip(shape.ravel().tolist(), scale.ravel().tolist(), strict=True)):
        cells[cell] = generator.standard_gamma(each, size=draws)
        cells[cell] *= factor
    return cells.reshape(*shape.shape, draws)


def _cluster_tables(generator: np.random.Generator, codes: Array, size: int, rows: Rows) -> tuple[Array, Array]:
    """Tables, shape (k, size), and how many clusters have each of them, shape (k,)."""
    clusters = rows.clusters
    assert clusters is not None  # noqa: S101 - the caller asks for them
    mark = generator.integers(_MARKS, size=size)[codes].astype(np.float64)  # their sums are alike where tables are
    mark = mark if rows.weight is None else mark * rows.weight
    _, first, number = np.unique(clusters.sums(mark), return_index=True, return_counts=True)
    most = max(2, min(_BATCHES, _TABLES // size))
    table = np.full(clusters.count, -1)
    if len(first) <= most:
        table[first] = np.arange(len(first))
    else:
        number = np.ones(most, dtype=np.intp)
        table[:] = generator.permutation(clusters.count) % most
    place = table[clusters.codes]
    some = place >= 0
    tables = np.bincount(
        place[some] * size + codes[some],
        weights=None if rows.weight is None else rows.weight[some],
        minlength=len(number) * size,
    )
    return tables.reshape(-1, size).astype(np.float64), number


def _wider(rows: Rows, here: Array, count: int) -> Array:
    """The factors of few clusters: Student's t instead of the normal, with the variance's degrees of freedom.

    As many clusters are counted as would, all alike, tell as much (Kish 1965, section 8.2). The Bayesian bootstrap's
    variance is that of n + 1 draws where n − 1 stand for what is known.
    """
    from scipy.special import stdtrit

    clusters = rows.clusters
    assert clusters is not None  # noqa: S101 - the caller asks for them
    pairs, at = np.unique(clusters.codes * count + here[rows.sensitive], return_inverse=True)
    share = np.bincount(at, weights=rows.weight)
    group = pairs % count
    total, square = np.bincount(group, weights=share), np.bincount(group, weights=share * share)
    number = total**2 / square
    known = number >= _FEW
    few = np.where(known, number, 2.0)
    wider = np.sqrt((few + 1) / (few - 1)) * stdtrit(few - 1, 0.975) / normal_quantile(0.975)
    return np.where(known, wider, np.inf)
