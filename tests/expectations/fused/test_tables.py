"""The table itself, its rows, columns and types, as Great Expectations sees it."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import agree, expectation, frames, suite_of

from mlci.expectations.fused import observe

ROWS, ROWS_BETWEEN = "expect_table_row_count_to_equal", "expect_table_row_count_to_be_between"
COLUMNS, COLUMNS_BETWEEN = "expect_table_column_count_to_equal", "expect_table_column_count_to_be_between"
LIST, SET = "expect_table_columns_to_match_ordered_list", "expect_table_columns_to_match_set"
EXIST, TYPE = "expect_column_to_exist", "expect_column_type_to_be"

BOUNDS = st.none() | st.integers(0, 6)
NAMES = st.lists(st.sampled_from("abcx"), max_size=5)

TYPES = (
    *("int64", "int32", "int8", "uint32", "int", "<i8", ">i8", "float64", "float32", "float", "f8", "complex128"),
    *("bool", "boolean", "Int64", "UInt32", "Float64", "object", "O", "str", "string", "category"),
    *("datetime64", "datetime64[us]", "datetime64[ns]", "datetime64[ms]", "timedelta64", "timedelta64[us]"),
)
"""Names of types that are read without pandas."""


def between(kind, low, high, **kwargs):
    """An expectation of a count, its bounds in order and those that are None left out."""
    if low is not None and high is not None:
        low, high = sorted((low, high))
    bounds = {key: value for key, value in (("min_value", low), ("max_value", high)) if value is not None}
    return expectation(kind, **bounds, **kwargs)


@settings(max_examples=30, deadline=None)
@given(data=st.data(), columns=st.integers(1, 4), low=BOUNDS, high=BOUNDS, value=st.integers(0, 6))
def test_counts__of_rows_and_columns(data, columns, low, high, value):
    """Rows and columns are counted; bounds belong to their range unless they are strict."""
    frame = data.draw(frames(columns=columns))
    agree(
        frame,
        expectation(ROWS, value=value),
        expectation(ROWS, value=frame.height),
        expectation(COLUMNS, value=value),
        between(ROWS_BETWEEN, low, high),
        between(ROWS_BETWEEN, low, high, strict_min=True),
        between(ROWS_BETWEEN, low, high, strict_max=True),
        between(COLUMNS_BETWEEN, low, high),
    )


@settings(max_examples=15, deadline=None)
@given(frame=frames("small"), value=st.integers(0, 6))
def test_counts__of_some_rows(frame, value):
    """Rows that a row_condition leaves are counted."""
    some = {"row_condition": "a > 1", "condition_parser": "pandas"}
    agree(frame, expectation(ROWS, value=value, **some), expectation(ROWS_BETWEEN, max_value=value, **some))


@settings(max_examples=30, deadline=None)
@given(data=st.data(), columns=st.integers(1, 4), names=NAMES)
def test_names__of_columns(data, columns, names):
    """Columns are compared with a list in its order, and with a set."""
    frame = data.draw(frames("small", columns=columns))
    agree(
        frame,
        expectation(LIST, column_list=names),
        expectation(LIST, column_list=frame.columns),
        expectation(SET, column_set=names),
        expectation(SET, column_set=names, exact_match=False),
        expectation(SET, column_set=frame.columns[:1], exact_match=False),
        expectation(SET, column_set=[*frame.columns, *names]),
    )


@settings(max_examples=30, deadline=None)
@given(data=st.data(), columns=st.integers(1, 3), name=st.sampled_from("abx"), at=st.integers(-4, 4).filter(bool))
def test_exist__at_a_place(data, columns, name, at):
    """A column exists anywhere, or at its index; a negative one counts from the end."""
    frame = data.draw(frames("small", columns=columns))
    agree(frame, expectation(EXIST, column=name), expectation(EXIST, column=name, column_index=at))


@pytest.mark.parametrize(("name", "success"), [("a", True), ("b", False), ("x", False)])
def test_exist__at_the_first_place(name, success):
    """The index 0 is an index; Great Expectations takes it for none."""
    suite = suite_of(expectation(EXIST, column=name, column_index=0))
    (seen,) = observe(pl.LazyFrame({"a": [1], "b": [1]}), suite).observations
    assert (seen.success, seen.engine) == (success, "")


@settings(max_examples=40, deadline=None)
@given(frame=frames(rows=3))
def test_type__of_pandas(frame):
    """A column's type is that of pandas, in which nulls make floats of integers."""
    agree(frame, *(expectation(TYPE, column="a", type_=name) for name in TYPES))


def test_type__of_a_time_zone():
    """A time zone is known by its name; one of another name may be the same, which pandas knows."""
    frame = pl.Series("a", [None], dtype=pl.Datetime("us", "Europe/Berlin")).to_frame()
    names = ("datetime64[us, Europe/Berlin]", "datetime64[us]", "datetime64")
    agree(frame, *(expectation(TYPE, column="a", type_=name) for name in names))
    agree(frame, expectation(TYPE, column="a", type_="datetime64[us, UTC]"), declined=(TYPE,))
    agree(pl.DataFrame({"a": [1]}), expectation(TYPE, column="a", type_="datetime64[us, UTC]"))


@pytest.mark.parametrize(
    "name", ["datetime64[us, europe/berlin]", "datetime64[us,UTC]", "nonsense", "datetime64[us, Nowhere]", "M8", "S3"]
)
def test_type__of_another_spelling(name):
    """Names that only pandas can read are left to Great Expectations."""
    column = pl.Series("a", [None], dtype=pl.Datetime("us", "Europe/Berlin"))
    agree(column.to_frame(), expectation(TYPE, column="a", type_=name), declined=(TYPE,))


@pytest.mark.parametrize(
    "dtype", [pl.Datetime("ms"), pl.Datetime("ns"), pl.Duration("us"), pl.Time(), pl.List(pl.Int64()), pl.Binary()]
)
def test_type__of_other_columns(dtype):
    """Other units, durations, and what stays a Python object."""
    frame = pl.Series("a", [None, None], dtype=dtype).to_frame()
    agree(frame, *(expectation(TYPE, column="a", type_=name) for name in ("object", "datetime64", "datetime64[ms]")))


@pytest.mark.parametrize(
    "wanted",
    [
        expectation(ROWS, value=2.0),
        expectation(ROWS, value="2"),
        expectation(ROWS_BETWEEN, min_value=3, max_value=1),
        expectation(ROWS_BETWEEN, min_value=1.5),
        expectation(COLUMNS_BETWEEN, min_value="a"),
        expectation(LIST, column_list=[1]),
    ],
)
def test_tables__unusual_arguments(wanted):
    """Arguments of another form are left to Great Expectations, which reads or refuses them."""
    agree(pl.DataFrame({"a": [1, 2]}), wanted, declined=(wanted.type,))
