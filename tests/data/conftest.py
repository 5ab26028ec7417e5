"""Tables made from bytes, from frames and from files, each in a folder of its own."""

from __future__ import annotations

import itertools

import polars as pl
import pytest

from mlci.config.data import Dataset
from mlci.data.read import open_table
from mlci.errors import DataError


@pytest.fixture
def read(tmp_path):
    """Write a file's bytes below an empty root, and open it as the dataset `d`."""
    numbers = itertools.count()

    def opened(content: bytes = b"", path: str = "d.csv", **dataset):
        if content:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content)
        scratch = tmp_path / f"scratch-{next(numbers)}"
        return open_table("d", Dataset(path=path, **dataset), root=tmp_path, scratch=scratch)

    return opened


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    """Make a table of a frame or of columns; of session scope, so that property tests may use it."""
    folder = tmp_path_factory.mktemp("tables")
    numbers = itertools.count()

    def made(frame, name: str = "d"):
        path = folder / f"{next(numbers)}.parquet"
        pl.DataFrame(frame).write_parquet(path)
        return open_table(name, Dataset(path=path.name), root=folder, scratch=folder / "scratch")

    return made


@pytest.fixture(scope="session")
def csv_table(tmp_path_factory):
    """Open the text of a CSV file as a table; of session scope, so that property tests may use it."""
    folder = tmp_path_factory.mktemp("texts")
    numbers = itertools.count()

    def made(text: str, **dataset):
        path = folder / f"{next(numbers)}.csv"
        path.write_bytes(text.encode())
        return open_table("d", Dataset(path=path.name, **dataset), root=folder, scratch=folder / "scratch")

    return made


@pytest.fixture
def root(tmp_path):
    """A repository with the same data in CSV and in Parquet."""
    frame = pl.DataFrame({"id": [1, 2, 3], "x": [0.5, None, float("nan")], "s": ["a", None, "c"]})
    (tmp_path / "data").mkdir()
    frame.fill_nan(None).write_csv(tmp_path / "data" / "d.csv")
    frame.write_parquet(tmp_path / "data" / "d.parquet")
    return tmp_path


@pytest.fixture
def open_at():
    """Open a path below a root as the dataset `d`."""

    def opened(root, path, **dataset):
        return open_table("d", Dataset(path=path, **dataset), root=root, scratch=root / "scratch")

    return opened


@pytest.fixture
def refuse_at(open_at):
    """The message and the hint with which a path is refused."""

    def refused(root, path, **dataset) -> str:
        with pytest.raises(DataError) as caught:
            open_at(root, path, **dataset)
        return f"{caught.value.message} {caught.value.hint}"

    return refused
