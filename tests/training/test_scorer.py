"""The parts of the file that the scorers' child process runs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from mlci.training import scorer


def test_draws__rows():
    """As many rows as there are, all of them among those that are there, others with each seed."""
    rows = np.array([3, 5, 8, 13])
    found = [scorer.Draws(rows, None).again([0, 0, at]) for at in range(50)]
    assert {len(each) for each in found} == {4}
    assert set(np.concatenate(found).tolist()) == set(rows.tolist())


def test_draws__clusters():
    """As many clusters as there are, each with all of its rows that are there."""
    groups = np.array([7, 1, 7, 2, 1, 7, 2, 9])
    rows = np.array([0, 1, 2, 4, 5, 6])
    for at in range(50):
        drawn = scorer.Draws(rows, groups).again([1, 0, at])
        counts = np.bincount(drawn, minlength=8)
        assert counts[0] == counts[2] == counts[5]
        assert counts[1] == counts[4]
        assert counts[0] + counts[1] + counts[6] == 3
        assert not counts[[3, 7]].any()


def test_spread__no_more_processes(monkeypatch):
    """Where the system allows no more processes, this one does the work."""
    forks = iter((os.fork, None))

    def fork():
        allowed = next(forks)
        if allowed is None:
            raise BlockingIOError
        return allowed()

    monkeypatch.setattr(scorer.os, "fork", fork)
    found = scorer.spread(lambda at: (float(at), ""), 5, 2, float("inf"), 0.0)
    assert found == [(0.0, ""), (1.0, ""), (2.0, ""), (3.0, ""), (4.0, "")]


def test_spread__processes_that_hang(gone):
    """Processes that do not end in time are ended; what was done before a gap counts."""
    pids = []

    def work(at):
        if at == 0:
            return float(os.getpid()), ""
        while at > 5:
            time.sleep(1)
        return float(at), ""

    found = scorer.spread(work, 100, 2, time.monotonic() + 1, 0.2)
    pids.append(int(found[0][0]))
    assert ([gain for gain, _ in found[1:]], gone(pids)) == ([1.0, 2.0, 3.0, 4.0, 5.0], [])


@pytest.mark.parametrize(("made", "told"), [(150, "150 of 200 resamples were made in time"), (200, "")])
def test_resampled__stops_in_time(monkeypatch, made, told):
    """What was resampled until the time is over counts, if it is enough, and is told."""
    child = scorer.Scoring.__new__(scorer.Scoring)
    child.parts, child.gains, child.end = [scorer.Draws(np.arange(50), None)], [], 0.0
    child.job = {"seed": 0, "processes": 2, "seconds": 1.0}
    child.event = lambda _: None
    monkeypatch.setattr(scorer, "spread", lambda *_: [(float(at), "") for at in range(made)])
    function = scorer.Function({"name": "f", "method": "predict", "resamples": 200}, len)
    assert child.resampled(function, 0, 1.0) == {"gains": made, "made": made, "note": told}


def test_scorer__stands_alone():
    """The child's file imports nothing of mlci, and nothing but the standard library when it starts."""
    source = Path(scorer.__file__).read_text(encoding="utf-8")
    imports = [line.split()[1] for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert "mlci" not in {each.partition(".")[0] for each in imports}
    assert not {"numpy", "pandas"} & set(imports)
