"""Small losses do not add up: gates hold against the best commit on record, or against a tag, too."""

from __future__ import annotations

import json
import random

import pytest

from mlci.baseline.ledger import Entry, text_of

# a model whose score leaves out more and more of `b`
PIPELINE = '''\
"""A linear score with fixed weights."""
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

WEIGHT = 1.0


class Fixed(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        positive = 1 / (1 + np.exp(-3 * (X["a"] + WEIGHT * X["b"]).to_numpy()))
        return np.column_stack([1 - positive, positive])

    def predict(self, X):
        return self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]


def plain():
    return Fixed()
'''
LEDGER = ".mlci/ledger.jsonl"
GONE = text_of(
    [Entry(model="late", commit="d" * 40, question="late (binary, positive yes)", metric="roc_auc", best=True)]
)
"""A ledger whose best commit is not there any more."""


def edit(repo, path, old, new):
    """Replace a text in a file, once."""
    text = (repo.folder / path).read_text()
    assert old in text
    repo.put(path, text.replace(old, new, 1))


def longer(path):
    """Twenty times as many rows, as good as those that are there."""
    head, *lines = path.read_text().splitlines()
    draw = random.Random(0)  # noqa: S311 - data, not secrets
    more = []
    for i in range(20 * len(lines)):
        _, a, b, group, note, _ = lines[i % len(lines)].split(",")
        a, b = float(a) + draw.gauss(0, 0.5), float(b) + draw.gauss(0, 0.5)
        late = "yes" if a + b + draw.gauss(0, 0.5) > 0 else "no"
        more.append(f"{i},{a:.4f},{b:.4f},{group},{note},{late}")
    return "\n".join([head, *more]) + "\n"


@pytest.fixture
def declining(project, mlci):
    """A main branch that records its commits, and may lose 0.0155 of its ROC AUC at a time."""
    project.git("switch", "--quiet", "main")
    project.put("pipeline.py", PIPELINE).put("data.csv", longer(project.folder / "data.csv"))
    edit(project, "mlci.yml", "      accuracy: {min: 0.5, max_regression: 0.05}\n", "")
    edit(project, "mlci.yml", "max_regression: 0.02", "max_regression: 0.0155")
    project.put("mlci.yml", (project.folder / "mlci.yml").read_text() + "baseline: {reference: best}\n")
    project.commit("a first model")
    return project


def weighed(repo, branch, weight):
    """A branch whose model gives `b` another weight."""
    repo.git("switch", "--quiet", "--create", branch, "main")
    text = (repo.folder / "pipeline.py").read_text()
    start = text.index("WEIGHT = ")
    repo.put("pipeline.py", text[:start] + f"WEIGHT = {weight}\n" + text[text.index("\n", start) + 1 :])
    return repo.commit(branch)


def merged(repo, mlci, branch):
    """Merge a branch, and let the run on main record what it judged, as the workflow does."""
    repo.git("switch", "--quiet", "main")
    repo.git("merge", "--quiet", "--ff-only", branch)
    mlci(repo.folder, "run", "--record")
    repo.commit("Record the judged commit")


def reference(ran):
    """What the results say of the reference."""
    (found,) = ran.results["models"]["late"]["references"]
    return found


def test_run__small_losses_do_not_add_up(declining, mlci):
    """Each step is within its margin of the one before; the second is not within that of the best."""
    mlci(declining.folder, "run", "--record")
    best = json.loads((declining.folder / LEDGER).read_text())["commit"]
    declining.commit("Record the judged commit")
    weighed(declining, "first", 0.7)

    first = mlci(declining.folder, "run")
    merged(declining, mlci, "first")
    weighed(declining, "second", 0.55)
    second = mlci(declining.folder, "run")

    assert (first.code, reference(first)["sha"], reference(second)["sha"]) == (0, best, best)
    told = {(each["metric"], each["reference"]): each["verdict"] for each in second.results["models"]["late"]["gates"]}
    assert (second.code, told["roc_auc", ""], told["roc_auc", "best"]) == (1, "pass", "fail")
    assert best[:7] in second.report()


def test_run__the_title_goes_to_a_better_model(declining, mlci):
    """What is better for certain becomes the best; what is the same does not."""
    declining.git("switch", "--quiet", "main")
    weighed(declining, "low", 0.3)
    merged(declining, mlci, "low")
    weighed(declining, "high", 1.0)
    merged(declining, mlci, "high")
    weighed(declining, "as-high", 0.99)
    merged(declining, mlci, "as-high")

    entries = [json.loads(line) for line in (declining.folder / LEDGER).read_text().splitlines()]
    shown = mlci(declining.folder, "baseline", "show")

    assert [each["best"] for each in entries] == [True, True, False]
    assert shown.out == f"* {entries[1]['commit'][:12]}  late  roc_auc {entries[1]['value']:.6g}\n"


def test_run__a_tag_to_hold_against(declining, mlci):
    """A tag needs no ledger."""
    declining.git("tag", "v1")
    edit(declining, "mlci.yml", "reference: best", "reference: v1")
    declining.commit("hold against v1")
    declining.git("switch", "--quiet", "--create", "next")
    weighed_at = declining.git("rev-parse", "v1")
    edit(declining, "pipeline.py", "WEIGHT = 1.0", "WEIGHT = 0.2")
    declining.commit("worse")

    ran = mlci(declining.folder, "run")

    found = reference(ran)
    assert (found["name"], found["sha"], found["side"]["winner"], ran.code) == ("v1", weighed_at, "plain", 1)
    assert {each["status"] for each in found["comparisons"]} == {"worse"}


