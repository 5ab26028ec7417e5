"""From observations to a verdict, without any engine."""

from __future__ import annotations

import json

import pytest

from mlci.errors import Location
from mlci.expectations.judge import NAMED, Observation, Observed, judge
from mlci.expectations.suites import Expectation, Suite, frozen
from mlci.results import Finding

HOLDS = Observation(success=True, element_count=10, unexpected_count=0, missing_count=0)
FAILS = Observation(success=False, element_count=1000, unexpected_count=3, missing_count=0)
ERROR = Observation(success=False, error="could not be computed (TypeError)")
LEFT_OUT = Observation(success=False, left_out=True, error="was left out")


def outcome(*pairs, rows=1000, notices=()):
    """Judge expectations of some severities with some observations."""
    expectations = tuple(
        Expectation(
            type="expect_column_values_to_not_be_null",
            kwargs=frozen({"column": f"c{at}"}),
            severity=severity,
            location=Location("s.json", at + 1),
        )
        for at, (severity, _) in enumerate(pairs)
    )
    suite = Suite(name="s", path="s.json", expectations=expectations, notices=notices)
    seen = Observed(engine="gx", rows=rows, observations=tuple(observation for _, observation in pairs))
    return judge(suite, seen, dataset="people")


VERDICTS = {
    "all hold": ([("critical", HOLDS), ("warning", HOLDS)], True, "pass", []),
    "critical": ([("critical", FAILS), ("critical", HOLDS)], False, "fail", ["MLCI101"]),
    "warning": ([("warning", FAILS), ("critical", HOLDS)], True, "warn", ["MLCI102"]),
    "info": ([("info", FAILS), ("critical", HOLDS)], True, "pass", ["MLCI103"]),
    "each": (
        [("info", FAILS), ("warning", FAILS), ("critical", FAILS)],
        False,
        "fail",
        ["MLCI101", "MLCI102", "MLCI103"],
    ),
    "error": ([("info", ERROR), ("critical", HOLDS)], False, "fail", ["MLCI114"]),
    "left out": ([("info", LEFT_OUT), ("critical", HOLDS)], False, "fail", ["MLCI113"]),
    "nothing declared": ([], False, "fail", ["MLCI112"]),
}


@pytest.mark.parametrize(("pairs", "success", "verdict", "codes"), VERDICTS.values(), ids=VERDICTS)
def test_judge__weighs_severity_and_fails_closed(pairs, success, verdict, codes):
    """Severity decides where data fail; what was not looked at always fails."""
    out = outcome(*pairs)
    assert (out.validation.success, out.validation.verdict, [each.code for each in out.findings]) == (
        success, verdict, codes,
    )  # fmt: skip


def test_judge__counts():
    """Evaluated are those that the engine tried, failed are all that did not hold."""
    out = outcome(("critical", HOLDS), ("critical", FAILS), ("info", ERROR), ("info", LEFT_OUT))
    assert (out.validation.evaluated, out.validation.failed, len(out.validation.expectations)) == (3, 3, 4)


def test_judge__one_finding_names_what_fails():
    """A finding gives the counts, the first expectation's place, and what to do."""
    out = outcome(("critical", HOLDS), ("critical", FAILS), ("critical", Observation(success=False)))
    assert out.findings == (
        Finding(
            code="MLCI101",
            severity="fail",
            message="2 of 3 expectations fail on `people`: expect_column_values_to_not_be_null(c1): 3 of 1,000 rows; "
            "expect_column_values_to_not_be_null(c2).",
            hint="`mlci validate` shows every expectation with its counts.",
            location=Location("s.json", 2),
            subject="people",
        ),
    )


def test_judge__many_are_counted():
    """A finding names a few expectations and counts the rest."""
    message = outcome(*[("critical", FAILS)] * (NAMED + 7)).findings[0].message
    assert (message.count("(c"), message.endswith("; and 7 more.")) == (NAMED, True)


def test_judge__error_is_told_apart():
    """An expectation that could not be computed has its error, and its finding speaks of no data."""
    out = outcome(("critical", ERROR))
    assert (out.validation.expectations[0].error, out.findings[0].message) == (
        "could not be computed (TypeError)",
        (
            "1 of 1 expectation on `people` gives no answer: expect_column_values_to_not_be_null(c0): "
            "could not be computed (TypeError)."
        ),
    )


def test_judge__notices_come_along():
    """The suite's notices are findings of the dataset."""
    notice = Finding(code="MLCI111", severity="info", message="old")
    out = outcome(("critical", HOLDS), notices=(notice,))
    assert out.findings == (notice.model_copy(update={"subject": "people"}),)


NO_VALUES = Observation(success=True, element_count=10, unexpected_count=0, missing_count=10)
NO_ROWS = Observation(success=True, element_count=0, unexpected_count=0)


@pytest.mark.parametrize("observation", [NO_VALUES, NO_ROWS])
def test_judge__what_held_for_want_of_a_value_warns(observation):
    """Nulls alone, or no row that meets the condition, satisfy everything: that is worth a warning."""
    out = outcome(("critical", observation), ("critical", HOLDS))
    assert (out.validation.success, out.validation.verdict, [each.code for each in out.findings]) == (
        True, "warn", ["MLCI117"],
    )  # fmt: skip


def test_judge__empty_table_fails():
    """A table without rows satisfies everything, and so proves nothing."""
    out = outcome(("critical", NO_ROWS), rows=0)
    assert (out.validation.success, [each.code for each in out.findings]) == (False, ["MLCI116"])


def test_judge__empty_table_that_the_suite_allows():
    """A row count that holds without rows is the suite's own word that none are needed."""
    allows = Expectation(type="expect_table_row_count_to_be_between", location=Location("s.json", 1))
    suite = Suite(name="s", path="s.json", expectations=(allows,))
    seen = Observed(engine="gx", rows=0, observations=(Observation(success=True),))
    assert judge(suite, seen, dataset="people").findings == ()


def test_judge__raw_is_great_expectations_structure():
    """What an engine did not give in that structure is put into it."""
    raw = outcome(("warning", LEFT_OUT), ("critical", Observation(success=True, raw={"success": True}))).raw
    assert json.loads(json.dumps(raw)) == {
        "success": False,
        "suite_name": "s",
        "suite_parameters": {},
        "meta": {},
        "statistics": {
            "evaluated_expectations": 2,
            "successful_expectations": 1,
            "unsuccessful_expectations": 1,
            "success_percent": 50.0,
        },
        "results": [
            {
                "success": False,
                "expectation_config": {
                    "type": "expect_column_values_to_not_be_null",
                    "kwargs": {"column": "c0"},
                    "meta": {},
                    "severity": "warning",
                },
                "result": {},
                "meta": {},
                "exception_info": {
                    "raised_exception": True,
                    "exception_message": "was left out",
                    "exception_traceback": None,
                },
            },
            {"success": True},
        ],
    }


def test_judge__raw_of_nothing_is_no_success():
    """Great Expectations calls an empty suite a success; mlci does not."""
    assert outcome().raw["success"] is False


def test_judge__long_names_fit_the_results():
    """Names longer than the results hold are cut, not refused."""
    long = Expectation(
        type="expect_multicolumn_sum_to_equal",
        kwargs=frozen({"column_list": ["c" * 300, "d" * 300]}),
        location=Location("s.json", 1),
    )
    suite = Suite(name="s" * 900, path="s.json", expectations=(long,))
    out = judge(suite, Observed(engine="gx", rows=1, observations=(FAILS,)), dataset="people")
    assert (len(out.validation.suite), len(out.validation.expectations[0].column)) == (500, 500)
