"""Great Expectations' results, read without values."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from mlci.expectations.gx_results import _exceptions, _kind, plain, whole

CHAINED = """Traceback (most recent call last):
  File "x.py", line 1, in f
    data.query(text)
pandas.errors.UndefinedVariableError: name 'canary' is not defined

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "y.py", line 1, in g
great_expectations.exceptions.exceptions.MetricResolutionError: name 'canary' is not defined
"""

KINDS = {
    "first of a chain": (CHAINED, "UndefinedVariableError"),
    "builtin": ("Traceback (most recent call last):\n  x\nTypeError: 'canary'\n", "TypeError"),
    "without a message": ("Traceback (most recent call last):\n  x\nAssertionError\n", "AssertionError"),
    "of the standard library": ("json.decoder.JSONDecodeError: Expecting value", "JSONDecodeError"),
    "value that looks like one": ("canaryError: x\ncanary.SecretError: y", "an exception of another type"),
    "builtin that is none": ("print: x", "an exception of another type"),
    "nothing": ("", "an exception of another type"),
}


@pytest.mark.parametrize(("traceback", "kind"), KINDS.values(), ids=KINDS)
def test_kind__is_the_exceptions_type_alone(traceback, kind):
    """A traceback gives the type of its first cause, and nothing that a message could have put there."""
    assert _kind(traceback) == kind


RAISED = {"raised_exception": True, "exception_message": "m", "exception_traceback": "t"}
FINE = {"raised_exception": False, "exception_message": None, "exception_traceback": None}
INFOS = {
    "fine": (FINE, []),
    "one": (RAISED, [RAISED]),
    "by metric": ({"('a', 'b')": RAISED, "('c',)": FINE}, [RAISED]),
    "none": (None, []),
    "empty": ({}, []),
}


@pytest.mark.parametrize(("info", "raised"), INFOS.values(), ids=INFOS)
def test_exceptions__in_both_of_their_forms(info, raised):
    """Exceptions stand alone, or under the ids of metrics."""
    assert _exceptions(info) == raised


def test_plain__is_strict_json():
    """NumPy, pandas, sets, dates, and what is not finite."""
    value = {
        1: np.int64(3),
        "array": np.array([1.5, np.nan]),
        "float": np.float64("inf"),
        "bool": np.bool_(1),
        "time": pd.Timestamp("2024-02-01"),
        "date": dt.date(2024, 2, 1),
        "set": {7},
        "other": 1j,
    }
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == {
        "1": 3,
        "array": [1.5, None],
        "float": None,
        "bool": True,
        "time": "2024-02-01T00:00:00",
        "date": "2024-02-01",
        "set": [7],
        "other": "1j",
    }


@pytest.mark.parametrize(
    ("value", "count"), [(np.int64(3), 3), (2.0, 2), (None, None), (float("nan"), None), ("x", None)]
)
def test_whole__is_a_count_or_nothing(value, count):
    """Counts of any library are plain integers."""
    assert whole(value) == count
