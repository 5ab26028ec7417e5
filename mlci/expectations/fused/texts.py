"""Expectations of patterns in texts, and those that Great Expectations can only compute in a database.

Numbers and booleans are looked at as the texts that pandas makes of them. A pattern that Rust has no words for is
searched by Python, in each distinct text once.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlci.expectations.fused.parsed import each_text, is_text, text_of
from mlci.expectations.fused.patterns import any_rust_safe, python_pattern, rust_safe
from mlci.expectations.fused.piece import Declined, Impossible, Rows, each_value

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    import polars as pl

    from mlci.expectations.fused.piece import Answers, Ask, Needs, Piece, Steps, Values

MANY = 200  # patterns of a list: each is translated and compiled, and none costs nothing
POSITIONAL = 2**53  # integers below it are floats without loss, and written without an exponent


def match_regex(ask: Ask) -> Steps:
    """expect_column_values_to_match_regex."""
    return (yield from _patterned(ask, [_pattern(ask.kwargs.get("regex"))], matching=True))


def not_match_regex(ask: Ask) -> Steps:
    """expect_column_values_to_not_match_regex."""
    return (yield from _patterned(ask, [_pattern(ask.kwargs.get("regex"))], matching=False))


def match_regex_list(ask: Ask) -> Steps:
    """expect_column_values_to_match_regex_list."""
    on = ask.kwargs.get("match_on", "any")
    if on not in ("any", "all"):  # no set: it may be a list
        raise Declined("its `match_on` is neither any nor all")
    return (yield from _patterned(ask, _patterns(ask), matching=True, every=on == "all"))


def not_match_regex_list(ask: Ask) -> Steps:
    """expect_column_values_to_not_match_regex_list: none of the patterns may be found."""
    return (yield from _patterned(ask, _patterns(ask), matching=False))


def elsewhere(ask: Ask) -> Steps:
    """What needs a database: it has no answer for a table of files."""
    for key, value in ask.kwargs.items():
        each = value if isinstance(value, list) and value else [value]
        if key != "mostly" and not all(isinstance(part, str) and part for part in each):
            raise Declined(f"its `{key}` is no text")
    if len(ask.kwargs.get("escape", "\\")) != 1:
        raise Declined("its `escape` is no single character")
    yield {}
    raise Impossible("Great Expectations cannot compute it on data frames")


# --- patterns --------------------------------------------------------------------------------------------------------


def _pattern(given: object) -> str:
    if not isinstance(given, str):
        raise Declined("its regular expression is no text")
    return python_pattern(given).pattern


def _patterns(ask: Ask) -> list[str]:
    given = ask.items("regex_list")
    if not 0 < len(given) <= MANY:
        raise Declined(f"its `regex_list` {'is too long' if given else 'is empty'}")
    return [_pattern(each) for each in given]


def _patterned(ask: Ask, patterns: Sequence[str], *, matching: bool, every: bool = False) -> Steps:
    """Values in whose text one of the patterns, or every one, is found (or is not)."""
    values = ask.column()
    text = yield from _text(values)
    try:
        found = _found(text, patterns, every=every)
    except Declined:
        searches = [python_pattern(pattern).search for pattern in patterns]
        enough = all if every else any

        def accepts(text: str) -> bool:
            return enough(search(text) is not None for search in searches) == matching

        return (yield from each_text(ask, values, text, accepts))
    return (yield from each_value(ask, values, Rows((~found if matching else found).sum())))


def _found(text: pl.Expr, patterns: Sequence[str], *, every: bool) -> pl.Expr:
    """Whether patterns are found in a text, null where that is; Declined where Rust cannot tell."""
    if not every:
        return text.str.contains(any_rust_safe(patterns) if len(patterns) > 1 else rust_safe(patterns[0]))
    first, *others = (text.str.contains(rust_safe(pattern)) for pattern in patterns)
    for other in others:
        first &= other
    return first


def _text(values: Values) -> Generator[Needs, Answers, pl.Expr]:
    """The values as texts, as pandas writes them: a column of integers with nulls is one of floats there."""
    import polars as pl

    expr, dtype = values.expr, values.dtype
    if is_text(values):
        return text_of(values)
    if dtype == pl.Boolean:
        return pl.when(expr).then(pl.lit("True")).when(~expr).then(pl.lit("False"))
    if not dtype.is_integer() or dtype in (pl.Int128, pl.UInt128):
        raise Declined("a regular expression on values that are no texts")
    answers: Mapping[str, Any] = yield {
        "nulls": Rows(pl.col(values.name).is_null().sum()),
        "low": Rows(expr.min()),
        "high": Rows(expr.max()),
    }
    if not answers["nulls"] or answers["low"] is None:
        return expr.cast(pl.String)
    if answers["low"] <= -POSITIONAL or answers["high"] >= POSITIONAL:
        raise Declined("a regular expression on large floats")
    return pl.concat_str(expr.cast(pl.String), pl.lit(".0"))


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "expect_column_values_to_match_regex": match_regex,
        "expect_column_values_to_not_match_regex": not_match_regex,
        "expect_column_values_to_match_regex_list": match_regex_list,
        "expect_column_values_to_not_match_regex_list": not_match_regex_list,
        "expect_column_values_to_match_like_pattern": elsewhere,
        "expect_column_values_to_not_match_like_pattern": elsewhere,
        "expect_column_values_to_match_like_pattern_list": elsewhere,
        "expect_column_values_to_not_match_like_pattern_list": elsewhere,
        "expect_table_row_count_to_equal_other_table": elsewhere,
        "expect_query_results_to_match_comparison": elsewhere,
        "unexpected_rows_expectation": elsewhere,
    }
)
