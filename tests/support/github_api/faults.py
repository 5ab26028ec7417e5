"""Faults on order: what GitHub, and the way to it, do on a bad day."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING, Any

from github_api.traffic import Answer, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_IN_A_ROW = 2  # random faults for one method and path, so that bounded tries come through

_MESSAGES = {
    401: "Bad credentials",
    403: "Resource not accessible by integration",
    404: "Not Found",
    410: "This issue was deleted",
    422: "Validation Failed",
    429: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
}
_UNICORN = b"<!DOCTYPE html>\n<html><head><title>Unicorn! &middot; GitHub</title></head><body>\
<p>We had issues producing the response to your request.</p></body></html>\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to the next requests that match.

    Args:
        method: Regular expression for the whole method.
        path: Regular expression, searched in the path (without query and prefix).
        status: What is answered; None: only the delay, the answer is the true one.
        times: How many requests it happens to; None: all.
        after: The work is done first, and only then the fault is answered.
        headers: Further headers of the answer.
        body: What is answered: text or bytes as they are, anything else as JSON; None: what GitHub says then.
        drop: The connection is cut in place of an answer.
        delay: Seconds before the answer (before the work too where `after` is false).
        share: The chance that a request is hit, by turns with 502, a connection cut before the work, one cut after it,
            and 429 with Retry-After 0; never more than twice in a row for one method and path. It lasts, and all but
            `method`, `path` and `seed` do not count then.
        seed: Of the chance.
    """

    method: str = ".*"
    path: str = ""
    status: int | None = 502
    times: int | None = 1
    after: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    drop: bool = False
    delay: float = 0.0
    share: float | None = None
    seed: int = 0

    @property
    def answer(self) -> Answer:
        """What is sent in place of the true answer."""
        status = self.status or 502
        if isinstance(self.body, (bytes, str)):
            content = self.body.encode() if isinstance(self.body, str) else self.body
            return Answer(status, content, self.headers, "text/html; charset=utf-8")
        if self.body is not None:
            return Answer(status, self.body, self.headers)
        if status in _MESSAGES:
            return refusal(status, _MESSAGES[status], self.headers)
        return Answer(status, _UNICORN, self.headers, "text/html; charset=utf-8")


_BY_TURNS = (
    Fault(status=502),
    Fault(drop=True),
    Fault(drop=True, after=True),
    Fault(status=429, headers={"Retry-After": "0"}),
)


class _Pending:
    """A fault, and how much of it is left."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.left = fault.times if fault.share is None else None
        self._chance = random.Random(fault.seed)  # noqa: S311 - faults are repeatable on purpose
        self._kinds: Iterator[Fault] = cycle(_BY_TURNS)
        self._in_a_row: dict[tuple[str, str], int] = {}

    def hits(self, method: str, path: str) -> Fault | None:
        """What happens to this request; None where nothing does."""
        if self.left == 0 or not re.fullmatch(self.fault.method, method) or not re.search(self.fault.path, path):
            return None
        if self.fault.share is not None and not self._happens(method, path, self.fault.share):
            return None
        if self.left is not None:
            self.left -= 1
        return self.fault if self.fault.share is None else next(self._kinds)

    def _happens(self, method: str, path: str, share: float) -> bool:
        before = self._in_a_row.get((method, path), 0)
        happens = self._chance.random() < share and before < MOST_IN_A_ROW
        self._in_a_row[method, path] = before + 1 if happens else 0
        return happens


class Faults:
    """The faults on order; the first that matches a request is taken."""

    def __init__(self) -> None:
        self._pending: list[_Pending] = []

    def add(self, fault: Fault) -> None:
        """Order one."""
        re.compile(fault.method)
        re.compile(fault.path)
        self._pending.append(_Pending(fault))

    def clear(self) -> None:
        """Cancel all."""
        self._pending.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """What happens to this request; None where nothing does."""
        return next((hit for each in self._pending if (hit := each.hits(method, path)) is not None), None)
