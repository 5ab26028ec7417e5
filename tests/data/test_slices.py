"""Slices cover the holdout: every row is in exactly one of each column."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.config.models import Slice
from mlci.data.slices import MOST, quantile_rule, slice_parts
from mlci.errors import DataError


def masks(values, *, dtype=None, name="c", edges=None):
    frame = pl.DataFrame({name: pl.Series(values, dtype=dtype)})
    (parts,) = slice_parts(frame, [Slice(column=name, edges=edges)])
    return {label: (parts.codes == at).tolist() for at, label in enumerate(parts.names)}


def test_slice_parts__by_value():
    """Values come by the number of their rows, then in order; what is missing is a slice."""
    assert list(masks(["b", "a", "c", "c", None]).items()) == [
        ("c = c", [False, False, True, True, False]),
        ("c = a", [False, True, False, False, False]),
        ("c = b", [True, False, False, False, False]),
        ("c is missing", [False, False, False, False, True]),
    ]


def test_slice_parts__by_range():
    """A range holds its lower edge, and NaN is missing; a range without rows is a slice of none."""
    assert list(masks([20.0, 25.0, float("nan"), 60.5], edges=(25, 40.5, 60)).items()) == [
        ("c < 25", [True, False, False, False]),
        ("25 ≤ c < 40.5", [False, True, False, False]),
        ("40.5 ≤ c < 60", [False, False, False, False]),
        ("c ≥ 60", [False, False, False, True]),
        ("c is missing", [False, False, True, False]),
    ]


@pytest.mark.parametrize(
    ("values", "dtype", "names"),
    [
        ([1.0, 1.0], None, ["c = 1"]),
        ([True, False, True], None, ["c = True", "c = False"]),
        (["b", "a", "b"], pl.Categorical(), ["c = b", "c = a"]),
        (["b", "a", "b"], pl.Enum(["b", "a"]), ["c = b", "c = a"]),
        (["x" * 101], None, ["c = " + "x" * 100 + "…"]),
        ([], pl.String, []),
    ],
)
def test_slice_parts__names(values, dtype, names):
    """A value is named as labels are written; a long one is cut."""
    assert list(masks(values, dtype=dtype)) == names


@pytest.mark.parametrize("name", ["rows", "value", "count"])
def test_slice_parts__any_column_name(name):
    """A column may be called what a count is called."""
    assert masks(["a"], name=name) == {f"{name} = a": [True]}


def test_slice_parts__great_edges_keep_their_digits():
    """An edge is written as it is."""
    assert list(masks([1], edges=(1_234_567.5,))) == ["c < 1234567.5", "c ≥ 1234567.5"]


def test_slice_parts__rare_values_share_a_slice():
    """No row is left out: what is rarer than the fifty most frequent values is one slice."""
    values = [f"{i:02}" for i in range(53)] * 2 + [f"{i:02}" for i in range(50)]
    found = masks(values)
    assert (len(found), sum(found["c: 3 rarer values"])) == (MOST + 1, 6)


@given(
    st.one_of(
        st.lists(st.none() | st.text(max_size=3)),
        st.lists(st.none() | st.integers(0, 99)),
        st.lists(st.none() | st.floats(), max_size=120),
    ),
    st.booleans(),
)
def test_slice_parts__cover_every_row_once(values, ranged):
    """Each row is in exactly one slice of a column."""
    series = pl.Series(values, strict=False)
    edges = (0, 10.5) if ranged and series.dtype.is_numeric() else None
    found = masks(series, edges=edges)
    assert [sum(row) for row in zip(*found.values(), strict=True)] == [1] * len(values)


def test_slice_parts__lists_are_no_slices():
    """A column of lists is told by its type."""
    with pytest.raises(DataError, match="are lists or structures, which are no slices"):
        masks([[1], [2]])


def test_slice_parts__edges_need_numbers():
    """Texts cannot be cut at edges, and none is shown."""
    with pytest.raises(DataError, match=r"The slices of `c` have edges, and its values \(String\) are no numbers\."):
        masks(["secret"], edges=(1,))


@pytest.mark.parametrize(
    ("values", "bins", "edges"),
    [
        (list(range(100)), 4, (25.0, 50.0, 74.0)),
        ([0] * 90 + list(range(10)), 4, None),  # nothing but the least value at each cut
        ([1, 2, 3], 4, None),  # few values are slices of their own
        (["a", "b"] * 50, 4, None),
        ([None, float("nan"), *map(float, range(99))], 2, (49.0,)),
    ],
)
def test_quantile_rule(values, bins, edges):
    """Numbers are cut at quantiles that are values; what is no number, or of few values, by its values."""
    assert quantile_rule(pl.Series(values, strict=False), "c", bins) == Slice(column="c", edges=edges)
