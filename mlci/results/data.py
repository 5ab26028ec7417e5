"""What was found of datasets: counts and statistics, never a cell."""

from __future__ import annotations

from typing import Literal

from mlci.errors import Location
from mlci.results.base import Name, Record, Text, Verdict


class Column(Record):
    """A column of a dataset, without its values."""

    name: Name
    dtype: Name
    nulls: int = 0


class ExpectationResult(Record):
    """What one expectation found. `error` tells a metric that could not be computed from data that fail."""

    type: Name
    column: Name = ""  # several columns are joined with ", "; empty for expectations of the whole table
    success: bool
    severity: Literal["critical", "warning", "info"] = "critical"
    unexpected_count: int | None = None
    element_count: int | None = None
    description: Text = ""  # the expectation's own arguments in words; arguments are the suite's, not the data's
    error: Text = ""
    engine: Name = ""  # the engine that took it over; empty: the validation's own
    reason: Text = ""  # why another engine took it over
    location: Location | None = None


class Validation(Record):
    """A suite against a dataset. `success`: no critical expectation failed and none was left out."""

    suite: Name
    engine: Name
    success: bool
    verdict: Verdict
    evaluated: int
    failed: int
    expectations: tuple[ExpectationResult, ...] = ()


class ColumnChange(Record):
    """How a column's profile moved between base and head, in statistics."""

    column: Name
    what: Literal["added", "removed", "type", "nulls", "mean", "range", "levels"]
    before: Name = ""
    after: Name = ""


class DatasetChange(Record):
    """A dataset at the head beside the same dataset at the base."""

    status: Literal["same", "changed", "new", "unknown"]
    rows_before: int | None = None
    columns: tuple[ColumnChange, ...] = ()
    note: Text = ""


class DatasetResult(Record):
    """One dataset at the head."""

    path: Name
    rows: int
    bytes: int
    fingerprint: Name  # "sha256:…" over the files' contents
    columns: tuple[Column, ...] = ()
    validation: Validation | None = None
    change: DatasetChange | None = None
