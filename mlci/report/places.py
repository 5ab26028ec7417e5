"""Where comparisons stand: on the whole holdout or a slice, between groups, against the base or another commit.

`results.json` keeps the comparisons of a fairness metric beside their groups, and those with another commit beside
that commit. Here each takes its place along, so that a gate finds its own, and no table confuses two of one metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlci.results import Comparison

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlci.results import GateResult, ModelResult, ReferenceResult

    Among = Callable[["Place"], bool]


class Place(NamedTuple):
    """What tells comparisons, and gates, of one model apart."""

    metric: str
    slice: str = ""
    sensitive: str = ""
    reference: str = ""


class Placed(Comparison):
    """A comparison with its place.

    `sensitive` is the column whose groups it compares, `reference` what the candidate was held against where that is
    not the base, and `since` that reference's commit.
    """

    sensitive: str = ""
    reference: str = ""
    since: str = ""


def place(each: Placed | GateResult) -> Place:
    """Where a comparison or a gate stands."""
    return Place(each.metric, each.slice, each.sensitive, each.reference)


def located(model: ModelResult) -> Iterator[tuple[Place, Comparison]]:
    """Every comparison of a model beside its place."""
    for each in model.comparisons:
        yield Place(each.metric, each.slice), each
    for part in model.fairness:
        yield from ((Place(each.metric, each.slice, part.sensitive), each) for each in part.comparisons)
    for of in model.references:
        yield from ((Place(each.metric, each.slice, reference=of.name), each) for each in of.comparisons)


def everywhere(model: ModelResult, among: Among = lambda _: True) -> list[Placed]:
    """The comparisons of a model whose places are `among` those asked for; all of them if nothing is asked."""
    return [placed(each, where, model) for where, each in located(model) if among(where)]


def placed(comparison: Comparison, where: Place, model: ModelResult, **judged: object) -> Placed:
    """A comparison with its place; `judged` is what its gate says of it."""
    since = next((of.sha for of in model.references if of.name == where.reference), "") if where.reference else ""
    more = {"sensitive": where.sensitive, "reference": where.reference, "since": since}
    return Placed.model_construct(**{**comparison.__dict__, **more, **judged})  # its values were checked before


def against_base(model: ModelResult) -> list[Placed]:
    """The comparisons with the base on the whole holdout."""
    return everywhere(model, lambda where: where == Place(where.metric))


def between_groups(model: ModelResult) -> list[Placed]:
    """The fairness metrics."""
    return everywhere(model, lambda where: bool(where.sensitive))


def of_gate(gate: GateResult, model: ModelResult) -> Placed | None:
    """The comparison that a gate judged, or that measured what it limits; None where there is none."""
    wanted = place(gate)
    return next((placed(each, where, model) for where, each in located(model) if where == wanted), None)


def reference(each: Placed, model: ModelResult) -> ReferenceResult | None:
    """What a comparison was held against besides the base; None where that was the base."""
    return next((of for of in model.references if each.reference and of.name == each.reference), None)
