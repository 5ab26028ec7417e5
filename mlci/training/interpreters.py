"""The Pythons that a machine has: which one a version, a path or a name means, and what it says of itself."""

from __future__ import annotations

import itertools
import os
import platform
import re
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

SUPPORTED = SpecifierSet(">=3.9", prereleases=True)
"""The versions of Python that mlci's worker runs on."""

_LISTED = 40  # Pythons that are asked for their version at most
_NAME = re.compile(r"(python|pypy)(\d+(\.\d+)?)?t?")
_LIBRARY = re.compile(r"lib(32|64)?/(python|pypy)\d+(\.\d+)?t?/os\.py")  # where a library is told by
_WHOLE = 3  # parts of a version
Name = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Place = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^/[^\x00-\x1f]*$")]


class Told(BaseModel):
    """What an interpreter said of itself, as `probe.py` writes it: a stranger's word."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Annotated[str, Field(max_length=40, pattern=r"^\d+\.\d+[\w.+]*$")]
    implementation: Name
    platform: Name
    executable: Place
    prefix: Place
    base_prefix: Place
    packages: Annotated[dict[Name, Name], Field(max_length=20_000)]


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python of this machine.

    Attributes:
        path: Where it is.
        version: Its own, as in 3.12.1.
        tag: Its implementation and the platform that it was built for.
        prefix: The folder of its standard library; None where that is not known for certain.
    """

    path: Path
    version: str
    tag: str
    prefix: Path | None


def own() -> Interpreter:
    """The one that this process runs in, outside of its virtual environment."""
    path = Path(os.path.realpath(sys.executable))
    tag = f"{platform.python_implementation()} {sysconfig.get_platform()}"
    return Interpreter(path, platform.python_version(), tag, Path(os.path.realpath(sys.base_prefix)))


def of(path: Path, told: Told) -> Interpreter:
    """One that was asked; it may say whatever it likes, so its folder is believed only where it looks like one."""
    prefix = Path(os.path.realpath(told.base_prefix))
    library = prefix if prefix in path.resolve().parents and _is_library(prefix) else None
    return Interpreter(path, told.version, f"{told.implementation} {told.platform}", library)


def _is_library(folder: Path) -> bool:
    """Whether a folder is that of a Python and not one that holds a user's files, too.

    A file of a repository confirms no folder above that repository: a pull request could have brought it along.
    """
    if _is_home(folder):
        return False
    modules = (file for file in folder.glob("lib*/py*/os.py") if _LIBRARY.fullmatch(str(file.relative_to(folder))))
    return any(in_work_tree(folder) or not in_work_tree(file) for file in modules)


def _is_home(folder: Path) -> bool:
    """Whether a folder holds this user's files: the home, or one above it."""
    real, home = Path(os.path.realpath(folder)), Path(os.path.realpath(Path.home()))
    return real in (Path("/"), home, *home.parents)


def needed(path: Path) -> list[Path]:
    """What an interpreter has to read to start: itself, its library, and the virtual environment that it belongs to."""
    above, home = path.resolve().parent.parent, venv(path)
    return [path, *([above] if _is_library(above) else []), *([home] if home and not _is_home(home) else [])]


def behind(path: Path, told: Told) -> Path | None:
    """The program that environments are made with where a path is asked for; None where it is not what it says.

    In a virtual environment that is the program its link leads to. It has to name the same: a script in its place,
    which a pull request may bring, could name any file or folder of the machine.
    """
    if venv(path) is None:
        return path
    real = Path(os.path.realpath(path))
    return real if real.is_file() and str(real) == os.path.realpath(told.executable) else None


def is_shared(request: str | None) -> bool:
    """Whether what `python:` says means the same program for both sides: a version of the machine's, or nothing."""
    return not request or wanted(request) is not None


def venv(path: Path) -> Path | None:
    """The virtual environment that a program belongs to; None where it belongs to none."""
    folder = path.parent.parent
    return folder if (folder / "pyvenv.cfg").is_file() else None


_LONG = 200  # characters that a version may have; Python refuses numbers of thousands of digits


def wanted(request: str) -> SpecifierSet | None:
    """The versions that `python:`, `.python-version` or `requires-python` mean; None where it is no version at all.

    `3.12` means any 3.12, as everywhere; `>=3.11,<3.13` is as in a project.
    """
    text = request.strip().removeprefix("cpython").lstrip("-@")
    if len(text) > _LONG:
        return None
    try:
        version = Version(text)
    except InvalidVersion:
        try:
            return SpecifierSet(text, prereleases=True) if text and text[0] in "<>=!~" else None
        except InvalidSpecifier:
            return None
    parts = len(version.release)
    return SpecifierSet(f"=={text}" if parts >= _WHOLE else f"=={text}.*", prereleases=True)


