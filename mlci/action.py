"""The action: what the container does in GitHub Actions, and `mlci action` on any runner."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlci import door, outcome
from mlci import event as events
from mlci import notice as notices
from mlci.errors import OURS, USER, UserError
from mlci.github import commands
from mlci.plan import task
from mlci.results import Commit, Results
from mlci.settings import Links, Settings, inputs

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from mlci.event import Event
    from mlci.github.board import Board, Notice
    from mlci.github.commands import Log
    from mlci.settings import Inputs

OUTPUTS = outcome.OUTPUTS
SUMMARY = 1_000_000
"""Bytes of a job's summary: GitHub ends a step's at 1 MiB."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: its results, or what stands in for them, the exit code, and the error that ended it."""

    results: Results
    code: int
    report: str  # as Markdown
    error: Exception | None = None
    ledger: Path | None = None  # what was written beside the output folder


def act(environ: MutableMapping[str, str], token: str) -> int:
    """Do what the event and the inputs ask for; the exit code.

    Args:
        environ: What the runner has set, without secrets (see `door.token`).
        token: The action's.

    Raises:
        UserError: an input is wrong, the event is none that mlci handles, or publishing was refused.
        MlciError: GitHub could not be reached where publishing is all there is to do.
    """
    log = commands.Log(sys.stdout, environ)
    if token:
        log.mask(token)
    given = inputs({**environ, door.TOKEN: token})
    event = events.read(environ)
    todo = task(event, given)
    if todo.do == "publish":
        from mlci.publishing import publish

        return publish(environ, given, event, log)
    return _evaluate(environ, given, event, log, posts=todo.posts)


def _evaluate(environ: MutableMapping[str, str], given: Inputs, event: Event, log: Log, *, posts: bool) -> int:
    workspace = Path(environ.get("GITHUB_WORKSPACE") or ".").resolve()
    workspace = workspace if workspace.is_dir() else Path.cwd()
    settings = _settings(given, event, workspace)
    board = _board(given, event) if posts and given.token else None
    try:
        if board is not None:
            board.begin()
        ended = _judged(settings, given, event, log)
        _give_back(workspace, workspace / given.out, log)
        if ended.ledger is not None:
            _give_back(workspace, ended.ledger.parent, log)
        if board is not None:
            number = event.pull_request.number if event.pull_request else None
            board.pin(notices.notice(ended.results, ended.report, given, ended.code, settings.links), number)
        _tell(environ, given, event, log, ended, settings, board)
    except BaseException as error:
        for each in (signal.SIGINT, signal.SIGTERM):  # a runner sends both, and what follows is short
            signal.signal(each, signal.SIG_IGN)
        if board is not None:
            board.abandon(_unfinished(error))
        raise
    if ended.error is not None:
        raise ended.error
    return ended.code


def _require_inside(workspace: Path, out: Path) -> None:
    """A pull request may hold a link where the output folder is to be: nothing is written through it."""
    try:
        is_inside = (workspace / out).resolve().is_relative_to(workspace)
    except (OSError, RuntimeError):  # a link to itself
        is_inside = False
    if not is_inside:
        raise UserError(
            f"The output folder {out} is a link that leads out of the workspace.",
            hint="Remove the link from the repository, or choose another folder with the input `out`.",
            code="MLCI524",
        )


def _settings(given: Inputs, event: Event, workspace: Path) -> Settings:
    from mlci.git import Credentials

    pull = event.pull_request
    return Settings(
        folder=workspace,
        config=given.config,
        base=given.base,
        out=given.out,
        models=given.models,
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        target_branch=event.base_branch,
        stands_for=Commit(sha=event.head_sha, ref=pull.head_ref if pull else event.ref.removeprefix("refs/heads/")),
        base_sha=event.base,
        credentials=Credentials(event.server_url, given.token) if given.token else None,
        records=event.is_default_branch and given.mode in {"auto", "record"},
        links=Links(report_url=event.run_url, comment_id=given.comment_id, run_id=event.run_id),
        twice=given.twice,
        confined=True,
    )


def _board(given: Inputs, event: Event) -> Board:
    from mlci.github.board import Board
    from mlci.github.client import Access, Client

    return Board(
        client=Client(Access(repository=event.repository, api_url=event.api_url, token=given.token)),
        name=given.check_name,
        head_sha=event.head_sha,
        run_url=event.run_url,
        external_id=f"{event.run_id}-{event.run_attempt}-{given.comment_id}",
        reads_only=event.is_dependabot or (event.pull_request is not None and event.pull_request.is_fork),
    )


