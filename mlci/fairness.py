"""Fairness: how alike both sides treat the groups of each sensitive column, in Fairlearn's metrics. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlci.results import Group
from mlci.stats.metrics import FAIRNESS
from mlci.weighing import Weighed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlci.config.models import ModelConfig
    from mlci.data.slices import Parts
    from mlci.stats.estimate import Estimate
    from mlci.stats.metrics import FairnessMetric
    from mlci.weighing import Scored

_LEAST = 2  # groups that can be compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Disaggregated:
    """One sensitive column: its groups, and each metric of how alike they are treated.

    `intervals` holds an interval of the candidate's own value of a metric, where there is one.
    """

    sensitive: str
    groups: tuple[Group, ...]
    weighed: tuple[Weighed, ...]
    note: str
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)

    def own_interval(self, metric: str) -> dict[str, float]:
        """The candidate's own interval, as a comparison holds it."""
        if metric not in self.intervals:
            return {}
        low, high = self.intervals[metric]
        return {"candidate_low": low, "candidate_high": high}


def disaggregate(
    policy: ModelConfig, candidate: Scored, baseline: Scored | None, *, paired: bool = True, seed: int = 0
) -> tuple[Disaggregated, ...]:
    """Compare both sides' fairness metrics, a sensitive column at a time.

    Groups with fewer rows than `min_rows` are reported, and left out of the metrics. Everything else is as in
    `mlci.compare.compare`.
    """
    if policy.fairness is None:
        return ()
    metrics = [FAIRNESS[name] for name in policy.fairness.all_metrics]
    others = {part.column: part for part in baseline.sensitive} if baseline else {}
    return tuple(
        _column(policy, metrics, candidate, baseline, part, others.get(part.column), paired=paired, seed=seed)
        for part in candidate.sensitive
    )


def _column(  # noqa: PLR0913, PLR0917 - both sides, and the column
    policy: ModelConfig,
    metrics: Sequence[FairnessMetric],
    candidate: Scored,
    baseline: Scored | None,
    part: Parts,
    theirs: Parts | None,
    *,
    paired: bool,
    seed: int,
) -> Disaggregated:
    from mlci.stats import fairness

    if not paired and theirs is None:
        baseline = None
    mine = _Labelled.of(candidate, part, policy.min_rows)
    other = _Labelled.of(baseline, part if paired or theirs is None else theirs, policy.min_rows) if baseline else None
    note = mine.note
    rates = {"candidate": mine.rates(), "baseline": other.rates() if other else None}
    groups = tuple(_group(name, at, rows, rates, other) for at, (name, rows) in enumerate(mine.sizes()))
    if mine.count < _LEAST:
        unable = f"fewer than {_LEAST} groups have {policy.min_rows} rows"
        weighed = tuple(_unweighed(metric, mine.rows, unable) for metric in metrics)
        return Disaggregated(
            sensitive=part.column, groups=groups, weighed=weighed, note="; ".join(filter(None, (note, unable)))
        )
    own = fairness.values(
        metrics, mine.target, mine.labels[0], mine.codes, mine.count,
        groups=mine.groups, sample_weight=mine.weight, n_classes=mine.n_classes,
        confidence=policy.confidence, seed=seed,
    )  # fmt: skip
    intervals = {
        metric.name: (each.low, each.high)
        for metric, each in zip(metrics, own, strict=True)
        if each.low is not None and each.high is not None and len(mine.labels) == 1  # of one training, not of a mean
    }
    if other is None:
        weighed = tuple(
            _unweighed(metric, mine.rows, each.note, each.value) for metric, each in zip(metrics, own, strict=True)
        )
    else:
        found = _estimates(metrics, mine, other, paired=paired, seed=seed)
        weighed = tuple(
            Weighed(
                metric=metric.name,
                greater_is_better=metric.greater_is_better,
                slice="",
                rows=mine.rows,
                estimate=each,
                candidate=each.candidate,
            )
            for metric, each in zip(metrics, found, strict=True)
        )
    return Disaggregated(sensitive=part.column, groups=groups, weighed=weighed, note=note, intervals=intervals)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labelled:
    """One side's predicted labels, and the groups that are large enough, numbered anew; the others are -1."""

    names: tuple[str, ...]
    all_codes: NDArray[Any]
    codes: NDArray[Any]
    count: int
    target: NDArray[Any]
    labels: tuple[NDArray[Any], ...]
    groups: NDArray[Any] | None
    weight: NDArray[Any] | None
    n_classes: int
    note: str

    @classmethod
    def of(cls, side: Scored, part: Parts, least: int) -> _Labelled:
        import numpy as np

        rows = part.rows()
        kept = [at for at, size in enumerate(rows) if size >= least]
        place = np.full(len(rows) + 1, -1, dtype=np.int16)
        place[kept] = np.arange(len(kept))
        small = [name for name, size in zip(part.names, rows, strict=True) if 0 < size < least]
        said = f"{len(small)} {'group' if len(small) == 1 else 'groups'} with fewer than {least} rows left out"
        return cls(
            names=part.names,
            all_codes=part.codes,
            codes=place[part.codes],
            count=len(kept),
            target=side.target,
            labels=tuple(each.labels for each in side.predictions if each.labels is not None),
            groups=side.groups,
            weight=side.sample_weight,
            n_classes=side.n_classes or 0,
            note=said if small else "",
        )

    @property
    def rows(self) -> int:
        return int((self.codes >= 0).sum())

    def sizes(self) -> list[tuple[str, int]]:
        """The groups' names and rows."""
        import numpy as np

        counted = np.bincount(self.all_codes, minlength=len(self.names)).tolist()
        return list(zip(self.names, counted, strict=True))

    def rates(self) -> dict[str, NDArray[Any]]:
        """Each rate of each group, the small ones, too."""
        from mlci.stats import fairness

        return fairness.rates(
            self.target, self.labels[0], self.all_codes, len(self.names),
            sample_weight=self.weight, n_classes=self.n_classes,
        )  # fmt: skip


