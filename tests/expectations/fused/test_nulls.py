"""What is null, as Great Expectations counts it."""

from __future__ import annotations

from hypothesis import given
from reference import MOSTLY, agree, expectation, frames


@given(frame=frames(), mostly=MOSTLY)
def test_nulls__like_great_expectations(frame, mostly):
    """Nulls and NaN are counted alike in columns of every type, and `mostly` counts from all rows."""
    agree(
        frame,
        expectation("expect_column_values_to_be_null", column="a", mostly=mostly),
        expectation("expect_column_values_to_not_be_null", column="a", mostly=mostly),
    )
