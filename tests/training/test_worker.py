from __future__ import annotations

import ast
import datetime as dt
import decimal
import functools
import io
import json
import pickle
import re
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from mlci.data.labels import canonical_label
from mlci.stats.metrics import METRICS
from mlci.training import worker

SOURCE = Path(worker.__file__)

# --- the file itself ---------------------------------------------------------------------------------------------


def test_file__is_python_3_9():
    """The worker's grammar is that of the oldest Python that it may run on."""
    ast.parse(SOURCE.read_text(), feature_version=(3, 9))


def test_file__imports_the_standard_library_alone():
    """At import, the worker needs no package, and nothing of mlci ever."""
    tree = ast.parse(SOURCE.read_text())
    top = {
        each.names[0].name if isinstance(each, ast.Import) else each.module
        for each in tree.body
        if isinstance(each, ast.Import | ast.ImportFrom)
    }
    everywhere = {each.module for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)}
    assert (
        {"numpy", "pandas", "polars", "sklearn"} & top,
        {each for each in everywhere if each.startswith("mlci")},
    ) == (
        set(),
        set(),
    )


# --- scrub -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("could not convert string to float: 'abc'", "could not convert string to float: '…'"),
        ('could not convert: "it\'s"', 'could not convert: "…"'),
        ("this column doesn't hold 'secret' values", "this column doesn't hold '…' values"),
        ("doesn't hold 'it\\'s' or 'x'", "doesn't hold '…' or '…'"),
        ("bad value 'cut off her", "bad value '…'"),
        ("bad value 'ends in \\", "bad value '…'"),
        ("value 'a'b 'c' left", "value '…' left"),
        ("b'bytes' and np.str_('text') and r'raw'", "'…' and np.str_('…') and '…'"),
        ("a `tick`!", "a `…`!"),
        ("only '' is empty and '?' is not", "only '' is empty and '…' is not"),
        ("Found unknown categories ['x', 'y'] in column 0", "Found unknown categories ['…', '…'] in column …"),
        ("X has 13 features, expecting 12.5", "X has … features, expecting …"),
        ("born 1975-03-21 at -1.5e+10 (3 %) x=42", "born … at … (… %) x=…"),
        ("[1.5 2.5\n 3.5], 12abc", "[…], …"),
        ("float64, utf8 and x1 stay", "float64, utf8 and x1 stay"),
        ("KeyError: 'age'", "KeyError: 'age'"),
        ("no 'native country' or 'native land'", "no 'native country' or '…'"),
        ("got an unexpected keyword argument 'max_itr'", "got an unexpected keyword argument 'max_itr'"),
        ("`max_itr=3` is out of range", "`…` is out of range"),
        ("`max_itr=7` is out of range", "`max_itr=7` is out of range"),
        ("at most 7", "at most 7"),
    ],
)
def test_scrub__examples(message, expected):
    """Literals and numbers go, known names and the words around them stay."""
    known = ["age", "native country", "max_itr", "7"]
    assert worker.scrub(message, known) == expected


@given(st.text(), st.sampled_from(["could not convert {!r}", "bad: {!r}, it doesn't fit", "[{!r} {!r}]"]))
def test_scrub__no_literal_survives(value, message):
    """Whatever a cell holds, its repr in a message is gone."""
    kept = worker.scrub(message.format(value, value))
    assert re.findall(r"\w+", kept) == re.findall(r"\w+", message.replace("{!r}", ""))


@given(st.floats() | st.integers() | st.dates() | st.decimals(allow_nan=False))
def test_scrub__no_number_survives(value):
    """Whatever a number looks like, no digit of it is left."""
    assert not re.search(r"\d", worker.scrub(f"the value {value} is x={value}, of [{value} {value}]"))


@given(st.text())
@example("1'1")  # the number goes, and its apostrophe would open a literal
@example("'" + "a" * 990 + "' '1'1 " + "b" * 50)
@example("word " * 1000)
def test_scrub__is_stable(text):
    """Scrubbing twice changes nothing more."""
    once = worker.scrub(text)
    assert worker.scrub(once) == once


def test_scrub__long_text_is_cut():
    """A message has a bound, and scrubbing it costs no more than its length."""
    assert len(worker.scrub("'\\" * 500_000 + "word " * 500_000)) <= worker.MESSAGE


