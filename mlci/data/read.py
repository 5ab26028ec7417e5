"""Reading: a dataset of the configuration becomes a `Table`, local Parquet files that are scanned, never loaded whole.

Parquet is scanned in place. CSV is parsed once into the scratch folder, and not again where the same content was
parsed before. URLs are fetched once.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pydantic import ValidationError

from mlci.config.suggest import did_you_mean
from mlci.data import delimited
from mlci.data.fingerprint import fingerprint
from mlci.data.sources import content, locate, plain_errors
from mlci.errors import DataError
from mlci.results import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import polars as pl

    from mlci.config.data import Dataset
    from mlci.data.sources import Content, Source
    from mlci.errors import Location

_FORMAT = 1  # of the working copies: another one is never mistaken for this
_PACKED = {".gz", ".bz2", ".xz", ".zip"}
_ENDINGS = {
    **dict.fromkeys((".parquet", ".pq", ".parq"), "parquet"),
    **dict.fromkeys((".csv", ".tsv", ".tab", ".txt"), "csv"),
}
_NO_PARQUET = "cannot be read as Parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A dataset that can be scanned.

    `files` are the source files, `parquet` the local Parquet files with the same rows in the same order. `nulls` of a
    column count NaN, too. `bytes` is the size of the source files.
    """

    name: str
    path: str
    files: tuple[Path, ...]
    parquet: tuple[Path, ...]
    rows: int
    columns: tuple[Column, ...]
    fingerprint: str
    bytes: int

    def scan(self) -> pl.LazyFrame:
        """All rows, lazily."""
        return _scan(self.parquet)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """A column by its name.

        Raises:
            DataError: there is none.
        """
        self.require((name,), "the configuration")
        return next(column for column in self.columns if column.name == name)

    def require(self, columns: Iterable[str], what: str, location: Location | None = None) -> None:
        """Refuse a table that lacks a column; `what` names it, as in "the target" or "the key".

        Raises:
            DataError: a column is missing.
        """
        for name in columns:
            if name not in self.names:
                raise DataError(
                    f"Dataset '{self.name}' has no column '{name}', which {what} names.",
                    hint=did_you_mean(name, self.names).strip(),
                    location=location,
                )


def open_table(  # noqa: PLR0913 - what it takes to find and read files
    name: str,
    dataset: Dataset,
    *,
    root: Path,
    scratch: Path,
    location: Location | None = None,
    within: tuple[Path, ...] = (),
) -> Table:
    """Read a dataset: find its files, fingerprint them, and parse what is not Parquet.

    Args:
        name: the dataset's name in the configuration.
        dataset: its configuration.
        root: the folder that relative paths start from.
        scratch: a folder for working copies; sharing it between tables saves parsing the same content twice.
        location: of the path in the configuration, for messages.
        within: folders in one of which local files must lie; empty: anywhere.

    Raises:
        DataError: the data is not there, cannot or may not be read, or has no rows.
    """
    found = _found(name, dataset, root=root, scratch=scratch, location=location, within=within)
    first = found.sources[0]
    with plain_errors(first, "cannot be read"):
        digest = fingerprint([source.path for source in found.sources])
        size = sum(source.path.stat().st_size for source in found.sources)
    parquet = _parquet(name, found, digest, scratch)
    rows, columns = _profile(first, parquet)
    _require_rows(rows, found)
    return Table(
        name=name,
        path=dataset.path,
        files=tuple(source.path for source in found.sources),
        parquet=parquet,
        rows=rows,
        columns=columns,
        fingerprint=digest,
        bytes=size,
    )


def scan_once(name: str, dataset: Dataset, *, root: Path, scratch: Path) -> pl.LazyFrame:
    """All rows of a dataset, lazily, for one who reads them once: neither fingerprinted nor profiled.

    Raises:
        DataError: as `open_table`.
    """
    import polars as pl

    found = _found(name, dataset, root=root, scratch=scratch)
    frame = _scan(_parquet(name, found, "once", scratch))
    with plain_errors(found.sources[0], _NO_PARQUET, hint="It is damaged or cut short: write or fetch it again."):
        rows = frame.select(pl.len()).collect(engine="streaming").item()
    _require_rows(rows, found)
    return frame


