"""The folded parts of a report, each with its answer for the summary line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import datatables, digits, look, names, slicetable, tables, wording, worstslice
from mlci.report.document import Fold
from mlci.report.phrase import code, join, line, listed, prose, strong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.report.phrase import Line, Part
    from mlci.results import Comparison, Finding, ModelResult, Results

_NOTHING = line()


# --- the model -------------------------------------------------------------------------------------------------


def facts(model: ModelResult) -> Line:
    """`` Predicts `income` (binary, positive `>50K`) from `adult` with `boosted` ``, and what class that is."""
    kind: list[Part] = [model.task]
    if model.positive:
        kind.append(line("positive ", code(model.positive)))
    if model.task == "multiclass" and model.classes:
        kind.append(digits.plural(len(model.classes), "class", "classes"))
    told = line("Predicts ", code(model.target), " (", join(kind, ", "), ") from ", code(model.dataset))
    if not model.winner:
        return line(told, ".")
    estimator = line(", a ", code(model.side.estimator)) if model.side and model.side.estimator else line()
    return line(told, " with ", code(model.winner), estimator, ".")


def gates_answer(model: ModelResult) -> Line:
    """`✅ all 4 hold`."""
    if not model.gates:
        return line("no gate watches this model")
    held = sum(gate.verdict == "pass" for gate in model.gates)
    total = len(model.gates)
    if held < total:
        return line(f"{names.ICON[model.verdict]} {held} of {total} hold")
    return line(f"{names.ICON['pass']} {'it holds' if total == 1 else f'all {total} hold'}")


def slices(model: ModelResult, main: str, *, here: str = names.HEAD) -> Fold:
    """The slices; how many are worse, and which is the worst; and what the search for the worst of many found.

    One metric is shown in full. Of several, what does not pass is, and a grid shows the gains of all.
    """
    found = slicetable.ordered(model)
    searched = worstslice.sentence(model)
    lines = (searched,) if searched else ()
    if not found:
        return Fold(title="Slices", answer=worstslice.answer(model), lines=lines)
    answer = line(_slices_answer(found, model, main), worstslice.more(model))
    small = {each.slice for each in found if names.is_small(each)}
    if len({each.metric for each in found}) <= 1:
        few = line(f"{digits.plural(len(small), 'slice')} with too few rows: reported, not judged.")
        table = slicetable.table(found, model, main, here=here)
        lines = (few, *lines) if small else lines
        return Fold(title="Slices", answer=answer, tables=((_NOTHING, table),), lines=lines)
    failing = [each for each in found if each.gated and each.verdict != "pass"]
    words = "The gain of each slice in each metric; bold is worse"
    unknown = f"; {names.UNKNOWN} has too few rows to be judged" if small else ""
    both = (
        (_NOTHING, slicetable.table(failing, model, main, here=here)),
        (line(f"{words}{unknown}:"), slicetable.grid(model)),
    )
    return Fold(title="Slices", answer=answer, tables=both, lines=lines)


def _slices_answer(found: Sequence[Comparison], model: ModelResult, main: str) -> Line:
    told = [each for each in found if each.gain is not None]
    gated = [each for each in told if each.gated]
    judged = gated or [each for each in told if each.metric == model.primary] or told
    if not judged:
        return line(f"{digits.plural(len({each.slice for each in found}), 'slice')}, nothing to compare with")
    total = len({each.slice for each in judged})
    worse = {each.slice for each in judged if each.status == "worse" and not names.is_small(each)}
    unsure = {each.slice for each in gated if each.status == "inconclusive"} - worse
    icon = min((each.verdict for each in gated), key=("fail", "warn", "pass").index, default="")
    kind = " judged slices" if total < len({each.slice for each in found}) else ""
    count = f"{len(worse) or 'none'} of {total}{kind} {'is' if len(worse) <= 1 else 'are'} worse than on {main}"
    more = f", {len(unsure)} cannot be told" if unsure else ""
    start = line(f"{names.ICON[icon]} " if icon else "", count, more)
    worst = min((each for each in judged if not names.is_small(each)), key=lambda each: each.gain or 0.0, default=None)
    if worst is None or (worst.gain or 0.0) >= 0:
        return start
    metric = line() if worst.metric == model.primary else line(names.metric(worst.metric), " ")
    return line(start, "; lowest is ", code(worst.slice), " (", metric, f"{wording.by(worst)})")


def candidates(model: ModelResult) -> Fold:
    """The election."""
    if len(model.candidates) < 2:  # noqa: PLR2004 - an election needs two
        return Fold(title="Candidates", answer=_NOTHING)
    winner = model.winner or next((each.name for each in model.candidates if each.elected), "")
    answer = line(code(winner), " won by cross-validation on the training rows") if winner else line("none was elected")
    return Fold(title="Candidates", answer=answer, tables=((_NOTHING, tables.candidates(model)),))


def changes(results: Results, model: ModelResult) -> Fold:
    """What differs between the two winners, and the diff's files."""
    difference, main = model.difference, names.base(results)
    counted = [
        digits.plural(len(found), one)
        for found, one in (
            (look.telling(difference.params), "parameter"),
            ((*difference.features_added, *difference.features_removed, *difference.features_retyped), "feature"),
            (results.files, "file"),
        )
        if found
    ]
    moved = look.packages(difference)
    told: list[Part] = [*(["the winner"] if difference.winner else []), *([moved] if moved else []), *counted]
    table = tables.changes(model, main)
    files = datatables.files(results.files, frozenset(difference.files))
    return Fold(
        title="What changed",
        answer=listed(told, most=5) if told else line("nothing that the results know of"),
        tables=((_NOTHING, table), (_NOTHING, files)),
    )


