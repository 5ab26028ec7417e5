"""Secrets leave the environment of the process, also the one that the system shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlci import door

PROGRAM = """
import os
from pathlib import Path
from mlci import door

token = door.token(os.environ)
shown = Path("/proc/self/environ")
print(repr(token))
print(shown.read_text() if shown.exists() else "")
print(*os.environ.items())
"""


@pytest.fixture
def start(tmp_path):
    """Start a program that asks for its token, with these variables; the token, and all that it can see."""
    (tmp_path / "program.py").write_text(PROGRAM)

    def start(**variables):
        kept = {name: value for name, value in os.environ.items() if name not in door.SECRETS}
        done = subprocess.run(
            [sys.executable, str(tmp_path / "program.py")],
            env={**kept, **variables, "PYTHONPATH": str(Path(door.__file__).parents[1])},
            capture_output=True,
            text=True,
            check=True,
        )
        token, _, seen = done.stdout.partition("\n")
        return token, seen

    return start


def test_token__leaves_no_trace(start):
    """The token comes through, and neither the process nor the system shows it, nor what else is secret."""
    token, seen = start(
        **{door.TOKEN: "t0ken", "GITHUB_TOKEN": "0ther", "ACTIONS_RUNTIME_TOKEN": "runt1me", "KEPT": "kept"}
    )

    found = [word for word in ("t0ken", "0ther", "runt1me", "KEPT") if word in seen]
    assert (token, found) == ("'t0ken'", ["KEPT"])


def test_token__of_a_job(start):
    """Where no input is given, the variable that GitHub's own commands read is taken."""
    assert start(**dict.fromkeys(["GITHUB_TOKEN"], " 0ther\n"))[0] == "'0ther'"


def test_token__none(start):
    """Without any secret nothing is started anew, and there is no token."""
    assert start()[0] == "''"
