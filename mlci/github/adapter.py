"""PyGithub's objects on mlci's wire.

PyGithub's own transport never repeats a PATCH and repeats a POST, drops the query where a repository was renamed, takes
a redirect that it does not follow for success, and a page of HTML for data. Its objects go through `requestJson` alone,
which is replaced here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from github.Auth import Token
from github.Requester import Requester

from mlci.github.failures import ForeignError
from mlci.github.wire import USER_AGENT, origin

if TYPE_CHECKING:
    from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass

    from mlci.github.wire import Wire

_PAGE = 100  # items, the most that GitHub gives at once
_SUCCESS, _REDIRECT, _REFUSAL = 200, 300, 400


class Adapter(Requester):
    """What PyGithub's objects ask through; they are lazy: none is fetched before an attribute is wanted."""

    def __init__(self, base_url: str, token: str, wire: Wire) -> None:
        super().__init__(
            auth=Token(token),
            base_url=base_url,
            timeout=0,  # neither this nor what follows is used: nothing goes through PyGithub's own connections
            user_agent=USER_AGENT,
            per_page=_PAGE,
            verify=True,
            retry=None,
            pool_size=None,
            lazy=True,
        )
        self._wire = wire

    def address(self, path: str) -> str:
        """The whole address of a path of the API, or of an address that the API gave.

        Raises:
            ForeignError: it is not the API's.
        """
        base = self.base_url.rstrip("/")
        if path.startswith("/"):
            return base + path
        if origin(path) != origin(base) or not path.startswith(f"{base}/"):
            raise ForeignError("the answer holds an address that is not the API's")
        return path

    def authorized(self) -> dict[str, str]:
        """Headers with the token."""
        headers: dict[str, str] = {}
        if self.auth is not None:
            self.auth.authentication(headers)
        return headers

    def requestJson(  # noqa: N802, PLR0913, PLR0917 - PyGithub's name and parameters
        self,
        verb: str,
        url: str,
        parameters: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        input: Any | None = None,  # noqa: A002, ANN401 - PyGithub's own
        cnx: HTTPRequestsConnectionClass | HTTPSRequestsConnectionClass | None = None,  # noqa: ARG002 - PyGithub's own
        follow_302_redirect: bool = False,  # noqa: ARG002, FBT001, FBT002 - PyGithub's own
    ) -> tuple[int, dict[str, Any], str]:
        """Send a request: status, headers with lower-case names, and JSON text.

        Raises:
            NoAnswerError: nobody answered.
            ForeignError: what answered is not GitHub's API.
        """
        address = self.add_parameters_to_url(self.address(url), parameters or {})
        told = {"Accept": "application/vnd.github+json", **(headers or {}), **self.authorized()}
        body = None
        if input is not None:
            told["Content-Type"] = "application/json"
            body = json.dumps(input).encode()
        answer = self._wire.send(verb, address, told, body)
        return answer.status, dict(answer.headers), _text(answer.status, answer.body)


def _text(status: int, body: bytes) -> str:
    """An answer's JSON, as what PyGithub can read without a surprise."""
    if status >= _REFUSAL:
        return _refusal(body)
    if not _SUCCESS <= status < _REDIRECT:
        raise ForeignError(f"the answer is a redirect that cannot be followed ({status})")
    try:
        text = body.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise ForeignError("the answer is no text") from None
    if text and text[0] not in "{[":
        raise ForeignError("the answer is no JSON")
    return text


def _refusal(body: bytes) -> str:
    """The body of a refusal where it is an object, as GitHub's are; a proxy's page of HTML counts as none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return "{}"
    is_told = isinstance(document, dict) and isinstance(document.get("message", ""), str)
    return json.dumps(document) if is_told else "{}"
