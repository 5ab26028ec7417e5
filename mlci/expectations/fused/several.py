"""Expectations of several columns, row by row, and of the rows' values together."""

from __future__ import annotations

from functools import reduce
from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING

from mlci.expectations.fused.comparable import alike, counted, mode, sides
from mlci.expectations.fused.piece import Declined, Groups, Rows, of_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from mlci.expectations.fused.comparable import Side
    from mlci.expectations.fused.piece import Ask, Piece, Steps

MODES = ("all_values_are_missing", "any_value_is_missing", "never")

LEAST = 2  # columns, or Great Expectations refuses

SUMMED = 7  # columns of floats; NumPy adds more of them in another order


def compound_unique(ask: Ask) -> Steps:
    """expect_compound_columns_to_be_unique: nulls are a value like any other."""
    import polars as pl

    names = _names(ask)
    sides(ask, names)  # of known types, all of them
    which = mode(ask, *MODES)
    keys = tuple(ask.named(name).expr for name in names)
    present = [pl.col(f"k{at}").is_not_null() for at in range(len(keys))]
    rows = pl.col("rows")
    keep = _considered(which, present)
    answers = yield {
        "rows": ask.rows,
        "considered": Groups(keys, rows.sum(), keep),
        "unexpected": Groups(keys, rows.filter(rows > 1).sum(), keep),
    }
    return of_rows(ask, rows=answers["rows"], considered=answers["considered"], unexpected=answers["unexpected"])


def unique_within_record(ask: Ask) -> Steps:
    """expect_select_column_values_to_be_unique_within_record: a record's nulls are alike, but not those of moments."""
    columns = sides(ask, _names(ask))
    same = [_same(a, b, nulls=_temporal(a) == _temporal(b)) for a, b in combinations(columns, 2)]
    return (yield from _each_record(ask, columns, reduce(lambda left, right: left | right, same)))


def values_equal(ask: Ask) -> Steps:
    """expect_multicolumn_values_to_be_equal: two nulls are equal."""
    first, *others = columns = sides(ask, _names(ask))
    same = [_same(first, other, nulls=True) for other in others]
    return (yield from _each_record(ask, columns, ~reduce(lambda left, right: left & right, same)))


def sum_to_equal(ask: Ask) -> Steps:
    """expect_multicolumn_sum_to_equal: a sum with a null equals nothing."""
    import polars as pl

    columns = sides(ask, _names(ask))
    total = ask.number("sum_total")
    if total is None or any(side.kind not in ("number", "null") for side in columns):
        raise Declined("it sums what are no numbers")
    dtypes = [side.dtype for side in columns]
    if any(dtype in (pl.Float32, pl.UInt64, pl.Int128, pl.UInt128) for dtype in dtypes):
        raise Declined("it sums numbers of an unusual type")
    if all(side.exact for side in columns):
        parts = [side.expr.cast(pl.Int64) for side in columns]
    elif len(columns) <= SUMMED:
        parts = [side.as_float() for side in columns]
    else:
        raise Declined("it sums many columns of floats")
    if len(columns) > LEAST and len({side.exact for side in columns if side.kind != "null"}) > 1:
        raise Declined("it sums whole numbers and others, which pandas adds up kind by kind")
    added = reduce(lambda left, right: left + right, parts)
    return (yield from _each_record(ask, columns, (added != float(total)).fill_null(value=True)))


def _each_record(ask: Ask, columns: Sequence[Side], fails: pl.Expr) -> Steps:
    """Count the rows on which `fails` (never null) holds, of those that `ignore_row_if` leaves."""
    which = mode(ask, *MODES)
    considered = _considered(which, [side.expr.is_not_null() for side in columns])
    answers = yield {
        "rows": ask.rows,
        "considered": ask.rows if which == "never" else Rows(counted(ask, considered)),
        "unexpected": Rows(counted(ask, fails if which == "never" else considered & fails)),
    }
    return of_rows(ask, rows=answers["rows"], considered=answers["considered"], unexpected=answers["unexpected"])


def _considered(which: str, present: Sequence[pl.Expr]) -> pl.Expr:
    """Which rows a mode of `ignore_row_if` leaves."""
    import polars as pl

    if which == "never":
        return pl.lit(True)  # noqa: FBT003 - every row
    if which == "any_value_is_missing":
        return reduce(lambda left, right: left & right, present)
    return reduce(lambda left, right: left | right, present)


def _same(a: Side, b: Side, *, nulls: bool) -> pl.Expr:
    """Whether the values of two columns are equal; never null. `nulls` says whether two nulls are."""
    import polars as pl

    together = alike(a, b)
    if together is not None:
        return together[0].eq_missing(together[1]) if nulls else (together[0] == together[1]).fill_null(value=False)
    return a.expr.is_null() & b.expr.is_null() if nulls else pl.lit(False)  # noqa: FBT003 - never


def _temporal(side: Side) -> bool:
    """Whether pandas' null of a column is NaT, which is not NaN."""
    return side.kind in ("moment", "zoned")


def _names(ask: Ask) -> list[str]:
    names = ask.items("column_list")
    if len(names) < LEAST or not all(isinstance(name, str) and name for name in names):
        raise Declined("its `column_list` holds no two names")
    if len(set(names)) != len(names):
        raise Declined("its `column_list` names a column twice")
    return names


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "expect_compound_columns_to_be_unique": compound_unique,
        "expect_select_column_values_to_be_unique_within_record": unique_within_record,
        "expect_multicolumn_sum_to_equal": sum_to_equal,
        "expect_multicolumn_values_to_be_equal": values_equal,
    }
)
