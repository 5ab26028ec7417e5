"""Expectations of each value of a column by itself: between bounds, in a set, alone of its kind.

Integers and moments are compared as whole numbers, exactly; Great Expectations makes a float of every bound. Dates as
texts are dates here, as bounds and in sets, for columns of dates and of moments.
"""

from __future__ import annotations

import math
from functools import reduce
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlci.expectations.fused.aggregates import kind_of, measured
from mlci.expectations.fused.instants import instant
from mlci.expectations.fused.piece import Declined, Groups, Rows, each_value, of_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from fractions import Fraction

    import polars as pl

    from mlci.expectations.fused.piece import Ask, Piece, Steps, Values

EXACT = 2**53  # a float64 holds every integer up to here
WIDE = 2**64  # beyond every integer of a column
FEW = 8  # texts that are compared one by one faster than they are looked up


def none_unexpected(ask: Ask, values: Values) -> Steps:
    """A column without a value (its type is null), of which nothing is unexpected."""
    answers = yield {"rows": ask.rows, "present": Rows(values.present)}
    return of_rows(ask, rows=answers["rows"], considered=answers["present"], unexpected=0)


# --- between ---------------------------------------------------------------------------------------------------------


def between(ask: Ask) -> Steps:
    """expect_column_values_to_be_between."""
    values = ask.column()
    kind = kind_of(values.dtype)
    if kind == "text":
        raise Declined("its column holds texts")
    low, high = _bounds(ask, values if kind == "moment" else None)
    strict_min, strict_max = ask.flag("strict_min"), ask.flag("strict_max")
    if kind == "null":
        return (yield from none_unexpected(ask, values))
    if kind == "moment":
        expr, whole = values.expr.to_physical(), True
    else:
        expr, whole = measured(values), values.dtype.is_integer() or kind == "boolean"
    outside = []
    if low is not None:
        least = _whole(low, up=not strict_min) if whole else float(low)
        outside.append(expr <= least if strict_min else expr < least)
    if high is not None:
        greatest = _whole(high, up=strict_max) if whole else float(high)
        outside.append(expr >= greatest if strict_max else expr > greatest)
    return (yield from each_value(ask, values, Rows(_any(outside).sum())))


def _bounds(ask: Ask, moments: Values | None) -> tuple[float | Fraction | None, float | Fraction | None]:
    """The bounds: numbers, or moments in units of their column.

    Raises:
        Declined: there is none, one is of another kind, or they are the wrong way round.
    """
    low, high = (_bound(ask, key, moments) for key in ("min_value", "max_value"))
    if low is None and high is None:
        raise Declined("it has no bound")
    if low is not None and high is not None and low > high:
        raise Declined("its `min_value` is greater than its `max_value`")
    return low, high


def _bound(ask: Ask, key: str, moments: Values | None) -> float | Fraction | None:
    if moments is None:
        return ask.number(key)
    value = ask.kwargs.get(key)
    return None if value is None else instant(value, moments.dtype)


def _whole(bound: float | Fraction, *, up: bool) -> int:
    """The nearest integer that says the same of integers; `up` where the bound itself would do."""
    nearest = math.ceil(bound) if up else math.floor(bound)
    return max(-WIDE, min(nearest, WIDE))


def _any(conditions: Iterable[pl.Expr]) -> pl.Expr:
    return reduce(lambda left, right: left | right, conditions)


# --- sets ------------------------------------------------------------------------------------------------------------


def in_set(ask: Ask) -> Steps:
    """expect_column_values_to_be_in_set: a null in the set is no value."""
    values = ask.column()
    present, inside, rows = yield from _counted(ask, values)
    return of_rows(ask, rows=rows, considered=present, unexpected=present - inside)


def not_in_set(ask: Ask) -> Steps:
    """expect_column_values_to_not_be_in_set."""
    values = ask.column()
    present, inside, rows = yield from _counted(ask, values)
    return of_rows(ask, rows=rows, considered=present, unexpected=inside)


