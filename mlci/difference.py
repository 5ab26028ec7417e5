"""What differs between the two winners and could explain a gain or a loss. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlci.results import Change, Difference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlci.results import FileChange, Side


def difference(
    candidate: Side, baseline: Side, changed: Iterable[FileChange] = (), loaded: Iterable[str] = ()
) -> Difference:
    """Compare two winners.

    Args:
        candidate: The head's winner.
        baseline: The base's winner.
        changed: The files of the diff.
        loaded: The files of the repository that either training loaded; of the diff, these matter first.
    """
    mine, theirs = ({each.name: each.dtype for each in side.features} for side in (candidate, baseline))
    if not mine or not theirs:  # a command does not tell its features
        mine = theirs = {}
    used = set(loaded)
    names = (baseline.winner, candidate.winner)
    told = baseline.packages and candidate.packages  # a command does not tell what it loads
    loaded_ones = _changes(baseline.packages, candidate.packages) if told else ()
    return Difference(
        winner=Change(name="winner", before=names[0], after=names[1]) if names[0] != names[1] else None,
        params=_changes(baseline.params, candidate.params),
        features_added=tuple(name for name in mine if name not in theirs),
        features_removed=tuple(name for name in theirs if name not in mine),
        features_retyped=tuple(
            Change(name=name, before=theirs[name], after=mine[name])
            for name in mine
            if name in theirs and theirs[name] != mine[name]
        ),
        packages=(*loaded_ones, *_installed(candidate, baseline, {each.name for each in loaded_ones})),
        files=tuple(each.path for each in changed if each.path in used),
    )


def _installed(candidate: Side, baseline: Side, told: set[str]) -> Iterator[Change]:
    """What differs between the two environments beside what the trainings loaded.

    Packages that one side lacks are told of environments of one kind alone: mlci's own has much that no other needs.
    """
    mine, theirs = candidate.environment, baseline.environment
    if mine is None or theirs is None:
        return
    known = {_canonical(name) for name in (*candidate.packages, *baseline.packages, *told)}
    before, after = ({"python": each.python, **each.packages} for each in (theirs, mine))
    for each in _changes(before, after):
        is_shared = bool(each.before and each.after)
        if _canonical(each.name) not in known and (is_shared or mine.kind == theirs.kind):
            yield each


def _canonical(name: str) -> str:
    """A package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """What was changed first, then what one side lacks."""
    names = [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]
    shared = [name for name in names if name in before and name in after]
    rest = [name for name in names if name not in shared]
    return tuple(Change(name=name, before=before.get(name, ""), after=after.get(name, "")) for name in (*shared, *rest))
