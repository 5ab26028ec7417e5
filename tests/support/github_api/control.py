"""The control plane: the stand-in's methods over HTTP, for a run that has no other way to it; nothing checks it.

It is at the server's root, whatever the prefix of the API.
"""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from github_api.faults import Fault
from github_api.traffic import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from github_api.github import GitHub
    from github_api.traffic import Incoming

PREFIX = "/_control/"


def answer(github: GitHub, incoming: Incoming) -> Answer:
    """Do what is asked of the stand-in itself; 400 says what was wrong."""
    what = incoming.path.removeprefix(PREFIX)
    if (incoming.method, what) == ("GET", "state"):
        return Answer(200, state(github))
    action = _ACTIONS.get(what)
    if incoming.method != "POST" or action is None:
        known = ", ".join(f"POST {PREFIX}{name}" for name in sorted(_ACTIONS))
        return Answer(404, {"message": f"There are GET {PREFIX}state, {known}."})
    is_raw = incoming.headers.get("content-type", "").startswith("application/zip")
    fields = {**incoming.query, "content": incoming.body} if is_raw else (incoming.json or {})
    try:
        return Answer(200, {"done": action(github, fields)})
    except (KeyError, TypeError, ValueError) as error:
        return Answer(400, {"message": f"{type(error).__name__}: {error}"})


def state(github: GitHub) -> dict[str, Any]:
    """Everything that can be seen."""
    return {
        "comments": {str(number): github.comments(number) for number in github.pulls},
        "deleted": github.deleted,
        "check_runs": github.check_runs,
        "requests": [asdict(each) for each in tuple(github.requests)],
        "downloads": [asdict(each) for each in tuple(github.downloads)],
        "violations": list(github.violations),
    }


def _artifact(github: GitHub, fields: dict[str, Any]) -> Any:
    content = fields.pop("content")
    raw = content if isinstance(content, bytes) else base64.b64decode(content, validate=True)
    return github.artifact(**{**fields, "run_id": int(fields["run_id"])}, content=raw)


_ACTIONS: dict[str, Callable[[GitHub, dict[str, Any]], Any]] = {
    "artifact": _artifact,
    "comment": lambda github, fields: github.add_comment(**fields),
    "fail": lambda github, fields: github.fail(Fault(**fields)),
    "fail_half": lambda github, fields: github.fail_half(**fields),
    "file": lambda github, fields: github.file(**fields),
    "heal": lambda github, _fields: github.heal(),
    "pull": lambda github, fields: github.pull(**fields),
    "reset": lambda github, _fields: github.reset(),
    "token": lambda github, fields: github.token(**fields),
}
