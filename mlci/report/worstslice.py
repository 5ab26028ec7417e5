"""The search for the slice that fell furthest, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import digits, names, wording
from mlci.report.phrase import code, line

if TYPE_CHECKING:
    from mlci.report.phrase import Line
    from mlci.results import ModelResult


def sentence(model: ModelResult) -> Line:
    """How many slices were looked at, which is the worst, and whether that is certain."""
    found = model.search
    if found is None:
        return line()
    looked_at, worst = wording.searched(found), found.worst
    if worst is None or worst.gain is None:
        rows = digits.plural(found.min_rows, "row")
        return line("Of ", looked_at, f" with at least {rows}, none could be compared.")
    spread = f"; {wording.spread(worst, model)}" if worst.low is not None else ""
    ranked = "fell furthest" if worst.gain < 0 else "gained least"
    how = line(" (", names.metric(worst.metric), f" {wording.by(worst)}{spread})")
    told = line("Of ", looked_at, f", the one that {ranked} is ", code(worst.slice), how)
    if not found.worse:
        return line(told, ": no slice is worse for certain, the search paid for.")
    count = "it is" if found.worse == 1 else f"{digits.count(found.worse)} slices are"
    return line(told, f": {count} worse for certain, the search paid for.")


def answer(model: ModelResult) -> Line:
    """The answer in a summary line where no slice is named, and a search looked for the worst."""
    found = model.search
    if found is None:
        return line()
    count = digits.plural(found.slices, "slice")
    if found.worst is None or found.worst.gain is None:
        return line(f"none of {count} could be compared")
    worse = digits.count(found.worse) if found.worse else "none"
    told = f"{worse} of {count} {'is' if found.worse <= 1 else 'are'} worse for certain"
    lowest = line("; lowest is ", code(found.worst.slice), f" ({wording.by(found.worst)})")
    return line(told, lowest if found.worst.gain < 0 else "")


def more(model: ModelResult) -> str:
    """What the search adds to the answer about the slices that are named."""
    found = model.search
    if found is None or not found.worse:
        return ""
    verb = "is" if found.worse == 1 else "are"
    return f"; {digits.count(found.worse)} of {digits.count(found.slices)} searched {verb} worse for certain"
