"""What a report says beside scores: other commits, the worst slice, calibration, and what the holdout can tell."""

from __future__ import annotations

import fair_results as fair
import pytest

from mlci.report import (
    calibration,
    digits,
    folds,
    gatetable,
    headline,
    holdouts,
    names,
    references,
    render,
    sections,
    slicetable,
    worstslice,
)
from mlci.report.phrase import line
from mlci.results import Comparison, GateResult


def plain(words):
    """A line as a reader hears it."""
    return str(words).replace("\u00a0", " ").strip()


def texts(table):
    """A table's cells as a reader hears them."""
    return [[plain(cell) for cell in row.cells] for row in table.rows]


@pytest.fixture
def model(make):
    """Make the model of a situation, with more said of it."""
    return lambda name, **more: make(name).models["income"].model_copy(update=more)


@pytest.fixture
def story(make):
    """Make the story of a situation whose model has more said of it."""
    return lambda name, **more: headline.tell(fair.with_model(make(name), **more))


# --- other commits than the base -------------------------------------------------------------------------------


def test_gates__several_on_one_metric_are_told_apart(model):
    """What was held against the base and against the best commit have rows of their own names."""
    table = gatetable.gates(model("declined"), "main")
    assert [row[0] for row in texts(table)] == [
        "roc_auc against best",
        "roc_auc",
        "accuracy",
        "accuracy against best",
        "roc_auc, minimum",
    ]
    assert plain(gatetable.notes(model("declined"))[-1]) == (
        "Rows against best (c3d4e5f) have its value in place of the base’s."
    )


def test_gates__of_a_reference_that_could_not_be_compared(model):
    """A gate that found nothing to compare with keeps its row."""
    gate = GateResult(metric="roc_auc", reference="v1.2", rule="max_regression", threshold=0.003, verdict="warn")
    row = texts(gatetable.gates(model("same", gates=(gate,)), "main"))[0]
    assert (row[0], *row[-2:]) == ("roc_auc against v1.2", "−0.003", "⚠️ could not be told")


def test_html__rows_of_one_metric_stand_once_each(model, make):
    """On the page, each comparison of a metric has its own row and its own interval."""
    text = render.html(make("declined"))
    assert text.count('aria-label="roc_auc: gain') == text.count('aria-label="roc_auc against best: gain') == 1


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ((0.9198, 0.9190, 0.0011, 0.003), "it is within its margin (−0.0008): small losses have added up."),
        ((0.9230, 0.9190, 0.0011, 0.002), "it is worse, too (−0.0040)."),
        ((0.9170, 0.9190, 0.0011, 0.003), "it is better (+0.0020): it was lost before this pull request."),
        ((0.9198, 0.9190, 0.0061, 0.003), "it is undecided (−0.0008): small losses have added up."),
    ],
)
def test_tell__since_the_best_commit_and_against_main(make, story, now, expected):
    """Beside what was lost since the best commit stands what this pull request alone did."""
    comparisons = (fair.compared("roc_auc", *now), *make("declined").models["income"].comparisons[1:])
    assert plain(story("declined", comparisons=comparisons).why).endswith(f"Against main {expected}")


def test_tell__since_a_tag(make, story):
    """A reference with a name of its own is called by it."""
    found = make("declined").models["income"]
    gates = tuple(each.model_copy(update={"reference": each.reference and "v1.2"}) for each in found.gates)
    model = found.model_copy(
        update={"gates": gates, "references": (found.references[0].model_copy(update={"name": "v1.2"}),)}
    )
    results = make("declined").model_copy(update={"models": {"income": model}})
    told = headline.tell(results)
    assert plain(told.title) == "income is worse than v1.2"
    assert plain(told.what).startswith("ROC AUC fell from 0.9240 to 0.9190 since v1.2: −0.0050")


