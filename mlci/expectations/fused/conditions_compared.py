"""How pandas' `query` compares columns with constants, lists and each other."""

from __future__ import annotations

import math
import operator
import re
from datetime import datetime
from functools import cache, reduce
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlci.expectations.fused.conditions_terms import (
    Constant,
    Mask,
    Several,
    Values,
    always,
    exact,
    inverted,
    mask,
    never,
    number,
)
from mlci.expectations.fused.piece import Declined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from mlci.expectations.fused.conditions_terms import Plain, Term

FEW = 4  # up to so many values, comparisons joined by `or` are cheaper than a look-up

_MIRRORED: Mapping[str, str] = MappingProxyType({"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="})
_OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?", re.ASCII)


def compared(symbol: str, left: Term, right: Term) -> Mask:
    """Two terms compared by `==`, `!=`, `<`, `<=`, `>` or `>=`: where one of them is null, `!=` alone holds.

    Raises:
        Declined: how pandas compares the two is not known for certain.
    """
    if isinstance(left, Constant | Several):
        left, right, symbol = right, left, _MIRRORED[symbol]
    if isinstance(left, Constant | Several):
        raise Declined("its row_condition compares constants")
    if isinstance(left, Mask) or isinstance(right, Mask):
        return _truths(symbol, left, right)
    if isinstance(right, Several):
        if symbol not in ("==", "!=") or left.reckoned:
            raise Declined("its row_condition compares with a list in an unusual way")
        found = among(left, right)
        return found if symbol == "==" else inverted(found)
    found = _values(symbol, left, right) if isinstance(right, Values) else _constant(symbol, left, right.value)
    return Mask(found.expr.fill_null(value=True)) if symbol == "!=" else found


def among(term: Term, several: Several) -> Mask:
    """Which values are in a list; nulls are not.

    Raises:
        Declined: the list holds what is not of the column's kind.
    """
    import polars as pl

    if not isinstance(term, Values):
        raise Declined("its row_condition looks for no column in a list")
    if None in several.values:
        raise Declined("its row_condition has a null in a list")
    if term.dtype == pl.Float32:  # pandas looks a float32 up among float64, though it compares it as float32
        term = Values("number", term.expr.cast(pl.Float64), pl.Float64())
    if term.kind == "boolean" and not all(isinstance(value, bool) for value in several.values):
        raise Declined("its row_condition looks for what is no boolean among booleans")
    values = dict.fromkeys(_fitting(term, value) for value in several.values)
    wanted = [value for value in values if value is not None]
    if not wanted:
        return never(term)
    if len(wanted) > FEW:
        return Mask(term.expr.is_in(pl.Series(wanted, dtype=term.dtype).implode()))
    found = [term.expr == pl.lit(value, dtype=term.dtype) for value in wanted]
    return Mask(reduce(operator.or_, found))


def _truths(symbol: str, left: Term, right: Term) -> Mask:
    """`name.isnull() == False`: what holds or not, against the same or a constant."""
    if symbol not in ("==", "!="):
        raise Declined("its row_condition orders what is true or false")
    if isinstance(right, Mask):
        left, right = right, left
    if isinstance(left, Mask) and isinstance(right, Constant) and isinstance(right.value, bool):
        return left if right.value is (symbol == "==") else inverted(left)
    if not isinstance(left, Mask) or not isinstance(right, Mask | Values):
        raise Declined("its row_condition compares what is true or false with something else")
    one = left.expr.fill_null(value=False)
    other = mask(right).expr
    other = other.fill_null(value=False) if isinstance(right, Mask) else other  # a null of a column equals nothing
    return Mask(one == other if symbol == "==" else (one != other).fill_null(value=True))


def _constant(symbol: str, term: Values, value: Plain) -> Mask:
    import polars as pl

    if value is None:
        if term.kind not in ("number", "text", "boolean") or symbol not in ("==", "!="):
            raise Declined("its row_condition compares with null")
        return never(term) if symbol == "==" else always(term)
    if term.kind in ("category", "boolean") and symbol not in ("==", "!="):
        raise Declined("its row_condition orders categories or booleans")
    if term.kind == "number" and term.dtype.is_integer():
        return _of_integers(symbol, term, exact(value))
    if term.dtype == pl.Date and isinstance(value, str) and _moment(value, "us").time() != datetime.min.time():
        term = Values("moment", term.expr.cast(pl.Datetime("us")), pl.Datetime("us"))
    return Mask(_OPERATIONS[symbol](term.expr, pl.lit(_fitting(term, value), dtype=term.dtype)))


