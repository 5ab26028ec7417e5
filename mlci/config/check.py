"""What a valid document can still get wrong: names that point nowhere, rules that fit no metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.config.suggest import did_you_mean
from mlci.errors import ConfigError
from mlci.stats.metrics import METRICS, RESOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.config.document import Document
    from mlci.config.models import Config, Gate, ModelConfig


def check(config: Config, document: Document) -> list[ConfigError]:
    """All that is wrong across keys, each with its place."""
    return [
        ConfigError(message, hint=hint, location=document.where(path))
        for name, model in config.models.items()
        for path, message, hint in (*_references(config, name, model), *_metrics(name, model))
    ]


Problem = tuple[tuple[str | int, ...], str, str]


def _references(config: Config, name: str, model: ModelConfig) -> Iterator[Problem]:
    for path, dataset in ((("dataset",), model.dataset), (("split", "test"), model.split.test)):
        if dataset is not None and dataset not in config.datasets:
            yield (
                ("models", name, *path),
                f"There is no dataset '{dataset}'.",
                did_you_mean(dataset, config.datasets).strip(),
            )
    if model.split.test == model.dataset:
        yield (
            ("models", name, "split", "test"),
            f"'{model.dataset}' cannot be both the training data and the test data.",
            "Name another dataset, or let mlci hold out rows: split: {test_size: 0.25}.",
        )


def _metrics(name: str, model: ModelConfig) -> Iterator[Problem]:
    named = [(("primary",), model.primary), *((("metrics", i), each) for i, each in enumerate(model.metrics))]
    for path, metric in named:
        if model.task not in METRICS[metric].tasks:
            fitting = [each for each in METRICS if model.task in METRICS[each].tasks]
            yield (
                ("models", name, *path),
                f"'{metric}' does not fit a {model.task} task.",
                did_you_mean(metric, fitting).strip(),
            )
    for metric, gate in model.gates.items():
        path = ("models", name, "gates", metric)
        if metric in METRICS and model.task not in METRICS[metric].tasks:
            yield path, f"'{metric}' does not fit a {model.task} task.", ""
        else:
            yield from (((*path, rule), message, hint) for rule, message, hint in _rules(metric, gate))


def _rules(metric: str, gate: Gate) -> Iterator[tuple[str, str, str]]:
    if metric in RESOURCES and gate.max_regression is not None:
        yield "max_regression", f"'{metric}' is a cost, not a score.", "Use max_increase: 50%."
    if metric in METRICS and gate.max_increase is not None:
        yield "max_increase", f"'{metric}' is a score, not a cost.", "Use max_regression: 0.01."
    if gate.min is not None and gate.max is not None and gate.min > gate.max:
        yield "min", f"min {gate.min:g} is greater than max {gate.max:g}: no model can pass.", "Swap the two."
    if metric in METRICS:
        low, high = METRICS[metric].bounds
        if gate.min is not None and gate.min > high:
            yield "min", f"'{metric}' is never greater than {high:g}: no model can pass.", ""
        if gate.max is not None and gate.max < low:
            yield "max", f"'{metric}' is never less than {low:g}: no model can pass.", ""
