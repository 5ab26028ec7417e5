"""Expectations of a column's type, which is the one that pandas would hold it in.

Nulls decide it: integers with nulls are float64 there, booleans with nulls are Python objects, texts that are all null
are float64. So their numbers come first. Only booleans with nulls are then looked at one by one, all with one outcome.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.expectations.fused.piece import Declined, Found, Rows, of_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from mlci.expectations.fused.piece import Ask, Piece, Steps, Values

TEXT, ZONED, CATEGORY, OBJECT = "str", "Timestamp", "CategoricalDtypeType", "object_"
"""What pandas calls the type of a value in columns that NumPy does not know."""

OBJECTS = ("object", "object_", "O")
_NAMES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        TEXT: frozenset({"str", "string_types", "str_type"}),
        ZONED: frozenset({"Timestamp"}),
        CATEGORY: frozenset({"CategoricalDtypeType"}),
    }
)
_PYTHON = MappingProxyType({"int": int, "long": int, "float": float, "bool": bool})
_UNUSUAL = re.compile(r"[^\w\[\], ]|^(\w?|a\d+|Timedelta)$", re.ASCII)  # some warn, some make Great Expectations raise


def of_type(ask: Ask) -> Steps:
    """expect_column_values_to_be_of_type."""
    name = _name(ask.kwargs.get("type_"))
    held, counts = yield from _held(ask)
    if held == OBJECT and name not in OBJECTS:
        return _of_objects(ask, counts, [name])
    if isinstance(held, np.dtype):
        known = _numpy(name)
        return _judged(ask, held, success=known is not None and known.type is held.type)
    return _judged(ask, held, success=held == OBJECT or _is_named(held, name))


def in_type_list(ask: Ask) -> Steps:
    """expect_column_values_to_be_in_type_list.

    Great Expectations finds texts, categories and moments of a zone in no list; here they are in those that name them.
    """
    names = [_name(name) for name in ask.items("type_list")]
    held, counts = yield from _held(ask)
    if held == OBJECT:
        return _of_objects(ask, counts, names)
    if isinstance(held, np.dtype):
        return _judged(ask, held, success=any(_is_listed(held, name) for name in names))
    return _judged(ask, held, success=any(_is_named(held, name) for name in names))


# --- what pandas would hold -----------------------------------------------------------------------------------------


def _held(ask: Ask) -> Any:  # noqa: ANN401 - steps that return a type and the counts
    """The type in pandas: NumPy's, or one of the names above; of the whole table, whatever the row_condition."""
    import polars as pl

    values = ask.column()
    column = pl.col(values.name)
    answers = yield {
        "height": Rows(pl.len()),
        "not_null": Rows(column.is_not_null().sum()),
        "rows": ask.rows,
        "present": Rows(values.present),
    }
    return _in_pandas(values, height=answers["height"], not_null=answers["not_null"]), answers


def _in_pandas(values: Values, *, height: int, not_null: int) -> np.dtype[Any] | str:
    """See `to_pandas` (mlci/training/worker.py).

    Raises:
        Declined: they are Python objects, whose types differ.
    """
    import polars as pl

    dtype = values.dtype
    if dtype == pl.Boolean and 0 < not_null < height:
        return OBJECT
    if dtype == pl.Null and not height:
        raise Declined("a column of no type without rows")
    if dtype == pl.Null or (dtype in (pl.String, pl.Boolean) and not not_null and height):
        return np.dtype(np.float64)
    if dtype == pl.String:
        return TEXT
    if dtype == pl.Categorical or isinstance(dtype, pl.Enum):
        return CATEGORY
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return ZONED
    return _numeric(dtype, nulls=not_null < height)


def _numeric(dtype: pl.DataType, *, nulls: bool) -> np.dtype[Any]:
    import polars as pl

    if dtype == pl.Boolean:
        return np.dtype(np.bool_)
    if isinstance(dtype, pl.Datetime | pl.Duration):
        return np.dtype(f"{'M8' if isinstance(dtype, pl.Datetime) else 'm8'}[{dtype.time_unit}]")
    if dtype == pl.Date:
        return np.dtype("M8[us]")
    if dtype.is_decimal() or dtype in (pl.Int128, pl.UInt128) or (dtype.is_integer() and nulls):
        return np.dtype(np.float64)
    if dtype.is_numeric():
        return np.dtype(str(dtype).lower())
    raise Declined("its column holds objects of Python")


# --- what names mean ------------------------------------------------------------------------------------------------


def _name(value: Any) -> str:  # noqa: ANN401 - whatever a suite holds
    """The name of a type.

    Raises:
        Declined: it is none, or one that only Great Expectations knows how to take.
    """
    if not isinstance(value, str) or (value not in OBJECTS and _UNUSUAL.search(value)):
        raise Declined("it has an unusual name of a type")
    return value


def _numpy(name: str) -> np.dtype[Any] | None:
    """NumPy's type of a name, if it has one.

    Raises:
        Declined: the name is no name at all to NumPy.
    """
    try:
        return np.dtype(name)
    except TypeError:
        return None
    except (ValueError, SyntaxError):
        raise Declined("it has an unusual name of a type") from None


def _is_listed(held: np.dtype[Any], name: str) -> bool:
    """Whether one of NumPy's types is what a name means, its unit included."""
    known = _numpy(name)
    python = _PYTHON.get(name.lower())
    return (known is not None and held in (known, known.type)) or (python is not None and held == python)


def _is_named(held: str, name: str) -> bool:
    """Whether a name is that of texts, categories or moments of a zone."""
    return (name.lower() if held == TEXT else name) in _NAMES[held]


# --- results --------------------------------------------------------------------------------------------------------


def _judged(ask: Ask, held: np.dtype[Any] | str, *, success: bool) -> Found:
    _accepted = ask.mostly  # it plays no part, but Great Expectations refuses what is none
    return Found(success, {"observed_value": held if isinstance(held, str) else held.type.__name__})


def _of_objects(ask: Ask, counts: Mapping[str, int], names: Sequence[str]) -> Found:
    """Booleans beside nulls: Python's own, which are integers too, and never NumPy's.

    Raises:
        Declined: no name is known, and Great Expectations raises an error.
    """
    if not any(name.lower() in _PYTHON or _numpy(name) is not None for name in names):
        raise Declined("it has no name of a type of Python's or NumPy's")
    expected = any(_PYTHON.get(name.lower()) in (int, bool) for name in names)
    unexpected = 0 if expected else counts["present"]
    return of_rows(ask, rows=counts["rows"], considered=counts["present"], unexpected=unexpected)


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "expect_column_values_to_be_of_type": of_type,
        "expect_column_values_to_be_in_type_list": in_type_list,
    }
)