def _estimates(
    metrics: Sequence[FairnessMetric], mine: _Labelled, other: _Labelled, *, paired: bool, seed: int
) -> list[Estimate]:
    """An estimate for each metric, over all trainings."""
    from mlci.stats import fairness
    from mlci.stats.repeated import combined

    runs = []
    for at, (labels, theirs) in enumerate(zip(mine.labels, other.labels, strict=False)):
        if paired:
            run = fairness.paired_many(
                metrics, mine.target, labels, theirs, mine.codes, mine.count,
                groups=mine.groups, sample_weight=mine.weight, n_classes=mine.n_classes, seed=seed + at,
            )  # fmt: skip
        else:
            run = fairness.unpaired_many(
                metrics,
                fairness.Sample(mine.target, labels, mine.codes, mine.groups, mine.weight),
                fairness.Sample(other.target, theirs, other.codes, other.groups, other.weight),
                max(mine.count, other.count),
                n_classes=mine.n_classes,
                seed=seed + at,
            )
        runs.append(run)
    return [combined(each) for each in zip(*runs, strict=True)]


def _group(name: str, at: int, rows: int, rates: dict[str, Any], other: _Labelled | None) -> Group:
    """A group's rates on both sides; on holdouts of their own, the other side's group of the same name."""
    place = other.names.index(name) if other and name in other.names else None
    return Group(
        name=name,
        rows=rows,
        candidate=_told(rates["candidate"], at),
        baseline=_told(rates["baseline"], place) if place is not None else {},
    )


def _told(rates: dict[str, NDArray[Any]], at: int) -> dict[str, float | None]:
    from mlci.compare import finite

    return {rate: finite(float(values[at])) for rate, values in rates.items()}


def _unweighed(metric: FairnessMetric, rows: int, note: str, value: float | None = None) -> Weighed:
    return Weighed(
        metric=metric.name,
        greater_is_better=metric.greater_is_better,
        slice="",
        rows=rows,
        candidate=value,
        note=note,
    )
