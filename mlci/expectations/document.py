"""The text of a suite as plain data, with the line and column of every key and every expectation.

JSON is what Great Expectations writes, and may hold hundreds of expectations: the standard library parses it, and a
scanner over its tokens finds the places. YAML gives the same data: a date stays the text that it is in JSON.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlci.config.document import Document
from mlci.errors import Location, SuiteError

if TYPE_CHECKING:
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import Node

    from mlci.config.document import Path

MAX_NODES = 1_000_000  # YAML aliases that multiply would fill the memory before anything is checked
MAX_DEPTH = 50
PLACED = 4  # ("expectations", 3, "kwargs", "column"): what lies deeper has the place of what holds it


def parse(text: str, name: str) -> Document:
    """Parse the text of a suite; a name that ends in neither .json, .yml nor .yaml is told by its first character.

    Raises:
        SuiteError: it is no JSON or YAML, a key stands twice, or a number is not finite.
    """
    lower = name.lower()
    if lower.endswith((".yml", ".yaml")):
        return _parse_yaml(text, name)
    if lower.endswith(".json") or text.lstrip()[:1] in ("{", "["):
        return _parse_json(text, name)
    return _parse_yaml(text, name)


def _twice(key: str, place: Location) -> SuiteError:
    return SuiteError(
        f"The key `{key}` stands twice in the same place.",
        hint="Only one of the two would count: remove the other.",
        location=place,
    )


def _not_finite(place: Location) -> SuiteError:
    return SuiteError(
        "A number of the suite is not finite.",
        hint="NaN and infinity compare with nothing: leave the bound out instead.",
        location=place,
    )


def _too_deep(name: str) -> SuiteError:
    return SuiteError(
        "This suite is nested too deeply to be read.",
        hint="A suite is a list of expectations, each with its kwargs.",
        location=Location(name),
    )


# --- JSON --------------------------------------------------------------------------------------------------------

_WORD = re.compile(r'[{}\[\],]|"(?:[^"\\]|\\.)*"|[^\s{}\[\],:"]+', re.DOTALL)
_CONSTANTS = frozenset({"NaN", "Infinity", "-Infinity"})


def _parse_json(text: str, name: str) -> Document:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise SuiteError(
            f"This is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}.",
            hint="Check the commas and the quotes there and on the line above.",
            location=Location(name, error.lineno, error.colno),
        ) from None
    except RecursionError:
        raise _too_deep(name) from None
    except ValueError:
        raise SuiteError("This is not valid JSON: a number has too many digits.", location=Location(name)) from None
    _require_plain(data, name)
    document = Document(name, data)
    scanner = _Scanner(document, [0, *(found.end() for found in re.finditer("\n", text))])
    for found in _WORD.finditer(text):
        scanner.read(found[0], found.start())
    return document


def _require_plain(data: object, name: str) -> None:
    """Refuse JSON that nests deeper than any suite does, and halves of characters, which no file can hold."""
    waiting = [(data, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise _too_deep(name)
        if isinstance(value, dict):
            waiting += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            waiting += [(part, depth + 1) for part in value]
        elif isinstance(value, str) and not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise SuiteError(
                    "A text of this suite holds half a character.",
                    hint=r"An escape such as \ud800 needs its other half: write the character itself.",
                    location=Location(name),
                ) from None


@dataclass(slots=True)
class _Open:
    """An object or an array that the scanner is inside of; `at` is its current key (None before one) or index."""

    path: Path
    at: str | int | None
    seen: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Scanner:
    """Notes the places of the keys and values of valid JSON, and refuses what `json.loads` lets pass."""

    document: Document
    lines: list[int]
    inside: list[_Open] = field(default_factory=list)

    def read(self, word: str, offset: int) -> None:
        """Take the next word: a bracket, a comma, a text or a number; colons are left out."""
        holder = self.inside[-1] if self.inside else None
        if holder is None:
            self.value(word, offset, ())
        elif word == ",":
            holder.at = holder.at + 1 if isinstance(holder.at, int) else None
        elif word in "}]":
            self.inside.pop()
        elif holder.at is None:
            self.key(json.loads(word), offset, holder)
        else:
            self.value(word, offset, (*holder.path, holder.at))

    def key(self, key: str, offset: int, holder: _Open) -> None:
        if key in holder.seen:
            raise _twice(key, self.place(offset))
        holder.seen.add(key)
        holder.at = key
        if len(holder.path) < PLACED:
            self.document.keys[(*holder.path, key)] = self.place(offset)

    def value(self, word: str, offset: int, path: Path) -> None:
        if word in _CONSTANTS:
            raise _not_finite(self.place(offset))
        if len(path) <= PLACED:
            self.document.values[path] = self.place(offset)
        if word in "{[":
            self.inside.append(_Open(path, None if word == "{" else 0))

    def place(self, offset: int) -> Location:
        line = bisect_right(self.lines, offset)
        return Location(self.document.name, line, offset - self.lines[line - 1] + 1)


# --- YAML --------------------------------------------------------------------------------------------------------

_TAG = "tag:yaml.org,2002:"


def _parse_yaml(text: str, name: str) -> Document:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    yaml = YAML(typ="safe", pure=True)
    try:
        root = yaml.compose(text)
        document = Document(name, None)
        data = _Builder(yaml, document).build(root, (), 0)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SuiteError(
            f"This is not valid YAML: {(error.problem or 'it cannot be read').splitlines()[0]}.",
            hint="Check the indentation and the quotes there and on the line above.",
            location=Location(name, mark.line + 1, mark.column + 1) if mark else Location(name),
        ) from None
    except RecursionError:
        raise _too_deep(name) from None
    except (YAMLError, ValueError):
        raise SuiteError(
            "This is not valid YAML: it holds a character or a number that cannot be read.",
            location=Location(name),
        ) from None
    return Document(name, data, document.keys, document.values)


@dataclass(slots=True)
class _Builder:
    """Turns a composed YAML document into the plain data that JSON would give."""

    yaml: YAML
    document: Document
    built: int = 0

    def build(self, node: Node | None, path: Path, depth: int) -> Any:  # noqa: ANN401 - whatever the document holds
        from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

        if node is None:
            return None
        place = Location(self.document.name, node.start_mark.line + 1, node.start_mark.column + 1)
        self.built += 1
        if self.built > MAX_NODES or depth > MAX_DEPTH:
            raise SuiteError(
                "This suite is too large or too deep once its aliases are followed.",
                hint="Write the repeated parts out, without anchors that hold other anchors.",
                location=place,
            )
        if depth <= PLACED:
            self.document.values[path] = place
        if isinstance(node, MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, SequenceNode):
            return [self.build(item, (*path, at), depth + 1) for at, item in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            return self._scalar(node, place)
        raise SuiteError("This part of the suite cannot be read.", location=place)  # pragma: no cover

    def _mapping(self, node: Node, path: Path, depth: int) -> dict[str, Any]:
        from ruamel.yaml.nodes import ScalarNode

        data: dict[str, Any] = {}
        for key, value in node.value:
            place = Location(self.document.name, key.start_mark.line + 1, key.start_mark.column + 1)
            if not isinstance(key, ScalarNode) or key.tag == f"{_TAG}merge":
                raise SuiteError(
                    "A suite's keys are plain words: lists, mappings and merge keys (<<) are not.",
                    hint="Write the keys out.",
                    location=place,
                )
            if key.value in data:
                raise _twice(key.value, place)
            inner = (*path, key.value)
            if depth < PLACED:
                self.document.keys[inner] = place
            data[key.value] = self.build(value, inner, depth + 1)
        return data

    def _scalar(self, node: Node, place: Location) -> str | int | float | bool | None:
        construct = self.yaml.constructor
        tag = str(node.tag)
        kind = tag.removeprefix(_TAG)
        if kind in ("str", "timestamp"):  # JSON has no dates, and Great Expectations reads them from text
            return str(node.value)
        if kind == "null":
            return None
        if kind == "bool":
            return bool(construct.construct_yaml_bool(node))
        if kind == "int":
            return int(construct.construct_yaml_int(node))
        if kind == "float":
            number = float(construct.construct_yaml_float(node))
            if not math.isfinite(number):
                raise _not_finite(place)
            return number
        raise SuiteError(
            f"The tag {tag.replace(_TAG, '!!')} has no meaning in a suite.",
            hint="A suite holds text, numbers, true, false, null, lists and mappings.",
            location=place,
        )
