"""What a run's results mean outside of mlci: exit code, conclusion, outputs, whether there is news. Pure."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Literal

from mlci import __version__
from mlci.errors import FAIL, PASS, USER
from mlci.record import findings_of
from mlci.results import Finding, Results

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlci.errors import UserError
    from mlci.results import Commit, Comparison, ModelResult

FailOn = Literal["fail", "warn", "never"]
Conclusion = Literal["success", "neutral", "failure"]

OUTPUTS = (
    "verdict",
    "failed-gates",
    "regressions",
    "results-path",
    "report-path",
    "comment-url",
    "check-url",
)

_RELATIVE = frozenset({"max_regression", "max_increase"})


def exit_code(results: Results, *, at_fault: bool, fail_on: FailOn = "fail") -> int:
    """The exit code of a run that came to its end."""
    if at_fault:
        return USER
    failing = {"fail": ("fail",), "warn": ("fail", "warn"), "never": ()}[fail_on]
    return FAIL if results.verdict in failing else PASS


def conclusion(results: Results, code: int) -> Conclusion:
    """The check run's: `neutral` where something is wrong that does not stop the merge."""
    if code != PASS:
        return "failure"
    return "success" if results.verdict == "pass" else "neutral"


def outputs(results: Results) -> dict[str, str]:
    """The outputs that results hold: the verdict, and how many gates failed, in all and against the baseline."""
    failed = [gate for model in results.models.values() for gate in model.gates if gate.verdict == "fail"]
    return {
        "verdict": results.verdict,
        "failed-gates": str(len(failed)),
        "regressions": str(sum(gate.rule in _RELATIVE for gate in failed)),
    }


def has_news(results: Results) -> bool:
    """Whether a reviewer has anything to read: a verdict other than `pass`, a gate that moved, data that changed."""
    moved = any(each.gated and each.status != "same" for model in results.models.values() for each in _compared(model))
    changed = any(each.change is not None and each.change.status == "changed" for each in results.datasets.values())
    return results.verdict != "pass" or moved or changed


def _compared(model: ModelResult) -> Iterable[Comparison]:
    """All that gates may watch: against the base, between groups, against other commits."""
    of_groups = (each.comparisons for each in model.fairness)
    of_commits = (each.comparisons for each in model.references)
    return chain(model.comparisons, *of_groups, *of_commits)


def ours(error: Exception) -> Finding:
    """What the report says where mlci itself failed, before the error ends the run."""
    return Finding(
        code="MLCI900",
        severity="fail",
        message=f"mlci itself failed ({type(error).__name__}), so this report is not whole.",
        hint="Please report it with what `--debug` prints.",
    )


def ended_by(findings: tuple[Finding, ...], head: Commit) -> Results:
    """The results of a run that ended before it judged anything."""
    return Results(mlci=__version__, verdict="fail", head=head, findings=findings)


def at_fault(error: UserError, head: Commit) -> Results:
    """The results of a run that the repository's configuration, data or code ended."""
    return ended_by(findings_of(error, ""), head)
