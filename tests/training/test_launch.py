from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from mlci.training import gauge, launch, sandbox, wall
from mlci.training.wall import OPEN, Wall, interpreter

linux = pytest.mark.skipif(sys.platform != "linux", reason="the wall is Linux's")
as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can do that")


def is_all_powerful() -> bool:
    """Whether this is root with the right to administer the system, which most containers take away."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    rights = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapEff"))
    return bool(int(rights.split()[1], 16) >> 21 & 1)


@pytest.fixture
def run(tmp_path, python, scrubbed):
    """Runs Python behind a wall that leaves it a folder."""

    def run(code: str, **changes) -> sandbox.Outcome:
        whole = Wall(network="deny", files="deny", read=interpreter(), write=(tmp_path,))
        return sandbox.run([python, "-c", code], cwd=tmp_path, env=scrubbed, timeout=60, wall=replace(whole, **changes))

    return run


# --- what is beyond the wall -------------------------------------------------------------------------------------


@pytest.fixture
def service(monkeypatch):
    """A socket like Docker's, that answers whoever may write to it."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as service:
        path = str(Path(folder) / "docker.sock")
        service.bind(path)
        service.listen()
        monkeypatch.setattr(wall, "DOORS", (path,))
        yield path


CONNECT = "import socket; socket.socket(socket.AF_UNIX).connect({!r}); print('through')"


@pytest.mark.skipif(not is_all_powerful(), reason="only root can cover a file")
def test_doors__root(run, service):
    """Where mlci is root, nothing is in the place of such a socket; without the wall it leads out."""
    behind, without = run(CONNECT.format(service)), run(CONNECT.format(service), network="allow", files="allow")
    assert ("through" in behind.log, behind.held.doors, without.log) == (False, (), "through\n")


@linux
@pytest.mark.skipif(is_all_powerful(), reason="root covers it")
def test_doors__told(run, service):
    """Elsewhere it is told."""
    assert run("").held.doors == (service,)


@linux
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="nothing is closed to root")
def test_doors__closed(run, service):
    """A socket that nobody may write to is no door."""
    Path(service).chmod(0)
    assert run("").held.doors == ()


# --- the launcher itself -----------------------------------------------------------------------------------------


@linux
def test_launcher__hides(run):
    """No process of the same user may look into the launcher, where Landlock is not there to say so."""
    code = (
        "import os\nfor name in ('environ', 'mem', 'fd/1'):\n try:\n  open(f'/proc/{os.getppid()}/{name}', 'rb')\n"
        "  print(name)\n except PermissionError:\n  pass\nprint(os.stat(f'/proc/{os.getpid()}/environ').st_uid)"
    )
    seen = run(code, files="allow").log.split()
    assert seen == [str(os.getuid())]


@linux
@as_root
def test_build__root_is_left_its_files_alone(run):
    """Behind a wall root owns, reads and changes files, and can do nothing else that only root can."""
    code = (
        "print([line.split()[1] for line in open('/proc/self/status') if line[:6] in ('CapEff', 'CapPrm', 'CapBnd')])"
    )
    assert run(code).log == f"{['000000000000001b'] * 3}\n"


@linux
def test_build__programs_still_work(run):
    """Threads, processes, their locks, pools and local sockets work behind the whole wall."""
    code = (
        "import asyncio, multiprocessing as mp, socket, threading\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "if __name__ == '__main__':\n"
        " t = threading.Thread(target=print, args=('thread',)); t.start(); t.join()\n"
        " with ProcessPoolExecutor(2, mp_context=mp.get_context('fork')) as pool: print(*pool.map(abs, [-1, -2]))\n"
        " with mp.get_context('fork').Manager() as manager: print(manager.list([3]))\n"
        " asyncio.run(asyncio.sleep(0)); a, b = socket.socketpair(); print(a.send(b'x'))\n"
    )
    assert run(code).log.split("\n")[:4] == ["thread", "1 2", "[3]", "1"]


@linux
def test_build__a_folder_of_a_link(tmp_path, python, scrubbed):
    """A folder that is named through a link is open where it lies."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    (real / "x").write_text("open")
    link.symlink_to(real)
    walled = Wall(files="deny", read=(*interpreter(), link))
    outcome = sandbox.run([python, "-c", "print(open('x').read())"], cwd=link, env=scrubbed, timeout=60, wall=walled)
    assert outcome.log == "open\n"


def test_sweep__what_cannot_be_ended(monkeypatch):
    """Where something is left after all patience, that is told."""
    with subprocess.Popen(["sleep", "60"]) as child:
        monkeypatch.setattr(launch, "PATIENCE", 0.05)
        monkeypatch.setattr(launch, "gauge", lambda: gauge)
        monkeypatch.setattr(gauge, "children", list)
        left = launch.sweep()
        child.kill()
    assert left is False


# --- what is measured --------------------------------------------------------------------------------------------


@linux
def test_children__without_the_kernels_file(monkeypatch):
    """Children are found in either way."""
    with subprocess.Popen(["sleep", "60"]) as child:
        fast = gauge.children()
        monkeypatch.setattr("builtins.open", _without_children(open))
        slow = gauge.children()
        child.kill()
    assert (child.pid in fast, sorted(fast)) == (True, sorted(slow))


def _without_children(original):
    def opened(path, *arguments, **named):
        if str(path).endswith("/children"):
            raise FileNotFoundError(path)
        return original(path, *arguments, **named)

    return opened


def test_files__of_folders(tmp_path):
    """Files count by what they take on the disk, and a block at least; links are not followed."""
    (tmp_path / "big").write_bytes(os.urandom(100_000))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "empty").touch()
    (tmp_path / "sub" / "link").symlink_to("/")
    sizes = sorted(gauge.files([str(tmp_path), str(tmp_path / "none")]))
    assert (len(sizes), sizes[0], 100_000 <= sizes[-1] < 200_000) == (4, gauge.BLOCK, True)


def test_watch__no_limits():
    """Where nothing is limited, nobody looks."""
    assert launch.Watch(OPEN.spec(None)).passed() == ""
