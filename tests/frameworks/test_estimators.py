"""Estimators of other libraries, by their scikit-learn API, each with the real package and behind the whole wall."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import numpy as np
import pytest

from mlci.errors import TrainingError
from mlci.training import job

pytestmark = pytest.mark.slow

DOCUMENTED = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
ENCODED = textwrap.dedent(re.search(r"(  class Encoded.*?\n)\n\n  def ", DOCUMENTED, re.DOTALL)[1])
"""What the documentation tells of XGBoost and labels that are texts."""

SCIKIT_LEARN = """
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

FRAME = "{frame}"

def prepared(estimator):
    return make_pipeline(
        make_column_transformer(
            (OneHotEncoder(), ["town"]), (make_pipeline(SimpleImputer(), StandardScaler()), ["age", "hours", "gaps"])
        ),
        estimator,
    )

class Checked:
    def __init__(self, inner):
        self.inner = inner
    def fit(self, X, y):
        assert type(X).__module__.partition(".")[0] == FRAME, type(X)
        self.inner.fit(X, y)
        self.classes_ = self.inner.classes_
        return self
    def predict(self, X):
        assert type(X).__module__.partition(".")[0] == FRAME, type(X)
        return self.inner.predict(X)
    def predict_proba(self, X):
        return self.inner.predict_proba(X)
    def get_params(self, deep=True):
        return {{"inner": self.inner}}
    def set_params(self, **params):
        self.__dict__.update(params)
        return self

def linear():
    return Checked(prepared(LogisticRegression()))

def forest():
    return Checked(prepared(RandomForestClassifier(n_estimators=20)))
"""

BOTH = {"linear": "pipeline:linear", "forest": "pipeline:forest"}


@pytest.fixture(scope="module")
def of_scikit_learn(workshop):
    """The same pipelines over pandas and over Polars frames."""
    return {
        frame: workshop.twice(
            workshop.training(SCIKIT_LEARN.format(frame=frame), dataframe=frame, candidates=BOTH, cv=3)
        )
        for frame in ("pandas", "polars")
    }


@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_scikit_learn__is_reproducible(of_scikit_learn, frame, said):
    """A forest without a random_state and a linear model predict the same twice."""
    first, second = of_scikit_learn[frame]
    assert ([each.cv_mean for each in first.candidates], said(first)) == (
        [each.cv_mean for each in second.candidates],
        said(second),
    )


def test_scikit_learn__polars_is_as_pandas(of_scikit_learn):
    """The same pipelines have the same scores in each fold, and predict the same, over both kinds of frames."""
    pandas, polars = (of_scikit_learn[frame][0] for frame in ("pandas", "polars"))
    np.testing.assert_allclose(
        [each.cv_mean for each in polars.candidates], [each.cv_mean for each in pandas.candidates], rtol=1e-9
    )
    np.testing.assert_allclose(polars.predictions.probability, pandas.predictions.probability, rtol=1e-9)
    assert (polars.winner, [each.nulls for each in polars.side.features]) == (
        pandas.winner,
        [each.nulls for each in pandas.side.features],
    )


def test_scikit_learn__what_of_the_wall_held(of_scikit_learn):
    """All of this happens without the network and without other files, where the kernel can see to that."""
    assert {each.held.network for pair in of_scikit_learn.values() for each in pair} <= {"namespace", "filter"}


PREPARED = """
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

def prepared(estimator):
    one_hot = OneHotEncoder(sparse_output=False)
    return make_pipeline(make_column_transformer((one_hot, ["town"]), remainder="passthrough"), estimator)
"""

LIGHTGBM = (
    PREPARED
    + """
from lightgbm import LGBMClassifier, LGBMRegressor

def model():
    return prepared(LGBMClassifier(n_estimators=20, subsample=0.7, subsample_freq=1, verbose=-1))

def value():
    return prepared(LGBMRegressor(n_estimators=20, verbose=-1))
"""
)

XGBOOST = (
    PREPARED
    + f"""
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.preprocessing import LabelEncoder
from xgboost import XGBClassifier, XGBRegressor

{ENCODED}
def model():
    return Encoded(prepared(XGBClassifier(n_estimators=20, subsample=0.7)))

def value():
    return prepared(XGBRegressor(n_estimators=20))

def bare():
    return prepared(XGBClassifier(n_estimators=20))
"""
)

CATBOOST = (
    PREPARED
    + """
from catboost import CatBoostClassifier, CatBoostRegressor

def model():
    return CatBoostClassifier(iterations=20, cat_features=["town"], verbose=False)

def value():
    return prepared(CatBoostRegressor(iterations=20, verbose=False))
"""
)

CASES = {"lightgbm": LIGHTGBM, "xgboost-cpu": XGBOOST, "catboost": CATBOOST}


@pytest.fixture(scope="module", params=CASES)
def of_library(request, workshop):
    """A model of another library, trained twice over pandas frames and once over Polars'."""
    workshop.frameworks.require(request.param)
    pandas, polars = (workshop.training(CASES[request.param], dataframe=frame) for frame in ("pandas", "polars"))
    return [pandas, *workshop.twice(pandas), job.train(polars)]


def spread(trained) -> float:
    """How much predictions differ between rows: of a model that learned nothing, they do not."""
    values = trained.predictions.values
    return float(np.std(trained.predictions.probability if values is None else values, axis=0).max())


def test_library__predicts_the_same_twice(of_library, said):
    """A model of another library learns, is the same when it is trained again, and leaves nothing in the repository."""
    training, first, second, _ = of_library
    assert (said(first), sorted(each.name for each in training.root.iterdir()), spread(first) > 0.1) == (
        said(second),
        ["pipeline.py"],
        True,
    )


def test_library__takes_polars_frames(of_library, said):
    """The same model over Polars frames predicts the same."""
    _, pandas, _, polars = of_library
    assert said(polars) == said(pandas)


@pytest.mark.parametrize(
    ("package", "table"), [("lightgbm", "multiclass"), ("xgboost-cpu", "multiclass"), ("catboost", "regression")]
)
def test_library__other_tasks(workshop, package, table):
    """More classes and values are learned as well."""
    workshop.frameworks.require(package)
    entry = "pipeline:value" if table == "regression" else "pipeline:model"
    assert spread(job.train(workshop.training(CASES[package], table, candidates={"it": entry}))) > 0.1


def test_xgboost__texts_as_labels(workshop):
    """What its own classifier says of labels that are texts reaches the user."""
    workshop.frameworks.require("xgboost-cpu")
    with pytest.raises(TrainingError, match="raised ValueError in fit: Invalid classes inferred"):
        job.train(workshop.training(XGBOOST, candidates={"it": "pipeline:bare"}))
