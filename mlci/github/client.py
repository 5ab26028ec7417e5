"""The one door to GitHub's API: calls that are bounded, never done twice, and fail with one sentence."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from mlci.errors import MlciError
from mlci.github.failures import ApiError, Call, ForeignError, NoAnswerError, clean, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from github.Repository import Repository

    from mlci.github.wire import Wire

__all__ = ["Access", "ApiError", "Client"]

T = TypeVar("T")

MOST_CREATIONS = 3
MOST_LISTED = 5_000  # GitHub ends a conversation at 2,500 comments

_REPOSITORY = re.compile(r"(?!\.{1,2}/)[A-Za-z0-9._-]+/(?!\.{1,2}$)[A-Za-z0-9._-]+")
_OK, _REFUSAL = 200, 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Which repository, where, and with which token.

    `timeout` is in seconds, for a connection and for each part of an answer. `patience` is the unit of the waits
    between tries, in seconds; at 0 nothing waits.
    """

    repository: str  # owner/name
    api_url: str
    token: str = field(repr=False)
    timeout: float = 20.0
    patience: float = 1.0


class Client:
    """GitHub's API for one repository. Making one asks GitHub nothing.

    Args:
        access: Where, and with which token.
        wire: What sends the requests.

    Raises:
        ApiError: the token, the address or the repository's name cannot be one.
    """

    def __init__(self, access: Access, wire: Wire | None = None) -> None:
        from github.Repository import Repository

        from mlci.github import wire as wires
        from mlci.github.adapter import Adapter

        _check(access)
        self._access = access
        self._wire = wire or wires.Wire(access.timeout, access.patience)
        self._adapter = Adapter(access.api_url.rstrip("/"), access.token, self._wire)
        self._repository = Repository(self._adapter, url=f"/repos/{access.repository}")

    def __repr__(self) -> str:
        return f"Client({self._access!r})"

    @property
    def name(self) -> str:
        """The repository as "owner/name"."""
        return self._access.repository

    @property
    def repository(self) -> Repository:
        """PyGithub's repository, lazy. Use it inside `calling`."""
        return self._repository

    @property
    def is_installation(self) -> bool:
        """Whether the token is a GitHub App's on this repository, as a job's own is."""
        return self._access.token.startswith("ghs_")

    @contextmanager
    def calling(self, what: str, needs: str = "") -> Iterator[None]:
        """Turn whatever goes wrong between mlci and GitHub into an `ApiError`.

        Args:
            what: What is tried, to follow "could not": "post the comment".
            needs: The permission that it needs: "pull-requests: write".
        """
        from github.GithubException import BadAttributeException, GithubException, IncompletableObject
        from requests import RequestException

        call = Call(what, needs, self.name, clean(self._access.api_url))
        try:
            yield
        except MlciError:
            raise
        except NoAnswerError as error:
            raise call.unanswered(error) from None
        except ForeignError as error:
            raise call.foreign(error.why) from None
        except (BadAttributeException, IncompletableObject) as error:
            raise call.foreign(f"the answer is not what GitHub answers ({type(error).__name__})") from None
        except GithubException as error:
            words = said(json.dumps(error.data), self._access.token)
            raise call.refused(error.status, error.headers or {}, words, self._wire.now()) from None
        except RequestException as error:
            raise call.unanswered(NoAnswerError(f"GitHub does not answer ({type(error).__name__})")) from None
        except Exception as error:
            is_void = isinstance(error, AttributeError) and error.name and error.obj is None  # what an answer lacks
            if not is_void and not _is_pygithubs(error):
                raise
            raise call.foreign(f"the answer is not what GitHub answers ({type(error).__name__})") from None

    def creating(self, what: str, needs: str, create: Callable[[], T], find: Callable[[], T | None]) -> T:
        """Do what must not be done twice, such as a POST: 3 tries, and none before looking for what the last one did.

        Args:
            what: As for `calling`.
            needs: As for `calling`.
            create: Does it; called inside `calling`.
            find: What `create` has done although nobody said so, or None.

        Raises:
            ApiError: it is refused, or was not done.
        """
        waited = 0.0
        for number in range(1, MOST_CREATIONS + 1):
            try:
                with self.calling(what, needs), self._wire.once():
                    return create()
            except ApiError as error:
                if not (error.is_unknown or error.is_limit):
                    raise
                last = error
            pause = self._wire.pause(number, last.wait, waited)
            is_last = pause is None or number == MOST_CREATIONS
            if last.is_limit and is_last:
                break
            self._wire.wait(pause or 0.0)
            waited += pause or 0.0
            if last.is_unknown and (found := self._found(what, needs, find, last)) is not None:
                return found
            if is_last:
                break
        raise last

    def _found(self, what: str, needs: str, find: Callable[[], T | None], last: ApiError) -> T | None:
        """Look; where nobody answers that either, the first failure is what the user hears."""
        try:
            with self.calling(what, needs):
                return find()
        except ApiError as error:
            raise (last if error.is_unknown else error) from None

    def listed(self, items: Iterable[T]) -> list[T]:
        """All items of a list that comes in pages. Use it inside `calling`.

        Raises:
            ForeignError: the list does not end.
        """
        found = list(islice(items, MOST_LISTED + 1))
        if len(found) > MOST_LISTED:
            raise ForeignError(f"the list has more than {MOST_LISTED:,} items")
        return found

    def login(self) -> str:
        """Who the token belongs to: one call, GET /user.

        Raises:
            ApiError: GitHub does not say. An App's token on a repository gets 403.
        """
        from github.AuthenticatedUser import AuthenticatedUser

        with self.calling("ask whose token this is"):
            return AuthenticatedUser(self._adapter, url="/user").login

    def download(self, path: str, limit: int, *, what: str = "download a file", needs: str = "actions: read") -> bytes:
        """A file behind a path of the API; other hosts, where GitHub keeps such files, never get to see the token.

        Args:
            path: From the API's address on, beginning with "/".
            limit: Bytes; a larger file is refused (MLCI507).
            what: As for `calling`.
            needs: As for `calling`.

        Raises:
            ApiError: it cannot be had, or is too large.
        """
        call = Call(what, needs, self.name, clean(self._access.api_url))
        with self.calling(what, needs):
            headers = {"Accept-Encoding": "identity", **self._adapter.authorized()}
            answer = self._wire.send("GET", self._adapter.address(path), headers, limit=limit, roams=True)
            if answer.status >= _REFUSAL and not answer.is_home:
                raise NoAnswerError(f"the host where GitHub keeps the file does not give it ({answer.status})")
            if answer.status >= _REFUSAL:
                words = said(answer.body, self._access.token)
                raise call.refused(answer.status, answer.headers, words, self._wire.now())
            if answer.status != _OK:
                raise ForeignError(f"the answer holds no file ({answer.status})")
            return answer.body


