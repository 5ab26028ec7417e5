"""What the wall refused is told apart from what failed by itself."""

from __future__ import annotations

import dataclasses
import errno
import socket
import urllib.error

import pytest

from mlci.training import failures, report, worker
from mlci.training.report import Failure
from mlci.training.wall import Wall, interpreter


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    """An exception that was raised, from another one where there is one."""
    try:
        raise error from cause  # noqa: TRY301 - it is what is wanted
    except BaseException as caught:  # noqa: BLE001 - as above
        return caught


def refused_socket() -> BaseException:
    """What Python raises where the system refuses a socket: the last frame is that of its own module."""
    code = compile(f"raise PermissionError({errno.EPERM}, 'Operation not permitted')", socket.__file__, "exec")
    try:
        exec(code)  # noqa: S102 - one line of ours
    except PermissionError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (lambda: raised(ValueError("no")), ""),
        (lambda: raised(FileNotFoundError(errno.ENOENT, "no", "x.csv")), ""),
        (lambda: raised(socket.gaierror(-3, "no name")), "network"),
        (lambda: raised(ConnectionRefusedError(errno.ECONNREFUSED, "no")), "network"),
        (lambda: raised(OSError(errno.ENETUNREACH, "no")), "network"),
        (lambda: raised(urllib.error.URLError(socket.gaierror(-3, "no name"))), "network"),
        (lambda: raised(RuntimeError("cannot download"), OSError(errno.EHOSTUNREACH, "no")), "network"),
        (refused_socket, "network"),
        (lambda: raised(PermissionError(errno.EPERM, "no")), ""),
        (lambda: raised(BrokenPipeError(errno.EPIPE, "no")), ""),
        (lambda: raised(RuntimeError("IO error: Permission denied (os error 13)")), "read"),
    ],
)
def test_denied__kinds(error, expected, tmp_path):
    """The network, files, or nothing, through whatever exception it comes."""
    assert worker.denied(error(), str(tmp_path)) == {"denied": expected, "path": ""}


WALLED = Wall(network="deny", files="deny")
HIDDEN = (
    "mlci hides `data/rows.csv` from code that trains, as it hides the files of datasets: use the rows that it is "
    "given (X, y), or the files that $MLCI_JOB names."
)


@pytest.mark.parametrize(
    ("source", "expected", "hint"),
    [
        (
            "open('data/rows.csv')",
            ("read", "data/rows.csv"),
            HIDDEN,
        ),
        (
            "open(os.path.join(os.environ['TMPDIR'], '..', '..', 'holdout.parquet'), 'rb')",
            ("read", ""),
            "Code that trains may read its repository alone: name others on the base branch, `sandbox: {read: […]}`.",
        ),
        (
            "open('new.txt', 'w')",
            ("write", "new.txt"),
            "Code that trains may write to $TMPDIR, and to what `sandbox: {write: […]}` names on the base branch.",
        ),
        (
            "urllib.request.urlopen('http://192.0.2.1/', timeout=5)",
            ("network", ""),
            "Code that trains has no network: `sandbox: {network: allow}` on the base branch opens it.",
        ),
    ],
)
def test_denied__real_wall(workshop, plain, source, expected, hint):
    """Code behind the real wall is told what it may not do, and what to do instead."""
    training = workshop.training("import os, urllib.request\n" + plain.replace("return Plain()", source))
    secret = training.root / "data" / "rows.csv"
    secret.parent.mkdir()
    secret.write_text("1")
    wall = dataclasses.replace(WALLED, read=interpreter(), hidden=(secret,))
    error = workshop.run(dataclasses.replace(training, wall=wall)).error
    told = report.read(training.out / "report.json")
    assert ((told.denied, told.path), error.hint) == (expected, hint)


def test_hint__open_door(workshop, plain):
    """Where the wall was not asked for, nothing is said of it."""
    failure = Failure(kind="exception", type="OSError", message="no", stage="fit", candidate="it", denied="network")
    training = workshop.training(plain)
    assert [failures.told(failure, each).hint for each in (training, dataclasses.replace(training, wall=WALLED))] == [
        "Try it alone: `mlci run --model income`.",
        "Code that trains has no network: `sandbox: {network: allow}` on the base branch opens it.",
    ]


def test_train__a_variable_that_is_not_passed(workshop):
    """Code that looks for a variable of the job is told how it gets one."""
    error = workshop.error("import os\nKEY = os.environ['MY_LICENSE']\n\ndef plain():\n    return None\n")
    assert (error.code, "pass_env" in error.hint) == ("MLCI201", True)