def _judged(settings: Settings, given: Inputs, event: Event, log: Log) -> Ended:
    """Run; whatever ends it early becomes results as well, so that there is a report to post."""
    from mlci.progress import Lines
    from mlci.run import run

    head = Commit(sha=event.head_sha, ref=event.ref)
    try:
        _require_inside(settings.folder, settings.out)
        with log.group("mlci: what it did"), log.verbatim():
            done = run(settings, Lines(sys.stdout, shows_output=True))
    except UserError as error:
        return _ended(outcome.at_fault(error, head), USER, error, settings, log)
    except Exception as error:  # noqa: BLE001 - it is told below, and raised again once the report is out
        told = _left_over(settings) or outcome.ended_by((outcome.ours(error),), head)
        return _ended(told, OURS, error, settings, log)
    code = outcome.exit_code(done.results, at_fault=done.at_fault, fail_on=given.fail_on)
    return Ended(done.results, code, done.report, ledger=done.ledger)


def _left_over(settings: Settings) -> Results | None:
    """What a run wrote before mlci's own error ended it."""
    path = settings.folder / settings.out / "results.json"
    with suppress(OSError, UserError):  # there may be none, or one of another version: then the error is all there is
        found = Results.from_json(path.read_bytes())
        is_this_runs = settings.stands_for is not None and found.head.sha == settings.stands_for.sha
        if is_this_runs and any(each.code == "MLCI900" for each in found.findings):
            return found
    return None


def _ended(results: Results, code: int, error: Exception, settings: Settings, log: Log) -> Ended:
    """A run that an error ended; its report is written where it can be."""
    from dataclasses import asdict

    from mlci import press
    from mlci.report.fit import fit

    try:
        _require_inside(settings.folder, settings.out)
        press.clear(settings.folder / settings.out)
        press.write(results, settings.folder / settings.out, links=settings.links)
    except (OSError, UserError) as unwritten:
        log.write(f"The report could not be written: {unwritten}")
    return Ended(results, code, fit(results, **asdict(settings.links)), error)


def _unfinished(error: BaseException) -> Notice:
    from mlci.github.board import Notice

    if isinstance(error, KeyboardInterrupt):
        return Notice(
            conclusion="cancelled", title="cancelled", summary="The run was cancelled before its report was out."
        )
    told = f"mlci itself failed ({type(error).__name__}) before its report was out; the job's log says more."
    return Notice(conclusion="failure", title="mlci itself failed", summary=told)


def _tell(  # noqa: PLR0913, PLR0917 - everything that is known at the end
    environ: MutableMapping[str, str],
    given: Inputs,
    event: Event,
    log: Log,
    ended: Ended,
    settings: Settings,
    board: Board | None,
) -> None:
    """What does not need GitHub's API: the log, annotations where there is no check, the job's summary, outputs."""
    from dataclasses import asdict

    from mlci.report import render
    from mlci.report.fit import fit
    from mlci.report.headline import tell

    results = ended.results
    with log.group("mlci: report"), log.verbatim():
        log.write(render.terminal(results, width=110, color=False))
    if board is None or not board.has_check:
        notices.annotate(log, results)
    problems = notices.told(log, board) if board is not None else ()
    text = fit(results, SUMMARY, **asdict(settings.links))
    if not commands.add_summary(environ, "\n".join([text, *problems])) and environ.get("GITHUB_STEP_SUMMARY"):
        log.write("The job's summary is full, so the report is not in it.")
    out = given.out.as_posix()
    commands.set_outputs(
        environ,
        {
            **outcome.outputs(results),
            "results-path": f"{out}/results.json",
            "report-path": f"{out}/report.md",
            "comment-url": board.comment_url if board else "",
            "check-url": board.check_url if board else "",
        },
    )
    if board is not None and board.comment_url:
        log.write(f"The report: {board.comment_url}")
    story = tell(results)
    log.write(f"{story.icon} {story.title}")
    log.write(f"verdict: {results.verdict} ({event.head_sha[:7]}); the report is in the job's summary and in {out}/")


def _give_back(workspace: Path, folder: Path, log: Log) -> None:
    """Files that a container makes as root belong to the runner's user afterwards."""
    from mlci.ownership import give_back

    try:
        give_back(workspace, folder)
    except OSError as error:
        log.write(f"Files that were written stay root's, for their owner cannot be changed here: {error.strerror}.")
