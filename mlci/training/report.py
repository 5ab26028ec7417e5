"""The report that the worker leaves, read strictly: it comes from the process that ran the user's code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlci.errors import TrainingError
from mlci.results import Name, Text
from mlci.training.files import read_regular

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 4 * 1024 * 1024  # bytes
FEATURES = 100_000

Cost = Annotated[float, Field(ge=0)]
Bytes = Annotated[int, Field(ge=0)]
Kind = Literal["exception", "not-found", "no-estimator", "predictions", "setup", "worker"]


TypeName = Annotated[str, Field(max_length=300, pattern=r"^[A-Za-z_][\w.]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False, protected_namespaces=())


class CandidateReport(_Part):
    """A candidate in the election; no figures where there was none."""

    name: Name
    cv_mean: float | None
    cv_std: float | None
    fit_seconds: Cost | None


class Feature(_Part):
    """A column that the winner was fitted on."""

    name: Name
    dtype: Name
    nulls: Bytes


class Warned(_Part):
    """A warning that was issued while `candidate` trained."""

    category: Name
    message: Text
    candidate: Name


class Failure(_Part):
    """Why there is no result.

    `kind` tells the user's exception from what the worker refused; `name` and `known` belong to `not-found`.
    `denied` is what the wall refused, where that is why the code failed, and `path` the file, where that is one of the
    repository.
    """

    kind: Kind
    message: Text
    candidate: Name = ""
    hint: Text = ""
    stage: Literal["", "import", "build", "fit", "predict", "cross-validation"] = ""
    type: Name = ""
    traceback: Text = ""
    file: Name = ""
    line: Annotated[int, Field(ge=1)] | None = None
    name: Name = ""
    known: Annotated[tuple[Name, ...], Field(max_length=1_000)] = ()
    denied: Literal["", "read", "write", "network"] = ""
    path: Name = ""


class Success(_Part):
    """What was elected, what it is and what it cost."""

    winner: Name
    estimator: Name
    candidates: Annotated[tuple[CandidateReport, ...], Field(min_length=1, max_length=1_000)]
    train_rows: Bytes
    fit_seconds: Cost
    predict_seconds: Cost
    peak_memory: Bytes
    model_size: Bytes | None
    model: Literal["model.skops"] | None
    types: Annotated[tuple[TypeName, ...], Field(max_length=1_000)] = ()
    predictions: Literal["predictions.parquet", "predictions.csv"]
    params: Annotated[dict[Name, Text], Field(max_length=1_000)]
    features: Annotated[tuple[Feature, ...], Field(max_length=FEATURES)]
    packages: Annotated[dict[Name, Name], Field(max_length=10_000)]
    files: Annotated[tuple[Name, ...], Field(max_length=10_000)]
    warnings: Annotated[tuple[Warned, ...], Field(max_length=100)]
    notes: Annotated[tuple[Text, ...], Field(max_length=100)]


class _Failed(_Part):
    version: Literal[1]
    error: Failure


class _Succeeded(Success):
    version: Literal[1]


def read(path: Path) -> Success | Failure:
    """Read a worker's report.

    Raises:
        TrainingError: it is not what a worker writes (MLCI204).
    """
    content = read_regular(path, LIMIT, what="The report of the training process", code="MLCI204")
    model: type[_Failed | _Succeeded] = _Failed if _has_error(content) else _Succeeded
    try:
        report = model.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise TrainingError(
            f"The training process left a report that cannot be read: {where}: {first['msg']}.",
            hint="Code that trains must leave the files in its output folder alone.",
            code="MLCI204",
        ) from None
    return report.error if isinstance(report, _Failed) else report


class _Shape(_Part):
    error: object = None


def _has_error(content: bytes) -> bool:
    try:
        return _Shape.model_validate_json(content).error is not None
    except ValidationError:
        return False
