"""What one expectation is made of here: what it asks of the table, and what its answers mean.

A piece is a generator. It yields the aggregates that it needs, by names of its own, and is sent their values; it may
ask again with what it has learnt (a z-score needs the mean first), and returns what it found. All pieces of a suite are
played in step, so that what all of them ask in one round is computed together, and once.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import polars as pl

LARGEST = int(sys.float_info.max)
_HALF = re.compile("[\ud800-\udfff]")  # surrogates


class Declined(Exception):  # noqa: N818 - not an error: Great Expectations itself takes it over
    """A piece does not know this case for certain; its text says why, without a value of the data."""


class Impossible(Exception):  # noqa: N818 - it is how an expectation ends, like `Found`
    """It has no answer for this table, and Great Expectations has none either; its text says why, without a value."""


class AbsentError(Exception):
    """Columns are not in the table; they are its arguments."""


# --- what can be asked ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rows:
    """An aggregate that any order of the rows and any part of them can be added to: counts, sums, extremes, moments.

    All of a round are one streaming query, whatever their number.
    """

    expr: pl.Expr


@dataclass(frozen=True, slots=True)
class Alone:
    """An aggregate that needs its column in the order of the rows (`diff`, `shift`), in a query by itself."""

    expr: pl.Expr


@dataclass(frozen=True, slots=True)
class Ranked:
    """The values of a column at some ranks, without sorting more than what lies around them.

    Args:
        expr: the column; its nulls are left out.
        ranks: 0-based, ascending order; each must be below the number of values that are not null.

    The answer is a tuple of values, one for each rank.
    """

    expr: pl.Expr
    ranks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Groups:
    """An aggregate over a column's distinct values (or over the distinct tuples of several columns).

    Args:
        keys: the columns; NaN counts as null.
        expr: over the table of groups, one row for each distinct tuple: its columns are `k0`, `k1`, …, and `rows`, the
            number of rows that share it.
        keep: which rows are grouped, over `k0`, `k1`, …; None: those in which no key is null.
        merge: how the answers of two parts of the groups become one: a part holds whole groups. `concat` is for
            expressions that give lists (`implode`).
    """

    keys: tuple[pl.Expr, ...]
    expr: pl.Expr
    keep: pl.Expr | None = None
    merge: Literal["sum", "max", "min", "concat"] = "sum"


Need: TypeAlias = Rows | Alone | Ranked | Groups
Needs: TypeAlias = Mapping[str, Need]
Answers: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What an expectation found: `result` is Great Expectations' own, in its form BASIC without any value listed."""

    success: bool
    result: Mapping[str, Any] = field(default_factory=dict)


Steps: TypeAlias = Generator[Needs, Answers, Found]
Piece: TypeAlias = Callable[["Ask"], Steps]


