"""Reading what a child process left: a regular file, no link, no larger than expected."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from mlci.errors import TrainingError

if TYPE_CHECKING:
    from pathlib import Path


def read_regular(path: Path, limit: int, *, what: str, code: str) -> bytes:
    """The content of a file that a stranger wrote.

    Args:
        path: Where it should be.
        limit: Bytes that it may have.
        what: What it is, to begin a sentence with.
        code: Of the error, where it is not as it should be.

    Raises:
        TrainingError: it is not there, is no regular file (a symbolic link, a pipe, a device), or is too large.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        reason = "is a symbolic link" if path.is_symlink() else f"cannot be read ({error.strerror})"
        raise TrainingError(f"{what} {reason}.", hint="Write a regular file.", code=code) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise TrainingError(f"{what} is no regular file.", hint="Write a regular file.", code=code)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(min(limit, status.st_size) + 1)
    finally:
        os.close(descriptor)
    if max(len(content), status.st_size) > limit:
        raise TrainingError(
            f"{what} is larger than {limit:,} bytes, which is more than it can need.",
            hint="Write nothing but what the documentation names.",
            code=code,
        )
    return content
