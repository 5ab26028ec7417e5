"""The tables of the data: datasets, expectations, what changed in the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import digits, look, names, wording
from mlci.report.document import Table, columns, row
from mlci.report.phrase import code, join, line, prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlci.report.document import Row, Tone
    from mlci.report.phrase import Line, Part
    from mlci.results import ColumnChange, DatasetResult, ExpectationResult, FileChange, Validation

_SEVERITIES = ("critical", "warning", "info")
_TONES: dict[str, Tone] = {"critical": "fail", "warning": "warn", "info": "quiet"}
_CHANGES = {
    "added": "added",
    "removed": "removed",
    "type": "type",
    "nulls": "nulls",
    "mean": "mean",
    "range": "range",
    "levels": "levels",
}


def datasets(found: Mapping[str, DatasetResult], main: str) -> Table:
    """One row per dataset."""
    titles = columns("dataset", ("rows", "right"), ("size", "right"), "expectations", f"change against {main}")
    rows = [
        row(
            code(name),
            digits.count(each.rows),
            digits.size(each.bytes or None),  # none: it lies in a database or on a cluster
            held(each.validation),
            changed(each),
            tone=each.validation.verdict if each.validation else "quiet",
        )
        for name, each in found.items()
    ]
    return Table(titles, tuple(rows)).without_empty_columns()


def held(validation: Validation | None) -> Line:
    """`✅ 10 of 10 hold`."""
    if validation is None:
        return line("no suite")
    icon = names.ICON[validation.verdict]
    if not validation.evaluated:
        return line(f"{icon} not checked")
    passed = validation.evaluated - validation.failed
    return line(f"{icon} {digits.count(passed)} of {digits.count(validation.evaluated)} hold")


def changed(dataset: DatasetResult, *, unit: str = " rows") -> Line:
    """How a dataset differs from the base's: `unchanged`, `3,900 fewer rows; 2 columns changed`."""
    change = dataset.change
    if change is None or change.status == "unknown":
        return prose(change.note) if change and change.note else line("nothing to compare with")
    if change.status in ("same", "new"):
        return line("unchanged" if change.status == "same" else "new")
    parts: list[Part] = [look.rows_changed(change, dataset.rows, unit)]
    moved = len({each.column for each in change.columns})
    parts += [f"{digits.plural(moved, 'column')} changed"] if moved else []
    parts += [prose(change.note)] if change.note else []
    return join([part for part in parts if part], "; ") or line("other content")


def expectations(validation: Validation, *, only_failing: bool) -> Table:
    """The expectations: the failing first, the gravest first."""
    titles = columns("", "column", "expectation", "expects", ("unexpected", "right"), "severity")
    found = [each for each in validation.expectations if not (only_failing and each.success)]
    found.sort(key=lambda each: (each.success, _SEVERITIES.index(each.severity), -(each.unexpected_count or 0)))
    return Table(titles, tuple(_expectation(each) for each in found)).without_empty_columns()


def _expectation(each: ExpectationResult) -> Row:
    tone = _TONES[each.severity]
    icon = "✅" if each.success else {"fail": "❌", "warn": "⚠️"}.get(tone, names.ICON["info"])
    expects = prose(each.description)
    if each.error:
        expects = line(expects, "; " if expects else "", "could not be evaluated: ", prose(each.error))
    return row(
        icon,
        code(each.column) if each.column else "",
        code(each.type),
        expects,
        wording.unexpected(each, short=True),
        each.severity,
        tone="pass" if each.success else tone,
    )


def column_changes(found: Iterable[ColumnChange], main: str) -> Table:
    """How columns moved between base and head."""
    titles = columns("column", "change", (main, "right"), (names.HEAD, "right"))
    rows = [
        row(
            code(each.column),
            _CHANGES[each.what],
            each.before,
            each.after,
        )
        for each in found
    ]
    return Table(titles, tuple(rows)).without_empty_columns()


def profile(dataset: DatasetResult) -> Table:
    """A dataset's columns, without their values."""
    titles = columns("column", "type", ("nulls", "right"))
    rows = [
        row(code(each.name), code(each.dtype), f"{digits.count(each.nulls)}{_share(each.nulls, dataset.rows)}")
        for each in dataset.columns
    ]
    return Table(titles, tuple(rows))


def _share(part: int, total: int) -> str:
    return f" ({digits.share(part, total)})" if part and total else ""


def files(found: Iterable[FileChange], loaded: frozenset[str]) -> Table:
    """The files of the diff, those that the training loaded first."""
    titles = columns("file", ("added", "right"), ("deleted", "right"), "")
    rows = [
        row(
            code(each.path),
            "" if each.added is None else f"+{digits.count(each.added)}",
            "" if each.deleted is None else f"{digits.MINUS}{digits.count(each.deleted)}",
            "loaded by the training" if each.path in loaded else "",
        )
        for each in sorted(found, key=lambda each: each.path not in loaded)
    ]
    return Table(titles, tuple(rows)).without_empty_columns()
