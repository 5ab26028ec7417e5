"""What the page claims, each with its number and whether it holds; and how measured shares are read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

BAND = (0.94, 0.96)
NOISE = 3.0  # Monte Carlo standard errors by which a share may be off: there are hundreds of cells
FROM = 200  # rows from which the band is promised
RARE = ("1 %", "outliers")  # in the names of populations whose few rows carry the metric
ALARMS = 0.05
NEAR = 0.9  # of the best possible power, where that is one half or more
EXACT = 1e-12


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence with its number, whether it is true, and the section that shows it."""

    part: str
    text: str
    holds: bool


def coverage_of(cell: dict[str, Any]) -> float:
    """The share of intervals that hold the truth, among the holdouts that can tell the metric at all."""
    return 1 - float((cell["below"] + cell["above"]) / cell["told"])


def error_of(share: float, runs: int) -> float:
    """The Monte Carlo standard error of a share."""
    return math.sqrt(max(share * (1 - share), 0.25 / runs) / runs)


def side_of(cell: dict[str, Any]) -> int:
    """−1 where a cell lies below the band by more than noise, +1 where above, else 0."""
    share = coverage_of(cell)
    low, high = (NOISE * error_of(edge, cell["told"]) for edge in BAND)
    return -1 if share < BAND[0] - low else int(share > BAND[1] + high)


def is_hard(cell: dict[str, Any]) -> bool:
    """Whether few rows carry the metric, or its true value lies at the edge of its range.

    The populations' models are calibrated, so that both calibration errors are 0.
    """
    return any(word in cell["population"] for word in RARE) or cell["family"] == "calibration"


def claims(found: dict[str, Any]) -> list[Claim]:
    """All claims whose parts were measured."""
    made: dict[str, Callable[[Any], list[Claim]]] = {
        "coverage": _coverage,
        "alarms": _alarms,
        "published": _published,
        "agreement": _agreement,
        "speed": _speed,
    }
    return [claim for part, make in made.items() if found.get(part) for claim in make(found[part])]


def _coverage(cells: list[dict[str, Any]]) -> list[Claim]:
    made = []
    for hard in (False, True):
        some = [cell for cell in cells if is_hard(cell) is hard and cell["n"] >= FROM and cell["told"]]
        if not some:
            continue
        inside = sum(BAND[0] <= coverage_of(cell) <= BAND[1] for cell in some)
        below, above = (sum(side_of(cell) == side for cell in some) for side in (-1, 1))
        least, most = (100 * choose(map(coverage_of, some)) for choose in (min, max))
        error = 100 * error_of(0.95, min(cell["told"] for cell in some))
        where = (
            "where few rows carry the metric (1 % positives, 1 % outliers) or it lies at its least (calibration error)"
            if hard
            else "of all ordinary cells"
        )
        text = (
            f"Intervals of 95 %, from {FROM} rows on, {where}: {inside} of {len(some)} within 94–96 % as "
            f"measured, {below} below and {above} above beyond Monte Carlo error (±{error:.1f} points); "
            f"the cells reach from {least:.1f} to {most:.1f} %."
        )
        made.append(Claim("coverage", text, below == 0 and (hard or above == 0)))
    return made


def _alarms(found: dict[str, Any]) -> list[Claim]:
    still = found["points"][0]
    shares = {judge: failed / still["runs"] for judge, failed in still["failed"].items()}
    for point in found["alike"]:
        for judge, failed in point["failed"].items():
            if judge.startswith("mlci"):
                shares[judge] = max(shares[judge], failed / point["runs"])
    ours, others = (
        ", ".join(
            f"{100 * share:.1f} % ({judge})" for judge, share in shares.items() if judge.startswith("mlci") is mine
        )
        for mine in (True, False)
    )
    text = (
        f"Of {still['runs']:,} pull requests without a change, judged over 60 hypotheses, at most "
        f"{100 * ALARMS:.0f} % may fail: {ours}, however alike the models. On the same runs: {others}."
    )
    holds = all(share <= ALARMS for judge, share in shares.items() if judge.startswith("mlci"))
    return [Claim("alarms", text, holds), _power(found["points"])]


def _power(points: list[dict[str, Any]]) -> Claim:
    ratios = [
        gate["failed"] / point["runs"] / gate["best"]
        for point in points
        for gate in point["alone"].values()
        if gate["best"] >= 0.5
    ]
    least, mean = (min(ratios), sum(ratios) / len(ratios)) if ratios else (1.0, 1.0)
    noise = NOISE * error_of(0.5, min(point["runs"] for point in points)) / 0.5
    text = (
        f"A single gate finds a true loss {100 * mean:.0f} % as often as the most powerful test, which knows the "
        f"variance (the mean over the points where that test finds half or more; the least: {100 * least:.0f} %)."
    )
    return Claim("alarms", text, mean >= NEAR and least >= NEAR - noise)


def _published(found: dict[str, list[dict[str, Any]]]) -> list[Claim]:
    examples, sizes = found["examples"], found["sizes"]
    right, equal = sum(row["agree"] for row in examples), sum(row["agrees"] for row in sizes)
    return [
        Claim(
            "published",
            f"{right} of {len(examples)} worked examples of DeLong, Tango, Newcombe and Holm are reproduced, to the "
            "digits printed.",
            right == len(examples),
        ),
        Claim(
            "published", f"{equal} of {len(sizes)} published sizes of ease.ml/ci are reproduced.", equal == len(sizes)
        ),
    ]


def _agreement(found: dict[str, list[dict[str, Any]]]) -> list[Claim]:
    made = []
    for library, rows in found.items():
        if rows:
            worst = max(row["difference"] for row in rows)
            names = len({row["metric"] for row in rows})
            text = (
                f"{names} metrics equal {library}'s, values and gains, to {worst:.0e} at worst "
                f"over {rows[0]['inputs']} random inputs each."
            )
            made.append(Claim("agreement", text, worst <= EXACT))
    return made


def _speed(found: dict[str, Any]) -> list[Claim]:
    rows, ends, slices = (found[part] for part in ("bootstrap", "agreement", "slices"))
    least = min(rows["metrics"], key=lambda row: float(row["ratio"]))
    off = max(max(abs(row["low_off"]), abs(row["high_off"])) for row in ends["metrics"])
    seconds, peak = (max(run[what] for run in slices["runs"]) for what in ("seconds", "peak_bytes"))
    return [
        Claim(
            "speed",
            f"At {rows['rows']:,} rows, every built-in metric's interval is at least {least['ratio']:,.0f} times as "
            f"fast as {rows['resamples']:,} resamples by SciPy's bootstrap (least: `{least['metric']}`).",
            least["ratio"] >= rows["aim"],
        ),
        Claim(
            "speed",
            f"The ends of both intervals differ by at most {off:.1f} Monte Carlo errors of the bootstrap's "
            f"(at {ends['rows']:,} rows).",
            off <= ends["aim"],
        ),
        Claim(
            "speed",
            f"{slices['rows']:,} rows × {len(slices['metrics'])} metrics × 20 slices take {seconds:.1f} s and "
            f"{peak / 1e9:.2f} GB at the most.",
            seconds < slices["aim_seconds"] and peak < slices["aim_bytes"],
        ),
    ]
