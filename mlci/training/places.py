"""Entries that name a file or a folder instead of a package: no file that is read tells what is installed by them.

Each function gives the first such entry of a document, or "" where there is none. Pure.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar")
_PLACE_KEYS = ("find-links", "index-url", "extra-index-url", "url", "default-index", "index")
AFAR = re.compile(r"(?:\w+\+)?(?:https?|ssh|git)://", re.IGNORECASE)


def is_place(requirement: str) -> bool:
    """Whether a requirement names a file or folder instead of a package."""
    named, at, place = requirement.partition("@")
    if at and re.fullmatch(r"[\w.-]+(\s*\[[^]]*\])?", named.rstrip()):
        return not AFAR.match(place.strip())
    first = re.split(r"[\s;\[]", requirement, maxsplit=1)[0]
    if AFAR.match(first):
        return False
    return "/" in first or first.startswith((".", "~", "file:")) or first.lower().endswith(_ARCHIVES) or "${" in first


def toml(text: str) -> dict[str, Any]:
    """A document; an empty one where it is none, which uv says better."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):  # a number of five thousand digits is an error of its own
        return {}


def of_project(document: dict[str, Any]) -> str:
    """The first entry of a pyproject.toml whose content no file tells."""
    project = document.get("project")
    if not isinstance(project, dict):
        return "a project whose build tells what it depends on"
    dynamic = project.get("dynamic")
    if isinstance(dynamic, list) and {"dependencies", "optional-dependencies"} & {str(each) for each in dynamic}:
        return "dependencies that are dynamic"
    lists = [project.get("dependencies"), project.get("optional-dependencies"), document.get("dependency-groups")]
    return next((each for each in _strings(lists) if is_place(each)), "")


def of_settings(settings: dict[str, Any]) -> str:
    """The first place of uv's own settings that is on this machine."""
    sources = settings.get("sources")
    for name, source in sources.items() if isinstance(sources, dict) else ():
        for each in source if isinstance(source, list) else [source]:
            if isinstance(each, dict) and {"path", "workspace", "editable"} & {*each}:
                return str(name)
    pip = settings.get("pip")
    parts = [settings, pip if isinstance(pip, dict) else {}, *_tables(settings.get("index"))]
    places = [part.get(key) for part in parts for key in _PLACE_KEYS]
    return next((each for each in _strings([p for p in places if not _tables(p)]) if not AFAR.match(each)), "")


def _tables(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def of_lock(document: dict[str, Any], project: str) -> str:
    """The first package of a lock that is a file or folder; the project itself is not installed."""
    for each in _tables(document.get("package")) + _tables(document.get("packages")):
        source = each.get("source")
        source = source if isinstance(source, dict) else each
        local = [source.get(kind) for kind in ("path", "directory", "editable", "virtual")]
        registry, archive = source.get("registry"), each.get("archive")
        wheels = [*_tables(each.get("wheels")), *_tables([each.get("sdist"), archive])]
        if (
            any(place is not None and place != project for place in local)
            or (isinstance(registry, str) and not AFAR.match(registry))
            or (project == "." and any("path" in file and "url" not in file for file in wheels))
        ):
            return str(each.get("name", "a package"))
    return ""


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _strings([*value.values()])
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
