from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.stats.sides import Groups, Pair, narrow, numbered, tally


@given(
    st.lists(st.integers(-128, 127), max_size=30), st.integers(0, 10**18), st.sampled_from(["i1", "i8", "u8", "str"])
)
def test_numbered__is_the_place_among_those_that_occur(values, offset, kind):
    """Labels of any kind, near each other or far apart, have the places that sorting gives."""
    if kind == "u8":
        labels = np.array([value + 128 + offset for value in values], dtype=np.uint64)
    elif kind == "i8":
        labels = np.array([value - offset for value in values], dtype=np.int64)
    else:
        labels = np.array(values, dtype=np.int8 if kind == "i1" else str)
    codes, count = numbered(labels)
    occurring, expected = np.unique(labels, return_inverse=True)
    assert (codes.tolist(), count) == (expected.tolist(), len(occurring))


def test_numbered__far_apart():
    """Numbers whose range no array could hold are numbered, too."""
    assert numbered(np.array([2**62, -(2**62), 5])) == (pytest.approx([2, 0, 1]), 3)


def test_groups__of_numbers_and_of_text():
    """Clusters are the same, however they are named."""
    labels = np.array([7, 5, 7, 9, 5])
    numbers, text = Groups.of(labels), Groups.of(labels.astype(str))
    assert numbers is not None
    assert text is not None
    assert (numbers.codes.tolist(), numbers.count) == (text.codes.tolist(), text.count) == ([1, 0, 1, 2, 0], 3)


@given(st.lists(st.integers(-3, 300), max_size=8), st.sampled_from(["i2", "i8", "u2", "u8"]))
def test_narrow__same_numbers(values, kind):
    """The numbers stay; those that eight bits hold take no more."""
    array = np.array([max(value, 0) if kind[0] == "u" else value for value in values], dtype=kind)
    found = narrow(array)
    fits = len(array) > 0 and array.min() >= 0 and array.max() <= 127
    assert (found.tolist(), found.dtype) == (array.tolist(), np.dtype(np.int8) if fits else array.dtype)


@pytest.mark.parametrize("kind", [bool, np.int8, np.int64])
@pytest.mark.parametrize("count", [2, 4, 7])
def test_tally__counts(kind, count):
    """Codes are counted alike, few or many, of few bits or many."""
    codes = np.random.default_rng(0).integers(0, 2 if kind is bool else count, 100_000).astype(kind)
    assert tally(codes, count).tolist() == np.bincount(codes, minlength=count).tolist()


def test_pair__other_predictions_of_the_same_rows():
    """Rows, clusters and weights are shared; predictions are not."""
    y, weight = np.array([0, 1, 1, 0]), np.array([1.0, 2.0, 1.0, 2.0])
    pair = Pair.of(y, y, 1 - y, np.array([1, 1, 2, 2]), weight, n_classes=2, seed=3)
    other = pair.saying(y / 2, y / 3)
    assert other.y is pair.y
    assert (other.groups, other.weight) == (pair.groups, pytest.approx(pair.weight))
    assert (other.candidate.prediction.tolist(), other.baseline.seed) == ((y / 2).tolist(), 3)