# --- parameters --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "None"),
        (np.float64(0.1), "0.1"),
        (np.int64(3), "3"),
        ("auto", "'auto'"),
        (DecisionTreeClassifier(max_depth=3), "DecisionTreeClassifier"),
        (DecisionTreeClassifier, "DecisionTreeClassifier"),
        (np.zeros((3, 2)), "ndarray of shape (3, 2)"),
        (pd.Series([1, 2]), "Series of shape (2,)"),
        ([("scale", StandardScaler(), ["age"])], "[('scale', StandardScaler, ['age'])]"),
        ({"b": (1,), "a": np.float64(2)}, "{'b': (1), 'a': 2.0}"),
        ({"c", "a", "b"}, "{'a', 'b', 'c'}"),
        (canonical_label, "mlci.data.labels.canonical_label"),
        (functools.partial(canonical_label), "functools.partial(<function canonical_label>)"),
        (np.random.RandomState(0), "RandomState(MT19937)"),
        ("x" * 1000, "'" + "x" * 199),
    ],
)
def test_text_of__examples(value, expected):
    """A parameter is short, and the same in every process."""
    assert worker.text_of(value) == expected


def test_text_of__recursion():
    """A list that holds itself ends."""
    value: list[object] = [1]
    value.append(value)
    assert worker.text_of(value).startswith("[1, [1, [1, [1, [1, [...]]]]]")


def test_params_of__deep():
    """Parameters of the parts are there under scikit-learn's names."""
    params = worker.params_of(make_pipeline(StandardScaler(), LogisticRegression(C=0.5)))
    assert {name: params[name] for name in ("steps", "standardscaler", "logisticregression__C")} == {
        "steps": "['standardscaler', 'logisticregression']",
        "standardscaler": "StandardScaler",
        "logisticregression__C": "0.5",
    }


def test_params_of__columns_of_a_transformer():
    """Which columns a transformer is given is a parameter of its own, so that a dropped column is told by name."""
    params = worker.params_of(make_column_transformer((StandardScaler(), ["a", "b"])))
    assert {name: params[name] for name in ("transformers", "standardscaler__columns")} == {
        "transformers": "['standardscaler']",
        "standardscaler__columns": "['a', 'b']",
    }


def test_params_of__fails():
    """An estimator that cannot tell its parameters has none."""

    class Broken:
        def get_params(self, *, deep: bool) -> None:
            raise RuntimeError

    assert (worker.params_of(Broken()), worker.params_of(object()), worker.params_of(LogisticRegression)) == (
        {},
        {},
        {},
    )


# --- exceptions --------------------------------------------------------------------------------------------------


@pytest.fixture
def explain(tmp_path):
    """Runs a module of a repository and explains what it raises."""

    def run(source: str, known=()) -> dict[str, object]:
        path = tmp_path / "pipeline.py"
        path.write_text(source)
        try:
            exec(compile(source, str(path), "exec"), {"__name__": "pipeline"})  # noqa: S102 - the test's own source
        except BaseException as error:  # noqa: BLE001 - it is what is to be explained
            return worker.explain(error, str(tmp_path), known)
        raise AssertionError

    return run


def test_explain__library(explain):
    """The user's frames stay, and of the library's the last one, in a line; the cell is gone."""
    told = explain("import decimal\nimport statistics\n\ndef fit(x):\n    return statistics.mean(x)\n\nfit(['cell'])\n")
    traceback = """\
  File "pipeline.py", line 7, in <module>
    fit(['cell'])
  File "pipeline.py", line 5, in fit
    return statistics.mean(x)
  statistics.py:N in _exact_ratio
TypeError: can't convert type 'str' to numerator/denominator"""
    assert (told["file"], told["line"], re.sub(r"py:\d+", "py:N", told["traceback"])) == ("pipeline.py", 5, traceback)


def test_explain__words_of_the_code(explain):
    """A name that stands in the failing line is shown, a value that came from elsewhere is not."""
    told = explain("row = {'a': 1}\nfor name in (chr(120) * 3,):\n    row[name]\n")
    named = explain("row = {'a': 1}\nrow['agee']\n")
    assert (told["message"], named["message"]) == ("'…'", "'agee'")


