"""The tables of a model's slices: in full for one metric, as a grid of gains for several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import charts, digits, gatetable, names, svg
from mlci.report.document import Column, Figure, Table, columns, row
from mlci.report.phrase import code, line, prose, strong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.report.document import Row, Tone
    from mlci.report.phrase import Part
    from mlci.report.places import Placed
    from mlci.results import Comparison, ModelResult

_RANK = {"fail": 0, "warn": 1, "pass": 2}
_LAST = 3  # after everything that a gate judged


def ordered(model: ModelResult) -> list[Placed]:
    """The comparisons with the base on slices: those judged badly first, the primary metric next, then by gain."""
    found = gatetable.judged(model, lambda where: bool(where.slice and not where.reference))
    place = {metric: i for i, metric in enumerate(dict.fromkeys((model.primary, *(each.metric for each in found))))}
    return sorted(
        found,
        key=lambda each: (
            _RANK[each.verdict] if each.gated else _LAST,
            place[each.metric],
            each.gain is None,
            each.gain or 0.0,
        ),
    )


def by_metric(model: ModelResult) -> dict[str, list[Placed]]:
    """The ordered comparisons on slices, per metric; the metrics that are judged badly first."""
    found: dict[str, list[Placed]] = {}
    for each in ordered(model):
        found.setdefault(each.metric, []).append(each)
    return found


def table(
    found: Sequence[Comparison],
    model: ModelResult,
    main: str,
    *,
    here: str = names.HEAD,
    with_plots: bool = False,
) -> Table:
    """Comparisons on slices in full; with more than one metric, each row names its own.

    Args:
        found: The comparisons.
        model: The model.
        main: What the base's column is called.
        here: What the other side's column is called.
        with_plots: Whether to draw the intervals, on an axis of their own.
    """
    titles = (
        *columns("slice", "metric", ("rows", "right"), (main, "right"), (here, "right"), ("gain", "right")),
        *columns((f"{digits.level(model.confidence)} interval", "center"), ("", "center"), "note", ""),
    )
    marks = [mark for each in found if (mark := charts.Mark.of(each, each.slice))] if with_plots else []
    axis = charts.panel(marks).axis if marks else None
    is_mixed = len({each.metric for each in found}) > 1
    rows = [_slice(each, axis, names_metric=is_mixed) for each in found]
    if axis is not None:
        rows.append(row(*[""] * 7, Figure(svg.scale(axis)), "", "", tone="scale"))
    return Table(titles, tuple(rows)).without_empty_columns()


def _slice(each: Comparison, axis: charts.Axis | None, *, names_metric: bool) -> Row:
    exactness = digits.precision(each)
    gain = digits.signed(each.gain, exactness) if each.gain is not None else ""
    mark = charts.Mark.of(each, f"{each.metric} on {each.slice}")
    return row(
        code(each.slice),
        names.marked(each.metric, greater=each.greater_is_better) if names_metric else "",
        digits.count(each.rows),
        digits.number(each.baseline, exactness) if each.baseline is not None else "",
        digits.number(each.candidate, exactness),
        strong(gain) if each.verdict == "fail" else gain,
        gatetable.interval(each),
        Figure(svg.row(mark, axis, exactness=exactness) if mark and axis else ""),
        prose(gatetable.caution(each)),
        names.compared(each),
        tone=gatetable.tone(each),
    )


def grid(model: ModelResult) -> Table:
    """One row per slice, one column per metric: the gains, those that are worse in bold."""
    metrics = {each.metric: each.greater_is_better for each in gatetable.ordered(model)}
    found = {(each.slice, each.metric): each for each in ordered(model)}
    small = {part for (part, _), each in found.items() if names.is_small(each)}
    counts = {part: each.rows for (part, _), each in found.items()}
    rows = []
    for part in sorted(dict.fromkeys(part for part, _ in found), key=small.__contains__):
        cells = [found.get((part, metric)) for metric in metrics]
        count = f"{digits.count(counts[part])}{f' {names.UNKNOWN}' if part in small else ''}"
        tone: Tone = "quiet" if part in small else ""
        rows.append(row(code(part), count, *(_gain(each) for each in cells), tone=tone))
    titles = [Column(names.marked(metric, greater=greater), "right") for metric, greater in metrics.items()]
    return Table((*columns("slice", ("rows", "right")), *titles), tuple(rows)).without_empty_columns()


def _gain(each: Comparison | None) -> Part:
    if each is None or each.gain is None:
        return ""
    gain = digits.signed(each.gain, digits.precision(each))
    if each.gated and each.verdict != "pass":
        return line(f"{names.ICON[each.verdict]}{digits.NBSP}", strong(gain))
    return strong(gain) if each.status == "worse" and not names.is_small(each) else gain