def column_names(name: str, dataset: Dataset, *, root: Path, scratch: Path) -> tuple[str, ...]:
    """The columns of a dataset: of its first file only the footer (Parquet) or the line of names (CSV) is read.

    Raises:
        DataError: the data is not there, or cannot be read.
    """
    found = _found(name, dataset, root=root, scratch=scratch)
    first = found.sources[0]
    if found.form == "csv":
        return tuple(delimited.names(first, found.kinds[0], found.dialect.separator, scratch))
    with plain_errors(first, _NO_PARQUET, hint="It is damaged or cut short: write or fetch it again."):
        return tuple(_scan([first.path]).collect_schema().names())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The files of a dataset, and how they are written."""

    dataset: Dataset
    sources: list[Source]
    kinds: list[Content]
    form: str
    dialect: delimited.Dialect
    location: Location | None


def _found(  # noqa: PLR0913 - what it takes to find files
    name: str,
    dataset: Dataset,
    *,
    root: Path,
    scratch: Path,
    location: Location | None = None,
    within: tuple[Path, ...] = (),
) -> _Found:
    scratch.mkdir(parents=True, exist_ok=True)
    sources = locate(name, dataset.path, root=root, scratch=scratch, location=location, within=within)
    kinds = [content(source) for source in sources]
    forms = {_form(source, kind, dataset.format) for source, kind in zip(sources, kinds, strict=True)}
    if len(forms) > 1:
        raise DataError(
            f"Dataset '{name}': '{dataset.path}' matches CSV and Parquet files.",
            hint="A dataset has one format: narrow the pattern, as in data/*.parquet",
            location=location,
        )
    dialect = _dialect(dataset, sources[0])
    return _Found(
        dataset=dataset, sources=list(sources), kinds=kinds, form=forms.pop(), dialect=dialect, location=location
    )


def _parquet(name: str, found: _Found, digest: str, scratch: Path) -> tuple[Path, ...]:
    """The local Parquet files with the rows of the found ones; a copy is named by what it was made from."""
    options = repr((_FORMAT, digest, [found.form], found.dialect))
    identity = hashlib.sha256(options.encode()).hexdigest()[:16]
    copy = scratch / f"{re.sub(r'[^A-Za-z0-9._-]', '_', name)}-{identity}.parquet"
    if found.form == "parquet":
        return _adopt(found.sources, copy)
    if not copy.is_file():
        delimited.to_parquet(list(zip(found.sources, found.kinds, strict=True)), copy, found.dialect)
    return (copy,)


def _require_rows(rows: int, found: _Found) -> None:
    if not rows:
        raise DataError(
            f"Dataset '{found.sources[0].dataset}': '{found.dataset.path}' holds no rows.",
            hint="Checks of no rows would always pass, so mlci refuses them.",
            location=found.location,
        )


def _form(source: Source, kind: Content, configured: str | None) -> str:
    """`csv` or `parquet`: as configured, else by the file's ending, and always as its first bytes allow."""
    name = PurePosixPath(source.shown.lower())
    ending = PurePosixPath(name.stem).suffix if name.suffix in _PACKED else name.suffix
    said = configured or _ENDINGS.get(ending)
    if kind == "parquet" and said == "csv":
        raise source.error("is Parquet, not CSV", hint="Set `format: parquet` for this dataset, or name the file so.")
    if kind != "parquet" and said == "parquet":
        raise source.error("is no Parquet file", hint="Where it is CSV, set `format: csv` for this dataset.")
    return "parquet" if kind == "parquet" else "csv"


def _dialect(dataset: Dataset, first: Source) -> delimited.Dialect:
    separator = dataset.separator
    if "separator" not in dataset.model_fields_set and re.search(r"\.(tsv|tab)(\.\w+)?$", first.shown.lower()):
        separator = "\t"
    if not separator.isascii() or separator in '"\r\n\0':
        raise DataError(
            f"Dataset '{first.dataset}': this separator cannot be read.",
            hint='A separator is one ASCII character, and no quote or line end, as in separator: ";"',
            location=first.location,
        )
    nulls = delimited.NULLS if dataset.null_values is None else dataset.null_values
    return delimited.Dialect(separator, nulls)


# --- Parquet ---------------------------------------------------------------------------------------------------


def _scan(files: Sequence[Path]) -> pl.LazyFrame:
    import polars as pl

    return pl.scan_parquet(list(files), glob=False, hive_partitioning=False)


def _adopt(sources: Sequence[Source], copy: Path) -> tuple[Path, ...]:
    """Parquet files as they stand, or one copy of them where their columns differ in order or in type."""
    import polars as pl

    schemas = []
    for source in sources:
        with plain_errors(source, _NO_PARQUET, hint="It is damaged or cut short: write or fetch it again."):
            schemas.append(_scan([source.path]).collect_schema())
    first = schemas[0]
    files = tuple(source.path for source in sources)
    if all(list(schema.items()) == list(first.items()) for schema in schemas):
        return files
    for source, schema in zip(sources[1:], schemas[1:], strict=True):
        delimited.require_same_columns(source, schema.names(), sources[0], first.names())
        for column, dtype in first.items():
            mixed = {short(dtype), short(schema[column])}
            if len(mixed) > 1 and not (dtype.is_numeric() and schema[column].is_numeric()):
                raise source.error(
                    f"has {short(schema[column])} in column '{column}', and {sources[0].shown} has {short(dtype)}",
                    hint="The files of a dataset are parts of one table: write the column with one type.",
                )
    if not copy.is_file():
        partial = copy.with_suffix(".part")
        with plain_errors(sources[0], _NO_PARQUET):
            parts = [_scan([file]).select(first.names()) for file in files]
            pl.concat(parts, how="vertical_relaxed").sink_parquet(partial, compression="lz4", engine="streaming")
        partial.replace(copy)
    return (copy,)


def _profile(first: Source, parquet: Sequence[Path]) -> tuple[int, tuple[Column, ...]]:
    """Rows, and the columns with their missing values, in one streaming query."""
    import polars as pl

    with plain_errors(first, _NO_PARQUET, hint="It is damaged or cut short: write or fetch it again."):
        frame = _scan(parquet)
        schema = frame.collect_schema()
        counts = [
            (pl.col(name).null_count() + (pl.col(name).is_nan().sum() if dtype.is_float() else 0)).alias(str(i))
            for i, (name, dtype) in enumerate(schema.items())
        ]
        rows, *nulls = frame.select(pl.len().alias("rows"), *counts).collect(engine="streaming").row(0)
    try:
        columns = tuple(
            Column(name=name, dtype=short(dtype), nulls=count)
            for (name, dtype), count in zip(schema.items(), nulls, strict=True)
        )
    except ValidationError:
        raise first.error(
            "has a column whose name is longer than 500 characters",
            hint="A CSV file starts with a line of column names; check that line and the separator.",
            line=1,
        ) from None
    return rows, columns


def short(dtype: pl.DataType) -> str:
    """A type as Polars names it, without the parts that hold values (the categories of an Enum)."""
    import polars as pl

    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return f"Datetime({dtype.time_zone})"
    if isinstance(dtype, pl.List | pl.Array):
        return f"{dtype.base_type()}({short(dtype.inner)})"  # type: ignore[arg-type]
    return str(dtype.base_type())
