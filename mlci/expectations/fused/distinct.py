"""Expectations of a column's distinct values: how many there are, which, and which one is most common.

No list of them is ever brought out of the table but the few that are equally common; sets are compared by counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mlci.expectations.fused.aggregates import between, moment
from mlci.expectations.fused.piece import Declined, Found, Groups, Rows

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Mapping

    import polars as pl

    from mlci.expectations.fused.piece import Answers, Ask, Need, Needs, Piece, Steps, Values

Kind: TypeAlias = Literal["number", "boolean", "text", "moment", "null"]

FEW = 16  # up to so many values are compared one by one, which is faster than a look-up
EACH = 64  # up to so many are looked for in the scan of the rows
TIED = 1000  # equally common values that are listed at most

_MIDNIGHT = time()


# --- columns and the values that are expected in them ---------------------------------------------------------------


def kind_of(dtype: pl.DataType) -> Kind:
    """How the values of a column are equal to those of a set.

    Raises:
        Declined: pandas holds them in an unusual way.
    """
    import polars as pl

    if dtype in (pl.Int128, pl.UInt128, pl.Float16):
        raise Declined("the type of its column")
    if dtype.is_numeric():
        return "number"
    if isinstance(dtype, pl.Date | pl.Datetime):
        return "moment"
    if dtype in (pl.String, pl.Categorical) or isinstance(dtype, pl.Enum):
        return "text"
    if dtype == pl.Boolean:
        return "boolean"
    if dtype == pl.Null:
        return "null"
    raise Declined("the type of its column")


def keyed(values: Values) -> pl.Expr:
    """A column as it is grouped: numbers that pandas holds as doubles, or compares as such, are doubles."""
    import polars as pl

    if values.dtype.is_decimal() or values.dtype == pl.Float32:
        return values.expr.cast(pl.Float64)
    return values.expr


@dataclass(frozen=True, slots=True)
class Expected:
    """A set of values, beside a column.

    Args:
        known: those that the column could hold, in its own form.
        strange: how many there are besides.
        given: how many there are as they are written, before a date becomes a moment.
    """

    known: tuple[Any, ...]
    strange: int
    given: int

    @property
    def size(self) -> int:
        """How many different values there are."""
        return len(self.known) + self.strange


def expected(ask: Ask, values: Values) -> Expected:
    """The values of `value_set` (Great Expectations, `_coerce_value_set_to_column_type`).

    Raises:
        Declined: one of them is read by pandas in a way of its own.
    """
    kind, items = kind_of(values.dtype), ask.items("value_set")
    plain = all(item is None or isinstance(item, str | bool | int | float) for item in items)
    if not items or not plain or any(isinstance(item, float) and not math.isfinite(item) for item in items):
        raise Declined("its `value_set`")
    read = {_moment(item) for item in items} if kind == "moment" else set(items)
    known = [_held(item, kind, values.dtype) for item in read]
    held = tuple(item for item in known if item is not None)
    return Expected(held, len(known) - len(held), len(set(items)))


def _moment(item: str | float | None) -> datetime | float | None:
    """A text as a moment; whatever else as it is, for no moment is equal to it.

    Raises:
        Declined: a text is no moment, or one in a form that each parser reads in its own way.
    """
    if not isinstance(item, str):
        return item
    found = moment(item)
    if found is None:
        raise Declined("its `value_set` holds no moments")
    return found


def _held(item: Any, kind: Kind, dtype: pl.DataType) -> Any:  # noqa: ANN401 - any scalar
    """A value in the form in which a column holds it; None if it cannot."""
    if kind == "text":
        return item if isinstance(item, str) else None
    if kind == "moment":
        return _stamp(item, dtype) if isinstance(item, datetime) else None
    if kind == "null" or not isinstance(item, bool | int | float):
        return None
    if kind == "boolean":
        return bool(item) if item in (0, 1) else None
    if not dtype.is_integer():
        return float(item)
    low, high = _limits(dtype)
    return int(item) if item == int(item) and low <= item < high else None


@cache
def _limits(dtype: pl.DataType) -> tuple[int, int]:
    """The least integer that a type holds, and the least above all of them."""
    bits = int(str(dtype).lstrip("UInt"))
    return (0, 2**bits) if dtype.is_unsigned_integer() else (-(2 ** (bits - 1)), 2 ** (bits - 1))


def _stamp(item: datetime, dtype: pl.DataType) -> date | None:
    """A moment as a date, or as one with a zone; None if the column cannot hold it."""
    import polars as pl

    zone, unit = getattr(dtype, "time_zone", None), getattr(dtype, "time_unit", None)
    if (item.tzinfo is None) != (zone is None) or (unit == "ms" and item.microsecond % 1000):
        return None
    if dtype == pl.Date:
        return item.date() if item.time() == _MIDNIGHT else None
    return item if zone is None else item.astimezone(UTC)


def within(expr: pl.Expr, known: Collection[Any], values: Values) -> pl.Expr:
    """Whether values of a column are among some: null where they are null.

    Args:
        expr: the column, as `keyed` gives it.
        known: the values, in its form.
        values: the column.
    """
    import polars as pl

    if not known:
        return expr.is_null() & pl.lit(None, dtype=pl.Boolean)  # false for values, null for null
    if values.dtype == pl.Categorical or isinstance(values.dtype, pl.Enum):
        expr = expr.cast(pl.String)
    if len(known) <= FEW:
        return pl.any_horizontal(expr == _literal(value, values.dtype) for value in known)
    return expr.is_in(_listed(known, values.dtype))


def _listed(known: Collection[Any], dtype: pl.DataType) -> pl.Expr:
    """Values in the form of a column, as one list."""
    import polars as pl

    plain = all(isinstance(value, str | bool | float) for value in known)
    return pl.lit(pl.Series(list(known)) if plain else pl.Series(list(known), dtype=dtype)).implode()


def _literal(value: Any, dtype: pl.DataType) -> pl.Expr:  # noqa: ANN401 - any scalar
    """A value in the form of a column."""
    import polars as pl

    if isinstance(value, str | bool | float):
        return pl.lit(value)
    return pl.lit(value).cast(dtype)


# --- counts ---------------------------------------------------------------------------------------------------------


def unique_count(ask: Ask) -> Steps:
    """expect_column_unique_value_count_to_be_between.

    A bound that is no whole number is cut by Great Expectations, and left to it.
    """
    values = ask.column()
    kind_of(values.dtype)
    if any(bound is not None and bound != int(bound) for bound in (ask.number("min_value"), ask.number("max_value"))):
        raise Declined("its bounds are no whole numbers")
    answers = yield {"distinct": _count(values)}
    return between(ask, answers["distinct"])


def unique_share(ask: Ask) -> Steps:
    """expect_column_proportion_of_unique_values_to_be_between: of the values that are not null."""
    values = ask.column()
    kind_of(values.dtype)
    between(ask, None)
    answers = yield {"distinct": _count(values), "present": Rows(values.present)}
    return between(ask, answers["distinct"] / answers["present"] if answers["present"] else 0)


def present_share(ask: Ask) -> Steps:
    """expect_column_proportion_of_non_null_values_to_be_between."""
    values = ask.column()
    between(ask, None)
    answers = yield {"rows": ask.rows, "present": Rows(values.present)}
    return between(ask, answers["present"] / answers["rows"] if answers["rows"] else 0)


def _count(values: Values) -> Groups:
    import polars as pl

    return Groups((keyed(values),), pl.len())


# --- sets -----------------------------------------------------------------------------------------------------------


def in_set(ask: Ask) -> Steps:
    """expect_column_distinct_values_to_be_in_set."""
    values = ask.column()
    outside, _ = yield from _compared(values, expected(ask, values), lacking=False)
    return Found(outside == 0, {"observed_value": None, "unexpected_count": outside})


def contain_set(ask: Ask) -> Steps:
    """expect_column_distinct_values_to_contain_set."""
    values = ask.column()
    _, lacking = yield from _compared(values, expected(ask, values), outside=False)
    return Found(lacking == 0, {"observed_value": None, "missing_count": lacking})


def equal_set(ask: Ask) -> Steps:
    """expect_column_distinct_values_to_equal_set."""
    values = ask.column()
    outside, lacking = yield from _compared(values, expected(ask, values))
    result = {"observed_value": None, "unexpected_count": outside, "missing_count": lacking}
    return Found(not outside and not lacking, result)


def _compared(
    values: Values, wanted: Expected, *, outside: bool = True, lacking: bool = True
) -> Generator[Needs, Answers, tuple[int, int]]:
    """How many distinct values are outside a set, and how many of the set are not among them; 0 for what is not asked.

    Nothing is grouped but what is outside, if anything is, and what is inside, if the set is large.
    """
    import polars as pl

    expr, key = keyed(values), pl.col("k0")
    needs: dict[str, Need] = {"present": Rows(values.present)}
    if outside:
        needs["outside"] = Rows((~within(expr, wanted.known, values)).sum())
    if lacking and len(wanted.known) <= EACH:
        for at, value in enumerate(wanted.known):
            needs[f"value {at}"] = Rows(within(expr, (value,), values).any())
    elif lacking:
        needs["value"] = Groups((expr,), pl.len(), keep=within(key, wanted.known, values))
    answers = yield needs
    there = sum(answer for name, answer in answers.items() if name.startswith("value"))
    beside = wanted.size - there if answers["present"] else wanted.given
    if not answers.get("outside"):
        return 0, beside if lacking else 0
    answers = yield {"distinct": Groups((expr,), pl.len(), keep=~within(key, wanted.known, values))}
    return answers["distinct"], beside if lacking else 0


# --- the most common ------------------------------------------------------------------------------------------------


def most_common(ask: Ask) -> Steps:
    """expect_column_most_common_value_to_be_in_set.

    Great Expectations finds no moment in a set of texts; here they are read as in the sets above.
    """
    import polars as pl

    values = ask.column()
    wanted, ties_okay = expected(ask, values), ask.flag("ties_okay")
    if getattr(values.dtype, "time_unit", None) == "ns":
        raise Declined("its nanoseconds")
    largest = pl.struct("k0", "rows").filter(pl.col("rows") == pl.col("rows").max()).head(TIED + 1)
    answers = yield {"largest": Groups((keyed(values),), largest.implode(), merge="concat")}
    groups = answers["largest"] or []
    rows = max((group["rows"] for group in groups), default=0)
    found = _in_order([group["k0"] for group in groups if group["rows"] == rows], values)
    if len(found) > TIED:
        raise Declined("too many values are equally common")
    shared = len(set(wanted.known) & set(found))
    return Found(
        shared > 0 if ties_okay else len(found) == shared == 1,
        {"observed_value": [_shown(value) for value in found]},
    )


def _in_order(found: list[Any], values: Values) -> list[Any]:
    """Values as pandas sorts them: those of an enumeration in its own order."""
    import polars as pl

    if isinstance(values.dtype, pl.Enum):
        places = {name: at for at, name in enumerate(values.dtype.categories)}
        return sorted(found, key=places.__getitem__)
    return sorted(found)


def _shown(value: Any) -> Any:  # noqa: ANN401 - any scalar
    """A value as Great Expectations lists it: a date as a moment, a moment with a zone in UTC and without it."""
    if isinstance(value, datetime):
        return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    return datetime.combine(value, _MIDNIGHT) if isinstance(value, date) else value


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "expect_column_unique_value_count_to_be_between": unique_count,
        "expect_column_proportion_of_unique_values_to_be_between": unique_share,
        "expect_column_proportion_of_non_null_values_to_be_between": present_share,
        "expect_column_distinct_values_to_be_in_set": in_set,
        "expect_column_distinct_values_to_contain_set": contain_set,
        "expect_column_distinct_values_to_equal_set": equal_set,
        "expect_column_most_common_value_to_be_in_set": most_common,
    }
)
