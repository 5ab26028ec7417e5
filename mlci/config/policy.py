"""Whose rules judge: the base branch's, and at once whatever the pull request tightens.

What a pull request loosens is listed, and takes effect after the merge. Pure.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlci.config.models import Gate
from mlci.data.labels import canonical_label
from mlci.results import Finding, worst

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from mlci.config.load import Loaded
    from mlci.config.models import Config, Fairness, ModelConfig
    from mlci.errors import Location

# the stricter of two thresholds; where one side has none, the other's holds
_STRICTER: dict[str, Callable[[float, float], float]] = {
    "min": max,
    "max": min,
    "max_regression": min,
    "max_increase": min,
}
_LENIENCE = {"fail": 0, "warn": 1, "pass": 2}

_QUESTION = ("target", "task", "positive")


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules for one model, and what the pull request would have loosened."""

    model: ModelConfig
    key: tuple[str, ...] | None = None  # the columns that name a row of its dataset
    before: ModelConfig | None = None  # the base's own rules
    findings: tuple[Finding, ...] = ()
    comparable: bool = True  # False where the two sides answer different questions


def judge(head: Loaded, base: Config | None, name: str) -> Policy:
    """The rules by which the model `name` is judged.

    Args:
        head: The pull request's configuration.
        base: The base branch's; None where it has none, so that the head's own rules judge.
        name: A model of the head's configuration.
    """
    mine = head.config.models[name]
    theirs = base.models.get(name) if base else None
    key = head.config.datasets[mine.dataset].key
    if base is None or theirs is None:
        return Policy(mine, key)
    if _question(mine) != _question(theirs):
        return Policy(
            mine, key, theirs, (_other_question(name, mine, theirs, head.where("models", name)),), comparable=False
        )
    loosened = list(_loosened(mine, theirs))
    before = base.datasets[theirs.dataset].key
    if before != key:
        loosened.append(("change the holdout (the dataset has another `key`)", ("dataset",)))
    merged = mine.model_copy(
        update={
            "split": _split(head.config, base, mine, theirs),
            "gates": {
                metric: gate
                for metric in dict.fromkeys((*theirs.gates, *mine.gates))
                if (gate := _stricter(mine.gates.get(metric), theirs.gates.get(metric))) is not None
            },
            "metrics": tuple(dict.fromkeys((*theirs.all_metrics, *mine.all_metrics))),
            "slices": tuple(dict.fromkeys((*theirs.slices, *mine.slices))),
            "confidence": theirs.confidence,
            "drop": tuple(dict.fromkeys((*theirs.drop, *mine.drop))),
            "min_rows": theirs.min_rows,
            "cluster": theirs.cluster,
            "sample_weight": theirs.sample_weight,
            "repeats": theirs.repeats,
            "primary": theirs.primary,
            "scorers": {**mine.scorers, **theirs.scorers},
            "worst_slice": theirs.worst_slice or mine.worst_slice,
            "fairness": _fairness(mine.fairness, theirs.fairness),
            "on_inconclusive": min(mine.on_inconclusive, theirs.on_inconclusive, key=_LENIENCE.__getitem__),
        }
    )
    findings = tuple(
        Finding(
            code="MLCI401",
            severity="warn",
            message=f"This pull request would {what}; the base branch's rule judges until the merge.",
            hint="Nothing to do if this is meant: the reviewers see it here, and it takes effect after the merge.",
            location=head.where("models", name, *path),
            subject=name,
        )
        for what, path in loosened
    )
    return Policy(merged, before, theirs, findings)


def fitted(policy: Policy, head: Loaded, name: str, columns: Collection[str]) -> Policy:
    """A policy without what the base's rules ask of columns that the head's data no longer have.

    What is lost so has been listed as loosened; the head's own rules are kept, and fail where they name no column.
    """
    mine = head.config.models[name]
    split = policy.model.split
    needed = [each for each in (split.time, split.group) if each is not None]
    slices = tuple(each for each in policy.model.slices if each.column in columns or each in mine.slices)
    drop = tuple(each for each in policy.model.drop if each in columns or each in mine.drop)
    drawn = all(each in columns for each in (*needed, *(policy.key or ())))
    kept = {"slices": slices, "drop": drop, **_kept(policy.model, mine, columns)}
    unjudged = tuple(_unjudged(policy.model, kept, head, name))
    keys = {each.message.split("`")[1] for each in unjudged}
    promised = tuple(each for each in policy.findings if not _promises(each, keys, policy.before))
    policy = replace(policy, findings=(*promised, *unjudged))
    if drawn:
        return replace(policy, model=policy.model.model_copy(update=kept))
    lost = Finding(
        code="MLCI406",
        severity="warn",
        message=f"The base branch's holdout of `{name}` cannot be drawn from this pull request's data, which lack a "
        "column that it is drawn by: the pull request's own `split` and `key` draw it.",
        hint="Nothing to do if the column was renamed on purpose; look whether the new holdout is as fair.",
        location=head.where("models", name, "split"),
        subject=name,
    )
    model = policy.model.model_copy(update={**kept, "split": mine.split})
    return replace(policy, model=model, key=head.config.datasets[mine.dataset].key, findings=(*policy.findings, lost))


