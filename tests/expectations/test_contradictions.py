"""What a suite says of itself before it runs: expectations that cannot hold together, and some that stand twice."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import expectation, suite_of

from mlci.errors import Location
from mlci.expectations import load, validate
from mlci.expectations.contradictions import NOTED, absences, contradictions, notices, refused

BETWEEN = "expect_column_values_to_be_between"
IN_SET, NOT_IN_SET = "expect_column_values_to_be_in_set", "expect_column_values_to_not_be_in_set"
NULL, NOT_NULL = "expect_column_values_to_be_null", "expect_column_values_to_not_be_null"
LENGTHS, LENGTH = "expect_column_value_lengths_to_be_between", "expect_column_value_lengths_to_equal"
MIN, MAX = "expect_column_min_to_be_between", "expect_column_max_to_be_between"
MEAN, MEDIAN = "expect_column_mean_to_be_between", "expect_column_median_to_be_between"
STDEV, DISTINCT = "expect_column_stdev_to_be_between", "expect_column_unique_value_count_to_be_between"
ROWS, ROWS_BETWEEN = "expect_table_row_count_to_equal", "expect_table_row_count_to_be_between"
QUANTILES = "expect_column_quantile_values_to_be_between"

CONDITION = {"row_condition": "b > 1", "condition_parser": "pandas"}


def of(kind, **kwargs):
    """An expectation of the column a, or of the whole table."""
    return expectation(kind, **({} if kind.startswith("expect_table_") else {"column": "a"}), **kwargs)


def quantiles(*ranges, at=(0.25, 0.5, 0.75)):
    """Ranges of quantiles."""
    return of(
        QUANTILES, quantile_ranges={"quantiles": list(at)[: len(ranges)], "value_ranges": list(map(list, ranges))}
    )


IMPOSSIBLE = {
    "bounds the wrong way round": of(BETWEEN, min_value=2, max_value=1),
    "strict bounds that are equal": of(BETWEEN, min_value=1, max_value=1, strict_max=True),
    "of a condition": of(BETWEEN, min_value=2, max_value=1, **CONDITION),
    "an aggregate's": of(MEAN, min_value=2, max_value=1),
    "a count's": of(ROWS_BETWEEN, min_value=2, max_value=1),
    "dates": of(BETWEEN, min_value="2024-02-01", max_value="2024-01-31T23:59:59"),
    "texts": of(BETWEEN, min_value="b", max_value="a"),
    "a quantile's range": quantiles([3, 2]),
    "a lower quantile above a higher one": quantiles([5, 6], [None, None], [3, 4]),
}

POSSIBLE = {
    "equal bounds": of(BETWEEN, min_value=1, max_value=1),
    "a number and a text": of(BETWEEN, min_value=2, max_value="1"),
    "a date and a moment of a zone": of(BETWEEN, min_value="2024-02-01", max_value="2024-01-31T00:00:00Z"),
    "one bound": of(BETWEEN, min_value=2, max_value=None),
    "quantiles in order": quantiles([1, 2], [2, 3], [None, 3]),
    "quantiles whose ranges overlap": quantiles([1, 5], [2, 3]),
    "a parameter that is arithmetic": of(BETWEEN, min_value={"$PARAMETER": "x + 1"}, max_value=1),
}

TOGETHER = {
    "null and not null": (of(NULL), of(NOT_NULL)),
    "more nulls and values than rows": (of(NULL, mostly=0.6), of(NOT_NULL, mostly=0.5)),
    "every allowed value forbidden": (of(IN_SET, value_set=["x", "y"]), of(NOT_IN_SET, value_set=["y", "z", "x"])),
    "forbidden by two": (
        of(IN_SET, value_set=["x", "y"]),
        of(NOT_IN_SET, value_set=["y"]),
        of(NOT_IN_SET, value_set=["x"]),
    ),
    "sets with nothing in common": (of(IN_SET, value_set=[1, 3]), of(IN_SET, value_set=[2])),
    "a set beyond a range": (of(IN_SET, value_set=[1, 3]), of(BETWEEN, min_value=4)),
    "ranges apart": (of(BETWEEN, max_value=1), of(BETWEEN, min_value=2, mostly=1.0)),
    "ranges that touch, one strictly": (of(BETWEEN, max_value=1, strict_max=True), of(BETWEEN, min_value=1)),
    "lengths apart": (of(LENGTHS, max_value=3), of(LENGTH, value=4)),
    "minimum above maximum": (of(MIN, min_value=2), of(MAX, max_value=1)),
    "mean below minimum": (of(MEAN, max_value=1), of(MIN, min_value=2)),
    "median above maximum": (of(MEDIAN, min_value=3), of(MAX, max_value=2)),
    "maximum above all values": (of(BETWEEN, max_value=1), of(MAX, min_value=2)),
    "minimum below all values": (of(BETWEEN, min_value=1), of(MIN, max_value=0)),
    "the same aggregate apart": (of(STDEV, max_value=1), of(STDEV, min_value=2)),
    "distinct values apart": (of(DISTINCT, max_value=1), of(DISTINCT, min_value=2)),
    "rows": (of(ROWS, value=3), of(ROWS_BETWEEN, min_value=4)),
    "rows twice": (of(ROWS, value=3), of(ROWS, value=4)),
}

APART = {
    "another column": (of(NULL), expectation(NOT_NULL, column="b")),
    "a condition": (of(NULL), of(NOT_NULL, **CONDITION)),
    "half and half": (of(NULL, mostly=0.5), of(NOT_NULL, mostly=0.5)),
    "a forbidden value of two": (of(IN_SET, value_set=["x", "y"]), of(NOT_IN_SET, value_set=["y"])),
    "ranges of most rows": (of(BETWEEN, max_value=1), of(BETWEEN, min_value=2, mostly=0.9)),
    "ranges that touch": (of(BETWEEN, max_value=1), of(BETWEEN, min_value=1)),
    "other bounds": (of(BETWEEN, max_value=3), of(BETWEEN, max_value=2)),
    "sums and means": (of(MEAN, min_value=3), of("expect_column_sum_to_be_between", max_value=2)),
    "a set with a null": (of(IN_SET, value_set=[1, None]), of(IN_SET, value_set=[2])),
    "an unknown share": (of(NULL, mostly={"$PARAMETER": "x + 1"}), of(NOT_NULL)),
    "minimum below maximum": (of(MIN, min_value=1), of(MAX, max_value=2), of(MEAN, min_value=1, max_value=2)),
}


def codes(*expectations, **parameters):
    """The codes of what is found."""
    return [finding.code for finding in contradictions(suite_of(*expectations, **parameters))]


@pytest.mark.parametrize("impossible", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_alone__nothing_meets_it(impossible):
    """Bounds that leave no room are found whatever they are of."""
    assert codes(impossible) == ["MLCI118"]


@pytest.mark.parametrize("possible", POSSIBLE.values(), ids=POSSIBLE)
def test_alone__something_may_meet_it(possible):
    """Bounds that leave room, or that are not of one scale, are left alone."""
    assert codes(possible) == []


@pytest.mark.parametrize("expectations", TOGETHER.values(), ids=TOGETHER)
def test_together__nothing_meets_both(expectations):
    """Expectations of one column that no data satisfy together are found once, in either order."""
    assert codes(*expectations) == codes(*reversed(expectations)) == ["MLCI118"]


@pytest.mark.parametrize("expectations", APART.values(), ids=APART)
def test_together__something_may_meet_both(expectations):
    """Expectations of other rows or columns, or that leave room for each other, are left alone."""
    assert codes(*expectations) == []


def test_together__parameters_are_filled_in():
    """A bound that is a parameter is its value, in the sentence too."""
    wanted = of(BETWEEN, min_value={"$PARAMETER": "least"}, max_value=1)
    (finding,) = contradictions(suite_of(wanted, least=2))

    assert finding.message == f"`{BETWEEN}(a)` is met by nothing: between 2 and 1."


def test_twice__the_same_type_and_arguments():
    """An expectation that stands twice is told at its second place, whatever its severity and the order of its keys."""
    first = of(BETWEEN, min_value=1, mostly=0.9)
    again = expectation(BETWEEN, severity="info", mostly=0.9, min_value=1, max_value=None, column="a")
    other = of(BETWEEN, min_value=1.0, mostly=0.8)

    assert codes(first, other, again) == ["MLCI119"]


@pytest.fixture
def written(tmp_path):
    """Write a suite line by line, and load it."""

    def make(*expectations):
        rows = ",\n".join(json.dumps({"type": kind, "kwargs": kwargs}) for kind, kwargs in expectations)
        (tmp_path / "s.json").write_text(f'{{"name": "s", "expectations": [\n{rows}\n]}}', encoding="utf-8")
        return load("s.json", root=tmp_path)

    return make


def test_places__of_the_later_one(written):
    """A finding stands at the later expectation and names the line of the first; a bound's is at its argument."""
    suite = written(
        (BETWEEN, {"column": "a", "min_value": 2, "max_value": 1}),
        (NULL, {"column": "a"}),
        (NOT_NULL, {"column": "a"}),
        (NULL, {"column": "a"}),
    )

    assert [(finding.message, finding.location) for finding in contradictions(suite)] == [
        (f"`{BETWEEN}(a)` is met by nothing: between 2 and 1.", Location("s.json", 2, 74)),
        (f"`{NOT_NULL}(a)` contradicts `{NULL}(a)` on line 3.", Location("s.json", 4, 1)),
        (f"`{NULL}(a)` stands twice: first on line 3.", Location("s.json", 5, 1)),
    ]


