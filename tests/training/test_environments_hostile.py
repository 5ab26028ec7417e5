"""Environments of repositories that mean no good, or that lie beside what nobody may read."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from mlci.config.environment import Environment
from mlci.errors import TrainingError
from mlci.training import asked, environments, gauge, interpreters, kept, users, uv
from mlci.training.builder import Builder
from mlci.training.environments import Environments
from mlci.training.wall import Wall
from tests.training.test_environments import Shop

BUILD = '[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["."]\n'
READS = """\
import os, shutil
def seen(path):
    try:
        return str(os.listdir(path)) if os.path.isdir(path) else open(path).read()
    except OSError as error:
        return type(error).__name__
raise SystemExit("I saw " + repr([seen(each) for each in {!r}]) + " and " + str(shutil.which("uv")))
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A repository whose requirements build themselves, and no index."""
    for name in (*uv.INDEXES, *uv.NETWORK):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_OFFLINE", "1")
    shop = Shop(tmp_path)
    shop.write("requirements.txt", "./evil\n")
    shop.write("evil/pyproject.toml", BUILD)
    return shop


def plant(shop, executable, *, sides=("head",)):
    """A script that poses as the Python of a virtual environment, and names another program as itself."""
    told = {
        "version": ".".join(map(str, sys.version_info[:3])), "implementation": "CPython", "platform": "linux-x86_64",
        "executable": str(executable), "prefix": "/", "base_prefix": "/", "packages": {},
    }  # fmt: skip
    shop.write("v/pyvenv.cfg", "", sides=sides)
    shop.write("v/bin/python", f"#!/bin/sh\necho '{json.dumps(told)}' > \"$3\"\n", sides=sides)
    for side in sides:
        (shop.folder / side / "v/bin/python").chmod(0o755)


# --- interpreters that a pull request brings ---------------------------------------------------------------------


@pytest.mark.parametrize("says", ["/", "elsewhere", "elsewhere/program"])
def test_planted__names_no_other_program(shop, says):
    """A script that names a folder or another program as itself is refused before anything is built."""
    (shop.folder / "elsewhere").mkdir()
    (shop.folder / "elsewhere" / "program").touch()
    shop.write("evil/b.py", READS.format(["/", str(shop.folder / "elsewhere")]))
    plant(shop, shop.folder / says)

    error = shop.error(requirements="requirements.txt", python="v/bin/python")

    assert "`v/bin/python` names another program as itself" in error.message
    assert "I saw" not in error.traceback


def test_planted__link_to_a_python_opens_its_library_alone(shop):
    """A virtual environment of the repository is used, and a build in it reads nothing beyond the wall."""
    secret = shop.folder / "elsewhere" / "answers"
    secret.parent.mkdir()
    secret.write_text("canary")
    shop.write("evil/b.py", READS.format(["/", str(secret), str(secret.parent), "/root"]))
    shop.write("v/pyvenv.cfg", "", sides=("head",))
    (shop.head / "v/bin").mkdir()
    (shop.head / "v/bin/python").symlink_to(interpreters.own().path)

    error = shop.error(requirements="requirements.txt", python="v/bin/python")

    assert f"I saw {['PermissionError'] * 4!r}" in error.traceback


def test_planted__that_names_itself_opens_nothing(shop):
    """One that tells the truth is granted itself and its own folder in the repository, in building and in training."""
    plant(shop, shop.head / "v/bin/python")
    path = shop.head / "v/bin/python"

    made = shop.of(python="v/bin/python")

    assert made.roots == (path, shop.head / "v")
    assert interpreters.is_shared("v/bin/python") is False


@pytest.mark.parametrize("path", ["lib/program", "bin/python3"])
def test_planted__library_confirms_no_folder_above_the_repository(tmp_path, path):
    """A repository that is called as a library is does not open the folder that it lies in."""
    (tmp_path / "lib" / "python3.12").mkdir(parents=True)
    (tmp_path / "lib" / "python3.12" / "os.py").touch()
    program = tmp_path / path
    program.parent.mkdir(exist_ok=True)
    program.touch()
    before = interpreters.needed(program)
    (tmp_path / "lib" / ".git").mkdir()

    assert (before, interpreters.needed(program)) == ([program, tmp_path], [program])


@pytest.mark.parametrize("home", [".", "user"])
def test_needed__never_opens_a_home(tmp_path, monkeypatch, home):
    """The user's home, and a folder above it, are no library and no virtual environment, whatever lies in them."""
    (tmp_path / "lib" / "python3.12").mkdir(parents=True)
    (tmp_path / "lib" / "python3.12" / "os.py").touch()
    (tmp_path / "pyvenv.cfg").touch()
    program = tmp_path / "bin" / "python3"
    program.parent.mkdir()
    program.touch()
    granted = interpreters.needed(program)
    monkeypatch.setenv("HOME", str(tmp_path / home))

    assert (granted, interpreters.needed(program)) == ([program, tmp_path, tmp_path], [program])


