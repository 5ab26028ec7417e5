"""What a team would write by hand to compare two branches, plainly and well: the yardstick for `bench/run.py`.

Read, validate with Great Expectations, elect a candidate by cross-validation, fit, predict and score, for the base's
code and the head's, on the same held-out rows. `python by_hand.py REPOSITORY BASE HEAD`, run in a clone.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import great_expectations as gx
import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.model_selection import StratifiedKFold, cross_val_score

CANDIDATES = ("boosted", "linear")
KEY = ["time_hour", "carrier", "flight"]


def read(folder: Path) -> pd.DataFrame:
    """All months."""
    return pd.concat([pd.read_csv(path) for path in sorted((folder / "data").glob("*.csv"))])


def validate(frame: pd.DataFrame, suite: Path) -> bool:
    """The suite, through Great Expectations, counts alone."""
    context = gx.get_context(mode="ephemeral")
    declared = json.loads(suite.read_text())
    batch = context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
    expectations = gx.ExpectationSuite(name="s", expectations=declared["expectations"])
    found = batch.get_batch({"dataframe": frame}).validate(
        expectations, result_format={"result_format": "BASIC", "partial_unexpected_count": 0}
    )
    return bool(found.success)


def scores(folder: Path, train: pd.DataFrame, test: pd.DataFrame) -> dict[str, float]:
    """The winner's metrics on the test rows, with the code of one branch."""
    sys.path.insert(0, str(folder))
    sys.modules.pop("pipeline", None)
    pipeline = importlib.import_module("pipeline")
    sys.path.pop(0)
    features, target = train.drop(columns="late"), train["late"]
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    means = {
        name: cross_val_score(getattr(pipeline, name)(), features, target, cv=folds, scoring="roc_auc").mean()
        for name in CANDIDATES
    }
    winner = getattr(pipeline, max(means, key=means.__getitem__))().fit(features, target)
    score = winner.predict_proba(test.drop(columns="late"))[:, 1]
    labels = winner.predict(test.drop(columns="late"))
    truth = (test["late"] == "yes").to_numpy()
    return {
        "roc_auc": metrics.roc_auc_score(truth, score),
        "average_precision": metrics.average_precision_score(truth, score),
        "log_loss": metrics.log_loss(truth, score),
        "brier_score": metrics.brier_score_loss(truth, score),
        "f1": metrics.f1_score(truth, labels == "yes"),
        "accuracy": metrics.accuracy_score(truth, labels == "yes"),
    }


def main() -> None:
    """Compare two branches of a clone."""
    repository, base, head = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    sides = {}
    for name in (base, head):
        folder = repository.with_name(f"{repository.name}-{name}")
        if not folder.exists():
            subprocess.run(["git", "worktree", "add", "-q", "--detach", str(folder), name], cwd=repository, check=True)
        sides[name] = folder
    frames = {name: read(folder) for name, folder in sides.items()}
    print("valid:", validate(frames[head], sides[head] / "expectations" / "flights.json"))
    hashes = pd.util.hash_pandas_object(frames[head][KEY].astype(str).agg("|".join, axis=1), index=False)
    held = (hashes < np.uint64(2**62)).to_numpy()
    for name, folder in sides.items():
        print(
            name,
            scores(folder, frames[name][~held] if len(frames[name]) == len(held) else frames[name], frames[head][held]),
        )


if __name__ == "__main__":
    main()
