"""An expectation's arguments in words."""

from __future__ import annotations

import pytest

from mlci.errors import Location
from mlci.expectations.describe import LONGEST, about, describe
from mlci.expectations.suites import Expectation, frozen

AGE = {"type": "comparison", "column": {"name": "age"}, "operator": "NOT_IN", "parameter": [1, 2]}
NULL = {"type": "nullity", "column": {"name": "sex"}, "is_null": True}


def expectation(kind, **kwargs):
    """An expectation of any type with any arguments."""
    return Expectation(type=kind, kwargs=frozen(kwargs), location=Location("x"))


WORDS = {
    "bounds": (
        "expect_column_values_to_be_between",
        {"min_value": 0, "max_value": 1440, "mostly": 0.99},
        "between 0 and 1440, mostly 99 %",
    ),
    "lower bound": ("expect_column_mean_to_be_between", {"min_value": 0.1}, "at least 0.1"),
    "upper bound": ("expect_column_mean_to_be_between", {"max_value": 5, "min_value": None}, "at most 5"),
    "strict": (
        "expect_column_max_to_be_between",
        {"min_value": 0, "max_value": 1, "strict_min": True, "strict_max": True},
        "above 0 and below 1",
    ),
    "mostly of all": ("expect_column_values_to_not_be_null", {"mostly": 1}, ""),
    "mostly of a parameter": (
        "expect_column_values_to_not_be_null",
        {"mostly": {"$PARAMETER": "share"}},
        "mostly $share",
    ),
    "small set": ("expect_column_values_to_be_in_set", {"value_set": ["a", 1, True]}, "one of a, 1, true"),
    "large set": ("expect_column_values_to_be_in_set", {"value_set": list(range(1200))}, "one of 1,200 values"),
    "not in set": ("expect_column_values_to_not_be_in_set", {"value_set": ["a"]}, "none of a"),
    "contains": ("expect_column_distinct_values_to_contain_set", {"value_set": ["a", "b"]}, "all of a, b"),
    "equals": ("expect_column_distinct_values_to_equal_set", {"value_set": ["a", "b"]}, "exactly a, b"),
    "set by name": ("expect_column_values_to_be_in_set", {"value_set": {"$PARAMETER": "codes"}}, "one of $codes"),
    "pattern": ("expect_column_values_to_match_regex", {"regex": "^a+$"}, "matching ^a+$"),
    "patterns": (
        "expect_column_values_to_match_regex_list",
        {"regex_list": ["a", "b"], "match_on": "all"},
        "matching all of a, b",
    ),
    "long pattern": ("expect_column_values_to_match_regex", {"regex": "a" * 99}, f"matching {'a' * 59}…"),
    "value": ("expect_table_row_count_to_equal", {"value": 5}, "equal to 5"),
    "type": ("expect_column_values_to_be_of_type", {"type_": "int64"}, "of type int64"),
    "format": ("expect_column_values_to_match_strftime_format", {"strftime_format": "%Y"}, "in the format %Y"),
    "columns of a table": (
        "expect_table_columns_to_match_set",
        {"column_set": ["a", "b"], "exact_match": False},
        "columns a, b, others allowed",
    ),
    "columns of a record": ("expect_multicolumn_sum_to_equal", {"column_list": ["a", "b"], "sum_total": 3}, "sum 3"),
    "one value": ("expect_column_values_to_be_in_set", {"value_set": ["yes"]}, "equal to yes"),
    "many columns": ("expect_table_columns_to_match_set", {"column_set": list("abcdef")}, "6 columns"),
    "pairs": ("expect_column_pair_values_to_be_in_set", {"value_pairs_set": [[1, 2], [3, 4]]}, "one of 2 pairs"),
    "pair": ("expect_column_pair_values_to_be_in_set", {"value_pairs_set": [[1, 2]]}, "one of 1 pair"),
    "passed through": (
        "expect_column_values_to_not_be_null",
        {"row_condition": {"type": "pass_through", "pass_through_filter": "age > 3"}},
        "where age > 3",
    ),
    "quantiles": (
        "expect_column_quantile_values_to_be_between",
        {"quantile_ranges": {"quantiles": [0.1, 0.9]}},
        "quantiles 0.1, 0.9",
    ),
    "condition": ("expect_column_values_to_not_be_null", {"row_condition": "age > 3"}, "where age > 3"),
    "condition object": (
        "expect_column_values_to_not_be_null",
        {"row_condition": {"type": "or", "conditions": [AGE, NULL]}},
        "where age not in 1, 2 or sex is null",
    ),
    "no words of its own": ("expect_x", {"internal_weight_holdout": 0.5, "other": None}, "internal_weight_holdout 0.5"),
}


@pytest.mark.parametrize(("kind", "kwargs", "words"), WORDS.values(), ids=WORDS)
def test_describe__says_it_in_words(kind, kwargs, words):
    """Each argument has its words, and a long one is counted or cut."""
    assert describe(expectation(kind, column="age", **kwargs)) == words


def test_describe__has_an_end():
    """However much a suite says, a description is short."""
    many = {f"argument_{i}": "x" * 50 for i in range(99)}
    assert len(describe(expectation("expect_x", **many))) == LONGEST


def test_about__names_the_columns():
    """The columns are those that the expectation is about, in its own order."""
    assert [
        about(expectation("expect_column_to_exist", column="a")),
        about(expectation("expect_column_pair_values_to_be_equal", column_A="b", column_B="a")),
        about(expectation("expect_multicolumn_sum_to_equal", column_list=["c", "a"])),
        about(expectation("expect_table_columns_to_match_ordered_list", column_list=["c", "a"])),
    ] == [
        "expect_column_to_exist(a)",
        "expect_column_pair_values_to_be_equal(b, a)",
        "expect_multicolumn_sum_to_equal(c, a)",
        "expect_table_columns_to_match_ordered_list",
    ]
