"""From what an engine observed to a verdict: pure, and the same for every engine.

Severity is weighed here, because Great Expectations' own `success` ignores it; and nothing is taken for success that
was left out, could not be computed, or had nothing to look at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlci.expectations.describe import about, describe
from mlci.expectations.suites import nothing, thawed
from mlci.results import ExpectationResult, Finding, Validation, worst

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlci.expectations.suites import Expectation, Severity, Suite
    from mlci.results import Severity as Gravity

NAMED = 5  # expectations that a finding names; the rest are counted
LONGEST = 500  # characters of a name in the results

_WEIGHT: Mapping[Severity, tuple[str, Gravity]] = {
    "critical": ("MLCI101", "fail"),
    "warning": ("MLCI102", "warn"),
    "info": ("MLCI103", "info"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What an engine saw of one expectation.

    `error` says in mlci's own words why it could not be computed, `left_out` that the engine never tried. `looked_at`
    counts the values behind an aggregate, where that is known. `engine` names another engine than the suite's that took
    it over, and `reason` why. `raw` is Great Expectations' own result of it.
    """

    success: bool
    element_count: int | None = None
    unexpected_count: int | None = None
    missing_count: int | None = None
    error: str = ""
    left_out: bool = False
    looked_at: int | None = None
    engine: str = ""
    reason: str = ""
    raw: Mapping[str, Any] = field(default_factory=nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A whole suite as an engine saw it: one observation for each expectation, in the suite's order."""

    engine: str
    rows: int | None
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A suite against a dataset: its validation, what to report of it, and Great Expectations' own structure.

    `validation` and `findings` hold no value of the data, and `findings` begin with the suite's notices; `raw` may hold
    aggregates (`observed_value`), and is for the person who ran the command.
    """

    validation: Validation
    findings: tuple[Finding, ...]
    raw: dict[str, Any]


Seen = tuple["Expectation", Observation]


def judge(suite: Suite, observed: Observed, *, dataset: str) -> Outcome:
    """The outcome of a suite, from what an engine observed.

    Args:
        suite: the suite.
        observed: one observation for each of its expectations, in its order.
        dataset: the dataset's name, for the sentences.
    """
    seen = list(zip(suite.expectations, observed.observations, strict=True))
    findings = [
        *(notice.model_copy(update={"subject": dataset}) for notice in suite.notices),
        *_nothing_declared(suite, dataset),
        *_left_out(seen, dataset),
        *_errors(seen, dataset),
        *_empty_table(seen, observed.rows, suite, dataset),
        *_failures(seen, dataset),
        *_vacuous(seen, observed.rows, dataset),
    ]
    verdict = worst([finding.severity for finding in findings])
    return Outcome(
        validation=Validation(
            suite=_cut(suite.name),
            engine=observed.engine,
            success=verdict != "fail",
            verdict=verdict,
            evaluated=sum(not observation.left_out for _, observation in seen),
            failed=sum(not observation.success for _, observation in seen),
            expectations=tuple(_result(expectation, observation) for expectation, observation in seen),
        ),
        findings=tuple(findings),
        raw=_raw(suite, seen),
    )


# --- findings, gravest first -------------------------------------------------------------------------------------


def _nothing_declared(suite: Suite, dataset: str) -> list[Finding]:
    if suite.expectations:
        return []
    return [
        Finding(
            code="MLCI112",
            severity="fail",
            message=f"The suite `{suite.path}` holds no expectations, so nothing of `{dataset}` was checked.",
            hint="Add expectations, or remove `suite` from the dataset.",
            subject=dataset,
        )
    ]


def _left_out(seen: Sequence[Seen], dataset: str) -> list[Finding]:
    out = [pair for pair in seen if pair[1].left_out]
    return _one(
        out,
        dataset,
        code="MLCI113",
        severity="fail",
        sentence=f"{_count(out, seen)} on `{dataset}` {_were(out)} left out by the engine and checked nothing",
        hint="Great Expectations dropped what it did not accept: check the type and the arguments.",
    )


def _errors(seen: Sequence[Seen], dataset: str) -> list[Finding]:
    out = [pair for pair in seen if pair[1].error and not pair[1].left_out]
    return _one(
        out,
        dataset,
        code="MLCI114",
        severity="fail",
        sentence=f"{_count(out, seen)} on `{dataset}` {'gives' if len(out) == 1 else 'give'} no answer",
        hint="These say nothing about the data: correct the columns, the types or the arguments that they name.",
    )


def _empty_table(seen: Sequence[Seen], rows: int | None, suite: Suite, dataset: str) -> list[Finding]:
    """A table without rows satisfies nearly everything, so it fails, unless the suite itself allows no rows."""
    allowed = any(each.type.startswith("expect_table_row_count_") and saw.success for each, saw in seen)
    if rows != 0 or allowed or not suite.expectations:
        return []
    return [
        Finding(
            code="MLCI116",
            severity="fail",
            message=f"`{dataset}` has no rows, so its expectations had nothing to look at.",
            hint="Where no rows are right, say so: expect_table_row_count_to_be_between with min_value 0.",
            location=suite.expectations[0].location,
            subject=dataset,
        )
    ]


def _failures(seen: Sequence[Seen], dataset: str) -> list[Finding]:
    """One finding for each severity that fails."""
    findings = []
    for severity, (code, gravity) in _WEIGHT.items():
        out = [
            pair
            for pair in seen
            if pair[0].severity == severity and not (pair[1].success or pair[1].error or pair[1].left_out)
        ]
        findings += _one(
            out,
            dataset,
            code=code,
            severity=gravity,
            sentence=f"{_count(out, seen)} {'fails' if len(out) == 1 else 'fail'} on `{dataset}`",
            hint="`mlci validate` shows every expectation with its counts.",
        )
    return findings


def _vacuous(seen: Sequence[Seen], rows: int | None, dataset: str) -> list[Finding]:
    """Expectations that hold because no value was there to look at: no row met the condition, or all are null."""
    out = [(expectation, saw) for expectation, saw in seen if rows and saw.success and _without_values(saw)]
    return _one(
        out,
        dataset,
        code="MLCI117",
        severity="warn",
        sentence=f"{_count(out, seen)} {'holds' if len(out) == 1 else 'hold'} on `{dataset}` for want of a value to "
        "look at",
        hint="Every value is null, or no row meets the row_condition: expect_column_values_to_not_be_null tells.",
    )


def _without_values(saw: Observation) -> bool:
    if saw.element_count is None:
        return saw.looked_at == 0
    return saw.element_count == (saw.missing_count or 0)


def _one(  # noqa: PLR0913 - the parts of one finding, each by name
    out: Sequence[Seen], dataset: str, *, code: str, severity: Gravity, sentence: str, hint: str
) -> list[Finding]:
    """The one finding for several expectations: the first ones by name, at the place of the first of all."""
    if not out:
        return []
    names = "; ".join(_named(expectation, saw) for expectation, saw in out[:NAMED])
    more = f"; and {len(out) - NAMED} more" if len(out) > NAMED else ""
    return [
        Finding(
            code=code,
            severity=severity,
            message=f"{sentence}: {names}{more}.",
            hint=hint,
            location=out[0][0].location,
            subject=dataset,
        )
    ]


def _named(expectation: Expectation, saw: Observation) -> str:
    name = _cut(about(expectation))
    if saw.error:
        return f"{name}: {saw.error}"
    if not saw.success and saw.unexpected_count is not None and saw.element_count is not None:
        return f"{name}: {saw.unexpected_count:,} of {saw.element_count:,} rows"
    words = describe(expectation)
    return f"{name}: {words}" if words else name


def _count(out: Sequence[Seen], seen: Sequence[Seen]) -> str:
    return f"{len(out)} of {len(seen)} {'expectation' if len(seen) == 1 else 'expectations'}"


def _were(out: Sequence[Seen]) -> str:
    return "was" if len(out) == 1 else "were"


# --- the record, and Great Expectations' own structure --------------------------------------------------------------


def _result(expectation: Expectation, saw: Observation) -> ExpectationResult:
    return ExpectationResult(
        type=_cut(expectation.type),
        column=_cut(", ".join(expectation.columns)),
        success=saw.success,
        severity=expectation.severity,
        unexpected_count=saw.unexpected_count,
        element_count=saw.element_count,
        description=describe(expectation),
        error=saw.error,
        engine=saw.engine,
        reason=_cut(saw.reason),
        location=expectation.location,
    )


def _raw(suite: Suite, seen: Sequence[Seen]) -> dict[str, Any]:
    good = sum(saw.success for _, saw in seen)
    return {
        "success": good == len(seen) and bool(seen),
        "results": [_told(expectation, saw) for expectation, saw in seen],
        "suite_name": suite.name,
        "suite_parameters": thawed(suite.parameters),
        "statistics": {
            "evaluated_expectations": len(seen),
            "successful_expectations": good,
            "unsuccessful_expectations": len(seen) - good,
            "success_percent": 100 * good / len(seen) if seen else None,
        },
        "meta": {},
    }


def _told(expectation: Expectation, saw: Observation) -> dict[str, Any]:
    """Its own result; where another engine took it over, its `meta` says which and why."""
    raw = dict(saw.raw) or _unraw(expectation, saw)
    return {**raw, "meta": {"mlci": {"engine": saw.engine, "reason": saw.reason}}} if saw.engine else raw


def _unraw(expectation: Expectation, saw: Observation) -> dict[str, Any]:
    """Great Expectations' form for a result that it did not give."""
    return {
        "success": saw.success,
        "expectation_config": {
            "type": expectation.type,
            "kwargs": thawed(expectation.kwargs),
            "meta": thawed(expectation.meta),
            "severity": expectation.severity,
        },
        "result": {},
        "meta": {},
        "exception_info": {
            "raised_exception": bool(saw.error),
            "exception_message": saw.error or None,
            "exception_traceback": None,
        },
    }


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
