"""`mlci.yml` as frozen types. `load.py` brings the text here; every message names the key and how to mend it."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from mlci.stats.metrics import ALIASES, METRICS, RESOURCES

Task = Literal["binary", "multiclass", "regression"]
OnInconclusive = Literal["pass", "warn", "fail"]

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
ENTRY = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"

HINT = "\n"  # between what is wrong and how to mend it, in a validator's message

Named = Annotated[str, Field(pattern=NAME)]
Positive = Annotated[float, Field(gt=0)]
Label = str | int | float | bool


class Model(BaseModel):
    """A frozen part of the configuration; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


# --- datasets --------------------------------------------------------------------------------------------------


class GxSuite(Model):
    """A suite inside a Great Expectations project on disk."""

    project: str = Field(description="The project's folder, the one that holds great_expectations.yml.")
    name: str = Field(description="The suite's name in that project.")


class Drift(Model):
    """When a column's distribution counts as drifted between base and head."""

    method: Literal["psi"] = "psi"
    warn: Positive = 0.1
    fail: Positive = 0.25


def _as_tuple(value: Any) -> Any:  # noqa: ANN401 - whatever the document held
    return (value,) if isinstance(value, str) else value


Columns = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class Dataset(Model):
    """A named table: files, or a URL."""

    path: str = Field(min_length=1, description="CSV or Parquet; a glob; any fsspec URL.")
    format: Literal["csv", "parquet"] | None = Field(None, description="Where the file's ending does not say it.")
    separator: str = Field(",", min_length=1, max_length=1, description="Between the fields of a CSV file.")
    null_values: tuple[str, ...] | None = Field(
        None, description="Texts of a CSV file that mean no value; pandas' own list where none are given."
    )
    suite: str | GxSuite | None = Field(None, description="A GX suite, JSON or YAML; or {project: …, name: …}.")
    key: Columns | None = Field(None, description="Row key: one column or several. None: the row's content.")
    drift: Drift | None = None


# --- models ----------------------------------------------------------------------------------------------------


class Split(Model):
    """Which rows are the holdout: by a hash (default), a test dataset, a time cut, or groups kept whole."""

    test_size: float = Field(0.25, gt=0, lt=1, description="Share of the rows (or groups) that are held out.")
    seed: int = 0
    test: str | None = Field(None, description="A dataset of this file whose rows are the holdout.")
    time: str | None = Field(None, description="A date or time column; rows from `from` on are the holdout.")
    start: dt.datetime | dt.date | str | int | float | None = Field(None, alias="from")
    group: str | None = Field(None, description="A column whose values are kept whole on one side.")

    @property
    def kind(self) -> Literal["hash", "test", "time", "group"]:
        """How the holdout is drawn."""
        if self.test is not None:
            return "test"
        if self.time is not None:
            return "time"
        return "group" if self.group is not None else "hash"

    @model_validator(mode="after")
    def _one_kind(self) -> Split:
        chosen = [name for name in ("test", "time", "group") if getattr(self, name) is not None]
        if len(chosen) > 1:
            raise ValueError(f"takes one of test, time and group, not {' and '.join(chosen)} together")
        if (self.time is None) != (self.start is None):
            raise ValueError("a time cut needs both: {time: column, from: 2024-01-01}")
        drawn = {"test_size", "seed"} & self.model_fields_set
        if drawn and self.kind in ("test", "time"):
            raise ValueError(f"{' and '.join(sorted(drawn))} mean nothing beside {self.kind}: remove them")
        return self


class Environment(Model):
    """What the training runs in; none: mlci's own scikit-learn."""

    requirements: str | None = None
    project: str | None = None
    python: str | None = None


def _percent(value: Any) -> Any:  # noqa: ANN401 - whatever the document held
    if isinstance(value, str):
        try:
            return float(value.rstrip("% ")) / 100 if value.rstrip().endswith("%") else float(value)
        except ValueError:
            raise ValueError(f"'{value}' is no percentage: write 50% or 0.5") from None
    return value


class Gate(Model):
    """The rules for one metric, or for one cost of the training."""

    min: float | None = Field(None, description="The candidate's value must not be below this.")
    max: float | None = Field(None, description="The candidate's value must not be above this.")
    max_regression: float | None = Field(None, ge=0, description="The loss against the baseline that is tolerated.")
    max_increase: Annotated[float, BeforeValidator(_percent), Field(ge=0)] | None = Field(
        None, description="For fit_seconds and other costs: 50% or 0.5."
    )
    slices: bool = Field(default=False, description="Judge every slice by `max_regression`, too.")

    @model_validator(mode="after")
    def _some_rule(self) -> Gate:
        if all(getattr(self, rule) is None for rule in ("min", "max", "max_regression", "max_increase")):
            raise ValueError("has no rule: give min, max, max_regression or max_increase")
        if self.slices and self.max_regression is None:
            raise ValueError("slices: true judges by max_regression: give one (0 tolerates no loss)")
        return self


