"""Comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from github_api.routes import REPO, Route, invalid
from github_api.traffic import Answer, RefusedError, refusal

if TYPE_CHECKING:
    from github_api.objects import Json
    from github_api.routes import Call

LONGEST = 65_536  # characters of a comment

_READ = ({"issues": "read"}, {"pull_requests": "read"})
_WRITE = ({"issues": "write"}, {"pull_requests": "write"})


def _list(call: Call) -> Answer:
    number = call.number("issue_number")
    _must_be(call, number)
    since = call.incoming.query.get("since", "")
    found = [shown for issue, shown in call.state.comments.values() if issue == number and shown["updated_at"] >= since]
    return call.paged(found)


def _create(call: Call) -> Answer:
    number = call.number("issue_number")
    _must_be(call, number)
    author, app = call.state.author(call.token), call.token.app
    association = "OWNER" if call.token.login == call.state.place.owner else "NONE"
    shown = call.state.comment(number, _body(call), author, app, association)
    return Answer(201, shown, {"Location": shown["url"]})


def _get(call: Call) -> Answer:
    return Answer(200, _one(call))


def _edit(call: Call) -> Answer:
    shown = _one(call)
    shown["body"] = _body(call)
    shown["updated_at"] = call.state.now()
    return Answer(200, shown)


def _delete(call: Call) -> Answer:
    shown = _one(call)
    del call.state.comments[shown["id"]]
    call.state.deleted.append(shown)
    return Answer(204)


def _must_be(call: Call, number: int) -> None:
    if number not in call.state.pulls:
        raise RefusedError(refusal(404, "Not Found"))


def _one(call: Call) -> Json:
    found = call.state.comments.get(call.number("comment_id"))
    if found is None:
        raise RefusedError(refusal(404, "Not Found"))
    return found[1]


def _body(call: Call) -> str:
    body: str = call.body["body"]
    if not body.strip():
        raise invalid("IssueComment", "data", "Body cannot be blank", "unprocessable")
    if len(body) > LONGEST:
        raise invalid("IssueComment", "data", f"Body is too long (maximum is {LONGEST} characters)", "unprocessable")
    return body


ROUTES = (
    Route("GET", f"{REPO}/issues/{{issue_number}}/comments", _READ, _list),
    Route("POST", f"{REPO}/issues/{{issue_number}}/comments", _WRITE, _create),
    Route("GET", f"{REPO}/issues/comments/{{comment_id}}", _READ, _get),
    Route("PATCH", f"{REPO}/issues/comments/{{comment_id}}", _WRITE, _edit),
    Route("DELETE", f"{REPO}/issues/comments/{{comment_id}}", _WRITE, _delete),
)
