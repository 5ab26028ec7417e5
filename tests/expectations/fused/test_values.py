"""Values between bounds, in sets and alone of their kind, as Great Expectations counts them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference import MOSTLY, agree, expectation, frames, suite_of, told

from mlci.expectations import fused

BETWEEN = "expect_column_values_to_be_between"
IN_SET = "expect_column_values_to_be_in_set"
NOT_IN_SET = "expect_column_values_to_not_be_in_set"
UNIQUE = "expect_column_values_to_be_unique"

NUMBERS = ("integers", "small", "unsigned", "floats", "singles", "decimals", "booleans", "nothing")
BOUNDS = st.sampled_from([None, -5, -1.5, 0, 0.5, 1, 1.0, 2.5, 3, 100, 2**31, 1e300, 2**70, -(2**70)])
STAMPS = st.sampled_from(
    [
        "2023-12-31T23:30:00",
        "2024-01-01T00:00:00",
        "2024-01-01 01:00",
        "2024-01-02T00:00:00.5",
        "2024-01-01T00:00:00.0001",
    ]
)
ZONED = STAMPS.flatmap(lambda stamp: st.sampled_from([f"{stamp}Z", f"{stamp}+02:00", f"{stamp}-00:30"]))
CONDITIONS = st.sampled_from([None, 'col("b") > 0', 'col("b").notnull()'])
ITEMS = st.lists(
    st.sampled_from(
        [None, True, False, 0, 1, -1, 2, 3, 1.0, 0.1, 2.5, -0.0, 300, 2**40, "a", "1", "x", "low", "ä", "", "nan"]
    ),
    max_size=12,
)


def seen(frame, *expectations):
    """What the fused engine says itself: for each expectation its success and the unexpected values."""
    observed = fused.observe(frame.lazy(), suite_of(*expectations))
    assert not any(each.engine for each in observed.observations)
    return [(each["success"], each["counts"][1]) for each in told(observed)]


def conditioned(condition):
    """The arguments of a row_condition, if there is one."""
    return {} if condition is None else {"row_condition": condition, "condition_parser": "great_expectations"}


# --- between ---------------------------------------------------------------------------------------------------------


@given(frame=frames(*NUMBERS), low=BOUNDS, high=BOUNDS, mostly=MOSTLY, strict=st.tuples(st.booleans(), st.booleans()))
@settings(max_examples=80, deadline=None)
def test_between__of_numbers(frame, low, high, mostly, strict):
    """Numbers of every type, booleans and nulls are counted alike between bounds, strict or not."""
    assume(low is not None or high is not None)
    assume(low is None or high is None or low <= high)
    strictly = {"strict_min": strict[0], "strict_max": strict[1]}
    one = {"min_value": low} if low is not None else {"max_value": high}
    agree(
        frame,
        expectation(BETWEEN, column="a", min_value=low, max_value=high, mostly=mostly, **strictly),
        expectation(BETWEEN, column="a", **one, **strictly),
    )


@given(
    frame=frames("dates", "moments"), bounds=st.tuples(STAMPS, STAMPS), strict=st.tuples(st.booleans(), st.booleans())
)
@settings(max_examples=40, deadline=None)
def test_between__of_moments(frame, bounds, strict):
    """Dates and moments of every unit are counted alike between moments, to the microsecond."""
    strictly = {"strict_min": strict[0], "strict_max": strict[1]}
    low, high = sorted(bounds, key=datetime.fromisoformat)
    alone = [expectation(BETWEEN, column="a", **{key: low}, **strictly) for key in ("min_value", "max_value")]
    both = expectation(BETWEEN, column="a", min_value=low, max_value=high, **strictly)
    agree(frame, *alone, both)
    if frame["a"].dtype != pl.Date:
        for unit in ("ms", "ns"):
            agree(frame.with_columns(pl.col("a").dt.cast_time_unit(unit)), both)


@given(frame=frames("zoned"), bounds=st.tuples(ZONED, ZONED), strict=st.booleans())
@settings(max_examples=25, deadline=None)
def test_between__of_moments_with_a_zone(frame, bounds, strict):
    """Moments of a zone are compared to moments of any zone."""
    low, high = sorted(bounds, key=datetime.fromisoformat)
    agree(
        frame,
        expectation(BETWEEN, column="a", min_value=low, max_value=high, strict_min=strict),
        expectation(BETWEEN, column="a", max_value=high, strict_max=strict),
    )


@given(frame=frames("integers", "floats", columns=2), condition=CONDITIONS, mostly=MOSTLY)
@settings(max_examples=25, deadline=None)
def test_every_type__with_a_row_condition(frame, condition, mostly):
    """Only rows of the row_condition count."""
    kwargs = {"column": "a", "mostly": mostly, **conditioned(condition)}
    agree(
        frame,
        expectation(BETWEEN, min_value=0, max_value=2.5, **kwargs),
        expectation(IN_SET, value_set=[0, 1, 2, 3], **kwargs),
        expectation(NOT_IN_SET, value_set=[0, -1.5], **kwargs),
        expectation(UNIQUE, **kwargs),
    )


@pytest.mark.parametrize(
    ("column", "bounds"),
    [
        (pl.Series(["a", "b"]), {"min_value": 1}),
        (pl.Series(["a", "b"]), {"min_value": "a"}),
        (pl.Series([1, 2]), {"min_value": 2, "max_value": 1}),
        (pl.Series([1, 2]), {"min_value": "1"}),
        (pl.Series([1, 2]), {"min_value": "2024-01-01"}),
        (pl.Series([1, 2]), {"min_value": True}),
        (pl.Series([1, 2]), {}),
        (pl.Series([1, 2]), {"min_value": 1, "strict_min": 1}),
        (pl.Series([1, 2]), {"min_value": 1, "mostly": 2}),
        (pl.Series([date(2024, 1, 1)]), {"min_value": 1}),
        (pl.Series([date(2024, 1, 1)]), {"min_value": "2024-02-01T00:00:00", "max_value": "2024-01-01T00:00:00"}),
        (pl.Series([date(2024, 1, 1)]), {"min_value": "2024-01-01T00:00:00Z"}),
        (pl.Series([date(2024, 1, 1)]), {"min_value": "January 2024"}),
        (pl.Series(["x"], dtype=pl.Categorical), {"min_value": 1}),
        (pl.Series([[1], [2]]), {"min_value": 1}),
        (pl.Series([None, None]), {"min_value": 2, "max_value": 1}),
    ],
)
def test_between__what_goes_to_great_expectations(column, bounds):
    """What has no order, unusual bounds and what Great Expectations refuses are its own to speak of."""
    agree(pl.DataFrame({"a": column}), expectation(BETWEEN, column="a", **bounds), declined=[BETWEEN])


def test_between__dates_as_texts():
    """A date as a bound is its midnight; Great Expectations raises a TypeError."""
    days = pl.DataFrame({"a": [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 3), None]})
    within = expectation(BETWEEN, column="a", min_value="2024-01-01", max_value="2024-01-02")
    strict = expectation(BETWEEN, column="a", min_value="2024-01-01", strict_min=True)
    assert seen(days, within, strict) == [(False, 1), (False, 1)]
    for unit in ("ms", "us", "ns"):
        moments = days.select(pl.col("a").cast(pl.Datetime(unit)) + pl.duration(hours=1))
        assert seen(moments, within, strict) == [(False, 2), (True, 0)]


def test_between__dates_and_moments_without_a_zone_are_of_the_columns_zone():
    """A text without a zone is read on the clock of a column that has one; Great Expectations raises an error."""
    column = pl.Series([datetime(2023, 12, 31, 22, 59, tzinfo=UTC), datetime(2023, 12, 31, 23, tzinfo=UTC)])
    frame = pl.DataFrame({"a": column.dt.convert_time_zone("Europe/Berlin")})
    day = expectation(BETWEEN, column="a", min_value="2024-01-01")
    moment = expectation(BETWEEN, column="a", max_value="2023-12-31T23:59:00")
    assert seen(frame, day, moment) == [(False, 1), (False, 1)]


def test_between__large_integers_are_exact():
    """Integers that no float holds are compared as they are; Great Expectations rounds them to floats."""
    frame = pl.DataFrame({"a": [2**53, 2**53 + 1]})
    assert seen(frame, expectation(BETWEEN, column="a", max_value=2**53)) == [(False, 1)]


# --- sets ------------------------------------------------------------------------------------------------------------


@given(frame=frames(*NUMBERS, "texts", "categories", "levels"), items=ITEMS, mostly=MOSTLY)
@settings(max_examples=100, deadline=None)
def test_sets__of_numbers_and_texts(frame, items, mostly):
    """Numbers, booleans and texts are found in sets of any mixture as pandas finds them."""
    agree(
        frame,
        expectation(IN_SET, column="a", value_set=items, mostly=mostly),
        expectation(NOT_IN_SET, column="a", value_set=items, mostly=mostly),
    )


@given(frame=frames("integers", "small", "unsigned", "floats", "texts"), size=st.integers(9, 30))
@settings(max_examples=20, deadline=None)
def test_sets__of_many_values(frame, size):
    """A set too long to be compared one by one says the same."""
    items = [*range(-3, size), *"abcdefghij", "", "ä", "日本", 0.1, 1e9]
    agree(frame, expectation(IN_SET, column="a", value_set=items), expectation(NOT_IN_SET, column="a", value_set=items))


@given(
    frame=frames("dates", "moments"),
    items=st.lists(STAMPS | st.sampled_from(["2024-01-01", "2024-01-02", None, 1, True]), max_size=4),
)
@settings(max_examples=30, deadline=None)
def test_sets__of_moments(frame, items):
    """Texts that name a column's moments are those moments; numbers are none."""
    agree(frame, expectation(NOT_IN_SET, column="a", value_set=items))
    if not any(isinstance(item, str) for item in items):
        agree(frame, expectation(IN_SET, column="a", value_set=items))


