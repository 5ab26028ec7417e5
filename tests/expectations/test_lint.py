"""What is told of an expectation before anything runs."""

from __future__ import annotations

import pytest

from mlci.errors import SuiteError
from mlci.expectations.suites import SuiteProblemsError

BETWEEN = "expect_column_values_to_be_between"
SCHEMA = "expect_column_values_to_match_json_schema"

WRONG = {
    "slip in the type": (
        ("expect_column_values_to_be_betwen", {"column": "a"}),
        "`expect_column_values_to_be_betwen` is not an expectation of Great Expectations.",
        "Did you mean 'expect_column_values_to_be_between'? Custom expectations cannot be used: ",
    ),
    "custom type": (
        ("expect_our_own_rule", {}),
        "`expect_our_own_rule` is not an expectation of Great Expectations.",
        "Custom expectations cannot be used: mlci imports no code of the repository that it judges.",
    ),
    "unknown argument": (
        (BETWEEN, {"column": "a", "min_valeu": 1}),
        f"`{BETWEEN}` takes no argument `min_valeu`.",
        "Did you mean 'min_value'?",
    ),
    "argument missing": (
        ("expect_column_values_to_be_in_set", {"column": "a"}),
        "`expect_column_values_to_be_in_set` lacks its argument `value_set`.",
        "Add `value_set` to its `kwargs`.",
    ),
    "severity inside": (
        (BETWEEN, {"column": "a", "severity": "info"}),
        f"`severity` of `{BETWEEN}` stands inside its `kwargs`.",
        "Move `severity` out of `kwargs`, beside `type`.",
    ),
    "condition": (
        (BETWEEN, {"column": "a", "row_condition": "a.to_csv('x')"}),
        f"The row_condition of `{BETWEEN}` is not accepted: it uses `.to_csv`.",
        "A condition compares columns with constants",
    ),
    "parameter without value": (
        (BETWEEN, {"column": "a", "min_value": {"$PARAMETER": "lowest"}}),
        f"`min_value` of `{BETWEEN}` uses the parameter `lowest`, which has no value.",
        'Give it one in the suite, as in "suite_parameters": {"lowest": 0}. Did you mean \'lower\'?',
    ),
    "parameter inside arithmetic": (
        (BETWEEN, {"column": "a", "min_value": {"$PARAMETER": "lower + 2 * abs(x12 - 1e5)"}}),
        f"`min_value` of `{BETWEEN}` uses the parameter `x12`, which has no value.",
        "Give it one in the suite",
    ),
    "parameter that is no text": (
        (BETWEEN, {"column": "a", "min_value": {"$PARAMETER": 3}}),
        "The $PARAMETER of `min_value` is not a text.",
        "Write the parameter's name",
    ),
    "regular expression": (
        ("expect_column_values_to_match_regex", {"column": "a", "regex": "([a-z"}),
        "`regex` of `expect_column_values_to_match_regex` is no regular expression: unterminated character set.",
        "It is read as Python's `re` reads it",
    ),
    "remote schema": (
        (SCHEMA, {"column": "a", "json_schema": {"x": {"y": {"allOf": [{"$id": "https://example.invalid/a"}]}}}}),
        f"A part of the json_schema of `{SCHEMA}` has an `$id`.",
        "Only the schema itself may have one",
    ),
    "schema elsewhere": (
        (SCHEMA, {"column": "a", "json_schema": {"allOf": [{"$ref": "https://example.invalid/x.json"}]}}),
        f"The json_schema of `{SCHEMA}` refers to another document.",
        "Nothing is fetched",
    ),
}


@pytest.mark.parametrize(("entry", "message", "hint"), WRONG.values(), ids=WRONG)
def test_lint__says_what_is_wrong_and_how_to_mend_it(suite, entry, message, hint):
    """Each mistake is a sentence and a hint."""
    kind, kwargs = entry
    with pytest.raises(SuiteError) as caught:
        suite({"type": kind, "kwargs": kwargs}, suite_parameters={"lower": 1})
    assert (caught.value.message, caught.value.hint[: len(hint)]) == (message, hint)


RIGHT = {
    "parameter": (BETWEEN, {"column": "a", "min_value": {"$PARAMETER": "lower"}}),
    "arithmetic": (BETWEEN, {"column": "a", "min_value": {"$PARAMETER": "-2 * lower + PI ^ 2 - abs(lower)"}}),
    "time": (BETWEEN, {"column": "a", "min_value": {"$PARAMETER": "now() - timedelta(weeks=2)"}}),
    "value in place": (BETWEEN, {"column": "a", "min_value": {"$PARAMETER": "x", "$PARAMETER.x": 3}}),
    "definitions": (SCHEMA, {"column": "a", "json_schema": {"$defs": {"b": {}}, "anyOf": [{"$ref": "#/$defs/b"}]}}),
    "property that is called so": (SCHEMA, {"column": "a", "json_schema": {"properties": {"$ref": {}}}}),
    "empty condition": (BETWEEN, {"column": "a", "max_value": 1, "row_condition": None}),
    "how to run": (BETWEEN, {"column": "a", "max_value": 1, "result_format": "COMPLETE", "catch_exceptions": True}),
}


@pytest.mark.parametrize(("kind", "kwargs"), RIGHT.values(), ids=RIGHT)
def test_lint__passes_what_great_expectations_accepts(suite, expect, kind, kwargs):
    """Nothing that is right is refused."""
    assert len(suite(expect(kind, **kwargs), suite_parameters={"lower": 1}).expectations) == 1


def test_lint__points_at_the_argument(suite, expect):
    """An argument's problem has the argument's line, and a missing one's the expectation's."""
    with pytest.raises(SuiteProblemsError) as caught:
        suite(expect(BETWEEN, colum="a", min_value=1))
    assert [(str(each.location), each.message.split("`")[3]) for each in caught.value.problems] == [
        ("suite.json:4:3", "column"),
        ("suite.json:7:5", "colum"),
    ]
