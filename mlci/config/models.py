"""`mlci.yml` as frozen types. `load.py` brings the text here; every message names the key and how to mend it."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from mlci.config.base import HINT, Columns, Model, Positive
from mlci.config.data import Dataset
from mlci.config.environment import Compute, Environment
from mlci.config.sandbox import Sandbox
from mlci.stats.metrics import FAIRNESS, METRICS

Task = Literal["binary", "multiclass", "regression"]
OnInconclusive = Literal["pass", "warn", "fail"]

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
ENTRY = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"

Named = Annotated[str, Field(pattern=NAME)]
Label = str | int | float | bool


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


def _known_fairness(name: str) -> str:
    """The name of a fairness metric."""
    if name not in FAIRNESS:
        from mlci.config.suggest import did_you_mean

        hint = did_you_mean(name, FAIRNESS).strip()
        raise ValueError(f"'{name}' is no fairness metric that mlci knows{HINT}{hint}")
    return name


class Fairness(Model):
    """Disaggregated metrics over sensitive columns, which need not be features."""

    sensitive: Columns = Field(
        min_length=1, description="Columns of the dataset; `drop` keeps them from the candidates."
    )
    metrics: tuple[Annotated[str, AfterValidator(_known_fairness)], ...] = Field(
        (), description="Fairlearn's names; those of the gates are always there."
    )
    gates: dict[Annotated[str, AfterValidator(_known_fairness)], Gate] = Field({})

    @property
    def all_metrics(self) -> tuple[str, ...]:
        """What is reported: what is listed, then what only a gate names, each once."""
        return tuple(dict.fromkeys((*self.metrics, *self.gates)))


class Scorer(Model):
    """A metric of the user's own, as scikit-learn's `make_scorer` takes it."""

    function: str = Field(pattern=ENTRY, description="module:function, called with (y_true, y_pred).")
    response_method: Literal["predict", "predict_proba", "decision_function"] = Field(
        "predict", description="What y_pred is: labels or values, probabilities, or scores to rank by."
    )
    greater_is_better: bool = True
    resamples: int = Field(999, ge=99, le=9999, description="Of the bootstrap that its interval is from.")


def _scorer(value: Any) -> Any:  # noqa: ANN401 - whatever the document held
    return {"function": value} if isinstance(value, str) else value


class WorstSlice(Model):
    """Where to look for the slice that fell furthest, beyond those that are named."""

    columns: Columns = Field(min_length=1, description="Columns whose values, and pairs of values, are slices.")
    depth: Literal[1, 2] = Field(2, description="Slices of one column, or also of two together.")
    bins: int = Field(4, ge=2, le=20, description="Parts of a column of numbers, cut at quantiles of the holdout.")
    min_rows: int = Field(100, ge=2, description="Slices with fewer rows are not looked at.")
    on_worse: OnInconclusive = Field("warn", description="What a slice that is worse for certain leads to.")


def _worst_slice(value: Any) -> Any:  # noqa: ANN401 - whatever the document held
    return {"columns": value} if isinstance(value, str | list | tuple) else value


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


def _environment(value: Any) -> Any:  # noqa: ANN401 - whatever the document held
    if isinstance(value, str):
        key = "project" if value in {".", "pyproject.toml", "uv.lock"} else "requirements"
        name = "." if key == "project" else value
        raise ValueError(f"'{value}' does not say what it is{HINT}Write environment: {{{key}: {name}}}.")  # noqa: TRY004 - told as the rest
    return value


class ModelConfig(Model):
    """A named prediction task."""

    dataset: str
    target: str
    task: Task
    positive: Label | None = Field(None, description="The label that counts as positive; binary tasks need one.")
    split: Split = Split()
    environment: Annotated[Environment | None, BeforeValidator(_environment)] = None
    compute: Compute | None = None
    dataframe: Literal["pandas", "polars"] = Field("pandas", description="What candidates are given rows as.")
    candidates: dict[Named, Annotated[str, Field(pattern=ENTRY)]] = Field(
        {}, description="name: module:function, returning a scikit-learn estimator."
    )
    command: str | None = Field(None, min_length=1, description="For any framework: reads $MLCI_JOB.")
    data_format: Literal["parquet", "csv"] = Field("parquet", description="What a `command` is given to read.")
    drop: Columns = Field((), description="Columns that no candidate is given.")
    primary: str
    metrics: tuple[str, ...] = ()
    scorers: dict[Named, Annotated[Scorer, BeforeValidator(_scorer)]] = Field(
        {}, description="Metrics of your own: name: module:function. Each is reported, and a gate may name it."
    )
    cluster: str | None = Field(None, description="A column; rows that share its value count as one draw.")
    sample_weight: str | None = Field(None, description="A column; how much each row weighs in the metrics, >= 0.")
    repeats: int = Field(1, ge=1, le=50, description="Trainings of each side, each with another seed.")
    slices: tuple[Annotated[Slice, BeforeValidator(_slice)], ...] = ()
    worst_slice: Annotated[WorstSlice, BeforeValidator(_worst_slice)] | None = None
    min_rows: int = Field(30, ge=1, description="A slice with fewer rows is reported, never gated.")
    gates: dict[str, Gate] = Field({})
    fairness: Fairness | None = None
    confidence: float = Field(0.95, gt=0.5, lt=1, description="Family-wise, over all the model's gates.")
    on_inconclusive: OnInconclusive = "warn"
    cv: int = Field(5, ge=2, le=50, description="Folds of the election among candidates.")
    seed: int = Field(0, ge=0, lt=2**32, description="For Python, NumPy and the folds.")
    timeout: Positive = Field(3600, description="Seconds that one side's training may take.")

    @property
    def clustered_by(self) -> str | None:
        """The column whose rows belong together; a split by groups says it, too."""
        return self.cluster or self.split.group

    @property
    def all_metrics(self) -> tuple[str, ...]:
        """The primary metric, then the others, then those that only a gate names; each once, none of `scorers`."""
        listed = dict.fromkeys((self.primary, *self.metrics, *self.gates))
        return tuple(name for name in listed if name in METRICS)

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
    reference: str = Field(
        "merge-base",
        min_length=1,
        description="What gates hold against besides the merge base: `best` of the ledger, or a tag, branch or commit.",
    )
    ledger: str = Field(
        ".mlci/ledger.jsonl", min_length=1, description="Where the best commits are recorded: a file, or an fsspec URL."
    )


class Report(Model):
    """How the report is written."""

    template: str | None = Field(None, description='A Jinja2 file that says {% extends "base" %}.')
    charts: bool = True


class Config(Model):
    """The whole of `mlci.yml`."""

    version: Literal[1]
    datasets: dict[Named, Dataset] = Field(min_length=1)
    models: dict[Named, ModelConfig] = Field({})
    baseline: Baseline = Baseline()
    report: Report = Report()
    sandbox: Sandbox = Sandbox()
