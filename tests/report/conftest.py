"""Results for every situation that a report must tell, as functions of nothing and as fixtures."""

from __future__ import annotations

import os
from html.parser import HTMLParser
from pathlib import Path

import cmarkgfm
import fair_results as fair
import pytest
from cmarkgfm.cmark import Options
from hypothesis import settings

from mlci.errors import Location
from mlci.results import (
    BaselineResult,
    CandidateResult,
    Change,
    Column,
    ColumnChange,
    Commit,
    Comparison,
    DatasetChange,
    DatasetResult,
    Difference,
    EnvironmentResult,
    ExpectationResult,
    FileChange,
    Finding,
    GateResult,
    Holdout,
    ModelResult,
    Results,
    Side,
    Validation,
    WallResult,
    worst,
)

settings.register_profile("report", deadline=None)  # nothing here is timed
settings.load_profile("report")

GOLDEN = Path(__file__).parent / "golden"
HEAD = "4f2c9e1b7d3a5c8e9f0a1b2c3d4e5f6071829304"
BASE = "a81d03b5c7e9f1a2b3c4d5e6f708192a3b4c5d6e"
ROWS = 11_214
PACKAGES = {"scikit-learn": "1.9.1", "numpy": "2.4.0", "pandas": "3.1.0"}


def comparison(metric, baseline, candidate, half, margin=None, **more):
    """A comparison whose interval is the gain plus or minus `half`, judged as the statistics say."""
    greater = more.pop("greater_is_better", True)
    gain = (candidate - baseline) * (1 if greater else -1)
    low, high = more.pop("interval", (gain - half, gain + half))
    allowed = margin or 0.0
    if high < -allowed:
        status = "worse"
    elif low > 0:
        status = "better"
    elif low >= -allowed:
        status = "same"
    else:
        status = "inconclusive"
    gated = more.pop("gated", margin is not None)
    verdicts = {"worse": "fail", "inconclusive": more.pop("on_inconclusive", "warn")}
    return Comparison(
        **{
            "metric": metric,
            "rows": ROWS,
            "baseline": baseline,
            "candidate": candidate,
            "gain": gain,
            "low": low,
            "high": high,
            "margin": margin,
            "gated": gated,
            "status": status,
            "verdict": verdicts.get(status, "pass") if gated else "pass",
            "detectable": half * 1.43,
            "method": {"roc_auc": "DeLong", "accuracy": "Tango’s score interval"}.get(metric, "Student t"),
            "greater_is_better": greater,
            **more,
        }
    )


def relative(each):
    """The `max_regression` rule of a gated comparison."""
    return GateResult(
        metric=each.metric,
        slice=each.slice,
        rule="max_regression",
        threshold=each.margin or 0.0,
        value=each.candidate,
        baseline=each.baseline,
        change=each.gain,
        verdict=each.verdict,
        status=each.status,
        message=each.note,
    )


def limit(metric, threshold, value, rule="min"):
    """A `min` or `max` rule."""
    holds = value is not None and (value >= threshold if rule == "min" else value <= threshold)
    return GateResult(metric=metric, rule=rule, threshold=threshold, value=value, verdict="pass" if holds else "fail")


def cost(metric, threshold, baseline, value):
    """A `max_increase` rule."""
    change = value / baseline - 1
    return GateResult(
        metric=metric,
        rule="max_increase",
        threshold=threshold,
        value=value,
        baseline=baseline,
        change=change,
        verdict="pass" if change <= threshold else "fail",
    )


def side(winner="boosted", **more):
    """A winner."""
    return Side(
        **{
            "winner": winner,
            "estimator": "HistGradientBoostingClassifier",
            "train_rows": 32_786,
            "fit_seconds": 0.71,
            "predict_seconds": 0.05,
            "peak_memory": 214_000_000,
            "model_size": 410_000,
            "params": {"model__max_depth": "None", "model__learning_rate": "0.1"},
            "features": (Column(name="age", dtype="Int64"), Column(name="sex", dtype="String")),
            "packages": PACKAGES,
            "seed": 0,
            "threads": 2,
            "environment": EnvironmentResult(kind="own", python="3.11.7", packages=PACKAGES),
            "wall": WallResult(user=True, files=True, network="namespace"),
            **more,
        }
    )


