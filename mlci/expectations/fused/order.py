"""Expectations of a column's values in the order of the rows; what is null is left out first."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mlci.expectations.fused.piece import Alone, Declined, each_value
from mlci.expectations.fused.values import none_unexpected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.expectations.fused.piece import Ask, Piece, Steps


def increasing(ask: Ask) -> Steps:
    """expect_column_values_to_be_increasing: a value below the one before it is unexpected."""
    return (yield from _in_order(ask, down=False))


def decreasing(ask: Ask) -> Steps:
    """expect_column_values_to_be_decreasing: a value above the one before it is unexpected."""
    return (yield from _in_order(ask, down=True))


def _in_order(ask: Ask, *, down: bool) -> Steps:
    """Compare each value to the one before it: the first has none, and between two equal infinities is no order.

    Raises:
        Declined: the column's type has no differences to pandas.
    """
    import polars as pl

    values = ask.column()
    strictly = ask.flag("strictly")
    dtype = values.dtype
    if dtype == pl.Null:
        return (yield from none_unexpected(ask, values))
    if not (dtype.is_numeric() or dtype == pl.Boolean or dtype.is_temporal()) or dtype == pl.Time:
        raise Declined("its column has no order for pandas")
    here = (values.expr.cast(pl.UInt8) if dtype == pl.Boolean else values.expr).drop_nulls()
    before = here.shift(1)
    if dtype.is_float():
        here, before = (here - before).fill_nan(None), pl.lit(0.0, dtype=dtype)
    if down:
        unexpected = here >= before if strictly else here > before
    else:
        unexpected = here <= before if strictly else here < before
    return (yield from each_value(ask, values, Alone(unexpected.sum())))


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "expect_column_values_to_be_increasing": increasing,
        "expect_column_values_to_be_decreasing": decreasing,
    }
)
