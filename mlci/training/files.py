"""Taking what a child process left: regular files, no links, no larger than expected.

Where mlci is root and the child is not, a link that the child planted must not make root read what the child may not.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from mlci.errors import TrainingError

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.training.users import User


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


def take(folder: Path, name: Path, target: Path, user: User | None) -> Path | None:
    """Move a regular file out of a stranger's folder, to where the stranger cannot change it any more.

    Args:
        folder: The stranger's.
        name: The file, relative to it; no part of it may be a link.
        target: Where it is to be, on the same file system.
        user: The stranger; the file must be theirs.

    Returns:
        `target`, or None where there is no such file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    opened: list[int] = []
    try:
        opened.append(os.open(folder, flags))
        for part in name.parts[:-1]:
            opened.append(os.open(part, flags, dir_fd=opened[-1]))
        os.rename(name.name, target, src_dir_fd=opened[-1])
    except OSError:
        return None
    finally:
        for each in opened:
            os.close(each)
    status = target.lstat()
    return target if stat.S_ISREG(status.st_mode) and (user is None or status.st_uid == user.uid) else None
