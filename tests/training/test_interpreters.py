"""Which Python a version, a path or a name means."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mlci.training import interpreters
from mlci.training.interpreters import Interpreter, Told


@pytest.mark.parametrize(
    ("request_", "version", "fits"),
    [
        ("3.12", "3.12.7", True),
        ("3.12", "3.1.2", False),
        ("3.12.1", "3.12.1", True),
        ("3.12.1", "3.12.7", False),
        ("3", "3.13.0", True),
        ("cpython@3.12", "3.12.0", True),
        (">=3.10,<3.13", "3.12.9", True),
        (">=3.10,<3.13", "3.13.0", False),
        ("~=3.11", "3.12.0", True),
        (">=3.9", "3.14.0rc1", True),
        ("3.13", "3.13.0+", True),
    ],
)
def test_wanted__versions(request_, version, fits):
    """A version means all of its patches, a range means itself, and candidates for a release count."""
    versions = interpreters.wanted(request_)

    assert versions is not None
    assert interpreters.fits(version, versions) is fits


@pytest.mark.parametrize("request_", ["python3.12", "./venv", "/usr/bin/python3", ">=three", "", "~/python"])
def test_wanted__what_is_no_version(request_):
    """A path, a name and nonsense are no versions."""
    assert interpreters.wanted(request_) is None


@pytest.fixture
def program(tmp_path):
    """Makes an executable file."""

    def make(path):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("#!/bin/sh\n")
        file.chmod(0o755)
        return file

    return make


def test_named__a_path_a_folder_or_a_name(program, tmp_path):
    """A file, the folder of a virtual environment, and a name on PATH that is not the repository's."""
    file, inside = program("repository/tool"), program("repository/venv/bin/python")
    elsewhere = program("elsewhere/python3.12")
    root, path = tmp_path / "repository", f"{file.parent}:{elsewhere.parent}"

    found = [
        interpreters.named(request, root, {"PATH": path})
        for request in ("./tool", "./venv", "python3.12", "tool", "./nothing")
    ]

    assert found == [file, inside, elsewhere, None, None]


def test_candidates__are_of_path_pyenv_uv_and_the_runner(program, tmp_path):
    """Every place where Pythons are installed is looked into; work trees on PATH and pyenv's shims are not."""
    there = [
        program("bin/python3.12"),
        program("home/.pyenv/versions/3.11.1/bin/python3.11"),
        program("home/.local/share/uv/python/cpython-3.13/bin/python3.13"),
        program("tools/Python/3.10.1/x64/bin/python3.10"),
    ]
    program("bin/python3-config")
    program("home/.pyenv/shims/python3.9")
    program("planted/python3.8")
    (tmp_path / "planted" / ".git").mkdir()
    environ = {
        "PATH": os.pathsep.join(str(tmp_path / each) for each in ("bin", "home/.pyenv/shims", "planted")),
        "HOME": str(tmp_path / "home"),
        "RUNNER_TOOL_CACHE": str(tmp_path / "tools"),
    }

    found = interpreters.candidates(tmp_path / "repository", environ)

    assert {each for each in found if each.is_relative_to(tmp_path)} == set(there)


def test_choose__the_newest_that_fits_and_is_supported():
    """CPython before others, the newest patch, nothing that is too old; those that cannot fit are not asked."""
    versions = {"python3.8": "3.8.1", "python3.11": "3.11.7", "b/python3.11": "3.11.9", "pypy3.11": "3.11.13"}
    asked = []

    def look(path):
        asked.append(str(path))
        tag = "PyPy" if "pypy" in path.name else "CPython"
        return Interpreter(path, versions[str(path)], tag, None)

    wanted = interpreters.wanted(">=3.10")
    assert wanted is not None
    chosen, _ = interpreters.choose(wanted, map(Path, versions), look)

    assert (chosen.version if chosen else None, "python3.8" in asked) == ("3.11.9", False)
    nothing = interpreters.wanted("3.8")
    assert nothing is not None
    assert interpreters.choose(nothing, map(Path, versions), look) == (None, ["3.8.1", "3.11.7", "3.11.9", "3.11.13"])


def told(**changed):
    """What an interpreter says of itself."""
    return Told.model_validate(
        {
            "version": "3.12.1",
            "implementation": "CPython",
            "platform": "linux-x86_64",
            "executable": "/usr/bin/python3",
            "prefix": "/usr",
            "base_prefix": "/usr",
            "packages": {},
            **changed,
        }
    )


def test_of__believes_no_folder_that_is_none(program, tmp_path):
    """The folder of the library is taken from a stranger's word only where it is one, and above the program."""
    (tmp_path / "good" / "lib" / "python3.12").mkdir(parents=True)
    (tmp_path / "good" / "lib" / "python3.12" / "os.py").touch()
    file, other = program("good/bin/python3"), program("other/bin/python3")

    def prefix(path, says):
        return interpreters.of(path, told(base_prefix=str(says))).prefix

    assert [
        prefix(file, tmp_path / "good"),
        prefix(other, tmp_path / "good"),
        prefix(file, tmp_path),
        prefix(file, "/"),
    ] == [
        tmp_path / "good",
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    "wrong", [{"version": "three"}, {"prefix": "usr"}, {"packages": {"x\n": "1"}}, {"packages": {"x": "1" * 300}}]
)
def test_told__is_a_strangers_word(wrong):
    """Versions, paths and names that no interpreter has are refused."""
    with pytest.raises(ValueError, match="validation error"):
        told(**wrong)


def test_own__is_outside_of_the_virtual_environment():
    """Environments are made with the Python below mlci's own environment."""
    mine = interpreters.own()

    assert (mine.path, mine.prefix, interpreters.venv(mine.path)) == (
        Path(os.path.realpath(sys.executable)),
        Path(os.path.realpath(sys.base_prefix)),
        None,
    )
