"""The payload of an event, as far as mlci reads it: what GitHub, or a local runner, wrote becomes checked types.

Names of branches and repositories in it are a stranger's words. What mlci does not need may be missing: act, the local
runner, passes on whatever its user gave it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from mlci.errors import UserError

LARGEST = 25 * 1024 * 1024
"""Bytes of a payload: GitHub sends none that is larger."""

_HINT = "GITHUB_EVENT_PATH names the file; GitHub writes it, and act takes it from you: `act -e FILE`."

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}/(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}")
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\A[-/]|[/.]\Z")  # what git refuses, or takes for an option
_REF_CHARACTERS = 1024


def sha(text: str) -> str:
    """A commit's SHA, in lower case; else a ValueError that says what is wrong."""
    if not _SHA.fullmatch(text):
        raise ValueError("is no SHA of 40 or 64 hex digits")
    return text.lower()


def repository(text: str) -> str:
    """A repository's full name; else a ValueError that says what is wrong."""
    if not _NAME.fullmatch(text):
        raise ValueError("is no repository's name, as in owner/name")
    return text


def ref(text: str) -> str:
    """A name of a branch or tag, short or full; else a ValueError that says what is wrong."""
    if not text or len(text) > _REF_CHARACTERS or _NO_REF.search(text):
        raise ValueError("is no name of a branch or tag")
    return text


Sha = Annotated[str, AfterValidator(sha)]
Ref = Annotated[str, AfterValidator(ref)]
Name = Annotated[str, AfterValidator(repository)]
Number = Annotated[int, Field(strict=True, gt=0, lt=10**18)]
Word = Annotated[str, Field(max_length=100)]


class Part(BaseModel):
    """A part of a payload; the rest is ignored, since GitHub adds to it at any time."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Repository(Part):
    """The repository that the workflow is in."""

    default_branch: Ref


class Payload(Part):
    """What the payload of every event may hold; GitHub's of `schedule` has no repository."""

    repository: Repository | None = None


class Named(Part):
    """A repository by its name."""

    full_name: Name


class Head(Part):
    """Where a pull request comes from."""

    sha: Sha
    ref: Ref = ""
    repo: Named | None = None

    def is_outside(self, name: str) -> bool:
        """Whether it is in another repository than `name`, or in one that is gone, which GitHub tells by a null."""
        if self.repo is None:
            return "repo" in self.model_fields_set
        return self.repo.full_name.lower() != name.lower()


class Base(Part):
    """Where a pull request goes."""

    ref: Ref
    sha: Sha = ""


class Pull(Part):
    """A pull request."""

    number: Number
    head: Head
    base: Base


class PullPayload(Payload):
    """Of `pull_request` and `pull_request_target`."""

    pull_request: Pull


class Group(Part):
    """Pull requests in a merge queue, merged on trial."""

    head_sha: Sha
    base_sha: Sha
    base_ref: Ref


class GroupPayload(Payload):
    """Of `merge_group`."""

    merge_group: Group


class PushPayload(Payload):
    """Of `push`; zeros stand where there is no commit: before a new branch, after a deleted one."""

    before: Sha | None = None
    after: Sha | None = None


class Run(Part):
    """A workflow run."""

    id: Number
    head_sha: Sha
    head_branch: Ref | None = None
    head_repository: Named | None = None
    event: Word
    conclusion: Word | None = None


class RunPayload(Payload):
    """Of `workflow_run`."""

    workflow_run: Run


P = TypeVar("P", bound=Payload)


def parse(path: str, model: type[P], kind: str) -> P:
    """Read the payload of an event of some kind.

    Raises:
        UserError: the file cannot be read, is no JSON object, or what is needed is missing or malformed; the sentence
            does not repeat what the payload holds.
    """
    try:
        return model.model_validate_json(_content(path))
    except ValidationError as error:
        raise UserError(_sentence(error, kind), hint=_HINT, code="MLCI520") from None


def _content(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UserError(
            f"The event's payload cannot be read: {error.strerror} ({path}).", hint=_HINT, code="MLCI520"
        ) from None
    if len(content) > LARGEST:
        raise UserError("The event's payload is larger than 25 MB.", hint=_HINT, code="MLCI520")
    return content


def _sentence(error: ValidationError, kind: str) -> str:
    """The first thing that is wrong."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "json_invalid":
        return f"The event's payload is not JSON: {first['ctx']['error']}."
    if not where:
        return "The event's payload is no JSON object."
    if first["type"] == "missing":
        return f"The payload of this `{kind}` event has no `{where}`."
    said = first["msg"]
    problem = first["ctx"]["error"] if first["type"] == "value_error" else f"is wrong: {said[0].lower()}{said[1:]}"
    return f"`{where}` in the payload of this `{kind}` event {problem}."
