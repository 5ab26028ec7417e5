"""The parts that only the HTML page has: every column, every expectation, plots beside the numbers, the environment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.report import (
    calibration,
    charts,
    datatables,
    digits,
    fairness,
    folds,
    gatetable,
    headline,
    holdouts,
    look,
    names,
    places,
    references,
    slicetable,
    svg,
    tables,
    worstslice,
)
from mlci.report.document import Column, Figure, Fold, Row, Table, columns, row
from mlci.report.phrase import code, join, line, prose
from mlci.report.situations import in_order, is_identical, situations
from mlci.results import worst

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.report.charts import Panel
    from mlci.report.headline import Story
    from mlci.report.phrase import Line, Part
    from mlci.report.places import Placed
    from mlci.results import DatasetResult, Finding, ModelResult, Results, Validation


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSection:
    """A model on the page."""

    name: str
    verdict: str
    short: Line
    facts: Line
    scores: Table
    notes: tuple[Line, ...]
    limits: Table
    slices: tuple[tuple[Line, Table], ...]  # per metric
    slices_answer: Line
    grid: Table  # all slices in all metrics
    worst_slice: Line  # what the search for the worst slice found
    is_open: bool  # whether a slice needs a look
    changes: Fold
    candidates: Fold
    holdout: Fold
    fairness: Fold
    calibration: Fold
    decline: Fold
    sides: Fold


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSection:
    """A dataset on the page."""

    name: str
    verdict: str
    facts: Line
    breaches: Table
    expectations: Fold
    changes: Table
    columns: Fold


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSection:
    """A finding on the page."""

    severity: str
    message: Line
    hint: Line
    place: Line
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The whole page."""

    story: Story
    commits: Line
    facts: Line
    models: tuple[ModelSection, ...]
    datasets: tuple[DataSection, ...]
    findings: tuple[FindingSection, ...]
    files: Table
    timings: Table
    environment: Table
    footer: Line


def build(results: Results, footer: Line) -> Sheet:
    """The page's parts, all of them in full.

    Args:
        results: The run.
        footer: The line at the end, as the comment has it.
    """
    main = names.base(results)
    loaded = frozenset(path for model in results.models.values() for path in model.difference.files)
    severities = ("fail", "warn", "info")
    return Sheet(
        story=headline.tell(results),
        commits=_commits(results),
        facts=_facts(results),
        models=tuple(_model(name, results, main) for name in in_order(results)),
        datasets=tuple(_dataset(name, each, main) for name, each in results.datasets.items()),
        findings=tuple(
            _finding(each) for each in sorted(results.findings, key=lambda each: severities.index(each.severity))
        ),
        files=datatables.files(results.files, loaded),
        timings=_timings(results.timings),
        environment=Table(
            columns("", ""), tuple(row(code(name), prose(value)) for name, value in results.environment.items())
        ),
        footer=footer,
    )


def _commits(results: Results) -> Line:
    head, base = results.head, results.base
    told = line(code(names.short(head.sha)) if head.sha else "no commit", f" {head.ref}" if head.ref else "")
    if head.dirty:
        told = line(told, " with uncommitted changes")
    if base is None:
        return told
    return line(told, " against ", code(names.short(base.sha)), f" {names.base(results)}")


def _facts(results: Results) -> Line:
    parts: list[Part] = [folds.took(results)] if folds.took(results) else []
    parts.append(f"mlci {results.mlci}")
    return join(parts, " · ")


# --- a model ---------------------------------------------------------------------------------------------------


def _model(name: str, results: Results, main: str) -> ModelSection:
    model = results.models[name]
    situation = next((each for each in situations(results) if each.model is model), None)
    slices = folds.slices(model, main)
    failing = any(not each.reference for each in gatetable.failing_slices(model))
    return ModelSection(
        name=name,
        verdict=worst([model.verdict, *([situation.verdict] if situation else [])]),
        short=headline.in_short(situation, main) if situation else line(code(name)),
        facts=folds.facts(model),
        scores=_scores(model, main),
        notes=gatetable.notes(model, all_slices=True),
        limits=gatetable.limits(model, main),
        slices=_slices(model, main),
        slices_answer=slices.answer,
        grid=slicetable.grid(model),
        worst_slice=worstslice.sentence(model),
        is_open=failing or bool(model.search and model.search.worse),
        changes=folds.changes(results, model),
        candidates=folds.candidates(model),
        holdout=holdouts.fold(model, main),
        fairness=fairness.fold(model, main),
        calibration=calibration.fold(model, main),
        decline=references.fold(model, main),
        sides=_sides(model, main),
    )


def _slices(model: ModelResult, main: str) -> tuple[tuple[Line, Table], ...]:
    """Per metric, its slices with their intervals drawn."""
    return tuple(
        (
            names.marked(metric, greater=found[0].greater_is_better),
            slicetable.table(found, model, main, with_plots=True),
        )
        for metric, found in slicetable.by_metric(model).items()
    )


