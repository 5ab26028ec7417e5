"""The tables that a child reads: as they were written, or in the format and with the columns that it takes.

A worker is given the training rows alone while it fits; the rows to predict are put into a folder that is empty until
then. A command is given both at once: nothing tells when its fitting is over.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
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
    """The files and folders that a child may read from its start: those of the training, or the copies of them."""
    whole = training.config.command is not None
    names = ("train", "holdout") if whole else ("train",)
    copies = (training.scratch / f"{name}.{ending}" for name in names for ending in ("parquet", "csv"))
    return (training.train, training.holdout if whole else later(training), *copies)


def later(training: Training) -> Path:
    """The folder that the rows to predict are put into once all fitting is over."""
    return training.scratch / "later"


def empty(training: Training) -> None:
    """Make the folder of the rows to predict, with nothing in it."""
    folder = later(training)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def hand_over(training: Training, wanted: DataFormat) -> None:
    """Put the rows to predict where the worker waits for them, whole at once; where they are already, do nothing.

    Args:
        training: Whose rows they are.
        wanted: The format that the child reads; `tables` has written it.
    """
    source = training.holdout if wanted == training.data_format else training.scratch / f"holdout.{wanted}"
    target = later(training) / f"holdout.{wanted}"
    with suppress(FileExistsError):
        try:
            os.link(source, target)
        except FileExistsError:
            raise
        except OSError:  # another file system, or one without links
            draft = training.scratch / "later.part"
            shutil.copyfile(source, draft)
            draft.replace(target)


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
