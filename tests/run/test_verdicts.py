"""`mlci run` on a real repository, with real children: what each kind of pull request gets."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import polars as pl


def edit(repo, path, old, new):
    """Replace a text in a file, once."""
    text = (repo.folder / path).read_text()
    assert old in text
    repo.put(path, text.replace(old, new, 1))


def test_run__nothing_changed(project, mlci):
    """A pull request that touches nothing of the model passes, and says that nothing changed."""
    edit(project, "mlci.yml", "    path: data.csv\n", "    path: data.csv\n    suite: suite.json\n")
    project.commit("a suite")

    ran = mlci(project.folder, "run")

    model = ran.results["models"]["late"]
    assert (ran.code, ran.results["verdict"], ran.codes("info"), model["baseline"]["source"]) == (
        0,
        "pass",
        ["MLCI301"],
        "retrained",
    )
    assert {each["status"] for each in model["comparisons"]} == {"same"}


def test_run__a_model_that_became_worse(project, mlci):
    """Half of the features gone: fails, the report says what fell, why it is believed and where to look."""
    edit(project, "pipeline.py", '["a", "b"]', '["a"]')
    project.commit("tidy")

    ran = mlci(project.folder, "run")

    text = ran.report()
    assert (ran.code, ran.results["verdict"]) == (1, "fail")
    assert re.search(r"## ❌ mlci: `late` is worse than main", text)
    assert "pipeline.py" in text.split("<details>")[0]
    assert ran.results["models"]["late"]["difference"]["files"] == ["pipeline.py"]


def test_run__a_loosened_gate_does_not_count(project, mlci):
    """Worse, with its own gates relaxed: still failed, and what it would loosen is listed."""
    edit(project, "pipeline.py", '["a", "b"]', '["a"]')
    edit(project, "mlci.yml", "roc_auc: {max_regression: 0.02}", "roc_auc: {max_regression: 0.9}")
    edit(project, "mlci.yml", "max_regression: 0.05", "max_regression: 0.9")
    project.commit("relax")

    ran = mlci(project.folder, "run")

    assert (ran.code, ran.codes("warn")) == (1, ["MLCI115", "MLCI401", "MLCI401"])


def test_run__data_that_break_the_suite(project, mlci):
    """Failing expectations fail the run, by name and count, and no cell of the data is told."""
    edit(project, "mlci.yml", "    path: data.csv\n", "    path: data.csv\n    suite: suite.json\n")
    edit(project, "data.csv", "\n0,", "\n0,99")
    project.commit("bad data")

    ran = mlci(project.folder, "run")

    whole = "".join(ran.report(name) for name in ("report.md", "report.html", "results.json")) + ran.out + ran.err
    assert (ran.code, "MLCI101" in ran.codes("fail"), "canary-7f3a" in whole) == (1, True, False)


def test_run__the_holdout_is_shared_and_unseen(project, mlci):
    """Both sides are scored on the same rows, which neither trained on."""
    project.put("README.md", "words\n").commit("words")

    ran = mlci(project.folder, "run")

    model = ran.results["models"]["late"]
    frame = pl.read_parquet(ran.folder / "predictions" / "late.parquet")
    assert (
        frame.height,
        {"candidate_probability", "baseline_probability", "target"} <= set(frame.columns),
        model["holdout"]["rows"] + model["side"]["train_rows"],
    ) == (model["holdout"]["rows"], True, 800)


def test_run__the_winner_is_saved_with_its_card(project, mlci):
    """The model is in skops format, next to a card that says what it is."""
    ran = mlci(project.folder, "run")

    folder = ran.folder / "models" / "late"
    assert (sorted(path.name for path in folder.iterdir()), "roc_auc" in (folder / "README.md").read_text()) == (
        ["README.md", "model.skops"],
        True,
    )


OWN_CLASS = """
from sklearn.base import BaseEstimator, TransformerMixin