def _of_integers(symbol: str, term: Values, value: float) -> Mask:
    """Integers against any number, without making floats of a column: x > 2.5 is x > 2, and x > -1 is all unsigned."""
    import polars as pl

    if not float(value).is_integer():
        if symbol in ("==", "!="):
            return always(term) if symbol == "!=" else never(term)
        symbol = {"<": "<=", "<=": "<=", ">": ">", ">=": ">"}[symbol]
    whole = math.floor(value)
    low, high = _limits(term.dtype)
    if low <= whole <= high:
        return Mask(_OPERATIONS[symbol](term.expr, pl.lit(whole, dtype=term.dtype)))
    if symbol == "!=":
        return always(term)
    return Mask(term.expr.is_not_null()) if symbol in ((">", ">=") if whole < low else ("<", "<=")) else never(term)


def _values(symbol: str, left: Values, right: Values) -> Mask:
    """Two columns, row by row."""
    import polars as pl

    if left.kind != right.kind or left.kind in ("category", "other"):
        raise Declined("its row_condition compares columns of different kinds")
    if left.kind == "boolean" and symbol not in ("==", "!="):
        raise Declined("its row_condition orders booleans")
    one, other = left.expr, right.expr
    if left.dtype != right.dtype:
        if left.kind == "moment":
            units = {getattr(each.dtype, "time_unit", "us") for each in (left, right)}
            zones = {getattr(each.dtype, "time_zone", None) for each in (left, right)}
            if zones != {None} or "ns" in units:
                raise Declined("its row_condition compares moments of different types")
            common: pl.DataType = pl.Datetime("us")
        else:
            common = _common(left.dtype, right.dtype)
        one, other = one.cast(common), other.cast(common)
    return Mask(_OPERATIONS[symbol](one, other))


def _common(left: pl.DataType, right: pl.DataType) -> pl.DataType:
    import polars as pl

    if left.is_float() or right.is_float():
        return pl.Float64()
    if pl.UInt64 in (left, right):
        raise Declined("its row_condition mixes unsigned integers of 64 bits with others")
    return pl.Int64()


# --- constants -------------------------------------------------------------------------------------------------------


def _fitting(term: Values, value: Plain) -> Any:  # noqa: ANN401 - whatever the column holds
    """A constant as a value of a column's type; None where the column cannot hold it.

    Raises:
        Declined: it is of another kind.
    """
    import polars as pl

    if term.kind == "number":
        if term.dtype.is_integer():
            found = exact(value)
            low, high = _limits(term.dtype)
            return int(found) if float(found).is_integer() and low <= found <= high else None
        return _single(number(value)) if term.dtype == pl.Float32 else float(number(value))
    if term.kind in ("text", "category") and isinstance(value, str):
        return value
    if term.kind == "boolean" and isinstance(value, bool | int) and value in (0, 1):
        return bool(value)
    if term.kind == "moment" and isinstance(value, str):
        return _date_or_moment(term, value)
    raise Declined("its row_condition compares a column with a constant of another kind")


def _date_or_moment(term: Values, text: str) -> Any:  # noqa: ANN401 - a date, a moment or None
    import polars as pl

    if getattr(term.dtype, "time_zone", None):
        raise Declined("its row_condition compares moments of a time zone with a text")
    if term.dtype == pl.Date:
        moment = _moment(text, "us")
        return moment.date() if moment.time() == datetime.min.time() else None
    return _moment(text, getattr(term.dtype, "time_unit", "us"))


def _moment(text: str, unit: str) -> datetime:
    """The moment that a text of the form 2024-01-31 or 2024-01-31 12:00:00.5 means."""
    if not _DATE.fullmatch(text):
        raise Declined("its row_condition compares dates with a text of an unusual form")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Declined("its row_condition compares dates with a text that is no date") from None
    if unit == "ns" and not 1700 <= moment.year <= 2200:  # noqa: PLR2004 - what 64 bits of nanoseconds hold
        raise Declined("its row_condition compares nanoseconds with a far date")
    if unit == "ms" and moment.microsecond % 1000:
        raise Declined("its row_condition compares milliseconds with microseconds")
    return moment


def _single(value: float) -> float:
    """The float32 that pandas compares a column of float32 with."""
    import numpy as np

    if abs(value) > float(np.finfo(np.float32).max):
        raise Declined("its row_condition compares float32 with a number beyond them")
    return float(np.float32(value))


@cache
def _limits(dtype: pl.DataType) -> tuple[int, int]:
    """The integers from and up to which a type reaches."""
    import polars as pl

    low, high = pl.select(low=dtype.min(), high=dtype.max()).row(0)  # type: ignore[attr-defined]
    return low, high
