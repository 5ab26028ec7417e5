"""The speed of the intervals: `python bench/speed.py [--quick] [--json FILE]`, in less than ten minutes.

1. `mlci.stats.paired_interval` beside `scipy.stats.bootstrap` (9,999 paired resamples, percentile intervals,
   scikit-learn's metric as the statistic) at 100,000 rows, for every built-in metric. To resample 9,999 times takes
   minutes for one metric and hours for all, so SciPy's time is that of a few resamples, scaled up: its loop does the
   same for each. Aim: at least 1,000 times as fast.
2. That both are the same interval: ends of 95 % at 4,000 rows, in units of the Monte Carlo error of an end of SciPy's
   999 resamples. Aim: at most 4 of those, for every metric, and widths that are equal to 2 % in the mean. Chance alone
   reaches 2.9 in a hundred ends. What is left is for what differs with few rows: Student's t, a prior and rows that
   were not seen make our intervals wider, to cover 95 % where the percentile bootstrap does not, and skewness shifts
   its ends; at 4,000 rows that is less than one unit.
   The calibration error's probabilities are 0.2 too high: where they are about right, resamples add noise to noise, and
   the bootstrap's interval is beside the true gain; ours is not.
3. 10 million rows × 10 metrics × 20 slices, with the whole holdout: one column of 20 values, and two columns of 10,
   each in a process of its own. Aim: less than 10 s and 2 GB, the rows' own 400 MB among them.

Aims that are missed are named, and end the run with 1. With `--json`, the figures are written as

    {"quick": false,
     "bootstrap": {"rows": 100000, "resamples": 9999, "measured_resamples": 40, "aim": 1000,
                   "metrics": [{"metric": "accuracy", "task": "binary", "mlci_seconds": 0.002,
                                "scipy_seconds": 110.0, "ratio": 55000.0}, …]},
     "agreement": {"rows": 4000, "resamples": 999, "aim": 4.0, "mean_width_ratio": 1.01, "aim_width": 0.02,
                   "metrics": [{"metric": "accuracy", "task": "binary", "mlci": [-0.01, 0.02], "scipy": [-0.01, 0.02],
                                "monte_carlo_error": 0.0005, "low_off": 0.3, "high_off": -0.2,
                                "width_ratio": 1.002}, …]},
     "slices": {"rows": 10000000, "metrics": ["accuracy", …], "aim_seconds": 10, "aim_bytes": 2000000000,
                "runs": [{"partitions": [20], "seconds": 2.5, "processor_seconds": 4.1, "whole_seconds": 1.1,
                         "peak_bytes": 1000000000}, …]}}

where `low_off` and `high_off` are our end less SciPy's, in Monte Carlo errors, and `whole_seconds` is what the whole
holdout takes without slices.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from slices import METRICS as TEN

from mlci.stats import paired_interval
from mlci.stats.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlci.stats.metrics import Metric

    Array = NDArray[Any]

RESAMPLES = 9_999
FASTER = 1_000
ERRORS = 4.0
WIDTH = 0.02
SECONDS, BYTES = 10, 2_000_000_000
PARTITIONS = ((20,), (10, 10))
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    rows: int
    resamples: int
    agreeing_rows: int
    agreeing_resamples: int
    many_rows: int


FULL = Sizes(100_000, 40, 4_000, 999, 10_000_000)
QUICK = Sizes(10_000, 4, 1_000, 99, 200_000)


@dataclass(frozen=True, slots=True)
class Rows:
    """A target and what two models predict of it."""

    y: Array
    candidate: Array
    baseline: Array


def main() -> int:
    """Measure, print, and say which aims were missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs: seconds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here, too")
    options = parser.parse_args()
    sizes = QUICK if options.quick else FULL
    parts = {"slices": slices(sizes), "bootstrap": bootstrap(sizes), "agreement": agreement(sizes)}
    if options.json:
        options.json.write_text(json.dumps({"quick": options.quick, **parts}, indent=1) + "\n")
    if options.quick:
        print("Quick: the sizes are not those of the aims, so nothing is judged.")
        return 0
    missed = misses(**parts)
    print("\n".join(f"missed: {each}" for each in missed) or "All aims are met.")
    return 1 if missed else 0


def misses(bootstrap: dict[str, Any], agreement: dict[str, Any], slices: dict[str, Any]) -> list[str]:
    """The aims that were missed, in words."""
    return [
        *(
            f"{each['metric']} ({each['task']}) is {each['ratio']:,.0f} times as fast, not {FASTER:,}"
            for each in bootstrap["metrics"]
            if each["ratio"] < FASTER
        ),
        *(
            f"{each['metric']} ({each['task']}) is off by {each['low_off']:+.1f} and {each['high_off']:+.1f} errors"
            for each in agreement["metrics"]
            if max(abs(each["low_off"]), abs(each["high_off"])) > ERRORS
        ),
        *(
            f"widths are {ratio:.3f} of SciPy's in the mean"
            for ratio in [agreement["mean_width_ratio"]]
            if abs(ratio - 1) > WIDTH
        ),
        *(
            f"slices {each['partitions']} take {each['seconds']:.1f} s and {each['peak_bytes'] / 1e9:.2f} GB"
            for each in slices["runs"]
            if each["seconds"] >= SECONDS or each["peak_bytes"] >= BYTES
        ),
    ]


