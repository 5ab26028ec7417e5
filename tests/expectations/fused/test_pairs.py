"""Two columns, row by row, as Great Expectations compares them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import COLUMNS, MOSTLY, agree, expectation, frames, suite_of

from mlci.expectations.fused import observe

pytestmark = pytest.mark.filterwarnings("ignore:Series.values returning an ndarray")  # of Great Expectations

MODES = ("both_values_are_missing", "either_value_is_missing", "neither")

EQUAL = "expect_column_pair_values_to_be_equal"
GREATER = "expect_column_pair_values_a_to_be_greater_than_b"
IN_SET = "expect_column_pair_values_to_be_in_set"

NUMBERS = ("integers", "small", "unsigned", "floats", "singles", "booleans", "decimals")
ORDERED = (NUMBERS, ("texts",), ("dates", "moments"), ("zoned",))
CATEGORIES = {"categories"}

VALUES = st.sampled_from([None, 0, 1, 2, -1, 1.0, 0.5, -1.5, 3, True, False, "", "a", "b", "x", "low", "1", "ä"])


def pair(kind, **kwargs):
    """An expectation of the columns a and b."""
    return expectation(kind, column_A="a", column_B="b", **kwargs)


def found(frame, *expectations):
    """What the fused engine finds, none of it handed on."""
    observed = observe(frame.lazy(), suite_of(*expectations)).observations
    assert not any(seen.engine for seen in observed)
    return [(seen.success, seen.element_count, seen.unexpected_count, seen.missing_count) for seen in observed]


@settings(max_examples=30, deadline=None)
@given(frame=frames(*(set(COLUMNS) - CATEGORIES), columns=2), mostly=MOSTLY)
def test_equal__any_two_columns(frame, mostly):
    """Values of types that do not compare are unequal, and so are nulls; each mode leaves its own rows."""
    agree(
        frame,
        pair(EQUAL, mostly=mostly),
        *(pair(EQUAL, ignore_row_if=mode, mostly=mostly) for mode in MODES),
        expectation(EQUAL, column_A="b", column_B="a"),
    )


@settings(max_examples=20, deadline=None)
@given(frame=frames("categories", columns=1), other=frames("texts", "levels", "nothing", "integers"))
def test_equal__categories(frame, other):
    """A category equals its text, and other categories where both columns hold the same."""
    b = other["a"].extend_constant(None, frame.height)[: frame.height].alias("b")
    agree(
        frame.with_columns(b if b.dtype != pl.Enum(["low", "high"]) else pl.col("a").alias("b")),
        *(pair(EQUAL, ignore_row_if=mode) for mode in MODES),
    )


def test_equal__categories_that_differ():
    """Two columns of other categories are compared by their texts, where Great Expectations stops."""
    a, b = (pl.Series(name, list(values), dtype=pl.Categorical()) for name, values in (("a", "xyx"), ("b", "xzz")))
    assert found(pl.DataFrame([a, b]), pair(EQUAL)) == [(False, 3, 2, 0)]


@settings(max_examples=30, deadline=None)
@given(data=st.data(), kinds=st.sampled_from(ORDERED), or_equal=st.booleans(), mostly=MOSTLY)
def test_greater__columns_with_an_order(data, kinds, or_equal, mostly):
    """Numbers, texts and moments are compared with their like; a null is neither greater nor equal."""
    frame = data.draw(frames(*kinds, columns=2))
    agree(
        frame,
        pair(GREATER, or_equal=or_equal, mostly=mostly),
        *(pair(GREATER, or_equal=or_equal, ignore_row_if=mode, mostly=mostly) for mode in MODES),
        expectation(GREATER, column_A="b", column_B="a", or_equal=or_equal),
    )


@settings(max_examples=25, deadline=None)
@given(frame=frames(columns=2), or_equal=st.booleans())
def test_greater__any_two_columns(frame, or_equal):
    """Columns without a common order are Great Expectations' own; whatever else is compared is compared alike."""
    agree(frame, *(pair(GREATER, or_equal=or_equal, ignore_row_if=mode) for mode in MODES), declined=(GREATER,))


