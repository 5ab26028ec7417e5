"""The wall around code of the repository: what a child may read, write and reach, and what of that held. Pure.

`launch.py` builds it, in the child, before the child becomes what it is to run.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlci.config.sandbox import Rule
    from mlci.training.users import User

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix/store", "/proc", "/sys")
"""What every program may read: the system's own, and nobody's data. `/proc` shows no process beyond the wall."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/shm", "/dev/tty")  # noqa: S108 - not files of ours
ACCELERATORS = ("/dev/nvidia*", "/dev/dri", "/dev/kfd")
"""Devices that every program may read and write."""

Network = Literal["namespace", "filter", "open", "allowed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """What a child may do. The defaults wall nothing off.

    Attributes:
        network: Whether it may reach the network.
        files: Whether it may touch files beyond `read`, `write` and the system's own.
        read: Files and folders that it may read.
        write: Folders that it may read and write.
        hidden: Files and folders below those of `read` that it may not even read.
        memory: Bytes of all its processes together.
        processes: That it may run at once.
        file_size: Bytes of one file that it writes.
        disk: Bytes of all files in `write`.
        env: Variables that it is given, beside those of every child.
    """

    network: Rule = "allow"
    files: Rule = "allow"
    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    memory: int | None = None
    processes: int | None = None
    file_size: int | None = None
    disk: int | None = None
    env: Mapping[str, str] = field(default_factory=dict)

    def widened(self, *, read: Iterable[Path] = (), write: Iterable[Path] = ()) -> Wall:
        """The same wall with more to read and to write."""
        return replace(self, read=(*self.read, *read), write=(*self.write, *write))

    def spec(self, user: User | None) -> dict[str, Any]:
        """The wall as `launch.py` reads it."""
        return {
            "user": [user.uid, user.gid] if user else None,
            "network": self.network,
            "files": None if self.files == "allow" else self._files(),
            "write": [str(each) for each in self.write],
            "memory": self.memory,
            "processes": self.processes,
            "file_size": self.file_size,
            "disk": self.disk,
        }

    def _files(self) -> dict[str, list[str]]:
        hidden = frozenset(Path(os.path.realpath(each)) for each in self.hidden)
        read = (*(Path(each) for each in SYSTEM), *self.read)
        devices = [str(found) for pattern in ACCELERATORS for found in sorted(Path("/").glob(pattern[1:]))]
        parts = {each for path in read for each in around(Path(os.path.realpath(path)), hidden)}
        return {
            "read": sorted(str(path) for path, is_whole in parts if is_whole),
            "list": sorted(str(path) for path, is_whole in parts if not is_whole),
            "write": [*DEVICES, *devices, *(os.path.realpath(each) for each in self.write)],
        }


OPEN = Wall()


def around(path: Path, hidden: frozenset[Path]) -> Iterator[tuple[Path, bool]]:
    """The parts of a file or folder that leave out what is hidden below it.

    A right to a folder holds for all that is below it. So a folder with something hidden is told apart (False): its
    names may be listed, also those of what is hidden, and nothing else.
    """
    if any(path == each or each in path.parents for each in hidden):
        return
    if not any(path in each.parents for each in hidden):
        yield path, True
        return
    yield path, False
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError:  # what mlci cannot list it cannot open up, either
        return
    for entry in entries:
        if entry.is_symlink():
            continue  # where it leads to is granted, or not, in its own place
        yield from around(path / entry.name, hidden)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What of a wall held, as the launcher found it.

    Attributes:
        user: Whether the child ran as another user.
        files: Whether files beyond the wall were out of reach; None: that was not asked for.
        network: How the network was out of reach: in a `namespace` of its own or by a `filter` of system calls; `open`
            where neither could be had; `allowed` where that was asked for.
    """

    user: bool = False
    files: bool | None = None
    network: Network = "allowed"


def interpreter() -> tuple[Path, ...]:
    """The folders of this process's own interpreter and packages."""
    return tuple(dict.fromkeys(Path(each) for each in (sys.prefix, sys.base_prefix, sys.exec_prefix)))
