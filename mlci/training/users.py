"""Whom a child process runs as: another user where mlci is root, as in its container, and wherever else that can be.

What that user may not read or do is the operating system's to enforce: the parent's environment and memory, its
scratch folder, and the files of the repository that only their owner may write to.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mlci.errors import TrainingError, UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

VARIABLE = "MLCI_CHILD_USER"
UNASKED = ("mlci", "nobody")  # where the variable is not set: the first that may read all that it needs
BASE = "-base"  # NAME-base, where there is such a user, trains the base's side


@dataclass(frozen=True, slots=True)
class User:
    """A user of the system, with the one group that a child of it has.

    Attributes:
        name: As the system knows it.
        uid: Its number.
        gid: Its group's.
        is_named: Whether it was asked for; otherwise it gives way where something that is needed is closed to it.
    """

    name: str
    uid: int
    gid: int
    is_named: bool = True


def child(
    side: Literal["head", "base"] = "head",
    environ: Mapping[str, str] | None = None,
    *,
    needs: Sequence[Path] = (),
    enters: Sequence[Path] = (),
) -> User | None:
    """Whom one side's code runs as; None: as this process, which is not root, or was told nobody and found nobody.

    The sides run as two users where there are two: a pull request's code cannot touch what it is compared with.

    Args:
        side: Whose code it is.
        environ: The environment that names the user; this process's by default.
        needs: What a user that nobody named must be able to read; nothing: nobody is chosen then.
        enters: Folders that it must be able to enter.

    Raises:
        UserError: there is no such user, or it is root.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    asked = (os.environ if environ is None else environ).get(VARIABLE)
    if asked is None:
        return _unasked(side, needs, enters)
    name = asked.strip()
    if not name:
        return None
    user = _known(name)
    if user is None or user.uid == 0:
        raise UserError(
            f"{VARIABLE} names `{name}`, which is {'root' if user else 'no user of this system'}.",
            hint="Name the user that code of the repository is to run as, or set it to nothing to run all as root.",
        )
    return (_known(name + BASE) or user) if side == "base" else user


def _unasked(side: Literal["head", "base"], needs: Sequence[Path], enters: Sequence[Path]) -> User | None:
    for name in UNASKED if needs else ():
        users = [user for user in (_known(name + BASE) if side == "base" else None, _known(name)) if user]
        for user in users[:1]:
            is_open = not any(barred(path, user) for path in needs)
            if user.uid and is_open and not any(barred(path, user, rights=ENTER) for path in enters):
                return replace(user, is_named=False)
    return None


def _known(name: str) -> User | None:
    import pwd

    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return User(entry.pw_name, entry.pw_uid, entry.pw_gid)


@contextmanager
def reachable(folder: Path, *needs: Path) -> Iterator[None]:
    """Let a child that runs as another user reach what it is told of in a folder, without seeing what else is there.

    Args:
        folder: Of this process, closed to others so far.
        needs: What a user that nobody named must be able to read; where it is not, the folder stays closed.

    Raises:
        UserError: the user that is to run code of the repository is none of this system.
    """
    if child(needs=needs, enters=(folder.parent,)) is None:
        yield
        return
    folder.chmod(0o711)
    before = os.umask(0o022)  # jobs, tables and work trees that are written from now on can be read
    try:
        yield
    finally:
        os.umask(before)


def give(folder: Path, user: User | None) -> None:
    """Make a folder a user's own, which nobody else but root may look into."""
    if user is not None:
        os.chown(folder, user.uid, user.gid, follow_symlinks=False)
        folder.chmod(stat.S_IRWXU)


READ, ENTER, WRITE = stat.S_IROTH, 0, stat.S_IROTH | stat.S_IWOTH


def barred(path: Path, user: User | None, *, rights: int = READ) -> Path | None:
    """The first folder on the way to a file or folder, or that itself, which is closed to a user; None: all is open.

    Args:
        path: What it wants.
        user: Who; None is let in.
        rights: What for, once there: READ, ENTER or WRITE.
    """
    if user is None:
        return None
    real = path.resolve()
    for each in (*reversed(real.parents), real):
        status = each.stat()
        wanted = stat.S_IXOTH if stat.S_ISDIR(status.st_mode) else 0
        if each == real:
            wanted |= rights
        if _granted(status, user) & wanted != wanted:
            return each
    return None


def settled(user: User | None, reads: Iterable[Path], writes: Iterable[Path] = ()) -> User | None:
    """Whom code runs as in the end: a user that nobody named gives way where something is closed to it.

    Args:
        user: Whom it is to run as.
        reads: Files and folders that it needs to read, where they are there.
        writes: Folders that it needs to write to.
    """
    if user is None or user.is_named:
        return user
    wanted = [*((path, READ) for path in reads), *((path, WRITE) for path in writes)]
    is_closed = any(path.exists() and barred(path, user, rights=rights) for path, rights in wanted)
    return None if is_closed else user


def require_open(subject: str, user: User | None, *needed: Path) -> None:
    """See that another user, where one runs the code, may read the repository, the job and what is run.

    Args:
        subject: The training, as a sentence names it.
        user: Whom it runs as.
        needed: What that user must be able to read.

    Raises:
        TrainingError: a folder on the way is closed to others.
    """
    closed = next((each for each in (barred(path, user) for path in needed) if each), None)
    if user is not None and closed is not None:
        raise TrainingError(
            f"{subject} cannot be trained: its code runs as the user `{user.name}`, who may not read {closed}.",
            hint=f"Open it to others (`chmod o+rx`) in an earlier step, or set {VARIABLE} to nothing: then all "
            "runs as root.",
        )


def _granted(status: os.stat_result, user: User) -> int:
    """What a user may do with a file, as the bits that hold for others."""
    if status.st_uid == user.uid:
        return status.st_mode >> 6
    return status.st_mode >> 3 if status.st_gid == user.gid else status.st_mode
