from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.training import sandbox, wall

# A child with a child of its own; both write their numbers, neither heeds SIGTERM, and both stay.
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
open(f"{sys.argv[1]}/{os.getpid()}", "w").close()
time.sleep(120)
"""


@pytest.fixture
def child(tmp_path, python, scrubbed, monkeypatch):
    """Runs Python code in a child that is given a short grace."""
    monkeypatch.setattr(sandbox, "GRACE", 0.2)

    def run(code: str, *arguments: str, timeout: float = 60, tick=None) -> sandbox.Outcome:
        command = [python, "-c", code, *arguments]
        return sandbox.run(command, cwd=tmp_path, env=scrubbed, timeout=timeout, tick=tick)

    return run


@pytest.fixture
def numbers(tmp_path):
    """The processes that wrote their numbers into a folder."""
    folder = tmp_path / "numbers"
    folder.mkdir()

    def read(count: int = 0) -> list[int]:
        while len(list(folder.iterdir())) < count:
            time.sleep(0.01)
        return [int(path.name) for path in folder.iterdir()]

    read.folder = str(folder)
    return read


def test_run__ends_well(child):
    """Standard output and standard error arrive in order, beside the exit code."""
    outcome = child("import sys; print('out', flush=True); sys.stderr.write('err'); sys.exit(3)")
    assert (outcome.code, outcome.signal, outcome.timed_out, outcome.log) == (3, None, False, "out\nerr")


def test_run__stdin_is_empty(child):
    """A child that reads its input finds nothing and does not wait."""
    assert child("import sys; print(repr(sys.stdin.read()))").log == "''\n"


def test_run__signal(child):
    """A child that is killed has a signal and no exit code."""
    outcome = child("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert (outcome.code, outcome.signal, outcome.timed_out) == (None, signal.SIGKILL, False)


def test_run__launcher_is_killed(child):
    """A launcher that dies before its command takes the command with it."""
    outcome = child("import os, signal, time; os.kill(os.getppid(), signal.SIGKILL); time.sleep(120)")
    assert (outcome.signal, outcome.usage) == (signal.SIGKILL, None)


def test_run__no_such_program(tmp_path, scrubbed):
    """A program that is not there has a shell's exit code, and the output says so."""
    outcome = sandbox.run(["no-such-program"], cwd=tmp_path, env=scrubbed, timeout=60)
    assert (outcome.code, outcome.log) == (127, "mlci: cannot start no-such-program: No such file or directory\n")


def test_run__prints_megabytes(child):
    """Of twenty megabytes, the start and the end are kept, and what is between is counted."""
    outcome = child(
        "print('first'); print('x' * 79 + '\\n', end='') \nfor _ in range(250): print('y' * 80_000)\nprint('last')"
    )
    cut = int(re.search(r"… ([\d,]+) bytes of output left out …", outcome.log)[1].replace(",", ""))
    assert (
        outcome.log.startswith("first\n"),
        outcome.log.endswith("last\n"),
        len(outcome.log) < 3 * sandbox.KEPT,
        cut,
    ) == (True, True, True, 6 + 80 + 250 * 80_001 + 5 - 2 * sandbox.KEPT)


def test_run__colours_and_controls(child):
    """Escape sequences and control characters do not reach a log."""
    assert (
        child(r"print('\x1b[31mred\x1b[0m \x1b]0;title\x07bell\x07 tab\tend\r\n', end='')").log == "red bell tab\tend\n"
    )


def test_run__timeout_leaves_no_process(child, numbers, gone):
    """Past its time, the whole group ends, those too that ignore SIGTERM."""
    outcome = child(STUBBORN, numbers.folder, timeout=2)
    assert (outcome.timed_out, outcome.code, outcome.signal, len(numbers()), gone(numbers())) == (
        True,
        None,
        None,
        2,
        [],
    )


def test_run__what_a_child_leaves_behind(child, numbers, gone):
    """A grandchild that outlives its parent ends when the run does."""
    code = (
        "import os, sys, time\nif os.fork() == 0:\n open(f'{sys.argv[1]}/{os.getpid()}', 'w').close()\n time.sleep(120)"
    )
    outcome = child(f"{code}\ntime.sleep(0.5)", numbers.folder)
    assert (outcome.code, len(numbers()), gone(numbers())) == (0, 1, [])


def test_run__error_of_the_caller(child, numbers, gone):
    """What `tick` raises is raised, when no process is left."""

    def tick() -> None:
        if len(numbers()) == 2:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        child(STUBBORN, numbers.folder, tick=tick)
    assert gone(numbers()) == []