def test_places__of_the_narrowest_ranges(written):
    """Of many ranges only those are named that leave the least room."""
    found = contradictions(
        written(*((BETWEEN, {"column": "a", "min_value": at, "max_value": at + 1}) for at in (0, 5, 9)))
    )

    assert [finding.message for finding in found] == [
        f"`{BETWEEN}(a)` (between 9 and 10) contradicts `{BETWEEN}(a)` (between 0 and 1) on line 2."
    ]


def test_notices__are_part_of_every_outcome(written):
    """A run warns of them, beside what the data say."""
    suite = written((MAX, {"column": "a", "max_value": 1}), (MIN, {"column": "a", "min_value": 2}))
    outcome = validate(pl.LazyFrame({"a": [1]}), suite, dataset="people")

    told = [(finding.code, finding.severity, finding.subject) for finding in outcome.findings]
    assert told == [("MLCI118", "warn", "people"), ("MLCI101", "fail", "people")]


def test_notices__are_few():
    """Of many the first are told one by one, and the rest are counted."""
    *told, last = notices(suite_of(*(of(NULL) for _ in range(NOTED + 8))))

    assert [finding.code for finding in told] == ["MLCI119"] * NOTED
    assert last.message == "The suite `s.json` has 7 more findings of this kind."


def test_absences__of_every_argument():
    """Columns that the data lack are told, those of conditions too, with the nearest name where one is near."""
    suite = suite_of(
        expectation(NOT_NULL, column="agee"),
        expectation(NOT_NULL, column="age", row_condition="seks == 'F'", condition_parser="pandas"),
        expectation("expect_column_pair_values_to_be_equal", column_A="age", column_B="sex"),
        expectation("expect_compound_columns_to_be_unique", column_list=["age", "x", "y"]),
        expectation("expect_table_columns_to_match_ordered_list", column_list=["x"]),
        expectation(NOT_NULL, column="sex", row_condition="__import__('os')", condition_parser="pandas"),
        expectation("expect_column_to_exist", column="z"),
    )

    assert [finding.message.partition(": ")[2] for finding in absences(suite, ["age", "sex"])] == [
        "column `agee` is not in the data (did you mean 'age'?).",
        "column `seks` is not in the data.",
        "columns `x`, `y` are not in the data.",
        "column `z` is not in the data.",
    ]