def test_run__the_pull_request_does_not_choose_its_reference(declining, mlci):
    """A ledger that a pull request brings along, and one that it says to leave, do not judge it."""
    mlci(declining.folder, "run", "--record")
    declining.commit("Record the judged commit")
    best = json.loads((declining.folder / LEDGER).read_text())["commit"]
    weighed(declining, "topic-two", 0.75)
    sha = declining.git("rev-parse", "HEAD")
    declining.put(LEDGER, (declining.folder / LEDGER).read_text().replace(best, sha))
    edit(declining, "mlci.yml", "baseline: {reference: best}", "baseline: {reference: merge-base}")
    declining.commit("forge")

    ran = mlci(declining.folder, "run")

    assert (reference(ran)["sha"], "MLCI401" in ran.codes("warn")) == (best, True)


def test_run__the_best_commit_judged_again(declining, mlci):
    """A run on the base branch that is repeated has nothing better to be held against, and does not warn of it."""
    mlci(declining.folder, "run", "--record")

    again = mlci(declining.folder, "run", "--record")

    assert ("MLCI310" in again.codes("info"), "MLCI310" in again.codes("warn")) == (True, False)
    assert len((declining.folder / LEDGER).read_text().splitlines()) == 1


@pytest.mark.parametrize("name", ["HEAD", "@", "topic-nine", "main~1"])
def test_run__a_reference_that_moves_with_the_pull_request(declining, mlci, name):
    """The judged commit is no reference for itself, by whatever name."""
    edit(declining, "mlci.yml", "reference: best", f"reference: '{name}'")
    declining.commit("hold against itself")
    weighed(declining, "topic-nine", 0.2)

    ran = mlci(declining.folder, "run")

    assert (ran.code, ran.codes("warn").count("MLCI310"), reference(ran)["comparisons"]) == (1, 1, [])


@pytest.mark.parametrize(
    ("ledger", "code", "severity"),
    [
        (None, "MLCI310", "info"),  # nothing recorded yet
        ("nonsense\n", "MLCI441", "warn"),
        (GONE, "MLCI310", "warn"),
    ],
)  # fmt: skip
def test_run__a_reference_that_cannot_be_had(declining, mlci, ledger, code, severity):
    """The merge base judges alone, and the report says so."""
    if ledger is not None:
        declining.put(LEDGER, ledger).commit("ledger")
    weighed(declining, "topic-three", 0.9)

    ran = mlci(declining.folder, "run")

    assert (ran.code, code in ran.codes(severity)) == (0, True)


def test_run__a_reference_whose_code_fails(declining, mlci):
    """Code of the past that does not run today is told, and stops nothing."""
    edit(declining, "pipeline.py", "return Fixed()", "raise RuntimeError('old')")
    declining.commit("broken")
    declining.git("tag", "v1")
    edit(declining, "pipeline.py", "raise RuntimeError('old')", "return Fixed()")
    edit(declining, "mlci.yml", "reference: best", "reference: v1")
    declining.commit("mended")
    weighed(declining, "topic-four", 0.9)

    ran = mlci(declining.folder, "run")

    assert (ran.code, ran.codes("warn").count("MLCI310"), reference(ran)["comparisons"]) == (0, 1, [])
    assert "RuntimeError" in reference(ran)["reason"]


def test_run__a_reference_that_the_pull_request_brings(project, mlci):
    """A commit of its own, on which anything could train beside the base, is nothing to hold against."""
    sha = project.commit("anything")
    project.put("mlci.yml", (project.folder / "mlci.yml").read_text() + f"baseline: {{reference: '{sha}'}}\n")
    project.commit("hold against it")

    ran = mlci(project.folder, "run")

    assert (reference(ran)["comparisons"], "base branch's own history" in reference(ran)["reason"]) == ([], True)


def test_run__a_reference_that_held_out_other_rows(declining, mlci):
    """What judges today is held out of a past commit's training, whatever that commit held out."""
    edit(declining, "mlci.yml", "    timeout: 60", "    timeout: 60\n    split: {seed: 5}")
    declining.commit("other rows")
    declining.git("tag", "v1")
    edit(declining, "mlci.yml", "    split: {seed: 5}\n", "    split: {seed: 6}\n")
    edit(declining, "mlci.yml", "reference: best", "reference: v1")
    declining.commit("new rows")
    weighed(declining, "calm", 0.99)

    ran = mlci(declining.folder, "run")

    rows = ran.results["models"]["late"]["holdout"]["train_rows"]
    assert reference(ran)["side"]["train_rows"] == rows


def test_run__only_the_base_branch_is_recorded(declining, mlci):
    """A commit of a topic, and work that is not committed, do not take the title."""
    weighed(declining, "topic-five", 0.1)

    ran = mlci(declining.folder, "run", "--record")

    assert ("not recorded" in ran.err + ran.out, (declining.folder / LEDGER).exists()) == (True, False)


def test_run__a_ledger_that_cannot_be_written(declining, mlci):
    """The report is written all the same, and says so."""
    declining.put(".mlci/keep", "").git("rm", "-r", "-q", "--cached", "--ignore-unmatch", ".mlci")
    (declining.folder / ".mlci" / "keep").unlink()
    (declining.folder / LEDGER).mkdir()

    ran = mlci(declining.folder, "run", "--record")

    assert (ran.code, "MLCI441" in ran.codes(), "MLCI441" in ran.report()) == (2, True, True)
