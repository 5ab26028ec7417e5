"""What the installed Great Expectations offers, read from the schemas that it ships: its package is not imported."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from mlci.errors import SuiteError

RUNTIME = frozenset({"result_format", "catch_exceptions", "include_config", "batch_id"})
"""Keys of `kwargs` that say how to run, not what to expect: mlci decides that, so they are not read."""

BESIDE = frozenset({"id", "meta", "notes", "description", "severity", "rendered_content", "expectation_context"})
"""Keys that stand beside `kwargs`, which the schemas list together with those of `kwargs`."""

_NOT_FOR_USERS = frozenset({"metadata", "library_metadata"})


@dataclass(frozen=True, slots=True)
class Signature:
    """The `kwargs` that an expectation takes."""

    known: tuple[str, ...]
    required: tuple[str, ...]


def _of_values(*more: str) -> Signature:
    known = ("column", "mostly", "row_condition", "condition_parser", "windows", *more)
    return Signature(known=known, required=("column", *(name for name in more if name == "json_schema")))


_WITHOUT_SCHEMA = {  # the five for which Great Expectations 1.24 ships none; a test holds them against its own fields
    "expect_column_values_to_be_dateutil_parseable": _of_values(),
    "expect_column_values_to_be_decreasing": _of_values("strictly"),
    "expect_column_values_to_be_increasing": _of_values("strictly"),
    "expect_column_values_to_be_json_parseable": _of_values(),
    "expect_column_values_to_match_json_schema": _of_values("json_schema"),
}


def types() -> tuple[str, ...]:
    """The names of all expectations.

    Raises:
        SuiteError: Great Expectations is not installed.
    """
    schemas, absent, _ = _index()
    return (*schemas, *absent)


def signature(kind: str) -> Signature | None:
    """What the expectation `kind` takes; None for one that is not known at all."""
    schemas, _, _ = _index()
    return _signature(schemas[kind]) if kind in schemas else _WITHOUT_SCHEMA.get(kind)


def computable(kind: str, on: str) -> bool:
    """Whether Great Expectations says that `kind` can be computed on such tables ("Pandas", "Spark", "SQLite", …).

    What it says nothing about can: a kind that its list lacks, and tables that it names nowhere.
    """
    _, _, homes = _index()
    return kind not in homes or on in homes[kind] or not any(on in each for each in homes.values())


@cache
def _index() -> tuple[dict[str, str], tuple[str, ...], dict[str, frozenset[str]]]:
    index = json.loads((_folder() / "index.json").read_text("utf-8"))
    entries = index["expectations"]
    return (
        {kind: entry["schema_file"] for kind, entry in entries.items()},
        tuple(index["documented_absent"]),
        {kind: frozenset(entry["supported_data_sources"]) for kind, entry in entries.items()},
    )


@cache
def _signature(file: str) -> Signature:
    schema = json.loads((_folder() / file).read_text("utf-8"))
    hidden = BESIDE | RUNTIME | _NOT_FOR_USERS
    return Signature(
        known=tuple(name for name in schema["properties"] if name not in hidden),
        required=tuple(schema.get("required", ())),
    )


def _folder() -> Path:
    spec = find_spec("great_expectations")  # of a top-level package: found, not imported
    if spec is None or not spec.submodule_search_locations:
        raise SuiteError(
            "Great Expectations is not installed, so no suite can be checked.",
            hint="Install it beside mlci: pip install 'great-expectations>=1.24,<2'.",
        )
    return Path(spec.submodule_search_locations[0], "expectations", "core", "schemas")
