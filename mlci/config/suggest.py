"""“Did you mean”: the nearest of some known names."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], *, limit: int = 8) -> str:
    """A sentence, with a leading space, that helps someone who wrote `name`; empty where nothing is known."""
    names = [str(each) for each in known]
    close = difflib.get_close_matches(name.lower(), [each.lower() for each in names], n=1, cutoff=0.6)
    if close:
        return f" Did you mean '{next(each for each in names if each.lower() == close[0])}'?"
    if not names:
        return ""
    more = ", …" if len(names) > limit else ""
    return f" Known: {', '.join(names[:limit])}{more}."
