"""What an environment is made from: the files of the repository that say what is installed, and a digest of them."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlci.config.suggest import did_you_mean
from mlci.errors import Location, TrainingError
from mlci.training import places
from mlci.training.files import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlci.config.environment import Environment as Asked
    from mlci.training.environment import Kind

CODE = "MLCI214"
LARGEST = 64 << 20  # bytes of one file: a lock of thousands of packages has a few million
MOST = 200  # files that include each other

_COMMENT = re.compile(r"(^|\s)#.*")
_OPTION = re.compile(r"(--?[a-z][a-z-]*?)(?:=|\s+|(?<=^-[rcef])(?=\S))\s*(\S.*)", re.IGNORECASE)
_INCLUDES = ("-r", "--requirement", "-c", "--constraint")
_EDITABLE = ("-e", "--editable")
_PLACES = ("-f", "--find-links", "-i", "--index-url", "--extra-index-url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What says how an environment is made.

    Attributes:
        kind: Where it comes from.
        name: The files, as a sentence names them.
        folder: Where uv runs: it finds its own configuration there.
        file: The requirements, or the project's pyproject.toml.
        locked: A uv.lock says every version.
        texts: Of all files that say what is installed, by their paths from the repository's top.
        digest: Of those, and of all else that the configuration says; not of the machine.
        unknown: An entry whose content no file tells, such as a folder; "" where there is none.
        python: The version that is asked for; "" where any will do.
        requires: The versions that the project runs on, as in `>=3.11`; "" where it does not say.
        paths: Folders that the project's code is imported from.
        location: The file in the repository.
        extras: Optional dependencies.
        groups: Dependency groups.
    """

    kind: Kind
    name: str
    folder: Path
    file: Path
    locked: bool = False
    texts: dict[str, str] = field(default_factory=dict)
    digest: str
    unknown: str = ""
    python: str = ""
    requires: str = ""
    paths: tuple[Path, ...] = ()
    location: Location
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def told(self, sentence: str) -> Location:
        """The line that names a package of which a sentence speaks; else the file."""
        named = re.findall(r"(?:require|depends on|build|version of) [`']?([A-Za-z0-9][\w.-]*)", sentence)
        for name in reversed(named):  # the last one is what the others do not leave room for
            for path, text in self.texts.items():
                for number, line in enumerate(text.splitlines(), 1):
                    if path.endswith(".txt") and re.match(rf"{_loose(name)}(?![\w.-])", line, re.IGNORECASE):
                        return Location(path, number)
        return self.location


def _loose(name: str) -> str:
    """A pattern of a package's name, in which `-`, `_` and `.` are one (PEP 503)."""
    return "[-_.]+".join(re.escape(part) for part in re.split(r"[-_.]+", name.rstrip(".-_")))


def recipe(asked: Asked, root: Path, within: Sequence[Path], subject: str) -> Recipe:
    """What an environment with requirements or a project is made from.

    Args:
        asked: What the configuration says.
        root: The folder of the configuration, which paths are relative to.
        within: Where files may lie; the first is the repository's top.
        subject: The training, as a sentence names it.

    Raises:
        TrainingError: a file is not there, is none, or lies elsewhere.
    """
    reader = _Reader(within, subject)
    try:
        return _of_requirements(asked, root, reader) if asked.requirements else _of_project(asked, root, reader)
    except (OSError, ValueError, RuntimeError) as error:  # names too long, with NUL in them, links that lead in circles
        circle = "links lead in a circle" if isinstance(error, RuntimeError) else "no file can have such a name"
        reason = getattr(error, "strerror", None) or circle
        raise TrainingError(
            f"{subject} cannot be trained: a file that its environment names cannot be read ({_shown(reason)}).",
            hint=f"Look at the names and links in {_shown(asked.requirements or asked.project or '')}, and in what it "
            "includes.",
            code=CODE,
        ) from None


def _of_requirements(asked: Asked, root: Path, reader: _Reader) -> Recipe:
    name = asked.requirements or ""
    if name.endswith(".py") and Path(name).name != "setup.py":
        raise reader.error(
            f"`environment.requirements` names {_shown(name)}, which is a program.",
            hint="Write what it needs into a requirements.txt or a pyproject.toml.",
        )
    if Path(name).name in ("pyproject.toml", "uv.lock", "setup.py", "setup.cfg"):
        raise reader.error(
            f"`environment.requirements` names {name}, which belongs to a project.",
            hint=f"Write `environment: {{project: {Path(name).parent.as_posix()}}}`.",
        )
    file = root / name
    reader.add(file)
    unknown = places.of_lock(places.toml(reader.last), ".") if file.suffix == ".toml" else reader.follow(file)
    unknown = reader.settings(root) or unknown
    return Recipe(
        kind="requirements",
        name=name,
        folder=root,
        file=file,
        texts=reader.texts,
        digest=reader.digest("requirements", asked),
        unknown=_shown(unknown),
        python=asked.python or "",
        location=Location(reader.told(file)),
    )


