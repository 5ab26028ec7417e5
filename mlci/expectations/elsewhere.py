"""Tables that mlci does not hold, because Spark or a database does: what is known of them, and what no suite may do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlci.errors import SuiteError
from mlci.expectations import gx_run
from mlci.expectations.conditions import PARSED_BY_GX
from mlci.expectations.suites import frozen, raise_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.expectations.suites import Expectation, Suite
    from mlci.results import Column

RAW = frozenset(
    {
        "unexpected_rows_expectation",
        "expect_query_results_to_match_comparison",
        "expect_table_row_count_to_equal_other_table",
    }
)
"""Expectations that bring SQL of their own, or look at another table than the suite's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is known of a table that mlci does not hold: its rows, its columns, and a hash of both with its name."""

    rows: int
    columns: tuple[Column, ...]
    fingerprint: str

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    @classmethod
    def of(cls, rows: int, columns: tuple[Column, ...], *name: str) -> Description:
        """What is known of the table of that name."""
        known = json.dumps([*name, rows, [[each.name, each.dtype, each.nulls] for each in columns]])
        return cls(rows=rows, columns=columns, fingerprint=f"schema:{hashlib.sha256(known.encode()).hexdigest()}")


def checked(suite: Suite, on: str, *, raw_sql: bool) -> tuple[Suite, list[dict[str, Any]]]:
    """A suite that may be run on such a table, with its parameters filled in; and in Great Expectations' own form.

    What a parameter stands for is judged as what is written: it could be a query, a condition or a column's name.

    Args:
        suite: the suite.
        on: what the sentences call the place, as in "on Spark".
        raw_sql: whether expectations may bring their own SQL, which can only ask.

    Raises:
        SuiteError: it may not be run there, or Great Expectations does not accept an argument.
    """
    raise_problems(list(refused(suite, on, raw_sql=raw_sql)))
    declared = gx_run.entries(suite)
    pairs = zip(suite.expectations, declared, strict=True)
    filled = replace(suite, expectations=tuple(replace(each, kwargs=frozen(entry["kwargs"])) for each, entry in pairs))
    raise_problems([*_unfilled(filled), *refused(filled, on, raw_sql=raw_sql), *_statements(filled)])
    return filled, declared


def _unfilled(suite: Suite) -> Iterator[SuiteError]:
    """A parameter that stands for another one: Great Expectations would fill it in later, when nobody looks."""
    for expectation in suite.expectations:
        for key, value in expectation.kwargs.items():
            if isinstance(value, Mapping) and "$PARAMETER" in value:
                yield SuiteError(
                    f"The $PARAMETER of `{key}` of `{expectation.type}` stands for another $PARAMETER.",
                    hint="Give it a value.",
                    location=expectation.where(key),
                )


def _statements(suite: Suite) -> Iterator[SuiteError]:
    """Own SQL only asks: it is one SELECT."""
    for expectation in suite.expectations:
        for key, value in expectation.kwargs.items():
            if not key.endswith("query"):
                continue
            if not isinstance(value, str) or not value.lstrip().upper().startswith(("SELECT", "WITH")):
                yield SuiteError(
                    f"`{key}` of `{expectation.type}` is no SELECT.",
                    hint="It only asks for rows, as in SELECT * FROM {batch} WHERE age < 0.",
                    location=expectation.where(key),
                )


def refused(suite: Suite, on: str, *, raw_sql: bool) -> Iterator[SuiteError]:
    """The problems of a suite on such a table.

    Args:
        suite: the suite.
        on: what the sentences call the place, as in "on Spark".
        raw_sql: whether expectations may bring their own SQL.
    """
    for expectation in suite.expectations:
        if expectation.type in RAW and not raw_sql:
            yield SuiteError(
                f"`{expectation.type}` is not run {on}: it reads whatever its text names, not the suite's table alone.",
                hint="Say it with expectations of columns, and a row_condition where it is of some rows.",
                location=expectation.location,
            )
        if not _understood(expectation):
            yield SuiteError(
                f"The row_condition of `{expectation.type}` is written for pandas, which is not what computes {on}.",
                hint="Write it in Great Expectations' own way, as in 'col(\"age\") > 18' with "
                "condition_parser: great_expectations, or as a condition object.",
                location=expectation.where("row_condition"),
            )
        if any("`" in name for name in expectation.columns):
            yield SuiteError(
                f"`{expectation.type}` names a column with a backtick, which would end its quotation {on}.",
                hint="Rename the column.",
                location=expectation.location,
            )


def _understood(expectation: Expectation) -> bool:
    """Whether a row_condition, if there is one, is Great Expectations' own."""
    condition = expectation.kwargs.get("row_condition")
    if not condition:
        return True
    if isinstance(condition, str):
        return expectation.kwargs.get("condition_parser") in PARSED_BY_GX
    return "pass_through" not in _types(condition)


def _types(condition: object) -> Iterator[str]:
    if isinstance(condition, Mapping):
        yield str(condition.get("type"))
        for part in condition.get("conditions") or ():
            yield from _types(part)
