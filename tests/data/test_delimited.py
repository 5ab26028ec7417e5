"""CSV as pandas reads it: types over all rows, and each oddity of a file either read or refused in one sentence."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import math
import zipfile

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from mlci.data.delimited import Dialect, to_parquet
from mlci.data.sources import Source
from mlci.errors import DataError


@pytest.fixture(scope="session")
def parse(tmp_path_factory):
    """Parse a file's bytes, guessing its types from a number of rows."""

    def parsed(content: bytes, sample: int):
        folder = tmp_path_factory.mktemp("parse")
        (folder / "f.csv").write_bytes(content)
        source = Source("d", folder / "f.csv", "f.csv")
        to_parquet([(source, "text")], folder / "f.parquet", Dialect(sample=sample))
        return pl.read_parquet(folder / "f.parquet")

    return parsed


def rows(table):
    return table.scan().collect().rows()


def types(table):
    return [column.dtype for column in table.columns]


def zipped(content: bytes, *names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return file.getvalue()


# --- types -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "dtype", "values"),
    [
        (["1", "-2", "+3", "007", " 8 "], "Int64", [1, -2, 3, 7, 8]),
        (["1", "2.5", ".5", "1e3"], "Float64", [1.0, 2.5, 0.5, 1000.0]),
        (["inf", "-Infinity", "1"], "Float64", [math.inf, -math.inf, 1.0]),
        (["True", "false", "TRUE"], "Boolean", [True, False, True]),
        (["True", "1"], "String", ["True", "1"]),
        (["1", "x"], "String", ["1", "x"]),
        ([" a", "b "], "String", [" a", "b "]),
        (["2024-01-31", "2024-02-01"], "String", ["2024-01-31", "2024-02-01"]),
        ([str(2**64 - 1), "1"], "UInt64", [2**64 - 1, 1]),
        ([str(2**64), "1"], "String", [str(2**64), "1"]),
        ([str(2**64 - 1), "-1"], "String", [str(2**64 - 1), "-1"]),
        ([str(10**23), "0.5"], "Float64", [1e23, 0.5]),
        (["1", "NA", "", "null", "NaN", "None", "#N/A", "<NA>", '"NA"'], "Int64", [1, *[None] * 8]),
        (["NA", "", "nan"], "Float64", [None, None, None]),
    ],
)
def test_to_parquet__types(read, fields, dtype, values):
    """A column has the type that holds all its values, as in pandas; whole numbers beyond 64 bits keep their digits."""
    table = read(("k,a\n" + "".join(f"0,{field}\n" for field in fields)).encode())
    assert (types(table)[1], [row[1] for row in rows(table)]) == (dtype, values)


@pytest.mark.parametrize("late", ["10.5", "abc", "True", str(2**63), str(10**30)])
@pytest.mark.parametrize("early", ["1", "NA", "1.5", "True", str(10**30)])
def test_to_parquet__a_late_value_is_heard(parse, early, late):
    """A value far behind the rows of the first guess gives the column the same type as one among them."""
    text = "k,a\n" + f"0,{early}\n" * 20 + f"0,{late}\n"
    assert_frame_equal(parse(text.encode(), sample=3), parse(text.encode(), sample=50_000))


@pytest.mark.parametrize(
    ("nulls", "expected"), [((), [1, None, "?"]), (("?",), [1, None, None]), (("1", "?"), [None, None, None])]
)
def test_to_parquet__own_nulls(read, nulls, expected):
    """Texts that mean no value replace pandas' list; an empty field never means one."""
    found = [row[1] for row in rows(read(b"k,a\n0,1\n0,\n0,?\n", null_values=nulls))]
    assert [value if value is None else str(value) for value in found] == [v if v is None else str(v) for v in expected]


FIELDS = st.sampled_from(
    [
        *("1", "-2", "007", "1.5", " 7", "8 ", ".5", "1e3", "inf", "True", "false", "2024-01-01", "12:00"),
        *("NA", "", "nan", "null", "NA ", "a", "é", " x", "'q'"),
        *('"a,b"', '"x\ny"', '""', '"1"', '"NA"', '"q""q"', '5" pipe', '"x"y'),
    ]
)
LINES = st.lists(
    st.one_of(st.lists(FIELDS, min_size=3, max_size=3).map(",".join), st.sampled_from(["", ",,", "a", "  "]))
)


def plain(value):
    """A value without its library's type; None for none."""
    value = value.item() if hasattr(value, "item") else value
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value


