"""Code of the repository as another user: what it sees, what it may not do, and what it is told."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from mlci.errors import TrainingError, UserError
from mlci.training import failures, job, launch, report, sandbox, users, wall

as_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can run a child as somebody else"
)

# Trains nothing: `a + b` tells `late`. What it may do is told as its parameters.
TRAIN = """
import csv, json, os
from pathlib import Path

def tried(what):
    try:
        what()
    except OSError as error:
        return type(error).__name__
    return "done"

parent = Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()[1]  # of the launcher: mlci
job_path = Path(os.environ["MLCI_JOB"])
job = json.loads(job_path.read_text())
run = next(each for each in job_path.parents if each.name.startswith("mlci-"))
home, temporary = Path(os.environ["HOME"]), Path(os.environ["TMPDIR"])
params = {
    "user": [os.getuid(), os.getgid(), os.getgroups()],
    "environment of mlci": tried(Path(f"/proc/{parent}/environ").read_bytes),
    "environment of its launcher": tried(Path(f"/proc/{os.getppid()}/environ").read_bytes),
    "write in the repository": tried(Path("new.txt").touch),
    "change the job": tried(lambda: job_path.open("a")),
    "change the rows": tried(lambda: open(job["train"], "a")),
    "write beside the job": tried(job_path.with_name("new.txt").touch),
    "list the run's files": tried(lambda: os.listdir(run)),
    "read all rows": tried(lambda: os.listdir(run / "tables")),
    "write at home": tried((home / "new.txt").touch),
    "write in $TMPDIR": tried((temporary / "new.txt").touch),
    "open /dev/stderr": tried(lambda: open("/dev/stderr", "w")),
}
with open(job["holdout"]) as file:
    rows = list(csv.DictReader(file))
with open(job["predictions"], "w") as file:
    file.write("prediction,score\\n")
    for row in rows:
        score = float(row["a"]) + float(row["b"])
        file.write(f"{'yes' if score > 0 else 'no'},{score}\\n")
Path(job["report"]).write_text(json.dumps({"params": params}))
"""

TRAIN_SMALL = """
import csv, json, os
job = json.load(open(os.environ["MLCI_JOB"]))
rows = len(list(csv.reader(open(job["holdout"])))) - 1
open(job["predictions"], "w").write("prediction,score\\n" + "no,0.5\\n" * rows)
json.dump({"params": {"uid": os.getuid()}}, open(job["report"], "w"))
"""

CONFIG = """\
version: 1
datasets: {{people: {{path: data.csv, key: id}}}}
models:
  late:
    dataset: people
    target: late
    task: binary
    positive: "yes"
    command: {python} train.py
    data_format: csv
    primary: roc_auc
    gates: {{roc_auc: {{min: 0.5}}}}
"""


@pytest.fixture(scope="module")
def nobody():
    """The user of every system that owns nothing."""
    entry = pwd.getpwnam("nobody")
    return users.User(entry.pw_name, entry.pw_uid, entry.pw_gid)


@pytest.fixture
def public():
    """A folder that everybody may enter: pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def reachable(nobody):
    """An interpreter that `nobody` may run: the tests' own often lies in somebody's home."""
    found = [each for each in (sys.executable, shutil.which("python3", path=os.defpath)) if each]
    usable = [each for each in found if users.barred(Path(each), nobody) is None]
    return usable[0] if usable else pytest.skip("every interpreter lies where `nobody` may not go")


@pytest.fixture
def shell(public, nobody, scrubbed):
    """Runs a shell as nobody."""

    def run(script: str, timeout: float = 60) -> sandbox.Outcome:
        return sandbox.run(["sh", "-c", script], cwd=public, env=scrubbed, timeout=timeout, user=nobody)

    return run


# --- the child ---------------------------------------------------------------------------------------------------


@as_root
def test_run__is_another_user(shell, nobody):
    """The child has the user's number, the one group, and cannot gain more by any program."""
    outcome = shell("id -u; id -g; id -G; grep NoNewPrivs /proc/self/status | cut -f 2")
    assert outcome.log.split() == [str(nobody.uid), str(nobody.gid), str(nobody.gid), "1"]


