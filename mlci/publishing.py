"""Publishing: results that another job found, checked as a stranger's data, become a comment and a check.

This job holds a token that writes and runs nothing of the pull request's; what it is given may have been forged.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlci import notice as notices
from mlci import outcome
from mlci.errors import PASS, USER, UserError
from mlci.github.pulls import Pull
from mlci.results import Finding, worst
from mlci.settings import Links

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from mlci.event import Event, WorkflowRun
    from mlci.github.client import Client
    from mlci.github.commands import Log
    from mlci.results import Results
    from mlci.settings import Inputs

ARTIFACT = "mlci-results"
_JUDGED = frozenset({"pull_request"})  # events whose results belong in a pull request
_JUDGED_TO_THE_END = frozenset({"success", "failure", ""})  # conclusions of runs that may have left results
_LARGEST = 16 * 1024 * 1024  # bytes of results.json


@dataclass(frozen=True, slots=True)
class _Desk:
    """What every step of publishing needs."""

    environ: MutableMapping[str, str]
    client: Client
    given: Inputs
    log: Log


def publish(environ: MutableMapping[str, str], given: Inputs, event: Event, log: Log) -> int:
    """Post the report of results that another job, or an earlier step, left; the exit code.

    Raises:
        UserError: the results are not to be trusted, or there are none; nothing was posted.
        ApiError: GitHub could not be asked; nothing was posted.
    """
    from mlci.github.client import Access, Client

    if not given.token:
        raise UserError(
            "Publishing needs a token: the input `github-token` is empty.",
            hint="Leave it out, so that the job's own token is taken.",
            code="MLCI523",
        )
    client = Client(Access(repository=event.repository, api_url=event.api_url, token=given.token))
    desk = _Desk(environ, client, given, log)
    return _of_step(desk, event) if event.workflow_run is None else _of_run(desk, event, event.workflow_run)


def _of_run(desk: _Desk, event: Event, run: WorkflowRun) -> int:
    """The results of the workflow run that has just ended."""
    from mlci.github import artifact, pulls, received

    if run.event not in _JUDGED:
        desk.log.write(f"The workflow ran on `{run.event}`: there is no pull request to report to.")
        return PASS
    if run.conclusion not in _JUDGED_TO_THE_END:
        desk.log.write(f"The workflow run ended as `{run.conclusion}`: there is nothing to report.")
        return PASS
    content = artifact.download(desk.client, run.id, desk.given.results or ARTIFACT)
    results = received.check(content, head_sha=run.head_sha)
    found = pulls.of_run(desk.client, run)
    if not found:
        desk.log.write(f"No open pull request has the head {run.head_sha[:7]} any more: there is nothing to report to.")
        return PASS
    chosen = _chosen(found, results)
    if run.head_repository != event.repository and pulls.changes_workflows(desk.client, chosen[0].number):
        results = _doubted(results)
    url = f"{event.server_url}/{event.repository}/actions/runs/{run.id}"
    links = Links(report_url=url, comment_id=desk.given.comment_id, run_id=run.id)
    return _posted(desk, results, chosen, links)


def _chosen(found: tuple[Pull, ...], results: Results) -> tuple[Pull, ...]:
    """The pull requests that the results are about: one head may go to several branches."""
    base = results.base.ref if results.base else ""
    matching = tuple(each for each in found if each.base_ref == base)
    if matching or len(found) == 1:
        return matching or found
    numbers = ", ".join(f"#{each.number}" for each in found)
    raise UserError(
        f"The results do not say which of {numbers} they are about.",
        hint="Judge each pull request in its own run.",
        code="MLCI515",
    )


def _doubted(results: Results) -> Results:
    """What a workflow says that the pull request itself has changed is no proof."""
    finding = Finding(
        code=notices.DOUBTED,
        severity="warn",
        message="This pull request changes the workflows or the actions of the repository, so what it reports of "
        "itself is no proof.",
        hint="Look at its changes below .github/ before you trust this report.",
    )
    return results.model_copy(
        update={"findings": (finding, *results.findings), "verdict": worst([results.verdict, "warn"])}
    )


def _of_step(desk: _Desk, event: Event) -> int:
    """The results that an earlier step of the same job wrote."""
    from mlci.github import received

    path = Path(desk.environ.get("GITHUB_WORKSPACE") or ".") / desk.given.results
    path = path / "results.json" if path.is_dir() else path
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise UserError(
            f"There are no results at {desk.given.results}: {error.strerror}.",
            hint="Give the path of the results.json that `mlci run` wrote, from the workspace.",
            code="MLCI524",
        ) from None
    results = received.check(content, head_sha=event.head_sha)
    pull = event.pull_request
    chosen = (
        (Pull(number=pull.number, head_sha=pull.head_sha, base_sha=pull.base_sha, base_ref=pull.base_ref,
              head_repository=""),) if pull else ()
    )  # fmt: skip
    links = Links(report_url=event.run_url, comment_id=desk.given.comment_id, run_id=event.run_id)
    return _posted(desk, results, chosen, links)


def _posted(desk: _Desk, results: Results, chosen: tuple[Pull, ...], links: Links) -> int:
    from mlci.github import commands
    from mlci.github.board import Board

    body = _body(desk, results, chosen, links)
    code = outcome.exit_code(results, at_fault=False, fail_on=desk.given.fail_on)
    note = notices.notice(results, body, desk.given, code, links)
    board = Board(
        client=desk.client,
        name=desk.given.check_name,
        head_sha=results.head.sha,
        run_url=links.report_url,
        external_id=f"{links.run_id}-published-{desk.given.comment_id}",
    )
    board.post_check(note)
    for pull in chosen if note.body else ():
        board.post_comment(note, pull.number)
        desk.log.write(f"#{pull.number}: {board.comment or 'not posted'} {board.comment_url}")
    problems = notices.told(desk.log, board)
    commands.add_summary(desk.environ, "\n".join([body, *problems]))
    commands.set_outputs(
        desk.environ,
        {**outcome.outputs(results), "comment-url": board.comment_url, "check-url": board.check_url},
    )
    return USER if problems else PASS


def _body(desk: _Desk, results: Results, chosen: tuple[Pull, ...], links: Links) -> str:
    """The comment, by the base branch's template; one that fails is told, and mlci's own is taken."""
    from mlci.github import contents
    from mlci.report.fit import fit

    options = asdict(links)
    try:
        template = contents.template_of(desk.client, desk.given.config, chosen[0].base_sha) if chosen else None
        return fit(results, template=template, **options)
    except UserError as error:  # ReportError among them
        desk.log.command("warning", f"{error.message} {error.hint}", title="mlci: the template was left out")
        return fit(results, **options)