@pytest.mark.parametrize("other", [*NUMBERS, "texts"])
def test_greater__than_nothing(other):
    """No value is greater than those of a column that has none."""
    dtype, _ = COLUMNS[other]
    frame = pl.DataFrame([pl.Series("a", [None, None]), pl.Series("b", [None, None], dtype=dtype)])
    agree(frame, pair(GREATER), pair(GREATER, ignore_row_if="neither", or_equal=True))


@settings(max_examples=30, deadline=None)
@given(
    frame=frames(columns=2),
    pairs=st.lists(st.tuples(VALUES, VALUES).map(list), max_size=4),
    more=st.lists(st.tuples(VALUES, VALUES).map(list), min_size=8, max_size=40),
    mostly=MOSTLY,
)
def test_in_set__any_two_columns(frame, pairs, more, mostly):
    """Pairs are found by value, 1 as 1.0 and as true; a null in a pair is a missing value."""
    agree(
        frame,
        *(pair(IN_SET, value_pairs_set=pairs, ignore_row_if=mode, mostly=mostly) for mode in MODES),
        pair(IN_SET, value_pairs_set=more),
    )


@settings(max_examples=30, deadline=None)
@given(data=st.data(), mostly=MOSTLY)
def test_in_set__pairs_of_the_table(data, mostly):
    """Pairs that stand in the table are found in it."""
    frame = data.draw(frames("integers", "floats", "texts", "categories", "booleans", "small", columns=2, nulls=True))
    rows = [list(row) for row in frame.fill_nan(None).rows() if not {math.inf, -math.inf} & set(row)]
    pairs = data.draw(st.lists(st.sampled_from(rows), max_size=6)) if rows else []
    agree(frame, *(pair(IN_SET, value_pairs_set=pairs, ignore_row_if=mode, mostly=mostly) for mode in MODES))


@settings(max_examples=25, deadline=None)
@given(data=st.data(), kinds=st.sampled_from(ORDERED), mostly=MOSTLY)
def test_pairs__on_some_rows(data, kinds, mostly):
    """Rows that a row_condition leaves are all that counts."""
    frame = data.draw(frames(*kinds, columns=2))
    numbers = data.draw(st.lists(st.integers(0, 3), min_size=frame.height, max_size=frame.height))
    some = {"row_condition": "n > 1", "condition_parser": "pandas", "mostly": mostly}
    agree(
        frame.with_columns(n=pl.Series(numbers, dtype=pl.Int64)),
        *(pair(kind, ignore_row_if=mode, **some) for kind in (EQUAL, GREATER) for mode in MODES),
    )


def test_in_set__on_some_rows():
    """Rows that a row_condition leaves are all that counts, where Great Expectations counts pairs of every row."""
    frame = pl.DataFrame({"a": ["x", "y", "z", None], "b": [1, 2, 3, None], "n": [1, 2, 2, 2]})
    some = {"value_pairs_set": [["y", 2]], "row_condition": "n == 2", "condition_parser": "pandas"}
    wanted = (pair(IN_SET, **some), pair(IN_SET, ignore_row_if="neither", **some))
    assert found(frame, *wanted) == [(False, 3, 1, 1), (False, 3, 2, 0)]


DAY = datetime(2024, 1, 1)  # noqa: DTZ001 - without a zone
MIXED = {
    "integers of 64 bits": (pl.Series([1, 2**63 - 1, 3], dtype=pl.Int64), pl.Series([1, 2**63, 2], dtype=pl.UInt64)),
    "single and double floats": (pl.Series([0.1, 0.5, 0.25], dtype=pl.Float32), pl.Series([0.1, 0.5, 1.0])),
    "milliseconds and days": (pl.Series([DAY, None, DAY], dtype=pl.Datetime("ms")), pl.Series([DAY.date()] * 3)),
    "milliseconds and microseconds": (
        pl.Series([DAY, DAY, None], dtype=pl.Datetime("ms")),
        pl.Series([DAY, DAY + timedelta(microseconds=1), DAY], dtype=pl.Datetime("us")),
    ),
    "nanoseconds": (
        pl.Series([DAY, DAY, None], dtype=pl.Datetime("ns")),
        pl.Series([DAY] * 3, dtype=pl.Datetime("ns")),
    ),
    "two zones": (
        pl.Series([DAY, None, DAY]).dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo"),
        pl.Series([DAY, DAY, DAY + timedelta(1)]).dt.replace_time_zone("UTC"),
    ),
}


