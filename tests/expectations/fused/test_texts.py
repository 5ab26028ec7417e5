"""Patterns in texts, and what only a database computes."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import MOSTLY, agree, expectation, frames, suite_of

from mlci.expectations import catalog, fused
from mlci.expectations.fused.pieces import pieces
from mlci.expectations.fused.texts import MANY, POSITIONAL, elsewhere

KINDS = (
    "expect_column_values_to_match_regex",
    "expect_column_values_to_not_match_regex",
    "expect_column_values_to_match_regex_list",
    "expect_column_values_to_not_match_regex_list",
)
PATTERNS = st.sampled_from(
    [
        *(
            "^a",
            "a$",
            r"\d",
            r"^\d+$",
            r"\.0$",
            "(?i)b",
            r"^\w$",
            "[^a-z]",
            "",
            r"\s",
            "true|True",
            "^-?[0-9]{1,3}$",
            "^$",
        ),
        *(r"\bb\b", "(a|b)", "ß|日", "a(?! )", r"(\d).*\1", r"\Ba", "x|y", "^(low|high)$", ".", "e", r"\ba"),
    ]
)


def all_four(one, several, mostly, **more):
    """The four types over one column."""
    return (
        expectation(KINDS[0], column="a", regex=one, mostly=mostly, **more),
        expectation(KINDS[1], column="a", regex=one, mostly=mostly, **more),
        expectation(KINDS[2], column="a", regex_list=several, mostly=mostly, **more),
        expectation(KINDS[2], column="a", regex_list=several, mostly=mostly, match_on="all", **more),
        expectation(KINDS[2], column="a", regex_list=several, mostly=mostly, match_on="any", **more),
        expectation(KINDS[3], column="a", regex_list=several, mostly=mostly, **more),
    )


@given(
    frame=frames("texts", "texts", "categories", "levels", "integers", "small", "unsigned", "booleans", "nothing"),
    one=PATTERNS,
    several=st.lists(PATTERNS, min_size=1, max_size=3),
    mostly=MOSTLY,
)
@settings(max_examples=22, deadline=None)
def test_regex__like_great_expectations(frame, one, several, mostly):
    """Texts, categories, integers and booleans are searched as the texts that pandas makes of them."""
    agree(frame, *all_four(one, several, mostly))


@given(frame=frames("floats", "singles", "dates", "moments", "zoned", "decimals"), one=PATTERNS)
@settings(max_examples=6, deadline=None)
def test_regex__other_columns_are_great_expectations_own(frame, one):
    """How pandas writes floats and times is left to it."""
    agree(frame, *all_four(one, [one], 1.0), declined=KINDS)


@given(frame=frames("texts", "integers", columns=2), one=PATTERNS, several=st.lists(PATTERNS, min_size=1, max_size=2))
@settings(max_examples=10, deadline=None)
def test_regex__some_rows(frame, one, several):
    """A row_condition leaves rows out; whether a column of integers has nulls is a matter of the whole table."""
    condition = {"row_condition": 'col("b").notnull()', "condition_parser": "great_expectations"}
    agree(frame, *all_four(one, several, 0.75, **condition))


@pytest.mark.parametrize("value", [POSITIONAL - 1, 1 - POSITIONAL, 2**62, -(2**62)])
@pytest.mark.parametrize("nulls", [[], [None]])
def test_regex__long_integers(value, nulls):
    """Beside a null a long integer is a float with an exponent, which pandas writes."""
    frame = pl.DataFrame({"a": [value, 1, *nulls]}, schema={"a": pl.Int64})
    several = ["e[+]", r"\.0$"]
    agree(frame, *all_four("7$", several, 1.0), declined=KINDS if nulls and abs(value) >= POSITIONAL else ())


def test_regex__searched_by_python():
    """What Rust has no words for is searched in the distinct texts, and not handed on."""
    frame = pl.DataFrame({"a": ["aa", "ab", "ab", None, "éa b", "a\n"]})
    agree(frame, *all_four(r"(.)\1", [r"a(?=b)", r"\b\b", "a$\n?"], 0.5))


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "a{2,1}", r"\p{L}", "*"])
def test_regex__not_accepted(pattern):
    """A pattern that Python does not accept is an error, which Great Expectations tells."""
    agree(pl.DataFrame({"a": ["a"]}), *all_four(pattern, ["a", pattern], 1.0), declined=KINDS)


def test_regex__absent_column():
    """A column that is not there is told without Great Expectations."""
    agree(pl.DataFrame({"b": ["a"]}), *all_four("a", ["a"], 1.0))


IN_A_DATABASE = {
    "expect_column_values_to_match_like_pattern": {"column": "a", "like_pattern": "a%"},
    "expect_column_values_to_not_match_like_pattern": {"column": "a", "like_pattern": "a%", "mostly": 0.5},
    "expect_column_values_to_match_like_pattern_list": {"column": "a", "like_pattern_list": ["a%", "b"]},
    "expect_column_values_to_not_match_like_pattern_list": {"column": "a", "like_pattern_list": ["a%"]},
    "expect_table_row_count_to_equal_other_table": {"other_table_name": "t"},
    "expect_query_results_to_match_comparison": {
        "base_query": "select 1",
        "comparison_data_source_name": "d",
        "comparison_query": "select 1",
    },
    "unexpected_rows_expectation": {"unexpected_rows_query": "select * from {batch} where a = 'x'"},
}


def test_elsewhere__same_error():
    """What needs a database is the error that Great Expectations gives, in the same words, without asking it."""
    frame = pl.DataFrame({"a": ["a", None]})
    asked = [expectation(kind, **kwargs) for kind, kwargs in IN_A_DATABASE.items()]
    asked += [expectation("expect_column_values_to_match_like_pattern", column="z", like_pattern="a", escape="!")]
    agree(frame, *asked)
    said = {seen.error for seen in fused.observe(frame, suite_of(*asked)).observations}
    assert said == {"Great Expectations cannot compute it on data frames", "column `z` is not in the data"}


def test_elsewhere__odd_arguments():
    """Arguments that are refused are refused by Great Expectations."""
    kind = "expect_column_values_to_match_like_pattern"
    frame = pl.DataFrame({"a": ["a"]})
    agree(frame, expectation(kind, column="a", like_pattern="a", escape="!!"), declined=(kind,))
    agree(frame, expectation(f"{kind}_list", column="a", like_pattern_list=[]), declined=(f"{kind}_list",))


def test_elsewhere__all_of_them():
    """Every type that cannot be computed on data frames is known; of one Great Expectations says so wrongly."""
    known = {kind for kind, piece in pieces().items() if piece is elsewhere}
    told = {kind for kind in catalog.types() if not catalog.computable(kind, "Pandas")}
    assert known == set(IN_A_DATABASE) == told - {"expect_column_values_to_be_in_type_list"}


@pytest.mark.parametrize("kind", KINDS[2:])
def test_lists__of_too_many_patterns(kind):
    """So many patterns are Great Expectations' own, and said to be."""
    suite = suite_of(expectation(kind, column="a", regex_list=[f"b{at}" for at in range(MANY + 1)]))
    (seen,) = fused.observe(pl.DataFrame({"a": ["a"]}).lazy(), suite).observations
    assert (seen.engine, seen.reason) == ("gx", "its `regex_list` is too long")