def test_explain__syntax_error(explain):
    """A syntax error is located in its file."""
    told = explain("x = 1\ndef (:\n")
    assert (told["type"], told["file"], told["line"], told["traceback"]) == (
        "SyntaxError",
        "pipeline.py",
        2,
        '  File "pipeline.py", line 2\n    def (:\nSyntaxError: invalid syntax',
    )


def test_explain__syntax_error_of_data(explain):
    """A syntax error in a text that is no file is like any other exception."""
    told = explain("import ast\nast.literal_eval(chr(40) + 'x1')\n")
    assert (told["file"], told["line"]) == ("pipeline.py", 2)


def test_explain__recursion(explain):
    """A thousand frames are cut in the middle."""
    told = explain("def f():\n    return f()\nf()\n")
    assert (told["type"], told["traceback"].count("line 2, in f"), "\n  …\n" in told["traceback"]) == (
        "RecursionError",
        worker.FRAMES - 1,
        True,
    )


def test_explain__broken_str(explain):
    """An exception whose message fails has none."""
    told = explain("class Bad(Exception):\n    def __str__(self):\n        raise ValueError\nraise Bad()\n")
    assert (told["type"], told["message"]) == ("Bad", "")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/r/app/pipeline.py", "pipeline.py"),
        ("/r/app/src/x.py", "src/x.py"),
        ("/r/other.py", ""),
        ("/r/app/lib/site-packages/numpy/x.py", ""),
        ("/r/app/.venv/bin/x.py", ""),
        ("<string>", ""),
    ],
)
def test_inside__examples(path, expected, monkeypatch):
    """The user's files are those of the repository that nobody installed there."""
    monkeypatch.setattr("sys.prefix", "/r/app/.venv")
    assert worker.inside(path, "/r/app") == expected


# --- frames ------------------------------------------------------------------------------------------------------

CSV = """number,whole,holes,truth,maybe,text,gaps,nothing,day,moment
1.5,1,1,True,True,a,x,,2024-01-01,2024-01-01T10:00:00
-2.5e-7,2,,False,,b c,,,2024-02-29,2024-01-02T11:30:00.5
,3,3,True,False,"d,e",z,,1999-12-31,2024-01-03T12:00:00
"""


def test_to_pandas__is_what_read_csv_gives():
    """Types and values are those of pandas.read_csv on the same file."""
    given = pl.read_csv(io.StringIO(CSV), try_parse_dates=True)
    expected = pd.read_csv(io.StringIO(CSV), parse_dates=["day"])
    expected["moment"] = pd.to_datetime(expected["moment"], format="ISO8601")
    pd.testing.assert_frame_equal(worker.to_pandas(given), expected)


@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(-(2**53), 2**53),
            st.none() | st.floats(allow_nan=False, allow_infinity=False),
            st.none() | st.sampled_from(["a", "b c", "d,e", "ü"]),
            st.none() | st.booleans(),
        ),
        min_size=1,
    )
)
def test_to_pandas__is_what_read_csv_gives_for_any_table(rows):
    """The law behind the example: writing a table as CSV and reading it with pandas gives the same frame."""
    schema = {"i": pl.Int64, "f": pl.Float64, "s": pl.String, "b": pl.Boolean}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    text = frame.with_columns(pl.col("b").replace_strict([True, False], ["True", "False"], default=None)).write_csv()
    pd.testing.assert_frame_equal(worker.to_pandas(frame), pd.read_csv(io.StringIO(text)))


