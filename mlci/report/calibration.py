"""Calibration: how far predicted probabilities are from what happens, bin by bin, on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import digits, gatetable, names, svg
from mlci.report.document import Figure, Fold, Table, columns, row
from mlci.report.phrase import code, line

if TYPE_CHECKING:
    from mlci.report.document import Row
    from mlci.report.phrase import Line
    from mlci.report.places import Placed
    from mlci.results import Bin, ModelResult

METRIC = "expected_calibration_error"
_DECIMALS = 3
_ARROW = f"{digits.NBSP}→{digits.NBSP}"


def fold(model: ModelResult, main: str, *, here: str = names.HEAD) -> Fold:
    """Both sides' reliability; the calibration errors in the summary.

    Args:
        model: The model.
        main: What the base is called.
        here: What the other side is called.
    """
    found = model.calibration
    if found is None:
        return Fold(title="Calibration", answer=line())
    measured = next((each for each in gatetable.ordered(model) if each.metric == METRIC), None)
    return Fold(
        title="Calibration",
        answer=_answer(model, measured),
        tables=((_read(model), table(model, main, here=here)),),
        figures=(Figure(svg.reliability(found, main=main, here=here)),),
    )


def _answer(model: ModelResult, measured: Placed | None) -> Line:
    """`expected calibration error 0.0121 → 0.0340`."""
    found = model.calibration
    if found is None:
        return line()
    exactness = digits.precision(measured) if measured else _DECIMALS + 1
    icon = f"{names.ICON[measured.verdict]} " if measured and measured.gated else ""
    before = f"{digits.number(found.baseline.error, exactness)}{_ARROW}" if found.baseline else ""
    return line(icon, names.metric(METRIC), f" {before}{digits.number(found.candidate.error, exactness)}")


def _read(model: ModelResult) -> Line:
    """How the table is to be read."""
    what = (
        line("the predicted class was right")
        if model.task == "multiclass"
        else line("it was ", code(model.positive))
        if model.positive
        else line("it happened")
    )
    return line("Rows by their predicted probability: its mean, and the share in which ", what, ".")


def table(model: ModelResult, main: str, *, here: str = names.HEAD) -> Table:
    """One row per bin that holds rows on either side: rows, mean probability, share in which it happened."""
    found = model.calibration
    if found is None:
        return Table((), ())
    titles = columns(
        "probability",
        (f"rows, {main}", "right"),
        ("predicted", "right"),
        ("observed", "right"),
        (f"rows, {here}", "right"),
        ("predicted", "right"),
        ("observed", "right"),
    )
    before = {(each.low, each.high): each for each in found.baseline.bins} if found.baseline else {}
    after = {(each.low, each.high): each for each in found.candidate.bins}
    rows = [_bin(low, high, before.get((low, high)), after.get((low, high))) for low, high in sorted({*before, *after})]
    return Table(titles, tuple(each for each in rows if each is not None)).without_empty_columns()


def _bin(low: float, high: float, before: Bin | None, after: Bin | None) -> Row | None:
    if not any(each is not None and each.rows for each in (before, after)):
        return None
    name = f"{digits.number(low, 1)}{digits.NBSP}–{digits.NBSP}{digits.number(high, 1)}"
    return row(name, *_side(before), *_side(after))


def _side(each: Bin | None) -> tuple[str, str, str]:
    if each is None or not each.rows:
        return ("", "", "")
    return digits.count(each.rows), digits.number(each.predicted, _DECIMALS), digits.number(each.observed, _DECIMALS)
