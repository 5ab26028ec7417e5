"""Check runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from github_api.objects import app, node, number_of
from github_api.pulls import minimal
from github_api.routes import REPO, Route
from github_api.traffic import Answer, RefusedError, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from github_api.objects import Json
    from github_api.routes import Call
    from github_api.state import State

LONGEST_TITLE = 255  # characters, of an annotation
LARGEST_TEXT = 64 * 1024  # bytes, of an annotation's message or details

_READ = ({"checks": "read"},)
_WRITE = ({"checks": "write"},)
_FIELDS = ("name", "details_url", "external_id", "started_at", "completed_at", "status", "conclusion")
_SHA = re.compile("[0-9a-f]{40}")


def in_words(body: Any) -> Iterator[str]:
    """Where a body does not keep to what GitHub's description of check runs says in words alone."""
    if not isinstance(body, dict):
        return
    if not body.get("conclusion") and (body.get("status") == "completed" or body.get("completed_at")):
        yield "a completed check run without a conclusion"
    if body.get("conclusion") == "stale":
        yield "a conclusion that GitHub alone sets"
    output = body.get("output")
    if isinstance(output, dict):
        if "title" not in output:
            yield "an output without a title"
        for number, each in enumerate(output.get("annotations") or ()):
            yield from (f"output.annotations.{number}: {why}" for why in _note_in_words(each))


def _note_in_words(note: Mapping[str, Any]) -> Iterator[str]:
    first, last = note.get("start_line"), note.get("end_line")
    if isinstance(first, int) and isinstance(last, int):
        if not 1 <= first <= last:
            yield "lines count from 1, and the last is not before the first"
        if first != last and ("start_column" in note or "end_column" in note):
            yield "columns on more than one line"
    if len(str(note.get("title", ""))) > LONGEST_TITLE:
        yield f"a title of more than {LONGEST_TITLE} characters"
    for name in ("message", "raw_details"):
        if len(str(note.get(name, "")).encode()) > LARGEST_TEXT:
            yield f"{name} of more than 64 KB"


def _create(call: Call) -> Answer:
    owner = _owner(call)
    body = call.body
    sha = body["head_sha"]
    if not _SHA.fullmatch(sha):
        raise RefusedError(refusal(422, f"No commit found for SHA: {sha}"))
    key, place = call.state.id("check run"), call.state.place
    shown: Json = {
        "id": key,
        "node_id": node("CR", key),
        "name": body["name"],
        "head_sha": sha,
        "external_id": "",
        "url": f"{place.repo}/check-runs/{key}",
        "html_url": f"{place.page}/runs/{key}",
        "details_url": f"{place.server}/features/{owner}",
        "status": "queued",
        "conclusion": None,
        "started_at": call.state.now(),
        "completed_at": None,
        "output": {
            "title": None,
            "summary": None,
            "text": None,
            "annotations_count": 0,
            "annotations_url": f"{place.repo}/check-runs/{key}/annotations",
        },
        "check_suite": {"id": number_of(f"{owner} {sha}")},
        "app": app(place, owner),
        "pull_requests": [],
    }
    call.state.check_runs[key], call.state.annotations[key] = shown, []
    _change(call.state, shown, body)
    return Answer(201, _now(call.state, shown), {"Location": shown["url"]})


def _update(call: Call) -> Answer:
    owner, shown, body = _owner(call), _one(call), call.body
    if shown["app"]["slug"] != owner:
        number = app(call.state.place, owner)["id"]
        why = f"Invalid app_id `{number}` - check run can only be modified by the GitHub App that created it."
        raise RefusedError(refusal(403, why))
    _change(call.state, shown, body)
    return Answer(200, _now(call.state, shown))


def _get(call: Call) -> Answer:
    return Answer(200, _now(call.state, _one(call)))


def _annotations(call: Call) -> Answer:
    return call.paged(call.state.annotations[_one(call)["id"]])


def _of_commit(call: Call) -> Answer:
    ref, query = call.arguments["ref"], call.incoming.query
    heads = {pull.head_ref: pull.head_sha for pull in call.state.pulls.values()}
    sha = heads.get(ref.removeprefix("heads/"), ref)
    if not _SHA.fullmatch(sha):
        raise RefusedError(refusal(422, f"No commit found for SHA: {ref}"))
    found = [each for each in reversed(call.state.check_runs.values()) if each["head_sha"] == sha]
    if query.get("filter", "latest") == "latest":
        found = list({(each["app"]["id"], each["name"]): each for each in reversed(found)}.values())[::-1]
    wanted = {"check_name": "name", "status": "status"}
    found = [each for each in found if all(query.get(key, each[name]) == each[name] for key, name in wanted.items())]
    found = [each for each in found if query.get("app_id", str(each["app"]["id"])) == str(each["app"]["id"])]
    return call.paged([_now(call.state, each) for each in found], "check_runs")


def _owner(call: Call) -> str:
    if call.token.app is None:
        raise RefusedError(refusal(403, "You must authenticate via a GitHub App."))
    return call.token.app


def _one(call: Call) -> Json:
    found = call.state.check_runs.get(call.number("check_run_id"))
    if found is None:
        raise RefusedError(refusal(404, "Not Found"))
    return found


def _change(state: State, shown: Json, body: Mapping[str, Any]) -> None:
    """Take over what a request says; annotations are added to those that there are."""
    shown.update({name: body[name] for name in _FIELDS if name in body})
    if body.get("conclusion"):
        shown["status"] = "completed"
        shown["completed_at"] = body.get("completed_at") or state.now()
    elif body.get("status"):
        shown["conclusion"] = shown["completed_at"] = None
    output = body.get("output") or {}
    shown["output"].update({name: output[name] for name in ("title", "summary", "text") if name in output})
    for each in output.get("annotations") or ():
        blank = dict.fromkeys(("start_column", "end_column", "title", "raw_details"))
        blob = f"{state.place.page}/blob/{shown['head_sha']}/{each['path']}"
        state.annotations[shown["id"]].append({**blank, **each, "blob_href": blob})
    shown["output"]["annotations_count"] = len(state.annotations[shown["id"]])


def _now(state: State, shown: Json) -> Json:
    """A check run with the pull requests of this repository that it is shown at."""
    pulls = [each for each in state.pulls.values() if each.state == "open" and each.head_sha == shown["head_sha"]]
    own = [each for each in pulls if each.head_repository == state.place.repository]
    return {**shown, "pull_requests": [minimal(state.place, each) for each in own]}


ROUTES = (
    Route("POST", f"{REPO}/check-runs", _WRITE, _create),
    Route("GET", f"{REPO}/check-runs/{{check_run_id}}", _READ, _get),
    Route("PATCH", f"{REPO}/check-runs/{{check_run_id}}", _WRITE, _update),
    Route("GET", f"{REPO}/check-runs/{{check_run_id}}/annotations", _READ, _annotations),
    Route("GET", f"{REPO}/commits/{{ref}}/check-runs", _READ, _of_commit),
)