class Fairness(Model):
    """Disaggregated metrics over sensitive columns, which need not be features."""

    sensitive: Columns
    gates: dict[str, Gate] = {}


def _slice(value: Any) -> Any:  # noqa: ANN401 - whatever the document held
    if isinstance(value, str):
        return {"column": value}
    if isinstance(value, dict) and len(value) == 1 and "column" not in value:
        ((column, edges),) = value.items()
        return {"column": column, "edges": edges}
    return value


class Slice(Model):
    """Holdout rows that share a value of a column, or lie between two edges of it."""

    column: str = Field(min_length=1)
    edges: tuple[float, ...] | None = Field(None, min_length=1)

    @field_validator("edges")
    @classmethod
    def _ascending(cls, edges: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if edges is not None and any(a >= b for a, b in itertools.pairwise(edges)):
            raise ValueError("edges must ascend, as in [25, 40, 60]")
        return edges


def _known(name: str) -> str:
    """A metric's name, checked against the table."""
    if name not in METRICS:
        from mlci.config.suggest import did_you_mean

        hint = did_you_mean(ALIASES.get(name, name), METRICS).strip()
        raise ValueError(f"'{name}' is no metric that mlci knows{HINT}{hint}")
    return name


def _known_gate(name: str) -> str:
    """A gate's name: a metric, or what a training costs."""
    if name in RESOURCES:
        return name
    if name not in METRICS:
        from mlci.config.suggest import did_you_mean

        hint = did_you_mean(ALIASES.get(name, name), [*METRICS, *RESOURCES]).strip()
        raise ValueError(f"'{name}' is no metric that mlci knows, so no gate can watch it{HINT}{hint}")
    return name


class ModelConfig(Model):
    """A named prediction task."""

    dataset: str
    target: str
    task: Task
    positive: Label | None = Field(None, description="The label that counts as positive; binary tasks need one.")
    split: Split = Split()
    environment: Environment | None = None
    candidates: dict[Named, Annotated[str, Field(pattern=ENTRY)]] = Field(
        {}, description="name: module:function, returning a scikit-learn estimator."
    )
    command: str | None = Field(None, min_length=1, description="For any framework: reads $MLCI_JOB.")
    data_format: Literal["parquet", "csv"] = Field("parquet", description="What a `command` is given to read.")
    drop: Columns = Field((), description="Columns that no candidate is given.")
    primary: str
    metrics: tuple[str, ...] = ()
    slices: tuple[Annotated[Slice, BeforeValidator(_slice)], ...] = ()
    min_rows: int = Field(30, ge=1, description="A slice with fewer rows is reported, never gated.")
    gates: dict[Annotated[str, AfterValidator(_known_gate)], Gate] = {}
    fairness: Fairness | None = None
    confidence: float = Field(0.95, gt=0.5, lt=1, description="Family-wise, over all the model's gates.")
    on_inconclusive: OnInconclusive = "warn"
    cv: int = Field(5, ge=2, le=50, description="Folds of the election among candidates.")
    seed: int = Field(0, ge=0, lt=2**32, description="For Python, NumPy and the folds.")
    timeout: Positive = Field(3600, description="Seconds that one side's training may take.")

    @property
    def all_metrics(self) -> tuple[str, ...]:
        """The primary metric, then the others, then those that only a gate names; each once."""
        gated = (name for name in self.gates if name in METRICS)
        return tuple(dict.fromkeys((self.primary, *self.metrics, *gated)))

    @field_validator("primary")
    @classmethod
    def _known_primary(cls, name: str) -> str:
        return _known(name)

    @field_validator("metrics")
    @classmethod
    def _known_metrics(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_known(name) for name in names)

    @model_validator(mode="after")
    def _whole(self) -> ModelConfig:
        if bool(self.candidates) == bool(self.command):
            raise ValueError("needs candidates (name: module:function) or a command, one of the two")
        if self.task == "binary" and self.positive is None:
            raise ValueError('a binary task needs `positive`, the label to find, as in positive: ">50K"')
        if self.task != "binary" and self.positive is not None:
            raise ValueError(f"`positive` belongs to binary tasks, and this one is {self.task}: remove it")
        return self


# --- the rest --------------------------------------------------------------------------------------------------


class Baseline(Model):
    """What the candidates are compared with."""

    branch: str = "main"
    store: str = Field("retrain", description="retrain | branch | a directory | an fsspec URL")


class Report(Model):
    """How the report is written."""

    template: str | None = Field(None, description='A Jinja2 file that says {% extends "base" %}.')
    charts: bool = True


class Config(Model):
    """The whole of `mlci.yml`."""

    version: Literal[1]
    datasets: dict[Named, Dataset] = Field(min_length=1)
    models: dict[Named, ModelConfig] = {}
    baseline: Baseline = Baseline()
    report: Report = Report()
