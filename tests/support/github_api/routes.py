"""The endpoints that there are, what they need, and the way of a request through them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode

from github_api.traffic import Answer, RefusedError, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from github_api.objects import Token
    from github_api.state import State
    from github_api.traffic import Incoming

    Handler = Callable[["Call"], Answer]

REPO = "/repos/{owner}/{repo}"
_WITH_SLASHES = ("path", "ref")  # parameters that may hold slashes as they are
_PAGE, _LARGEST_PAGE = 30, 100


@dataclass(frozen=True, slots=True)
class Call:
    """A request on its way: what it asks of which state, with what in its path, on whose behalf."""

    state: State
    incoming: Incoming
    arguments: Mapping[str, str]
    token: Token

    @property
    def body(self) -> dict[str, Any]:
        """The body, where it is an object."""
        return self.incoming.json if isinstance(self.incoming.json, dict) else {}

    def number(self, name: str) -> int:
        """A number in the path.

        Raises:
            RefusedError: it is none.
        """
        text = self.arguments[name]
        if not re.fullmatch("[0-9]{1,19}", text):
            raise RefusedError(refusal(404, "Not Found"))
        return int(text)

    def paged(self, items: Sequence[Any], key: str = "") -> Answer:
        """One page of a list, with links to the others; under `key` where the list stands in an object."""
        query = self.incoming.query
        size = _count(query.get("per_page"), _PAGE, _LARGEST_PAGE)
        page = _count(query.get("page"), 1, None)
        last = max(-(-len(items) // size), 1)
        some = list(items[(page - 1) * size : page * size])
        wanted = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        if page == 1:
            del wanted["prev"], wanted["first"]
        if page >= last:
            del wanted["next"], wanted["last"]
        links = ", ".join(f'<{self._page(number)}>; rel="{rel}"' for rel, number in wanted.items())
        content = {"total_count": len(items), key: some} if key else some
        return Answer(200, content, {"Link": links} if links else {})

    def _page(self, number: int) -> str:
        """GitHub's links name the repository by its number."""
        from github_api.objects import number_of

        place = self.state.place
        rest = self.incoming.path.split("/", 4)[4]
        query = urlencode({**self.incoming.query, "page": number})
        return f"{place.api}/repositories/{number_of(place.repository)}/{rest}?{query}"


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint; `needs` are the sets of permissions of which one is enough."""

    method: str
    template: str
    needs: tuple[Mapping[str, str], ...]
    handler: Handler

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """What the path has in the template's places, or None where it is another path."""
        parts = re.split(r"\{(\w+)\}", self.template)
        pattern = "".join(
            re.escape(part) if place % 2 == 0 else f"(?P<{part}>{'.+' if part in _WITH_SLASHES else '[^/]+'})"
            for place, part in enumerate(parts)
        )
        found = re.fullmatch(pattern, path) if method == self.method else None
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None

    def place(self, arguments: Mapping[str, str]) -> str:
        """The path with slashes in parameters quoted, as GitHub's description wants them."""
        return re.sub(r"\{(\w+)\}", lambda found: quote(arguments[found[1]], safe=""), self.template)


def check_permission(route: Route, call: Call) -> None:
    """Refuse what the token may not do.

    Raises:
        RefusedError: none of the sets of permissions that are enough is granted.
    """
    if not route.needs or any(call.token.may(needs) for needs in route.needs):
        return
    sets = (",".join(f"{name}={level}" for name, level in needs.items()) for needs in route.needs)
    who = "integration" if call.token.app else "personal access token"
    headers = {"X-Accepted-GitHub-Permissions": "; ".join(sets)}
    raise RefusedError(refusal(403, f"Resource not accessible by {who}", headers))


def invalid(resource: str, field: str, message: str, code: str = "invalid") -> RefusedError:
    """The refusal of a request that GitHub does not take as it is."""
    errors = [{"resource": resource, "field": field, "code": code, "message": message}]
    return RefusedError(refusal(422, "Validation Failed", errors=errors))


def _count(text: str | None, default: int, most: int | None) -> int:
    number = int(text) if text and re.fullmatch("[0-9]{1,9}", text) else 0
    return min(number or default, most or number or default)
