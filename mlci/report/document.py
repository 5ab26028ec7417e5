"""What a report's parts are made of: tables, folds and fenced texts, of lines that no markup has touched yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlci.report.phrase import Line, line

if TYPE_CHECKING:
    from mlci.report.phrase import Part

Align = Literal["left", "center", "right"]
Tone = Literal["", "pass", "warn", "fail", "quiet", "scale"]


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column."""

    title: Line
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Figure:
    """An SVG picture in a cell of the HTML page, made by `svg.py` alone."""

    svg: str


Cell = Line | Figure


@dataclass(frozen=True, slots=True)
class Row:
    """A table's row; `tone` is what it says about the run."""

    cells: tuple[Cell, ...]
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `left_out` counts the rows that were left out for want of room."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    left_out: int = 0

    def __bool__(self) -> bool:
        return bool(self.rows)

    def first(self, most: int | None) -> Table:
        """The table with at most so many rows."""
        if most is None or len(self.rows) <= most:
            return self
        return Table(self.columns, self.rows[:most], self.left_out + len(self.rows) - most)

    def clipped(self, limit: int) -> Table:
        """The table with each name and value cut to `limit` characters."""
        rows = (
            Row(tuple(c if isinstance(c, Figure) else c.clipped(limit) for c in each.cells), each.tone)
            for each in self.rows
        )
        return Table(self.columns, tuple(rows), self.left_out)

    def without_empty_columns(self) -> Table:
        """The table without the columns in which no row has anything."""
        kept = [i for i in range(len(self.columns)) if any(_holds(row.cells[i]) for row in self.rows)]
        return Table(
            tuple(self.columns[i] for i in kept),
            tuple(Row(tuple(row.cells[i] for i in kept), row.tone) for row in self.rows),
            self.left_out,
        )


def _holds(cell: Cell) -> bool:
    return bool(cell.svg) if isinstance(cell, Figure) else bool(cell)


def columns(*titles: str | tuple[Part, Align]) -> tuple[Column, ...]:
    """Columns from their titles; with a pair, the second says how they are aligned."""
    return tuple(
        Column(line(title)) if isinstance(title, str) else Column(line(title[0]), title[1]) for title in titles
    )


def row(*cells: Part | Figure, tone: Tone = "") -> Row:
    """A row of these cells; text is words."""
    return Row(tuple(cell if isinstance(cell, Figure) else line(cell) for cell in cells), tone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """A part that is folded away; its answer stands in the summary line."""

    title: str
    answer: Line
    lines: tuple[Line, ...] = ()
    tables: tuple[tuple[Line, Table], ...] = ()  # each with the words that stand above it
    texts: tuple[tuple[Line, str], ...] = ()  # tracebacks and charts, fenced; each with the words above it
    bullets: tuple[Line, ...] = ()
    figures: tuple[Figure, ...] = ()  # on the HTML page alone
    tone: Tone = ""

    def __bool__(self) -> bool:
        return bool(self.lines or self.bullets or self.texts or any(table for _, table in self.tables))
