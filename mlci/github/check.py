"""The check run: in progress first, completed always, with annotations on the lines that they speak of."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from mlci.github.client import ApiError
from mlci.github.failures import ForeignError, clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from github.CheckRun import CheckRun as Run

    from mlci.github.annotations import Annotation
    from mlci.github.client import Client

Conclusion = Literal["success", "neutral", "failure", "cancelled", "action_required", "skipped"]

LONGEST = 65_535
"""Bytes of a summary."""
MOST_ANNOTATIONS = 200
"""Annotations of a check run; the gravest are shown."""

_A_REQUEST = 50  # annotations that GitHub takes at once
_TITLE = 255  # characters
_NEEDS = "checks: write"
_REFUSED = 422
_LEVELS = ("failure", "warning", "notice")


@dataclass(frozen=True, slots=True)
class CheckRun:
    """A check run; `author` is the login of the App that owns it, and its token's comments: "github-actions[bot]"."""

    id: int
    url: str
    author: str


def begin(client: Client, *, name: str, head_sha: str, details_url: str, external_id: str = "") -> CheckRun:
    """Put a check in progress on a commit.

    Args:
        client: GitHub.
        name: The check's, as a branch's rules require it.
        head_sha: The commit.
        details_url: Where the check's link leads; "" for GitHub's own page.
        external_id: By which it is recognised where GitHub made it and did not say so; it is of this attempt alone.

    Raises:
        ApiError: GitHub refuses, or does not answer.
    """
    fields = {"status": "in_progress", "started_at": _now()}
    return _create(client, "begin the check", name, head_sha, details_url, external_id, fields)


def find(client: Client, *, name: str, head_sha: str, external_id: str) -> CheckRun | None:
    """A check run that was begun and whose answer was lost.

    Raises:
        ApiError: GitHub refuses, or does not answer.
    """
    with client.calling("look for the check", _NEEDS):
        return _found(client, name, head_sha, external_id)


def _found(client: Client, name: str, head_sha: str, external_id: str) -> CheckRun | None:
    runs = client.repository.get_commit(head_sha).get_check_runs(check_name=name, filter="all")
    return next((_told(run) for run in client.listed(runs) if run.external_id == external_id), None)


def complete(  # noqa: PLR0913 - what a check shows
    client: Client,
    check: CheckRun,
    *,
    conclusion: Conclusion,
    title: str,
    summary: str,
    annotations: Sequence[Annotation] = (),
) -> None:
    """Complete a check that was begun.

    Args:
        client: GitHub.
        check: From `begin`.
        conclusion: How it ends.
        title: One line, shown beside the check's name.
        summary: Markdown, at most 65,535 bytes.
        annotations: At most 200 of them are shown, the gravest.

    Raises:
        ApiError: GitHub refuses, or does not answer; or the check is complete, and GitHub refused its annotations.
        ValueError: the summary is too long.
    """
    output = _output(title, summary)
    pages = _pages(annotations)
    done: dict[str, Any] = {"status": "completed", "conclusion": conclusion, "completed_at": _now()}
    with _even_without(pages[0], lambda: _edit(client, check, "complete the check", output, [], 0, done)):
        _edit(client, check, "complete the check", output, pages[0], len(pages[0]), done)
    _annotate(client, check, output, pages)


def post(  # noqa: PLR0913 - what a check shows
    client: Client,
    *,
    name: str,
    head_sha: str,
    details_url: str,
    conclusion: Conclusion,
    title: str,
    summary: str,
    annotations: Sequence[Annotation] = (),
) -> CheckRun:
    """Put a check on a commit that is complete at once; the arguments are those of `begin` and `complete`.

    Raises:
        ApiError: GitHub refuses, or does not answer; or the check is complete, and GitHub refused its annotations.
        ValueError: the summary is too long.
    """
    output = _output(title, summary)
    pages = _pages(annotations)
    now = _now()

    def create(page: list[dict[str, Any]]) -> CheckRun:
        fields = {
            "status": "completed",
            "conclusion": conclusion,
            "started_at": now,
            "completed_at": now,
            "output": _with(output, page),
        }
        return _create(client, "post the check", name, head_sha, details_url, "", fields)

    with _even_without(pages[0], lambda: create([])):
        check = create(pages[0])
    _annotate(client, check, output, pages)
    return check