def expectation(kind, column="", *, success=True, **more):
    """An expectation's result."""
    return ExpectationResult(**{"type": kind, "column": column, "success": success, "element_count": 44_000, **more})


HELD = (
    expectation("expect_table_row_count_to_be_between", description="between 30,000 and 60,000 rows"),
    expectation("expect_table_columns_to_match_set", description="15 columns"),
    *(
        expectation("expect_column_values_to_not_be_null", column, unexpected_count=0)
        for column in ("id", "age", "education", "hours_per_week", "sex", "income")
    ),
    expectation("expect_column_values_to_be_between", "age", unexpected_count=0, description="between 17 and 90"),
    expectation("expect_column_values_to_be_in_set", "income", unexpected_count=0, description="one of 2 values"),
)


def validation(expectations=HELD, **more):
    """A validated suite."""
    failing = [each for each in expectations if not each.success]
    verdict = worst([{"critical": "fail", "warning": "warn", "info": "info"}[each.severity] for each in failing])
    return Validation(
        **{
            "suite": "expectations/adult.json",
            "engine": "fused",
            "success": verdict != "fail",
            "verdict": verdict,
            "evaluated": len(expectations),
            "failed": len(failing),
            "expectations": expectations,
            **more,
        }
    )


def dataset(**more):
    """The example's dataset."""
    return DatasetResult(
        **{
            "path": "data/adult.csv",
            "rows": 44_000,
            "bytes": 4_912_345,
            "fingerprint": "sha256:9f2b7c1e0d",
            "columns": (
                Column(name="id", dtype="Int64"),
                Column(name="age", dtype="Int64"),
                Column(name="education", dtype="String"),
                Column(name="hours_per_week", dtype="Int64", nulls=12),
                Column(name="sex", dtype="String"),
                Column(name="race", dtype="String"),
                Column(name="income", dtype="String"),
            ),
            "validation": validation(),
            "change": DatasetChange(status="same", rows_before=44_000),
            **more,
        }
    )


def model(comparisons, gates=None, **more):
    """A model; its gates are those of the gated comparisons, and the rest of the example's."""
    gates = tuple(relative(each) for each in comparisons if each.gated) + tuple(gates or ())
    return ModelResult(
        **{
            "verdict": worst([gate.verdict for gate in gates]),
            "dataset": "adult",
            "task": "binary",
            "target": "income",
            "positive": ">50K",
            "classes": ("<=50K", ">50K"),
            "primary": "roc_auc",
            "family": sum(each.gated for each in comparisons),
            "holdout": Holdout(
                rows=ROWS,
                train_rows=32_786,
                how="25 % of the rows, by a hash of `id`",
                overlap_rows=0,
                overlap_by="key",
            ),
            "candidates": (
                CandidateResult(name="boosted", cv_mean=0.8683, cv_std=0.0031, fit_seconds=0.24, elected=True),
                CandidateResult(name="linear", cv_mean=0.8662, cv_std=0.0034, fit_seconds=0.31),
            ),
            "winner": "boosted",
            "side": side(params={"model__max_depth": "2", "model__learning_rate": "0.1"}, fit_seconds=0.24),
            "baseline": BaselineResult(source="retrained", sha=BASE, side=side()),
            "difference": Difference(
                params=(Change(name="model__max_depth", before="None", after="2"),), files=("pipeline.py",)
            ),
            "comparisons": tuple(comparisons),
            "gates": gates,
            **more,
        }
    )


