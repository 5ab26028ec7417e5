"""Files of the repository at a commit, read through the API: a job that posts for forks checks out nothing."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from mlci.errors import ReportError, UserError
from mlci.github.failures import ApiError, clean

if TYPE_CHECKING:
    from github.ContentFile import ContentFile

    from mlci.config.document import Document
    from mlci.github.client import Client

LARGEST = 1 << 20
"""Bytes of a file; the API gives no contents of larger ones."""

_NEEDS = "contents: read"
_NOT_THERE = 404
_KINDS = {"dir": "a folder", "submodule": "a submodule", "symlink": "a symbolic link that leads out of the repository"}


def text(client: Client, path: str, ref: str) -> str | None:
    """A file of the repository at a commit; None where there is none. One call.

    Args:
        client: GitHub.
        path: From the repository's top.
        ref: The commit's SHA.

    Raises:
        UserError: it is no path inside of the repository, no file, larger than `LARGEST`, or not UTF-8 text (MLCI515).
        ApiError: GitHub does not tell.
    """
    inner = _inner(path)
    try:
        with client.calling(f"read the repository's {clean(inner)}", _NEEDS):
            found = client.repository.get_contents(inner, ref=ref)
            if isinstance(found, list):
                raise _unreadable(inner, "it is a folder")
            content = _content(found, inner)
    except ApiError as error:
        if error.status == _NOT_THERE:
            return None
        raise
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(inner, f"it is not UTF-8 text (byte {error.start})") from None


def _content(found: ContentFile, path: str) -> bytes:
    if found.type != "file":
        raise _unreadable(path, f"it is {_KINDS.get(found.type, 'no file')}")
    if found.size > LARGEST or found.encoding != "base64":
        raise _unreadable(path, "it is larger than 1 MiB")
    return found.decoded_content


def _inner(path: str) -> str:
    """A path inside of the repository, without needless parts."""
    normal = posixpath.normpath(path)
    if not path or not path.isprintable() or path.startswith("/") or ".." in path.split("/") or normal == ".":
        raise _unreadable(path, "it is no path inside of the repository")
    return normal


def _unreadable(path: str, why: str) -> UserError:
    return UserError(
        f"The file “{clean(path)}” of the repository cannot be read: {why}.", hint="Check its path.", code="MLCI515"
    )


# --- the report's template ---------------------------------------------------------------------------------------


def template_of(client: Client, config: str | None, ref: str) -> str | None:
    """The report's template as a commit has it; None where its configuration names none, or does not load.

    Args:
        client: GitHub.
        config: The configuration's path from the repository's top; None: `mlci.yml`, `mlci.yaml`, else
            `[tool.mlci]` in `pyproject.toml`.
        ref: The commit's SHA: the base branch's, so that a pull request does not write its own report.

    Raises:
        ReportError: a template is named and cannot be read.
        ApiError: GitHub does not tell.
    """
    found = _configuration(client, config, ref)
    name = _template(found) if found else None
    if found is None or name is None:
        return None
    folder = posixpath.dirname(found.name)
    path = posixpath.normpath(posixpath.join(folder, name))
    try:
        inside = not name.startswith("/") and posixpath.commonpath([folder, path]) == folder
        content = text(client, path, ref) if inside else None
    except UserError:
        content = None
    if content is None:
        raise ReportError(
            f"The report template “{clean(name)}” cannot be read as UTF-8 text of this repository.",
            hint="Check `report.template`: it is relative to the folder of the configuration.",
            location=found.where(("report", "template")),
        )
    return content


def _configuration(client: Client, config: str | None, ref: str) -> Document | None:
    """The first configuration that is there."""
    from mlci.config.document import parse_toml, parse_yaml
    from mlci.config.load import NAMES

    for name in [posixpath.normpath(config)] if config else [*NAMES, "pyproject.toml"]:
        try:
            content = text(client, name, ref)
            if content is not None:
                return parse_toml(content, name) if name.endswith(".toml") else parse_yaml(content, name)
        except UserError:  # what does not load names no template; the run itself says what is wrong with it
            return None
    return None


def _template(document: Document) -> str | None:
    """`report.template` of a configuration."""
    from pydantic import ValidationError

    from mlci.config.models import Report

    section = document.data.get("report") if isinstance(document.data, dict) else None
    try:
        return Report.model_validate(section or {}).template or None
    except ValidationError:
        return None
