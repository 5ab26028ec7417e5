"""From `mlci.yml`, or `[tool.mlci]` in `pyproject.toml`, to a `Config`: every error at once, with its place."""

from __future__ import annotations

import contextlib
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mlci.config.base import HINT
from mlci.config.check import check
from mlci.config.data import Dataset
from mlci.config.document import parse_toml, parse_yaml
from mlci.config.models import Config, ModelConfig
from mlci.config.suggest import did_you_mean
from mlci.errors import ConfigError, Location

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from mlci.config.document import Document
    from mlci.config.document import Path as Keys

NAMES = ("mlci.yml", "mlci.yaml")
MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration and the document that it stands in."""

    config: Config
    document: Document

    def where(self, *path: str | int) -> Location:
        """The place of a value, for findings."""
        return self.document.where(path)


def load(root: Path, name: str | None = None) -> Loaded:
    """Read the configuration of the repository at `root`.

    Args:
        root: The repository's folder.
        name: A file, relative to `root`; none: `mlci.yml`, else `[tool.mlci]` in `pyproject.toml`.

    Raises:
        ConfigError: there is none, or something is wrong with it; `problems` holds all that is wrong.
    """
    document = _find(root, name)
    if not isinstance(document.data, dict) or not document.data:
        what = "is empty" if not document.data else f"holds {_kind(document.data)}, not keys with values"
        raise ConfigError(
            f"The configuration {what}.",
            hint="Start it with `version: 1` and `datasets:`; `mlci init` writes one for you.",
            location=Location(document.name),
        )
    try:
        config = Config.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError.of([*_problems(error, document), *check(_valid_part(document), document)]) from None
    problems = check(config, document)
    if problems:
        raise ConfigError.of(problems)
    return Loaded(config, document)


def _valid_part(document: Document) -> Config:
    """The datasets and models that are valid by themselves, so that what they refer to is checked as well."""
    datasets, entries = (document.data.get(section) for section in ("datasets", "models"))
    models = {}
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        with contextlib.suppress(ValidationError):  # reported already
            models[str(name)] = ModelConfig.model_validate(entry)
    names = datasets if isinstance(datasets, dict) else ()
    return Config.model_construct(version=1, datasets={str(name): Dataset(path="-") for name in names}, models=models)


def _find(root: Path, name: str | None) -> Document:
    candidates = [name] if name else [each for each in NAMES if (root / each).is_file()]
    pyproject = root / "pyproject.toml"
    if not name and pyproject.is_file():
        inner = parse_toml(_text(pyproject, "pyproject.toml"), "pyproject.toml")
        if inner is not None and candidates:
            raise ConfigError(
                f"Both {candidates[0]} and [tool.mlci] in pyproject.toml configure mlci.",
                hint="Keep one of the two, or say which with --config.",
                location=inner.where((), key=True),
            )
        if inner is not None:
            return inner
    if not candidates:
        raise ConfigError(
            "There is no mlci.yml here, and no [tool.mlci] in a pyproject.toml.",
            hint="Run `mlci init` to write one, or say where it is with --config.",
            location=Location("mlci.yml"),
        )
    path = root / candidates[0]
    text = _text(path, candidates[0])
    if path.suffix != ".toml":
        return parse_yaml(text, candidates[0])
    table = parse_toml(text, candidates[0])
    if table is None:
        raise ConfigError("There is no [tool.mlci] in this file.", location=Location(candidates[0]))
    return table


def _text(path: Path, name: str) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError("The configuration is larger than 1 MiB.", location=Location(name))
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"The configuration is not UTF-8 text (byte {error.start}).",
            hint="Save it as UTF-8.",
            location=Location(name),
        ) from None
    except OSError as error:
        raise ConfigError(
            f"The configuration cannot be read: {error.strerror}.",
            hint="Say where it is with --config, or run `mlci init` to write one.",
            location=Location(name),
        ) from None


# --- pydantic's errors, in a user's words ------------------------------------------------------------------------


def _problems(error: ValidationError, document: Document) -> list[ConfigError]:
    found: dict[tuple[Keys, str], ConfigError] = {}
    for detail in error.errors(include_url=False):
        path, tags, value = _locate(detail, document.data)
        if any(_other_branch(tag, value) for tag in tags):
            continue
        problem = _problem(detail, path, document)
        found.setdefault((path, problem.message), problem)
    return list(found.values()) or [ConfigError(str(error).split("\n")[0], location=Location(document.name))]


def _locate(detail: ErrorDetails, data: Any) -> tuple[Keys, list[str], Any]:  # noqa: ANN401 - any document
    """A path in the document, the tags of unions that pydantic put between, and the value that is there."""
    loc, names_key = detail["loc"], detail["type"] in ("missing", "extra_forbidden")
    path: list[str | int] = []
    tags: list[str] = []
    for index, part in enumerate(loc):
        held = data if isinstance(data, dict) else dict(enumerate(data)) if isinstance(data, list) else {}
        if part in held:
            data = held[part]
        elif index + 1 < len(loc) or not names_key:
            tags.append(str(part))
            continue
        path.append(part)
    return tuple(path), tags, data


def _other_branch(tag: str, value: Any) -> bool:  # noqa: ANN401 - any document
    """Whether a union's branch is of another kind than what was written, and its complaint beside the point."""
    if isinstance(value, dict):
        return tag in ("str", "int", "float", "bool")
    return tag == "GxSuite" and isinstance(value, str)