@pytest.mark.parametrize(
    ("more", "answer", "lines"),
    [
        ({}, "❌ ROC AUC −0.0050 since the best commit c3d4e5f", []),
        (
            {"paired": False},
            "❌ ROC AUC −0.0050 since the best commit c3d4e5f",
            ["It was scored on other held-out rows than this pull request, so the intervals are wider."],
        ),
        (
            {"same_as_base": True, "comparisons": ()},
            "the best commit c3d4e5f is the merge base itself",
            ["The best commit c3d4e5f is the merge base itself: there is nothing more to compare."],
        ),
        (
            {"reason": "its code could not be trained.", "comparisons": ()},
            "nothing was compared with the best commit c3d4e5f",
            ["Nothing was compared with the best commit c3d4e5f on main: its code could not be trained."],
        ),
    ],
)
def test_references__answer(model, more, answer, lines):
    """The summary says how far the candidate is from the reference, or why that is not told."""
    found = model("declined")
    found = found.model_copy(update={"references": (found.references[0].model_copy(update=more),)})
    fold = references.fold(found, "main")
    assert (plain(fold.answer), [plain(each) for each in fold.lines]) == (answer, lines)


# --- the worst slice -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            fair.search(),
            "(ROC AUC −0.071; 95 % interval −0.091 … −0.051): it is worse for certain, the search paid for.",
        ),
        (fair.search(worse=3), "−0.051): 3 slices are worse for certain, the search paid for."),
        (fair.search(worse=0), "−0.051): no slice is worse for certain, the search paid for."),
        (
            fair.search(worse=0).model_copy(update={"worst": None}),
            "alone and in pairs with at least 100 rows, none could be compared.",
        ),
    ],
)
def test_search__in_a_sentence(model, found, expected):
    """How many slices were looked at, which fell furthest, and whether that is certain."""
    told = plain(worstslice.sentence(model("same", search=found)))
    assert told.startswith("Of 143 slices of sex, age and race, alone and in pairs")
    assert told.endswith(expected)


def test_search__beside_named_slices(model):
    """The summary of the slices says what the search adds, and the fold holds its sentence."""
    fold = folds.slices(model("slice-only", search=fair.search(worse=2)), "main")
    assert plain(fold.answer).endswith("; 2 of 143 searched are worse for certain")
    assert any("fell furthest" in str(each) for each in fold.lines)


def test_search__a_warning_beside_a_failure(story):
    """Where a gate fails, what the search found is one line below."""
    told = story("worse", findings=[fair.found_worse()], search=fair.search())
    assert plain(told.title) == "income is worse than main"
    assert [plain(each) for each in told.also] == [
        "⚠️ income is worse than main on sex = Female, age ≥ 60: ROC AUC −0.071."
    ]


@pytest.mark.parametrize("findings", [[], [fair.found_worse("info")]])
def test_search__is_no_news_otherwise(story, findings):
    """Where the search is to lead to nothing, the story is as it was."""
    told = story("same", findings=findings, search=fair.search())
    assert (plain(told.title), told.also) == ("income is as good as main", ())


def test_search__alone_can_fail(story):
    """A search that is to fail is why the run fails, and its finding is not told twice."""
    told = story("same", findings=[fair.found_worse("fail")], search=fair.search())
    assert (told.kind, told.verdict, [each.code for each in told.told]) == ("searched", "fail", ["MLCI308"])


def test_search__a_finding_without_its_slice(story):
    """Where results hold the finding alone, it is told as any other."""
    assert story("same", findings=[fair.found_worse()]).kind == "finding"


def test_search__warns_among_several_models(make):
    """Of several models, one whose gates hold and whose search found a slice does not stand as if all were well."""
    results = make("searched")
    several = results.model_copy(update={"models": {**results.models, "other": make("same").models["income"]}})
    text = render.markdown(several)
    assert "<details><summary>⚠️ <code>income</code> is worse than main on <code>sex = Female, age ≥ 60</code>" in text
    assert "<details><summary>✅ <code>other</code> is as good as main" in text
    assert sections.build(several, line()).models[0].verdict == "warn"


# --- calibration -----------------------------------------------------------------------------------------------


def test_calibration__fold(model):
    """The errors in the summary, a row per bin that holds rows, and a diagram for the page."""
    fold = calibration.fold(model("searched"), "main")
    ((words, table),) = fold.tables
    assert plain(fold.answer) == "expected calibration error 0.002 → 0.016"
    assert plain(words).endswith("and the share in which it was >50K.")
    assert [row[0] for row in texts(table)] == [f"0.{i} – {(i + 1) / 10}" for i in range(10) if i != 6]
    assert texts(table)[4] == ["0.4 – 0.5", "512", "0.445", "0.441", "512", "0.445", "0.405"]
    assert len(fold.figures) == 1


