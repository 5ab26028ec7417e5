"""Runs a child process: scrubbed environment, a wall, bounded output, limits, and no process left behind."""

from __future__ import annotations

import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from mlci.training import launch, users
from mlci.training.wall import OPEN, Held

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from mlci.training.users import User
    from mlci.training.wall import Wall

PASSED = ("LANG", "TZ", "LD_LIBRARY_PATH")  # the last one: some builds of Python do not start without it
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
REPEATABLE = {  # what makes frameworks give the same numbers again, and refuses nothing
    "OMP_DYNAMIC": "FALSE",  # as many threads as were asked for, each time: sums depend on it
    "MKL_DYNAMIC": "FALSE",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # NVIDIA's own way to repeatable products
    "TF_CUDNN_DETERMINISTIC": "1",
}

KEPT = 32 * 1024  # bytes of output kept from its start, and as many from its end
CHUNK = 64 * 1024
TICK = 0.1  # seconds between two looks at the clock
GRACE = 2.0  # seconds between SIGTERM and SIGKILL
SWEEP = launch.PATIENCE + 5.0  # seconds that the launcher is given to end what is left
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|[^\S\n\t ]|[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a child cost, with the processes that it waited for."""

    seconds: float  # of the processor, user and system
    peak_memory: int  # bytes, of the largest one process


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a child ended: `code` is None where a signal ended it; a child past its time limit has neither."""

    code: int | None
    signal: int | None
    timed_out: bool
    log: str  # standard output and standard error, the middle left out where it is long
    usage: Usage | None
    held: Held = Held()  # noqa: RUF009 - frozen
    limit: str = ""  # the limit of the wall that it was ended for: memory, processes or disk


def environment(  # noqa: PLR0913 - each is one fact that a child is told
    *,
    python: Path,
    scratch: Path,
    seed: int,
    threads: int,
    user: User | None = None,
    parent: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The environment of a child: an allow-list, so that no token, input or proxy of the parent gets there.

    Args:
        python: The interpreter that `python` is to mean.
        scratch: A folder of the child's own, which gets `home` and `tmp`.
        seed: Of Python's hashes.
        threads: That numerical libraries may start.
        user: Whose `home` and `tmp` are to be; this process's by default.
        parent: The environment to take from; this process's by default.
    """
    given = os.environ if parent is None else parent
    kept = {name: value for name, value in given.items() if name in PASSED or name.startswith("LC_")}
    home, temporary = folders(scratch)
    for folder in (home, temporary):
        folder.mkdir(parents=True, exist_ok=True)
        users.give(folder, user)
    return {
        **kept,
        **dict.fromkeys(THREADS, str(threads)),
        **REPEATABLE,
        "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait busily cost seconds where trainings share a machine
        "PATH": os.pathsep.join((str(python.parent), given.get("PATH", os.defpath))),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "JOBLIB_TEMP_FOLDER": str(temporary),  # /dev/shm otherwise, where a killed child leaves it
        "PYTHONHASHSEED": str(seed),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",  # what was printed before a child is killed is what tells why
    }


def folders(scratch: Path) -> tuple[Path, Path]:
    """The folders that `environment` makes for a child: its home, and its temporary files."""
    return scratch / "home", scratch / "tmp"


def run(  # noqa: PLR0913 - each is one fact of a child
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    tick: Callable[[], None] | None = None,
    every: float = TICK,
    user: User | None = None,
    wall: Wall = OPEN,
) -> Outcome:
    """Run `command` to its end, or to the end of its time.

    It runs in a session of its own. Whatever happens, all that it started is gone when this returns or raises,
    daemons too: SIGTERM and a short grace where the child still ran, then SIGKILL for what is left.

    Args:
        command: The program and its arguments; no shell.
        cwd: Where it runs.
        env: Its whole environment.
        timeout: Seconds of the wall clock.
        tick: Called again and again while the child runs; what it raises ends the child and is raised here.
        every: Seconds between two such calls.
        user: Whom it runs as; this process's own user by default, and root alone can choose another one.
        wall: What it may read, write, reach and use.
    """
    with _Child(command, cwd, {**wall.env, **env}, wall.spec(user)) as child:
        ended = child.watch(timeout, tick, every)
        if not ended:
            child.terminate()
    return child.outcome(timed_out=not ended)


class _Child:
    """A running child: its output, and the line that its launcher writes at the end."""

    def __init__(self, command: Sequence[str], cwd: Path, env: Mapping[str, str], spec: Mapping[str, Any]) -> None:
        self._log = _Log()
        self._report = b""
        self._ended = False
        self._channel, theirs = os.pipe()
        control, self._control = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", launch.__file__, str(theirs), str(control), *command],
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                start_new_session=True,
                pass_fds=(theirs, control),
            )
        except BaseException:
            os.close(self._channel)
            os.close(self._control)
            raise
        finally:
            os.close(theirs)
            os.close(control)
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe, asked for above
        self._output = self._process.stdout
        self._tell(spec)
        self._selector = selectors.DefaultSelector()
        for source in (self._output.fileno(), self._channel):
            os.set_blocking(source, False)
            self._selector.register(source, selectors.EVENT_READ)

    def _tell(self, spec: Mapping[str, Any]) -> None:
        """Hand the wall to the launcher; one that has ended already has said why."""
        rest = memoryview((json.dumps(spec) + "\n").encode())
        with suppress(BrokenPipeError):
            while rest:
                rest = rest[os.write(self._control, rest) :]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is not None and not self._ended:
                self.terminate()
        finally:
            os.close(self._control)  # the launcher ends whatever is left, and then itself
            self.watch(SWEEP)
            self._kill(signal.SIGKILL)  # before the leader is waited for: its number is the group's until then
            self._process.wait()
            self.watch(TICK, drain=True)
            self._selector.close()
            self._output.close()
            os.close(self._channel)

    def watch(
        self, seconds: float, tick: Callable[[], None] | None = None, every: float = TICK, *, drain: bool = False
    ) -> bool:
        """Take in output until the child ends (with `drain`, until all of it is read); False where time ran out."""
        now = time.monotonic()
        end, beat = now + seconds, now + every
        while not self._ended or (drain and self._selector.get_map()):
            now = time.monotonic()
            if now >= end:
                return False
            if tick is not None and now >= beat:
                beat = now + every
                tick()
            for key, _ in self._selector.select(min(every, end - now)):
                self._take(key.fd)
        return True

    def _take(self, source: int) -> None:
        chunk = os.read(source, CHUNK)
        if not chunk:
            self._selector.unregister(source)
        if source != self._channel:
            self._log.add(chunk)
        elif chunk:
            self._report += chunk
        else:
            self._ended = True  # the launcher alone holds the other end: it is gone

    def terminate(self) -> None:
        """Ask the whole group to end, and give it a moment."""
        self._kill(signal.SIGTERM)
        self.watch(GRACE)

    def _kill(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):  # nobody is left; macOS calls that a permission
            os.killpg(self._process.pid, number)

    def outcome(self, *, timed_out: bool) -> Outcome:
        """How it ended, once it has."""
        usage, status, held, limit = None, self._process.returncode, Held(), ""
        for line in self._report.splitlines():
            told = json.loads(line)
            if "status" in told:
                usage = Usage(float(told["seconds"]), int(told["peak_memory"]))
                status, limit = os.waitstatus_to_exitcode(told["status"]), told["limit"]
            else:
                held = Held(**{**told, "doors": tuple(told["doors"])})
        return Outcome(
            code=None if timed_out or status < 0 else status,
            signal=-status if status < 0 and not timed_out else None,
            timed_out=timed_out,
            log=self._log.text(),
            usage=usage,
            held=held,
            limit=limit,
        )


class _Log:
    """The start and the end of a stream of bytes, however long it is."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0

    def add(self, chunk: bytes) -> None:
        self._total += len(chunk)
        room = max(KEPT - len(self._head), 0)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        if len(self._tail) > 2 * KEPT:
            del self._tail[:-KEPT]

    def text(self) -> str:
        """The output as text without control characters and colours."""
        tail = self._tail[-KEPT:]
        cut = self._total - len(self._head) - len(tail)
        middle = f"\n… {cut:,} bytes of output left out …\n".encode() if cut else b""
        return _CONTROL.sub("", (bytes(self._head) + middle + bytes(tail)).decode("utf-8", "replace"))
