"""What every part of the results is made of: frozen, bounded, refused where a key is not known."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mlci.errors import Location

Verdict = Literal["pass", "warn", "fail"]
Status = Literal["better", "same", "worse", "inconclusive"]
Severity = Literal["info", "warn", "fail"]
Task = Literal["binary", "multiclass", "regression"]
Rule = Literal["min", "max", "max_regression", "max_increase"]

Name = Annotated[str, Field(max_length=500)]
Text = Annotated[str, Field(max_length=20_000)]

_RANK: dict[str, int] = {"pass": 0, "info": 0, "warn": 1, "fail": 2}


def worst(verdicts: list[Any]) -> Verdict:
    """The gravest of some verdicts or severities; `pass` where there is none."""
    rank = max((_RANK[v] for v in verdicts), default=0)
    return ("pass", "warn", "fail")[rank]


class Record(BaseModel):
    """A frozen part of the results; unknown keys are refused when it is read back."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())


class Finding(Record):
    """One reportable fact: a stable code, a severity, a sentence and a hint."""

    code: Annotated[str, Field(pattern=r"^MLCI\d{3}$")]
    severity: Severity
    message: Text
    hint: Text = ""
    location: Location | None = None
    subject: Name = ""  # the dataset or the model that it speaks of
    detail: Text = ""  # a traceback or the tail of a log, shown folded
