"""What a pull request takes out of a suite, or changes in it."""

from __future__ import annotations

import pytest
from reference import expectation, suite_of

from mlci.expectations.loosened import loosened

BETWEEN = "expect_column_values_to_be_between"
LOW = expectation(BETWEEN, column="a", min_value={"$PARAMETER": "low"})
SET = "expect_column_values_to_be_in_set"


def lost(base, head):
    """The codes of what is found."""
    return [finding.code for finding in loosened(base, head, dataset="d")]


@pytest.mark.parametrize(
    ("base", "head"),
    [
        (suite_of(LOW, low=0), suite_of(LOW, low=-1e9)),
        (
            suite_of(expectation(SET, column="a", value_set=[1])),
            suite_of(expectation(SET, column="a", value_set=[True])),
        ),
        (suite_of(expectation(SET, column="a")), suite_of(expectation(SET, "warning", column="a"))),
        (suite_of(expectation(SET, column="a")), suite_of()),
    ],
    ids=["a parameter's value", "1 is not true", "severity", "removed"],
)
def test_loosened__is_listed(base, head):
    """What an expectation asks for is its arguments with their parameters' values, and its severity."""
    assert lost(base, head) == ["MLCI404"]


@pytest.mark.parametrize(
    ("base", "head"),
    [
        (suite_of(LOW, low=0), suite_of(LOW, low=0, other=1)),
        (suite_of(expectation(SET, "warning", column="a")), suite_of(expectation(SET, column="a"))),
        (None, suite_of()),
    ],
    ids=["another parameter", "severer", "new suite"],
)
def test_loosened__is_not_listed(base, head):
    """What still asks for as much is not worth a word."""
    assert lost(base, head) == []
