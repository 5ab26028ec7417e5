"""The keys that say how a verdict comes about: fairness, scorers, clusters, weights, repeats, references."""

from __future__ import annotations

import re

import pytest

from mlci.config.load import load
from mlci.config.models import Baseline, Fairness, Gate, Scorer, WorstSlice
from mlci.config.policy import fitted, judge
from mlci.errors import ConfigError

GATES = "    gates:"


@pytest.fixture
def loaded(write, small):
    """The small configuration with more keys of its model."""
    return lambda more: load(write(small.replace(GATES, f"{more}\n{GATES}")))


@pytest.fixture
def judged(loaded):
    """The policy where the base's model has some keys and the head's has others."""

    def judged(base: str, head: str):
        mine = loaded(head)
        return judge(mine, loaded(base).config, "income"), mine

    return judged


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("    scorers: {profit: 'scoring:profit'}", "scorers", {"profit": Scorer(function="scoring:profit")}),
        ("    worst_slice: [sex, age]", "worst_slice", WorstSlice(columns=("sex", "age"))),
        ("    worst_slice: sex", "worst_slice", WorstSlice(columns=("sex",))),
        ("    worst_slice: {columns: [sex], depth: 1}", "worst_slice", WorstSlice(columns=("sex",), depth=1)),
        ("    fairness: {sensitive: sex, metrics: [selection_rate_ratio]}", "fairness",
         Fairness(sensitive=("sex",), metrics=("selection_rate_ratio",))),
        ("    repeats: 5", "repeats", 5),
        ("    cluster: patient", "clustered_by", "patient"),
        ("    split: {group: shop}", "clustered_by", "shop"),
    ],
)  # fmt: skip
def test_load__keys_of_a_model(loaded, text, key, value):
    """Each key has a short form and a long one."""
    assert getattr(loaded(text).config.models["income"], key) == value


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("    scorers: {f1: 'a:b'}", "'f1' is already the name of a built-in metric.", "Give it another."),
        ("    scorers: {profit: scoring}", "scorers.profit", ""),
        ("    repeats: 0", "models.income.repeats", ""),
        ("    worst_slice: []", "models.income.worst_slice", ""),
        ("    fairness: {sensitive: [sex]}", "fairness names no metric.", "demographic_parity_difference"),
        ("    fairness: {sensitive: [sex], metrics: [parity]}", "'parity' is no fairness metric", ""),
        ("    fairness: {sensitive: [sex], gates: {selection_rate_ratio: {max_increase: 0.1}}}",
         "'selection_rate_ratio' is a score, not a cost.", "max_regression"),
        ("    fairness: {sensitive: [sex], gates: {selection_rate_ratio: {min: 2}}}",
         "'selection_rate_ratio' is never greater than 1: no model can pass.", ""),
        ("    fairness: {sensitive: [sex], gates: {selection_rate_ratio: {max_regression: 0, slices: true}}}",
         "'selection_rate_ratio' compares groups already.", ""),
    ],
)  # fmt: skip
def test_load__what_is_refused(loaded, text, message, hint):
    """Each mistake is one sentence with its place."""
    with pytest.raises(ConfigError) as caught:
        loaded(text)

    assert (message in str(caught.value), hint in str(caught.value), caught.value.location is not None) == (True,) * 3


@pytest.mark.parametrize(
    ("metric", "message", "hint"),
    [
        ("profit", "'profit' is no metric that mlci knows", ""),
        ("roc_aux", "'roc_aux' is no metric that mlci knows", "Did you mean 'roc_auc'"),
        ("equalized_odds_difference", "'equalized_odds_difference' compares groups.", "fairness:"),
        ("r2", "'r2' does not fit a binary task.", ""),
    ],
)
def test_load__gates_on_what_is_no_metric(write, small, metric, message, hint):
    """A gate watches a metric of the task, a cost, or a metric of one's own."""
    with pytest.raises(ConfigError) as caught:
        load(write(small.replace("      fit_seconds", f"      {metric}: {{min: 0.1}}\n      fit_seconds")))

    assert (message in str(caught.value), hint in str(caught.value), caught.value.location is not None) == (True,) * 3


def test_load__what_cannot_elect(write, small):
    """A metric of one's own, and a calibration error, judge the holdout alone."""
    text = small.replace(GATES, f"    scorers: {{profit: 'a:b'}}\n{GATES}")
    for primary, why in (("profit", "judges the holdout alone"), ("expected_calibration_error", "cannot elect")):
        with pytest.raises(ConfigError, match=why):
            load(write(text.replace("primary: roc_auc", f"primary: {primary}")))


