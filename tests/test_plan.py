from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from mlci.config.models import Config
from mlci.plan import Plan, plan
from mlci.settings import Settings


@pytest.fixture
def config():
    """Two models; the second has a test file; one dataset has only a suite."""
    model = {"target": "t", "task": "regression", "primary": "r2", "candidates": {"a": "p:a"}}
    return Config.model_validate(
        {
            "version": 1,
            "datasets": {name: {"path": f"{name}.csv"} for name in ("one", "two", "test", "checked")},
            "models": {"x": {**model, "dataset": "one"}, "y": {**model, "dataset": "two", "split": {"test": "test"}}},
        }
    )


@pytest.mark.parametrize(
    ("asked", "cores", "has_base", "expected"),
    [
        ((), 4, True, Plan(models=("x", "y"), datasets=("one", "two", "test", "checked"), workers=4, threads=1)),
        (("y",), 4, True, Plan(models=("y",), datasets=("two", "test"), workers=2, threads=2)),
        (("x",), 4, False, Plan(models=("x",), datasets=("one",), workers=1, threads=4)),
        (("x",), 1, True, Plan(models=("x",), datasets=("one",), workers=1, threads=1)),
    ],
)
def test_plan__models_datasets_and_cores(config, asked, cores, has_base, expected):
    """Both sides train side by side where cores allow, and share them evenly."""
    assert plan(Settings(folder=Path(), models=asked, cores=cores), config, has_base=has_base) == expected


@pytest.mark.parametrize("twice", [True, False])
def test_plan__hands_on_whether_each_side_trains_twice(config, twice):
    """It costs time, and no core."""
    given = {"folder": Path(), "cores": 4}

    found = plan(Settings(**given, twice=twice), config, has_base=True)

    assert found == dataclasses.replace(plan(Settings(**given), config, has_base=True), twice=twice)
