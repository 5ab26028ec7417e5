"""PyTorch by `command:`, with the documentation's own example."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def source():
    """The example as it stands in the documentation."""
    text = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    return re.search(r"```python\n(# train_torch\.py: .*?)```", text, re.DOTALL)[1]


@pytest.mark.parametrize("table", ["binary", "multiclass"])
def test_torch__documented_example_is_reproducible(workshop, said, source, table):
    """A network learns behind the wall, and the same one each time."""
    workshop.frameworks.require("torch")
    training = workshop.training(source, table, name="train_torch.py", command="python train_torch.py")
    first, second = workshop.twice(training)
    probability = first.predictions.probability
    assert (said(first), bool(probability.std(axis=0).max() > 0.1)) == (said(second), True)
