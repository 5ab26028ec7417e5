"""What a report tells beyond the gates: calibration, and the search for the slice that fell furthest. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.results import Calibration, Comparison, Finding, Search
from mlci.stats.metrics import METRICS

if TYPE_CHECKING:
    from mlci.config.models import ModelConfig
    from mlci.errors import Location
    from mlci.results import Reliability, Severity
    from mlci.weighing import Scored


def calibration(candidate: Scored, baseline: Scored | None) -> Calibration | None:
    """How far both sides' probabilities are from what happens; None where the candidate gives none."""
    mine = _reliability(candidate)
    if mine is None:
        return None
    return Calibration(candidate=mine, baseline=_reliability(baseline) if baseline else None)


def _reliability(side: Scored) -> Reliability | None:
    from mlci.stats.calibration import reliability

    probability = side.predictions[0].probability
    if probability is None or not len(side.target):
        return None
    return reliability(side.target, probability, sample_weight=side.sample_weight, n_classes=side.n_classes)


def search(policy: ModelConfig, candidate: Scored, baseline: Scored | None, *, seed: int = 0) -> Search | None:
    """Look for the slice that fell furthest in the primary metric; both sides are on the same rows.

    The margin is that of the metric's gate, else 0. All slices that are looked at are paid for.
    """
    rules, metric = policy.worst_slice, METRICS[policy.primary]
    if rules is None or baseline is None or not candidate.searched:
        return None
    if not (candidate.gives(metric) and baseline.gives(metric)):
        return None
    from mlci.compare import finite
    from mlci.stats.search import Column
    from mlci.stats.search import search as search_slices

    trainings = min(len(candidate.predictions), len(baseline.predictions))
    gate = policy.gates.get(metric.name)
    margin = gate.max_regression if gate and gate.max_regression is not None else 0.0
    found = search_slices(
        metric,
        candidate.target,
        [candidate.said([metric], at)[metric.needs] for at in range(trainings)],
        [baseline.said([metric], at)[metric.needs] for at in range(trainings)],
        {part.column: Column(part.names, part.codes) for part in candidate.searched},
        depth=rules.depth,
        min_rows=rules.min_rows,
        margin=margin,
        confidence=policy.confidence,
        groups=candidate.groups,
        sample_weight=candidate.sample_weight,
        n_classes=candidate.n_classes,
        seed=seed,
    )
    worst = None
    if found.worst is not None:
        from mlci.stats.decisions import status

        estimate, interval = found.worst.estimate, found.worst.estimate.interval(found.level)
        worst = Comparison(
            metric=metric.name,
            slice=found.worst.name[:500],
            rows=found.worst.rows,
            baseline=finite(estimate.baseline),
            candidate=finite(estimate.candidate),
            gain=finite(estimate.gain),
            low=finite(interval.low),
            high=finite(interval.high),
            level=found.level,
            method=estimate.method,
            margin=margin,
            status=status(interval.low, interval.high, margin),
            note=estimate.note,
            greater_is_better=metric.greater_is_better,
        )
    return Search(
        metric=metric.name,
        columns=tuple(part.column for part in candidate.searched),
        depth=rules.depth,
        slices=found.slices,
        min_rows=rules.min_rows,
        worst=worst,
        worse=found.worse,
    )


def finding(
    name: str, policy: ModelConfig, found: Search | None, location: Location | None, *, compared: bool
) -> tuple[Finding, ...]:
    """A slice that is worse for certain is told; the configuration says how loud. So is a search that did not happen.

    `compared` says whether there is another side at all.
    """
    if policy.worst_slice is None:
        return ()
    if found is None and compared:
        return (
            Finding(
                code="MLCI311",
                severity="warn",
                message=f"The worst slice of `{name}` was not searched: both sides have to predict the same rows, and "
                f"to give what `{policy.primary}` needs.",
                hint="Look at the slices that are named, or mend what keeps the two sides apart.",
                location=location,
                subject=name,
            ),
        )
    if found is None or found.worst is None or not found.worse:
        return ()
    severities: dict[str, Severity] = {"pass": "info", "warn": "warn", "fail": "fail"}
    others = found.worse - 1
    more = f" ({others:,} other{' is' if others == 1 else 's are'}, too)" if others else ""
    return (
        Finding(
            code="MLCI308",
            severity=severities[policy.worst_slice.on_worse],
            message=f"`{name}` is worse on {found.worst.slice} in `{found.metric}`{more}: the worst of "
            f"{found.slices:,} slices, and for certain, though so many were looked at.",
            hint="Look at these rows; name the slice under `slices:` to have its gates watch it.",
            location=location,
            subject=name,
        ),
    )
