"""The engine: pieces in step, needs asked once, and the rest handed on."""

from __future__ import annotations

import json
from importlib import import_module

import polars as pl
import pytest
from reference import agree, expectation, suite_of

from mlci.errors import DataError, SuiteError
from mlci.expectations import catalog, fused, gx
from mlci.expectations.fused.piece import Declined, Found, Rows
from mlci.expectations.fused.pieces import pieces
from mlci.expectations.judge import judge
from mlci.training.worker import to_pandas

room = import_module("mlci.expectations.fused.observe")  # the package offers its function under the same name

NOT_NULL = "expect_column_values_to_not_be_null"
FRAME = pl.DataFrame({"a": [1, 2, None], "b": ["x", "y", "z"]})


@pytest.fixture
def played(monkeypatch):
    """Play pieces of the test's own under an expectation's name; gives the numbers of expressions of each query."""

    def play(*some):
        table = {f"expect_{at}": piece for at, piece in enumerate(some)}
        monkeypatch.setattr(room, "pieces", lambda: table)
        asked = []
        original = room.Asked.answer

        def answer(self, needs):
            asked.append(len(needs))
            yield from original(self, needs)

        monkeypatch.setattr(room.Asked, "answer", answer)
        seen = fused.observe(FRAME, suite_of(*(expectation(kind) for kind in table)))
        return [each.success for each in seen.observations], asked

    return play


def counts(ask):
    answers = yield {"rows": Rows(pl.len()), "ones": Rows((pl.col("a") == 1).sum())}
    return Found(answers == {"rows": 3, "ones": 1})


def counts_twice(ask):
    first = yield {"rows": Rows(pl.len())}
    then = yield {"above": Rows((pl.col("a") < first["rows"]).sum()), "rows": Rows(pl.len())}
    return Found(then == {"above": 2, "rows": 3})


def test_observe__what_two_ask_is_computed_once(played):
    """Three pieces ask for the number of rows, in two rounds: it is computed once."""
    assert played(counts, counts_twice, counts) == ([True, True, True], [2, 1])


def test_observe__who_fails_alone_is_declined(monkeypatch):
    """A query that cannot be computed does not take the others with it: that one goes to Great Expectations."""
    broken = pieces() | {
        "expect_column_mean_to_be_between": lambda ask: (yield {"x": Rows(pl.col("b").cast(pl.Int64).sum())})
    }
    monkeypatch.setattr(room, "pieces", lambda: broken)
    suite = suite_of(
        expectation("expect_column_values_to_not_be_null", column="a"),
        expectation("expect_column_mean_to_be_between", column="a", min_value=1),
    )
    seen = fused.observe(FRAME, suite).observations
    assert [(each.success, each.engine, each.reason) for each in seen] == [
        (False, "", ""),
        (True, "gx", "Polars cannot compute it"),
    ]


@pytest.mark.parametrize("when", ["at once", "later"])
def test_observe__declined_at_any_time(monkeypatch, when):
    """A piece may decline before it asks and after it has learnt something; the result says who answered, and why."""

    def piece(ask):
        if when == "later":
            yield {"rows": Rows(pl.len())}
        raise Declined("the moon is full")
        yield

    monkeypatch.setattr(room, "pieces", lambda: {"expect_column_mean_to_be_between": piece})
    suite = suite_of(expectation("expect_column_mean_to_be_between", column="a", min_value=1))
    out = judge(suite, fused.observe(FRAME, suite), dataset="d")
    (told,) = out.validation.expectations
    assert (out.validation.engine, told.engine, told.reason, out.raw["results"][0]["meta"]) == (
        "fused",
        "gx",
        "the moon is full",
        {"mlci": {"engine": "gx", "reason": "the moon is full"}},
    )


def test_observe__order_of_the_suite():
    """What is handed on comes back in its place."""
    kinds = ["expect_column_values_to_be_null", "expect_column_values_to_not_be_null"]
    suite = suite_of(*(expectation(kind, column=name) for name in ("a", "b") for kind in kinds))
    theirs, ours = gx.observe(FRAME, suite), fused.observe(FRAME, suite)
    assert [each.unexpected_count for each in ours.observations] == [2, 1, 3, 0]
    assert [each.unexpected_count for each in theirs.observations] == [2, 1, 3, 0]


def test_observe__absent_column_is_named():
    """A column that is not there is told with its neighbour's name, as by Great Expectations' engine."""
    suite = suite_of(expectation("expect_column_values_to_not_be_null", column="bb"))
    ours, theirs = (engine.observe(FRAME, suite).observations[0] for engine in (fused, gx))
    assert (ours.error, ours.raw) == (theirs.error, theirs.raw)


def test_observe__raw_is_great_expectations_own():
    """The echoed configuration and the result are Great Expectations' own, `$PARAMETER`s filled in."""
    given = expectation(
        "expect_column_values_to_not_be_null", severity="warning", column="a", mostly={"$PARAMETER": "share"}
    )
    suite = suite_of(given, share=0.5)
    ours, theirs = (engine.observe(FRAME, suite).observations[0].raw for engine in (fused, gx))
    assert json.dumps(ours, sort_keys=True) == json.dumps(theirs, sort_keys=True)


def test_observe__parameter_that_is_arithmetic_is_handed_on():
    """Great Expectations does the arithmetic of parameters."""
    agree(
        FRAME,
        expectation("expect_column_values_to_not_be_null", column="a", mostly={"$PARAMETER": "share / 2"}),
        declined=["expect_column_values_to_not_be_null"],
        share=1.0,
    )


