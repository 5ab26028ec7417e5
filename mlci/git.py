"""The only room that talks to git: commits, the merge base, worktrees, the diff; shallow clones are repaired."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.errors import GitError
from mlci.results import Commit, FileChange

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMEOUT = 600
# what a hook or another git command may have set, and what would point at another repository
_LOCAL = frozenset(
    f"GIT_{name}"
    for name in ("DIR", "WORK_TREE", "INDEX_FILE", "OBJECT_DIRECTORY", "ALTERNATE_OBJECT_DIRECTORIES", "COMMON_DIR",
                 "NAMESPACE", "PREFIX", "CEILING_DIRECTORIES", "GRAFT_FILE", "SHALLOW_FILE", "REPLACE_REF_BASE")
)  # fmt: skip
_DEEPEN = (50, 500, 5000)

# a repository under test must not make git run its programs, nor ask for a password
_SAFE = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.pager=cat",
    "-c", "diff.external=", "-c", "core.quotePath=false", "-c", "advice.detachedHead=false",
    "-c", "safe.bareRepository=explicit",  # a commit can hold a bare repository, with a configuration of its own
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Credentials:
    """A token that git may fetch with from one server; it is told through the environment of `git fetch` alone."""

    server: str  # https://github.com
    token: str = field(repr=False)

    def environment(self) -> dict[str, str]:
        """Git's configuration for one command: the header that actions/checkout would have left, in its place."""
        key = f"http.{self.server.rstrip('/')}/.extraheader"
        basic = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": key,
            "GIT_CONFIG_VALUE_0": "",  # forgets one that checkout persisted: two headers are refused
            "GIT_CONFIG_KEY_1": key,
            "GIT_CONFIG_VALUE_1": f"AUTHORIZATION: basic {basic}",
        }


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository at `root`, its top folder."""

    root: Path
    credentials: Credentials | None = None

    @classmethod
    def at(cls, folder: Path, credentials: Credentials | None = None) -> Repository:
        """The repository that `folder` lies in.

        Raises:
            GitError: there is none, or git itself is missing.
        """
        top = _git(folder, "rev-parse", "--show-toplevel")
        if top.returncode:
            raise GitError(
                "This folder is in no git repository, so there is no base to compare with."
                if "not a git repository" in top.stderr
                else f"git cannot read this repository: {_last(top.stderr)}.",
                hint="Run mlci inside the repository (in a workflow, check out before this step), or `git init` first; "
                "`mlci run --base none` judges by absolute gates alone.",
                code="MLCI431",
            )
        return cls(Path(top.stdout.strip()), credentials)

    def resolve(self, ref: str) -> str | None:
        """The commit's SHA, or None where there is no such commit."""
        found = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        return found.stdout.strip() or None

    def commit(self, sha: str, ref: str = "") -> Commit:
        """The commit's first line, and whether the work tree differs from it."""
        subject = self._run("log", "-1", "--format=%s", "--end-of-options", sha).stdout.strip()
        return Commit(sha=sha, ref=ref, subject=subject[:500])

    def head_name(self) -> str:
        """The branch that is checked out; HEAD where none is."""
        return self._run("rev-parse", "--abbrev-ref", "HEAD").stdout.strip()

    def parent(self, sha: str) -> str | None:
        """The first parent of a commit, or None for a root (or for the edge of a shallow clone)."""
        return self.resolve(f"{sha}^1")

    def parents(self, sha: str) -> tuple[str, ...]:
        """The parents that a commit names, also where a shallow clone does not have them."""
        lines = self._run("cat-file", "commit", sha).stdout.partition("\n\n")[0].splitlines()
        return tuple(line.removeprefix("parent ") for line in lines if line.startswith("parent "))

    def keeps_credentials(self) -> bool:
        """Whether the clone's own configuration holds a header to log in with, as actions/checkout leaves it."""
        return bool(self._run("config", "--local", "--name-only", "--get-regexp", r"^http\..*\.extraheader$").stdout)

    def dirty(self) -> int:
        """How many tracked files differ from HEAD."""
        return len(self._run("status", "--porcelain", "--untracked-files=no").stdout.splitlines())

    def tracked(self, sha: str, pattern: str) -> bool:
        """Whether any file of a commit matches a path or a glob."""
        empty = self._run("hash-object", "-t", "tree", "--stdin").stdout.strip()  # of the repository's own hash
        listed = self._run("diff", "--name-only", "--no-renames", empty, sha, "--", f":(glob){pattern}")
        return bool(listed.stdout)

    def is_ancestor(self, one: str, other: str) -> bool:
        """Whether a commit is another one, or part of its history, as far as this clone knows."""
        return not self._run("merge-base", "--is-ancestor", one, other).returncode

    def merge_base(self, one: str, other: str) -> str:
        """The best common ancestor of two commits; a shallow clone is deepened until it is found.

        Raises:
            GitError: the two have none, or the clone is shallow and cannot be deepened.
        """
        for depth in (0, *_DEEPEN, None):
            if depth != 0:
                if not self.shallow():
                    break
                self._deepen(depth, one, other)
            found = self._run("merge-base", one, other)
            if not found.returncode:
                return found.stdout.strip()
        where = " in this shallow clone" if self.shallow() else ""
        raise GitError(
            f"{one[:10]} and {other[:10]} have no common ancestor{where}.",
            hint="Fetch the history: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout."
            if self.shallow()
            else "Say what to compare with: `--base REF`.",
            code="MLCI433",
        )

    def shallow(self) -> bool:
        """Whether the clone lacks history."""
        return self._run("rev-parse", "--is-shallow-repository").stdout.strip() == "true"

    def fetch(self, branch: str) -> str | None:
        """Fetch a branch from the remote that there is; its commit, or None."""
        remote = self._remote()
        if remote is None:
            return None
        depth = ("--depth=50",) if self.shallow() else ()
        spec = f"+refs/heads/{branch}:refs/remotes/{remote}/{branch}"
        self._fetch(*depth, remote, spec)
        return self.resolve(f"refs/remotes/{remote}/{branch}")

    def fetch_commit(self, sha: str) -> str | None:
        """A commit by its SHA, fetched where the clone lacks it; None where the remote does not give it."""
        remote = self._remote()
        if remote is not None and self.resolve(sha) is None:
            self._fetch(*(("--depth=1",) if self.shallow() else ()), remote, sha)
        return self.resolve(sha)

    def fetch_named(self, name: str) -> str | None:
        """A tag or a branch that the clone lacks, fetched; its commit, or None where the remote has none so named."""
        remote = self._remote()
        if remote is None:
            return None
        depth = ("--depth=1",) if self.shallow() else ()
        for source, target in (("tags", "tags"), ("heads", f"remotes/{remote}")):
            place = f"refs/{target}/{name}"
            if not self._fetch(*depth, remote, f"+refs/{source}/{name}:{place}").returncode:
                return self.resolve(place)
        return None

    def branches(self) -> list[str]:
        """Local and remote branches, for a did-you-mean."""
        listed = self._run("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes")
        return listed.stdout.split()

    def changes(self, base: str, head: str | None) -> tuple[FileChange, ...]:
        """The files that differ between two commits; `head` None is the work tree."""
        sides = [base] if head is None else [base, head]
        listed = self._run("diff", "--numstat", "-z", "--no-renames", "--no-ext-diff", *sides, "--").stdout
        found = []
        for entry in filter(None, listed.split("\0")):
            added, deleted, path = entry.split("\t", 2)
            binary = added == "-"
            found.append(
                FileChange(path=path, added=None if binary else int(added), deleted=None if binary else int(deleted))
            )
        return tuple(found)

    def lines(self, base: str, head: str | None, path: str) -> str:
        """The changed lines of one file, without context."""
        sides = [base] if head is None else [base, head]
        return self._run("diff", "--unified=0", "--no-ext-diff", *sides, "--", path).stdout

    def add_worktree(self, sha: str, folder: Path) -> None:
        """Lay out a commit in a new folder.

        Raises:
            GitError: git could not write it.
        """
        made = self._run(*_lfs(), "worktree", "add", "--quiet", "--detach", str(folder), sha)
        if made.returncode:
            raise GitError(
                f"git could not lay out {sha[:10]} in a work tree: {_last(made.stderr)}.",
                hint="Look for a full disk, or for a submodule or filter that git cannot reach.",
                code="MLCI434",
            )

    def remove_worktree(self, folder: Path) -> None:
        """Take a worktree away again, and what git remembers of it."""
        self._run("worktree", "remove", "--force", "--force", str(folder))

    def deepen(self, sha: str) -> None:
        """Fetch the parents of a commit at the edge of a shallow clone."""
        self._deepen(1, sha)

    def _deepen(self, by: int | None, *commits: str) -> None:
        """Fetch more history, of these commits if the remote gives them by name: a test merge is on no branch."""
        remote = self._remote()
        if remote is not None:
            more = "--unshallow" if by is None else f"--deepen={by}"
            if self._fetch(more, remote, *commits).returncode:
                self._fetch(more, remote)

    def _fetch(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        extra = self.credentials.environment() if self.credentials else {}
        return _git(self.root, "fetch", "--quiet", "--no-tags", *arguments, extra=extra)

    def _remote(self) -> str | None:
        remotes = self._run("remote").stdout.split()
        return "origin" if "origin" in remotes else next(iter(remotes), None)

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return _git(self.root, *arguments)


def _lfs() -> tuple[str, ...]:
    """Where Git LFS is not installed, its files are laid out as pointers, which the reader of data tells by name."""
    if shutil.which("git-lfs"):
        return ()
    return ("-c", "filter.lfs.required=false", "-c", "filter.lfs.smudge=", "-c", "filter.lfs.process=")


def _git(folder: Path, *arguments: str, extra: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key not in _LOCAL}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", **(extra or {})}
    try:
        return subprocess.run(
            ["git", *_SAFE, *arguments],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, errors="replace", timeout=_TIMEOUT, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        missing = "git is not installed" if folder.is_dir() else f"there is no folder {folder}"
        raise GitError(f"Cannot look at the repository: {missing}.", hint="Install git.", code="MLCI432") from error
    except subprocess.TimeoutExpired:
        raise GitError(
            f"git {arguments[0]} did not answer within {_TIMEOUT} s.",
            hint="Look whether the remote can be reached.",
            code="MLCI435",
        ) from None


def _last(text: str) -> str:
    lines = [line.removeprefix("fatal: ").strip() for line in text.strip().splitlines()]
    return (lines[-1] if lines else "no reason given").rstrip(".")
