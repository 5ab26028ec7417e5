"""The report of the scorers, as a stranger would forge it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlci.config.models import Scorer
from mlci.errors import TrainingError
from mlci.training import environment, scores
from mlci.training.predictions import Predictions
from mlci.training.scoring import Scoring

if TYPE_CHECKING:
    from pathlib import Path

SCORERS = {"up": Scorer(function="m:up", resamples=99), "down": Scorer(function="m:down", greater_is_better=False)}
PART = {"candidate": 0.5, "baseline": 0.25, "gains": 99, "made": 99, "note": ""}
ALONE = {"candidate": 0.5, "baseline": None, "gains": None, "made": 0, "note": "few rows"}
SCORES = {"up": [PART, ALONE], "down": [{**PART, "gains": 2}, PART]}
GAINS = np.arange(200.0)
BYTES = GAINS.tobytes()


def _given(folder: Path) -> Scoring:
    return Scoring(
        model="income", root=folder, scorers=SCORERS, target=np.zeros(4), target_column="y", task="regression",
        candidate=Predictions(values=np.zeros(4)), baseline=None, parts=[("slice", np.ones(4, dtype=bool))],
        features=folder, environment=environment.own(), scratch=folder, timeout=60,
    )  # fmt: skip


@pytest.fixture
def read(tmp_path):
    """Reads what a child left: its report, and the bytes of its gains."""
    given = _given(tmp_path)
    given.out.mkdir()

    def read(report, gains=BYTES):
        (given.out / "report.json").write_text(json.dumps(report))
        (given.out / "gains.bin").write_bytes(gains)
        return scores.read(given, SCORERS)

    return read


@pytest.fixture
def refused(read):
    """The error for what a child left."""

    def refused(*given):
        with pytest.raises(TrainingError) as caught:
            read(*given)
        return caught.value

    return refused


def test_read__gains_of_each(read):
    """Gains stand part by part, and in each scorer by scorer; where less is better, they have the other sign."""
    found = read({"version": 1, "scores": SCORES})
    told = {name: [None if each.gains is None else each.gains.tolist() for each in of] for name, of in found.items()}
    assert told == {
        "up": [GAINS[:99].tolist(), None],
        "down": [(-GAINS[99:101]).tolist(), (-GAINS[101:]).tolist()],
    }
    assert (found["up"][1].candidate, found["up"][1].note) == (0.5, "few rows")


@pytest.mark.parametrize(
    ("report", "why"),
    [
        ([], "the file"),
        ({"version": 2, "scores": SCORES}, "version"),
        ({"version": 1, "scores": {"up": SCORES["up"]}}, "scorers and slices that were asked for"),
        ({"version": 1, "scores": {**SCORES, "up": [PART]}}, "scorers and slices that were asked for"),
        ({"version": 1, "scores": {**SCORES, "up": [{**PART, "candidate": "0.5"}, ALONE]}}, "candidate"),
        ({"version": 1, "scores": {**SCORES, "up": [{**PART, "gains": 100}, ALONE]}}, "more resamples than were asked"),
        ({"version": 1, "scores": {**SCORES, "up": [{**PART, "made": 100}, ALONE]}}, "more resamples than were asked"),
        ({"version": 1, "scores": {**SCORES, "up": [{**PART, "gains": -1}, ALONE]}}, "gains"),
        ({"version": 1, "error": {"kind": "praise", "message": "well done"}}, "scores"),
    ],
)
def test_read__forged_report(refused, report, why):
    """The schema, the names and the numbers are checked."""
    error = refused(report)
    assert (error.code, error.message.startswith("The process of the scorers left a report that cannot be read: ")) == (
        "MLCI212",
        True,
    )
    assert why in error.message


@pytest.mark.parametrize(
    ("gains", "why"),
    [
        (GAINS[1:].tobytes(), "not all there"),
        (np.append(GAINS[1:], np.nan).tobytes(), "not all of them are finite"),
        (np.append(GAINS[1:], np.inf).tobytes(), "not all of them are finite"),
        (GAINS.tobytes() + b"0", "larger than 1,600 bytes"),
    ],
)
def test_read__forged_gains(refused, gains, why):
    """As many gains as the report tells of, and all of them finite."""
    error = refused({"version": 1, "scores": SCORES}, gains)
    assert (error.code, why in error.message) == ("MLCI212", True)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999"])
def test_read__value_that_is_not_finite(refused, tmp_path, value):
    """JSON of other makes can hold what is no number."""
    report = {"version": 1, "scores": {**SCORES, "up": [{**PART, "candidate": float(value)}, ALONE]}}
    assert refused(report).code == "MLCI212"


def test_read__link(tmp_path, read):
    """A link in place of the report is not followed."""
    (tmp_path / "secret").write_text(json.dumps({"version": 1, "scores": SCORES}))
    (tmp_path / "out" / "report.json").symlink_to(tmp_path / "secret")
    with pytest.raises(TrainingError, match="is a symbolic link") as caught:
        scores.read(_given(tmp_path), SCORERS)
    assert caught.value.code == "MLCI212"