@pytest.mark.parametrize(("mostly", "count"), [(0, 0), (1, 0), (0.5, 0), (1.01, 1), (-0.1, 1), (99, 1)])
def test_refused__a_share_that_is_none(mostly, count):
    """`mostly` is a share; what Great Expectations does not take is an error."""
    assert [finding.code for finding in refused(suite_of(of(NULL, mostly=mostly)))] == ["MLCI110"] * count


VALUES = st.integers(0, 3)
BOUNDS = st.dictionaries(st.sampled_from(["min_value", "max_value"]), VALUES, min_size=1).filter(
    lambda bounds: len(bounds) == 1 or bounds["min_value"] <= bounds["max_value"]
)
BOUNDED = st.builds(
    lambda kind, bounds, strict: of(kind, strict_min=strict, **bounds),
    st.sampled_from([BETWEEN, MIN, MAX, MEAN, MEDIAN]),
    BOUNDS,
    st.booleans(),
)
SETS = st.builds(
    lambda kind, values: of(kind, value_set=values),
    st.sampled_from([IN_SET, NOT_IN_SET]),
    st.lists(VALUES, min_size=1, max_size=3, unique=True),
)


@settings(max_examples=60, deadline=None)
@given(
    expectations=st.lists(BOUNDED | SETS, min_size=1, max_size=3),
    values=st.lists(VALUES, min_size=1, max_size=4),
)
def test_contradictions__never_of_what_holds(expectations, values):
    """Where some data satisfy a suite, nothing of it is called a contradiction."""
    suite = suite_of(*expectations)
    outcome = validate(pl.LazyFrame({"a": values}), suite, engine="fused", dataset="people")

    assert not (outcome.validation.success and "MLCI118" in codes(*expectations))
