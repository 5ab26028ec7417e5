"""What the parts of a row_condition are: columns as pandas would hold them, what holds or not, constants."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mlci.expectations.fused.piece import Declined

if TYPE_CHECKING:
    import polars as pl

EXACT = 2**53  # from here on a float64, which pandas makes of integers with nulls, skips integers

Kind: TypeAlias = Literal["number", "text", "category", "boolean", "moment", "other"]
Plain: TypeAlias = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Values:
    """A value for each row, null for NaN: a column, or what is made of some.

    `reckoned` values come from arithmetic: pandas does not look for them in a list by `==`, as it does for columns.
    """

    kind: Kind
    expr: pl.Expr
    dtype: pl.DataType
    reckoned: bool = False


@dataclass(frozen=True, slots=True)
class Mask:
    """Whether something holds, for each row; null is false."""

    expr: pl.Expr


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a text, a boolean or None."""

    value: Plain


@dataclass(frozen=True, slots=True)
class Several:
    """A list of constants."""

    values: tuple[Plain, ...]


Term: TypeAlias = Values | Mask | Constant | Several


def column(name: str, dtype: pl.DataType) -> Values:
    """A column of the table as pandas would hold it.

    Raises:
        Declined: of this type pandas would hold Python objects.
    """
    import polars as pl

    expr = pl.col(name)
    if dtype in (pl.Float32, pl.Float64):
        return Values("number", expr.fill_nan(None), dtype)
    if dtype.is_decimal() or dtype == pl.Null:
        return Values("number", expr.cast(pl.Float64), pl.Float64())
    if dtype.is_integer() and dtype not in (pl.Int128, pl.UInt128):
        return Values("number", expr, dtype)
    kinds: dict[Any, Kind] = {pl.String: "text", pl.Boolean: "boolean", pl.Categorical: "category", pl.Enum: "category"}
    kinds |= {pl.Date: "moment", pl.Datetime: "moment", pl.Duration: "other", pl.Time: "other", pl.Binary: "other"}
    kind = kinds.get(dtype.base_type())
    if kind is None:
        raise Declined("its row_condition reads a column of an unusual type")
    if kind == "category":  # pandas compares categories by their texts
        return Values(kind, expr.cast(pl.String), pl.String())
    return Values(kind, expr, dtype)


# --- truth -----------------------------------------------------------------------------------------------------------


def mask(term: Term) -> Mask:
    """What can be joined by `and` and `or`: what holds or not, and a column of booleans, whose nulls are false.

    Raises:
        Declined: it is neither.
    """
    if isinstance(term, Values) and term.kind == "boolean":
        return Mask(term.expr)
    if isinstance(term, Mask):
        return term
    raise Declined("its row_condition joins what is neither true nor false")


def inverted(term: Mask) -> Mask:
    """Where it does not hold: where it is null, too."""
    return Mask(~term.expr.fill_null(value=False))


def null(term: Values) -> Mask:
    """Where there is no value."""
    return Mask(term.expr.is_null())


def never(term: Values) -> Mask:
    """False, as long as the table: a literal would be one row."""
    return Mask(term.expr.is_null() & term.expr.is_not_null())


def always(term: Values) -> Mask:
    """True, as long as the table."""
    return Mask(term.expr.is_null() | term.expr.is_not_null())


# --- numbers ---------------------------------------------------------------------------------------------------------


def number(value: Plain) -> float:
    """A number that float64 holds as it is written.

    Raises:
        Declined: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Declined("its row_condition compares numbers with a constant of another kind")
    if (isinstance(value, int) and abs(value) >= EXACT) or not math.isfinite(value):  # isfinite makes a float of it
        raise Declined("its row_condition holds a number beyond what float64 tells from its neighbours")
    return value


def exact(value: Plain) -> float:
    """A number that compares with integers alike, whether pandas makes float64 of them or not."""
    found = number(value)
    if abs(found) >= EXACT:
        raise Declined("its row_condition compares integers with a number beyond 2**53")
    return found
