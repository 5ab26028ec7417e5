"""The scales and the court: each model is prepared, trained on both sides, compared and judged."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mlci import gates, waiting
from mlci.compare import Scored, compare
from mlci.config.policy import fitted
from mlci.config.policy import judge as policy_of
from mlci.difference import difference
from mlci.errors import TrainingError, UserError
from mlci.record import findings_of
from mlci.results import BaselineResult, Difference, Finding, ModelResult, worst
from mlci.workshop import workshop as workshop_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    import polars as pl

    from mlci.config.models import ModelConfig
    from mlci.config.policy import Policy
    from mlci.data.prepare import Holdouts, Prepared
    from mlci.datasets import Tables
    from mlci.errors import Location
    from mlci.plan import Plan
    from mlci.progress import Progress
    from mlci.record import Record
    from mlci.training.job import Trained, Training
    from mlci.trees import Trees
    from mlci.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Judged:
    """A model's result, and what is written beside it."""

    name: str
    result: ModelResult
    predictions: pl.DataFrame | None = None
    model_path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contest:
    """One model on its way: what was prepared, and both sides' trainings."""

    setting: _Setting
    policy: Policy
    prepared: Prepared
    head: Future[Trained]
    base: Future[Trained] | None
    halt: threading.Event  # ends the base's training, where there is nothing left to compare it with


def judge(  # noqa: PLR0913, PLR0917 - what the station before hands on
    trees: Trees, todo: Plan, tables: Tables, scratch: Path, record: Record, progress: Progress
) -> tuple[Judged, ...]:
    """Train, compare and judge every model of the plan; what fails on the way is a finding, and fails its model."""
    with workshop_of(todo, progress) as workshop:
        started = [
            _start(_Setting(name, trees, todo, tables, scratch / "models" / name, record), workshop)
            for name in todo.models
        ]
        return tuple(_judged(each, workshop) if isinstance(each, _Contest) else each for each in started)


def _judged(contest: _Contest, workshop: Workshop) -> Judged:
    """One model's verdict; data that fail so late are its own failure, and not that of the others."""
    try:
        return _finish(contest, workshop)
    except UserError as error:
        setting = contest.setting
        setting.record.failed(error, setting.name)
        return Judged(setting.name, _unjudged(setting.name, contest.policy, "it could not be judged", contest.prepared))


@dataclass(frozen=True, slots=True)
class _Setting:
    """What a model's contest takes place in."""

    name: str
    trees: Trees
    todo: Plan
    tables: Tables
    scratch: Path
    record: Record

    def where(self, *path: str | int) -> Location:
        return self.trees.loaded.where("models", self.name, *path)

    @property
    def before(self) -> ModelConfig | None:
        """The model as the base branch configures it."""
        config = self.trees.base_config
        return config.models.get(self.name) if config else None


def _start(setting: _Setting, workshop: Workshop) -> _Contest | Judged:
    """Split a model's data and let both sides train."""
    from mlci.data.prepare import check_split, prepare

    policy = policy_of(setting.trees.loaded, setting.trees.base_config, setting.name)
    setting.record.add((*policy.findings, *_not_judged_yet(setting)))
    missing = {policy.model.dataset, policy.model.split.test} - {None, *setting.tables.head}
    if missing:
        return Judged(setting.name, _unjudged(setting.name, policy, "its data could not be read"))
    listed = policy.findings
    policy = fitted(policy, setting.trees.loaded, setting.name, setting.tables.head[policy.model.dataset].names)
    setting.record.add(policy.findings[len(listed) :])
    mine = setting.trees.loaded.config.models[setting.name]
    try:
        if mine.split != policy.model.split:
            own_key = setting.trees.loaded.config.datasets[mine.dataset].key
            check_split(mine, own_key, setting.tables, setting.scratch, where=setting.where)
        prepared = prepare(
            policy.model,
            policy.key,
            setting.tables,
            setting.scratch,
            where=setting.where,
            compared=policy.comparable and setting.before is not None,
        )
    except UserError as error:
        setting.record.failed(error, setting.name)
        return Judged(setting.name, _unjudged(setting.name, policy, "its data could not be prepared"))
    setting.record.add(prepared.findings)
    halt = threading.Event()
    head = workshop.submit(_training(setting, policy, prepared, "head"))
    base = workshop.submit(_training(setting, policy, prepared, "base"), halt) if prepared.base is not None else None
    return _Contest(setting=setting, policy=policy, prepared=prepared, head=head, base=base, halt=halt)


