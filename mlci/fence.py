"""What the wall around code that trains leaves open, and what it hides: the datasets, git's own files, earlier output.

Training rows reach a child as files of its own. The datasets' files hold the holdout's answers as well, and so do git's
objects, the caches of DVC, and the predictions of an earlier run: a model that reads them could look its answers up.
"""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.config.confinement import holding
from mlci.config.sandbox import Sandbox
from mlci.data.globs import matching
from mlci.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlci.config.models import Config
    from mlci.settings import Settings
    from mlci.training.wall import Wall
    from mlci.trees import Tree, Trees

COMMAND_FILES = ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
"""Variables with the files that tell a runner what to do; on a runner of one's own they may lie anywhere."""

KEPT_DATA = (".git", ".dvc")
"""Folders at a repository's top that keep former versions of its data."""

_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """The rules that code of both sides is held to.

    Attributes:
        sandbox: The rules.
        hidden: Files and folders that no code may read.
        env: The variables of `sandbox.pass_env` that are set.
        findings: What the pull request would open.
    """

    sandbox: Sandbox = Sandbox()  # noqa: RUF009 - frozen
    hidden: tuple[Path, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def wall(self, tree: Tree, prefix: Path) -> Wall:
        """The wall around the code of one side.

        Args:
            tree: That side's files.
            prefix: The configuration's folder inside the repository.
        """
        from mlci.training.wall import Wall

        rules, top = self.sandbox, top_of(tree.folder, prefix)
        return Wall(
            network=rules.network,
            files=rules.files,
            read=(top, *_places((*rules.read, *rules.write), tree.folder, top)),
            write=_places(rules.write, tree.folder, top),
            hidden=self.hidden,
            memory=rules.memory,
            processes=rules.processes,
            file_size=rules.file_size,
            disk=rules.disk,
            env=self.env,
        )


def fence(trees: Trees, settings: Settings, environ: Mapping[str, str] | None = None) -> Fence:
    """The fence of a run.

    Args:
        trees: Both sides, and what else gates hold against.
        settings: Of the run.
        environ: Where the variables of `pass_env` are taken from; this process's own by default.
    """
    given = os.environ if environ is None else environ
    rules, findings = holding(trees.loaded, trees.base_config, confined=settings.confined)
    runners = (Path(given[name]) for name in COMMAND_FILES if given.get(name))
    return Fence(
        sandbox=rules,
        hidden=tuple(dict.fromkeys((*_hidden(trees), settings.folder / settings.out / "predictions", *runners))),
        env={name: given[name] for name in rules.pass_env if name in given},
        findings=(*findings, *_led_out(rules, trees)),
    )


def top_of(folder: Path, prefix: Path) -> Path:
    """The top of the repository whose configuration lies in a folder."""
    real = folder.resolve()
    return real.parents[len(prefix.parts) - 1] if prefix.parts else real


def _places(names: tuple[str, ...], folder: Path, top: Path) -> tuple[Path, ...]:
    """Files and folders of the configuration: relative, absolute, or below the user's home; none that leads out."""
    return tuple(_place(name, folder) for name in names if not _leads_out(name, folder, top))


def _place(name: str, folder: Path) -> Path:
    return folder / os.path.expanduser(name)  # noqa: PTH111 - pathlib raises where there is no such user


def _leads_out(name: str, folder: Path, top: Path) -> bool:
    """Whether a link in the repository, which a pull request can bring, has a relative path lead out of it."""
    place = _place(name, folder)
    said = Path(os.path.normpath(place))
    is_own = said.is_relative_to(folder) or said.is_relative_to(top)
    return is_own and not _real(place).is_relative_to(top)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _led_out(rules: Sandbox, trees: Trees) -> Iterator[Finding]:
    """What `read` and `write` name, and a link of the pull request's would have mean something else."""
    folder = trees.head.folder
    for key in ("read", "write"):
        for name in getattr(rules, key):
            if _leads_out(name, folder, top_of(folder, trees.prefix)):
                yield Finding(
                    code="MLCI407",
                    severity="warn",
                    message=f"`{name}`, which `sandbox.{key}` opens, is a link here that leads out of the repository: "
                    "it stays closed.",
                    hint="Write the path that it leads to, on the base branch.",
                    location=trees.loaded.where("sandbox", key),
                )


def _hidden(trees: Trees) -> Iterator[Path]:
    """Where rows with their answers lie, of every side and of the folder that the user works in."""
    sides = [trees.head, trees.base, *(each.tree for each in trees.references.values())]
    folders = dict.fromkeys((trees.workspace, *(each.folder for each in sides if each is not None)))
    configs = [side.loaded.config for side in sides if side is not None and side.loaded is not None]
    for folder in folders:
        top = top_of(folder, trees.prefix)
        yield from (top / name for name in KEPT_DATA)
        for config in configs:
            yield from _files(config, folder, trees.within)


def _files(config: Config, folder: Path, within: tuple[Path, ...]) -> Iterator[Path]:
    """The local files of all datasets of a configuration, as they lie below a folder; none of those that lead out."""
    for dataset in config.datasets.values():
        path = dataset.path.removeprefix("file://")
        if not path or "://" in path:
            continue
        whole = folder / path
        yield whole  # a folder of files, or one that is there later
        fixed = Path(*itertools.takewhile(lambda part: not _WILD.search(part), whole.parts))
        if not within or any(
            _real(fixed).is_relative_to(each) for each in within
        ):  # no stranger has mlci walk the disk
            yield from (folder / each for each in matching(path, folder))