def _scores(model: ModelResult, main: str) -> Table:
    """Every metric on the whole holdout, its interval drawn beside it; the axis stands below the rows that share it."""
    titles = (
        *columns("metric", (main, "right"), (names.HEAD, "right"), ("gain", "right")),
        *columns((f"{digits.level(model.confidence)} interval", "center")),
        Column(line(""), "center"),
        *columns(("allowed", "right"), ""),
    )
    found = gatetable.scores(model)
    drawn = [each for each in found if not is_identical(each)]
    panels = charts.panels(drawn, [names.label(places.place(each)) for each in drawn])
    panel_of = {mark.label: panel for panel in panels for mark in panel.marks}
    rows: list[Row] = []
    for panel in (*panels, None):
        inside = [each for each in found if panel_of.get(names.label(places.place(each))) is panel]
        rows += [_score(each, panel) for each in inside]
        if panel is not None:
            blank = ["" for _ in titles]
            rows.append(row(*blank[:5], Figure(svg.scale(panel.axis)), *blank[6:], tone="scale"))
    return Table(titles, tuple(rows)).without_empty_columns()


def _score(each: Placed, panel: Panel | None) -> Row:
    cells = list(gatetable.compared(each).cells)
    mark = charts.Mark.of(each, names.label(places.place(each))) if panel else None
    drawn = svg.row(mark, panel.axis, exactness=digits.precision(each)) if mark and panel else ""
    return Row((*cells[:5], Figure(drawn), *cells[5:]), gatetable.tone(each))


def _sides(model: ModelResult, main: str) -> Fold:
    """All that is known of both winners: costs, parameters, features, packages."""
    mine, theirs = model.side, model.baseline.side
    titles = columns("", "", (main, "right"), (names.HEAD, "right"))
    rows = list(tables.sides(model).rows)
    for kind, of in (("parameter", "params"), ("package", "packages")):
        here = getattr(mine, of) if mine else {}
        there = getattr(theirs, of) if theirs else {}
        for name in dict.fromkeys((*here, *there)):
            values = [look.value(side[name]) if name in side else digits.NONE for side in (there, here)]
            rows.append(row(kind, code(name), *values, tone="" if here.get(name) == there.get(name) else "warn"))
    before = {each.name: each.dtype for each in theirs.features} if theirs else {}
    after = {each.name: each.dtype for each in mine.features} if mine else {}
    for name in dict.fromkeys((*after, *before)):
        values = [code(side[name]) if name in side else digits.NONE for side in (before, after)]
        rows.append(row("feature", code(name), *values, tone="" if before.get(name) == after.get(name) else "warn"))
    told = (
        [
            digits.plural(len(of), one)
            for of, one in ((mine.params, "parameter"), (mine.features, "feature"), (mine.packages, "package"))
            if of
        ]
        if mine
        else []
    )
    return Fold(
        title="Both models in full",
        answer=join(told, ", "),
        tables=((line(), Table(titles, tuple(rows)).without_empty_columns()),),
    )


# --- the data, findings, the run -------------------------------------------------------------------------------


def _dataset(name: str, dataset: DatasetResult, main: str) -> DataSection:
    validation = dataset.validation
    known: list[Part] = [
        code(dataset.path),
        digits.plural(dataset.rows, "row"),
        digits.size(dataset.bytes or None),
        datatables.changed(dataset),
        code(dataset.fingerprint),
    ]
    if validation is not None:
        known.append(
            line("suite ", code(validation.suite), ", engine ", code(validation.engine), *_handed_on(validation))
        )
    return DataSection(
        name=name,
        verdict=validation.verdict if validation else "none",
        facts=join(known, " · "),
        breaches=datatables.expectations(validation, only_failing=True) if validation else Table((), ()),
        expectations=Fold(
            title="Expectations",
            answer=datatables.held(validation),
            tables=((line(), datatables.expectations(validation, only_failing=False)),) if validation else (),
        ),
        changes=datatables.column_changes(dataset.change.columns, main) if dataset.change else Table((), ()),
        columns=Fold(
            title="Columns",
            answer=line(digits.count(len(dataset.columns))),
            tables=((line(), datatables.profile(dataset)),),
        ),
    )


def _handed_on(validation: Validation) -> list[Part]:
    """How many expectations another engine took over."""
    others = Counter(each.engine for each in validation.expectations if each.engine)
    return [part for engine, count in others.items() for part in (f", {digits.count(count)} by ", code(engine))]


def _finding(each: Finding) -> FindingSection:
    place: list[Part] = [code(each.code)]
    place += [code(str(each.location))] if each.location else []
    place += [code(each.subject)] if each.subject else []
    return FindingSection(
        severity=each.severity,
        message=prose(each.message),
        hint=prose(each.hint),
        place=join(place, " · "),
        detail=each.detail,
    )


def _timings(timings: Mapping[str, float]) -> Table:
    longest = max(timings.values(), default=0.0) or 1.0
    rows = [
        row(code(name), digits.duration(seconds), Figure(svg.bar(max(0.0, seconds) / longest)))
        for name, seconds in timings.items()
    ]
    return Table(columns("station", ("time", "right"), ""), tuple(rows))
