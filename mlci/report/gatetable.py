"""A model's table of gates: metrics, slices that do not pass, limits and costs; and the plot beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import charts, digits, names, wording
from mlci.report.document import Table, columns, row
from mlci.report.phrase import code, line, strong
from mlci.report.situations import is_identical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.report.charts import Panel
    from mlci.report.document import Row, Tone
    from mlci.report.phrase import Line, Part
    from mlci.results import Comparison, GateResult, ModelResult

_RANK = {"fail": 0, "warn": 1, "pass": 2}
_LIMITS = {"min": "≥", "max": "≤"}
_RULES = {"min": "minimum", "max": "maximum"}
_MOST_SLICES = 3  # beside the gates on the whole holdout; all of them have a table of their own


def judged(model: ModelResult) -> list[Comparison]:
    """The comparisons, each with the verdict of the gate that judged it; without such a gate it is none's."""
    verdicts = {(gate.metric, gate.slice): gate.verdict for gate in model.gates if gate.rule == "max_regression"}
    return [
        each.model_copy(
            update={"gated": (key := (each.metric, each.slice)) in verdicts, "verdict": verdicts.get(key, "pass")}
        )
        for each in model.comparisons
    ]


def ordered(model: ModelResult) -> list[Comparison]:
    """The comparisons on the whole holdout: gated before ungated, failing first, else as configured."""
    found = [each for each in judged(model) if not each.slice]
    return sorted(found, key=lambda each: (not each.gated, _RANK[each.verdict]))


def failing_slices(model: ModelResult) -> list[Comparison]:
    """The gated slices that do not pass, the gravest first."""
    found = [each for each in judged(model) if each.slice and each.gated and each.verdict != "pass"]
    return sorted(found, key=lambda each: (_RANK[each.verdict], (each.gain or 0.0)))


def _gated(model: ModelResult) -> list[Comparison]:
    """The gated metrics, each followed by its gravest slices that do not pass."""
    slices = failing_slices(model)[:_MOST_SLICES]
    whole = [each for each in ordered(model) if each.gated]
    return [each for one in whole for each in (one, *(part for part in slices if part.metric == one.metric))]


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
        *_limited(model),
        *(compared(each) for each in ordered(model) if not each.gated),
    ]
    return Table(titles, tuple(rows)).without_empty_columns()


def limits(model: ModelResult, main: str) -> Table:
    """The rules that no interval judges: absolute limits and costs."""
    titles = columns("gate", (main, "right"), (names.HEAD, "right"), ("change", "right"), "", ("allowed", "right"), "")
    return Table(titles, tuple(_limited(model))).without_empty_columns()


def _limited(model: ModelResult) -> Iterator[Row]:
    yield from (_limit(gate, model) for gate in _rules(model, "min", "max"))
    yield from (_cost(gate) for gate in _rules(model, "max_increase"))


def _rules(model: ModelResult, *rules: str) -> list[GateResult]:
    return sorted((gate for gate in model.gates if gate.rule in rules), key=lambda gate: _RANK[gate.verdict])


def compared(each: Comparison) -> Row:
    """A comparison as a row of the table of gates."""
    exactness = digits.precision(each)
    name = line("↳ ", code(each.slice)) if each.slice else names.marked(each.metric, greater=each.greater_is_better)
    gain: Part = digits.signed(each.gain, exactness)
    limit = "no gate" if each.margin is None else digits.signed(-each.margin, exactness)
    return row(
        name,
        digits.number(each.baseline, exactness) if each.baseline is not None else "",
        digits.number(each.candidate, exactness),
        strong(gain) if each.verdict == "fail" else gain if each.gain is not None else "",
        interval(each),
        limit,
        names.compared(each),
        tone=tone(each),
    )


def interval(each: Comparison) -> str:
    """The interval of a gain; both sides saying the same needs none."""
    return "identical" if is_identical(each) else digits.interval(each.low, each.high, digits.precision(each))


def tone(each: Comparison) -> Tone:
    """What a comparison says about the run."""
    return each.verdict if each.gated else "quiet"


def _limit(gate: GateResult, model: ModelResult) -> Row:
    measured = next((c for c in model.comparisons if c.metric == gate.metric and c.slice == gate.slice), None)
    limit = wording.rule_value(gate, gate.threshold)
    value = wording.rule_value(gate, gate.value, measured) if gate.value is not None else digits.NONE
    shown = strong(value) if gate.verdict == "fail" else line(value)
    name = line(code(gate.metric), f", {_RULES[gate.rule]}")
    return row(name, "", shown, "", "", f"{_LIMITS[gate.rule]} {limit}", names.ruled(gate), tone=gate.verdict)


def _cost(gate: GateResult) -> Row:
    change = digits.more_or_less(gate.change)
    return row(
        line(code(gate.metric), " ↓"),
        digits.cost(gate.metric, gate.baseline),
        digits.cost(gate.metric, gate.value),
        strong(change) if gate.verdict == "fail" else change,
        "",
        digits.more_or_less(gate.threshold) if gate.threshold else "no more",
        names.ruled(gate),
        tone=gate.verdict,
    )


def notes(model: ModelResult, *, all_slices: bool = False) -> tuple[Line, ...]:
    """What the table of gates needs to be read rightly; `all_slices`: the failing slices all stand elsewhere."""
    whole = [each for each in model.comparisons if not each.slice and each.gain is not None]
    told = []
    more = len(failing_slices(model)) - _MOST_SLICES
    if more > 0 and not all_slices:
        told.append(line(f"{digits.plural(more, 'more slice')} {'does' if more == 1 else 'do'} not pass."))
    if any(not each.greater_is_better for each in whole):
        told.append(line("↓ lower is better; a positive gain is an improvement in every row."))
    if model.family > 1 and any(each.gated and each.low is not None for each in model.comparisons):
        level = digits.level(model.confidence)
        told.append(line(f"The intervals of the {model.family} gates hold together with {level} confidence (Holm)."))
    return tuple(told)


def plot(model: ModelResult) -> tuple[Panel, ...]:
    """The forest plot of the table's rows that have an interval, in the table's order; panels by unit.

    Slices are drawn only where the whole is not worse: then they are the news, else they would squeeze it.
    """
    is_worse = any(each.gated and each.verdict == "fail" for each in ordered(model))
    rows = [
        *(each for each in _gated(model) if not (each.slice and is_worse)),
        *(each for each in ordered(model) if not each.gated),
    ]
    drawn = [each for each in rows if not is_identical(each)]
    return charts.panels(drawn, [f"└ {each.slice}" if each.slice else each.metric for each in drawn])
