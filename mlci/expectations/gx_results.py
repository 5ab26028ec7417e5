"""Great Expectations' results, read without a value of the data: counts, and errors in mlci's own words."""

from __future__ import annotations

import builtins
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlci.expectations import catalog
from mlci.expectations.absent import absent
from mlci.expectations.conditions import columns
from mlci.expectations.judge import Observation

if TYPE_CHECKING:
    from mlci.expectations.suites import Expectation

LEFT_OUT = "Great Expectations left it out"

_VALUES = re.compile(r"^(partial_)?unexpected_(list|index_list|counts|rows|index_query)$")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_RAISED = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)", re.MULTILINE)
_PACKAGES = (
    *("great_expectations.", "pandas.", "numpy.", "jsonschema.", "dateutil.", "re.", "json.", "decimal."),
    *("pyspark.", "py4j.", "sqlalchemy."),
)


@dataclass(frozen=True, slots=True)
class Raised:
    """A result in Great Expectations' form for an expectation whose run raised `error`."""

    expectation_config: Any
    error: Exception
    success: bool = False
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def exception_info(self) -> dict[str, Any]:
        """As Great Expectations writes it; the text is scrubbed by whoever reads it."""
        name = f"{type(self.error).__module__}.{type(self.error).__qualname__}".removeprefix("builtins.")
        return {"raised_exception": True, "exception_traceback": name, "exception_message": ""}


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads the result of one expectation; `names` are the table's columns, `on` is Great Expectations' word for it."""

    expectation: Expectation
    names: tuple[str, ...]
    on: str = "Pandas"

    def observation(self, result: Any) -> Observation:  # noqa: ANN401 - Great Expectations ships no types
        """What a result says; None is the result of an expectation that was dropped."""
        if result is None:
            return Observation(success=False, left_out=True, error=LEFT_OUT)
        raised = _exceptions(result.exception_info)
        error = self._error(raised) if raised else ""
        found = dict(result.result or {})
        success = bool(result.success) and not error  # some metrics give NumPy's own True
        return Observation(
            success=success,
            element_count=whole(found.get("element_count")),
            unexpected_count=whole(found.get("unexpected_count")),
            missing_count=whole(found.get("missing_count")),
            error=error,
            raw=self._raw(result, found, success=success, error=error),
        )

    def _error(self, raised: list[Mapping[str, Any]]) -> str:
        """Why it could not be computed: a column that is not there, or the exception's type."""
        condition = self.expectation.kwargs.get("row_condition")
        parser = self.expectation.kwargs.get("condition_parser")
        used = (*self.expectation.columns, *sorted(columns(condition, parser) if condition else ()))
        lacking = absent(used, self.names)
        if lacking:
            return lacking
        if not catalog.computable(self.expectation.type, self.on):
            where = "data frames" if self.on == "Pandas" else self.on
            return f"Great Expectations cannot compute it on {where}"
        kind = _kind(str(raised[0].get("exception_traceback") or ""))
        bounds = (self.expectation.kwargs.get(key) for key in ("min_value", "max_value"))
        if kind == "TypeError" and any(_DATE.match(bound) for bound in bounds if isinstance(bound, str)):
            kind += "; a date as a bound needs a column of dates, and its time, as in 2024-02-01T00:00:00"
        return f"could not be computed ({kind})"

    def _raw(self, result: Any, found: dict[str, Any], *, success: bool, error: str) -> dict[str, Any]:  # noqa: ANN401
        """Great Expectations' own structure, without the values that it lists and without what exceptions said."""
        config = result.expectation_config.to_json_dict()
        config.get("kwargs", {}).pop("batch_id", None)
        config.pop("id", None)
        if self.expectation.id:
            config["id"] = self.expectation.id
        kept: dict[str, Any] = {key: value for key, value in found.items() if not _VALUES.match(key)}
        if "partial_unexpected_list" in found:
            kept["partial_unexpected_list"] = []
        return {
            "success": success,
            "expectation_config": plain(config),
            "result": plain(kept),
            "meta": {},
            "exception_info": {
                "raised_exception": bool(error),
                "exception_traceback": None,
                "exception_message": error or None,
            },
        }


def _exceptions(info: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - one exception, or one for each metric
    """The exceptions of a result: `exception_info` is one, or holds one under each metric's id."""
    if not isinstance(info, Mapping):
        return []
    each = [info] if "raised_exception" in info else [part for part in info.values() if isinstance(part, Mapping)]
    return [part for part in each if part.get("raised_exception")]


def _kind(traceback: str) -> str:
    """The type of the exception that came first: chained tracebacks begin with their cause.

    A traceback holds messages, and they hold values, so a name counts only if it is a builtin exception's or stands
    in a package that raises them here.
    """
    for name in _RAISED.findall(traceback):
        known = getattr(builtins, name, None)
        if isinstance(known, type) and issubclass(known, Exception):
            return str(name)
        if name.startswith(_PACKAGES) and re.fullmatch(r"[a-z0-9_.]+\w*", name):
            return str(name).rpartition(".")[2]
    return "an exception of another type"


def whole(value: Any) -> int | None:  # noqa: ANN401 - a number of any library
    """A count; None where there is none."""
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever a metric gives
    """Data that JSON can hold: NumPy's and pandas' numbers as Python's, what is not finite as null."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
