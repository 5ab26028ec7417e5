from __future__ import annotations

import pytest

from mlci.compare import Compared
from mlci.config.models import Fairness, Gate, ModelConfig
from mlci.gates import findings, judge
from mlci.results import Comparison, FairnessResult, Side


def policy(gates, **more):
    """A model's rules."""
    return ModelConfig.model_validate(
        {
            "dataset": "d", "target": "t", "task": "binary", "positive": "1", "primary": "roc_auc",
            "candidates": {"a": "p:a"}, "gates": gates, **more,
        }
    )  # fmt: skip


def side(**costs):
    """A winner with costs."""
    return Side(winner="a", train_rows=100, **costs)


def compared(metric="roc_auc", **facts):
    """A comparison that a gate watches."""
    plain = {
        "rows": 100,
        "baseline": 0.9,
        "candidate": 0.9,
        "gain": 0.0,
        "margin": 0.01,
        "gated": True,
        "status": "same",
    }
    return Comparison.model_validate({"metric": metric, **plain, **facts})


@pytest.mark.parametrize(
    ("status", "verdict"), [("better", "pass"), ("same", "pass"), ("worse", "fail"), ("inconclusive", "warn")]
)
def test_judge__a_regression_by_its_status(status, verdict):
    """The comparison's verdict is the gate's."""
    (gate,) = judge(
        policy({"roc_auc": {"max_regression": 0.01}}),
        Compared((compared(status=status, verdict=verdict),)),
        side(),
        side(),
    )

    assert (gate.rule, gate.verdict, gate.status) == ("max_regression", verdict, status)


@pytest.mark.parametrize(("candidate", "verdict"), [(0.9, "warn"), (None, "fail")])
def test_judge__a_comparison_that_could_not_be_told(candidate, verdict):
    """Without the candidate's value a gate fails; without the baseline's it warns; it never passes."""
    untold = compared(candidate=candidate, gain=None, status=None, note="the candidate gives no score")

    (gate,) = judge(policy({"roc_auc": {"max_regression": 0.01}}), Compared((untold,)), side(), side())

    assert (gate.verdict, [each.code for each in findings("m", [untold], [gate])]) == (verdict, ["MLCI305"])


@pytest.mark.parametrize(
    ("rule", "value", "verdict"),
    [
        ({"min": 0.85}, 0.85, "pass"),
        ({"min": 0.85}, 0.8499, "fail"),
        ({"max": 0.85}, 0.85, "pass"),
        ({"max": 0.85}, 0.8501, "fail"),
        ({"min": 0.85}, None, "fail"),
    ],
)
def test_judge__limits(rule, value, verdict):
    """A limit holds at its own value, and fails where there is no value."""
    (gate,) = judge(policy({"roc_auc": rule}), Compared((compared(candidate=value, gated=False),)), side(), side())

    assert gate.verdict == verdict


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (10.0, 15.0, "pass"),
        (10.0, 15.1, "fail"),
        (0.1, 0.5, "pass"),  # half a second is the machine's noise
        (0.0, 10.0, "fail"),
        (None, 10.0, "warn"),
        (10.0, None, "fail"),
    ],
)
def test_judge__costs(before, after, verdict):
    """A cost may grow by its share; what is too small to measure passes, what was not measured warns."""
    (gate,) = judge(
        policy({"fit_seconds": {"max_increase": "50%"}}),
        Compared(()),
        side(fit_seconds=after),
        side(fit_seconds=before),
    )

    assert gate.verdict == verdict


def test_judge__no_baseline():
    """Without a baseline only the limits judge."""
    gates = {"roc_auc": {"min": 0.5, "max_regression": 0.01}, "fit_seconds": {"max_increase": 0.5, "max": 60}}

    found = judge(policy(gates), Compared((compared(gain=None, status=None),)), side(fit_seconds=1.0), None)

    assert [(each.metric, each.rule, each.verdict) for each in found] == [
        ("roc_auc", "min", "pass"),
        ("fit_seconds", "max", "pass"),
    ]


def test_findings__a_metric_that_nobody_watches():
    """An ungated metric that fell is named, and stops nothing."""
    found = findings("m", [compared("f1", gated=False, status="worse")], [])

    assert [(each.code, each.severity) for each in found] == [("MLCI306", "info")]


@pytest.mark.parametrize(("on_inconclusive", "verdict"), [("pass", "warn"), ("warn", "warn"), ("fail", "fail")])
def test_judge__what_cannot_be_told_is_at_least_as_grave_as_inconclusive(on_inconclusive, verdict):
    """A gate without an answer does not slip below what an uncertain answer gets."""
    rules = policy({"roc_auc": {"max_regression": 0.01}}).model_copy(update={"on_inconclusive": on_inconclusive})

    (gate,) = judge(rules, Compared((compared(gain=None, status=None, note="no rows"),)), side(), side())

    assert gate.verdict == verdict


@pytest.mark.parametrize(("baseline", "verdict"), [(0.8, "fail"), (None, "warn")])
def test_judge__a_fairness_metric_that_the_candidate_alone_lacks(baseline, verdict):
    """A model that selects nobody has no ratio: it does not pass for that, where the baseline has one."""
    rules = policy({}).model_copy(
        update={
            "fairness": Fairness(sensitive=("sex",), gates={"selection_rate_ratio": Gate(min=0.5, max_regression=0.1)})
        }
    )
    told = compared("selection_rate_ratio", candidate=None, baseline=baseline, gain=None, status=None, note="0 over 0")
    found = Compared((), fairness=(FairnessResult(sensitive="sex", groups=(), comparisons=(told,)),))

    gates = judge(rules, found, side(), side())

    assert [(each.sensitive, each.rule, each.verdict) for each in gates] == [
        ("sex", "max_regression", verdict),
        ("sex", "min", verdict),
    ]


def test_findings__without_a_promised_baseline():
    """Where the base's side could not be trained, the advice is to mend that, not to take the gate out."""
    rules = policy({"roc_auc": {"max_regression": 0.01}})

    (gate,) = judge(rules, Compared(()), side(), None, promised=True)

    (found,) = findings("m", [], [gate])
    assert (found.code, found.hint[:15], "take the gate out" in found.hint) == ("MLCI305", "Another finding", False)
