"""GitHub's OpenAPI description: requests and answers are held to it, and its examples are where answers begin."""

from __future__ import annotations

import json
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from openapi_core import OpenAPI

    from github_api.traffic import Answer, Incoming

FILE = Path(__file__).parents[3] / ".venv/npm/node_modules/@octokit/openapi/generated/api.github.com.json"
HOST = "https://api.github.com"

_EVERYWHERE = ("401", "403", "404", "410", "422", "429")  # errors that GitHub answers and does not always describe
_LOCK = threading.Lock()  # one description, several servers
_ERROR = 400  # GitHub's errors tell more than is described
_LONGEST = 200  # characters of a reason


@cache
def _document() -> dict[str, Any]:
    if not FILE.is_file():
        raise FileNotFoundError(f"There is no {FILE}: `make .venv/npm/.ready` gets GitHub's description of its API.")
    document: dict[str, Any] = json.loads(FILE.read_bytes())
    for name in ("pull-request", "pull-request-simple"):  # the repository of a pull request's head may be gone
        head = document["components"]["schemas"][name]["properties"]["head"]
        head["properties"]["repo"] = {"$ref": "#/components/schemas/nullable-repository"}
    return document


@cache
def example(name: str) -> str:
    """One of the description's examples, as JSON."""
    return json.dumps(_document()["components"]["examples"][name]["value"])


@cache
def description(operations: frozenset[tuple[str, str]]) -> Description:
    """The part of the description that covers these operations, each a method and a path's template."""
    with _LOCK:
        return Description(operations)


