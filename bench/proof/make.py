"""Make `docs/proof.md` and its plots: `python bench/proof/make.py`, or `make proof`.

Measures, writes a JSON file for each part, then plots and page from those files. Exits with 1 where a claim of the page
does not hold, and names it. `--only PART` measures parts anew and takes the others from their files.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import agreement
import alarms
import drawing
import easeml
import intervals
import published
from claims import claims
from page import page

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

REPOSITORY = Path(__file__).resolve().parents[2]
SPEED = REPOSITORY / "bench" / "speed.py"
LIBRARIES = ("numpy", "scipy", "scikit-learn", "fairlearn")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured."""

    runs: int = 1_000
    sizes: tuple[int, ...] = intervals.SIZES
    whole: int = intervals.WHOLE
    requests: int = 2_000
    worse: int = 300
    losses: tuple[float, ...] = alarms.LOSSES
    inputs: int = 40
    quick: bool = False


QUICK = Plan(runs=4, sizes=(50, 200), whole=5_000, requests=2, worse=2, losses=(0.3,), inputs=3, quick=True)


def main(argv: list[str] | None = None) -> int:
    """Measure, draw, write; 0 where all claims hold."""
    given = _arguments(argv)
    plan = QUICK if given.quick else Plan(runs=given.runs)
    given.scratch.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(given.processes) as pool:
        for part, measure in _PARTS.items():
            if given.only and part not in given.only:
                continue
            start = perf_counter()
            found = measure(pool, plan, given.scratch)
            (given.scratch / f"{part}.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
            print(f"{part}: {perf_counter() - start:.0f} s", flush=True)
    return _write(given.scratch, given.docs, quick=plan.quick)


def _write(scratch: Path, docs: Path, *, quick: bool) -> int:
    """Draw and write from the files of all parts that were measured."""
    files = {part: scratch / f"{part}.json" for part in _PARTS}
    found = {part: json.loads(file.read_text(encoding="utf-8")) for part, file in files.items() if file.exists()}
    made = claims(found)
    missing = [part for part in files if part not in found]
    if missing and not quick:
        print(f"not measured yet, so that the page goes to {scratch}: {', '.join(missing)}")
        docs = scratch
    images = docs / "images" / "proof"
    if found.get("coverage"):
        drawing.coverage(images / "coverage.svg", found["coverage"])
    if found.get("alarms"):
        drawing.alarms(images / "alarms.svg", found["alarms"]["points"][0])
        drawing.power(images / "power.svg", found["alarms"]["points"])
    if found.get("speed"):
        drawing.speed(images / "speed.svg", found["speed"]["bootstrap"]["metrics"])
    machine = {
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
    }
    text = page({**found, "machine": machine, "quick": quick}, made)
    (docs / "proof.md").write_text(text, encoding="utf-8")
    broken = [claim for claim in made if not claim.holds]
    for claim in broken:
        print(f"does not hold ({claim.part}): {claim.text}", file=sys.stderr)
    print(f"{docs / 'proof.md'}: {len(made) - len(broken)} of {len(made)} claims hold")
    return int(bool(broken) and not quick)


# --- parts -----------------------------------------------------------------------------------------------------


def _coverage(pool: Executor, plan: Plan, _: Path) -> list[dict[str, Any]]:
    return intervals.measure(pool, plan.runs, sizes=plan.sizes, whole=plan.whole)


def _alarms(pool: Executor, plan: Plan, _: Path) -> dict[str, Any]:
    return alarms.measure(pool, plan.requests, plan.worse, losses=plan.losses)


def _published(_: Executor, __: Plan, ___: Path) -> dict[str, list[dict[str, Any]]]:
    return {"examples": published.rows(), "sizes": easeml.rows()}


def _agreement(_: Executor, plan: Plan, __: Path) -> dict[str, list[dict[str, Any]]]:
    return {
        "scikit-learn": agreement.sklearn_rows(plan.inputs),
        "Fairlearn": agreement.fairlearn_rows(plan.inputs),
    }


def _speed(_: Executor, plan: Plan, scratch: Path) -> dict[str, Any]:
    """What `bench/speed.py` measures; nothing in a quick run, or without that script."""
    if plan.quick or not SPEED.exists():
        return {}
    file = scratch / "speed-raw.json"
    subprocess.run([sys.executable, str(SPEED), "--json", str(file)], check=False, stdout=sys.stderr)
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return found


_PARTS: dict[str, Callable[[Executor, Plan, Path], Any]] = {
    "published": _published,
    "agreement": _agreement,
    "coverage": _coverage,
    "alarms": _alarms,
    "speed": _speed,
}


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a smoke test of seconds: too few runs to prove anything")
    parser.add_argument("--only", nargs="+", choices=list(_PARTS), help="parts to measure anew")
    parser.add_argument("--runs", type=int, default=Plan.runs, help="holdouts of each cell of the coverage")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--docs", type=Path, default=REPOSITORY / "docs", help="where the page goes")
    parser.add_argument(
        "--scratch", type=Path, default=REPOSITORY / "mlci-out" / "proof", help="where the JSON files go"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
