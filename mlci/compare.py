"""Candidates × baseline × slices → comparisons: the same rows, paired, each interval at its gate's level. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlci.results import Comparison, FairnessResult
from mlci.stats.metrics import METRICS
from mlci.weighing import weigh

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlci.config.models import Gate, ModelConfig
    from mlci.fairness import Disaggregated
    from mlci.weighing import Scored, Weighed


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """Another side that gates hold against, on the whole holdout: `is_new` where it is the pull request that asks."""

    name: str
    scored: Scored
    paired: bool = True
    is_new: bool = False
    own: Sequence[Weighed] = ()  # the user's own metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """What was weighed, under the rule that judges it, before the gates' levels are known.

    `place` is where the comparison stands in the results: the reference or the sensitive column that it is about.
    """

    weighed: Weighed
    margin: float | None
    gated: bool
    note: str
    is_new: bool
    place: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Compared:
    """All comparisons of a model, and the number of gates over which its confidence holds."""

    comparisons: tuple[Comparison, ...]
    family: int = 0
    fairness: tuple[FairnessResult, ...] = ()
    references: dict[str, tuple[Comparison, ...]] = field(default_factory=dict)


def compare(  # noqa: PLR0913 - both sides, and the rules that judge
    policy: ModelConfig,
    candidate: Scored,
    baseline: Scored | None,
    *,
    before: ModelConfig | None = None,
    paired: bool = True,
    own: Sequence[Weighed] = (),
    against: Sequence[Against] = (),
    seed: int = 0,
) -> Compared:
    """Compare two sides in every metric, on the whole holdout and on each slice.

    Args:
        policy: The rules that judge: metrics, gates, slices, fairness, confidence.
        candidate: The candidate's side.
        baseline: The baseline's side, on the same rows if `paired`, on its own otherwise; None: there is none.
        before: The base branch's own rules. What judges beyond them is a family of its own: a pull request that
            adds gates cannot widen the intervals of those that are there.
        paired: Whether both sides scored the same rows.
        own: What the user's own metrics say.
        against: What gates hold against besides the baseline.
        seed: Seeds what an interval draws at random.

    Returns:
        The comparisons, metrics in the order of the policy, the whole before its slices. Intervals that a gate waits
        for stand at the level that Holm's procedure gives them; the others at the policy's confidence.
    """
    from mlci.fairness import disaggregate

    metrics = [METRICS[each] for each in policy.all_metrics]
    weighed = (*weigh(metrics, candidate, baseline, paired=paired, seed=seed), *own)
    measured = [_of_gate(each, policy, candidate, before) for each in weighed]
    parts = disaggregate(policy, candidate, baseline, paired=paired, seed=seed) if policy.fairness else ()
    measured += _of_fairness(parts, policy, before)
    measured += [each for other in against for each in _of_reference(other, policy, candidate, before, seed)]
    levels, family = _levels(measured, policy.confidence)
    placed: dict[tuple[str, str], list[Comparison]] = defaultdict(list)
    for each, level in zip(measured, levels, strict=True):
        placed[each.place].append(_comparison(each, level, policy))
    return Compared(
        comparisons=tuple(placed["", ""]),
        family=family,
        fairness=tuple(
            FairnessResult(
                sensitive=part.sensitive,
                groups=part.groups,
                comparisons=tuple(
                    each.model_copy(update=part.own_interval(each.metric))
                    for each in placed["sensitive", part.sensitive]
                ),
                note=part.note,
            )
            for part in parts
        ),
        references={each.name: tuple(placed["reference", each.name]) for each in against},
    )


# --- which rule judges -----------------------------------------------------------------------------------------


def _of_gate(weighed: Weighed, policy: ModelConfig, candidate: Scored, before: ModelConfig | None) -> _Measured:
    """A metric on the whole or on a slice, under its gate."""
    gate = policy.gates.get(weighed.metric)
    margin = gate.max_regression if gate and (not weighed.slice or gate.slices) else None
    few = bool(weighed.slice) and weighed.rows < policy.min_rows
    return _Measured(
        weighed=weighed,
        margin=margin,
        gated=margin is not None and not few,
        note=f"fewer than {policy.min_rows} rows: reported, not judged" if few else "",
        is_new=before is not None and not _judged_before(weighed, candidate, before),
    )


def _judged_before(weighed: Weighed, candidate: Scored, before: ModelConfig) -> bool:
    """Whether the base branch would have judged by this gate, too."""
    gate = before.gates.get(weighed.metric)
    if gate is None or gate.max_regression is None:
        return False
    if not weighed.slice:
        return True
    rule = next((part.rule for part in candidate.parts if weighed.slice in part.names), None)
    return gate.slices and rule in before.slices and weighed.rows >= before.min_rows


def _of_fairness(
    parts: Sequence[Disaggregated], policy: ModelConfig, before: ModelConfig | None
) -> Iterator[_Measured]:
    """The fairness metrics of each sensitive column, under their gates."""
    gates = policy.fairness.gates if policy.fairness else {}
    old = before.fairness if before else None
    for part in parts:
        for weighed in part.weighed:
            margin = _margin(gates.get(weighed.metric))
            known = old is not None and part.sensitive in old.sensitive
            was = _margin(old.gates.get(weighed.metric)) if old is not None and known else None
            yield _Measured(
                weighed=weighed,
                margin=margin,
                gated=margin is not None,
                note="",
                is_new=before is not None and was is None,
                place=("sensitive", part.sensitive),
            )


def _of_reference(
    against: Against, policy: ModelConfig, candidate: Scored, before: ModelConfig | None, seed: int
) -> Iterator[_Measured]:
    """What the gates against the baseline say of another side."""
    watched = {name: margin for name, gate in policy.gates.items() if (margin := _margin(gate)) is not None}
    metrics = [METRICS[name] for name in policy.all_metrics if name in watched or name == policy.primary]
    whole = weigh(metrics, candidate.whole, against.scored.whole, paired=against.paired, seed=seed)
    for weighed in (*whole, *(each for each in against.own if each.metric in watched)):
        margin = watched.get(weighed.metric)
        yield _Measured(
            weighed=weighed,
            margin=margin,
            gated=margin is not None,
            note="",
            is_new=against.is_new or (before is not None and _margin(before.gates.get(weighed.metric)) is None),
            place=("reference", against.name),
        )


def _margin(gate: Gate | None) -> float | None:
    return gate.max_regression if gate else None


# --- at which level --------------------------------------------------------------------------------------------


def _levels(measured: Sequence[_Measured], confidence: float) -> tuple[list[float], int]:
    """Each comparison's level, and how many can fail: Holm's over those, a family for what the pull request adds."""
    from mlci.stats.multiplicity import holm

    levels = [confidence] * len(measured)
    judged = [at for at, each in enumerate(measured) if each.gated and each.weighed.estimate is not None]
    for is_new in (False, True):
        family = [at for at in judged if measured[at].is_new is is_new]
        found = holm(
            [estimate for at in family if (estimate := measured[at].weighed.estimate) is not None],
            [measured[at].margin or 0.0 for at in family],
            confidence,
        )
        for at, level in zip(family, found, strict=True):
            levels[at] = level
    return levels, len(judged)


def _comparison(measured: _Measured, level: float, policy: ModelConfig) -> Comparison:
    from mlci.stats.decisions import status

    weighed = measured.weighed
    plain = Comparison(
        metric=weighed.metric,
        slice=weighed.slice,
        rows=weighed.rows,
        candidate=finite(weighed.candidate),
        margin=measured.margin,
        gated=measured.gated,
        note="; ".join(filter(None, (weighed.note, measured.note))),
        greater_is_better=weighed.greater_is_better,
    )
    found = weighed.estimate
    if found is None:
        return plain
    if found.gain is None:
        note = "; ".join(filter(None, (measured.note, found.note)))
        return plain.model_copy(update={"note": note, "baseline": finite(found.baseline)})
    interval = found.interval(level)
    note = "; ".join(filter(None, (measured.note, interval.note)))  # some levels have notes of their own
    margin = measured.margin if measured.margin is not None else 0.0
    told = status(interval.low, interval.high, margin)
    verdicts = {"worse": "fail", "inconclusive": policy.on_inconclusive}
    return plain.model_copy(
        update={
            "baseline": finite(found.baseline),
            "gain": finite(found.gain),
            "low": finite(interval.low),
            "high": finite(interval.high),
            "level": level,
            "method": found.method,
            "status": told,
            "verdict": verdicts.get(told, "pass") if measured.gated else "pass",
            "detectable": finite(found.detectable(level)),
            "rows_needed": found.rows_needed(margin, level) if told == "inconclusive" else None,
            "note": note,
            "seed_share": finite(found.seed_share),
        }
    )


def finite(value: float | None) -> float | None:
    """A value that JSON can hold: what is not finite cannot be told."""
    return None if value is None or not math.isfinite(value) else float(value)