# --- 1. the bootstrap ------------------------------------------------------------------------------------------


def bootstrap(sizes: Sizes) -> dict[str, Any]:
    """Every metric beside SciPy's bootstrap, in turn."""
    print(f"\nAgainst scipy.stats.bootstrap at {sizes.rows:,} rows: {RESAMPLES:,} resamples, scaled up from")
    print(f"{sizes.resamples} that were measured; each metric's two sides in turn (aim: {FASTER:,} times as fast)")
    print(f"  {'metric':32}{'task':12}{'SciPy':>10}{'mlci':>12}{'ratio':>12}")
    found = []
    for metric, task in cases():
        mine, theirs = side_by_side(metric, draw(metric, task, sizes.rows), sizes.resamples)
        ratio = theirs / mine
        found.append(
            {"metric": metric.name, "task": task, "mlci_seconds": mine, "scipy_seconds": theirs, "ratio": ratio}
        )
        print(f"  {metric.name:32}{task:12}{theirs:8.1f} s{mine * 1e3:9.2f} ms{ratio:10,.0f} ×", flush=True)
    least, name = min((each["ratio"], f"{each['metric']}, {each['task']}") for each in found)
    print(f"  the least: {least:,.0f} × ({name})")
    return {
        "rows": sizes.rows, "resamples": RESAMPLES, "measured_resamples": sizes.resamples, "aim": FASTER,
        "metrics": found,
    }  # fmt: skip


