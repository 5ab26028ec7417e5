"""What is said of code that passed a limit of `sandbox`: which one, how much it allows, and how to mend it."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlci.training.sandbox import Outcome
    from mlci.training.wall import Wall

CODE = "MLCI215"
_STEP = 1000  # from one unit to the next


@dataclass(frozen=True, slots=True)
class Passed:
    """What passed a limit, and what to do."""

    sentence: str
    hint: str


def passed(subject: str, outcome: Outcome, wall: Wall, where: str = "") -> Passed | None:
    """What to say of a child that passed a limit; None where it kept all.

    Args:
        subject: What it was to do, as a sentence begins with it.
        outcome: How it ended.
        wall: Around it.
        where: What it was at, as the sentence adds it.
    """
    if outcome.signal == signal.SIGXFSZ:
        return file_size(subject, wall, where)
    ended = f"{subject} was ended{where}: "
    if outcome.limit == "memory":
        return Passed(
            f"{ended}its processes held more memory than `sandbox.memory` allows, {size(wall.memory)} for all of them.",
            "Train on less data or with fewer processes, or raise `sandbox.memory`, on the base branch.",
        )
    if outcome.limit == "processes":
        return Passed(
            f"{ended}more processes ran at once than `sandbox.processes` allows, {wall.processes or 0:,}.",
            "Let fewer of them work side by side, or raise `sandbox.processes`, on the base branch.",
        )
    if outcome.limit == "disk":
        return Passed(
            f"{ended}its files took more than `sandbox.disk` allows, {size(wall.disk)} for all of them.",
            "Write less, remove what is no longer needed, or raise `sandbox.disk`, on the base branch.",
        )
    return None


def file_size(subject: str, wall: Wall, where: str = "") -> Passed:
    """What to say of a program that a file grew too large for."""
    return Passed(f"{subject} was ended{where}: a file that it wrote grew too large.", too_large(wall))


def too_large(wall: Wall) -> str:
    """The hint for a file that is too large."""
    if wall.file_size is None:
        return "The system itself limits the size of a file (`ulimit -f`)."
    return f"`sandbox.file_size` allows {size(wall.file_size)} for one file: write smaller ones, or raise it."


def size(count: int | None) -> str:
    """Bytes as `mlci.yml` has them: `8 GB`, `512 MB`, `2.15 GB`."""
    value, units = float(count or 0), ["B", "kB", "MB", "GB", "TB"]
    while value >= _STEP and len(units) > 1:
        value, units = value / _STEP, units[1:]
    return f"{value:,.2f}".rstrip("0").rstrip(".") + f" {units[0]}"
