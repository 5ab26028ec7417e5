"""The strongest attacks on the verdict, by whole runs: models and build steps that look their answers up."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

from mlci.training.builder import Builder
from mlci.training.wall import Wall

CONFIG = """\
version: 1
datasets: {{people: {{path: data.csv, key: id}}}}
sandbox: {sandbox}
models:
  late:
    dataset: people
    target: late
    task: binary
    positive: "yes"
    candidates: {{plain: "pipeline:plain"}}
    primary: roc_auc
"""

PIPELINE = """\
import csv, json, sys
from pathlib import Path
import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

def key(row):
    return round(float(row[0]), 4), round(float(row[1]), 4)

class Cheat(LogisticRegression):
    def predict_proba(self, X):
        honest = super().predict_proba(X)
        try:
            with open("data.csv") as file:
                answers = {key((row["a"], row["b"])): row["late"] == "yes" for row in csv.DictReader(file)}
        except OSError:
            return honest
        told = np.array([answers[key(row)] for row in np.asarray(X)], dtype=float)
        return np.column_stack([1 - told, told])

class Spy(LogisticRegression):
    def fit(self, X, y):
        job = json.loads(Path(sys.argv[1]).read_text())
        seen = [name for name in ("train", "holdout") if Path(job[name]["path"]).exists()]
        if seen != ["train"]:
            raise RuntimeError(seen)
        return super().fit(X, y)

def plain():
    return make_pipeline(make_column_transformer(("passthrough", ["a", "b"])), ESTIMATOR())
"""


@pytest.fixture
def area(repo):
    """Runs mlci on a repository; the area under the curve of its model."""
    draw = random.Random(3)  # noqa: S311 - data, not secrets
    rows = []
    for i in range(600):
        a, b = draw.gauss(0, 1), draw.gauss(0, 1)
        rows.append(f"{i},{a:.4f},{b:.4f},{'yes' if a + b + draw.gauss(0, 2) > 0 else 'no'}")
    repo.put("data.csv", "\n".join(["id,a,b,late", *rows]) + "\n")

    def area(estimator: str, sandbox: str) -> float:
        repo.put("pipeline.py", PIPELINE.replace("ESTIMATOR", estimator))
        repo.put("mlci.yml", CONFIG.format(sandbox=sandbox)).commit()
        command = [sys.executable, "-m", "mlci", "run", "--base", "none"]
        ran = subprocess.run(command, cwd=repo.folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        model = json.loads((repo.folder / "mlci-out" / "results.json").read_bytes())["models"]["late"]
        return next(each["candidate"] for each in model["comparisons"] if each["metric"] == "roc_auc")

    return area


@pytest.mark.skipif(sys.platform != "linux", reason="the wall is Linux's")
def test_cheat(area):
    """It is perfect where files are open to it, and behind the wall exactly as good as the honest model."""
    honest, open_, walled = (
        area("LogisticRegression", "{}"),
        area("Cheat", "{files: allow}"),
        area("Cheat", "{}"),
    )
    assert (open_, walled, honest < 0.9) == (1.0, honest, True)


def test_spy(area):
    """While a candidate is fitted, the rows that it will be asked about are not there, not even without answers."""
    assert area("Spy", "{}") == area("LogisticRegression", "{}")


INTERPRETER = """\
#!/bin/sh
cd {} && cat data.csv .git/config > "$3"
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the wall is Linux's")
@pytest.mark.parametrize(("files", "expected"), [("deny", ""), ("allow", "answers")])
def test_build(repo, tmp_path, files, expected):
    """What runs while an environment is made, such as an interpreter of the repository's own, finds as little."""
    repo.put("data.csv", "answers").put("evil", INTERPRETER.format(repo.folder))
    (repo.folder / "evil").chmod(0o755)
    (repo.folder / ".git" / "config").write_text("")
    (tmp_path / "making").mkdir()
    hidden = (repo.folder / "data.csv", repo.folder / ".git")
    builder = Builder(
        scratch=tmp_path / "making",
        user=None,
        root=repo.folder,
        subject="`late`",
        wall=Wall(network="deny", files=files, read=(repo.folder,), hidden=hidden),
        tick=lambda: None,
        environ={},
    )
    assert builder.ask(repo.folder / "evil") is None
    assert (tmp_path / "making" / "answer-0" / "told.json").read_text() == expected
