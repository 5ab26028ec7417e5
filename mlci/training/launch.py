"""Starts one command behind a wall, watches over it and says what it cost; the standard library alone.

Run as `python -I -S launch.py CHANNEL CONTROL WALL PROGRAM ARGUMENT…`. WALL is `mlci.training.wall.Wall.spec` as JSON.
The file descriptor CHANNEL takes two lines of JSON: what of the wall held, before the command starts; and at the end
the wait status, processor seconds, peak memory in bytes, and the limit that was passed, if one was. CONTROL is the
reading end of a pipe: where it is closed, and so where mlci itself is killed, nothing of the command is left.

Linux hands the peak memory of a process on to what it forks and executes, so a command started straight from a parent
that holds gigabytes of data would seem to need them: this process lies between the two, and needs none. It stays who it
is, so that another user's command can neither end it nor forge what it says. It adopts what the command leaves behind
(PR_SET_CHILD_SUBREAPER, prctl(2)), so that a daemon ends with the rest.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
import warnings  # noqa: F401 - os.execvp needs it, when the library may lie where the command's user may not go

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

KIBI = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes there, KiB on Linux
IS_LINUX = sys.platform == "linux"
CANNOT_START = 127  # as a shell says it
BEAT = 0.25  # seconds between two looks at what the command uses
DISK_EVERY = 8  # beats between two looks at its files
PATIENCE = 20.0  # seconds within which everything that the command left has to be gone
TASKS = 4096  # processes and threads of a user of its own, whatever the limit on processes


def beside() -> Any:  # noqa: ANN401 - a module
    """The file `kernel.py` beside this one."""
    import kernel  # type: ignore[import-not-found]

    return kernel


# --- what holds for the command alone ----------------------------------------------------------------------------


def limit(spec: dict[str, Any]) -> None:
    """Limits that the kernel itself keeps: the size of a file, no dump of the memory, a user's processes."""
    import resource

    def lower(what: int, most: int) -> None:
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))

    lower(resource.RLIMIT_CORE, 0)
    if spec["file_size"] is not None:
        lower(resource.RLIMIT_FSIZE, spec["file_size"])
    if spec["user"] is not None and spec["processes"] is not None:  # of root it is not kept, and others' would count
        lower(resource.RLIMIT_NPROC, max(TASKS, 2 * spec["processes"]))
    if IS_LINUX:  # where the machine runs out of memory, this is what ends; not mlci
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("1000")


def become(user: list[int]) -> None:
    """Give up root for good: another user, no groups but its own.

    Raises:
        OSError: the system does not allow it.
    """
    uid, gid = user
    os.fchown(1, uid, gid)  # the output's pipe: /dev/stdout and /dev/stderr are opened anew by who runs
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def build(spec: dict[str, Any]) -> dict[str, Any]:
    """Build the wall around this very process; gives what of it holds.

    Raises:
        OSError: the user cannot be changed; the rest is told and not raised.
    """
    held: dict[str, Any] = {"user": spec["user"] is not None, "files": None, "network": "allowed"}
    limit(spec)
    if not IS_LINUX:
        if spec["user"] is not None:
            become(spec["user"])
        held["files"] = None if spec["files"] is None else False
        held["network"] = "allowed" if spec["network"] == "allow" else "open"
        return held
    kernel = beside()
    if spec["network"] == "deny":
        held["network"] = "namespace" if kernel.new_network() else "open"
    rules = kernel.ruleset(spec["files"]) if spec["files"] is not None else None
    kernel.no_new_privileges()
    if spec["user"] is not None:
        become(spec["user"])
    if spec["files"] is not None:
        held["files"] = rules is not None and kernel.restrict(rules)
    if held["network"] == "open":
        held["network"] = "filter" if kernel.no_sockets() else "open"
    return held


