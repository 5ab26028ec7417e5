"""An expectation's arguments in short words: “between 0 and 1440, mostly 99 %”.

They are the suite's own text, not the data's; a long list is counted, and a long text is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlci.expectations.suites import Expectation

LISTED = 5
WIDTH = 60  # characters of one value
LONGEST = 500  # characters of them all
_QUIET = frozenset({"column", "column_A", "column_B", "condition_parser", "strict_min", "strict_max", "windows"})

Phrase = Callable[[Any, Mapping[str, Any]], str]


def describe(expectation: Expectation) -> str:
    """The arguments of an expectation in words; empty where it has none beside its columns."""
    kwargs = expectation.kwargs
    phrases = [_bounds(kwargs)]
    for key, value in kwargs.items():
        if key in _QUIET or key in ("min_value", "max_value", "mostly", "row_condition") or value is None:
            continue
        if key == "column_list" and expectation.columns:
            continue
        if key == "value_set":
            phrases.append(_value_set(expectation.type, value))
        else:
            phrases.append(_PHRASES.get(key, _named(key))(value, kwargs))
    phrases += [_mostly(kwargs.get("mostly")), _where(kwargs.get("row_condition"))]
    words = ", ".join(phrase for phrase in phrases if phrase)
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def about(expectation: Expectation) -> str:
    """An expectation's name with its columns: `expect_column_to_exist(age)`."""
    columns = ", ".join(expectation.columns)
    return f"{expectation.type}({columns})" if columns else expectation.type


def _short(value: object) -> str:
    """A value of the suite as people would write it, at most `WIDTH` characters long."""
    if isinstance(value, Mapping):
        text = f"${value['$PARAMETER']}" if "$PARAMETER" in value else f"{len(value)} settings"
    elif isinstance(value, tuple):
        text = _several(value, "values")
    elif isinstance(value, bool) or value is None:
        text = {True: "true", False: "false", None: "null"}[value]
    else:
        text = f"{value:.15g}" if isinstance(value, float) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def _several(values: object, noun: str) -> str:
    """The items of a short list; the number of a longer one's."""
    if not isinstance(values, tuple):
        return _short(values)
    return ", ".join(_short(value) for value in values) if len(values) <= LISTED else f"{len(values):,} {noun}"


def _counted(noun: str, values: object) -> str:
    """`columns a, b`, or `16 columns`."""
    long = isinstance(values, tuple) and len(values) > LISTED
    return _several(values, noun) if long else f"{noun} {_several(values, noun)}"


def _bounds(kwargs: Mapping[str, Any]) -> str:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    above, below = bool(kwargs.get("strict_min")), bool(kwargs.get("strict_max"))
    if low is not None and high is not None and not above and not below:
        return f"between {_short(low)} and {_short(high)}"
    parts = [
        f"{'above' if above else 'at least'} {_short(low)}" if low is not None else "",
        f"{'below' if below else 'at most'} {_short(high)}" if high is not None else "",
    ]
    return " and ".join(part for part in parts if part)


def _value_set(kind: str, values: object) -> str:
    many = _several(values, "values")
    if "not_be_in_set" in kind:
        return f"none of {many}"
    if "contain_set" in kind:
        return f"all of {many}"
    if "equal_set" in kind:
        return f"exactly {many}"
    single = isinstance(values, tuple) and len(values) == 1
    return f"equal to {many}" if single else f"one of {many}"


def _mostly(mostly: object) -> str:
    if isinstance(mostly, int | float) and not isinstance(mostly, bool):
        return f"mostly {mostly * 100:.10g} %" if mostly < 1 else ""
    return f"mostly {_short(mostly)}" if mostly is not None else ""


def _where(condition: object) -> str:
    if not condition:
        return ""
    return f"where {_condition(condition)}"


def _condition(condition: object) -> str:
    """A condition object in the words of its text form."""
    if not isinstance(condition, Mapping):
        return _short(condition)
    kind = condition.get("type")
    if kind in ("and", "or"):
        parts = [_condition(part) for part in condition.get("conditions", ())]
        return f" {kind} ".join(parts) if len(parts) <= LISTED else f"{len(parts)} conditions hold"
    if kind == "pass_through":
        return _short(condition.get("pass_through_filter"))
    column = condition.get("column")
    name = _short(column.get("name") if isinstance(column, Mapping) else column)
    if kind == "nullity":
        return f"{name} is {'' if condition.get('is_null') else 'not '}null"
    operator = str(condition.get("operator", "")).replace("_", " ").lower()
    return f"{name} {operator} {_short(condition.get('parameter'))}"


def _named(key: str) -> Phrase:
    """What an argument without words of its own says: its name and its value."""
    return lambda value, _: f"{key} {_short(value)}"


_PHRASES: Mapping[str, Phrase] = {
    "value": lambda value, _: f"equal to {_short(value)}",
    "regex": lambda value, _: f"matching {_short(value)}" if value else "",
    "regex_list": lambda value, kwargs: f"matching {kwargs.get('match_on') or 'any'} of {_several(value, 'patterns')}",
    "like_pattern": lambda value, _: f"like {_short(value)}",
    "like_pattern_list": lambda value, kwargs: (
        f"like {kwargs.get('match_on') or 'any'} of {_several(value, 'patterns')}"
    ),
    "match_on": lambda _value, _kwargs: "",
    "strftime_format": lambda value, _: f"in the format {_short(value)}",
    "type_": lambda value, _: f"of type {_short(value)}",
    "type_list": lambda value, _: f"of a type among {_several(value, 'types')}",
    "column_list": lambda value, _: _counted("columns", value),
    "column_set": lambda value, _: _counted("columns", value),
    "exact_match": lambda value, _: "" if value else "others allowed",
    "column_index": lambda value, _: f"at position {_short(value)}",
    "or_equal": lambda value, _: "or equal" if value else "",
    "strictly": lambda value, _: "strictly" if value else "",
    "double_sided": lambda value, _: "on both sides" if value else "",
    "ignore_row_if": lambda value, _: f"rows ignored if {_short(value).replace('_', ' ')}",
    "value_pairs_set": lambda value, _: _pairs(value),
    "quantile_ranges": lambda value, _: _quantiles(value),
    "sum_total": lambda value, _: f"sum {_short(value)}",
    "threshold": lambda value, _: f"less than {_short(value)}",
    "json_schema": lambda _value, _kwargs: "a JSON schema",
    "partition_object": lambda _value, _kwargs: "a partition",
}


def _quantiles(ranges: object) -> str:
    given = ranges.get("quantiles") if isinstance(ranges, Mapping) else None
    return _counted("quantiles", given) if isinstance(given, tuple) else "quantiles"


def _pairs(pairs: object) -> str:
    count = len(pairs) if isinstance(pairs, tuple) else 0
    return f"one of {count:,} {'pair' if count == 1 else 'pairs'}" if count else f"one of {_short(pairs)}"
