from __future__ import annotations

from pathlib import Path

import pytest

from mlci.fence import fence
from mlci.settings import Settings
from mlci.trees import laid_out

CONFIG = """\
version: 1
datasets:
  people: {path: data/people.csv}
  parts: {path: "data/parts/*.csv"}
  far: {path: "s3://bucket/far.parquet"}
"""


@pytest.fixture
def repository(repo):
    """Datasets on `main`; on `topic` one of them has another name."""
    repo.put("mlci.yml", CONFIG).put("pipeline.py", "").put("data/people.csv", "x\n1\n")
    repo.put("data/parts/a.csv", "x\n1\n").put("data/parts/b.csv", "x\n1\n").put("data/parts/notes.txt", "n")
    repo.commit("main")
    repo.git("switch", "--quiet", "--create", "topic")
    repo.put("mlci.yml", CONFIG.replace("people.csv", "persons.csv")).put("data/persons.csv", "x\n1\n")
    repo.commit("topic")
    return repo


@pytest.fixture
def fenced(tmp_path):
    """The fence of a run in a folder, with both sides' folders."""

    def fenced(folder, environ=None, **options):
        settings = Settings(folder=folder, **options)
        with laid_out(settings, tmp_path / "scratch") as trees:
            found = fence(trees, settings, environ or {})
            return (
                found,
                trees,
                found.wall(trees.head, trees.prefix),
                found.wall(trees.base or trees.head, trees.prefix),
            )

    (tmp_path / "scratch").mkdir()
    return fenced


def below(paths, folder):
    """The paths below a folder, relative to it."""
    return {path.relative_to(folder).as_posix() for path in paths if path.is_relative_to(folder)}


HIDDEN = {
    ".git",
    ".dvc",
    "data/people.csv",
    "data/persons.csv",
    "data/parts/*.csv",
    "data/parts/a.csv",
    "data/parts/b.csv",
}


def test_fence__hides_the_datasets_of_both_sides_in_both_sides(repository, fenced):
    """A file that only the other side calls a dataset holds the same answers."""
    found, trees, _, _ = fenced(repository.folder)

    assert below(found.hidden, trees.base.folder) == HIDDEN
    assert below(found.hidden, trees.head.folder) == HIDDEN | {"mlci-out/predictions"}


def test_fence__hides_the_work_tree_of_a_head_that_is_elsewhere(repository, fenced):
    """With `--head`, the folder that the command was called in still holds the data."""
    found, trees, _, _ = fenced(repository.folder, head="topic")

    assert trees.head.folder != repository.folder
    assert below(found.hidden, repository.folder) >= HIDDEN
    assert below(found.hidden, trees.head.folder) >= HIDDEN


def test_fence__hides_the_predictions_of_an_earlier_run(repository, fenced):
    """They stand in the output folder, wherever that is."""
    found, *_ = fenced(repository.folder, out=Path("reports/mlci"))

    assert repository.folder / "reports/mlci/predictions" in found.hidden


def test_fence__a_configuration_in_a_folder_hides_the_repositorys_git(repo, fenced):
    """Git's objects lie at the repository's top, and code may read the repository from there."""
    repo.put("ml/mlci.yml", CONFIG).put("ml/data/people.csv", "x\n1\n").commit("main")
    repo.git("switch", "--quiet", "--create", "topic")
    repo.put("ml/x", "").commit("topic")

    found, trees, mine, _ = fenced(repo.folder / "ml")

    top = trees.head.folder.resolve().parent
    assert {".git", ".dvc", "ml/data/people.csv"} <= below(found.hidden, top)
    assert mine.read[0] == top


def test_wall__has_the_rules_that_hold(repository, fenced):
    """Each side may read its own repository; paths of the configuration are that side's own, or absolute."""
    lines = "sandbox: {network: allow, read: [shared, /srv/weights], write: [~/cache], memory: 2 GB, processes: 8}\n"
    repository.git("switch", "--quiet", "main")
    repository.put("mlci.yml", CONFIG + lines).commit("sandbox")
    repository.git("switch", "--quiet", "--create", "another")
    repository.put("x", "").commit("x")

    found, trees, mine, theirs = fenced(repository.folder)

    home = Path("~/cache").expanduser()
    assert mine.read == (trees.head.folder.resolve(), trees.head.folder / "shared", Path("/srv/weights"), home)
    assert theirs.read == (trees.base.folder.resolve(), trees.base.folder / "shared", Path("/srv/weights"), home)
    assert (mine.write, mine.network, mine.files) == ((home,), "allow", "deny")
    assert (mine.memory, mine.processes, mine.file_size) == (2 * 10**9, 8, 16 * 10**9)
    assert (mine.hidden, found.findings) == (found.hidden, ())


def test_wall__is_the_base_branchs(repository, fenced):
    """What the pull request opens is told, and does not hold."""
    repository.put("mlci.yml", CONFIG + "sandbox: {network: allow, pass_env: [SECRET]}\n").commit("open")

    found, _, mine, theirs = fenced(repository.folder, {"SECRET": "s"})

    assert [(wall.network, dict(wall.env)) for wall in (mine, theirs)] == [("deny", {})] * 2
    assert [each.code for each in found.findings] == ["MLCI407", "MLCI407"]


def test_fence__passes_variables_that_are_set(repository, fenced):
    """A name that is not set is not passed, and no other variable is."""
    lines = "sandbox: {pass_env: [HF_HOME, NOT_SET]}\n"
    repository.put("mlci.yml", CONFIG + lines).commit("pass")

    found, _, mine, _ = fenced(repository.folder, {"HF_HOME": "/h", "OTHER": "o"}, base="none")

    assert (dict(found.env), dict(mine.env)) == ({"HF_HOME": "/h"}, {"HF_HOME": "/h"})


def test_wall__a_link_that_leads_out_opens_nothing(repository, fenced, tmp_path):
    """What the base branch opens for writing cannot become another folder by a link of the pull request's."""
    text = CONFIG + "sandbox: {write: [artifacts, /srv/models], read: [data/notes]}\n"
    repository.git("switch", "--quiet", "main")
    repository.put("mlci.yml", text).commit("opened")
    repository.git("switch", "--quiet", "topic")
    repository.git("merge", "--quiet", "--strategy=ours", "--no-edit", "main")
    repository.put("mlci.yml", text)
    (repository.folder / "artifacts").symlink_to(tmp_path)
    repository.commit("a link")

    found, _, mine, _ = fenced(repository.folder)

    assert ([each.code for each in found.findings], mine.write, Path("/srv/models") in mine.read) == (
        ["MLCI407"],
        (Path("/srv/models"),),
        True,
    )
    assert "`artifacts`, which `sandbox.write` opens" in found.findings[0].message


def test_fence__a_strangers_pattern_does_not_walk_the_disk(repository, fenced, monkeypatch):
    """In the action a pattern that leads out of the repository is not looked at: its dataset is refused later."""
    looked = []
    monkeypatch.setattr("mlci.fence.matching", lambda pattern, _: looked.append(pattern) or [])
    repository.put("mlci.yml", CONFIG.replace("data/people.csv", "/**/people.csv")).commit("a wide pattern")

    fenced(repository.folder, confined=True)

    assert "/**/people.csv" not in looked
    assert "data/parts/*.csv" in looked
