"""What travels: a request that came, the answer that it gets, and what is kept of both."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it is kept; `path` is without the query and without the base URL's prefix.

    `status` is that of the answer: 0 where the connection was cut or no answer has been given yet. `headers` have
    lower-case names and no authorization. `json` is the body, or None where there was none (or none that is JSON).
    """

    method: str
    path: str
    status: int
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A request as it came; `headers` have lower-case names, `path` is as sent (quoted), without prefix and query."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes

    @property
    def token(self) -> str | None:
        """What follows "Bearer" or "token" in the authorization; None where there is none."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value.strip() if scheme.lower() in {"bearer", "token"} else None

    @property
    def json(self) -> Any:
        """The body, or None where it is empty or no JSON."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None

    def kept(self, status: int) -> Request:
        """The record of this request."""
        headers = {name: value for name, value in self.headers.items() if name != "authorization"}
        return Request(self.method, self.path, status, dict(self.query), headers, self.json)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: `content` is sent as JSON where it is not bytes; None sends no body."""

    status: int
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json; charset=utf-8"

    @property
    def body(self) -> bytes:
        """The bytes that are sent."""
        if self.content is None:
            return b""
        return self.content if isinstance(self.content, bytes) else json.dumps(self.content).encode()


def refusal(status: int, message: str, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
    """An error as GitHub words it."""
    content = {"message": message, **more, "documentation_url": DOCUMENTATION, "status": str(status)}
    return Answer(status, content, headers or {})


class RefusedError(Exception):
    """What ends a request with an error."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer
