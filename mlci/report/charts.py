"""Forest plots: the interval of each gain, zero, and what each gate allows, on axes that metrics of one unit share.

Scores (all without a unit) stand on one axis, errors in the target's unit on another, their squares on a third,
differences and ratios between groups on a fourth, and each metric of the user's own on its own: rows on one axis can
be compared by eye, and none is squeezed by another's unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.report import digits, filters
from mlci.stats.metrics import FAIRNESS, METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.results import Comparison

_UNITS = {
    "mean_absolute_error": "target",
    "root_mean_squared_error": "target",
    "mean_squared_error": "squared",
}
_LABEL = 32  # columns of a row's name at most
_LARGEST = 1e100  # what lies beyond is no score and no error
_NARROWEST = 1e-9  # an axis shows no smaller differences
_STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One row of a forest plot."""

    label: str
    gain: float
    low: float
    high: float
    margin: float | None = None
    tone: str = ""

    @classmethod
    def of(cls, comparison: Comparison, label: str) -> Mark | None:
        """The row of a comparison; None where there is no interval to draw."""
        if comparison.gain is None or comparison.low is None or comparison.high is None:
            return None
        if max(map(abs, (comparison.gain, comparison.low, comparison.high, comparison.margin or 0.0))) > _LARGEST:
            return None
        return cls(
            label=label,
            gain=comparison.gain,
            low=comparison.low,
            high=comparison.high,
            margin=comparison.margin if comparison.gated else None,
            tone=comparison.verdict if comparison.gated else "quiet",
        )


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of gains, zero within it, and round values to label."""

    low: float
    high: float
    ticks: tuple[float, ...]
    digits: int

    def at(self, value: float) -> float:
        """Where a value stands: 0 at the left end, 1 at the right, and so for whatever lies beyond."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def label(self, tick: float) -> str:
        """A tick in words."""
        return "0" if tick == 0 else digits.number(tick, self.digits)


@dataclass(frozen=True, slots=True)
class Panel:
    """Rows that share an axis."""

    marks: tuple[Mark, ...]
    axis: Axis


def unit(metric: str) -> str:
    """The unit of a metric: none (a score), the target's or its square, between groups, or one of its own."""
    if metric in FAIRNESS:
        return "between groups"
    return _UNITS.get(metric, "score") if metric in METRICS else f"of {metric}"


def panel(marks: Sequence[Mark], *, room: float = 0.16) -> Panel:
    """Marks on the axis that fits them.

    The axis holds zero, every gain and every margin. An interval that reaches much further than all of these is cut
    off there, and drawn with an arrow.

    Args:
        marks: At least one.
        room: The share of the axis that either side of zero has at least.
    """
    inner = [0.0, *(mark.gain for mark in marks), *(-mark.margin for mark in marks if mark.margin)]
    reach = max(abs(value) for value in inner) or max(abs(b) for m in marks for b in (m.low, m.high)) or 1e-4
    median = sorted(mark.high - mark.low for mark in marks)[len(marks) // 2]
    beyond = max(1.5 * reach, 3 * median)
    low = max(min([*inner, *(mark.low for mark in marks)]), -beyond)
    high = min(max([*inner, *(mark.high for mark in marks)]), beyond)
    span = max(high - low, _NARROWEST)
    low, high = min(low, 0.0) - 0.03 * span, max(high, 0.0) + 0.03 * span
    # a/(a+b) >= room on both sides of zero
    low = min(low, -high * room / (1 - room))
    high = max(high, -low * room / (1 - room))
    return Panel(tuple(marks), Axis(low, high, *_ticks(low, high)))


def _ticks(low: float, high: float, *, about: int = 6) -> tuple[tuple[float, ...], int]:
    rough = (high - low) / about
    power = math.floor(math.log10(rough))
    step = next(s for s in _STEPS if s * 10**power >= rough * 0.999) * 10**power
    first, last = math.ceil(low / step), math.floor(high / step)
    return tuple(i * step for i in range(first, last + 1)), max(0, -math.floor(math.log10(step) + 1e-9))


def panels(comparisons: Sequence[Comparison], labels: Sequence[str]) -> tuple[Panel, ...]:
    """The comparisons that have an interval, in one panel per unit."""
    by_unit: dict[str, list[Mark]] = {}
    for comparison, label in zip(comparisons, labels, strict=True):
        mark = Mark.of(comparison, label)
        if mark is not None:
            by_unit.setdefault(unit(comparison.metric), []).append(mark)
    return tuple(panel(marks) for marks in by_unit.values())


# --- as text ---------------------------------------------------------------------------------------------------


def text(drawn: Sequence[Panel], *, columns: int = 76) -> str:
    """The panels as text of a fixed-width font, one below the other; '' where there are none."""
    return "\n\n".join("\n".join(_panel_text(each, columns)) for each in drawn)


def _panel_text(drawn: Panel, columns: int) -> list[str]:
    labels = [filters.inline(mark.label) for mark in drawn.marks]
    margin = min(_LABEL, max(map(filters.width, labels))) + 2
    room = max(30, columns - margin)
    zero = _column(drawn.axis, 0.0, room)
    head = [" "] * room
    _write(head, "worse", zero - 2 - len("worse"))
    head[zero] = "│"
    _write(head, "better", zero + 2)
    rows = [
        filters.pad(label, margin - 2) + "  " + _row(mark, drawn.axis, room)
        for mark, label in zip(drawn.marks, labels, strict=True)
    ]
    legend = "   ┊ allowed" if any(mark.margin for mark in drawn.marks) else ""
    scale = _scale(drawn.axis, room, margin)
    return [(" " * margin + "".join(head)).rstrip(), *rows, scale + legend]


def _row(mark: Mark, axis: Axis, room: int) -> str:
    cells = [" "] * room
    zero, point = _column(axis, 0.0, room), _column(axis, mark.gain, room)
    low, high = _column(axis, mark.low, room), _column(axis, mark.high, room)
    cells[zero] = "│"
    for i in range(low, high + 1):
        cells[i] = "┼" if i == zero else "─"
    if low < point:
        cells[low] = "◄" if mark.low < axis.low else "├"
    if point < high:
        cells[high] = "►" if mark.high > axis.high else "┤"
    if mark.margin:
        # what is allowed is never drawn on zero itself, however near
        cells[min(_column(axis, -mark.margin, room), zero - 1)] = "┊"
    cells[point] = "●"
    return "".join(cells).rstrip()


def _scale(axis: Axis, room: int, margin: int) -> str:
    cells = [" "] * (margin + room + 8)
    used = -1
    ordered = sorted(axis.ticks, key=lambda tick: tick != 0)
    taken: list[tuple[int, int]] = []
    for tick in ordered:
        label = axis.label(tick)
        # centred on the digits: the sign hangs out to the left
        start = margin + _column(axis, tick, room) - (len(label) - (tick < 0)) // 2 - (tick < 0)
        end = start + len(label)
        if start >= 0 and all(end + 1 < a or start > b + 1 for a, b in taken):
            _write(cells, label, start)
            taken.append((start, end))
            used = max(used, end)
    return "".join(cells[:used])


def _column(axis: Axis, value: float, room: int) -> int:
    return round(axis.at(value) * (room - 1))


def _write(cells: list[str], words: str, start: int) -> None:
    for i, character in enumerate(words):
        if 0 <= start + i < len(cells):
            cells[start + i] = character
