"""The door: secrets leave the environment before anything of a pull request's is read.

`/proc/PID/environ` shows the environment that a process was started with, whatever the process takes out of it later.
So the command starts itself anew without secrets, and hands the token over through a pipe.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import MutableMapping

TOKEN = "INPUT_GITHUB-TOKEN"  # noqa: S105 - the name of a variable
SECRETS = (
    TOKEN,
    "INPUT_GITHUB_TOKEN",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
)
_HANDED = "MLCI_HANDED"  # the number of the pipe's end
_LONGEST = 4096  # bytes of a token; a pipe takes as many without a reader


def token(environ: MutableMapping[str, str]) -> str:
    """The action's token, from a process whose environment holds no secret; "" where none was given.

    The first call starts the process anew; the second one, in the new process, returns.
    """
    if any(name in environ for name in SECRETS):
        _start_anew(environ)
    handed = environ.pop(_HANDED, "")
    if not handed:
        return ""
    with os.fdopen(int(handed), "rb") as pipe:
        return pipe.read().decode("utf-8", "replace")


def _start_anew(environ: MutableMapping[str, str]) -> NoReturn:
    given = [environ[name].strip() for name in SECRETS[:4] if environ.get(name, "").strip()]
    kept = {name: value for name, value in environ.items() if name not in SECRETS}
    reading, writing = os.pipe()
    os.write(writing, (given[0] if given else "").encode()[:_LONGEST])
    os.close(writing)
    os.set_inheritable(reading, True)  # noqa: FBT003 - positional in the library
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**kept, _HANDED: str(reading)})  # noqa: S606 - itself
