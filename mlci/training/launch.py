"""Starts one command, waits for it and says what it cost; the standard library alone, and small on purpose.

Run as `python -I -S launch.py FD USER PROGRAM ARGUMENT…`; FD takes one line of JSON at the end: the wait status,
processor seconds and peak memory in bytes; USER is whom the command runs as, `UID:GID`, or `-` for the same user.

Linux hands the peak memory of a process on to what it forks and executes, so a command started straight from a parent
that holds gigabytes of data would seem to need them: this process lies between the two, and needs none. What is to
hold for the command alone (another user, limits, no network) belongs between `fork` and `exec`; this process stays who
it is, so that another user's command can neither end it nor forge what it says.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import warnings  # noqa: F401 - os.execvp needs it, when the library may lie where the command's user may not go

KIBI = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes there, KiB on Linux
CANNOT_START = 127  # as a shell says it
NO_NEW_PRIVS = 38  # prctl(2)
SAME = "-"


def become(user: str) -> None:
    """Give up root for good: another user, no groups but its own, no program that would give root back.

    Raises:
        OSError: the system does not allow it.
    """
    uid, gid = (int(number) for number in user.split(":"))
    os.fchown(1, uid, gid)  # the output's pipe: /dev/stdout and /dev/stderr are opened anew by who runs
    if sys.platform == "linux":
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def start(command: list[str], user: str) -> None:
    """Become `command`; does not return."""
    for each in (signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores the latter two
        signal.signal(each, signal.SIG_DFL)
    try:
        if user != SAME:
            become(user)
        os.execvp(command[0], command)  # noqa: S606 - a shell is what must not stand between
    except (OSError, ImportError) as error:
        who = "" if user == SAME else f" as user {user}"
        reason = getattr(error, "strerror", None) or error
        os.write(2, f"mlci: cannot start {command[0]}{who}: {reason}\n".encode())
    finally:
        os._exit(CANNOT_START)  # whatever went wrong, the forked half must not run the code of the other one


def main(channel: int, user: str, command: list[str]) -> None:
    """Run `command` and write what it cost to the file descriptor `channel`."""
    os.set_inheritable(channel, False)  # noqa: FBT003 - positional in the library
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it means the command; this one stays to say how that ended
    child = os.fork()
    if child == 0:
        start(command, user)
    _, status, usage = os.wait4(child, 0)
    cost = {
        "status": status,
        "seconds": usage.ru_utime + usage.ru_stime,
        "peak_memory": usage.ru_maxrss * KIBI,
    }
    os.write(channel, json.dumps(cost).encode())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
