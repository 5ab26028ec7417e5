"""Candidates × baseline × slices → comparisons: the same rows, paired, each interval at its gate's level. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mlci.results import Comparison
from mlci.stats.metrics import METRICS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mlci.config.models import ModelConfig
    from mlci.stats.estimate import Estimate
    from mlci.stats.metrics import Metric
    from mlci.training.predictions import Predictions


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What one side said of a holdout of n rows.

    `target` holds (n,) class codes or values, `slices` the name and the (n,) mask of each slice, and `groups` the (n,)
    codes of the clusters, where rows belong together.
    """

    target: NDArray[Any]
    predictions: Predictions
    slices: tuple[tuple[str, NDArray[np.bool_]], ...] = ()
    groups: NDArray[Any] | None = None

    def part(self, needs: str, rows: NDArray[np.bool_] | None) -> _Part:
        """The rows of a slice (None: all of them), as a metric takes them."""
        said = self.predictions.of(needs)
        if rows is None:
            return _Part(self.target, said, self.groups)
        return _Part(
            self.target[rows],
            None if said is None else said[rows],
            None if self.groups is None else self.groups[rows],
        )


@dataclass(frozen=True, slots=True)
class _Part:
    target: NDArray[Any]
    said: NDArray[Any] | None
    groups: NDArray[Any] | None


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
    notes: tuple[str, ...] = field(default=())


def compare(
    policy: ModelConfig, candidate: Scored, baseline: Scored | None, *, paired: bool = True, seed: int = 0
) -> Compared:
    """Compare two sides in every metric, on the whole holdout and on each slice.

    Args:
        policy: The rules that judge: metrics, gates, slices, confidence.
        candidate: The candidate's side.
        baseline: The baseline's side, on the same rows if `paired`, on its own otherwise; None: there is none.
        paired: Whether both sides scored the same rows.
        seed: Seeds what an interval draws at random.

    Returns:
        The comparisons, metrics in the order of the policy, the whole before its slices. Intervals that a gate waits
        for stand at the level that Holm's procedure gives them; the others at the policy's confidence.
    """
    from mlci.stats.multiplicity import holm

    scales = _Scales(policy=policy, candidate=candidate, baseline=baseline, paired=paired, seed=seed)
    measured = [
        scales.measure(METRICS[metric], name, rows)
        for metric in policy.all_metrics
        for name, rows in (("", None), *candidate.slices)
    ]
    judged = [each for each in measured if each.gated and each.estimate is not None]
    levels = holm(
        [each.estimate for each in judged if each.estimate is not None],
        [each.margin or 0.0 for each in judged],
        policy.confidence,
    )
    level_of = dict(zip((id(each) for each in judged), levels, strict=True))
    return Compared(
        tuple(_comparison(each, level_of.get(id(each), policy.confidence), policy) for each in measured), len(judged)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scales:
    """Both sides, ready to be weighed in one metric after another."""

    policy: ModelConfig
    candidate: Scored
    baseline: Scored | None
    paired: bool
    seed: int

    def measure(self, metric: Metric, name: str, rows: NDArray[np.bool_] | None) -> _Measured:
        """One metric on one slice (`rows` None: on the whole holdout)."""
        from mlci.stats import estimate

        part = self.candidate.part(metric.needs, rows)
        n = len(part.target)
        gate = self.policy.gates.get(metric.name)
        margin = gate.max_regression if gate and (not name or gate.slices) else None
        few = bool(name) and n < self.policy.min_rows
        measured = _Measured(
            metric=metric,
            slice=name,
            rows=n,
            margin=margin,
            gated=margin is not None and not few,
            note=f"fewer than {self.policy.min_rows} rows: reported, not judged" if few else "",
        )
        if part.said is None or n == 0:
            return _noted(measured, "no rows" if n == 0 else f"the candidate gives no {metric.needs}")
        value = estimate.point(metric, part.target, part.said, n_classes=self.candidate.predictions.n_classes)
        measured = replace(measured, candidate=value)
        if self.baseline is None:
            return measured
        found = self._estimate(metric, part, self.baseline, name, rows)
        return _noted(measured, found) if isinstance(found, str) else replace(measured, estimate=found)

    def _estimate(
        self, metric: Metric, part: _Part, baseline: Scored, name: str, rows: NDArray[np.bool_] | None
    ) -> Estimate | str:
        """The estimate of the gain, or why there is none."""
        from mlci.stats import estimate

        classes = self.candidate.predictions.n_classes
        mine = part.said
        if self.paired:
            theirs = baseline.part(metric.needs, rows)
        else:
            masks = dict(baseline.slices)
            if name and name not in masks:
                return "the baseline's holdout has no such rows"
            theirs = baseline.part(metric.needs, masks[name] if name else None)
        if mine is None or theirs.said is None:
            return f"the baseline gives no {metric.needs}"
        if not len(theirs.target):
            return "the baseline's holdout has no such rows"
        if self.paired:
            return estimate.paired(
                metric, part.target, mine, theirs.said, groups=part.groups, n_classes=classes, seed=self.seed
            )
        return estimate.unpaired(
            metric, part.target, mine, theirs.target, theirs.said,
            candidate_groups=part.groups, baseline_groups=theirs.groups, n_classes=classes, seed=self.seed,
        )  # fmt: skip


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
