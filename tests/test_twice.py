from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.errors import TrainingError
from mlci.results import Side
from mlci.training.job import Trained
from mlci.training.predictions import Predictions
from mlci.twice import compared, difference

LABELS = Predictions(classes=("no", "yes"), labels=np.array([0, 1, 1, 0]))


def binary(probability, labels=(0, 1, 1, 0)):
    """A binary model's predictions."""
    return Predictions(classes=("no", "yes"), labels=np.array(labels), probability=np.array(probability))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (LABELS, LABELS, ""),
        (binary([0.1, 0.9, 0.8, 0.2]), binary([0.1, 0.9, 0.8, 0.2]), ""),
        (
            binary([0.1, 0.9, 0.8, 0.2]),
            binary([0.1, 0.9, 0.77, 0.21]),
            "for 2 of 4 rows (largest difference of a probability 0.03)",
        ),
        (LABELS, Predictions(classes=("no", "yes"), labels=np.array([1, 1, 1, 1])), "for 2 of 4 rows"),
        (
            Predictions(values=np.array([1.0, 2.0])),
            Predictions(values=np.array([1.0, 2.0 + 2**-50])),
            "for 1 of 2 rows (largest difference of a value 8.9e-16)",
        ),
        (
            Predictions(classes=("a", "b"), labels=np.zeros(2, int), probability=np.array([[0.5, 0.5], [0.9, 0.1]])),
            Predictions(classes=("a", "b"), labels=np.zeros(2, int), probability=np.array([[0.5, 0.5], [0.6, 0.4]])),
            "for 1 of 2 rows (largest difference of a probability 0.3)",
        ),
        (LABELS, binary([0.1, 0.9, 0.8, 0.2]), "(one gives a probability for each row, the other does not)"),
    ],
)
def test_difference__examples(first, second, expected):
    """Rows are counted in which anything differs, and the largest difference of each number is told."""
    assert difference(first, second) == expected


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=9))
def test_difference__is_exact(pairs):
    """It tells nothing exactly where all numbers are equal, and as many rows as are not."""
    first, second = (Predictions(values=np.array(each)) for each in zip(*pairs, strict=True))
    unlike = sum(mine != theirs for mine, theirs in pairs)

    assert difference(first, second).startswith(f"for {unlike} of {len(pairs)} rows" if unlike else "")
    assert bool(difference(first, second)) == bool(unlike)


@pytest.fixture
def trained():
    """What a training gave, by its predictions."""

    def of(predictions, winner="plain"):
        return Trained(
            winner=winner,
            candidates=(),
            side=Side(winner=winner, train_rows=8),
            predictions=predictions,
            model_path=None,
            files=(),
            findings=(),
            log="",
        )

    return of


@pytest.fixture
def training():
    """A training, as far as a sentence names it."""
    config = SimpleNamespace(command=None)
    return SimpleNamespace(subject="`late` on the base branch", model="late", config=config)


def test_compared__alike(training, trained):
    """Nothing is found, and the side is known to be reproducible."""
    found = compared(training, trained(LABELS), trained(LABELS))

    assert (found.side.reproducible, found.findings) == (True, ())


def test_compared__unlike(training, trained):
    """The finding says what was trained, how many rows differ and which candidates were elected."""
    found = compared(training, trained(binary([0.1, 0.9, 0.8, 0.2])), trained(binary([0.1, 0.9, 0.8, 0.25]), "other"))

    (finding,) = found.findings
    assert (found.side.reproducible, finding.code, finding.severity, finding.subject) == (
        False,
        "MLCI216",
        "warn",
        "late",
    )
    assert finding.message == (
        "Two trainings of `late` on the base branch with the same seed predict differently for 1 of 4 rows (largest "
        "difference of a probability 0.05); `plain` was elected, and then `other`."
    )
    assert "random_state" in finding.hint


def test_compared__a_second_training_that_fails(training, trained):
    """It is told as such; what the first one predicted is judged all the same."""
    training.config.command = "python train.py"
    found = compared(training, trained(LABELS), TrainingError("It was killed by SIGKILL.", code="MLCI203"))

    (finding,) = found.findings
    assert (found.side.reproducible, found.predictions) == (False, LABELS)
    assert finding.message == (
        "A second training of `late` on the base branch with the same seed failed: It was killed by SIGKILL."
    )
    assert "`seed`" in finding.hint
