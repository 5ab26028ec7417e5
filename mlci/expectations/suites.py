"""Suites of expectations: from a JSON or YAML file, or out of a Great Expectations project on disk, to frozen types.

Great Expectations itself logs and drops what it does not understand, so everything is checked here first, each problem
with its line and column, and without importing it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from mlci.config.data import GxSuite
from mlci.config.suggest import did_you_mean
from mlci.errors import Location, SuiteError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlci.config.document import Document
    from mlci.results import Finding

Severity = Literal["critical", "warning", "info"]


def nothing() -> Mapping[str, Any]:
    """An empty mapping that cannot change."""
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One expectation of a suite.

    `kwargs` are its arguments, without those that only say how to run (`result_format`, `catch_exceptions`); lists in
    them are tuples. `id` is the file's own, or empty. `places` holds where each argument's key stands.
    """

    type: str
    kwargs: Mapping[str, Any] = field(default_factory=nothing)
    severity: Severity = "critical"
    meta: Mapping[str, Any] = field(default_factory=nothing)
    location: Location
    id: str = ""
    description: str = ""
    notes: str | tuple[str, ...] = ""
    places: Mapping[str, Location] = field(default_factory=nothing, compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is about, in the order of its arguments; none for one of the whole table."""
        named = (self.kwargs.get(key) for key in ("column", "column_A", "column_B"))
        listed = self.kwargs.get("column_list")
        several = listed if isinstance(listed, tuple) and not self.type.startswith("expect_table_") else ()
        return tuple(name for name in (*named, *several) if isinstance(name, str))

    def where(self, key: str) -> Location:
        """The place of an argument, or of the expectation where the argument has none."""
        return self.places.get(key, self.location)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A named list of expectations; `parameters` are the values of `$PARAMETER`s, `path` is relative to the root."""

    name: str
    path: str
    expectations: tuple[Expectation, ...]
    parameters: Mapping[str, Any] = field(default_factory=nothing)
    notices: tuple[Finding, ...] = ()


class SuiteProblemsError(SuiteError):
    """Several problems of one suite: the first one's message, and each as its own error in `problems`."""

    def __init__(self, problems: Iterable[SuiteError]) -> None:
        self.problems = tuple(problems)
        first, more = self.problems[0], len(self.problems) - 1
        also = f" ({more} more {'problem' if more == 1 else 'problems'} in this suite)" if more else ""
        super().__init__(f"{first.message}{also}", hint=first.hint, location=first.location)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def raise_problems(problems: list[SuiteError]) -> None:
    """Raise what was found: nothing, the one error, or all of them as one, in the order of the file."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        places = [problem.location or Location("") for problem in problems]
        order = sorted(range(len(problems)), key=lambda at: (places[at].line or 0, places[at].column or 0))
        raise SuiteProblemsError(problems[at] for at in order)


def load(suite: str | GxSuite, *, root: Path, location: Location | None = None) -> Suite:
    """Read a suite.

    Args:
        suite: a JSON or YAML file's path relative to `root`, or a suite of a Great Expectations project.
        root: the folder that paths are relative to.
        location: where the suite is named, for errors about a missing file.

    Raises:
        SuiteError: it is missing, cannot be read, or holds what Great Expectations would refuse or drop. Several
            problems come together, as `SuiteProblemsError`.
    """
    from mlci.expectations.entries import read

    return read(*_parsed(suite, root, location))


def examine(suite: str | GxSuite, *, root: Path, location: Location | None = None) -> tuple[Suite, list[SuiteError]]:
    """Read a suite as far as that is possible; what `load` would raise of its expectations comes beside it.

    Args:
        suite: as for `load`.
        root: as for `load`.
        location: as for `load`.

    Raises:
        SuiteError: it is missing, cannot be read, or is no suite.
    """
    from mlci.expectations.entries import examine

    return examine(*_parsed(suite, root, location))


def _parsed(suite: str | GxSuite, root: Path, location: Location | None) -> tuple[Document, str]:
    from mlci.expectations.document import parse

    path = _in_project(suite, root, location) if isinstance(suite, GxSuite) else root / suite
    shown = _shown(path, root)
    return parse(_text(path, shown, location), shown), shown


def frozen(value: Any) -> Any:  # noqa: ANN401 - whatever a suite holds
    """Plain data that cannot change: mappings are read-only, lists are tuples."""
    if isinstance(value, Mapping):
        return MappingProxyType({str(key): frozen(each) for key, each in value.items()})
    if isinstance(value, list | tuple):
        return tuple(frozen(each) for each in value)
    return value


def thawed(value: Any) -> Any:  # noqa: ANN401 - whatever a suite holds
    """The plain dicts and lists behind `frozen` data, fresh."""
    if isinstance(value, Mapping):
        return {key: thawed(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [thawed(each) for each in value]
    return value


# --- where a suite lies ------------------------------------------------------------------------------------------


def _shown(path: Path, root: Path) -> str:
    """The path as people wrote it: relative to the root where it lies below it."""
    normal = Path(os.path.normpath(path))
    top = Path(os.path.normpath(root))
    return (normal.relative_to(top) if normal.is_relative_to(top) else normal).as_posix()


def _text(path: Path, shown: str, location: Location | None) -> str:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        near = sorted(each.name for each in _files(path.parent) if each.suffix.lower() in (".json", ".yml", ".yaml"))
        hint = did_you_mean(path.name, near).strip() or "Write it, or correct the path: it is relative to the root."
        raise SuiteError(f"The suite `{shown}` does not exist.", hint=hint, location=location) from None
    except UnicodeDecodeError:
        raise SuiteError(
            f"The suite `{shown}` is not UTF-8 text.",
            hint="A suite is a JSON or YAML file: save it as UTF-8.",
            location=location,
        ) from None
    except OSError as error:
        raise SuiteError(
            f"The suite `{shown}` cannot be read: {(error.strerror or type(error).__name__).lower()}.",
            hint="A suite is one JSON or YAML file.",
            location=location,
        ) from None
    if not text.strip():
        raise SuiteError(
            f"The suite `{shown}` is empty.",
            hint='The least that a suite holds is {"name": "…", "expectations": [{"type": "…", "kwargs": {…}}]}.',
            location=location,
        )
    return text


def _files(folder: Path) -> list[Path]:
    try:
        return [each for each in folder.iterdir() if each.is_file()]
    except OSError:
        return []


def _in_project(suite: GxSuite, root: Path, location: Location | None) -> Path:
    """The file of a suite of a Great Expectations project: in its expectations store, dots of the name are folders."""
    top = root / suite.project
    homes = [home for home in (top, top / "gx") if (home / "great_expectations.yml").is_file()]
    if not homes:
        raise SuiteError(
            f"`{suite.project}` is not a Great Expectations project: it holds no great_expectations.yml.",
            hint="Give the folder that holds great_expectations.yml, or the one that holds gx/.",
            location=location,
        )
    parts = suite.name.split(".")
    if not all(parts) or any(separator in suite.name for separator in "/\\"):
        raise SuiteError(
            f"`{suite.name}` is not the name of a suite.",
            hint="It is the suite's name in the project, without folders and without an ending.",
            location=location,
        )
    store = homes[0] / _store(homes[0], root)
    path = store.joinpath(*parts[:-1], f"{parts[-1]}.json")
    if not path.is_file():
        names = sorted(".".join(each.relative_to(store).with_suffix("").parts) for each in store.rglob("*.json"))
        raise SuiteError(
            f"The project `{suite.project}` has no suite named `{suite.name}`.",
            hint=did_you_mean(suite.name, names).strip() or "It has no suites yet: context.suites.add(…) writes one.",
            location=location,
        )
    return path


def _store(home: Path, root: Path) -> str:
    """The folder of the project's expectations store: its own setting, or Great Expectations' default."""
    from mlci.expectations.document import parse

    file = home / "great_expectations.yml"
    shown = _shown(file, root)
    data = parse(_text(file, shown, None), shown).data
    settings = data if isinstance(data, dict) else {}
    for key in ("stores", str(settings.get("expectations_store_name", "expectations_store")), "store_backend"):
        inner = settings.get(key)
        settings = inner if isinstance(inner, dict) else {}
    return str(settings.get("base_directory") or "expectations")
