"""What a training took place in, as results tell it, so that it can be repeated."""

from __future__ import annotations

import importlib.metadata
import itertools
import platform
from typing import TYPE_CHECKING, TypedDict

from mlci.results import PACKAGES, EnvironmentResult, WallResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.training.environment import Environment
    from mlci.training.job import Training
    from mlci.training.wall import Held

LONGEST = 200  # characters of a name or a version
PYTHON = "python"  # as environments and workers name it among packages


class Circumstances(TypedDict):
    """Fields of `mlci.results.Side`."""

    seed: int
    threads: int
    environment: EnvironmentResult
    wall: WallResult


def circumstances(training: Training, held: Held, loaded: Mapping[str, str]) -> Circumstances:
    """What a training took place in.

    Args:
        training: The training.
        held: What of the wall held.
        loaded: The packages that the training loaded, where it told them.
    """
    return {
        "seed": training.config.seed,
        "threads": training.threads,
        "environment": _environment(training.environment, loaded),
        "wall": WallResult(user=held.user, files=held.files, network=held.network, doors=held.doors),
    }


def _environment(chosen: Environment, loaded: Mapping[str, str]) -> EnvironmentResult:
    packages = dict(chosen.packages)
    version = packages.pop(PYTHON, "") or loaded.get(PYTHON, "")
    if chosen.kind == "own":
        packages, version = packages or _own_packages(), version or platform.python_version()
    told = sorted(packages.items(), key=lambda each: each[0].lower())
    return EnvironmentResult(
        kind=chosen.kind,
        python=version[:LONGEST],
        key=chosen.key[:LONGEST],
        packages={name[:LONGEST]: number[:LONGEST] for name, number in itertools.islice(told, PACKAGES)},
    )


def _own_packages() -> dict[str, str]:
    """All distributions beside mlci itself; one whose metadata lack a name or a version is left out."""
    found = ((each.metadata["Name"], each.version) for each in importlib.metadata.distributions())
    return {name: version for name, version in found if name and version}