def _of_project(asked: Asked, root: Path, reader: _Reader) -> Recipe:
    folder = root / (asked.project or "")
    file = folder / "pyproject.toml"
    reader.add(file)
    document = places.toml(reader.last)
    project, tool = document.get("project"), document.get("tool")
    is_built = "poetry" in json.dumps(document.get("build-system"), default=str)  # then its own build says it to uv
    if not isinstance(project, dict) and isinstance(tool, dict) and "poetry" in tool and not is_built:
        raise reader.error(
            f"{reader.told(file)} says what it depends on to Poetry alone ([tool.poetry]).",
            hint="Give it a [project] table, which Poetry 2 reads as well; or export a requirements.txt and name it.",
            location=Location(reader.told(file)),
        )
    project = project if isinstance(project, dict) else {}
    unknown = places.of_project(document)
    home = next((each for each in (folder, *reader.above(folder)) if _is_home(each, folder, reader)), folder)
    lock = home / "uv.lock"
    locked = lock.is_file()
    if home != folder:
        reader.add(home / "pyproject.toml")
    if locked:
        reader.add(lock)
        unknown = unknown or places.of_lock(
            places.toml(reader.last), folder.resolve().relative_to(home.resolve()).as_posix()
        )
    unknown = reader.settings(folder) or unknown
    python, pin = asked.python or "", folder / ".python-version"
    if not python and pin.is_file():
        reader.add(pin)
        python = next((line.strip() for line in reader.last.splitlines() if line.strip() and line[0] != "#"), "")
    source = folder / "src"
    within = [source] if source.is_dir() and reader.holds(source) else []
    return Recipe(
        kind="project",
        name=f"{reader.told(lock)}" if locked else f"{reader.told(file)}",
        folder=folder,
        file=file,
        locked=locked,
        texts=reader.texts,
        digest=reader.digest("project", asked),
        unknown=_shown(unknown),
        python=python,
        requires=str(project.get("requires-python") or ""),
        paths=(*within, *([folder] if folder.resolve() != root.resolve() else [])),
        location=Location(reader.told(file)),
        extras=tuple(asked.extras),
        groups=tuple(asked.groups),
    )


def _is_home(home: Path, member: Path, reader: _Reader) -> bool:
    """Whether a folder holds the lock of a project: its own, or that of the workspace that it belongs to."""
    if home == member:
        return (home / "uv.lock").is_file()
    return bool(reader.tool_uv(home).get("workspace"))