# --- the expectation, as a piece sees it ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Values:
    """A column, cut to the rows of the row_condition: `expr` has null for NaN; `dtype` is the table's."""

    name: str
    dtype: pl.DataType
    expr: pl.Expr

    @property
    def present(self) -> pl.Expr:
        """The number of values that are not null."""
        return self.expr.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """An expectation's arguments, and the table that it is about.

    `kwargs` has its `$PARAMETER`s filled in, is plain data (lists, dicts), and lacks `row_condition`,
    `condition_parser`, and what is null. `schema` is the whole table's, in order. `where` says of each row whether the
    row_condition holds (never null); `column()` and `rows` heed it already.
    """

    type: str
    kwargs: Mapping[str, Any]
    schema: Mapping[str, pl.DataType]
    where: pl.Expr | None = None

    def __post_init__(self) -> None:
        """Refuse what no column can hold, and what Python itself cannot turn into a float or into UTF-8.

        Raises:
            Declined: a whole number is beyond every float, or a text holds a half of a character.
        """
        left: list[Any] = [self.kwargs]
        while left:
            value = left.pop()
            if isinstance(value, Mapping):
                left += [*value, *value.values()]
            elif isinstance(value, list | tuple):
                left += value
            elif isinstance(value, int):
                if not -LARGEST <= value <= LARGEST:
                    raise Declined("it has a whole number beyond every float")
            elif isinstance(value, str) and not value.isascii() and _HALF.search(value):
                raise Declined("it has a text that is no Unicode")

    @property
    def rows(self) -> Rows:
        """The number of rows that the row_condition leaves."""
        import polars as pl

        return Rows(pl.len() if self.where is None else self.where.sum())

    def column(self, key: str = "column") -> Values:
        """The column that an argument names.

        Raises:
            AbsentError: the table has no such column.
            Declined: the argument is no text.
        """
        name = self.kwargs.get(key)
        if not isinstance(name, str) or not name:
            raise Declined(f"its `{key}` is no text")
        return self.named(name)

    def named(self, name: str) -> Values:
        """A column by its name, cut to the rows of the row_condition, NaN as null.

        Raises:
            AbsentError: the table has no such column.
        """
        import polars as pl

        if name not in self.schema:
            raise AbsentError(name)
        expr = pl.col(name)
        dtype = self.schema[name]
        if dtype.is_float():
            expr = expr.fill_nan(None)
        return Values(name, dtype, expr if self.where is None else expr.filter(self.where))

    def number(self, key: str, default: float | None = None) -> float | None:
        """A number among the arguments, or the default where it is not given.

        Raises:
            Declined: it is anything else, or not finite.
        """
        value = self.kwargs.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise Declined(f"its `{key}` is no finite number")
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A boolean among the arguments.

        Raises:
            Declined: it is anything else.
        """
        value = self.kwargs.get(key, default)
        if not isinstance(value, bool):
            raise Declined(f"its `{key}` is neither true nor false")
        return value

    def items(self, key: str) -> list[Any]:
        """A list among the arguments.

        Raises:
            Declined: it is anything else.
        """
        value = self.kwargs.get(key)
        if not isinstance(value, list):
            raise Declined(f"its `{key}` is no list")
        return value

    @property
    def mostly(self) -> float:
        """The share of values that must be as expected.

        Raises:
            Declined: it is no number from 0 to 1.
        """
        value = self.number("mostly", 1.0)
        if value is None or not 0 <= value <= 1:
            raise Declined("its `mostly` is not between 0 and 1")
        return value


# --- expectations of each row ---------------------------------------------------------------------------------------


def each_value(ask: Ask, values: Values, unexpected: Need) -> Steps:
    """An expectation of every value of a column that is not null.

    Args:
        ask: the expectation.
        values: the column.
        unexpected: the number of its values, nulls left out, that are not as expected.
    """
    answers = yield {"rows": ask.rows, "present": Rows(values.present), "unexpected": unexpected}
    return of_rows(ask, rows=answers["rows"], considered=answers["present"], unexpected=answers["unexpected"])


def of_rows(ask: Ask, *, rows: int, considered: int, unexpected: int) -> Found:
    """What the counts of an expectation of each row mean (Great Expectations, `_format_map_output` in form BASIC).

    Args:
        ask: the expectation.
        rows: rows that the row_condition leaves.
        considered: those that are looked at: values that are not null, rows that `ignore_row_if` leaves.
        unexpected: those of them that are not as expected.
    """
    missing = rows - considered
    nonmissing = unexpected / considered * 100 if considered else None
    result: dict[str, Any] = {
        "element_count": rows,
        "unexpected_count": unexpected,
        "unexpected_percent": nonmissing if rows else None,
        "partial_unexpected_list": [],
        "missing_count": missing,
        "missing_percent": missing / rows * 100 if rows else None,
        "unexpected_percent_total": unexpected / rows * 100 if rows else None,
        "unexpected_percent_nonmissing": nonmissing if rows else None,
    }
    success = not considered or (float(considered) - float(unexpected)) / float(considered) >= ask.mostly
    return Found(success, result)
