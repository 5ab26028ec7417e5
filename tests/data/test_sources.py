"""Where data may lie: paths, patterns and URLs, and the sentence for each that leads nowhere."""

from __future__ import annotations

import errno
import os
import pathlib

import fsspec
import pytest

from mlci.config.data import Dataset
from mlci.data.read import open_table
from mlci.errors import DataError, Location

# --- where data lie ---------------------------------------------------------------------------------------------


def test_open_table__absolute_path_and_brackets(root, open_at):
    """An absolute path is read as it stands, and a file whose name looks like a pattern is a file."""
    (root / "data/d.csv").rename(root / "[1].csv")
    assert open_at(pathlib.Path("/"), str(root / "[1].csv")).path == str(root / "[1].csv")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("data/d.cvs", "there is no file 'data/d.cvs'. Did you mean 'd.csv'?"),
        ("date/d.csv", "there is no file 'date/d.csv'. There is no folder 'date' either; paths start from"),
        ("data", "'data' is a directory. Name its files, as in path: data/*.parquet"),
        ("data/*.json", "no file matches 'data/*.json'. The pattern starts from the repository's root"),
        ("data/big.csv", "'data/big.csv' is kept by DVC, and is not here. Run `dvc pull` before mlci."),
        ("data/annexed.csv", "'data/annexed.csv' is a link to a file that is not here. Where git-annex holds the data"),
        ("data/ann*.csv", "'data/annexed.csv' is a link to a file that is not here. Where git-annex holds the data"),
    ],
)
def test_open_table__not_there(root, path, message, refuse_at):
    """What is not there is named, with the likeliest reason."""
    (root / "data/big.csv.dvc").touch()
    (root / "data/annexed.csv").symlink_to("../.git/annex/objects/1")
    assert refuse_at(root, path).startswith(f"Dataset 'd': {message}")


def test_open_table__location(root):
    """An error about the path says where the configuration names it."""
    with pytest.raises(DataError) as caught:
        open_table("d", Dataset(path="x"), root=root, scratch=root / "s", location=Location("mlci.yml", 3, 11))
    assert caught.value.location == Location("mlci.yml", 3, 11)


def test_open_table__not_permitted(root, monkeypatch, refuse_at):
    """A file that may not be read is refused in one sentence."""

    def refuse(self, *_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    monkeypatch.setattr(pathlib.Path, "open", refuse)
    assert refuse_at(root, "data/d.csv").startswith("Dataset 'd': data/d.csv may not be read.")


# --- URLs -------------------------------------------------------------------------------------------------------


@pytest.fixture
def remote(root):
    """Files in fsspec's memory."""
    system = fsspec.filesystem("memory")
    for name in ("d.csv", "d.parquet"):
        system.pipe_file(f"/bucket/{name}", (root / "data" / name).read_bytes())
    yield system
    system.rm("/bucket", recursive=True)


@pytest.mark.parametrize("path", ["memory://bucket/d.csv", "memory://bucket/d.parquet", "memory://bucket/*.csv"])
def test_open_table__url(root, remote, path, open_at):
    """A URL is fetched into the scratch folder, and read like a file."""
    table = open_at(root, path)
    assert (table.rows, table.path, all(file.is_relative_to(root / "scratch") for file in table.files)) == (
        3,
        path,
        True,
    )


def test_open_table__url_is_fetched_once(root, remote, open_at):
    """A second table of the same URL reads what the first one fetched."""
    first = open_at(root, "memory://bucket/d.csv")
    remote.pipe_file("/bucket/d.csv", b"id\n1\n")
    assert open_at(root, "memory://bucket/d.csv") == first


def test_open_table__file_url(root, open_at):
    """A file:// URL is read in place."""
    assert open_at(root, f"file://{root}/data/d.parquet").files == (root / "data/d.parquet",)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("s3://bucket/d.csv", "reading s3:// needs the driver s3fs, which is not installed. pip install s3fs"),
        ("what://bucket/d.csv", "mlci knows no what:// URLs. It knows fsspec's"),
        ("memory://bucket/no.csv", "there is no memory://bucket/no.csv. Check the URL."),
        ("memory://bucket", "memory://bucket cannot be fetched (IsADirectoryError)."),
        ("memory://bucket/*.json", "no file matches memory://bucket/*.json."),
    ],
)
def test_open_table__url_refused(root, remote, path, message, refuse_at):
    """A URL that cannot be fetched is refused with the reason and the mending."""
    assert refuse_at(root, path).startswith(f"Dataset 'd': {message}")


def test_open_table__url_keeps_its_secrets(root, monkeypatch, refuse_at):
    """User, password and query of a URL are in no message."""

    def fail(*_, **__):
        raise RuntimeError("token=secret")

    monkeypatch.setattr(fsspec.implementations.memory.MemoryFileSystem, "get_file", fail)
    monkeypatch.setattr(fsspec.implementations.memory.MemoryFileSystem, "isdir", lambda *_: False)
    message = refuse_at(root, "memory://user:secret@host/d.csv?token=secret")
    assert message.startswith("Dataset 'd': memory://host/d.csv cannot be fetched (RuntimeError).")
