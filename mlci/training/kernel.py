"""What Linux offers a process to wall itself in: a network of its own, Landlock, and a filter of system calls.

None of these needs root but the network, and each says whether it could be had. `launch.py` calls it between `fork`
and `exec`. Sources: unshare(2), netdevice(7), capabilities(7), landlock(7), seccomp(2), and the kernel's own headers.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NO_NEW_PRIVS, SUBREAPER, SET_SECCOMP, FILTER, DUMPABLE, BOUNDING_DROP = 38, 36, 22, 2, 4, 24  # prctl(2)
CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUSER = 0x40000000, 0x00020000, 0x10000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 1 << 18  # mount(2)
CAPABILITIES_VERSION = 0x20080522
KEPT_CAPABILITIES = (0, 1, 3, 4)  # to own, read and change files whoever owns them: Landlock says which
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

# landlock(7): the same numbers on all architectures
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15  # from versions 2, 3 and 5 on
MAKE_AND_REMOVE = (1 << 13) - (1 << 4)  # bits 4 to 12
MAKE_DEVICES = 1 << 6 | 1 << 11  # nobody is granted these: a disk's own device shows all of its files
READING = EXECUTE | READ_FILE | READ_DIR
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV  # what a right to a file alone can hold
SCOPES = 3  # from version 6 on: abstract sockets of, and signals to, processes beyond the wall

# seccomp(2): where the numbers of system calls stand, and what is answered
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_IF_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # of BPF
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
ALLOW, REFUSE, MISSING = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38  # EPERM, ENOSYS
X32 = 0x40000000
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
LOCAL = (AF_UNIX,)
NAMESPACED = (AF_UNIX, AF_INET, AF_INET6, AF_NETLINK)  # others, such as AF_VSOCK, pass by a network namespace
CALLS = {
    "x86_64": {
        "architecture": 0xC000003E, "socket": 41, "clone": 56, "unshare": 272, "setns": 308, "bpf": 321,
        "add_key": 248, "request_key": 249, "keyctl": 250,
        "shmget": 29, "semget": 64, "msgget": 68, "mq_open": 240,
    },
    "aarch64": {
        "architecture": 0xC00000B7, "socket": 198, "clone": 220, "unshare": 97, "setns": 268, "bpf": 280,
        "add_key": 217, "request_key": 218, "keyctl": 219,
        "shmget": 194, "semget": 190, "msgget": 186, "mq_open": 180,
    },
}  # fmt: skip
IO_URING_SETUP, CLONE3 = 425, 435  # on both
REFUSED = (
    "setns", "bpf",  # back out of a namespace; into the kernel
    "add_key", "request_key", "keyctl",  # the session's keys, which are the runner's
    "shmget", "semget", "msgget", "mq_open",  # they reach processes beyond the wall, and outlive those within
)  # fmt: skip


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


def hide() -> None:
    """Let no process of the same user look into this one, through /proc or as a debugger does, nor write to its files.

    Raises:
        OSError: the kernel refuses.
    """
    _prctl(DUMPABLE, 0)


def show() -> None:
    """Undo `hide`, in what was forked from a process that hides.

    Raises:
        OSError: the kernel refuses.
    """
    _prctl(DUMPABLE, 1)


def drop_capabilities() -> bool:
    """Leave root its files and nothing else: no clock, no mounts, no devices, no namespaces. Whether it worked."""
    libc, kept = _libc(), sum(1 << each for each in KEPT_CAPABILITIES)
    for each in range(64):  # what is run later gets none of them back; only some containers need `capset` alone
        if not kept >> each & 1:
            libc.prctl(BOUNDING_DROP, ctypes.c_ulong(each), *(ctypes.c_ulong(0),) * 3)
    header = struct.pack("Ii", CAPABILITIES_VERSION, 0)
    buffer = ctypes.create_string_buffer(24)
    if libc.capget(header, buffer):
        return False
    has = struct.unpack("6I", buffer.raw)[1] & kept
    return not libc.capset(header, struct.pack("6I", has, has, 0, 0, 0, 0))


def cover(paths: list[str]) -> None:
    """Put nothing in the place of some files, for this process and what it starts; where that needs root, nothing."""
    libc = _libc()
    if not paths or libc.unshare(CLONE_NEWNS):
        return
    if libc.mount(b"none", b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None):
        return
    for each in paths:
        libc.mount(b"/dev/null", os.fsencode(each), None, ctypes.c_ulong(MS_BIND), None)


def covered(path: str) -> bool:
    """Whether nothing is in the place of a file: what `cover` puts there is a device."""
    return stat.S_ISCHR(os.stat(path).st_mode)


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


def filter_calls(families: tuple[int, ...] | None) -> bool:
    """Refuse system calls that lead around the wall. Whether it worked.

    io_uring makes sockets past any filter of them, so it is refused; so are programs of another architecture, whose
    calls have other numbers, and a namespace of users, in which everybody is root.

    Args:
        families: Of sockets that may be made; None: all.
    """
    calls = CALLS.get(os.uname().machine)
    if calls is None:
        return False
    program = [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_EQUAL, 1, 0, calls["architecture"]),
        (RETURN, 0, 0, REFUSE),
        (LOAD, 0, 0, NUMBER),
        (JUMP_AT_LEAST, 0, 1, X32),
        (RETURN, 0, 0, REFUSE),
    ]
    for number in (IO_URING_SETUP, *(calls[name] for name in REFUSED)):
        program += [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE)]
    program += [(JUMP_EQUAL, 0, 1, CLONE3), (RETURN, 0, 0, MISSING)]  # libraries use `clone` then, which can be read
    for name in ("clone", "unshare"):
        program += [
            (JUMP_EQUAL, 0, 4, calls[name]),
            (LOAD, 0, 0, FIRST_ARGUMENT),
            (JUMP_IF_SET, 0, 1, CLONE_NEWUSER),
            (RETURN, 0, 0, REFUSE),
            (RETURN, 0, 0, ALLOW),
        ]
    if families is not None:
        program += [(JUMP_EQUAL, 0, 2 * len(families) + 2, calls["socket"]), (LOAD, 0, 0, FIRST_ARGUMENT)]
        for family in families:
            program += [(JUMP_EQUAL, 0, 1, family), (RETURN, 0, 0, ALLOW)]
        program += [(RETURN, 0, 0, REFUSE)]
    program += [(RETURN, 0, 0, ALLOW)]
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
    writing |= IOCTL_DEV if version >= 5 else 0  # noqa: PLR2004 - as above
    handled = READING | writing
    attributes = struct.pack("QQQ", handled, 0, SCOPES)[: 24 if version >= 6 else 16 if version >= 4 else 8]  # noqa: PLR2004 - as above
    rules = libc.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if rules < 0:
        return None
    for kind, rights in (("read", READING), ("list", READ_DIR), ("write", handled & ~MAKE_DEVICES)):
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