def _create(  # noqa: PLR0913, PLR0917 - a check run's own fields
    client: Client,
    what: str,
    name: str,
    head_sha: str,
    details_url: str,
    external_id: str,
    fields: Mapping[str, Any],
) -> CheckRun:
    own_id = external_id or uuid4().hex
    link = {"details_url": details_url} if details_url else {}

    def create() -> CheckRun:
        return _told(
            client.repository.create_check_run(name, head_sha, external_id=own_id, **link, **fields)  # type: ignore[arg-type]
        )

    try:
        return client.creating(what, _NEEDS, create, lambda: _found(client, name, head_sha, own_id))
    except ApiError as error:
        if error.status != _REFUSED or "no commit found" not in error.said.lower():
            raise
        raise ApiError(
            f"mlci could not {what}: {client.name} has no commit {clean(head_sha)[:7]} ({_REFUSED}).",
            hint="A check belongs on a commit of this repository: the pull request's head, not its test merge.",
            code="MLCI504",
            status=_REFUSED,
            said=error.said,
        ) from None


def _edit(  # noqa: PLR0913, PLR0917 - a check run's own fields
    client: Client,
    check: CheckRun,
    what: str,
    output: dict[str, Any],
    page: list[dict[str, Any]],
    total: int,
    fields: Mapping[str, Any] | None = None,
) -> None:
    """Change a check. Annotations add up, so a request that brings some is not repeated before looking.

    Args:
        client: GitHub.
        check: The check.
        what: As for `Client.calling`.
        output: Title and summary.
        page: Annotations to add.
        total: How many the check has then.
        fields: What else changes.
    """

    def edit() -> bool:
        client.repository.get_check_run(check.id).edit(output=_with(output, page), **(fields or {}))
        return True

    def find() -> bool | None:
        run = client.repository.get_check_run(check.id)
        return (run.status == "completed" and run.output.annotations_count >= total) or None

    if page:
        client.creating(what, _NEEDS, edit, find)
    else:
        with client.calling(what, _NEEDS):
            edit()


def _annotate(client: Client, check: CheckRun, output: dict[str, Any], pages: list[list[dict[str, Any]]]) -> None:
    """The annotations that the request which completed the check had no room for."""
    total = len(pages[0])
    for page in pages[1:]:
        total += len(page)
        _edit(client, check, "add annotations to the check", output, page, total)


@contextmanager
def _even_without(page: list[dict[str, Any]], again: Callable[[], object]) -> Iterator[None]:
    """Do it `again`, without annotations, where GitHub refuses it with them: a check that never completes blocks."""
    try:
        yield
    except ApiError as error:
        if not page or error.status != _REFUSED:
            raise
        again()
        raise ApiError(
            f"The check is complete, but GitHub refused its annotations: “{error.said}” ({_REFUSED}).",
            hint="The report names the same places.",
            code="MLCI504",
            status=_REFUSED,
            said=error.said,
        ) from None


def _told(run: Run) -> CheckRun:
    if not run.id:
        raise ForeignError("the answer names no check run")
    slug = getattr(run.app, "slug", "")  # the App may be gone
    return CheckRun(run.id, run.html_url, f"{slug}[bot]" if slug else "")


def _with(output: dict[str, Any], page: list[dict[str, Any]]) -> dict[str, Any]:
    return {**output, "annotations": page} if page else output


def _output(title: str, summary: str) -> dict[str, Any]:
    size = len(summary.encode())
    if size > LONGEST:
        raise ValueError(f"a check's summary has at most {LONGEST:,} bytes, and this one {size:,}")
    return {"title": title[:_TITLE], "summary": summary}


def _pages(annotations: Sequence[Annotation]) -> list[list[dict[str, Any]]]:
    """The gravest annotations as GitHub takes them, 50 a request; at least one page, which may be empty."""
    ordered = sorted(annotations, key=lambda each: _LEVELS.index(each.level))[:MOST_ANNOTATIONS]
    told = [
        {
            "path": each.path,
            "start_line": each.line,
            "end_line": each.line,
            "annotation_level": each.level,
            "message": each.message,
            **({"title": each.title} if each.title else {}),
        }
        for each in ordered
    ]
    return [told[start : start + _A_REQUEST] for start in range(0, max(1, len(told)), _A_REQUEST)]


def _now() -> datetime:
    return datetime.now(UTC)