@given(frame=frames("zoned"), items=st.lists(ZONED | st.none(), max_size=4))
@settings(max_examples=20, deadline=None)
def test_sets__of_moments_with_a_zone(frame, items):
    """A moment is the same in every zone."""
    agree(frame, expectation(NOT_IN_SET, column="a", value_set=items))


def test_sets__dates_as_texts_are_dates():
    """A set of dates holds dates; Great Expectations reads it for `not_be_in_set` alone, and finds none elsewhere."""
    days = pl.DataFrame({"a": [date(2024, 1, 1), date(2024, 1, 2), None]})
    named = expectation(IN_SET, column="a", value_set=["2024-01-01", "2024-01-02T00:00:00", "2024-01-02T00:00:01"])
    one = expectation(IN_SET, column="a", value_set=["2024-01-01"])
    assert seen(days, named, one) == [(True, 0), (False, 1)]
    assert seen(days.select(pl.col("a").cast(pl.Datetime("ms"))), named, one) == [(True, 0), (False, 1)]
    zoned = days.select(pl.col("a").cast(pl.Datetime("us")).dt.replace_time_zone("Asia/Tokyo"))
    assert seen(zoned, one, expectation(NOT_IN_SET, column="a", value_set=["2024-01-01"])) == [(False, 1), (False, 1)]


