"""Columns side by side, as pandas compares them: which types go together, and in what form.

Numbers and booleans compare as numbers, texts and categories as texts, dates and moments as moments; moments of a time
zone go with those of any zone alone. Whatever else is compared is never equal, and has no order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mlci.expectations.fused.piece import AbsentError, Declined

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from mlci.expectations.fused.piece import Ask

Kind = Literal["number", "text", "moment", "zoned", "null"]


@dataclass(frozen=True, slots=True)
class Side:
    """A column that is compared: all its rows, null for NaN."""

    kind: Kind
    dtype: pl.DataType
    expr: pl.Expr

    @property
    def exact(self) -> bool:
        """Whether it is numbers without fractions."""
        import polars as pl

        return self.dtype.is_integer() or self.dtype == pl.Boolean

    def as_text(self) -> pl.Expr:
        """A category as its text."""
        import polars as pl

        return self.expr if self.dtype == pl.String else self.expr.cast(pl.String)

    def as_float(self) -> pl.Expr:
        """Numbers as pandas has them beside floats."""
        import polars as pl

        return self.expr if self.dtype == pl.Float64 else self.expr.cast(pl.Float64)


def sides(ask: Ask, names: Sequence[str]) -> tuple[Side, ...]:
    """The columns of some names; the row_condition is not applied to them.

    Raises:
        AbsentError: the table lacks some.
        Declined: the type of one is not known to compare alike.
    """
    if any(name not in ask.schema for name in names):
        raise AbsentError(*names)
    every = replace(ask, where=None)
    found = []
    for name in names:
        values = every.named(name)
        found.append(Side(_kind(values.dtype), values.dtype, values.expr))
    return tuple(found)


def alike(a: Side, b: Side) -> tuple[pl.Expr, pl.Expr] | None:
    """Two columns in a form in which they compare; None where no value of one is a value of the other.

    Raises:
        Declined: their types are not known to compare alike.
    """
    import polars as pl

    if a.kind != b.kind:
        return None
    if a.kind == "text":
        return a.as_text(), b.as_text()
    if a.dtype == b.dtype and a.dtype != pl.Boolean and not a.dtype.is_decimal():
        return a.expr, b.expr
    if a.kind == "number":
        if not (a.exact and b.exact):
            return a.as_float(), b.as_float()
        wide = {pl.UInt64, pl.Int128, pl.UInt128} & {a.dtype, b.dtype}
        if pl.UInt128 in wide:
            raise Declined("it compares integers of 128 bits")
        shared = pl.Int128 if wide else pl.Int64
        return a.expr.cast(shared), b.expr.cast(shared)
    return _instant(a), _instant(b)


def counted(ask: Ask, condition: pl.Expr) -> pl.Expr:
    """The number of rows on which a condition holds, of those that the row_condition leaves."""
    return (condition if ask.where is None else condition & ask.where).sum()


def mode(ask: Ask, *modes: str) -> str:
    """Its `ignore_row_if`; the first mode is the default.

    Raises:
        Declined: it is none of the modes.
    """
    value = ask.kwargs.get("ignore_row_if", modes[0])
    if value not in modes:
        raise Declined("its `ignore_row_if` is not known")
    return str(value)


def _instant(side: Side) -> pl.Expr:
    """Microseconds since 1970, of which every moment of the known units is a whole number."""
    import polars as pl

    if isinstance(side.dtype, pl.Datetime) and side.dtype.time_unit == "ns":
        raise Declined("it compares moments of different units")
    if isinstance(side.dtype, pl.Datetime):
        return side.expr.dt.cast_time_unit("us").cast(pl.Int64)
    return side.expr.cast(pl.Datetime("us")).cast(pl.Int64)


def _kind(dtype: pl.DataType) -> Kind:
    import polars as pl

    if dtype.is_numeric() or dtype == pl.Boolean:
        return "number"
    if dtype in (pl.String, pl.Categorical) or isinstance(dtype, pl.Enum):
        return "text"
    if isinstance(dtype, pl.Datetime):
        return "zoned" if dtype.time_zone else "moment"
    if dtype == pl.Date:
        return "moment"
    if dtype == pl.Null:
        return "null"
    raise Declined("the type of its column")
