"""What to look at first, and what is known to be the same: the most telling differences between the two sides."""

from __future__ import annotations

import itertools
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from mlci.report import digits, filters, names
from mlci.report.phrase import capital, code, join, line, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.report.phrase import Line, Part
    from mlci.results import Change, ColumnChange, DatasetChange, Difference, ModelResult, Results

_NUMBER = re.compile(r"-?\d[\d.]*(e-?\d+)?", re.IGNORECASE)
_CONFIGURATION = frozenset({".yml", ".yaml", ".toml"})
_MOST = 2  # facts that a reader keeps
_VALUE = 40  # characters of a parameter's value

# where several packages changed, these are named first: they fit the models
_TELLING = ("scikit-learn", "xgboost", "lightgbm", "catboost", "torch", "tensorflow", "numpy", "pandas", "polars")


def first(results: Results, model: ModelResult | None, *, is_calm: bool = False) -> Line:
    """The third sentence of a report: one or two telling differences, then what is known to be the same.

    Args:
        results: The run.
        model: The model of which the report speaks; None where it speaks of data alone.
        is_calm: Whether there is no need to look: then it says what changed.
    """
    label = "What changed" if is_calm else "What to look at first"
    told = list(itertools.islice(_clues(results, model), _MOST))
    if len(told) < _MOST and (files := _files(results, model)):
        told.append(files if is_calm and not told else line(files, " changed"))
    clues = line(f"{label}: ", join(told, "; "), ".") if told else line()
    alike = _alike(results, model)
    return line(clues, " " if clues and alike else "", alike)


def _clues(results: Results, model: ModelResult | None) -> Iterator[Line]:
    main = names.base(results)
    if model is not None:
        yield from _of_model(model.difference, main)
    for name, dataset in results.datasets.items():
        if dataset.change is None or (model is not None and name != model.dataset):
            continue
        if dataset.change.status == "changed":
            yield from _of_data(name, dataset.change, dataset.rows, main)
    if model is not None:
        yield from _of_packages(model.difference)


def _files(results: Results, model: ModelResult | None) -> Line:
    """The changed files that the training loaded; where none is known, those of the diff."""
    if model is not None and model.difference.files:
        if _is_told(model.difference):
            return line()
        return listed([code(_short(path)) for path in model.difference.files])
    return listed([code(_short(file.path)) for file in results.files])


def _is_told(difference: Difference) -> bool:
    """Whether the one changed file is named together with what it changed."""
    return len(difference.files) == 1 and bool(_script(difference)) and difference.winner is None


def _script(difference: Difference) -> str:
    """The one changed file of code, where parameters changed and there is no other."""
    scripts = [path for path in difference.files if PurePosixPath(path).suffix == ".py"]
    return scripts[0] if len(scripts) == 1 and difference.params else ""


def _of_model(difference: Difference, main: str) -> Iterator[Line]:
    if difference.winner is not None:
        before, after = difference.winner.before, difference.winner.after
        yield line("the winner is now ", code(after), " (", code(before), f" on {main})")
    elif difference.params:
        yield _of_params(difference)
    if difference.features_removed:
        removed: list[Part] = [code(name) for name in difference.features_removed]
        verb = "is no longer a feature" if len(removed) == 1 else "are no longer features"
        yield line(listed(removed), f" {verb}")
    if difference.features_added:
        added: list[Part] = [code(name) for name in difference.features_added]
        yield line(listed(added), f" {'is a new feature' if len(added) == 1 else 'are new features'}")
    if difference.features_retyped:
        moved = [_moved(change) for change in difference.features_retyped]
        yield line("the feature ", listed(moved, most=2))


def _of_params(difference: Difference) -> Line:
    script = _script(difference)
    moved = [_moved(change, verb="" if script else "went ") for change in difference.params]
    return line(*((code(_short(script)), " changed ") if script else ()), listed(moved, most=2))


