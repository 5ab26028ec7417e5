from __future__ import annotations

import math

import fair_results as fair
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.report import fairness, gatetable, headline, names
from mlci.report.places import Place
from mlci.results import Comparison, FairnessResult, GateResult, Group, worst
from mlci.stats.metrics import FAIRNESS


def plain(words):
    """A line as a reader hears it."""
    return str(words).replace("\u00a0", " ").strip()


def texts(table):
    """A table's cells as a reader hears them."""
    return [[plain(cell) for cell in row.cells] for row in table.rows]


def said(model, part, main="main"):
    """Between which groups the first metric of a column is."""
    model = model.model_copy(update={"fairness": (part,)})
    metric = part.comparisons[0].metric
    (each,) = gatetable.judged(model, Place(metric, sensitive=part.sensitive).__eq__)
    return plain(fairness.between(each, model, main))


def part(metric, value, rates, rows=(), before=()):
    """A column with groups a, b and so on, each with a rate of each kind that the metric is made of."""
    kinds = FAIRNESS[metric].rates
    groups = tuple(
        Group(
            name=f"sex = {chr(97 + i)}",
            rows=rows[i] if rows else 100,
            candidate=dict.fromkeys(kinds, rate),
            baseline=dict.fromkeys(kinds, before[i]) if before else {},
        )
        for i, rate in enumerate(rates)
    )
    return FairnessResult(
        sensitive="sex", groups=groups, comparisons=(Comparison(metric=metric, rows=100, candidate=value),)
    )


@pytest.fixture
def model(make):
    """A model whose gate on fairness fails."""
    return make("unfair").models["income"]


# --- in a sentence ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "value", "rates", "expected"),
    [
        ("demographic_parity_difference", 0.3, (0.5, 0.2, 0.4), "The selection rate is 0.2000 for b and 0.5000 for a."),
        ("equal_opportunity_ratio", 0.4, (0.5, 0.2, 0.4), "The true positive rate is 0.2000 for b and 0.5000 for a."),
        ("accuracy_score_group_min", 0.2, (0.5, 0.2, 0.4), "The accuracy is 0.2000 for b."),
        ("zero_one_loss_group_max", 0.5, (0.5, 0.2, 0.4), "The zero-one loss is 0.5000 for a."),
    ],
)
def test_between__names_the_groups_that_make_the_value(model, metric, value, rates, expected):
    """The groups at both ends of a gap, or the one that is worst off."""
    assert said(model, part(metric, value, rates)) == expected


def test_between__beside_the_base(model):
    """What the same groups were on the base is told beside them."""
    found = part("demographic_parity_difference", 0.3, (0.5, 0.2), before=(0.45, 0.4))
    assert said(model, found).endswith("is 0.2000 for b and 0.5000 for a; on main it is 0.4000 and 0.4500.")


def test_between__small_groups_are_left_out(model):
    """A group that the metric leaves out is none of its ends."""
    found = part("demographic_parity_difference", 0.3, (0.5, 0.2, 0.9), rows=(100, 100, 3))
    assert said(model, found) == "The selection rate is 0.2000 for b and 0.5000 for a."


def test_between__nothing_where_the_groups_do_not_give_the_value(model):
    """The mean of several trainings is no difference of two groups of one of them."""
    assert said(model, part("demographic_parity_difference", 0.31, (0.5, 0.2))) == ""


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=6), st.data())
def test_between__its_two_numbers_give_the_value(make, rates, data):
    """Whatever the groups' order and sizes, the two groups that are told are those of the metric."""
    rows = data.draw(st.lists(st.integers(1, 999), min_size=len(rates), max_size=len(rates)))
    value = max(rates) - min(rates)
    found = part("demographic_parity_difference", value, rates, rows)
    low, high = fairness.ends(found, "selection_rate", "difference", value)
    assert math.isclose(high.candidate["selection_rate"] - low.candidate["selection_rate"], value, abs_tol=1e-9)


@pytest.mark.parametrize("metric", FAIRNESS)
def test_metric__every_fairness_metric_has_words(metric):
    """None is shown as code, and none with an underscore."""
    words = names.metric(metric)
    assert not any(span.code or "_" in span.text for span in words.spans)


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("demographic_parity_difference", "demographic parity difference"),
        ("equal_opportunity_ratio", "equal opportunity ratio"),
        ("true_positive_rate_difference", "true positive rate difference"),
        ("f1_score_group_min", "lowest F1 of a group"),
        ("zero_one_loss_group_max", "highest zero-one loss of a group"),
        ("expected_calibration_error", "expected calibration error"),
        ("yearly.profit-EUR", "yearly.profit-EUR"),
    ],
)
def test_metric__in_words(metric, words):
    """A metric in prose; one of the user's own by its name."""
    assert str(names.metric(metric)) == words


