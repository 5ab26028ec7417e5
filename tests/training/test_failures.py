from __future__ import annotations

from pathlib import Path

import pytest

from mlci.training import failures
from mlci.training.sandbox import Outcome


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (11, "SIGSEGV"), (63, "signal 63"), (200, "signal 200")])
def test_signal_name__examples(number, name):
    """Signals have names, and those without have a number."""
    assert failures.signal_name(number) == name


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("", ""),
        ("one\ntwo\n", "one\ntwo"),
        ('File "/r/app/x.py", line 1', 'File "x.py", line 1'),
        ("a" * 3000 + "\n" + "b" * 3000, "…\n" + "b" * 3000),
    ],
)
def test_tail__examples(log, expected):
    """The end of a log begins with a whole line and holds no path of the machine."""
    assert failures.tail(log, Path("/r/app")) == expected


def test_dump__keeps_the_stack_alone():
    """Of a candidate's output, only where it was is shown."""
    log = (
        "a cell\nFatal Python error: Segmentation fault\n\nCurrent thread 0x7f1 (most recent call first):\n"
        '  File "/usr/lib/python3.11/ctypes/__init__.py", line 3 in string_at\n'
        '  File "/r/app/pipeline.py", line 9 in fit\nanother cell\n'
    )
    assert failures.dump(log, Path("/r/app")).splitlines() == [
        "Fatal Python error: Segmentation fault",
        '  File "ctypes/__init__.py", line 3 in string_at',
        '  File "pipeline.py", line 9 in fit',
    ]


SHELL = "A shell says so of a process that was killed by"


@pytest.fixture
def outcome():
    """A process that ended by itself with some exit code."""

    def of(code):
        return Outcome(code=code, signal=None, timed_out=False, log="", usage=None)

    return of


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (1, "The end of its output says why."),
        (137, f"{SHELL} SIGKILL, most likely because the machine ran out of memory."),
        (139, f"{SHELL} SIGSEGV."),
        (255, "The end of its output says why."),
    ],
)
def test_exit_code__hints(workshop, plain, outcome, code, hint):
    """An exit code that a shell made of a signal is explained; others are not."""
    error = failures.exit_code(outcome(code), workshop.training(plain), output="")
    assert (error.code, error.hint) == ("MLCI207", hint)
