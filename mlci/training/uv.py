"""What uv is told, what it is given of the environment, and what it says where an environment cannot be made. Pure."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.training.asked import Recipe

INDEXES = (
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_INDEX_STRATEGY",
    "UV_NO_INDEX",
    "UV_OFFLINE",
)
"""Variables that say where packages come from."""
NETWORK = (
    "UV_HTTP_TIMEOUT",
    "UV_HTTP_RETRIES",
    "UV_INSECURE_HOST",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    *(name for each in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY") for name in (each, each.lower())),
)
"""Variables that say how to get there."""

_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")
_DRAWN = re.compile(r"^[\s×│├╰─▶]+", re.MULTILINE)
_S = r"[^\S\n]*"  # space within a line: across lines, a thousand empty ones would be looked at a million times
_START = re.compile(rf"^{_S}(?:error:|×){_S}", re.MULTILINE)
_END = re.compile(rf"^{_S}(?:hint:|\[std(?:out|err)\])", re.MULTILINE)
_HINT = re.compile(rf"^{_S}hint:{_S}(.+(?:\n(?!{_S}$|{_S}hint:).+)*)", re.MULTILINE)
_AFAR = re.compile(
    r"Failed to fetch|error sending request|dns error|client error \(Connect\)|Request failed after|"
    r"network was disabled|Network connectivity is disabled|tcp connect error|operation timed out",
    re.IGNORECASE,
)
_LONGEST = 900  # characters of a sentence


@dataclass(frozen=True, slots=True)
class Said:
    """What uv said of its failure.

    Attributes:
        sentence: Without the full stop at its end.
        hint: Its own advice.
        is_afar: The packages' index was out of reach.
    """

    sentence: str
    hint: str
    is_afar: bool


def binary() -> Path:
    """Where uv is: beside mlci, else on PATH.

    Raises:
        UserError: it is not installed.
    """
    try:
        from uv import find_uv_bin

        return Path(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        raise UserError(
            "`environment` needs uv, and there is none.", hint="`pip install uv` beside mlci.", code="MLCI214"
        )
    return Path(found)


def commands(uv: Path, recipe: Recipe, python: Path, target: Path) -> list[list[str]]:
    """The commands that make an environment, one after the other, each to be run in `recipe.folder`.

    Args:
        uv: The program.
        recipe: What it is made from.
        python: The interpreter.
        target: The environment's folder.
    """
    start = [str(uv), "venv", "--no-project", "--allow-existing", "--python", str(python), str(target)]
    extras = [word for each in recipe.extras for word in ("--extra", each)]
    groups = [word for each in recipe.groups for word in ("--group", each)]
    if recipe.locked:
        own = ["--no-install-project", "--no-default-groups", "--compile-bytecode"]
        return [start, [str(uv), "sync", "--locked", *own, *extras, *groups, "--python", str(python)]]
    install = [str(uv), "pip", "install", "--compile-bytecode", "--python", str(target / "bin" / "python")]
    file = os.path.relpath(recipe.file, recipe.folder)
    return [start, [*install, "--requirements", file, *extras, *groups]]


def environment(given: Mapping[str, str], *, cache: Path, target: Path) -> dict[str, str]:
    """The variables that uv is given beside those of every child.

    Args:
        given: The environment to take from.
        cache: Its own folder, for this side alone.
        target: Of the environment that it makes.
    """
    kept = {
        name: given[name] for name in (*INDEXES, *NETWORK) if given.get(name) and not _CREDENTIALS.search(given[name])
    }
    return {
        **kept,
        "UV_CACHE_DIR": str(cache),
        "UV_PROJECT_ENVIRONMENT": str(target),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_LINK_MODE": "hardlink",
        "UV_NO_PROGRESS": "1",
        "UV_NO_ENV_FILE": "1",
        "NO_COLOR": "1",
    }


def withheld(given: Mapping[str, str]) -> list[str]:
    """The variables that are not passed on, since they hold credentials."""
    return [name for name in (*INDEXES, *NETWORK) if _CREDENTIALS.search(given.get(name, ""))]


def places(given: Mapping[str, str]) -> list[Path]:
    """The files and folders that the variables name: certificates, and folders of packages."""
    named = [given.get("SSL_CERT_FILE", ""), given.get("SSL_CERT_DIR", "")]
    named += re.split(r"[,\s]+", given.get("UV_FIND_LINKS", ""))
    named += [given.get(name, "") for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL")]
    local = (each.removeprefix("file://") for each in named)
    return [Path(each) for each in local if each.startswith("/")]


def indexes(given: Mapping[str, str]) -> list[str]:
    """Where packages come from, as a key of an environment holds it: without credentials, which may change."""
    return [f"{name}={_CREDENTIALS.sub('', given[name])}" for name in INDEXES if given.get(name)]


def said(log: str, *hidden: Path) -> Said:
    """The sentence in which uv says why it failed.

    Args:
        log: All that it printed, without control characters.
        hidden: Folders whose paths are left out.
    """
    start = [*_START.finditer(log)]
    told = log[start[0].end() :] if start else log.strip().rpartition("\n\n")[2]
    end = _END.search(told)
    hint = _HINT.search(log)
    sentence = re.sub(r"\s*\bcause:\s*", ": ", _plain(told[: end.start()] if end else told, hidden))
    return Said(
        sentence=bounded(re.sub(r":\s*:", ":", sentence)).rstrip(". ") or "it did not say why",
        hint=bounded(_plain(hint[1], hidden)) if hint else "",
        is_afar=bool(_AFAR.search(log)),
    )


def bounded(text: str) -> str:
    """A text that is not too long to be read."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST * 2 // 3]} … {text[-_LONGEST // 3 :]}"


def public(text: str, *hidden: Path) -> str:
    """A text without credentials, and without the paths of some folders."""
    for folder in hidden:
        for path in {str(folder), str(folder.resolve())}:
            text = text.replace(f"file://{path}/", "").replace(f"{path}/", "").replace(path, ".")
    return _CREDENTIALS.sub("", text)


def _plain(text: str, hidden: tuple[Path, ...]) -> str:
    """One line, without what is drawn around it."""
    return " ".join(_DRAWN.sub("", public(text, *hidden)).split())
