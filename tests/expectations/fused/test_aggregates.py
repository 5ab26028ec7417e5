"""One number of a column, as Great Expectations sees it."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference import agree, expectation, frames, suite_of, told

from mlci.expectations import fused

AGGREGATES = ("min", "max", "mean", "median", "stdev", "sum")
NUMBERS = ("integers", "small", "unsigned", "floats", "booleans", "decimals", "singles")
BOUNDS = st.sampled_from([None, None, -3.1, 0, 0.33, 2, 7.77])
MOMENTS = ("dates", "moments")
STAMPS = st.sampled_from(
    [None, "2023-12-31T23:30:00", "2024-01-01T00:00:00", "2024-01-01 00:30", "2024-01-02T00:00:00.5"]
)


def between(which, **kwargs):
    """An expectation of one number of column `a`."""
    return expectation(f"expect_column_{which}_to_be_between", column="a", **kwargs)


def seen(frame, *expectations):
    """What the fused engine says, and that it said it itself."""
    observed = fused.observe(frame.lazy(), suite_of(*expectations))
    assert not any(each.engine for each in observed.observations)
    return [(each["success"], each["result"].get("observed_value")) for each in told(observed)]


@given(frame=frames(*NUMBERS, "nothing"), low=BOUNDS, high=BOUNDS, strict=st.booleans())
@settings(max_examples=120, deadline=None)
def test_numbers__like_great_expectations(frame, low, high, strict):
    """All aggregates of numbers but the standard deviation are the same, and lie on the same side of bounds."""
    which = [each for each in AGGREGATES if each != "stdev"]
    agree(frame, *(between(each, min_value=low, max_value=high, strict_min=strict) for each in which))


@given(frame=frames("small", "unsigned", "booleans", "decimals", "nothing"), low=BOUNDS, strict=st.booleans())
@settings(max_examples=60, deadline=None)
def test_stdev__like_great_expectations(frame, low, strict):
    """The sample's standard deviation is the same; of fewer than two values there is none."""
    agree(frame, between("stdev", min_value=low, strict_min=strict), between("stdev", max_value=low, strict_max=strict))


@given(frame=frames(*MOMENTS), low=STAMPS, high=STAMPS, strict=st.booleans())
@settings(max_examples=80, deadline=None)
def test_moments__like_great_expectations(frame, low, high, strict):
    """Least, greatest, mean and median moments are the same, and lie on the same side of bounds with a time."""
    assume(frame["a"].count())
    agree(
        frame,
        *(
            between(each, min_value=low, max_value=high, strict_min=strict, strict_max=strict)
            for each in ("min", "max", "mean", "median")
        ),
    )


