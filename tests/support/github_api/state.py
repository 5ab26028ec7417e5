"""What the server remembers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from github_api.objects import app, node, number_of, user

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from github_api.objects import Json, Place, Token

FIRST = {"comment": 2_400_000_001, "check run": 31_000_000_001, "artifact": 1_500_000_001}
"""Ids are larger than 32 bits hold, as GitHub's are."""

_BEGINNING = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A pull request; `head_repository` is "owner/name", or None where it is gone."""

    number: int
    head_sha: str
    base_sha: str
    head_owner: str
    head_ref: str
    base_ref: str
    head_repository: str | None
    state: str = "open"
    title: str = "A change"
    author: str = "octocat"
    files: tuple[str | Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Artifact:
    """An artifact of a workflow run: what the API shows, and its bytes."""

    run_id: int
    shown: Json
    content: bytes = field(repr=False)


class State:
    """Everything of one repository."""

    def __init__(self, place: Place, blobs: str, default_branch: str) -> None:
        self.place = place
        self.blobs = blobs
        self.default_branch = default_branch
        self.tokens: dict[str, Token] = {}
        self.pulls: dict[int, Pull] = {}
        self.comments: dict[int, tuple[int, Json]] = {}
        self.deleted: list[Json] = []
        self.check_runs: dict[int, Json] = {}
        self.annotations: dict[int, list[Json]] = {}
        self.artifacts: dict[int, Artifact] = {}
        self.files: dict[tuple[str, str], bytes] = {}
        self._ids: dict[str, Iterator[int]] = {kind: count(first) for kind, first in FIRST.items()}
        self._seconds = count()

    def now(self) -> str:
        """The time: a second later each time that somebody asks."""
        return f"{_BEGINNING + timedelta(seconds=next(self._seconds)):%Y-%m-%dT%H:%M:%SZ}"

    def id(self, kind: str) -> int:
        """The next id of a kind."""
        return next(self._ids[kind])

    def comment(self, number: int, body: str, author: Json, through: str | None, association: str) -> Json:
        """Write a comment; `through` is the GitHub App's slug."""
        key, place, now = self.id("comment"), self.place, self.now()
        shown = {
            "id": key,
            "node_id": node("IC", key),
            "url": f"{place.repo}/issues/comments/{key}",
            "html_url": f"{place.page}/pull/{number}#issuecomment-{key}",
            "issue_url": f"{place.repo}/issues/{number}",
            "body": body,
            "user": author,
            "created_at": now,
            "updated_at": now,
            "author_association": association,
            "performed_via_github_app": app(place, through) if through else None,
            "reactions": _no_reactions(f"{place.repo}/issues/comments/{key}/reactions"),
        }
        self.comments[key] = (number, shown)
        return shown

    def artifact(  # noqa: PLR0913 - what an artifact is
        self, run_id: int, name: str, content: bytes, size: int, *, expired: bool, head_sha: str
    ) -> Json:
        """Upload an artifact of a workflow run."""
        key, place, now = self.id("artifact"), self.place, self.now()
        url = f"{place.repo}/actions/artifacts/{key}"
        number = number_of(place.repository)
        shown = {
            "id": key,
            "node_id": node("MDg", key),
            "name": name,
            "size_in_bytes": size,
            "url": url,
            "archive_download_url": f"{url}/zip",
            "expired": expired,
            "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
            "created_at": now,
            "updated_at": now,
            "expires_at": "2026-04-01T12:00:00Z",
            "workflow_run": {
                "id": run_id,
                "repository_id": number,
                "head_repository_id": number,
                "head_branch": "topic",
                "head_sha": head_sha,
            },
        }
        self.artifacts[key] = Artifact(run_id, shown, content)
        return shown

    def author(self, token: Token) -> Json:
        """The account that writes with a token."""
        return user(self.place, token.login, "Bot" if token.app else "User")


def _no_reactions(url: str) -> Json:
    kinds = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")
    return {"url": url, "total_count": 0, **dict.fromkeys(kinds, 0)}
