"""Several columns, row by row and together, as Great Expectations compares them."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import COLUMNS, MOSTLY, agree, expectation, frames, suite_of

from mlci.expectations.fused import observe

pytestmark = pytest.mark.filterwarnings("ignore:Series.values returning an ndarray")  # of Great Expectations

MODES = ("all_values_are_missing", "any_value_is_missing", "never")

COMPOUND = "expect_compound_columns_to_be_unique"
WITHIN = "expect_select_column_values_to_be_unique_within_record"
EQUAL = "expect_multicolumn_values_to_be_equal"
SUM = "expect_multicolumn_sum_to_equal"

ADDED = ("integers", "small", "floats", "booleans", "decimals", "nothing")


def several(kind, frame, **kwargs):
    """An expectation of all columns of a table."""
    return expectation(kind, column_list=frame.columns, **kwargs)


def of_modes(kind, frame, **kwargs):
    """The expectation without a mode, and in each of the modes."""
    return [several(kind, frame, **kwargs), *(several(kind, frame, ignore_row_if=mode, **kwargs) for mode in MODES)]


def found(frame, *expectations):
    """What the fused engine finds, none of it handed on."""
    observed = observe(frame.lazy(), suite_of(*expectations)).observations
    assert not any(seen.engine for seen in observed)
    return [(seen.success, seen.element_count, seen.unexpected_count, seen.missing_count) for seen in observed]


@settings(max_examples=25, deadline=None)
@given(data=st.data(), columns=st.integers(2, 4), mostly=MOSTLY)
def test_compound__any_columns(data, columns, mostly):
    """Records are counted that stand more than once; nulls are a value, and both zeros are one."""
    frame = data.draw(frames(columns=columns))
    agree(frame, *of_modes(COMPOUND, frame, mostly=mostly))


@settings(max_examples=25, deadline=None)
@given(data=st.data(), columns=st.integers(2, 4), mostly=MOSTLY)
def test_compound__records_that_repeat(data, columns, mostly):
    """Records of few values, so that many of them stand more than once."""
    frame = data.draw(frames("small", "booleans", "levels", "singles", columns=columns, rows=20, nulls=True))
    agree(frame, *of_modes(COMPOUND, frame, mostly=mostly))


@settings(max_examples=25, deadline=None)
@given(data=st.data(), columns=st.integers(2, 4), mostly=MOSTLY)
def test_within_record__any_columns(data, columns, mostly):
    """A record's values are compared across types: 1 is 1.0 and true, a category its text."""
    frame = data.draw(frames(columns=columns))
    agree(frame, *of_modes(WITHIN, frame, mostly=mostly))


@settings(max_examples=25, deadline=None)
@given(data=st.data(), columns=st.integers(2, 4), mostly=MOSTLY)
def test_within_record__values_that_repeat(data, columns, mostly):
    """Columns of few values, so that records hold one more than once."""
    frame = data.draw(frames("small", "booleans", "singles", "unsigned", "nothing", columns=columns, rows=20))
    agree(frame, *of_modes(WITHIN, frame, mostly=mostly))


@settings(max_examples=30, deadline=None)
@given(data=st.data(), columns=st.integers(2, 4), mostly=MOSTLY)
def test_equal__any_columns(data, columns, mostly):
    """All columns are compared with the first; two nulls are equal."""
    frame = data.draw(frames(*(set(COLUMNS) - {"categories"}), columns=columns))
    agree(frame, *of_modes(EQUAL, frame, mostly=mostly))


@settings(max_examples=30, deadline=None)
@given(data=st.data(), kinds=st.sampled_from([("small", "booleans", "unsigned"), ("levels",), ("dates", "moments")]))
def test_equal__columns_of_few_values(data, kinds):
    """Columns of few values, so that records are equal."""
    frame = data.draw(frames(*kinds, columns=2, rows=20))
    agree(frame, *of_modes(EQUAL, frame))