def side_by_side(metric: Metric, rows: Rows, resamples: int) -> tuple[float, float]:
    """Seconds of our interval, the median of five, and of SciPy's, in two halves between ours."""

    def ours() -> float:
        return seconds(lambda: compared(metric, rows))

    def theirs() -> float:
        return seconds(lambda: resampled(metric, rows, resamples // 2)) / (resamples // 2) * RESAMPLES

    compared(metric, rows)  # what is imported once is counted on neither side
    resampled(metric, rows, 1)
    mine, scipy = [ours(), ours()], [theirs()]
    mine += [ours()]
    scipy += [theirs()]
    mine += [ours(), ours()]
    return statistics.median(mine), statistics.mean(scipy)


def compared(metric: Metric, rows: Rows) -> tuple[float, float]:
    """Our interval's ends, through the public door, with all its checks."""
    found = paired_interval(metric.name, rows.y, rows.candidate, rows.baseline)
    return found.low, found.high


def resampled(metric: Metric, rows: Rows, resamples: int, seed: int = 0) -> tuple[float, float, float]:
    """SciPy's interval's ends and standard error. Rows are drawn by number, as SciPy does it for paired samples."""
    from scipy import stats

    function = scored_by(metric)

    def gain(at: Array) -> float:
        y = rows.y[at]
        return metric.sign * (function(y, rows.candidate[at]) - function(y, rows.baseline[at]))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few resamples, which are timed only, may all be alike
        found = stats.bootstrap(
            (np.arange(len(rows.y)),), gain, paired=True, vectorized=False, n_resamples=resamples,
            batch=50, method="percentile", rng=np.random.default_rng(seed),
        )  # fmt: skip
    low, high = found.confidence_interval
    return float(low), float(high), float(found.standard_error)


def seconds(function: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


# --- 2. agreement ----------------------------------------------------------------------------------------------


def agreement(sizes: Sizes) -> dict[str, Any]:
    """Both intervals of every metric, on rows of which there are enough."""
    print(f"\nThe same intervals: 95 % at {sizes.agreeing_rows:,} rows against {sizes.agreeing_resamples:,} resamples;")
    print(f"ends in Monte Carlo errors of one end, ours less SciPy's (aim: within {ERRORS:.0f})")
    print(f"  {'metric':32}{'task':12}{'low':>8}{'high':>8}{'width, ratio':>14}")
    tail = 0.025
    density = math.exp(-(statistics.NormalDist().inv_cdf(tail) ** 2) / 2) / math.sqrt(2 * math.pi)
    found: list[dict[str, Any]] = []
    for seed, (metric, task) in enumerate(cases()):  # luck is not the same for all
        rows = draw(metric, task, sizes.agreeing_rows, seed)
        mine = compared(metric, rows)
        low, high, se = resampled(metric, rows, sizes.agreeing_resamples, seed)
        error = se * math.sqrt(tail * (1 - tail) / sizes.agreeing_resamples) / density  # of a normal sample's quantile
        each = {
            "metric": metric.name, "task": task, "mlci": list(mine), "scipy": [low, high], "monte_carlo_error": error,
            "low_off": (mine[0] - low) / error, "high_off": (mine[1] - high) / error,
            "width_ratio": (mine[1] - mine[0]) / (high - low),
        }  # fmt: skip
        found.append(each)
        print(
            f"  {metric.name:32}{task:12}{each['low_off']:+8.2f}{each['high_off']:+8.2f}{each['width_ratio']:14.3f}",
            flush=True,
        )
    width = statistics.mean(each["width_ratio"] for each in found)
    print(f"  mean ratio of the widths: {width:.3f} (aim: 1 ± {WIDTH})")
    return {
        "rows": sizes.agreeing_rows, "resamples": sizes.agreeing_resamples, "aim": ERRORS,
        "mean_width_ratio": width, "aim_width": WIDTH, "metrics": found,
    }  # fmt: skip


# --- 3. slices -------------------------------------------------------------------------------------------------


def slices(sizes: Sizes) -> dict[str, Any]:
    """Ten metrics of many rows and 20 slices, each way to cut them in a process of its own."""
    print(f"{sizes.many_rows:,} rows × {len(TEN)} metrics × 20 slices, and the whole holdout")
    print(f"(aim: less than {SECONDS} s and {BYTES / 1e9:.0f} GB, the rows' own memory among them)")
    runs = []
    for partitions in PARTITIONS:
        command = [sys.executable, str(HERE / "slices.py"), str(sizes.many_rows), *map(str, partitions)]
        run = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        runs.append(run)
        columns = " + ".join(map(str, partitions))
        print(
            f"  slices: {columns:8}{run['seconds']:8.2f} s{run['peak_bytes'] / 1e9:8.2f} GB    "
            f"(of the processor: {run['processor_seconds']:.2f} s; the whole alone: {run['whole_seconds']:.2f} s)",
            flush=True,
        )
    return {
        "rows": sizes.many_rows, "metrics": list(TEN), "aim_seconds": SECONDS, "aim_bytes": BYTES, "runs": runs
    }  # fmt: skip


# --- rows ------------------------------------------------------------------------------------------------------


def cases() -> list[tuple[Metric, str]]:
    """Every built-in metric on every task that it is for."""
    return [(metric, task) for metric in METRICS.values() for task in sorted(metric.tasks)]


def draw(metric: Metric, task: str, n: int, seed: int = 0) -> Rows:
    """Rows on which two correlated models are right more often than not."""
    rng = np.random.default_rng(seed)
    if task == "regression":
        value, shared = rng.normal(size=n) + 5, rng.normal(size=n)
        return Rows(value, *(value + shared + error * rng.normal(size=n) for error in (0.5, 0.6)))
    k = 2 if task == "binary" else 3
    y = rng.integers(0, k, n)
    signal = np.eye(k)[y] * 1.5 + rng.normal(size=(n, k))
    sides = []
    for error in (0.5, 0.6):
        chance = np.exp(signal + error * rng.normal(size=(n, k)))
        chance /= chance.sum(axis=1, keepdims=True)
        if metric.function == "expected_calibration_error":
            chance = too_sure(chance, 1 if task == "binary" else chance.argmax(axis=1))
        said = chance[:, 1] if task == "binary" else chance
        sides.append(chance.argmax(axis=1) if metric.needs == "labels" else said)
    return Rows(y, *sides)


def too_sure(chance: Array, code: Array | int) -> Array:
    """Probabilities, shape (n, k), with 0.2 more for a class of each row, and less for the others."""
    at = np.arange(len(chance)), code
    said = np.minimum(chance[at] + 0.2, 1.0)
    moved = np.asarray(chance * ((1 - said) / (1 - chance[at]))[:, None])
    moved[at] = said
    return moved


def scored_by(metric: Metric) -> Callable[[Array, Array], float]:
    """scikit-learn's function of a metric; it has none of the calibration error."""
    if metric.function == "expected_calibration_error":
        return calibration_error
    from sklearn import metrics

    function = getattr(metrics, metric.function)
    return lambda y, said: float(function(y, said, **metric.arguments))


def calibration_error(y: Array, chance: Array) -> float:
    """The expected calibration error over ten bins of equal width (Guo et al. 2017, equation 3)."""
    happened = y == (1 if chance.ndim == 1 else chance.argmax(axis=1))
    said = chance if chance.ndim == 1 else chance.max(axis=1)
    bins = np.searchsorted(np.linspace(0, 1, 11)[1:-1], said)
    return float(np.abs(np.bincount(bins, weights=said - happened, minlength=10)).sum() / len(y))


if __name__ == "__main__":
    sys.exit(main())
