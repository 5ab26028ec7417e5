"""What a suite says of itself before it runs: expectations that cannot hold together, and some that stand twice.

Only what no table can satisfy is called a contradiction, apart from tables whose columns hold no value at all. Bounds
are compared on one scale: numbers, moments (as ISO 8601 writes them), or texts. Expectations with a row_condition or
with a `mostly` below 1 speak of some rows, and contradict none that speak of others.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlci.expectations.absent import absent
from mlci.expectations.conditions import UnsafeConditionError, columns
from mlci.expectations.describe import about, describe
from mlci.expectations.stated import IN_SET, stated
from mlci.expectations.suites import thawed
from mlci.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlci.errors import Location
    from mlci.expectations.stated import Bound, Stated
    from mlci.expectations.suites import Expectation, Suite

CONTRADICTION, TWICE, ABSENT, REFUSED = "MLCI118", "MLCI119", "MLCI126", "MLCI110"

NOTED = 20  # findings of one code that a run tells one by one

ORDER = (
    *(("values", each) for each in ("min", "mean", "median", "max")),
    *((each, "values") for each in ("min", "mean", "median", "max")),
    *(("min", each) for each in ("mean", "median", "max")),
    *((each, "max") for each in ("mean", "median")),
)
"""Subjects of one column whose lower bound and whose upper bound must leave room: the minimum is at most the mean, …"""

_SETS = (IN_SET, "expect_column_values_to_not_be_in_set")
_NULLS = ("expect_column_values_to_be_null", "expect_column_values_to_not_be_null")


def contradictions(suite: Suite) -> tuple[Finding, ...]:
    """Expectations that no table satisfies, alone or together, and those that stand twice, in the order of the file."""
    every = [stated(expectation, suite.parameters) for expectation in suite.expectations]
    impossible = {at for at, each in enumerate(every) if _is_empty(each)}
    found = [*(_alone(every[at]) for at in sorted(impossible)), *_twice(every)]
    by_columns: dict[tuple[str, ...], list[Stated]] = defaultdict(list)
    for at, each in enumerate(every):
        if at not in impossible and not each.expectation.kwargs.get("row_condition"):
            by_columns[each.expectation.columns].append(each)
    for group in by_columns.values():
        found += [*_of_bounds(group), *_of_sets(group), *_of_nulls(group)]
    return tuple(sorted(found, key=_place))


def notices(suite: Suite) -> tuple[Finding, ...]:
    """The contradictions as a run tells them: the first ones of each code, and how many more there are."""
    of_codes: dict[str, list[Finding]] = defaultdict(list)
    for finding in contradictions(suite):
        of_codes[finding.code].append(finding)
    told: list[Finding] = []
    for code, found in of_codes.items():
        told += found[:NOTED]
        if len(found) > NOTED:
            more = f"The suite `{suite.path}` has {len(found) - NOTED} more findings of this kind."
            hint = "`mlci validate --lint` lists them all."
            told.append(Finding(code=code, severity="warn", message=more, hint=hint, location=found[NOTED].location))
    return tuple(told)


def absences(suite: Suite, names: Sequence[str]) -> tuple[Finding, ...]:
    """Expectations that need columns which the data lack.

    Args:
        suite: the suite.
        names: the columns of the data.
    """
    return tuple(
        Finding(
            code=ABSENT,
            severity="fail",
            message=f"`{about(expectation)[:500]}`: {lacking}.",
            hint="Correct the name, or remove the expectation.",
            location=expectation.where(key),
        )
        for expectation in suite.expectations
        for key, used in _used(expectation)
        if (lacking := absent(used, names))
    )


def refused(suite: Suite) -> tuple[Finding, ...]:
    """Expectations whose `mostly` is no share, which Great Expectations does not take."""
    return tuple(
        Finding(
            code=REFUSED,
            severity="fail",
            message=f"`mostly` of `{about(each.expectation)[:500]}` is not between 0 and 1.",
            hint="It is the share of rows that must be as expected, as in 0.99.",
            location=each.expectation.where("mostly"),
        )
        for each in (stated(expectation, suite.parameters) for expectation in suite.expectations)
        if each.mostly is not None and not 0 <= each.mostly <= 1
    )


def _used(expectation: Expectation) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The arguments that name columns, each with its columns."""
    for key in ("column", "column_A", "column_B"):
        name = expectation.kwargs.get(key)
        if isinstance(name, str):
            yield key, (name,)
    listed = expectation.kwargs.get("column_list")
    if isinstance(listed, tuple) and not expectation.type.startswith("expect_table_"):
        yield "column_list", tuple(name for name in listed if isinstance(name, str))
    condition = expectation.kwargs.get("row_condition")
    if condition:
        try:
            yield "row_condition", tuple(sorted(columns(condition, expectation.kwargs.get("condition_parser"))))
        except UnsafeConditionError:
            return  # told by `lint`


# --- what does not go together -------------------------------------------------------------------------------------


def _is_empty(each: Stated) -> bool:
    """Whether its own bounds leave no room."""
    if each.low is not None and each.high is not None and each.low.leaves_no_room_below(each.high):
        return True
    floor: Bound | None = None
    for low, high in each.ranges:  # a higher quantile is never below a lower one
        if low is not None and (floor is None or (floor.scale == low.scale and low.value > floor.value)):
            floor = low
        if floor is not None and high is not None and floor.leaves_no_room_below(high):
            return True
    return False