@pytest.mark.parametrize("columns", MIXED.values(), ids=MIXED)
def test_pairs__of_different_widths(columns):
    """Numbers of other widths and moments of other units or zones are compared by their values."""
    a, b = columns
    agree(pl.DataFrame([a.alias("a"), b.alias("b")]), pair(EQUAL), pair(GREATER), pair(GREATER, or_equal=True))


@pytest.mark.parametrize("dtype", [pl.Datetime("ns"), pl.Time(), pl.List(pl.Int64())])
def test_pairs__of_other_types(dtype):
    """Moments of nanoseconds beside others, and what has no type of pandas' own, are left to Great Expectations."""
    frame = pl.DataFrame([pl.Series("a", [None], dtype=dtype), pl.Series("b", [DAY])])
    agree(frame, pair(EQUAL, ignore_row_if="neither"), declined=(EQUAL,))


def test_pairs__integers_beyond_floats():
    """Integers beside nulls are compared as integers, where pandas rounds them to floats."""
    frame = pl.DataFrame({"a": [2**53 + 1, None], "b": [2**53, 1]})
    big = [[2**53, 2**53]]
    assert found(frame, pair(EQUAL), pair(GREATER, mostly=0.5), pair(IN_SET, value_pairs_set=big)) == [
        (False, 2, 2, 0),
        (True, 2, 1, 0),
        (False, 2, 2, 0),
    ]


@pytest.mark.parametrize(
    "kwargs",
    [
        {"value_pairs_set": [["a", ["b"]]]},
        {"value_pairs_set": [["a"]]},
        {"value_pairs_set": [["a", "b"]], "ignore_row_if": "never"},
    ],
)
def test_pairs__unusual_arguments(kwargs):
    """What is no pair of plain values, or no mode of a pair, is left to Great Expectations."""
    agree(pl.DataFrame({"a": ["a"], "b": ["b"]}), pair(IN_SET, **kwargs), declined=(IN_SET,))


@pytest.mark.parametrize(
    ("dtypes", "form"),
    [
        ((pl.Int64, pl.String), lambda at: (at % 70, str(at // 70))),
        ((pl.Float64, pl.Int8), lambda at: (at % 70 / 2, at // 70)),
        ((pl.UInt64, pl.Boolean), lambda at: (at, at % 2 == 0)),
    ],
)
@pytest.mark.parametrize("mode", ["both_values_are_missing", "either_value_is_missing", "neither"])
def test_in_set__of_many_pairs(dtypes, form, mode):
    """Sets of thousands of pairs are looked up, with nulls in the pairs and in the columns."""
    pairs = [list(form(at)) for at in range(0, 3000, 2)]
    cells = [form(at) for at in range(3000)] + [(None, form(0)[1]), (form(2)[0], None), (None, None)]
    frame = pl.DataFrame(cells, schema=dict(zip("ab", dtypes, strict=True)), orient="row")
    kind = "expect_column_pair_values_to_be_in_set"
    columns = {"column_A": "a", "column_B": "b", "ignore_row_if": mode}
    (seen,) = observe(
        frame.lazy(), suite_of(expectation(kind, value_pairs_set=[*pairs, [None, None]], **columns))
    ).observations
    wanted = {tuple(pair) for pair in pairs} | {(None, None)}
    considered = {
        "neither": cells,
        "both_values_are_missing": cells[:-1],
        "either_value_is_missing": cells[:-3],
    }[mode]
    assert not seen.engine
    assert seen.unexpected_count == sum(cell not in wanted for cell in considered)


def test_in_set__nulls_of_columns_that_hold_nothing_else_of_the_set():
    """Of columns of moments a pair can name the nulls alone."""
    frame = pl.DataFrame({"a": [datetime(2024, 1, 1), None, None], "b": [1, 1, 2]})  # noqa: DTZ001
    kind = "expect_column_pair_values_to_be_in_set"
    pairs = [[None, 1], ["2024-01-01", 1]]
    suite = suite_of(expectation(kind, column_A="a", column_B="b", value_pairs_set=pairs, ignore_row_if="neither"))
    (seen,) = observe(frame.lazy(), suite).observations
    assert (seen.engine, seen.unexpected_count) == ("", 2)
