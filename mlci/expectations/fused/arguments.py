"""An expectation's arguments, ready to be computed: parameters filled in, the row_condition as an expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlci.expectations import catalog, conditions
from mlci.expectations.absent import absent
from mlci.expectations.fused.conditions import kept
from mlci.expectations.fused.piece import AbsentError, Ask, Declined
from mlci.expectations.lint import unsafe
from mlci.expectations.suites import frozen, raise_problems, thawed

if TYPE_CHECKING:
    import polars as pl

    from mlci.expectations.suites import Expectation, Suite

OF_NAMES = frozenset({"expect_column_to_exist"})
"""Types that look for a column's name, so that its absence is an answer."""

CONDITION = ("row_condition", "condition_parser")
_MAY_BE_NULL = frozenset({*CONDITION, "min_value", "max_value", "or_equal", "strictly", "threshold"})
"""Arguments that Great Expectations takes as null for not given; what it says of others is its own."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An expectation's arguments: `kwargs` as Great Expectations echoes them, `ask` as a piece sees them."""

    kwargs: Mapping[str, Any]
    ask: Ask


def prepare(expectation: Expectation, suite: Suite, schema: Mapping[str, pl.DataType]) -> Prepared:
    """Fill in parameters and compile the condition.

    Raises:
        Declined: only Great Expectations knows what is meant.
        AbsentError: the table lacks columns that the expectation or its condition names.
        SuiteError: what a parameter's value would do is not allowed.
    """
    kwargs = filled_in(expectation, suite)
    raise_problems(list(unsafe(replace(expectation, kwargs=frozen(kwargs)))))
    signature = catalog.signature(expectation.type)
    if signature is not None and not set(kwargs) <= set(signature.known):
        raise Declined("it has an argument of another type's")
    if any(value is None and name not in _MAY_BE_NULL for name, value in kwargs.items()):
        raise Declined("it has an argument that is null")
    condition, parser = (kwargs.get(key) for key in CONDITION)
    if parser not in [None, "pandas", "spark", *conditions.PARSED_BY_GX]:  # a list: it may be anything, hashable or not
        raise Declined("its `condition_parser` is not known")
    if kwargs.get("column") == "":
        raise Declined("its column has no name")
    if kwargs.get("windows") is not None or (condition is not None and not condition):
        raise Declined("its `windows` or its row_condition is unusual")
    read = conditions.columns(condition, parser) if condition else frozenset[str]()
    used = (*(() if expectation.type in OF_NAMES else expectation.columns), *sorted(read))
    if absent(used, list(schema)):
        raise AbsentError(*used)
    given = {key: value for key, value in kwargs.items() if key not in CONDITION and value is not None}
    where = kept(condition, parser, schema) if condition else None
    ask = Ask(type=expectation.type, kwargs=given, schema=schema, where=where)
    if "mostly" in given:
        _ = ask.mostly  # where no value is looked at, nobody else would
    return Prepared(_echoed(kwargs), ask)


def filled_in(expectation: Expectation, suite: Suite) -> dict[str, Any]:
    """The arguments with the values of plain `$PARAMETER`s, as plain data.

    Raises:
        Declined: a parameter is more than a name: Great Expectations does the arithmetic.
    """
    kwargs: dict[str, Any] = thawed(expectation.kwargs)
    for key, value in kwargs.items():
        if not isinstance(value, Mapping) or "$PARAMETER" not in value:
            continue
        name = value["$PARAMETER"]
        if len(value) != 1 or not isinstance(name, str) or name not in suite.parameters:
            raise Declined("its $PARAMETER is more than a name")
        kwargs[key] = thawed(suite.parameters[name])
    return kwargs


def _echoed(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """As Great Expectations prints them: a text for pandas is a condition of its own type."""
    condition, parser = (kwargs.get(key) for key in CONDITION)
    if isinstance(condition, str) and parser not in conditions.PARSED_BY_GX:
        return {**kwargs, "row_condition": {"pass_through_filter": condition, "type": "pass_through"}}
    return dict(kwargs)
