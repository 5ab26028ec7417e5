"""Rows as pandas and as Polars frames: two ways to the same folds, labels and predictions."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.training import exchange, protocol, worker

PANDAS, POLARS = worker.KINDS["pandas"], worker.KINDS["polars"]


def values(*kinds):
    """Columns of one kind with missing values."""
    return st.one_of([st.lists(st.none() | kind, min_size=1, max_size=30) for kind in kinds])


COLUMNS = values(
    st.integers(-5, 5),
    st.sampled_from([0.5, -1.0, 2.25, math.nan]),
    st.sampled_from(["a", "B", "é", "zz", ""]),
    st.dates(),
)


def both(column):
    """The same column twice."""
    series = pl.Series("c", column)
    return worker.to_pandas(series.to_frame())["c"], series


@given(COLUMNS)
def test_order__polars_is_as_pandas(column):
    """A column has one order, its missing values last and equals as they came."""
    pandas, polars = both(column)
    assert POLARS.order(polars).tolist() == PANDAS.order(pandas).tolist()


@given(COLUMNS)
def test_codes__polars_is_as_pandas(column):
    """Groups have the same numbers, and what is missing is none."""
    pandas, polars = both(column)
    assert POLARS.codes(polars).tolist() == PANDAS.codes(pandas).tolist()


def test_codes__categories():
    """Categories are grouped by their names, whatever their own codes are."""
    column = pl.Series(["b", "a", None, "b"], dtype=pl.Categorical)
    assert POLARS.codes(column).tolist() == [1, 0, -1, 1]


@given(st.lists(st.none() | st.sampled_from(["a", "b", 1, 2.5, True]), min_size=1))
def test_factorized__is_as_pandas(labels):
    """Labels have the same places with pandas and where there is none."""
    array = np.array(labels, dtype=object)
    given = worker.factorized(array)
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(sys.modules, "pandas")
        own = worker.factorized(array)
    assert (own[0].tolist(), list(own[1])) == (given[0].tolist(), list(given[1]))


@pytest.mark.parametrize(
    ("array", "count"),
    [
        (np.array([1.0, np.nan]), 1),
        (np.array([1, 2]), 0),
        (np.array(["a", None, np.nan], dtype=object), 2),
        (np.array(["2024-01-01", "NaT"], dtype="datetime64[D]"), 1),
        (np.array(["a", "nan"]), 0),
    ],
)
def test_missing__with_and_without_pandas(array, count, monkeypatch):
    """What counts as missing is the same in an environment without pandas."""
    given = worker.missing(array)
    monkeypatch.delitem(sys.modules, "pandas")
    assert (given, worker.missing(array)) == (count, count)


def test_pop__labels_are_numpys():
    """Labels of Polars frames are plain arrays that can be written to; money is a number."""
    table = pl.DataFrame(
        {"t": ["a", None], "i": [1, 2], "b": [True, False], "m": pl.Series(["1.5", "2"]).cast(pl.Decimal(9, 2))}
    )
    popped = {name: POLARS.pop(table, name) for name in ("t", "i", "b", "m")}
    assert (
        [(name, each.dtype.kind, each.tolist(), each.flags.writeable) for name, each in popped.items()],
        table.width,
    ) == (
        [
            ("t", "O", ["a", None], True),
            ("i", "i", [1, 2], True),
            ("b", "b", [True, False], True),
            ("m", "f", [1.5, 2.0], True),
        ],
        0,
    )


def test_align__polars():
    """The holdout has the training's columns in their order, and a column without values has the type it has there."""
    types = {"a": pl.String(), "b": pl.Int64(), "gone": pl.Int64()}
    holdout = pl.DataFrame({"b": [1, 2], "more": [0, 0], "a": [None, None]})
    result = POLARS.align(holdout, types)
    assert dict(result.schema) == {"a": pl.String(), "b": pl.Int64()}


def test_profile__same_missing_values():
    """NaN and null are both missing, over both kinds of frames."""
    frame = pl.DataFrame({"x": [1.0, math.nan, None], "t": ["a", None, "b"]})
    told = [kind.profile(table) for kind, table in ((PANDAS, worker.to_pandas(frame)), (POLARS, frame))]
    assert [[(name, each["nulls"]) for name, each in one.items()] for one in told] == [[("x", 2), ("t", 1)]] * 2


def test_take_and_copy__are_new_tables():
    """Some rows are a table that starts at row 0, and a copy has columns of its own."""
    frame = pl.DataFrame({"x": [1, 2, 3]})
    places = np.array([2, 0])
    found = [
        (
            kind.fresh(table, places)["x"].to_list(),
            kind.copy(table)["x"].to_list(),
            kind.drop(table, ["x", "y"]).shape[1],
        )
        for kind, table in ((PANDAS, worker.to_pandas(frame)), (POLARS, frame))
    ]
    assert found == [([3, 1], [1, 2, 3], 0)] * 2


WITHOUT_PANDAS = """
import sys

class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")

sys.meta_path.insert(0, Nothing())
"""

POLARS_ALONE = """
import sys
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

assert sys.modules.get("pandas") is None

def one():
    return make_pipeline(
        make_column_transformer((OneHotEncoder(), ["town"]), (StandardScaler(), ["age", "hours"])), LogisticRegression()
    )

def two():
    return one().set_params(logisticregression__C=0.001)
"""


def test_worker__polars_without_pandas(workshop):
    """NumPy, Polars and scikit-learn are enough where candidates are given Polars frames."""
    candidates = {"two": "pipeline:two", "one": "pipeline:one"}
    training = workshop.training(POLARS_ALONE, dataframe="polars", candidates=candidates)
    training.out.mkdir(parents=True)
    exchange.empty(training)
    path = protocol.write(training, protocol.of_worker(training))
    exchange.hand_over(training, "parquet")
    run = f"import runpy\nsys.argv[1:] = [{str(path)!r}]\nrunpy.run_path({worker.__file__!r}, run_name='__main__')"
    command = [sys.executable, "-c", f"{WITHOUT_PANDAS}\n{run}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    report = (training.out / "report.json").read_text()
    assert (done.returncode, '"winner": "one"' in report) == (0, True), report


def test_require__polars(workshop, plain, monkeypatch):
    """An environment without Polars is told so where candidates are to be given its frames."""
    training = workshop.training(plain, dataframe="polars")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "polars" else object())
    with pytest.raises(worker.Refusal, match="The model's environment has no module `polars`"):
        worker.Training(protocol.of_worker(training)).run()


CHANGING = """
from sklearn.linear_model import LogisticRegression


class Changing(LogisticRegression):
    def __init__(self, names=()):
        self.names = list(names)  # not what was given: scikit-learn refuses to clone it
        super().__init__()

    def fit(self, X, y):
        return super().fit(X[["age", "hours"]], y)

    def predict(self, X):
        return super().predict(X[["age", "hours"]])

    def predict_proba(self, X):
        return super().predict_proba(X[["age", "hours"]])


def plain():
    return Changing(names=("age",))
"""


def test_train__an_estimator_that_cannot_be_cloned(workshop):
    """Each fold has an estimator of its own, made anew where it cannot be cloned, as CatBoost's with `cat_features`."""
    two = {"plain": "pipeline:plain", "other": "pipeline:plain"}
    trained = workshop.run(workshop.training(CHANGING, candidates=two)).trained
    assert [each.cv_mean for each in trained.candidates] == [trained.candidates[0].cv_mean] * 2
    assert trained.candidates[0].cv_mean > 0.7
