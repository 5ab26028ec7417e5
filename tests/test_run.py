from __future__ import annotations

import json

import pytest

from mlci import contest
from mlci.cli import main
from mlci.progress import Silent
from mlci.run import run
from mlci.settings import Settings

CONFIG = """\
version: 1
datasets: {d: {path: d.csv}}
models:
  m: {dataset: d, target: y, task: regression, primary: r2, candidates: {a: "p:a"}}
"""


@pytest.fixture
def folder(repo, monkeypatch):
    """A repository whose models fail in a way that mlci does not foresee."""

    def fail(*_):
        raise ZeroDivisionError("secret 42")

    monkeypatch.setattr(contest, "judge", fail)
    repo.put("mlci.yml", CONFIG).put("d.csv", "x,y\n1,2\n3,4\n").commit()
    return repo.folder


def test_run__a_fault_of_mlci_s_own(folder):
    """What was found before is in a report that says it is not whole."""
    with pytest.raises(ZeroDivisionError):
        run(Settings(folder=folder, base="none"), Silent())

    results = json.loads((folder / "mlci-out" / "results.json").read_text())
    assert (results["verdict"], list(results["datasets"]), results["findings"][0]["code"]) == ("fail", ["d"], "MLCI900")


def test_main__a_fault_of_mlci_s_own(folder, monkeypatch, capsys):
    """The user is told one sentence without a traceback, and the exit code is 3."""
    monkeypatch.chdir(folder)

    code = main(["run", "--base", "none"])

    told = capsys.readouterr()
    assert (code, "mlci itself failed (ZeroDivisionError)" in told.err, "Traceback" in told.err, "42" in told.err) == (
        3,
        True,
        False,
        False,
    )


def test_main__a_fault_of_mlci_s_own_under_debug(folder, monkeypatch):
    """`--debug` shows it whole."""
    monkeypatch.chdir(folder)

    with pytest.raises(ZeroDivisionError):
        main(["run", "--base", "none", "--debug"])
