"""The action: what the container does in GitHub Actions, and `mlci action` on any runner."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlci import event as events
from mlci import notice as notices
from mlci import outcome
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

_TOKENS = ("INPUT_GITHUB-TOKEN", "INPUT_GITHUB_TOKEN", "GITHUB_TOKEN", "GH_TOKEN")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: its results, or what stands in for them, the exit code, and the error that ended it."""

    results: Results
    code: int
    error: Exception | None = None


def act(environ: MutableMapping[str, str]) -> int:
    """Do what the event and the inputs ask for; the exit code.

    The token is taken out of `environ`, so that no child process inherits it.

    Raises:
        UserError: an input is wrong, the event is none that mlci handles, or publishing was refused.
        MlciError: GitHub could not be reached where publishing is all there is to do.
    """
    log = commands.Log(sys.stdout, environ)
    given = inputs(environ)
    for name in _TOKENS:
        environ.pop(name, None)
    if given.token:
        log.mask(given.token)
    event = events.read(environ)
    todo = task(event, given)
    if todo.do == "publish":
        from mlci.publishing import publish

        return publish(environ, given, event, log)
    return _evaluate(environ, given, event, log, posts=todo.posts)


def _evaluate(environ: MutableMapping[str, str], given: Inputs, event: Event, log: Log, *, posts: bool) -> int:
    workspace = Path(environ.get("GITHUB_WORKSPACE") or ".").resolve()
    workspace = workspace if workspace.is_dir() else Path.cwd()
    _stays_inside(workspace, given.out)
    settings = _settings(given, event, workspace)
    board = _board(given, event) if posts and given.token else None
    if board is not None:
        board.begin()
    try:
        ended = _judged(settings, given, event, log)
    except KeyboardInterrupt:
        if board is not None:
            board.complete(_cancelled())
        raise
    finally:
        _give_back(workspace, given.out)
    try:
        if board is not None:
            body = _comment(ended.results, settings)
            number = event.pull_request.number if event.pull_request else None
            board.pin(notices.notice(ended.results, body, given, ended.code, settings.links), number)
    finally:
        _tell(environ, given, event, log, ended, settings, board)
    if ended.error is not None:
        raise ended.error
    return ended.code


def _stays_inside(workspace: Path, out: Path) -> None:
    """A pull request may hold a link where the output folder is to be: nothing is written through it."""
    if not (workspace / out).resolve().is_relative_to(workspace):
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
        stands_for=Commit(sha=pull.head_sha, ref=pull.head_ref) if pull else None,
        base_sha=event.base,
        credentials=Credentials(event.server_url, given.token) if given.token else None,
        links=Links(report_url=event.run_url, comment_id=given.comment_id, run_id=event.run_id),
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
        with log.group("mlci: what it did"), log.verbatim():
            done = run(settings, Lines(sys.stdout))
    except UserError as error:
        return Ended(_written(outcome.at_fault(error, head), settings, log), USER, error)
    except Exception as error:  # noqa: BLE001 - it is told below, and raised again once the report is out
        told = _left_over(settings) or outcome.ended_by((outcome.ours(error),), head)
        return Ended(_written(told, settings, log), OURS, error)
    return Ended(done.results, outcome.exit_code(done.results, at_fault=done.at_fault, fail_on=given.fail_on))


def _left_over(settings: Settings) -> Results | None:
    """What a run wrote before mlci's own error ended it."""
    path = settings.folder / settings.out / "results.json"
    with suppress(OSError, UserError):  # there may be none, or one of another version: then the error is all there is
        found = Results.from_json(path.read_bytes())
        if any(each.code == "MLCI900" for each in found.findings):
            return found
    return None


def _written(results: Results, settings: Settings, log: Log) -> Results:
    from mlci import press

    try:
        press.clear(settings.folder / settings.out)
        press.write(results, settings.folder / settings.out, links=settings.links)
    except (OSError, UserError) as error:
        log.write(f"The report could not be written: {error}")
    return results


def _comment(results: Results, settings: Settings) -> str:
    """The report that the run wrote, with the base branch's template."""
    from dataclasses import asdict

    from mlci.report.fit import fit

    path = settings.folder / settings.out / "report.md"
    return path.read_text(encoding="utf-8") if path.is_file() else fit(results, **asdict(settings.links))


def _cancelled() -> Notice:
    from mlci.github.board import Notice

    return Notice(
        conclusion="cancelled", title="cancelled", summary="The run was cancelled before anything was judged."
    )


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
    log.write(f"verdict: {results.verdict} ({event.head_sha[:7]}); the report is in {out}/")


def _give_back(workspace: Path, out: Path) -> None:
    """Files that a container makes as root belong to the runner's user afterwards."""
    from mlci.ownership import give_back

    give_back(workspace, workspace / out)