def _kept(model: ModelConfig, mine: ModelConfig, columns: Collection[str]) -> dict[str, object]:
    """Clusters, weights and groups without columns that the head's data lack, and that the head does not ask for."""
    kept: dict[str, object] = {
        key: getattr(mine, key) for key in ("cluster", "sample_weight") if getattr(model, key) not in {None, *columns}
    }
    if model.fairness is not None:
        asked = mine.fairness.sensitive if mine.fairness else ()
        sensitive = tuple(each for each in model.fairness.sensitive if each in columns or each in asked)
        kept["fairness"] = model.fairness.model_copy(update={"sensitive": sensitive}) if sensitive else None
    if model.worst_slice is not None:
        searched = mine.worst_slice.columns if mine.worst_slice else ()
        found = tuple(each for each in model.worst_slice.columns if each in columns or each in searched)
        kept["worst_slice"] = model.worst_slice.model_copy(update={"columns": found}) if found else None
    return kept


def _unjudged(model: ModelConfig, kept: dict[str, object], head: Loaded, name: str) -> Iterator[Finding]:
    """What the base's rules weigh or group by, and this pull request's data do not have: it is told, each by name."""
    lost: list[tuple[str, str]] = [
        (key, str(getattr(model, key)))
        for key in ("cluster", "sample_weight")
        if kept.get(key, getattr(model, key)) != getattr(model, key)
    ]
    for key, columns in (("fairness", "sensitive"), ("worst_slice", "columns")):
        before, after = getattr(model, key), kept.get(key, getattr(model, key))
        left = getattr(after, columns) if after is not None else ()
        lost += [(key, each) for each in getattr(before, columns) if each not in left] if before is not None else []
    for key, column in lost:
        yield Finding(
            code="MLCI406",
            severity=worst([model.on_inconclusive, "warn"]),
            message=f"The base branch's `{key}` needs the column `{column}` for `{name}`, and this pull request's data "
            "do not have it: it does not judge.",
            hint="Nothing to do if the column was removed on purpose; else put it back.",
            location=head.where("models", name, key),
            subject=name,
        )


def _promises(finding: Finding, keys: Collection[str], before: ModelConfig | None) -> bool:
    """Whether a finding says that the base's rule judges, of a key that cannot."""
    gates = before.fairness.gates if before and before.fairness and "fairness" in keys else {}
    return finding.code == "MLCI401" and any(f"`{each}`" in finding.message for each in (*keys, *gates))


def removed(head: Loaded, base: Config | None) -> tuple[Finding, ...]:
    """Models and suites that the base branch has and the pull request takes away."""
    if base is None:
        return ()
    models = (f"the model `{name}`" for name in base.models if name not in head.config.models)
    suites = (
        f"the suite of the dataset `{name}`"
        for name, dataset in base.datasets.items()
        if dataset.suite and not (name in head.config.datasets and head.config.datasets[name].suite)
    )
    return tuple(
        Finding(
            code="MLCI402",
            severity="warn",
            message=f"This pull request removes {what}: nothing judges it any more.",
            hint="Nothing to do if this is meant; else put it back into the configuration.",
            location=head.where(),
        )
        for what in (*models, *suites)
    )


def _stricter(mine: Gate | None, theirs: Gate | None) -> Gate | None:
    if mine is None or theirs is None:
        return mine or theirs
    rules = {}
    for rule, pick in _STRICTER.items():
        limits = [limit for gate in (mine, theirs) if (limit := getattr(gate, rule)) is not None]
        rules[rule] = functools.reduce(pick, limits) if limits else None
    return Gate(**rules, slices=mine.slices or theirs.slices)


def _fairness(mine: Fairness | None, theirs: Fairness | None) -> Fairness | None:
    """Both sides' columns and metrics, the stricter of their gates."""
    if mine is None or theirs is None:
        return mine or theirs
    return mine.model_copy(
        update={
            "sensitive": tuple(dict.fromkeys((*theirs.sensitive, *mine.sensitive))),
            "metrics": tuple(dict.fromkeys((*theirs.all_metrics, *mine.all_metrics))),
            "gates": {
                metric: gate
                for metric in dict.fromkeys((*theirs.gates, *mine.gates))
                if (gate := _stricter(mine.gates.get(metric), theirs.gates.get(metric))) is not None
            },
        }
    )


