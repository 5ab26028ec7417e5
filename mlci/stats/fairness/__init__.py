"""How alike a model treats groups: Fairlearn's differences, ratios, and least and greatest rates, with intervals.

Names and values are Fairlearn's (Bird et al. 2020) wherever it has a value that means something. Where a group lacks
what a rate is over, such as positive rows, where a ratio is 0 over 0, and where fewer than two groups are left to tell
apart, there is no value, and a note says why; Fairlearn gives 0, NaN, or equality there.

`mlci.stats.fairness.tables` says how groups are resampled, `mlci.stats.fairness.law` what follows for a metric.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats.fairness import estimate as estimates
from mlci.stats.fairness.estimate import Counted, Value
from mlci.stats.fairness.rates import MULTICLASS_RATES, RATES, Confusion
from mlci.stats.fairness.tables import Rows, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlci.stats.interval import Estimate
    from mlci.stats.metrics import FairnessMetric

    Array = NDArray[Any]

__all__ = ["Sample", "Value", "paired", "paired_many", "rates", "unpaired", "unpaired_many", "values"]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One side's own rows, each array of shape (n,): see `paired`."""

    y: Array
    prediction: Array
    sensitive: Array
    groups: Array | None = None
    sample_weight: Array | None = None


def paired(  # noqa: PLR0913, PLR0917 - the rows' own facts, and how they are drawn
    metric: FairnessMetric,
    y: Array,
    candidate: Array,
    baseline: Array,
    sensitive: Array,
    n_groups: int,
    *,
    groups: Array | None = None,
    sample_weight: Array | None = None,
    n_classes: int | None = None,
    seed: int = 0,
) -> Estimate:
    """Compare two sides' fairness on the same rows.

    Args:
        metric: A row of `mlci.stats.metrics.FAIRNESS`.
        y: Shape (n,), label codes; of two classes, 1 is positive.
        candidate: Shape (n,), the candidate's predicted labels.
        baseline: The baseline's.
        sensitive: Shape (n,), the group of each row, 0 … n_groups − 1, or −1 of rows that are left out.
        n_groups: How many groups there may be; those without rows are not looked at.
        groups: Shape (n,); rows that share a value belong together and are counted as one draw.
        sample_weight: Shape (n,), ≥ 0.
        n_classes: k, where the arrays cannot tell.
        seed: Seeds what is drawn at random.

    Returns:
        The estimate, the same for the same arguments; `n` is the rows in groups.

    Raises:
        UserError: the metric is of two classes, and the labels are of more.
    """
    return paired_many(
        [metric], y, candidate, baseline, sensitive, n_groups,
        groups=groups, sample_weight=sample_weight, n_classes=n_classes, seed=seed,
    )[0]  # fmt: skip


def paired_many(  # noqa: PLR0913, PLR0917 - as `paired`
    metrics: Sequence[FairnessMetric],
    y: Array,
    candidate: Array,
    baseline: Array,
    sensitive: Array,
    n_groups: int,
    *,
    groups: Array | None = None,
    sample_weight: Array | None = None,
    n_classes: int | None = None,
    seed: int = 0,
) -> list[Estimate]:
    """Compare two sides' fairness in several metrics, which share what is counted and drawn; see `paired`.

    Returns:
        An estimate for each metric, in their order, each equal to that of `paired`.
    """
    rows = Rows.of(y, (candidate, baseline), sensitive, n_groups, groups, sample_weight, n_classes=n_classes, seed=seed)
    both = Counted.of(rows)
    return [estimates.paired(metric, both) for metric in metrics]


def unpaired(  # noqa: PLR0913 - as `paired`
    metric: FairnessMetric,
    candidate: Sample,
    baseline: Sample,
    n_groups: int,
    *,
    n_classes: int | None = None,
    seed: int = 0,
) -> Estimate:
    """Compare two sides that scored independent rows of the same population; see `paired`.

    Returns:
        The estimate; `n` is the rows of both.
    """
    return unpaired_many([metric], candidate, baseline, n_groups, n_classes=n_classes, seed=seed)[0]


def unpaired_many(  # noqa: PLR0913 - as `paired`
    metrics: Sequence[FairnessMetric],
    candidate: Sample,
    baseline: Sample,
    n_groups: int,
    *,
    n_classes: int | None = None,
    seed: int = 0,
) -> list[Estimate]:
    """Compare two sides that scored independent rows in several metrics; see `unpaired`."""
    rows = [
        Rows.of(
            each.y, (each.prediction,), each.sensitive, n_groups, each.groups, each.sample_weight,
            n_classes=n_classes, seed=seed + at,
        )
        for at, each in enumerate((candidate, baseline))
    ]  # fmt: skip
    mine, theirs = (Counted.of(each) for each in rows)
    return [estimates.unpaired(metric, mine, theirs) for metric in metrics]


def values(  # noqa: PLR0913 - as `paired`
    metrics: Sequence[FairnessMetric],
    y: Array,
    prediction: Array,
    sensitive: Array,
    n_groups: int,
    *,
    confidence: float = 0.95,
    groups: Array | None = None,
    sample_weight: Array | None = None,
    n_classes: int | None = None,
    seed: int = 0,
) -> list[Value]:
    """One side's own value of each metric, with an interval at a confidence between 0 and 1; see `paired`."""
    rows = Rows.of(y, (prediction,), sensitive, n_groups, groups, sample_weight, n_classes=n_classes, seed=seed)
    side = Counted.of(rows)
    return [estimates.own(metric, side, confidence) for metric in metrics]


def rates(  # noqa: PLR0913 - as `paired`
    y: Array,
    prediction: Array,
    sensitive: Array,
    n_groups: int,
    *,
    sample_weight: Array | None = None,
    n_classes: int | None = None,
) -> dict[str, Array]:
    """Every rate of every group, shape (n_groups,), by Fairlearn's and scikit-learn's names; NaN where there is none.

    Of more than two classes, there are `accuracy_score` and `zero_one_loss` alone. See `paired` for the arguments.
    """
    rows = Rows.of(y, (prediction,), sensitive, n_groups, None, sample_weight, n_classes=n_classes)
    table = Table.of(rows).mass
    confusion = Confusion.of(table, 0, 1)
    by_label = np.stack([confusion.negative, confusion.positive])
    some = by_label.sum(axis=0) > 0
    return {
        name: np.where(some & (by_label[sorted(labels)] > 0).all(axis=0), rate(confusion), np.nan)
        for name, (rate, labels) in RATES.items()
        if not rows.many or name in MULTICLASS_RATES
    }
