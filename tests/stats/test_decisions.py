from __future__ import annotations

import math

import pytest

from mlci.stats.decisions import status


@pytest.mark.parametrize(
    ("low", "high", "margin", "expected"),
    [
        (-0.05, -0.02, 0.01, "worse"),
        (-0.05, -0.01, 0.01, "inconclusive"),  # the end lies on the margin: not below it
        (-0.01, 0.02, 0.01, "same"),
        (-0.005, 0.0, 0.01, "same"),
        (0.001, 0.02, 0.01, "better"),
        (0.0, 0.02, 0.0, "same"),
        (0.0, 0.0, 0.0, "same"),
        (-0.05, 0.02, 0.01, "inconclusive"),
        (-math.inf, math.inf, 0.01, "inconclusive"),
        (math.nan, 0.02, 0.01, "inconclusive"),
        (0.001, math.nan, 0.01, "inconclusive"),
    ],
)
def test_status__table(low, high, margin, expected):
    """The table of docs/statistics.md, its edges, and ends that are not numbers."""
    assert status(low, high, margin) == expected
