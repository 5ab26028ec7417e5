"""The real Great Expectations: what it finds is reported as it is, and what it hides is not believed."""

from __future__ import annotations

import dataclasses
import json
import logging
import subprocess
import sys
import threading
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from mlci.config.data import GxSuite
from mlci.errors import DataError, Location, SuiteError
from mlci.expectations import gx as engine
from mlci.expectations import gx_run, load, validate
from mlci.expectations.suites import Expectation, Suite, SuiteProblemsError, frozen

CANARY = "canary-7f3a"

BETWEEN = "expect_column_values_to_be_between"
IN_SET = "expect_column_values_to_be_in_set"
NOT_NULL = "expect_column_values_to_not_be_null"


def codes(outcome):
    """The findings' codes."""
    return [each.code for each in outcome.findings]


def only(outcome):
    """The result of a suite's only expectation."""
    (result,) = outcome.validation.expectations
    return result


# --- what holds and what does not ----------------------------------------------------------------------------------

COUNTS = {
    "between": ((BETWEEN, {"column": "age", "min_value": 18, "max_value": 67}), 2, 8),
    "strictly between": ((BETWEEN, {"column": "age", "min_value": 18, "max_value": 67, "strict_min": True}), 3, 8),
    "in set": ((IN_SET, {"column": "sex", "value_set": ["F", "M"]}), 1, 8),
    "not in set": (("expect_column_values_to_not_be_in_set", {"column": "sex", "value_set": ["F"]}), 4, 8),
    "not null": ((NOT_NULL, {"column": "score"}), 1, 8),
    "null": (("expect_column_values_to_be_null", {"column": "score"}), 7, 8),
    "unique": (("expect_column_values_to_be_unique", {"column": "sex"}), 6, 8),
    "regex": (("expect_column_values_to_match_regex", {"column": "sex", "regex": "^(F|M)$"}), 1, 8),
    "lengths": (("expect_column_value_lengths_to_equal", {"column": "sex", "value": 1}), 1, 8),
    "pair": (("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "score", "column_B": "other"}), 4, 8),
    "condition": ((NOT_NULL, {"column": "score", "row_condition": "age > 20 and sex == 'F'"}), 0, 2),
    "GX condition": (
        (NOT_NULL, {"column": "sex", "row_condition": 'col("age") > 60', "condition_parser": "great_expectations"}),
        1,
        2,
    ),
    "condition object": (
        (
            BETWEEN,
            {
                "column": "score",
                "max_value": 1,
                "row_condition": {
                    "type": "and",
                    "conditions": [
                        {"type": "comparison", "column": {"name": "age"}, "operator": ">=", "parameter": 40},
                        {"type": "nullity", "column": {"name": "sex"}, "is_null": False},
                    ],
                },
            },
        ),
        2,
        2,
    ),
}


@pytest.mark.parametrize(("entry", "unexpected", "elements"), COUNTS.values(), ids=COUNTS)
def test_validate__counts_by_hand(check, expect, entry, unexpected, elements):
    """The counts are those that one counts by hand in the table."""
    kind, kwargs = entry
    result = only(check(expect(kind, **kwargs)))
    assert (result.success, result.unexpected_count, result.element_count, result.error) == (
        unexpected == 0, unexpected, elements, "",
    )  # fmt: skip


def test_validate__aggregates_have_no_counts(check, expect):
    """A mean is right or wrong as a whole, and the value that was observed is not told."""
    out = check(expect("expect_column_mean_to_be_between", column="age", min_value=0, max_value=1))
    assert (only(out).success, only(out).unexpected_count, only(out).description, out.findings[0].message) == (
        False,
        None,
        "between 0 and 1",
        "1 of 1 expectation fails on `people`: expect_column_mean_to_be_between(age): between 0 and 1.",
    )


def test_validate__mostly(check, expect):
    """A share that may fail is Great Expectations' to weigh."""
    out = check(
        expect(BETWEEN, column="age", min_value=18, max_value=67, mostly=0.7),
        expect(BETWEEN, column="age", min_value=18, max_value=67, mostly=0.72),
    )
    assert [each.success for each in out.validation.expectations] == [True, False]


def test_validate__results_are_in_the_suites_order(check, expect):
    """Great Expectations groups results by column; the record and the raw structure do not."""
    kinds = [(NOT_NULL, "score"), (NOT_NULL, "age"), ("expect_column_to_exist", "score"), (NOT_NULL, "nowhere"),
             ("expect_column_to_exist", "age"), (NOT_NULL, "sex"), ("expect_column_to_exist", "sex")]  # fmt: skip
    out = check(*(expect(kind, column=column) for kind, column in kinds))
    raw = [each["expectation_config"] for each in out.raw["results"]]
    assert ([(each.type, each.column) for each in out.validation.expectations],
            [(each["type"], each["kwargs"]["column"]) for each in raw]) == (kinds, kinds)  # fmt: skip


def test_validate__twice_the_same_expectation(check, expect):
    """Two equal expectations are two results."""
    out = check(*[expect(NOT_NULL, column="age")] * 2)
    assert [each.unexpected_count for each in out.validation.expectations] == [1, 1]


def test_validate__severities(check, expect):
    """Each severity is one finding, at the place of its first expectation that fails."""
    out = check(
        expect(NOT_NULL, "info", column="age"),
        expect(NOT_NULL, "warning", column="sex"),
        expect(NOT_NULL, "warning", column="score"),
        expect(NOT_NULL, "critical", column="other"),
    )
    assert ([(each.code, each.severity, each.location.line) for each in out.findings], out.validation.verdict,
            out.validation.success) == ([("MLCI102", "warn", 11), ("MLCI103", "info", 4)], "warn", True)  # fmt: skip


def test_validate__suite_parameters(check, expect):
    """A $PARAMETER has the suite's value, also within arithmetic."""
    out = check(
        expect(BETWEEN, column="age", min_value={"$PARAMETER": "low"}),
        expect(BETWEEN, column="age", min_value={"$PARAMETER": "low - 3"}),
        expect(IN_SET, column="sex", value_set={"$PARAMETER": "codes"}),
        suite_parameters={"low": 18, "codes": ["F", "M"]},
    )
    assert [each.unexpected_count for each in out.validation.expectations] == [1, 0, 1]


def test_validate__suite_of_0_x(tmp_path, table):
    """A migrated suite is checked like any other, and its notice comes along."""
    entry = {"expectation_type": NOT_NULL, "kwargs": {"column": "age", "result_format": "COMPLETE"}, "meta": {}}
    old = {"expectation_suite_name": "old", "expectations": [entry], "meta": {}, "data_asset_type": None}
    (tmp_path / "old.json").write_text(json.dumps(old))
    out = validate(table, load("old.json", root=tmp_path), dataset="people")
    assert (codes(out), only(out).unexpected_count, out.findings[0].subject) == (["MLCI111", "MLCI101"], 1, "people")


# --- what says nothing about the data -------------------------------------------------------------------------------

ERRORS = {
    "column missing": ((NOT_NULL, {"column": "agee"}), "column `agee` is not in the data (did you mean 'age'?)"),
    "columns missing": (
        ("expect_compound_columns_to_be_unique", {"column_list": ["age", "x1", "x2"]}),
        "columns `x1`, `x2` are not in the data",
    ),
    "column of the condition missing": (
        (NOT_NULL, {"column": "age", "row_condition": "zzz > 1"}),
        "column `zzz` is not in the data",
    ),
    "text between numbers": ((BETWEEN, {"column": "sex", "min_value": 0}), "could not be computed (TypeError)"),
    "JSON": (
        ("expect_column_values_to_match_json_schema", {"column": "sex", "json_schema": {}}),
        "could not be computed (JSONDecodeError)",
    ),
    "not for data frames": (
        ("expect_column_values_to_match_like_pattern", {"column": "sex", "like_pattern": "F%"}),
        "Great Expectations cannot compute it on data frames",
    ),
    "query": (
        ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT * FROM {batch}"}),
        "Great Expectations cannot compute it on data frames",
    ),
    "plain date": (
        (BETWEEN, {"column": "day", "min_value": "2024-02-01"}),
        (
            "could not be computed (TypeError; a date as a bound needs a column of dates, and its time, as in "
            "2024-02-01T00:00:00)"
        ),
    ),
}


@pytest.mark.parametrize(("entry", "error"), ERRORS.values(), ids=ERRORS)
def test_validate__metric_error_is_not_failing_data(check, expect, table, entry, error):
    """What could not be computed has an error in mlci's own words, and fails whatever its severity."""
    kind, kwargs = entry
    frame = table.with_columns(day=pl.date(2024, 1, pl.int_range(1, 9)))
    out = check(expect(kind, "info", **kwargs), expect("expect_column_to_exist", column="age"), frame=frame)
    result = out.validation.expectations[0]
    assert (result.success, result.error.split(" (did you mean")[0], codes(out), out.validation.success) == (
        False, error.split(" (did you mean")[0], ["MLCI114"], False,
    )  # fmt: skip


def test_validate__bounds_in_the_wrong_order(check, expect):
    """Bounds that leave no room could not be computed either, and the suite itself is warned of."""
    out = check(expect(BETWEEN, column="age", min_value=5, max_value=1))
    assert (only(out).error, codes(out)) == ("could not be computed (ValueError)", ["MLCI118", "MLCI114"])


def test_validate__missing_column_has_a_neighbour(check, expect):
    """A slip in a column's name is answered with the nearest one."""
    assert only(check(expect(NOT_NULL, column="Agee"))).error == (
        "column `Agee` is not in the data (did you mean 'age'?)"
    )


def test_validate__missing_column_that_should_exist_is_failing_data(check, expect):
    """That a column exists can be computed without it."""
    out = check(expect("expect_column_to_exist", column="agee"))
    assert (only(out).success, only(out).error, codes(out)) == (False, "", ["MLCI101"])


def test_validate__one_expectation_that_stops_the_run(check, expect, monkeypatch):
    """An exception that Great Expectations does not catch costs one expectation its answer, not all of them."""
    gx_run.hush()
    from great_expectations.expectations.core import ExpectColumnToExist

    def stop(*_, **__):
        raise ZeroDivisionError(CANARY)

    monkeypatch.setattr(ExpectColumnToExist, "get_validation_dependencies", stop)
    out = check(expect(NOT_NULL, column="age"), expect("expect_column_to_exist", column="age"))
    assert [(each.unexpected_count, each.error) for each in out.validation.expectations] == [
        (1, ""),
        (None, "could not be computed (ZeroDivisionError)"),
    ]


def test_validate__empty_table(check, expect, table):
    """No rows satisfy every rule about values, and yet the dataset fails."""
    out = check(expect(NOT_NULL, column="age"), expect(IN_SET, column="sex", value_set=["F"]), frame=table.clear())
    assert (codes(out), out.validation.success) == (["MLCI116"], False)


def test_validate__empty_table_that_the_suite_allows(check, expect, table):
    """The suite may say that no rows are right."""
    out = check(
        expect("expect_table_row_count_to_be_between", min_value=0),
        expect(NOT_NULL, column="age"),
        frame=table.clear(),
    )
    assert (codes(out), out.validation.success) == ([], True)


def test_validate__nothing_to_look_at(check, expect):
    """A rule about values that are all null, or about no rows, holds with a warning."""
    out = check(
        expect(IN_SET, column="empty", value_set=["x"]),
        expect(NOT_NULL, column="age", row_condition="age > 1000"),
        expect(IN_SET, column="sex", value_set=["F", "M", CANARY]),
    )
    assert (codes(out), out.findings[0].message.startswith("2 of 3 expectations hold on `people` for want")) == (
        ["MLCI117"], True,
    )  # fmt: skip


# --- failing open -----------------------------------------------------------------------------------------------


@pytest.fixture
def unread():
    """A suite that nothing has checked, as a caller could build it."""

    def make(*entries):
        return Suite(
            name="s",
            path="s.json",
            expectations=tuple(
                Expectation(type=kind, kwargs=frozen(kwargs), severity=severity, location=Location("s.json", at + 1))
                for at, (kind, severity, kwargs) in enumerate(entries)
            ),
        )

    return make


def test_validate__what_great_expectations_drops_is_named(unread, table):
    """An unknown type and a bad severity are logged and dropped: each fails by name."""
    suite = unread(
        ("expect_nonsense", "critical", {}),
        (NOT_NULL, "info", {"column": "other"}),
        (NOT_NULL, "info", {"column": "age"}),
    )
    bad = dataclasses.replace(suite.expectations[1], severity="grave")
    with pytest.raises(ValueError, match="severity"):  # the results refuse it too
        validate(table, dataclasses.replace(suite, expectations=(suite.expectations[0], bad)), dataset="people")
    out = validate(table, suite, dataset="people")
    assert ([(each.code, each.severity) for each in out.findings], out.validation.evaluated, out.validation.failed,
            out.raw["results"][0]["exception_info"]["exception_message"]) == (
        [("MLCI113", "fail"), ("MLCI103", "info")], 2, 2, "Great Expectations left it out",
    )  # fmt: skip


def test_observe__bad_severity_is_dropped_and_seen(unread, table):
    """Great Expectations drops a severity that it does not know; the engine notices."""
    suite = unread((NOT_NULL, "grave", {"column": "other"}))
    assert [each.left_out for each in engine.observe(table, suite).observations] == [True]


REFUSED = {
    "unknown argument": (
        {"column": "age", "min_value": 1, "max_valeu": 2},
        "takes no argument `max_valeu`.",
        "Did you mean 'max_value'?",
    ),
    "argument missing": ({"min_value": 1}, "lacks its argument `column`.", "Add `column` to its `kwargs`."),
    "out of range": (
        {"column": "age", "min_value": 1, "mostly": 2},
        "is not accepted: ensure this value is less than or equal to 1.0.",
        "Compare it",
    ),
    "no bound": ({"column": "age"}, "do not go together: min_value and max_value cannot both be None.", "Compare it"),
    "wrong type": ({"column": 3, "min_value": 1}, "is not accepted: str type expected.", "Compare it"),
    "condition object": (
        {
            "column": "age",
            "min_value": 1,
            "row_condition": {"type": "comparison", "column": {"name": "age"}, "operator": "~", "parameter": 1},
        },
        "is not accepted: ",
        "Compare it",
    ),
    "unreadable condition": (
        {"column": "age", "min_value": 1, "row_condition": 'col("age") >', "condition_parser": "great_expectations"},
        "Great Expectations does not accept the arguments of",
        "Compare them",
    ),
    "unsafe condition": (
        {"column": "age", "min_value": 1, "row_condition": "@pd"},
        "is not accepted: it is no comparison",
        "A condition compares",
    ),
    "parameter": (
        {"column": "age", "min_value": {"$PARAMETER": "low"}},
        "has no value (SuiteParameterError).",
        "It is a name",
    ),
}


@pytest.mark.parametrize(("kwargs", "message", "hint"), REFUSED.values(), ids=REFUSED)
def test_validate__arguments_that_are_refused(unread, table, kwargs, message, hint):
    """What Great Expectations raises is one sentence at the expectation's place."""
    suite = unread((NOT_NULL, "info", {"column": "age"}), (BETWEEN, "info", kwargs))
    with pytest.raises(SuiteError) as caught:
        validate(table, suite, dataset="people")
    error = caught.value
    assert (message in error.message, error.hint.startswith(hint), error.location) == (
        True, True, Location("s.json", 2),
    ), str(error)  # fmt: skip


PARAMETERS = {
    "schema": ("json_schema", {"$ref": "https://example.invalid/s.json"}, "refers to another document"),
    "schema in a parameter": (
        "json_schema",
        {"$PARAMETER": "q", "$PARAMETER.q": {"$ref": "https://example.invalid/s.json"}},
        "refers to another document",
    ),
}


@pytest.mark.parametrize(("key", "value", "message"), PARAMETERS.values(), ids=PARAMETERS)
def test_validate__parameters_smuggle_nothing_in(check, expect, key, value, message):
    """What an argument may not be, a parameter's value may not make of it."""
    entry = expect("expect_column_values_to_match_json_schema", column="sex", **{key: {"$PARAMETER": "p"}})
    with pytest.raises(SuiteError, match=message):
        check(entry, suite_parameters={"p": value})


def test_validate__condition_is_no_parameter(check, expect):
    """A row condition stands in the suite as it is."""
    entry = expect(NOT_NULL, column="sex", row_condition={"$PARAMETER": "p"})
    with pytest.raises(SuiteError, match="row_condition"):
        check(entry, suite_parameters={"p": "age > 1"})


def test_validate__all_refusals_at_once(check, expect):
    """Every expectation's arguments are tried before the error, and each has its line."""
    with pytest.raises(SuiteProblemsError) as caught:
        check(
            expect(NOT_NULL, column="sex", mostly=-1),
            expect(NOT_NULL, column="age", mostly=7),
        )
    assert [(str(each.location), each.message, each.hint) for each in caught.value.problems] == [
        (
            "suite.json:8:5",
            f"`mostly` of `{NOT_NULL}` is not accepted: ensure this value is greater than or equal to 0.0.",
            "Compare it with the expectation's documentation.",
        ),
        (
            "suite.json:15:5",
            f"`mostly` of `{NOT_NULL}` is not accepted: ensure this value is less than or equal to 1.0.",
            "Compare it with the expectation's documentation.",
        ),
    ]


# --- tables ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def mixed(expect):
    """Expectations of values, of pairs, of the table, and one that fails."""
    return [
        expect(BETWEEN, column="age", min_value=18, max_value=67),
        expect(IN_SET, column="sex", value_set=["F", "M"]),
        expect("expect_column_pair_values_a_to_be_greater_than_b", column_A="score", column_B="other"),
        expect("expect_table_row_count_to_equal", value=8),
        expect("expect_table_columns_to_match_ordered_list", column_list=["age", "sex", "score", "other", "empty"]),
    ]


def test_validate__the_kind_of_table_does_not_matter(check, mixed, table):
    """Polars, lazy Polars and pandas give the same validation."""
    frames = [table, table.lazy(), pd.DataFrame({name: table[name].to_list() for name in table.columns})]
    first, *others = [check(*mixed, frame=frame).validation for frame in frames]
    assert others == [first, first]


def test_validate__leaves_the_table_alone(check, mixed, table):
    """A pandas table is the same before and after."""
    frame = pd.DataFrame({name: table[name].to_list() for name in table.columns})
    before = frame.copy(deep=True)
    check(*mixed, frame=frame)
    pd.testing.assert_frame_equal(frame, before)


def test_validate__pandas_columns_need_no_names(check, expect):
    """A table whose columns are numbers is checked, too."""
    out = check(expect("expect_table_column_count_to_equal", value=2), frame=pd.DataFrame(np.zeros((3, 2))))
    assert out.validation.success


NEEDED = {
    "named": ([(NOT_NULL, {"column": "b"}), (BETWEEN, {"column": "d", "min_value": 1})], ["b", "d"]),
    "pair": ([("expect_column_pair_values_to_be_equal", {"column_A": "d", "column_B": "a"})], ["a", "d"]),
    "record": ([("expect_multicolumn_sum_to_equal", {"column_list": ["c", "b"], "sum_total": 1})], ["b", "c"]),
    "condition": ([(NOT_NULL, {"column": "b", "row_condition": "`d` > 1 and c == 'a'"})], ["b", "c", "d"]),
    "not there": ([(NOT_NULL, {"column": "z"})], ["a"]),
    "rows alone": ([("expect_table_row_count_to_equal", {"value": 1})], ["a"]),
    "columns of the table": ([("expect_table_columns_to_match_set", {"column_set": ["a"]})], ["a", "b", "c", "d"]),
    "count of columns": ([("expect_table_column_count_to_equal", {"value": 1})], ["a", "b", "c", "d"]),
    "position": ([("expect_column_to_exist", {"column": "b", "column_index": 1})], ["a", "b", "c", "d"]),
    "parameter": ([(NOT_NULL, {"column": {"$PARAMETER": "x"}})], ["a", "b", "c", "d"]),
    "query": ([("unexpected_rows_expectation", {"unexpected_rows_query": "x"})], ["a", "b", "c", "d"]),
}


@pytest.mark.parametrize(("entries", "columns"), NEEDED.values(), ids=NEEDED)
def test_needed__is_what_the_suite_names(unread, entries, columns):
    """Only the columns that a suite is about are converted, unless it is about the table."""
    suite = unread(*((kind, "critical", kwargs) for kind, kwargs in entries))
    assert engine._needed(suite.expectations, ("a", "b", "c", "d")) == columns


def test_validate__reads_only_the_columns_it_needs(check, expect):
    """A lazy table's other columns are never computed."""

    def fail(_):
        raise AssertionError

    frame = pl.LazyFrame({"a": [1, 2], "b": [1, 2]}).with_columns(pl.col("b").map_batches(fail, return_dtype=pl.Int64))
    assert check(expect(NOT_NULL, column="a"), frame=frame).validation.success


def test_validate__lazy_table_that_cannot_be_read(check, expect):
    """What Polars says quotes the data, so it is not repeated."""
    frame = pl.LazyFrame({"a": [CANARY]}).select(pl.col("a").cast(pl.Int64))
    with pytest.raises(DataError) as caught:
        check(expect(NOT_NULL, column="a"), frame=frame)
    assert (CANARY in str(caught.value), caught.value.message) == (
        False, "The table could not be read to check the suite `suite.json` (InvalidOperationError).",
    )  # fmt: skip


# --- a project that Great Expectations made itself ------------------------------------------------------------------


def test_validate__project_made_by_great_expectations(tmp_path, table):
    """A suite that the library itself saved, with its condition objects and parameters, is read and checked."""
    gx_run.hush()
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.expectations.row_conditions import Column

    context = gx.get_context(mode="file", project_root_dir=tmp_path)
    suite = context.suites.add(gx.ExpectationSuite(name="clinic.people"))
    suite.add_expectation(
        gxe.ExpectColumnValuesToBeBetween(
            column="age", min_value={"$PARAMETER": "low"}, severity="warning", row_condition=Column("sex") == "F"
        )
    )
    suite.suite_parameters = {"low": 30}
    suite.save()
    loaded = load(GxSuite(project=".", name="clinic.people"), root=tmp_path)
    result = only(validate(table, loaded, dataset="people"))
    assert (result.unexpected_count, result.element_count, result.severity, result.description) == (
        1, 4, "warning", "at least $low, where sex == F",
    )  # fmt: skip


# --- quiet and private ----------------------------------------------------------------------------------------------


@pytest.fixture
def leaky(expect):
    """Expectations whose results and exceptions carry values of the data."""
    return [
        expect(IN_SET, column="sex", value_set=["F", "M"]),
        expect(BETWEEN, column="sex", min_value=0),
        expect(BETWEEN, column="score", max_value=1),
        expect("expect_column_max_to_be_between", column="score", max_value=1),
        expect("expect_column_distinct_values_to_be_in_set", column="sex", value_set=["F", "M"]),
        expect("expect_column_most_common_value_to_be_in_set", column="sex", value_set=["M"]),
        expect("expect_column_values_to_match_json_schema", column="sex", json_schema={"type": "object"}),
        expect("expect_column_mean_to_be_between", column="sex", min_value=1),
        expect("expect_column_values_to_be_dateutil_parseable", column="sex"),
    ]


def test_validate__no_value_of_the_data_is_told(check, leaky):
    """Neither the record nor a finding holds a value, whether it is unexpected, observed, or in an exception."""
    out = check(*leaky)
    told = out.validation.model_dump_json() + "".join(each.model_dump_json() for each in out.findings)
    assert [value for value in (CANARY, "9371", "12.") if value in told] == []


def test_validate__raw_holds_aggregates_alone(check, leaky):
    """The raw structure may hold observed values, but lists no unexpected ones and quotes no exception."""
    raw = check(*leaky).raw
    rest = [
        {
            **each,
            "result": {key: value for key, value in each["result"].items() if key not in ("observed_value", "details")},
        }
        for each in raw["results"]
    ]
    listed = [each["result"].get("partial_unexpected_list", []) for each in raw["results"]]
    assert (CANARY in json.dumps(rest), [some for some in listed if some]) == (False, [])


def test_validate__raw_is_strict_json(check, leaky):
    """What is not finite is null, and every number is a plain one."""
    raw = check(*leaky).raw
    assert json.loads(json.dumps(raw, allow_nan=False)) == raw


def test_validate__raw_is_what_great_expectations_gives(check, expect, table):
    """Result by result, the raw structure is Great Expectations' own."""
    kwargs = [
        {"column": "age", "min_value": 18.0, "max_value": 67.0},
        {"column": "score", "max_value": 1.0, "mostly": 0.5},
    ]
    out = check(*(expect(BETWEEN, "warning", **each) for each in kwargs))
    gx_run.hush()
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
    batch = asset.add_batch_definition_whole_dataframe("b").get_batch(
        {"dataframe": pd.DataFrame({name: table[name].to_list() for name in table.columns})}
    )
    entries = [{"type": BETWEEN, "kwargs": each, "severity": "warning"} for each in kwargs]
    own = batch.validate(
        gx.ExpectationSuite(name="toy", expectations=entries), result_format=dict(gx_run.COUNTS)
    ).to_json_dict()
    for each in own["results"]:
        del each["expectation_config"]["kwargs"]["batch_id"]
    assert ({key: out.raw[key] for key in ("success", "statistics", "results", "suite_name")}) == {
        key: own[key] for key in ("success", "statistics", "results", "suite_name")
    }


def test_validate__is_silent(check, leaky, capfd, caplog):
    """Nothing is printed, logged or warned, not even where expectations are dropped and metrics fail."""
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        check(*leaky)
    printed = capfd.readouterr()
    assert (printed.out, printed.err, caplog.records, [str(each.message) for each in seen]) == ("", "", [], [])


def test_validate__leaves_no_context_behind(check, expect):
    """Great Expectations keeps no hold of the data after the check."""
    from great_expectations.data_context.data_context.context_factory import project_manager
    from great_expectations.exceptions.exceptions import DataContextRequiredError

    check(expect(NOT_NULL, column="age"))
    with pytest.raises(DataContextRequiredError):
        project_manager.get_current_project()


def test_validate__is_deterministic(check, mixed):
    """The same table and suite give the same outcome, to the last byte."""
    first, second = check(*mixed), check(*mixed)
    assert (first.validation, first.findings, json.dumps(first.raw)) == (
        second.validation, second.findings, json.dumps(second.raw),
    )  # fmt: skip


def test_validate__from_several_threads(suite, expect, table):
    """Checks that run at the same time do not mix up their parameters or their data."""
    suites = [
        suite(expect(BETWEEN, column="age", min_value={"$PARAMETER": "low"}), suite_parameters={"low": low})
        for low in (16, 19, 30, 50)
    ]
    counts = [None] * len(suites)

    def run(at):
        counts[at] = only(validate(table, suites[at], dataset="people")).unexpected_count

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(suites))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [1, 2, 3, 5]


ALONE = """
import os, sys, threading
touched = []
def watch(event, arguments):
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        if not str(arguments[0]).endswith((".pyc", "/dev/null")) and "__pycache__" not in str(arguments[0]):
            touched.append((event, str(arguments[0])))
    elif event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "os.mkdir", "subprocess.Popen"):
        touched.append((event, str(arguments)))
sys.addaudithook(watch)
from pathlib import Path
import polars as pl
from mlci.expectations import load, validate
suite = load("s.json", root=Path.cwd())
def run():
    out = validate(pl.DataFrame({"a": ["x", "y", None]}), suite, dataset="people")
    print(out.validation.verdict, [each.code for each in out.findings])
thread = threading.Thread(target=run)
thread.start()
thread.join()
print(touched)
"""


def test_validate__in_a_fresh_process(tmp_path):
    """The first import, in a thread, with warnings as errors: silent, no network, no file, no child process."""
    entries = [
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "a", "regex": "^(x)$"}},
        {"type": BETWEEN, "kwargs": {"column": "a", "min_value": 1}},
        {"type": NOT_NULL, "kwargs": {"column": "a", "row_condition": "a == 'x'", "condition_parser": "pandas"}},
    ]
    (tmp_path / "s.json").write_text(json.dumps({"name": "s", "expectations": entries}))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ALONE], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("fail ['MLCI114', 'MLCI101']\n[]\n", "")
