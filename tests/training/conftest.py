"""Small repositories with a table and a pipeline, trained in real child processes."""

from __future__ import annotations

import itertools
import os
import sys
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from mlci.config.models import ModelConfig
from mlci.errors import TrainingError
from mlci.training import environment, job

if TYPE_CHECKING:
    from mlci.training.events import Event

HOLDOUT = 40

# An estimator that needs nothing but Python: the child starts in a moment.
PLAIN = """
class Plain:
    def fit(self, X, y):
        return self
    def predict(self, X):
        return ["no"] * len(X)

def plain():
    return Plain()
"""


@dataclass(frozen=True)
class Run:
    """What a training told, and what it gave or raised."""

    training: job.Training
    events: list[Event]
    trained: job.Trained | None = None
    error: TrainingError | None = None


@dataclass
class Workshop:
    """Makes repositories and trains in them."""

    folder: Path
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def training(self, source: str, table: str = "binary", *, files: str = "parquet", **config: Any) -> job.Training:
        """A repository with `pipeline.py`, and a table beside it."""
        place = self.folder / str(next(self.numbers))
        root = place / "repository"
        root.mkdir(parents=True)
        (root / "pipeline.py").write_text(textwrap.dedent(source))
        frame, settings = TABLES[table]()
        target = settings["target"]
        train, holdout = frame[:-HOLDOUT], frame[-HOLDOUT:].drop(target)
        for name, part in (("train", train), ("holdout", holdout)):
            path = place / f"{name}.{files}"
            part.write_parquet(path) if files == "parquet" else part.write_csv(path)
        classes = settings.pop("classes", ())
        if "command" not in config:
            config.setdefault("candidates", {"plain": "pipeline:plain"})
        return job.Training(
            model="income",
            side="head",
            config=ModelConfig.model_validate({"dataset": "d", **settings, **config}),
            root=root,
            train=place / f"train.{files}",
            holdout=place / f"holdout.{files}",
            data_format=files,
            train_rows=train.height,
            holdout_rows=HOLDOUT,
            classes=classes,
            environment=environment.own(),
            scratch=place / "scratch",
            schema={name: str(dtype) for name, dtype in frame.schema.items()},
        )

    def run(self, training: job.Training) -> Run:
        """Train; what the user did wrong is part of the outcome."""
        events: list[Event] = []
        try:
            return Run(training, events, trained=job.train(training, on_event=events.append))
        except TrainingError as error:
            return Run(training, events, error=error)

    def error(self, source: str, table: str = "binary", **config: Any) -> TrainingError:
        """The error of a training that fails."""
        error = self.run(self.training(source, table, **config)).error
        assert error is not None
        return error


def binary() -> tuple[pl.DataFrame, dict[str, Any]]:
    """Texts as labels, numbers and texts as features."""
    rng = np.random.default_rng(7)
    age, hours = rng.normal(size=(2, 200))
    town = rng.choice(["north", "south"], 200)
    yes = age + hours + (town == "north") + rng.normal(size=200) > 0.5
    frame = pl.DataFrame({"age": age, "hours": hours, "town": town, "label": np.where(yes, "yes", "no")})
    return frame, {
        "target": "label",
        "task": "binary",
        "positive": "yes",
        "classes": ("no", "yes"),
        "primary": "roc_auc",
    }


def multiclass() -> tuple[pl.DataFrame, dict[str, Any]]:
    """Integers as labels."""
    rng = np.random.default_rng(8)
    x, z = rng.normal(size=(2, 200))
    frame = pl.DataFrame({"x": x, "z": z, "kind": np.digitize(x + 0.5 * rng.normal(size=200), [-0.5, 0.5]) + 1})
    return frame, {
        "target": "kind",
        "task": "multiclass",
        "classes": ("1", "2", "3"),
        "primary": "log_loss",
    }


def regression() -> tuple[pl.DataFrame, dict[str, Any]]:
    """A value that moves with time."""
    rng = np.random.default_rng(9)
    x = rng.normal(size=200)
    day = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 7, 18), eager=True)[rng.permutation(200).tolist()]
    frame = pl.DataFrame({"day": day, "x": x, "z": rng.normal(size=200), "value": 3 * x + rng.normal(size=200)})
    return frame, {
        "target": "value",
        "task": "regression",
        "primary": "root_mean_squared_error",
        "split": {"time": "day", "from": "2024-06-01"},
    }


def groups() -> tuple[pl.DataFrame, dict[str, Any]]:
    """Booleans as labels, rows that belong together, and a column that is not to be trained on."""
    rng = np.random.default_rng(10)
    x = rng.normal(size=200)
    frame = pl.DataFrame(
        {"x": x, "patient": np.arange(200) // 4, "ill": x + rng.normal(size=200) > 0, "note": ["text"] * 200}
    )
    return frame, {
        "target": "ill",
        "task": "binary",
        "positive": True,
        "classes": ("False", "True"),
        "primary": "average_precision",
        "split": {"group": "patient"},
        "drop": ["patient", "note"],
    }


TABLES = {"binary": binary, "multiclass": multiclass, "regression": regression, "groups": groups}


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="session")
def gone():
    """Waits until none of some processes is alive; gives those that still are after a while."""

    def wait(pids: list[int]) -> list[int]:
        end = time.monotonic() + 10
        while any(alive(pid) for pid in pids) and time.monotonic() < end:
            time.sleep(0.02)
        return [pid for pid in pids if alive(pid)]

    return wait


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """Makes repositories and trains in them; the parent's environment holds what a child must not see.

    Of one module alone: other modules' programs need the machine's own variables.
    """
    patch = pytest.MonkeyPatch()
    for name in (
        "GITHUB_TOKEN",
        "INPUT_GITHUB-TOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "HTTPS_PROXY",
        "SSL_CERT_FILE",
        "PYTHONPATH",
    ):
        patch.setenv(name, "canary")
    patch.setenv("LC_TIME", "C")
    yield Workshop(tmp_path_factory.mktemp("workshop"))
    patch.undo()


@pytest.fixture(scope="session")
def plain() -> str:
    """The source of an estimator that needs nothing but Python."""
    return PLAIN


@pytest.fixture(scope="session")
def python() -> str:
    """The interpreter that runs the tests."""
    return sys.executable


@pytest.fixture(scope="session")
def scrubbed() -> dict[str, str]:
    """An environment for children that need nothing."""
    return {"PATH": os.environ["PATH"]}
