"""Holdout rows that also train are counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.data.overlap import Overlap, overlap

ROWS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from("ab")), min_size=1, max_size=20)


@pytest.fixture(scope="session")
def whole(table):
    """A table and the mask of all its rows."""

    def made(columns):
        found = table(columns)
        return found, np.ones(found.rows, dtype=bool)

    return made


@given(ROWS, ROWS)
def test_overlap__counts_as_sets_do(whole, train, holdout):
    """By content, each holdout row that stands in training counts once."""
    parts = [whole({"k": [row[0] for row in rows], "s": [row[1] for row in rows]}) for rows in (train, holdout)]
    shared = sum(row in set(train) for row in holdout)
    assert overlap(*parts, key=None) == Overlap(shared, "content" if shared else "")


@pytest.mark.parametrize(
    ("train", "holdout", "expected"),
    [
        ({"id": [1, 2], "x": [5, 6]}, {"id": [2, 3], "x": [7, 8]}, Overlap(1, "key")),
        ({"id": [1, 2], "x": [5, 6]}, {"id": [3, 4], "x": [6, 7]}, Overlap(1, "content")),
        ({"id": [1, 2], "x": [5, 6]}, {"id": [3, 4], "x": [7, 8]}, Overlap(0, "")),
        ({"id": [None, 2], "x": [5, 6]}, {"id": [None, 4], "x": [7, 8]}, Overlap(0, "")),
        ({"id": [1, 2], "x": [5, 6]}, {"x": [5.0, 5.0], "id": ["1", "3"]}, Overlap(1, "key")),
        ({"id": [1, 2], "x": [5, 6], "new": [0, 0]}, {"id": [3], "x": [6]}, Overlap(1, "content")),
        ({"id": [1, 2]}, {"id": [3, 4]}, Overlap(0, "")),
    ],
)
def test_overlap__by_key_then_by_content(whole, train, holdout, expected):
    """A key tells before the content does; rows without a key are not told by it; types do not matter."""
    assert overlap(whole(train), whole(holdout), key=("id",)) == expected


def test_overlap__within_one_table(table):
    """Both sides of one table are told apart by their masks."""
    made = table({"id": [1, 2, 3, 4], "x": [7, 8, 7, 7]})
    held = np.array([False, False, True, True])
    assert overlap((made, ~held), (made, held), key=("id",)) == Overlap(2, "content")
