"""What Linux offers a process to wall itself in: a network of its own, Landlock, and a filter of system calls.

None of these needs root but the network, and each says whether it could be had. `launch.py` calls it between `fork`
and `exec`. Sources: unshare(2), netdevice(7), landlock(7), seccomp(2), and the kernel's own headers.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NO_NEW_PRIVS, SUBREAPER, SET_SECCOMP, FILTER = 38, 36, 22, 2  # prctl(2)
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

# landlock(7): the same numbers on all architectures
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
REFER, TRUNCATE = 1 << 13, 1 << 14  # from versions 2 and 3 on
MAKE_AND_REMOVE = (1 << 13) - (1 << 4)  # bits 4 to 12
READING = EXECUTE | READ_FILE | READ_DIR
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE  # what a right to a file alone can hold
SCOPES = 3  # from version 6 on: abstract sockets of, and signals to, processes beyond the wall

# seccomp(2): where the numbers of system calls stand, and what they are
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # of BPF
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 1  # EPERM
X32 = 0x40000000
ARCHITECTURES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # with the number of socket(2)
IO_URING_SETUP = 425
AF_UNIX = 1


def _libc() -> Any:  # noqa: ANN401 - ctypes knows no types of a library's functions
    return ctypes.CDLL(None, use_errno=True)


def _prctl(*arguments: int) -> None:
    if _libc().prctl(*(ctypes.c_ulong(each) for each in (*arguments, 0, 0, 0, 0)[:5])):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def no_new_privileges() -> None:
    """No program that is run from now on gives more rights, as sudo would.

    Raises:
        OSError: the kernel refuses.
    """
    _prctl(NO_NEW_PRIVS, 1)


def adopt_orphans() -> None:
    """Become the parent of every process below this one that loses its own.

    Raises:
        OSError: the kernel refuses.
    """
    _prctl(SUBREAPER, 1)


# --- the network -------------------------------------------------------------------------------------------------


def new_network() -> bool:
    """Leave the machine's network for an empty one with a loopback of its own; needs root. Whether it worked."""
    if _libc().unshare(CLONE_NEWNET):
        return False
    import fcntl
    import socket

    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            flags = struct.unpack("16sh", fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0)))[1]
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))
    except OSError:
        pass  # no loopback, then: the network is out of reach all the same
    return True


def no_sockets() -> bool:
    """Refuse every socket but those between processes of this machine (AF_UNIX). Whether it worked.

    io_uring can make sockets past the filter, so it is refused, too; so are programs of another architecture, whose
    system calls have other numbers.
    """
    if platform.machine() not in ARCHITECTURES:
        return False
    architecture, socket = ARCHITECTURES[platform.machine()]
    program = [
        (LOAD, 0, 0, 4),  # the architecture
        (JUMP_EQUAL, 0, 7, architecture),
        (LOAD, 0, 0, 0),  # the number of the call
        (JUMP_AT_LEAST, 5, 0, X32),
        (JUMP_EQUAL, 4, 0, IO_URING_SETUP),
        (JUMP_EQUAL, 0, 2, socket),
        (LOAD, 0, 0, 16),  # its first argument: the family
        (JUMP_EQUAL, 0, 1, AF_UNIX),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in program))
    described = ctypes.create_string_buffer(struct.pack("HP", len(program), ctypes.addressof(code)))
    try:
        _prctl(SET_SECCOMP, FILTER, ctypes.addressof(described))
    except OSError:
        return False
    return True


# --- files -------------------------------------------------------------------------------------------------------


def ruleset(files: dict[str, list[str]]) -> int | None:
    """Rules that leave a process some files and folders to read, and some to write; None: the kernel has no Landlock.

    Args:
        files: Paths under `read`, `list` (folders whose names may be read) and `write`; what is not there is left out.

    Returns:
        A file descriptor for `restrict`.
    """
    libc = _libc()
    version = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION))
    if version < 1:
        return None
    writing = MAKE_AND_REMOVE | WRITE_FILE
    writing |= REFER if version >= 2 else 0  # noqa: PLR2004 - as the header says
    writing |= TRUNCATE if version >= 3 else 0  # noqa: PLR2004 - as above
    handled = READING | writing
    attributes = struct.pack("QQQ", handled, 0, SCOPES)[: 24 if version >= 6 else 16 if version >= 4 else 8]  # noqa: PLR2004 - as above
    rules = libc.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if rules < 0:
        return None
    for kind, rights in (("read", READING), ("list", READ_DIR), ("write", handled)):
        for path in files[kind]:
            _allow(libc, rules, path, rights)
    return int(rules)


def _allow(libc: Any, rules: int, path: str, rights: int) -> None:  # noqa: ANN401 - as above
    """Add one rule; what is not there needs none."""
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            rights &= OF_FILES
        rule = struct.pack("=Qi", rights, opened)
        libc.syscall(ADD_RULE, ctypes.c_int(rules), ctypes.c_int(PATH_BENEATH), rule, ctypes.c_uint32(0))
    finally:
        os.close(opened)


def restrict(rules: int) -> bool:
    """Hold this process, and all that it starts, to some rules for good. Whether it worked."""
    failed = _libc().syscall(RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0))
    os.close(rules)
    return not failed
