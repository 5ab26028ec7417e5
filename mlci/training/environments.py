"""The environments that models train in: made by uv from what each side's repository has, and kept between runs."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mlci.training import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlci.config.environment import Environment as Asked
    from mlci.training.asked import Recipe
    from mlci.training.builder import Builder
    from mlci.training.environment import Environment
    from mlci.training.interpreters import Interpreter, Told
    from mlci.training.job import Stop
    from mlci.training.users import User
    from mlci.training.wall import Wall

Side = Literal["head", "base"]
VERSION = "1"  # of what a key is made from
OF_MACHINE = Path("/etc/uv/uv.toml")  # uv's settings for every user, which it reads here, too
SHARED = Path("/var/cache")  # where root keeps what other users are to read


@dataclass(frozen=True, slots=True)
class _Place:
    """What an environment is made for, and how.

    Attributes:
        root: The folder of the configuration.
        side: Whose code trains in it.
        subject: The training, as a sentence names it.
        wall: Around what runs while it is made.
        stop: Set to end what is being made.
    """

    root: Path
    side: Side
    subject: str
    wall: Wall
    stop: Stop | None


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
        self.scratch.mkdir(parents=True, exist_ok=True)
        own = environment.own(side, root=root, scratch=self.scratch)
        if asked is None:
            return own
        place = _Place(root, side, subject, wall, stop)
        if asked.requirements or asked.project:
            return self._of_files(asked, place, own.user, beside)
        from mlci.training import interpreters

        with self._builder(place, own.user) as builder:
            path, told = builder.existing(asked.python or "")
        return _environment(path, told, user=own.user, kind="interpreter", roots=tuple(interpreters.needed(path)))

    def _of_files(
        self, asked: Asked, place: _Place, user: User | None, beside: tuple[Asked, Path] | None
    ) -> Environment:
        from mlci.fence import top_of
        from mlci.training.asked import recipe
        from mlci.training.interpreters import is_shared

        with self._builder(place, user) as builder:
            mine = recipe(asked, place.root, (builder.top, *place.wall.read), place.subject)
            interpreter = builder.interpreter(mine)
        key = key_of(mine, interpreter)
        if place.side == "base" or beside is None or mine.unknown or not is_shared(mine.python):
            return self._kept(mine, interpreter, key, place, user)
        top = top_of(beside[1], place.root.resolve().relative_to(builder.top))
        theirs = _same(beside, mine, top, place.subject)
        if theirs is None:
            return self._kept(mine, interpreter, key, place, user)
        widened = replace(place.wall, read=(top, *place.wall.read))
        on_behalf = replace(place, root=beside[1], side="base", wall=widened)
        by = environment.own("base", root=beside[1], scratch=self.scratch).user
        return replace(self._kept(theirs, interpreter, key, on_behalf, by), user=user, paths=mine.paths)

    def _kept(
        self, recipe: Recipe, interpreter: Interpreter, key: str, place: _Place, user: User | None
    ) -> Environment:
        """The environment of a recipe, made where it is not there."""
        from mlci.training import interpreters, kept, users
        from mlci.training.asked import digest

        maker = users.settled(user, [interpreter.path, place.root])
        if recipe.unknown:  # no file tells what is installed: made for this folder and this run alone
            home, key = self.scratch / place.side, digest((key, str(place.root.resolve())))
            (home / "environments").mkdir(parents=True, exist_ok=True)
            reason = f"no file tells what is in `{recipe.unknown}`"
        else:
            home, reason = kept.folder_of(self.cache, self.scratch, place.side, maker)
        folder = home / "environments" / key[:32]
        with self._builder(place, maker) as builder, kept.alone(folder, builder.tick):
            told = kept.found(folder, interpreter.path)
            if told is None:
                start = time.monotonic()
                try:
                    told = builder.make(recipe, interpreter, folder, home / "uv")
                    kept.mark(folder, told)
                except BaseException:
                    shutil.rmtree(folder, ignore_errors=True)  # no half of one takes room
                    raise
                finally:
                    kept.prune(folder.parent, time.time())
                self.say(
                    f"made the environment of {place.subject} in {time.monotonic() - start:.1f} s: {recipe.name}, "
                    f"Python {told.version}, {len(told.packages):,} package{'s' * (len(told.packages) != 1)}"
                    f"{f' (not kept: {reason})' if reason else ''}"
                )
        library = (interpreter.prefix,) if interpreter.prefix else ()
        roots = (folder, *interpreters.needed(interpreter.path), *library)
        made = _environment(folder / "venv" / "bin" / "python", told, user=user, kind=recipe.kind, roots=roots)
        return replace(made, paths=recipe.paths, key=key)

    @contextmanager
    def _builder(self, place: _Place, user: User | None) -> Iterator[Builder]:
        """What runs uv and interpreters, with a folder of its own that is gone afterwards."""
        from mlci.training.builder import Builder
        from mlci.training.job import watcher

        folder = Path(tempfile.mkdtemp(prefix="making-", dir=self.scratch))
        folder.chmod(0o755)  # so that another user reaches its own folders in it
        try:
            yield Builder(
                scratch=folder,
                user=user,
                root=place.root,
                subject=place.subject,
                wall=place.wall,
                tick=watcher(None, place.stop),
                environ=dict(os.environ),
                is_base=place.side == "base",
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def key_of(recipe: Recipe, interpreter: Interpreter) -> str:
    """The key of an environment: all that decides what is in it, as far as files and the machine tell."""
    from mlci.training import uv
    from mlci.training.asked import digest

    machine = (interpreter.version, interpreter.tag, str(interpreter.path.resolve()))
    system = (platform.system(), platform.machine(), *platform.libc_ver())
    return digest((VERSION, recipe.digest, *machine, *system, *uv.indexes(os.environ), _settings_of_machine()))


def _settings_of_machine() -> str:
    """What uv is told on this machine, by whoever administers it."""
    with suppress(OSError, UnicodeDecodeError):
        return OF_MACHINE.read_text(encoding="utf-8")
    return ""


def _same(beside: tuple[Asked, Path], mine: Recipe, top: Path, subject: str) -> Recipe | None:
    """The base branch's recipe, where it has the same content."""
    from mlci.errors import TrainingError
    from mlci.training.asked import recipe

    asked, root = beside
    if not (asked.requirements or asked.project):
        return None
    try:
        theirs = recipe(asked, root, (top,), subject)
    except TrainingError:  # the base's own training says so
        return None
    return theirs if theirs.digest == mine.digest else None


def _environment(
    python: Path, told: Told, *, user: User | None, kind: environment.Kind, roots: tuple[Path, ...]
) -> Environment:
    names = {name.lower().replace("_", "-") for name in told.packages}
    return environment.Environment(
        python=python,
        has_parquet=bool(names & {"polars", "pyarrow"}),
        has_skops="skops" in names,
        user=user,
        kind=kind,
        roots=roots,
        packages={"python": told.version, **told.packages},
    )


def cache_folder() -> Path:
    """Where environments are kept: $MLCI_CACHE, else the user's cache folder, or the system's where root's is closed.

    What root keeps in a home that is closed to others, no other user could train in.
    """
    given = os.environ.get("MLCI_CACHE", "")
    if given:
        return Path(given).absolute()
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    is_closed = os.geteuid() == 0 and Path.home().exists() and not Path.home().stat().st_mode & 0o001
    return (SHARED if is_closed else folder) / "mlci"