def results(*, models=None, datasets=None, findings=(), **more):
    """A run."""
    models = models or {}
    datasets = {"adult": dataset()} if datasets is None else datasets
    said = [
        *(each.verdict for each in models.values()),
        *(each.validation.verdict for each in datasets.values() if each.validation),
        *(each.severity for each in findings),
    ]
    return Results(
        **{
            "mlci": "0.1.0",
            "verdict": worst(said),
            "head": Commit(sha=HEAD, ref="shallow-trees", subject="Shallower trees"),
            "base": Commit(sha=BASE, ref="origin/main"),
            "models": models,
            "datasets": datasets,
            "findings": tuple(findings),
            "files": (FileChange(path="pipeline.py", added=1, deleted=1),),
            "environment": {"python": "3.11.7", "platform": "Linux x86_64", **PACKAGES},
            "timings": {"data": 0.41, "models": 14.2},
            **more,
        }
    )


# --- situations ------------------------------------------------------------------------------------------------


def sliced(name, rows, baseline, candidate, half, **more):
    """A slice in the primary metric."""
    return comparison("roc_auc", baseline, candidate, half, slice=name, rows=rows, **more)


SLICES = (
    sliced("sex = Female", 3_702, 0.9391, 0.8679, 0.0089, margin=0.003),
    sliced("sex = Male", 7_512, 0.9089, 0.8590, 0.0048, margin=0.003),
    sliced("race = White", 9_571, 0.9225, 0.8701, 0.0043),
    sliced("race = Black", 1_052, 0.9332, 0.8799, 0.0171),
    sliced("race = Asian-Pac-Islander", 338, 0.9187, 0.8702, 0.0262),
    sliced("race = Amer-Indian-Eskimo", 118, 0.9134, 0.8814, 0.0600),
    sliced("age < 25", 1_846, 0.9521, 0.9318, 0.0241),
    sliced("age 25–40", 4_310, 0.9102, 0.8611, 0.0069),
    sliced("race = Other", 21, 0.9021, 0.8812, 0.1210, note="fewer than 30 rows: reported, not judged", gated=False),
)


def worse():
    """The sketch's case: every score fell."""
    return results(
        models={
            "income": model(
                [
                    comparison("roc_auc", 0.9240, 0.8699, 0.0039, 0.003),
                    comparison("accuracy", 0.8692, 0.7997, 0.00555, 0.004),
                    comparison("log_loss", 0.2912, 0.3524, 0.0061, greater_is_better=False),
                    *SLICES,
                ],
                [limit("roc_auc", 0.85, 0.8699), cost("fit_seconds", 0.5, 0.71, 0.24)],
            )
        },
        findings=[
            Finding(
                code="MLCI306",
                severity="info",
                message="`income` became worse in `log_loss`, which no gate watches.",
                hint="Add a gate, as in `log_loss: {max_regression: 0.01}`, if this should stop a merge.",
                subject="income",
            )
        ],
    )


def better():
    """Every score rose."""
    return results(
        models={
            "income": model(
                [
                    comparison("roc_auc", 0.9142, 0.9240, 0.0024, 0.003),
                    comparison("log_loss", 0.3124, 0.2912, 0.0044, 0.01, greater_is_better=False),
                    comparison("accuracy", 0.8621, 0.8692, 0.0038),
                    sliced("sex = Female", 3_702, 0.9301, 0.9391, 0.0041),
                    sliced("sex = Male", 7_512, 0.8990, 0.9089, 0.0031),
                ],
                [limit("roc_auc", 0.85, 0.9240), cost("fit_seconds", 0.5, 0.71, 0.85)],
                difference=Difference(
                    winner=Change(name="winner", before="linear", after="boosted"), files=("pipeline.py",)
                ),
            )
        }
    )


