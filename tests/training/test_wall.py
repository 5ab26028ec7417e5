from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.training import job, users, wall
from mlci.training.wall import Wall, around

linux = pytest.mark.skipif(sys.platform != "linux", reason="the wall is Linux's")


@pytest.fixture
def tree(tmp_path):
    """A folder with files, folders and links."""
    top = Path(os.path.realpath(tmp_path)) / "top"
    for path in ("a/x", "a/y", "b/c/z", "b/w", "d"):
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).touch()
    (top / "link").symlink_to(top / "a" / "x")
    return top


def parts(top, *hidden):
    """The parts that leave something out, relative to the folder; those that may only be listed end with a slash."""
    found = around(top, frozenset(top / each for each in hidden))
    return {f"{path.relative_to(top)}{'' if is_whole else '/'}" for path, is_whole in found}


@pytest.mark.parametrize(
    ("hidden", "expected"),
    [
        ([], {"."}),
        (["../elsewhere"], {"."}),
        (["."], set()),
        ([".."], set()),
        (["a"], {"./", "b", "d"}),
        (["a/x"], {"./", "a/", "a/y", "b", "d"}),
        (["b/c/z", "d"], {"./", "a", "b/", "b/c/", "b/w"}),
        (["later"], {"./", "a", "b", "d"}),
        (["later/x"], {"./", "a", "b", "d"}),
    ],
)
def test_around(tree, hidden, expected):
    """What is hidden, and nothing else, is left out; what may appear later is never below what is granted."""
    resolved = [os.path.normpath(tree / each) for each in hidden]
    found = around(tree, frozenset(map(Path, resolved)))
    assert {f"{path.relative_to(tree)}{'' if is_whole else '/'}" for path, is_whole in found} == expected


@given(st.sets(st.sampled_from(["a", "a/x", "a/y", "b", "b/c", "b/c/z", "b/w", "d", "e", "a/e"])))
def test_around__law(tmp_path_factory, hidden):
    """A file is granted if and only if neither it nor a folder above it is hidden."""
    top = Path(os.path.realpath(tmp_path_factory.mktemp("top")))
    files = ["a/x", "a/y", "b/c/z", "b/w", "d"]
    for path in files:
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).touch()
    whole = [path for path, is_whole in around(top, frozenset(top / each for each in hidden)) if is_whole]
    granted = {each for each in files if any((top / each).is_relative_to(path) for path in whole)}
    assert granted == {each for each in files if not any((top / each).is_relative_to(top / name) for name in hidden)}


def test_spec__links(tree, tmp_path):
    """A hidden file that is named through a link is hidden where it lies."""
    (tmp_path / "also").symlink_to(tree)
    files = Wall(files="deny", read=(tmp_path / "also",), hidden=(tmp_path / "also" / "a",)).spec(None)["files"]
    assert [each for each in files["read"] if each.startswith(str(tree))] == [str(tree / "b"), str(tree / "d")]


@linux
def test_spec__below_the_system(tmp_path, monkeypatch):
    """A repository in a folder that every program may read is hidden there, too."""
    top = Path(os.path.realpath(tmp_path))
    (top / "opt" / "repo" / ".git").mkdir(parents=True)
    (top / "opt" / "tool").touch()
    monkeypatch.setattr(wall, "SYSTEM", (str(top / "opt"),))
    files = Wall(files="deny", hidden=(top / "opt" / "repo" / ".git",)).spec(None)["files"]
    assert (files["read"], files["list"]) == (
        [str(top / "opt" / "tool")],
        [str(top / "opt"), str(top / "opt" / "repo")],
    )


@linux
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="a fact of root")
def test_spec__secrets_of_root():
    """What root alone may read of the system is hidden from code that runs as root, and open to who may not read it."""
    user = users.User("reader", 7, 8)
    granted = {who: Wall(files="deny").spec(user if who else None)["files"]["read"] for who in (False, True)}
    assert ("/etc" in granted[False], "/etc/shadow" in granted[False], "/etc" in granted[True]) == (False, False, True)


def test_doors():
    """Sockets of root's own services are told of root alone; a user's own of that user."""
    user = wall.doors(users.User("reader", 7, 8))
    assert ("/run/docker.sock" in user, "/run/systemd/private" in user, "/run/user/7/bus" in user) == (
        True,
        False,
        True,
    )


@linux
def test_train__folder_of_the_program(workshop, tmp_path):
    """A command that names a program cannot so read what lies beside it."""
    folder = Path(os.path.realpath(tmp_path)) / "tools"
    folder.mkdir()
    (folder / "secret").write_text("secret")
    shutil.copy("/bin/cat", folder / "cat")
    training = workshop.training("", command=f"{folder}/cat {folder}/secret")
    outcome = {}
    for files in ("deny", "allow"):
        walled = replace(training, wall=Wall(files=files))
        walled.out.mkdir(parents=True, exist_ok=True)
        outcome[files] = job.run(walled, [f"{folder}/cat", f"{folder}/secret"], lambda: None).log
    assert ("Permission denied" in outcome["deny"], outcome["allow"]) == (True, "secret")


def test_spec__a_folder_for_writing_with_something_hidden(tree):
    """What is hidden stays so in a folder that may be written to; the folder itself is then listed alone."""
    files = Wall(files="deny", write=(tree,), hidden=(tree / "a",)).spec(None)["files"]
    assert [each for each in files["write"] if each.startswith(str(tree))] == [str(tree / "b"), str(tree / "d")]
    assert str(tree) in files["list"]
