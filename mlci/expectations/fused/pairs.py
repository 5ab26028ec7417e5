"""Expectations of two columns, row by row."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlci.expectations.fused.comparable import alike, counted, mode, sides
from mlci.expectations.fused.piece import Declined, Rows, of_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from mlci.expectations.fused.comparable import Side
    from mlci.expectations.fused.piece import Ask, Piece, Steps

MODES = ("both_values_are_missing", "either_value_is_missing", "neither")


def equal(ask: Ask) -> Steps:
    """expect_column_pair_values_to_be_equal: a null equals nothing, not even another null."""
    import polars as pl

    a, b = _pair(ask)
    together = alike(a, b)
    holds = together[0] == together[1] if together else pl.lit(False)  # noqa: FBT003 - no row is as expected
    return (yield from _each_pair(ask, a, b, holds))


def greater(ask: Ask) -> Steps:
    """expect_column_pair_values_a_to_be_greater_than_b."""
    import polars as pl

    a, b = _pair(ask)
    or_equal = ask.flag("or_equal")
    if any(side.kind == "text" and side.dtype != pl.String for side in (a, b)):
        raise Declined("its columns have no order")
    if pl.Null in (a.dtype, b.dtype) and {a.kind, b.kind} <= {"null", "number", "text"}:
        return (yield from _each_pair(ask, a, b, pl.lit(False)))  # noqa: FBT003 - no row is as expected
    together = alike(a, b)
    if not together:
        raise Declined("its columns have no order")
    holds = together[0] >= together[1] if or_equal else together[0] > together[1]
    return (yield from _each_pair(ask, a, b, holds))


def in_set(ask: Ask) -> Steps:
    """expect_column_pair_values_to_be_in_set: a null in a pair stands for a missing value."""
    import polars as pl

    a, b = _pair(ask)
    pairs = [pair for pair in _pairs(ask) if _possible(a, pair[0]) and _possible(b, pair[1])]
    if not pairs:
        return (yield from _each_pair(ask, a, b, pl.lit(False)))  # noqa: FBT003 - no row is as expected
    (first, a_held), (second, b_held) = (
        _compact(a, [pair[0] for pair in pairs]),
        _compact(b, [pair[1] for pair in pairs]),
    )
    wanted = pl.DataFrame({"a": a_held, "b": b_held}).to_struct("pairs")
    holds = pl.struct(a=first, b=second).is_in(wanted.implode())
    return (yield from _each_pair(ask, a, b, holds, nulls=True))


def _pair(ask: Ask) -> tuple[Side, Side]:
    names = [ask.kwargs.get(key) for key in ("column_A", "column_B")]
    if not all(isinstance(name, str) and name for name in names) or names[0] == names[1]:
        raise Declined("its columns are no two names")
    a, b = sides(ask, [str(name) for name in names])
    return a, b


def _each_pair(ask: Ask, a: Side, b: Side, holds: pl.Expr, *, nulls: bool = False) -> Steps:
    """Count the rows on which `holds`, of those that `ignore_row_if` leaves.

    Args:
        ask: the expectation.
        a: the first column.
        b: the second.
        holds: whether a row is as expected.
        nulls: whether that can be so where a value is missing.
    """
    which = mode(ask, *MODES)
    present = a.expr.is_not_null(), b.expr.is_not_null()
    considered = {
        "neither": None,
        "either_value_is_missing": present[0] & present[1],
        "both_values_are_missing": present[0] | present[1],
    }[which]
    needs = {"rows": ask.rows}
    if considered is not None:
        needs["considered"] = Rows(counted(ask, considered))
        holds = considered & holds if nulls else holds
    answers = yield {**needs, "expected": Rows(counted(ask, holds))}
    left = answers.get("considered", answers["rows"])
    return of_rows(ask, rows=answers["rows"], considered=left, unexpected=left - answers["expected"])


def _pairs(ask: Ask) -> Sequence[tuple[Any, Any]]:
    """The pairs of the set.

    Raises:
        Declined: one is no pair of texts, numbers, booleans and nulls.
    """
    found = []
    for pair in ask.items("value_pairs_set"):
        if not isinstance(pair, list) or len(pair) != 2 or not all(map(_plain, pair)):  # noqa: PLR2004 - a pair
            raise Declined("its `value_pairs_set` holds more than pairs of plain values")
        found.append((pair[0], pair[1]))
    return list(dict.fromkeys(found))


def _plain(value: Any) -> bool:  # noqa: ANN401 - whatever a suite holds
    finite = not isinstance(value, float) or math.isfinite(value)
    return value is None or (isinstance(value, str | bool | int | float) and finite)


def _compact(side: Side, values: Sequence[Any]) -> tuple[pl.Expr, pl.Series]:
    """A column and values that it may hold, in one type; for a column that is looked at for its nulls alone, those."""
    import polars as pl

    if side.kind == "text":
        return side.as_text(), pl.Series(values, dtype=pl.String)
    if side.kind != "number":
        return side.expr.is_null(), pl.Series([value is None for value in values])
    if not side.exact:
        return side.as_float(), pl.Series(
            [None if value is None else float(value) for value in values], dtype=pl.Float64
        )
    whole = pl.Series([None if value is None else int(value) for value in values], dtype=pl.Int128)
    if _is_wide(side):
        return side.expr.cast(pl.Int128), whole
    return side.expr.cast(pl.Int64), whole.cast(pl.Int64)


def _is_wide(side: Side) -> bool:
    import polars as pl

    return side.dtype in (pl.UInt64, pl.Int128, pl.UInt128)


def _possible(side: Side, value: Any) -> bool:  # noqa: ANN401 - a plain value
    """Whether a value can stand in a column at all: a text in one of texts, a whole number in one of integers."""
    if value is None or side.kind == "text":
        return value is None or isinstance(value, str)
    if side.kind != "number" or isinstance(value, str):
        return False
    bound = 2**127 if _is_wide(side) else 2**63
    return not side.exact or (value == int(value) and -bound <= value < bound)


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "expect_column_pair_values_to_be_equal": equal,
        "expect_column_pair_values_a_to_be_greater_than_b": greater,
        "expect_column_pair_values_to_be_in_set": in_set,
    }
)