def _alone(each: Stated) -> Finding:
    expectation = each.expectation
    key = next((key for key in ("min_value", "quantile_ranges") if each.kwargs.get(key) is not None), "max_value")
    words = "its ranges leave no room for the quantiles" if each.ranges else _words(each)
    return Finding(
        code=CONTRADICTION,
        severity="warn",
        message=f"`{about(expectation)[:500]}` is met by nothing: {words}.",
        hint="The lower bound lies above the upper one, or a strict bound leaves nothing between them.",
        location=expectation.where(key),
    )


def _twice(every: Sequence[Stated]) -> Iterator[Finding]:
    first: dict[str, Expectation] = {}
    for each in every:
        expectation = each.expectation
        given = {key: value for key, value in thawed(expectation.kwargs).items() if value is not None}
        known = first.setdefault(json.dumps([expectation.type, given], sort_keys=True, default=str), expectation)
        if known is not expectation:
            yield Finding(
                code=TWICE,
                severity="warn",
                message=f"`{about(expectation)[:500]}` stands twice{_line(known, ': first on line {}')}.",
                hint="Remove one of the two: they say the same.",
                location=expectation.location,
            )


def _of_bounds(group: Sequence[Stated]) -> Iterator[Finding]:
    """Ranges of a column that do not overlap: for each two subjects the highest lower and the lowest upper bound."""
    lows: dict[tuple[str, str], Stated] = {}
    highs: dict[tuple[str, str], Stated] = {}
    for each in group:
        if not each.subject or not each.is_whole:
            continue
        if each.low is not None:
            low = (each.subject, each.low.scale)
            lows[low] = max(lows.get(low, each), each, key=_lowest)
        if each.high is not None:
            high = (each.subject, each.high.scale)
            highs[high] = min(highs.get(high, each), each, key=_highest)
    told = set()
    for (subject, scale), floor in lows.items():
        for other in (subject, *(high for low, high in ORDER if low == subject)):
            ceiling = highs.get((other, scale))
            if ceiling is None or ceiling is floor or floor.low is None or ceiling.high is None:
                continue
            pair = frozenset((id(floor), id(ceiling)))
            if floor.low.leaves_no_room_below(ceiling.high) and pair not in told:
                told.add(pair)
                yield _together(floor, ceiling)


def _lowest(each: Stated) -> tuple[Any, bool]:
    return (each.low.value, each.low.strict) if each.low else (None, False)


def _highest(each: Stated) -> tuple[Any, bool]:
    return (each.high.value, not each.high.strict) if each.high else (None, False)


def _of_sets(group: Sequence[Stated]) -> Iterator[Finding]:
    """Sets that have no value in common, and a set whose values are all forbidden."""
    allowing, forbidding = (
        [each for each in group if each.expectation.type == kind and each.values and each.is_whole] for kind in _SETS
    )
    left: frozenset[Any] | None = None
    before: Stated | None = None
    for each in allowing:
        values = each.values
        if left is not None and before is not None and not left & values:
            if not _apart(before, each):  # told by their bounds
                yield _together(before, each)
            continue
        left, before = (values if left is None else left & values), each
    if left is None or before is None:
        return
    for each in forbidding:
        left -= each.values
        if not left:
            yield _together(before, each)
            return


def _apart(a: Stated, b: Stated) -> bool:
    def beyond(one: Stated, other: Stated) -> bool:
        return one.low is not None and other.high is not None and one.low.leaves_no_room_below(other.high)

    return beyond(a, b) or beyond(b, a)


def _of_nulls(group: Sequence[Stated]) -> Iterator[Finding]:
    """Shares of nulls and of values that are more than all rows."""
    null, value = ([each for each in group if each.expectation.type == kind] for kind in _NULLS)
    if not null or not value:
        return
    most, least = max(null, key=_share), max(value, key=_share)
    if _share(most) + _share(least) > 1 + 1e-12:
        yield _together(most, least)


def _share(each: Stated) -> float:
    return 1.0 if each.mostly is None else each.mostly


def _together(a: Stated, b: Stated) -> Finding:
    """The finding for two expectations, at the place of the later one."""
    first, later = sorted((a, b), key=lambda each: _at(each.expectation.location))
    return Finding(
        code=CONTRADICTION,
        severity="warn",
        message=f"{_told(later)} contradicts {_told(first)}{_line(first.expectation, ' on line {}')}.",
        hint="No data satisfy both, unless a column holds no value at all: correct one of them.",
        location=later.expectation.location,
    )


def _told(each: Stated) -> str:
    words = _words(each)
    return f"`{about(each.expectation)[:500]}`" + (f" ({words})" if words else "")


def _words(each: Stated) -> str:
    """Its arguments in words, the values of parameters among them."""
    return describe(replace(each.expectation, kwargs=each.kwargs))


def _line(expectation: Expectation, words: str) -> str:
    return words.format(expectation.location.line) if expectation.location.line else ""


def _place(finding: Finding) -> tuple[int, int, str]:
    return (*_at(finding.location), finding.code)


def _at(where: Location | None) -> tuple[int, int]:
    return (where.line or 0, where.column or 0) if where else (0, 0)