def test_to_pandas__other_types():
    """What CSV cannot say has the nearest type of pandas."""
    moment = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
    frame = pl.DataFrame(
        {
            "small": pl.Series([1, 2], dtype=pl.Int8),
            "gap": pl.Series([1, None], dtype=pl.UInt8),
            "huge": pl.Series([1, 2], dtype=pl.Int128),
            "single": pl.Series([1.5, None], dtype=pl.Float32),
            "money": pl.Series([decimal.Decimal("1.50"), None]),
            "category": pl.Series(["b", None], dtype=pl.Categorical),
            "level": pl.Series(["low", None], dtype=pl.Enum(["low", "high"])),
            "zone": pl.Series([moment, None], dtype=pl.Datetime("us", "Europe/Paris")),
            "span": pl.Series([dt.timedelta(days=1), None]),
            "clock": pl.Series([dt.time(1), None]),
            "list": pl.Series([[1, 2], None]),
            "empty": pl.Series([None, None], dtype=pl.Null),
        }
    )
    result = worker.to_pandas(frame)
    assert {name: (str(result[name].dtype), *result[name].astype(object).fillna("missing")) for name in result} == {
        "small": ("int8", 1, 2),
        "gap": ("float64", 1.0, "missing"),
        "huge": ("float64", 1.0, 2.0),
        "single": ("float32", 1.5, "missing"),
        "money": ("float64", 1.5, "missing"),
        "category": ("category", "b", "missing"),
        "level": ("category", "low", "missing"),
        "zone": ("datetime64[us, Europe/Paris]", pd.Timestamp(moment).tz_convert("Europe/Paris"), "missing"),
        "span": ("timedelta64[us]", pd.Timedelta(days=1), "missing"),
        "clock": ("object", dt.time(1), "missing"),
        "list": ("object", [1, 2], "missing"),
        "empty": ("float64", "missing", "missing"),
    }


def test_to_pandas__categories():
    """An Enum keeps its levels in order; a Categorical has those that occur, sorted."""
    frame = pl.DataFrame(
        {
            "e": pl.Series(["high"], dtype=pl.Enum(["low", "high"])),
            "c": pl.Series(["b"], dtype=pl.Categorical),
        }
    )
    result = worker.to_pandas(frame)
    assert (list(result["e"].cat.categories), list(result["c"].cat.categories)) == (["low", "high"], ["b"])


def test_to_pandas__can_be_written_to():
    """The frame is the user's own, and no memory is shared with the other one."""
    frame = pl.DataFrame({"x": [1.0, 2.0]})
    result = worker.to_pandas(frame)
    result.loc[0, "x"] = 9.0
    assert (frame["x"].to_list(), result["x"].to_list()) == ([1.0, 2.0], [9.0, 2.0])


def test_to_pandas__no_rows_and_no_columns():
    """Types hold without rows, and rows are counted without columns."""
    empty = worker.to_pandas(pl.DataFrame(schema={"a": pl.Int64, "b": pl.String, "c": pl.Boolean}))
    assert ([str(each) for each in empty.dtypes], len(worker.to_pandas(pl.DataFrame(height=3)))) == (
        ["int64", "str", "bool"],
        3,
    )


def test_read__csv_is_as_parquet(tmp_path):
    """A table comes out of CSV, with the types that the job names, as it does out of Parquet."""
    frame = pl.DataFrame(
        {
            "i": [1, 2],
            "gap": [1, None],
            "u": pl.Series([2**63, 1], dtype=pl.UInt64),
            "f": [0.1, float("nan")],
            "single": pl.Series([0.1, 0.5], dtype=pl.Float32),
            "b": [True, False],
            "maybe": [True, None],
            "s": ["007", "NA"],
            "t": ['x, "y"', None],
            "day": [dt.date(2024, 1, 1), None],
            "at": pl.Series(["2024-01-01T12:00:00.000005", None]).str.to_datetime(),
            "zone": pl.Series([dt.datetime(2024, 7, 1, tzinfo=dt.UTC), None], dtype=pl.Datetime("us", "Europe/Paris")),
            "c": pl.Series(["x", "y"], dtype=pl.Categorical),
            "none": pl.Series([None, None], dtype=pl.String),
        }
    )
    frame.write_csv(tmp_path / "t.csv")
    frame.write_parquet(tmp_path / "t.parquet")
    schema = {name: str(dtype) for name, dtype in frame.schema.items()}
    csv, parquet = (
        worker.read({"path": str(tmp_path / f"t.{kind}"), "format": kind}, schema) for kind in ("csv", "parquet")
    )
    pd.testing.assert_frame_equal(csv, parquet)


