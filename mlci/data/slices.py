"""Slices of the holdout: the rows that share a value of a column, or lie between two edges of it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.data.labels import canonical_label
from mlci.data.read import short
from mlci.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from mlci.config.models import Slice

MOST = 50  # values of one column; the rarer ones share a slice
LONGEST = 100  # characters of a value in a slice's name


@dataclass(frozen=True, eq=False)
class Parts:
    """The slices of one column: each row is in exactly one of them.

    `codes` holds (n,) places in `names`; a slice may have no rows.
    """

    rule: Slice
    names: tuple[str, ...]
    codes: NDArray[np.int16]

    @property
    def column(self) -> str:
        """The column that is cut."""
        return self.rule.column

    def rows(self) -> list[int]:
        """Rows of each slice."""
        import numpy as np

        found: list[int] = np.bincount(self.codes, minlength=len(self.names)).tolist()
        return found

    def among(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Parts:
        """The same slices of some of the rows."""
        return Parts(self.rule, self.names, self.codes[rows])


def slice_parts(rows: pl.DataFrame, slices: Sequence[Slice]) -> tuple[Parts, ...]:
    """The slices of each column, in the order of the configuration; the most frequent values first.

    Every row is in exactly one slice of each column: rarer values than the fifty most frequent share a slice, and so
    do rows without a value, NaN being none. A range without rows is a slice, too, of none.

    Raises:
        DataError: a column that is cut at edges holds no numbers, or one holds lists.
    """
    return tuple(_of(rows[each.column], each) for each in slices)


def quantile_rule(values: pl.Series, column: str, bins: int) -> Slice:
    """How a column is cut where nobody says it: numbers at their quantiles, anything else by its values.

    Edges lie at values that occur, each once; a column of few numbers is cut by its values.
    """
    from mlci.config.models import Slice

    if values.dtype.is_nested():
        return Slice(column=column)
    known = values.fill_nan(None).drop_nulls() if values.dtype.is_float() else values.drop_nulls()
    if not values.dtype.is_numeric() or known.n_unique() <= bins:
        return Slice(column=column)
    cuts = [known.quantile(at / bins, "nearest") for at in range(1, bins)]
    least = known.min()
    edges = tuple(sorted({float(cut) for cut in cuts if cut is not None and cut != least}))
    return Slice(column=column, edges=edges or None)


def _of(values: pl.Series, each: Slice) -> Parts:
    if values.dtype.is_nested():
        raise DataError(
            f"The values of `{each.column}` ({short(values.dtype)}) are lists or structures, which are no slices.",
            hint="Take a column with one value a row.",
        )
    if values.dtype.is_float():
        values = values.fill_nan(None)
    names, codes = _values(values, each.column) if each.edges is None else _ranges(values, each.column, each.edges)
    if values.null_count():
        names.append(f"{each.column} is missing")
    return Parts(each, tuple(names), codes.fill_null(len(names) - 1).to_numpy())


def _values(values: pl.Series, column: str) -> tuple[list[str], pl.Series]:
    import polars as pl

    counts = values.rename("value").drop_nulls().value_counts(name="rows")
    if values.dtype in (pl.Categorical, pl.Enum):
        counts = counts.with_columns(pl.col("value").cast(pl.String))
        values = values.cast(pl.String)
    ranked = counts.sort("rows", "value", descending=[True, False])["value"]
    names: list[str] = []
    for value in ranked.head(MOST):
        text = canonical_label(value)
        name = f"{column} = {text[:LONGEST]}{'…' * (len(text) > LONGEST)}"
        names.append(name if name not in names else f"{name} ({len(names) + 1})")  # others begin alike
    places = pl.Series(range(len(ranked)), dtype=pl.Int64).clip(0, MOST).cast(pl.Int16)
    if len(ranked) > MOST:
        names.append(f"{column}: {len(ranked) - MOST:,} rarer values")
    if not len(ranked):
        return names, pl.Series([None] * len(values), dtype=pl.Int16)
    return names, values.replace_strict(ranked, places, default=None, return_dtype=pl.Int16)


def _ranges(values: pl.Series, column: str, edges: Sequence[float]) -> tuple[list[str], pl.Series]:
    import numpy as np
    import polars as pl

    if not values.dtype.is_numeric():
        raise DataError(
            f"The slices of `{column}` have edges, and its values ({short(values.dtype)}) are no numbers.",
            hint=f"Slice by its values instead: slices: [{column}]",
        )
    told = [_edge(edge) for edge in edges]
    between = (f"{low} ≤ {column} < {high}" for low, high in itertools.pairwise(told))
    names = [f"{column} < {told[0]}", *between, f"{column} ≥ {told[-1]}"]
    codes = np.zeros(len(values), dtype=np.int16)
    for edge in edges:
        codes += (values >= edge).fill_null(value=False).to_numpy()
    return names, pl.Series(codes).set(values.is_null(), None)


def _edge(edge: float) -> str:
    return canonical_label(float(edge))
