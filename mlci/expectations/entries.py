"""From a parsed document to a suite: the keys of both, by the names of Great Expectations 1.x or 0.x."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast, get_args

from mlci.config.suggest import did_you_mean
from mlci.errors import Location, SuiteError
from mlci.expectations.catalog import RUNTIME
from mlci.expectations.contradictions import notices
from mlci.expectations.lint import lint
from mlci.expectations.suites import Expectation, Severity, Suite, frozen, raise_problems
from mlci.results import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.config.document import Document, Path

EXAMPLE = 'The least that a suite holds is {"name": "…", "expectations": [{"type": "…", "kwargs": {…}}]}.'

_SUITE_KEYS = ("name", "expectations", "suite_parameters", "meta", "notes", "id")
_OLD_SUITE_KEYS = {
    "expectation_suite_name": "name",
    "evaluation_parameters": "suite_parameters",
    "ge_cloud_id": "id",
    "data_asset_type": "",  # 0.x said what kind of table it was; 1.x does not ask
}
_KEYS = (
    "type",
    "kwargs",
    "severity",
    "meta",
    "notes",
    "description",
    "id",
    "expectation_context",
    "rendered_content",
    "success_on_last_run",
)
_OLD_KEYS = {"expectation_type": "type", "ge_cloud_id": "id"}
_OLD_KWARGS = frozenset(
    {
        "auto",
        "profiler_config",
        "parse_strings_as_datetimes",
        "allow_cross_type_comparisons",
        "output_strftime_format",
    }
)
"""Arguments of 0.x that 1.x has no more: without a value they changed nothing, with one they are refused."""


def read(document: Document, path: str) -> Suite:
    """The suite that a document holds.

    Raises:
        SuiteError: it is no suite, or holds expectations that Great Expectations would refuse or drop.
    """
    suite, problems = examine(document, path)
    raise_problems(problems)
    return replace(suite, notices=(*suite.notices, *notices(suite)))


def examine(document: Document, path: str) -> tuple[Suite, list[SuiteError]]:
    """The suite that a document holds as far as it can be read, and what Great Expectations would refuse or drop of it.

    Raises:
        SuiteError: it is no suite.
    """
    reader = _Reader(document, path)
    return reader.suite(), reader.problems


class _Reader:
    """Reads one document; collects its problems and whether it is of Great Expectations 0.x."""

    def __init__(self, document: Document, path: str) -> None:
        self.document = document
        self.path = path
        self.problems: list[SuiteError] = []
        self.old = False

    def suite(self) -> Suite:
        """The whole of it."""
        data = self.document.data
        top = Location(self.document.name, 1, 1)
        if not isinstance(data, dict):
            raise SuiteError(f"`{self.path}` is not a suite: it holds {_kind(data)}.", hint=EXAMPLE, location=top)
        keys = self._keys(data, (), _SUITE_KEYS, _OLD_SUITE_KEYS, "a suite")
        listed = keys.get("expectations")
        if not isinstance(listed, list):
            found = f"`expectations` is {_kind(listed)}" if "expectations" in keys else "it has no `expectations`"
            raise SuiteError(
                f"`{self.path}` is not a suite: {found}.",
                hint=EXAMPLE,
                location=self._where(("expectations",)),
            )
        name = keys.get("name")
        if name is not None and (not isinstance(name, str) or not name):
            self._problem("A suite's `name` is a text.", ("name",))
        parameters = self._mapping(keys, (), "suite_parameters")
        self._mapping(keys, (), "meta")
        expectations = [self._expectation(index, item, parameters) for index, item in enumerate(listed)]
        return Suite(
            name=str(name or PurePosixPath(self.path).stem),
            path=self.path,
            expectations=tuple(each for each in expectations if each is not None),
            parameters=parameters,
            notices=(self._notice(top),) if self.old else (),
        )

    def _expectation(self, index: int, item: Any, parameters: Mapping[str, Any]) -> Expectation | None:  # noqa: ANN401
        at: Path = ("expectations", index)
        if not isinstance(item, dict):
            self._problem(f"Expectation {index + 1} is {_kind(item)}, not a mapping with a `type`.", at, hint=EXAMPLE)
            return None
        keys = self._keys(item, at, _KEYS, _OLD_KEYS, "an expectation")
        kind = keys.get("type")
        if not isinstance(kind, str) or not kind:
            said = f"has {_kind(kind)} for a `type`" if "type" in keys else "has no `type`"
            self._problem(
                f"Expectation {index + 1} {said}.", at, hint='Name it, as in "type": "expect_column_to_exist".'
            )
            return None
        severity = keys.get("severity")
        if severity is not None and severity not in get_args(Severity):
            self._problem(
                f"The severity of `{kind}` is none that Great Expectations knows.",
                (*at, "severity"),
                hint=did_you_mean(str(severity)[:40], get_args(Severity)).strip(),
            )
        kwargs = self._mapping(keys, at, "kwargs")
        meta = self._mapping(keys, at, "meta")
        expectation = Expectation(
            type=kind,
            kwargs=MappingProxyType({key: each for key, each in kwargs.items() if not self._idle(key, each)}),
            severity=cast("Severity", severity if severity in get_args(Severity) else "critical"),
            meta=meta,
            location=self._where(at),
            id=str(keys.get("id") or ""),
            description=str(keys.get("description") or ""),
            notes=frozen(keys.get("notes") or ""),
            places=MappingProxyType({key: self._where((*at, "kwargs", key)) for key in kwargs}),
        )
        self.problems.extend(lint(expectation, parameters))
        return expectation

    def _idle(self, key: str, value: object) -> bool:
        """Whether an argument only says how to run, or is one of 0.x that was never set."""
        if key in _OLD_KWARGS and (value is None or value is False):
            self.old = True
            return True
        return key in RUNTIME

    def _keys(
        self, data: dict[str, Any], at: Path, known: tuple[str, ...], old: dict[str, str], what: str
    ) -> dict[str, Any]:
        """The keys by their names in 1.x; unknown ones are problems."""
        keys: dict[str, Any] = {}
        for key, value in data.items():
            if key in old:
                self.old = True
                if old[key] and old[key] not in data:
                    keys[old[key]] = value
            elif key in known:
                keys[key] = value
            else:
                self._problem(
                    f"`{key[:100]}` is not a key of {what}.", (*at, key), hint=did_you_mean(key, known).strip()
                )
        return keys

    def _mapping(self, keys: dict[str, Any], at: Path, key: str) -> Mapping[str, Any]:
        value = keys.get(key)
        if value is not None and not isinstance(value, dict):
            self._problem(f"`{key}` is {_kind(value)}, not a mapping of names to values.", (*at, key))
            return MappingProxyType({})
        return frozen(value or {})  # type: ignore[no-any-return] # a mapping stays one

    def _problem(self, message: str, at: Path, *, hint: str = "") -> None:
        self.problems.append(SuiteError(message, hint=hint, location=self._where(at)))

    def _where(self, at: Path) -> Location:
        is_key = bool(at) and isinstance(at[-1], str)
        return self.document.where(at, key=is_key) if at else Location(self.document.name, 1, 1)

    def _notice(self, top: Location) -> Finding:
        return Finding(
            code="MLCI111",
            severity="info",
            message=f"The suite `{self.path}` is written for Great Expectations 0.x and was read as one of 1.x.",
            hint="Rename expectation_suite_name to name, expectation_type to type, and evaluation_parameters to "
            "suite_parameters.",
            location=top,
        )


def _kind(value: object) -> str:
    """What a value is, in words, without the value."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    names: dict[type, str] = {dict: "a mapping", list: "a list", str: "a text", int: "a number", float: "a number"}
    return names.get(type(value), "something else")
