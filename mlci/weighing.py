"""The scales: two sides in some metrics, on the whole holdout and on each slice of it. Pure."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mlci.data.slices import Parts
    from mlci.stats.estimate import Estimate
    from mlci.stats.metrics import Metric
    from mlci.training.predictions import Predictions

    Rows = NDArray[np.bool_] | None  # None: all of them

LACKING = "the baseline's holdout has no such rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What one side said of a holdout of n rows.

    Attributes:
        target: Shape (n,), class codes or values.
        predictions: Of each training; more than one where seeds are repeated.
        parts: The slices, a column's together.
        groups: Shape (n,), codes of the clusters, where rows belong together.
        sample_weight: Shape (n,), >= 0, where rows weigh differently.
        sensitive: The groups of each sensitive column.
        searched: The slices among which the worst is searched.
    """

    target: NDArray[Any]
    predictions: tuple[Predictions, ...]
    parts: tuple[Parts, ...] = ()
    groups: NDArray[Any] | None = None
    sample_weight: NDArray[Any] | None = None
    sensitive: tuple[Parts, ...] = ()
    searched: tuple[Parts, ...] = ()

    @property
    def n_classes(self) -> int | None:
        """Classes; None of a regression."""
        return len(self.predictions[0].classes) or None

    @property
    def whole(self) -> Scored:
        """The same side without its slices."""
        return replace(self, parts=(), sensitive=(), searched=())

    def gives(self, metric: Metric) -> bool:
        """Whether every training gives what a metric needs."""
        return all(each.of(metric.needs) is not None for each in self.predictions)

    def said(self, metrics: Sequence[Metric], training: int = 0) -> dict[str, NDArray[Any]]:
        """An array for each kind of input that the metrics need and the model gives."""
        kinds = {each.needs for each in metrics}
        predictions = self.predictions[training]
        return {each: array for each in kinds if (array := predictions.of(each)) is not None}

    def places(self) -> dict[str, int]:
        """The rows of the whole, with an empty name, and of each slice in order.

        Two cuts of a column may share a slice, which then stands once: to count it twice would widen every interval.
        """
        found = {"": len(self.target)}
        for part in self.parts:
            for name, rows in zip(part.names, part.rows(), strict=True):
                found.setdefault(name, rows)
        return found

    def rows_of(self, name: str) -> Rows:
        """Which rows are in a slice; a slice that this side lacks has none."""
        if not name:
            return None
        import numpy as np

        found = np.zeros(len(self.target), dtype=np.bool_)
        for part in self.parts:
            if name in part.names:
                np.equal(part.codes, part.names.index(name), out=found)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One metric on one slice: an estimate where there are two sides, else the candidate's value alone."""

    metric: str
    greater_is_better: bool
    slice: str
    rows: int
    estimate: Estimate | None = None
    candidate: float | None = None
    note: str = ""


def weigh(
    metrics: Sequence[Metric], candidate: Scored, baseline: Scored | None, *, paired: bool = True, seed: int = 0
) -> list[Weighed]:
    """Weigh two sides in every metric, on the whole holdout and on each slice of it.

    Args:
        metrics: Rows of `mlci.stats.metrics.METRICS`.
        candidate: The candidate's side.
        baseline: The other side, on the same rows if `paired`, on its own otherwise; None: there is none.
        paired: Whether both sides scored the same rows.
        seed: Seeds what an interval draws at random.

    Returns:
        Metrics in their order, for each the whole before its slices.
    """
    given = [each for each in metrics if candidate.gives(each)]
    both = [each for each in given if baseline is not None and baseline.gives(each)]
    places = candidate.places()
    found: dict[tuple[str, str], Estimate | str] = {}
    if baseline is not None and both:
        found = _paired(both, candidate, baseline, seed) if paired else _unpaired(both, candidate, baseline, seed)
    weighed = []
    for metric in metrics:
        for name, rows in places.items():
            estimate = found.get(
                (metric.name, name), "" if baseline is None else f"the baseline gives no {metric.needs}"
            )
            note = "no rows" if not rows else f"the candidate gives no {metric.needs}" if metric not in given else ""
            weighed.append(_weighed(metric, name, rows, estimate, note, candidate))
    return weighed


