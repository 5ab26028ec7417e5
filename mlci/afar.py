"""Datasets that are checked where they lie: tables of a database, and what Spark alone reads.

What a pull request newly reaches with more than its own files (a secret's database, a cluster) is not reached before
the base branch names it: the base branch is the judge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlci.errors import DataError
from mlci.results import DatasetChange, DatasetResult

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.config.data import Dataset
    from mlci.config.models import Config
    from mlci.expectations import Outcome
    from mlci.expectations.database import DatabaseTable
    from mlci.expectations.elsewhere import Description
    from mlci.expectations.spark import Files
    from mlci.expectations.suites import Suite
    from mlci.results import Validation
    from mlci.trees import Trees


@dataclass(frozen=True, slots=True, kw_only=True)
class Afar:
    """A dataset that is checked where it lies, and what is known of it."""

    source: DatabaseTable | Files
    shown: str
    known: Description

    def validate(self, suite: Suite, *, dataset: str) -> Outcome:
        """Check it against a suite.

        Raises:
            UserError: it cannot be read, or the suite does not hold.
        """
        from mlci.expectations import validate, validate_table
        from mlci.expectations.engines import SPARK
        from mlci.expectations.spark import Files

        if isinstance(self.source, Files):
            return validate(self.source, suite, engine=SPARK, dataset=dataset)
        return validate_table(self.source, suite, dataset=dataset)

    def result(self, validation: Validation | None) -> DatasetResult:
        """The dataset as the record of the run holds it."""
        return DatasetResult(
            path=self.shown,
            rows=self.known.rows,
            bytes=0,
            fingerprint=self.known.fingerprint,
            columns=self.known.columns,
            validation=validation,
            change=DatasetChange(status="unknown", note="checked where it lies, as it is now"),
        )


def is_afar(name: str, config: Config) -> bool:
    """Whether mlci need not read a dataset itself: no model does, and Spark or a database can."""
    from mlci.data.forspark import is_for_spark_alone

    dataset = config.datasets[name]
    used = {of for model in config.models.values() for of in (model.dataset, model.split.test)}
    return not dataset.is_files or (name not in used and is_for_spark_alone(dataset))


def look(name: str, trees: Trees, scratch: Path) -> Afar:
    """Look at a dataset where it lies.

    Raises:
        UserError: it cannot be read, or may not be read yet.
    """
    from mlci.data.sources import public

    dataset = trees.loaded.config.datasets[name]
    if dataset.is_files:
        from mlci.expectations import spark

        read = files(name, trees, scratch)
        return Afar(source=read, shown=public(dataset.path)[:500], known=spark.look(read))
    from mlci.expectations import sql
    from mlci.expectations.database import DatabaseTable

    _require_agreed(name, trees)
    where = trees.loaded.where("datasets", name, "url")
    table = DatabaseTable.of(name, dataset, root=trees.head.folder, within=trees.within, location=where)
    if table.file:
        table = replace(table, root=trees.data_folder(table.file))
    return Afar(source=table, shown=table.shown, known=sql.look(table))


def files(name: str, trees: Trees, scratch: Path) -> Files:
    """What Spark reads of a dataset of the head.

    Raises:
        DataError: its files are not there, or may not be read (yet).
    """
    from mlci.data import forspark

    _require_agreed(name, trees)
    dataset = trees.loaded.config.datasets[name]
    return forspark.files(
        name,
        dataset,
        root=trees.data_folder(dataset.path),
        scratch=scratch,
        location=trees.loaded.where("datasets", name, "path"),
        within=trees.within,
    )


# --- what a pull request may reach ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reached:
    """What a dataset reaches with what the job is trusted with; equal where it is the same."""

    what: str
    where: tuple[str, ...]


def _require_agreed(name: str, trees: Trees) -> None:
    """Refuse what a pull request newly reaches, where a stranger may have written it.

    Raises:
        DataError: the base branch's configuration does not name it.
    """
    wanted = _reached(trees.loaded.config.datasets[name])
    if not trees.confined or wanted is None:
        return
    before = trees.base_config
    if before is not None and (
        wanted in map(_reached, before.datasets.values()) or trees.is_on(before.baseline.branch)
    ):
        return
    raise DataError(
        f"Dataset '{name}': the base branch's configuration does not name this {wanted.what}, "
        "so it is not reached yet.",
        hint="It is checked after the merge: a pull request does not choose what secrets open.",
        location=trees.loaded.where("datasets", name),
    )


def _reached(dataset: Dataset) -> _Reached | None:
    """What a dataset reaches beyond the repository's files with what the job is trusted with; None where nothing."""
    from mlci.config.data import VARIABLE
    from mlci.data import forspark

    if VARIABLE.fullmatch(dataset.url):
        return _Reached("table of a secret's database", (dataset.url, dataset.schema_name, dataset.table))
    place = forspark.reached(dataset)
    return _Reached("path and master of Spark", place) if place else None
