"""What a run was asked to do, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of `mlci run`.

    `folder` is where the command was called; `config` a path relative to it, or None to look for one; `head` a ref, or
    None for the work tree as it is; `cores` how many processors the run may use.
    """

    folder: Path
    config: str | None = None
    base: str | None = None
    head: str | None = None
    out: Path = Path("mlci-out")
    models: tuple[str, ...] = ()
    cores: int = 1
    target_branch: str | None = None  # the one that a pull request goes to, where the environment tells it