def test_run__interrupt(tmp_path, numbers, gone, python):
    """Ctrl-C in the parent leaves no process behind."""
    code = (
        "import os, sys; from pathlib import Path; from mlci.training import sandbox\n"
        "sandbox.run([sys.executable, '-c', *sys.argv[1:]], cwd=Path('.'), env=dict(os.environ), timeout=120)"
    )
    parent = subprocess.Popen(
        [python, "-c", code, STUBBORN, numbers.folder],
        env={**os.environ, "PYTHONPATH": str(Path(sandbox.__file__).parents[2])},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
    )
    pids = numbers(2)
    parent.send_signal(signal.SIGINT)
    _, error = parent.communicate(timeout=60)
    assert (error.decode().splitlines()[-1], gone(pids)) == ("KeyboardInterrupt", [])


def test_run__descriptors(child):
    """A child has its three standard streams and nothing else of the parent's."""
    assert child("import os; print(sorted(os.listdir('/proc/self/fd'), key=int))").log == "['0', '1', '2', '3']\n"


def test_usage__counts_children(child):
    """Processor seconds of waited-for children count, and waiting does not."""
    outcome = child(
        "import os, time\nif os.fork() == 0:\n t = time.process_time()\n"
        " while time.process_time() - t < 0.5: pass\n os._exit(0)\nos.wait(); time.sleep(0.5)"
    )
    assert 0.5 <= outcome.usage.seconds < 5


def test_usage__memory_is_the_childs(child):
    """Peak memory is the child's own, although this process is far larger; and it is what was used."""
    small, large = (child(f"x = b'x' * ({size} << 20)").usage.peak_memory >> 20 for size in (0, 100))
    assert (small < 40, 100 <= large < 140) == (True, True)


def test_environment__is_an_allow_list(tmp_path):
    """Nothing passes but what is named."""
    parent = {
        "PATH": "/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "LC_ALL": "C",
        "TZ": "UTC",
        "GITHUB_TOKEN": "x",
        "INPUT_A": "x",
        "ACTIONS_B": "x",
        "HTTPS_PROXY": "x",
        "SSL_CERT_FILE": "x",
        "PYTHONPATH": "x",
    }
    env = sandbox.environment(python=Path("/env/bin/python"), scratch=tmp_path, seed=7, threads=2, parent=parent)
    assert env == {
        "PATH": "/env/bin:/bin",
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        "JOBLIB_TEMP_FOLDER": str(tmp_path / "tmp"),
        "LANG": "C.UTF-8",
        "LC_ALL": "C",
        "TZ": "UTC",
        "PYTHONHASHSEED": "7",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        **dict.fromkeys(sandbox.THREADS, "2"),
        **sandbox.REPEATABLE,
    }


@given(st.lists(st.integers(0, 3 * sandbox.KEPT), max_size=6))
def test_log__keeps_both_ends(sizes):
    """However it comes in pieces, a log is the whole of a short output and both ends of a long one."""
    data = "".join(chr(97 + at % 26) for at in range(sum(sizes)))
    log, start = sandbox._Log(), 0
    for size in sizes:
        log.add(data[start : start + size].encode())
        start += size
    cut = len(data) - 2 * sandbox.KEPT
    middle = f"\n… {cut:,} bytes of output left out …\n"
    assert log.text() == (data if cut <= 0 else data[: sandbox.KEPT] + middle + data[-sandbox.KEPT :])


def test_launch__needs_no_packages():
    """The launcher imports nothing but the standard library, so that it stays small."""
    source = (Path(sandbox.__file__).parent / "launch.py").read_text()
    imported = set(re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE))
    assert imported <= sys.stdlib_module_names


def test_run__a_wall_of_many_paths(tmp_path, scrubbed, python):
    """A hidden file among thousands makes a wall that no argument of a program could hold."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(3_000):
        (folder / f"a-rather-long-name-of-an-image-{number:06}.txt").write_text("seen")
    walled = wall.Wall(files="deny", read=(tmp_path, *wall.interpreter()), hidden=(folder / "labels.csv",))
    (folder / "labels.csv").write_text("answers")
    code = """
from pathlib import Path
print(Path("images/a-rather-long-name-of-an-image-002999.txt").read_text())
try:
    print(Path("images/labels.csv").read_text())
except PermissionError:
    print("hidden")
"""
    outcome = sandbox.run([python, "-c", code], cwd=tmp_path, env=scrubbed, timeout=60, wall=walled)
    assert outcome.log.split() == (["seen", "hidden"] if outcome.held.files else ["seen", "answers"])
