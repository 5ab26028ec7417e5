"""Workflow commands, and the files that the runner takes outputs and the summary from.

The runner reads commands out of whatever a step prints: a line that begins with `::` after white space, or one that
holds `##[` anywhere. So text of a repository's own goes through `Log.write`, where no line of it can be a command, or
stands in `Log.verbatim`, where the runner takes none.
"""

from __future__ import annotations

import re
import secrets
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

    from mlci.github.annotations import Annotation

SUMMARY = 1024 * 1024
"""Bytes of a step's summary: GitHub shows none that is larger."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}

_TERMINAL = re.compile(
    r"""
      (?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]                                          # colours, the cursor
    | (?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90-\x9f\r\n]*(?:\x07|\x1b\\|\x9c) # titles, links
    | \x1b[ -/]*[0-~]
    """,
    re.VERBOSE,
)
_BREAK = re.compile(r"[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")  # ends a line for some reader
_HIDDEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")

# the runner compares by language, and so passes over some letters: any that is not ASCII may be one of those
_BEGINNING = re.compile(r"\A([^\x21-\x7e]*:)(?=[^\x00-\x7f]*:)")
_MARKED = re.compile(r"(#[^\x00-\x7f]*#[^\x00-\x7f]*)\[")


def clean(text: str) -> str:
    """The text without what a terminal obeys and what hides or turns around other text; its lines are kept."""
    text = _BREAK.sub("\n", _TERMINAL.sub("", text))
    return _SURROGATE.sub("\ufffd", _HIDDEN.sub("", text))


def command(name: str, data: str = "", **properties: str) -> str:
    """A workflow command, as in `::error file=a.py,line=1::text`; properties that are empty are left out.

    Raises:
        ValueError: `name` or a property's is none that a command can have.
    """
    given = {key: cleaned for key, value in properties.items() if (cleaned := clean(value)).strip()}
    if not all(_NAME.fullmatch(each) for each in (name, *given)):
        raise ValueError(f"no command can be named {name!r} with {', '.join(given) or 'no'} properties")
    told = ",".join(f"{key}={_escaped(value, _PROPERTY)}" for key, value in given.items())
    return f"::{name}{' ' if told else ''}{told}::{_escaped(clean(data), _DATA)}"


def _escaped(text: str, how: Mapping[str, str]) -> str:
    return "".join(how.get(each, each) for each in text)


def annotate(annotation: Annotation) -> str:
    """The command that shows an annotation at a line of a file."""
    return command(_level(annotation), annotation.message, **_place(annotation), title=annotation.title)


def _level(annotation: Annotation) -> str:
    return "error" if annotation.level == "failure" else annotation.level


def _place(annotation: Annotation) -> dict[str, str]:
    return {"file": annotation.path, "line": str(annotation.line)} if annotation.path else {}


def _powerless(line: str) -> str:
    """The line with a space where it could otherwise be a command."""
    return _MARKED.sub(r"\1 [", _BEGINNING.sub(r"\1 ", line))


class Log:
    """What the action prints, on one stream so that it keeps its order; safe to call from any thread.

    Outside of GitHub Actions no command is written, and groups are plain headings.
    """

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        self._stream = stream
        self._is_read = environ.get("GITHUB_ACTIONS") == "true"  # by a runner
        self._lock = threading.RLock()
        self._secrets: tuple[str, ...] = ()
        self._token = ""  # by which commands are resumed; "" while none are stopped
        self._stops = 0
        self._groups = 0

    def mask(self, secret: str) -> None:
        """Have the runner hide a secret in all that is printed from now on, and hide it here."""
        if secret := secret.strip():
            with self._lock:
                self._secrets = tuple(sorted({*self._secrets, secret}, key=len, reverse=True))
                self._command(f"::add-mask::{_escaped(secret, _DATA)}")

    def write(self, text: str) -> None:
        """Write lines; none of them is a command to the runner."""
        with self._lock:
            for line in self._public(text).splitlines() or [""]:
                self._put(line if self._token else _powerless(line))

    def command(self, name: str, data: str = "", **properties: str) -> None:
        """Write a command, also amid text that is written verbatim."""
        given = {key: self._public(value) for key, value in properties.items()}
        self._command(command(name, self._public(data), **given))

    def annotate(self, annotation: Annotation) -> None:
        """Show an annotation at a line of a file."""
        self.command(_level(annotation), annotation.message, **_place(annotation), title=annotation.title)

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Fold what is written meanwhile; a group in a group is a heading, since GitHub knows one level."""
        with self._lock:
            self._groups += 1
            folds = self._is_read and self._groups == 1
            heading = " ".join(title.split())
            if folds:
                self.command("group", heading)
            else:
                self.write(heading)
        try:
            yield
        finally:
            with self._lock:
                self._groups -= 1
                if folds:
                    self.command("endgroup")

    @contextmanager
    def verbatim(self) -> Iterator[None]:
        """Have the runner take no commands meanwhile, also from what others write to the same stream.

        Only a random token resumes them, so that no text can; the outermost of several resumes.
        """
        try:
            with self._lock:
                self._stops += 1
                if self._stops == 1:
                    self._stop()
            yield
        finally:
            with self._lock:
                self._stops -= 1
                if self._stops == 0:
                    self._resume()

    def _stop(self) -> None:
        if self._is_read:
            self._token = secrets.token_hex(16)
            self._put(f"::stop-commands::{self._token}")

    def _resume(self) -> None:
        if self._token:
            self._put(f"::{self._token}::")
            self._token = ""

    def _command(self, line: str) -> None:
        if not self._is_read:
            return
        with self._lock:
            is_stopped = bool(self._token)
            self._resume()
            try:
                self._put(line)
            finally:
                if is_stopped:
                    self._stop()

    def _public(self, text: str) -> str:
        """The text without control characters and secrets."""
        text = clean(text)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _put(self, line: str) -> None:
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        self._stream.flush()


# --- files that the runner reads when the step has ended ---------------------------------------------------------


def set_outputs(environ: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Set the step's outputs, where there is a runner to take them.

    Raises:
        ValueError: no output can have such a name.
        UserError: the file cannot be written.
    """
    for name in outputs:
        if not _NAME.fullmatch(name):
            raise ValueError(f"no output can be named {name!r}")
    path = environ.get("GITHUB_OUTPUT", "")
    if path and outputs:
        end = f"ghadelimiter_{secrets.token_hex(16)}"
        told = "".join(f"{name}<<{end}\n{value}\n{end}\n" for name, value in outputs.items())
        _append(Path(path), "GITHUB_OUTPUT", told, None)


def add_summary(environ: Mapping[str, str], markdown: str) -> bool:
    """Add to the job's summary; whether there is one, and it had room for all of it.

    Raises:
        UserError: the file cannot be written.
    """
    path = environ.get("GITHUB_STEP_SUMMARY", "")
    return bool(path) and _append(Path(path), "GITHUB_STEP_SUMMARY", f"{markdown}\n", SUMMARY)


def _append(path: Path, variable: str, text: str, limit: int | None) -> bool:
    """Append whole lines to a file, unless it would then hold more than `limit` bytes."""
    content = text.encode("utf-8", "replace")
    try:
        with path.open("a+b") as file:
            size = file.seek(0, 2)
            if size:
                file.seek(-1, 2)
                content = content if file.read(1) == b"\n" else b"\n" + content
            if limit is not None and size + len(content) > limit:
                return False
            file.write(content)
    except OSError as error:
        raise UserError(
            f"The file that {variable} names cannot be written: {error.strerror}.",
            hint="GitHub Actions makes it for each step; does the step run as another user?",
            code="MLCI525",
        ) from None
    return True
