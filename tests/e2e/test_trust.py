"""What a pull request's code finds in the container, when it looks for everything."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.e2e

SPY = '''\
"""Looks for the token wherever a process can look, and tells what it found as a parameter of its model."""
import base64
import ctypes
import json
import os
import socket
from pathlib import Path

from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

TOKEN = b"gh5-token-of-" + b"the-job"  # in two parts: this file is no find
FORMS = (TOKEN, base64.b64encode(b"x-access-token:" + TOKEN))


def holds_the_token(path):
    try:
        with open(path, "rb") as file:
            content = file.read(1 << 20)
    except OSError:
        return False
    return any(form in content for form in FORMS)


def allowed(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        return False
    return True


def files():
    yield from (path for path in Path("/proc").glob("[0-9]*/*") if path.name in {"environ", "cmdline"})
    places = {"/tmp", "/github", "/var/run/act", "/root", "/home", "/opt/mlci", os.getcwd(), "/run", "/etc", "/var/tmp"}
    for place in places:
        for folder, _, names in os.walk(place):
            yield from (Path(folder, name) for name in names)


def others():
    """Processes that it may end."""
    mine = {os.getpid()}
    numbers = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
    return [number for number in numbers if number not in mine and allowed(os.kill, number, 0)]


def made(family):
    """Whether it may make such a socket."""
    return allowed(lambda: socket.socket(family, socket.SOCK_STREAM).close())


def lifted():
    """Whether it may use what the kernel offers against a wall."""
    libc = ctypes.CDLL(None)
    return [name for name, number in {"userns": 0x10000000, "network": 0x40000000}.items() if not libc.unshare(number)]


def seen():
    base = Path(os.environ["HOME"]).parent.with_name("base")
    places = (".", ".git", "mlci-out", base / "out")
    told = ("GITHUB_", "INPUT_", "ACTIONS_", "RUNNER_")
    return {
        "user": [os.getuid(), os.getgid(), os.getgroups()],
        "token in": sorted(str(path) for path in files() if path.is_file() and holds_the_token(path)),
        "variables": sorted(name for name in os.environ if name.startswith(told)),
        "may write": [str(path) for path in places if allowed(Path(path, "x").touch)],
        "may end": others(),
        "may read": [path for path in ("data.csv", ".git/HEAD", "/etc/shadow") if allowed(open, path)],
        "may reach": [family for family in (17, 40) if made(family)],  # packets, and what lies below
        "may lift": lifted(),
    }


class Spy(LogisticRegression):
    def __init__(self, found=""):
        self.found = found
        super().__init__()


def plain():
    found = json.dumps(seen())
    return make_pipeline(make_column_transformer(("passthrough", ["a", "b"])), Spy(found[:190]))
'''


@pytest.fixture
def spied(stage, workflow):
    """A pull request whose code looks around while it is trained."""
    stage.main(workflow)
    stage.change(SPY)
    return stage


def test_code__finds_nothing(spied):
    """It runs as a user of its own, finds no token, answer or variable of the job, and may touch nothing."""
    ran = spied.pull_request()
    text = (spied.workspace / "mlci-out" / "results.json").read_text(encoding="utf-8")
    side = json.loads(text)["models"]["late"]["side"]
    found, wall = json.loads(side["params"]["spy__found"].strip("'")), side["wall"]
    nothing = ("token in", "variables", "may write", "may end", "may read", "may reach", "may lift")
    assert (ran.code, found, "gh5-token" in text, ran.not_the_runners) == (
        0,
        {"user": [10001, 10001, []], **{name: [] for name in nothing}},
        False,
        [],
    )
    assert (wall["user"], wall["files"], wall["network"] in {"filter", "namespace"}, wall["doors"]) == (
        True,
        True,
        True,
        [],
    )