class _Reader:
    """Reads files of the repository, and keeps what they say."""

    def __init__(self, within: Sequence[Path], subject: str) -> None:
        self.within = [each.resolve() for each in within]
        self.subject = subject
        self.texts: dict[str, str] = {}
        self.last = ""
        self._read: set[Path] = set()
        self._settings: dict[Path, dict[str, Any]] = {}
        self._bytes = 0

    def error(self, what: str, *, hint: str, location: Location | None = None) -> TrainingError:
        """That the training cannot take place, for what stands in the files."""
        return TrainingError(f"{self.subject} cannot be trained: {what}", hint=hint, location=location, code=CODE)

    def holds(self, path: Path) -> bool:
        """Whether a file lies where it may, links followed."""
        real = path.resolve()
        return any(real == each or each in real.parents for each in self.within)

    def told(self, path: Path) -> str:
        """A path from the repository's top, as sentences name it."""
        real = path.parent.resolve() / path.name
        top = next((each for each in self.within if each in real.parents), None)
        return _shown(real.relative_to(top).as_posix() if top else os.path.normpath(path))

    def above(self, folder: Path) -> Iterator[Path]:
        """The folders above one, up to the repository's top."""
        for each in folder.resolve().parents:
            if not any(each == top or top in each.parents for top in self.within):
                return
            yield each

    def add(self, path: Path, source: str = "the configuration") -> bool:
        """Read a file; False where it was read already.

        Raises:
            TrainingError: it is not there, is none, or lies elsewhere.
        """
        name, real = self.told(path), path.resolve()
        if real in self._read:
            return False
        if not self.holds(path):
            raise self.error(
                f"{source} names {name} for its environment, which lies outside of the repository.",
                hint="Keep it in the repository, or name its folder in `sandbox.read` on the base branch.",
            )
        if not path.is_file():
            beside = sorted(each.name for each in path.parent.iterdir()) if path.parent.is_dir() else []
            known = [each for each in beside if each.endswith((".txt", ".toml", ".in", ".lock"))]
            raise self.error(
                f"{source} names {name} for its environment, and there is no such file.",
                hint=did_you_mean(path.name, known).strip() or "Add it to the repository, or name the one that is.",
            )
        if len(self.texts) >= MOST:
            raise self.error(
                f"more than {MOST} files include each other for its environment.",
                hint="Write what is installed into fewer files.",
            )
        content = read_regular(real, LARGEST - self._bytes, what=f"All that {name} belongs to, together,", code=CODE)
        self._read.add(real)
        self._bytes += len(content)
        self.last = self.texts[name] = content.decode("utf-8", "surrogateescape")
        return True

    def follow(self, file: Path) -> str:
        """Read what requirements include; gives the first entry whose content is not known."""
        unknown = ""
        for line in _lines(self.last):
            option = _OPTION.fullmatch(line)
            name, value = (option[1], option[2].strip("\"' ")) if option else ("", "")
            if name in _INCLUDES and not places.AFAR.match(value) and "${" not in value:
                place = file.parent / value.removeprefix("file://")
                below = self.follow(place) if self.add(place, self.told(file)) else ""
                unknown = unknown or below
            elif (
                name in (*_EDITABLE, *_INCLUDES)
                or (name in _PLACES and not places.AFAR.match(value))
                or (not name and places.is_place(line))
            ):
                unknown = unknown or line
        return unknown

    def settings(self, folder: Path) -> str:
        """Add uv's own settings, of a folder and those above; gives the first entry whose content is not known."""
        unknown = ""
        for each in (folder, *self.above(folder)):
            if (each / "uv.toml").is_file():
                self.add(each / "uv.toml")
                unknown = unknown or places.of_settings(places.toml(self.last))
            settings = self.tool_uv(each)
            name = f"{self.told((each / 'pyproject.toml').resolve())} [tool.uv]"
            if settings and name not in self.texts:
                self.texts[name] = json.dumps(settings, sort_keys=True, default=str)
                unknown = unknown or places.of_settings(settings)
        return unknown

    def tool_uv(self, folder: Path) -> dict[str, Any]:
        """What the pyproject.toml of a folder tells uv; nothing where there is none that may be read.

        Raises:
            TrainingError: it is larger than any could be.
        """
        file = folder / "pyproject.toml"
        if not file.is_file() or not self.holds(file):
            return {}
        real = file.resolve()
        if real not in self._settings:
            content = read_regular(real, LARGEST - self._bytes, what=self.told(file), code=CODE)
            self._bytes += len(content)
            tool = places.toml(content.decode("utf-8", "replace")).get("tool")
            settings = tool.get("uv") if isinstance(tool, dict) else None
            self._settings[real] = settings if isinstance(settings, dict) else {}
        return self._settings[real]

    def digest(self, kind: str, asked: Asked) -> str:
        """Of all that was read, in that order, and of what else the configuration says."""
        words = [kind, asked.python or "", *map(",".join, (sorted(asked.extras), sorted(asked.groups)))]
        return digest((*words, *self.texts.values()))


def digest(texts: Iterable[str]) -> str:
    """A digest of some texts, which tells where each ends."""
    total = hashlib.sha256()
    for text in texts:
        content = text.encode("utf-8", "surrogateescape")
        total.update(len(content).to_bytes(8, "big") + content)
    return total.hexdigest()


def _lines(text: str) -> Iterator[str]:
    """The lines of requirements as uv reads them: continued ones joined, without comments and empty ones.

    A comment ends with its line, whatever it ends with.
    """
    held = ""
    for line in (*text.lstrip("\ufeff").splitlines(), ""):
        kept = _COMMENT.sub("", line)
        if kept == line and line.endswith("\\"):
            held += line[:-1]
            continue
        whole, held = (held + kept).strip(), ""
        if whole:
            yield whole


def _shown(text: str) -> str:
    """A name of the repository's as a sentence can hold it."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")[:300]
