"""What a piece found, as an observation and in Great Expectations' own structure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlci.expectations.gx_results import plain, whole
from mlci.expectations.judge import Observation
from mlci.expectations.suites import thawed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.expectations.fused.piece import Found
    from mlci.expectations.suites import Expectation


def found(
    expectation: Expectation, kwargs: Mapping[str, Any], outcome: Found, looked_at: int | None = None
) -> Observation:
    """The observation of an expectation that was computed; `kwargs` are echoed."""
    result = plain(outcome.result)
    return Observation(
        success=outcome.success,
        element_count=whole(outcome.result.get("element_count")),
        unexpected_count=whole(outcome.result.get("unexpected_count")),
        missing_count=whole(outcome.result.get("missing_count")),
        looked_at=looked_at,
        raw=_raw(expectation, kwargs, success=outcome.success, result=result, error=""),
    )


def failed(expectation: Expectation, kwargs: Mapping[str, Any], error: str) -> Observation:
    """The observation of an expectation that has no answer; `error` holds no value of the data."""
    return Observation(success=False, error=error, raw=_raw(expectation, kwargs, success=False, result={}, error=error))


def _raw(
    expectation: Expectation, kwargs: Mapping[str, Any], *, success: bool, result: Mapping[str, Any], error: str
) -> dict[str, Any]:
    beside = {"notes": thawed(expectation.notes), "description": expectation.description, "id": expectation.id}
    config = {"type": expectation.type, "kwargs": thawed(kwargs), "meta": thawed(expectation.meta)}
    return {
        "success": success,
        "expectation_config": {
            **config,
            **{name: value for name, value in beside.items() if value},
            "severity": expectation.severity,
        },
        "result": result,
        "meta": {},
        "exception_info": {
            "raised_exception": bool(error),
            "exception_traceback": None,
            "exception_message": error or None,
        },
    }
