"""Engines are chosen by name."""

from __future__ import annotations

import sys

import polars as pl
import pytest

from mlci.errors import SuiteError
from mlci.expectations import ENGINES, validate
from mlci.expectations.suites import Suite

EMPTY = Suite(name="s", path="s.json", expectations=())


@pytest.mark.parametrize(("engine", "said"), [("auto", "fused"), ("fused", "fused"), ("gx", "gx")])
def test_validate__records_the_engine(suite, expect, table, engine, said):
    """The validation says which engine it was; "auto" is the fast one."""
    some = suite(expect("expect_table_row_count_to_equal", value=8))
    assert validate(table, some, engine=engine, dataset="people").validation.engine == said


def test_validate__unknown_engine_lists_the_known(table):
    """An engine that is not there is answered with those that are."""
    with pytest.raises(SuiteError) as caught:
        validate(table, EMPTY, engine="gxx", dataset="people")
    assert (caught.value.message, caught.value.hint) == (
        "There is no engine `gxx`; there are auto, fused, gx and spark.",
        "Did you mean 'gx'?",
    )


def test_validate__suite_without_expectations_needs_no_engine(monkeypatch):
    """A suite that holds nothing fails without an engine's help."""
    monkeypatch.setitem(sys.modules, "mlci.expectations.gx", None)
    out = validate(pl.DataFrame(), EMPTY, dataset="people")
    assert (out.validation.success, out.validation.verdict, [each.code for each in out.findings]) == (
        False, "fail", ["MLCI112"],
    )  # fmt: skip


def test_engines__each_observes():
    """Every row of the table is a module that can observe."""
    from importlib import import_module

    assert [callable(import_module(module).observe) for module in ENGINES.values()] == [True] * len(ENGINES)
