"""A model's table of gates: metrics, slices that do not pass, limits and costs; and the plot beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import charts, digits, names, places, wording
from mlci.report.document import Table, columns, row
from mlci.report.phrase import code, line, listed, prose, strong
from mlci.report.situations import is_identical

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlci.report.charts import Panel
    from mlci.report.document import Row, Tone
    from mlci.report.phrase import Line, Part
    from mlci.report.places import Among, Place, Placed
    from mlci.results import Comparison, GateResult, ModelResult, Verdict

_RANK = {"fail": 0, "warn": 1, "pass": 2}
_LIMITS = {"min": "≥", "max": "≤"}
_RULES = {"min": "minimum", "max": "maximum"}
_MOST_CAUTIONS = 3
_MOST_SLICES = 3  # beside the gates on the whole holdout; all of them have a table of their own


def judged(model: ModelResult, among: Among = lambda _: True) -> list[Placed]:
    """The comparisons, each with the verdict of the gate that judged it; without such a gate it is none's.

    Args:
        model: The model.
        among: Which places are asked for; without it, all.
    """
    verdicts = _verdicts(model)
    return [
        places.placed(each, where, model, gated=where in verdicts, verdict=verdicts.get(where, "pass"))
        for where, each in places.located(model)
        if among(where)
    ]


def _verdicts(model: ModelResult) -> dict[Place, Verdict]:
    return {places.place(gate): gate.verdict for gate in model.gates if gate.rule == "max_regression"}


def ordered(model: ModelResult) -> list[Placed]:
    """The comparisons with the base on the whole holdout: gated before ungated, failing first, else as configured."""
    return _ordered(model, lambda where: not (where.slice or where.sensitive or where.reference))


def scores(model: ModelResult) -> list[Placed]:
    """As `ordered`, and with those that gates watch between groups and against other commits than the base."""
    watched = _verdicts(model)
    return _ordered(
        model, lambda where: not where.slice and (where in watched or not (where.sensitive or where.reference))
    )


def _ordered(model: ModelResult, among: Among) -> list[Placed]:
    return sorted(judged(model, among), key=lambda each: (not each.gated, _RANK[each.verdict]))


def failing_slices(model: ModelResult) -> list[Placed]:
    """The gated slices that do not pass, the gravest first."""
    failing = {where for where, verdict in _verdicts(model).items() if where.slice and verdict != "pass"}
    return sorted(judged(model, failing.__contains__), key=lambda each: (_RANK[each.verdict], each.gain or 0.0))


def _gated(model: ModelResult) -> list[Placed]:
    """The gated metrics, each followed by its gravest slices that do not pass."""
    slices = failing_slices(model)[:_MOST_SLICES]
    whole = [each for each in scores(model) if each.gated]
    kin = [[part for part in slices if (part.metric, part.reference) == (one.metric, one.reference)] for one in whole]
    return [each for one, parts in zip(whole, kin, strict=True) for each in (one, *(() if one.sensitive else parts))]


# --- gates -----------------------------------------------------------------------------------------------------


def gates(model: ModelResult, main: str) -> Table:
    """All metrics and rules: metric gates first, then metrics that no gate watches, limits and costs."""
    titles = columns(
        "gate",
        (main, "right"),
        (names.HEAD, "right"),
        ("gain", "right"),
        (f"{digits.level(model.confidence)} interval", "center"),
        ("allowed", "right"),
        ("", "left"),
    )
    rows = [
        *(compared(each) for each in _gated(model)),
        *_untold(model),
        *_limited(model),
        *(compared(each) for each in scores(model) if not each.gated),
    ]
    return Table(titles, tuple(rows)).without_empty_columns()


def limits(model: ModelResult, main: str) -> Table:
    """The rules that no interval judges: absolute limits and costs."""
    titles = columns("gate", (main, "right"), (names.HEAD, "right"), ("change", "right"), "", ("allowed", "right"), "")
    return Table(titles, tuple(_limited(model))).without_empty_columns()


def _untold(model: ModelResult) -> Iterator[Row]:
    """The gates that found nothing to compare with."""
    known = {where for where, _ in places.located(model)}
    for gate in _rules(model, "max_regression"):
        if places.place(gate) not in known:
            on = line(" on ", code(gate.slice)) if gate.slice else line()
            name = names.marked(gate.metric, greater=True, sensitive=gate.sensitive, reference=gate.reference)
            value = wording.rule_value(gate, gate.value) if gate.value is not None else ""
            limit = digits.signed(-gate.threshold, digits.own_decimals(gate.threshold))
            yield row(line(name, on), "", value, "", "", limit, names.untold(gate), tone=gate.verdict)


def _limited(model: ModelResult) -> Iterator[Row]:
    yield from (_limit(gate, model) for gate in _rules(model, "min", "max"))
    yield from (_cost(gate) for gate in _rules(model, "max_increase"))


def _rules(model: ModelResult, *rules: str) -> list[GateResult]:
    return sorted((gate for gate in model.gates if gate.rule in rules), key=lambda gate: _RANK[gate.verdict])


def compared(each: Placed) -> Row:
    """A comparison as a row of the table of gates."""
    exactness = digits.precision(each)
    return row(
        _name(each),
        digits.number(each.baseline, exactness) if each.baseline is not None else "",
        digits.number(each.candidate, exactness),
        gain(each),
        interval(each),
        allowed(each),
        names.compared(each),
        tone=tone(each),
    )


def _name(each: Placed) -> Line:
    against = line(" against ", code(each.reference)) if each.reference else line()
    if each.slice:
        return line("↳ ", code(each.slice), against)
    greater = each.greater_is_better
    return names.marked(each.metric, greater=greater, sensitive=each.sensitive, reference=each.reference)


def gain(each: Comparison) -> Line:
    """The gain, in bold where it fails; a dash where a gate waits for it, else nothing where there is none."""
    told = digits.signed(each.gain, digits.precision(each))
    return strong(told) if each.verdict == "fail" else line(told if each.gain is not None else "")


def allowed(each: Comparison) -> str:
    """What the gate allows."""
    return "no gate" if each.margin is None else digits.signed(-each.margin, digits.precision(each))


def caution(each: Comparison) -> str:
    """What to keep in mind of an interval, such as too few rows of a class for it to be exact."""
    is_told = each.gain is None or is_identical(each) or names.is_small(each)
    return "" if is_told else each.note.rstrip(". ")


def interval(each: Comparison) -> str:
    """The interval of a gain; both sides saying the same needs none."""
    return "identical" if is_identical(each) else digits.interval(each.low, each.high, digits.precision(each))


def tone(each: Comparison) -> Tone:
    """What a comparison says about the run."""
    return each.verdict if each.gated else "quiet"


def _limit(gate: GateResult, model: ModelResult) -> Row:
    measured = places.of_gate(gate, model)
    limit = wording.rule_value(gate, gate.threshold)
    value = wording.rule_value(gate, gate.value, measured) if gate.value is not None else digits.NONE
    shown = strong(value) if gate.verdict == "fail" else line(value)
    name = line(names.marked(gate.metric, greater=True, sensitive=gate.sensitive), f", {_RULES[gate.rule]}")
    return row(name, "", shown, "", "", f"{_LIMITS[gate.rule]} {limit}", names.ruled(gate), tone=gate.verdict)


def _cost(gate: GateResult) -> Row:
    change = digits.more_or_less(gate.change)
    return row(
        names.marked(gate.metric, greater=False),
        digits.cost(gate.metric, gate.baseline),
        digits.cost(gate.metric, gate.value),
        strong(change) if gate.verdict == "fail" else change,
        "",
        digits.more_or_less(gate.threshold) if gate.threshold else "no more",
        names.ruled(gate),
        tone=gate.verdict,
    )


def notes(model: ModelResult, rows: Sequence[Placed] | None = None, *, all_slices: bool = False) -> tuple[Line, ...]:
    """What the table of gates needs to be read rightly.

    Args:
        model: The model.
        rows: What the table shows of the whole holdout; without it, all `scores`.
        all_slices: Whether the failing slices all stand elsewhere.
    """
    shown = [each for each in (scores(model) if rows is None else rows) if each.gain is not None]
    told = []
    more = len(failing_slices(model)) - _MOST_SLICES
    if more > 0 and not all_slices:
        told.append(line(f"{digits.plural(more, 'more slice')} {'does' if more == 1 else 'do'} not pass."))
    if any(not each.greater_is_better for each in shown):
        told.append(line("↓ lower is better; a positive gain is an improvement in every row."))
    watched = _verdicts(model)
    if model.family > 1 and any(each.low is not None and where in watched for where, each in places.located(model)):
        level = digits.level(model.confidence)
        told.append(line(f"The intervals of the {model.family} gates hold together with {level} confidence (Holm)."))
    told += [_held_against(of) for of in dict.fromkeys((each.reference, each.since) for each in shown) if of[0]]
    return (*told, *cautions(shown)[:_MOST_CAUTIONS])


def _held_against(reference: tuple[str, str]) -> Line:
    name, sha = reference
    at = line(" (", code(names.short(sha)), ")") if sha else line()
    return line("Rows against ", code(name), at, " have its value in place of the base’s.")


def cautions(found: Sequence[Placed]) -> list[Line]:
    """What to keep in mind of some comparisons' intervals, a sentence for each such thing."""
    about: dict[str, list[Part]] = {}
    for each in found:
        if caution(each):
            about.setdefault(caution(each), []).append(code(names.label(places.place(each))))
    return [line(f"{names.ICON['warn']} ", listed(who), ": ", prose(what), ".") for what, who in about.items()]


def plot(model: ModelResult) -> tuple[Panel, ...]:
    """The forest plot of the table's rows that have an interval, in the table's order; panels by unit.

    Slices are drawn only where the whole is not worse: then they are the news, else they would squeeze it.
    """
    is_worse = any(each.gated and each.verdict == "fail" for each in scores(model) if not each.sensitive)
    rows = [
        *(each for each in _gated(model) if not (each.slice and is_worse)),
        *(each for each in scores(model) if not each.gated),
    ]
    drawn = [each for each in rows if not is_identical(each)]
    return charts.panels(drawn, [_label(each) for each in drawn])


def _label(each: Placed) -> str:
    return f"└ {each.slice}" if each.slice else names.label(places.place(each))
