"""Dates and moments of a suite on the clock of a column, exactly.

A column of dates or moments is whole numbers of its unit since 1970, and so is compared as such: days, or milli-,
micro- or nanoseconds. A text without a zone is read on the column's own clock, as pandas reads one beside a column.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from mlci.expectations.fused.aggregates import moment
from mlci.expectations.fused.piece import Declined

if TYPE_CHECKING:
    import polars as pl

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
UNITS = {"ms": timedelta(milliseconds=1), "us": timedelta(microseconds=1)}


def instant(value: Any, dtype: pl.DataType) -> Fraction:  # noqa: ANN401 - whatever a suite holds
    """Where a date (its midnight) or a moment lies on a column's axis.

    Args:
        value: a text in the form of ISO 8601.
        dtype: the column's: `Date` or `Datetime`.

    Returns:
        Units of the column since 1970: a whole number where the column can hold the moment.

    Raises:
        Declined: it is no such value, or it has a zone where the column has none.
    """
    found = moment(value) if isinstance(value, str) else None
    if found is None:
        raise Declined("it holds what is no moment in the form of ISO 8601")
    zone = getattr(dtype, "time_zone", None)
    if found.tzinfo is None:
        found = found.replace(tzinfo=_zone(zone))
    elif zone is None:
        raise Declined("it compares a moment with a zone to a column without one")
    unit = getattr(dtype, "time_unit", None)
    since = (found - EPOCH) // UNITS["us"]
    if unit == "ns":
        return Fraction(since * 1000)
    return Fraction(since, (DAY if unit is None else UNITS[unit]) // UNITS["us"])


def _zone(name: str | None) -> Any:  # noqa: ANN401 - a zone of the standard library
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, LookupError):
        raise Declined("its column has an unknown zone") from None