def _loosened(mine: ModelConfig, theirs: ModelConfig) -> Iterator[tuple[str, tuple[str, ...]]]:
    for metric, before in theirs.gates.items():
        yield from _loosened_gate(metric, before, mine.gates.get(metric))
    yield from _loosened_fairness(mine.fairness, theirs.fairness)
    yield from _changed_scales(mine, theirs)
    if mine.split != theirs.split:
        yield "change the holdout (`split` draws other rows)", ("split",)
    lost = (each.column for each in theirs.slices if each not in mine.slices)
    old, new = theirs, mine
    for is_looser, what, key in (
        (new.confidence != old.confidence, f"from {old.confidence:g} to {new.confidence:g}", "confidence"),
        *((True, f"candidates would be given `{name}`", "drop") for name in old.drop if name not in new.drop),
        (
            _LENIENCE[new.on_inconclusive] > _LENIENCE[old.on_inconclusive],
            f"from {old.on_inconclusive} to {new.on_inconclusive}",
            "on_inconclusive",
        ),
        (new.min_rows != old.min_rows, f"from {old.min_rows} to {new.min_rows}", "min_rows"),
        *((True, f"it removes `{column}`", "slices") for column in lost),
    ):
        if is_looser:
            yield f"loosen `{key}` ({what})", (key,)


def _changed_scales(mine: ModelConfig, theirs: ModelConfig) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What changes how a verdict comes about, whether it is looser or not."""
    for key in ("primary", "cluster", "sample_weight", "repeats"):
        old, new = getattr(theirs, key), getattr(mine, key)
        if old != new:
            yield f"change `{key}` (from {f'`{old}`' if old else 'none'} to {f'`{new}`' if new else 'none'})", (key,)
    for name, scorer in theirs.scorers.items():
        if mine.scorers.get(name) != scorer:
            yield f"change the metric `{name}` of your own (`scorers`)", ("scorers",)
    if theirs.worst_slice is not None and mine.worst_slice != theirs.worst_slice:
        yield "change the search for the worst slice (`worst_slice`)", ("worst_slice",)


def _loosened_fairness(mine: Fairness | None, theirs: Fairness | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    if theirs is None:
        return
    for column in theirs.sensitive:
        if mine is None or column not in mine.sensitive:
            yield f"loosen `fairness` (it removes `{column}`)", ("fairness",)
    for metric, before in theirs.gates.items():
        yield from _loosened_gate(metric, before, mine.gates.get(metric) if mine else None, "fairness")


def _loosened_gate(metric: str, before: Gate, after: Gate | None, *room: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    path = (*room, "gates")
    if after is None:
        yield f"loosen the gates (it removes `{metric}`)", path
        return
    for rule, stricter in _STRICTER.items():
        old, new = getattr(before, rule), getattr(after, rule)
        if old is not None and new is None:
            yield f"loosen `{metric}` (it removes {rule}: {old:g})", (*path, metric)
        elif old is not None and new != old and stricter(old, new) == old:
            yield f"loosen `{metric}` ({rule} from {old:g} to {new:g})", (*path, metric, rule)
    if before.slices and not after.slices:
        yield f"loosen `{metric}` (its slices would not be judged)", (*path, metric)


def _split(head: Config, base: Config | None, mine: ModelConfig, theirs: ModelConfig) -> object:
    """The base's split, unless it names a test dataset that the head no longer has."""
    test = theirs.split.test
    lost = test is not None and (test not in head.datasets or test == mine.dataset)
    return mine.split if lost or base is None else theirs.split


def _question(model: ModelConfig) -> tuple[str, ...]:
    """What a model answers; labels in their one written form."""
    positive = "" if model.positive is None else canonical_label(model.positive)
    return (model.target, model.task, positive)


def _other_question(name: str, mine: ModelConfig, theirs: ModelConfig, location: Location) -> Finding:
    changed = [key for key in _QUESTION if getattr(mine, key) != getattr(theirs, key)]
    moves = ", ".join(f"its {key} changed from `{getattr(theirs, key)}` to `{getattr(mine, key)}`" for key in changed)
    return Finding(
        code="MLCI403",
        severity="warn",
        message=f"The model `{name}` answers another question than on the base branch ({moves}), so the two cannot "
        "be compared: its absolute gates judge alone.",
        hint="Nothing to do if this is meant; a new model under a new name keeps the old one judged.",
        location=location,
        subject=name,
    )
