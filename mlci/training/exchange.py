"""The tables that a child reads: as they were written, or in the format and with the columns that it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from mlci.training.job import DataFormat, Training


def tables(training: Training, wanted: DataFormat, *, drop: Sequence[str] = ()) -> tuple[Path, Path]:
    """The files of the training rows and of the holdout, written anew in the scratch folder where they must differ.

    Args:
        training: Whose tables they are.
        wanted: The format that the child reads.
        drop: Columns that the child must not be given.

    Raises:
        TrainingError: a column cannot be written as CSV.
    """
    train, holdout = (
        _table(path, name, training, wanted, drop)
        for path, name in ((training.train, "train"), (training.holdout, "holdout"))
    )
    return train, holdout


def given(training: Training) -> tuple[Path, ...]:
    """The files that a child may be given: those of the training, and the copies of them."""
    copies = (training.scratch / f"{name}.{ending}" for name in ("train", "holdout") for ending in ("parquet", "csv"))
    return (training.train, training.holdout, *copies)


def _table(path: Path, name: str, training: Training, wanted: DataFormat, drop: Sequence[str]) -> Path:
    import polars as pl

    if wanted == training.data_format and not drop:
        return path
    copy = training.scratch / f"{name}.{wanted}"
    frame = pl.scan_parquet(path) if training.data_format == "parquet" else pl.scan_csv(path, infer_schema=False)
    frame = frame.drop(list(drop), strict=False)
    if wanted == "parquet":
        frame.sink_parquet(copy)
        return copy
    _check_flat(frame, training)
    frame.sink_csv(copy)
    return copy


def _check_flat(frame: pl.LazyFrame, training: Training) -> None:
    nested = [name for name, dtype in frame.collect_schema().items() if dtype.is_nested()]
    if nested:
        raise TrainingError(
            f"{training.subject} is to be given CSV, which cannot hold the lists or structures of `{nested[0]}`.",
            hint="Leave the column out (`drop`), or give Parquet (`data_format: parquet`).",
        )