def test_training__is_granted_the_library_and_no_more(shop):
    """What trains reads its environment and the interpreter's own library."""
    shop.write("requirements.txt", "")

    made = shop.of(requirements="requirements.txt")

    mine = interpreters.own()
    assert set(made.roots) == {made.python.parents[2], *interpreters.needed(mine.path), mine.prefix}


def test_beside__an_interpreter_of_the_repository_runs_on_its_own_sides_behalf(shop):
    """A `python` that is a path is another program on each side: the head's never runs on behalf of the base."""
    shop.write("requirements.txt", "")
    for side in ("head", "base"):
        (shop.folder / side / "v").symlink_to(sys.prefix)

    made = shop.of(requirements="requirements.txt", python="./v", beside=True)
    other = shop.of(requirements="requirements.txt", beside=True)

    assert made.python.is_relative_to(shop.folder / "cache" / "head")
    assert other.python.is_relative_to(shop.folder / "cache" / "base")


@pytest.mark.parametrize(("side", "tree"), [("head", "this"), ("base", "the base branch's")])
def test_interpreter__the_hint_tells_whose_tree_lacks_it(shop, side, tree):
    """A relative path is looked up on each side, and the hint says on which one nothing is there."""
    assert f"{tree} tree has no such file" in shop.error(side, python=".venv/bin/python").hint


# --- builds ------------------------------------------------------------------------------------------------------


def test_build__finds_the_environments_python_first(shop):
    """PATH begins with the folder of the interpreter that the environment is made with, and not with mlci's own."""
    shop.write("evil/b.py", 'import os\nraise SystemExit("PATH is " + os.environ["PATH"])\n')

    said = shop.error(requirements="requirements.txt").traceback

    path = said.partition("PATH is ")[2].split(os.pathsep)
    assert str(uv.binary().parent) not in path[:1]
    assert str(interpreters.own().path.parent) in path[:2]  # uv puts the build's own environment before it


def test_build__that_fails_leaves_nothing(shop):
    """What cannot be made takes no room in the cache: neither a half of it nor its lock is left."""
    shop.write("evil/b.py", "raise SystemExit('no')\n")
    shop.write("broken.txt", "nowhere==1\n")

    shop.error(requirements="broken.txt")
    shop.error(requirements="requirements.txt")

    left = [
        *(shop.folder / "cache/head/environments").iterdir(),
        *(shop.folder / "scratch/head/environments").iterdir(),
    ]
    assert left == []


def test_build__that_fails_makes_room_all_the_same(shop):
    """Environments that nothing used for long are deleted after a failure, too, with their locks."""
    old = shop.folder / "cache/head/environments/old"
    old.mkdir(parents=True)
    old.with_name("old.lock").touch()
    os.utime(old, (0, 0))
    shop.write("broken.txt", "nowhere==1\n")

    shop.error(requirements="broken.txt")

    assert [*old.parent.iterdir()] == []


