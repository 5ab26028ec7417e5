"""A pull request cannot talk its way past a gate: what it changes of the rules does not judge it."""

from __future__ import annotations

import pytest


def edit(repo, path, old, new):
    """Replace a text in a file, once."""
    text = (repo.folder / path).read_text()
    assert old in text
    repo.put(path, text.replace(old, new, 1))


@pytest.fixture
def worse(project):
    """A branch whose model lost half of its features."""
    edit(project, "pipeline.py", '["a", "b"]', '["a"]')
    project.commit("worse")
    return project


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("  people:\n", "  persons:\n", ""),  # the dataset under another name
        ("    primary: roc_auc", "    split: {seed: 99}\n    primary: roc_auc", "MLCI401"),
        ("    key: id\n", "    key: [id, a]\n", "MLCI401"),
        ("    timeout: 60", "    timeout: 60\n    on_inconclusive: pass\n    confidence: 0.99", "MLCI401"),
        ("models:", "baseline: {branch: topic}\nmodels:", "MLCI401"),
    ],
)
def test_run__worse_stays_worse(worse, mlci, old, new, code):
    """Another name, holdout, key, confidence or base branch does not hide a loss."""
    text = (worse.folder / "mlci.yml").read_text().replace(old, new).replace("dataset: people", "dataset: people")
    if "persons" in new:
        text = text.replace("dataset: people", "dataset: persons")
    worse.put("mlci.yml", text).commit("rules")

    ran = mlci(worse.folder, "run")

    assert (ran.code, ran.results["models"]["late"]["verdict"], not code or code in ran.codes("warn")) == (
        1,
        "fail",
        True,
    )


def test_run__a_baseline_that_was_promised(project, mlci):
    """Where the base branch has the model and it cannot be trained, its gates do not pass in silence."""
    project.git("switch", "--quiet", "main")
    edit(project, "mlci.yml", "    timeout: 60", "    timeout: 60\n    on_inconclusive: fail")
    edit(project, "pipeline.py", "def plain():", "def plain():\n    raise RuntimeError('broken')")
    project.commit("broken main")
    project.git("switch", "--quiet", "--create", "repair")
    edit(project, "pipeline.py", "    raise RuntimeError('broken')\n", "")
    project.commit("repair")

    ran = mlci(project.folder, "run")

    gates = ran.results["models"]["late"]["gates"]
    assert (ran.code, {each["verdict"] for each in gates if each["rule"] == "max_regression"}) == (1, {"fail"})


def test_run__a_column_that_nobody_can_drop(project, mlci):
    """A typo in `drop` is told: the column that should not be seen would be."""
    edit(project, "mlci.yml", "    timeout: 60", "    timeout: 60\n    drop: [nte]")
    project.commit("drop")

    ran = mlci(project.folder, "run")

    assert (ran.code, "no column 'nte'" in ran.results["findings"][0]["message"]) == (2, True)


def test_run__a_split_that_would_break_main(project, mlci):
    """A new split does not judge yet, and is tried all the same."""
    edit(project, "mlci.yml", "    timeout: 60", "    timeout: 60\n    split: {group: nobody}")
    project.commit("split")

    ran = mlci(project.folder, "run")

    assert (ran.code, "MLCI100" in ran.codes("fail")) == (2, True)


def test_run__data_of_main_that_this_repairs(project, mlci):
    """Broken data on the base branch do not stop the pull request that mends them."""
    good = (project.folder / "data.csv").read_text()
    project.git("switch", "--quiet", "main")
    project.put("data.csv", good.replace(",yes\n", ",perhaps\n", 3)).commit("broken data")
    project.git("switch", "--quiet", "--create", "repair")
    project.put("data.csv", good).commit("repair")

    ran = mlci(project.folder, "run")

    assert (
        ran.code,
        "MLCI304" in ran.codes("warn") or ran.results["models"]["late"]["baseline"]["source"] == "retrained",
    ) == (
        0,
        True,
    )


def test_run__keeps_what_others_left_in_the_output_folder(project, mlci):
    """`--out .` replaces mlci's own files, and nothing else."""
    project.put("models/keep.txt", "mine").commit("a file of ours")

    ran = mlci(project.folder, "run", "--out", ".")

    assert (
        ran.code,
        (project.folder / "models" / "keep.txt").read_text(),
        (project.folder / ".gitignore").read_text(),
    ) == (
        0,
        "mine",
        "mlci-out/\n__pycache__/\n",
    )


def test_run__groups_that_are_missing_or_few(project, mlci):
    """Rows without a group are a group; a handful of groups is told."""
    text = (project.folder / "data.csv").read_text().replace(",x,", ",,", 5)
    project.put("data.csv", text)
    edit(project, "mlci.yml", "    timeout: 60", "    timeout: 60\n    split: {group: group, test_size: 0.5, seed: 3}")
    project.commit("groups")
    project.git("branch", "--force", "main", "HEAD")
    project.put("x", "x").commit("x")

    ran = mlci(project.folder, "run")

    assert (ran.code in (0, 2), "MLCI124" in ran.codes("warn") or "MLCI100" in ran.codes("fail")) == (True, True)


def test_run__a_weight_that_would_break_main(project, mlci):
    """A column of weights that holds none does not judge yet, and is told before it can be merged."""
    edit(project, "mlci.yml", "    timeout: 60", "    timeout: 60\n    sample_weight: note")
    project.commit("weights")

    ran = mlci(project.folder, "run")

    assert (ran.code, any("holds no numbers" in each["message"] for each in ran.results["findings"])) == (2, True)
