"""Makes one environment: runs uv, and asks interpreters, behind the wall and as the user whose code trains in it.

What is installed may build itself: its `setup.py` is a stranger's program as much as the code that trains.
"""

from __future__ import annotations

import itertools
import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from mlci.errors import TrainingError
from mlci.training import interpreters, kept, limits, sandbox, users, uv
from mlci.training.asked import CODE
from mlci.training.files import read_regular
from mlci.training.interpreters import SUPPORTED, Told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from packaging.specifiers import SpecifierSet

    from mlci.errors import Location
    from mlci.training.asked import Recipe
    from mlci.training.interpreters import Interpreter
    from mlci.training.sandbox import Outcome
    from mlci.training.users import User
    from mlci.training.wall import Wall

TIMEOUT = 1800.0  # seconds that each command of uv may take
ANSWER = 60.0  # seconds that an interpreter may take to say what it is
_ANSWER_LIMIT = 8 << 20  # bytes of what it says
_TAIL = 4_000  # characters of a log that an error shows


@dataclass(frozen=True, slots=True)
class Builder:
    """Runs what makes an environment.

    Attributes:
        scratch: A folder of its own.
        user: Whom everything runs as; None: this process's own user.
        root: The folder of the configuration.
        subject: The training, as a sentence names it.
        wall: Around everything that runs.
        tick: Called again and again while something runs; it raises where the end is wanted.
        environ: This process's environment.
        is_base: Whether it is the base branch's.
    """

    scratch: Path
    user: User | None
    root: Path
    subject: str
    wall: Wall
    tick: Callable[[], None]
    environ: Mapping[str, str]
    is_base: bool = False
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    # --- interpreters ----------------------------------------------------------------------------------------

    def interpreter(self, recipe: Recipe) -> Interpreter:
        """The Python that an environment is made with: the one that is asked for, else mlci's own where it will do.

        Raises:
            TrainingError: there is none such, or it is too old.
        """
        mine = interpreters.own()
        request = recipe.python or recipe.requires
        versions = interpreters.wanted(request) if request else SUPPORTED
        if versions is None and recipe.python:
            path, told = self.existing(recipe.python, recipe.location)
            real = interpreters.behind(path, told)
            if real is None:
                raise self._error(
                    f"`{_shown(recipe.python)}` names another program as itself than the one that it is",
                    hint="Name an interpreter, or the folder of a virtual environment whose bin/python is one.",
                    location=recipe.location,
                )
            return interpreters.of(real, told)
        if versions is None or (interpreters.fits(mine.version, versions) and self._is_open(mine.path)):
            return mine
        return self._choose(request, versions, recipe.location)

    def existing(self, request: str, location: Location | None = None) -> tuple[Path, Told]:
        """An interpreter that is there, and what is installed in it.

        Args:
            request: A version, a path, or a name on PATH.
            location: Where it is asked for, if a file of the repository does.

        Raises:
            TrainingError: there is none such, it does not answer, or it is too old.
        """
        versions = interpreters.wanted(request)
        if versions is not None:
            path = self._choose(request, versions, location).path
        else:
            found = interpreters.named(request, self.root, self.environ)
            if found is None:
                raise self._none(request, location)
            path = found
        told = self.ask(path)
        if told is None or not interpreters.fits(told.version, SUPPORTED):
            if told is not None:
                raise self._old(f"`{_shown(request)}`, Python {told.version},", location)
            raise self._error(
                f"`{_shown(request)}` does not answer as a Python does",
                hint="Name an interpreter of Python 3.9 or newer.",
                location=location,
            )
        return path, told

    def ask(self, path: Path) -> Told | None:
        """What an interpreter says of itself; None where it does not answer in the form that is asked for."""
        out = self.scratch / f"answer-{next(self._numbers)}"
        out.mkdir()
        user = users.settled(self.user, [path])
        users.give(out, user)
        probe = Path(__file__).with_name("probe.py")
        read, file = [*interpreters.needed(path), probe], out / "told.json"
        command = [str(path), "-I", str(probe), str(file)]
        done = self._run(command, self.scratch, {}, read, [out], user, python=path, timeout=ANSWER)
        if done.code != 0:
            return None
        try:
            return Told.model_validate_json(read_regular(file, _ANSWER_LIMIT, what="The answer", code=CODE))
        except (ValidationError, TrainingError):
            return None

    def _choose(self, request: str, versions: SpecifierSet, location: Location | None) -> Interpreter:
        def look(path: Path) -> Interpreter | None:
            told = self.ask(path)
            return interpreters.of(path, told) if told else None

        paths = [each for each in interpreters.candidates(self.root, self.environ) if self._is_open(each)]
        mine = interpreters.own()
        chosen, known = interpreters.choose(versions, [mine.path, *(p for p in paths if p != mine.path)], look)
        if chosen is not None:
            return chosen
        if any(interpreters.fits(each, versions) for each in known):
            raise self._old(f"Python {request}", location)
        raise self._none(request, location, [each for each in known if interpreters.fits(each, SUPPORTED)])

    def _is_open(self, path: Path) -> bool:
        """Whether the user that everything runs as may read a program; one that nobody named gives way to it."""
        if self.user is not None and not self.user.is_named:
            return True
        try:
            return users.barred(path, self.user) is None
        except OSError:
            return False

    def _old(self, what: str, location: Location | None) -> TrainingError:
        return self._error(f"{what} is too old", hint="Models train with Python 3.9 or newer.", location=location)

    def _require_indexes(self, recipe: Recipe) -> None:
        """See that an index that the job names is not left out for its password: another one would take its place."""
        held = [name for name in uv.withheld(self.environ) if name in uv.INDEXES and name not in self.wall.env]
        if held:
            raise self._error(
                f"`{held[0]}` holds a password, which packages that are built could read, and without it they would "
                "come from another index",
                hint=f"Write `sandbox: {{pass_env: [{held[0]}]}}` on the base branch, or name an index without one.",
                location=recipe.location,
            )

    def _none(self, request: str, location: Location | None, known: Sequence[str] = ()) -> TrainingError:
        here = f"Those there are: {', '.join(known)}. " if known else ""
        hint = f"{here}mlci downloads none: set up another one in an earlier step, or say `python` in `environment`."
        if "/" in request and not request.startswith(("/", "~")):
            tree = "the base branch's" if self.is_base else "this"
            hint = (
                f"It is looked up below the configuration of each side, and {tree} tree has no such file: give an "
                "absolute path or a version."
            )
        return self._error(
            f"there is no Python `{_shown(request)}` on this machine",
            hint=hint,
            location=location,
        )

    # --- uv --------------------------------------------------------------------------------------------------

    def make(self, recipe: Recipe, interpreter: Interpreter, folder: Path, cache: Path) -> Told:
        """Make an environment in `folder`/venv, anew where there is a half-made one, and say what is in it.

        Args:
            recipe: What it is made from.
            interpreter: What it is made with.
            folder: Its own.
            cache: Where uv keeps what it has fetched and built, for this side alone.

        Raises:
            TrainingError: it cannot be made (MLCI214).
        """
        self._require_indexes(recipe)
        program, venv = uv.binary(), folder / "venv"
        if folder.is_symlink():
            folder.unlink()
        if folder.exists():
            shutil.rmtree(folder)
        venv.mkdir(parents=True)
        users.give(venv, self.user)
        kept.hand(cache, self.user)
        at = self._copied(recipe, folder) if recipe.unknown else recipe.folder
        read = [
            *interpreters.needed(interpreter.path),
            *([interpreter.prefix] if interpreter.prefix else []),
            *(program, at, Path("/etc/resolv.conf").resolve()),
            *uv.places(self.environ),
        ]
        env = uv.environment(self.environ, cache=cache, target=venv)
        write = [venv, cache, *([] if at == recipe.folder else [folder / "source"])]
        for command in uv.commands(program, recipe, interpreter.path, venv):
            done = self._run(command, at, env, read, write, self.user, python=interpreter.path)
            if done.code != 0:
                raise self._failed(recipe, done, folder, interpreter.version)
        if not kept.is_sound(venv, interpreter.path):
            raise self._error(
                f"what {recipe.name} installs replaced the interpreter of its environment",
                hint="A package must leave bin/python of the environment alone.",
                location=recipe.location,
            )
        kept.seal(venv, self.user)
        told = self.ask(venv / "bin" / "python")
        if told is None:
            raise self._error(
                f"what {recipe.name} installs keeps Python from starting",
                hint="Look for a package that runs code at every start (a .pth file).",
                location=recipe.location,
            )
        return told

    def _copied(self, recipe: Recipe, folder: Path) -> Path:
        """A copy of the repository to build in: a build writes beside its sources."""
        top, target = self.top, folder / "source"
        try:
            kept.copied(top, target, (*self.wall.hidden, self.scratch.parent))  # scratch: the copy is in it
        except OSError as error:  # of all that a copy cannot do, shutil's own error tells a list
            first = error.args[0] if isinstance(error, shutil.Error) else error.strerror
            why = first[0][2] if isinstance(first, list) and first else first
            raise self._error(
                f"the repository cannot be copied for a build ({_shown(uv.public(str(why), top, target))})",
                hint="List packages in a file instead of folders, or make room and let mlci read the files.",
                location=recipe.location,
            ) from error
        kept.hand(target, self.user)
        return target / recipe.folder.resolve().relative_to(top)

    @property
    def top(self) -> Path:
        """The repository's top: the first folder that code may read."""
        real = self.root.resolve()
        tops = (each.resolve() for each in self.wall.read)
        return next((each for each in tops if each == real or each in real.parents), real)

    def _run(  # noqa: PLR0913, PLR0917 - each is one fact of a child
        self,
        command: list[str],
        cwd: Path,
        env: Mapping[str, str],
        read: Sequence[Path],
        write: Sequence[Path],
        user: User | None,
        *,
        python: Path,
        timeout: float = TIMEOUT,
    ) -> Outcome:
        own = self.scratch / f"run-{next(self._numbers)}"
        own.mkdir()
        there = kept.size(write) if self.wall.disk is not None else 0  # of former runs
        walled = replace(
            self.wall,
            network="allow",
            read=(*self.wall.read, *read),
            write=(*write, *sandbox.folders(own)),
            disk=None if self.wall.disk is None else self.wall.disk + there,
        )
        given = sandbox.environment(
            python=python,  # not uv's own folder, whose other programs the wall keeps out of reach
            scratch=own,
            seed=0,
            threads=os.cpu_count() or 1,
            user=user,
        )
        return sandbox.run(
            command, cwd=cwd, env={**given, **env}, timeout=timeout, tick=self.tick, user=user, wall=walled
        )

    # --- what goes wrong -------------------------------------------------------------------------------------

    def _failed(self, recipe: Recipe, done: Outcome, folder: Path, version: str) -> TrainingError:
        hidden = (folder / "source", self.top, self.root)
        log = uv.public(done.log, *hidden)
        passed = limits.passed(f"Installing {recipe.name}", done, self.wall)
        if passed is not None or done.code is None:
            why = f"took longer than {TIMEOUT:,.0f} s" if done.timed_out else f"was ended by signal {done.signal}"
            sentence = passed.sentence if passed else f"Installing {recipe.name} {why}"
            return self._error(
                f"{sentence[0].lower()}{sentence[1:].rstrip('.')}",
                hint=passed.hint if passed else "Install less, or wheels that need no build.",
                location=recipe.location,
                traceback=log[-_TAIL:],
            )
        said = uv.said(done.log, *hidden)
        held = uv.withheld(self.environ)
        hints = [
            f"Not passed on, since credentials are in it: {', '.join(held)}; see `sandbox.pass_env`." if held else "",
            "The index of packages was out of reach: look at the network, proxies and UV_DEFAULT_INDEX."
            if said.is_afar
            else "",
            said.hint,
        ]
        return self._error(
            f"{recipe.name} cannot be installed for Python {version}: {said.sentence}",
            hint=" ".join(each for each in hints if each)
            or "`uv pip install` with the same file shows the same; mend what it names.",
            location=recipe.told(said.sentence),
            traceback=log[-_TAIL:] if "[stderr]" in log or "[stdout]" in log else "",
        )

    def _error(self, what: str, *, hint: str, location: Location | None, traceback: str = "") -> TrainingError:
        return TrainingError(
            f"The environment of {self.subject} cannot be made: {what}.",
            hint=hint,
            location=location,
            code=CODE,
            traceback=traceback,
        )


def _shown(text: str) -> str:
    """A stranger's text as a sentence shows it: on one line, with what cannot be printed spelled out."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
