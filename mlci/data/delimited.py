"""CSV files become one Parquet file of typed columns, parsed once and streaming.

Types are those that pandas would infer, over all the rows of all the files: a guess from the first rows is checked
against every later one, and gives way to the inference over the whole where it does not hold.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mlci.data import tidy as slow
from mlci.data.sources import full_disk, plain_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from mlci.data.sources import Content, Source

Kind = Literal["whole", "unsigned", "decimal", "truth", "text", "vast", "empty"]

SAMPLE = 50_000  # rows that the first guess of the types rests on
HEAD = 1 << 20  # bytes that hold the line of column names

NULLS = (  # pandas' own list
    "",
    *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
)
_TRUE, _FALSE = ("True", "TRUE", "true"), ("False", "FALSE", "false")
_BLANKS = " \t"
_DIGITS = r"^[+-]?[0-9]+$"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written, and how many of its rows the first guess of the types rests on."""

    separator: str = ","
    nulls: tuple[str, ...] = NULLS
    sample: int = SAMPLE


def to_parquet(sources: Sequence[tuple[Source, Content]], target: Path, dialect: Dialect) -> None:
    """Parse CSV files of the same columns into one Parquet file.

    Args:
        sources: the files, compressed or not, in the order of their rows.
        target: the Parquet file to write.
        dialect: how the files are written. An empty field means no value, whatever its nulls are.

    Raises:
        DataError: a file is no CSV that pandas would read, or its columns differ from the first file's.
    """
    first = sources[0][0]
    # a folder of its own: Polars remembers what stood at a path, and may take a new file for the old one
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        drafts = Path(folder)
        with plain_errors(first, "cannot be read as CSV", hint="Check its separator and its quotes."):
            files = [
                source if kind == "text" else _unpacked(source, kind, drafts / f"{i}.unpacked")
                for i, (source, kind) in enumerate(sources)
            ]
            written = _regular(files, drafts, dialect)
            if written is None:
                tidied = [_tidied(file, dialect.separator, drafts / f"{i}.csv") for i, file in enumerate(files)]
                written = _write(_scan(tidied, dialect), drafts / "tidied.parquet", dialect.sample)
            written.replace(target)


def _unpacked(source: Source, kind: Content, target: Path) -> Source:
    with plain_errors(source, "cannot be unpacked", hint=slow.DAMAGED):
        slow.unpack(source, kind, target)
    return replace(source, path=target)


def _tidied(source: Source, separator: str, target: Path) -> Source:
    slow.tidy(source, separator, target)
    return replace(source, path=target)


def _regular(files: list[Source], drafts: Path, dialect: Dialect) -> Path | None:
    """Parse files as Polars reads them; None where it refuses, or where blank lines cannot be told from rows."""
    import polars as pl

    try:
        written = _write(_scan(files, dialect), drafts / "regular.parquet", dialect.sample)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        if full_disk(error):
            raise
        return None
    frame = pl.scan_parquet(written, glob=False)
    first, *others = frame.collect_schema().names()
    if others and not frame.select(pl.col(others[-1]).null_count()).collect().item():
        return written
    # Polars gives a row of nulls for a blank line, and pandas gives none; a line of spaces is blank, too
    empty = pl.all_horizontal(pl.all().is_null())
    spaces = pl.all_horizontal(
        pl.col(first).cast(pl.String).str.strip_chars() == "", *(pl.col(c).is_null() for c in others)
    )
    found = frame.select(empty.sum().alias("rows"), spaces.sum().alias("spaces")).collect(engine="streaming")
    rows, of_spaces = found.row(0)
    blank = sum(slow.blank_lines(file.path) for file in files) if rows else 0
    if of_spaces or blank not in {0, rows}:
        return None
    return _sink(frame.filter(~empty), drafts / "without-blanks.parquet") if blank else written


def _scan(files: list[Source], dialect: Dialect) -> pl.LazyFrame:
    """All rows of all files as texts, columns matched by name."""
    import polars as pl

    separator = dialect.separator
    headers = [slow.header(file, separator) for file in files]
    for file, names in zip(files[1:], headers[1:], strict=True):
        require_same_columns(file, names, files[0], headers[0])
    _require_separator(files[0], headers[0], separator)
    frames = [
        pl.scan_csv(
            file.path,
            separator=separator,
            infer_schema=False,
            null_values=["", *dialect.nulls],
            with_column_names=lambda _, names=names: names,  # type: ignore[misc]
            glob=False,
        ).select(headers[0])
        for file, names in zip(files, headers, strict=True)
    ]
    return pl.concat(frames) if len(frames) > 1 else frames[0]


