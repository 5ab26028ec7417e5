"""What Spark reads of a dataset: mlci's working copies in this machine, and on a cluster the path as it is written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from mlci.data.read import open_table
from mlci.data.sources import REMOTE as REACHED_BY_MLCI
from mlci.data.sources import locate, public
from mlci.errors import DataError
from mlci.expectations.spark import REMOTE, SCHEMES, Files, is_readable, readable

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.config.data import Dataset
    from mlci.errors import Location


def is_for_spark_alone(dataset: Dataset) -> bool:
    """Whether a dataset lies where Spark reads it by itself."""
    return dataset.engine == "spark" and dataset.path.partition("://")[0] in SCHEMES


def reached(dataset: Dataset) -> tuple[str, str] | None:
    """Where Spark computes and what it reads there; None where it sees nothing but mlci's working copies, here."""
    if dataset.engine != "spark":
        return None
    if _is_on_cluster(dataset):
        master = dataset.spark.master if dataset.spark else ""
        return (master or f"${REMOTE}", dataset.path)
    return ("", dataset.path) if is_for_spark_alone(dataset) else None


def files(  # noqa: PLR0913 - what it takes to find files
    name: str,
    dataset: Dataset,
    *,
    root: Path,
    scratch: Path,
    location: Location | None = None,
    within: tuple[Path, ...] = (),
) -> Files:
    """What Spark is to read.

    In this machine it reads mlci's working copies, so that every engine sees the same types; on a cluster it reads the
    files themselves, which must lie where all of its workers find them.

    Args:
        name: the dataset's.
        dataset: the dataset.
        root: what relative paths start from.
        scratch: a folder for what is fetched, and for working copies.
        location: of the path in the configuration.
        within: as for `sources.locate`; where it is not empty, Spark reads by itself only what mlci would fetch.

    Raises:
        DataError: the files are not there, or cannot or may not be read.
    """
    master = dataset.spark.master if dataset.spark else ""
    scheme, found, _ = dataset.path.partition("://")
    if found and scheme in SCHEMES:
        if within and scheme not in REACHED_BY_MLCI:
            raise DataError(
                f"Dataset '{name}': the action reads no {public(dataset.path)}.",
                hint="With `engine: spark` it reads "
                f"{', '.join(f'{each}://' for each in SCHEMES if each in REACHED_BY_MLCI)}.",
                location=location,
            )
        return Files(paths=(dataset.path,), format=_format(dataset), separator=dataset.separator, master=master)
    if _is_on_cluster(dataset) and not found:
        sources = locate(name, dataset.path, root=root, scratch=scratch, location=location, within=within)
        paths = tuple(str(source.path.resolve()) for source in sources)
        return Files(paths=paths, format=_format(dataset), separator=dataset.separator, master=master)
    table = open_table(name, dataset, root=root, scratch=scratch, location=location, within=within)
    paths = tuple(str(path) for path in table.parquet)
    if not is_readable(table.scan()):
        copy = scratch / f"{table.parquet[0].stem}-for-spark.parquet"
        readable(table.scan()).sink_parquet(copy, engine="streaming")
        paths = (str(copy),)
    return Files(paths=paths, master=master)


def _is_on_cluster(dataset: Dataset) -> bool:
    remote = os.environ.get(REMOTE, "")
    return bool(remote and not remote.startswith("local")) or (dataset.spark is not None and not dataset.spark.is_local)


def _format(dataset: Dataset) -> Literal["csv", "parquet"]:
    if dataset.format is not None:
        return dataset.format
    return "csv" if any(ending in dataset.path.lower() for ending in (".csv", ".tsv", ".txt")) else "parquet"
