"""The court: comparisons and costs under a policy → verdicts and findings. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mlci.results import Finding, GateResult, worst
from mlci.stats.interval import ONE_CLASS
from mlci.stats.metrics import FAIRNESS, RESOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlci.compare import Compared
    from mlci.config.models import Gate, ModelConfig
    from mlci.errors import Location
    from mlci.results import Comparison, Side, Verdict

# a cost below this is noise of the machine, not of the model: seconds, seconds, bytes, bytes
_FLOOR = {"fit_seconds": 0.5, "predict_seconds": 0.1, "peak_memory": 50e6, "model_size": 1e5}


Where = Callable[..., "Location | None"]

NO_BASELINE = "there is no baseline to compare with"


def judge(  # noqa: PLR0913 - what was found, and the rules that judge it
    policy: ModelConfig,
    found: Compared,
    candidate: Side,
    baseline: Side | None,
    where: Where = lambda *_: None,
    *,
    promised: bool = False,
) -> tuple[GateResult, ...]:
    """Every rule of every gate, in the order of the policy: what it allows, what was found, the verdict.

    Args:
        policy: The rules that judge.
        found: What `compare` found under the same policy.
        candidate: The candidate's costs.
        baseline: The baseline's costs; None where there is no baseline, so that only `min` and `max` can judge.
        where: The place of a gate's rule in the model's configuration.
        promised: Whether the base branch has this model, so that a baseline which is missing is no reason to pass:
            each rule that needs it then gets the verdict of `on_inconclusive`, and at least `warn`.
    """
    untold = tuple(_promised(policy, candidate, where)) if promised and baseline is None else ()
    compared = baseline is not None
    return untold + tuple(
        result
        for part in (
            _of_metrics(policy, found, candidate, baseline, where),
            _of_fairness(policy, found, where, has_baseline=compared),
            _of_references(policy, found, where),
        )
        for result in part
    )


def _of_metrics(
    policy: ModelConfig, found: Compared, candidate: Side, baseline: Side | None, where: Where
) -> Iterator[GateResult]:
    for metric, gate in policy.gates.items():
        if metric in RESOURCES:
            yield from _cost(metric, gate, candidate, baseline, where)
        else:
            yield from _score(metric, policy, found.comparisons, where, has_baseline=baseline is not None)


def _of_fairness(policy: ModelConfig, found: Compared, where: Where, *, has_baseline: bool) -> Iterator[GateResult]:
    """A fairness gate judges each sensitive column."""
    for column in found.fairness:
        for metric, gate in policy.fairness.gates.items() if policy.fairness else ():
            each = next(each for each in column.comparisons if each.metric == metric)

            def at(*path: str) -> Location | None:
                return where("fairness", *path)

            told = [_regression(each, policy, at)] if gate.max_regression is not None and has_baseline else []
            unable = "fail" if each.baseline is not None else worst([policy.on_inconclusive, "warn"])
            for result in (*told, *_limits(metric, gate, each.candidate, each.note, at, unable=unable)):
                yield result.model_copy(update={"sensitive": column.sensitive})


def _of_references(policy: ModelConfig, found: Compared, where: Where) -> Iterator[GateResult]:
    """The gates against a baseline, held against another commit, too."""
    for name, comparisons in found.references.items():
        for each in comparisons:
            if each.gated:
                yield _regression(each, policy, where).model_copy(update={"reference": name})


def _promised(policy: ModelConfig, candidate: Side, where: Where) -> Iterator[GateResult]:
    """The rules that a baseline should have judged, and did not."""
    fairness = policy.fairness
    gates: list[tuple[str, str, Gate]] = [("", metric, gate) for metric, gate in policy.gates.items()]
    for column in fairness.sensitive if fairness else ():
        gates += [(column, metric, gate) for metric, gate in fairness.gates.items()] if fairness else []
    for column, metric, gate in gates:
        for rule, threshold in (("max_regression", gate.max_regression), ("max_increase", gate.max_increase)):
            if threshold is not None:
                yield GateResult(
                    metric=metric,
                    sensitive=column,
                    rule="max_regression" if rule == "max_regression" else "max_increase",
                    threshold=threshold,
                    value=getattr(candidate, metric, None),
                    verdict=worst([policy.on_inconclusive, "warn"]),
                    message=NO_BASELINE,
                    location=where(*(("fairness",) if column else ()), "gates", metric, rule),
                )


def _score(
    metric: str, policy: ModelConfig, comparisons: Sequence[Comparison], where: Where, *, has_baseline: bool
) -> Iterator[GateResult]:
    for each in comparisons:
        if each.metric == metric and each.gated and has_baseline:
            yield _regression(each, policy, where)
    whole = next((each for each in comparisons if each.metric == metric and not each.slice), None)
    gate = policy.gates[metric]
    yield from _limits(metric, gate, whole.candidate if whole else None, whole.note if whole else "", where)


def _regression(each: Comparison, policy: ModelConfig, where: Where) -> GateResult:
    return GateResult(
        metric=each.metric,
        slice=each.slice,
        rule="max_regression",
        threshold=each.margin or 0.0,
        value=each.candidate,
        baseline=each.baseline,
        change=each.gain,
        verdict=_told(each, policy),
        status=each.status,
        message=each.note,
        location=where("gates", each.metric, "max_regression"),
    )


def _told(comparison: Comparison, policy: ModelConfig) -> Verdict:
    """A gate that could not be told never passes: where the candidate alone lacks the value it fails.

    Else it has the verdict of `on_inconclusive`, and at least warns: a metric that these rows do not define, as with
    one class alone, is neither side's fault.
    """
    if comparison.status is not None:
        return comparison.verdict
    undefined = comparison.note.endswith(ONE_CLASS) or (comparison.metric in FAIRNESS and comparison.baseline is None)
    known = comparison.candidate is not None or undefined
    return worst([policy.on_inconclusive, "warn"]) if known else "fail"


def _limits(  # noqa: PLR0913 - the rule, and what it is held to
    metric: str, gate: Gate, value: float | None, note: str, where: Where, *, unable: Verdict = "fail"
) -> Iterator[GateResult]:
    for rule, limit in (("min", gate.min), ("max", gate.max)):
        if limit is None:
            continue
        holds = value is not None and (value >= limit if rule == "min" else value <= limit)
        yield GateResult(
            metric=metric,
            rule="min" if rule == "min" else "max",
            threshold=limit,
            value=value,
            verdict="pass" if holds else unable if value is None else "fail",
            message=note if value is None else "",
            location=where("gates", metric, rule),
        )


def _cost(
    metric: str,
    gate: Gate,
    candidate: Side,
    baseline: Side | None,
    where: Where,
) -> Iterator[GateResult]:
    value = getattr(candidate, metric)
    before = getattr(baseline, metric) if baseline else None
    if gate.max_increase is not None and baseline is not None:
        told = value is not None and before is not None
        change = (value - before) / before if told and before else None
        small = told and value - before <= _FLOOR[metric]
        holds = told and (small or (change is not None and change <= gate.max_increase))
        yield GateResult(
            metric=metric,
            rule="max_increase",
            threshold=gate.max_increase,
            value=value,
            baseline=before,
            change=change,
            verdict="pass" if holds else "fail" if told or value is None else "warn",
            message="too small a difference to judge" if small and (change or 0) > gate.max_increase else "",
            location=where("gates", metric, "max_increase"),
        )
    yield from _limits(metric, gate, value, "", where)


def findings(name: str, comparisons: Sequence[Comparison], gates: Sequence[GateResult]) -> tuple[Finding, ...]:
    """What a reader must know beyond the table of gates."""
    return (*_identical(name, comparisons), *_untold(name, gates), *_unwatched(name, comparisons, gates))


def _identical(name: str, comparisons: Sequence[Comparison]) -> Iterator[Finding]:
    whole = [each for each in comparisons if not each.slice and each.status is not None]
    if whole and all(each.method == IDENTICAL for each in whole):
        yield Finding(
            code="MLCI301",
            severity="info",
            message=f"Both sides of `{name}` predict the same for every held-out row: nothing changed.",
            hint="If this pull request was meant to change the model, look whether the changed code is used at all.",
            subject=name,
        )


def _untold(name: str, gates: Sequence[GateResult]) -> Iterator[Finding]:
    for gate in gates:
        if gate.verdict == "pass" or gate.status is not None or (gate.value is not None and not gate.message):
            continue
        on = f" on {gate.slice}" if gate.slice else ""
        yield Finding(
            code="MLCI305",
            severity="fail" if gate.verdict == "fail" else "warn",
            message=f"The gate on `{gate.metric}`{on} could not be judged: {gate.message or 'it was not measured'}.",
            hint="Another finding says what kept the base branch's side from being trained: mend that."
            if gate.message == NO_BASELINE
            else "Give the model what the metric needs, or take the gate out.",
            location=gate.location,
            subject=name,
        )


def _unwatched(name: str, comparisons: Sequence[Comparison], gates: Sequence[GateResult]) -> Iterator[Finding]:
    watched = {gate.metric for gate in gates}
    worse = [each for each in comparisons if not each.slice and each.status == "worse" and each.metric not in watched]
    if worse:
        listed = ", ".join(f"`{each.metric}`" for each in worse)
        yield Finding(
            code="MLCI306",
            severity="info",
            message=f"`{name}` became worse in {listed}, which no gate watches.",
            hint=f"Add a gate, as in `{worse[0].metric}: {{max_regression: 0.01}}`, if this should stop a merge.",
            subject=name,
        )


IDENTICAL = "identical predictions"
