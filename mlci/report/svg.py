"""Pictures as SVG for the HTML page: a forest plot's rows, bars, and the reliability diagram.

A row's positions are percentages, so that a row takes whatever width its cell has and its strokes and dots keep their
size; colours come from the page's style sheet, so that they follow the reader's light or dark setting.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from mlci.report import digits, filters

if TYPE_CHECKING:
    from mlci.report.charts import Axis, Mark
    from mlci.results import Calibration, Reliability

_INSET = 3.0  # per cent kept free at either end


def row(mark: Mark, axis: Axis, *, exactness: int) -> str:
    """One interval: its line, its point, zero and what is allowed.

    Args:
        mark: What is drawn.
        axis: The axis that its panel shares.
        exactness: The decimals for the words that a screen reader says.
    """
    zero, low, high, point = (_at(axis, value) for value in (0.0, mark.low, mark.high, mark.gain))
    bounds = digits.interval(mark.low, mark.high, exactness)
    said = f"{mark.label}: gain {digits.signed(mark.gain, exactness)}, interval {bounds}"
    parts = [f'<svg class="row {mark.tone}" role="img" aria-label="{filters.page_html(said)}">']
    if mark.margin:
        limit = _at(axis, -mark.margin)
        parts.append(
            f'<rect class="tolerated" x="{limit}%" y="0" width="{max(zero - limit, 0.1):.2f}%" height="100%"/>'
        )
        parts.append(_line("limit", limit, limit, "0", "100%"))
    parts.append(_line("zero", zero, zero, "0", "100%"))
    parts.append(_line("span", low, high, "50%", "50%"))
    parts += [_end(end, is_cut=cut) for end, cut in ((low, mark.low < axis.low), (high, mark.high > axis.high))]
    parts.append(f'<circle class="point" cx="{point}%" cy="50%" r="4.5"/>')
    return "".join([*parts, "</svg>"])


def scale(axis: Axis) -> str:
    """The axis below the rows: ticks, their values, and which side is which."""
    parts = ['<svg class="axis" aria-hidden="true">']
    for tick in axis.ticks:
        x = _at(axis, tick)
        parts.append(f'<line x1="{x}%" x2="{x}%" y1="0" y2="5"/>')
        parts.append(f'<text x="{x}%" y="18" text-anchor="middle">{axis.label(tick)}</text>')
    zero = _at(axis, 0.0)
    parts.append(f'<text x="{zero}%" dx="-8" y="34" text-anchor="end">← worse</text>')
    parts.append(f'<text x="{zero}%" dx="8" y="34">better →</text>')
    return "".join([*parts, "</svg>"])


def bar(share: float) -> str:
    """A bar of this share of its cell."""
    return f'<svg class="bar" aria-hidden="true"><rect width="{round(100 * share, 1)}%" height="100%" rx="3"/></svg>'


def _at(axis: Axis, value: float) -> float:
    return round(_INSET + axis.at(value) * (100 - 2 * _INSET), 2)


def _line(kind: str, x1: float, x2: float, y1: str, y2: str) -> str:
    return f'<line class="{kind}" x1="{x1}%" x2="{x2}%" y1="{y1}" y2="{y2}"/>'


def _end(x: float, *, is_cut: bool) -> str:
    """A cap; where the interval reaches beyond the axis, nothing closes it."""
    if is_cut:
        return ""
    return f'<svg class="cap" x="{x}%" y="50%" overflow="visible"><line class="span" y1="-4" y2="4"/></svg>'


# --- calibration -----------------------------------------------------------------------------------------------

_SIDE = 200  # units of the diagram's square
_SMALLEST, _LARGEST = 2.0, 6.0  # radius of a bin's point, of few rows and of all


def reliability(found: Calibration, *, main: str, here: str) -> str:
    """Both sides' reliability: what happened over what was predicted, the diagonal of perfect calibration between.

    Args:
        found: The bins.
        main: What the base is called.
        here: What the candidate's side is called.
    """
    sides = [("before", main, found.baseline)] if found.baseline else []
    sides.append(("after", here, found.candidate))
    errors = "; ".join(f"{name} {digits.number(side.error, 4)}" for _, name, side in sides)
    parts = [
        f'<svg class="reliability" viewBox="-34 -8 {_SIDE + 48} {_SIDE + 46}" role="img"',
        f' aria-label="{filters.page_html(f"Reliability diagram, expected calibration error: {errors}")}">',
        f'<rect class="frame" width="{_SIDE}" height="{_SIDE}"/>',
        f'<line class="ideal" x1="0" y1="{_SIDE}" x2="{_SIDE}" y2="0"/>',
        *(_scale(share) for share in (0.0, 0.5, 1.0)),
        f'<text x="{_SIDE // 2}" y="{_SIDE + 32}" text-anchor="middle">predicted</text>',
        f'<text transform="translate(-26 {_SIDE // 2}) rotate(-90)" text-anchor="middle">observed</text>',
        *(_curve(kind, side) for kind, _, side in sides),
        *(
            f'<g class="{kind}"><circle cx="12" cy="{12 + 16 * i}" r="4"/>'
            f'<text x="21" y="{16 + 16 * i}">{filters.page_html(filters.clip(name, 20))}</text></g>'
            for i, (kind, name, _) in enumerate(sides)
        ),
    ]
    return "".join([*parts, "</svg>"])


def _scale(share: float) -> str:
    at = share * _SIDE
    label = digits.number(share, 1)
    return (
        f'<text x="{at:g}" y="{_SIDE + 16}" text-anchor="middle">{label}</text>'
        f'<text x="-6" y="{_SIDE - at + 4:g}" text-anchor="end">{label}</text>'
    )


def _curve(kind: str, side: Reliability) -> str:
    """A side's bins, joined by lines; the more rows a bin holds, the larger its point."""
    most = max((each.rows for each in side.bins), default=0)
    found = [
        (_inside(each.predicted), _SIDE - _inside(each.observed), each.rows)
        for each in side.bins
        if each.rows > 0 and each.predicted is not None and each.observed is not None
    ]
    lines = (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
        for (x1, y1, _), (x2, y2, _) in itertools.pairwise(found)
    )
    points = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_SMALLEST + (_LARGEST - _SMALLEST) * math.sqrt(rows / most):.1f}"/>'
        for x, y, rows in found
    )
    return f'<g class="{kind}">{"".join([*lines, *points])}</g>'


def _inside(share: float) -> float:
    return _SIDE * min(1.0, max(0.0, share))
