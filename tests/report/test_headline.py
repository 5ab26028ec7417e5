from __future__ import annotations

import pytest

from mlci.report import headline
from mlci.results import Commit, GateResult, Results

HELD_OUT = "Both models were scored on the same 11,214 held-out rows"
ALIKE = "Data, environment and gates are the same as on main."
DEPTH = f"What to look at first: pipeline.py changed max_depth from none to 2. {ALIKE}"

STORIES = {
    "worse": (
        "income is worse than main",
        "ROC AUC fell from 0.9240 to 0.8699: −0.0541, and this gate allows −0.0030. Accuracy (−0.0695) is worse, too.",
        f"{HELD_OUT}; chance alone does not explain it (95 % interval −0.0580 … −0.0502).",
        DEPTH,
    ),
    "better": (
        "income is better than main",
        (
            "ROC AUC rose from 0.9142 to 0.9240: +0.0098. "
            "Log loss (better by 0.0212) and accuracy (+0.0071) are better, too."
        ),
        f"{HELD_OUT}; chance alone does not explain it (95 % interval +0.0074 … +0.0122).",
        f"What changed: the winner is now boosted (linear on main); pipeline.py changed. {ALIKE}",
    ),
    "same": (
        "income is as good as main",
        "All 3 gates hold. ROC AUC went from 0.9240 to 0.9238: −0.0002, and its gate allows −0.0030.",
        f"{HELD_OUT} (95 % interval −0.0013 … +0.0009).",
        "What changed: pipeline.py. Data, parameters, environment and gates are the same as on main.",
    ),
    "identical": (
        "income predicts the same as on main",
        "Both sides predict the same for each of the 11,214 held-out rows. ROC AUC stayed at 0.9240.",
        "",
        "What changed: README.md. Data, parameters, environment and gates are the same as on main.",
    ),
    "noise": (
        "too few rows to tell whether income is worse than main",
        "ROC AUC went from 0.9240 to 0.9222: −0.0018, and this gate allows −0.0030.",
        (
            "The 95 % interval −0.0049 … +0.0013 reaches beyond that: such a loss is neither shown nor ruled "
            "out. 1,120 "
            "held-out rows notice a loss of 0.0045 four times out of five; about 4,400 would settle it. "
            "The same goes for accuracy."
        ),
        DEPTH,
    ),
    "bad-data": (
        "adult breaks 2 of its 10 expectations, and income is worse than main",
        (
            "age breaks expect_column_values_to_be_between (between 17 and 90) in 812 of 40,100 rows. Also, education "
            "breaks "
            "expect_column_values_to_not_be_null in 44 of 40,100 rows."
        ),
        "The suite expectations/adult.json was evaluated on all 40,100 rows.",
        (
            "What to look at first: adult has 3,900 fewer rows than on main; in adult, age went from "
            "mean 38.6 to mean 41.9 and education went from 0.0 % null to 1.2 % null. Gates are the same as on main."
        ),
    ),
    "loosened": (
        "income is as good as main, but the rules need a look",
        (
            "This pull request would loosen roc_auc (max_regression from 0.003 to 0.05); the base branch's rule judges "
            "until the merge. 1 more finding of this kind below."
        ),
        "",
        (
            "Nothing to do if this is meant: the reviewers see it here, and it takes effect after the merge; see "
            "mlci.yml:31:9. (MLCI401)"
        ),
    ),
    "no-baseline": (
        "income has no baseline to compare with",
        "ROC AUC is 0.9240 on 11,214 held-out rows.",
        "income is not in the configuration of main. Its only absolute gate holds.",
        "What changed: pipeline.py. Data and gates are the same as on main.",
    ),
    "unpaired": (
        "income is worse than main",
        "ROC AUC fell from 0.9240 to 0.8699: −0.0541, and this gate allows −0.0030.",
        (
            "The two models were scored on different held-out rows (the rows have no key, and their content "
            "changed), so "
            "the interval is wider; chance alone does not explain it (95 % interval −0.0622 … −0.0460)."
        ),
        DEPTH,
    ),
    "untrained": (
        "income could not be trained",
        (
            "pipeline:boosted failed: TypeError: HistGradientBoostingClassifier.__init__() got an unexpected keyword "
            "argument 'max_depht'."
        ),
        "Nothing could be compared, so no gate was judged.",
        "Call it by hand: python -c 'import pipeline; pipeline.boosted()'; see pipeline.py:18. (MLCI203)",
    ),
    "unread": (
        "income could not be judged",
        "data/adult.csv cannot be read: it is no CSV file.",
        "Nothing could be compared, so no gate was judged.",
        "Is it a Git LFS pointer? Fetch the file: git lfs pull. (MLCI101)",
    ),
    "slice-only": (
        "income is worse than main on sex = Female",
        "On sex = Female, ROC AUC fell from 0.9391 to 0.9203: −0.0188, and this gate allows −0.0030.",
        (
            "Both models were scored on the same 3,702 held-out rows of this slice; chance alone does not explain it "
            "(95 % interval −0.0260 … −0.0116). On the whole holdout it is the same (−0.0004)."
        ),
        DEPTH,
    ),
    "limited": (
        "income misses its limit on ROC AUC",
        "ROC AUC is 0.8432, and this gate asks for at least 0.85.",
        "That is the same as on main (+0.0011; 95 % interval −0.0008 … +0.0030), on 11,214 held-out rows.",
        DEPTH,
    ),
    "costly": (
        "income costs more than its gates allow: fit time and model size",
        (
            "Fit time rose from 12 s to 35 s: 181 % more, and this gate allows 50 % more. "
            "Model size rose from 410 kB to 2.1 MB: 412 % more, and this gate allows 50 % more."
        ),
        "ROC AUC is the same (+0.0003) against main.",
        DEPTH,
    ),
    "multi": (
        "income is worse than main",
        "ROC AUC fell from 0.9240 to 0.8699: −0.0541, and this gate allows −0.0030. Accuracy (−0.0695) is worse, too.",
        f"{HELD_OUT}; chance alone does not explain it (95 % interval −0.0580 … −0.0502).",
        (
            "What to look at first: pipeline.py changed max_depth from none to 2. "
            "adult, environment and gates are the same as on main."
        ),
    ),
    "unfair": (
        "income treats the groups of sex less alike than main",
        ("The equalized odds difference by sex grew from 0.031 to 0.092: worse by 0.061, and this gate allows 0.020."),
        (
            "The true positive rate is 0.553 for Female and 0.645 for Male; on main it is 0.614 and 0.645. "
            f"{HELD_OUT}; chance alone does not explain it (95 % interval −0.082 … −0.040)."
        ),
        "What to look at first: pipeline.py changed. Data, parameters, environment and gates are the same as on main.",
    ),
    "declined": (
        "income is worse than the best commit on main",
        "ROC AUC fell from 0.9240 to 0.9190 since the best commit c3d4e5f: −0.0050, and this gate allows −0.0030.",
        (
            f"{HELD_OUT}; chance alone does not explain it (95 % interval −0.0064 … −0.0036). "
            "Against main it is within its margin (−0.0008): small losses have added up."
        ),
        (
            "What to look at first: what was merged since c3d4e5f; pipeline.py changed. "
            "Data, parameters, environment and gates are the same as on main."
        ),
    ),
    "searched": (
        "income is worse than main on sex = Female, age ≥ 60",
        (
            "On sex = Female, age ≥ 60, ROC AUC fell from 0.939 to 0.868: −0.071, where −0.003 is allowed. "
            "Of 143 slices of sex, age and race, alone and in pairs, it fell furthest."
        ),
        (
            "Both models were scored on the same 612 held-out rows of this slice; chance alone does not explain it "
            "(95 % interval −0.091 … −0.051). The interval pays for the search: it holds for all 143 slices together. "
            "On the whole holdout it is the same (−0.0002)."
        ),
        ("Look at these rows; name the slice under slices: to have its gates watch it; see mlci.yml:40:5. (MLCI308)"),
    ),
    "data-only": (
        "adult holds all its expectations",
        "All 10 expectations hold on 44,000 rows.",
        "Nothing of the suite expectations/adult.json was left out.",
        "What changed: pipeline.py. Data are the same as on main.",
    ),
}


