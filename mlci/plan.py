"""What to do: which models, which datasets, how many trainings at once. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlci.config.models import Config
    from mlci.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run does. `workers` trainings run at once, each with `threads` threads."""

    models: tuple[str, ...]
    datasets: tuple[str, ...]
    workers: int
    threads: int


def plan(settings: Settings, config: Config, *, has_base: bool, before: Config | None = None) -> Plan:
    """Plan a run: every model (or those asked for), every dataset that they, on either side, or a suite need.

    Both sides of a model train side by side where there is more than one core, and share the cores evenly, so that
    their costs can be compared.
    """
    models = settings.models or tuple(config.models)
    judges = [config.models[name] for name in models]
    judges += [before.models[name] for name in models if before and name in before.models]
    used = {name for model in judges for name in (model.dataset, model.split.test)}
    datasets = tuple(name for name in config.datasets if name in used or not settings.models)
    trainings = len(models) * (2 if has_base else 1)
    workers = max(1, min(trainings, settings.cores))
    return Plan(models=models, datasets=datasets, workers=workers, threads=max(1, settings.cores // workers))
