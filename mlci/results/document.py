"""The whole record, and its JSON form."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import ValidationError

from mlci.errors import UserError
from mlci.results.base import Finding, Name, Record, Text, Verdict
from mlci.results.data import DatasetResult
from mlci.results.models import ModelResult

VERSION = 1


class Commit(Record):
    """One side of the comparison."""

    sha: Name
    ref: Name = ""
    subject: Text = ""
    dirty: bool = False  # the working tree held changes that are in no commit
    merge: Name = ""  # the test merge with the base branch that was judged in its place, where there is one


class FileChange(Record):
    """A file of the diff between base and head."""

    path: Text
    added: int | None = None  # lines; None for binary files
    deleted: int | None = None


class Results(Record):
    """A whole run."""

    version: Literal[1] = 1
    mlci: Name
    verdict: Verdict
    head: Commit
    base: Commit | None = None
    datasets: dict[Name, DatasetResult] = {}
    models: dict[Name, ModelResult] = {}
    findings: tuple[Finding, ...] = ()
    files: tuple[FileChange, ...] = ()
    environment: dict[Name, Name] = {}
    timings: dict[Name, float] = {}

    def to_json(self) -> str:
        """The versioned JSON form, one value a line."""
        return json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Results:
        """Read results back, all of them checked.

        Raises:
            UserError: the text is not JSON, is of another version or does not fit the schema.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the document"
            raise UserError(
                f"These are no results of mlci (version {VERSION}): {where}: {first['msg']}.",
                hint="Results are written by `mlci run`; one of another version is rendered by that version of mlci.",
                code="MLCI411",
            ) from None


def json_schema() -> dict[str, Any]:
    """The JSON Schema of `results.json`, as `docs/results.schema.json` holds it."""
    schema = Results.model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "mlci results"
    return schema
