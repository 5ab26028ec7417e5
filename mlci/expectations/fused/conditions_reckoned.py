"""How pandas' `query` reckons with numbers."""

from __future__ import annotations

import operator
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlci.expectations.fused.conditions_terms import Constant, Values, number
from mlci.expectations.fused.piece import Declined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from mlci.expectations.fused.conditions_terms import Term

_OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "//": operator.floordiv,
        "%": operator.mod,
    }
)


def reckoned(symbol: str, left: Term, right: Term) -> Term:
    """Two numbers joined by `+`, `-`, `*`, `/`, `//` or `%`: integers in 64 bits, everything else in float64.

    Raises:
        Declined: they are no numbers, or floats are divided into whole parts.
    """
    import polars as pl

    if isinstance(left, Constant) and isinstance(right, Constant):
        one, other = number(left.value), number(right.value)
        if symbol in ("/", "//", "%") and not other:
            raise Declined("its row_condition divides by zero")
        return Constant(number(_OPERATIONS[symbol](one, other)))
    whole = symbol != "/" and _is_whole(left) and _is_whole(right)
    if symbol in ("//", "%") and not (whole and isinstance(right, Constant) and right.value):
        raise Declined("its row_condition divides into whole parts what is not whole, or by a column")
    dtype: pl.DataType = pl.Int64() if whole else pl.Float64()
    expr: pl.Expr = _OPERATIONS[symbol](_operand(left, dtype), _operand(right, dtype))
    return Values("number", expr if whole else expr.fill_nan(None), dtype, reckoned=True)


def negated(term: Term) -> Term:
    """`-x`."""
    if isinstance(term, Constant):
        return Constant(-number(term.value))
    return Values("number", -_wide(term).expr, _wide(term).dtype, reckoned=True)


def absolute(term: Term) -> Term:
    """`x.abs()`."""
    return Values("number", _wide(term).expr.abs(), _wide(term).dtype)


def _wide(term: Term) -> Values:
    """Numbers in 64 bits; pandas would wrap small ones around."""
    import polars as pl

    dtype: pl.DataType = pl.Int64() if _is_whole(term) else pl.Float64()
    return Values("number", _operand(term, dtype), dtype)


def _is_whole(term: Term) -> bool:
    if isinstance(term, Constant):
        return isinstance(term.value, int)
    return isinstance(term, Values) and term.dtype.is_integer()


def _operand(term: Term, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    if isinstance(term, Constant):
        return pl.lit(number(term.value), dtype=dtype)
    if not isinstance(term, Values) or term.kind != "number" or term.dtype in (pl.UInt64, pl.Float32):
        raise Declined("its row_condition reckons with what is no number, or with unsigned or short ones")
    return term.expr if term.dtype == dtype else term.expr.cast(dtype)
