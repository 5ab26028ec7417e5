"""The wire: one request and its answer over `requests`, with bounded tries, waits, redirects and sizes."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import requests
from requests import exceptions
from urllib3.exceptions import HTTPError

from mlci import __version__
from mlci.github.failures import LONGEST_WAIT, ForeignError, NoAnswerError, asked, clean, is_limited, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from requests import PreparedRequest, Response

USER_AGENT = f"mlci/{__version__}"
MOST_TRIES = 4
MOST_REDIRECTS = 3
LARGEST_ANSWER = 64 * 1024 * 1024  # bytes: a page of 100 comments of the largest size may be half of it

_REPEATABLE = frozenset({"GET", "HEAD", "PATCH", "DELETE"})  # doing it twice is doing it once
_MOVED = frozenset({301, 302, 303, 307, 308})
_MOVED_AS_IT_IS = frozenset({307, 308})  # the method stays
_REFUSAL, _SERVER = 400, 500
_BETWEEN_WRITES = 1.0  # seconds of `patience`: what GitHub asks for
_SLOWEST = 10  # times `timeout`: the longest that a body may take to arrive
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; the names of its headers are in lower case. `is_home`: it came from the host that was asked."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_home: bool = True


class Wire:
    """Sends requests.

    Args:
        timeout: Seconds to wait for a connection, and for each part of an answer.
        patience: Seconds, the unit of the waits between tries; 0 means that nothing waits.
        sleep: Waits.
        clock: Seconds that only grow.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        timeout: float,
        patience: float,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._timeout = timeout
        self._patience = patience
        self._sleep = sleep
        self._clock = clock
        self._now = now
        self._last_write: float | None = None
        self._tries = MOST_TRIES

    @contextmanager
    def once(self) -> Iterator[None]:
        """While this lasts only reading is tried again: the caller looks what became of a write."""
        before, self._tries = self._tries, 1
        try:
            yield
        finally:
            self._tries = before

    def pause(self, number: int, asks: float, waited: float) -> float | None:
        """Seconds to wait after try `number` (from 1), or None where that would be longer than a call may wait."""
        seconds = max(asks, self._patience * 2.0 ** (number - 1))
        if waited + seconds > LONGEST_WAIT:
            return None
        return seconds if self._patience > 0 else 0.0

    def wait(self, seconds: float) -> None:
        """Wait."""
        if seconds > 0:
            self._sleep(seconds)

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now()

    def send(  # noqa: PLR0913 - a request, and its bounds
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        limit: int = LARGEST_ANSWER,
        roams: bool = False,
    ) -> Answer:
        """Send a request; GET, PATCH and DELETE are tried again where GitHub is busy or does not answer.

        Args:
            method: In capitals.
            url: The whole address.
            headers: With the authorization, which no other host gets to see.
            body: What is sent.
            limit: Bytes of the answer's body.
            roams: Whether a redirect to another host is followed.

        Returns:
            The last answer, whatever its status.

        Raises:
            NoAnswerError: nobody answered.
            ForeignError: a redirect leads where it must not, or the answer is too large.
        """
        writes = method not in {"GET", "HEAD"}
        tries = (self._tries if writes else MOST_TRIES) if method in _REPEATABLE else 1
        began, waited, number = self._clock(), 0.0, 0
        while True:
            number += 1
            answer, silence = self._tried(method, url, headers, body, limit=limit, roams=roams)
            if answer is not None and not _is_busy(answer):
                return answer
            asks = asked(answer.status, answer.headers, said(answer.body), self._now()) if answer is not None else 0.0
            pause = self.pause(number, asks, waited)
            is_last = number >= tries or self._clock() - began > LONGEST_WAIT
            if pause is None or is_last or (silence is not None and not silence.may_pass):
                break
            self.wait(pause)
            waited += pause
        if answer is not None:
            return answer
        raise silence or NoAnswerError("GitHub does not answer")

    def _tried(  # noqa: PLR0913 - a request, and its bounds
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, limit: int, roams: bool
    ) -> tuple[Answer | None, NoAnswerError | None]:
        """One try: an answer, or why there is none."""
        if method not in {"GET", "HEAD"}:
            self._throttle()
        try:
            return self._followed(method, url, headers, body, limit=limit, roams=roams), None
        except (OSError, HTTPError) as error:  # all of requests' own are OSErrors
            return None, _silence(error, urlsplit(url).hostname or "the host", self._timeout)
        finally:
            if method not in {"GET", "HEAD"}:
                self._last_write = self._clock()

    def _throttle(self) -> None:
        if self._last_write is not None:
            self.wait(self._last_write + _BETWEEN_WRITES * self._patience - self._clock())

    def _followed(  # noqa: PLR0913 - a request, and its bounds
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, limit: int, roams: bool
    ) -> Answer:
        """The answer at the end of the redirects; what answers a write with 301 to 303 is not followed."""
        home = origin(url)
        for _ in range(MOST_REDIRECTS + 1):
            answer = replace(self._exchange(method, url, headers, body, limit), is_home=origin(url) == home)
            where = answer.headers.get("location", "")
            if answer.status not in _MOVED or not where:
                return answer
            if method != "GET" and answer.status not in _MOVED_AS_IT_IS:
                return answer
            url = _next(url, where)
            if origin(url) != home:
                if not roams:
                    raise ForeignError(f"its address leads to another host, {clean(origin(url)[1])}")
                headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        raise ForeignError(f"its address leads on and on, through more than {MOST_REDIRECTS} redirects")

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limit: int) -> Answer:
        """One request and one answer, on a connection of its own: none is left open or found broken."""
        with _Session() as session:
            told = {"User-Agent": USER_AGENT, **headers}
            with session.request(
                method, url, headers=told, data=body, timeout=self._timeout, allow_redirects=False, stream=True
            ) as response:
                names = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, names, self._read(response, limit))

    def _read(self, response: Response, limit: int) -> bytes:
        end = self._clock() + _SLOWEST * self._timeout
        parts, size = [], 0
        for part in response.iter_content(_CHUNK):
            size += len(part)
            if size > limit:
                raise ForeignError(f"the answer is larger than {limit:,} bytes")
            if self._clock() > end:
                raise TimeoutError
            parts.append(part)
        return b"".join(parts)


