"""What started the workflow: the event that GitHub Actions tells of, read from its environment and checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from mlci import payload as payloads
from mlci.errors import UserError
from mlci.payload import GroupPayload, Payload, PullPayload, PushPayload, RunPayload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Kind = Literal[
    "pull_request", "pull_request_target", "merge_group", "push", "schedule", "workflow_dispatch", "workflow_run"
]
KINDS: tuple[Kind, ...] = get_args(Kind)

_PAYLOADS: Mapping[Kind, type[Payload]] = {
    "pull_request": PullPayload,
    "pull_request_target": PullPayload,
    "merge_group": GroupPayload,
    "push": PushPayload,
    "schedule": Payload,
    "workflow_dispatch": Payload,
    "workflow_run": RunPayload,
}

_BRANCHES = "refs/heads/"
_COUNT = re.compile(r"[1-9][0-9]{0,17}")
_URL = re.compile(
    r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """The pull request of a `pull_request` or `pull_request_target` event."""

    number: int
    head_sha: str
    head_ref: str  # "" where a local runner does not tell it
    base_sha: str  # "" where a local runner does not tell it
    base_ref: str
    is_fork: bool  # the head is in another repository, or in one that is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRun:
    """The run that a `workflow_run` event speaks of."""

    id: int
    head_sha: str
    head_branch: str  # "" where the run was for none
    head_owner: str  # login of the head repository's owner; "" where it is gone
    head_repository: str  # "owner/name"; "" where it is gone
    event: str  # what started it: pull_request, push, …
    conclusion: str  # "" while it has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The event, and the workflow run that it started."""

    kind: Kind
    repository: str  # "owner/name"
    default_branch: str
    ref: str  # GITHUB_REF; "" where there is none
    checked_out: str  # GITHUB_SHA; for pull_request the test merge
    head_sha: str  # where a check run belongs
    base: str | None  # the commit to compare with, where the event says one
    base_branch: str | None  # the branch that it would be merged into
    pull_request: PullRequest | None
    workflow_run: WorkflowRun | None
    is_dependabot: bool  # the actor is dependabot[bot]: its token only reads
    run_id: int
    run_attempt: int
    run_url: str
    api_url: str
    server_url: str

    @property
    def is_default_branch(self) -> bool:
        """Whether the workflow runs on the default branch itself."""
        return self.ref == f"{_BRANCHES}{self.default_branch}"


def read(environ: Mapping[str, str]) -> Event:
    """The event that started the workflow.

    Raises:
        UserError: this is not GitHub Actions, mlci does not handle the event, or something that is needed is missing
            or malformed.
    """
    kind = _kind(environ)
    runner = _runner(environ)
    payload = payloads.parse(_variable(environ, "GITHUB_EVENT_PATH", str), _PAYLOADS[kind], kind)
    told = _told(payload, runner)
    attempt = f"/attempts/{runner.run_attempt}" if runner.run_attempt > 1 else ""
    return Event(
        kind=kind,
        repository=runner.repository,
        default_branch=_default_branch(payload, kind, runner.ref),
        ref=runner.ref,
        checked_out=runner.sha,
        head_sha=told.head_sha,
        base=told.base,
        base_branch=told.base_branch,
        pull_request=told.pull_request,
        workflow_run=told.workflow_run,
        is_dependabot=runner.actor == "dependabot[bot]",
        run_id=runner.run_id,
        run_attempt=runner.run_attempt,
        run_url=f"{runner.server_url}/{runner.repository}/actions/runs/{runner.run_id}{attempt}",
        api_url=runner.api_url,
        server_url=runner.server_url,
    )


def _kind(environ: Mapping[str, str]) -> Kind:
    name = environ.get("GITHUB_EVENT_NAME", "").strip()
    if not name:
        raise UserError(
            "`mlci action` is what the container does in GitHub Actions; on a laptop use `mlci run`.",
            hint="GITHUB_EVENT_NAME is not set here.",
            code="MLCI520",
        )
    for kind in KINDS:
        if kind == name:
            return kind
    usual = [each for each in KINDS if each != "pull_request_target"]  # which it refuses to train on
    raise UserError(
        f"mlci does not handle the event {name[:60]!r}.",
        hint=f"It handles {', '.join(usual[:-1])} and {usual[-1]}: say one of them below `on:` in the workflow.",
        code="MLCI521",
    )


