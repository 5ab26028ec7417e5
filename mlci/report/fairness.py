"""Fairness: how alike the groups of each sensitive column are treated, and what each group is measured by."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlci.report import digits, gatetable, names, places
from mlci.report.document import Fold, Table, columns, row
from mlci.report.phrase import capital, code, join, line, prose
from mlci.stats.metrics import FAIRNESS

if TYPE_CHECKING:
    from mlci.report.document import Row
    from mlci.report.phrase import Line
    from mlci.report.places import Placed
    from mlci.results import FairnessResult, Group, ModelResult
    from mlci.stats.metrics import Form

_ARROW = f"{digits.NBSP}→{digits.NBSP}"
_RANK = {"fail": 0, "warn": 1, "pass": 2}
_LIMITS = {"min": "≥", "max": "≤"}
_NORMAL = 1.96  # half-widths of a 95 % interval, in standard errors


def fold(model: ModelResult, main: str, *, here: str = names.HEAD) -> Fold:
    """Each sensitive column: its metrics, and what its groups are measured by; the gravest in the summary.

    Args:
        model: The model.
        main: What the base is called.
        here: What the other side's column is called.
    """
    tables: list[tuple[Line, Table]] = []
    for part in model.fairness:
        count = digits.plural(len(part.groups), "group")
        tables.append((line("By ", code(part.sensitive), f", {count}:"), metrics(part, model, main, here=here)))
        tables.append((line(f"What each group is measured by, {main}{_ARROW}{here}:"), groups(part)))
    notes = tuple(line(code(part.sensitive), ": ", prose(part.note), ".") for part in model.fairness if part.note)
    return Fold(title="Fairness", answer=_answer(model), tables=tuple(tables), lines=notes)


def _answer(model: ModelResult) -> Line:
    """`` ✅ equalized odds difference by `sex` 0.031 → 0.033 ``: what a gate judged worst, else the first."""
    gates = sorted((gate for gate in model.gates if gate.sensitive), key=lambda gate: _RANK[gate.verdict])
    found = places.between_groups(model)
    lead = next((each for gate in gates if (each := places.of_gate(gate, model))), next(iter(found), None))
    if lead is None:
        return line("no group could be measured")
    icon = f"{names.ICON[gates[0].verdict]} " if gates else ""
    more = f"; {len(found) - 1} more" if len(found) > 1 else ""
    return line(icon, names.metric(lead.metric), " by ", code(lead.sensitive), f" {_went(lead)}{more}")


def _went(each: Placed) -> str:
    exactness = digits.precision(each)
    after = digits.number(each.candidate, exactness)
    return after if each.baseline is None else f"{digits.number(each.baseline, exactness)}{_ARROW}{after}"


# --- the tables ------------------------------------------------------------------------------------------------


def metrics(part: FairnessResult, model: ModelResult, main: str, *, here: str = names.HEAD) -> Table:
    """The metrics of a column, the candidate's value with an interval of its own."""
    level = digits.level(model.confidence)
    titles = columns(
        "metric",
        (main, "right"),
        (f"{here} ({level} interval)", "right"),
        ("gain", "right"),
        (f"{level} interval", "center"),
        ("allowed", "right"),
        "note",
        "",
    )
    found = gatetable.judged(model, lambda where: where.sensitive == part.sensitive)
    return Table(titles, tuple(_metric(each, model) for each in found)).without_empty_columns()


def _metric(each: Placed, model: ModelResult) -> Row:
    limits = [gate for gate in model.gates if gate.rule in _LIMITS and places.place(gate) == places.place(each)]
    asked = [gatetable.allowed(each)] if each.margin is not None or not limits else []
    asked += [f"{_LIMITS[gate.rule]} {digits.exact(gate.threshold)}" for gate in limits]
    # a limit has the last word where it is missed, or where nothing else judges
    last = [gate for gate in limits if gate.verdict != "pass"] or ([] if each.gated else limits)
    exactness = digits.precision(each)
    return row(
        names.marked(each.metric, greater=each.greater_is_better),
        digits.number(each.baseline, exactness) if each.baseline is not None else "",
        digits.number(each.candidate, exactness) + (f" ({own})" if (own := _own(each)) else ""),
        gatetable.gain(each),
        gatetable.interval(each),
        ", ".join(asked),
        prose(gatetable.caution(each)),
        names.ruled(last[0]) if last else names.compared(each),
        tone=last[0].verdict if last else gatetable.tone(each),
    )


