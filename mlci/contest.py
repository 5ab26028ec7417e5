"""The scales and the court: each model is prepared, trained on both sides, compared and judged."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlci import gates, held, insights, rivals, twice, waiting
from mlci.compare import compare
from mlci.config.policy import fitted
from mlci.config.policy import judge as policy_of
from mlci.difference import difference
from mlci.errors import TrainingError, UserError
from mlci.ownmetrics import Bench
from mlci.record import findings_of
from mlci.results import BaselineResult, Difference, Finding, ModelResult, worst
from mlci.sides import Setting, Trainer, scored
from mlci.workshop import workshop as workshop_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    import polars as pl

    from mlci.config.models import ModelConfig
    from mlci.config.policy import Policy
    from mlci.data.holdout import Holdouts
    from mlci.data.prepare import Prepared
    from mlci.datasets import Tables
    from mlci.fence import Fence
    from mlci.plan import Plan
    from mlci.progress import Progress
    from mlci.record import Record
    from mlci.rivals import Rival
    from mlci.training.job import Trained
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

    trainer: Trainer
    head: Future[tuple[Trained, ...]]
    base: Future[tuple[Trained, ...]] | None
    rival: Rival | None
    halt: threading.Event  # ends the others' trainings, where there is nothing left to compare with them

    @property
    def setting(self) -> Setting:
        """What the contest takes place in."""
        return self.trainer.setting

    @property
    def policy(self) -> Policy:
        """The rules that judge."""
        return self.trainer.policy

    @property
    def prepared(self) -> Prepared:
        """The model's data."""
        return self.trainer.prepared


def judge(  # noqa: PLR0913, PLR0917 - what the station before hands on
    trees: Trees, todo: Plan, tables: Tables, scratch: Path, record: Record, progress: Progress, fence: Fence
) -> tuple[Judged, ...]:
    """Train, compare and judge every model of the plan; what fails on the way is a finding, and fails its model."""
    from mlci.training.environments import Environments, cache_folder

    made = Environments(scratch / "environments", cache_folder(), progress.say)
    with workshop_of(todo, progress) as workshop:
        started = [
            _start(Setting(name, trees, todo, tables, scratch / "models" / name, record, fence, made), workshop)
            for name in todo.models
        ]
        judged = tuple(_judged(each, workshop) if isinstance(each, _Contest) else each for each in started)
    record.add(held.findings(fence.sandbox, workshop.held, trees.loaded.where, keeps_token=trees.keeps_token))
    return judged


def _judged(contest: _Contest, workshop: Workshop) -> Judged:
    """One model's verdict; data that fail so late are its own failure, and not that of the others."""
    try:
        return _finish(contest, workshop)
    except UserError as error:
        setting = contest.setting
        setting.record.failed(error, setting.name)
        return Judged(setting.name, _unjudged(setting.name, contest.policy, "it could not be judged", contest.prepared))


def _start(setting: Setting, workshop: Workshop) -> _Contest | Judged:
    """Split a model's data and let both sides train."""
    from mlci.data.prepare import check_scales, check_split, prepare

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
        check_scales(mine, setting.tables, where=setting.where)
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
    halt, trainer = threading.Event(), Trainer(setting=setting, policy=policy, prepared=prepared)
    head = workshop.submit(trainer.head)
    base = workshop.submit(trainer.base, halt) if prepared.base is not None else None
    rival = rivals.start(setting, trainer, workshop, halt)
    return _Contest(trainer=trainer, head=head, base=base, rival=rival, halt=halt)


