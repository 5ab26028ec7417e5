"""Starts one command behind a wall, watches over it and says what it cost; the standard library alone.

Run as `python -I -S launch.py CHANNEL CONTROL PROGRAM ARGUMENT…`. CONTROL is the reading end of a pipe: it gives one
line, `mlci.training.wall.Wall.spec` as JSON (which may be too long for an argument); where it is closed, and so where
mlci itself is killed, nothing of the command is left. The file descriptor CHANNEL takes two lines of JSON: what of
the wall held, before the command starts; and at the end the wait status, processor seconds, peak memory in bytes, and
the limit that was passed, if one was.

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
    from typing import Any

KIBI = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes there, KiB on Linux
IS_LINUX = sys.platform == "linux"
CANNOT_START = 127  # as a shell says it
BEAT = 0.25  # seconds between two looks at what the command uses
DISK_EVERY = 2.0  # seconds between two looks at its files, at least
DISK_SHARE = 20  # times as long as such a look takes: a million files are not to keep a processor busy
PATIENCE = 20.0  # seconds within which everything that the command left has to be gone
TASKS = 4096  # processes and threads of a user of its own, whatever the limit on processes


def kernel() -> Any:  # noqa: ANN401 - a module
    """The file `kernel.py` beside this one."""
    import kernel  # type: ignore[import-not-found]

    return kernel


def gauge() -> Any:  # noqa: ANN401 - a module
    """The file `gauge.py` beside this one."""
    import gauge  # type: ignore[import-not-found]

    return gauge


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
    user, files, denied = spec["user"], spec["files"], spec["network"] == "deny"
    held: dict[str, Any] = {"user": user is not None, "files": None, "network": "allowed", "doors": []}
    limit(spec)
    if not IS_LINUX:
        if user is not None:
            become(user)
        held["files"] = None if files is None else False
        held["network"] = "open" if denied else "allowed"
        return held
    linux, walled = kernel(), denied or files is not None
    if walled:
        linux.cover([path for path in spec["doors"] if os.path.exists(path)])
    if denied:
        held["network"] = "namespace" if linux.new_network() else "open"
    rules = linux.ruleset(files) if files is not None else None
    linux.no_new_privileges()
    if user is not None:
        become(user)
    elif walled and os.geteuid() == 0:
        linux.drop_capabilities()
    if files is not None:
        held["files"] = rules is not None and linux.restrict(rules)
    if walled:
        held["doors"] = [path for path in spec["doors"] if os.access(path, os.W_OK) and not linux.covered(path)]
        families = {"namespace": linux.NAMESPACED, "open": linux.LOCAL}.get(held["network"])
        if linux.filter_calls(families) and held["network"] == "open":
            held["network"] = "filter"
    return held


def start(command: list[str], spec: dict[str, Any], channel: int) -> None:
    """Become `command`; does not return."""
    for each in (signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores the latter two
        signal.signal(each, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        if IS_LINUX:
            kernel().show()  # its files in /proc are its own again; from the command's own start on they are anyway
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


class Watch:
    """Looks at what the command uses, now and then."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._processes, self._memory, self._disk = spec["processes"], spec["memory"], spec["disk"]
        self._folders = spec["write"]
        self._next_look = 0.0

    def passed(self) -> str:
        """The limit that the command has passed just now; "" where it keeps all."""
        if self._processes is self._memory is self._disk is None:
            return ""
        running = gauge().descendants()
        if self._processes is not None and len(running) > self._processes:
            return "processes"
        if self._memory is not None and gauge().memory(running) > self._memory:
            return "memory"
        return self._looked(running) if time.monotonic() >= self._next_look else ""

    def _looked(self, running: list[int]) -> str:
        """The same, of what takes longer to see."""
        start = time.monotonic()
        in_memory, on_disk = gauge().nameless(running)
        if self._memory is not None and in_memory > self._memory:
            return "memory"
        if self._disk is not None:
            for each in gauge().files(self._folders):
                on_disk += each
                if on_disk > self._disk:
                    break
            if on_disk > self._disk:
                return "disk"
        end = time.monotonic()
        self._next_look = end + max(DISK_EVERY, DISK_SHARE * (end - start))
        return ""


def sweep() -> bool:
    """End everything below this process; whether nothing is left.

    It kills its own children alone, and becomes the parent of what they leave: the number of a child is nobody else's
    until it is waited for. A process that forks and ends, again and again, is this one's child each time.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for each in gauge().children():
            with contextlib.suppress(OSError):
                os.kill(each, signal.SIGKILL)
        has_ended = False
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                has_ended = True
        except ChildProcessError:
            return True
        if not has_ended:
            time.sleep(0.001)
    return False


def wait(child: int, control: int, woken: int, spec: dict[str, Any]) -> tuple[int, Any, str]:
    """Wait for the command, and end it where it passes a limit or mlci is gone; how it ended, its cost, the limit."""
    watch, limit_passed, next_beat = Watch(spec), "", time.monotonic() + BEAT
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
            limit_passed = limit_passed or watch.passed()
            next_beat = time.monotonic() + BEAT
            if limit_passed:
                os.kill(child, signal.SIGKILL)


def told(control: int) -> dict[str, Any]:
    """The wall, from the first line that comes out of the file descriptor `control`."""
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(control, 1 << 16)
        if not chunk:
            sys.exit(CANNOT_START)  # whoever was to say it is gone
        line += chunk
    spec: dict[str, Any] = json.loads(line)
    return spec


def main(channel: int, control: int, command: list[str]) -> None:
    """Run `command` behind the wall that `control` tells, and write what it cost to the file descriptor `channel`."""
    spec = told(control)
    for each in (channel, control):
        os.set_inheritable(each, False)  # noqa: FBT003 - positional in the library
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it means the command; this one stays to say how that ended
    woken, waking = os.pipe()
    for each in (woken, waking):
        os.set_blocking(each, False)
    signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    if IS_LINUX:
        kernel().adopt_orphans()
        kernel().hide()
    child = os.fork()
    if child == 0:
        start(command, spec, channel)
    try:
        status, usage, limit_passed = wait(child, control, woken, spec)
    finally:
        is_gone = sweep()
    cost = {
        "status": status,
        "seconds": usage.ru_utime + usage.ru_stime,
        "peak_memory": usage.ru_maxrss * KIBI,
        "limit": limit_passed or ("" if is_gone else "processes"),
    }
    with contextlib.suppress(BrokenPipeError):  # nobody is left to tell
        os.write(channel, (json.dumps(cost) + "\n").encode())


if __name__ == "__main__":
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
