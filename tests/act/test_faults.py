"""What becomes of the check where GitHub fails for a moment, or where the run is ended from outside."""

from __future__ import annotations

import errno
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from github_api import Fault

from mlci import action, ownership
from mlci.github.commands import Log


def only(items):
    """The one thing that there is."""
    (found,) = items
    return found


@pytest.mark.parametrize(
    "faults",
    [
        [{"method": "POST", "path": "/check-runs$", "status": 503, "times": 3}],
        [{"method": "POST", "path": "/check-runs$", "drop": True, "after": True},
         {"method": "GET", "path": "/check-runs$", "status": 503, "times": 4}],
    ],
)  # fmt: skip
def test_check__that_could_not_be_begun_is_completed(runner, github, faults):
    """GitHub does not answer when the check is begun, and does later: there is one check, and it is complete."""
    for fault in faults:
        github.fail(Fault(**fault))

    ran = runner.run()

    check = only(github.check_runs)
    assert (ran.code, check["status"], ran.outputs["check-url"]) == (0, "completed", check["html_url"])


ON_ITS_WAY = {
    "begin": ("POST", "/check-runs$", lambda github: github.check_runs),
    "complete": ("PATCH", "/check-runs/", lambda github: github.check_runs[0]["status"] == "completed"),
    "comment": ("POST", "/comments$", lambda github: github.comments(7)),
}


@pytest.mark.parametrize("what", list(ON_ITS_WAY))
def test_interrupt__leaves_no_check_in_progress(runner, github, what):
    """A job that is cancelled while GitHub is asked, by both signals as a runner sends them, completes its check."""
    method, path, is_done = ON_ITS_WAY[what]
    github.fail(Fault(method=method, path=path, status=None, delay=5.0, after=True))
    killer = threading.Thread(target=_cancel, args=(runner, lambda: github.check_runs and is_done(github)))
    killer.start()

    ran = runner.run()

    killer.join()
    assert (ran.code, only(github.check_runs)["status"]) == (130, "completed")


def _cancel(runner, is_on_its_way):
    """Send SIGINT and then SIGTERM while an answer is awaited."""
    end = time.monotonic() + 60
    while time.monotonic() < end and not is_on_its_way():
        time.sleep(0.02)
    runner.process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    runner.process.send_signal(signal.SIGTERM)


def test_give_back__where_the_system_does_not_let_root(monkeypatch, capsys, tmp_path):
    """Files whose owner cannot be changed, as on some network disks, cost the run nothing but a line in the log."""

    def refused(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(ownership, "give_back", refused)

    action._give_back(tmp_path, Path("mlci-out"), Log(sys.stdout, {}))

    assert "stay root's" in capsys.readouterr().out