def test_align__categories_and_empty_texts():
    """The holdout's categories have the training's codes, unseen ones come last, and texts stay texts."""
    train = pd.DataFrame({"c": pd.Categorical(["b", "c"]), "t": ["x", "y"], "x": [1.0, 2.0]})
    holdout = pd.DataFrame({"x": [1, 2], "t": [np.nan, np.nan], "c": pd.Categorical(["a", "c"])})
    result = worker.align(holdout, train.dtypes)
    assert (list(result), list(result["c"].cat.categories), list(result["c"].cat.codes), str(result["t"].dtype)) == (
        ["c", "t", "x"],
        ["b", "c", "a"],
        [2, 1],
        "str",
    )


# --- labels ------------------------------------------------------------------------------------------------------


@given(
    st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_characters="\0"))  # NumPy's texts end before a null
)
def test_canonical__agrees_with_the_parent(value):
    """A label has one text on both sides of the process, as a plain value and as NumPy's."""
    array = [] if isinstance(value, int) and abs(value) > 2**62 else [np.asarray(value)[()]]
    assert {worker.canonical(each) for each in [value, *array]} == {canonical_label(value)}


@pytest.mark.parametrize(
    ("labels", "classes", "expected"),
    [
        (pd.Series(["b", "a", "c"]), ["a", "b"], [1, 0, -1]),
        (np.array([1.0, 2.0, 1.0]), ["1", "2"], [0, 1, 0]),
        (np.array([True, False]), ["False", "True"], [1, 0]),
        (np.array([1, 0]), ["False", "True"], [1, 0]),
        (np.array([True, False]), ["0", "1", "2"], [1, 0]),
        (pd.Series([1, None]), ["1"], [0, -1]),
        (np.array(["a", None], dtype=object), ["a"], [0, -1]),
        (pd.Series(pd.Categorical(["b", "a"])), ["a", "b"], [1, 0]),
        (np.array([np.str_("a")]), ["a"], [0]),
    ],
)
def test_encode__examples(labels, classes, expected):
    """A label's place in the classes; −1 for what is none."""
    assert worker.encode(labels, classes).tolist() == expected


# --- cross-validation --------------------------------------------------------------------------------------------


def job_of(task, primary, kind, *, out, folds=4, column=None, classes=(), positive=None):  # noqa: PLR0913 - a job has them
    """A job as far as the election reads it."""
    metric = METRICS[primary]
    return {
        "task": task,
        "target": "y",
        "drop": [],
        "classes": list(classes),
        "positive": positive,
        "seed": 3,
        "cv": {"kind": kind, "folds": folds, "column": column},
        "primary": {
            "name": metric.name,
            "function": metric.function,
            "arguments": metric.arguments,
            "needs": metric.needs,
            "greater_is_better": metric.greater_is_better,
        },
        "out": str(out),
    }


@pytest.fixture(scope="module")
def table():
    """A table for all tasks: numbers, a text, a group, a day, and four targets."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(120, 2))
    noise = rng.normal(size=120)
    return pd.DataFrame(
        {
            "a": x[:, 0],
            "b": x[:, 1],
            "text": rng.choice(["u", "v"], 120),
            "group": np.arange(120) // 5,
            "day": rng.permutation(pd.date_range("2024-01-01", periods=120)),
            "yes": np.where(x.sum(axis=1) + noise > 0, "yes", "no"),
            "flag": x.sum(axis=1) + noise < 0,
            "kind": np.digitize(x[:, 0] + noise, [-0.5, 0.5]),
            "value": 2 * x[:, 0] + noise,
        }
    )


FEATURES = ["a", "b", "text"]


def pipeline(estimator):
    """An estimator that takes the table's features."""
    return make_pipeline(make_column_transformer((OneHotEncoder(), ["text"]), remainder="passthrough"), estimator)


