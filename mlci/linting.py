"""`mlci validate --lint`: what can be told before anything runs, of suites and of the names of the data's columns."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from mlci.config.data import Dataset
from mlci.errors import FAIL, PASS, USER, DataError, SuiteError, UserError
from mlci.results import Finding
from mlci.validate import with_suites

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlci.config.data import GxSuite
    from mlci.errors import Location

_ERRORS = frozenset({SuiteError.code, DataError.code})
_WRONG = frozenset({"MLCI112", "MLCI118", "MLCI126"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """What was found in one suite, in the order of its file; `columns` says whether it was compared with data."""

    name: str
    expectations: int
    columns: bool
    findings: tuple[Finding, ...]

    @property
    def code(self) -> int:
        """The exit code: 2 for an error, 1 for a contradiction or a column that is not there, else 0."""
        codes = {finding.code for finding in self.findings}
        return USER if codes & _ERRORS else FAIL if codes & _WRONG else PASS


def lint_file(suite: str, data: str | None, *, folder: Path) -> tuple[Linted, ...]:
    """Read one suite, and the names of the data's columns where data are given; paths are relative to `folder`.

    Raises:
        UserError: the name of the data is empty.
    """
    if data is None:
        return (_linted(Path(suite).name, None, suite, folder),)
    try:
        dataset = Dataset(path=data, suite=suite)
    except ValidationError:
        raise UserError("--data is empty.", hint="Name a CSV or Parquet file, a glob or a URL.") from None
    called = Path(data).stem.replace("*", "data") or "data"
    return (_linted(Path(suite).name, dataset, suite, folder, called=called),)


def lint_config(folder: Path, config: str | None) -> tuple[Linted, ...]:
    """Read the suites of all datasets of a configuration.

    Raises:
        UserError: the configuration cannot be read, or no dataset has a suite.
    """
    root, loaded = with_suites(folder, config)
    return tuple(
        _linted(name, dataset, dataset.suite, root, loaded.where("datasets", name, "suite"))
        for name, dataset in loaded.config.datasets.items()
        if dataset.suite is not None
    )


def lines(linted: Sequence[Linted]) -> Iterator[str]:
    """What was found as a person reads it in a terminal: each with its file, line and column."""
    for each in linted:
        for finding in each.findings:
            where = f"{finding.location}: " if finding.location else ""
            yield f"{where}{finding.severity}: {finding.message} ({finding.code})"
            if finding.hint:
                yield f"  {finding.hint}"
        count, found = each.expectations, len(each.findings)
        read = f"{count} {'expectation' if count == 1 else 'expectations'} read, {found or 'nothing'} found"
        yield f"{each.name}: {read}" + ("" if each.columns else "; its columns were compared with no data")


def _linted(  # noqa: PLR0913 - a suite, its data, and where both are named
    name: str,
    dataset: Dataset | None,
    suite: str | GxSuite,
    root: Path,
    location: Location | None = None,
    *,
    called: str = "",
) -> Linted:
    from mlci.expectations.contradictions import absences, contradictions, refused
    from mlci.expectations.suites import examine

    names, unread = _names(called or name, dataset, root) if dataset else (None, ())
    try:
        read, problems = examine(suite, root=root, location=location)
    except SuiteError as error:
        return Linted(name=name, expectations=0, columns=names is not None, findings=(*unread, _finding(error)))
    found = [
        *read.notices,
        *map(_finding, problems),
        *refused(read),
        *contradictions(read),
        *(absences(read, names) if names is not None else ()),
    ]
    if not read.expectations and not problems:
        message = f"The suite `{read.path}` holds no expectations, so it checks nothing."
        found.append(Finding(code="MLCI112", severity="fail", message=message, hint="Add expectations."))
    return Linted(
        name=name,
        expectations=len(read.expectations),
        columns=names is not None,
        findings=(*unread, *sorted(found, key=_place)),
    )


def _names(name: str, dataset: Dataset, root: Path) -> tuple[tuple[str, ...] | None, tuple[Finding, ...]]:
    """The data's columns; None where they cannot be read, or are Spark's or a database's and would have to be asked."""
    from mlci.data.forspark import is_for_spark_alone
    from mlci.data.read import column_names

    if not dataset.is_files or is_for_spark_alone(dataset):
        return None, ()
    with tempfile.TemporaryDirectory(prefix="mlci-") as scratch:
        try:
            return column_names(name, dataset, root=root, scratch=Path(scratch)), ()
        except DataError as error:
            return None, (_finding(error),)


def _finding(error: UserError) -> Finding:
    return Finding(code=error.code, severity="fail", message=error.message, hint=error.hint, location=error.location)


def _place(finding: Finding) -> tuple[int, int, str]:
    where = finding.location
    return (where.line or 0, where.column or 0, finding.code) if where else (0, 0, finding.code)
