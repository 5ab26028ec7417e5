"""Starts one command, waits for it and says what it cost; the standard library alone, and small on purpose.

Run as `python -I -S launch.py FD PROGRAM ARGUMENT…`; FD takes one line of JSON at the end: the wait status, processor
seconds and peak memory in bytes. Linux hands the peak memory of a process on to what it forks and executes, so a
command started straight from a parent that holds gigabytes of data would seem to need them: this process lies between
the two, and needs none. What is to hold for the command alone (another user, limits, no network) belongs between
`fork` and `exec`.
"""

from __future__ import annotations

import json
import os
import signal
import sys

KIBI = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes there, KiB on Linux
CANNOT_START = 127  # as a shell says it


def start(command: list[str]) -> None:
    """Become `command`; does not return."""
    for each in (signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores the latter two
        signal.signal(each, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606 - a shell is what must not stand between
    except OSError as error:
        os.write(2, f"mlci: cannot start {command[0]}: {error.strerror}\n".encode())
    os._exit(CANNOT_START)  # the forked half must not run the code of the other one


def main(channel: int, command: list[str]) -> None:
    """Run `command` and write what it cost to the file descriptor `channel`."""
    os.set_inheritable(channel, False)  # noqa: FBT003 - positional in the library
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it means the command; this one stays to say how that ended
    child = os.fork()
    if child == 0:
        start(command)
    _, status, usage = os.wait4(child, 0)
    cost = {
        "status": status,
        "seconds": usage.ru_utime + usage.ru_stime,
        "peak_memory": usage.ru_maxrss * KIBI,
    }
    os.write(channel, json.dumps(cost).encode())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
