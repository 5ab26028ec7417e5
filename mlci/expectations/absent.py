"""The sentence for columns that an expectation needs and the table lacks."""

from __future__ import annotations

from heapq import nlargest
from itertools import pairwise
from typing import TYPE_CHECKING

from mlci.config.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LISTED = 5  # absent columns that it names
GUESSED = 8  # columns of a table that are compared with an absent one, letter by letter
SHOWN = 100  # characters of a name


def absent(used: Iterable[str], names: Sequence[str]) -> str:
    """Which of the columns `used` are not among the table's `names`; empty where all are there."""
    known = frozenset(names)
    lacking = list(dict.fromkeys(name for name in used if name not in known))
    if not lacking:
        return ""
    near = did_you_mean(lacking[0], _nearest(lacking[0], names))
    guess = f" (d{near[2:]})" if near.startswith(" Did") else ""
    listed = ", ".join(f"`{_shown(name)}`" for name in lacking[:LISTED])
    listed += ", …" if len(lacking) > LISTED else ""
    one = len(lacking) == 1
    return f"{'column' if one else 'columns'} {listed} {'is' if one else 'are'} not in the data{guess}"


def _nearest(name: str, names: Sequence[str]) -> list[str]:
    """The few names that share most pairs of letters with one: to compare it with a thousand takes a fifth of a second.

    Names too long to be shown are left out.
    """
    if len(name) > SHOWN:
        return []
    wanted = _pairs(name)

    def shared(other: str) -> float:
        pairs = _pairs(other)
        return len(wanted & pairs) / (len(wanted) + len(pairs) or 1)

    return nlargest(GUESSED, (other for other in names if len(other) <= SHOWN), key=shared)


def _pairs(name: str) -> set[tuple[str, str]]:
    return set(pairwise(f" {name.lower()} "))


def _shown(name: str) -> str:
    """The start of a name; a half of a character, which no file can hold, as its number."""
    return name[:SHOWN].encode("utf-8", "backslashreplace").decode()
