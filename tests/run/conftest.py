"""A small repository with a model that trains in a second, and runs of mlci on it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

CONFIG = """\
version: 1
datasets:
  people:
    path: data.csv
    key: id
models:
  late:
    dataset: people
    target: late
    task: binary
    positive: "yes"
    candidates: {plain: "pipeline:plain"}
    primary: roc_auc
    metrics: [roc_auc, log_loss, accuracy]
    slices: [group]
    gates:
      roc_auc: {max_regression: 0.02}
      accuracy: {min: 0.5, max_regression: 0.05}
    timeout: 60
"""

PIPELINE = '''\
"""The candidates."""
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

COLUMNS = ["a", "b"]


def plain():
    return make_pipeline(make_column_transformer(("passthrough", COLUMNS)), LogisticRegression())
'''

SUITE = {
    "name": "people",
    "expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}},
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "min_value": -10, "max_value": 10}},
    ],
}

CANARY = "canary-7f3a"


def table(rows: int = 800, seed: int = 1) -> str:
    """A table in which `a` and `b` tell `late` well, but not perfectly."""
    draw = random.Random(seed)  # noqa: S311 - data, not secrets
    lines = ["id,a,b,group,note,late"]
    for i in range(rows):
        a, b = draw.gauss(0, 1), draw.gauss(0, 1)
        late = "yes" if a + b + draw.gauss(0, 0.5) > 0 else "no"
        lines.append(f"{i},{a:.4f},{b:.4f},{'xy'[i % 2]},{CANARY},{late}")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Ran:
    """What a command did: exit code, what it printed, and the results where it wrote some."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def results(self):
        """results.json as plain data."""
        return json.loads((self.folder / "results.json").read_text())

    def codes(self, severity=None):
        """The findings' codes, gravest first."""
        return [each["code"] for each in self.results["findings"] if severity in (None, each["severity"])]

    def report(self, name="report.md"):
        """A report's text."""
        return (self.folder / name).read_text()


@pytest.fixture
def project(repo):
    """A repository on `main` with data, suite, pipeline and configuration, and a branch `topic` checked out."""
    repo.put("mlci.yml", CONFIG).put("pipeline.py", PIPELINE).put("suite.json", json.dumps(SUITE))
    repo.put("data.csv", table()).put(".gitignore", "mlci-out/\n__pycache__/\n").commit("main")
    repo.git("switch", "--quiet", "--create", "topic")
    return repo


@pytest.fixture
def mlci(tmp_path):
    """Run the command in a folder, as a user does."""

    def mlci(folder, *arguments, env=None, timeout=120):
        scratch = tmp_path / "tmp"
        scratch.mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", "mlci", *map(str, arguments)],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(scratch), "COLUMNS": "100", **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert list(scratch.iterdir()) == [], "temporary files were left behind"
        return Ran(done.returncode, done.stdout, done.stderr, Path(folder) / "mlci-out")

    return mlci