CASES = {
    "stratified": (
        pipeline(LogisticRegression()),
        "yes",
        {"task": "binary", "primary": "roc_auc", "kind": "stratified", "classes": ("no", "yes"), "positive": "yes"},
        lambda t: (StratifiedKFold(4, shuffle=True, random_state=3), None),
        "roc_auc",
        1,
    ),
    "labels": (
        pipeline(DecisionTreeClassifier(max_depth=3, random_state=0)),
        "yes",
        {"task": "binary", "primary": "f1", "kind": "stratified", "classes": ("no", "yes"), "positive": "yes"},
        lambda t: (StratifiedKFold(4, shuffle=True, random_state=3), None),
        metrics.make_scorer(metrics.f1_score, pos_label="yes"),
        1,
    ),
    "decision function": (
        pipeline(LinearSVC(random_state=0)),
        "yes",
        {
            "task": "binary",
            "primary": "average_precision",
            "kind": "stratified",
            "classes": ("no", "yes"),
            "positive": "yes",
        },
        lambda t: (StratifiedKFold(4, shuffle=True, random_state=3), None),
        metrics.make_scorer(metrics.average_precision_score, response_method="decision_function", pos_label="yes"),
        1,
    ),
    "positive label first": (
        pipeline(LinearSVC(random_state=0)),
        "yes",
        {"task": "binary", "primary": "roc_auc", "kind": "stratified", "classes": ("yes", "no"), "positive": "no"},
        lambda t: (StratifiedKFold(4, shuffle=True, random_state=3), None),
        "roc_auc",
        1,
    ),
    "booleans in groups": (
        pipeline(LogisticRegression()),
        "flag",
        {
            "task": "binary",
            "primary": "brier_score",
            "kind": "group",
            "column": "group",
            "classes": ("False", "True"),
            "positive": "True",
        },
        lambda t: (StratifiedGroupKFold(4, shuffle=True, random_state=3), t["group"]),
        "neg_brier_score",
        -1,
    ),
    "multiclass": (
        pipeline(LogisticRegression()),
        "kind",
        {"task": "multiclass", "primary": "log_loss", "kind": "stratified", "classes": ("0", "1", "2")},
        lambda t: (StratifiedKFold(4, shuffle=True, random_state=3), None),
        "neg_log_loss",
        -1,
    ),
    "multiclass ranks": (
        pipeline(LogisticRegression()),
        "kind",
        {"task": "multiclass", "primary": "roc_auc_ovr", "kind": "stratified", "classes": ("0", "1", "2")},
        lambda t: (StratifiedKFold(4, shuffle=True, random_state=3), None),
        "roc_auc_ovr",
        1,
    ),
    "regression": (
        pipeline(LinearRegression()),
        "value",
        {"task": "regression", "primary": "root_mean_squared_error", "kind": "kfold"},
        lambda t: (KFold(4, shuffle=True, random_state=3), None),
        "neg_root_mean_squared_error",
        -1,
    ),
    "regression in groups": (
        pipeline(LinearRegression()),
        "value",
        {"task": "regression", "primary": "r2", "kind": "group", "column": "group"},
        lambda t: (GroupKFold(4), t["group"]),
        "r2",
        1,
    ),
    "time": (
        pipeline(LinearRegression()),
        "value",
        {"task": "regression", "primary": "mean_absolute_error", "kind": "time", "column": "day"},
        lambda t: (
            [
                (np.argsort(t["day"].to_numpy())[a], np.argsort(t["day"].to_numpy())[b])
                for a, b in TimeSeriesSplit(4).split(t)
            ],
            None,
        ),
        "neg_mean_absolute_error",
        -1,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_cross_validate__is_cross_val_score(case, table, tmp_path):
    """The election's figures are scikit-learn's own for the same folds."""
    estimator, target, settings, reference, scoring, sign = CASES[case]
    training = worker.Training(job_of(**settings, out=tmp_path))
    splits = training.folds(table, table[target])
    result = training.cross_validate("it", estimator, table[FEATURES], table[target], splits)
    cv, groups = reference(table)
    scores = sign * cross_val_score(estimator, table[FEATURES], table[target], cv=cv, groups=groups, scoring=scoring)
    np.testing.assert_allclose([result["cv_mean"], result["cv_std"]], [scores.mean(), scores.std()], rtol=1e-12)


def test_folds__too_few_rows(table, tmp_path):
    """More folds than rows is told as what it is."""
    training = worker.Training(job_of("regression", "r2", "kfold", folds=50, out=tmp_path))
    with pytest.raises(worker.Refusal, match="The 10 training rows cannot be split into 50 folds"):
        training.folds(table[:10], table["value"][:10])


@pytest.mark.filterwarnings("ignore:Only one class is present")  # that it is undefined is the point
def test_cross_validate__undefined_metric(table, tmp_path):
    """A fold in which the metric has no value is named."""
    ordered = table.sort_values("yes")
    ordered["day"] = np.arange(120)
    settings = {"task": "binary", "primary": "roc_auc", "kind": "time", "column": "day"}
    training = worker.Training(job_of(**settings, classes=("no", "yes"), positive="yes", out=tmp_path))
    splits = training.folds(ordered.reset_index(), ordered["yes"])[-1:]
    with pytest.raises(worker.Refusal, match="`roc_auc` is not defined on fold 1"):
        training.cross_validate("it", pipeline(LogisticRegression()), ordered[FEATURES], ordered["yes"], splits)


@pytest.mark.parametrize(
    ("estimator", "primary", "message"),
    [
        (LinearRegression(), "accuracy", r"`it` predicts labels that are no class of `y` for \d+ of 30 rows"),
        (LinearSVC(), "log_loss", "`it` gives no probability, and the primary metric `log_loss` needs it"),
    ],
)
def test_cross_validate__unusable_predictions(estimator, primary, message, table, tmp_path):
    """What a metric cannot take is said in a sentence."""
    target = (table["yes"] == "yes").astype(int)
    training = worker.Training(job_of("binary", primary, "stratified", classes=("0", "1"), positive="1", out=tmp_path))
    splits = training.folds(table, target)
    with pytest.raises(worker.Refusal, match=message):
        training.cross_validate("it", pipeline(estimator), table[FEATURES], target, splits)


def test_cross_validate__exception(table, tmp_path):
    """An exception in a fold is the user's, in the cross-validation."""
    training = worker.Training(job_of("regression", "r2", "kfold", out=tmp_path))
    splits = training.folds(table, table["value"])
    with pytest.raises(worker.UserCodeError) as caught:
        training.cross_validate("it", LinearRegression(), table[["text"]], table["value"], splits)
    assert (caught.value.stage, caught.value.candidate, type(caught.value.error)) == (
        "cross-validation",
        "it",
        ValueError,
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0], "`it` gives 1 values (prediction) for 2 holdout rows."),
        ([[1, 2], [3, 4]], "`it` gives an array of shape (2, 2) (prediction) for 2 holdout rows."),
        (3, "`it` gives an array of shape () (prediction) for 2 holdout rows."),
        ([1.0, np.nan], "`it` predicts NaN (prediction) for 1 of 2 holdout rows."),
        (["a", None], "`it` predicts NaN (prediction) for 1 of 2 holdout rows."),
        ([1.0, -np.inf], "`it` predicts infinity (prediction) for 1 of 2 holdout rows."),
    ],
)
def test_column__refuses(values, message, tmp_path):
    """Predictions that cannot be scored are told by what is wrong with them."""
    training = worker.Training(job_of("regression", "r2", "kfold", out=tmp_path))
    training.candidate = "it"
    with pytest.raises(worker.Refusal, match=f"^{re.escape(message)}$"):
        training.column(values, 2, "prediction")


