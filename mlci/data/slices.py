"""Slices of the holdout: the rows that share a value of a column, or lie between two edges of it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from mlci.data.labels import canonical_label
from mlci.data.read import short
from mlci.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from mlci.config.models import Slice

    Named = tuple[str, NDArray[np.bool_]]

MOST = 50  # values of one column; the rarer ones share a slice
LONGEST = 100  # characters of a value in a slice's name


def slice_masks(rows: pl.DataFrame, slices: Sequence[Slice]) -> tuple[Named, ...]:
    """Each slice's name and its (n,) mask, in the order of the configuration; the most frequent values first.

    Every row is in exactly one slice of each column: rarer values than the fifty most frequent share a slice, and so
    do rows without a value, NaN being none. A range without rows is a slice, too, of none.

    Raises:
        DataError: a column that is cut at edges holds no numbers.
    """
    return tuple(named for each in slices for named in _of(rows[each.column], each))


def _of(values: pl.Series, each: Slice) -> Iterator[Named]:
    if values.dtype.is_float():
        values = values.fill_nan(None)
    if each.edges is None:
        yield from _values(values, each.column)
    else:
        yield from _ranges(values, each.column, each.edges)
    if values.null_count():
        yield f"{each.column} is missing", values.is_null().to_numpy()


def _values(values: pl.Series, column: str) -> Iterator[Named]:
    import polars as pl

    counts = values.rename("value").drop_nulls().value_counts(name="rows")
    if values.dtype in (pl.Categorical, pl.Enum):
        counts = counts.with_columns(pl.col("value").cast(pl.String))
        values = values.cast(pl.String)
    ranked = counts.sort("rows", "value", descending=[True, False])["value"]
    for value in ranked.head(MOST):
        text = canonical_label(value)
        yield f"{column} = {text[:LONGEST]}{'…' * (len(text) > LONGEST)}", _mask(values == value)
    if len(ranked) > MOST:
        common = values.is_in(ranked.head(MOST).implode())
        yield f"{column}: {len(ranked) - MOST:,} rarer values", _mask(~common)


def _ranges(values: pl.Series, column: str, edges: Sequence[float]) -> Iterator[Named]:
    if not values.dtype.is_numeric():
        raise DataError(
            f"The slices of `{column}` have edges, and its values ({short(values.dtype)}) are no numbers.",
            hint=f"Slice by its values instead: slices: [{column}]",
        )
    yield f"{column} < {_edge(edges[0])}", _mask(values < edges[0])
    for low, high in itertools.pairwise(edges):
        yield f"{_edge(low)} ≤ {column} < {_edge(high)}", _mask((values >= low) & (values < high))
    yield f"{column} ≥ {_edge(edges[-1])}", _mask(values >= edges[-1])


def _edge(edge: float) -> str:
    return canonical_label(float(edge))


def _mask(condition: pl.Series) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = condition.fill_null(value=False).to_numpy()
    return found