# --- the data --------------------------------------------------------------------------------------------------


def data(results: Results) -> Fold:
    """The datasets, their expectations and their changes."""
    if not results.datasets:
        return Fold(title="Data", answer=_NOTHING)
    main = names.base(results)
    changed = [
        (line("Columns of ", code(name), " that moved:"), datatables.column_changes(each.change.columns, main))
        for name, each in results.datasets.items()
        if each.change is not None and each.change.columns
    ]
    return Fold(
        title="Data",
        answer=_data_answer(results),
        tables=((_NOTHING, datatables.datasets(results.datasets, main)), *changed),
    )


def _data_answer(results: Results) -> Line:
    found = list(results.datasets.values())
    checked = [each.validation for each in found if each.validation is not None]
    evaluated = sum(each.evaluated for each in checked)
    passed = evaluated - sum(each.failed for each in checked)
    worst = min((each.verdict for each in checked), key=["fail", "warn", "pass"].index, default=None)
    unusable = any(not each.evaluated for each in checked) and not evaluated
    held = (
        "❌ not checked"
        if unusable
        else f"{names.ICON[worst]} {digits.count(passed)} of {digits.plural(evaluated, 'expectation')} hold"
        if worst
        else "no suite"
    )
    if len(found) == 1:
        how = datatables.changed(found[0], unit="")
        is_changed = found[0].change is not None and found[0].change.status == "changed"
        rows = digits.plural(found[0].rows, "row")
        return line(f"{held}; {rows} (", how, ")") if is_changed else line(f"{held}; {rows}, ", how)
    moved = sum(each.change is not None and each.change.status == "changed" for each in found)
    told = f"{moved} of {len(found)} datasets changed" if moved else f"{len(found)} datasets"
    return line(f"{held}; {told}")


# --- findings --------------------------------------------------------------------------------------------------


def finding(each: Finding) -> Line:
    """A finding in one line: its sentence, its hint, its place and code."""
    place = line(code(str(each.location)), ", ") if each.location else line()
    hint = line(" ", prose(each.hint)) if each.hint else line()
    return line(f"{names.ICON[each.severity]} ", strong(prose(each.message)), hint, " (", place, code(each.code), ")")


def findings(found: Sequence[Finding]) -> Fold:
    """The findings that stand nowhere else."""
    ranked = sorted(found, key=lambda each: ("fail", "warn", "info").index(each.severity))
    counts = {severity: sum(each.severity == severity for each in ranked) for severity in ("fail", "warn", "info")}
    words = {"fail": "failure", "warn": "warning", "info": "note"}
    answer = line(", ".join(digits.plural(n, words[severity]) for severity, n in counts.items() if n))
    return Fold(
        title="Findings",
        answer=answer,
        bullets=tuple(finding(each) for each in ranked),
        texts=tuple((line(code(each.code), ": ", prose(each.message)), each.detail) for each in ranked if each.detail),
    )


def trace(each: Finding) -> Fold:
    """A failing finding's traceback or log."""
    about = line(code(each.subject), ", ") if each.subject else line()
    where = line("at ", code(str(each.location))) if each.location else line("what the run printed last")
    return Fold(title="Details", answer=line(about, where), texts=((line(), each.detail),))


def took(results: Results) -> str:
    """`trained in 14 s`; the whole run's time where the training's is not known."""
    training = [seconds for name, seconds in results.timings.items() if name.startswith("train") or name == "models"]
    if training:
        return f"trained in {digits.duration(sum(training))}"
    total = results.timings.get("total")
    return f"took {digits.duration(total)}" if total is not None else ""
