"""Columns in ascending or descending order, as Great Expectations sees it."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import MOSTLY, agree, expectation, frames, suite_of, told

from mlci.expectations import fused

INCREASING = "expect_column_values_to_be_increasing"
DECREASING = "expect_column_values_to_be_decreasing"
ORDERED = ("integers", "small", "floats", "singles", "decimals", "dates", "moments", "zoned", "nothing")


@given(frame=frames(*ORDERED), strictly=st.sampled_from([None, True, False]), mostly=MOSTLY)
@settings(max_examples=80, deadline=None)
def test_order__like_great_expectations(frame, strictly, mostly):
    """Numbers and moments are compared to the value before, nulls left out; between equal infinities is no order."""
    kwargs = {"column": "a", "strictly": strictly, "mostly": mostly}
    agree(frame, expectation(INCREASING, **kwargs), expectation(DECREASING, **kwargs))


@given(frame=frames("integers", "floats", columns=2), strictly=st.booleans())
@settings(max_examples=20, deadline=None)
def test_order__with_a_row_condition(frame, strictly):
    """The value before is the one before among the rows of the row_condition."""
    where = {"row_condition": 'col("b") > 0', "condition_parser": "great_expectations"}
    agree(frame, *(expectation(kind, column="a", strictly=strictly, **where) for kind in (INCREASING, DECREASING)))


def test_order__of_durations():
    """Spans of time have an order too."""
    frame = pl.DataFrame({"a": [timedelta(1), None, timedelta(2), timedelta(1)]})
    agree(frame, expectation(INCREASING, column="a"), expectation(DECREASING, column="a", strictly=True))


@given(frame=frames("texts", "categories", "levels"))
@settings(max_examples=10, deadline=None)
def test_order__of_texts_goes_to_great_expectations(frame):
    """Texts have no differences; it raises an error, but for a column without a text."""
    agree(frame, expectation(INCREASING, column="a"), declined=[INCREASING])


@pytest.mark.parametrize("strictly", [1, "true", "perhaps"])
def test_order__unusual_flags_go_to_great_expectations(strictly):
    """What is neither true nor false is its own to read."""
    agree(pl.DataFrame({"a": [1, 1, 2]}), expectation(INCREASING, column="a", strictly=strictly), declined=[INCREASING])


def test_order__of_booleans():
    """False comes before true; Great Expectations takes the difference of booleans for whether they differ."""
    frame = pl.DataFrame({"a": [True, False, True]})
    observed = fused.observe(
        frame.lazy(), suite_of(expectation(INCREASING, column="a"), expectation(DECREASING, column="a"))
    )
    assert [each["counts"] for each in told(observed)] == [(3, 1, 0), (3, 1, 0)]


def test_order__of_large_integers_is_exact():
    """Integers that no float holds are compared as they are; Great Expectations subtracts them as floats."""
    frame = pl.DataFrame({"a": [2**53, 2**53 + 1, 2**53 + 2]})
    observed = fused.observe(frame.lazy(), suite_of(expectation(INCREASING, column="a", strictly=True)))
    assert [each["counts"] for each in told(observed)] == [(3, 0, 0)]


def test_order__of_unsigned_integers():
    """A step down is a step down; pandas subtracts unsigned integers to a large positive number."""
    frame = pl.DataFrame({"a": pl.Series([1, 0, 2], dtype=pl.UInt32)})
    observed = fused.observe(
        frame.lazy(), suite_of(expectation(INCREASING, column="a"), expectation(DECREASING, column="a"))
    )
    assert [each["counts"] for each in told(observed)] == [(3, 1, 0), (3, 1, 0)]
