"""Distinct values: counted, compared with a set, and the most common of them."""

from __future__ import annotations

import math
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import agree, expectation, frames, suite_of, told

from mlci.expectations import fused
from mlci.expectations.fused.distinct import EACH, FEW, TIED

SETS = ("distinct_values_to_be_in_set", "distinct_values_to_contain_set", "distinct_values_to_equal_set")
COMMON = "most_common_value_to_be_in_set"
PLAIN = ("integers", "small", "unsigned", "floats", "singles", "booleans", "decimals", "nothing")
TEXTS = ("texts", "categories", "levels")
MOMENTS = ("dates", "moments", "zoned")

NUMBERS = st.lists(
    st.integers(-3, 4) | st.sampled_from([0.5, 2.5, True, False, None, "1", "", 300, -0.0, 2**53, 1.5]), min_size=1
)
WORDS = st.lists(st.sampled_from(["", "a", "b", "x", "y", "z", "low", "high", "ä", "1", 1, True, None]), min_size=1)
STAMPS = st.lists(
    st.sampled_from(
        [
            *("2023-12-31", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01 00:30", "2024-01-01T00:00:00.000001"),
            *("2023-12-31T23:00:00Z", "2024-01-01T00:00:00+01:00", "2024-01-01T00:00:00+00:00", None, 5),
        ]
    ),
    min_size=1,
)


def column(kind, **kwargs):
    """An expectation of column `a`."""
    return expectation(f"expect_column_{kind}", column="a", **kwargs)


@given(frame=frames(), share=st.sampled_from([None, 0.0, 0.5, 1.0]), count=st.sampled_from([None, 0, 2, 3.0]))
@settings(max_examples=60, deadline=None)
def test_counts__like_great_expectations(frame, share, count):
    """Distinct values are counted alike in columns of every type."""
    agree(
        frame,
        column("unique_value_count_to_be_between", min_value=count, max_value=3, strict_min=True),
        column("proportion_of_unique_values_to_be_between", min_value=share, max_value=0.9, strict_max=True),
        column("proportion_of_non_null_values_to_be_between", min_value=share, strict_min=True),
    )


@given(frame=frames(*PLAIN), value_set=NUMBERS, ties=st.booleans())
@settings(max_examples=60, deadline=None)
def test_sets__of_numbers(frame, value_set, ties):
    """A set of numbers is compared as Python compares them, and what is no number is never found."""
    agree(
        frame,
        *(column(kind, value_set=value_set) for kind in SETS),
        column(COMMON, value_set=value_set, ties_okay=ties),
    )


@given(frame=frames(*TEXTS), value_set=WORDS, ties=st.booleans())
@settings(max_examples=50, deadline=None)
def test_sets__of_texts(frame, value_set, ties):
    """A set of texts is compared with texts and categories, and the most common come in pandas' order."""
    agree(
        frame,
        *(column(kind, value_set=value_set) for kind in SETS),
        column(COMMON, value_set=value_set, ties_okay=ties),
    )


@given(frame=frames(*MOMENTS), value_set=STAMPS)
@settings(max_examples=50, deadline=None)
def test_sets__of_moments(frame, value_set):
    """Texts in a set are read as moments, and those with a zone are found where the column has one too."""
    agree(frame, *(column(kind, value_set=value_set) for kind in SETS))


@pytest.mark.filterwarnings("ignore:Series.values returning an ndarray")
@given(frame=frames(*MOMENTS))
@settings(max_examples=40, deadline=None)
def test_most_common__moments_are_listed_like_great_expectations(frame):
    """The most common moments are listed in order, in UTC."""
    agree(frame, column(COMMON, value_set=["1999-01-01"], ties_okay=True))


@given(frame=frames("integers", "texts", "floats", columns=2, nulls=False), value_set=NUMBERS)
@settings(max_examples=40, deadline=None)
def test_conditions__leave_rows_out(frame, value_set):
    """Only the rows that a row_condition keeps are looked at."""
    keep = {"row_condition": "c == 0", "condition_parser": "pandas"}
    agree(
        frame.with_columns(c=pl.int_range(frame.height) % 2),
        *(column(kind, value_set=value_set, **keep) for kind in (*SETS, COMMON)),
        column("unique_value_count_to_be_between", max_value=2, **keep),
        column("proportion_of_unique_values_to_be_between", min_value=0.5, **keep),
        column("proportion_of_non_null_values_to_be_between", min_value=0.5, **keep),
    )


@pytest.mark.parametrize("size", [FEW, FEW + 1, EACH, EACH + 1])
@pytest.mark.parametrize("cells", [list(range(200)), [*map(str, range(200))], [each / 2 for each in range(200)]])
def test_sets__large(size, cells):
    """Large sets are looked up, and looked for, with the same answers."""
    agree(pl.DataFrame({"a": cells}), *(column(kind, value_set=[*cells[:size], -1]) for kind in SETS))


def test_sets__of_many_moments():
    """A large set of dates is looked up too."""
    days = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 6, 1), eager=True)
    frame = days.to_frame("a")
    agree(frame, *(column(kind, value_set=days.dt.to_string().to_list()[: EACH + 1]) for kind in SETS))


@pytest.mark.parametrize("value_set", [[["a"]], [{"a": 1}], [math.inf], []])
def test_sets__unusual_ones_are_left_to_great_expectations(value_set):
    """What is no scalar is handed on."""
    kind = "distinct_values_to_contain_set"
    agree(pl.DataFrame({"a": [1]}), column(kind, value_set=value_set), declined=(f"expect_column_{kind}",))


def test_sets__of_dates_in_other_words():
    """A text that is no ISO date is left to the parser that Great Expectations uses."""
    kind = "distinct_values_to_equal_set"
    frame = pl.DataFrame({"a": [date(2024, 1, 1)]})
    agree(frame, column(kind, value_set=["Jan 1, 2024"]), declined=(f"expect_column_{kind}",))


def test_unique_count__a_bound_with_a_fraction():
    """Great Expectations cuts a bound of a count, and is asked itself."""
    kind = "unique_value_count_to_be_between"
    agree(pl.DataFrame({"a": [1]}), column(kind, min_value=1.5), declined=(f"expect_column_{kind}",))


def test_most_common__too_many():
    """Very many values that are equally common are not listed."""
    frame = pl.DataFrame({"a": range(TIED + 1)})
    [seen] = fused.observe(frame, suite_of(column(COMMON, value_set=[1]))).observations
    assert (seen.engine, seen.reason) == ("gx", "too many values are equally common")


@pytest.mark.parametrize("dtype", [pl.Date(), pl.Datetime("ms"), pl.Datetime("us", "UTC")])
def test_most_common__a_moment_is_found_in_a_set(dtype):
    """Texts in a set are moments here too, which Great Expectations overlooks."""
    zone = "Z" if getattr(dtype, "time_zone", None) else ""
    frame = pl.DataFrame({"a": pl.Series([date(2024, 1, day) for day in (1, 1, 2)]).cast(dtype)})
    [found] = told(fused.observe(frame, suite_of(column(COMMON, value_set=[f"2024-01-01T00:00:00{zone}"]))))
    assert (found["success"], found["result"]) == (True, {"observed_value": ["2024-01-01T00:00:00"]})


@pytest.mark.parametrize("cells", [list(range(3)), ["0", "1", "2"]])
def test_sets__of_many_thousands(cells):
    """A set that is far larger than the table is looked up, not written out value by value."""
    some = [type(cells[0])(at) for at in range(20_000)]
    agree(pl.DataFrame({"a": cells}), *(column(kind, value_set=some) for kind in SETS))