@given(
    frame=frames("zoned"),
    low=st.sampled_from([None, "2024-01-01T00:00:00+01:00", "2023-12-31T23:30:00Z", "2024-01-01T00:00:00+0000"]),
    strict=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_moments__with_a_zone(frame, low, strict):
    """Moments of a zone are told in it, and compared with bounds of any."""
    assume(frame["a"].count())
    agree(
        frame,
        *(between(each, min_value=low, strict_min=strict) for each in ("min", "max", "mean", "median")),
        between("max", max_value=low, strict_max=strict),
    )


@given(frame=frames("texts"))
@settings(max_examples=40, deadline=None)
def test_texts__have_a_least_and_a_greatest(frame):
    """Texts are ordered by their code points; where all are null there are only numbers to be seen."""
    agree(frame, between("min"), between("max"))
    if frame.height and not frame["a"].count():
        agree(frame, *(between(each, min_value=0) for each in AGGREGATES))


@given(frame=frames("integers", "floats", "dates", columns=2, nulls=False))
@settings(max_examples=40, deadline=None)
def test_conditions__leave_rows_out(frame):
    """Only the rows that a row_condition keeps are looked at."""
    some = frame.with_columns(c=pl.int_range(frame.height) % 2)
    assume(some.filter(pl.col("c") == 0)["a"].count())
    which = ("min", "max", "mean", "median") if frame["a"].dtype == pl.Date else ("min", "max", "mean", "median", "sum")
    keep = {"row_condition": "c == 0", "condition_parser": "pandas"}
    agree(some, *(between(each, **keep) for each in which))


@pytest.mark.parametrize(
    ("which", "column", "kwargs"),
    [
        ("mean", pl.Series(["a"]), {}),
        ("sum", pl.Series(["a"]), {}),
        ("min", pl.Series(["a"]), {"min_value": 1}),
        ("max", pl.Series(["a"], dtype=pl.Categorical), {}),
        ("sum", pl.Series([date(2024, 1, 1)]), {}),
        ("stdev", pl.Series([date(2024, 1, 1)]), {}),
        ("min", pl.Series([date(2024, 1, 1)]), {"min_value": 3}),
        ("min", pl.Series([date(2024, 1, 1)]), {"min_value": "2024-01-01T00:00:00Z"}),
        ("min", pl.Series([1]), {"min_value": "0.5"}),
        ("min", pl.Series([1]), {"min_value": True}),
        ("mean", pl.Series([datetime(2024, 1, 1)], dtype=pl.Datetime("ns")), {}),  # noqa: DTZ001 - without a zone
    ],
)
def test_unusual__is_left_to_great_expectations(which, column, kwargs):
    """What has no such number, or bounds of another form, is handed on, and ends as Great Expectations says."""
    agree(column.to_frame("a"), between(which, **kwargs), declined=(f"expect_column_{which}_to_be_between",))


def test_min__nanoseconds():
    """Moments of nanoseconds are told where they are whole microseconds, and else left to Great Expectations."""
    stamps = pl.Series("a", [1_704_067_200_000_001_000, 1_704_067_200_000_001_001]).cast(pl.Datetime("ns")).to_frame()
    agree(stamps, between("min", min_value="2024-01-01T00:00:00"))
    agree(stamps, between("max"), declined=("expect_column_max_to_be_between",))


# --- what Great Expectations gets wrong -----------------------------------------------------------------------------


def test_sum__does_not_overflow():
    """A sum of integers is exact where 64 bits cannot hold it."""
    frame = pl.DataFrame({"a": [2**62, 2**62, 2**62, -1, None]})
    assert seen(frame, between("sum", min_value=0)) == [(True, 3 * 2**62 - 1)]
    assert seen(frame.cast(pl.UInt64, strict=False), between("sum")) == [(True, 3 * 2**62)]


def test_min__integers_beside_nulls_are_exact():
    """Integers are not rounded to doubles because one of them is null."""
    assert seen(pl.DataFrame({"a": [2**53 + 1, None]}), between("min"), between("max")) == [(True, 2**53 + 1)] * 2


@pytest.mark.parametrize("which", ["min", "max", "mean", "median"])
def test_moments__a_date_as_a_bound(which):
    """A date as a bound is its midnight."""
    frame = pl.DataFrame({"a": [date(2024, 1, 1), date(2024, 1, 3)]})
    inside = {"min_value": "2024-01-01", "max_value": "2024-01-03"}
    assert [
        success for success, _ in seen(frame, between(which, **inside), between(which, min_value="2024-01-04"))
    ] == [
        True,
        False,
    ]


@pytest.mark.parametrize("dtype", [pl.Date(), pl.Datetime("us"), pl.Datetime("us", "Europe/Berlin")])
@pytest.mark.parametrize("cells", [[], [None, None]])
@pytest.mark.parametrize("which", ["min", "max", "mean", "median"])
def test_moments__none_at_all(which, cells, dtype):
    """Where there is no moment nothing is observed, and that is no success, as with numbers."""
    assert seen(pl.DataFrame({"a": pl.Series(cells, dtype=dtype)}), between(which)) == [(False, None)]


@given(cells=st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=50))
@settings(max_examples=60, deadline=None)
def test_singles__are_added_up_as_doubles(cells):
    """Mean, sum and standard deviation of single precision are exact to that precision, whatever the number of rows."""
    frame = pl.DataFrame({"a": pl.Series(cells, dtype=pl.Float32)})
    doubles = np.array(cells, dtype=np.float64)
    for which, expected in (("mean", doubles.mean()), ("sum", doubles.sum()), ("stdev", doubles.std(ddof=1))):
        [(_, observed)] = seen(frame, between(which))
        assert observed == pytest.approx(float(np.float32(expected)), rel=1e-6, abs=1e-6)
