from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.config.load import load
from mlci.config.models import Gate
from mlci.config.policy import _stricter, judge, removed


@pytest.fixture
def judged(write, small):
    """The policy for `income`, where the head's configuration differs from the base's by one replacement."""

    def judged(old: str, new: str):
        base = load(write(small)).config
        head = load(write(small.replace(old, new)))
        return judge(head, base, "income"), base.models["income"]

    return judged


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("max_regression: 0.005", "max_regression: 0.05", "loosen `roc_auc` (max_regression from 0.005 to 0.05)"),
        ("min: 0.85", "min: 0.5", "loosen `roc_auc` (min from 0.85 to 0.5)"),
        ("{min: 0.85, max_regression: 0.005}", "{min: 0.85}", "loosen `roc_auc` (it removes max_regression: 0.005)"),
        ("      roc_auc: {min: 0.85, max_regression: 0.005}\n", "", "loosen the gates (it removes `roc_auc`)"),
        ("max_increase: 50%", "max_increase: 500%", "loosen `fit_seconds` (max_increase from 0.5 to 5)"),
        ("    gates:", "    confidence: 0.99\n    gates:", "loosen `confidence` (from 0.95 to 0.99)"),
        ("    gates:", "    on_inconclusive: pass\n    gates:", "loosen `on_inconclusive` (from warn to pass)"),
        ("    gates:", "    min_rows: 500\n    gates:", "loosen `min_rows` (from 30 to 500)"),
        ("    gates:", "    split: {seed: 7}\n    gates:", "change the holdout (`split` draws other rows)"),
        ("[sex, {age: [25, 40, 60]}]", "[{age: [25, 40, 60]}]", "loosen `slices` (it removes `sex`)"),
    ],
)
def test_judge__what_the_pull_request_loosens_is_listed_and_does_not_count(judged, old, new, said):
    """The base branch's rule judges, and the report says what would be loosened."""
    policy, base = judged(old, new)

    assert (policy.model.gates, policy.model.split, policy.model.confidence, policy.model.on_inconclusive) == (
        base.gates,
        base.split,
        base.confidence,
        base.on_inconclusive,
    )
    assert [finding.message.startswith(f"This pull request would {said};") for finding in policy.findings] == [True]


def test_judge__what_the_pull_request_tightens_counts_at_once(judged):
    """A stricter gate, and a new one, judge the pull request that brings them, in silence."""
    policy, _ = judged(
        "{min: 0.85, max_regression: 0.005}", "{min: 0.9, max_regression: 0.001}\n      accuracy: {min: 0.8}"
    )

    assert (policy.model.gates["roc_auc"], policy.model.gates["accuracy"], policy.findings) == (
        Gate(min=0.9, max_regression=0.001),
        Gate(min=0.8),
        (),
    )


def test_judge__another_question(judged):
    """Where the target changed, the sides cannot be compared, and that is said."""
    policy, _ = judged("target: income", "target: wealth")

    assert (policy.comparable, [finding.code for finding in policy.findings]) == (False, ["MLCI403"])


def test_judge__no_base(write, small):
    """Without a base the head's own rules judge."""
    head = load(write(small))

    assert judge(head, None, "income").model == head.config.models["income"]


def test_removed__models_and_suites(write, small):
    """What nothing judges any more is named."""
    with_suite = small.replace("    path: data/adult.csv", "    path: data/adult.csv\n    suite: s.json")
    base = load(write(with_suite.replace("  income:", "  wealth:"))).config
    head = load(write(small))

    assert [finding.message.split(": nothing")[0] for finding in removed(head, base)] == [
        "This pull request removes the model `wealth`",
        "This pull request removes the suite of the dataset `adult`",
    ]


LIMITS = st.none() | st.floats(0, 1)
GATES = (
    st.tuples(LIMITS, LIMITS, LIMITS)
    .filter(lambda limits: any(limit is not None for limit in limits))
    .map(lambda limits: Gate(min=limits[0], max=limits[1], max_regression=limits[2]))
)


@given(mine=GATES, theirs=GATES, value=st.floats(0, 1), gain=st.floats(-1, 1))
def test_stricter__fails_whatever_either_fails(mine, theirs, value, gain):
    """The merged gate fails a value exactly when one of the two gates does."""

    def fails(gate):
        return (
            (gate.min is not None and value < gate.min)
            or (gate.max is not None and value > gate.max)
            or (gate.max_regression is not None and gain < -gate.max_regression)
        )

    merged = _stricter(mine, theirs)

    assert fails(merged) == (fails(mine) or fails(theirs))
