"""What GitHub is told of a run: the notice for comment and check, annotations, and what could not be posted."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from textwrap import dedent
from typing import TYPE_CHECKING

from mlci import outcome
from mlci.errors import PASS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.github.board import Board, Notice
    from mlci.github.commands import Log
    from mlci.github.failures import ApiError
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
        title=f"{'changes its own workflows: ' if is_doubted else ''}{tell(results).title}",
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
    lacking = [each for each in board.problems if each.is_permission]
    others = [each for each in board.problems if not each.is_permission]
    problems = []
    for messages, hint in [*_together(lacking), *(([each.message], each.hint) for each in others)]:
        log.command("warning", "\n".join([*messages, hint]), title="mlci could not post")
        words, colon, lines = hint.partition(":\n")
        told = [f"> **Not posted.** {filters.markdown(' '.join(messages))} {filters.markdown(words)}{colon.strip()}"]
        told += [filters.fence(dedent(lines), "yaml")] if lines else []
        problems.append("\n" + "\n\n".join(told) + "\n")
    return tuple(problems)


def _together(lacking: Sequence[ApiError]) -> list[tuple[list[str], str]]:
    """Missing permissions, each named, and the lines to add once."""
    if not lacking:
        return []
    hint = lacking[-1].hint
    return [
        ([each.message for each in lacking], hint[hint.find("The job in the workflow") :] if len(lacking) > 1 else hint)
    ]
