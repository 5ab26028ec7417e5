"""What can be told of an expectation without running it: its type, its arguments, its condition, its parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlci.config.suggest import did_you_mean
from mlci.errors import SuiteError
from mlci.expectations import catalog
from mlci.expectations.conditions import UnsafeConditionError, columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.expectations.suites import Expectation

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_NAMES = ("$id", "id")
_FUNCTIONS = frozenset({"pi", "e"})  # names that Great Expectations' parameter expressions know by themselves
_NUMBER = re.compile(r"(?<![\w$])[+-]?(?:\d+|\.\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_VARIABLE = re.compile(r"(?<![\w$])[A-Za-z][\w$]*(?![\w$]|\s*[(=])")


def lint(expectation: Expectation, parameters: Mapping[str, Any]) -> Iterator[SuiteError]:
    """The problems of one expectation, each with its place.

    Args:
        expectation: the expectation.
        parameters: the suite's values for `$PARAMETER`s.
    """
    if expectation.type not in catalog.types():
        near = did_you_mean(expectation.type, catalog.types())
        guess = f"{near.strip()} " if near.startswith(" Did") else ""
        yield SuiteError(
            f"`{expectation.type[:200]}` is not an expectation of Great Expectations.",
            hint=f"{guess}Custom expectations cannot be used: mlci imports no code of the repository that it judges.",
            location=expectation.location,
        )
        return
    yield from _arguments(expectation)
    yield from _patterns(expectation)
    yield from _parameters(expectation, parameters)
    yield from unsafe(expectation)


def unsafe(expectation: Expectation) -> Iterator[SuiteError]:
    """What an expectation would do beyond looking at the table: run code, or fetch from the network."""
    yield from _condition(expectation)
    yield from _references(expectation)


def _arguments(expectation: Expectation) -> Iterator[SuiteError]:
    for key in expectation.kwargs:
        if key in catalog.BESIDE:
            yield SuiteError(
                f"`{key}` of `{expectation.type}` stands inside its `kwargs`.",
                hint=f"Move `{key}` out of `kwargs`, beside `type`.",
                location=expectation.where(key),
            )
    signature = catalog.signature(expectation.type)
    if signature is None:
        return
    for key in expectation.kwargs:
        if key not in signature.known and key not in catalog.BESIDE:
            yield SuiteError(
                f"`{expectation.type}` takes no argument `{key[:100]}`.",
                hint=did_you_mean(key, signature.known).strip(),
                location=expectation.where(key),
            )
    for key in signature.required:
        if key not in expectation.kwargs:
            yield SuiteError(
                f"`{expectation.type}` lacks its argument `{key}`.",
                hint=f"Add `{key}` to its `kwargs`.",
                location=expectation.location,
            )


def _patterns(expectation: Expectation) -> Iterator[SuiteError]:
    """Regular expressions that Python cannot read, so that no value would ever be looked at."""
    for key in ("regex", "regex_list"):
        given = expectation.kwargs.get(key)
        for pattern in given if isinstance(given, tuple) else (given,):
            if not isinstance(pattern, str):
                continue
            try:
                re.compile(pattern)
            except (re.error, OverflowError, RecursionError) as error:
                said = error.msg if isinstance(error, re.error) else "it is too large"
                yield SuiteError(
                    f"`{key}` of `{expectation.type}` is no regular expression: {said}.",
                    hint="It is read as Python's `re` reads it; in JSON a backslash is written twice.",
                    location=expectation.where(key),
                )


def _condition(expectation: Expectation) -> Iterator[SuiteError]:
    condition = expectation.kwargs.get("row_condition")
    if not condition:
        return
    try:
        columns(condition, expectation.kwargs.get("condition_parser"))
    except UnsafeConditionError as error:
        yield SuiteError(
            f"The row_condition of `{expectation.type}` is not accepted: {error}.",
            hint="A condition compares columns with constants, as in 'age > 18 and sex == \"F\"'; it may use isin, "
            "isnull, notnull, between, and a few methods of .str and .dt.",
            location=expectation.where("row_condition"),
        )


def _parameters(expectation: Expectation, parameters: Mapping[str, Any]) -> Iterator[SuiteError]:
    for key, value in expectation.kwargs.items():
        if not isinstance(value, Mapping) or "$PARAMETER" not in value:
            continue
        expression = value["$PARAMETER"]
        if f"$PARAMETER.{expression}" in value:  # Great Expectations' own way to give a value in place
            continue
        if not isinstance(expression, str):
            yield SuiteError(
                f"The $PARAMETER of `{key}` is not a text.",
                hint='Write the parameter\'s name, as in {"$PARAMETER": "lowest"}.',
                location=expectation.where(key),
            )
            continue
        for name in sorted(set(_VARIABLE.findall(_NUMBER.sub(" ", expression)))):
            if name not in parameters and name.lower() not in _FUNCTIONS:
                yield SuiteError(
                    f"`{key}` of `{expectation.type}` uses the parameter `{name}`, which has no value.",
                    hint=f'Give it one in the suite, as in "suite_parameters": {{"{name}": 0}}.'
                    + did_you_mean(name, parameters),
                    location=expectation.where(key),
                )


def _references(expectation: Expectation) -> Iterator[SuiteError]:
    """A JSON Schema could name another document, which the library would then fetch from the network."""
    schema = expectation.kwargs.get("json_schema")
    for reference in _found(schema, _REFERENCES):
        if isinstance(reference, str) and not reference.startswith("#"):
            yield SuiteError(
                f"The json_schema of `{expectation.type}` refers to another document.",
                hint='Nothing is fetched: write the definitions into the schema, and refer to "#/$defs/…".',
                location=expectation.where("json_schema"),
            )
    parts = schema.values() if isinstance(schema, Mapping) else ()
    if any(isinstance(name, str) for part in parts for name in _found(part, _NAMES)):
        # under a keyword that nobody knows it would turn "#/…" into an address of its own, which would then be fetched
        yield SuiteError(
            f"A part of the json_schema of `{expectation.type}` has an `$id`.",
            hint="Only the schema itself may have one: remove it from its parts.",
            location=expectation.where("json_schema"),
        )


def _found(schema: object, keys: tuple[str, ...]) -> Iterator[object]:
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            if key in keys:
                yield value
            yield from _found(value, keys)
    elif isinstance(schema, tuple | list):
        for item in schema:
            yield from _found(item, keys)
