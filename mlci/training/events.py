"""What a child process says while it works: lines of JSON, followed as they are written."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIMIT = 1024 * 1024  # bytes of events that are read in all
CHUNK = 64 * 1024


class Event(BaseModel):
    """A step that a training is at."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    event: Literal["build", "fold", "fit", "predict", "saved", "score"]
    candidate: str = Field("", max_length=100)
    fold: int = 0
    of: int = 0

    def __str__(self) -> str:
        at = {"fold": f"fold {self.fold} of {self.of}", "saved": "saving"}.get(self.event, self.event)
        return f"{at} of `{self.candidate}`"


class Follower:
    """Reads events as they come, from a file that a stranger writes; lines that are no events are left out."""

    def __init__(self, path: Path, on_event: Callable[[Event], None] | None = None) -> None:
        self.last: Event | None = None
        self._path = path
        self._on_event = on_event
        self._read = 0
        self._rest = b""

    def poll(self) -> None:
        """Take in what was written since the last time."""
        *lines, self._rest = (self._rest + self._more()).split(b"\n")
        for line in lines:
            try:
                self.last = Event.model_validate_json(line)
            except ValidationError:
                continue
            if self._on_event is not None:
                self._on_event(self.last)

    def _more(self) -> bytes:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:  # not there yet
            return b""
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return b""
            chunk = os.pread(descriptor, min(CHUNK, LIMIT - self._read), self._read)
        finally:
            os.close(descriptor)
        self._read += len(chunk)
        return chunk
