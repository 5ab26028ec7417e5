"""Which situation a run is in: what went wrong first, in what, and which numbers say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlci.report import places
from mlci.report.places import Placed
from mlci.results import worst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.report.places import Place
    from mlci.results import Comparison, DatasetResult, Finding, GateResult, ModelResult, Results, Verdict

Kind = Literal[
    # in the order in which a reader must know them
    "expectations",
    "untrained",
    "unjudged",
    "worse",
    "declined",
    "limit",
    "unfair",
    "slice",
    "searched",
    "cost",
    "inconclusive",
    "unmeasured",
    "finding",
    # and where nothing is wrong
    "better",
    "same",
    "mixed",
    "identical",
    "alone",
    "holds",
]
_ORDER: tuple[Kind, ...] = (
    "expectations",
    "untrained",
    "unjudged",
    "worse",
    "declined",
    "limit",
    "unfair",
    "slice",
    "searched",
    "cost",
    "inconclusive",
    "unmeasured",
    "finding",
)
_GRAVITY = {"fail": 0, "warn": 1, "pass": 2}

BREACHES = frozenset({"MLCI101", "MLCI102", "MLCI103"})  # what the table of failing expectations tells
SEARCHED = "MLCI308"  # what the search for the worst slice found
IDENTICAL = "identical predictions"  # the method of a comparison in which both sides said the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One thing that a report has to tell."""

    kind: Kind
    verdict: Verdict
    name: str = ""  # the model's, or the dataset's
    model: ModelResult | None = None
    dataset: DatasetResult | None = None
    gates: tuple[GateResult, ...] = ()  # those that put it there
    findings: tuple[Finding, ...] = ()

    @property
    def missed(self) -> tuple[GateResult, ...]:
        """The model's absolute limits that are missed."""
        gates = self.model.gates if self.model else ()
        return tuple(gate for gate in gates if gate.rule in ("min", "max") and gate.verdict == "fail")

    @property
    def comparisons(self) -> tuple[Placed, ...]:
        """The comparisons behind the gates, the gravest first: the primary metric, then by loss in margins."""
        if self.model is None:
            return ()
        wanted = {places.place(gate) for gate in self.gates}
        primary = self.model.primary
        return tuple(
            sorted(
                places.everywhere(self.model, wanted.__contains__),
                key=lambda each: (each.metric != primary, loss_in_margins(each)),
            )
        )

    @property
    def lead(self) -> Placed | None:
        """The comparison that its first sentence is about, where gates or the search for the worst slice found it."""
        if self.kind == "searched" and self.model is not None and self.model.search is not None:
            found = self.model.search.worst
            return Placed.model_construct(**found.__dict__) if found else None
        return next(iter(self.comparisons), None)


def loss_in_margins(comparison: Comparison) -> float:
    """The gain in units of what is allowed: the smallest is the gravest."""
    return (comparison.gain or 0.0) / max(comparison.margin or 0.0, 1e-9)


def situations(results: Results) -> tuple[Situation, ...]:
    """All that a report has to tell, the gravest first; models and datasets that pass come last."""
    found = [*_of_datasets(results), *_of_models(results)]
    told = {id(finding) for each in found for finding in each.findings}
    found += _of_findings(results, told)
    order = {kind: place for place, kind in enumerate(_ORDER)}
    return tuple(sorted(found, key=lambda each: (_GRAVITY[each.verdict], order.get(each.kind, len(order)))))


def _of_datasets(results: Results) -> Iterator[Situation]:
    for name, dataset in results.datasets.items():
        if dataset.validation is None:
            continue
        verdict = dataset.validation.verdict
        if verdict == "pass" and results.models:
            continue  # where there are models, data that hold are no news
        kind: Kind = "holds" if verdict == "pass" else "expectations"
        yield Situation(
            kind=kind, verdict=verdict, name=name, dataset=dataset, findings=breaches(results.findings, name)
        )


SCORERS = ("MLCI212", "MLCI213", "MLCI215")
"""Findings of the user's own metrics, and of limits that they can pass as a training can."""


def breaches(findings: tuple[Finding, ...], dataset: str) -> tuple[Finding, ...]:
    """The findings that say no more than the table of the dataset's failing expectations."""
    return tuple(each for each in findings if each.code in BREACHES and each.subject == dataset)


def _of_models(results: Results) -> Iterator[Situation]:
    for name, model in results.models.items():
        subjects = (name, model.dataset)
        failures = [each for each in results.findings if each.severity == "fail" and each.subject in subjects]
        untrained = tuple(each for each in failures if each.code.startswith("MLCI2") and each.subject == name)
        if model.winner:  # the model itself was judged
            untrained = tuple(each for each in untrained if each.code not in SCORERS)
        if untrained:
            yield Situation(kind="untrained", verdict="fail", name=name, model=model, findings=untrained)
        elif model.verdict == "fail" and not any(gate.verdict == "fail" for gate in model.gates):
            yield Situation(kind="unjudged", verdict="fail", name=name, model=model, findings=tuple(failures))
        else:
            yield from _of_model(name, model, results)


