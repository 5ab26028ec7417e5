"""What the stations of a run find, as they find it: findings and timings."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlci.errors import UserError
from mlci.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlci.results import Severity

_DETAIL = 20_000  # characters of a traceback


@dataclass(slots=True)
class Record:
    """Findings in the order of their discovery; safe to write to from any thread.

    `at_fault` is set where the repository's own data or code kept a part from being judged.
    """

    findings: list[Finding] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    at_fault: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, findings: Iterable[Finding]) -> None:
        """Note findings."""
        with self._lock:
            self.findings += findings

    @contextmanager
    def timed(self, station: str) -> Iterator[None]:
        """Note how long a station takes, in seconds."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.timings[station] = round(time.monotonic() - start, 3)

    @contextmanager
    def reported(self, subject: str) -> Iterator[None]:
        """Turn an error of the user's into findings, so that the rest of the run goes on."""
        try:
            yield
        except UserError as error:
            self.failed(error, subject)

    def failed(self, error: UserError, subject: str) -> None:
        """Note that something of the repository's kept a part from being judged."""
        self.at_fault = True
        self.add(findings_of(error, subject))


def findings_of(error: UserError, subject: str, severity: Severity = "fail") -> tuple[Finding, ...]:
    """An error, or each of the problems that it holds, as findings."""
    return tuple(
        Finding(
            code=each.code,
            severity=severity,
            message=each.message,
            hint=each.hint,
            location=each.location,
            subject=subject,
            detail=str(getattr(each, "traceback", ""))[-_DETAIL:],
        )
        for each in getattr(error, "problems", ()) or (error,)
    )