def names(source: Source, kind: Content, separator: str, scratch: Path) -> list[str]:
    """The columns of a CSV file, of which only the beginning is read.

    Raises:
        DataError: it has no line of column names, or is written with another separator.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        if kind != "text":
            head = Path(folder) / "head"
            with plain_errors(source, "cannot be unpacked", hint=slow.DAMAGED):
                slow.unpack(source, kind, head, most=HEAD)
            source = replace(source, path=head)
        with plain_errors(source, "cannot be read as CSV", hint="Check its separator and its quotes."):
            found = slow.header(source, separator)
    _require_separator(source, found, separator)
    return found


def _require_separator(file: Source, header: Sequence[str], separator: str) -> None:
    other = next((mark for mark in ";\t|" if len(header) == 1 and mark in header[0]), None)
    if other and other != separator:
        raise file.error(
            "has one column, whose name holds another separator",
            hint=f"Set `separator: {other!r}` for this dataset.".replace("'", '"'),
            line=1,
        )


def require_same_columns(file: Source, names: Sequence[str], first: Source, wanted: Sequence[str]) -> None:
    """Refuse a file whose columns are not those of the first one, in any order."""
    for name in wanted:
        if name not in names:
            raise file.error(f"has no column '{name}', which {first.shown} has", hint=_ONE_TABLE)
    for name in names:
        if name not in wanted:
            raise file.error(f"has a column '{name}', which {first.shown} has not", hint=_ONE_TABLE)


_ONE_TABLE = "The files of a dataset are parts of one table: give them the same columns, or narrow the pattern."


# --- types -----------------------------------------------------------------------------------------------------


def _write(frame: pl.LazyFrame, target: Path, sample: int) -> Path:
    import polars as pl

    kinds = _kinds(frame.head(sample))
    if "vast" not in kinds.values():  # a text because of its size alone may yet turn out to be a decimal
        try:
            return _sink(frame.select(_typed(name, kind) for name, kind in kinds.items()), target)
        except pl.exceptions.InvalidOperationError:
            pass  # a later row does not fit the guess
    kinds = _kinds(frame)
    return _sink(
        frame.select(_typed(name, kind) for name, kind in kinds.items()), target.with_stem(f"{target.stem}-retyped")
    )


def _sink(frame: pl.LazyFrame, target: Path) -> Path:
    frame.sink_parquet(target, compression="lz4", engine="streaming")
    return target


def _kinds(frame: pl.LazyFrame) -> dict[str, Kind]:
    """What each column of texts holds, by counts over all rows in one pass."""
    import polars as pl

    names = frame.collect_schema().names()
    counts = []
    for i, name in enumerate(names):
        text = pl.col(name).str.strip_chars(_BLANKS)
        tests = {
            "all": pl.col(name).count(),
            "whole": text.cast(pl.Int64, strict=False).count(),
            "unsigned": text.cast(pl.UInt64, strict=False).count(),
            "decimal": text.cast(pl.Float64, strict=False).count(),
            "truth": pl.col(name).is_in([*_TRUE, *_FALSE]).sum(),
            "digits": text.str.contains(_DIGITS).sum(),
        }
        counts += [test.alias(f"{i} {what}") for what, test in tests.items()]
    found = frame.select(counts).collect(engine="streaming").row(0, named=True)
    return {name: _kind(lambda what, i=i: found[f"{i} {what}"]) for i, name in enumerate(names)}  # type: ignore[misc]


def _kind(count: Callable[[str], int]) -> Kind:
    total = count("all")
    if not total:
        return "empty"
    kinds: tuple[Kind, ...] = ("whole", "unsigned", "truth")
    for kind in kinds:
        if count(kind) == total:
            return kind
    if count("digits") == total:  # whole numbers beyond 64 bits stay texts, for floats would lose their digits
        return "vast"
    return "decimal" if count("decimal") == total else "text"


def _typed(name: str, kind: Kind) -> pl.Expr:
    """A column of texts as its kind; any other text raises InvalidOperationError, by the cast of itself or of "no"."""
    import polars as pl

    text = pl.col(name)
    number = text.str.strip_chars(_BLANKS)
    match kind:
        case "whole":
            return number.cast(pl.Int64)
        case "unsigned":
            return number.cast(pl.UInt64)
        case "decimal":
            return number.cast(pl.Float64).fill_nan(None)
        case "empty":
            return pl.when(text.is_not_null()).then(pl.lit("no")).cast(pl.Float64).alias(name)
        case "truth":
            said = pl.when(text.is_in(_TRUE)).then(pl.lit("1")).when(text.is_in(_FALSE)).then(pl.lit("0"))
            return (
                pl.when(text.is_not_null())
                .then(said.otherwise(pl.lit("no")))
                .cast(pl.Int8)
                .cast(pl.Boolean)
                .alias(name)
            )
    return text