@pytest.mark.parametrize("values", [[1, 2], [[1], [2]], (1.0, 2.0), pd.Series([1, 2]), pl.Series([1, 2])])
def test_column__takes_what_estimators_give(values, tmp_path):
    """Lists, series and tables of one column are columns."""
    training = worker.Training(job_of("regression", "r2", "kfold", out=tmp_path))
    assert training.column(values, 2, "prediction").tolist() == [1, 2]


def test_predict__class_that_training_lacks(tmp_path):
    """A class that the training rows do not hold has probability zero."""
    x, y = load_iris(return_X_y=True, as_frame=True)
    training = worker.Training(job_of("multiclass", "log_loss", "stratified", classes=("0", "1", "2"), out=tmp_path))
    columns = training.predict(DecisionTreeClassifier().fit(x[50:], y[50:]), x[:60], y[50:])
    assert (list(columns), columns["probability:0"].tolist()) == (
        ["prediction", "probability:0", "probability:1", "probability:2"],
        [0.0] * 60,
    )


class Threshold:
    """A classifier without `classes_`, of the simplest kind."""

    def predict(self, x):
        """Booleans."""
        return x["a"] > 0

    def predict_proba(self, x):
        """One column for each class."""
        return np.column_stack([1 - (x["a"] > 0), x["a"] > 0])


