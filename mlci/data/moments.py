"""Dates and times as whole microseconds since 1970 and the nanoseconds that remain, whatever they are stored as.

A date is its midnight; what has no zone is taken as UTC, and what has one is turned to it. Texts are ISO 8601's, as
pandas, Polars and most databases write them. The parser is mlci's own, for rows are hashed and split by what it gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

ISO = (
    r"^(?<year>[0-9]{4})-(?<month>0[1-9]|1[0-2])-(?<day>0[1-9]|[12][0-9]|3[01])"
    r"(?:[T ](?<hour>[01][0-9]|2[0-3]):(?<minute>[0-5][0-9])(?::(?<second>[0-5][0-9])(?:\.(?<fraction>[0-9]{1,9}))?)?"
    r"(?:Z|(?<sign>[+-])(?<east>[01][0-9]|2[0-3]):?(?<past>[0-5][0-9]))?)?$"
)


def moments(values: pl.Series) -> tuple[Whole, Whole]:
    """Microseconds (n,) and the nanoseconds that remain (n,) of dates, datetimes or durations; 0 for nulls."""
    import numpy as np
    import polars as pl

    whole = values.to_physical().cast(pl.Int64).fill_null(0).to_numpy()
    rest = np.zeros(len(whole), np.int64)
    unit = getattr(values.dtype, "time_unit", None)
    if values.dtype == pl.Date:
        return whole * 86_400_000_000, rest
    if unit == "ms":
        return whole * 1000, rest
    if unit == "ns":
        return np.divmod(whole, 1000)
    return whole, rest


def moments_of_texts(texts: pl.Series) -> tuple[Whole, Whole, NDArray[np.bool_]]:
    """As `moments`, of texts; and which of them (n,) are moments: not 2023-02-29, nor what `ISO` does not match."""
    import numpy as np
    import polars as pl

    parts = texts.str.extract_groups(ISO).struct

    def number(name: str) -> NDArray[np.int64]:
        return parts.field(name).cast(pl.Int64).fill_null(0).to_numpy()

    months = ((number("year") - 1970) * 12 + number("month") - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (number("day") - 1)
    nanos = parts.field("fraction").str.pad_end(9, "0").cast(pl.Int64).fill_null(0).to_numpy()
    west = (parts.field("sign") == "-").fill_null(value=False).to_numpy()
    ahead = np.where(west, -1, 1) * (60 * number("east") + number("past"))
    minutes = (days.astype(np.int64) * 24 + number("hour")) * 60 + number("minute") - ahead
    micros = (minutes * 60 + number("second")) * 1_000_000 + nanos // 1000
    valid = parts.field("year").is_not_null().to_numpy() & (days.astype("datetime64[M]") == months)
    return micros, nanos % 1000, valid
