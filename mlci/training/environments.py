"""The environments that models train in: made by uv from what each side's repository has, and kept between runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlci.training import environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlci.config.environment import Environment as Asked
    from mlci.training.environment import Environment
    from mlci.training.job import Stop
    from mlci.training.wall import Wall

Side = Literal["head", "base"]


@dataclass(frozen=True, slots=True)
class Environments:
    """Makes each environment once; safe to call from any thread.

    Attributes:
        scratch: A folder of the run's own.
        cache: Where environments are kept between runs.
        say: Told what is made, and what that took.
    """

    scratch: Path
    cache: Path
    say: Callable[[str], None]

    def of(  # noqa: PLR0913 - what an environment is made from
        self,
        asked: Asked | None,
        *,
        root: Path,
        side: Side,
        subject: str,
        wall: Wall,
        beside: tuple[Asked, Path] | None = None,
        stop: Stop | None = None,
    ) -> Environment:
        """The environment that a model asks for, made where it is not kept.

        Args:
            asked: What the configuration says; None: mlci's own.
            root: The folder of that side's configuration, which paths are relative to.
            side: Whose code trains in it: whose user makes it.
            subject: The training, as a sentence names it.
            wall: Around what runs while it is made; the network is open to it all the same.
            beside: What the base branch asks for, and its folder: the same content is made once, on its behalf.
            stop: Set it to end what is being made.

        Raises:
            TrainingError: it cannot be made (MLCI214), with the resolver's own sentence.
            mlci.training.job.StoppedError: `stop` was set.
        """
        return environment.own(side)


def cache_folder() -> Path:
    """Where environments are kept: $MLCI_CACHE, else the user's cache folder."""
    import os
    from pathlib import Path

    given = os.environ.get("MLCI_CACHE", "")
    return Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlci"
