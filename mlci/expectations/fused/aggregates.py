"""Expectations of one number of a column: its least and greatest value, mean, median, standard deviation and sum.

Great Expectations compares what pandas gives: texts have a minimum but no mean, dates are moments at midnight, decimals
are doubles. Where pandas overflows, or sees integers with nulls as doubles, the exact number is given here.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mlci.expectations.fused.piece import Declined, Found, Ranked, Rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

    from mlci.expectations.fused.piece import Ask, Needs, Piece, Steps, Values

Kind: TypeAlias = Literal["number", "boolean", "text", "moment", "null"]

HALF = 2**32  # sums of 64-bit integers are taken in two halves, neither of which can overflow
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)?)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000  # microseconds


# --- bounds: shared by every expectation of a number ----------------------------------------------------------------


def judged(ask: Ask, observed: Any, low: Any, high: Any) -> Found:  # noqa: ANN401 - numbers, texts or moments
    """Whether what was observed lies between two bounds (Great Expectations, `_validate_metric_value_between`).

    Args:
        ask: the expectation; its `strict_min` and `strict_max` say which bounds are left out.
        observed: a number, a moment or a text; None and NaN are as no value, and no success.
        low: the least value that is accepted, or None.
        high: the greatest, or None.
    """
    strict_min, strict_max = ask.flag("strict_min"), ask.flag("strict_max")
    if observed is None or (not isinstance(observed, str | datetime) and math.isnan(observed)):
        return Found(success=False, result={"observed_value": None})
    above = low is None or (observed > low if strict_min else observed >= low)
    below = high is None or (observed < high if strict_max else observed <= high)
    return Found(bool(above and below), {"observed_value": observed})


def between(ask: Ask, observed: Any) -> Found:  # noqa: ANN401 - a number of any library, or None
    """Whether a number lies between the bounds `min_value` and `max_value`."""
    return judged(ask, observed, ask.number("min_value"), ask.number("max_value"))


def moment(text: str) -> datetime | None:
    """The moment that an ISO 8601 text names, a date's at midnight; None: it is not of that form.

    Great Expectations' parsers read more than this, each in its own way.
    """
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _moments(ask: Ask, zone: str | None) -> tuple[datetime | None, datetime | None]:
    """The bounds of a column of moments.

    Raises:
        Declined: they are no moments, or have a zone where the column has none, or the other way round.
    """
    bounds = []
    for key in ("min_value", "max_value"):
        text = ask.kwargs.get(key)
        bound = moment(text) if isinstance(text, str) else None
        if text is not None and (bound is None or (bound.tzinfo is None) != (zone is None)):
            raise Declined(f"its `{key}` is no moment like those of the column")
        bounds.append(bound)
    return bounds[0], bounds[1]


# --- columns --------------------------------------------------------------------------------------------------------


def kind_of(dtype: pl.DataType) -> Kind:
    """What the values of a column are to pandas' aggregates.

    Raises:
        Declined: they have none, or pandas holds them in an unusual way.
    """
    import polars as pl

    if dtype in (pl.Int128, pl.UInt128, pl.Float16):
        raise Declined("the type of its column")
    if dtype.is_numeric():
        return "number"
    if isinstance(dtype, pl.Date | pl.Datetime):
        return "moment"
    kinds: dict[type[pl.DataType], Kind] = {pl.Boolean: "boolean", pl.String: "text", pl.Null: "null"}
    if dtype.base_type() not in kinds:
        raise Declined("the type of its column")
    return kinds[dtype.base_type()]


def measured(values: Values) -> pl.Expr:
    """A column of numbers or booleans, as the numbers that pandas computes with."""
    import polars as pl

    if values.dtype.is_decimal() or values.dtype == pl.Float32:
        return values.expr.cast(pl.Float64)
    return values.expr.cast(pl.UInt8) if values.dtype == pl.Boolean else values.expr


def single(values: Values, observed: Any) -> Any:  # noqa: ANN401 - a number of the column's type
    """A number as pandas gives it: of a column of Float32 it is one too, and bounds are compared as such."""
    import polars as pl

    if values.dtype != pl.Float32 or observed is None:
        return observed
    import numpy as np

    return np.float32(observed)


def _empty(ask: Ask, values: Values, observed: float | None) -> Steps:
    """What is observed of a column of texts that are all null: to pandas they are NaN, and numbers.

    Raises:
        Declined: there are texts, or no rows: pandas raises an error, or adds them up to a long text.
    """
    import polars as pl

    column = pl.col(values.name)
    answers = yield {"height": Rows(pl.len()), "texts": Rows(column.is_not_null().sum())}
    if answers["texts"] or not (answers["height"] or values.dtype == pl.Null):
        raise Declined("its column holds texts")
    return between(ask, observed)


# --- the least and the greatest -------------------------------------------------------------------------------------


def least(ask: Ask) -> Steps:
    """expect_column_min_to_be_between."""
    return (yield from _extreme(ask, "min"))


def greatest(ask: Ask) -> Steps:
    """expect_column_max_to_be_between."""
    return (yield from _extreme(ask, "max"))


def _extreme(ask: Ask, which: Literal["min", "max"]) -> Steps:
    import polars as pl

    values = ask.column()
    kind = kind_of(values.dtype)
    expr: pl.Expr = getattr(values.expr, which)()
    if kind == "moment":
        zone = getattr(values.dtype, "time_zone", None)
        low, high = _moments(ask, zone)
        needs: Needs = {"value": Rows(expr)}
        if getattr(values.dtype, "time_unit", None) == "ns":
            needs = {**needs, "rest": Rows(expr.cast(pl.Int64) % 1000)}
        answers = yield needs
        if answers.get("rest"):
            raise Declined("its nanoseconds")
        return judged(ask, _midnight(answers["value"]), low, high)
    if kind == "text":
        answers = yield {"value": Rows(expr)}
        if answers["value"] is not None and {"min_value", "max_value"} & set(ask.kwargs):
            raise Declined("its column holds texts")
        return judged(ask, answers["value"], None, None)
    between(ask, None)  # refuses bounds that are no numbers before the table is read
    answers = yield {"value": Rows(expr)}
    found = answers["value"]
    return between(ask, float(found) if values.dtype.is_decimal() and found is not None else single(values, found))


def _midnight(value: date | None) -> datetime | None:
    """A date as the moment that pandas makes of it."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.combine(value, time())


