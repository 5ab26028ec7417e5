"""A forest plot's rows as SVG for the HTML page.

Positions are percentages, so that a row takes whatever width its cell has and its strokes and dots keep their size;
colours come from the page's style sheet, so that they follow the reader's light or dark setting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import digits, filters

if TYPE_CHECKING:
    from mlci.report.charts import Axis, Mark

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