# --- what the environment says -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runner:
    """What stands in environment variables."""

    repository: str
    sha: str
    ref: str
    actor: str
    run_id: int
    run_attempt: int
    server_url: str
    api_url: str


def _runner(environ: Mapping[str, str]) -> _Runner:
    return _Runner(
        repository=_variable(environ, "GITHUB_REPOSITORY", payloads.repository),
        sha=_variable(environ, "GITHUB_SHA", payloads.sha),
        ref=_variable(environ, "GITHUB_REF", payloads.ref) if environ.get("GITHUB_REF") else "",
        actor=environ.get("GITHUB_ACTOR", ""),
        run_id=int(_variable(environ, "GITHUB_RUN_ID", _count)),
        run_attempt=int(_variable(environ, "GITHUB_RUN_ATTEMPT", _count, "1")),
        server_url=_variable(environ, "GITHUB_SERVER_URL", _url, "https://github.com"),
        api_url=_variable(environ, "GITHUB_API_URL", _url, "https://api.github.com"),
    )


def _variable(environ: Mapping[str, str], name: str, check: Callable[[str], str], default: str = "") -> str:
    text = environ.get(name, "").strip() or default
    hint = "GitHub Actions sets it; with act, `--env` does."
    if not text:
        raise UserError(f"{name} is not set.", hint=hint, code="MLCI520")
    try:
        return check(text)
    except ValueError as error:
        raise UserError(f"{name} is {text[:80]!r}, which {error}.", hint=hint, code="MLCI520") from None


def _count(text: str) -> str:
    if not _COUNT.fullmatch(text):
        raise ValueError("is no positive whole number")
    return text


def _url(text: str) -> str:
    if not _URL.fullmatch(text):
        raise ValueError("is no http(s) address")
    return text.rstrip("/")


# --- what the payload says ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What the payload of one kind of event adds."""

    head_sha: str
    base: str | None = None
    base_branch: str | None = None
    pull_request: PullRequest | None = None
    workflow_run: WorkflowRun | None = None


def _told(payload: Payload, runner: _Runner) -> _Told:
    match payload:
        case PullPayload(pull_request=pull):
            return _of_pull(pull, runner.repository)
        case GroupPayload(merge_group=group):
            branch = group.base_ref.removeprefix(_BRANCHES)
            return _Told(head_sha=group.head_sha, base=group.base_sha, base_branch=branch)
        case PushPayload():
            return _of_push(payload, runner)
        case RunPayload(workflow_run=run):
            return _of_run(run)
        case _:
            return _Told(head_sha=runner.sha)


def _of_pull(pull: payloads.Pull, repository: str) -> _Told:
    told = PullRequest(
        number=pull.number,
        head_sha=pull.head.sha,
        head_ref=pull.head.ref,
        base_sha=pull.base.sha,
        base_ref=pull.base.ref,
        is_fork=pull.head.is_outside(repository),
    )
    return _Told(head_sha=told.head_sha, base_branch=told.base_ref, pull_request=told)


def _of_push(push: PushPayload, runner: _Runner) -> _Told:
    after = _existing(push.after)
    if push.after is not None and after is None:  # of a deleted branch: the workflow runs on the default branch
        return _Told(head_sha=runner.sha)
    # of an annotated tag `after` is the tag object, which is no commit
    head = after if after is not None and runner.ref.startswith(_BRANCHES) else runner.sha
    return _Told(head_sha=head, base=_existing(push.before))


def _existing(sha: str | None) -> str | None:
    """A commit; GitHub writes zeros where there is none."""
    return sha if sha is not None and sha.strip("0") else None


def _of_run(run: payloads.Run) -> _Told:
    repository = run.head_repository.full_name if run.head_repository else ""
    told = WorkflowRun(
        id=run.id,
        head_sha=run.head_sha,
        head_branch=run.head_branch or "",
        head_owner=repository.partition("/")[0],
        head_repository=repository,
        event=run.event,
        conclusion=run.conclusion or "",
    )
    return _Told(head_sha=told.head_sha, workflow_run=told)


def _default_branch(payload: Payload, kind: Kind, ref: str) -> str:
    if payload.repository is not None:
        return payload.repository.default_branch
    # GitHub's payload of `schedule` names no repository, but the event runs on the default branch alone
    return ref.removeprefix(_BRANCHES) if kind == "schedule" and ref.startswith(_BRANCHES) else "main"
