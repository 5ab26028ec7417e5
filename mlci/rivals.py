"""A commit that gates hold against besides the merge base: trained beside the two sides, on its own code and data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from mlci import waiting
from mlci.baseline.ledger import BEST
from mlci.compare import Against
from mlci.errors import DataError, TrainingError
from mlci.references import ITSELF, config_of
from mlci.results import Finding, ReferenceResult
from mlci.sides import scored

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from concurrent.futures import Future

    from mlci.data.prepare import Rows
    from mlci.ownmetrics import Bench
    from mlci.references import Reference
    from mlci.results import Comparison, Severity
    from mlci.sides import Setting, Trainer
    from mlci.training.job import Trained
    from mlci.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Rival:
    """A model's reference, and its training on the way; None where there is nothing to train."""

    reference: Reference
    trained: Future[tuple[Trained, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Scales:
    """What a reference brings to the scales."""

    rival: Rival
    trained: tuple[Trained, ...] = ()

    def against(self, trainer: Trainer, own: Bench, candidate: Sequence[Trained]) -> tuple[Against, ...]:
        """The side that gates hold against; none where it was not trained."""
        if not self.trained:
            return ()
        reference = self.rival.reference
        side = scored(trainer.prepared.holdout, self.trained)
        told = replace(own, name="reference", with_slices=False).weigh(candidate, self.trained)
        return (Against(name=reference.name, scored=side, is_new=reference.is_new, own=told),)

    def result(self, comparisons: tuple[Comparison, ...]) -> ReferenceResult:
        """As the record of the run has it."""
        reference = self.rival.reference
        return ReferenceResult(
            name=reference.name,
            sha=reference.sha,
            same_as_base=reference.same_as_base,
            reason=reference.reason,
            side=self.trained[0].side if self.trained else None,
            comparisons=comparisons,
        )


def start(setting: Setting, trainer: Trainer, workshop: Workshop, halt: threading.Event) -> Rival | None:
    """Let the reference's own code train on its own data; None where the configuration asks for none."""
    reference = setting.reference
    if reference is None:
        return None
    if reference.tree is None:
        return Rival(reference)
    try:
        train = _prepared(setting, trainer, reference)
    except DataError as error:
        return Rival(replace(reference, reason=error.message.rstrip(".")))
    if isinstance(train, str):
        return Rival(replace(reference, reason=train))
    return Rival(reference, workshop.submit(partial(trainer.reference, reference.tree, train), halt))


def _prepared(setting: Setting, trainer: Trainer, reference: Reference) -> Rows | str:
    """The rows that the reference trains on, or why there are none."""
    from mlci import datasets

    config = config_of(reference)
    if config is None:
        return "its configuration does not hold"
    table = datasets.of_reference(setting.trees, reference, config, setting.name, setting.scratch.parent.parent)
    test = trainer.policy.model.split.test  # the rule that judges says what is held out, not the reference's own
    beside = trainer.prepared.beside(table, setting.tables.head[test] if test else None, "reference")
    return beside.rows if beside.rows is not None else beside.reason or "its data cannot be used"


def finish(setting: Setting, trainer: Trainer, rival: Rival | None) -> Scales | None:
    """Wait for the reference; what keeps it from being compared is a finding."""
    if rival is None:
        return None
    trained: tuple[Trained, ...] = ()
    if rival.trained is not None:
        try:
            trained = waiting.result(rival.trained)
        except TrainingError as error:
            rival = Rival(replace(rival.reference, reason=error.message.rstrip(".")))
    if rival.reference.reason:
        grave: Severity = "fail" if trainer.policy.model.on_inconclusive == "fail" else "warn"
        setting.record.add((_missing(setting.name, rival.reference, grave),))
    return Scales(rival, trained)


def _missing(name: str, reference: Reference, grave: Severity) -> Finding:
    is_first = not reference.sha and reference.judged is not None
    is_again = reference.name == BEST and reference.reason == ITSELF  # a run on the base branch, repeated
    at = f" at {reference.sha[:7]}" if reference.sha else ""
    return Finding(
        code="MLCI310",
        severity="info" if is_first or is_again else grave,
        message=f"The gates of `{name}` hold against the merge base alone, not against `{reference.name}`{at}: "
        f"{reference.reason}.",
        hint="A push to the base branch records one in Actions; `mlci run --record` there does by hand."
        if is_first
        else "Nothing to do."
        if is_again
        else "Small losses can add up unseen: mend it, or record a new best commit (docs/configuration.md).",
        subject=name,
    )