@pytest.mark.parametrize(
    ("column", "items"),
    [
        (pl.Series([date(2024, 1, 1)]), ["January 2024"]),
        (pl.Series([date(2024, 1, 1)]), ["2024-01-01T00:00:00Z"]),
        (pl.Series([date(2024, 1, 1)]), ["2024-02-31"]),
        (pl.Series([1.0]), [2**60 + 1]),
        (pl.Series([1.0]), [float("inf")]),
        (pl.Series([1]), [[1]]),
        (pl.Series([1]), None),
        (pl.Series([1]), "1"),
        (pl.Series([[1]]), [1]),
        (pl.Series([b"a"]), ["a"]),
    ],
)
def test_sets__what_goes_to_great_expectations(column, items):
    """Unusual sets and columns are its own to speak of."""
    kinds = (IN_SET, NOT_IN_SET)
    agree(
        pl.DataFrame({"a": column}), *(expectation(kind, column="a", value_set=items) for kind in kinds), declined=kinds
    )


def test_sets__integers_beside_nulls_are_exact():
    """An integer that no float holds is only itself, beside nulls too; Great Expectations makes floats of them."""
    frame = pl.DataFrame({"a": [2**53, 2**53 + 1, None]})
    assert seen(frame, expectation(IN_SET, column="a", value_set=[2**53])) == [(False, 1)]


# --- unique ----------------------------------------------------------------------------------------------------------


@given(frame=frames(), mostly=MOSTLY)
@settings(max_examples=60, deadline=None)
def test_unique__like_great_expectations(frame, mostly):
    """Every row counts whose value another row has too, in columns of every type; nulls and NaN are no values."""
    agree(frame, expectation(UNIQUE, column="a", mostly=mostly))


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([b"a", b"b", b"a", None]),
        pl.Series([1, 1, 2], dtype=pl.Duration("us")),
        pl.Series([time(1), time(1), time(2), None]),
        pl.Series(["x", "y", "x"], dtype=pl.Categorical),
    ],
)
def test_unique__of_unusual_types(column):
    """Whatever has equality can be unique."""
    agree(pl.DataFrame({"a": column}), expectation(UNIQUE, column="a"))


def test_unique__of_lists_goes_to_great_expectations():
    """What is nested is its own to compare."""
    agree(pl.DataFrame({"a": [[1], [2], [1]]}), expectation(UNIQUE, column="a"), declined=[UNIQUE])


def test_unique__exact_where_floats_are_not():
    """Large integers beside nulls and long decimals are themselves; Great Expectations sees them as floats."""
    integers = pl.DataFrame({"a": [2**53, 2**53 + 1, None]})
    decimals = pl.DataFrame(
        {"a": pl.Series([Decimal("90071992547409.92"), Decimal("90071992547409.93")]) + Decimal(10**14)}
    )
    assert seen(integers, expectation(UNIQUE, column="a")) == [(True, 0)]
    assert seen(decimals, expectation(UNIQUE, column="a")) == [(True, 0)]
