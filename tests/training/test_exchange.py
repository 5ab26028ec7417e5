from __future__ import annotations

import dataclasses

import polars as pl
import pytest

from mlci.errors import TrainingError
from mlci.training import exchange


@pytest.fixture
def training(workshop, plain):
    """A training with Parquet files."""
    training = workshop.training(plain)
    training.scratch.mkdir()
    return training


def test_tables__as_they_are(training):
    """What the child reads as it is, is not copied."""
    assert exchange.tables(training, "parquet") == (training.train, training.holdout)


@pytest.mark.parametrize("wanted", ["parquet", "csv"])
def test_tables__without_dropped_columns(training, wanted):
    """Columns that the child must not see are in neither copy; names that are not there do not matter."""
    paths = exchange.tables(training, wanted, drop=("age", "no such column"))
    read = pl.read_parquet if wanted == "parquet" else pl.read_csv
    assert [(path.suffix, read(path).columns) for path in paths] == [
        (f".{wanted}", ["hours", "town", "label"]),
        (f".{wanted}", ["hours", "town"]),
    ]


@pytest.mark.parametrize("files", ["parquet", "csv"])
def test_tables__same_values(workshop, plain, files):
    """A copy holds the same numbers to the last digit."""
    training = workshop.training(plain, files=files)
    training.scratch.mkdir()
    other = "csv" if files == "parquet" else "parquet"
    train, _ = exchange.tables(training, other)
    frames = [
        pl.read_csv(path)
        if kind == "csv"
        else pl.read_parquet(path).with_columns(pl.col("age", "hours").cast(pl.Float64))
        for path, kind in ((training.train, files), (train, other))
    ]
    assert frames[0].equals(frames[1])


def test_tables__nested_column(training):
    """A list cannot be written as CSV, and the column is named."""
    path = training.train.with_name("nested.parquet")
    pl.DataFrame({"tags": [[1, 2]]}).write_parquet(path)
    nested = dataclasses.replace(training, train=path)
    with pytest.raises(TrainingError, match="cannot hold the lists or structures of `tags`"):
        exchange.tables(nested, "csv")
