from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.errors import Location
from mlci.github import annotations
from mlci.github.annotations import Annotation
from mlci.results import (
    BaselineResult,
    Commit,
    Comparison,
    DatasetResult,
    ExpectationResult,
    FairnessResult,
    Finding,
    GateResult,
    ModelResult,
    ReferenceResult,
    Results,
    Validation,
)

HERE = Location("mlci.yml", 12, 5)
SUITE = Location("suites/adult.json", 7)


def run(*, findings=(), gates=(), comparisons=(), expectations=(), **more):
    """A run's results."""
    model = ModelResult(
        verdict="fail",
        dataset="adult",
        task="binary",
        target="income",
        primary="roc_auc",
        baseline=BaselineResult(source="retrained"),
        comparisons=tuple(comparisons),
        gates=tuple(gates),
        **more,
    )
    validation = Validation(
        suite="adult",
        engine="gx",
        success=False,
        verdict="fail",
        evaluated=len(expectations),
        failed=1,
        expectations=tuple(expectations),
    )
    dataset = DatasetResult(path="adult.csv", rows=9, bytes=9, fingerprint="sha256:0", validation=validation)
    return Results(
        mlci="0.1.0",
        verdict="fail",
        head=Commit(sha="4f2c9e1"),
        datasets={"adult": dataset},
        models={"income": model},
        findings=tuple(findings),
    )


def finding(**more):
    """A finding with a place."""
    return Finding(**{"code": "MLCI201", "severity": "fail", "message": "It raised.", "location": HERE, **more})


def broken(**more):
    """An expectation that failed."""
    return ExpectationResult(
        **{"type": "expect_column_values_to_not_be_null", "column": "age", "success": False, "location": SUITE, **more}
    )


def failed(**more):
    """A gate that failed."""
    facts = {"metric": "roc_auc", "rule": "min", "threshold": 0.85, "value": 0.81, "verdict": "fail", "location": HERE}
    return GateResult(**{**facts, **more})


def compared(**more):
    """A comparison that a gate judged."""
    facts = {"metric": "roc_auc", "rows": 900, "baseline": 0.924, "candidate": 0.8699, "gain": -0.0541}
    bounds = {"low": -0.058, "high": -0.0502, "margin": 0.003, "status": "worse", "verdict": "fail", "gated": True}
    return Comparison(**{**facts, **bounds, **more})


def one(results):
    """The only annotation of a run."""
    (annotation,) = annotations.of(results)
    return annotation


# --- what is annotated -----------------------------------------------------------------------------------------


def test_annotations__a_finding():
    """A finding stands on its line, with its code and what to do."""
    assert one(run(findings=[finding(hint="Try it alone.", subject="income")])) == Annotation(
        path="mlci.yml", line=12, level="failure", title="MLCI201 income", message="It raised.\nTry it alone."
    )


@pytest.mark.parametrize(
    ("code", "severity", "level"),
    [
        ("MLCI201", "fail", "failure"),
        ("MLCI302", "warn", "warning"),
        ("MLCI210", "info", None),
        ("MLCI436", "info", "notice"),
    ],
)
def test_annotations__levels_of_findings(code, severity, level):
    """Failures and warnings are annotated, and of what is only said, what concerns the policy."""
    found = annotations.of(run(findings=[finding(code=code, severity=severity)]))

    assert [each.level for each in found] == ([level] if level else [])


@pytest.mark.parametrize(
    ("gate", "comparisons", "title", "message"),
    [
        (failed(), [], "roc_auc of income", "ROC AUC is 0.8100, and this gate asks for at least 0.85."),
        (
            failed(metric="log_loss", rule="max", threshold=0.3, value=0.31),
            [],
            "log_loss of income",
            "Log loss is 0.3100, and this gate asks for at most 0.3.",
        ),
        (
            failed(rule="max_regression", threshold=0.003, status="worse", slice="sex = Female"),
            [compared(), compared(slice="sex = Female")],
            "roc_auc of income, sex = Female",
            "On sex = Female, ROC AUC fell from 0.9240 to 0.8699: −0.0541, and this gate allows −0.0030.",
        ),
        (
            failed(rule="max_regression", threshold=0.003, status="worse"),
            [],
            "roc_auc of income",
            "ROC AUC is 0.8100, and lost more than this gate allows, 0.003.",
        ),
        (
            failed(metric="fit_seconds", rule="max_increase", threshold=0.5, value=3.0, baseline=1.0, change=2.0),
            [],
            "fit_seconds of income",
            "Fit time rose from 1.0 s to 3.0 s, and this gate allows 50 % more.",
        ),
        (
            failed(value=None, message="the candidate gives no score"),
            [],
            "roc_auc of income",
            "ROC AUC could not be judged: the candidate gives no score.",
        ),
        (failed(value=None), [], "roc_auc of income", "ROC AUC could not be judged: it was not measured."),
    ],
)
def test_annotations__a_failed_gate(gate, comparisons, title, message):
    """A gate that failed stands on its line of the configuration, and says by how much."""
    found = one(run(gates=[gate], comparisons=comparisons))

    assert (found.path, found.line, found.level, found.title, found.message.replace("\u00a0", " ")) == (
        "mlci.yml",
        12,
        "failure",
        title,
        message,
    )


