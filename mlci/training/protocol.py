"""The protocol: what a child is told in its `job.json`. `worker.py` and commands read it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mlci.stats.metrics import METRICS
from mlci.training import exchange

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlci.config.models import ModelConfig
    from mlci.training.job import DataFormat, Training

VERSION = 1


def write(training: Training, job: Mapping[str, Any]) -> Path:
    """Write a job into the scratch folder; gives its path."""
    path = training.scratch / "job.json"
    path.write_text(json.dumps(job, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def common(training: Training) -> dict[str, Any]:
    """What workers and commands are both told."""
    return {
        "version": VERSION,
        "model": training.model,
        "task": training.config.task,
        "target": training.config.target,
        "positive": training.positive,
        "classes": list(training.classes),
        "seed": training.config.seed,
        "threads": training.threads,
    }


def of_worker(training: Training) -> dict[str, Any]:
    """The job that `worker.py` reads."""
    config = training.config
    metric = METRICS[config.primary]
    primary = {name: value for name, value in asdict(metric).items() if name in _PRIMARY}
    wanted = table_format(training)
    train, _ = exchange.tables(training, wanted)
    return {
        **common(training),
        "train": {"path": str(train), "format": wanted},
        "holdout": {"path": str(exchange.later(training) / f"holdout.{wanted}"), "format": wanted},
        "schema": dict(training.schema),
        "dataframe": config.dataframe,
        "root": str(training.root),
        "paths": [str(path) for path in training.environment.paths],
        "compute": config.compute.model_dump() if config.compute else None,
        "candidates": dict(config.candidates),
        "cv": cross_validation(config),
        "primary": primary,
        "drop": [*config.drop, *training.drop],
        "reseeds": training.reseeds,
        "out": str(training.out),
    }


def table_format(training: Training) -> DataFormat:
    """The format that a worker is given tables in; Polars is asked for its frames, so that it is there to read them."""
    if training.config.dataframe == "polars":
        return "parquet"
    return training.data_format if training.environment.has_parquet else "csv"


_PRIMARY = ("name", "function", "arguments", "needs", "greater_is_better")


def cross_validation(config: ModelConfig) -> dict[str, Any]:
    """How training rows are split for the election: as the holdout was split from them."""
    kind = config.split.kind
    if kind in ("group", "time"):
        return {"kind": kind, "folds": config.cv, "column": config.split.group or config.split.time}
    return {"kind": "kfold" if config.task == "regression" else "stratified", "folds": config.cv, "column": None}