def plain(words):
    """A line as a reader hears it."""
    return str(words).replace("\u00a0", " ").strip()


@pytest.mark.parametrize("name", STORIES)
def test_tell__what_why_where(make, name):
    """Three sentences: what happened and by how much, why it is believed, where to look."""
    story = headline.tell(make(name))
    assert tuple(map(plain, (story.title, story.what, story.why, story.look))) == STORIES[name]


@pytest.mark.parametrize(
    ("name", "also"),
    [
        ("worse", []),
        ("bad-data", ["❌ income is worse than main: ROC AUC −0.0138."]),
        (
            "multi",
            [
                "⚠️ Too few rows to tell whether churn is worse than main: ROC AUC −0.0018.",
                "✅ delay is as good as main: mean absolute error better by 5.",
            ],
        ),
    ],
)
def test_tell__the_others_in_a_line_each(make, name, also):
    """What is not the gravest gets one line."""
    assert [plain(each) for each in headline.tell(make(name)).also] == also


def test_tell__the_verdict_is_the_runs(situation):
    """The story never softens the run's verdict."""
    _, results = situation
    assert headline.tell(results).verdict == results.verdict


def test_tell__only_what_is_known_to_be_the_same(make):
    """With uncommitted changes and an unknown state of the data, nothing is claimed of either."""
    results = make("worse")
    data = results.datasets["adult"].model_copy(update={"change": None})
    head = results.head.model_copy(update={"dirty": True})
    results = results.model_copy(update={"datasets": {"adult": data}, "head": head})
    assert plain(headline.tell(results).look).endswith("from none to 2. Environment is the same as on main.")


