"""What an expectation's arguments may be at all."""

from __future__ import annotations

import sys

import polars as pl
import pytest
from reference import expectation, suite_of

from mlci.expectations import fused
from mlci.expectations.fused.conditions import kept
from mlci.expectations.fused.piece import LARGEST, Ask, Declined

SCHEMA = {"a": pl.Int64()}


@pytest.mark.parametrize(
    ("kwargs", "why"),
    [
        ({"min_value": 10**400}, "beyond every float"),
        ({"min_value": LARGEST + 1}, "beyond every float"),
        ({"value_set": [1, -(10**400)]}, "beyond every float"),
        ({"value_pairs_set": [[1, 10**400]]}, "beyond every float"),
        ({"mostly": 10**400}, "beyond every float"),
        ({"regex": "\ud800"}, "no Unicode"),
        ({"value_set": ["a", "\udfff"]}, "no Unicode"),
        ({"json_schema": {"\ud800": {}}}, "no Unicode"),
        ({"json_schema": {"const": "é\ud800"}}, "no Unicode"),
    ],
)
def test_ask__declines_what_no_column_can_hold(kwargs, why):
    """Whole numbers that are no float, and halves of characters, are declined wherever they stand."""
    with pytest.raises(Declined, match=why):
        Ask(type="t", kwargs=kwargs, schema=SCHEMA)


def test_ask__largest():
    """The largest float as a whole number, and any character, are arguments like others."""
    ask = Ask(type="t", kwargs={"min_value": int(sys.float_info.max), "regex": "\U0001f600"}, schema=SCHEMA)
    assert ask.number("min_value") == sys.float_info.max


@pytest.mark.parametrize("number", [10**400, -(10**400)])
@pytest.mark.parametrize("form", ["a > {}", "a.isin([1, {}])", "a > 1 + {}"])
def test_kept__declines_numbers_beyond_floats(form, number):
    """A row_condition with such a number is declined, too."""
    with pytest.raises(Declined):
        kept(form.format(number), "pandas", SCHEMA)


def test_observe__handed_on():
    """Great Expectations itself says what such a set means."""
    suite = suite_of(expectation("expect_column_values_to_be_in_set", column="a", value_set=[1, 10**400]))
    (seen,) = fused.observe(pl.DataFrame({"a": [1, 2]}).lazy(), suite).observations
    assert (seen.engine, seen.unexpected_count) == ("gx", 1)