def _of_model(name: str, model: ModelResult, results: Results) -> Iterator[Situation]:
    """The gravest situation that gates put a model in, and what the search for the worst slice found."""
    found = [each for each in (_of_gates(name, model, results), _searched(name, model, results)) if each is not None]
    yield from found or [Situation(kind=_calm(model), verdict="pass", name=name, model=model)]


def _searched(name: str, model: ModelResult, results: Results) -> Situation | None:
    """A slice that the search found to be worse for certain; its finding says how grave that is."""
    told = tuple(each for each in results.findings if each.code == SEARCHED and each.subject == name)
    if model.search is None or model.search.worst is None:
        return None
    verdict = worst([each.severity for each in told])
    if verdict == "pass":
        return None
    return Situation(kind="searched", verdict=verdict, name=name, model=model, findings=told)


def _of_gates(name: str, model: ModelResult, results: Results) -> Situation | None:
    """The gravest situation that gates put a model in; the other gates stand in the table."""
    told = {where for where, each in places.located(model) if each.gain is not None}
    for verdict in ("fail", "warn"):
        groups: dict[Kind, list[GateResult]] = {}
        for gate in model.gates:
            if gate.verdict == verdict:
                groups.setdefault(_kind(gate, told), []).append(gate)
        if groups:
            kind = min(groups, key=_ORDER.index)
            gates = tuple(groups[kind])
            findings = _untold(name, gates, results) if kind == "unmeasured" else ()
            return Situation(kind=kind, verdict=verdict, name=name, model=model, gates=gates, findings=findings)
    return None


def _kind(gate: GateResult, told: set[Place]) -> Kind:
    """The kind of a gate that does not pass; `told` is what was compared."""
    if gate.rule == "max_regression":
        if places.place(gate) not in told:
            return "unmeasured"
        if gate.status == "worse":
            return "declined" if gate.reference else "unfair" if gate.sensitive else "slice" if gate.slice else "worse"
        return "inconclusive" if gate.status == "inconclusive" else "unmeasured"
    if gate.value is None:
        return "unmeasured"
    return "cost" if gate.rule == "max_increase" else "limit"


def _untold(name: str, gates: tuple[GateResult, ...], results: Results) -> tuple[Finding, ...]:
    """The findings that say why these gates could not be judged."""
    metrics = {f"`{gate.metric}`" for gate in gates}
    return tuple(
        finding
        for finding in results.findings
        if finding.code == "MLCI305"
        and finding.subject == name
        and any(metric in finding.message for metric in metrics)
    )


def _calm(model: ModelResult) -> Kind:
    """What kind of peace it is."""
    whole = [each for each in model.comparisons if not each.slice]
    if model.baseline.source == "none" or all(each.gain is None for each in whole):
        return "alone"
    if all(is_identical(each) for each in whole if each.gain is not None):
        return "identical"
    statuses = {each.status for each in whole if each.gated or each.metric == model.primary}
    if any(each.status == "worse" for each in whole):
        return "mixed"
    return "better" if "better" in statuses else "same"


def is_identical(comparison: Comparison) -> bool:
    """Whether both sides said the same for every row."""
    return comparison.method == IDENTICAL or (comparison.gain == 0 and comparison.low == 0 and comparison.high == 0)


def _of_findings(results: Results, told: set[int]) -> Iterator[Situation]:
    """The findings that fail or warn and that no other situation tells, of one kind together."""
    for severity in ("fail", "warn"):
        by_kind: dict[str, list[Finding]] = {}
        for finding in results.findings:
            if finding.severity == severity and id(finding) not in told:
                by_kind.setdefault(finding.code[:5], []).append(finding)
        for findings in by_kind.values():
            yield Situation(kind="finding", verdict=severity, name=findings[0].subject, findings=tuple(findings))


def whole(situation: Situation) -> list[Placed]:
    """The model's comparisons with the base on the whole holdout."""
    return places.against_base(situation.model) if situation.model else []


def leading(found: list[Placed], situation: Situation) -> Placed | None:
    """The primary metric's comparison among some; else the first."""
    primary = situation.model.primary if situation.model else ""
    return next((each for each in found if each.metric == primary), next(iter(found), None))


def in_order(results: Results) -> list[str]:
    """The models' names, the gravest first."""
    found = [each.name for each in situations(results) if each.model is not None]
    return list(dict.fromkeys([*found, *results.models]))