def same():
    """Nothing moved beyond what is allowed."""
    return results(
        models={
            "income": model(
                [
                    comparison("roc_auc", 0.9240, 0.9238, 0.0011, 0.003),
                    comparison("accuracy", 0.8692, 0.8697, 0.0021, 0.004),
                ],
                [limit("roc_auc", 0.85, 0.9238)],
                side=side(),
                difference=Difference(files=("pipeline.py",)),
            )
        }
    )


def identical():
    """Both sides predict the same."""
    return results(
        models={
            "income": model(
                [
                    comparison("roc_auc", 0.9240, 0.9240, 0.0, 0.003, method="identical predictions"),
                    comparison("accuracy", 0.8692, 0.8692, 0.0, 0.004, method="identical predictions"),
                ],
                side=side(),
                difference=Difference(),
            )
        },
        files=(FileChange(path="README.md", added=3, deleted=0),),
        findings=[
            Finding(
                code="MLCI301",
                severity="info",
                message="Both sides of `income` predict the same for every held-out row: nothing changed.",
                hint="If this pull request was meant to change the model, look whether the changed code is used.",
                subject="income",
            )
        ],
    )


def noise():
    """Too few rows to tell."""
    return results(
        models={
            "income": model(
                [
                    comparison(
                        "roc_auc", 0.9240, 0.9222, 0.0031, 0.003, rows=1_120, rows_needed=4_317, detectable=0.00448
                    ),
                    comparison("accuracy", 0.8692, 0.8679, 0.0064, 0.004, rows=1_120, rows_needed=9_120),
                ],
                [limit("roc_auc", 0.85, 0.9222)],
                holdout=Holdout(rows=1_120, train_rows=3_360, how="25 % of the rows, by a hash of `id`"),
            )
        }
    )


BROKEN = (
    expectation(
        "expect_column_values_to_be_between",
        "age",
        success=False,
        unexpected_count=812,
        element_count=40_100,
        description="between 17 and 90",
    ),
    expectation(
        "expect_column_values_to_not_be_null",
        "education",
        success=False,
        unexpected_count=44,
        element_count=40_100,
        severity="warning",
    ),
    *HELD[:8],
)


def bad_data():
    """Expectations fail; and so the model became worse."""
    return results(
        datasets={
            "adult": dataset(
                rows=40_100,
                validation=validation(BROKEN),
                change=DatasetChange(
                    status="changed",
                    rows_before=44_000,
                    columns=(
                        ColumnChange(column="age", what="mean", before="mean 38.6", after="mean 41.9"),
                        ColumnChange(column="education", what="nulls", before="0.0 % null", after="1.2 % null"),
                    ),
                ),
            )
        },
        models={
            "income": model(
                [comparison("roc_auc", 0.9240, 0.9102, 0.0041, 0.003)],
                side=side(),
                difference=Difference(),
            )
        },
        files=(FileChange(path="data/adult.csv", added=120, deleted=4_020),),
    )


def loosened():
    """The pull request loosens a gate."""
    return results(
        models={
            "income": model(
                [comparison("roc_auc", 0.9240, 0.9238, 0.0011, 0.003)], difference=Difference(), side=side()
            )
        },
        files=(FileChange(path="mlci.yml", added=2, deleted=2),),
        findings=[
            Finding(
                code="MLCI401",
                severity="warn",
                message="This pull request would loosen `roc_auc` (max_regression from 0.003 to 0.05); "
                "the base branch's rule judges until the merge.",
                hint="Nothing to do if this is meant: the reviewers see it here, and it takes effect after the merge.",
                location=Location("mlci.yml", 31, 9),
                subject="income",
            ),
            Finding(
                code="MLCI401",
                severity="warn",
                message="This pull request would loosen the gates (it removes `accuracy`); "
                "the base branch's rule judges until the merge.",
                hint="Nothing to do if this is meant: the reviewers see it here, and it takes effect after the merge.",
                location=Location("mlci.yml", 30, 7),
                subject="income",
            ),
        ],
    )


