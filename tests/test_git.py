from __future__ import annotations

import shutil

import pytest

from mlci.errors import GitError
from mlci.git import Repository
from mlci.results import FileChange


@pytest.fixture
def history(repo):
    """Three commits on main, and a branch `topic` off the second."""
    repo.put("a.txt", "1\n").commit("one")
    second = repo.put("a.txt", "2\n").commit("two")
    repo.git("switch", "--quiet", "--create", "topic")
    topic = repo.put("b.txt", "b\n").commit("topic")
    repo.git("switch", "--quiet", "main")
    third = repo.put("a.txt", "3\n").commit("three")
    return repo, {"second": second, "topic": topic, "third": third}


def test_at__from_a_subfolder(repo):
    """The repository's top is found from any folder below it."""
    below = repo.put("deep/er/x.txt", "x").folder / "deep" / "er"

    assert Repository.at(below).root == repo.folder.resolve()


def test_at__no_repository(tmp_path):
    """A folder outside any repository is one clear sentence with two ways out."""
    with pytest.raises(GitError, match="in no git repository") as caught:
        Repository.at(tmp_path)

    assert (caught.value.code, "--base none" in caught.value.hint) == ("MLCI431", True)


def test_at__no_folder(tmp_path):
    """A folder that is not there is told, and not blamed on git."""
    with pytest.raises(GitError, match="there is no folder"):
        Repository.at(tmp_path / "nowhere")


def test_merge_base__of_two_branches(history):
    """The best common ancestor."""
    repo, sha = history

    assert Repository(repo.folder).merge_base(sha["topic"], sha["third"]) == sha["second"]


def test_merge_base__none(history):
    """Unrelated histories are told, with what to do."""
    repo, sha = history
    repo.git("switch", "--quiet", "--orphan", "island")
    island = repo.put("c.txt", "c").commit("island")

    with pytest.raises(GitError, match="have no common ancestor") as caught:
        Repository(repo.folder).merge_base(island, sha["third"])

    assert caught.value.code == "MLCI433"


def test_merge_base__repairs_a_shallow_clone(history, make_repo, tmp_path):
    """A clone of depth 1, as actions/checkout leaves it, is deepened until the merge base is there."""
    repo, sha = history
    for index in range(60):
        repo.put("a.txt", f"{index}\n").commit(f"main {index}")
    clone = make_repo("clone")
    clone.git("remote", "add", "origin", f"file://{repo.folder}")
    clone.git("fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main")
    clone.git("fetch", "--quiet", "--depth=1", "origin", f"{sha['topic']}")

    found = Repository(clone.folder).merge_base(sha["topic"], clone.git("rev-parse", "origin/main"))

    assert found == sha["second"]


def test_fetch__a_branch_that_the_clone_lacks(history, make_repo):
    """A base branch that was not checked out is fetched."""
    repo, sha = history
    clone = make_repo("clone")
    clone.git("remote", "add", "origin", f"file://{repo.folder}")
    clone.git("fetch", "--quiet", "--depth=1", "origin", "topic")

    assert Repository(clone.folder).fetch("main") == sha["third"]


def test_changes__between_commits_and_the_work_tree(history):
    """Names, added and deleted lines; the work tree counts as a side."""
    repo, sha = history
    repo.put("a.txt", "3\n4\n")

    assert Repository(repo.folder).changes(sha["second"], None) == (FileChange(path="a.txt", added=2, deleted=1),)


def test_changes__binary_and_strange_names(history):
    """Binary files have no line counts; names may hold anything that git allows."""
    repo, sha = history
    (repo.folder / "ü b\n.bin").write_bytes(b"\0\1")
    head = repo.commit("binary")

    changed = Repository(repo.folder).changes(sha["third"], head)

    assert changed == (FileChange(path="ü b\n.bin", added=None, deleted=None),)


def test_worktree__is_laid_out_and_taken_away(history, tmp_path):
    """The base's files stand in a folder of their own, and git forgets it afterwards."""
    repo, sha = history
    repository, folder = Repository(repo.folder), tmp_path / "base"

    repository.add_worktree(sha["second"], folder)
    text = (folder / "a.txt").read_text()
    repository.remove_worktree(folder)

    assert (text, folder.exists(), repo.git("worktree", "list").count("\n")) == ("2\n", False, 0)


def test_tracked__by_path_and_glob(history):
    """Data that are in git are told from data that only lie in the folder."""
    repo, _ = history
    sha = repo.put("data/2013-01.csv", "x\n").commit("data")
    repo.put("loose/x.csv", "x\n")
    repo.git("add", "loose")  # in the index alone
    repository = Repository(repo.folder)

    found = [repository.tracked(sha, pattern) for pattern in ("data/*.csv", "data/2013-01.csv", "loose/*.csv")]

    assert found == [True, True, False]


def test_dirty__counts_changed_tracked_files(history):
    """Files that git does not track do not make a tree dirty."""
    repo, _ = history
    repo.put("a.txt", "changed\n").put("new.txt", "new\n")

    assert Repository(repo.folder).dirty() == 1


def test_hostile_repository__runs_no_program_of_its_own(history, tmp_path):
    """A repository's own git settings do not make git run its programs."""
    repo, sha = history
    mark = tmp_path / "ran"
    repo.git("config", "core.fsmonitor", f"touch {mark}; false")
    repo.git("config", "diff.external", f"touch {mark}; false")
    repo.put("a.txt", "changed\n")
    repository = Repository(repo.folder)

    repository.dirty()
    repository.changes(sha["second"], None)

    assert not mark.exists()


def test_bare_repository_in_a_folder__is_not_taken(history):
    """A commit can hold a bare repository with a configuration of its own; git is not to find it."""
    repo, _ = history
    bare = repo.folder / "team"
    repo.git("init", "--quiet", "--bare", str(bare))

    with pytest.raises(GitError):
        Repository.at(bare)


@pytest.mark.skipif(shutil.which("git-lfs") is not None, reason="Git LFS lays its files out itself")
def test_worktree__of_a_checkout_with_git_lfs(history, tmp_path):
    """Where the checkout was set up for Git LFS and the program is not here, the base is laid out with pointers."""
    repo, _ = history
    pointer = "version https://git-lfs.github.com/spec/v1\n"
    sha = repo.put(".gitattributes", "*.csv filter=lfs\n").put("d.csv", pointer).commit("lfs")
    for name, value in {
        "required": "true",
        "smudge": "git-lfs smudge -- %f",
        "process": "git-lfs filter-process",
    }.items():
        repo.git("config", f"filter.lfs.{name}", value)

    Repository(repo.folder).add_worktree(sha, tmp_path / "base")

    assert (tmp_path / "base" / "d.csv").read_text() == pointer