def _training(
    setting: _Setting, policy: Policy, prepared: Prepared, side: Literal["head", "base"], *, own: bool = False
) -> Training:
    """What one side needs; `own`: the base predicts its own holdout, since it cannot predict the head's."""
    from mlci.training import environment
    from mlci.training.job import Training

    tree = setting.trees.head if side == "head" or setting.trees.base is None else setting.trees.base
    config = (tree.loaded or setting.trees.loaded).config.models[setting.name]
    drop = policy.model.drop  # what the base branch keeps from its candidates, this one's do not get, either
    train = prepared.head if side == "head" or prepared.base is None else prepared.base
    holdout = prepared.base_holdout() if own else prepared.holdout
    return Training(
        model=setting.name,
        side=side,
        config=config.model_copy(update={"split": policy.model.split, **({"drop": drop} if side == "head" else {})}),
        root=tree.folder,
        train=train.path,
        holdout=holdout.path,
        train_rows=train.rows,
        holdout_rows=holdout.rows,
        classes=prepared.classes,
        schema=train.schema,
        environment=environment.own(side),
        scratch=setting.scratch / (f"{side}-own" if own else side),
        threads=setting.todo.threads,
    )


def _finish(contest: _Contest, workshop: Workshop) -> Judged:
    """Wait for both sides, weigh and judge them."""
    setting, prepared = contest.setting, contest.prepared
    try:
        head = waiting.result(contest.head)
    except TrainingError as error:
        setting.record.failed(error, setting.name)
        contest.halt.set()
        if contest.base is not None:
            contest.base.cancel()
        return Judged(setting.name, _unjudged(setting.name, contest.policy, "it could not be trained", prepared))
    base, holdout, reason = _baseline(contest, workshop)
    setting.record.add(head.findings)
    paired = holdout is prepared.holdout
    candidate = _scored(prepared.holdout, head)
    baseline = _scored(holdout, base) if base is not None else None
    before = contest.policy.before
    found = compare(contest.policy.model, candidate, baseline, paired=paired, before=before)
    judged = gates.judge(
        contest.policy.model,
        found.comparisons,
        head.side,
        base.side if base else None,
        where=lambda metric, rule: setting.where("gates", metric, rule),
        promised=before is not None and contest.policy.comparable,
    )
    setting.record.add(gates.findings(setting.name, found.comparisons, judged))
    result = ModelResult(
        verdict=worst([each.verdict for each in judged]),
        **_question(contest.policy.model),
        classes=prepared.classes,
        family=found.family,
        holdout=prepared.info,
        candidates=head.candidates,
        winner=head.winner,
        side=head.side,
        baseline=BaselineResult(
            source="retrained" if base else "none",
            sha=(setting.trees.base_sha or "") if base else "",
            paired=paired,
            reason=reason,
            side=base.side if base else None,
        ),
        difference=_difference(setting, head, base),
        comparisons=found.comparisons,
        gates=judged,
    )
    return Judged(setting.name, result, prepared.predictions(head, base if paired else None), head.model_path)