class _Session(requests.Session):
    """A session that adds nothing: no authorization from a .netrc file, and no look at where a redirect leads."""

    def __init__(self) -> None:
        super().__init__()
        self.auth = _as_it_is

    def get_redirect_target(self, resp: Response) -> str | None:  # noqa: ARG002 - the name that `requests` calls
        """None: even where no redirect is followed, `requests` parses its address and reads its body, however long."""
        return None


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    return request


def _is_busy(answer: Answer) -> bool:
    """Whether another try may help."""
    if answer.status < _REFUSAL:
        return False
    return answer.status >= _SERVER or is_limited(answer.status, answer.headers, said(answer.body))


def _silence(error: Exception, host: str, timeout: float) -> NoAnswerError:
    """Why there is no answer, in words of our own: an exception's text may hold a header or a proxy's password."""
    table: tuple[tuple[tuple[type[Exception], ...], str, str, bool], ...] = (
        (
            (exceptions.SSLError,),
            f"the certificate of {host} is not trusted",
            "Behind a proxy, or with Enterprise Server, REQUESTS_CA_BUNDLE names a file of the certificates to trust.",
            False,
        ),
        ((exceptions.Timeout, TimeoutError), f"{host} does not answer within {timeout:g} s", "", True),
        (
            (exceptions.ProxyError,),
            f"the proxy on the way to {host} does not answer",
            "Check HTTPS_PROXY and NO_PROXY.",
            True,
        ),
        ((exceptions.ConnectionError,), f"the connection to {host} cannot be made, or broke", "", True),
        (
            (exceptions.ChunkedEncodingError, exceptions.ContentDecodingError, HTTPError),
            f"the answer of {host} was cut off",
            "",
            True,
        ),
        (
            (exceptions.RequestException,),
            f"no request to {host} can be made",
            "Check GITHUB_API_URL and HTTPS_PROXY.",
            False,
        ),
    )
    for kinds, why, hint, may_pass in table:
        if isinstance(error, kinds):
            return NoAnswerError(why, hint, may_pass=may_pass)
    hint = "Check that REQUESTS_CA_BUNDLE names a file of certificates."  # what `requests` raises a bare OSError for
    return NoAnswerError(f"no connection to {host} can be set up", hint, may_pass=False)


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _next(url: str, where: str) -> str:
    """Where a redirect leads.

    Raises:
        ForeignError: it leads out of HTTP, from HTTPS to HTTP, or carries a name and a password.
    """
    try:
        target = urljoin(url, where)
        parts = urlsplit(target)
        _ = parts.port
    except ValueError:
        raise ForeignError("its address leads to one that is not valid") from None
    downgrades = url.startswith("https:") and parts.scheme == "http"
    if parts.scheme not in {"http", "https"} or downgrades or "@" in parts.netloc or not parts.hostname:
        raise ForeignError("its address leads to one that is not safe")
    return target
