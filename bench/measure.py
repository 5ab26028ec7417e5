"""Measures whole commands: wall seconds, and the peak memory of all their processes together."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Measured:
    """Wall seconds, processor seconds, and peak memory in bytes: of all processes together, and of the largest.

    Memory is the proportional set size: pages that processes share are counted once.
    """

    wall: float
    cpu: float
    peak: int
    largest: int


def measure(command: Sequence[str], *, cwd: Path | None = None, codes: tuple[int, ...] = (0,)) -> Measured:
    """Run a command once.

    Raises:
        RuntimeError: it ended with a code that is not expected: what was measured would mean nothing.
    """
    before, start = os.times(), time.perf_counter()
    child = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    peak = largest = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak, largest
        while not done.wait(0.05):
            now = _memory(child.pid)
            peak, largest = max(peak, sum(now)), max(largest, *now, 0)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    _, errors = child.communicate()
    wall = time.perf_counter() - start
    done.set()
    watcher.join()
    after = os.times()
    if child.returncode not in codes:
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}:\n{errors[-2000:]}")
    cpu = (after.children_user + after.children_system) - (before.children_user + before.children_system)
    return Measured(wall, cpu, peak, largest)


def side_by_side(commands: dict[str, Sequence[str]], *, runs: int, **options: object) -> dict[str, Measured]:
    """Run commands in turn, A B A B …, so that a machine whose speed drifts does not favour one; medians."""
    found: dict[str, list[Measured]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(measure(command, **options))  # type: ignore[arg-type]
    return {
        name: Measured(
            statistics.median(each.wall for each in runs_of),
            statistics.median(each.cpu for each in runs_of),
            int(statistics.median(each.peak for each in runs_of)),
            int(statistics.median(each.largest for each in runs_of)),
        )
        for name, runs_of in found.items()
    }


def _memory(root: int) -> list[int]:
    """Memory of a process and of each that descends from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError, ValueError):
                continue  # it ended while we looked
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [0], [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        found.append(sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")))
    return found
