"""The two workflows for forks: the first one may write nothing, the second one posts what it found."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.e2e

WORSE = """\
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def plain():
    return make_pipeline(make_column_transformer(("passthrough", ["a"])), LogisticRegression())
"""


@pytest.fixture
def evaluated(stage, fork_workflows, github):
    """A fork's pull request after the first workflow, whose token only reads."""
    permissions = {"checks": "write", "pull-requests": "write", "contents": "read", "actions": "read"}
    who = {"login": "github-actions[bot]", "app": "github-actions"}
    stage.main(fork_workflows[0])
    stage.change(WORSE, owner="mallory")
    github.token("gh5-token-of-the-job", **who, permissions={"contents": "read"})
    stage.ran = stage.pull_request()
    stage.asked = [(each.method, each.path) for each in github.requests]
    github.token("gh5-token-of-the-job", **who, permissions=permissions)
    return stage


def test_fork__two_workflows(evaluated, fork_workflows):
    """Judging asks GitHub for nothing and fails as it should; publishing then posts comment and check."""
    before = (evaluated.ran.exit_code, evaluated.ran.outputs["verdict"], evaluated.asked, evaluated.board())
    published = evaluated.workflow_run(fork_workflows[1])
    assert (before, published.code, evaluated.board()) == (
        (1, "fail", [], {"comments": [], "checks": []}),
        0,
        {
            "comments": [
                (
                    0,
                    f"<!-- mlci id=default head={evaluated.head} run={evaluated.runs} -->",
                    "## ❌ mlci: `late` is worse than main",
                )
            ],
            "checks": [
                {
                    "name": "mlci",
                    "head": evaluated.head,
                    "state": ("completed", "failure"),
                    "title": "late is worse than main",
                    "annotations": [("mlci.yml", 14, "failure")],
                }
            ],
        },
    )
