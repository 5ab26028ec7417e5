"""Results from a stranger, checked before anything is made of them. Pure.

A fork's pull request ran the code that wrote them, so they may be forged. What is accepted fits the schema, speaks of
the commit that the workflow ran for, agrees with itself, and is small enough for the report to be written in seconds.
Whether its numbers are true cannot be told from here.
"""

from __future__ import annotations

import re
from itertools import accumulate, chain
from typing import TYPE_CHECKING

from pydantic import ValidationError

from mlci.config.models import NAME
from mlci.errors import UserError
from mlci.github.artifact import LARGEST_RESULTS, quoted
from mlci.results import VERSION, Results, worst
from mlci.stats.metrics import FAIRNESS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlci.errors import Location
    from mlci.results import Comparison, GateResult, Group, ModelResult, Reliability, Severity, Validation, Verdict

DEEPEST = 50
"""Objects and lists that stand inside of each other."""
MOST_VALUES = 1_000_000
"""Commas and brackets: before a parser makes objects of them, each of which takes much more room."""
MOST = {
    "models": 100,
    "datasets": 200,
    "findings": 1_000,
    "files": 20_000,
    "comparisons": 5_000,
    "references": 100,  # with sensitive columns
    "groups": 2_000,
    "bins": 2_000,
    "gates": 5_000,
    "expectations": 5_000,
    "columns": 50_000,
    "candidates": 1_000,
    "differences": 2_000,
    "values": 20_000,
}
"""How many of each all parts of the results may hold together."""
MOST_METRICS = 100
"""Of a model; mlci knows about 60, with those of fairness."""

_STRING = re.compile(rb'"[^"\\]*+(?:\\.?+[^"\\]*+)*+(?:"|\Z)', re.DOTALL)  # one that does not end reaches to the end
_BRACKETS = b"[]{}"
_OTHERS = bytes(set(range(256)) - set(_BRACKETS))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NUMBER = re.compile(rb"[0-9]{31}|[eE][+-]?+0*+[1-9][0-9]{2}")  # no score, no count and no size comes near
_PATH = 1_000  # characters
_OUTSIDE = re.compile(r"/|[A-Za-z]:|.*(?:\\|[\x00-\x1f])", re.DOTALL)
_WEIGHT: dict[str, Verdict] = {"critical": "fail", "warning": "warn", "info": "pass"}
_RANK = ("pass", "warn", "fail")
_SAID = 200  # characters of the parser's words

_NOTHING = "Nothing was posted."
_WRITTEN = f"{_NOTHING} Results are written by `mlci run`, and published by the same version of mlci."


def check(content: bytes, *, head_sha: str) -> Results:
    """Read results that another job wrote.

    Args:
        content: `results.json`.
        head_sha: The commit that the workflow ran for; the results must speak of it.

    Raises:
        UserError: they are refused: MLCI511 for their form or size, MLCI512 for another commit, MLCI513 where they say
            a better verdict than their own parts do.
    """
    _measure(content)
    results = _read(content)
    if not head_sha or results.head.sha != head_sha:
        raise UserError(
            f"These results are of “{quoted(results.head.sha)}”, and the workflow ran for {head_sha or 'no commit'}.",
            hint=f"{_NOTHING} The pull request's own workflow judges its head: look at what that checks out.",
            code="MLCI512",
        )
    _count(results)
    _name(results)
    _place(results)
    _agree(results)
    return results


def _unfit(why: str) -> UserError:
    return UserError(f"The results are refused: {why}.", hint=_WRITTEN, code="MLCI511")


# --- the bytes -------------------------------------------------------------------------------------------------


def _measure(content: bytes) -> None:
    """Refuse what a parser should not even see."""
    if len(content) > LARGEST_RESULTS:
        raise _unfit(f"they are larger than {LARGEST_RESULTS // 1_000_000} MB")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unfit(f"they are not UTF-8 text (byte {error.start})") from None
    bare = _STRING.sub(b"", content)
    brackets = bare.translate(None, _OTHERS)
    if len(brackets) + bare.count(b",") > MOST_VALUES:
        raise _unfit(f"they hold more than {MOST_VALUES:,} values")
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > DEEPEST:
        raise _unfit(f"they are nested more than {DEEPEST} deep")
    if _NUMBER.search(bare):
        raise _unfit("they hold a number that no run has: of more than 30 digits, or beyond 10 to the power of 99")


def _read(content: bytes) -> Results:
    """The results by their schema: nothing is converted, and no name is told as it is."""
    try:
        return Results.model_validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part)[:_SAID] for part in first["loc"]) or "the document"
        said = quoted(first["msg"]).rstrip(".")
        raise _unfit(f"they are none of version {VERSION}: “{quoted(where)}”: {said}") from None


# --- their parts -----------------------------------------------------------------------------------------------


