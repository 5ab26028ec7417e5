"""Which rows are held out: a rule of the row alone, so that no row changes side when data grow or are sorted anew."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from mlci.data.rowhash import row_hash
from mlci.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from mlci.config.models import Split
    from mlci.data.read import Table
    from mlci.errors import Location

    Mask = NDArray[np.bool_]


def holdout_rows(table: Table, split: Split, key: Sequence[str] | None, *, location: Location | None = None) -> Mask:
    """Which rows of a table are held out, by a hash, by groups or by a time cut.

    Args:
        table: The dataset.
        split: The rule; of any kind but `test`.
        key: The columns that name a row; None: all of them.
        location: Of the rule, for messages.

    Returns:
        (n,), True for the rows that are held out.

    Raises:
        DataError: a column is missing, or its values are no times.
    """
    import numpy as np

    if split.time is not None:
        return _time_cut(table, split, location)
    columns = (split.group,) if split.group is not None else key
    table.require(columns or (), "the split" if split.group else "the key", location)
    share = np.uint64(int(split.test_size * 2**64))
    return row_hash(table, columns, seed=split.seed) < share


def describe(split: Split, key: Sequence[str] | None) -> str:
    """The rule in words, for a report."""
    share = f"{split.test_size:.0%}".replace("%", " %")
    if split.test is not None:
        return f"the rows of the dataset `{split.test}`"
    if split.time is not None:
        return f"the rows from {split.start} on, by `{split.time}`"
    if split.group is not None:
        return f"{share} of the groups of `{split.group}`, each kept whole"
    by = " and ".join(f"`{name}`" for name in key) if key else "each row's content"
    return f"{share} of the rows, by a hash of {by}"


def write_rows(table: Table, keep: Mask, path: Path, *, drop: Sequence[str] = ()) -> int:
    """Write some rows of a table as Parquet, streaming; their number."""
    import polars as pl

    path.parent.mkdir(parents=True, exist_ok=True)
    rows = table.scan().filter(pl.lit(pl.Series("keep", keep)))
    rows.drop(list(drop), strict=False).sink_parquet(path, compression="lz4")
    return int(keep.sum())


def _time_cut(table: Table, split: Split, location: Location | None) -> Mask:
    import polars as pl

    column, start = str(split.time), split.start
    table.require((column,), "the split", location)
    values = table.scan().select(column).collect()[column]
    try:
        if values.dtype.is_numeric():
            held = values >= float(start)  # type: ignore[arg-type]
        else:
            times = values.str.to_datetime(strict=True, time_zone="UTC") if values.dtype == pl.String else values
            held = times.cast(pl.Datetime("us")) >= _moment(start)
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        raise DataError(
            f"Dataset '{table.name}': the values of `{column}` cannot be compared with `from: {start}`.",
            hint="Use a column of ISO dates or times, of dates, or of numbers, and write `from` in the same form.",
            location=location,
        ) from None
    if held.null_count():
        raise DataError(
            f"Dataset '{table.name}': {held.null_count():,} rows have no `{column}`: they are on neither side of the cut.",
            hint="Fill the times in, leave the rows out, or split in another way.",
            location=location,
        )
    mask: Mask = held.to_numpy()
    return mask


def _moment(value: object) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - compared with times without a zone
    found = dt.datetime.fromisoformat(str(value))
    return found.astimezone(dt.UTC).replace(tzinfo=None) if found.tzinfo else found
