"""`mlci run` beside a plain script that does the same work by hand: `python bench/run.py`.

Both read the example's nine months, check the suite through Great Expectations, elect one of two candidates by 3-fold
cross-validation on each side, fit, predict and score. mlci adds splits that last, intervals, slices, gates, saved
models and three reports. Wall time, processor time and the peak memory of all processes together, in turn, as ratios.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from measure import side_by_side

RUNS = 3
HERE = Path(__file__).parent
AIM = 1.10


def main() -> None:
    """Print the medians and the ratios."""
    with tempfile.TemporaryDirectory(prefix="mlci-bench-") as scratch:
        repository = Path(scratch) / "flights"
        build = HERE.parent / "examples" / "flights" / "build.py"
        subprocess.run([sys.executable, str(build), str(repository)], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["git", "switch", "--quiet", "better"], cwd=repository, check=True)
        found = side_by_side(
            {
                "mlci run": [sys.executable, "-m", "mlci", "run", "--out", f"{scratch}/out"],
                "by hand": [sys.executable, str(HERE / "by_hand.py"), str(repository), "main", "better"],
            },
            runs=RUNS,
            cwd=repository,
        )
    mine, theirs = found["mlci run"], found["by hand"]
    print(f"The whole run beside a script by hand (medians of {RUNS}, in turn; aim: ratios of at most {AIM})")
    print(f"  {'':10}{'wall':>9}{'processor':>12}{'memory, largest process':>26}{'all processes':>16}")
    for name, each in found.items():
        print(f"  {name:10}{each.wall:7.1f} s{each.cpu:10.1f} s{each.largest / 1e6:23.0f} MB{each.peak / 1e6:13.0f} MB")
    parts = [getattr(mine, part) / getattr(theirs, part) for part in ("wall", "cpu", "largest", "peak")]
    print(f"  {'ratio':10}{parts[0]:9.2f}{parts[1]:12.2f}{parts[2]:26.2f}{parts[3]:16.2f}")


if __name__ == "__main__":
    main()