def _baseline(contest: _Contest, workshop: Workshop) -> tuple[Trained | None, Holdouts, str]:
    """The base's side, the holdout that it was scored on, and in words what is special about it."""
    setting, prepared = contest.setting, contest.prepared
    if contest.base is None:
        return None, prepared.holdout, _why_none(contest)
    try:
        return waiting.result(contest.base), prepared.holdout, ""
    except TrainingError as error:
        failed = error
    lacking = {*setting.tables.base[contest.policy.model.dataset].names} - {
        *setting.tables.head[contest.policy.model.dataset].names
    }
    if failed.stage == "predict" or lacking:
        # the base's own code cannot score the head's rows: each side is scored on its own
        try:
            own = workshop.train(_training(setting, contest.policy, prepared, "base", own=True))
        except TrainingError as error:
            failed = error
        else:
            setting.record.add((_unpaired(setting.name, failed),))
            return own, prepared.base_holdout(), "the base's model cannot score this pull request's rows"
    setting.record.add(
        each.model_copy(
            update={
                "code": "MLCI304",
                "message": f"The baseline of `{setting.name}` could not be trained, so its gates against a baseline "
                f"could not judge. {each.message}",
                "location": None,  # a place in the base branch's files
            }
        )
        for each in findings_of(failed, setting.name, "warn")
    )
    return None, prepared.holdout, "the base branch's own code could not be trained"


def _scored(holdout: Holdouts, trained: Trained) -> Scored:
    return Scored(
        target=holdout.target,
        predictions=trained.predictions,
        slices=holdout.slices,
        rules=holdout.rules,
        groups=holdout.groups,
    )


def _difference(setting: _Setting, head: Trained, base: Trained | None) -> Difference:
    if base is None:
        return Difference()
    prefix = setting.trees.prefix
    loaded = [(prefix / each).as_posix() for each in (*head.files, *base.files)]
    return difference(head.side, base.side, setting.trees.changes(), loaded)


def _question(model: ModelConfig) -> dict[str, Any]:
    """What a model answers, as its result says it."""
    from mlci.data.labels import canonical_label

    return {
        "dataset": model.dataset,
        "task": model.task,
        "target": model.target,
        "positive": "" if model.positive is None else canonical_label(model.positive),
        "primary": model.primary,
        "confidence": model.confidence,
    }


def _unjudged(name: str, policy: Policy, why: str, prepared: Prepared | None = None) -> ModelResult:
    """A model that could not be judged fails: its gates were not met."""
    return ModelResult(
        verdict="fail",
        **_question(policy.model),
        classes=prepared.classes if prepared else (),
        holdout=prepared.info if prepared else None,
        baseline=BaselineResult(source="none", reason=f"`{name}` was not compared: {why}"),
    )


def _why_none(contest: _Contest) -> str:
    setting = contest.setting
    if setting.trees.base is None:
        return "there is no base to compare with"
    if setting.trees.base_config is None:
        return "mlci is not set up on the base branch yet, or its configuration there does not hold"
    if setting.before is None:
        return "this model is new in this pull request"
    if not contest.policy.comparable:
        return "the base branch's model answers another question"
    return "the base branch's data could not be read"


def _unpaired(name: str, error: TrainingError) -> Finding:
    return Finding(
        code="MLCI302",
        severity="warn",
        message=f"The base's `{name}` cannot score this pull request's rows, so each side is scored on its own: "
        "the comparison is unpaired, and its intervals are wider.",
        hint=f"The base's code failed so: {error.message}",
        subject=name,
    )


def _not_judged_yet(setting: _Setting) -> Iterator[Finding]:
    """Keys that the configuration may hold already, and that nothing judges in this version: never in silence."""
    config = setting.trees.loaded.config
    model = config.models[setting.name]
    for present, what, path in (
        (model.fairness is not None, "fairness", ("fairness",)),
        (model.environment is not None, "environment", ("environment",)),
        (config.datasets[model.dataset].drift is not None, "drift", ("dataset",)),
        (config.baseline.store != "retrain", "baseline.store", ("dataset",)),
    ):
        if present:
            yield Finding(
                code="MLCI405",
                severity="warn",
                message=f"`{what}`, configured for `{setting.name}`, has no effect in this version of mlci.",
                hint="Nothing stops a merge on its account; take it out, or wait for a version that knows it.",
                location=setting.where(*path),
                subject=setting.name,
            )
