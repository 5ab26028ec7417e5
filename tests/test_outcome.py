from __future__ import annotations

import pytest

from mlci import outcome
from mlci.errors import ConfigError, Location
from mlci.results import (
    BaselineResult,
    Commit,
    Comparison,
    DatasetChange,
    DatasetResult,
    FairnessResult,
    GateResult,
    ModelResult,
    ReferenceResult,
    Results,
)

HEAD = Commit(sha="a" * 40)


@pytest.fixture
def results():
    """Make results with a verdict, gates, comparisons and a change of data."""

    def results(verdict="pass", gates=(), comparisons=(), change="same", **more):
        model = ModelResult(
            verdict=verdict,
            dataset="people",
            task="binary",
            target="late",
            primary="roc_auc",
            baseline=BaselineResult(source="retrained"),
            gates=gates,
            comparisons=comparisons,
            **more,
        )
        data = DatasetResult(path="d.csv", rows=1, bytes=1, fingerprint="x", change=DatasetChange(status=change))
        return Results(mlci="0", verdict=verdict, head=HEAD, models={"late": model}, datasets={"people": data})

    return results


@pytest.mark.parametrize(
    ("verdict", "fail_on", "code", "conclusion"),
    [
        ("pass", "fail", 0, "success"),
        ("warn", "fail", 0, "neutral"),
        ("fail", "fail", 1, "failure"),
        ("warn", "warn", 1, "failure"),
        ("fail", "warn", 1, "failure"),
        ("pass", "warn", 0, "success"),
        ("warn", "never", 0, "neutral"),
        ("fail", "never", 0, "neutral"),
    ],
)
def test_exit_code__by_verdict_and_fail_on(results, verdict, fail_on, code, conclusion):
    """What fails the step is chosen; what does not is shown in grey."""
    told = results(verdict)
    found = outcome.exit_code(told, at_fault=False, fail_on=fail_on)

    assert (found, outcome.conclusion(told, found)) == (code, conclusion)


@pytest.mark.parametrize("fail_on", ["fail", "warn", "never"])
def test_exit_code__of_a_repository_at_fault(results, fail_on):
    """What could not be judged fails the step whatever was chosen."""
    assert outcome.exit_code(results("fail"), at_fault=True, fail_on=fail_on) == 2


def test_outputs__count_gates_that_failed(results):
    """All failed gates, and those of them that compare with the baseline."""
    gates = (
        GateResult(metric="roc_auc", rule="max_regression", threshold=0.1, verdict="fail"),
        GateResult(metric="roc_auc", rule="min", threshold=0.9, verdict="fail"),
        GateResult(metric="fit_seconds", rule="max_increase", threshold=0.5, verdict="fail"),
        GateResult(metric="f1", rule="max_regression", threshold=0.1, verdict="warn"),
    )

    assert outcome.outputs(results("fail", gates)) == {"verdict": "fail", "failed-gates": "3", "regressions": "2"}


def test_outputs__gates_on_one_metric_are_counted_apart(results):
    """Against the base, against the best commit and between groups: each is a gate of its own."""
    facts = {"rule": "max_regression", "threshold": 0.1, "verdict": "fail"}
    gates = (
        GateResult(metric="roc_auc", **facts),
        GateResult(metric="roc_auc", reference="best", **facts),
        GateResult(metric="equalized_odds_difference", sensitive="sex", **facts),
        GateResult(metric="equalized_odds_difference", sensitive="race", **facts),
        GateResult(metric="equalized_odds_difference", sensitive="race", **{**facts, "rule": "max"}),
    )

    assert outcome.outputs(results("fail", gates)) == {"verdict": "fail", "failed-gates": "5", "regressions": "4"}


BETTER = (Comparison(metric="f1", rows=9, gated=True, status="better"),)
SAME = (Comparison(metric="f1", rows=9, gated=True, status="same"),)


@pytest.mark.parametrize(
    ("change", "is_news"),
    [
        ({}, False),
        ({"fairness": (FairnessResult(sensitive="sex", groups=(), comparisons=BETTER),)}, True),
        ({"fairness": (FairnessResult(sensitive="sex", groups=(), comparisons=SAME),)}, False),
        ({"references": (ReferenceResult(name="best", comparisons=BETTER),)}, True),
        ({"references": (ReferenceResult(name="best", comparisons=SAME),)}, False),
        ({"verdict": "warn"}, True),
        ({"comparisons": (Comparison(metric="f1", rows=9, gated=True, status="same"),)}, False),
        ({"comparisons": (Comparison(metric="f1", rows=9, gated=True, status="better"),)}, True),
        ({"comparisons": (Comparison(metric="f1", rows=9, gated=False, status="better"),)}, False),
        ({"change": "changed"}, True),
    ],
)
def test_has_news__only_where_something_moved(results, change, is_news):
    """A verdict, a gate that moved or data that changed are news; nothing else is."""
    assert outcome.has_news(results(**change)) is is_news


def test_at_fault__holds_every_problem():
    """A configuration with two problems makes results with two failing findings."""
    error = ConfigError.of([ConfigError("one", location=Location("mlci.yml", 1)), ConfigError("two", hint="mend it")])

    found = outcome.at_fault(error, HEAD)

    assert (found.verdict, [(each.message, each.severity) for each in found.findings]) == (
        "fail",
        [("two", "fail"), ("one", "fail")],
    )
