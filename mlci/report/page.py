"""The page: every part of a report, in order, each with its answer, at the level of detail asked for. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.report import (
    calibration,
    charts,
    digits,
    fairness,
    filters,
    folds,
    gatetable,
    headline,
    holdouts,
    names,
    references,
)
from mlci.report.datatables import expectations
from mlci.report.document import Fold, Table
from mlci.report.phrase import Line, code, join, line, link, prose
from mlci.report.situations import breaches, in_order, situations
from mlci.results import worst

if TYPE_CHECKING:
    from mlci.report.headline import Story
    from mlci.report.phrase import Part
    from mlci.report.situations import Situation
    from mlci.results import Finding, Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of everything a level of detail shows; None is all of it."""

    rows: int | None = None  # of a table
    findings: int | None = None
    lines: int | None = None  # of a traceback, its last
    characters: int = 500  # of a name or a value
    sentence: int = 3000  # characters of a sentence
    models: int | None = None
    extras: int | None = None  # rows of a table in the folds that are cut first; 0 leaves these folds out
    has_folds: bool = True
    has_plot: bool = True
    has_tables: bool = True


LEVELS = (
    Limits(),
    Limits(rows=40, findings=40, lines=60, characters=120, sentence=1500, extras=12),
    Limits(rows=24, findings=20, lines=30, characters=100, sentence=900, extras=0),
    Limits(rows=12, findings=10, lines=15, characters=80, sentence=600, extras=0),
    Limits(rows=6, findings=5, lines=8, characters=60, sentence=300, extras=0, has_folds=False),
    Limits(
        rows=0,
        extras=0,
        findings=0,
        lines=0,
        characters=40,
        sentence=200,
        models=0,
        has_folds=False,
        has_plot=False,
        has_tables=False,
    ),
)
"""From everything to the headline alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """A model's parts."""

    name: str
    icon: str
    verdict: str
    short: Line  # how it is, in one line
    facts: Line  # what it predicts, and from what
    gates: Table
    answer: Line  # what the table of gates says
    notes: tuple[Line, ...]
    plot: str  # the forest plot as text; '' without one
    slices: Fold
    fairness: Fold
    calibration: Fold
    decline: Fold
    candidates: Fold
    changes: Fold
    holdout: Fold

    @property
    def is_calm(self) -> bool:
        """Whether nothing about it needs a look."""
        return self.verdict == "pass"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A report's parts, as templates see them."""

    marker: str
    story: Story
    models: tuple[ModelView, ...]
    breaches: tuple[tuple[Line, Table], ...]  # the expectations that fail, per dataset
    alarms: tuple[Line, ...]  # the findings that fail
    traces: tuple[Fold, ...]  # what the failing findings' detail holds
    data: Fold
    findings: Fold
    footer: Line
    report_url: str
    detail: int
    charts: bool


def build(  # noqa: PLR0913 - each is a different thing that the caller knows
    results: Results,
    *,
    detail: int = 0,
    run_url: str = "",
    report_url: str = "",
    comment_id: str = "default",
    run_id: int | None = None,
    with_charts: bool = True,
) -> Page:
    """All parts of a report.

    Args:
        results: The run.
        detail: An index of `LEVELS`; beyond them, the last.
        run_url: The workflow run's address, if there is one.
        report_url: The full report's address, if there is one.
        comment_id: Tells this comment from another of mlci's in the same pull request.
        run_id: The workflow run's number, by which an older run's comment is told from a newer one's.
        with_charts: Whether to draw.
    """
    detail = min(detail, len(LEVELS) - 1)
    limits = LEVELS[detail]
    story = headline.tell(results)
    tabled = [each for name in results.datasets for each in breaches(results.findings, name)]
    told = {*story.told, *tabled}
    alarms = [each for each in results.findings if each.severity == "fail" and each not in told]
    visible = {*told, *alarms}
    shown = alarms[: limits.findings]
    traced = [each for each in (*story.told, *shown) if each.detail] if limits.lines != 0 else []
    cut = _Cut(limits)
    left = len(alarms) - len(shown)
    listed = in_order(results)[: limits.models]
    lead = {id(each.model): each for each in reversed(situations(results))}  # the gravest of each model
    return Page(
        marker=marker(comment_id, results.head.sha, run_id),
        story=cut.story(story),
        models=tuple(
            _model(name, results, lead.get(id(results.models[name])), cut, draws=with_charts and limits.has_plot)
            for name in listed
        ),
        breaches=_breaches(results, cut) if limits.has_tables else (),
        alarms=(
            *(cut.sentence(folds.finding(each)) for each in shown),
            *([line(f"… and {digits.count(left)} more in the full report")] if left else []),
        ),
        traces=tuple(cut.fold(folds.trace(each)) for each in traced),
        data=cut.fold(folds.data(results)),
        findings=cut.fold(folds.findings([each for each in results.findings if each not in visible])),
        footer=footer(results, run_url, report_url, comment_id),
        report_url=report_url,
        detail=detail,
        charts=with_charts,
    )


def marker(comment_id: str, head: str, run_id: int | None = None) -> str:
    """The hidden first line by which the comment is found again."""
    run = "" if run_id is None else f" run={run_id}"
    clean = re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9._-]+", "-", comment_id)).strip("-") or "default"
    return f"<!-- mlci id={clean} head={re.sub(r'[^0-9A-Za-z]+', '', head)}{run} -->"


