"""What GitHub is told of a run: the notice for comment and check, annotations, and what could not be posted."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

from mlci import outcome
from mlci.errors import PASS

if TYPE_CHECKING:
    from mlci.github.board import Board, Notice
    from mlci.github.commands import Log
    from mlci.results import Results
    from mlci.settings import Inputs, Links

DOUBTED = "MLCI514"
"""The finding of a pull request that changes the workflows that judge it."""

_PER_LEVEL = 10  # annotations that GitHub shows of a step's workflow commands


def notice(results: Results, body: str, given: Inputs, code: int, links: Links) -> Notice:
    """What is posted of results.

    Args:
        results: The run.
        body: The comment.
        given: The action's inputs.
        code: The run's exit code.
        links: Where the report stands.
    """
    from mlci.github import annotations, board
    from mlci.report.fit import fit, fits
    from mlci.report.headline import tell

    is_doubted = any(each.code == DOUBTED for each in results.findings)
    return board.Notice(
        conclusion="action_required" if is_doubted and code == PASS else outcome.conclusion(results, code),
        title=str(tell(results).title),
        summary=body if fits(body, board.SUMMARY) else fit(results, board.SUMMARY, **asdict(links)),
        annotations=annotations.of(results),
        body="" if given.comment == "false" else body,
        creates=given.comment == "true" or outcome.has_news(results),
    )


def annotate(log: Log, results: Results) -> None:
    """Annotations by workflow commands, as many as GitHub shows."""
    from mlci.github import annotations

    shown: Counter[str] = Counter()
    for each in annotations.of(results):
        shown[each.level] += 1
        if shown[each.level] <= _PER_LEVEL:
            log.annotate(each)


def told(log: Log, board: Board) -> tuple[str, ...]:
    """Say in the log what could not be posted, and give it as Markdown for the job's summary."""
    from mlci.report import filters

    if board.is_closed:
        words = (
            "This token only reads, as those of forks and of Dependabot do: the report is in the job's summary. "
            "To have it posted, add the second workflow of docs/github.md (`mode: publish`)."
        )
        log.command("notice", words, title="mlci")
        return (f"\n> {words}\n",)
    if board.comment == "outdated":
        log.write("A newer head's report stands in the pull request; it was left alone.")
    if board.note:
        log.write(board.note)
    problems = []
    for each in board.problems:
        log.command("warning", f"{each.message}\n{each.hint}", title="mlci could not post")
        problems.append(f"\n> **Not posted.** {filters.markdown(each.message)}\n>\n{filters.fence(each.hint)}\n")
    return tuple(problems)
