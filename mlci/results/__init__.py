"""The record of a run: frozen, versioned, and the only thing that reports are made from.

`Results` holds counts and statistics, never a cell of the data. Its JSON form crosses the trust line between the
job that ran the pull request's code and the job that may write to GitHub, so reading it back validates all of it.
"""

from __future__ import annotations

from mlci.results.base import Finding, Name, Record, Rule, Severity, Status, Task, Text, Verdict, worst
from mlci.results.data import Column, ColumnChange, DatasetChange, DatasetResult, ExpectationResult, Validation
from mlci.results.document import VERSION, Commit, FileChange, Results, json_schema
from mlci.results.models import (
    PACKAGES,
    BaselineResult,
    Bin,
    Calibration,
    CandidateResult,
    Change,
    Comparison,
    Difference,
    EnvironmentResult,
    FairnessResult,
    GateResult,
    Group,
    Holdout,
    ModelResult,
    ReferenceResult,
    Reliability,
    Search,
    Side,
    WallResult,
)

__all__ = [
    "PACKAGES",
    "VERSION",
    "BaselineResult",
    "Bin",
    "Calibration",
    "CandidateResult",
    "Change",
    "Column",
    "ColumnChange",
    "Commit",
    "Comparison",
    "DatasetChange",
    "DatasetResult",
    "Difference",
    "EnvironmentResult",
    "ExpectationResult",
    "FairnessResult",
    "FileChange",
    "Finding",
    "GateResult",
    "Group",
    "Holdout",
    "ModelResult",
    "Name",
    "Record",
    "ReferenceResult",
    "Reliability",
    "Results",
    "Rule",
    "Search",
    "Severity",
    "Side",
    "Status",
    "Task",
    "Text",
    "Validation",
    "Verdict",
    "WallResult",
    "json_schema",
    "worst",
]