def _counted(ask: Ask, values: Values) -> Any:  # noqa: ANN401 - steps that return three counts
    """The values that are not null, those of them in the set, and the rows."""
    needs = {"rows": ask.rows, "present": Rows(values.present)}
    inside = member(values, ask.items("value_set"))
    if inside is not None:
        needs["inside"] = Rows(inside.sum())
    answers = yield needs
    return answers["present"], answers.get("inside", 0), answers["rows"]


def member(values: Values, some: Sequence[Any]) -> pl.Expr | None:
    """Whether a value is one of some, as pandas' `isin` decides it: null for null; None where none of them can occur.

    Numbers and booleans are the same where they are equal; a text is no number. Dates as texts are dates.

    Raises:
        Declined: the column's type, or the type of one of the values, is unusual.
    """
    import polars as pl

    if not all(value is None or isinstance(value, str | int | float) for value in some) or math.inf in map(_size, some):
        raise Declined("its set holds more than texts and finite numbers")
    texts = [value for value in some if isinstance(value, str)]
    numbers = [value for value in some if isinstance(value, int | float) and not math.isnan(value)]
    dtype = values.dtype
    if dtype in (pl.String, pl.Categorical) or isinstance(dtype, pl.Enum):
        return _text_of(values, texts)
    kind = kind_of(dtype)
    if kind == "null":
        return None
    if kind == "moment":
        held: pl.DataType = pl.Int32() if dtype == pl.Date else pl.Int64()
        return _one_of(values.expr.to_physical(), _held([instant(text, dtype) for text in texts], held), held)
    if dtype.is_integer() or kind == "boolean":
        held = pl.UInt8() if kind == "boolean" else dtype
        return _one_of(measured(values), _held(numbers, held), held)
    if any(_size(number) > EXACT for number in numbers if isinstance(number, int)):
        raise Declined("its set holds integers that are no float")
    return _one_of(measured(values), [float(number) for number in numbers], pl.Float64())


def _size(value: Any) -> float:  # noqa: ANN401 - whatever a suite holds
    return abs(value) if isinstance(value, int | float) else 0


def _text_of(values: Values, texts: Sequence[str]) -> pl.Expr | None:
    """Whether a text or a category is one of some texts."""
    import polars as pl

    dtype = values.dtype
    if isinstance(dtype, pl.Enum):
        levels = set(dtype.categories.to_list())
        return _one_of(values.expr, [text for text in texts if text in levels], dtype)
    return _one_of(values.expr if dtype == pl.String else values.expr.cast(pl.String), texts, pl.String())


def _held(numbers: Iterable[float | Fraction], dtype: pl.DataType) -> list[int]:
    """Those of some numbers that a column of integers can hold."""
    import polars as pl

    whole = [int(number) for number in numbers if number == int(number) and -WIDE < number < WIDE]
    return pl.Series(whole, dtype=pl.Int128).cast(dtype, strict=False).drop_nulls().to_list()


def _one_of(expr: pl.Expr, some: Sequence[Any], dtype: pl.DataType) -> pl.Expr | None:
    """Whether a value is one of some of its own type."""
    import polars as pl

    distinct = list(dict.fromkeys(some))
    if not distinct:
        return None
    wanted = pl.Series(distinct, dtype=dtype)
    if len(distinct) > (FEW if dtype == pl.String else 1):
        return expr.is_in(wanted.implode())
    return _any(expr == pl.lit(value, dtype=dtype) for value in distinct)


# --- unique ----------------------------------------------------------------------------------------------------------


def unique(ask: Ask) -> Steps:
    """expect_column_values_to_be_unique: every row is unexpected whose value another row has too."""
    import polars as pl

    values = ask.column()
    if values.dtype == pl.Null:
        return (yield from none_unexpected(ask, values))
    if values.dtype.is_nested() or values.dtype.is_object():
        raise Declined("the type of its column")
    shared = pl.col("rows").filter(pl.col("rows") > 1).sum()
    return (yield from each_value(ask, values, Groups((values.expr,), shared)))


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "expect_column_values_to_be_between": between,
        "expect_column_values_to_be_in_set": in_set,
        "expect_column_values_to_not_be_in_set": not_in_set,
        "expect_column_values_to_be_unique": unique,
    }
)
