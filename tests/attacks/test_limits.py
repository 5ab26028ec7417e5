"""What outlives, outruns and outgrows: attacks on the launcher, and on what mlci takes from a stranger's folder."""

from __future__ import annotations

import os
import pickle
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from attacks import PRELUDE

from mlci.training import sandbox, users
from mlci.training.wall import OPEN

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the wall is Linux's")

# What is left says its number, heeds no SIGTERM, and has neither the session nor the parent of who started it.
DAEMON = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        (OUT / "started").write_text(str(os.getpid()))
        (OUT / "started").rename(OUT / "pid")
        time.sleep(60)
    os._exit(0)
os.wait()
while not (OUT / "pid").exists():
    time.sleep(0.01)
"""

# Each process lives for a moment, and has the next one: there is never the same one to be found.
HARE = """
(OUT / "pid").write_text(str(os.getpid()))
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if os.fork():
                os._exit(0)
            os.utime(OUT / "pid")
        os._exit(0)
time.sleep(0.3)
"""

FORKS = """
for _ in range(30):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
time.sleep(3); won()
"""
MEMORY = "held = b'x' * (80 << 20); time.sleep(3); won()"
NAMELESS_MEMORY = "os.write(os.memfd_create('x'), b'x' * (80 << 20)); time.sleep(4); won()"
DISK = "(OUT / 'x').write_bytes(b'x' * (20 << 20)); time.sleep(4); won()"
EMPTY = """
for each in range(3000):
    (OUT / str(each)).touch()
time.sleep(4); won()
"""
NAMELESS = """
file = open(OUT / 'x', 'wb')
os.unlink(OUT / 'x')
file.write(b'x' * (20 << 20))
file.flush()
time.sleep(4); won()
"""
DEEP = """
os.chdir(OUT)
for each in range(25):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
time.sleep(4); won()
"""
CLOSED = "(OUT / 'x').mkdir(); (OUT / 'x' / 'y').touch(); (OUT / 'x').chmod(0); time.sleep(4); won()"


@pytest.fixture(autouse=True)
def sweep(arena):
    """Empties the attacker's folder, and does so at the end."""

    def sweep() -> None:
        for each in arena.out.iterdir():
            if each.is_dir():
                each.chmod(0o700)
            subprocess.run(["rm", "-r", str(each)], check=True)

    yield sweep
    sweep()


def is_alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_daemon(arena):
    """A daemon that heeds nothing is gone when the training is; without the launcher it stays."""
    arena.run(DAEMON, arena.wall())
    behind = is_alive(int((arena.out / "pid").read_text()))
    (arena.out / "pid").unlink()
    done = subprocess.Popen(
        [sys.executable, "-c", PRELUDE + DAEMON],
        env={"PATH": os.environ["PATH"], "OUT": str(arena.out), **arena.variables},
        start_new_session=True,
    )
    done.wait()
    with pytest.raises(ProcessLookupError):
        os.killpg(done.pid, signal.SIGKILL)
    pid = int((arena.out / "pid").read_text())
    without = is_alive(pid)
    os.kill(pid, signal.SIGKILL)
    assert (behind, without) == (False, True)


def test_hare(arena):
    """Processes that fork and end faster than anyone can list them are caught all the same."""
    arena.run(HARE, arena.wall())
    before = (arena.out / "pid").stat().st_mtime_ns
    time.sleep(0.2)
    assert (arena.out / "pid").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("code", "limit", "most"),
    [
        pytest.param(FORKS, "processes", 10, id="processes"),
        pytest.param(MEMORY, "memory", 60 << 20, id="memory"),
        pytest.param(NAMELESS_MEMORY, "memory", 60 << 20, id="memory of a file without a name"),
        pytest.param(DISK, "disk", 10 << 20, id="disk"),
        pytest.param(EMPTY, "disk", 10 << 20, id="empty files"),
        pytest.param(NAMELESS, "disk", 10 << 20, id="a file without a name"),
        pytest.param(DEEP, "disk", 10 << 20, id="folders too deep for a name"),
    ],
)
def test_limit(arena, sweep, code, limit, most):
    """What grows past a limit ends, and the limit is named; without it, it goes on."""
    behind = arena.run(code, arena.wall(**{limit: most}))
    sweep()
    without = arena.run(code.replace("sleep(4)", "sleep(1)"), arena.wall(**{limit: None}))
    assert (behind.limit, behind.code, "won" in behind.log) == (limit, None, False)
    assert ("won" in without.log, without.limit) == (True, "")