@as_root
def test_run__cannot_end_the_launcher(shell):
    """What says how a command ended and what it cost is out of the command's reach."""
    outcome = shell("kill -9 $PPID; exit 7")
    assert (outcome.code, outcome.usage is not None) == (7, True)


@as_root
def test_run__is_ended_all_the_same(shell, gone, monkeypatch):
    """Past its time, a group of another user's processes ends that does not heed SIGTERM."""
    monkeypatch.setattr(sandbox, "GRACE", 0.2)
    outcome = shell("trap '' TERM; sleep 120 & echo $$ $!; wait; sleep 120", timeout=1)
    pids = [int(each) for each in outcome.log.split()]
    assert (outcome.timed_out, len(pids), gone(pids)) == (True, 2, [])


@as_root
def test_run__cannot_become_the_user(reachable, nobody, public, scrubbed):
    """Where the system does not allow it, the command is not run at all, and the output says why."""
    if users.barred(Path(launch.__file__), nobody):
        pytest.skip("mlci lies where `nobody` may not go")
    spec = json.dumps({**wall.OPEN.spec(None), "user": [0, 0]})
    script = f"(echo '{spec}'; sleep 1) | {reachable} -I -S {launch.__file__} 1 0 echo 'it ran'"
    command = ["sh", "-c", script]
    outcome = sandbox.run(command, cwd=public, env=scrubbed, timeout=60, user=nobody)
    assert outcome.log.splitlines()[0] == "mlci: cannot start echo as user 0:0: Operation not permitted"


# --- a run -------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(public, make_repo, reachable):
    """A repository whose model is trained by a command that tells what it may do."""
    repo = make_repo(public / "repo")
    rows = [f"{i},{i % 7 - 3},{i % 5 - 2},{'yes' if i % 7 + i % 5 + i % 3 > 6 else 'no'}" for i in range(400)]
    repo.put("data.csv", "\n".join(["id,a,b,late", *rows]) + "\n")
    repo.put("mlci.yml", CONFIG.format(python=reachable)).put("train.py", TRAIN).commit("main")
    (public / "tmp").mkdir()
    return repo