def _weighed(  # noqa: PLR0913, PLR0917 - what is known of one metric on one slice
    metric: Metric, name: str, rows: int, estimate: Estimate | str, note: str, candidate: Scored
) -> Weighed:
    if note or isinstance(estimate, str):
        value = None if note else _alone(metric, candidate, name)
        said = note or (estimate if isinstance(estimate, str) else "")
        return Weighed(
            metric=metric.name,
            greater_is_better=metric.greater_is_better,
            slice=name,
            rows=rows,
            candidate=value,
            note=said,
        )
    return Weighed(
        metric=metric.name,
        greater_is_better=metric.greater_is_better,
        slice=name,
        rows=rows,
        estimate=estimate,
        candidate=estimate.candidate,
    )


def _paired(
    metrics: Sequence[Metric], candidate: Scored, baseline: Scored, seed: int
) -> dict[tuple[str, str], Estimate | str]:
    """All estimates on the same rows, which both sides' slices share."""
    from mlci.stats.estimate import paired_all
    from mlci.stats.repeated import combined

    rows: dict[str, Any] = {
        "groups": candidate.groups,
        "sample_weight": candidate.sample_weight,
        "n_classes": candidate.n_classes,
    }
    runs: list[dict[tuple[str, str], Estimate]] = []
    for at in range(min(len(candidate.predictions), len(baseline.predictions))):
        mine, theirs = candidate.said(metrics, at), baseline.said(metrics, at)
        cuts = [(part.codes, len(part.names)) for part in candidate.parts]
        whole, by_part = paired_all(metrics, candidate.target, mine, theirs, cuts, **rows, seed=seed + at)
        run = {(metric.name, ""): each for metric, each in zip(metrics, whole, strict=True)}
        for part, by_slice in zip(candidate.parts, by_part, strict=True):
            for name, estimates in zip(part.names, by_slice, strict=True):
                for metric, each in zip(metrics, estimates, strict=True):
                    run.setdefault((metric.name, name), each)
        runs.append(run)
    return {key: combined([run[key] for run in runs]) for key in runs[0]}


def _unpaired(
    metrics: Sequence[Metric], candidate: Scored, baseline: Scored, seed: int
) -> dict[tuple[str, str], Estimate | str]:
    """Each side on its own rows."""
    from mlci.stats.estimate import unpaired
    from mlci.stats.repeated import combined

    found: dict[tuple[str, str], Estimate | str] = {}
    for name in candidate.places():
        mine, theirs = (_Cut(side, side.rows_of(name)) for side in (candidate, baseline))
        for metric in metrics:
            if not len(theirs.target):
                found[metric.name, name] = LACKING
                continue
            found[metric.name, name] = combined(
                [
                    unpaired(
                        metric,
                        mine.target,
                        mine.said(metric, at),
                        theirs.target,
                        theirs.said(metric, at),
                        candidate_groups=mine.groups,
                        baseline_groups=theirs.groups,
                        candidate_weight=mine.weight,
                        baseline_weight=theirs.weight,
                        n_classes=candidate.n_classes,
                        seed=seed + at,
                    )
                    for at in range(min(len(candidate.predictions), len(baseline.predictions)))
                ]
            )
    return found


def _alone(metric: Metric, candidate: Scored, name: str) -> float:
    """The candidate's value on a slice, the mean over its trainings."""
    from mlci.stats.estimate import point

    cut = _Cut(candidate, candidate.rows_of(name))
    return statistics.fmean(
        point(metric, cut.target, cut.said(metric, at), sample_weight=cut.weight, n_classes=candidate.n_classes)
        for at in range(len(candidate.predictions))
    )


class _Cut:
    """Some rows of a side."""

    def __init__(self, side: Scored, rows: Rows) -> None:
        self._side, self._rows = side, rows
        self.target = self._of(side.target)
        self.groups = None if side.groups is None else self._of(side.groups)
        self.weight = None if side.sample_weight is None else self._of(side.sample_weight)

    def said(self, metric: Metric, training: int) -> NDArray[Any]:
        """What the metric needs, of one training."""
        return self._of(self._side.said([metric], training)[metric.needs])

    def _of(self, array: NDArray[Any]) -> NDArray[Any]:
        return array if self._rows is None else array[self._rows]
