from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.stats.cautions import CLASS_ROWS, CLUSTERS, ROWS, caution
from mlci.stats.metrics import METRICS


@pytest.mark.parametrize(
    ("name", "n", "class_rows", "groups", "expected"),
    [
        ("f1", 1_000, (993, 7), None, "only 7 rows of one class: the interval is rough"),
        ("log_loss", 1_000, (999, 1), None, "only 1 row of one class: the interval is rough"),
        ("recall", 1_000, (993, 7), None, "only 7 rows of one class: the interval is rough"),
        ("specificity", 1_000, (7, 993), None, "only 7 rows of one class: the interval is rough"),
        ("accuracy", 30, (15, 15), None, "only 30 rows: the interval is rough"),
        ("r2", 49, (), None, "only 49 rows: the interval is rough"),
        ("accuracy", 500, (250, 250), 12, "only 12 clusters: the interval is rough"),
        ("f1", 500, (497, 3), 12, "only 12 clusters and 3 rows of one class: the interval is rough"),
        ("roc_auc", 30, (27, 3), None, "only 3 rows of one class: the interval is rough"),
    ],
)
def test_caution__few(name, n, class_rows, groups, expected):
    """Too few rows, rows of a class that bears on the metric, or clusters are named."""
    assert caution(METRICS[name], n, class_rows, groups) == expected


@pytest.mark.parametrize(
    ("name", "class_rows"),
    [("accuracy", (998, 2)), ("recall_micro", (998, 2)), ("recall", (2, 998)), ("specificity", (998, 2))],
)
def test_caution__class_that_does_not_bear(name, class_rows):
    """A rare class is no reason where the metric is not about its rows more than about the others."""
    assert caution(METRICS[name], 1_000, class_rows, None) == ""


@given(
    name=st.sampled_from(sorted(METRICS)),
    class_rows=st.lists(st.integers(CLASS_ROWS, 500), min_size=5, max_size=7),
    groups=st.none() | st.integers(CLUSTERS, 1_000),
)
def test_caution__enough(name, class_rows, groups):
    """With enough of everything, nothing is said."""
    assert sum(class_rows) >= ROWS
    assert caution(METRICS[name], sum(class_rows), class_rows, groups) == ""
