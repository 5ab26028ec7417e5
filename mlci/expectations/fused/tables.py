"""Expectations of the table itself: how many rows and columns it has, their names and their types."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mlci.expectations.fused.piece import AbsentError, Declined, Found, Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from mlci.expectations.fused.piece import Ask, Piece, Steps

NULLABLE = re.compile(r"U?Int(8|16|32|64)|Float(32|64)|boolean|string")
"""pandas' types with nulls of their own: no file is read as one of them."""

MOMENTS = re.compile(r"(datetime64|timedelta64)(?:\[(s|ms|us|ns)(?:, ([^\] ][^\]]*))?\])?")


def row_count_to_equal(ask: Ask) -> Steps:
    """expect_table_row_count_to_equal."""
    value = _whole(ask, "value")
    if value is None:
        raise Declined("it has no `value`")
    answers = yield {"rows": ask.rows}
    return Found(answers["rows"] == value, {"observed_value": answers["rows"]})


def row_count_to_be_between(ask: Ask) -> Steps:
    """expect_table_row_count_to_be_between."""
    low, high = _whole(ask, "min_value"), _whole(ask, "max_value")
    if low is not None and high is not None and low > high:
        raise Declined("its bounds contradict each other")
    strict_min, strict_max = ask.flag("strict_min"), ask.flag("strict_max")
    answers = yield {"rows": ask.rows}
    rows: int = answers["rows"]
    above = low is None or rows > low or (rows == low and not strict_min)
    below = high is None or rows < high or (rows == high and not strict_max)
    return Found(above and below, {"observed_value": rows})


def column_count_to_equal(ask: Ask) -> Steps:
    """expect_table_column_count_to_equal."""
    value = _whole(ask, "value")
    if value is None:
        raise Declined("it has no `value`")
    yield {}
    return Found(len(ask.schema) == value, {"observed_value": len(ask.schema)})


def column_count_to_be_between(ask: Ask) -> Steps:
    """expect_table_column_count_to_be_between."""
    low, high = ask.number("min_value"), ask.number("max_value")
    yield {}
    count = len(ask.schema)
    within = (low is None or count >= low) and (high is None or count <= high)
    return Found(within, {"observed_value": count})


def columns_to_match_ordered_list(ask: Ask) -> Steps:
    """expect_table_columns_to_match_ordered_list: no list at all is matched by every table."""
    expected = _names(ask, "column_list")
    yield {}
    observed = list(ask.schema)
    if expected is None or expected == observed:
        return Found(success=True, result={"observed_value": observed})
    places = range(max(len(expected), len(observed)))
    mismatched = [
        {"Expected Column Position": at, "Expected": name, "Found": found}
        for at, name, found in zip_longest(places, expected, observed)
        if name != found
    ]
    return Found(success=False, result={"observed_value": observed, "details": {"mismatched": mismatched}})


def columns_to_match_set(ask: Ask) -> Steps:
    """expect_table_columns_to_match_set: without `exact_match` there may be more columns."""
    expected, exact = set(_names(ask, "column_set") or ()), ask.flag("exact_match", default=True)
    yield {}
    observed = set(ask.schema)
    mismatched = {"unexpected": sorted(observed - expected), "missing": sorted(expected - observed)}
    result: dict[str, Any] = {"observed_value": sorted(observed)}
    if observed == expected:
        return Found(success=True, result=result)
    result["details"] = {"mismatched": {key: names for key, names in mismatched.items() if names}}
    return Found(not exact and not mismatched["missing"], result)


def column_to_exist(ask: Ask) -> Steps:
    """expect_column_to_exist: a negative `column_index` counts from the end."""
    name, at = ask.kwargs.get("column"), _whole(ask, "column_index")
    if not isinstance(name, str) or not name:
        raise Declined("its `column` is no text")
    yield {}
    names = list(ask.schema)
    if at is None:
        return Found(name in names)
    return Found(-len(names) <= at < len(names) and names[at] == name)