class Doubled(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return 2 * X


def plain(_plain=plain):
    return make_pipeline(make_column_transformer((Doubled(), COLUMNS)), LogisticRegression())
"""


def test_run__the_card_says_what_a_reader_trusts(project, mlci):
    """The card's own lines read the model, and name the one type that skops does not know: the repository's."""
    pipeline = (project.folder / "pipeline.py").read_text(encoding="utf-8")
    project.put("pipeline.py", pipeline + OWN_CLASS).commit("a transformer of our own")

    ran = mlci(project.folder, "run")

    folder = ran.folder / "models" / "late"
    card = (folder / "README.md").read_text(encoding="utf-8")
    lines = re.search(r"```text\n(from skops import io\n.*?)```", card, re.DOTALL)[1]
    read = subprocess.run(
        [sys.executable, "-c", f"{lines}\nprint(type(model).__name__)"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(project.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    types = ran.results["models"]["late"]["side"]["types"]
    assert (read.stdout, types, '    "pipeline.Doubled",\n' in lines) == ("Pipeline\n", ["pipeline.Doubled"], True)


def test_run__no_configuration_at_the_base(repo, mlci, project):
    """The pull request that brings mlci is judged by its absolute gates alone."""
    project.git("rm", "--quiet", "--cached", "mlci.yml")
    project.git("commit", "--quiet", "--amend", "--message=main without mlci")
    project.git("branch", "--force", "main", "HEAD")
    project.commit("bring mlci")

    ran = mlci(project.folder, "run")

    model = ran.results["models"]["late"]
    assert (
        ran.code,
        model["baseline"]["source"],
        "MLCI303" in ran.codes(),
        [each["rule"] for each in model["gates"]],
    ) == (
        0,
        "none",
        True,
        ["min"],
    )


def test_run__a_column_that_only_the_base_needs(project, mlci):
    """Where the base cannot score the head's rows, each side is scored on its own, and the report says so."""
    lines = (project.folder / "data.csv").read_text().splitlines()
    project.put("data.csv", "\n".join(",".join(line.split(",")[:2] + line.split(",")[3:]) for line in lines) + "\n")
    edit(project, "pipeline.py", '["a", "b"]', '["a"]')
    project.commit("drop b")

    ran = mlci(project.folder, "run")

    baseline = ran.results["models"]["late"]["baseline"]
    assert (baseline["paired"], "MLCI302" in ran.codes("warn")) == (False, True)


def test_run__a_baseline_that_cannot_train(project, mlci):
    """A base branch whose own code fails leaves the absolute gates, and says so."""
    project.git("switch", "--quiet", "main")
    edit(project, "pipeline.py", "def plain():", "def plain():\n    raise RuntimeError('broken')")
    project.commit("broken main")
    project.git("switch", "--quiet", "--create", "repair")
    edit(project, "pipeline.py", "    raise RuntimeError('broken')\n", "")
    project.commit("repair")

    ran = mlci(project.folder, "run")

    assert (ran.code, "MLCI304" in ran.codes("warn")) == (0, True)


def test_run__a_regression_by_time(repo, mlci):
    """A time cut and regression metrics, without a key."""
    lines = ["day,x,y"] + [
        f"2024-{1 + i // 28:02d}-{1 + i % 28:02d},{i % 7},{(i % 7) * 2 + (i % 3)}" for i in range(300)
    ]
    repo.put("d.csv", "\n".join(lines) + "\n")
    repo.put(
        "p.py",
        "from sklearn.compose import make_column_transformer\nfrom sklearn.linear_model import LinearRegression\n"
        "from sklearn.pipeline import make_pipeline\n"
        "def m():\n    return make_pipeline(make_column_transformer(('passthrough', ['x'])), LinearRegression())\n",
    )
    repo.put(
        "mlci.yml",
        "version: 1\ndatasets: {d: {path: d.csv}}\nmodels:\n  y:\n    dataset: d\n    target: y\n    task: regression\n"
        "    split: {time: day, from: 2024-08-01}\n    candidates: {m: 'p:m'}\n    primary: r2\n"
        "    metrics: [r2, root_mean_squared_error, mean_absolute_error]\n    gates: {r2: {max_regression: 0.05}}\n",
    )
    repo.commit("main")
    repo.git("switch", "--quiet", "--create", "topic")
    edit(repo, "p.py", "LinearRegression())", "LinearRegression(fit_intercept=False))")
    repo.commit("no intercept")

    ran = mlci(repo.folder, "run")

    model = ran.results["models"]["y"]
    assert (model["holdout"]["rows"], [each["metric"] for each in model["comparisons"]], ran.codes("warn")) == (
        300 - 7 * 28,
        ["r2", "root_mean_squared_error", "mean_absolute_error"],
        ["MLCI115"],
    )


def test_run__three_classes_and_slices(project, mlci):
    """A multiclass task with macro metrics, ungrouped."""
    lines = (project.folder / "data.csv").read_text().splitlines()
    classes = ["late"] + [
        ["red", "green", "blue"][(i * 7 + (line[-2:] == "es")) % 3] for i, line in enumerate(lines[1:])
    ]
    project.put(
        "data.csv", "\n".join(",".join([*line.split(",")[:-1], c]) for line, c in zip(lines, classes, strict=True))
    )
    text = (project.folder / "mlci.yml").read_text()
    text = text.replace("task: binary", "task: multiclass").replace('    positive: "yes"\n', "")
    text = text.replace("roc_auc", "f1_macro").replace("accuracy: {min: 0.5, ", "accuracy: {")
    project.put("mlci.yml", text).commit("classes")
    project.git("branch", "--force", "main", "HEAD")
    project.put("x", "x").commit("x")

    ran = mlci(project.folder, "run")

    model = ran.results["models"]["late"]
    assert (model["classes"], {each["metric"] for each in model["comparisons"]}) == (
        ["blue", "green", "red"],
        {"f1_macro", "log_loss", "accuracy"},
    )


def test_run__two_candidates_and_one_model_of_two(project, mlci):
    """The election is reported; `--model` runs one model alone."""
    edit(project, "mlci.yml", '{plain: "pipeline:plain"}', '{plain: "pipeline:plain", strong: "pipeline:strong"}')
    edit(
        project,
        "pipeline.py",
        "def plain",
        "def strong():\n    return make_pipeline(make_column_transformer(('passthrough', COLUMNS)), "
        "LogisticRegression(C=1e-5))\n\n\ndef plain",
    )
    project.commit("a second candidate")

    ran = mlci(project.folder, "run", "--model", "late")

    candidates = {each["name"]: each["elected"] for each in ran.results["models"]["late"]["candidates"]}
    assert (set(candidates), sum(candidates.values())) == ({"plain", "strong"}, 1)


def test_run__results_fit_their_schema(project, mlci):
    """What was written is what `docs/results.schema.json` says, and `mlci render` makes the same report of it."""
    import jsonschema

    from mlci.results import json_schema

    ran = mlci(project.folder, "run")
    again = mlci(project.folder, "render", "mlci-out/results.json")

    jsonschema.validate(ran.results, json_schema())
    assert again.out.strip() == ran.report().strip()


def test_run__a_template_of_the_user(project, mlci):
    """Blocks of the report can be overridden; the base branch's template is taken."""
    project.git("switch", "--quiet", "main")
    project.put("mlci.yml", (project.folder / "mlci.yml").read_text() + "report: {template: t.md.j2}\n")
    project.put("t.md.j2", '{% extends "base" %}{% block footer %}Made for us.{% endblock %}').commit("template")
    project.git("switch", "--quiet", "--create", "two")
    project.put("t.md.j2", "Everything is fine.").commit("a lie")

    ran = mlci(project.folder, "run")

    assert ("Made for us." in ran.report(), "Everything is fine." in ran.report()) == (True, False)


def test_run__data_outside_git(project, mlci):
    """Data that git ignores are read by both sides from where they lie."""
    project.git("switch", "--quiet", "main")
    project.put(".gitignore", "mlci-out/\n__pycache__/\ndata.csv\n")
    project.git("rm", "--quiet", "--cached", "data.csv")
    project.commit("ignore data")
    project.git("switch", "--quiet", "--create", "two")
    project.put("x", "x").commit("x")

    ran = mlci(project.folder, "run")

    change = ran.results["datasets"]["people"]["change"]
    assert (ran.code, change["status"], "not in git" in change["note"]) == (0, "same", True)


def test_run__hostile_names_are_escaped(project, mlci):
    """Names from the repository stay text: no tag, no mention, no table cell of their own."""
    text = (project.folder / "data.csv").read_text().replace("group", "<img src=x onerror=alert(1)>|@octocat", 1)
    project.put("data.csv", text)
    edit(project, "mlci.yml", "slices: [group]", 'slices: ["<img src=x onerror=alert(1)>|@octocat"]')
    project.commit("<script>alert(1)</script> @octocat")

    ran = mlci(project.folder, "run")

    written = ran.report() + ran.report("report.html")
    assert ("<img" in written, "<script>alert" in written) == (False, False)
