"""The rewriting of unusual CSV files."""

from __future__ import annotations

import pytest

from mlci.data.sources import Source
from mlci.data.tidy import blank_lines, header, tidy


@pytest.fixture
def source(tmp_path):
    """Write a file's bytes."""

    def written(content: bytes):
        (tmp_path / "f.csv").write_bytes(content)
        return Source("d", tmp_path / "f.csv", "f.csv")

    return written


def test_tidy__rewrites_what_is_unusual(source, tmp_path):
    """Quotes are doubled, line ends made one, blank lines left out, and rows of empty fields kept."""
    tidy(source(b'\xef\xbb\xbfa;b\r5" pipe;1\r\r;\r"x;y";2'), ";", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b'a;b\n"5"" pipe";1\n;\n"x;y";2\n'


@pytest.mark.parametrize(
    ("line", "names"),
    [(b"a,b", ["a", "b"]), (b",,", ["Unnamed: 0", "Unnamed: 1", "Unnamed: 2"]), (b'"a,b",c', ["a,b", "c"])],
)
def test_header__names_as_pandas(source, line, names):
    """Names are pandas' own."""
    assert header(source(line + b"\n1,2\n"), ",") == names


def test_blank_lines__counts_empty_lines_alone(source):
    """A line of separators or of spaces is not blank."""
    assert blank_lines(source(b"a,b\n\n,\n \n\r\n").path) == 2