# --- mean, median, standard deviation, sum --------------------------------------------------------------------------


def mean(ask: Ask) -> Steps:
    """expect_column_mean_to_be_between."""
    values = ask.column()
    kind = kind_of(values.dtype)
    if kind in ("text", "null"):
        return (yield from _empty(ask, values, None))
    if kind == "moment":
        low, high = _moments(ask, _zone(values))
        ticks = _ticks(values)
        answers = yield {
            "high": Rows((ticks // HALF).sum()),
            "low": Rows((ticks % HALF).sum()),
            "n": Rows(values.present),
        }
        ticks_in_all, count = answers["high"] * HALF + answers["low"], answers["n"]
        return judged(ask, _at(ticks_in_all, count, values) if count else None, low, high)
    between(ask, None)
    answers = yield {"value": Rows(measured(values).mean())}
    return between(ask, single(values, answers["value"]))


def median(ask: Ask) -> Steps:
    """expect_column_median_to_be_between: the middle value, or the mean of the two that are nearest to the middle."""
    values = ask.column()
    kind = kind_of(values.dtype)
    if kind in ("text", "null"):
        return (yield from _empty(ask, values, None))
    moments = kind == "moment"
    low, high = _moments(ask, _zone(values)) if moments else (ask.number("min_value"), ask.number("max_value"))
    answers = yield {"n": Rows(values.present)}
    count = answers["n"]
    if not count:
        return judged(ask, None, low, high)
    ranks = tuple(sorted({(count - 1) // 2, count // 2}))
    answers = yield {"middle": Ranked(_ticks(values) if moments else measured(values), ranks)}
    middle = answers["middle"]
    if moments:
        return judged(ask, _at(sum(middle), len(middle), values), low, high)
    return judged(ask, single(values, sum(map(float, middle)) / len(middle)), low, high)


def stdev(ask: Ask) -> Steps:
    """expect_column_stdev_to_be_between: the sample's, which two values make possible."""
    values = ask.column()
    kind = kind_of(values.dtype)
    if kind in ("text", "null"):
        return (yield from _empty(ask, values, None))
    if kind == "moment":
        raise Declined("its column holds moments")
    between(ask, None)
    number = measured(values)
    answers = yield {"value": Rows(number.std()), "low": Rows(number.min()), "high": Rows(number.max())}
    found = answers["value"]
    constant = found is not None and answers["low"] == answers["high"]  # rounding would give it a deviation
    return between(ask, single(values, 0.0 if constant else found))


def total(ask: Ask) -> Steps:
    """expect_column_sum_to_be_between: exact for integers, whatever their number."""
    import polars as pl

    values = ask.column()
    kind = kind_of(values.dtype)
    if kind in ("text", "null"):
        return (yield from _empty(ask, values, 0.0))
    if kind == "moment":
        raise Declined("its column holds moments")
    between(ask, None)
    if values.dtype in (pl.Int64, pl.UInt64):
        answers = yield {"high": Rows((values.expr // HALF).sum()), "low": Rows((values.expr % HALF).sum())}
        return between(ask, answers["high"] * HALF + answers["low"])
    expr = values.expr.cast(pl.Int64) if values.dtype.is_integer() else measured(values)
    answers = yield {"value": Rows(expr.sum())}
    return between(ask, single(values, answers["value"]))


def _zone(values: Values) -> str | None:
    return getattr(values.dtype, "time_zone", None)


def _ticks(values: Values) -> pl.Expr:
    """Moments as whole numbers of their own unit since 1970; dates as days.

    Raises:
        Declined: they are nanoseconds: doubles, in which pandas takes means, hold only every 256th.
    """
    import polars as pl

    if getattr(values.dtype, "time_unit", None) == "ns":
        raise Declined("its nanoseconds")
    return values.expr.to_physical().cast(pl.Int64)


def _at(ticks: int, count: int, values: Values) -> datetime:
    """The mean of moments, cut to the unit that pandas holds the column in.

    Args:
        ticks: the sum of the moments, in the unit of the column.
        count: their number.
        values: the column.
    """
    unit = getattr(values.dtype, "time_unit", None)
    micros = int(ticks / count) * 1000 if unit == "ms" else int(ticks * (_DAY if unit is None else 1) / count)
    found = _EPOCH + timedelta(microseconds=micros)
    zone = _zone(values)
    if zone is None:
        return found.replace(tzinfo=None)
    from zoneinfo import ZoneInfo

    return found.astimezone(ZoneInfo(zone))


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "expect_column_min_to_be_between": least,
        "expect_column_max_to_be_between": greatest,
        "expect_column_mean_to_be_between": mean,
        "expect_column_median_to_be_between": median,
        "expect_column_stdev_to_be_between": stdev,
        "expect_column_sum_to_be_between": total,
    }
)