def _count(results: Results) -> None:
    """Refuse more than a report is ever made of."""
    models, datasets = results.models.values(), results.datasets.values()
    given = [side for each in models for side in (each.side, each.baseline.side, *(it.side for it in each.references))]
    sides = [side for side in given if side is not None]
    changes = [each.change for each in datasets if each.change is not None]
    validations = [each.validation for each in datasets if each.validation is not None]
    counts = {
        "models": len(models),
        "datasets": len(datasets),
        "findings": len(results.findings),
        "files": len(results.files) + sum(len(each.difference.files) for each in models),
        "comparisons": sum(1 for each in models for _ in compared(each)),
        "references": sum(len(each.references) + len(each.fairness) for each in models),
        "groups": sum(len(column.groups) for each in models for column in each.fairness),
        "bins": sum(len(side.bins) for each in models for side in _reliabilities(each)),
        "gates": sum(len(each.gates) for each in models),
        "expectations": sum(len(each.expectations) for each in validations),
        "columns": sum(len(each.columns) for each in datasets)
        + sum(len(each.columns) for each in changes)
        + sum(len(each.features) for each in sides),
        "candidates": sum(len(each.candidates) for each in models),
        "differences": sum(map(_differences, models)),
        "values": sum(len(each.params) + len(each.packages) for each in sides)
        + sum(len(each.classes) for each in models)
        + sum(len(each.search.columns) for each in models if each.search is not None)
        + sum(_rates(group) for each in models for column in each.fairness for group in column.groups)
        + len(results.environment)
        + len(results.timings),
    }
    for what, count in counts.items():
        if count > MOST[what]:
            raise _unfit(f"they hold {count:,} {what}, and at most {MOST[what]:,} are published")


def compared(model: ModelResult) -> Iterator[Comparison]:
    """All comparisons of a model: with the baseline, of groups, with other commits, of the search."""
    yield from model.comparisons
    for column in model.fairness:
        yield from column.comparisons
    for reference in model.references:
        yield from reference.comparisons
    if model.search is not None and model.search.worst is not None:
        yield model.search.worst


def _reliabilities(model: ModelResult) -> list[Reliability]:
    found = model.calibration
    return [] if found is None else [side for side in (found.candidate, found.baseline) if side is not None]


def _rates(group: Group) -> int:
    return len(group.candidate) + len(group.baseline)


def _differences(model: ModelResult) -> int:
    found = model.difference
    features = len(found.features_added) + len(found.features_removed) + len(found.features_retyped)
    return len(found.params) + features + len(found.packages)


def _name(results: Results) -> None:
    """Refuse names that no configuration can have."""
    for what, names in (
        ("dataset", results.datasets),
        ("model", results.models),
        ("metric", {metric for each in results.models.values() for metric in _metrics(each)}),
    ):
        for name in names:
            if not re.fullmatch(NAME, name):
                raise _unfit(f"“{quoted(name)}” is no name of a {what}")
    for name, model in results.models.items():
        if len(set(_metrics(model))) > MOST_METRICS:
            raise _unfit(f"the model “{name}” has more than {MOST_METRICS} metrics")


def _metrics(model: ModelResult) -> Iterator[str]:
    yield model.primary
    yield from (each.metric for each in compared(model))
    yield from (each.metric for each in model.gates)
    if model.search is not None:
        yield model.search.metric
    yield from (rate for column in model.fairness for group in column.groups for rate in group.candidate)
    yield from (rate for column in model.fairness for group in column.groups for rate in group.baseline)


def _place(results: Results) -> None:
    """Refuse places outside of the repository."""
    for each in _locations(results):
        path = each.path
        if len(path) > _PATH or ".." in path.split("/") or _OUTSIDE.match(path):
            raise _unfit(f"“{quoted(path)}” is no path inside of the repository")
        if any(number is not None and number < 1 for number in (each.line, each.column)):
            raise _unfit(f"“{quoted(path)}” has no line or column before the first")


def _locations(results: Results) -> Iterator[Location]:
    found = chain(
        (each.location for each in results.findings),
        (each.location for model in results.models.values() for each in model.gates),
        (
            each.location
            for dataset in results.datasets.values()
            if dataset.validation is not None
            for each in dataset.validation.expectations
        ),
    )
    return (each for each in found if each is not None)


# --- the verdict -----------------------------------------------------------------------------------------------


def _agree(results: Results) -> None:
    """Refuse a verdict that is better than what it is made of."""
    for name, model in results.models.items():
        of = f"the model “{name}”"
        for gate in model.gates:
            _hold(f"the gate on {gate.metric} of {of}", gate.verdict, [_least(gate)])
        told = [each.verdict for each in compared(model) if each.gated]
        _hold(of, model.verdict, [*(gate.verdict for gate in model.gates), *told])
    checked = {name: each.validation for name, each in results.datasets.items() if each.validation is not None}
    for name, validation in checked.items():
        _validated(f"the dataset “{name}”", validation)
    parts = [
        *(each.verdict for each in results.models.values()),
        *(each.verdict for each in checked.values()),
        *(each.severity for each in results.findings),
    ]
    _hold("the run", results.verdict, parts)


def _least(gate: GateResult) -> Verdict:
    """The best verdict that a gate's own numbers allow."""
    if gate.rule == "max_regression":
        return "fail" if gate.status == "worse" else "pass"
    if gate.rule == "max_increase":
        return "pass"
    if gate.value is None:
        return "warn" if gate.metric in FAIRNESS else "fail"
    return "pass" if (gate.value >= gate.threshold if gate.rule == "min" else gate.value <= gate.threshold) else "fail"


def _validated(of: str, validation: Validation) -> None:
    failing = [each for each in validation.expectations if not each.success]
    _hold(of, validation.verdict, [_WEIGHT[each.severity] for each in failing])
    if len(failing) > validation.failed or (validation.success and validation.verdict == "fail"):
        raise _contradiction(of, "that its expectations hold", "that they do not")


def _hold(of: str, said: Verdict, parts: Sequence[Verdict | Severity]) -> None:
    least = worst([*parts])
    if _RANK.index(said) < _RANK.index(least):
        raise _contradiction(of, f"“{said}”", f"“{least}”")


def _contradiction(of: str, said: str, least: str) -> UserError:
    return UserError(
        f"The results say {said} of {of}, and what they hold of it says {least}.",
        hint=f"{_NOTHING} What `mlci run` writes agrees with itself: these results were changed after it.",
        code="MLCI513",
    )
