"""The two sides of a contest, and any third that gates hold against: what each trains, and what it said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mlci.weighing import Scored

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlci.config.models import ModelConfig
    from mlci.config.policy import Policy
    from mlci.data.holdout import Holdouts
    from mlci.data.prepare import Prepared, Rows
    from mlci.datasets import Tables
    from mlci.errors import Location
    from mlci.fence import Fence
    from mlci.plan import Plan
    from mlci.record import Record
    from mlci.references import Reference
    from mlci.training.environment import Environment
    from mlci.training.environments import Environments
    from mlci.training.job import Stop, Trained, Training
    from mlci.training.wall import Wall
    from mlci.trees import Tree, Trees


@dataclass(frozen=True, slots=True)
class Setting:
    """What a model's contest takes place in."""

    name: str
    trees: Trees
    todo: Plan
    tables: Tables
    scratch: Path
    record: Record
    fence: Fence
    environments: Environments

    def where(self, *path: str | int) -> Location:
        """The place of a key of the model in the configuration."""
        return self.trees.loaded.where("models", self.name, *path)

    def wall(self, tree: Tree) -> Wall:
        """The wall around one side's code."""
        return self.fence.wall(tree, self.trees.prefix)

    def environment(self, tree: Tree, stop: Stop | None) -> Environment:
        """What one side's code of this model runs in, made where it is not kept.

        Raises:
            TrainingError: it cannot be made.
        """
        side: Literal["head", "base"] = "head" if tree is self.trees.head else "base"
        config = (tree.loaded or self.trees.loaded).config.models.get(self.name)
        before, base = self.before, self.trees.base
        return self.environments.of(
            config.environment if config else None,
            root=tree.folder,
            side=side,
            subject=f"`{self.name}`{'' if side == 'head' else ' on the base branch'}",
            wall=self.wall(tree),
            beside=(before.environment, base.folder) if before and before.environment and base else None,
            stop=stop,
        )

    @property
    def before(self) -> ModelConfig | None:
        """The model as the base branch configures it."""
        config = self.trees.base_config
        return config.models.get(self.name) if config else None

    @property
    def reference(self) -> Reference | None:
        """What the model's gates hold against besides the base."""
        return self.trees.references.get(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer:
    """Makes the trainings of one model; each makes the environment that it needs, so call it where it trains."""

    setting: Setting
    policy: Policy
    prepared: Prepared

    def head(self, stop: Stop | None = None) -> Training:
        """The pull request's."""
        return self._training("head", self.setting.trees.head, self.prepared.head, self.prepared.holdout, stop)

    def base(self, stop: Stop | None = None) -> Training:
        """The base branch's, which predicts the head's holdout."""
        return self._training("base", self._base_tree, self._base_rows, self.prepared.holdout, stop)

    def base_alone(self, stop: Stop | None = None) -> Training:
        """The base branch's, which predicts its own holdout: it cannot predict the head's."""
        return self._training("base-own", self._base_tree, self._base_rows, self.prepared.base_holdout(), stop)

    def reference(self, tree: Tree, train: Rows, stop: Stop | None = None) -> Training:
        """Another commit's, which predicts the head's holdout."""
        return self._training("reference", tree, train, self.prepared.holdout, stop)

    @property
    def _base_tree(self) -> Tree:
        return self.setting.trees.base or self.setting.trees.head

    @property
    def _base_rows(self) -> Rows:
        return self.prepared.base or self.prepared.head

    def _training(self, folder: str, tree: Tree, train: Rows, holdout: Holdouts, stop: Stop | None) -> Training:
        from mlci.training.job import Training

        side: Literal["head", "base"] = "head" if folder == "head" else "base"

        setting, model = self.setting, self.policy.model
        config = (tree.loaded or setting.trees.loaded).config.models[setting.name]
        drop = model.drop  # what the base branch keeps from its candidates, this one's do not get, either
        update: dict[str, Any] = {"split": model.split, "repeats": model.repeats}
        if side == "head":
            update |= {"drop": drop, "primary": model.primary}
        return Training(
            model=setting.name,
            side=side,
            config=config.model_copy(update=update),
            root=tree.folder,
            train=train.path,
            holdout=holdout.path,
            train_rows=train.rows,
            holdout_rows=holdout.rows,
            classes=self.prepared.classes,
            schema=train.schema,
            environment=setting.environment(tree, stop),
            scratch=setting.scratch / folder,
            threads=setting.todo.threads,
            wall=setting.wall(tree),
            twice=setting.todo.twice and folder != "reference",
        )


def scored(holdout: Holdouts, trained: Sequence[Trained]) -> Scored:
    """What a side said of a holdout, in each of its trainings."""
    return Scored(
        target=holdout.target,
        predictions=tuple(each.predictions for each in trained),
        parts=holdout.parts,
        groups=holdout.groups,
        sample_weight=holdout.sample_weight,
        sensitive=holdout.sensitive,
        searched=holdout.searched,
    )
