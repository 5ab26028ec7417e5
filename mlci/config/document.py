"""The text of a configuration as plain data, with the line and column of every key and value."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlci.errors import ConfigError, Location

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

Path = tuple[str | int, ...]

MAX_NODES = 50_000  # aliases that multiply would fill the memory before anything is validated
MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed configuration; `keys` and `values` hold the places of what stands at a path."""

    name: str
    data: Any
    keys: dict[Path, Location] = field(default_factory=dict)
    values: dict[Path, Location] = field(default_factory=dict)

    def where(self, path: Path, *, key: bool = False) -> Location:
        """The place of the value at `path` (or of its key), or of the nearest thing that holds it."""
        places = [self.keys, self.values] if key else [self.values, self.keys]
        for end in range(len(path), -1, -1):
            for known in places:
                if path[:end] in known:
                    return known[path[:end]]
        return Location(self.name)


def parse_yaml(text: str, name: str) -> Document:
    """Parse YAML 1.2.

    Raises:
        ConfigError: it is no YAML, a key stands twice, or aliases multiply without bound.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        root = YAML(typ="safe", pure=True).compose(text)
        document = Document(name, None)
        _Places(document).visit(root, (), 0)
        data = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Location(name, mark.line + 1, mark.column + 1) if mark else Location(name)
        problem = (error.problem or error.context or "it cannot be read").split("\n")[0]
        raise ConfigError(
            f"This is not valid YAML: {problem}.",
            hint="Check the indentation and the quotes on that line and on the one above it.",
            location=place,
        ) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"This is not valid YAML: {str(error).split(chr(10))[0]}.",
            hint="Check that the file is UTF-8 text.",
            location=Location(name),
        ) from None
    return Document(name, data, document.keys, document.values)


class _Places:
    """Collects the places of a composed document's keys and values."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen = 0

    def visit(self, node: Node | None, path: Path, depth: int) -> None:
        from ruamel.yaml.nodes import MappingNode, SequenceNode

        if node is None:
            return
        self.seen += 1
        if self.seen > MAX_NODES or depth > MAX_DEPTH:
            raise ConfigError(
                "This document is too large or too deep once its aliases are followed.",
                hint="Write the repeated parts out, without anchors that hold other anchors.",
                location=self.place(node),
            )
        self.document.values[path] = self.place(node)
        if isinstance(node, MappingNode):
            for key, value in node.value:
                inner = (*path, str(key.value))
                self.document.keys[inner] = self.place(key)
                self.visit(value, inner, depth + 1)
        elif isinstance(node, SequenceNode):
            for index, item in enumerate(node.value):
                self.visit(item, (*path, index), depth + 1)

    def place(self, node: Node) -> Location:
        return Location(self.document.name, node.start_mark.line + 1, node.start_mark.column + 1)


# --- TOML: the standard library parses it, and gives no places ---------------------------------------------------

_HEADER = re.compile(r"^\s*\[\[?\s*(?P<keys>[^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED = re.compile(rf"{_KEY}(?:\s*\.\s*{_KEY})*")
_ASSIGNED = re.compile(rf"(?P<keys>{_DOTTED.pattern})\s*=\s*")


def parse_toml(text: str, name: str, table: Path = ("tool", "mlci")) -> Document | None:
    """Parse one table of a TOML file; None where the file does not hold it.

    Keys are found line by line, so the place of an entry inside an array is that of the array's key.

    Raises:
        ConfigError: it is no TOML.
    """
    try:
        data: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        place = Location(name, int(found[1]), int(found[2])) if found else Location(name)
        raise ConfigError(f"This is not valid TOML: {str(error).split(' (at ')[0]}.", location=place) from None
    for key in table:
        if not isinstance(data, dict) or key not in data:
            return None
        data = data[key]
    document = Document(name, data)
    current: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            current = _split(header["keys"])
            _note(document, current, table, Location(name, number, line.index("[") + 1))
            continue
        opened: list[Path] = []
        for found in _ASSIGNED.finditer(line.split("#")[0]):
            before = line[: found.start()]
            depth = before.count("{") - before.count("}")
            del opened[depth:]
            path = (*(opened[-1] if opened else current), *_split(found["keys"]))
            opened.append(path)
            _note(document, path, table, Location(name, number, found.start() + 1))
    return document


def _split(dotted: str) -> Path:
    return tuple(part.strip("\"' ") for part in re.findall(_KEY, dotted))


def _note(document: Document, path: Path, table: Path, place: Location) -> None:
    for end in range(len(table), len(path) + 1):
        if path[: len(table)] == table:
            document.keys.setdefault(path[len(table) : end], place)