def _own(each: Placed) -> str:
    """The interval of the candidate's own value."""
    if each.candidate_low is None or each.candidate_high is None:
        return ""
    exactness = digits.precision(each)
    low, high = digits.number(each.candidate_low, exactness), digits.number(each.candidate_high, exactness)
    return f"{low}{digits.NBSP}…{digits.NBSP}{high}"


def own_interval(each: Placed, model: ModelResult) -> Line:
    """What is known of the candidate's own value; nothing where it has no interval."""
    bounds = _own(each)
    return line(f" Its own {digits.level(model.confidence)} interval is {bounds}." if bounds else "")


def groups(part: FairnessResult) -> Table:
    """One row per group, one column per rate that the column's metrics are made of; both sides in a cell."""
    wanted = dict.fromkeys(rate for each in part.comparisons for rate in _rates(each.metric))
    rates = [*wanted] or [*dict.fromkeys(rate for group in part.groups for rate in group.candidate)]
    titles = columns("group", ("rows", "right"), *((names.rate(rate), "right") for rate in rates))
    rows = (_group(group, part, rates) for group in part.groups)
    return Table(titles, tuple(rows)).without_empty_columns()


def _rates(metric: str) -> tuple[str, ...]:
    return FAIRNESS[metric].rates if metric in FAIRNESS else ()


def _group(group: Group, part: FairnessResult, rates: list[str]) -> Row:
    exactness = digits.decimals(_NORMAL * math.sqrt(0.25 / group.rows) if group.rows > 0 else None, most=4)
    cells = []
    for rate in rates:
        before, after = group.baseline.get(rate), group.candidate.get(rate)
        shown = "" if before is None and after is None else digits.number(after, exactness)
        cells.append(f"{digits.number(before, exactness)}{_ARROW}{shown}" if before is not None else shown)
    return row(code(called(group, part)), digits.count(group.rows), *cells)


def called(group: Group, part: FairnessResult) -> str:
    """A group by its value alone, where its name repeats the column's."""
    return group.name.removeprefix(f"{part.sensitive} = ")


# --- in a sentence ---------------------------------------------------------------------------------------------


def between(each: Placed, model: ModelResult, main: str) -> Line:
    """Which groups make a metric what it is: `` The true positive rate is 0.553 for `Female` and 0.662 for `Male` ``.

    Nothing is told where the groups' own rates do not give the metric's value: of several trainings it is a mean.
    """
    part = next((part for part in model.fairness if part.sensitive == each.sensitive), None)
    if part is None or each.metric not in FAIRNESS or each.candidate is None:
        return line()
    form = FAIRNESS[each.metric].form
    for rate in FAIRNESS[each.metric].rates:
        found = ends(part, rate, form, each.candidate)
        if found is not None:
            low, high = found
            told = {"group_min": [low], "group_max": [high]}.get(form, [low, high])
            return _told(rate, told, part, main, exactness=digits.precision(each))
    return line()


def ends(part: FairnessResult, rate: str, form: Form, value: float) -> tuple[Group, Group] | None:
    """The groups with the least and the greatest rate, if it is they that give the value.

    Small groups are left out of the metrics, so that the largest groups are looked at first.
    """
    known = [group for group in sorted(part.groups, key=lambda group: -group.rows) if _rate(group, rate) is not None]
    for low, high in _extremes(known, rate):
        least, most = low.candidate[rate] or 0.0, high.candidate[rate] or 0.0
        made = {
            "difference": most - least,
            "ratio": least / most if most else math.nan,
            "group_min": least,
            "group_max": most,
        }
        if math.isclose(made[form], value, rel_tol=1e-9, abs_tol=1e-9):
            return low, high
    return None


def _extremes(known: list[Group], rate: str) -> list[tuple[Group, Group]]:
    """The groups with the least and the greatest rate among the first two, three and so on."""
    found: list[tuple[Group, Group]] = []
    for group in known:
        low, high = found[-1] if found else (group, group)
        value = group.candidate[rate] or 0.0
        low = group if value < (low.candidate[rate] or 0.0) else low
        found.append((low, group if value > (high.candidate[rate] or 0.0) else high))
    return found[1:]


def _rate(group: Group, rate: str) -> float | None:
    return group.candidate.get(rate)


def _told(rate: str, told: list[Group], part: FairnessResult, main: str, *, exactness: int) -> Line:
    now = [line(f"{digits.number(_rate(each, rate), exactness)} for ", code(called(each, part))) for each in told]
    before = [value for each in told if (value := each.baseline.get(rate)) is not None]
    was = " and ".join(digits.number(value, exactness) for value in before)
    then = f"; on {main} it is {was}" if len(before) == len(told) else ""
    return capital(line(f"the {names.rate(rate)} is ", join(now, " and "), then, "."))
