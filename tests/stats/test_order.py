from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlci.stats.order import Order, steps

EPSILON = float(np.finfo(np.float64).eps)
SCORES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 0.5, 1.0, 1 + EPSILON, 1 + 2 * EPSILON, -1.0, -1 - EPSILON, 5e-324, 1e300, -1e300]),
)


def ordered(scores, positive):
    """What an order says: the scores and labels along it, and which rows are the last of their score."""
    found = Order.of(scores, positive)
    assert sorted(found.rows.tolist()) == list(range(len(scores)))
    return scores[found.rows], found.positive, found.last, positive[found.rows]


@given(st.lists(st.tuples(SCORES, st.booleans()), min_size=1, max_size=40))
@example([(1e300, True), (1 + EPSILON, False), (1.0, True), (-1e300, False)])  # one and its neighbour begin alike
@example([(1 + EPSILON, True), (1.0, True), (-1e300, True), (1e300, False), (1.0, False), (1.0, True)])
def test_order__is_the_sorted_one(rows):
    """Scores ascend to their last bit, labels go with them, and ties are known; numbers next to each other differ."""
    scores, positive = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    ranked, labels, last, expected = ordered(scores, positive)
    assert (ranked.tolist(), labels.tolist(), last.tolist()) == (
        np.sort(scores).tolist(), expected.tolist(), [*(ranked[1:] != ranked[:-1]).tolist(), True]
    )  # fmt: skip


@pytest.mark.parametrize("kind", [bool, np.int8, np.uint8, np.int32, np.int64, np.uint64, np.float16, np.float32])
def test_order__scores_of_any_kind(kind):
    """Whole numbers, of either sign, and floats of fewer bits are ordered by their value."""
    rng = np.random.default_rng(0)
    scores = rng.integers(0 if np.dtype(kind).kind in "bu" else -9, 9, 500).astype(kind)
    ranked, labels, last, expected = ordered(scores, rng.random(500) < 0.5)
    assert ranked.tolist() == np.sort(scores).tolist()
    assert (labels.tolist(), int(last.sum())) == (expected.tolist(), len(np.unique(scores)))


def test_order__many_that_begin_alike():
    """Rows of several blocks whose scores differ in their last bits alone are told apart; equal ones are not."""
    rng = np.random.default_rng(1)
    scores = 1 + rng.integers(0, 50_000, 150_000) * EPSILON
    scores[:2] = -1e300, 1e300
    ranked, labels, last, expected = ordered(scores, rng.random(150_000) < 0.3)
    assert (np.array_equal(ranked, np.sort(scores)), np.array_equal(labels, expected)) == (True, True)
    assert int(last.sum()) == len(np.unique(scores))


@pytest.mark.parametrize("distinct", [3, 70_000, 10**9])
@pytest.mark.parametrize("weighted", [False, True])
def test_steps__sums_of_what_was_passed(distinct, weighted):
    """Each row knows the weight of the rows below it and up to it, with few scores, with many, and with no ties."""
    rng = np.random.default_rng(2)
    n = 150_000
    scores, positive = rng.integers(0, distinct, n), rng.random(n) < 0.4
    weight = rng.integers(1, 4, n).astype(float) if weighted else np.ones(n)
    found = np.empty((4, n))
    for step in steps(Order.of(scores, positive), weight if weighted else None):
        found[:, step.rows] = *step.below, *step.upto
    _, place = np.unique(scores, return_inverse=True)
    at_score = np.stack([np.bincount(place, each) for each in (weight * positive, weight)])
    upto = np.cumsum(at_score, axis=1)
    assert np.array_equal(found, np.concatenate([(upto - at_score)[:, place], upto[:, place]]))
