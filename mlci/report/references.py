"""Slow decline: what gates hold against besides the base, so that small losses do not add up unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import digits, gatetable, names, wording
from mlci.report.document import Fold, Table, columns
from mlci.report.phrase import capital, join, line, prose

if TYPE_CHECKING:
    from mlci.report.phrase import Line
    from mlci.report.places import Placed
    from mlci.results import ModelResult, ReferenceResult

_RANK = {"fail": 0, "warn": 1, "pass": 2}


def fold(model: ModelResult, main: str) -> Fold:
    """Each reference: its commit, and the metrics that gates hold against it; the gravest in the summary.

    Args:
        model: The model.
        main: What the base is called.
    """
    lines = tuple(_note(of, main) for of in model.references)
    return Fold(
        title="Slow decline",
        answer=join([_answer(of, model) for of in model.references], "; "),
        tables=tuple((_title(of, main), table(of, model)) for of in model.references),
        lines=tuple(each for each in lines if each),
    )


def _compared(of: ReferenceResult, model: ModelResult) -> list[Placed]:
    return gatetable.judged(model, lambda where: where.reference == of.name)


def _answer(of: ReferenceResult, model: ModelResult) -> Line:
    """`` ROC AUC −0.0050 since the best commit `a81d03b`, ❌ ``."""
    who = names.reference(of.name, of.sha)
    if of.same_as_base:
        return line(who, " is the merge base itself")
    found = sorted(
        (each for each in _compared(of, model) if each.gain is not None),
        key=lambda each: (not each.gated, _RANK[each.verdict], each.metric != model.primary),
    )
    if not found:
        return line("nothing was compared with ", who)
    lead = found[0]
    icon = f"{names.ICON[lead.verdict]} " if lead.gated else ""
    return line(icon, names.metric(lead.metric), f" {wording.by(lead)} since ", who)


def _note(of: ReferenceResult, main: str) -> Line:
    who = names.reference(of.name, of.sha)
    if of.same_as_base:
        return line(capital(who), " is the merge base itself: there is nothing more to compare.")
    if of.reason:
        return line("Nothing was compared with ", who, _on(of, main), ": ", prose(of.reason.rstrip(". ")), ".")
    if not of.paired:
        return line("It was scored on other held-out rows than this pull request, so the intervals are wider.")
    return line()


def _title(of: ReferenceResult, main: str) -> Line:
    return line("Against ", names.reference(of.name, of.sha), f"{_on(of, main)}:")


def _on(of: ReferenceResult, main: str) -> str:
    return f" on {main}" if of.name == names.BEST else ""


def table(of: ReferenceResult, model: ModelResult) -> Table:
    """The metrics that were compared with a reference."""
    titles = columns(
        "metric",
        (names.short(of.sha) or of.name, "right"),
        (names.HEAD, "right"),
        ("gain", "right"),
        (f"{digits.level(model.confidence)} interval", "center"),
        ("allowed", "right"),
        "",
    )
    # the table says above which reference it is
    found = (each.model_copy(update={"reference": ""}) for each in _compared(of, model))
    return Table(titles, tuple(gatetable.compared(each) for each in found)).without_empty_columns()
