"""The slow and exact reader of CSV: it says what is wrong with a file and where, and rewrites one that is only unusual.

Polars reads the regular files. What it refuses comes here: quotes inside unquoted fields, old Mac line ends and blank
lines are rewritten as pandas would have read them; ragged rows, open quotes and other encodings are named with
their line.
"""

from __future__ import annotations

import csv
import shutil
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mlci.data.sources import Content, Source

DAMAGED = "It is damaged or has a password: fetch or write it again."

_END = "\0\0\0"  # appended to the text: it comes back as a row of its own, unless a quote is open


def header(source: Source, separator: str) -> list[str]:
    """The column names of a CSV file, named as pandas names them: `Unnamed: 0` for none, `a.1` for a second `a`.

    Raises:
        DataError: the file is empty, or its first line cannot be a header.
    """
    for row, _ in _rows(source, separator):
        return _distinct(row)
    raise source.error("is empty", hint="A CSV file starts with a line of column names.")


def _distinct(names: list[str]) -> list[str]:
    filled = [name or f"Unnamed: {i}" for i, name in enumerate(names)]
    taken, seen, result = set(filled), set[str](), []
    for name in filled:
        unique, k = name, 0
        while unique in seen or (k and unique in taken):
            k += 1
            unique = f"{name}.{k}"
        seen.add(unique)
        result.append(unique)
    return result


def tidy(source: Source, separator: str, target: Path) -> None:
    """Rewrite a CSV file so that any reader reads it as pandas would: quoted where needed, without blank lines.

    Raises:
        DataError: a row has more fields than the header, a quote is never closed, or the text is not UTF-8.
    """
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator="\n")
        width = 0
        for row, line in _rows(source, separator):
            width = width or len(row)
            if len(row) > width:
                extra = "end in a separator" if not any(row[width:]) else "hold an unquoted separator"
                raise source.error(
                    f"has {len(row)} fields, and the header has {width}",
                    hint=f"Rows must have the header's fields; perhaps the rows {extra}.",
                    line=line,
                )
            writer.writerow(row)


def _rows(source: Source, separator: str) -> Iterator[tuple[list[str], int]]:
    """The rows that are not blank, each with the number of its first line."""
    closed = False
    start = 1
    try:
        with source.path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(_with_end(file), delimiter=separator)
            for row in reader:
                closed = row == [_END]
                if row and not closed and not (len(row) == 1 and row[0] and not row[0].strip()):
                    yield row, start
                if not closed and row and row[-1].endswith(_END):
                    break
                start = reader.line_num + 1
    except UnicodeDecodeError:
        raise source.error(
            "is not UTF-8",
            hint="Save the file as UTF-8, as in: iconv -f latin1 -t utf-8 OLD.csv > NEW.csv",
            line=_undecodable_line(source.path),
        ) from None
    except csv.Error:
        closed = False
    if not closed:
        raise source.error(
            "opens a quote that is never closed",
            hint='A quote inside a quoted field is written twice: "".',
            line=start,
        )


def _with_end(file: IO[str]) -> Iterator[str]:
    last = "\n"
    for last in file:
        yield last
    if not last.endswith(("\n", "\r")):
        yield "\n"
    yield _END


def _undecodable_line(path: Path) -> int:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return number


def blank_lines(path: Path) -> int:
    """How many lines of a file hold nothing."""
    with path.open("rb") as file:
        return sum(line in {b"\n", b"\r\n"} for line in file)


def unpack(source: Source, kind: Content, target: Path, *, most: int | None = None) -> None:
    """Write the content of a compressed file to `target`, or only its first bytes, `most` at the most.

    Raises:
        DataError: the file is damaged, or an archive does not hold exactly one file.
    """
    import bz2
    import gzip
    import lzma
    import zipfile
    import zlib

    openers: dict[str, Callable[[Path], Any]] = {"gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open}
    try:
        with target.open("wb") as out:
            if kind in openers:
                with openers[kind](source.path) as stream:
                    _copy(stream, out, most)
                return
            with zipfile.ZipFile(source.path) as archive:
                members = [member for member in archive.namelist() if not member.endswith("/")]
                if len(members) != 1:
                    raise source.error(
                        f"is an archive of {len(members)} files",
                        hint="An archive must hold one CSV file; a workbook is saved as CSV first.",
                    )
                with archive.open(members[0]) as member:
                    _copy(member, out, most)
    except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise source.error("cannot be unpacked", hint=DAMAGED) from None


def _copy(stream: IO[bytes], out: IO[bytes], most: int | None) -> None:
    if most is None:
        shutil.copyfileobj(stream, out, 1 << 20)
    else:
        out.write(stream.read(most))
