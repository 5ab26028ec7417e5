"""Pull requests, and the issue that each of them also is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from github_api.objects import changed_file, node, number_of, repository, user
from github_api.routes import REPO, Route
from github_api.traffic import Answer, RefusedError, refusal

if TYPE_CHECKING:
    from github_api.objects import Json, Place
    from github_api.routes import Call
    from github_api.state import Pull, State

MOST_FILES = 3_000  # that GitHub lists

_READ = ({"pull_requests": "read"},)
_READ_ISSUE = ({"issues": "read"}, {"pull_requests": "read"})
_EMPTY: dict[str, Any] = {
    "locked": False,
    "active_lock_reason": None,
    "labels": [],
    "milestone": None,
    "assignee": None,
    "assignees": [],
}
_CREATED, _UPDATED = "2025-12-31T08:00:00Z", "2025-12-31T09:00:00Z"


def minimal(place: Place, pull: Pull) -> Json:
    """A pull request as a check run shows it."""

    def side(ref: str, sha: str, name: str) -> Json:
        where = place.of(name)
        return {
            "ref": ref,
            "sha": sha,
            "repo": {"id": number_of(name), "url": where.repo, "name": name.partition("/")[2]},
        }

    return {
        "id": _id(place, pull),
        "number": pull.number,
        "url": f"{place.repo}/pulls/{pull.number}",
        "head": side(pull.head_ref, pull.head_sha, pull.head_repository or place.repository),
        "base": side(pull.base_ref, pull.base_sha, place.repository),
    }


def _whole(state: State, pull: Pull) -> Json:
    """A pull request as GET /pulls/{number} shows it."""
    place = state.place
    shown = place.example("pull-request")
    moved = f"{place.repo}/pulls/1347", f"{place.repo}/issues/1347", f"{place.page}/pull/1347"
    here = f"{place.repo}/pulls/{pull.number}", f"{place.repo}/issues/{pull.number}", f"{place.page}/pull/{pull.number}"

    def own(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: own(each) for name, each in value.items()}
        if isinstance(value, str):
            for old, new in zip(moved, here, strict=True):
                value = new + value.removeprefix(old) if value.startswith(old) else value
            return value.replace("/statuses/6dcb09b5b57875f334f61aebed695e2e4193db5e", f"/statuses/{pull.head_sha}")
        return value

    closed = None if pull.state == "open" else _UPDATED
    return {
        **own(shown),
        **_EMPTY,
        "id": _id(place, pull),
        "node_id": node("PR", _id(place, pull)),
        "number": pull.number,
        "state": pull.state,
        "title": pull.title,
        "body": None,
        "user": user(place, pull.author, "User"),
        "created_at": _CREATED,
        "updated_at": _UPDATED,
        "closed_at": closed,
        "merged_at": None,
        "merged": False,
        "merged_by": None,
        "requested_reviewers": [],
        "requested_teams": [],
        "author_association": "CONTRIBUTOR",
        "head": _side(state, pull.head_owner, pull.head_ref, pull.head_sha, pull.head_repository),
        "base": _side(state, place.owner, pull.base_ref, pull.base_sha, place.repository),
        "comments": sum(issue == pull.number for issue, _ in state.comments.values()),
        "commits": 1,
        "additions": len(pull.files),
        "deletions": len(pull.files),
        "changed_files": len(pull.files),
    }


def _simple(state: State, pull: Pull) -> Json:
    """A pull request as a list shows it."""
    names = state.place.example("pull-request-simple-items")[0]
    return {name: value for name, value in _whole(state, pull).items() if name in names}


def _side(state: State, owner: str, ref: str, sha: str, name: str | None) -> Json:
    is_fork = name != state.place.repository
    return {
        "label": f"{owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": user(state.place, owner, "User"),
        "repo": repository(state.place.of(name), state.default_branch, is_fork=is_fork) if name else None,
    }


def _id(place: Place, pull: Pull) -> int:
    return number_of(f"{place.repository}#{pull.number}")


def _one(call: Call, name: str) -> Pull:
    found = call.state.pulls.get(call.number(name))
    if found is None:
        raise RefusedError(refusal(404, "Not Found"))
    return found


def _get(call: Call) -> Answer:
    return Answer(200, _whole(call.state, _one(call, "pull_number")))


def _list(call: Call) -> Answer:
    query = call.incoming.query
    state, head, base = query.get("state", "open"), query.get("head", ""), query.get("base")
    found = [each for each in call.state.pulls.values() if state in {"all", each.state}]
    if ":" in head:  # GitHub ignores one that names no owner
        found = [each for each in found if f"{each.head_owner}:{each.head_ref}".lower() == head.lower()]
    found = [each for each in found if base in {None, each.base_ref}]
    found.sort(key=lambda each: each.number, reverse=query.get("direction", "desc") == "desc")
    return call.paged([_simple(call.state, each) for each in found])


def _files(call: Call) -> Answer:
    pull = _one(call, "pull_number")
    files = pull.files[:MOST_FILES]
    return call.paged([changed_file(call.state.place, each, pull.head_sha) for each in files])


def _issue(call: Call) -> Answer:
    pull, place = _one(call, "issue_number"), call.state.place
    url, page = f"{place.repo}/issues/{pull.number}", f"{place.page}/pull/{pull.number}"
    api = f"{place.repo}/pulls/{pull.number}"
    shown = {
        **_EMPTY,
        "id": _id(place, pull),
        "node_id": node("PR", _id(place, pull)),
        "url": url,
        "repository_url": place.repo,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": page,
        "number": pull.number,
        "state": pull.state,
        "state_reason": None,
        "title": pull.title,
        "body": None,
        "user": user(place, pull.author, "User"),
        "comments": sum(issue == pull.number for issue, _ in call.state.comments.values()),
        "created_at": _CREATED,
        "updated_at": _UPDATED,
        "closed_at": None if pull.state == "open" else _UPDATED,
        "closed_by": None,
        "author_association": "CONTRIBUTOR",
        "draft": False,
        "pull_request": {
            "url": api,
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": None,
        },
        "performed_via_github_app": None,
    }
    return Answer(200, shown)


ROUTES = (
    Route("GET", f"{REPO}/pulls", _READ, _list),
    Route("GET", f"{REPO}/pulls/{{pull_number}}", _READ, _get),
    Route("GET", f"{REPO}/pulls/{{pull_number}}/files", _READ, _files),
    Route("GET", f"{REPO}/issues/{{issue_number}}", _READ_ISSUE, _issue),
)
