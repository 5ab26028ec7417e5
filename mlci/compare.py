"""Candidates × baseline × slices → comparisons: the same rows, paired, each interval at its gate's level. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mlci.results import Comparison
from mlci.stats.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mlci.config.models import ModelConfig, Slice
    from mlci.stats.estimate import Estimate
    from mlci.stats.metrics import Metric
    from mlci.training.predictions import Predictions


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What one side said of a holdout of n rows.

    `target` holds (n,) class codes or values, `slices` the name and the (n,) mask of each slice, `rules` what each
    comes from, and `groups` the (n,) codes of the clusters, where rows belong together.
    """

    target: NDArray[Any]
    predictions: Predictions
    slices: tuple[tuple[str, NDArray[np.bool_]], ...] = ()
    rules: Mapping[str, Slice] = field(default_factory=dict)
    groups: NDArray[Any] | None = None

    def part(self, metrics: Sequence[Metric], rows: NDArray[np.bool_] | None) -> _Part:
        """The rows of a slice (None: all of them), with what the metrics need and the model gives."""
        kinds = {each.needs for each in metrics}
        said: dict[str, NDArray[Any]] = {
            each: array for each in kinds if (array := self.predictions.of(each)) is not None
        }
        if rows is None:
            return _Part(self.target, said, self.groups)
        cut = {id(array): array[rows] for array in said.values()}  # one array may serve several kinds
        return _Part(
            self.target[rows],
            {each: cut[id(array)] for each, array in said.items()},
            None if self.groups is None else self.groups[rows],
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of a side's rows; `said` holds an array for each kind of input that it gives."""

    target: NDArray[Any]
    said: dict[str, NDArray[Any]]
    groups: NDArray[Any] | None

    @property
    def n(self) -> int:
        return len(self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """One metric on one slice, before the gates' levels are known."""

    metric: Metric
    slice: str
    rows: int
    margin: float | None
    gated: bool
    estimate: Estimate | None = None
    candidate: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """All comparisons of a model, and the number of gates over which its confidence holds."""

    comparisons: tuple[Comparison, ...]
    family: int = 0


def compare(  # noqa: PLR0913 - both sides, and the rules that judge
    policy: ModelConfig,
    candidate: Scored,
    baseline: Scored | None,
    *,
    before: ModelConfig | None = None,
    paired: bool = True,
    seed: int = 0,
) -> Compared:
    """Compare two sides in every metric, on the whole holdout and on each slice.

    Args:
        policy: The rules that judge: metrics, gates, slices, confidence.
        candidate: The candidate's side.
        baseline: The baseline's side, on the same rows if `paired`, on its own otherwise; None: there is none.
        before: The base branch's own rules. What judges beyond them is a family of its own: a pull request that
            adds gates cannot widen the intervals of those that are there.
        paired: Whether both sides scored the same rows.
        seed: Seeds what an interval draws at random.

    Returns:
        The comparisons, metrics in the order of the policy, the whole before its slices. Intervals that a gate waits
        for stand at the level that Holm's procedure gives them; the others at the policy's confidence.
    """
    from mlci.stats.multiplicity import holm

    scales = _Scales(policy=policy, candidate=candidate, baseline=baseline, paired=paired, seed=seed)
    by_part = [scales.measure(name, rows) for name, rows in (("", None), *candidate.slices)]
    measured = [part[metric] for metric in policy.all_metrics for part in by_part]
    judged = [each for each in measured if each.gated and each.estimate is not None]
    families = ([each for each in judged if _added(each, candidate, before) is is_new] for is_new in (False, True))
    level_of: dict[int, float] = {}
    for family in families:
        levels = holm(
            [each.estimate for each in family if each.estimate is not None],
            [each.margin or 0.0 for each in family],
            policy.confidence,
        )
        level_of |= zip((id(each) for each in family), levels, strict=True)
    return Compared(
        tuple(_comparison(each, level_of.get(id(each), policy.confidence), policy) for each in measured), len(judged)
    )


def _added(measured: _Measured, candidate: Scored, before: ModelConfig | None) -> bool:
    """Whether it is the pull request that brings this gate, and the base branch would not have judged by it."""
    if before is None:
        return False
    gate = before.gates.get(measured.metric.name)
    if gate is None or gate.max_regression is None:
        return True
    if not measured.slice:
        return False
    known = candidate.rules.get(measured.slice) in before.slices
    return not (gate.slices and known and measured.rows >= before.min_rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scales:
    """Both sides, ready to be weighed on one part of the holdout after another."""

    policy: ModelConfig
    candidate: Scored
    baseline: Scored | None
    paired: bool
    seed: int

    def measure(self, name: str, rows: NDArray[np.bool_] | None) -> dict[str, _Measured]:
        """Every metric on one slice (`rows` None: on the whole holdout); the rows are cut out once."""
        from mlci.stats import estimate

        metrics = [METRICS[each] for each in self.policy.all_metrics]
        mine = self.candidate.part(metrics, rows)
        theirs = self._baseline(metrics, name, rows)
        measured = {each.name: self._unweighed(each, name, mine) for each in metrics}
        given = [each for each in metrics if each.needs in mine.said and mine.n]
        both = [each for each in given if isinstance(theirs, _Part) and each.needs in theirs.said]
        if isinstance(theirs, _Part) and both:
            for each, found in zip(both, self._estimates(both, mine, theirs), strict=True):
                measured[each.name] = replace(measured[each.name], estimate=found, candidate=found.candidate)
        for each in given:
            if each not in both:
                value = estimate.point(each, mine.target, mine.said[each.needs], n_classes=self._classes)
                alone = replace(measured[each.name], candidate=value)
                why = theirs if isinstance(theirs, str) else f"the baseline gives no {each.needs}"
                measured[each.name] = alone if theirs is None else _noted(alone, why)
        return measured

    @property
    def _classes(self) -> int | None:
        return len(self.candidate.predictions.classes) or None

    def _unweighed(self, metric: Metric, name: str, part: _Part) -> _Measured:
        gate = self.policy.gates.get(metric.name)
        margin = gate.max_regression if gate and (not name or gate.slices) else None
        few = bool(name) and part.n < self.policy.min_rows
        measured = _Measured(
            metric=metric,
            slice=name,
            rows=part.n,
            margin=margin,
            gated=margin is not None and not few,
            note=f"fewer than {self.policy.min_rows} rows: reported, not judged" if few else "",
        )
        if not part.n:
            return _noted(measured, "no rows")
        return measured if metric.needs in part.said else _noted(measured, f"the candidate gives no {metric.needs}")

    def _baseline(self, metrics: Sequence[Metric], name: str, rows: NDArray[np.bool_] | None) -> _Part | str | None:
        """The baseline's part, or why there is none; None where there is no baseline at all."""
        if self.baseline is None:
            return None
        if not self.paired:
            masks = dict(self.baseline.slices)
            if name and name not in masks:
                return "the baseline's holdout has no such rows"
            rows = masks[name] if name else None
        part = self.baseline.part(metrics, rows)
        return part if part.n else "the baseline's holdout has no such rows"

    def _estimates(self, metrics: Sequence[Metric], mine: _Part, theirs: _Part) -> Sequence[Estimate]:
        from mlci.stats import estimate

        if self.paired:
            return estimate.paired_many(
                metrics, mine.target, mine.said, theirs.said,
                groups=mine.groups, n_classes=self._classes, seed=self.seed,
            )  # fmt: skip
        return [
            estimate.unpaired(
                each, mine.target, mine.said[each.needs], theirs.target, theirs.said[each.needs],
                candidate_groups=mine.groups, baseline_groups=theirs.groups, n_classes=self._classes, seed=self.seed,
            )
            for each in metrics
        ]  # fmt: skip


def _noted(measured: _Measured, note: str) -> _Measured:
    return replace(measured, note="; ".join(filter(None, (note, measured.note))))


def _comparison(measured: _Measured, level: float, policy: ModelConfig) -> Comparison:
    from mlci.stats.decisions import status

    plain = Comparison(
        metric=measured.metric.name,
        slice=measured.slice,
        rows=measured.rows,
        candidate=_finite(measured.candidate),
        margin=measured.margin,
        gated=measured.gated,
        note=measured.note,
        greater_is_better=measured.metric.greater_is_better,
    )
    found = measured.estimate
    if found is None:
        return plain
    note = "; ".join(filter(None, (measured.note, found.note)))
    if found.gain is None:
        return plain.model_copy(update={"note": note, "baseline": _finite(found.baseline)})
    interval = found.interval(level)
    margin = measured.margin if measured.margin is not None else 0.0
    told = status(interval.low, interval.high, margin)
    verdicts = {"worse": "fail", "inconclusive": policy.on_inconclusive}
    return plain.model_copy(
        update={
            "baseline": _finite(found.baseline),
            "gain": _finite(found.gain),
            "low": _finite(interval.low),
            "high": _finite(interval.high),
            "level": level,
            "method": found.method,
            "status": told,
            "verdict": verdicts.get(told, "pass") if measured.gated else "pass",
            "detectable": _finite(found.detectable(level)),
            "rows_needed": found.rows_needed(margin, level) if told == "inconclusive" else None,
            "note": note,
        }
    )


def _finite(value: float | None) -> float | None:
    """A value that JSON can hold: what is not finite cannot be told."""
    return None if value is None or not math.isfinite(value) else float(value)
