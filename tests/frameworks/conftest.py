"""Trains with the real packages: an environment of their own, behind the whole wall."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import subprocess
import textwrap
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlci.config.models import ModelConfig
from mlci.training import job
from mlci.training.environment import Environment
from mlci.training.wall import Wall

TOP = Path(__file__).parents[2]
VARIABLE = "MLCI_FRAMEWORKS"
HOLDOUT = 60
_ASK = """
import importlib.metadata, json, sys
print(json.dumps([sys.prefix, sys.base_prefix, sorted(each.name for each in importlib.metadata.distributions())]))
"""


@dataclass(frozen=True)
class Frameworks:
    """The environment that has the packages."""

    python: Path

    @cached_property
    def told(self) -> list[Any]:
        """Its folders, and the names of its distributions."""
        answer = subprocess.run([self.python, "-c", _ASK], check=True, capture_output=True, text=True)
        return list(json.loads(answer.stdout))

    @cached_property
    def environment(self) -> Environment:
        """As trainings take it."""
        prefix, base, _ = self.told
        return Environment(
            python=self.python,
            has_parquet=True,
            has_skops=True,
            kind="interpreter",
            roots=(Path(prefix), Path(base)),
        )

    def require(self, distribution: str) -> None:
        """Leave out a test whose package is not there."""
        if distribution not in self.told[2]:
            pytest.skip(f"{self.python} has no {distribution}")


@dataclass
class Workshop:
    """Makes repositories and trains in them."""

    folder: Path
    frameworks: Frameworks
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def training(self, source: str, table: str = "binary", *, name: str = "pipeline.py", **config: Any) -> job.Training:
        """A repository with one file, and a table that lies elsewhere; nothing but the wall is open to it."""
        place = self.folder / str(next(self.numbers))
        root = place / "repository"
        root.mkdir(parents=True)
        (root / name).write_text(textwrap.dedent(source))
        frame, settings = TABLES[table]()
        train, holdout = frame[:-HOLDOUT], frame[-HOLDOUT:].drop("label")
        train.write_parquet(place / "train.parquet")
        holdout.write_parquet(place / "holdout.parquet")
        classes = settings.pop("classes", ())
        if "command" not in config:
            config.setdefault("candidates", {"model": "pipeline:model"})
        return job.Training(
            model="income",
            side="head",
            config=ModelConfig.model_validate({"dataset": "d", "target": "label", "seed": 3, **settings, **config}),
            root=root,
            train=place / "train.parquet",
            holdout=place / "holdout.parquet",
            train_rows=train.height,
            holdout_rows=HOLDOUT,
            classes=classes,
            environment=self.frameworks.environment,
            scratch=place / "scratch",
            schema={column: str(dtype) for column, dtype in frame.schema.items()},
            wall=Wall(network="deny", files="deny"),
        )

    def twice(self, training: job.Training) -> list[job.Trained]:
        """The same training, two times."""
        return [job.train(each) for each in (training, training.anew())]


def _features(rows: int = 300) -> dict[str, Any]:
    rng = np.random.default_rng(11)
    age = rng.normal(40, 10, rows).round(1)
    gaps = pl.Series(np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows))).fill_nan(None)
    return {
        "age": age,
        "hours": rng.integers(1, 60, rows),
        "gaps": gaps,
        "town": rng.choice(["north", "south", "west"], rows),
    }


def _score(columns: dict[str, Any]) -> Any:
    rng = np.random.default_rng(12)
    noise = rng.normal(size=len(columns["age"]))
    return (columns["age"] - 40) / 10 + columns["hours"] / 20 + 1.5 * (columns["town"] == "north") + 0.5 * noise


def binary() -> tuple[pl.DataFrame, dict[str, Any]]:
    """Texts as labels, and features of several types, some of them missing."""
    columns = _features()
    labels = np.where(_score(columns) > 2, "yes", "no")
    settings = {"task": "binary", "positive": "yes", "classes": ("no", "yes"), "primary": "roc_auc"}
    return pl.DataFrame({**columns, "label": labels}), settings


def multiclass() -> tuple[pl.DataFrame, dict[str, Any]]:
    """Texts as labels of three classes."""
    columns = _features()
    labels = np.array(["low", "mid", "top"])[np.digitize(_score(columns), [1, 3])]
    settings = {"task": "multiclass", "classes": ("low", "mid", "top"), "primary": "log_loss"}
    return pl.DataFrame({**columns, "label": labels}), settings


def regression() -> tuple[pl.DataFrame, dict[str, Any]]:
    """A value."""
    columns = _features()
    return pl.DataFrame({**columns, "label": _score(columns)}), {
        "task": "regression",
        "primary": "root_mean_squared_error",
    }


TABLES = {"binary": binary, "multiclass": multiclass, "regression": regression}


def arrays(trained: job.Trained) -> dict[str, list[Any]]:
    """All that a model predicts, to be compared whole."""
    found = {each.name: getattr(trained.predictions, each.name) for each in dataclasses.fields(trained.predictions)}
    return {name: value.tolist() for name, value in found.items() if isinstance(value, np.ndarray)}


@pytest.fixture(scope="session")
def frameworks() -> Frameworks:
    """The environment that has the packages; tests are left out where it is not made."""
    python = Path(os.environ.get(VARIABLE) or TOP / ".venv" / "frameworks" / "bin" / "python")
    if not python.is_file():
        pytest.skip(f"{python} is not there: `make test` makes it, or {VARIABLE} names another")
    return Frameworks(python)


@pytest.fixture(scope="session")
def workshop(frameworks, tmp_path_factory) -> Workshop:
    """Makes repositories and trains in them."""
    return Workshop(tmp_path_factory.mktemp("frameworks"), frameworks)


@pytest.fixture(scope="session")
def said():
    """All that a model predicts, to be compared whole."""
    return arrays