def test_build__where_the_scratch_folder_lies_in_the_repository(shop):
    """A copy of the repository leaves out the folder that it is made in, and so has an end."""
    shop.write("evil/b.py", "import os\nraise SystemExit('I saw ' + repr(sorted(os.listdir('../tmp'))))\n")
    shop.write("tmp/notes.txt", "")
    shop.made = Environments(shop.head / "tmp" / "scratch", shop.folder / "cache", shop.said.append)

    assert "I saw ['notes.txt']" in shop.error(requirements="requirements.txt").traceback


def test_copied__leaves_out_what_cannot_be_copied(tmp_path):
    """Pipes, and links as they are; hidden folders and virtual environments are left out."""
    top = tmp_path / "top"
    for each in ("src", "hidden", "venv"):
        (top / each).mkdir(parents=True)
        (top / each / "file").touch()
    (top / "venv" / "pyvenv.cfg").touch()
    os.mkfifo(top / "pipe")
    (top / "dangling").symlink_to("nowhere")

    kept.copied(top, tmp_path / "copy", (top / "hidden",))

    assert sorted(str(each.relative_to(tmp_path / "copy")) for each in (tmp_path / "copy").rglob("*")) == [
        "dangling",
        "src",
        "src/file",
    ]


def test_copied__what_fails_is_told(shop, monkeypatch):
    """A copy that the machine refuses is an error of the environment, with the machine's own words."""

    def refuse(*_):
        raise shutil.Error([("a", "b", f"[Errno 28] No space left on device: '{shop.head}/a'")])

    monkeypatch.setattr(kept, "copied", refuse)

    error = shop.error(requirements="requirements.txt")

    assert "cannot be copied for a build ([Errno 28] No space left on device" in error.message
    assert str(shop.head) not in error.message


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_copied__leaves_out_what_is_closed_to_it():
    """Files and folders that mlci may not read, such as the data of a service's container, are left out."""
    user = users.child(environ={users.VARIABLE: "nobody"})
    assert user is not None
    folder = Path(tempfile.mkdtemp(prefix="mlci-test-", dir="/tmp"))
    try:
        folder.chmod(0o777)
        (folder / "top" / "pgdata").mkdir(parents=True, mode=0o755)
        (folder / "top" / "pgdata").chmod(0o700)
        (folder / "top").chmod(0o755)
        for name, mode in (("closed", 0o600), ("open", 0o644)):
            (folder / "top" / name).touch()
            (folder / "top" / name).chmod(mode)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.setgroups([])
                os.setgid(user.gid)
                os.setuid(user.uid)
                kept.copied(folder / "top", folder / "copy", ())
                code = 0
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        assert [each.name for each in (folder / "copy").iterdir()] == ["open"]
    finally:
        shutil.rmtree(folder)


def test_size__is_counted_as_the_limit_is(tmp_path):
    """Folders and empty files count as in the limit on disk, so that what is there already takes nothing from it."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "empty").touch()
    (tmp_path / "a" / "large").write_bytes(bytes(100_000))

    assert kept.size([tmp_path]) == sum(gauge.files([str(tmp_path)])) >= 3 * gauge.BLOCK + 100_000


def test_existing__what_cannot_be_printed_is_spelled_out(tmp_path):
    """A name with a null byte is shown with it, and not as another name."""
    builder = Builder(
        scratch=tmp_path, user=None, root=tmp_path, subject="`m`", wall=Wall(), tick=lambda: None, environ={}
    )

    with pytest.raises(TrainingError, match=r"no Python `\./a\\x00b` on this machine"):
        builder.existing("./a\0b")


def test_key_of__the_machines_settings(shop, tmp_path, monkeypatch):
    """What an administrator tells uv decides what is installed, so that it is part of the key."""
    recipe = asked.recipe(Environment(requirements="requirements.txt"), shop.head, (shop.head,), "`late`")
    keys = set()
    for text in ("", "no-index = true\n"):
        (tmp_path / "uv.toml").write_text(text)
        monkeypatch.setattr(environments, "OF_MACHINE", tmp_path / "uv.toml")
        keys.add(environments.key_of(recipe, interpreters.own()))

    assert len(keys) == 2
