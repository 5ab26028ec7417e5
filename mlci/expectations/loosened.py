"""What a pull request takes out of a suite or changes in it, so that nothing stops being checked in silence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlci.expectations.suites import thawed
from mlci.results import Finding

if TYPE_CHECKING:
    from mlci.expectations.suites import Expectation, Suite

_SHOWN = 5
_GRAVITY = {"info": 0, "warning": 1, "critical": 2}


def loosened(base: Suite | None, head: Suite, *, dataset: str) -> tuple[Finding, ...]:
    """The finding that lists the base's expectations that the head's suite no longer holds as they were.

    An expectation is the same where its type and arguments are, with the values of its parameters, and its severity is
    at least what it was.
    """
    if base is None:
        return ()
    held: dict[str, int] = {}
    for each in head.expectations:
        meant = _meant(each, head)
        held[meant] = max(held.get(meant, 0), _GRAVITY[each.severity])
    lost = [each for each in base.expectations if held.get(_meant(each, base), -1) < _GRAVITY[each.severity]]
    if not lost:
        return ()
    named = ", ".join(_name(each) for each in lost[:_SHOWN]) + (", …" if len(lost) > _SHOWN else "")
    what = "an expectation" if len(lost) == 1 else f"{len(lost)} of {len(base.expectations)} expectations"
    finding = Finding(
        code="MLCI404",
        severity="warn",
        message=f"This pull request removes or changes {what} of `{dataset}`'s suite: {named}.",
        hint="Nothing to do if this is meant: the reviewers see it here.",
        location=head.expectations[0].location if head.expectations else None,
        subject=dataset,
    )
    return (finding,)


def _meant(expectation: Expectation, suite: Suite) -> str:
    """What an expectation asks for, as text: JSON tells 1 from true, and its parameters stand with their values."""
    kwargs = {
        key: {**value, "values": _used(str(value["$PARAMETER"]), suite)}
        if isinstance(value, Mapping) and "$PARAMETER" in value
        else thawed(value)
        for key, value in expectation.kwargs.items()
    }
    return json.dumps([expectation.type, kwargs], sort_keys=True, default=str)


def _used(expression: str, suite: Suite) -> dict[str, object]:
    """The parameters that an expression may speak of, with their values."""
    return {name: thawed(value) for name, value in suite.parameters.items() if name in expression}


def _name(expectation: Expectation) -> str:
    column = expectation.kwargs.get("column")
    return f"{expectation.type}({column})" if isinstance(column, str) else expectation.type
