"""The lengths of values, as Great Expectations measures them."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference import MOSTLY, agree, expectation, frames, suite_of, told

from mlci.expectations import fused

EQUAL = "expect_column_value_lengths_to_equal"
BETWEEN = "expect_column_value_lengths_to_be_between"
LENGTHS = st.sampled_from([-1, 0, 1, 2, 3, 4, 5, 2**40])


@given(
    frame=frames("texts", "categories", "levels", "booleans", "nothing") | frames("integers", "small", nulls=False),
    low=LENGTHS | st.none(),
    high=LENGTHS | st.none(),
    strict=st.tuples(st.booleans(), st.booleans()),
    mostly=MOSTLY,
)
@settings(max_examples=100, deadline=None)
def test_lengths__like_great_expectations(frame, low, high, strict, mostly):
    """Characters of texts, categories and booleans, digits and signs of integers; crossed bounds hold none."""
    assume(low is not None or high is not None)
    value = low if low is not None else high
    agree(
        frame,
        expectation(BETWEEN, column="a", min_value=low, max_value=high, strict_min=strict[0], strict_max=strict[1]),
        expectation(EQUAL, column="a", value=value, mostly=mostly),
        expectation(EQUAL, column="a", value=value + 0.5, mostly=mostly),
    )


@given(frame=frames("texts", "integers", columns=2, nulls=False))
@settings(max_examples=20, deadline=None)
def test_lengths__with_a_row_condition(frame):
    """Only rows of the row_condition count."""
    where = {"row_condition": 'col("b").notnull()', "condition_parser": "great_expectations"}
    agree(
        frame,
        expectation(BETWEEN, column="a", min_value=1, max_value=2.0, **where),
        expectation(EQUAL, column="a", value=1, **where),
    )


@given(frame=frames("floats", "singles", "decimals", "dates", "moments", "zoned"))
@settings(max_examples=15, deadline=None)
def test_lengths__of_printed_values_go_to_great_expectations(frame):
    """How long a float or a moment is, is how Python prints it."""
    agree(frame, expectation(EQUAL, column="a", value=3), declined=[EQUAL])


@pytest.mark.parametrize(
    "bounds", [{}, {"min_value": 1.5}, {"max_value": "2"}, {"min_value": True}, {"min_value": 1, "strict_min": "yes"}]
)
def test_lengths__unusual_bounds_go_to_great_expectations(bounds):
    """Bounds that it converts or refuses are its own to read."""
    agree(pl.DataFrame({"a": ["a", "bc"]}), expectation(BETWEEN, column="a", **bounds), declined=[BETWEEN])


@pytest.mark.parametrize("value", [None, "1", True])
def test_lengths__unusual_values_go_to_great_expectations(value):
    """A value that it converts or refuses is its own to read."""
    agree(pl.DataFrame({"a": ["a", "bc"]}), expectation(EQUAL, column="a", value=value), declined=[EQUAL])


def test_lengths__of_integers_beside_nulls():
    """An integer keeps its length beside nulls; Great Expectations measures the float that it becomes, `12.0`."""
    frame = pl.DataFrame({"a": [12, -5, None]})
    observed = fused.observe(frame.lazy(), suite_of(expectation(EQUAL, column="a", value=2)))
    assert [(each["success"], each["counts"]) for each in told(observed)] == [(True, (3, 0, 1))]