def test_tell__changed_configuration_is_not_the_same_gates(make):
    """A changed YAML or TOML file may hold gates."""
    results = make("worse")
    files = (results.files[0].model_copy(update={"path": "conf/any.YAML"}),)
    assert "gates" not in plain(headline.tell(results.model_copy(update={"files": files})).look)


def test_tell__a_gate_that_could_not_be_judged(make):
    """A missing value is told with its reason."""
    results = make("same")
    gate = GateResult(
        metric="log_loss", rule="max", threshold=0.3, verdict="fail", message="the candidate gives no probability"
    )
    model = results.models["income"].model_copy(update={"gates": (gate,), "verdict": "fail"})
    story = headline.tell(results.model_copy(update={"models": {"income": model}, "verdict": "fail"}))
    assert (plain(story.title), plain(story.what)) == (
        "income could not be judged in full",
        "Log loss could not be judged: the candidate gives no probability.",
    )


def test_tell__nothing_was_judged():
    """A run without models and suites says so."""
    story = headline.tell(Results(mlci="0.1.0", verdict="pass", head=Commit(sha="abc")))
    assert plain(story.title) == "nothing was judged"


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (("better", "same"), "a is better than main, and no model is worse"),
        (("same", "same"), "both models are as good as main"),
        (("no-baseline", "no-baseline"), "both models are measured; there is no baseline yet"),
        (("same", "no-baseline"), "both models pass their gates"),
        (("worse", "worse"), "a is worse than main, and b is worse than main"),
        (("noise", "same"), "too few rows to tell whether a is worse than main"),
        (("same", "costly"), "b costs more than its gates allow: fit time and model size"),
    ],
)
def test_tell__titles_of_several_models(make, names, title):
    """The heading is about the gravest, or about all where all is well."""
    models = {key: make(name).models["income"] for key, name in zip("ab", names, strict=True)}
    ranks = ["pass", "warn", "fail"]
    verdict = ranks[max(ranks.index(each.verdict) for each in models.values())]
    results = make("same").model_copy(update={"models": models, "verdict": verdict})
    assert plain(headline.tell(results).title) == title


@pytest.mark.parametrize(
    ("ref", "expected"),
    [("origin/main", "main"), ("refs/heads/trunk", "trunk"), ("", "a81d03b"), ("release/1.0", "release/1.0")],
)
def test_tell__the_base_is_called_by_its_branch(make, ref, expected):
    """The base's name is its branch without the remote, or its commit."""
    results = make("worse")
    base = results.base.model_copy(update={"ref": ref})
    story = headline.tell(results.model_copy(update={"base": base}))
    assert plain(story.title) == f"income is worse than {expected}"


def test_tell__lower_is_better_needs_no_sign(make):
    """A loss in a metric where lower is better is told in words."""
    results = make("worse")
    model = results.models["income"]
    losses = [each for each in model.comparisons if each.metric == "log_loss"]
    gate = GateResult(
        metric="log_loss", rule="max_regression", threshold=0.01, verdict="fail", status="worse", value=0.35
    )
    judged = (losses[0].model_copy(update={"margin": 0.01, "gated": True, "verdict": "fail"}),)
    model = model.model_copy(update={"comparisons": judged, "gates": (gate,), "primary": "log_loss"})
    story = headline.tell(results.model_copy(update={"models": {"income": model}}))
    assert plain(story.what) == "Log loss rose from 0.2912 to 0.3524: worse by 0.0612, and this gate allows 0.0100."


def test_tell__warnings_beside_a_failure(make):
    """What a pull request loosens is told although something else is graver."""
    results = make("worse").model_copy(update={"findings": make("loosened").findings})
    (also,) = headline.tell(results).also
    assert plain(also).startswith("⚠️ The rules need a look: This pull request would loosen roc_auc (max_regression")
    assert plain(also).endswith("until the merge. 1 more warning below.")


def test_tell__a_missed_limit_beside_a_loss(make):
    """A model that is worse and misses an absolute limit, too."""
    results = make("worse")
    model = results.models["income"]
    gates = (
        *model.gates[:2],
        GateResult(metric="roc_auc", rule="min", threshold=0.9, value=0.8699, verdict="fail"),
    )
    model = model.model_copy(update={"gates": gates})
    story = headline.tell(results.model_copy(update={"models": {"income": model}}))
    assert plain(story.what).endswith("ROC AUC (0.8699) is also below its minimum, 0.9.")