@pytest.fixture
def run(project, public):
    """Runs mlci on the project, with user code as the user that is named; its results, or what it printed."""

    def run(user: str):
        done = subprocess.run(
            [sys.executable, "-m", "mlci", "run", "--base", "none"],
            cwd=project.folder,
            env={**os.environ, "MLCI_CHILD_USER": user, "TMPDIR": str(public / "tmp"), "SECRET": "canary"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert list((public / "tmp").iterdir()) == [], "temporary files were left behind"
        results = project.folder / "mlci-out" / "results.json"
        return json.loads(results.read_bytes()) if results.exists() else done.stderr

    return run


@as_root
def test_run__what_code_may_do(run, nobody):
    """It trains, may write to its own folders, and may neither read what is mlci's nor change what it is given."""
    model = run("nobody")["models"]["late"]
    told = {name: json.loads(value) if name == "user" else value for name, value in model["side"]["params"].items()}
    assert (model["verdict"], told) == (
        "pass",
        {
            "user": [nobody.uid, nobody.gid, []],
            "environment of mlci": "PermissionError",
            "environment of its launcher": "PermissionError",
            "write in the repository": "PermissionError",
            "change the job": "PermissionError",
            "change the rows": "PermissionError",
            "write beside the job": "PermissionError",
            "list the run's files": "PermissionError",
            "read all rows": "PermissionError",
            "write at home": "done",
            "write in $TMPDIR": "done",
            "open /dev/stderr": "done",
        },
    )


@as_root
def test_run__writes_where_it_may_not(project, run):
    """Code that writes into the repository fails, and is told where it can write."""
    project.put("train.py", "open('cache.bin', 'w')").commit("writes")
    finding = next(each for each in run("nobody")["findings"] if each["code"] == "MLCI207")
    assert finding["hint"] == (
        "Code of the repository runs as the user `nobody` here, who may only read it: write to $TMPDIR."
    )


@as_root
@pytest.mark.parametrize(("name", "what"), [("no-such-user", "no user of this system"), ("root", "root")])
def test_run__no_such_user(run, name, what):
    """A name that stands for nobody, or for root, ends the run before anything is read."""
    assert run(name).splitlines()[-2] == f"mlci: MLCI_CHILD_USER names `{name}`, which is {what}."


@as_root
def test_train__closed_folder(workshop, plain, nobody):
    """A repository that others may not enter is told by the folder that is closed, before anything runs."""
    training = workshop.training(plain)
    training.root.chmod(0o700)
    with pytest.raises(TrainingError) as caught:
        job.train(replace(training, environment=replace(training.environment, user=nobody)))
    closed = users.barred(training.root, nobody)
    assert caught.value.message == (
        f"`income` cannot be trained: its code runs as the user `nobody`, who may not read {closed}."
    )


# --- who it is ---------------------------------------------------------------------------------------------------


@pytest.fixture
def accounts(monkeypatch):
    """A system with some users, on which this process is root."""
    known = {name: users.User(name, uid, uid) for name, uid in (("root", 0), ("one", 7), ("two", 8), ("two-base", 9))}
    monkeypatch.setattr(users, "_known", known.get)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return known


@pytest.mark.parametrize(
    ("name", "side", "expected"),
    [
        ("one", "head", "one"),
        ("one", "base", "one"),
        ("two", "head", "two"),
        ("two", "base", "two-base"),
        ("", "head", None),
        (" ", "base", None),
    ],
)
def test_child(accounts, name, side, expected):
    """The user that is named; for the base's side its companion, where the system has one."""
    assert users.child(side, {"MLCI_CHILD_USER": name}) == accounts.get(expected)


def test_child__not_root(accounts, monkeypatch):
    """Who is not root runs all code as they are."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert users.child(environ={"MLCI_CHILD_USER": "no-such-user"}) is None


@pytest.mark.parametrize("name", ["root", "no-such-user"])
def test_child__nobody_to_be(accounts, name):
    """Root and unknown names are refused."""
    with pytest.raises(UserError):
        users.child(environ={"MLCI_CHILD_USER": name})


@pytest.mark.parametrize(
    ("there", "side", "needs", "enters", "expected"),
    [
        (["mlci", "nobody"], "head", "open", "passage", "mlci"),
        (["nobody"], "head", "open", "open", "nobody"),
        (["mlci", "mlci-base", "nobody"], "base", "open", "open", "mlci-base"),
        (["mlci", "nobody"], "base", "open", "open", "mlci"),
        (["nobody"], "head", "passage", "open", None),
        (["nobody"], "head", "closed", "open", None),
        (["nobody"], "head", "open", "closed", None),
        (["nobody"], "head", "", "open", None),
        ([], "head", "open", "open", None),
    ],
)
def test_child__nobody_asked(monkeypatch, public, there, side, needs, enters, expected):  # noqa: PLR0913, PLR0917 - a case's facts
    """Root without the variable is somebody else where all that is needed is open to them."""
    known = {name: users.User(name, os.getuid() + at, os.getgid() + at) for at, name in enumerate(there, start=7)}
    monkeypatch.setattr(users, "_known", known.get)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for name, mode in {"open": 0o755, "passage": 0o711, "closed": 0o700}.items():
        (public / name).mkdir(mode)
        (public / name).chmod(mode)
    found = users.child(side, {}, needs=[public / needs] if needs else [], enters=[public / enters])
    assert found == (replace(known[expected], is_named=False) if expected else None)
    assert users.child(side, {"MLCI_CHILD_USER": ""}, needs=[public], enters=[public]) is None


@as_root
@pytest.mark.parametrize(("mode", "expected"), [(0o755, 0o711), (0o700, 0o700)])
def test_reachable__nobody_asked(monkeypatch, public, mode, expected):
    """The scratch folder is opened where somebody else can run the code, and stays closed where nobody can."""
    monkeypatch.delenv("MLCI_CHILD_USER", raising=False)
    repository, scratch = public / "repository", public / "scratch"
    repository.mkdir()
    repository.chmod(mode)
    scratch.mkdir(0o700)
    before = os.umask(0o077)
    try:
        with users.reachable(scratch, repository):
            (scratch / "file").touch()
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (scratch, scratch / "file")]
    assert modes == [expected, 0o644 if expected == 0o711 else 0o600]


@pytest.mark.parametrize(
    ("is_named", "mode", "gives_way"), [(False, 0o755, False), (False, 0o700, True), (True, 0o700, False)]
)
def test_settled(public, is_named, mode, gives_way):
    """Who was not asked for gives way where something is closed; who was asked for stays: an error later."""
    reader = users.User("reader", os.getuid() + 7, os.getgid() + 8, is_named)
    (public / "folder").mkdir()
    (public / "folder").chmod(mode)
    reads = users.settled(reader, [public / "folder", public / "none"])
    writes = users.settled(reader, [], [public / "folder"])
    assert (reads, writes) == (None if gives_way else reader, reader if is_named else None)


@as_root
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_train__nobody_asked(workshop, public, reachable, nobody, mode):
    """A command runs as somebody else where its repository is open to them, and as root where it is not."""
    made = workshop.training(
        TRAIN_SMALL, files="csv", command=f"{reachable} pipeline.py", data_format="csv", candidates={}
    )
    place = public / "place"
    shutil.copytree(made.root.parent, place)
    (place / "repository").chmod(mode)
    training = replace(
        made,
        root=place / "repository",
        train=place / "train.csv",
        holdout=place / "holdout.csv",
        scratch=place / "scratch",
        environment=replace(made.environment, python=Path(reachable), user=replace(nobody, is_named=False)),
    )
    trained = job.train(training)
    who = nobody.uid if mode == 0o755 else 0
    assert (trained.held.user, trained.side.params["uid"]) == (bool(who), str(who))


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "expected"),
    [
        (0o755, 1, 1, None),
        (0o750, 1, 1, "closed"),
        (0o750, 1, 8, None),
        (0o705, 1, 8, "closed"),
        (0o700, 7, 1, None),
        (0o077, 7, 8, "closed"),
        (0o711, 1, 1, "closed"),
    ],
)
@as_root
def test_barred(public, mode, uid, gid, expected):
    """The owner's, else the group's, else the others' rights decide; a folder needs to be listed and entered."""
    folder = public / "closed"
    folder.mkdir()
    os.chown(folder, uid, gid)
    folder.chmod(mode)
    found = users.barred(folder, users.User("reader", 7, 8))
    assert (found and found.name) == expected


def test_barred__on_the_way(public):
    """A folder on the way need only be entered; one that cannot be is what is told."""
    path = public / "a" / "b" / "file"
    path.parent.mkdir(parents=True)
    path.touch(mode=0o644)
    path.parent.chmod(0o711)
    reader = users.User("reader", os.getuid() + 7, os.getgid() + 8)
    before = users.barred(path, reader)
    (public / "a").chmod(0o700)
    assert (before, users.barred(path, reader), users.barred(path, None)) == (None, public / "a", None)


# --- what is told ------------------------------------------------------------------------------------------------


def test_told__permission(workshop, plain, nobody):
    """A candidate that may not write is told as whom it runs and where it can write."""
    training = workshop.training(plain)
    training = replace(training, environment=replace(training.environment, user=nobody))
    failure = report.Failure.model_validate(
        {
            "kind": "exception", "type": "PermissionError", "message": "Permission denied", "candidate": "plain",
            "stage": "fit", "traceback": "", "file": "pipeline.py", "line": 3,
        }
    )  # fmt: skip
    assert failures.told(failure, training).hint == (
        "Code of the repository runs as the user `nobody` here, who may only read it: write to $TMPDIR."
    )


def test_ended__launcher_refused(workshop, plain):
    """A container that does not allow to change the user is named as the reason, with what the system said."""
    training = workshop.training(plain)
    log = "mlci: cannot start python as user 7:7: Operation not permitted\n"
    outcome = sandbox.Outcome(code=127, signal=None, timed_out=False, log=log, usage=None)
    error = failures.ended(outcome, training, output=failures.dump(log, training.root))
    assert (error.hint, error.traceback) == (
        "The container does not allow what mlci needs to train as another user.",
        textwrap.dedent(log).strip(),
    )
