from __future__ import annotations

import pytest

from mlci.baseline.resolve import resolve
from mlci.errors import GitError
from mlci.git import Repository


@pytest.fixture
def history(repo):
    """Two commits on main and a topic branch with one of its own, checked out."""
    repo.put("a.txt", "1\n").commit("one")
    tip = repo.put("a.txt", "2\n").commit("two")
    repo.git("switch", "--quiet", "--create", "topic")
    return repo, tip, repo.put("b.txt", "b\n").commit("topic")


def found(repo, head, **options):
    """The base's SHA and the findings' codes."""
    arguments = {"base": None, "branch": "main", "dirty": False} | options
    base = resolve(Repository(repo.folder), head, **arguments)
    return base.commit and base.commit.sha, [finding.code for finding in base.findings]


def test_resolve__the_merge_base_with_main(history):
    """A topic branch is compared with where it left main."""
    repo, tip, head = history

    assert found(repo, head) == (tip, [])


def test_resolve__a_ref_that_the_user_gives(history):
    """`--base REF` wins over the configuration."""
    repo, tip, head = history

    assert found(repo, head, base=f"{tip}~1") == (repo.git("rev-parse", f"{tip}~1"), [])


def test_resolve__on_main_itself(history):
    """A commit of main is compared with its parent, and that is said."""
    repo, tip, _ = history

    assert found(repo, tip) == (repo.git("rev-parse", f"{tip}~1"), ["MLCI436"])


def test_resolve__on_main_with_a_changed_work_tree(history):
    """A changed work tree on main is compared with the commit it started from."""
    repo, tip, _ = history

    assert found(repo, tip, dirty=True) == (tip, [])


def test_resolve__the_first_commit(repo):
    """The first commit has no baseline."""
    first = repo.put("a.txt", "1").commit()

    assert found(repo, first) == (None, ["MLCI303"])


def test_resolve__none_on_purpose(history):
    """`--base none` judges by absolute gates alone, and that is said."""
    repo, _, head = history

    assert found(repo, head, base="none") == (None, ["MLCI303"])


def test_resolve__a_stale_local_main(history):
    """A local main that was not pulled does not hide the remote's."""
    repo, tip, head = history
    repo.git("update-ref", "refs/remotes/origin/main", tip)
    repo.git("update-ref", "refs/heads/main", f"{tip}~1")

    assert found(repo, head) == (tip, [])


def test_resolve__no_such_branch(history):
    """A base that does not exist is one sentence with a guess."""
    repo, _, head = history

    with pytest.raises(GitError, match="There is no branch or commit 'mian'") as caught:
        found(repo, head, base="mian")

    assert caught.value.hint == "Did you mean 'main'?"