@pytest.mark.parametrize("classes", [("False", "True"), ("True", "False")])
def test_predict__no_classes(table, tmp_path, classes):
    """Without `classes_`, probabilities are taken in the order of the sorted labels."""
    job = job_of("binary", "log_loss", "stratified", classes=classes, positive=classes[1], out=tmp_path)
    columns = worker.Training(job).predict(Threshold(), table, table["flag"])
    assert (columns["probability"] == (columns["prediction"] == (classes[1] == "True"))).all()


def test_predict__foreign_classes(table, tmp_path):
    """Probabilities of classes that the data do not have are refused, not guessed."""
    estimator = Threshold()
    estimator.classes_ = np.array(["lo", "hi"])
    training = worker.Training(job_of("binary", "log_loss", "stratified", classes=("no", "yes"), out=tmp_path))
    with pytest.raises(worker.Refusal, match="has classes"):
        training.predict(estimator, table, table["yes"])


def test_predict__shape_of_probabilities(table, tmp_path):
    """One column of probabilities for two classes is refused."""
    estimator = Threshold()
    estimator.predict_proba = lambda x: np.ones((len(x), 1))
    training = worker.Training(job_of("binary", "log_loss", "stratified", classes=("no", "yes"), out=tmp_path))
    with pytest.raises(worker.Refusal, match=r"gives an array of shape \(120, 1\) for 120 holdout rows and 2 classes"):
        training.predict(estimator, table, table["yes"])


# --- what is left ------------------------------------------------------------------------------------------------


def test_write_predictions__labels(tmp_path):
    """Numbers and booleans keep their types, other labels are text."""
    columns = {"prediction": np.array(["a", "b"], dtype=object), "probability": np.array([0.1, 0.2])}
    name = worker.write_predictions(columns, tmp_path)
    assert pl.read_parquet(tmp_path / name).to_dict(as_series=False) == {
        "prediction": ["a", "b"],
        "probability": [0.1, 0.2],
    }


def test_write_predictions__without_parquet(tmp_path, monkeypatch):
    """Where nothing writes Parquet, predictions are CSV, with every digit."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    name = worker.write_predictions(
        {"prediction": np.array([True, False]), "score": np.array([0.1 + 0.2, 1e-300])}, tmp_path
    )
    assert (tmp_path / name).read_text() == "prediction,score\nTrue,0.30000000000000004\nFalse,1e-300\n"


def test_require__names_what_is_missing(tmp_path):
    """An environment without what the worker needs is told which module."""
    training = worker.Training(job_of("regression", "r2", "kfold", out=tmp_path))
    with pytest.raises(worker.Refusal, match="The model's environment has no module `no_such_module`"):
        training.require(["numpy", "no_such_module"])


def test_save__size_without_skops(tmp_path, monkeypatch):
    """Where skops is missing, the size is that of a pickle."""
    monkeypatch.setitem(__import__("sys").modules, "skops", None)
    saved, size, note = worker.save({"a": list(range(1000))}, tmp_path / "m.skops")
    assert (saved, size, "skops is not installed" in note, list(tmp_path.iterdir())) == (
        False,
        len(pickle.dumps({"a": list(range(1000))}, protocol=5)),
        True,
        [],
    )


def test_save__nothing_works(tmp_path):
    """A model that nothing can save has no size and a note, and leaves no file."""
    saved, size, note = worker.save((each for each in ()), tmp_path / "m.skops")
    assert (saved, size, note.startswith("skops cannot save the model ("), list(tmp_path.iterdir())) == (
        False,
        None,
        True,
        [],
    )


def test_packages__loaded_ones():
    """Distributions of loaded modules are there with their versions."""
    found = worker.packages()
    assert (found["numpy"], found["scikit-learn"], "hatchling" in found) == (
        np.__version__,
        __import__("sklearn").__version__,
        False,
    )


def test_event__is_a_line(tmp_path):
    """Events are lines of JSON, one after the other."""
    training = worker.Training(job_of("regression", "r2", "kfold", out=tmp_path))
    training.candidate = "it"
    training.event("fold", fold=1, of=5)
    training.event("fit")
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"event": "fold", "candidate": "it", "fold": 1, "of": 5},
        {"event": "fit", "candidate": "it"},
    ]