def test_equal__categories_that_differ():
    """Columns of other categories are compared by their texts, where Great Expectations stops."""
    a, b = (pl.Series(name, list(values), dtype=pl.Categorical()) for name, values in (("a", "xyx"), ("b", "xzz")))
    frame = pl.DataFrame([a, b])
    assert found(frame, several(EQUAL, frame)) == [(False, 3, 2, 0)]


@settings(max_examples=30, deadline=None)
@given(data=st.data(), columns=st.integers(2, 4), total=st.sampled_from([0, 1, 2, -1.5, 3.5, 0.3, 100]), mostly=MOSTLY)
def test_sum__numbers(data, columns, total, mostly):
    """Booleans count as 0 and 1, small integers do not overflow, and a record with a null has no sum."""
    frame = data.draw(frames(*ADDED, columns=columns))
    agree(frame, *of_modes(SUM, frame, sum_total=total, mostly=mostly), declined=mixed(frame))


def mixed(frame):
    """Whether whole numbers and others are added up: then, of three columns on, pandas adds kind by kind."""
    kinds = {dtype.is_float() or dtype.is_decimal() for dtype in frame.dtypes if dtype != pl.Null}
    return [SUM] if len(kinds) > 1 and frame.width > 2 else []


@settings(max_examples=20, deadline=None)
@given(
    values=st.lists(st.lists(st.sampled_from([0.1, 0.2, 0.3, 1e16, -1e16, 1.0]), min_size=7, max_size=7), min_size=1)
)
def test_sum__in_the_order_of_the_columns(values):
    """Floats are added from the first column to the last, and rounded as they go."""
    frame = pl.DataFrame(values, schema=[f"c{at}" for at in range(7)], orient="row")
    totals = {sum(row) for row in values}
    agree(frame, *(several(SUM, frame, sum_total=total) for total in totals))


@settings(max_examples=20, deadline=None)
@given(frame=frames(columns=2))
def test_sum__any_columns(frame):
    """What is no number is left to Great Expectations, which refuses most of it."""
    agree(frame, several(SUM, frame, sum_total=1), declined=(SUM,))


@settings(max_examples=25, deadline=None)
@given(data=st.data(), columns=st.integers(2, 3), mostly=MOSTLY)
def test_several__on_some_rows(data, columns, mostly):
    """Rows that a row_condition leaves are all that counts."""
    frame = data.draw(frames("small", "booleans", "floats", columns=columns, rows=16))
    numbers = data.draw(st.lists(st.integers(0, 3), min_size=frame.height, max_size=frame.height))
    some = {"row_condition": "n > 1", "condition_parser": "pandas", "mostly": mostly}
    agree(
        frame.with_columns(n=pl.Series(numbers, dtype=pl.Int64)),
        *(wanted for kind in (COMPOUND, WITHIN, EQUAL) for wanted in of_modes(kind, frame, **some)),
        *of_modes(SUM, frame, sum_total=1, **some),
        declined=mixed(frame),
    )


@pytest.mark.parametrize("kind", [COMPOUND, WITHIN, EQUAL, SUM])
@pytest.mark.parametrize("kwargs", [{"column_list": ["a"]}, {"column_list": ["a", "b"], "ignore_row_if": "neither"}])
def test_several__unusual_arguments(kind, kwargs):
    """One column, or a mode of a pair, is left to Great Expectations, which refuses it."""
    total = {"sum_total": 3} if kind == SUM else {}
    agree(pl.DataFrame({"a": [1], "b": [2]}), expectation(kind, **kwargs, **total), declined=(kind,))


def test_several__absent_columns():
    """Columns that the table lacks are named."""
    frame = pl.DataFrame({"a": [1], "b": [2]})
    names = ["a", "c"]
    agree(
        frame,
        *(expectation(kind, column_list=names) for kind in (COMPOUND, WITHIN, EQUAL)),
        expectation(SUM, column_list=names, sum_total=1),
    )