def column_type_to_be(ask: Ask) -> Steps:
    """expect_column_type_to_be: the type is the one that pandas gives the column.

    That depends on nulls: with one, integers are floats and booleans objects; a column of texts that has nothing but
    nulls is one of floats.
    """
    import polars as pl

    name, wanted = ask.kwargs.get("column"), ask.kwargs.get("type_")
    if not isinstance(name, str) or not isinstance(wanted, str):
        raise Declined("its `column` or its `type_` is no text")
    if name not in ask.schema:
        raise AbsentError(name)
    expected = _wanted(wanted)
    answers = yield {"rows": Rows(pl.len()), "nulls": Rows(pl.col(name).is_null().sum())}
    actual = pandas_type(ask.schema[name], rows=answers["rows"], nulls=answers["nulls"])
    if expected.zoned and "," in actual and not expected(actual):
        raise Declined("its `type_` may be another name of the same time zone")
    return Found(expected(actual), {"observed_value": actual})


def pandas_type(dtype: pl.DataType, *, rows: int, nulls: int) -> str:
    """The name of the type that a column has as `mlci.training.worker.to_pandas` hands it to pandas.

    Args:
        dtype: the column's type.
        rows: how many rows it has.
        nulls: how many of them are null; NaN is not null here.
    """
    import polars as pl

    if dtype in (pl.String, pl.Boolean, pl.Null) and nulls == rows > 0:
        return "float64"
    if dtype.is_numeric():
        rounded = dtype.is_decimal() or (dtype.is_integer() and (nulls or dtype in (pl.Int128, pl.UInt128)))
        return "float64" if rounded else str(dtype).lower()
    if dtype.is_temporal():
        return _temporal(dtype)
    if dtype == pl.Boolean:
        return "object" if nulls else "bool"
    if dtype == pl.Categorical or isinstance(dtype, pl.Enum):
        return "category"
    return "str" if dtype == pl.String else "object"


def _temporal(dtype: pl.DataType) -> str:
    import polars as pl

    if isinstance(dtype, pl.Datetime):
        return f"datetime64[{dtype.time_unit}{f', {dtype.time_zone}' if dtype.time_zone else ''}]"
    if isinstance(dtype, pl.Duration):
        return f"timedelta64[{dtype.time_unit}]"
    return "datetime64[us]" if dtype == pl.Date else "object"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A type that a name means to pandas; `any_unit` is datetime64 of whatever unit, but of no zone."""

    name: str
    any_unit: bool = False
    zoned: bool = False

    def __call__(self, actual: str) -> bool:
        """Whether a column's type is that one."""
        if self.any_unit:
            return actual.startswith(f"{self.name}[") and "," not in actual
        return actual == self.name


def _wanted(name: str) -> Wanted:
    """What a type's name means (`pandas.api.types.pandas_dtype`), for the names that need no pandas to be read."""
    import numpy as np

    if name in ("category", "str", "object") or NULLABLE.fullmatch(name):
        return Wanted(name)
    if moment := MOMENTS.fullmatch(name):
        kind, unit, zone = moment.groups()
        if zone is None:
            return Wanted(name, any_unit=unit is None)
        if kind == "datetime64" and _is_zone(zone):
            return Wanted(f"datetime64[{unit}, {zone}]", zoned=True)
        raise Declined("its `type_` is not known")
    try:
        dtype = np.dtype(name)
    except (TypeError, ValueError, SyntaxError):  # NumPy reads more than names
        raise Declined("its `type_` is not known") from None
    if dtype.kind not in "biufcO":
        raise Declined("its `type_` is not known")
    return Wanted(str(dtype))


def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False


def _whole(ask: Ask, key: str) -> int | None:
    """An integer among the arguments.

    Raises:
        Declined: it is anything else.
    """
    value = ask.kwargs.get(key)
    if value is not None and type(value) is not int:
        raise Declined(f"its `{key}` is no integer")
    return value


def _names(ask: Ask, key: str) -> list[str] | None:
    """A list of column names among the arguments.

    Raises:
        Declined: it is anything else.
    """
    if ask.kwargs.get(key) is None:
        return None
    names = ask.items(key)
    if not all(isinstance(name, str) for name in names):
        raise Declined(f"its `{key}` holds what is no text")
    return names


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "expect_table_row_count_to_equal": row_count_to_equal,
        "expect_table_row_count_to_be_between": row_count_to_be_between,
        "expect_table_column_count_to_equal": column_count_to_equal,
        "expect_table_column_count_to_be_between": column_count_to_be_between,
        "expect_table_columns_to_match_ordered_list": columns_to_match_ordered_list,
        "expect_table_columns_to_match_set": columns_to_match_set,
        "expect_column_to_exist": column_to_exist,
        "expect_column_type_to_be": column_type_to_be,
    }
)