class Description:
    """What GitHub says of some operations, and whether requests and answers fit it."""

    def __init__(self, operations: frozenset[tuple[str, str]]) -> None:
        from openapi_core import Config, OpenAPI

        self._cut = _cut(_document(), operations)
        self._openapi: OpenAPI = OpenAPI.from_dict(self._cut, config=Config(spec_validator_cls=None))

    def request_faults(self, template: str, place: str, incoming: Incoming) -> list[str]:
        """Where a request does not fit; `place` is its path with what fills each parameter quoted, slashes too."""
        operation = self._operation(template, incoming.method)
        content = operation.get("requestBody", {}).get("content", {})
        reasons = self._tried(lambda: self._openapi.validate_request(_request(place, incoming)))
        known = {self._resolved(each)["name"] for each in operation.get("parameters", ())}
        reasons += [f"unknown query parameter {name}" for name in incoming.query if name not in known]
        if incoming.body and not content:
            reasons.append("a body where there is none")
        for media in content.values():
            reasons += [f"unknown field {name}" for name in self._unknown(media["schema"], incoming.json, "")]
        return reasons

    def answer_faults(self, template: str, place: str, incoming: Incoming, answer: Answer) -> list[str]:
        """Where an answer does not fit."""
        from openapi_core.testing import MockResponse

        response = MockResponse(answer.body, answer.status, dict(answer.headers), answer.media if answer.body else "")
        reasons = self._tried(lambda: self._openapi.validate_response(_request(place, incoming), response))
        described = self._operation(template, incoming.method)["responses"].get(str(answer.status), {})
        media = self._resolved(described).get("content", {}).get("application/json")
        if media and answer.status < _ERROR:
            reasons += [f"unknown field {name}" for name in self._unknown(media["schema"], answer.content, "")]
        return reasons

    def _operation(self, template: str, method: str) -> dict[str, Any]:
        operation: dict[str, Any] = self._cut["paths"][template][method.lower()]
        return operation

    def _resolved(self, node: Mapping[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            node = _at(self._cut, node["$ref"])
        return dict(node)

    def _tried(self, check: Any) -> list[str]:
        from openapi_core.exceptions import OpenAPIError

        with _LOCK:
            try:
                check()
            except OpenAPIError as error:
                return list(_reasons(error))
        return []

    def _unknown(self, schema: Mapping[str, Any], value: Any, place: str) -> Iterator[str]:
        """Fields that no alternative of the schema names; a schema that names none takes any."""
        alternatives = list(self._alternatives(schema))
        if isinstance(value, list):
            items = [each["items"] for each in alternatives if "items" in each]
            for number, each in enumerate(value):
                if items:
                    yield from self._unknown({"anyOf": items}, each, f"{place}[{number}]")
        if isinstance(value, dict):
            objects = [each for each in alternatives if "properties" in each]
            known = {name for each in objects for name in each["properties"]}
            is_open = not known or any(isinstance(each.get("additionalProperties"), dict) for each in alternatives)
            for name, each in value.items():
                where = f"{place}.{name}".lstrip(".")
                if name in known:
                    some = [other["properties"][name] for other in objects if name in other["properties"]]
                    yield from self._unknown({"anyOf": some}, each, where)
                elif not is_open:
                    yield where

    def _alternatives(self, schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        schema = self._resolved(schema)
        yield schema
        for word in ("anyOf", "oneOf", "allOf"):
            for each in schema.get(word, ()):
                yield from self._alternatives(each)


def _request(place: str, incoming: Incoming) -> Any:
    from openapi_core.testing import MockRequest

    return MockRequest(
        HOST, incoming.method, place, args=dict(incoming.query), headers=dict(incoming.headers),
        data=incoming.body or None, content_type=incoming.headers.get("content-type", ""),
    )  # fmt: skip


def _reasons(error: Exception) -> Iterator[str]:
    """What is wrong, without the values that are wrong: they are long."""
    cause: BaseException | None = error
    while cause is not None:
        details = list(getattr(cause, "schema_errors", ()))
        if details:
            for each in details:
                where = ".".join(str(part) for part in each.absolute_path) or "body"
                yield f"{where}: {_told(each)}"
            return
        last, cause = cause, cause.__cause__ or cause.__context__
    yield f"{type(error).__name__}: {str(last)[:_LONGEST]}"


def _told(error: Any) -> str:
    if error.validator == "maxLength":
        return f"Only {error.validator_value} characters are allowed; {len(error.instance)} were supplied."
    if error.validator == "maxItems":
        return f"No more than {error.validator_value} items are allowed; {len(error.instance)} were supplied."
    return str(error.message if len(error.message) <= _LONGEST else error.validator)


def _cut(document: dict[str, Any], operations: frozenset[tuple[str, str]]) -> dict[str, Any]:
    """The description of some operations and of what they speak of: the whole takes long to build."""
    paths: dict[str, Any] = {}
    for method, template in sorted(operations):
        operation = dict(document["paths"][template][method.lower()])
        error = {
            "description": "",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/basic-error"}}},
        }
        operation["responses"] = {**dict.fromkeys(_EVERYWHERE, error), **operation["responses"]}
        paths.setdefault(template, {})[method.lower()] = operation
    cut = {"openapi": document["openapi"], "info": document["info"], "servers": [{"url": HOST}], "paths": paths}
    cut = _bare(cut)
    components: dict[str, Any] = {}
    todo = list(_references(cut))
    while todo:
        kind, name = todo.pop().split("/")[2:]
        if name not in components.setdefault(kind, {}):
            components[kind][name] = _bare(document["components"][kind][name])
            todo += _references(components[kind][name])
    return {**cut, "components": components}


def _bare(node: Any) -> Any:
    """Without examples, which are long, and with what the validator and GitHub understand in different ways."""
    if isinstance(node, list):
        return [_bare(each) for each in node]
    if not isinstance(node, dict):
        return node
    bare = {key: _bare(value) for key, value in node.items() if not _is_left_out(key, value)}
    if bare.get("nullable") is True and None not in bare.get("enum", (None,)):
        bare["enum"] = [*bare["enum"], None]  # GitHub means null to be one of them
    return bare


def _is_left_out(key: str, value: Any) -> bool:
    is_discriminator = key == "discriminator" and isinstance(value, dict) and "propertyName" in value  # not of a list
    return is_discriminator or (key == "examples" and "$ref" in json.dumps(value))


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _at(document: Mapping[str, Any], reference: str) -> Any:
    node: Any = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node
