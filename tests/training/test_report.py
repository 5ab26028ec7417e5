from __future__ import annotations

import json

import pytest

from mlci.errors import TrainingError
from mlci.training import report

GOOD = {
    "version": 1,
    "winner": "boosted",
    "estimator": "Pipeline",
    "candidates": [{"name": "boosted", "cv_mean": None, "cv_std": None, "fit_seconds": None}],
    "train_rows": 10,
    "fit_seconds": 0.5,
    "predict_seconds": 0.1,
    "peak_memory": 1000,
    "model_size": None,
    "model": None,
    "predictions": "predictions.parquet",
    "params": {"C": "1.0"},
    "features": [{"name": "age", "dtype": "int64", "nulls": 0}],
    "packages": {"numpy": "2.0"},
    "files": ["pipeline.py"],
    "warnings": [],
    "notes": [],
}


@pytest.fixture
def read(tmp_path):
    """Reads a document as a report."""

    def run(document) -> report.Success | report.Failure:
        path = tmp_path / "report.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return report.read(path)

    return run


def test_read__success(read):
    """A report is read, and what is not known is left out."""
    result = read({**GOOD, "more": 1})
    assert (result.winner, result.features[0].name, result.params) == ("boosted", "age", {"C": "1.0"})


def test_read__failure(read):
    """A report with an error is the failure alone."""
    result = read(
        {"version": 1, "error": {"kind": "exception", "message": "m", "type": "E", "line": 3}, "warnings": []}
    )
    assert result == report.Failure(kind="exception", message="m", type="E", line=3)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"version": 2}, "version"),
        ({"types": ['x", __import__("os")']}, "types.0"),
        ({"winner": 3}, "winner"),
        ({"fit_seconds": -1.0}, "fit_seconds"),
        ({"peak_memory": 1.5}, "peak_memory"),
        ({"predictions": "../../etc/passwd"}, "predictions"),
        ({"model": "/etc/passwd"}, "model"),
        ({"candidates": []}, "candidates"),
        ({"params": {"C": "x" * 30_000}}, "params.C"),
        ({"error": {"kind": "other", "message": "m"}}, "error.kind"),
        ({"error": "text"}, "error"),
    ],
)
def test_read__wrong(read, change, where):
    """What a worker would not write is refused, by name of the field."""
    with pytest.raises(TrainingError) as caught:
        read({**GOOD, **change})
    assert (caught.value.code, f": {where}: " in caught.value.message) == ("MLCI204", True)


@pytest.mark.parametrize("text", ["", "{", "[]", "NaN", json.dumps(GOOD).replace("0.5", "Infinity")])
def test_read__no_report(read, text):
    """A text that is no report is refused."""
    with pytest.raises(TrainingError, match="left a report that cannot be read"):
        read(text)


def test_read__too_large(read):
    """A report has a bound."""
    with pytest.raises(TrainingError, match="is larger than 4,194,304 bytes"):
        read(" " * (report.LIMIT + 1))