def test_calibration__without_a_baseline(model):
    """Of one side there is one side."""
    found = fair.calibration().model_copy(update={"baseline": None})
    fold = calibration.fold(model("no-baseline", calibration=found), "main")
    assert plain(fold.answer) == "expected calibration error 0.0164"
    assert len(fold.tables[0][1].columns) == 4


def test_calibration__a_gate_gives_its_verdict(model):
    """Where a gate watches the calibration error, the summary has its verdict."""
    each = fair.compared("expected_calibration_error", 0.01, 0.05, 0.005, 0.01, greater_is_better=False)
    found = model("same", comparisons=(each,), gates=(fair.gate(each),), calibration=fair.calibration())
    assert plain(calibration.fold(found, "main").answer).startswith("❌ expected calibration error")


def test_html__draws_the_diagram(make):
    """The page alone has the reliability diagram."""
    assert render.html(make("searched")).count('<svg class="reliability"') == 1
    assert "<svg" not in render.markdown(make("searched"))


# --- what the holdout can tell ---------------------------------------------------------------------------------


def test_holdout__every_compared_model_has_its_power(situation):
    """Whatever was compared, the report says the smallest loss that would have been noticed, or that there is none."""
    _, results = situation
    for model in results.models.values():
        if model.holdout is not None and any(each.gain is not None for each in model.comparisons):
            told = plain(holdouts.fold(model, "main").lines[0])
            assert "would have noticed a loss of" in told or "no loss to notice" in told


def test_holdout__says_what_would_settle_it(model):
    """Each inconclusive gate with what it allows, what is noticed and the rows that it needs; then what to do."""
    lines = [plain(each) for each in holdouts.fold(model("noise"), "main").lines]
    assert lines[1:4] == [
        (
            "ROC AUC is undecided: its gate allows −0.0030, 1,120 rows notice a loss of 0.0045 four times out of five "
            "and about 4,400 would settle it."
        ),
        (
            "Accuracy is undecided: its gate allows −0.0040, 1,120 rows notice a loss of 0.0092 four times out of five "
            "and about 9,200 would settle it."
        ),
        "What would settle it: more rows held out (split), more data, or a wider margin; mlci size plans a holdout.",
    ]


def test_holdout__many_open_questions(model):
    """Of many inconclusive gates, three are told in full."""
    found = [fair.compared("roc_auc", 0.9, 0.899, 0.01, 0.003, slice=f"age = {i}") for i in range(9)]
    lines = holdouts.fold(model("same", comparisons=tuple(found), gates=tuple(map(fair.gate, found))), "main").lines
    assert [plain(each) for each in lines if "undecided" in str(each)][-1] == "6 more are undecided."


def test_holdout__without_a_known_variance(model):
    """Where the power could not be told, that is said."""
    each = fair.compared("roc_auc", 0.9, 0.91, 0.01, 0.003, detectable=None)
    assert plain(holdouts.fold(model("same", comparisons=(each,)), "main").lines[0]) == (
        "How small a loss it would notice could not be told."
    )


def test_holdout__how_it_was_drawn_and_trained(model):
    """Seeds, clusters, weights, how often it has judged, and cautions."""
    lines = [plain(each) for each in holdouts.fold(model("searched"), "main").lines]
    assert lines[1] == (
        "Each side was trained 5 times, each time with another seed; seeds make 38 % of one training’s variance in "
        "ROC AUC."
    )
    assert lines[4:] == [
        "Rows with the same customer count as one draw: 1,204 groups in all, and the intervals know it.",
        "In every metric a row weighs what weight says.",
        "It has judged 12 commits of main since the ledger began.",
        "The code that trained ran as another user, without network, and could not read the datasets’ files.",
        "⚠️ roc_auc: only 7 rows of one class: the interval is rough.",
    ]


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        (0, "By the ledger, it has judged no commit of main before."),
        (1, "It has judged 1 commit of main since the ledger began."),
        (None, None),
    ],
)
def test_holdout__how_often_it_has_judged(model, judged, expected):
    """The ledger's count, where there is a ledger."""
    found = model("same")
    found = found.model_copy(update={"holdout": found.holdout.model_copy(update={"judged": judged})})
    told = [plain(each) for each in holdouts.fold(found, "main").lines if "judged" in str(each)]
    assert told == ([expected] if expected else [])


