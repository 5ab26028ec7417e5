"""What to look at first, and what is known to be the same: the most telling differences between the two sides."""

from __future__ import annotations

import itertools
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from mlci.report import digits, filters, names
from mlci.report.phrase import Line, Span, capital, code, join, line, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlci.report.phrase import Part
    from mlci.results import Change, ColumnChange, DatasetChange, Difference, ModelResult, Results

_NUMBER = re.compile(r"-?\d[\d.]*(e-?\d+)?", re.IGNORECASE)
_LIST = re.compile(r"[\[(]('[^']*',? ?)*[\])]")
_ITEM = re.compile(r"'([^']*)'")
_CONFIGURATION = frozenset({".yml", ".yaml", ".toml"})
_MOST = 2  # facts that a reader keeps
_VALUE = 40  # characters of a parameter's value

_LISTS = ("steps", "transformers", "estimators", "transformer_list")  # scikit-learn's lists of named parts

# where several packages changed, these are named first: they fit the models
_TELLING = ("scikit-learn", "xgboost", "lightgbm", "catboost", "torch", "tensorflow", "numpy", "pandas", "polars")


def first(results: Results, model: ModelResult | None, *, is_calm: bool = False, since: str = "") -> Line:
    """The third sentence of a report: one or two telling differences, then what is known to be the same.

    Args:
        results: The run.
        model: The model of which the report speaks; None where it speaks of data alone.
        is_calm: Whether there is no need to look: then it says what changed.
        since: The commit since which something was lost, where that is not the base: then it is not this pull
            request's changes alone.
    """
    label = "What changed" if is_calm else "What to look at first"
    merged = [line("what was merged since ", code(names.short(since)))] if since else []
    told = [*merged, *itertools.islice(_clues(results, model), _MOST - len(merged))]
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
    told = telling(difference.params)
    last = [change.name.rpartition("__")[2] for change in told]  # `model__max_depth` is max_depth
    short = last if len(set(last)) == len(last) else [change.name for change in told]
    moves = [
        _moved(change.model_copy(update={"name": name}), has_subject=bool(script))
        for change, name in zip(told, short, strict=True)
    ]
    changed = Span("changed ")
    if script and all(changed == move.spans[0] for move in moves[:_MOST]):
        moves = [*moves[:1], *(Line(move.spans[1:]) for move in moves[1:])]  # the verb is told once
    return line(*((code(_short(script)), " ") if script else ()), listed(moves, most=_MOST))


def telling(params: Sequence[Change]) -> list[Change]:
    """The changes of parameters, without those that another one tells.

    A part that came or went (`pipeline__scaler`) brings or takes all of its own parameters
    (`pipeline__scaler__with_mean`), and the list that holds it (`pipeline__steps`) names it.
    """
    came_or_went = {change.name for change in params if not (change.before and change.after)}
    lists = {
        change.name.rpartition("__")[0]: f"{change.before} {change.after}"
        for change in params
        if change.name.rpartition("__")[2] in _LISTS and change.before and change.after
    }
    found = []
    for change in params:
        parts = change.name.split("__")
        parents = {"__".join(parts[:i]) for i in range(1, len(parts))}
        holder, _, own = change.name.rpartition("__")
        is_named = change.name in came_or_went and f"'{own}'" in lists.get(holder, "")
        if not is_named and not parents & came_or_went:
            found.append(change)
    return found or list(params)


def _moved(change: Change, *, has_subject: bool = False) -> Line:
    """A change as a clause of its own, or as what a file did."""
    name = code(filters.clip(change.name, _VALUE))
    gone, new = _items(change.before, change.after)
    if gone or new:
        return _exchanged(name, gone, new, has_subject=has_subject)
    start = line("changed ", name) if has_subject else line(name, " went")
    return line(start, " from ", value(change.before), " to ", value(change.after))


def _exchanged(name: Span, gone: list[Part], new: list[Part], *, has_subject: bool) -> Line:
    """How a list changed: what it lost and what it gained."""
    if gone and new:
        pair = line(listed(gone), " by ", listed(new))
        return (
            line("replaced ", pair, " in ", name)
            if has_subject
            else line("in ", name, ", ", listed(gone), " gave way to ", listed(new))
        )
    items = listed(gone or new)
    if has_subject:
        return line("added ", items, " to ", name) if new else line("removed ", items, " from ", name)
    return line(name, f" {'gained' if new else 'lost'} ", items)


def _items(before: str, after: str) -> tuple[list[Part], list[Part]]:
    """What two lists of names do not share; nothing where these are no such lists, or differ in order alone."""
    if not (_LIST.fullmatch(before) and _LIST.fullmatch(after)):
        return [], []
    old, new = dict.fromkeys(_ITEM.findall(before)), dict.fromkeys(_ITEM.findall(after))
    return [code(each) for each in old if each not in new], [code(each) for each in new if each not in old]


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
    return line(name, " went from ", _plain(change.before), " to ", _plain(change.after))


def _plain(text: str) -> Part:
    """A statistic in words, such as `mean 38.6` or `1.2 % null`."""
    return filters.clip(text, 60) or "none"


def rows_changed(change: DatasetChange, rows: int, unit: str = " rows") -> Line:
    """How the number of rows moved, in words; nothing where it is not known or the same."""
    if change.rows_before is None or change.rows_before == rows:
        return line()
    moved = rows - change.rows_before
    return line(f"{digits.count(abs(moved))} {'more' if moved > 0 else 'fewer'}{unit}")


def _of_packages(difference: Difference) -> Iterator[Line]:
    if not difference.packages:
        return
    told, more = _telling_package(difference)
    if told.before and told.after:
        yield line(_moved(told), more)
    else:
        yield line(code(told.name), " was ", "added" if told.after else "removed", more)


def packages(difference: Difference) -> Line:
    """`scikit-learn 1.8.0 → 1.9.1`, the package that tells most, and how many more; nothing where all are the same."""
    if not difference.packages:
        return line()
    told, more = _telling_package(difference)
    before, after = (filters.clip(version, _VALUE) for version in (told.before, told.after))
    moved = f" {before} → {after}" if before and after else " added" if after else " removed"
    return line(filters.clip(told.name, _VALUE), moved, more)


def _telling_package(difference: Difference) -> tuple[Change, str]:
    """The package that tells most, and in words how many more there are."""
    rank = {name: place for place, name in enumerate(_TELLING)}
    ordered = sorted(difference.packages, key=lambda change: rank.get(change.name.lower(), len(rank)))
    rest = len(ordered) - 1
    return ordered[0], f" (and {digits.plural(rest, 'more package')})" if rest else ""


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
    *folders, name = PurePosixPath(path).parts or (path,)
    kept = name
    for folder in reversed(folders):
        if len(folder) + len(kept) + 2 > _VALUE:
            break
        kept = f"{folder}/{kept}"
    return filters.clip(kept, _VALUE)