def _problem(detail: ErrorDetails, path: Keys, document: Document) -> ConfigError:
    name = _dotted(path)
    holder = _dotted(path[:-1])
    inside = f" in {holder}" if holder else ""
    kind, last = detail["type"], str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        hint = did_you_mean(last, _keys_at(path[:-1])).strip()
        return ConfigError(
            f"'{last}' is no key that mlci knows{inside}.", hint=hint, location=document.where(path, key=True)
        )
    if kind == "missing":
        return ConfigError(
            f"'{last}' is missing{inside}.",
            hint="`mlci schema` prints all keys with their meaning.",
            location=document.where(path[:-1], key=True),
        )
    if kind == "string_pattern_mismatch":
        return ConfigError(
            f"{name}: {_shown(detail['input'])} {_pattern_words(str(detail['ctx']['pattern']))}.",
            location=document.where(path),
        )
    message, _, hint = detail["msg"].removeprefix("Value error, ").partition(HINT)
    if kind != "value_error":
        message = message.replace("a valid tuple", "a list").replace("a valid dictionary", "keys with values")
        message = f"{message[0].lower()}{message[1:]}, and this is {_shown(detail['input'])}"
    return ConfigError(f"{name or 'The configuration'}: {message}.", hint=hint, location=document.where(path))


def _pattern_words(pattern: str) -> str:
    if ":" in pattern:
        return "should be module:function, as in pipeline:boosted"
    return "is no name: use letters, digits, '_', '-' and '.', at most 64"


def _shown(value: Any) -> str:  # noqa: ANN401 - any document
    if value is None:
        return "empty"
    return _kind(value) if isinstance(value, dict | list) else f"'{str(value)[:60]}'"


def _kind(value: Any) -> str:  # noqa: ANN401 - any document
    if isinstance(value, dict):
        return "keys with values"
    return "a list" if isinstance(value, list) else "text" if isinstance(value, str) else f"'{value}'"


def _dotted(path: Keys) -> str:
    return ".".join(str(part) for part in path)


def _keys_at(path: Keys) -> list[str]:
    """The keys that the configuration may have at a path."""
    models: list[type[BaseModel]] = [Config]
    for part in path:
        inner: list[type[BaseModel]] = []
        for model in models:
            known = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
            inner += _models_in(known.get(str(part)) if known else None)
        if not inner:  # a name of the user's own, as in datasets.NAME: its models are already those of the value
            continue
        models = inner
    return [info.alias or name for model in models for name, info in model.model_fields.items()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401 - a type form
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (dict, tuple, Union, types.UnionType) or get_args(annotation):
        return [model for inner in get_args(annotation) for model in _models_in(inner)]
    return []


def schema() -> dict[str, Any]:
    """The JSON Schema of `mlci.yml`, for editors."""
    document = Config.model_json_schema()
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    document["title"] = "mlci.yml"
    return document
