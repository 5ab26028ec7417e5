"""Opening a dataset: what a table tells of it, and where it may lie."""

from __future__ import annotations

import datetime as dt
import pathlib

import polars as pl
import pytest

from mlci.config.data import Dataset
from mlci.data import delimited
from mlci.data.fingerprint import fingerprint
from mlci.data.read import scan_once, short
from mlci.errors import DataError, Location
from mlci.results import Column

# --- what a table tells -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["data/d.csv", "data/d.parquet"])
def test_open_table__profile(root, path, open_at):
    """A table knows its rows, its columns and their missing values, NaN among them, in CSV as in Parquet."""
    table = open_at(root, path)
    assert (table.rows, table.columns, table.bytes, table.fingerprint, table.files) == (
        3,
        (
            Column(name="id", dtype="Int64"),
            Column(name="x", dtype="Float64", nulls=2),
            Column(name="s", dtype="String", nulls=1),
        ),
        (root / path).stat().st_size,
        fingerprint([root / path]),
        (root / path,),
    )


@pytest.mark.parametrize("path", ["data/d.csv", "data/d.parquet"])
def test_scan_once__the_same_rows(root, tmp_path, path, open_at):
    """Who reads a table once gets the same rows as who opens it."""
    frame = scan_once("d", Dataset(path=path), root=root, scratch=tmp_path / "scratch")
    assert frame.collect().equals(open_at(root, path).scan().collect())


def test_scan_once__no_rows(tmp_path):
    """A table without rows is refused, as by who opens it."""
    (tmp_path / "e.csv").write_text("a,b\n", encoding="utf-8")
    with pytest.raises(DataError, match="holds no rows"):
        scan_once("e", Dataset(path="e.csv"), root=tmp_path, scratch=tmp_path / "scratch")


def test_open_table__parquet_is_scanned_in_place(root, open_at):
    """Parquet is not copied."""
    assert open_at(root, "data/d.parquet").parquet == (root / "data/d.parquet",)


def test_open_table__same_content_is_parsed_once(root, monkeypatch, open_at):
    """A second table of the same content takes the first one's working copy."""
    first = open_at(root, "data/d.csv")
    (root / "copy.csv").write_bytes((root / "data/d.csv").read_bytes())
    monkeypatch.setattr(delimited, "to_parquet", None)
    assert open_at(root, "copy.csv").parquet == first.parquet


def test_open_table__other_options_are_parsed_anew(root, open_at):
    """The same content with other null values is another table."""
    assert (
        open_at(root, "data/d.csv").column("s").nulls
        != open_at(root, "data/d.csv", null_values=("a",)).column("s").nulls
    )


def test_open_table__leaves_only_working_copies(root, open_at, refuse_at):
    """No temporary file stays behind, also where the reading failed."""
    (root / "bad.csv").write_bytes(b'a,b\n1,2\n"x,3\n')
    refuse_at(root, "bad.csv")
    table = open_at(root, "data/d.csv")
    assert [*(root / "scratch").iterdir()] == list(table.parquet)


def test_table__column_missing(root, open_at):
    """A missing column is named with who asked for it, where, and the nearest that is there."""
    with pytest.raises(DataError) as caught:
        open_at(root, "data/d.csv").require(("idd",), "the key", Location("mlci.yml", 4, 5))
    assert (
        str(caught.value) == "mlci.yml:4:5: Dataset 'd' has no column 'idd', which the key names.\n  Did you mean 'id'?"
    )


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (pl.Int64(), "Int64"),
        (pl.Datetime("us"), "Datetime"),
        (pl.Datetime("us", "Europe/Berlin"), "Datetime(Europe/Berlin)"),
        (pl.Enum(["secret"]), "Enum"),
        (pl.Decimal(10, 2), "Decimal"),
        (pl.List(pl.Enum(["secret"])), "List(Enum)"),
        (pl.Struct({"a": pl.Int64()}), "Struct"),
    ],
    ids=str,
)
def test_short__names_types_without_values(dtype, expected):
    """A type is named briefly, and an Enum's categories, which are values, are not told."""
    assert short(dtype) == expected


# --- Parquet ----------------------------------------------------------------------------------------------------


@pytest.fixture
def parts(tmp_path):
    """Write frames as part-0.parquet, part-1.parquet, …; the root."""

    def written(*frames):
        for i, frame in enumerate(frames):
            pl.DataFrame(frame).write_parquet(tmp_path / f"part-{i}.parquet")
        return tmp_path

    return written