def _moved(change: Change, verb: str = "went ") -> Line:
    return line(
        code(filters.clip(change.name, _VALUE)), f" {verb}from ", value(change.before), " to ", value(change.after)
    )


def value(text: str) -> Part:
    """A parameter's or a version's value: numbers and none as words, the rest as code."""
    if not text:
        return "not set"
    if text == "None":
        return "none"
    return text if _NUMBER.fullmatch(text) and len(text) <= _VALUE else code(filters.clip(text, _VALUE))


def _of_data(name: str, change: DatasetChange, rows: int, main: str) -> Iterator[Line]:
    moved = rows_changed(change, rows)
    if moved:
        yield line(code(name), " has ", moved, f" than on {main}")
    if change.columns:
        yield line("in ", code(name), ", ", listed([column_change(each) for each in change.columns], most=2))
    if not moved and not change.columns:
        yield line("the content of ", code(name), f" differs from {main}")


def column_change(change: ColumnChange) -> Line:
    """A column's change as a clause."""
    name = code(filters.clip(change.column, 60))
    if change.what in ("added", "removed"):
        return line(name, f" was {change.what}")
    subject = {"type": "the type of ", "nulls": "nulls of ", "mean": "the mean of "}.get(
        change.what, f"the {change.what} of "
    )
    return line(subject, name, " went from ", value(change.before), " to ", value(change.after))


def rows_changed(change: DatasetChange, rows: int, unit: str = " rows") -> Line:
    """How the number of rows moved, in words; nothing where it is not known or the same."""
    if change.rows_before is None or change.rows_before == rows:
        return line()
    moved = rows - change.rows_before
    return line(f"{digits.count(abs(moved))} {'more' if moved > 0 else 'fewer'}{unit}")


def _of_packages(difference: Difference) -> Iterator[Line]:
    if not difference.packages:
        return
    rank = {name: place for place, name in enumerate(_TELLING)}
    ordered = sorted(difference.packages, key=lambda change: rank.get(change.name.lower(), len(rank)))
    told = ordered[0]
    rest = len(ordered) - 1
    more = f" (and {digits.plural(rest, 'more package')})" if rest else ""
    if told.before and told.after:
        yield line(_moved(told), more)
    else:
        yield line(code(told.name), " was ", "added" if told.after else "removed", more)


def _alike(results: Results, model: ModelResult | None) -> Line:
    """What is known to be the same on both sides: nothing is claimed that the results do not hold."""
    main = names.base(results)
    same: list[Part] = []
    unchanged = [n for n, each in results.datasets.items() if each.change is not None and each.change.status == "same"]
    if unchanged and len(unchanged) == len(results.datasets):
        same.append("data")
    elif model is not None and model.dataset in unchanged:
        same.append(code(model.dataset))
    if model is not None and model.side is not None and model.baseline.side is not None:
        mine, theirs, difference = model.side, model.baseline.side, model.difference
        if mine.params and theirs.params and not difference.params and difference.winner is None:
            same.append("parameters")
        if mine.packages and theirs.packages and not difference.packages:
            same.append("environment")
    if _same_rules(results):
        same.append("gates")
    if not same:
        return line()
    verb = "are" if len(same) > 1 or same[0] in ("data", "parameters", "gates") else "is"
    return line(capital(listed(same, most=len(same))), f" {verb} the same as on {main}.")


def _same_rules(results: Results) -> bool:
    """Whether no file that can hold gates changed; unknown where the changed files are not all known."""
    if results.base is None or not results.models or not results.files or results.head.dirty:
        return False
    return not any(PurePosixPath(file.path).suffix.lower() in _CONFIGURATION for file in results.files) and not any(
        finding.code.startswith("MLCI4") for finding in results.findings
    )


def _short(path: str) -> str:
    """A path that fits a sentence: its end tells the most."""
    parts = PurePosixPath(path).parts
    while len(parts) > 1 and sum(map(len, parts)) + len(parts) > _VALUE:
        parts = parts[1:]
    return filters.clip("/".join(parts), _VALUE) if parts else path
