"""The inner door: what a comparison of two sides' predictions says of a metric's gain, at every level.

Arrays come encoded. For classes, targets and predicted labels are codes 0 … k − 1 (binary: 1 is positive);
probabilities are (n,) of the positive class or (n, k); scores are (n,), greater for the positive class; values of a
regression are (n,). The arrays are read, never written, and hold finite numbers.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from mlci.stats.confidence import Known, Unknown
from mlci.stats.interval import Estimate, Interval
from mlci.stats.metrics import REGRESSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from mlci.stats.metrics import Metric
    from mlci.stats.parts import Rows
    from mlci.stats.sides import Pair, Side

    Array = NDArray[Any]

__all__ = ["Estimate", "Interval", "paired", "paired_all", "paired_many", "paired_parts", "point", "unpaired"]


_UNEVEN = 0.7  # effective rows over rows (Kish 1965) below which weights differ much


class _Family(Protocol):
    """A module that knows the metrics of one family."""

    def paired(self, metric: Metric, pair: Pair) -> Estimate: ...

    def unpaired(self, metric: Metric, candidate: Side, baseline: Side) -> Estimate: ...

    def value(self, metric: Metric, side: Side) -> float: ...

    def undefined(self, metric: Metric, side: Side) -> str: ...


def paired(  # noqa: PLR0913 - the rows' own facts, and how they are drawn
    metric: Metric,
    y: Array,
    candidate: Array,
    baseline: Array,
    *,
    groups: Array | None = None,
    sample_weight: Array | None = None,
    n_classes: int | None = None,
    seed: int = 0,
) -> Estimate:
    """Compare two sides on the same rows.

    Args:
        metric: A row of `mlci.stats.metrics.METRICS`.
        y: Shape (n,), the target.
        candidate: Shape (n,) or (n, k), what the candidate predicts, as the metric needs it.
        baseline: The same of the baseline.
        groups: Shape (n,); rows that share a value belong together and are counted as one draw.
        sample_weight: Shape (n,), ≥ 0.
        n_classes: k, where the arrays cannot tell; a slice may lack classes.
        seed: Seeds what an interval draws at random.

    Returns:
        The estimate, the same for the same arguments.
    """
    return paired_many(
        [metric], y, {metric.needs: candidate}, {metric.needs: baseline},
        groups=groups, sample_weight=sample_weight, n_classes=n_classes, seed=seed,
    )[0]  # fmt: skip


def paired_many(  # noqa: PLR0913 - as `paired`
    metrics: Sequence[Metric],
    y: Array,
    candidate: Mapping[str, Array],
    baseline: Mapping[str, Array],
    *,
    groups: Array | None = None,
    sample_weight: Array | None = None,
    n_classes: int | None = None,
    seed: int = 0,
) -> list[Estimate]:
    """Compare two sides on the same rows in several metrics, which share what they sort and count.

    `candidate` and `baseline` hold an array for each kind of input that the metrics need (`Metric.needs`); the same
    array may stand under several kinds. Everything else is as in `paired`.

    Returns:
        An estimate for each metric, in their order, each equal to that of `paired`.
    """
    from mlci.stats.sides import Pair

    first: Pair | None = None
    pairs: dict[tuple[int, int], Pair] = {}
    estimates = []
    for metric in metrics:
        mine, theirs = candidate[metric.needs], baseline[metric.needs]
        key = (id(mine), id(theirs))
        if key not in pairs:
            if first is None or first.n < len(y):  # rows without weight were dropped
                first = Pair.of(y, mine, theirs, groups, sample_weight, n_classes=n_classes, seed=seed)
            pairs[key] = first.saying(mine, theirs) if pairs and first.n == len(y) else first
        estimates.append(_paired(metric, pairs[key]))
    return estimates


def paired_parts(  # noqa: PLR0913, PLR0917 - as `paired`
    metrics: Sequence[Metric],
    y: Array,
    candidate: Mapping[str, Array],
    baseline: Mapping[str, Array],
    codes: Array,
    count: int,
    *,
    groups: Array | None = None,
    sample_weight: Array | None = None,
    n_classes: int | None = None,
    seed: int = 0,
) -> list[list[Estimate]]:
    """Compare two sides on each part of the same rows, such as the slices of one column.

    Args:
        metrics: As in `paired_many`, as are all that are not told here.
        y: Shape (n,).
        candidate: An array for each kind of input.
        baseline: The same of the baseline.
        codes: Shape (n,), integers: the part that a row belongs to, 0 … count − 1, or −1 for none.
        count: How many parts there are.
        groups: Shape (n,).
        sample_weight: Shape (n,).
        n_classes: k.
        seed: The same for each part.

    Returns:
        For each part the estimates that `paired_many` gives for its rows.
    """
    from mlci.stats.parts import each_part

    rows = _rows(metrics, y, candidate, baseline, groups, sample_weight)
    return each_part(_comparing(metrics, n_classes, seed), rows, codes, count)


def paired_all(  # noqa: PLR0913 - as `paired`
    metrics: Sequence[Metric],
    y: Array,
    candidate: Mapping[str, Array],
    baseline: Mapping[str, Array],
    partitions: Sequence[tuple[Array, int]],
    *,
    groups: Array | None = None,
    sample_weight: Array | None = None,
    n_classes: int | None = None,
    seed: int = 0,
) -> tuple[list[Estimate], list[list[list[Estimate]]]]:
    """Compare two sides on all rows, and on each part of each partition, given as its `codes` and `count`.

    Everything is as in `paired_many` and `paired_parts`.

    Returns:
        The estimates of all rows; and for each partition, for each part, those of its rows.
    """
    from mlci.stats.parts import each_part

    rows = _rows(metrics, y, candidate, baseline, groups, sample_weight)
    compared = _comparing(metrics, n_classes, seed)
    return compared(rows), [each_part(compared, rows, codes, count) for codes, count in partitions]


def _rows(  # noqa: PLR0913, PLR0917 - as `paired`
    metrics: Sequence[Metric],
    y: Array,
    candidate: Mapping[str, Array],
    baseline: Mapping[str, Array],
    groups: Array | None,
    sample_weight: Array | None,
) -> Rows:
    """What the metrics need of the rows, in few bits."""
    from mlci.stats.parts import Rows

    kinds: set[str] = {metric.needs for metric in metrics}
    mine, theirs = ({needs: said[needs] for needs in kinds} for said in (candidate, baseline))
    return Rows(y=y, candidate=mine, baseline=theirs, groups=groups, sample_weight=sample_weight).condensed()


def _comparing(metrics: Sequence[Metric], n_classes: int | None, seed: int) -> Callable[[Rows], list[Estimate]]:
    """`paired_many`, for whichever rows."""

    def compared(rows: Rows) -> list[Estimate]:
        return paired_many(
            metrics, rows.y, rows.candidate, rows.baseline,
            groups=rows.groups, sample_weight=rows.sample_weight, n_classes=n_classes, seed=seed,
        )  # fmt: skip

    return compared


def _paired(metric: Metric, pair: Pair) -> Estimate:
    family = _family(metric)
    if reason := "no rows" if pair.n == 0 else family.undefined(metric, pair.candidate):
        return _undefined(metric, family, pair.candidate, pair.baseline, reason)
    if pair.identical:
        value = family.value(metric, pair.candidate)
        return Estimate(
            gain=0.0,
            candidate=value,
            baseline=value,
            method="identical predictions",
            n=pair.n,
            se=0.0,
            distribution=Known(0.0),
            note="both sides predict the same",
        )
    return _cautioned(metric, family.paired(metric, pair), pair.candidate)


def _cautioned(metric: Metric, found: Estimate, *sides: Side) -> Estimate:
    """An estimate that says so where its rows are too few for its interval to be taken at its word."""
    from mlci.stats.cautions import caution
    from mlci.stats.sides import dot

    said = [
        caution(
            metric,
            side.n if side.weight is None else round(side.n**2 / dot(side.weight, side.weight)),  # Kish 1965
            [] if metric.tasks == REGRESSION else side.class_rows.tolist(),
            None if side.groups is None else side.groups.count,
        )
        for side in sides
    ]
    if metric.name == "average_precision" and any(_uneven(side) for side in sides):
        said.append("rows weigh very differently: the interval is rough")
    notes = [*dict.fromkeys(filter(None, (*said, found.note)))]
    told = found.gain is not None and math.isfinite(found.se)  # else the note says that these rows tell nothing
    return replace(found, note="; ".join(notes)) if notes and told else found


def _uneven(side: Side) -> bool:
    """Whether few rows hold most of the weight: a few at the top of an order can then decide its precision."""
    from mlci.stats.sides import dot

    return side.weight is not None and side.n < _UNEVEN * dot(side.weight, side.weight)


def unpaired(  # noqa: PLR0913 - as `paired`, for each side
    metric: Metric,
    y_candidate: Array,
    candidate: Array,
    y_baseline: Array,
    baseline: Array,
    *,
    candidate_groups: Array | None = None,
    baseline_groups: Array | None = None,
    candidate_weight: Array | None = None,
    baseline_weight: Array | None = None,
    n_classes: int | None = None,
    seed: int = 0,
) -> Estimate:
    """Compare two sides that scored independent holdouts of the same population; see `paired`.

    Returns:
        The estimate; `n` is the rows of both holdouts.
    """
    from mlci.stats.sides import Side

    mine = Side.of(y_candidate, candidate, candidate_groups, candidate_weight, n_classes=n_classes, seed=seed)
    theirs = Side.of(y_baseline, baseline, baseline_groups, baseline_weight, n_classes=n_classes, seed=seed + 1)
    family = _family(metric)
    for side in (mine, theirs):
        if reason := "no rows" if side.n == 0 else family.undefined(metric, side):
            return _undefined(metric, family, mine, theirs, reason)
    return _cautioned(metric, family.unpaired(metric, mine, theirs), mine, theirs)


def point(
    metric: Metric,
    y: Array,
    prediction: Array,
    *,
    sample_weight: Array | None = None,
    n_classes: int | None = None,
) -> float:
    """The metric's value, equal to scikit-learn's; NaN where it has none. See `paired` for the arguments."""
    from mlci.stats.sides import Side

    side = Side.of(y, prediction, None, sample_weight, n_classes=n_classes)
    return _family(metric).value(metric, side) if side.n else math.nan


def _undefined(metric: Metric, family: _Family, candidate: Side, baseline: Side, reason: str) -> Estimate:
    """An estimate without a gain."""
    values = [family.value(metric, side) if side.n else math.nan for side in (candidate, baseline)]
    told = [value if math.isfinite(value) else None for value in values]
    reach = metric.bounds[1] - metric.bounds[0]
    return Estimate(
        gain=None,
        candidate=told[0],
        baseline=told[1],
        method="undefined",
        n=candidate.n,
        se=math.inf,
        distribution=Unknown(-reach, reach),
        note=reason,
    )


def _family(metric: Metric) -> _Family:
    if metric.family == "proportion":
        from mlci.stats import proportions

        return proportions
    if metric.family == "counts":
        from mlci.stats import counts

        return counts
    if metric.family == "ranks":
        from mlci.stats import ranks

        return ranks
    if metric.family == "calibration":
        from mlci.stats import calibration

        return calibration
    if metric.name in ("root_mean_squared_error", "r2"):
        from mlci.stats import smooth

        return smooth
    from mlci.stats import losses  # the mean absolute percentage error, too, is a mean of row losses

    return losses
