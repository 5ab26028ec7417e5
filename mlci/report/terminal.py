"""The report on a terminal: the verdict first, the gates, the findings with their hints, where to look."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from mlci.report import (
    calibration,
    datatables,
    digits,
    fairness,
    filters,
    folds,
    gatetable,
    headline,
    holdouts,
    names,
    references,
    worstslice,
)
from mlci.report.phrase import Line, Span, line
from mlci.report.situations import breaches, in_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from mlci.report.document import Table
    from mlci.results import Results

_COLOURS = {"pass": "green", "warn": "yellow", "fail": "red", "quiet": "dim"}
_SIGNS = {
    names.ICON["pass"]: "✓",
    names.ICON["fail"]: "✗",
    names.ICON["warn"]: "!",
    names.ICON["info"]: "i",
    names.UNKNOWN: "?",
}  # terminals disagree on how wide an emoji is
_ASCII = str.maketrans(
    {
        "−": "-", "…": "..", "’": "'", "±": "+/-", "≥": ">=", "≤": "<=", "↓": "v", "↳": "\\", "—": "-", "–": "-",
        "✓": "+", "✗": "x", "²": "2", "─": "-",
    }
)  # fmt: skip
_NO_BREAK = "\ue000"  # rich would break lines at a no-break space; this becomes a space in the end
_BREACH = ("column", "expectation", "unexpected")  # columns that no terminal is too narrow for
_MOST_ROWS = 30
_NARROWEST = 40


def terminal(results: Results, *, width: int = 80, color: bool = True, unicode: bool = True) -> str:
    """The report as text for a terminal.

    Args:
        results: The run.
        width: The terminal's columns, at least 40.
        color: Whether to write ANSI colours.
        unicode: Whether the terminal shows more than ASCII; otherwise signs and rules are spelled with ASCII.
    """
    printer = _Printer(width=max(_NARROWEST, width), color=color, unicode=unicode)
    printer.report(results)
    return printer.text()


class _Printer:
    def __init__(self, *, width: int, color: bool, unicode: bool) -> None:
        from rich.console import Console

        self._unicode = unicode
        self._buffer = io.StringIO()
        self._console = Console(
            file=self._buffer,
            width=width,
            force_terminal=color,
            color_system="standard" if color else None,
            no_color=not color,
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
        )

    def text(self) -> str:
        """All that was printed."""
        written = self._buffer.getvalue().replace(_NO_BREAK, " ")
        if not self._unicode:
            written = written.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")
        return "\n".join(each.rstrip() for each in written.split("\n")).rstrip("\n") + "\n"

    def report(self, results: Results) -> None:
        """Print all of it."""
        story = headline.tell(results)
        head = self._words(line(f" {story.verdict.upper()} "), f"bold reverse {_COLOURS[story.verdict]}")
        head = head.blank_copy("").append_text(head)
        self._console.print(head.append_text(self._words(line(f"{_NO_BREAK}mlci: ", story.title), "bold")))
        for words in (line(story.what, " ", story.why), story.look):
            self._paragraph(words)
        for i, words in enumerate(story.also):
            self._console.print(*([] if i else [""]), self._words(words), sep="\n" if not i else " ")
        self._models(results)
        for dataset in results.datasets.values():
            if dataset.validation is not None:
                self._table(datatables.expectations(dataset.validation, only_failing=True), *_BREACH)
        tabled = [each for name in results.datasets for each in breaches(results.findings, name)]
        for finding in results.findings:
            if finding not in story.told and finding not in tabled:
                self._paragraph(folds.finding(finding))
        for finding in story.told:
            if finding.detail:
                self._console.print()
                self._console.print(self._words_of(_tail(finding.detail)), soft_wrap=True)
        self._console.print()
        self._last(results)

    def _models(self, results: Results) -> None:
        for name in in_order(results):
            table = gatetable.gates(results.models[name], names.base(results))
            if table and len(results.models) > 1:
                self._paragraph(line(Span(name, strong=True)))
            self._table(table, "gate", "gain", "allowed", "")

    def _last(self, results: Results) -> None:
        for name, words in _brief(results):
            about = f"{name}, " if len(results.models) > 1 else ""
            self._console.print(self._words(line(about, words), "dim"))
        if results.datasets:
            self._console.print(self._words(line("Data: ", folds.data(results).answer), "dim"))
        against = f" against {names.base(results)}" if results.base else ""
        commits = (names.short(results.head.sha) or "no commit") + against
        self._console.print(self._words_of("; ".join(filter(None, (commits, folds.took(results)))), "dim"))

    # --- parts ---

    def _paragraph(self, words: Line) -> None:
        if words:
            self._console.print()
            self._console.print(self._words(words))

    def _table(self, table: Table, *needed: str) -> None:
        """A table, with as many of its columns as fit; those that are `needed` always stay."""
        from rich import box
        from rich.table import Table as RichTable

        if not table:
            return
        shown = table.first(_MOST_ROWS)
        drawn = RichTable(
            box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_edge=False
        )
        kept = list(self._fitting(shown, needed))
        for i in kept:
            column = shown.columns[i]
            drawn.add_column(self._words(column.title), justify=column.align, overflow="fold")
        for row in shown.rows:
            cells = [cell for i in kept if isinstance(cell := row.cells[i], Line)]
            drawn.add_row(*map(self._words, cells), style=_COLOURS.get(row.tone, "") if row.tone != "pass" else "")
        self._console.print()
        self._console.print(drawn)
        if shown.left_out:
            self._console.print(self._words_of(f"{digits.count(shown.left_out)} more in the full report", "dim"))

    def _fitting(self, table: Table, needed: tuple[str, ...]) -> Iterator[int]:
        """The columns that fit beside those that are needed, the first ones first."""
        titles = [str(column.title) for column in table.columns]
        widths = [
            max(filters.width(str(self._words(words))) for words in (table.columns[i].title, *_lines(table, i))) + 3
            for i in range(len(titles))
        ]
        room = self._console.width - sum(w for title, w in zip(titles, widths, strict=True) if title in needed)
        for i, title in enumerate(titles):
            if title not in needed:
                room -= widths[i]
            if title in needed or room >= 0:
                yield i

    def _words(self, words: Line, style: str = "") -> Text:
        from rich.text import Text

        text = Text(style=style)
        for span in words.spans:
            kind = ("bold " if span.strong else "") + ("cyan" if span.code and not style else "")
            text.append(self._spelled(filters.inline(span.text)), style=kind.strip())
        return text

    def _words_of(self, text: str, style: str = "") -> Text:
        from rich.text import Text

        return Text(self._spelled(filters.visible(text)), style=style)

    def _spelled(self, text: str) -> str:
        for emoji, sign in _SIGNS.items():
            text = text.replace(emoji, sign)
        text = text.replace(digits.NBSP, _NO_BREAK)
        return text if self._unicode else text.translate(_ASCII)


def _brief(results: Results) -> Iterator[tuple[str, Line]]:
    """What the full report's folds would answer, a line each: groups, probabilities, what the holdout can tell."""
    main = names.base(results)
    for name in in_order(results):
        model = results.models[name]
        for fold in (fairness.fold(model, main), calibration.fold(model, main), references.fold(model, main)):
            if fold:
                yield name, line(f"{fold.title}: ", fold.answer)
        if searched := worstslice.answer(model):
            yield name, line("Search for the worst slice: ", searched)
        if holdouts.leading(model) is not None:
            yield name, line("Holdout: ", holdouts.answer(model))


def _lines(table: Table, i: int) -> Iterator[Line]:
    return (cell for row in table.rows if isinstance(cell := row.cells[i], Line))


def _tail(text: str) -> str:
    return "\n".join(text.rstrip("\n").split("\n")[-_MOST_ROWS:])