def no_baseline():
    """The base branch has no such model yet."""
    alone = Comparison(metric="roc_auc", rows=ROWS, candidate=0.9240, margin=0.003)
    return results(
        models={
            "income": model(
                [alone, Comparison(metric="accuracy", rows=ROWS, candidate=0.8692)],
                [limit("roc_auc", 0.85, 0.9240)],
                baseline=BaselineResult(source="none", reason="`income` is not in the configuration of main"),
                difference=Difference(),
            )
        }
    )


def unpaired():
    """The two sides were scored on different rows."""
    return results(
        models={
            "income": model(
                [comparison("roc_auc", 0.9240, 0.8699, 0.0081, 0.003)],
                baseline=BaselineResult(
                    source="retrained",
                    sha=BASE,
                    paired=False,
                    reason="the rows have no `key`, and their content changed",
                    side=side(),
                ),
            )
        }
    )


TRACEBACK = """\
Traceback (most recent call last):
  File "pipeline.py", line 18, in boosted
    return HistGradientBoostingClassifier(max_depht=2)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
TypeError: HistGradientBoostingClassifier.__init__() got an unexpected keyword argument 'max_depht'
"""


def untrained():
    """The candidate's code fails."""
    return results(
        models={
            "income": model(
                [],
                verdict="fail",
                winner="",
                side=None,
                candidates=(),
                holdout=None,
                baseline=BaselineResult(source="retrained", sha=BASE, side=side()),
                difference=Difference(),
            )
        },
        findings=[
            Finding(
                code="MLCI203",
                severity="fail",
                message="`pipeline:boosted` failed: TypeError: HistGradientBoostingClassifier.__init__() got an "
                "unexpected keyword argument 'max_depht'.",
                hint="Call it by hand: `python -c 'import pipeline; pipeline.boosted()'`.",
                location=Location("pipeline.py", 18),
                subject="income",
                detail=TRACEBACK,
            )
        ],
    )


def unread():
    """The data cannot be read, so that nothing was judged; and the folder is under no version control."""
    return results(
        datasets={},
        models={
            "income": model(
                [],
                verdict="fail",
                winner="",
                side=None,
                candidates=(),
                holdout=None,
                baseline=BaselineResult(source="none", reason="`income` was not compared: its data could not be read"),
                difference=Difference(),
            )
        },
        findings=[
            Finding(
                code="MLCI101",
                severity="fail",
                message="`data/adult.csv` cannot be read: it is no CSV file.",
                hint="Is it a Git LFS pointer? Fetch the file: `git lfs pull`.",
                subject="adult",
            )
        ],
        head=Commit(sha=""),
        base=None,
        files=(),
    )


def slice_only():
    """The whole is as good, and one slice is not."""
    return results(
        models={
            "income": model(
                [
                    comparison("roc_auc", 0.9240, 0.9236, 0.0012, 0.003),
                    sliced("sex = Female", 3_702, 0.9391, 0.9203, 0.0072, margin=0.003),
                    sliced("sex = Male", 7_512, 0.9089, 0.9101, 0.0014, margin=0.003),
                ]
            )
        }
    )


def limited():
    """An absolute gate is missed, and the comparison is fine."""
    return results(
        models={
            "income": model([comparison("roc_auc", 0.8421, 0.8432, 0.0019, 0.003)], [limit("roc_auc", 0.85, 0.8432)])
        }
    )


def costly():
    """The fit takes longer than its gate allows."""
    return results(
        models={
            "income": model(
                [comparison("roc_auc", 0.9240, 0.9243, 0.0019, 0.003)],
                [cost("fit_seconds", 0.5, 12.4, 34.9), cost("model_size", 0.5, 410_000, 2_100_000)],
            )
        }
    )


