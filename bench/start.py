"""How long the command itself takes to start, beside the bare interpreter: `python bench/start.py`."""

from __future__ import annotations

import sys

from measure import side_by_side

RUNS = 9
LIMIT = 0.3  # seconds


def main() -> None:
    """Print the medians, and their ratios to starting Python."""
    python = sys.executable
    found = side_by_side(
        {
            "python -c pass": [python, "-c", "pass"],
            "mlci --help": [python, "-m", "mlci", "--help"],
            "mlci schema": [python, "-m", "mlci", "schema"],
        },
        runs=RUNS,
    )
    bare = found["python -c pass"].wall
    print(f"Start of the command (median of {RUNS}; aim: at most {LIMIT} s)")
    for name, each in found.items():
        print(f"  {name:16} {each.wall:6.3f} s   {each.wall / bare:5.1f} x the bare interpreter")


if __name__ == "__main__":
    main()