# --- the story ---


@pytest.fixture
def story(make):
    """Make the story of a run whose fairness is judged in another way."""

    def told(*gates, part=None):
        results = make("unfair")
        more = {"fairness": (part,)} if part else {}
        model = results.models["income"].model_copy(update={**more, "gates": gates})
        verdict = worst([gate.verdict for gate in gates])
        model = model.model_copy(update={"verdict": verdict})
        return headline.tell(results.model_copy(update={"models": {"income": model}, "verdict": verdict}))

    return told


def test_tell__a_missed_limit_between_groups(story):
    """A limit on a fairness metric is told with its column, against the base, and with the value's own interval."""
    facts = {"metric": "demographic_parity_difference", "sensitive": "sex", "rule": "max", "threshold": 0.15}
    told = story(GateResult(**facts, value=0.165, verdict="fail"))
    assert plain(told.title) == "income misses its limit on the demographic parity difference by sex"
    assert plain(told.what) == (
        "The demographic parity difference by sex is 0.1650, and this gate asks for at most 0.15."
    )
    assert plain(told.why) == (
        "That is worse than on main (worse by 0.0160; 95 % interval −0.0250 … −0.0070), on 11,214 held-out rows. "
        "Its own 95 % interval is 0.1569 … 0.1731."
    )


def test_tell__too_few_rows_between_groups(story):
    """An undecided gate on fairness says of what it is undecided."""
    part = fair.by_sex(after=0.605)
    each = part.comparisons[0]
    told = story(fair.gate(each, sensitive="sex"), part=part)
    assert each.status == "inconclusive"
    assert plain(told.title) == "too few rows to tell whether income treats the groups of sex less alike than main"
    assert plain(told.what).startswith("The equalized odds difference by sex went from 0.031 to 0.040: worse by 0.009")


def test_tell__a_gate_between_groups_that_could_not_be_judged(story):
    """A gate that measured nothing is named with its column."""
    facts = {"metric": "equalized_odds_ratio", "sensitive": "sex", "rule": "min", "threshold": 0.8}
    told = story(GateResult(**facts, verdict="warn", message="fewer than 2 groups have 30 rows"))
    assert plain(told.what) == (
        "The equalized odds ratio by sex could not be judged: fewer than 2 groups have 30 rows."
    )


# --- the fold --------------------------------------------------------------------------------------------------


def test_fold__answers_in_its_summary(model):
    """The gravest gate's metric, on both sides."""
    assert plain(fairness.fold(model, "main").answer) == "❌ equalized odds difference by sex 0.031 → 0.092; 2 more"


def test_fold__without_gates(model):
    """What no gate watches has no verdict."""
    assert plain(fairness.fold(model.model_copy(update={"gates": ()}), "main").answer).startswith("equalized odds")


def test_fold__is_left_out_without_sensitive_columns(make):
    """Where nothing is sensitive there is no fold."""
    assert not fairness.fold(make("same").models["income"], "main")


def test_metrics__a_row_each(model):
    """Both sides, the candidate's own interval, the gain and its interval, what is allowed, the verdict."""
    assert texts(fairness.metrics(model.fairness[0], model, "main")) == [
        [
            "equalized odds difference ↓",
            "0.031",
            "0.092 (0.073 … 0.111)",
            "−0.061",
            "−0.082 … −0.040",
            "−0.020",
            "❌ worse",
        ],
        [
            "demographic parity difference ↓",
            "0.1490",
            "0.1650 (0.1569 … 0.1731)",
            "−0.0160",
            "−0.0250 … −0.0070",
            "≤ 0.2",
            "✅ holds",
        ],
    ]


def test_metrics__a_missed_limit_has_the_last_word(model):
    """Where the regression is within its margin and the limit is missed, the row says so."""
    facts = {"metric": "equalized_odds_difference", "sensitive": "sex", "threshold": 0.05}
    gates = (
        GateResult(**facts, rule="max_regression", verdict="pass", status="same"),
        GateResult(**facts, rule="max", verdict="fail", value=0.092),
    )
    row = texts(fairness.metrics(model.fairness[0], model.model_copy(update={"gates": gates}), "main"))[0]
    assert row[-2:] == ["−0.020, ≤ 0.05", "❌ too high"]


def test_groups__both_sides_in_a_cell(model):
    """One row per group by its value, the rates that the metrics are made of, digits by its rows."""
    assert texts(fairness.groups(model.fairness[1])) == [
        ["White", "9,571", "0.213 → 0.209"],
        ["Black", "1,052", "0.131 → 0.128"],
        ["Other", "21", "0.19 → 0.10"],
    ]
