"""Texts as moments, against the standard library."""

# ruff: noqa: DTZ001 - moments without a zone are what is tested
from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.data.moments import moments, moments_of_texts

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
ZONES = st.integers(-1439, 1439).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))


@given(st.datetimes(dt.datetime(1, 1, 3), dt.datetime(9999, 12, 29)), st.none() | ZONES, st.sampled_from("T "))
def test_moments_of_texts__agree_with_the_standard_library(moment, zone, separator):
    """An ISO text is the moment that `datetime` says it is; without a zone it is UTC."""
    text = moment.replace(tzinfo=zone).isoformat(sep=separator)
    expected = (moment.replace(tzinfo=zone or dt.UTC) - EPOCH) // dt.timedelta(microseconds=1)
    micros, rest, valid = moments_of_texts(pl.Series([text]))
    assert (micros.tolist(), rest.tolist(), valid.tolist()) == ([expected], [0], [True])


@given(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)), st.sampled_from(["us", "ns"]))
def test_moments__agree_with_texts(moment, unit):
    """A datetime is the moment that its text is."""
    stored = moments(pl.Series([moment], dtype=pl.Datetime(unit)))
    assert [each.tolist() for each in stored] == [
        each.tolist() for each in moments_of_texts(pl.Series([str(moment)]))[:2]
    ]


@pytest.mark.parametrize(
    "text", ["", "2023-02-29", "2023-13-01", "2023-1-1", "2023-01-01 24:00", "01/02/2023", "2023", "2023-01-01Z", "x"]
)
def test_moments_of_texts__no_moment(text):
    """What no calendar has, and what is no ISO 8601, is no moment."""
    assert moments_of_texts(pl.Series([text]))[2].tolist() == [False]


def test_moments_of_texts__nanoseconds():
    """What is finer than a microsecond is kept apart."""
    micros, rest, _ = moments_of_texts(pl.Series(["1970-01-01 00:00:01.123456789"]))
    assert (micros.tolist(), rest.tolist()) == ([1_123_456], [789])
