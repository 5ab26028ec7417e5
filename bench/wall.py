"""What the wall around a child costs, beside the launcher alone and a bare start: `python bench/wall.py`."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.training import sandbox
from mlci.training.wall import OPEN, Wall, interpreter

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 40
COMMAND = ["true"]


def main() -> None:
    """Print the medians, taken in turn, and their ratios to a bare start."""
    with tempfile.TemporaryDirectory() as name:
        folder, environment = Path(name), {"PATH": os.environ["PATH"]}

        def walled(wall: Wall) -> Callable[[], None]:
            def start() -> None:
                done = sandbox.run(COMMAND, cwd=folder, env=environment, timeout=60, wall=wall)
                assert done.code == 0, done.log
                assert wall is OPEN or done.held.files, "the kernel has no Landlock: there is nothing to measure"

            return start

        whole = Wall(
            files="deny", network="deny", read=(folder, *interpreter()), write=(folder,), processes=100, disk=10**9
        )

        def bare() -> None:
            subprocess.run(COMMAND, cwd=folder, env=environment, check=True)

        starts: dict[str, Callable[[], None]] = {
            "bare": bare,
            "launcher, open": walled(OPEN),
            "launcher, whole wall": walled(whole),
        }
        seconds: dict[str, list[float]] = {each: [] for each in starts}
        for _ in range(RUNS):
            for each, start in starts.items():
                begin = time.perf_counter()
                start()
                seconds[each].append(time.perf_counter() - begin)
    found = {each: statistics.median(taken) for each, taken in seconds.items()}
    print(f"Starting `true` as code of a repository is started (median of {RUNS}, in turn)")
    for each, taken in found.items():
        print(
            f"  {each:22} {1000 * taken:6.1f} ms   {taken / found['launcher, open']:5.2f} x the launcher without a wall"
        )


if __name__ == "__main__":
    main()