def _is_pygithubs(error: Exception) -> bool:
    """Whether an exception was raised inside PyGithub, which asserts and converts what it is answered."""
    trace, modules = error.__traceback__, []
    while trace is not None:
        modules.append(str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0])
        trace = trace.tb_next
    return "github" in modules and modules[-1] != "mlci"


def _check(access: Access) -> None:
    """Refuse what cannot work before anything is asked.

    Raises:
        ApiError: the token, the address or the repository's name cannot be one.
    """
    if not re.fullmatch(r"[\x21-\x7e]+", access.token):  # a header with a line break would be shown in an error
        what = "is empty" if not access.token.strip() else "holds characters that no token has"
        raise ApiError(
            f"The token for GitHub {what}.",
            hint="Leave `github-token` out to use the job's own.",
            code="MLCI502",
        )
    try:
        parts = urlsplit(access.api_url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or "@" in parts.netloc or parts.query or parts.fragment:
        raise ApiError(
            "The address of GitHub's API is not an address.",
            hint="GITHUB_API_URL is https://api.github.com, or https://HOST/api/v3 on Enterprise Server.",
            code="MLCI507",
        )
    if not _REPOSITORY.fullmatch(access.repository):
        raise ApiError(
            f"“{clean(access.repository, access.token)}” is no repository's name.",
            hint='GITHUB_REPOSITORY is "owner/name".',
            code="MLCI503",
        )
