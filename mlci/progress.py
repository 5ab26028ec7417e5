"""Progress while long work runs: a live line on a terminal, plain lines in a log, groups in GitHub Actions."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Self, TextIO


class Progress(Protocol):
    """What a run tells while it works; safe to call from any thread."""

    def say(self, text: str) -> None:
        """A line that stays."""

    def doing(self, what: str, now: str) -> None:
        """What `what` is at just now; an empty `now` ends it."""

    def printed(self, what: str, text: str) -> None:
        """What `what` has printed in all; it is a stranger's text."""


class Silent:
    """Tells nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def doing(self, what: str, now: str) -> None:
        """Nothing."""

    def printed(self, what: str, text: str) -> None:
        """Nothing."""


class Lines:
    """One line for each thing that happened, with the seconds since the start.

    Args:
        stream: Where to write.
        shows_output: Whether to show what the code that trains has printed.
    """

    def __init__(self, stream: TextIO, *, shows_output: bool = False) -> None:
        self._stream = stream
        self._shows_output = shows_output
        self._start = time.monotonic()
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Write a line."""
        with self._lock:
            self._stream.write(f"[{time.monotonic() - self._start:5.1f} s] {text}\n")
            self._stream.flush()

    def doing(self, what: str, now: str) -> None:
        """Nothing: a log has no line that changes."""

    def printed(self, what: str, text: str) -> None:
        """Write each line after what printed it, so that it is told from mlci's own and is no command to a runner."""
        from mlci.github.commands import clean

        if self._shows_output and text.strip():
            lines = "".join(f"{what} | {line}\n" for line in clean(text).rstrip().splitlines())
            with self._lock:
                self._put(lines)

    def _put(self, text: str) -> None:
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        self._stream.flush()


class Live(Lines):
    """Lines, and below them one that always says what is being done."""

    def __init__(self, stream: TextIO, *, shows_output: bool = False) -> None:
        from rich.console import Console

        super().__init__(stream, shows_output=shows_output)
        self._console = Console(file=stream, highlight=False)
        self._status = self._console.status("starting")
        self._now: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def say(self, text: str) -> None:
        """Write a line above the live one."""
        seconds = time.monotonic() - self._start
        self._console.print(f"[{seconds:5.1f} s] {text}", markup=False)

    def _put(self, text: str) -> None:
        self._console.print(text, end="", markup=False, emoji=False, soft_wrap=True)

    def doing(self, what: str, now: str) -> None:
        """Change the live line."""
        from rich.text import Text

        with self._lock:
            if now:
                self._now[what] = now
            else:
                self._now.pop(what, None)
            shown = " · ".join(f"{name}: {at}" for name, at in self._now.items())
        self._status.update(Text(shown or "working"))


@contextmanager
def progress(
    environment: Mapping[str, str], stream: TextIO = sys.stderr, *, shows_output: bool = False
) -> Iterator[Progress]:
    """The kind of progress that suits where it is shown.

    Args:
        environment: This process's.
        stream: Where to write, outside of GitHub Actions.
        shows_output: Whether to show what the code that trains prints; in GitHub Actions it always is.
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        from mlci.github.commands import Log

        log = Log(sys.stdout, environment)  # one stream, for the runner does not keep two of them in order
        with log.group("mlci: what it did"), log.verbatim():
            yield Lines(sys.stdout, shows_output=True)
    elif stream.isatty() and environment.get("TERM") != "dumb":
        with Live(stream, shows_output=shows_output) as live:
            yield live
    else:
        yield Lines(stream, shows_output=shows_output)