def test_open_table__parquet_parts_of_one_schema(parts, open_at):
    """Files of the same columns are scanned in place, one after the other."""
    table = open_at(parts({"a": [1]}, {"a": [2]}), "*.parquet")
    assert (len(table.parquet), table.scan().collect().rows()) == (2, [(1,), (2,)])


def test_open_table__parquet_parts_of_other_order_and_width(parts, open_at):
    """Columns are matched by name, and numbers widened, in one working copy that scans as one table."""
    table = open_at(parts({"a": [1], "b": ["x"]}, {"b": ["y"], "a": [2.5]}), "*.parquet")
    assert (len(table.parquet), table.scan().collect().rows()) == (1, [(1.0, "x"), (2.5, "y")])


def test_open_table__parquet_parts_of_other_types(parts, refuse_at):
    """A column of texts in one file and of numbers in another is refused, with the file and the column."""
    root = parts({"a": [1]}, {"a": ["secret"]})
    message = "Dataset 'd': part-1.parquet has String in column 'a', and part-0.parquet has Int64."
    assert refuse_at(root, "*.parquet").startswith(message)


def test_open_table__parquet_parts_of_other_columns(parts, refuse_at):
    """A file that lacks a column is refused."""
    root = parts({"a": [1], "b": [1]}, {"a": [1]})
    assert refuse_at(root, "*.parquet").startswith(
        "Dataset 'd': part-1.parquet has no column 'b', which part-0.parquet has."
    )


def test_open_table__parquet_without_rows(parts, refuse_at):
    """A table without rows is refused."""
    assert "'part-0.parquet' holds no rows" in refuse_at(parts({"a": []}), "part-0.parquet")


def test_open_table__folder_names_are_no_columns(parts, open_at):
    """A folder called key=value is a folder."""
    root = parts({"a": [1]})
    (root / "year=2024").mkdir()
    (root / "part-0.parquet").rename(root / "year=2024" / "p.parquet")
    assert open_at(root, "year=2024/p.parquet").names == ("a",)


@pytest.mark.parametrize("keep", [8, 100, -20])
def test_open_table__parquet_cut_short(root, keep, refuse_at):
    """A damaged Parquet file is refused without the reader's own words."""
    file = root / "data" / "d.parquet"
    file.write_bytes(file.read_bytes()[:keep])
    assert refuse_at(root, "data/d.parquet") == (
        "Dataset 'd': data/d.parquet cannot be read as Parquet. It is damaged or cut short: write or fetch it again."
    )


def test_open_table__dates_of_parquet_stay_dates(parts, open_at):
    """Parquet keeps its types."""
    table = open_at(parts({"t": [dt.date(2024, 1, 31)]}), "part-0.parquet")
    assert table.columns == (Column(name="t", dtype="Date"),)


# --- formats ----------------------------------------------------------------------------------------------------


def test_open_table__parquet_called_csv(root, refuse_at):
    """Parquet under a CSV's name is refused, with both ways to mend it."""
    (root / "data/d.parquet").rename(root / "x.csv")
    assert refuse_at(root, "x.csv").startswith("Dataset 'd': x.csv is Parquet, not CSV. Set `format: parquet`")


def test_open_table__csv_called_parquet(root, refuse_at):
    """CSV under Parquet's name is refused."""
    (root / "data/d.csv").rename(root / "x.parquet")
    assert refuse_at(root, "x.parquet").startswith("Dataset 'd': x.parquet is no Parquet file. Where it is CSV, set")


def test_open_table__format_as_configured(root, open_at):
    """`format` says what the ending does not."""
    (root / "data/d.parquet").rename(root / "x.csv")
    assert open_at(root, "x.csv", format="parquet").rows == 3


def test_open_table__mixed_formats(root, refuse_at):
    """A glob of CSV and Parquet is refused."""
    assert refuse_at(root, "data/*").startswith("Dataset 'd': 'data/*' matches CSV and Parquet files.")


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="the device that is always full is Linux's own")
def test_open_table__no_space_left(root, monkeypatch, refuse_at):
    """A full disk is called one; Polars meets a real one here."""
    sink = delimited._sink
    monkeypatch.setattr(delimited, "_sink", lambda frame, _: sink(frame, pathlib.Path("/dev/full")))
    assert refuse_at(root, "data/d.csv").startswith("Dataset 'd': there is no space left for its working copy.")
