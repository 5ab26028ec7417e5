"""The model card of a winner: what it predicts, how well, on what, and where that ends."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mlci.errors import UserError
from mlci.report import calibration, digits, fairness, filters, folds, gatetable, names, wording
from mlci.report.document import Table, columns, row
from mlci.report.phrase import code, line, listed, prose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.report.document import Row
    from mlci.report.phrase import Line, Part
    from mlci.results import Comparison, ModelResult, Results

_HERE = "this model"
_TYPE = re.compile(r"[A-Za-z_][\w.]{0,299}")
_TAGS = {
    "binary": "tabular-classification",
    "multiclass": "tabular-classification",
    "regression": "tabular-regression",
}


def card(results: Results, model_name: str) -> str:
    """The model card in Markdown, with a head of YAML as on Hugging Face.

    Args:
        results: The run.
        model_name: A model of the run.

    Raises:
        UserError: there is no such model in the results.
    """
    from mlci.report import render

    model = results.models.get(model_name)
    if model is None:
        known = ", ".join(results.models) or "none"
        raise UserError(f"The results hold no model '{model_name}'.", hint=f"They hold: {known}.")
    context = {
        "name": model_name,
        "facts": folds.facts(model),
        "verdict": _verdict(model, names.base(results)),
        "scores": _scores(model),
        "notes": gatetable.notes(model, gatetable.ordered(model), all_slices=True),
        "parts": tuple(
            fold
            for fold in (
                folds.slices(model, "baseline", here=_HERE),
                fairness.fold(model, "baseline", here=_HERE),
                calibration.fold(model, "baseline", here=_HERE),
            )
            if fold
        ),
        "data": _data(results, model),
        "parameters": _pairs(model.side.params if model.side else {}, "parameter"),
        "features": _features(model),
        "environment": _pairs({**results.environment, **(model.side.packages if model.side else {})}, "package"),
        "reading": _reading(model),
        "limits": _limits(results, model),
        "footer": _footer(results),
    }
    return f"---\n{_head(results, model_name, model)}---\n\n{render.part('card', context)}"


# --- the head --------------------------------------------------------------------------------------------------


def _head(results: Results, name: str, model: ModelResult) -> str:
    """YAML as block lines of JSON scalars, which YAML reads as they are."""
    task = {"type": _TAGS[model.task]}
    dataset = {"name": model.dataset, "type": "tabular"}
    found = results.datasets.get(model.dataset)
    if found is not None:
        dataset["revision"] = found.fingerprint
    scores = [
        {"type": each.metric, "value": each.candidate, "name": str(names.metric_title(each.metric))}
        for each in gatetable.ordered(model)
        if each.candidate is not None
    ]
    head: dict[str, Any] = {
        "library_name": "scikit-learn" if model.side and "scikit-learn" in model.side.packages else "mlci",
        "pipeline_tag": _TAGS[model.task],
        "tags": [_TAGS[model.task], "mlci"],
        "metrics": [each["type"] for each in scores],
        "model-index": [{"name": name, "results": [{"task": task, "dataset": dataset, "metrics": scores}]}],
    }
    return "".join(_yaml(head))


def _yaml(value: Any, depth: int = 0) -> list[str]:  # noqa: ANN401 - a tree of plain values
    pad = "  " * depth
    lines: list[str] = []
    for key, each in value.items():
        if isinstance(each, dict):
            lines += [f"{pad}{key}:\n", *_yaml(each, depth + 1)]
        elif isinstance(each, list) and each and isinstance(each[0], dict):
            lines.append(f"{pad}{key}:\n")
            for item in each:
                first, *rest = _yaml(item, depth + 1)
                lines += [f"{pad}- {first.strip(' ')}", *rest]
        elif isinstance(each, list):
            lines.append(f"{pad}{key}: [{', '.join(_scalar(item) for item in each)}]\n")
        else:
            lines.append(f"{pad}{key}: {_scalar(each)}\n")
    return lines


def _scalar(value: Any) -> str:  # noqa: ANN401 - a text or a number
    if isinstance(value, str):
        return json.dumps(filters.inline(value), ensure_ascii=False)
    return json.dumps(value)


def _reading(model: ModelResult) -> str:
    """How the saved model is read, with an explicit list of what in it is trusted; empty where none is saved."""
    if model.side is None or model.side.types is None:
        return ""
    types = [each for each in model.side.types if _TYPE.fullmatch(each)]  # results may be a stranger's
    names_of = "".join(f'    "{each}",\n' for each in types)
    trusted = f"[\n{names_of}]" if types else "[]"
    return f'from skops import io\n\nmodel = io.load("model.skops", trusted={trusted})'


# --- the body --------------------------------------------------------------------------------------------------


def _verdict(model: ModelResult, main: str) -> Line:
    if model.baseline.source == "none":
        return line("There was no baseline to compare it with.")
    held = sum(gate.verdict == "pass" for gate in model.gates)
    if not model.gates:
        return line(f"No gate compares it with {main}.")
    return line(
        f"Against {main}, {held} of its {digits.plural(len(model.gates), 'gate')} {'holds' if held == 1 else 'hold'}."
    )


def _scores(model: ModelResult) -> Table:
    titles = columns(
        "metric",
        ("value", "right"),
        ("rows", "right"),
        ("gain over the baseline", "right"),
        (f"{digits.level(model.confidence)} interval of the gain", "center"),
    )
    return Table(titles, tuple(_score(each) for each in gatetable.ordered(model))).without_empty_columns()


def _score(each: Comparison) -> Row:
    exactness = digits.precision(each)
    return row(
        names.marked(each.metric, greater=each.greater_is_better),
        digits.number(each.candidate, exactness),
        digits.count(each.rows),
        digits.signed(each.gain, exactness) if each.gain is not None else "",
        gatetable.interval(each),
    )


def _data(results: Results, model: ModelResult) -> tuple[Line, ...]:
    told = []
    found = results.datasets.get(model.dataset)
    if found is not None:
        rows = digits.plural(found.rows, "row")
        told.append(line(code(model.dataset), ": ", code(found.path), f", {rows}, ", code(found.fingerprint), "."))
    if found is not None and found.validation is not None:
        held = digits.count(found.validation.evaluated - found.validation.failed)
        all_of = digits.plural(found.validation.evaluated, "expectation")
        told.append(line(f"{held} of {all_of} of ", code(found.validation.suite), " hold."))
    if model.holdout is not None:
        trained, scored = digits.plural(model.holdout.train_rows, "row"), digits.count(model.holdout.rows)
        how = prose(model.holdout.how.rstrip(". "))
        told.append(line(f"Trained on {trained}, scored on {scored} others: ", how, "."))
    return tuple(told)


def _pairs(found: dict[str, str], title: str) -> Table:
    return Table(columns(title, "value"), tuple(row(code(name), code(value)) for name, value in found.items()))


def _features(model: ModelResult) -> Line:
    features = model.side.features if model.side else ()
    parts: list[Part] = [line(code(each.name), f" ({each.dtype})") for each in features]
    return listed(parts, most=max(1, len(parts)))


def _limits(results: Results, model: ModelResult) -> tuple[Line, ...]:
    """What the numbers do not say."""
    return (
        *_unnoticed(model),
        *_slices(model),
        *_overlap(model),
        *(
            prose(finding.message)
            for finding in results.findings
            if finding.subject == model.dataset and finding.severity != "info"
        ),
        line("The scores hold for rows drawn like the held-out ones; other data, times and uses need their own test."),
    )


def _unnoticed(model: ModelResult) -> Iterator[Line]:
    lead = next((each for each in gatetable.ordered(model) if each.metric == model.primary and each.detectable), None)
    if lead is not None:
        loss = line(f"{digits.number(lead.detectable, digits.precision(lead))} in ", names.metric(lead.metric))
        yield line("A loss of less than ", loss, " would often go unnoticed on this holdout.")


def _slices(model: ModelResult) -> Iterator[Line]:
    small = dict.fromkeys(each.slice for each in model.comparisons if names.is_small(each))
    if small:
        yield line("Too few rows to judge: ", listed([code(name) for name in small], most=10), ".")
    worse = [each for each in model.comparisons if each.slice and each.status == "worse"]
    told = [line(code(each.slice), " (", names.metric(each.metric), f" {wording.by(each)})") for each in worse]
    if told:
        yield line("Worse than the baseline on ", listed(told, most=10), ".")


def _overlap(model: ModelResult) -> Iterator[Line]:
    rows = model.holdout.overlap_rows if model.holdout else 0
    if rows:
        yield line(f"{digits.plural(rows, 'held-out row')} also stood in training, which flatters the scores.")


def _footer(results: Results) -> Line:
    return line("Written by mlci ", filters.clip(results.mlci, 20), " for ", code(names.short(results.head.sha)), ".")
