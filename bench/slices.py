"""Ten metrics of many rows, on all of them and on each slice: `python bench/slices.py ROWS VALUES…`.

`VALUES` are how many values each column has whose slices are compared. Prints what it took, as JSON: see `speed.py`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats import metrics
from mlci.stats.estimate import paired_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

METRICS = (
    "accuracy", "recall", "specificity", "precision", "f1", "balanced_accuracy", "matthews_corrcoef",
    "log_loss", "brier_score", "roc_auc",
)  # fmt: skip
BLOCK = 1 << 18


def main(n: int, counts: list[int]) -> None:
    """Compare two models on n rows, with and without slices, and print seconds and bytes."""
    y, labels, chances, columns = draw(n, counts)

    def compare(rows: slice, partitions: list[tuple[Array, int]]) -> float:
        said = [chance[rows] for chance in chances]
        mine, theirs = (
            {"labels": label[rows], "probability": chance, "score": chance}
            for label, chance in zip(labels, said, strict=True)
        )
        start = time.perf_counter()
        paired_all([metrics.METRICS[name] for name in METRICS], y[rows], mine, theirs, partitions, n_classes=2)
        return time.perf_counter() - start

    compare(slice(1000), [])  # what is imported once is not counted
    before = time.process_time()
    seconds = compare(slice(n), list(zip(columns, counts, strict=True)))
    found = {"partitions": counts, "seconds": seconds, "processor_seconds": time.process_time() - before}
    found["peak_bytes"] = peak_bytes()
    found["whole_seconds"] = compare(slice(n), [])
    print(json.dumps(found))


def peak_bytes() -> int:
    """The most memory that this process had so far."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) * 1024


def draw(n: int, counts: list[int]) -> tuple[Array, list[Array], list[Array], list[Array]]:
    """A target of 30 % positive rows, two correlated models' labels and probabilities, and columns to slice by.

    Labels and probabilities have 64 bits, as predictions that are read from files have.
    """
    rng = np.random.default_rng(0)
    y = np.empty(n, dtype=np.int64)
    labels, chances = [np.empty(n, dtype=np.int64) for _ in range(2)], [np.empty(n) for _ in range(2)]
    for start in range(0, n, BLOCK):
        rows = slice(start, min(start + BLOCK, n))
        size = rows.stop - start
        y[rows] = rng.random(size) < 0.3
        shared = 1.2 * y[rows] + rng.normal(size=size)
        for label, chance, error in zip(labels, chances, (0.5, 0.6), strict=True):
            chance[rows] = 1 / (1 + np.exp(1.2 - shared - error * rng.normal(size=size)))
            label[rows] = chance[rows] > 0.5
    return y, labels, chances, [rng.integers(0, count, n, dtype=np.int8) for count in counts]


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(count) for count in sys.argv[2:]])
