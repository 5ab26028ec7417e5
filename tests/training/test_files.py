from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlci.training import files, users


@pytest.fixture
def outbox(tmp_path):
    """A stranger's folder with a file, a link to a secret, and a link to a folder with another one."""
    out, secrets = tmp_path / "out", tmp_path / "secrets"
    (out / "sub").mkdir(parents=True)
    secrets.mkdir()
    (out / "model").write_text("theirs")
    (out / "sub" / "model").write_text("theirs")
    (secrets / "model").write_text("secret")
    (out / "link").symlink_to(secrets / "model")
    (out / "linked").symlink_to(secrets)
    return out


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("model", "theirs"),
        ("sub/model", "theirs"),
        ("link", None),
        ("linked/model", None),
        ("sub", None),
        ("none", None),
    ],
)
def test_take(outbox, tmp_path, name, expected):
    """A regular file moves to where its writer cannot change it; links are not followed."""
    taken = files.take(outbox, Path(name), tmp_path / "taken" / "model", None)
    assert (taken and taken.read_text(), (tmp_path / "secrets" / "model").read_text()) == (expected, "secret")


def test_take__not_theirs(outbox, tmp_path):
    """A file of somebody else's, which a hard link could bring in, is not taken."""
    stranger = users.User("stranger", os.getuid() + 7, os.getgid() + 7)
    assert files.take(outbox, Path("model"), tmp_path / "taken" / "model", stranger) is None


def test_train__link_for_a_model(workshop, tmp_path):
    """Code that leaves a link in place of its model does not make mlci publish what it leads to."""
    (tmp_path / "secret").write_text("root's")
    failed = workshop.error(f"""
        import json, os, sys
        out = json.load(open(sys.argv[1]))["out"]
        columns = {{"prediction": ["no"] * 40}}
        import polars as pl
        pl.DataFrame(columns).write_parquet(out + "/predictions.parquet")
        os.symlink("{tmp_path / "secret"}", out + "/model.skops")
        json.dump({{
            "version": 1, "winner": "plain", "estimator": "E", "train_rows": 1, "fit_seconds": 1.0,
            "predict_seconds": 1.0, "peak_memory": 1, "model_size": 1, "model": "model.skops",
            "predictions": "predictions.parquet", "params": {{}}, "features": [], "packages": {{}}, "files": [],
            "warnings": [], "notes": [],
            "candidates": [{{"name": "plain", "cv_mean": None, "cv_std": None, "fit_seconds": None}}],
        }}, open(out + "/report.json", "w"))
        os._exit(0)
    """)
    assert (failed.code, failed.message) == ("MLCI204", "The saved model of `income` is no regular file.")
