"""`mlci validate` beside Great Expectations and its peers: `.venv/bench/bin/python bench/validation/compare.py`.

Every contender is a process of its own that reads the same files and checks fifteen expectations over ten columns; the
key stands in no order. Wall time and peak memory of all its processes, as medians in turn, and as ratios.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import suites  # noqa: E402 - scripts beside this one
import tables  # noqa: E402
from measure import side_by_side  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

    from measure import Measured

MILLION = 1_000_000
MLCI, GX, HAND = "mlci validate", "Great Expectations", "Polars by hand"


def commands(pattern: Path, suite: Path, who: str) -> dict[str, Sequence[str]]:
    """What to run: `who` is "all", "gx" (mlci, the hand-written query and Great Expectations) or "mlci"."""
    python = sys.executable
    mlci = [python, "-m", "mlci", "validate", "--data", str(pattern), "--suite", str(suite)]
    found: dict[str, Sequence[str]] = {MLCI: mlci}
    if who == "mlci":
        return found
    found[HAND] = [python, str(HERE / "by_polars.py"), str(pattern)]
    found[GX] = [python, str(HERE / "by_gx.py"), str(pattern), str(suite)]
    if who == "all":
        found |= {name: [python, str(HERE / f"by_{name}.py"), str(pattern)] for name in ("pandera", "pointblank")}
    return found


def show(title: str, found: dict[str, Measured], to: str) -> None:
    """A table of what was measured, and each contender's ratio to `to`."""
    print(f"\n{title}")
    base = found[to]
    for name, each in found.items():
        ratios = f"{each.wall / base.wall:7.2f} x the time {each.peak / base.peak:6.2f} x the memory of {to}"
        print(f"  {name:22}{each.wall:7.2f} s{each.cpu:8.2f} s cpu{each.peak / 1e6:8.0f} MB  {ratios}")


def growth(scratch: Path, sizes: list[int], runs: int) -> None:
    """The time and memory of mlci alone, as rows grow."""
    suite, found = suites.write(suites.FIFTEEN, scratch / "fifteen.json"), {}
    for size in sizes:
        pattern = tables.write(size, scratch / f"{size}", "parquet")
        found[f"{size // MILLION} million rows"] = side_by_side(commands(pattern, suite, "mlci"), runs=runs)[MLCI]
    show("As rows grow (fifteen expectations)", found, next(iter(found)))


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, nargs="*", default=[MILLION, 10 * MILLION])
    options.add_argument("--grow", type=int, nargs="*", default=[10 * MILLION, 30 * MILLION, 100 * MILLION])
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--peers", choices=("all", "gx", "mlci"), default="all")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="mlci-bench-") as folder:
        scratch = Path(folder)
        fifteen = suites.write(suites.FIFTEEN, scratch / "fifteen.json")
        texts = suites.write(suites.OF_TEXTS, scratch / "texts.json")
        hundred = suites.write(suites.hundred(), scratch / "hundred.json")
        for rows in chosen.rows:
            for form in ("parquet", "csv"):
                pattern = tables.write(rows, scratch / f"{form}-{rows}", form)
                who = chosen.peers if form == "parquet" else min(chosen.peers, "gx", key=("mlci", "gx", "all").index)
                found = side_by_side(commands(pattern, fifteen if form == "parquet" else texts, who), runs=chosen.runs)
                show(f"{rows:,} rows, {form}, fifteen expectations", found, MLCI)
            mine = {
                f"{name} expectations": commands(scratch / f"parquet-{rows}" / "*.parquet", suite, "mlci")[MLCI]
                for name, suite in (("fifteen", fifteen), ("a hundred", hundred))
            }
            show(f"{rows:,} rows, parquet", side_by_side(mine, runs=chosen.runs), "fifteen expectations")
        if chosen.grow:
            growth(scratch, chosen.grow, 1)


if __name__ == "__main__":
    main()