def multi():
    """Several models, one of them worse, and one of another unit."""
    delay = model(
        [
            comparison("mean_absolute_error", 1_241.4, 1_236.2, 14.1, 25.0, greater_is_better=False),
            comparison("r2", 0.412, 0.418, 0.011),
        ],
        primary="mean_absolute_error",
        task="regression",
        positive="",
        classes=(),
        target="arr_delay",
        dataset="flights",
    )
    return results(
        datasets={
            "adult": dataset(),
            "flights": dataset(
                path="data/flights.parquet",
                rows=336_776,
                validation=None,
                change=DatasetChange(status="changed", rows_before=320_000),
            ),
        },
        models={"delay": delay, "income": worse().models["income"], "churn": noise().models["income"]},
    )


def data_only():
    """No models: the data alone are validated."""
    return results()


def hostile(text=None):
    """Names and messages that try everything, everywhere."""
    evil = text or (
        "</details></summary></td>|`b`*x*_y_[a](https://evil.example)![i](x.png)<img src=x onerror=1> @root #1 GH-2 "
        "https://evil.example www.evil.example a@b.cc :tada: $x$ \u202egnp\u200b\x1b[31m\x00~~s~~\n# h\n```\n- [ ] t\\"
    )
    short = evil[:499]
    broken = (
        ExpectationResult(
            type=short, column=short, success=False, unexpected_count=3, element_count=9, description=evil, error=evil
        ),
    )
    gates, parts = fair.hostile(short, evil)
    found = model(
        [
            comparison("roc_auc", 0.9240, 0.8699, 0.0039, 0.003, method=short, note=evil),
            comparison(short, 0.9, 0.8, 0.01, method=short),
            sliced(short, 12, 0.9, 0.8, 0.01, margin=0.003, note=evil),
        ],
        [limit(short, 0.85, 0.5), *gates],
        **parts,
        target=short,
        positive=short,
        dataset=short,
        winner=short,
        holdout=Holdout(
            rows=10,
            train_rows=20,
            how=evil,
            overlap_rows=3,
            overlap_by="key",
            groups=4,
            cluster=short,
            sample_weight=short,
            judged=1,
        ),
        candidates=(
            CandidateResult(name=short, cv_mean=0.8, cv_std=0.1, elected=True),
            CandidateResult(name="b", cv_mean=0.8),
        ),
        side=side(winner=short, estimator=short),
        baseline=BaselineResult(source="retrained", paired=False, reason=evil, side=side(winner=short)),
        difference=Difference(
            winner=Change(name="winner", before=short, after=short),
            params=(Change(name=short, before=evil, after=evil),),
            features_added=(short,),
            features_removed=(short,),
            features_retyped=(Change(name=short, before=evil, after=evil),),
            packages=(Change(name=short, before=short, after=short),),
            files=(short,),
        ),
    )
    return results(
        models={short: found, "b": found},
        datasets={
            short: dataset(
                path=short,
                validation=validation(broken, suite=short),
                columns=(Column(name=short, dtype=short, nulls=1),),
                change=DatasetChange(
                    status="changed",
                    rows_before=1,
                    note=evil,
                    columns=(ColumnChange(column=short, what="mean", before=short, after=short),),
                ),
            )
        },
        findings=[
            Finding(
                code=code,
                severity=severity,
                message=evil,
                hint=evil,
                location=Location(short, 1),
                subject=short,
                detail=evil + "\n````\n</details>\n~~~",
            )
            for code, severity in (
                ("MLCI101", "fail"),
                ("MLCI301", "warn"),
                ("MLCI308", "warn"),
                ("MLCI999", "info"),
            )
        ],
        files=(FileChange(path=evil), FileChange(path="x", added=1, deleted=2)),
        environment={short: short},
        timings={short: 1.0},
        head=Commit(sha=HEAD, ref=short, subject=evil),
        base=Commit(sha=BASE, ref=short),
        mlci=short,
    )


