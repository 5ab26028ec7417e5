"""Rows to predict are out of reach until all fitting is over."""

from __future__ import annotations

import dataclasses
import os

import pytest

from mlci.training import exchange, protocol, worker
from mlci.training.wall import Wall, interpreter

PROBE = """
import glob, json, os, sys, time

with open(sys.argv[1]) as file:
    JOB = json.load(file)
PLACE = JOB["holdout"]["path"]

def look(path):
    try:
        with open(path, "rb") as file:
            return file.read(4)
    except OSError as error:
        return type(error).__name__

class Probe:
    def fit(self, X, y):
        print("fit:", look("{original}"), look(PLACE), os.listdir(os.path.dirname(PLACE)))
        return self
    def predict(self, X):
        print("predict:", look("{original}"), look(PLACE), list(X))
        return ["no"] * len(X)

class Liar(Probe):
    def fit(self, X, y):
        with open(os.path.join(JOB["out"], "events.jsonl"), "a") as file:
            file.write(2 * '{{"event": "predict", "candidate": "probe"}}\\n')
        while look(PLACE) != b"PAR1":
            time.sleep(0.01)
        return self

def probe():
    return Probe()

def liar():
    return Liar()
"""


@pytest.fixture
def probe(workshop):
    """Trains what looks for the rows to predict; gives the lines that it printed."""

    def run(name: str, wall: Wall) -> list[str]:
        training = workshop.training("", candidates={"probe": f"pipeline:{name}"})
        (training.root / "pipeline.py").write_text(PROBE.format(original=training.holdout))
        run = workshop.run(dataclasses.replace(training, wall=wall))
        assert run.error is None
        return run.trained.log.splitlines()

    return run


WALLED = Wall(network="allow", files="deny", read=interpreter())
FEATURES = "['age', 'hours', 'town']"


def test_holdout__walled(probe):
    """While it fits, code can read the rows to predict nowhere; then it finds them in the place for them alone."""
    assert probe("probe", WALLED) == [
        "fit: PermissionError FileNotFoundError []",
        f"predict: PermissionError b'PAR1' {FEATURES}",
    ]


def test_holdout__open(probe):
    """Without the wall, code that knows where they lie can read them at any time."""
    assert probe("probe", Wall()) == [
        "fit: b'PAR1' FileNotFoundError []",
        f"predict: b'PAR1' b'PAR1' {FEATURES}",
    ]


def test_holdout__asked_for_early(probe):
    """Code that says too early that its fit is over is given the features, no answers, and its training goes on."""
    assert probe("liar", WALLED) == [f"predict: PermissionError b'PAR1' {FEATURES}"]


def test_holdout__never_comes(workshop, plain, monkeypatch):
    """A worker that is left alone says so in the end."""
    training = workshop.training(plain)
    exchange.empty(training)
    training.out.mkdir()
    monkeypatch.setattr(worker, "PATIENCE", 0.01)
    with pytest.raises(worker.Refusal, match="The rows to predict were not handed over"):
        worker.Training(protocol.of_worker(training)).holdout()


@pytest.fixture
def training(workshop, plain):
    """A training whose place for the rows to predict is empty."""
    training = workshop.training(plain)
    exchange.empty(training)
    return training


def test_hand_over__twice(training):
    """What is there is left alone."""
    exchange.hand_over(training, "parquet")
    exchange.hand_over(training, "parquet")
    assert [(each.name, each.read_bytes()) for each in exchange.later(training).iterdir()] == [
        ("holdout.parquet", training.holdout.read_bytes())
    ]


def test_hand_over__no_links(training, monkeypatch):
    """On another file system, the file is copied, and is there whole or not at all."""

    def refuse(source: object, target: object) -> None:
        raise OSError(18, os.strerror(18))

    monkeypatch.setattr(os, "link", refuse)
    exchange.hand_over(training, "parquet")
    assert [(each.name, each.read_bytes()) for each in exchange.later(training).iterdir()] == [
        ("holdout.parquet", training.holdout.read_bytes())
    ]


def test_empty__leaves_nothing_of_an_earlier_training(training):
    """Rows that were handed over before are gone when the next training begins."""
    exchange.hand_over(training, "parquet")
    exchange.empty(training)
    assert list(exchange.later(training).iterdir()) == []


def test_given__by_kind(workshop, plain):
    """A command may read both tables from its start, a candidate the training rows alone."""
    kinds = [workshop.training(plain), workshop.training(plain, command="python train.py")]
    assert [(each.train in given, each.holdout in given) for each in kinds for given in [exchange.given(each)]] == [
        (True, False),
        (True, True),
    ]


def test_worker_job__names_no_original(training):
    """The job says nowhere where the rows to predict lie before they are handed over."""
    assert str(training.holdout) not in str(protocol.of_worker(training))
