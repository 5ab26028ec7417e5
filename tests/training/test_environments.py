"""Environments made by uv from an index of the tests' own: what is in them, what is kept, and what cannot be made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlci.config.environment import Environment as Asked
from mlci.errors import Location, TrainingError
from mlci.training import environments, kept, uv
from mlci.training.environments import Environments, cache_folder
from mlci.training.job import StoppedError
from mlci.training.wall import Wall
from tests.training.index import serving

VERSION = ".".join(map(str, sys.version_info[:3]))
PROJECT = '[project]\nname = "thing"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = [{}]\n'


class Shop:
    """A repository on both sides, and where its environments are made."""

    def __init__(self, folder):
        self.folder = folder
        self.said = []
        self.made = Environments(folder / "scratch", folder / "cache", self.said.append)
        self.head, self.base = folder / "head", folder / "base"
        for side in (self.head, self.base):
            side.mkdir()

    def write(self, path, text, *, sides=("head", "base")):
        """The same file on both sides, or on one."""
        for side in sides:
            file = self.folder / side / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def of(self, side="head", *, stop=None, beside=False, **asked):
        """The environment of one side."""
        root = self.folder / side
        other = (Asked(**asked), self.base) if beside else None
        wall = Wall(files="deny", network="deny", read=(root,), processes=200, disk=10**9)
        return self.made.of(Asked(**asked), root=root, side=side, subject="`late`", wall=wall, beside=other, stop=stop)

    def error(self, side="head", **asked):
        """What is said where it cannot be made."""
        with pytest.raises(TrainingError) as caught:
            self.of(side, **asked)
        assert caught.value.code == "MLCI214"
        return caught.value


@pytest.fixture
def index(tmp_path, monkeypatch):
    """The packages `alpha` and `beta`, and no other index."""
    for name in (*uv.INDEXES, *uv.NETWORK):
        monkeypatch.delenv(name, raising=False)
    with serving(tmp_path / "index") as index:
        for version in ("1.0", "1.1", "2.0"):
            index.add("alpha", version)
        index.add("beta", "1.0", "alpha<2")
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        yield index


@pytest.fixture
def shop(tmp_path, index):
    """A repository whose requirements are `alpha` 1.0."""
    shop = Shop(tmp_path)
    shop.write("requirements.txt", "alpha==1.0\n")
    return shop


def versions(made):
    """What an environment really has: its own interpreter says so, where mlci is not."""
    code = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
    return json.loads(subprocess.check_output([made.python, "-I", "-c", code], text=True))


# --- what is made ------------------------------------------------------------------------------------------------


def test_requirements__are_what_is_in_it_and_nothing_else(shop):
    """The packages that the file names, for mlci's own Python, and not one of mlci's."""
    made = shop.of(requirements="requirements.txt")

    assert (made.kind, dict(made.packages), versions(made)) == (
        "requirements",
        {"python": VERSION, "alpha": "1.0"},
        {"alpha": "1.0"},
    )
    assert (made.has_parquet, made.has_skops, made.paths) == (False, False, ())


def test_requirements__include_others_and_constraints(shop):
    """Included files count, and a constraint limits what another file asks for."""
    shop.write("all.txt", "-r lists/train.txt\n--constraint=lists/limits.txt\n")
    shop.write("lists/train.txt", "beta\nalpha\n")
    shop.write("lists/limits.txt", "alpha<1.1\n")

    assert versions(shop.of(requirements="all.txt")) == {"alpha": "1.0", "beta": "1.0"}


def test_requirements__with_hashes(shop, index):
    """A hash that fits installs; one that does not is the resolver's to refuse."""
    import hashlib

    wheel = index.folder / "simple/alpha/alpha-1.1-py3-none-any.whl"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    shop.write("good.txt", f"alpha==1.1 \\\n    --hash=sha256:{digest}\n")
    shop.write("bad.txt", f"alpha==1.1 --hash=sha256:{'0' * 64}\n")

    assert versions(shop.of(requirements="good.txt")) == {"alpha": "1.1"}
    assert "Hash mismatch" in shop.error(requirements="bad.txt").message


def test_project__without_a_lock(shop):
    """Dependencies, extras and groups of a project; the project itself is imported and not installed."""
    text = PROJECT.format('"beta"') + (
        '[project.optional-dependencies]\nmore = ["alpha<1.1"]\n[dependency-groups]\ndev = ["gamma"]\n'
    )
    shop.write("sub/pyproject.toml", text)
    shop.write("sub/src/thing/__init__.py", "")

    made = shop.of(project="sub", extras=["more"])

    assert (made.kind, versions(made)) == ("project", {"alpha": "1.0", "beta": "1.0"})
    assert made.paths == (shop.head / "sub" / "src", shop.head / "sub")
    assert sorted(each.name for each in (shop.head / "sub").iterdir()) == ["pyproject.toml", "src"]
    assert "gamma" in shop.error(project="sub", groups=["dev"]).message