def test_annotations__a_gate_between_groups():
    """A gate on fairness is told with its column, by the comparison that stands beside the groups."""
    facts = {"metric": "equalized_odds_difference", "baseline": 0.031, "candidate": 0.092, "gain": -0.061}
    lost = compared(**facts, low=-0.082, high=-0.04, margin=0.02, greater_is_better=False)
    gate = {"metric": "equalized_odds_difference", "sensitive": "sex", "value": 0.092}
    regressed = failed(**gate, rule="max_regression", threshold=0.02, status="worse")
    limited = failed(**gate, rule="max", threshold=0.05, location=Location("mlci.yml", 13))
    part = FairnessResult(sensitive="sex", groups=(), comparisons=(lost,))

    found = annotations.of(run(gates=[regressed, limited], comparisons=[compared()], fairness=(part,)))

    assert [(each.title, each.message) for each in found] == [
        (
            "equalized_odds_difference by sex of income",
            (
                "The equalized odds difference by sex grew from 0.031 to 0.092: worse by 0.061, and this gate allows "
                "0.020."
            ),
        ),
        (
            "equalized_odds_difference by sex of income",
            "The equalized odds difference by sex is 0.092, and this gate asks for at most 0.05.",
        ),
    ]


def test_annotations__against_main_and_against_the_best_commit():
    """Two gates on one metric and line are two annotations, each with its own numbers."""
    gate = failed(rule="max_regression", threshold=0.003, status="worse")
    since = compared(baseline=0.93, gain=-0.0601, low=-0.064, high=-0.0562)
    best = ReferenceResult(name="best", sha="c3d4e5f60718", comparisons=(since,))
    gates = [gate, gate.model_copy(update={"reference": "best"})]

    found = annotations.of(run(gates=gates, comparisons=[compared()], references=(best,)))

    assert [(each.title, each.message) for each in found] == [
        (
            "roc_auc of income",
            "ROC AUC fell from 0.9240 to 0.8699: −0.0541, and this gate allows −0.0030.",
        ),
        (
            "roc_auc of income, against best",
            "ROC AUC fell from 0.9300 to 0.8699 since the best commit c3d4e5f: −0.0601, and this gate allows −0.0030.",
        ),
    ]


def test_annotations__slices_of_main_and_of_the_best_commit():
    """Slices that fail against two commits are counted apart."""
    facts = {"rule": "max_regression", "change": -0.1}
    gates = [
        failed(**facts, slice=f"sex = {i}", reference=of, value=0.5 + i / 10) for of in ("", "best") for i in (1, 2)
    ]

    assert [each.title for each in annotations.of(run(gates=gates))] == [
        "roc_auc of income, against best, sex = 1",
        "roc_auc of income, against best, sex = 2",
        "roc_auc of income, sex = 1",
        "roc_auc of income, sex = 2",
    ]


def test_annotations__many_slices_of_a_gate():
    """A gate that fails in many slices is told once: by the worst of them, and the others' names."""
    gates = [
        failed(rule="max_regression", slice=f"carrier = {name}", change=change)
        for name, change in {"AA": -0.1, "B6": -0.3, "DL": -0.2}.items()
    ]

    found = one(run(gates=gates))

    last = found.message.splitlines()[-1]
    assert (found.title, last) == (
        "roc_auc of income, 3 slices",
        "2 more slices fail: carrier = DL, carrier = AA.",
    )


@pytest.mark.parametrize("count", [1, 2])
def test_annotations__a_few_slices_of_a_gate(count):
    """One or two slices are told one by one."""
    gates = [
        failed(rule="max_regression", slice=f"carrier = {index}", value=0.8 - index / 10) for index in range(count)
    ]

    assert [each.title for each in annotations.of(run(gates=gates))] == [
        f"roc_auc of income, carrier = {index}" for index in range(count)
    ]


@pytest.mark.parametrize("verdict", ["pass", "warn"])
def test_annotations__a_gate_that_did_not_fail(verdict):
    """Only gates that failed are annotated."""
    assert annotations.of(run(gates=[failed(verdict=verdict)])) == ()


def test_annotations__a_gate_that_a_finding_speaks_of():
    """A gate that could not be judged is told by its finding alone."""
    told = finding(code="MLCI305", message="The gate on `roc_auc` could not be judged: no score.")

    assert one(run(gates=[failed(value=None, message="no score")], findings=[told])).title == "MLCI305"


