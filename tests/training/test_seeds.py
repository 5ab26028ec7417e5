"""Generators of frameworks are seeded, whenever they are imported, and CatBoost keeps to its place."""

from __future__ import annotations

import importlib
import random
import sys
import textwrap

import numpy as np
import pytest

from mlci.training import worker

TORCH = """
import random
drawn = []
def manual_seed(seed):
    drawn.append(random.Random(seed).random())
"""

TENSORFLOW = """
class random:
    seeds = []
    set_seed = seeds.append
"""

CATBOOST = """
class CatBoost:
    def __init__(self, **params):
        self.params = params
    def get_params(self, deep=True):
        return dict(self.params)
    def set_params(self, **params):
        self.params.update(params)
"""


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Makes modules that can be imported under a framework's name, and forgets them."""

    def make(name: str, source: str) -> None:
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, name, raising=False)

    yield make
    for name in (*worker.GENERATORS, "catboost"):
        if getattr(sys.modules.get(name), "__file__", None) == str(tmp_path / f"{name}.py"):
            del sys.modules[name]


def test_seed_all__python_and_numpy():
    """The same seed gives the same numbers."""

    def draw() -> tuple[float, float]:
        worker.seed_all(5)
        return random.random(), np.random.random()  # noqa: NPY002, S311 - the global generators are what is seeded

    assert draw() == draw()


def test_seed_all__loaded_frameworks(stand_in):
    """A framework that is loaded is seeded each time, one that is not stays unloaded."""
    stand_in("tensorflow", TENSORFLOW)
    tensorflow = importlib.import_module("tensorflow")
    worker.seed_all(5)
    worker.seed_all(6)
    assert (tensorflow.random.seeds, "paddle" in sys.modules) == ([5, 6], False)


def test_seed_all__polars():
    """Polars draws the same rows again."""
    import polars as pl

    def draw() -> list[int]:
        worker.seed_all(5)
        return pl.Series(range(1000)).sample(5).to_list()

    assert draw() == draw()


def test_seed_one__module_of_that_name(stand_in):
    """A module of the repository that happens to have a framework's name is left alone."""
    stand_in("paddle", "seed = 'a text'")
    paddle = importlib.import_module("paddle")
    worker.seed_all(5)
    assert paddle.seed == "a text"


def test_seed_on_import__as_soon_as_it_is_there(stand_in, monkeypatch):
    """A framework that is imported later is seeded at the end of its import, once."""
    stand_in("torch", TORCH)
    monkeypatch.setattr(sys, "meta_path", [worker.SeedOnImport(5), *sys.meta_path])
    torch = importlib.import_module("torch")
    assert torch.drawn == [random.Random(5).random()]  # noqa: S311 - no secret


def test_seed_on_import__others_and_none(monkeypatch):
    """Other modules are found as ever, and a framework that is not installed is not found."""
    finder = worker.SeedOnImport(5)
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    assert (finder.find_spec("json"), finder.find_spec("paddle")) == (None, None)


@pytest.fixture
def catboost(stand_in, monkeypatch):
    """A stand-in for CatBoost, and a folder for temporary files."""
    stand_in("catboost", CATBOOST)
    monkeypatch.setenv("TMPDIR", "/scratch/tmp")
    return importlib.import_module("catboost")


def test_settle__catboost_inside_a_pipeline(catboost):
    """What is left open is told; what the user gave stays."""
    from sklearn.pipeline import Pipeline

    model, other = catboost.CatBoost(), catboost.CatBoost(train_dir="mine", thread_count=8)
    worker.settle(Pipeline([("first", model), ("second", other)]), 2)
    assert (model.params, other.params) == (
        {"train_dir": "/scratch/tmp", "thread_count": 2},
        {"train_dir": "mine", "thread_count": 8},
    )


def test_settle__an_object_of_the_users(catboost):
    """An estimator without parameters is left alone."""

    class Own:
        pass

    own = Own()
    worker.settle(own, 2)
    assert vars(own) == {}