def test_project__with_a_lock(shop, index):
    """What uv.lock says is installed, though newer versions are there; a stale lock is told in uv's own words."""
    shop.write("pyproject.toml", PROJECT.format('"alpha<1.1"'))
    environ = {**os.environ, "UV_CACHE_DIR": str(shop.folder / "uv"), "UV_PYTHON_DOWNLOADS": "never"}
    lock = [uv.binary(), "lock", "--quiet", "--python", sys.executable]
    subprocess.run(lock, cwd=shop.head, env=environ, check=True)
    before = (shop.head / "uv.lock").read_bytes()
    index.add("alpha", "1.0.5")

    made = shop.of(project=".")

    assert (versions(made), (shop.head / "uv.lock").read_bytes()) == ({"alpha": "1.0"}, before)
    shop.write("pyproject.toml", PROJECT.format('"beta"'))
    error = shop.error(project=".")
    assert "The lockfile at `uv.lock` needs to be updated" in error.message
    assert "uv lock" in error.hint


def test_folders_of_the_repository__are_built_in_a_copy_and_not_kept(shop):
    """A package that is built beside its sources leaves the repository as it was, and is made anew for each run."""
    backend = (
        "import pathlib, shutil\n"
        "def build_wheel(out, *_):\n"
        "    pathlib.Path('left-behind').write_text('x')\n"
        "    shutil.copy(next(pathlib.Path('..').glob('*.whl')), out)\n"
        "    return next(pathlib.Path('..').glob('*.whl')).name\n"
    )
    shop.write(
        "pkg/pyproject.toml", '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "alpha"\nversion = "2.0"\n'
    )  # fmt: skip
    shop.write("pkg/backend.py", backend)
    wheel = shop.folder / "index/simple/alpha/alpha-2.0-py3-none-any.whl"
    (shop.head / wheel.name).write_bytes(wheel.read_bytes())
    shop.write("local.txt", "./pkg\n")

    made = shop.of(requirements="local.txt")

    assert (versions(made), (shop.head / "pkg" / "left-behind").exists()) == ({"alpha": "2.0"}, False)
    assert made.python.is_relative_to(shop.folder / "scratch")
    assert "not kept: no file tells what is in `./pkg`" in shop.said[0]


# --- interpreters ------------------------------------------------------------------------------------------------


def test_interpreter__is_used_as_it_is(shop):
    """An interpreter of the machine, by its path, with what is installed in it."""
    made = shop.of(python=sys.executable)

    assert (made.kind, made.python, made.key, made.has_parquet) == ("interpreter", Path(sys.executable), "", True)
    assert {"python": VERSION, "pytest": pytest.__version__}.items() <= made.packages.items()


def test_interpreter__is_made_with_the_version_that_is_asked_for(shop):
    """A version that this machine has, beside requirements."""
    minor = f"{sys.version_info[0]}.{sys.version_info[1]}"

    assert shop.of(requirements="requirements.txt", python=minor).packages["python"].startswith(f"{minor}.")


@pytest.mark.parametrize(
    ("python", "told"),
    [
        ("3.99", "there is no Python `3.99` on this machine"),
        ("./nowhere/python", "there is no Python `./nowhere/python` on this machine"),
        ("/bin/ls", "`/bin/ls` does not answer as a Python does"),
    ],
)
def test_interpreter__that_is_not_there(shop, python, told):
    """No Python is downloaded: the sentence says what is missing."""
    assert told in shop.error(python=python).message


def test_interpreter__the_hint_names_those_that_are_there(shop):
    """Who asks for another Python reads which ones there are."""
    assert VERSION in shop.error(requirements="requirements.txt", python="3.99").hint


def test_interpreter__of_the_repository_cannot_open_other_folders(shop, tmp_path):
    """A program of the repository that poses as a Python of the folder above opens nothing that lies there."""
    (tmp_path / "lib" / "python3.12").mkdir(parents=True)
    told = {
        "version": "3.12.0", "implementation": "CPython", "platform": "linux", "executable": "/x", "packages": {},
        "prefix": "/", "base_prefix": "/",
    }  # fmt: skip
    shop.write("python", f"#!/bin/sh\necho '{json.dumps(told)}' > \"$3\"\n")
    (shop.head / "python").chmod(0o755)

    assert shop.of(python="./python").roots == (shop.head / "python",)


# --- what is kept ------------------------------------------------------------------------------------------------