def huge():
    """Five hundred slices and three hundred expectations, all of them failing."""
    return results(
        models={
            "income": model(
                [
                    comparison("roc_auc", 0.9240, 0.8699, 0.0039, 0.003),
                    *(
                        sliced(f"education_and_occupation = level-{i}", 40 + i, 0.92, 0.87, 0.0039, margin=0.003)
                        for i in range(500)
                    ),
                ],
                difference=Difference(
                    packages=tuple(Change(name=f"package-{i}", before="1.0", after="2.0") for i in range(200)),
                    files=tuple(f"src/features/module_{i}.py" for i in range(100)),
                ),
            )
        },
        datasets={
            "adult": dataset(
                validation=validation(
                    tuple(
                        expectation(
                            "expect_column_values_to_not_be_null",
                            f"column_{i}",
                            success=False,
                            unexpected_count=i + 1,
                            description="at least 99 % of the values are not null",
                        )
                        for i in range(300)
                    )
                )
            )
        },
        findings=[
            Finding(
                code="MLCI205",
                severity="fail",
                message=f"Fold {i} of `linear` failed.",
                hint="Look at the log.",
                subject="other",
                detail=TRACEBACK * 40,
            )
            for i in range(50)
        ],
        files=tuple(FileChange(path=f"src/features/module_{i}.py", added=i, deleted=1) for i in range(300)),
    )


SITUATIONS = {
    "worse": worse,
    "better": better,
    "same": same,
    "identical": identical,
    "noise": noise,
    "bad-data": bad_data,
    "loosened": loosened,
    "no-baseline": no_baseline,
    "unpaired": unpaired,
    "untrained": untrained,
    "unread": unread,
    "slice-only": slice_only,
    "limited": limited,
    "costly": costly,
    "multi": multi,
    "data-only": data_only,
    "unfair": lambda: fair.unfair(same()),
    "declined": lambda: fair.declined(same()),
    "searched": lambda: fair.searched(same()),
    "hostile": hostile,
    "huge": huge,
}


class Parsed(HTMLParser):
    """Some HTML: its tags and attributes in order, its words outside and inside of code, and whether tags nest."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.words, self.code = [], [], "", ""
        self._open, self._is_sound = [], True
        self.feed(text)
        self.close()
        self.nests = self._is_sound and not self._open

    def handle_starttag(self, tag, attrs):
        """An opening tag."""
        self.handle_startendtag(tag, attrs)
        if tag not in ("br", "meta"):
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """A tag that closes itself."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        """A closing tag."""
        self._is_sound = self._is_sound and bool(self._open) and self._open.pop() == tag

    def handle_data(self, data):
        """Some words."""
        if {"code", "pre"} & set(self._open):
            self.code += data
        elif not {"style", "title"} & set(self._open):
            self.words += data

    def handle_comment(self, data):
        """A comment counts as a tag, so that none goes unseen."""
        self.tags.append("!--")


@pytest.fixture(scope="session")
def parse():
    """Parses HTML."""
    return Parsed


@pytest.fixture(scope="session")
def rendered():
    """Parses the HTML that GitHub's own renderer makes of some Markdown."""
    flags = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_HARDBREAKS
    return lambda text: Parsed(cmarkgfm.github_flavored_markdown_to_html(text, flags))


@pytest.fixture(params=SITUATIONS)
def situation(request):
    """Each situation in turn: its name and its results."""
    return request.param, SITUATIONS[request.param]()


@pytest.fixture(scope="session")
def make():
    """Results of a situation by its name."""
    return lambda name, *args: SITUATIONS[name](*args)


@pytest.fixture
def golden():
    """Compares a text with its golden file; with MLCI_UPDATE_GOLDEN=1 writes it instead."""

    def check(name, text):
        path = GOLDEN / name
        if os.environ.get("MLCI_UPDATE_GOLDEN"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"there is no {path.name} yet: run with MLCI_UPDATE_GOLDEN=1"
        assert text == path.read_text(encoding="utf-8")

    return check
