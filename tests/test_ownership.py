from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlci.ownership import give_back

if TYPE_CHECKING:
    from pathlib import Path

RUNNER = (1001, 1002)  # any user and group that are not root's; the system need not know them
ROOT = (0, 0)

LEFT = (".git/FETCH_HEAD", ".git/objects/ff/11", ".git/worktrees/base/HEAD", "reports/mlci-out/models/m/README.md")

pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files to somebody else"
)


@pytest.fixture
def workspace(repo):
    """A checkout of the runner's, in which root then fetched, laid out a work tree and wrote a report."""
    repo.put("data.csv", "a\n1\n").commit("main")
    for path in (repo.folder, *repo.folder.rglob("*")):
        os.chown(path, *RUNNER, follow_symlinks=False)
    for path in LEFT:
        repo.put(path, "root's")
    return repo.folder


def owner(path: Path) -> tuple[int, int]:
    """The user and the group of a file, links not followed."""
    return path.lstat().st_uid, path.lstat().st_gid


def owners(folder: Path) -> set[tuple[int, int]]:
    """Whose a folder is, and all that is in it."""
    return {owner(path) for path in (folder, *folder.rglob("*"))}


def test_give_back__what_root_left(workspace):
    """Git's new files and the output folder, with the folders that lead there, belong to the workspace's owner."""
    give_back(workspace, workspace / "reports" / "mlci-out")
    assert owners(workspace) == {RUNNER}


def test_give_back__twice(workspace):
    """The second time there is nothing left to give."""
    counts = [give_back(workspace, workspace / "reports" / "mlci-out") for _ in range(2)]
    assert counts == [4 + 3 + 4, 0]  # files, new folders in .git, new folders of the report


def test_give_back__only_what_is_named(workspace):
    """What else root has in the workspace stays root's."""
    (workspace / "other").mkdir()
    give_back(workspace, workspace / "reports" / "mlci-out")
    assert owner(workspace / "other") == ROOT


def test_give_back__only_roots(workspace):
    """What a third user has there stays theirs."""
    path = workspace / "reports" / "mlci-out" / "models" / "m" / "README.md"
    os.chown(path, 4711, 4711)
    give_back(workspace, workspace / "reports" / "mlci-out")
    assert owner(path) == (4711, 4711)


def test_give_back__links_are_not_followed(workspace, tmp_path):
    """A link is given, and not what it leads to; nor is a folder that is given walked through one."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("root's")
    out = workspace / "reports" / "mlci-out"
    (out / "file").symlink_to(secret / "key")
    (out / "folder").symlink_to(secret)
    give_back(workspace, out)
    assert (owners(secret), owner(out / "file"), owner(out / "folder")) == ({ROOT}, RUNNER, RUNNER)


def test_give_back__second_names_are_left_alone(workspace, tmp_path):
    """A file that also stands elsewhere is not given: it may be a file of the system's."""
    secret = tmp_path / "secret"
    secret.write_text("root's")
    os.link(secret, workspace / ".git" / "secret")
    give_back(workspace)
    assert owner(secret) == ROOT


@pytest.mark.parametrize("outside", ["..", "../secret", "link/secret", "."])
def test_give_back__leads_out(workspace, tmp_path, outside):
    """A path that leads out of the workspace, or is all of it, is left alone."""
    (tmp_path / "secret").write_text("root's")
    (workspace / "link").symlink_to(tmp_path)
    (workspace / "other").mkdir()
    give_back(workspace, workspace / outside)
    assert (owner(tmp_path / "secret"), owner(workspace / "other")) == (ROOT, ROOT)


def test_give_back__nothing_there(workspace):
    """An output folder that was never made is no error."""
    give_back(workspace, workspace / "mlci-out")
    assert owners(workspace / ".git") == {RUNNER}


def test_give_back__git_elsewhere(make_repo, tmp_path):
    """A `.git` that is a link out of the workspace is not walked."""
    (tmp_path / "elsewhere").mkdir()
    workspace = make_repo("plain").folder
    (workspace / ".git").rename(tmp_path / "elsewhere" / "git")
    (workspace / ".git").symlink_to(tmp_path / "elsewhere" / "git")
    os.chown(workspace, *RUNNER)
    assert (give_back(workspace), owners(tmp_path / "elsewhere")) == (0, {ROOT})


def test_give_back__roots_own_workspace(repo):
    """Where the workspace is root's, there is nobody to give to."""
    assert give_back(repo.folder) == 0


def test_give_back__not_root(workspace, monkeypatch):
    """Nobody but root can give files away, and nothing is tried."""
    monkeypatch.setattr(os, "geteuid", lambda: 1001)
    assert give_back(workspace) == 0
