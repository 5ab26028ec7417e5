"""The sticky comment: one of mlci's on a pull request, found again by its hidden mark, never an older over a newer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlci.github.client import ApiError
from mlci.github.failures import ForeignError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from github.NamedUser import NamedUser
    from github.Organization import Organization

    from mlci.github.client import Client

LONGEST = 65_536
"""Characters of a comment."""

_NEEDS = "pull-requests: write"
_BOT = "github-actions[bot]"
_AN_APP = "[bot]"  # no login of anybody
_FORBIDDEN, _NOT_FOUND, _GONE = 403, 404, 410
_MARK = re.compile(r"<!-- mlci id=([A-Za-z0-9._-]+) head=([0-9A-Za-z]*)(?: run=([0-9]{1,19}))? -->")


@dataclass(frozen=True, slots=True)
class Mark:
    """The hidden first line of a comment: whose it is, which head it reports on, and which workflow run wrote it."""

    comment_id: str
    head: str
    run: int | None


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of the comment, and where it is.

    `withheld`: there was none to bring up to date; `outdated`: a newer head's report stands and was left alone. `note`
    is a sentence for the log, where something was left undone.
    """

    what: Literal["created", "updated", "unchanged", "outdated", "withheld"]
    url: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Comment:
    id: int
    body: str
    url: str
    mark: Mark


def mark_of(body: str) -> Mark | None:
    """The mark of a comment, or None where its first line is none."""
    found = _MARK.fullmatch(body.partition("\n")[0].rstrip(" \r"))
    if found is None:
        return None
    return Mark(found[1], found[2], int(found[3]) if found[3] else None)


def post(client: Client, number: int, body: str, *, author: str | None, create: bool = True) -> Posted:
    """Post a report on a pull request, or bring the one that is there up to date.

    Args:
        client: GitHub.
        number: The pull request's.
        body: The comment, beginning with its mark.
        author: Login of who owns mlci's comments; None where it is not known yet.
        create: Whether to post where there is none yet.

    Raises:
        ApiError: GitHub refuses, or does not answer.
        ValueError: the body does not begin with a mark, or is too long for a comment.
    """
    mine = mark_of(body)
    if mine is None:
        raise ValueError("a comment's first line is its mark")
    if len(body) > LONGEST:
        raise ValueError(f"a comment has at most {LONGEST:,} characters, and this one {len(body):,}")
    there = _ours(client, number, mine.comment_id, author)
    if there and _is_outdated(client, number, mine, there):
        return Posted("outdated", there[0].url)
    for place, old in enumerate(there):
        is_same = _plain(old.body) == _plain(body)
        if is_same or _update(client, number, old, body):
            note = _remove(client, number, there[place + 1 :])
            return Posted("unchanged" if is_same else "updated", old.url, note)
    if not create:
        return Posted("withheld", "")
    return Posted("created", _create(client, number, body, mine, author))


def _ours(client: Client, number: int, comment_id: str, author: str | None) -> list[_Comment]:
    """Own comments with this id, oldest first. A mark alone proves nothing: anybody can write one."""
    with client.calling("list the pull request's comments", _NEEDS):
        marked = [
            (each, mark)
            for each in client.listed(client.repository.get_issue(number).get_comments())
            if (mark := mark_of(each.body or "")) is not None and mark.comment_id == comment_id
        ]
    if not marked:
        return []
    owner = (author or _identity(client)).casefold()
    with client.calling("read the pull request's comments", _NEEDS):
        found = [_Comment(each.id, each.body, each.html_url, mark) for each, mark in marked if _is_by(each.user, owner)]
    return sorted(found, key=lambda each: each.id)


def _is_by(user: NamedUser | Organization | None, owner: str) -> bool:
    """Whether a comment is by the owner; where that is an App whose name is not known, by any App of the repository."""
    login = getattr(user, "login", "").casefold()  # the user may be gone
    return login == owner or (owner == _AN_APP and getattr(user, "type", "") == "Bot")


def _identity(client: Client) -> str:
    """Who the token's comments are by; GitHub does not tell that of a token that is an App's on a repository."""
    if client.is_installation:
        return _AN_APP
    try:
        return client.login()
    except ApiError as error:
        if error.status != _FORBIDDEN or error.is_limit:
            raise
        return _BOT


def _is_outdated(client: Client, number: int, mine: Mark, there: Sequence[_Comment]) -> bool:
    """Whether a newer report than this one stands: a later run's, or, where runs do not tell, that of the head."""
    in_doubt = False
    for mark in (each.mark for each in there):
        runs_tell = mark.run is not None and mine.run is not None and mark.run != mine.run
        if runs_tell and (mark.run or 0) > (mine.run or 0):
            return True
        in_doubt |= not runs_tell and mark.head != mine.head
    if not in_doubt:
        return False
    with client.calling("look up the pull request's head", _NEEDS):
        return client.repository.get_pull(number).head.sha != mine.head


def _update(client: Client, number: int, old: _Comment, body: str) -> bool:
    """Write a comment anew; False where somebody has deleted it meanwhile."""
    try:
        with client.calling("update the comment", _NEEDS):
            client.repository.get_issue(number).get_comment(old.id).edit(body)
    except ApiError as error:
        if error.status in {_NOT_FOUND, _GONE}:
            return False
        raise
    return True


def _create(client: Client, number: int, body: str, mine: Mark, author: str | None) -> str:
    def create() -> str:
        url = client.repository.get_issue(number).create_comment(body).html_url
        if not url:
            raise ForeignError("the answer names no comment")
        return url

    def find() -> str | None:
        return next((each.url for each in _ours(client, number, mine.comment_id, author) if each.mark == mine), None)

    return client.creating("post the comment", _NEEDS, create, find)


def _remove(client: Client, number: int, copies: Sequence[_Comment]) -> str:
    """Delete the copies that two runs at the same time have left; the report stands, whatever becomes of them."""
    for place, each in enumerate(copies):
        try:
            with client.calling("delete a copy of the comment", _NEEDS):
                client.repository.get_issue(number).get_comment(each.id).delete()
        except ApiError as error:
            if error.status not in {_NOT_FOUND, _GONE}:
                return f"{len(copies) - place} of {len(copies) + 1} copies of the comment are left: {error.message}"
    return ""


def _plain(body: str) -> str:
    """A body without what GitHub changes in it: line ends, and white space around it."""
    return body.replace("\r\n", "\n").replace("\r", "\n").strip()
