from __future__ import annotations

import signal
from pathlib import Path

import pytest

from mlci.training import failures, limits, scores
from mlci.training.report import Failure
from mlci.training.sandbox import Outcome
from mlci.training.scoring import Scoring
from mlci.training.wall import Wall

WALL = Wall(memory=2 * 10**9, processes=1024, disk=32 * 10**9, file_size=16 * 10**9)


def killed(limit="", number=signal.SIGKILL):
    """A process that a signal ended."""
    return Outcome(code=None, signal=number, timed_out=False, log="", usage=None, limit=limit)


@pytest.mark.parametrize(
    ("outcome", "sentence", "key"),
    [
        (
            killed("memory"),
            "its processes held more memory than `sandbox.memory` allows, 2 GB for all of them.",
            "memory",
        ),
        (killed("processes"), "more processes ran at once than `sandbox.processes` allows, 1,024.", "processes"),
        (killed("disk"), "its files took more than `sandbox.disk` allows, 32 GB for all of them.", "disk"),
        (killed(number=signal.SIGXFSZ), "a file that it wrote grew too large.", "file_size"),
    ],
)
def test_passed__names_the_key_and_how_much_it_allows(outcome, sentence, key):
    """Whoever reads it knows which line to change."""
    told = limits.passed("The training of `income`", outcome, WALL, ", in fit")

    assert told.sentence == f"The training of `income` was ended, in fit: {sentence}"
    assert f"`sandbox.{key}`" in told.hint


def test_passed__nothing():
    """A process that was killed for another reason has passed no limit."""
    assert limits.passed("Training", killed(), WALL) is None


def test_passed__a_limit_that_is_the_systems():
    """Where mlci sets none, the key would be the wrong place to look."""
    assert "ulimit" in limits.file_size("Training", Wall()).hint


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (None, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (8 * 10**9, "8 GB"),
        (2 * 1024**3, "2.15 GB"),
        (1_500_000, "1.5 MB"),
        (1_500 * 10**12, "1,500 TB"),
    ],
)
def test_size__examples(count, expected):
    """Two decimals at most."""
    assert limits.size(count) == expected


@pytest.fixture
def training(workshop, plain):
    """A training behind a wall."""
    from dataclasses import replace

    return replace(workshop.training(plain), wall=WALL)


def test_ended__for_a_limit(training):
    """It is not told as a machine that ran out of memory."""
    error = failures.ended(killed("memory"), training, output="")

    assert (error.code, "`sandbox.memory`" in error.message, "SIGKILL" in error.message) == ("MLCI215", True, False)


def test_told__a_file_that_grew_too_large(training):
    """Python ignores the signal, and raises an error that knows no key of mlci's."""
    failure = Failure(kind="exception", candidate="plain", type="OSError", message="[Errno …] File too large")

    assert failures.told(failure, training).hint == (
        "`sandbox.file_size` allows 16 GB for one file: write smaller ones, or raise it."
    )


@pytest.mark.parametrize(
    ("code", "output", "expected"),
    [
        (128 + signal.SIGXFSZ, "", ("MLCI215", "`sandbox.file_size` allows 16 GB")),
        (1, "OSError: [Errno 27] File too large", ("MLCI207", "`sandbox.file_size` allows 16 GB")),
        (1, "", ("MLCI207", "The end of its output says why.")),
    ],
)
def test_exit_code__of_a_file_that_grew_too_large(training, code, output, expected):
    """A shell that tells of the signal, and a program that tells of the error."""
    outcome = Outcome(code=code, signal=None, timed_out=False, log="", usage=None)
    error = failures.exit_code(outcome, training, output=output)

    assert (error.code, error.hint.startswith(expected[1])) == (expected[0], True)


def test_ended__scorers_for_a_limit(training):
    """Metrics of the user's own are held to the same limits."""
    import numpy as np

    scoring = Scoring(
        model="income", root=Path(), scorers={}, target=np.zeros(1), target_column="y", candidate=None, baseline=None,
        features=Path(), task="binary", environment=training.environment, scratch=Path(), timeout=1, wall=WALL,
    )  # fmt: skip
    error = scores.ended(scoring, killed("processes"), None)

    assert (error.code, error.message) == (
        "MLCI215",
        "Scoring `income` was ended: more processes ran at once than `sandbox.processes` allows, 1,024.",
    )
