"""What tests of several rooms share: real repositories, made fresh for each test."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pathlib import Path

# no test is timed; in continuous integration the same examples are tried each time, elsewhere new ones
settings.register_profile("anywhere", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "anywhere")

ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}


class Repo:
    """A real git repository in a folder."""

    def __init__(self, folder: Path, *init: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", *init)

    def git(self, *arguments: str) -> str:
        """Run git here and return what it printed."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder, env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def write(self, **files: str) -> Repo:
        """Write files; a double underscore in a name stands for a dot, `_in_` for a slash."""
        for name, text in files.items():
            self.put(name.replace("_in_", "/").replace("__", "."), text)
        return self

    def put(self, path: str, text: str) -> Repo:
        """Write one file."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return self

    def commit(self, message: str = "change") -> str:
        """Commit everything; the new SHA."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """An empty repository on the branch main."""
    return Repo(tmp_path / "repo")


@pytest.fixture
def make_repo(tmp_path: Path):
    """Make a repository in a named folder."""
    return lambda name, *init: Repo(tmp_path / name, *init)
