"""Which rows are held out: a rule of the row alone, so that no row changes side when data grow or are sorted anew."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from mlci.data.moments import moments, moments_of_texts
from mlci.data.read import short
from mlci.data.rowhash import row_hash
from mlci.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from mlci.config.models import Split
    from mlci.data.read import Table
    from mlci.errors import Location

    Mask = NDArray[np.bool_]


def holdout_rows(table: Table, split: Split, key: Sequence[str] | None, *, location: Location | None = None) -> Mask:
    """Which rows of a table are held out, by a hash, by groups or by a time cut.

    A greater `test_size` holds out the same rows, and more. A time cut compares moments: what has no zone is taken as
    UTC, on both sides of the comparison.

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
    share = np.uint64(min(int(split.test_size * 2**64), 2**64 - 1))
    return row_hash(table, columns, seed=split.seed) < share


def describe(split: Split, key: Sequence[str] | None) -> str:
    """The rule in words, for a report."""
    share = f"{100 * split.test_size:.4g} %"
    if split.test is not None:
        return f"the rows of the dataset `{split.test}`"
    if split.time is not None:
        return f"the rows from {split.start} on, by `{split.time}`"
    if split.group is not None:
        return f"{share} of the groups of `{split.group}`, each kept whole"
    by = " and ".join(f"`{name}`" for name in key) if key else "each row's content"
    return f"{share} of the rows, by a hash of {by}"


def write_rows(table: Table, keep: Mask, path: Path, *, drop: Sequence[str] = ()) -> int:
    """Write some rows of a table as Parquet, streaming; their number.

    Write every file at a path of its own: Polars remembers what it has read of a path.
    """
    import polars as pl

    path.parent.mkdir(parents=True, exist_ok=True)
    rows = table.scan().filter(pl.lit(pl.Series("keep", keep)))
    rows.drop(list(drop), strict=False).sink_parquet(path, compression="lz4", engine="streaming")
    return int(keep.sum())


# --- by time ---------------------------------------------------------------------------------------------------


def _time_cut(table: Table, split: Split, location: Location | None) -> Mask:
    import polars as pl

    column, start = str(split.time), split.start
    table.require((column,), "the split", location)
    values = table.scan().select(column).collect(engine="streaming")[column]
    if values.dtype.is_float():
        values = values.fill_nan(None)
    if values.null_count():
        raise DataError(
            f"Dataset '{table.name}': {values.null_count():,} rows have no `{column}`: they are on no side of the cut.",
            hint="Fill the times in, leave the rows out, or split in another way.",
            location=location,
        )
    if values.dtype.is_numeric():
        return (values >= _number(table, column, start, location)).to_numpy()
    if values.dtype in (pl.Date, pl.Datetime):
        micros, _ = moments(values)
    else:
        micros = _read(table, values, location)
    return micros >= _moment(table, column, start, location)


def _read(table: Table, values: pl.Series, location: Location | None) -> NDArray[np.int64]:
    """The moments of a column of texts."""
    import polars as pl

    if values.dtype not in (pl.String, pl.Categorical, pl.Enum):
        raise _incomparable(table, f"the values of `{values.name}` ({short(values.dtype)}) are no times", location)
    micros, _, valid = moments_of_texts(values.cast(pl.String).str.strip_chars())
    if not valid.all():
        wrong, first = int((~valid).sum()), int(valid.argmin()) + 1
        why = f"{wrong:,} values of `{values.name}` are no ISO times; row {first:,} holds the first"
        raise _incomparable(table, why, location)
    return micros


def _number(table: Table, column: str, start: object, location: Location | None) -> float:
    if isinstance(start, int | float):
        return start
    try:
        return float(str(start))
    except ValueError:
        raise _incomparable(table, f"`{column}` holds numbers, and `from: {start}` is none", location) from None


def _moment(table: Table, column: str, start: object, location: Location | None) -> int:
    """The cut in microseconds since 1970."""
    import polars as pl

    text = start.isoformat() if isinstance(start, dt.date) else str(start)
    micros, _, valid = moments_of_texts(pl.Series([text.strip()]))
    if not valid[0]:
        raise _incomparable(table, f"`{column}` holds times, and `from: {start}` is none", location)
    return int(micros[0])


def _incomparable(table: Table, why: str, location: Location | None) -> DataError:
    return DataError(
        f"Dataset '{table.name}': {why}.",
        hint="A cut needs a column of dates, of ISO times (2024-01-31 12:00) or of numbers, and `from` alike.",
        location=location,
    )
