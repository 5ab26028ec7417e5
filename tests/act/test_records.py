"""The default branch keeps the record of its best commits; a pull request does not write to it."""

from __future__ import annotations

import json

import pytest

CONFIG = """\
version: 1
datasets: {d: {path: data.csv, key: id}}
models:
  m:
    dataset: d
    target: y
    task: binary
    positive: 1
    candidates: {plain: "pipeline:plain"}
    primary: accuracy
    gates: {accuracy: {max_regression: 0.1}}
baseline: {reference: best}
"""
PIPELINE = "from sklearn.tree import DecisionTreeClassifier\n\n\ndef plain():\n    return DecisionTreeClassifier()\n"
LEDGER = ".mlci/ledger.jsonl"


@pytest.fixture
def modelled(checkout):
    """The same repository with a model, and gates that hold against the best commit."""
    rows = "\n".join(f"{i},{i * 7 % 10},{int(i * 7 % 10 > 4)}" for i in range(200))
    checkout.git("switch", "--quiet", "main")
    checkout.put("mlci.yml", CONFIG).put("pipeline.py", PIPELINE).put("data.csv", f"id,x,y\n{rows}\n").commit("a model")
    return checkout


def test_push__to_the_default_branch_is_recorded(modelled, runner, github):
    """The commit that was judged goes into the ledger, and the log says so."""
    before, after = modelled.git("rev-parse", "main^"), modelled.git("rev-parse", "main")
    runner.event = "push"
    runner.payload = {
        "ref": "refs/heads/main",
        "before": before,
        "after": after,
        "repository": {"full_name": "octo/flights", "default_branch": "main"},
    }
    runner.variables |= {"GITHUB_SHA": after, "GITHUB_REF": "refs/heads/main"}
    github.pull(number=7, head_sha=after, base_sha=before, head_owner="octo", head_ref="main", base_ref="main")

    ran = runner.run()

    (entry,) = [json.loads(line) for line in (modelled.folder / LEDGER).read_text().splitlines()]
    assert (ran.code, entry["commit"], entry["model"], entry["best"]) == (0, after, "m", True)
    assert f"{after[:7]} of `m` recorded as the best commit ({LEDGER})" in ran.log


def test_pull_request__is_not_recorded(modelled, runner, push):
    """A pull request leaves the ledger alone."""
    modelled.git("switch", "--quiet", "topic")
    modelled.git("merge", "--quiet", "--no-edit", "main")
    push()

    ran = runner.run()

    assert (ran.code, (modelled.folder / LEDGER).exists()) == (0, False)
