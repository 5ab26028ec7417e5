"""A model's other tables: candidates, what differs, what the holdout can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import digits, gatetable, look, names
from mlci.report.document import Table, columns, row
from mlci.report.phrase import code, line, prose, strong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.report.document import Row
    from mlci.report.phrase import Part
    from mlci.report.places import Placed
    from mlci.results import CandidateResult, ModelResult, Side

_RANK = {"fail": 0, "warn": 1, "pass": 2}
_FACTS = (
    ("model", "estimator", "estimator"),
    ("training", "rows", "train_rows"),
    ("training", "fit", "fit_seconds"),
    ("training", "peak memory", "peak_memory"),
    ("model", "prediction", "predict_seconds"),
    ("model", "size", "model_size"),
)

_KINDS = {
    "own": "mlci’s own packages",
    "requirements": "requirements",
    "project": "the project",
    "interpreter": "an interpreter that was there",
}


# --- candidates and what differs -------------------------------------------------------------------------------


def candidates(model: ModelResult) -> Table:
    """The election among the candidates."""
    titles = columns("candidate", (line("cross-validated ", code(model.primary)), "right"), ("fit", "right"))
    found = sorted(model.candidates, key=lambda each: not each.elected)
    rows = [
        row(
            strong(code(each.name)) if each.elected else code(each.name),
            elected_by(each),
            digits.duration(each.fit_seconds) if each.fit_seconds is not None else "",
        )
        for each in found
    ]
    return Table(titles, tuple(rows)).without_empty_columns()


def elected_by(each: CandidateResult) -> str:
    """`0.868 ± 0.003`, in the digits that the spread over the folds supports."""
    if each.cv_mean is None:
        return ""
    if not each.cv_std:
        return digits.number(each.cv_mean, 4)
    exactness = digits.spread_decimals(each.cv_std)
    return f"{digits.number(each.cv_mean, exactness)} ± {digits.number(each.cv_std, exactness)}"


def changes(model: ModelResult, main: str) -> Table:
    """What differs between the two winners: parameters, features, packages, and what the training cost."""
    difference = model.difference
    rows = [
        *([_change("winner", "", difference.winner.before, difference.winner.after)] if difference.winner else []),
        *(_change("parameter", each.name, each.before, each.after) for each in look.telling(difference.params)),
        *(_change("feature", name, "", "new") for name in difference.features_added),
        *(_change("feature", name, "", "removed") for name in difference.features_removed),
        *(_change("feature", each.name, each.before, each.after) for each in difference.features_retyped),
        *(_change("package", each.name, each.before, each.after) for each in difference.packages),
        *(
            each
            for each in sides(model).rows
            if model.side and model.baseline.side and str(each.cells[2]) != str(each.cells[3])
        ),
    ]
    return Table(columns("what", "", (main, "right"), (names.HEAD, "right")), tuple(rows)).without_empty_columns()


def _change(kind: str, name: str, before: str, after: str) -> Row:
    if after in ("new", "removed") and not before:
        return row(kind, code(name), "", after)
    shown = [look.value(text) if text else digits.NONE for text in (before, after)]
    return row(kind, code(name) if name else "", *shown)


def sides(model: ModelResult) -> Table:
    """What each side's training took and cost; a row that neither side knows is left out."""
    rows = [row(kind, title, _fact(model.baseline.side, name), _fact(model.side, name)) for kind, title, name in _FACTS]
    rows += [row("environment", *each) for each in _environments(model)]
    return Table(columns("what", "", "", ""), tuple(each for each in rows if any(each.cells[2:])))


def _environments(model: ModelResult) -> Iterator[tuple[Part, ...]]:
    """What each side trained in; Python's version stands among the packages where it differs."""
    both = [side.environment if side else None for side in (model.baseline.side, model.side)]
    yield "from", *(_KINDS[each.kind] if each else "" for each in both)
    if len({each.python for each in both if each}) == 1:
        yield "Python", *(code(each.python) if each and each.python else "" for each in both)
    yield "packages", *(digits.count(len(each.packages)) if each and each.packages else "" for each in both)
    sides_ = (model.baseline.side, model.side)
    yield "seed", *("" if side is None or side.seed is None else str(side.seed) for side in sides_)
    yield "threads", *("" if side is None or side.threads is None else digits.count(side.threads) for side in sides_)


def _fact(side: Side | None, name: str) -> Part:
    value = getattr(side, name) if side else None
    if value in (None, ""):
        return ""
    if isinstance(value, str):
        return code(value)
    return digits.count(value) if name == "train_rows" else digits.cost(name, value)


# --- what the holdout can tell ---------------------------------------------------------------------------------


def power(model: ModelResult) -> Table:
    """Per metric: what is allowed, what would be noticed, and how the interval is made."""
    titles = columns(
        "metric", ("allowed loss", "right"), ("loss it notices", "right"), ("rows to settle it", "right"), "method"
    )
    rows = (_noticed(each) for each in gatetable.scores(model) if each.method or each.detectable)
    return Table(titles, tuple(rows)).without_empty_columns()


def _noticed(each: Placed) -> Row:
    exactness = digits.precision(each)
    return row(
        names.marked(each.metric, greater=True, sensitive=each.sensitive, reference=each.reference),
        digits.number(each.margin, exactness) if each.margin is not None else "",
        digits.number(each.detectable, exactness) if each.detectable else "",
        digits.count(each.rows_needed) if each.rows_needed else "",
        prose(each.method),
    )
