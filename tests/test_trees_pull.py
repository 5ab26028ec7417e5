"""The two sides of a pull request, as GitHub's events and checkouts give them."""

from __future__ import annotations

import pytest

from mlci.results import Commit
from mlci.settings import Settings
from mlci.trees import laid_out

CONFIG = "version: 1\ndatasets: {a: {path: data.csv}}\n"


@pytest.fixture
def pull(repo):
    """A pull request whose test merge is checked out; main has moved on since it was made."""
    repo.put("mlci.yml", CONFIG).put("data.csv", "x\n1\n")
    commits = {"root": repo.commit("root")}
    repo.git("switch", "--quiet", "--create", "topic")
    commits["topic"] = repo.put("b.txt", "b").commit("the change")
    repo.git("switch", "--quiet", "main")
    commits["main"] = repo.put("c.txt", "c").commit("main moved")
    repo.git("switch", "--quiet", "--detach", "main")
    repo.git("merge", "--quiet", "--no-ff", "--message=merge", "topic")
    commits["merge"] = repo.git("rev-parse", "HEAD")
    repo.git("branch", "--quiet", "--force", "main", "main")
    return repo, commits


@pytest.fixture
def lay(tmp_path):
    """Lay out a repository's sides; the head, the base's SHA and the findings' codes."""

    def lay(folder, **options):
        with laid_out(Settings(folder=folder, target_branch="main", **options), tmp_path / "scratch") as trees:
            return trees.head.commit, trees.base_sha, [each.code for each in trees.findings]

    (tmp_path / "scratch").mkdir()
    return lay


def test_laid_out__a_test_merge(pull, lay):
    """The merge is judged, under the pull request's own head, against the commit that it would be merged into."""
    repo, commits = pull

    found = lay(repo.folder, stands_for=Commit(sha=commits["topic"], ref="topic"))

    head = Commit(sha=commits["topic"], ref="topic", subject="the change", merge=commits["merge"])
    assert found == (head, commits["main"], [])


def test_laid_out__the_head_itself(pull, lay):
    """Where the head is checked out, it is compared with the merge base."""
    repo, commits = pull
    repo.git("switch", "--quiet", "--detach", "topic")

    found = lay(repo.folder, stands_for=Commit(sha=commits["topic"], ref="topic"))

    assert found == (Commit(sha=commits["topic"], ref="topic", subject="the change"), commits["root"], [])


def test_laid_out__something_else(pull, lay):
    """A work tree that is neither the head nor its merge is told by name."""
    repo, commits = pull
    repo.git("switch", "--quiet", "--detach", "topic")
    other = repo.put("d.txt", "d").commit("a step's own commit")

    found = lay(repo.folder, stands_for=Commit(sha=commits["topic"], ref="topic"))

    assert (found[0].merge, found[1], found[2]) == (other, commits["root"], ["MLCI439"])


def test_laid_out__a_base_that_github_names(pull, lay):
    """A merge queue's base is compared with as it is, without looking for an ancestor."""
    repo, commits = pull

    found = lay(repo.folder, base_sha=commits["topic"])

    assert found[1:] == (commits["topic"], [])


def test_laid_out__a_base_that_cannot_be_had(pull, lay):
    """Where no remote gives the base commit that GitHub names, the merge base takes its place, and that is told."""
    repo, commits = pull

    assert lay(repo.folder, base_sha="f" * 40)[1:] == (commits["main"], ["MLCI439"])


@pytest.mark.parametrize("confined", [True, False])
def test_keeps_token__of_a_checkout(pull, tmp_path, confined):
    """In the action it matters that the checkout keeps its token; on a laptop it is nobody's business."""
    repo, commits = pull
    repo.git("config", "http.https://github.com/.extraheader", "AUTHORIZATION: basic b2xk")

    settings = Settings(folder=repo.folder, base_sha=commits["main"], confined=confined)
    (tmp_path / "scratch").mkdir()
    with laid_out(settings, tmp_path / "scratch") as trees:
        assert trees.keeps_token == confined


def test_laid_out__a_base_that_the_user_names(pull, lay):
    """The input `base` goes before what GitHub names."""
    repo, commits = pull

    found = lay(repo.folder, base="topic", base_sha=commits["main"])

    assert found[1] == commits["topic"]
