"""What a pull request takes out of a suite or changes in it, so that nothing stops being checked in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.results import Finding

if TYPE_CHECKING:
    from mlci.expectations.suites import Expectation, Suite

_SHOWN = 5
_GRAVITY = {"info": 0, "warning": 1, "critical": 2}


def loosened(base: Suite | None, head: Suite, *, dataset: str) -> tuple[Finding, ...]:
    """The finding that lists the base's expectations that the head's suite no longer holds as they were.

    An expectation is the same where its type and arguments are, and its severity is at least what it was.
    """
    if base is None:
        return ()
    lost = [each for each in base.expectations if not any(_covers(other, each) for other in head.expectations)]
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


def _covers(mine: Expectation, theirs: Expectation) -> bool:
    return (mine.type, mine.kwargs) == (theirs.type, theirs.kwargs) and (
        _GRAVITY[mine.severity] >= _GRAVITY[theirs.severity]
    )


def _name(expectation: Expectation) -> str:
    column = expectation.kwargs.get("column")
    return f"{expectation.type}({column})" if isinstance(column, str) else expectation.type