@pytest.mark.skipif(os.geteuid() == 0, reason="no folder is closed to root")
def test_limit__closed_folder(arena):
    """A folder that is closed to who counts is taken for endless."""
    assert arena.run(CLOSED, arena.wall(disk=1 << 30)).limit == "disk"


def test_file_size(arena):
    """One file cannot grow past its limit, also where nobody looks."""
    code, most = "(OUT / 'x').write_bytes(b'x' * (20 << 20)); won()", 1 << 20
    behind, size = arena.run(code, arena.wall(file_size=most)), (arena.out / "x").stat().st_size
    without = arena.run(code, arena.wall(file_size=None))
    assert ("File too large" in behind.log, size, "won" in without.log) == (True, most, True)


@pytest.fixture
def public():
    """A folder that everybody may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a program that makes others root")
def test_setuid(public):
    """A program that makes its user root does not, behind the launcher; started without it, it does."""
    entry = pwd.getpwnam("nobody")
    program = public / "id"
    shutil.copy(shutil.which("id"), program)
    program.chmod(0o4755)
    env = {"PATH": os.environ["PATH"]}
    user = users.User(entry.pw_name, entry.pw_uid, entry.pw_gid)
    behind = sandbox.run([str(program), "-u"], cwd=public, env=env, timeout=60, user=user, wall=OPEN)
    without = subprocess.run(
        [str(program), "-u"], user=entry.pw_uid, group=entry.pw_gid, extra_groups=[], capture_output=True, check=True
    )
    assert (behind.log.split(), without.stdout.split()) == ([str(entry.pw_uid)], [b"0"])


PICKLE = """
import pickle, json, os
from pathlib import Path
job = json.loads(Path(os.environ["MLCI_JOB"]).read_text())
class Bomb:
    def __reduce__(self):
        return Path.touch, (Path("BOMB"),)
out = Path(job["predictions"]).parent
(out / "model.skops").write_bytes(pickle.dumps(Bomb()))
rows = len(Path(job["holdout"]).read_text().splitlines()) - 1
Path(job["predictions"]).write_text("prediction,score\\n" + "no,0.5\\n" * rows)
Path(job["report"]).write_text(json.dumps({"model": str(out / "model.skops")}))
"""


def test_pickle(repo, tmp_path):
    """A model that would run code where it is opened lies in the output folder, unopened."""
    bomb = tmp_path / "bomb"
    rows = [f"{i},{i % 7},{'yes' if i % 3 else 'no'}" for i in range(200)]
    repo.put("data.csv", "\n".join(["id,a,late", *rows]) + "\n").put("train.py", PICKLE.replace("BOMB", str(bomb)))
    repo.put(
        "mlci.yml",
        "version: 1\ndatasets: {people: {path: data.csv, key: id}}\n"
        'models: {late: {dataset: people, target: late, task: binary, positive: "yes", primary: roc_auc, '
        "command: python train.py, data_format: csv}}\n",
    ).commit()
    ran = subprocess.run(
        [sys.executable, "-m", "mlci", "run", "--base", "none"], cwd=repo.folder, capture_output=True, check=False
    )
    kept = list((repo.folder / "mlci-out" / "models").rglob("model.skops"))
    assert (ran.returncode, len(kept), bomb.exists()) == (0, 1, False), ran.stderr
    pickle.loads(kept[0].read_bytes())  # noqa: S301 - it is no dud
    assert bomb.exists()