@given(LINES, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\n", "\n\n"]), st.sampled_from([1, 2, 50_000]))
def test_to_parquet__agrees_with_pandas(parse, lines, newline, end, sample):
    """Any file that pandas reads is read alike: the same columns, the same rows, the same values."""
    content = (newline.join(["a,b,c", *lines]) + end).encode()
    expected = pd.read_csv(io.BytesIO(content))
    found = parse(content, sample=sample)
    assert {name: [plain(value) for value in expected[name].tolist()] for name in expected.columns} == {
        name: found[name].to_list() for name in found.columns
    }


# --- oddities of files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "names", "expected"),
    [
        (b"\xef\xbb\xbfa,b\n1,2\n", "ab", [(1, 2)]),
        (b"a,b\r\n1,2\r\n3,4\r\n", "ab", [(1, 2), (3, 4)]),
        (b"a,b\r1,2\r3,4\r", "ab", [(1, 2), (3, 4)]),
        (b"a,b\n1,2", "ab", [(1, 2)]),
        (b'a,b\n"x\ny",2\n', "ab", [("x\ny", 2)]),
        (b'a,b\n5" pipe,2\n"x"y,3\n', "ab", [('5" pipe', 2), ("xy", 3)]),
        (b"a,b\n1,2\n1\n", "ab", [(1, 2), (1, None)]),
        (b"\n\na,b\n1,2\n\n3,4\n\n\n", "ab", [(1, 2), (3, 4)]),
        (b"a,b\n1,2\n,\n\n3,4\n", "ab", [(1, 2), (None, None), (3, 4)]),
        (b"a,b\n1,2\n   \n3,4\n", "ab", [(1, 2), (3, 4)]),
        (b'a\n1\n\n""\nNA\n3\n', "a", [(1,), (None,), (None,), (3,)]),
        (b"a,a,a\n1,2,3\n", ["a", "a.1", "a.2"], [(1, 2, 3)]),
        (b"a,a,a.1\n1,2,3\n", ["a", "a.2", "a.1"], [(1, 2, 3)]),
        (b",a,\n1,2,\n", ["Unnamed: 0", "a", "Unnamed: 2"], [(1, 2, None)]),
    ],
)
def test_to_parquet__reads_as_pandas(read, content, names, expected):
    """Marks, line ends, quotes, blank lines and unusual headers are read as pandas reads them."""
    table = read(content)
    assert (list(table.names), rows(table)) == (list(names), expected)


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "d.csv.gz"),
        (bz2.compress(b"a,b\n1,2\n"), "d.csv.bz2"),
        (lzma.compress(b"a,b\n1,2\n"), "d.csv.xz"),
        (zipped(b"a,b\n1,2\n", "inner.csv"), "d.zip"),
        (b"a\tb\n1\t2\n", "d.tsv"),
        (b"a,b\n1,2\n", "d.data"),
    ],
)
def test_to_parquet__packed_and_named_otherwise(read, content, path):
    """Compressed files are unpacked; a .tsv is cut at tabs; an unknown ending is read by its content."""
    assert rows(read(content, path)) == [(1, 2)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "d.csv is empty"),
        (b"\n\n", "d.csv is empty"),
        (b"a,b\n", "'d.csv' holds no rows"),
        (b"a,b\nx,1\nsecr\xe9t,2\n", "d.csv, line 3, is not UTF-8"),
        (b"\xe9,b\n1,2\n", "d.csv, line 1, is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "d.csv is text in UTF-16"),
        (b"a,b\n1,2\n1,secret,3\n", "d.csv, line 3, has 3 fields, and the header has 2"),
        (b"a,b\n1,2,\n3,4,\n", "d.csv, line 2, has 3 fields, and the header has 2"),
        (b'a,b\n1,2\n"secret,2\n3,4\n', "d.csv, line 3, opens a quote that is never closed"),
        (b'a,b\n1,2\n"secret,' + b"2\n3,4\n" * 50_000, "d.csv, line 3, opens a quote that is never closed"),
        (b"a;b\n1;2\n", "d.csv, line 1, has one column, whose name holds another separator"),
        (b"n" * 501 + b",b\n1,2\n", "d.csv, line 1, has a column whose name is longer than 500 characters"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "d.csv is a pointer of Git LFS, not the data"),
        (b"outs:\n- md5: 1\n", "d.csv is a pointer of DVC, not the data"),
        (b"<!doctype html><title>", "d.csv is an HTML page, perhaps the one that asks to sign in"),
        (b"ARROW1\0\0", "d.csv is an Arrow (Feather) file"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "d.csv cannot be unpacked"),
        (bz2.compress(b"a,b\n1,2\n")[:-9], "d.csv cannot be unpacked"),
        (zipped(b"a\n1\n", "p.csv", "q.csv"), "d.csv is an archive of 2 files"),
    ],
)
def test_to_parquet__refuses(read, tmp_path, content, message):
    """What cannot be read is refused in one sentence that names the file and the line, and holds no value."""
    (tmp_path / "d.csv").touch()
    with pytest.raises(DataError) as caught:
        read(content)
    error = caught.value
    assert (error.message.removesuffix("."), bool(error.hint), "secr" in str(error)) == (
        f"Dataset 'd': {message}",
        True,
        False,
    )


@pytest.mark.parametrize("separator", ["§", '"', "\n"])
def test_to_parquet__separator_that_cannot_be(read, separator):
    """A separator is one ASCII character, and no quote or line end."""
    with pytest.raises(DataError, match="this separator cannot be read"):
        read(b"a,b\n1,2\n", separator=separator)


# --- several files ----------------------------------------------------------------------------------------------


def test_to_parquet__several_files(read):
    """A glob's files are read in the order of their names, their columns matched by name, typed over all of them."""
    read(b"a,b\n1,2\n", "part-1.csv")
    read(b"b,a\n4.5,x\n", "part-2.csv")
    table = read(path="part-*.csv")
    assert (types(table), rows(table)) == (["String", "Float64"], [("1", 2.0), ("x", 4.5)])


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"a\n1\n", "part-2.csv has no column 'b', which part-1.csv has."),
        (b"a,b,c\n1,2,3\n", "part-2.csv has a column 'c', which part-1.csv has not."),
    ],
)
def test_to_parquet__files_of_other_columns(read, header, message):
    """Files of different columns are refused, with the file and the column."""
    read(b"a,b\n1,2\n", "part-1.csv")
    read(header, "part-2.csv")
    with pytest.raises(DataError, match=f"Dataset 'd': {message}"):
        read(path="part-*.csv")
