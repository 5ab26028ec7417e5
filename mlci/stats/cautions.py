"""When an interval is not to be taken at its word: too few rows, rows of a class, or clusters.

The thresholds are those of the simulation in `bench/proof`. With 50 rows or more, ten or more rows of each class that
counts and 20 or more clusters, intervals of 95 % held the truth in about 94 to 98 % of all holdouts; with fewer, they
strayed on either side, or told so little that they always held it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.stats.metrics import Metric

ROWS = 50
CLASS_ROWS = 10
CLUSTERS = 20


def caution(metric: Metric, n: int, class_rows: Sequence[int], groups: int | None) -> str:
    """Why an interval of a metric's gain is rough; empty where it is not.

    Args:
        metric: A row of `mlci.stats.metrics.METRICS`.
        n: Rows.
        class_rows: Rows of each class, in the order of their codes; empty for a regression.
        groups: Clusters of more than one row; None where every row is its own.

    Returns:
        A fragment of a sentence, such as "only 7 rows of one class: the interval is rough".
    """
    least = _least(metric, class_rows)
    few = []
    if groups is not None and groups < CLUSTERS:
        few.append(_counted(groups, "cluster"))
    if least is not None and least < CLASS_ROWS:
        few.append(f"{_counted(least, 'row')} of one class")
    elif n < ROWS:
        few.append(_counted(n, "row"))
    return f"only {' and '.join(few)}: the interval is rough" if few else ""


def _least(metric: Metric, class_rows: Sequence[int]) -> int | None:
    """Rows of the rarest class that bears on the metric; None where none does more than the others.

    Of accuracy and what equals it, every row bears alike. Recall and specificity are about the rows of one class.
    """
    counts = list(class_rows)
    if not counts:
        return None
    if metric.family != "proportion":
        return min((each for each in counts if each), default=0)  # a class without rows is left out, and told
    if metric.name not in ("recall", "specificity"):
        return None
    code = 1 if metric.name == "recall" else 0
    return counts[code] if code < len(counts) else 0


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
