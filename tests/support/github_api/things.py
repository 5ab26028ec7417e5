"""The repository, its files, the artifacts of its runs, and who is asking."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from github_api.objects import content, folder, full_repository, public_user
from github_api.routes import REPO, Route
from github_api.traffic import Answer, RefusedError, refusal

if TYPE_CHECKING:
    from github_api.routes import Call
    from github_api.state import Artifact

LIMIT = 5_000  # requests an hour

_ACTIONS = ({"actions": "read"},)
_CONTENTS = ({"contents": "read"},)


def _repository(call: Call) -> Answer:
    return Answer(200, full_repository(call.state.place, call.state.default_branch))


def _contents(call: Call) -> Answer:
    state = call.state
    path, ref = call.arguments["path"].strip("/"), call.incoming.query.get("ref") or state.default_branch
    data = state.files.get((ref, path))
    if data is not None:
        return Answer(200, content(state.place, path, ref, data))
    below = {name[len(path) + 1 :]: name for at, name in state.files if at == ref and name.startswith(f"{path}/")}
    if not below:
        raise RefusedError(refusal(404, "Not Found"))
    entries = {}
    for rest, name in sorted(below.items()):
        first, _, deeper = rest.partition("/")
        where = f"{path}/{first}"
        entries[first] = (
            folder(state.place, where, ref)
            if deeper
            else content(state.place, name, ref, state.files[ref, name], is_listed=True)
        )
    return Answer(200, list(entries.values()))


def _artifacts(call: Call) -> Answer:
    run, name = call.number("run_id"), call.incoming.query.get("name")
    found = [each.shown for each in reversed(call.state.artifacts.values()) if each.run_id == run]
    return call.paged([each for each in found if name in {None, each["name"]}], "artifacts")


def _artifact(call: Call) -> Answer:
    return Answer(200, _one_artifact(call).shown)


def _download(call: Call) -> Answer:
    found = _one_artifact(call)
    if call.arguments["archive_format"] != "zip":
        raise RefusedError(refusal(404, "Not Found"))
    if found.shown["expired"]:
        raise RefusedError(refusal(410, "Artifact has expired"))
    return Answer(302, None, {"Location": f"{call.state.blobs}/blob/{found.shown['id']}?se=600&sig=c2lnbmF0dXJl"})


def _one_artifact(call: Call) -> Artifact:
    found = call.state.artifacts.get(call.number("artifact_id"))
    if found is None:
        raise RefusedError(refusal(404, "Not Found"))
    return found


def _user(call: Call) -> Answer:
    if call.token.app:
        raise RefusedError(refusal(403, "Resource not accessible by integration"))
    return Answer(200, public_user(call.state.place, call.token.login))


def _rate_limit(_call: Call) -> Answer:
    rate = {"limit": LIMIT, "used": 0, "remaining": LIMIT, "reset": int(time.time()) + 3600}
    return Answer(200, {"resources": {"core": rate, "search": rate, "graphql": rate}, "rate": rate})


def _meta(_call: Call) -> Answer:
    return Answer(200, {"verifiable_password_authentication": False})


ROUTES = (
    Route("GET", REPO, (), _repository),
    Route("GET", f"{REPO}/contents/{{path}}", _CONTENTS, _contents),
    Route("GET", f"{REPO}/actions/runs/{{run_id}}/artifacts", _ACTIONS, _artifacts),
    Route("GET", f"{REPO}/actions/artifacts/{{artifact_id}}", _ACTIONS, _artifact),
    Route("GET", f"{REPO}/actions/artifacts/{{artifact_id}}/{{archive_format}}", _ACTIONS, _download),
    Route("GET", "/user", (), _user),
    Route("GET", "/rate_limit", (), _rate_limit),
    Route("GET", "/meta", (), _meta),
)
