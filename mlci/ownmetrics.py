"""The user's own metrics: a child computes them after the trainings, from both sides' predictions."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mlci.errors import TrainingError
from mlci.sides import scored
from mlci.weighing import Weighed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlci.config.models import Scorer
    from mlci.sides import Trainer
    from mlci.stats.estimate import Estimate
    from mlci.training.job import Trained
    from mlci.training.scores import Scored
    from mlci.trees import Tree
    from mlci.weighing import Scored as Sides
    from mlci.workshop import Workshop

OWN_ROWS = "each side has rows of its own, on which metrics of your own are not compared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where one model's own metrics are computed; `name` tells its files from those of another comparison."""

    trainer: Trainer
    workshop: Workshop
    name: str = "baseline"
    with_slices: bool = True

    def weigh(self, candidate: Sequence[Trained], baseline: Sequence[Trained], *, paired: bool = True) -> list[Weighed]:
        """Each metric on the whole holdout, and on each slice.

        The base branch's function judges where it has one of that name; a pull request's own judges what it adds. What
        fails is a finding, and the metric is not told.

        Args:
            candidate: The candidate's trainings.
            baseline: The other side's; empty: there is none.
            paired: Whether both sides predicted the same rows; else there are the candidate's values alone.
        """
        if self.trainer.policy.model.scorers:
            self.workshop.settle()  # another model's code, still training, must not find the answers
        found = [
            weighed
            for tree, scorers in self._sources()
            for weighed in self._of_tree(tree, scorers, candidate, baseline if paired else ())
        ]
        if paired or not baseline:
            return found
        return [replace(each, note=each.note or OWN_ROWS) for each in found]

    def _sources(self) -> Iterator[tuple[Tree, Mapping[str, Scorer]]]:
        """Whose code holds which functions."""
        trees, policy = self.trainer.setting.trees, self.trainer.policy
        before = policy.before.scorers if policy.before else {}
        old = {name: each for name, each in policy.model.scorers.items() if before.get(name) == each}
        new = {name: each for name, each in policy.model.scorers.items() if name not in old}
        if old and trees.base is not None:
            yield trees.base, old
        if new:
            yield trees.head, new

    def _of_tree(
        self, tree: Tree, scorers: Mapping[str, Scorer], candidate: Sequence[Trained], baseline: Sequence[Trained]
    ) -> list[Weighed]:
        setting = self.trainer.setting
        places = list(self._places().items())
        try:
            runs = [
                self._scored(tree, scorers, mine, baseline[at] if baseline else None, at)
                for at, mine in enumerate(candidate[: len(baseline) or None])
            ]
        except TrainingError as error:
            setting.record.failed(error, setting.name)
            return [self._missing(name, scorer, place) for name, scorer in scorers.items() for place in places]
        return [
            self._weighed(name, scorer, place, [run[name][at] for run in runs])
            for name, scorer in scorers.items()
            for at, place in enumerate(places)
        ]

    def _scored(
        self, tree: Tree, scorers: Mapping[str, Scorer], mine: Trained, theirs: Trained | None, at: int
    ) -> dict[str, tuple[Scored, ...]]:
        from mlci.training import scoring

        trainer, setting = self.trainer, self.trainer.setting
        holdout, model = trainer.prepared.holdout, trainer.policy.model
        config = (tree.loaded or setting.trees.loaded).config.models.get(setting.name)
        side: Literal["head", "base"] = "head" if tree is setting.trees.head else "base"
        what = f"{setting.name} (metrics of your own)"
        side_of = self._holdout()
        masks = [(name, rows) for name in side_of.places() if (rows := side_of.rows_of(name)) is not None]
        try:
            return scoring.score(
                scoring.Scoring(
                    model=setting.name,
                    root=tree.folder,
                    scorers=scorers,
                    target=holdout.target,
                    target_column=model.target,
                    candidate=mine.predictions,
                    baseline=theirs.predictions if theirs else None,
                    parts=masks,
                    groups=holdout.groups,
                    sample_weight=holdout.sample_weight,
                    features=holdout.path,
                    classes=trainer.prepared.classes,
                    task=model.task,
                    schema=trainer.prepared.head.schema,
                    dataframe=config.dataframe if config else "pandas",
                    environment=setting.environment(tree, self.workshop.stop),
                    scratch=setting.scratch / f"own-{self.name}-{side}-{at}",
                    threads=setting.todo.workers * setting.todo.threads,
                    seed=(model.seed + at) % 2**32,
                    timeout=model.timeout,
                    wall=setting.wall(tree),
                ),
                on_event=lambda event: self.workshop.progress.doing(what, str(event)),
                stop=self.workshop.stop,
            )
        finally:
            self.workshop.progress.doing(what, "")

    def _holdout(self) -> Sides:
        """The holdout's places, for which nothing needs to be predicted."""
        side = scored(self.trainer.prepared.holdout, ())
        return side if self.with_slices else side.whole

    def _places(self) -> dict[str, int]:
        return self._holdout().places()

    def _weighed(self, name: str, scorer: Scorer, place: tuple[str, int], found: Sequence[Scored]) -> Weighed:
        """What the trainings say together of one metric on one slice."""
        from mlci.stats.repeated import combined

        estimates = [each for one in found if (each := self._estimate(name, scorer, place[1], one)) is not None]
        values = [one.candidate for one in found if one.candidate is not None]
        value = statistics.fmean(values) if len(values) == len(found) else None
        notes = dict.fromkeys(one.note for one in found if one.note)
        estimate = combined(estimates) if len(estimates) == len(found) else None
        return Weighed(
            metric=name,
            greater_is_better=scorer.greater_is_better,
            slice=place[0],
            rows=place[1],
            estimate=estimate,
            candidate=value,
            note=next(iter(notes), ""),
        )

    def _estimate(self, name: str, scorer: Scorer, rows: int, scored: Scored) -> Estimate | None:
        from mlci.stats.resampled import estimate_of

        if scored.gains is None or scored.candidate is None or scored.baseline is None:
            return None
        return estimate_of(
            name,
            scorer.greater_is_better,
            scored.candidate,
            scored.baseline,
            scored.gains,
            rows,
            clustered=self.trainer.prepared.holdout.groups is not None,
        )

    def _missing(self, name: str, scorer: Scorer, place: tuple[str, int]) -> Weighed:
        return Weighed(
            metric=name,
            greater_is_better=scorer.greater_is_better,
            slice=place[0],
            rows=place[1],
            note="it could not be computed",
        )
