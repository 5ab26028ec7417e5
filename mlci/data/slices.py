"""Slices of the holdout: the rows that share a value of a column, or lie between two edges of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from mlci.config.models import Slice

    Named = tuple[str, NDArray[np.bool_]]

MOST = 50  # values of one column; the rarest others are left out


def slice_masks(rows: pl.DataFrame, slices: Sequence[Slice]) -> tuple[Named, ...]:
    """Each slice's name and its (n,) mask, in the order of the configuration; the most frequent values first."""
    return tuple(named for each in slices for named in _of(rows[each.column], each))


def _of(values: pl.Series, each: Slice) -> Iterator[Named]:
    if each.edges is not None:
        yield from _ranges(values, each.column, each.edges)
    else:
        counts = (
            values.drop_nulls().value_counts(sort=True, name="rows").sort("rows", each.column, descending=[True, False])
        )
        for value in counts[each.column].head(MOST):
            yield f"{each.column} = {value}", (values == value).fill_null(value=False).to_numpy()
    if values.null_count():
        yield f"{each.column} is missing", values.is_null().to_numpy()


def _ranges(values: pl.Series, column: str, edges: Sequence[float]) -> Iterator[Named]:
    import itertools

    def mask(condition: pl.Series) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = condition.fill_null(value=False).to_numpy()
        return found

    yield f"{column} < {edges[0]:g}", mask(values < edges[0])
    for low, high in itertools.pairwise(edges):
        yield f"{low:g} ≤ {column} < {high:g}", mask((values >= low) & (values < high))
    yield f"{column} ≥ {edges[-1]:g}", mask(values >= edges[-1])