def start(command: list[str], spec: dict[str, Any], channel: int) -> None:
    """Become `command`; does not return."""
    for each in (signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores the latter two
        signal.signal(each, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        held = build(spec)
        os.write(channel, (json.dumps(held) + "\n").encode())
        os.execvp(command[0], command)  # noqa: S606 - a shell is what must not stand between
    except (OSError, ImportError) as error:
        who = "" if spec["user"] is None else " as user {}:{}".format(*spec["user"])
        reason = getattr(error, "strerror", None) or error
        os.write(2, f"mlci: cannot start {command[0]}{who}: {reason}\n".encode())
    finally:
        os._exit(CANNOT_START)  # whatever went wrong, the forked half must not run the code of the other one


# --- what is watched ---------------------------------------------------------------------------------------------


def descendants() -> list[int]:
    """The processes below this one, those that lost their parent included; none where there is no /proc."""
    below: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if IS_LINUX else ():
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
                below.setdefault(parent, []).append(int(name))
    found = list(below.get(os.getpid(), ()))
    for each in found:  # grows while it is walked
        found += below.get(each, ())
    return found


def memory(processes: list[int]) -> int:
    """Bytes that some processes hold: each one's own, and what the one that shares most shares."""
    page = os.sysconf("SC_PAGE_SIZE")
    own = shared = 0
    for each in processes:
        with contextlib.suppress(OSError, ValueError), open(f"/proc/{each}/statm", "rb") as file:
            resident, common = (int(number) for number in file.read().split()[1:3])
            own += resident - common
            shared = max(shared, common)
    return (own + shared) * page


def size(folder: str) -> Iterator[int]:
    """Bytes on disk of each file below a folder; links are not followed."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    yield from size(entry.path)
                yield entry.stat(follow_symlinks=False).st_blocks * 512


def passed(spec: dict[str, Any], beat: int) -> str:
    """The limit that the command has passed just now; "" where it keeps all."""
    if spec["memory"] is None and spec["processes"] is None and spec["disk"] is None:
        return ""
    running = descendants()
    if spec["processes"] is not None and len(running) > spec["processes"]:
        return "processes"
    if spec["memory"] is not None and memory(running) > spec["memory"]:
        return "memory"
    if spec["disk"] is not None and beat % DISK_EVERY == 0:
        total = 0
        for folder in spec["write"]:
            for each in size(folder):
                total += each
                if total > spec["disk"]:
                    return "disk"
    return ""


def sweep() -> None:
    """End everything below this process; what is forked meanwhile is found in the next round."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        running = descendants()
        for each in running:
            with contextlib.suppress(OSError):
                os.kill(each, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def wait(child: int, control: int, woken: int, spec: dict[str, Any]) -> tuple[int, Any, str]:
    """Wait for the command, and end it where it passes a limit or mlci is gone; how it ended, its cost, the limit."""
    limit_passed, beat, next_beat = "", 0, time.monotonic() + BEAT
    sources = [control, woken]
    while True:
        number, status, usage = os.wait4(-1, os.WNOHANG)
        if number == child:
            return status, usage, limit_passed
        if number:
            continue  # an orphan that was adopted
        ready, _, _ = select.select(sources, [], [], max(0.0, next_beat - time.monotonic()))
        if woken in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(woken, 4096)
        if control in ready:
            sources.remove(control)
            os.kill(child, signal.SIGKILL)
        if time.monotonic() >= next_beat:
            beat, next_beat = beat + 1, time.monotonic() + BEAT
            limit_passed = limit_passed or passed(spec, beat)
            if limit_passed:
                os.kill(child, signal.SIGKILL)


def main(channel: int, control: int, spec: dict[str, Any], command: list[str]) -> None:
    """Run `command` behind its wall and write what it cost to the file descriptor `channel`."""
    for each in (channel, control):
        os.set_inheritable(each, False)  # noqa: FBT003 - positional in the library
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it means the command; this one stays to say how that ended
    woken, waking = os.pipe()
    for each in (woken, waking):
        os.set_blocking(each, False)
    signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    if IS_LINUX:
        beside().adopt_orphans()
    child = os.fork()
    if child == 0:
        start(command, spec, channel)
    try:
        status, usage, limit_passed = wait(child, control, woken, spec)
    finally:
        sweep()
    cost = {
        "status": status,
        "seconds": usage.ru_utime + usage.ru_stime,
        "peak_memory": usage.ru_maxrss * KIBI,
        "limit": limit_passed,
    }
    with contextlib.suppress(BrokenPipeError):  # nobody is left to tell
        os.write(channel, (json.dumps(cost) + "\n").encode())


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    main(int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4:])