def _finish(contest: _Contest, workshop: Workshop) -> Judged:
    """Wait for all sides, weigh and judge them."""
    setting, prepared, policy = contest.setting, contest.prepared, contest.policy
    try:
        head = waiting.result(contest.head)
    except TrainingError as error:
        setting.record.failed(error, setting.name)
        contest.halt.set()
        for other in (contest.base, contest.rival.trained if contest.rival else None):
            if other is not None:
                other.cancel()
        return Judged(setting.name, _unjudged(setting.name, policy, "it could not be trained", prepared))
    base, holdout, reason = _baseline(contest, workshop)
    third = rivals.finish(setting, contest.trainer, contest.rival)
    mine = head[0]
    theirs = base[0] if base else None
    unlike = [each for each in theirs.findings if each.code == twice.CODE] if theirs else []
    setting.record.add((*mine.findings, *unlike, *_seedless(setting, policy, head)))
    paired = holdout is prepared.holdout
    candidate, baseline = scored(prepared.holdout, head), scored(holdout, base) if base else None
    own = Bench(trainer=contest.trainer, workshop=workshop)
    found = compare(
        policy.model,
        candidate,
        baseline,
        paired=paired,
        before=policy.before,
        own=own.weigh(head, base, paired=paired),
        against=third.against(contest.trainer, own, head) if third else (),
    )
    judged = gates.judge(
        policy.model,
        found,
        mine.side,
        theirs.side if theirs else None,
        where=setting.where,
        promised=policy.before is not None and policy.comparable,
    )
    searched = insights.search(policy.model, candidate, baseline if paired else None)
    setting.record.add(
        (
            *gates.findings(setting.name, found.comparisons, judged),
            *insights.finding(setting.name, policy.model, searched, setting.where("worst_slice"), compared=bool(base)),
        )
    )
    result = ModelResult(
        verdict=worst([each.verdict for each in judged]),
        **_question(policy.model),
        classes=prepared.classes,
        family=found.family,
        holdout=prepared.info.model_copy(update={"judged": setting.reference.judged if setting.reference else None}),
        candidates=mine.candidates,
        winner=mine.winner,
        side=mine.side,
        baseline=BaselineResult(
            source="retrained" if theirs else "none",
            sha=(setting.trees.base_sha or "") if theirs else "",
            paired=paired,
            reason=reason,
            side=theirs.side if theirs else None,
        ),
        difference=_difference(setting, mine, theirs),
        comparisons=found.comparisons,
        gates=judged,
        repeats=len(head),
        calibration=insights.calibration(candidate, baseline),
        fairness=found.fairness,
        search=searched,
        references=(third.result(found.references.get(third.rival.reference.name, ())),) if third else (),
    )
    return Judged(setting.name, result, prepared.predictions(mine, theirs if paired else None), mine.model_path)


def _seedless(setting: Setting, policy: Policy, trained: Sequence[Trained]) -> Iterator[Finding]:
    """Trainings with other seeds that all predict the same tell nothing of the seeds."""
    frames = [each.predictions.to_frame("side") for each in trained]
    if len(frames) > 1 and all(each.equals(frames[0]) for each in frames[1:]):
        yield Finding(
            code="MLCI309",
            severity="info",
            message=f"The {len(frames)} trainings of `{setting.name}` with other seeds predict the same: seeds make no "
            "difference to this model.",
            hint="`repeats: 1` is as good, and faster."
            if policy.model.candidates
            else "Let the command take its `seed` from $MLCI_JOB, or set `repeats: 1`.",
            location=setting.where("repeats"),
            subject=setting.name,
        )


def _baseline(contest: _Contest, workshop: Workshop) -> tuple[tuple[Trained, ...], Holdouts, str]:
    """The base's side, the holdout that it was scored on, and in words what is special about it."""
    setting, prepared = contest.setting, contest.prepared
    if contest.base is None:
        return (), prepared.holdout, _why_none(contest)
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
            own = workshop.train(contest.trainer.base_alone)
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
    return (), prepared.holdout, "the base branch's own code could not be trained"


def _difference(setting: Setting, head: Trained, base: Trained | None) -> Difference:
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


def _not_judged_yet(setting: Setting) -> Iterator[Finding]:
    """Keys that the configuration may hold already, and that nothing judges in this version: never in silence."""
    config = setting.trees.loaded.config
    model = config.models[setting.name]
    for present, what, path in (
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
