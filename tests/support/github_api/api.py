"""The API: a request in, an answer out, and every way in which the two do not fit GitHub's description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from github_api import checks, conversation, pulls, things
from github_api.description import description
from github_api.objects import number_of
from github_api.routes import Call, check_permission
from github_api.traffic import RefusedError, refusal

if TYPE_CHECKING:
    from github_api.objects import Token
    from github_api.routes import Route
    from github_api.state import State
    from github_api.traffic import Answer, Incoming

ROUTES: tuple[Route, ...] = (*checks.ROUTES, *conversation.ROUTES, *pulls.ROUTES, *things.ROUTES)
_OPERATIONS = frozenset((route.method, route.template) for route in ROUTES)


def by_name(path: str, repository: str) -> str:
    """A path with the repository's name in place of its number, which GitHub's links have."""
    prefix = f"/repositories/{number_of(repository)}"
    is_numbered = path == prefix or path.startswith(f"{prefix}/")
    return f"/repos/{repository}{path.removeprefix(prefix)}" if is_numbered else path


def answer(state: State, incoming: Incoming) -> tuple[Answer, list[str]]:
    """Do what is asked: the answer, and what does not fit GitHub's description of the two."""
    found = next(
        ((route, args) for route in ROUTES if (args := route.match(incoming.method, incoming.path)) is not None), None
    )
    if found is None:
        return refusal(404, "Not Found"), ["request: the stand-in has no such endpoint"]
    route, arguments = found
    place = route.place(arguments)
    whole = description(_OPERATIONS)
    unfit = whole.request_faults(route.template, place, incoming)
    if route.method != "GET" and "/check-runs" in route.template:
        unfit += checks.in_words(incoming.json)
    given = _given(state, incoming, route, arguments, [each for each in unfit if not each.startswith("unknown ")])
    also = whole.answer_faults(route.template, place, incoming, given)
    return given, [*(f"request: {each}" for each in unfit), *(f"answer {given.status}: {each}" for each in also)]


def _given(state: State, incoming: Incoming, route: Route, arguments: dict[str, str], wrong: list[str]) -> Answer:
    """The answer; `wrong` is what is wrong with the request's body."""
    try:
        call = Call(state, incoming, arguments, _known(state, incoming))
        _admit(call, route)
        is_unfit = incoming.method != "GET" and wrong
        return refusal(422, "\n\n".join(("Invalid request.", *wrong))) if is_unfit else route.handler(call)
    except RefusedError as error:
        return error.answer


def _known(state: State, incoming: Incoming) -> Token:
    """Who asks."""
    if not incoming.headers.get("user-agent"):
        raise RefusedError(refusal(403, "Request forbidden by administrative rules. A User-Agent header is required."))
    token = state.tokens.get(incoming.token or "")
    if token is None:
        raise RefusedError(refusal(401, "Requires authentication" if incoming.token is None else "Bad credentials"))
    return token


def _admit(call: Call, route: Route) -> None:
    """Whether they may: first where it is, then the permission, then whether it can be read."""
    names = call.arguments
    if "repo" in names and f"{names['owner']}/{names['repo']}".lower() != call.state.place.repository.lower():
        raise RefusedError(refusal(404, "Not Found"))
    check_permission(route, call)
    if call.incoming.body and call.incoming.json is None:
        raise RefusedError(refusal(400, "Problems parsing JSON"))