class _Cut:
    """Brings parts to a level of detail."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    def sentence(self, words: Line) -> Line:
        return words.clipped(self.limits.characters * 2).within(self.limits.sentence)

    def story(self, story: Story) -> Story:
        import dataclasses

        return dataclasses.replace(
            story,
            title=story.title.clipped(min(80, self.limits.characters)).within(200),
            what=self.sentence(story.what),
            why=self.sentence(story.why),
            look=self.sentence(story.look),
            also=tuple(self.sentence(each) for each in story.also[: self.limits.findings]),
        )

    def table(self, table: Table) -> Table:
        return table.first(self.limits.rows).clipped(self.limits.characters)

    def fold(self, fold: Fold) -> Fold:
        import dataclasses

        texts = fold.texts[: self.limits.findings] if self.limits.lines != 0 else ()
        if not self.limits.has_folds and not texts:
            return Fold(title=fold.title, answer=Line())
        bullets = fold.bullets[: self.limits.findings]
        left = len(fold.bullets) - len(bullets)
        more = (line(f"… and {digits.count(left)} more in the full report"),) if left else ()
        return dataclasses.replace(
            fold,
            answer=fold.answer.clipped(min(80, self.limits.characters)).within(200),
            lines=tuple(self.sentence(each) for each in fold.lines),
            tables=tuple((self.sentence(words), self.table(table)) for words, table in fold.tables),
            texts=tuple((self.sentence(words), self.text(text)) for words, text in texts),
            bullets=(*(self.sentence(each) for each in bullets), *more),
        )

    def aside(self, fold: Fold) -> Fold:
        """A fold that is among the first to be cut: what fails in it stands in the table of gates, too."""
        import dataclasses

        most = self.limits.extras
        if most == 0:
            return Fold(title=fold.title, answer=Line())
        tables = tuple((words, table.first(most)) for words, table in fold.tables[:most])
        return self.fold(dataclasses.replace(fold, tables=tables))

    def text(self, text: str) -> str:
        """The last lines of a traceback or a log: that is where the error stands."""
        lines = [each[: 4 * self.limits.characters] for each in text.splitlines()]
        if self.limits.lines is None or len(lines) <= self.limits.lines:
            return "\n".join(lines)
        return "\n".join(["…", *lines[-self.limits.lines :]] if self.limits.lines else [])


def _model(name: str, results: Results, situation: Situation | None, cut: _Cut, *, draws: bool) -> ModelView:
    model = results.models[name]
    main = names.base(results)
    gates = gatetable.gates(model, main)
    drawn = gatetable.plot(model) if draws else ()
    return ModelView(
        name=name,
        icon=names.ICON[worst([model.verdict, *([situation.verdict] if situation else [])])],
        verdict=model.verdict,
        short=headline.in_short(situation, main) if situation else line(code(name)),
        facts=folds.facts(model),
        gates=cut.table(gates) if cut.limits.has_tables else Table(gates.columns, ()),
        answer=folds.gates_answer(model),
        notes=gatetable.notes(model) if cut.limits.has_tables else (),
        plot=charts.text(drawn) if len(drawn) == 0 or any(panel.marks for panel in drawn) else "",
        slices=cut.fold(folds.slices(model, main)),
        fairness=cut.aside(fairness.fold(model, main)),
        calibration=cut.aside(calibration.fold(model, main)),
        decline=cut.aside(references.fold(model, main)),
        candidates=cut.fold(folds.candidates(model)),
        changes=cut.fold(folds.changes(results, model)),
        holdout=cut.fold(holdouts.fold(model, main)),
    )


def _breaches(results: Results, cut: _Cut) -> tuple[tuple[Line, Table], ...]:
    found = []
    for name, dataset in results.datasets.items():
        if dataset.validation is None:
            continue
        table = expectations(dataset.validation, only_failing=True)
        if table:
            found.append((_breach(name, breaches(results.findings, name)), cut.table(table)))
    return tuple(found)


def _breach(name: str, findings: tuple[Finding, ...]) -> Line:
    """What stands above the table of failing expectations; its findings' codes, places and hint."""
    marks = [code(str(each.location)) for each in findings if each.location] + [code(each.code) for each in findings]
    where = line(" (", join(marks, ", "), ")") if marks else line()
    hint = next((each.hint for each in findings if each.hint), "")
    return line("Expectations of ", code(name), " that do not hold", where, ".", " " if hint else "", prose(hint))


def _compared(results: Results) -> Line:
    head, base = results.head, results.base
    told = line(code(names.short(head.sha)) if head.sha else "", " with uncommitted changes" if head.dirty else "")
    if base is None:
        return told
    return line(told, " against ", code(f"{names.base(results)}@{names.short(base.sha)}"))


def footer(results: Results, run_url: str = "", report_url: str = "", comment_id: str = "default") -> Line:
    """The last line: links, which of several comments it is, commits, how long it took, mlci's version."""
    parts: list[Part] = []
    if link("", report_url).url:
        parts.append(link("Full report", report_url))
    if link("", run_url).url:
        parts.append(link("run", run_url))
    if comment_id != "default":
        parts.append(code(comment_id))
    parts += [compared] if (compared := _compared(results)) else []
    took = folds.took(results)
    parts += [took] if took else []
    parts.append(f"mlci {filters.clip(results.mlci, 20)}")
    return join(parts, " · ")