def test_load__a_fairness_metric_of_another_task(write, small):
    """Rates of the positive class need one."""
    text = small.replace("task: binary", "task: multiclass").replace('    positive: ">50K"\n', "")
    text = text.replace("roc_auc", "f1_macro").replace(
        GATES, f"    fairness: {{sensitive: [sex], metrics: [selection_rate_ratio]}}\n{GATES}"
    )
    with pytest.raises(ConfigError, match="'selection_rate_ratio' does not fit a multiclass task"):
        load(write(text))


@pytest.mark.parametrize(
    ("base", "head", "said", "kept"),
    [
        ("", "    repeats: 2", "change `repeats` (from `1` to `2`)", {"repeats": 1}),
        ("    cluster: patient", "", "change `cluster` (from `patient` to none)", {"cluster": "patient"}),
        ("", "    sample_weight: w", "change `sample_weight` (from none to `w`)", {"sample_weight": None}),
        ("    repeats: 5", "    repeats: 2", "change `repeats` (from `5` to `2`)", {"repeats": 5}),
        ("    scorers: {profit: 'a:b'}", "    scorers: {profit: 'a:c'}", "change the metric `profit` of your own",
         {"scorers": {"profit": Scorer(function="a:b")}}),
        ("    worst_slice: [sex]", "", "change the search for the worst slice",
         {"worst_slice": WorstSlice(columns=("sex",))}),
        ("    fairness: {sensitive: [sex], gates: {selection_rate_ratio: {min: 0.8}}}", "",
         "loosen `fairness` (it removes `sex`)",
         {"fairness": Fairness(sensitive=("sex",), gates={"selection_rate_ratio": Gate(min=0.8)})}),
    ],
)  # fmt: skip
def test_judge__what_the_pull_request_changes_of_the_scales(judged, base, head, said, kept):
    """The base branch's scales weigh, and the report says what the pull request would change."""
    policy, _ = judged(base, head)

    assert {key: getattr(policy.model, key) for key in kept} == kept
    assert any(said in each.message for each in policy.findings)


def test_judge__fairness_of_both_sides(judged):
    """Columns and metrics of both sides, the stricter of two gates."""
    base = "    fairness: {sensitive: [sex], gates: {selection_rate_ratio: {min: 0.8}}}"
    head = (
        "    fairness: {sensitive: [race, sex], metrics: [equalized_odds_ratio], "
        "gates: {selection_rate_ratio: {min: 0.7, max_regression: 0.1}}}"
    )

    policy, _ = judged(base, head)

    assert policy.model.fairness == Fairness(
        sensitive=("sex", "race"),
        metrics=("selection_rate_ratio", "equalized_odds_ratio"),
        gates={"selection_rate_ratio": Gate(min=0.8, max_regression=0.1)},
    )
    assert ["loosen `selection_rate_ratio` (min from 0.8 to 0.7)" in each.message for each in policy.findings] == [True]


def test_fitted__columns_that_the_data_lost(judged):
    """What the base weighs and groups by, and the head's data no longer have, falls back to the head's own."""
    fairness = "    fairness: {sensitive: [sex], metrics: [selection_rate_ratio]}"
    base = f"    cluster: patient\n{fairness}\n    worst_slice: [sex]"
    policy, mine = judged(base, "    cluster: clinic")

    found = fitted(policy, mine, "income", {"clinic", "age"})

    model = found.model
    assert (model.cluster, model.fairness, model.worst_slice) == ("clinic", None, None)
    told = [each.message for each in found.findings if each.code == "MLCI406"]
    assert [re.findall(r"`(\w+)`", each)[:2] for each in told] == [
        ["cluster", "patient"],
        ["fairness", "sex"],
        ["worst_slice", "sex"],
    ]


def test_judge__another_primary_metric(write, small):
    """What elects and what the search judges is the base branch's, too, and the change is listed."""
    base = load(write(small)).config
    mine = load(write(small.replace("primary: roc_auc", "primary: log_loss")))

    policy = judge(mine, base, "income")

    assert (policy.model.primary, "change `primary`" in policy.findings[0].message) == ("roc_auc", True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("baseline: {reference: best, ledger: 's3://b/l.jsonl'}", Baseline(reference="best", ledger="s3://b/l.jsonl")),
        ("baseline: {reference: v1.2}", Baseline(reference="v1.2")),
        ("", Baseline()),
    ],
)
def test_load__references(write, small, text, expected):
    """A best commit with its ledger, a tag, or the merge base alone."""
    assert load(write(f"{small}\n{text}\n")).config.baseline == expected
