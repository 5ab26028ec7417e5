"""The README's workflow in a repository's pull requests, from the event to what stands on GitHub afterwards."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.e2e

BETTER = """\
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def plain():
    return make_pipeline(make_column_transformer(("passthrough", ["a", "b"])), LogisticRegression(C=10))
"""
WORSE = BETTER.replace('["a", "b"]', '["a"]')
CRASH = """\
from sklearn.linear_model import LogisticRegression


class Broken(LogisticRegression):
    def fit(self, X, y):
        raise ValueError("the scaler was never fitted")


def plain():
    return Broken()
"""


@pytest.fixture
def repository(stage, workflow):
    """A repository that took the README's workflow over as it is."""
    stage.main(workflow)
    return stage


def marker(stage) -> str:
    """The hidden line that a comment on the last run begins with."""
    return f"<!-- mlci id=default head={stage.head} run={stage.runs} -->"


def check(stage, conclusion, title, *annotations):
    """The one check, as the board shows it."""
    return {
        "name": "mlci",
        "head": stage.head,
        "state": ("completed", conclusion),
        "title": title,
        "annotations": list(annotations),
    }


def test_pull_request__passes(repository):
    """A harmless change gets a comment and a successful check, the step its outputs, and the runner its files back."""
    repository.change(BETTER)
    ran = repository.pull_request()
    comment, shown = repository.github.comments(7)[0], repository.github.check_runs[0]
    assert (ran.code, ran.exit_code, repository.board(), ran.outputs, ran.not_the_runners) == (
        0,
        0,
        {
            "comments": [(0, marker(repository), "## ✅ mlci: `late` is as good as main")],
            "checks": [check(repository, "success", "late is as good as main")],
        },
        {
            "verdict": "pass",
            "failed-gates": "0",
            "regressions": "0",
            "results-path": "mlci-out/results.json",
            "report-path": "mlci-out/report.md",
            "comment-url": comment["html_url"],
            "check-url": shown["html_url"],
        },
        [],
    )


def test_pull_request__fails_and_is_mended(repository):
    """A model that got worse fails the job; the next push updates the same comment, and gets a check of its own."""
    repository.change(WORSE)
    failed = repository.pull_request()
    first = check(repository, "failure", "late is worse than main", ("mlci.yml", 14, "failure"))
    before = (failed.code, failed.exit_code, failed.outputs["regressions"], repository.board())
    expected = {
        "comments": [(0, marker(repository), "## ❌ mlci: `late` is worse than main")],
        "checks": [first],
    }
    number = repository.github.comments(7)[0]["id"]
    repository.change(BETTER)
    mended = repository.pull_request()
    after = (mended.code, repository.board(), [each["id"] for each in repository.github.comments(7)])
    assert (before, after) == (
        (1, 1, "1", expected),
        (
            0,
            {
                "comments": [(0, marker(repository), "## ✅ mlci: `late` is as good as main")],
                "checks": [first, check(repository, "success", "late is as good as main")],
            },
            [number],
        ),
    )


def test_pull_request__github_fails_half_of_the_time(repository):
    """Whatever half of the requests come to, there is one comment and one completed check, and the verdict holds."""
    repository.change(WORSE)
    repository.github.fail_half(seed=4)
    ran = repository.pull_request()
    failures = sum(each.status not in {200, 201} for each in repository.github.requests)
    assert (ran.exit_code, failures > 0, repository.board()) == (
        1,
        True,
        {
            "comments": [(0, marker(repository), "## ❌ mlci: `late` is worse than main")],
            "checks": [check(repository, "failure", "late is worse than main", ("mlci.yml", 14, "failure"))],
        },
    )


def test_pull_request__code_crashes(repository):
    """Code that raises ends in exit code 2, a failed check, and an annotation on the line that raised."""
    repository.change(CRASH)
    ran = repository.pull_request()
    assert (ran.exit_code, ran.not_the_runners, repository.board()) == (
        2,
        [],
        {
            "comments": [(0, marker(repository), "## ❌ mlci: `late` could not be trained")],
            "checks": [check(repository, "failure", "late could not be trained", ("pipeline.py", 6, "failure"))],
        },
    )