# --- cautions --------------------------------------------------------------------------------------------------


def test_caution__stands_in_a_slices_row(model):
    """A slice whose interval is rough says so in its row."""
    each = fair.compared("roc_auc", 0.9, 0.89, 0.02, slice="sex = F", note="only 7 rows of one class: it is rough")
    table = slicetable.table([each], model("same"), "main")
    assert texts(table)[0][-2:] == ["only 7 rows of one class: it is rough", "no clear change"]


def test_caution__fewer_rows_of_a_class_do_not_make_a_slice_small():
    """Only a slice that is not judged for its few rows counts as small."""
    facts = {"metric": "f1", "slice": "sex = F", "rows": 500}
    assert not names.is_small(Comparison(**facts, note="fewer than 10 rows of one class: the interval is rough"))
    assert names.is_small(Comparison(**facts, note="fewer than 30 rows: reported, not judged"))


def test_cautions__one_sentence_for_all_that_share_it(model):
    """What holds for several metrics is said once."""
    found = [fair.compared(name, 0.9, 0.89, 0.01, note="only 7 rows of one class") for name in ("roc_auc", "f1")]
    told = gatetable.cautions(gatetable.ordered(model("same", comparisons=tuple(found))))
    assert [plain(each) for each in told] == ["⚠️ roc_auc and f1: only 7 rows of one class."]


# --- metrics of the user's own ---------------------------------------------------------------------------------


def test_scorer__in_money(make):
    """A metric without bounds has its thousands apart, digits by its interval, and a panel of its own."""
    text = render.markdown(make("searched")).replace("\u00a0", " ")
    assert "| `yearly.profit-EUR` | 1,234,568 | 1,233,901 | −667 | −2,877 … +1,544 | −5,000 | ✅ same |" in text
    assert "yearly.profit-EUR    ┊" in text


def test_scorer__without_an_interval(model):
    """Large values of which no interval is known have two decimals."""
    each = Comparison(metric="profit", rows=9, candidate=12_345.678)
    assert digits.number(each.candidate, digits.precision(each)) == "12,345.68"
    gate = GateResult(metric="profit", rule="min", threshold=20_000.0, value=12_345.678, verdict="fail")
    found = model("same", comparisons=(), gates=(gate,))
    assert texts(gatetable.limits(found, "main"))[0] == ["profit, minimum", "12,345.68", "≥ 20,000", "❌ too low"]


def test_scorer__where_less_is_better(story):
    """The direction is the comparison's own."""
    each = fair.compared("cost", 120.0, 180.0, 10.0, 5.0, greater_is_better=False)
    told = story("same", comparisons=(each,), gates=(fair.gate(each),))
    assert plain(told.what) == "cost rose from 120 to 180: worse by 60, and this gate allows 5."


# --- in brief --------------------------------------------------------------------------------------------------


def test_terminal__answers_in_brief(make):
    """The terminal says in a line each what the folds would answer."""
    text = render.terminal(make("searched"), width=160, color=False)
    assert "\nCalibration: expected calibration error 0.002 → 0.016\n" in text
    assert "\nSlow decline: the best commit a81d03b is the merge base itself\n" in text
    assert "\nSearch for the worst slice: 1 of 143 slices is worse for certain; lowest is" in text
    assert "\nFairness: ✗ equalized odds" in render.terminal(make("unfair"), width=160, color=False)


def test_sections__slices_stand_open_for_what_was_found(make):
    """On the page the slices are open where the search found one, even if none is named."""
    results = make("searched")
    section = sections.build(results, line()).models[0]
    assert section.is_open
    assert "fell furthest" in str(section.worst_slice)