def test_kept__a_second_run_makes_nothing(shop, index):
    """The same files: no index is asked, nothing is told, the same folder."""
    first = shop.of(requirements="requirements.txt")
    index.asked.clear()

    assert (shop.of(requirements="requirements.txt"), index.asked, len(shop.said)) == (first, [], 1)
    assert first.python.is_relative_to(shop.folder / "cache" / "head")


def test_kept__both_sides_share_what_is_the_same(shop):
    """The same content on both sides is made once, on the base's behalf; other content is the head's own."""
    base = shop.of("base", requirements="requirements.txt")
    head = shop.of("head", requirements="requirements.txt", beside=True)
    shop.write("requirements.txt", "alpha==1.1\n", sides=("head",))
    moved = shop.of("head", requirements="requirements.txt", beside=True)

    assert (head.python, versions(moved), len(shop.said)) == (base.python, {"alpha": "1.1"}, 2)
    assert (
        base.python.is_relative_to(shop.folder / "cache/base"),
        moved.python.is_relative_to(shop.folder / "cache/head"),
    ) == (
        True,
        True,
    )


def test_kept__one_at_a_time(shop):
    """Two trainings that ask at once wait for each other: it is made once."""
    with ThreadPoolExecutor(2) as pool:
        made = [*pool.map(lambda _: shop.of(requirements="requirements.txt"), range(2))]

    assert (made[0], len(shop.said)) == (made[1], 1)


@pytest.mark.parametrize("broken", ["mark", "python", "half"])
def test_kept__what_is_not_whole_is_made_anew(shop, broken):
    """A mark that is none, an interpreter that is gone, and a folder without a mark."""
    made = shop.of(requirements="requirements.txt")
    folder = made.roots[0]
    if broken == "mark":
        (folder / "environment.json").write_text("{}")
    elif broken == "python":
        made.python.unlink()
    else:
        (folder / "environment.json").unlink()

    assert (versions(shop.of(requirements="requirements.txt")), len(shop.said)) == ({"alpha": "1.0"}, 2)


def test_kept__a_cache_in_a_repository_is_not_used(shop):
    """A pull request could bring an environment along, ready to be trained in."""
    (shop.folder / ".git").mkdir()

    made = shop.of(requirements="requirements.txt")

    assert (made.python.is_relative_to(shop.folder / "scratch"), (shop.folder / "cache").exists()) == (True, False)
    assert "not kept: it lies in a git repository" in shop.said[0]


def test_kept__until_nothing_has_used_it_for_long(shop):
    """What nothing used for a month is deleted, and what is in use is left."""
    mark = shop.of(requirements="requirements.txt").roots[0] / "environment.json"
    now = mark.stat().st_mtime

    assert kept.prune(mark.parent.parent, now + kept.OLD - 60) == []
    os.utime(mark, (now - 2 * kept.OLD, now - 2 * kept.OLD))
    assert kept.prune(mark.parent.parent, now) == [mark.parent.name]


def test_cache_folder__of_the_variable_then_of_the_user(monkeypatch, tmp_path):
    """MLCI_CACHE, else the user's cache folder; root's where others may not go is the system's."""
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("MLCI_CACHE", raising=False)
    open_home = cache_folder()
    home.chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    closed_home = cache_folder()
    monkeypatch.setenv("MLCI_CACHE", "/elsewhere")

    assert (open_home, closed_home, cache_folder()) == (
        home / ".cache" / "mlci",
        environments.SHARED / "mlci",
        Path("/elsewhere"),
    )


# --- what cannot be made -----------------------------------------------------------------------------------------


def test_unresolved__in_the_resolvers_own_words(shop):
    """What contradicts itself is told in uv's sentence, on one line, with the line of the file."""
    shop.write("bad.txt", "# ours\nbeta\nalpha==2.0\n")

    error = shop.error(requirements="bad.txt")

    assert "`late` cannot be made: bad.txt cannot be installed" in error.message
    assert "No solution found when resolving dependencies: Because " in error.message
    assert "require alpha==2.0" in error.message
    assert ("\n" in error.message, error.location) == (False, Location("bad.txt", 3))


def test_unresolved__no_index(shop, monkeypatch):
    """Where no index answers, the hint says so."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")

    assert "The index of packages was out of reach" in shop.error(requirements="requirements.txt").hint


def test_unresolved__an_index_behind_a_password(shop, monkeypatch, index):
    """It is not left out in silence, for another index would take its place; the hint says how it is passed on."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url.replace("//", "//me:hunter2@"))

    error = shop.error(requirements="requirements.txt")

    assert "`UV_DEFAULT_INDEX` holds a password" in error.message
    assert ("pass_env: [UV_DEFAULT_INDEX]" in error.hint, "hunter2" in str(error)) == (True, False)