@pytest.mark.parametrize(
    ("facts", "level", "message"),
    [
        (
            {"unexpected_count": 812, "element_count": 44_000, "description": "between 17 and 90"},
            "failure",
            "Age breaks expect_column_values_to_not_be_null (between 17 and 90) in 812 of 44,000 rows.",
        ),
        ({"severity": "warning"}, "warning", "Age breaks expect_column_values_to_not_be_null."),
        (
            {"column": "", "error": "there is no column `age`."},
            "failure",
            "Expect_column_values_to_not_be_null could not be evaluated: there is no column `age`.",
        ),
    ],
)
def test_annotations__a_broken_expectation(facts, level, message):
    """An expectation that failed stands on its line of the suite, with counts and no values."""
    found = one(run(expectations=[broken(**facts)]))

    assert (found.path, found.line, found.level, found.message.replace("\u00a0", " ").lower()) == (
        "suites/adult.json",
        7,
        level,
        message.lower(),
    )


@pytest.mark.parametrize("facts", [{"success": True}, {"severity": "info"}, {"location": None}])
def test_annotations__an_expectation_without_one(facts):
    """What holds, what is for information and what has no place is not annotated."""
    assert annotations.of(run(expectations=[broken(**facts)])) == ()


def test_annotations__no_sum_of_what_stands_below_it():
    """The finding that counts failed expectations is left out where each of them is annotated."""
    found = annotations.of(run(expectations=[broken()], findings=[finding(code="MLCI101", location=SUITE)]))

    assert [each.title for each in found] == ["age of adult"]


# --- order, and once -------------------------------------------------------------------------------------------


def test_annotations__gravest_first_then_by_place():
    """Failures stand before warnings, and each by path and line."""
    places = [("warn", "b.py", 2), ("fail", "b.py", 10), ("info", "a.py", 1), ("fail", "b.py", 9), ("fail", "a.py", 3)]
    findings = [finding(code="MLCI400", severity=level, location=Location(path, at)) for level, path, at in places]

    assert [(each.level, each.path, each.line) for each in annotations.of(run(findings=findings))] == [
        ("failure", "a.py", 3),
        ("failure", "b.py", 9),
        ("failure", "b.py", 10),
        ("warning", "b.py", 2),
        ("notice", "a.py", 1),
    ]


def test_annotations__once_on_a_line():
    """What is said twice on a line is told once, as gravely as it was said."""
    findings = [finding(severity="warn"), finding(), finding(message="Another thing.")]

    assert [(each.level, each.message) for each in annotations.of(run(findings=findings))] == [
        ("failure", "Another thing."),
        ("failure", "It raised."),
    ]


# --- what hostile results can hold -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["", ".", "/etc/passwd", "../outside.py", "a/../../b", "s3://bucket/adult.csv", "a\nb.py", "a\u202eb.py"]
)
def test_annotations__a_path_outside(path):
    """Only files inside of the repository are annotated."""
    assert annotations.of(run(findings=[finding(location=Location(path, 1))])) == ()


@pytest.mark.parametrize(("line", "shown"), [(None, 1), (0, 1), (-3, 1), (10**30, 1), (7, 7)])
def test_annotations__a_line(line, shown):
    """Lines count from 1; what is no line is the first."""
    assert one(run(findings=[finding(location=Location("a.py", line))])).line == shown


def test_annotations__a_finding_without_words():
    """What says nothing is told by its title, and that as it can be seen."""
    found = one(run(findings=[finding(message="", subject="\x1b[31m")]))

    assert found.message == found.title == "MLCI201 \\u001b[31m"


def test_annotations__strangers_names_of_columns_and_commits():
    """The column of a fairness gate and the name of a reference cannot steer a terminal or hide."""
    facts = {"rule": "max_regression", "threshold": 0.1, "value": 0.5}
    gates = [failed(sensitive="\u202esex\x1b", **facts), failed(reference="v1\u200b\n::error::x", **facts)]

    assert [each.title for each in annotations.of(run(gates=gates))] == [
        "roc_auc by \\u202esex\\u001b of income",
        "roc_auc of income, against v1\\u200b ::error::x",
    ]


@given(
    message=st.text(max_size=6_000),
    hint=st.text(max_size=50),
    subject=st.text(max_size=500),
    path=st.text(max_size=40),
    line=st.none() | st.integers(),
)
def test_annotations__whatever_results_hold(message, hint, subject, path, line):
    """Annotations fit what GitHub takes, and hide nothing: no control characters, no change of direction."""
    found = annotations.of(
        run(findings=[finding(message=message, hint=hint, subject=subject, location=Location(path, line))])
    )

    wrong = [
        each
        for each in found
        if not (0 < len(each.message) <= 4_000 and 0 < len(each.title) <= 255 and 1 <= each.line <= 10_000_000)
        or each.path.startswith("/")
        or ".." in each.path.split("/")
        or any(
            unicodedata.category(char) in {"Cc", "Cf", "Cs"}
            for char in f"{each.path}{each.title}{each.message}"
            if char != "\n"
        )
    ]
    assert wrong == []
