"""What to do: whether to judge or to publish, which models, which datasets, how many trainings at once. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlci.errors import UserError

if TYPE_CHECKING:
    from mlci.config.models import Config
    from mlci.event import Event
    from mlci.settings import Inputs, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run does. `workers` trainings run at once, each with `threads` threads; `twice`: each is repeated."""

    models: tuple[str, ...]
    datasets: tuple[str, ...]
    workers: int
    threads: int
    twice: bool = False


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
    threads = max(1, settings.cores // workers)
    return Plan(models=models, datasets=datasets, workers=workers, threads=threads, twice=settings.twice)


@dataclass(frozen=True, slots=True)
class Task:
    """What the action does. `posts`: it writes to GitHub, where the token can."""

    do: Literal["evaluate", "publish"]
    posts: bool = True


_PRIVILEGED = {
    "pull_request_target": "it would run a stranger's code beside the base branch's secrets and a token that writes",
    "workflow_run": "it has the base branch's secrets and a token that writes, also for a stranger's pull request",
}


def task(event: Event, given: Inputs) -> Task:
    """What the action does on an event.

    Raises:
        UserError: it would run a stranger's code beside a token that writes, or the mode does not fit the event.
    """
    if given.mode == "publish" or (given.mode == "auto" and event.kind == "workflow_run"):
        if event.kind != "workflow_run" and not given.results:
            raise UserError(
                f"`mode: publish` on `{event.kind}` needs `results`: there is no other workflow run to take them from.",
                hint="Give `results: mlci-out/results.json`, or publish in a workflow on `workflow_run`.",
                code="MLCI522",
            )
        return Task("publish")
    if event.kind in _PRIVILEGED:
        raise UserError(
            f"mlci does not train on `{event.kind}`: {_PRIVILEGED[event.kind]}.",
            hint="Judge on `pull_request`, and publish on `workflow_run` with `mode: publish`; see docs/github.md.",
            code="MLCI522",
        )
    if given.mode == "record" and not event.is_default_branch:
        raise UserError(
            f"`mode: record` is for the default branch, {event.default_branch}, and this is `{event.kind}` on "
            f"{event.ref or 'no branch'}: its baseline is not merged yet.",
            hint="Leave `mode` out, or record on `push` to the default branch.",
            code="MLCI522",
        )
    return Task("evaluate", posts=given.mode != "evaluate")