def test_unresolved__a_proxy_behind_a_password(shop, monkeypatch):
    """A proxy's password is kept from what builds itself, and where nothing can be had, the hint says so."""
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter2@127.0.0.1:9")
    shop.write("requirements.txt", "no-such-thing==1\n")

    error = shop.error(requirements="requirements.txt")

    assert ("HTTPS_PROXY" in error.hint, "sandbox.pass_env" in error.hint, "hunter2" in str(error)) == (
        True,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("asked", "told", "hint"),
    [
        ({"requirements": "requirement.txt"}, "there is no such file", "Did you mean 'requirements.txt'?"),
        ({"project": "."}, "pyproject.toml for its environment, and there is no such file", "requirements.txt"),
        ({"requirements": "../secret.txt"}, "lies outside of the repository", "sandbox.read"),
        ({"requirements": "link.txt"}, "lies outside of the repository", "sandbox.read"),
        ({"requirements": "deep.txt"}, "deep.txt names nowhere.txt", "Did you mean"),
        ({"requirements": "sub/pyproject.toml"}, "belongs to a project", "{project: sub}"),
    ],
)
def test_files__that_are_not_there_or_lie_elsewhere(shop, asked, told, hint):
    """The sentence names the file, the hint how to mend it."""
    (shop.folder / "secret.txt").write_text("alpha\n")
    (shop.head / "link.txt").symlink_to(shop.folder / "secret.txt")
    shop.write("deep.txt", "-r nowhere.txt\n")
    shop.write("now-here.txt", "alpha\n")

    error = shop.error(**asked)

    assert told in error.message
    assert hint in error.hint


def test_stop__ends_what_is_being_made(shop):
    """Whoever interrupts does not wait for an environment, and no half of it counts as one."""
    stop = threading.Event()
    stop.set()
    shop.write("pkg/pyproject.toml", '[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["."]\n')
    shop.write("pkg/b.py", "import time\ntime.sleep(60)\n")
    shop.write("slow.txt", "./pkg\n")

    with pytest.raises(StoppedError):
        shop.of(requirements="slow.txt", stop=stop)

    assert [*(shop.folder / "scratch").rglob("environment.json")] == []


# --- what builds itself is a stranger's --------------------------------------------------------------------------


def test_build__finds_no_token_and_reads_no_other_file(shop, monkeypatch, tmp_path):
    """A package's own build sees neither the environment of mlci nor files beyond the repository."""
    monkeypatch.setenv("GITHUB_TOKEN", "canary-token")
    secret = tmp_path / "secret.txt"
    secret.write_text("canary-file")
    backend = (
        "import os, pathlib\n"
        "seen = dict(os.environ)\n"
        "try:\n"
        f"    seen['file'] = pathlib.Path({str(secret)!r}).read_text()\n"
        "except OSError as error:\n"
        "    seen['file'] = type(error).__name__\n"
        "raise SystemExit('I saw ' + repr(sorted(seen.items())))\n"
    )
    shop.write("pkg/pyproject.toml", '[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["."]\n')
    shop.write("pkg/b.py", backend)
    shop.write("evil.txt", "./pkg\n")

    error = shop.error(requirements="evil.txt")

    assert "I saw" in error.traceback
    assert ("canary-token" in error.traceback, "canary-file" in error.traceback) == (False, False)


def test_build__that_replaces_the_interpreter_is_refused(shop, monkeypatch):
    """An environment whose bin/python leads elsewhere, into a folder that would then be open, does not count."""
    monkeypatch.setattr(
        uv,
        "commands",
        lambda *given: [["/bin/sh", "-c", f"mkdir {given[3]}/bin && ln -s /bin/true {given[3]}/bin/python"]],
    )

    assert "replaced the interpreter" in shop.error(requirements="requirements.txt").message


def test_build__keeps_to_the_limits_of_the_sandbox(shop):
    """A package whose build writes too large a file is ended, and the sentence names the limit."""
    shop.write("pkg/pyproject.toml", '[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["."]\n')
    shop.write(
        "pkg/b.py", "import time\nwith open('big', 'wb') as file:\n    file.write(bytes(40_000_000))\ntime.sleep(60)\n"
    )
    shop.write("big.txt", "./pkg\n")
    wall = Wall(files="deny", read=(shop.head,), disk=20_000_000)

    with pytest.raises(TrainingError, match=r"`sandbox\.disk` allows") as caught:
        shop.made.of(Asked(requirements="big.txt"), root=shop.head, side="head", subject="`late`", wall=wall)

    assert caught.value.code == "MLCI214"
