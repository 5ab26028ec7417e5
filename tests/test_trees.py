from __future__ import annotations

import pytest

from mlci.errors import ConfigError, GitError
from mlci.settings import Settings
from mlci.trees import laid_out

CONFIG = "version: 1\ndatasets: {a: {path: data.csv}}\n"


@pytest.fixture
def branched(repo):
    """A configuration on main, changed on the branch `topic`, which is checked out."""
    repo.put("mlci.yml", CONFIG).put("data.csv", "x\n1\n").commit("main")
    repo.git("switch", "--quiet", "--create", "topic")
    repo.put("mlci.yml", CONFIG.replace("{a:", "{b:")).commit("topic")
    return repo


@pytest.fixture
def lay(tmp_path):
    """Lay out a repository's sides and describe them while they last."""

    def lay(folder, describe, **options):
        with laid_out(Settings(folder=folder, **options), tmp_path / "scratch") as trees:
            return describe(trees)

    (tmp_path / "scratch").mkdir()
    return lay


def names(tree):
    """The datasets of a side's configuration."""
    return tree and tree.loaded and list(tree.loaded.config.datasets)


def test_laid_out__both_sides(branched, lay):
    """Each side has its own configuration; the head is the work tree in place."""
    found = lay(branched.folder, lambda trees: (names(trees.head), names(trees.base), trees.head.folder))

    assert found == (["b"], ["a"], branched.folder)


def test_laid_out__leaves_nothing_behind(branched, lay, tmp_path):
    """The base's work tree is gone afterwards, from the disk and from git's list."""
    lay(branched.folder, lambda trees: None)

    assert (list((tmp_path / "scratch").iterdir()), branched.git("worktree", "list").count("\n")) == ([], 0)


def test_laid_out__a_head_that_is_not_checked_out(branched, lay):
    """`--head REF` judges a commit without touching the work tree."""
    branched.git("switch", "--quiet", "main")

    found = lay(branched.folder, lambda trees: (names(trees.head), names(trees.base)), head="topic")

    assert found == (["b"], ["a"])


def test_laid_out__in_a_subfolder(repo, lay):
    """In a monorepo the configuration's folder is what paths are relative to, on both sides."""
    repo.put("ml/mlci.yml", CONFIG).put("ml/data.csv", "x\n1\n").commit()
    repo.git("switch", "--quiet", "--create", "topic")
    repo.put("readme", "x").commit()

    found = lay(
        repo.folder,
        lambda trees: (str(trees.prefix), names(trees.base), trees.in_base("data.csv"), trees.in_base("other.csv")),
        config="ml/mlci.yml",
    )

    assert found == ("ml", ["a"], True, False)


def test_laid_out__no_configuration_at_the_base(repo, lay):
    """The first pull request that brings mlci has no baseline, and the finding says why."""
    repo.put("data.csv", "x\n1\n").commit()
    repo.git("switch", "--quiet", "--create", "topic")
    repo.put("mlci.yml", CONFIG).commit()

    found = lay(repo.folder, lambda trees: (names(trees.base), [finding.code for finding in trees.findings]))

    assert found == (None, ["MLCI303"])


def test_laid_out__a_changed_work_tree(branched, lay):
    """Uncommitted changes are judged as they are, and the report says so."""
    branched.put("mlci.yml", CONFIG.replace("{a:", "{c:"))

    found = lay(
        branched.folder,
        lambda trees: (names(trees.head), trees.head.commit.dirty, [finding.code for finding in trees.findings]),
    )

    assert found == (["c"], True, ["MLCI438"])


def test_laid_out__without_git_on_purpose(tmp_path, lay):
    """`--base none` works outside any repository."""
    (tmp_path / "mlci.yml").write_text(CONFIG)

    found = lay(tmp_path, lambda trees: (names(trees.head), trees.base, trees.head.commit), base="none")

    assert found == (["a"], None, None)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"head": "topci"}, GitError, "There is no commit 'topci' to judge."),
        ({"base": "mian"}, GitError, "There is no branch or commit 'mian' to compare with."),
        ({"models": ("x",)}, ConfigError, "There is no model 'x' in mlci.yml."),
        ({"config": "other.yml"}, ConfigError, "The configuration cannot be read: No such file or directory."),
        ({"config": "no/mlci.yml"}, ConfigError, "There is no folder"),
    ],
)
def test_laid_out__what_can_be_wrong(branched, lay, options, error, message):
    """Each is one sentence."""
    with pytest.raises(error) as caught:
        lay(branched.folder, lambda trees: None, **options)

    assert caught.value.message.startswith(message)


def test_laid_out__an_empty_repository(repo, lay):
    """A repository without a commit is told to commit."""
    repo.put("mlci.yml", CONFIG)

    with pytest.raises(GitError, match="This repository has no commit yet"):
        lay(repo.folder, lambda trees: None)
