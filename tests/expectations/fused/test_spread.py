"""Z-scores and outliers, as Great Expectations finds them."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference import MOSTLY, agree, expectation, frames, suite_of, told

from mlci.expectations import fused

Z_SCORES = "expect_column_value_z_scores_to_be_less_than"
OUTLIERS = "expect_column_values_to_not_be_outliers"
NUMBERS = ("integers", "small", "unsigned", "floats", "decimals", "singles", "nothing")
THRESHOLDS = st.sampled_from([-1.01, 0, 0.31, 0.77, 1.13, 2.07, 3])


def of_one_value(frame):
    """Whether a column has but one value: pandas may find a tiny spread in it."""
    column = frame["a"].cast(pl.Float64) if frame["a"].dtype.is_decimal() else frame["a"]
    return column.dtype.is_float() and column.fill_nan(None).drop_nulls().n_unique() == 1


@given(frame=frames(*NUMBERS, "booleans"), threshold=THRESHOLDS, double_sided=st.booleans(), mostly=MOSTLY)
@settings(max_examples=100, deadline=None)
def test_z_scores__like_great_expectations(frame, threshold, double_sided, mostly):
    """Both sides or one, of numbers of every type; without spread, or with an infinity, nothing is unexpected."""
    assume(not of_one_value(frame))
    agree(frame, expectation(Z_SCORES, column="a", threshold=threshold, double_sided=double_sided, mostly=mostly))


@given(frame=frames(*NUMBERS), multiplier=st.sampled_from([0.51, 1.03, 1.47, 2.1]), mostly=MOSTLY)
@settings(max_examples=100, deadline=None)
def test_outliers__like_great_expectations(frame, multiplier, mostly):
    """Fences around quartiles, and multiples of the standard deviation, of numbers of every type."""
    assume(not of_one_value(frame))
    kwargs = {"column": "a", "multiplier": multiplier, "mostly": mostly}
    agree(frame, *(expectation(OUTLIERS, method=method, **kwargs) for method in ("iqr", "std")))
    agree(frame, expectation(OUTLIERS, column="a"))


@given(values=st.lists(st.integers(-8, 8) | st.none(), max_size=12), multiplier=st.sampled_from([0, 0.5, 1, 1.5]))
@settings(max_examples=60, deadline=None)
def test_outliers__values_on_a_fence_are_inside(values, multiplier):
    """Tukey's fences of integers lie where values lie; those are no outliers."""
    frame = pl.DataFrame({"a": pl.Series(values, dtype=pl.Int64)})
    agree(frame, expectation(OUTLIERS, column="a", multiplier=multiplier))


@pytest.mark.parametrize("values", [[1, 2, 3], [0, 2, 4, None], [5, 5, 5], [7], [-3.0, 3.0, math.inf], [0, 1, 0, 1]])
def test_thresholds__at_their_edges(values):
    """A value exactly at a threshold is unexpected; a multiple of 0 leaves the mean alone."""
    frame = pl.DataFrame({"a": values})
    agree(
        frame,
        *(
            expectation(Z_SCORES, column="a", threshold=t, double_sided=side)
            for t in (0, 1, -1)
            for side in (True, False)
        ),
        *(expectation(OUTLIERS, column="a", method="std", multiplier=multiplier) for multiplier in (0, 1)),
    )


@given(frame=frames("integers", "floats", columns=2))
@settings(max_examples=20, deadline=None)
def test_spread__with_a_row_condition(frame):
    """Mean, deviation and quartiles are of the rows of the row_condition."""
    kept = frame.filter(pl.col("b").fill_nan(None) > 0)
    assume(not of_one_value(kept))
    where = {"row_condition": 'col("b") > 0', "condition_parser": "great_expectations"}
    agree(
        frame,
        expectation(Z_SCORES, column="a", threshold=0.77, double_sided=True, **where),
        expectation(OUTLIERS, column="a", **where),
        expectation(OUTLIERS, column="a", method="std", multiplier=0.83, **where),
    )


@given(frame=frames("texts", "categories", "dates", "moments", "zoned", "booleans"))
@settings(max_examples=20, deadline=None)
def test_spread__of_what_is_no_number_goes_to_great_expectations(frame):
    """It raises errors for some, and computes with moments."""
    kinds = (Z_SCORES, OUTLIERS)
    agree(
        frame,
        expectation(Z_SCORES, column="a", threshold=1.5, double_sided=True),
        *(expectation(OUTLIERS, column="a", method=method) for method in ("iqr", "std")),
        declined=kinds,
    )


@pytest.mark.parametrize(
    "case",
    [
        expectation(Z_SCORES, column="a", threshold=1),
        expectation(Z_SCORES, column="a", double_sided=True),
        expectation(Z_SCORES, column="a", threshold="1", double_sided=True),
        expectation(OUTLIERS, column="a", method="mad"),
        expectation(OUTLIERS, column="a", multiplier=-1),
    ],
)
def test_spread__unusual_arguments_go_to_great_expectations(case):
    """What it converts or refuses is its own to read."""
    agree(pl.DataFrame({"a": [1, 2, 3]}), case, declined=[case.type])


def test_spread__of_one_value_is_none():
    """A column of one value has no outliers; pandas rounds its deviation to 1.7e-17, and finds three."""
    frame = pl.DataFrame({"a": [0.1, 0.1, 0.1]})
    kinds = (
        expectation(Z_SCORES, column="a", threshold=0.5, double_sided=True),
        expectation(OUTLIERS, column="a", method="std", multiplier=0.5),
    )
    assert [each["counts"] for each in told(fused.observe(frame.lazy(), suite_of(*kinds)))] == [(3, 0, 0), (3, 0, 0)]