@pytest.mark.parametrize(
    "kwargs",
    [{"column": "a", "mostly": "half"}, {"column": "a", "mostly": None}, {"column": "a", "mosty": 1}, {"column": 5}],
)
def test_observe__arguments_that_are_refused(kwargs):
    """What Great Expectations does not accept is said in the same words."""
    agree(FRAME, expectation("expect_column_values_to_not_be_null", **kwargs))


def test_observe__condition_from_a_parameter_is_checked():
    """A parameter's value is held to what a condition may do."""
    suite = suite_of(
        expectation("expect_column_values_to_not_be_null", column="a", row_condition={"$PARAMETER": "rule"}),
        rule="a.to_csv('x')",
    )
    with pytest.raises(SuiteError, match="row_condition"):
        fused.observe(FRAME, suite)


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:50])])
def test_observe__a_table_that_cannot_be_read(tmp_path, harm):
    """A file that goes away, or is cut while it is read, is the table's fault, not an expectation's."""
    path = tmp_path / "d.parquet"
    FRAME.write_parquet(path)
    lazy = pl.scan_parquet(path)
    lazy.collect_schema()
    harm(path)
    with pytest.raises(DataError, match=r"could not be read to check the suite `s\.json`"):
        fused.observe(lazy, suite_of(expectation("expect_column_values_to_not_be_null", column="a")))


def test_observe__pandas_frames_are_great_expectations_own():
    """A frame of pandas is not converted, but checked by the engine that is made for it."""
    suite = suite_of(expectation("expect_column_values_to_not_be_null", column="b"))
    assert fused.observe(to_pandas(FRAME), suite).engine == "gx"


def test_pieces__cover_the_catalog():
    """Every type of the installed Great Expectations has a piece."""
    assert sorted(set(catalog.types()) - set(pieces())) == []


VACUOUS = {
    "distinct": ("expect_column_distinct_values_to_be_in_set", {"value_set": [1]}),
    "sum": ("expect_column_sum_to_be_between", {"max_value": 5}),
    "unique": ("expect_column_unique_value_count_to_be_between", {"max_value": 5}),
    "share": ("expect_column_proportion_of_unique_values_to_be_between", {"max_value": 1}),
}


@pytest.mark.parametrize(("kind", "kwargs"), VACUOUS.values(), ids=VACUOUS)
@pytest.mark.parametrize(("condition", "codes"), [("a > 9", ["MLCI117"]), ("a < 9", [])])
def test_observe__an_aggregate_of_nothing_is_told(kind, kwargs, condition, codes):
    """Where no row meets the condition, an aggregate holds for want of a value, and that is said."""
    rule = {"row_condition": condition, "condition_parser": "pandas"}
    suite = suite_of(expectation(kind, column="a", **kwargs, **rule))
    out = judge(suite, fused.observe(pl.DataFrame({"a": [1, 1]}), suite), dataset="d")
    assert [finding.code for finding in out.findings] == codes


ODD = {
    "an argument of none": ("expect_column_values_to_be_increasing", {"column": "a", "mostyl": 0.9}),
    "an empty condition": (NOT_NULL, {"column": "a", "row_condition": ""}),
    "an unknown parser": (NOT_NULL, {"column": "a", "row_condition": "a > 1", "condition_parser": "panda"}),
    "a parser that is no text": (NOT_NULL, {"column": "a", "row_condition": "a > 1", "condition_parser": []}),
    "windows": (NOT_NULL, {"column": "a", "windows": "x"}),
    "mostly where nothing is looked at": ("expect_column_values_to_be_unique", {"column": "n", "mostly": 1.5}),
    "a column without a name": (NOT_NULL, {"column": ""}),
    "a type that is a date": ("expect_column_type_to_be", {"column": "a", "type_": "2024-01-01"}),
    "a list as match_on": (
        "expect_column_values_to_match_regex_list",
        {"column": "b", "regex_list": ["x"], "match_on": []},
    ),
    "blocks of floats": (
        "expect_multicolumn_sum_to_equal",
        {"column_list": ["a", "f", "g"], "sum_total": 10.3, "ignore_row_if": "never"},
    ),
    "a pair beyond 63 bits": (
        "expect_column_pair_values_to_be_in_set",
        {"column_A": "u", "column_B": "b", "value_pairs_set": [[2**63 + 5, "x"]]},
    ),
}


@pytest.mark.parametrize(("kind", "kwargs"), ODD.values(), ids=ODD)
def test_observe__odd_cases_as_great_expectations(kind, kwargs):
    """Cases that a reviewer found are answered, refused or handed on as Great Expectations has them."""
    frame = FRAME.with_columns(
        n=pl.lit(None, dtype=pl.Int64), a=pl.lit(10), f=pl.lit(0.1), g=pl.lit(0.2), u=pl.lit(2**63 + 5, dtype=pl.UInt64)
    )
    agree(frame, expectation(kind, **kwargs), declined=[kind])


def test_observe__a_constant_column_does_not_deviate():
    """The deviation of one repeated value is 0, whatever rounding makes of its mean."""
    kind = "expect_column_stdev_to_be_between"
    suite = suite_of(expectation(kind, column="a", max_value=0))
    assert fused.observe(pl.DataFrame({"a": [1234.56] * 1000}), suite).observations[0].success
