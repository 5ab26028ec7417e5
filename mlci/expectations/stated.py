"""What an expectation states about the data, as far as it can be told without running it: bounds, sets, shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlci.expectations.suites import Expectation

IN_SET = "expect_column_values_to_be_in_set"

SUBJECTS: Mapping[str, str] = MappingProxyType(
    {
        "expect_column_values_to_be_between": "values",
        "expect_column_values_to_be_in_set": "values",
        "expect_column_value_lengths_to_be_between": "lengths",
        "expect_column_value_lengths_to_equal": "lengths",
        "expect_column_min_to_be_between": "min",
        "expect_column_max_to_be_between": "max",
        "expect_column_mean_to_be_between": "mean",
        "expect_column_median_to_be_between": "median",
        "expect_table_row_count_to_be_between": "rows",
        "expect_table_row_count_to_equal": "rows",
        "expect_table_column_count_to_be_between": "columns",
        "expect_table_column_count_to_equal": "columns",
    }
)
"""What a type puts bounds on; another type's bounds are its own subject."""

_DOMAIN = {"column", "column_A", "column_B", "column_list"}
_BOUNDS = {"min_value", "max_value", "strict_min", "strict_max"}


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a range; `scale` says with which others it compares."""

    scale: str
    value: Any
    strict: bool = False

    def leaves_no_room_below(self, high: Bound) -> bool:
        """Whether nothing lies between this lower bound and an upper one."""
        if self.scale != high.scale:
            return False
        return bool(self.value > high.value or (self.value == high.value and (self.strict or high.strict)))


@dataclass(frozen=True, slots=True)
class Stated:
    """An expectation with its `$PARAMETER`s filled in; what cannot be told without running it is left out.

    `mostly` is 0 where it cannot be told, and None where it is not given.
    """

    expectation: Expectation
    kwargs: Mapping[str, Any]
    mostly: float | None
    low: Bound | None = None
    high: Bound | None = None
    values: frozenset[Any] = frozenset()
    ranges: tuple[tuple[Bound | None, Bound | None], ...] = ()

    @property
    def subject(self) -> str:
        """What its bounds are about; empty where they are not to be compared with others'."""
        kind = self.expectation.type
        if kind in SUBJECTS:
            return SUBJECTS[kind]
        return kind if set(self.kwargs) <= _DOMAIN | _BOUNDS | {"mostly"} else ""

    @property
    def is_whole(self) -> bool:
        """Whether it speaks of every row."""
        return self.mostly is None or self.mostly >= 1


def stated(expectation: Expectation, parameters: Mapping[str, Any]) -> Stated:
    """What an expectation states; `parameters` are the suite's."""
    kwargs = {key: _value(value, parameters) for key, value in expectation.kwargs.items()}
    kwargs = {key: value for key, value in kwargs.items() if value is not None}
    mostly = kwargs.get("mostly", 0.0 if expectation.kwargs.get("mostly") is not None else None)
    exact = kwargs.get("value") if expectation.type.endswith("_to_equal") else None
    low = _bound(kwargs.get("min_value", exact), strict=kwargs.get("strict_min") is True)
    high = _bound(kwargs.get("max_value", exact), strict=kwargs.get("strict_max") is True)
    values = _values(kwargs.get("value_set"))
    if expectation.type == IN_SET and values:
        low, high = _ends(values)
    return Stated(
        expectation=expectation,
        kwargs=kwargs,
        mostly=mostly if isinstance(mostly, int | float) and not isinstance(mostly, bool) else None,
        low=low,
        high=high,
        values=values,
        ranges=_quantiles(kwargs.get("quantile_ranges")),
    )


def _values(value_set: object) -> frozenset[Any]:
    """The values of a set of texts and numbers; none for another one."""
    plain = isinstance(value_set, tuple) and all(isinstance(each, str | int | float) for each in value_set)
    return frozenset(value_set) if isinstance(value_set, tuple) and plain else frozenset()


def _ends(values: frozenset[Any]) -> tuple[Bound | None, Bound | None]:
    """The lowest and the highest value of a set on one scale."""
    bounds = [bound for bound in map(_bound, values) if bound is not None]
    if len(bounds) < len(values) or len({bound.scale for bound in bounds}) != 1:
        return None, None
    ordered = sorted(bounds, key=lambda bound: bound.value)
    return ordered[0], ordered[-1]


def _value(value: object, parameters: Mapping[str, Any]) -> object:
    """An argument, or the value of the parameter that it names; None for arithmetic over parameters."""
    if not isinstance(value, Mapping) or "$PARAMETER" not in value:
        return value
    name = value["$PARAMETER"]
    return parameters.get(name) if isinstance(name, str) and len(value) == 1 else None


def _bound(value: object, *, strict: bool = False) -> Bound | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Bound("number", value, strict)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return Bound("text", value, strict)
    return Bound("moment" if moment.tzinfo is None else "instant", moment, strict)


def _quantiles(ranges: object) -> tuple[tuple[Bound | None, Bound | None], ...]:
    """The bounds of quantiles, from the lowest quantile to the highest."""
    if not isinstance(ranges, Mapping):
        return ()
    at, bounds = ranges.get("quantiles"), ranges.get("value_ranges")
    if not isinstance(at, tuple) or not isinstance(bounds, tuple) or len(at) != len(bounds):
        return ()
    if not all(isinstance(each, int | float) for each in at):
        return ()
    ordered = sorted(zip(at, bounds, strict=True), key=lambda pair: pair[0])
    return tuple((_bound(each[0]), _bound(each[-1])) for _, each in ordered if isinstance(each, tuple) and each)