def fits(version: str, versions: SpecifierSet) -> bool:
    """Whether a version is one of those that are wanted; `3.13.0+` is 3.13.0."""
    try:
        return Version(version.rstrip("+")) in versions
    except InvalidVersion:
        return False


def named(request: str, root: Path, environ: Mapping[str, str]) -> Path | None:
    """The interpreter that a path, a virtual environment's folder or a name on PATH means; None where none is there."""
    if "/" in request or request.startswith(("~", ".")):
        try:
            place = root / Path(request).expanduser()
            inside = place / "bin" / "python"
            found = inside if inside.is_file() else place
            return found if found.is_file() and os.access(found, os.X_OK) else None
        except (OSError, ValueError, RuntimeError):  # too long, with NUL in it, of a user that is not there, a circle
            return None
    path = os.pathsep.join(_search(root, environ))
    name = None if "\0" in request else shutil.which(request, path=path)
    return Path(name) if name else None


def _search(root: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """The folders of PATH that are none of the repository's."""
    real = root.resolve()
    for each in environ.get("PATH", os.defpath).split(os.pathsep):
        if each.startswith("/") and not Path(each).resolve().is_relative_to(real) and not in_work_tree(Path(each)):
            yield each


def in_work_tree(path: Path) -> bool:
    """Whether a file or folder lies in a git repository: a pull request could have brought it along."""
    real = path.resolve()
    return any((each / ".git").exists() for each in (real, *real.parents))


def candidates(root: Path, environ: Mapping[str, str]) -> list[Path]:
    """Programs that may be Pythons: of PATH, of the system, of pyenv, of uv, and of the runner's tools; each once."""
    home = Path(environ.get("HOME") or Path.home())
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv")
    installed = Path(environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    tools = [environ[name] for name in ("RUNNER_TOOL_CACHE", "AGENT_TOOLSDIRECTORY") if environ.get(name)]
    below = [(installed, "*/bin"), (pyenv / "versions", "*/bin"), *((Path(tool), "Python/*/*/bin") for tool in tools)]
    folders = [
        *_search(root, environ),
        *("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"),
        *(str(each) for base, pattern in below if base.is_dir() for each in sorted(base.glob(pattern), reverse=True)),
    ]
    shims = os.path.realpath(pyenv / "shims")  # scripts that start one of the versions below
    found: dict[str, Path] = {}
    for folder in dict.fromkeys(folders):
        if os.path.realpath(folder) != shims:
            for path in sorted(Path(folder).glob("py*"), key=lambda path: (-len(path.name), path.name)):
                if _NAME.fullmatch(path.name) and os.access(path, os.X_OK):
                    found.setdefault(os.path.realpath(path), path)
    return [Path(real) for real in found]


def choose(
    versions: SpecifierSet, paths: Iterable[Path], look: Callable[[Path], Interpreter | None]
) -> tuple[Interpreter | None, list[str]]:
    """The newest of some interpreters whose version is wanted, and the versions of those that were asked.

    Args:
        versions: That are wanted.
        paths: The programs; those whose names tell another version are asked last, to tell what there is.
        look: Asks one; None where it does not answer.
    """
    known: list[Interpreter] = []
    for _, group in itertools.groupby(
        sorted([*paths][:_LISTED], key=lambda path: not _likely(path, versions)),
        key=lambda path: _likely(path, versions),
    ):
        known += [each for each in map(look, group) if each is not None]
        fitting = [each for each in known if fits(each.version, versions) and fits(each.version, SUPPORTED)]
        if fitting:
            return max(fitting, key=lambda each: (each.tag.startswith("CPython"), _order(each))), []
    return None, [each.version for each in sorted(known, key=_order)]


def _order(found: Interpreter) -> Version:
    return Version(found.version.rstrip("+"))


def _likely(path: Path, versions: SpecifierSet) -> bool:
    """Whether a program's name leaves room for a version that is wanted."""
    told = re.search(r"(\d+\.\d+)t?$", path.name)
    return told is None or any(fits(f"{told[1]}.{patch}", versions) for patch in range(100))
