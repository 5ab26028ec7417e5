"""Suites as files, and small tables that they are checked against by the real Great Expectations."""

from __future__ import annotations

import json

import polars as pl
import pytest

from mlci.expectations import load, validate

CANARY = "canary-7f3a"


@pytest.fixture
def suite(tmp_path):
    """Write a suite of some expectations as JSON, and load it."""

    def make(*expectations, name="suite.json", **keys):
        text = json.dumps({"name": "toy", "expectations": expectations, **keys}, indent=1)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return load(name, root=tmp_path)

    return make


@pytest.fixture
def expect():
    """An expectation as a suite's file holds it."""

    def make(kind, severity=None, **kwargs):
        return {"type": kind, "kwargs": kwargs, **({"severity": severity} if severity else {})}

    return make


@pytest.fixture
def table():
    """Eight rows with a null in most columns, and a text that must not appear in any report."""
    return pl.DataFrame(
        {
            "age": [18, 25, 40, None, 67, 90, 15, 33],
            "sex": ["F", "M", "F", "F", None, CANARY, "M", "F"],
            "score": [0.5, 0.25, 1.5, 0.75, None, 9371.25, 0.1, 0.9],
            "other": [0.4, 0.5, 1.0, 0.5, 0.5, 1.0, 0.2, 0.9],
            "empty": pl.Series([None] * 8, dtype=pl.String),
        }
    )


@pytest.fixture
def check(suite, table):
    """Check the table (or another one) against some expectations."""

    def run(*expectations, frame=None, engine="gx", **keys):
        return validate(
            table if frame is None else frame, suite(*expectations, **keys), engine=engine, dataset="people"
        )

    return run
