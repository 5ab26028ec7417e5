"""What a valid document can still get wrong: names that point nowhere, rules that fit no metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.config.suggest import did_you_mean
from mlci.errors import ConfigError
from mlci.stats.metrics import ALIASES, FAIRNESS, METRICS, RESOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.config.data import Dataset
    from mlci.config.document import Document
    from mlci.config.models import Config, Gate, ModelConfig


def check(config: Config, document: Document) -> list[ConfigError]:
    """All that is wrong across keys, each with its place."""
    datasets = [problem for name, dataset in config.datasets.items() for problem in _data(name, dataset)]
    models = [
        problem
        for name, model in config.models.items()
        for problem in (*_references(config, name, model), *_compute(config, name, model), *_metrics(name, model))
    ]
    return [
        ConfigError(message, hint=hint, location=document.where(path)) for path, message, hint in (*datasets, *models)
    ]


Problem = tuple[tuple[str | int, ...], str, str]

_OF_FILES = ("format", "separator", "null_values", "key", "drift", "engine", "spark")


def _data(name: str, dataset: Dataset) -> Iterator[Problem]:
    """Keys of files and keys of a database do not mix."""
    at = ("datasets", name)
    if dataset.path and (dataset.url or dataset.table or dataset.schema_name):
        other = "url" if dataset.url else "table" if dataset.table else "schema"
        yield (*at, other), f"'{name}' has both `path` and `{other}`.", "Name files (path), or a table (url, table)."
        return
    if dataset.table and not dataset.url:
        yield (*at, "table"), f"'{name}' has a `table`, and no `url`.", "Say where it is, as in url: ${WAREHOUSE}."
    if dataset.url and not dataset.table:
        yield (*at, "url"), f"'{name}' has a `url`, and no `table`.", "Say which, as in table: orders."
    if dataset.url:
        for key in _OF_FILES:
            if key in dataset.model_fields_set and not (key == "engine" and dataset.engine == "auto"):
                yield (*at, key), f"`{key}` is for files, and '{name}' is a table of a database.", f"Leave `{key}` out."
    elif dataset.spark is not None and dataset.engine != "spark":
        yield (*at, "spark"), f"`spark` is for `engine: spark`, and '{name}' has another.", "Add engine: spark."


def _references(config: Config, name: str, model: ModelConfig) -> Iterator[Problem]:
    for path, dataset in ((("dataset",), model.dataset), (("split", "test"), model.split.test)):
        if dataset is not None and dataset not in config.datasets:
            yield (
                ("models", name, *path),
                f"There is no dataset '{dataset}'.",
                did_you_mean(dataset, config.datasets).strip(),
            )
        elif dataset is not None and not config.datasets[dataset].is_files:
            yield (
                ("models", name, *path),
                f"'{dataset}' is a table of a database, and a model's rows come from files.",
                "Export it to Parquet in an earlier step, and name that with `path`.",
            )
    if model.split.test == model.dataset:
        yield (
            ("models", name, "split", "test"),
            f"'{model.dataset}' cannot be both the training data and the test data.",
            "Name another dataset, or let mlci hold out rows: split: {test_size: 0.25}.",
        )


def _compute(config: Config, name: str, model: ModelConfig) -> Iterator[Problem]:
    """A cluster is for candidates, and is reached by the network."""
    at = ("models", name, "compute")
    if model.compute is None:
        return
    if model.command is not None:
        hint = "Let the command itself connect to the cluster, or name candidates."
        yield at, f"`compute` is for candidates, and '{name}' has a command.", hint
    elif config.sandbox.network != "allow":
        hint = "Add sandbox: {network: allow}."
        yield at, f"`compute` of '{name}' is reached by the network, which code that trains does not have.", hint


def _metrics(name: str, model: ModelConfig) -> Iterator[Problem]:
    """Metrics that do not exist or do not fit, wherever they are named."""
    at = ("models", name)
    yield from (((*at, *path), message, hint) for path, message, hint in _named(model))
    for metric, gate in model.gates.items():
        path = (*at, "gates", metric)
        yield from (((*path, rule), message, hint) for rule, message, hint in _rules(metric, gate, model))
    for scorer in model.scorers:
        if scorer in METRICS or scorer in RESOURCES or scorer in FAIRNESS:
            yield (*at, "scorers", scorer), f"'{scorer}' is already the name of a built-in metric.", "Give it another."
    yield from (((*at, *path), message, hint) for path, message, hint in _fairness(model))


def _named(model: ModelConfig) -> Iterator[Problem]:
    fitting = [each for each in METRICS if model.task in METRICS[each].tasks]
    own = tuple(model.scorers)
    for path, metric, known in (
        (("primary",), model.primary, fitting),
        *((("metrics", i), each, [*fitting, *own]) for i, each in enumerate(model.metrics)),
        *((("gates", each), each, [*fitting, *own, *RESOURCES]) for each in model.gates),
    ):
        if metric in known:
            continue
        hint = did_you_mean(ALIASES.get(metric, metric), known).strip()
        if metric in METRICS:
            yield path, f"'{metric}' does not fit a {model.task} task.", hint
        elif metric in own:
            yield path, f"'{metric}' cannot elect the winner: a metric of your own judges the holdout alone.", hint
        elif metric in FAIRNESS:
            yield path, f"'{metric}' compares groups.", "It stands under fairness: {sensitive: [...], gates: {...}}."
        else:
            what = ", so no gate can watch it" if path[0] == "gates" else ""
            yield path, f"'{metric}' is no metric that mlci knows{what}.", hint
    if model.primary == "expected_calibration_error":
        hint = "Elect by log_loss or brier_score, which reward calibration as well."
        yield ("primary",), "expected_calibration_error cannot elect: a constant prediction can have none.", hint


def _fairness(model: ModelConfig) -> Iterator[Problem]:
    if model.fairness is None:
        return
    if not model.fairness.all_metrics:
        yield ("fairness",), "fairness names no metric.", "Give metrics: [demographic_parity_difference], or gates."
    named: list[tuple[tuple[str | int, ...], str]] = [
        *((("metrics", i), each) for i, each in enumerate(model.fairness.metrics)),
        *((("gates", each), each) for each in model.fairness.gates),
    ]
    for place, metric in named:
        if model.task not in FAIRNESS[metric].tasks:
            yield ("fairness", *place), f"'{metric}' does not fit a {model.task} task.", ""
    for metric, gate in model.fairness.gates.items():
        path = ("fairness", "gates", metric)
        if gate.max_increase is not None:
            yield (*path, "max_increase"), f"'{metric}' is a score, not a cost.", "Use max_regression: 0.02."
        if gate.slices:
            yield (*path, "slices"), f"'{metric}' compares groups already.", "Leave `slices` out."
        for rule, message, hint in _limits(metric, gate, FAIRNESS[metric].bounds):
            yield (*path, rule), message, hint


def _rules(metric: str, gate: Gate, model: ModelConfig) -> Iterator[tuple[str, str, str]]:
    if metric in RESOURCES and gate.max_regression is not None:
        yield "max_regression", f"'{metric}' is a cost, not a score.", "Use max_increase: 50%."
    if metric not in RESOURCES and gate.max_increase is not None:
        yield "max_increase", f"'{metric}' is a score, not a cost.", "Use max_regression: 0.01."
    if metric in METRICS and model.task in METRICS[metric].tasks:
        yield from _limits(metric, gate, METRICS[metric].bounds)
    else:
        yield from _limits(metric, gate, (float("-inf"), float("inf")))


def _limits(metric: str, gate: Gate, bounds: tuple[float, float]) -> Iterator[tuple[str, str, str]]:
    """Limits that no model can keep."""
    low, high = bounds
    if gate.min is not None and gate.max is not None and gate.min > gate.max:
        yield "min", f"min {gate.min:g} is greater than max {gate.max:g}: no model can pass.", "Swap the two."
    if gate.min is not None and gate.min > high:
        yield "min", f"'{metric}' is never greater than {high:g}: no model can pass.", ""
    if gate.max is not None and gate.max < low:
        yield "max", f"'{metric}' is never less than {low:g}: no model can pass.", ""
