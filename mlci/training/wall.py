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

SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/opt",
    "/nix/store",
    "/proc",
    "/sys",
    "/etc/resolv.conf",
)
"""What every program may read: the system's own, and nobody's data. `/proc` shows no process beyond the wall."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/shm")  # noqa: S108 - not files of ours
ACCELERATORS = ("/dev/nvidia*", "/dev/dri", "/dev/kfd")
"""Devices that every program may read and write."""

SECRETS = (
    *("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers", "/etc/sudoers.d"),
    *("/etc/ssh", "/etc/ssl/private", "/etc/krb5.keytab", "/etc/docker", "/etc/kubernetes"),
)
"""What root alone may read among those: hidden from code that runs as root."""
DOORS = (
    *("/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock", "/run/crio/crio.sock"),
    *("/var/lib/lxd/unix.socket", "/var/snap/lxd/common/lxd/unix.socket", "/run/libvirt/libvirt-sock"),
)
OF_ROOT = ("/run/dbus/system_bus_socket", "/run/systemd/private")
OF_USER = ("bus", "systemd/private", "docker.sock", "podman/podman.sock")
"""Sockets of services that run any program for who may write to them, beyond every wall."""

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
            "files": None if self.files == "allow" else self._files(user),
            "doors": list(doors(user)),
            "write": [str(each) for each in self.write],
            "memory": self.memory,
            "processes": self.processes,
            "file_size": self.file_size,
            "disk": self.disk,
        }

    def _files(self, user: User | None) -> dict[str, list[str]]:
        secrets = SECRETS if user is None and hasattr(os, "geteuid") and os.geteuid() == 0 else ()
        hidden = frozenset(Path(os.path.realpath(each)) for each in (*secrets, *self.hidden))
        libraries = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)  # a child is given it, too
        read = (*(Path(each) for each in (*SYSTEM, *libraries) if each.startswith("/")), *self.read)
        devices = [str(found) for pattern in ACCELERATORS for found in sorted(Path("/").glob(pattern[1:]))]
        parts = {each for path in read for each in around(Path(os.path.realpath(path)), hidden)}
        own = {each for path in self.write for each in around(Path(os.path.realpath(path)), hidden)}
        return {
            "read": sorted(str(path) for path, is_whole in parts if is_whole),
            "list": sorted(str(path) for path, is_whole in parts | own if not is_whole),
            "write": [*DEVICES, *devices, *sorted(str(path) for path, is_whole in own if is_whole)],
        }


OPEN = Wall()


def doors(user: User | None) -> tuple[str, ...]:
    """The sockets beyond which a child that runs as a user would be free."""
    if not hasattr(os, "geteuid"):
        return ()
    uid = user.uid if user else os.geteuid()
    return (*DOORS, *(OF_ROOT if uid == 0 else ()), *(f"/run/user/{uid}/{each}" for each in OF_USER))


def around(path: Path, hidden: frozenset[Path]) -> Iterator[tuple[Path, bool]]:
    """The parts of a file or folder that leave out what is hidden below it.

    A right to a folder holds for all that is below it. So a folder with something hidden is told apart (False): its
    names may be listed, also those of what is hidden, and nothing else.
    """
    if not hidden.isdisjoint((path, *path.parents)):
        return
    told_apart = frozenset(str(parent) for each in hidden for parent in each.parents)
    for name, is_whole in _around(str(path), frozenset(map(str, hidden)), told_apart):
        yield Path(name), is_whole


def _around(path: str, hidden: frozenset[str], told_apart: frozenset[str]) -> Iterator[tuple[str, bool]]:
    if path not in told_apart:
        yield path, True
        return
    yield path, False
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError:  # what mlci cannot list it cannot open up, either
        return
    for entry in entries:
        if not entry.is_symlink() and entry.path not in hidden:  # where a link leads to is granted, or not, as such
            yield from _around(entry.path, hidden, told_apart)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What of a wall held, as the launcher found it.

    Attributes:
        user: Whether the child ran as another user.
        files: Whether files beyond the wall were out of reach; None: that was not asked for.
        network: How the network was out of reach: in a `namespace` of its own or by a `filter` of system calls; `open`
            where neither could be had; `allowed` where that was asked for.
        doors: Sockets of services that run any program for the child, and so beyond the wall (`DOORS`).
    """

    user: bool = False
    files: bool | None = None
    network: Network = "allowed"
    doors: tuple[str, ...] = ()


def interpreter() -> tuple[Path, ...]:
    """The folders of this process's own interpreter and packages."""
    return tuple(dict.fromkeys(Path(each) for each in (sys.prefix, sys.base_prefix, sys.exec_prefix)))
