"""From a run's results to annotations: what failed, on the lines that it speaks of. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.errors import Location
    from mlci.report.places import Placed
    from mlci.results import DatasetResult, ExpectationResult, GateResult, ModelResult, Results

Level = Literal["notice", "warning", "failure"]

_RANK: dict[Level, int] = {"failure": 0, "warning": 1, "notice": 2}
_OF_SEVERITY: dict[str, Level] = {"fail": "failure", "warn": "warning", "info": "notice"}
_OF_EXPECTATION: dict[str, Level] = {"critical": "failure", "warning": "warning"}
_SUMS = frozenset({"MLCI101", "MLCI102", "MLCI114"})  # of expectations that stand on lines of their own
_UNJUDGED = "MLCI305"
_POLICY = "MLCI4"
_FEW = 2  # slices of one gate that are annotated one by one

_MESSAGE = 4_000  # characters; GitHub ends a message at 64 KB
_TITLE = 255  # characters, GitHub's limit
_LAST_LINE = 10_000_000  # a number beyond is no line


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A message on a line of a file; `path` is relative to the repository's top, `line` counts from 1."""

    path: str
    line: int
    level: Level
    title: str
    message: str


def of(results: Results) -> tuple[Annotation, ...]:
    """All annotations of a run: failures first, then by path and line; nothing is said twice on a line."""
    found = [
        each for each in (*_of_findings(results), *_of_gates(results), *_of_expectations(results)) if each is not None
    ]
    first: dict[tuple[str, int, str], Annotation] = {}
    for each in sorted(found, key=lambda each: (_RANK[each.level], each.path, each.line, each.title, each.message)):
        first.setdefault((each.path, each.line, each.message), each)
    return tuple(first.values())


def _of_findings(results: Results) -> Iterator[Annotation | None]:
    told = {each.location for dataset in results.datasets.values() for each in _broken(dataset)}
    for each in results.findings:
        is_told = each.code in _SUMS and each.location in told
        if is_told or (each.severity == "info" and not each.code.startswith(_POLICY)):
            continue
        message = "\n".join(part for part in (each.message, each.hint) if part)
        yield _annotation(each.location, _OF_SEVERITY[each.severity], f"{each.code} {each.subject}".strip(), message)


def _broken(dataset: DatasetResult) -> list[ExpectationResult]:
    """The expectations that failed, of the severities that count."""
    found = dataset.validation.expectations if dataset.validation else ()
    return [each for each in found if not each.success and each.severity in _OF_EXPECTATION]


def _of_gates(results: Results) -> Iterator[Annotation | None]:
    unjudged = {each.location for each in results.findings if each.code == _UNJUDGED}
    for name, model in results.models.items():
        slices: dict[tuple[str, str, str], list[GateResult]] = {}
        for gate in model.gates:
            is_told = gate.status is None and gate.message and gate.location in unjudged
            if gate.verdict != "fail" or is_told:
                continue
            if gate.slice:
                slices.setdefault((gate.metric, gate.reference, gate.rule), []).append(gate)
            else:
                yield _annotation(gate.location, "failure", _title(gate, name), _failed(gate, model))
        for failed in slices.values():
            yield from _of_slices(name, model, failed)


def _of_slices(name: str, model: ModelResult, failed: list[GateResult]) -> Iterator[Annotation | None]:
    """The slices in which one gate fails: a few one by one, many in one annotation that begins with the worst."""
    if len(failed) <= _FEW:
        for gate in failed:
            title = f"{_title(gate, name)}, {gate.slice}"
            yield _annotation(gate.location, "failure", title, _failed(gate, model))
        return
    first, *others = sorted(failed, key=lambda each: each.change if each.change is not None else 0.0)
    more = f"{len(others)} more slices fail: {', '.join(each.slice for each in others)}."
    title = f"{_title(first, name)}, {len(failed)} slices"
    yield _annotation(first.location, "failure", title, f"{_failed(first, model)}\n{more}")


def _title(gate: GateResult, name: str) -> str:
    """`roc_auc of income`, `roc_auc of income, against best`, `equalized_odds_difference by sex of income`."""
    by = f" by {gate.sensitive}" if gate.sensitive else ""
    against = f", against {gate.reference}" if gate.reference else ""
    return f"{gate.metric}{by} of {name}{against}"


def _failed(gate: GateResult, model: ModelResult) -> str:
    """Why a gate fails, in one sentence."""
    from mlci.report import digits, places, wording
    from mlci.report.phrase import capital

    measured = places.of_gate(gate, model)
    if gate.rule == "max_regression" and measured is not None and measured.gain is not None:
        return _lost(measured)
    if gate.value is None:
        reason = gate.message.rstrip(". ") or "it was not measured"
        return f"{capital(wording.named(gate))} could not be judged: {reason}."
    metric = str(capital(wording.named(gate)))
    if gate.rule == "max_increase":
        limit = digits.more_or_less(gate.threshold) if gate.threshold else "no more"
        before, after = digits.cost(gate.metric, gate.baseline), digits.cost(gate.metric, gate.value)
        return f"{metric} rose from {before} to {after}, and this gate allows {limit}."
    value, limit = wording.rule_value(gate, gate.value, measured), wording.rule_value(gate, gate.threshold)
    if gate.rule == "max_regression":
        return f"{metric} is {value}, and lost more than this gate allows, {limit}."
    return f"{metric} is {value}, and this gate asks for {'at least' if gate.rule == 'min' else 'at most'} {limit}."


def _lost(measured: Placed) -> str:
    from mlci.report import wording
    from mlci.report.phrase import capital, code, line

    on = line("On ", code(measured.slice), ", ") if measured.slice else line()
    loss = f": {wording.by(measured)}, and this gate allows {wording.allowed(measured)}."
    return str(line(capital(line(on, wording.moved(measured))), loss))


def _of_expectations(results: Results) -> Iterator[Annotation | None]:
    from mlci.report import wording
    from mlci.report.phrase import capital

    for name, dataset in results.datasets.items():
        for each in _broken(dataset):
            error = f": {each.error.rstrip('. ')}" if each.error else ""
            yield _annotation(
                each.location,
                _OF_EXPECTATION[each.severity],
                f"{each.column or 'the table'} of {name}",
                f"{capital(wording.failure(each))}{error}.",
            )


def _annotation(location: Location | None, level: Level, title: str, message: str) -> Annotation | None:
    from mlci.report.filters import clip, inline, visible

    path = _path(location) if location is not None else None
    if location is None or path is None:
        return None
    line = location.line if location.line is not None and 1 <= location.line <= _LAST_LINE else 1
    title = inline(title).strip()
    return Annotation(
        path=path,
        line=line,
        level=level,
        title=clip(title, _TITLE),
        message=clip(visible(message).strip() or title, _MESSAGE),
    )


def _path(location: Location) -> str | None:
    """The path; None where it is none inside of the repository."""
    from mlci.report.filters import inline

    path = PurePosixPath(location.path)
    is_inside = not path.is_absolute() and ".." not in path.parts and path.parts != ()
    if not is_inside or "://" in location.path or inline(location.path) != location.path:
        return None
    return str(path)
