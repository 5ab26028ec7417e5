"""A real Dask cluster on this machine, whose workers do not have the repository's code."""

from __future__ import annotations

import dataclasses
import re
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from mlci.errors import TrainingError
from mlci.training import job
from mlci.training.wall import Wall

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

CLUSTER = """
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    workers = int(sys.argv[1])
    with LocalCluster(host="127.0.0.1", dashboard_address=None, n_workers=workers, threads_per_worker=1) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""

PIPELINE = """
import os

from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

import helpers

class Own(LogisticRegression):
    pass

class Telling(GridSearchCV):
    def fit(self, X, y):
        super().fit(X, y)
        there = {int(self.cv_results_[f"split{i}_test_process"][0]) for i in range(3)}
        print("elsewhere" if os.getpid() not in there else "here", "of type", type(self.best_estimator_[-1]) is Own)
        return self

def scores(estimator, X, y):
    return {"accuracy": estimator.score(X, y), "process": helpers.process()}

def prepared(estimator):
    columns = make_column_transformer((OneHotEncoder(), ["town"]), ("passthrough", ["age", "hours"]))
    return make_pipeline(columns, FunctionTransformer(helpers.same), estimator)

def grid():
    return Telling(prepared(Own(max_iter=1000)), {"own__C": [0.1, 1.0]}, scoring=scores, refit="accuracy", cv=3)

def forest():
    return prepared(RandomForestClassifier(n_estimators=10))
"""

HELPERS = """
import os

def same(X):
    return X

def process():
    return os.getpid()
"""


@pytest.fixture(scope="module")
def cluster(frameworks, tmp_path_factory) -> Iterator[str]:
    """The address of a cluster of two processes."""
    frameworks.require("distributed")
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "cluster.py").write_text(CLUSTER)
    with subprocess.Popen(
        [frameworks.python, "cluster.py", "2"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()  # its input ends, and so does the cluster


@pytest.fixture
def training(workshop):
    """A training that computes at an address."""

    def make(address: str | None, **candidates: str) -> job.Training:
        compute = {"compute": {"dask": address}} if address else {}
        made = workshop.training(PIPELINE, candidates=candidates or {"forest": "pipeline:forest"}, cv=3, **compute)
        (made.root / "helpers.py").write_text(HELPERS)
        return dataclasses.replace(made, wall=Wall(network="allow", files="deny"))

    return make


def test_dask__is_as_on_one_machine(cluster, training, said):
    """The repository's own classes and functions go to the workers, which do the work, and the result is the same."""
    both = {"grid": "pipeline:grid", "forest": "pipeline:forest"}
    far, near = (job.train(training(address, **both)) for address in (cluster, None))
    assert (
        [(each.name, each.cv_mean) for each in far.candidates],
        said(far),
        set(re.findall(r"(?:elsewhere|here) of type \w+", far.log)),
        set(re.findall(r"(?:elsewhere|here) of type \w+", near.log)),
    ) == (
        [(each.name, each.cv_mean) for each in near.candidates],
        said(near),
        {"elsewhere of type True"},
        {"here of type True"},
    )


def test_dask__nobody_answers(training, frameworks):
    """An address without a cluster is told in a sentence."""
    frameworks.require("distributed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(TrainingError, match=re.escape(f"No Dask scheduler answers at {address} (`compute`).")):
            job.train(training(address))
