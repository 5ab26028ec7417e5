"""Expectations of how many characters a value has, written as pandas writes it.

Numbers with fractions and moments have lengths only as Python happens to print them: those are Great Expectations' own.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mlci.expectations.fused.piece import Declined, Rows, each_value
from mlci.expectations.fused.values import none_unexpected

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from mlci.expectations.fused.piece import Ask, Piece, Steps, Values


def equal(ask: Ask) -> Steps:
    """expect_column_value_lengths_to_equal."""
    import polars as pl

    values = ask.column()
    value = ask.number("value")
    if value is None:
        raise Declined("it has no `value`")
    if values.dtype == pl.Null:
        return (yield from none_unexpected(ask, values))
    length = lengths(values)
    unexpected = length != int(value) if value == int(value) else length.is_not_null()
    return (yield from each_value(ask, values, Rows(unexpected.sum())))


def between(ask: Ask) -> Steps:
    """expect_column_value_lengths_to_be_between."""
    import polars as pl

    values = ask.column()
    low, high = (_whole(ask, key) for key in ("min_value", "max_value"))
    if low is None and high is None:
        raise Declined("it has no bound")
    strict_min, strict_max = ask.flag("strict_min"), ask.flag("strict_max")
    if values.dtype == pl.Null:
        return (yield from none_unexpected(ask, values))
    length = lengths(values)
    unexpected = pl.lit(False)  # noqa: FBT003 - a bound that is not there
    if low is not None:
        unexpected |= length <= low if strict_min else length < low
    if high is not None:
        unexpected |= length >= high if strict_max else length > high
    return (yield from each_value(ask, values, Rows(unexpected.sum())))


def lengths(values: Values) -> pl.Expr:
    """The number of characters (code points) of each value.

    Raises:
        Declined: of the column's type it depends on how Python prints a value.
    """
    import polars as pl

    dtype = values.dtype
    if dtype == pl.String:
        return values.expr.str.len_chars()
    if dtype == pl.Boolean:
        return pl.lit(len("False"), dtype=pl.UInt8) - values.expr.cast(pl.UInt8)
    if dtype.is_integer() or dtype == pl.Categorical or isinstance(dtype, pl.Enum):
        return values.expr.cast(pl.String).str.len_chars()
    raise Declined("its column holds neither texts nor integers")


def _whole(ask: Ask, key: str) -> int | None:
    """A bound; Great Expectations cuts fractions off, which nobody means."""
    value = ask.number(key)
    if value is not None and value != int(value):
        raise Declined(f"its `{key}` is no whole number")
    return None if value is None else int(value)


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "expect_column_value_lengths_to_equal": equal,
        "expect_column_value_lengths_to_be_between": between,
    }
)
