"""Labels in one written form."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.data.labels import canonical_label, canonical_labels


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "True"), (1, "1"), (1.0, "1"), (-0.0, "0"), (1.5, "1.5"), ("1.0", "1.0"), (">50K", ">50K")],
)
def test_canonical_label__text(value, text):
    """Whole floats are written as integers, booleans as Python writes them, and texts as they are."""
    assert canonical_label(value) == text


@given(
    st.one_of(
        st.lists(st.none() | st.booleans(), min_size=1),
        st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=1),
        st.lists(st.none() | st.integers(-(2**53), 2**53).map(float), min_size=1),
        st.lists(st.none() | st.text(), min_size=1),
    ).filter(lambda values: any(value is not None for value in values))
)
def test_canonical_labels__agree_with_one_label(values):
    """A column's labels are those of its values one by one; nulls stay null."""
    expected = [None if value is None else canonical_label(value) for value in values]
    assert canonical_labels(pl.Series(values)).to_list() == expected


def test_canonical_labels__nan_is_null():
    """NaN is no label."""
    assert canonical_labels(pl.Series([1.0, float("nan")])).to_list() == ["1", None]
