r"""Regular expressions of Python's `re` in the words of Rust's regex crate, which Polars uses, or not at all.

What is asked of a pattern is only whether it is found in a text (`re.search(…) is not None`), so groups need no names,
greed does not matter, and what a translation consumes beyond the match harms nothing where nothing follows. The way
goes through Python's own parse of the pattern. Where the two differ, Python's meaning is written out: the characters
of `\w`, `\d`, `\s` and of letters without case are looked up in the tables of the Python that runs.
"""

from __future__ import annotations

import re
import warnings
from array import array
from collections import defaultdict
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mlci.expectations.fused.piece import Declined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Item: TypeAlias = tuple[Any, Any]  # an operation of Python's parse, and its arguments
    Items: TypeAlias = Sequence[Item]
    Ranges: TypeAlias = tuple[tuple[int, int], ...]
    Edge: TypeAlias = Literal["word", "word or nothing", "unknown"]

ALL = 0x110000
SURROGATES = (0xD800, 0xDFFF)  # no text of Polars has them
SEARCHES = 20  # classes of one pattern for which all characters are tried, 10 ms each
NOTHING = r"[^\x{0}-\x{10FFFF}]"

_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}
_NAMES = {
    "ASSERT": "lookaround",
    "ASSERT_NOT": "lookaround",
    "GROUPREF": "a reference to a group",
    "GROUPREF_EXISTS": "a choice by a group",
    "ATOMIC_GROUP": "an atomic group",
    "POSSESSIVE_REPEAT": "a possessive repeat",
}


@lru_cache(maxsize=256)
def rust_safe(pattern: str) -> str:
    """A pattern for Polars' `str.contains` that is found in the same texts as `pattern` by `re.search`.

    Args:
        pattern: a regular expression of Python's.

    Raises:
        Declined: Python does not accept it, or Rust has nothing that means the same.
    """
    flags = python_pattern(pattern).flags
    tree = import_module("re._parser").parse(pattern)  # private, but the only exact one
    if len(set(_searches(tree, flags))) > SEARCHES:
        raise Declined("a regular expression with too many classes")
    found = _sequence(tree, flags, head=True, tail=True)
    _compiled(found)
    return found


def any_rust_safe(patterns: Sequence[str]) -> str:
    """One pattern that is found where any of several is: one pass over the texts, not one for each.

    Raises:
        Declined: as `rust_safe`, for one of them or for all together.
    """
    found = "|".join(f"(?:{rust_safe(pattern)})" for pattern in patterns)
    _compiled(found)
    return found


def python_pattern(pattern: str) -> re.Pattern[str]:
    """A regular expression as Python reads it.

    Raises:
        Declined: it does not accept it.
    """
    # the pattern is the user's, and means today what it means; added, not saved and restored: other threads run
    warnings.filterwarnings("ignore", message="Possible (nested set|set )", category=FutureWarning)
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        raise Declined("a regular expression that Python does not accept") from None


def _compiled(pattern: str) -> None:
    import polars as pl

    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.PolarsError:
        raise Declined("a regular expression that is too large") from None


# --- the walk ------------------------------------------------------------------------------------------------------


def _sequence(items: Iterable[Item], flags: int, *, head: bool, tail: bool) -> str:
    """Items in a row; `head`, `tail`: nothing of the pattern stands before the first, after the last."""
    row = list(items)
    last = len(row) - 1
    parts = []
    for at, item in enumerate(row):
        first, final = head and at == 0, tail and at == last
        if str(item[0]) == "AT":
            parts.append(_place(str(item[1]), flags, row, head=first, tail=final))
        else:
            parts.append(_item(item, flags, head=first, tail=final))
    return "".join(parts)


def _item(item: Item, flags: int, *, head: bool, tail: bool) -> str:
    name, value = str(item[0]), item[1]
    if name == "SUBPATTERN":
        _, added, removed, inner = value
        return f"(?:{_sequence(inner, _combined(flags, added, removed), head=head, tail=tail)})"
    if name == "BRANCH":
        return f"(?:{'|'.join(_sequence(branch, flags, head=head, tail=tail) for branch in value[1])})"
    if name in {"MAX_REPEAT", "MIN_REPEAT"}:
        return _repeated(value, flags, head=head, tail=tail)
    if name == "ANY":
        return "(?s:.)" if flags & re.DOTALL else r"[^\n]"
    if name in {"LITERAL", "NOT_LITERAL", "IN"}:
        return _class(_ranges(item, flags))
    raise Declined(f"a regular expression with {_NAMES.get(name, 'a rare operation')}")


def _repeated(value: tuple[Any, Any, Any], flags: int, *, head: bool, tail: bool) -> str:
    least, most, inner = value
    unbounded = most is import_module("re._constants").MAXREPEAT
    once = most == 1
    if not once and inner.getwidth()[0] == 0:
        raise Declined("a regular expression with a repeat of nothing")
    body = _sequence(inner, flags, head=head and once, tail=tail and once)
    return f"(?:{body}){{{least},{'' if unbounded else most}}}"


def _place(name: str, flags: int, row: Items, *, head: bool, tail: bool) -> str:
    r"""An anchor; `row` are the items beside it.

    `$` and `\b` may look at a character, which is consumed here: so they stand where nothing else wants it.
    """
    lines = bool(flags & re.MULTILINE)
    if name in {"AT_BEGINNING_STRING", "AT_BEGINNING"}:
        return "(?m:^)" if lines and name == "AT_BEGINNING" else r"\A"
    if name == "AT_END_STRING":
        return r"\z"
    if name == "AT_END" and lines:
        return "(?m:$)"
    if name == "AT_END" and tail:
        return r"(?:\n?\z)"
    if name == "AT_BOUNDARY" and head != tail and _edge(row[1:] if head else row[:-1], flags, first=head) == "word":
        other = _class(_found(r"\W", flags & re.ASCII))
        return rf"(?:\A|{other})" if head else rf"(?:\z|{other})"
    raise Declined("a regular expression with an anchor in its middle")


def _edge(items: Iterable[Item], flags: int, *, first: bool) -> Edge:
    """How whatever items match begins (or ends): with a character of a word, with one or not at all, or unknown."""
    row = list(items)
    for item in row if first else reversed(row):
        edge = _edge_of(item, flags, first=first)
        if edge != "word or nothing":
            return edge
    return "word or nothing"


def _edge_of(item: Item, flags: int, *, first: bool) -> Edge:
    name, value = str(item[0]), item[1]
    if name == "SUBPATTERN":
        return _edge(value[3], _combined(flags, value[1], value[2]), first=first)
    if name == "BRANCH":
        edges = {_edge(branch, flags, first=first) for branch in value[1]}
        return "unknown" if "unknown" in edges else "word" if edges == {"word"} else "word or nothing"
    if name in {"MAX_REPEAT", "MIN_REPEAT"}:
        edge = _edge(value[2], flags, first=first)
        return "word or nothing" if edge == "word" and value[0] == 0 else edge
    if name in {"LITERAL", "NOT_LITERAL", "IN"}:
        words = re.compile(r"\w+", flags & re.ASCII)
        known = all(words.fullmatch(_every(), low, high + 1) for low, high in _ranges(item, flags))
        return "word" if known else "unknown"
    return "unknown"


def _combined(flags: int, added: int, removed: int) -> int:
    """The flags inside a group."""
    if added & (re.ASCII | re.UNICODE):  # Python itself looks for its first character by the flags outside
        raise Declined("a regular expression with a flag `a` or `u` for a part of it")
    return (flags | added) & ~removed


# --- characters ----------------------------------------------------------------------------------------------------


def _ranges(item: Item, flags: int) -> Ranges:
    """The characters that an item of one character matches."""
    members, negated = _members(item)
    search = _search(item, flags)
    if search is not None:
        return _found(*search)
    if flags & re.IGNORECASE:
        found = _union((code, code) for code in _same_letter(members[0][1], ascii_only=bool(flags & re.ASCII)))
    else:
        found = _union((each, each) if str(kind) == "LITERAL" else each for kind, each in members)
    return _cut(_others(found) if negated else found)


def _members(item: Item) -> tuple[Items, bool]:
    """What an item of one character is made of, and whether it means all characters but those."""
    name, value = str(item[0]), item[1]
    members: Items = list(value) if name == "IN" else [("LITERAL", value)]
    negated = name == "NOT_LITERAL" or str(members[0][0]) == "NEGATE"
    return [member for member in members if str(member[0]) != "NEGATE"], negated


def _search(item: Item, flags: int) -> tuple[str, int] | None:
    """The class for which all characters have to be tried, with its flags; None where it can be reckoned."""
    members, negated = _members(item)
    names = {str(member[0]) for member in members}
    if names == {"LITERAL"} and (len(members) == 1 or not flags & re.IGNORECASE):
        return None
    if names <= {"LITERAL", "RANGE"} and not flags & re.IGNORECASE:
        return None
    source = "".join(_source(member) for member in members)
    return f"[{'^' if negated else ''}{source}]", flags & (re.IGNORECASE | re.ASCII)


def _searches(items: Iterable[Item], flags: int) -> Iterator[tuple[str, int]]:
    """The classes of a pattern for which all characters have to be tried."""
    for item in items:
        name, value = str(item[0]), item[1]
        if name == "SUBPATTERN":
            yield from _searches(value[3], _combined(flags, value[1], value[2]))
        elif name == "BRANCH":
            for branch in value[1]:
                yield from _searches(branch, flags)
        elif name in {"MAX_REPEAT", "MIN_REPEAT"}:
            yield from _searches(value[2], flags)
        elif name in {"LITERAL", "NOT_LITERAL", "IN"}:
            search = _search(item, flags)
            if search is not None:
                yield search


def _source(member: Item) -> str:
    name, value = str(member[0]), member[1]
    if name == "LITERAL":
        return rf"\U{value:08x}"
    if name == "RANGE":
        return rf"\U{value[0]:08x}-\U{value[1]:08x}"
    if name == "CATEGORY" and str(value) in _CATEGORIES:
        return _CATEGORIES[str(value)]
    raise Declined("a regular expression with a rare class")


@lru_cache(maxsize=512)
def _found(source: str, flags: int) -> Ranges:
    """The characters that a class of one character matches: each of Unicode is tried (about 10 ms)."""
    return _cut((found.start(), found.end() - 1) for found in re.finditer(f"{source}+", _every(), flags))


def _same_letter(code: int, *, ascii_only: bool) -> set[int]:
    """The characters that a letter matches where case is ignored (re._compiler, `_compile`)."""
    if ascii_only:
        return {code, ord(chr(code).swapcase())} if chr(code).isascii() and chr(code).isalpha() else {code}
    lower = int(import_module("_sre").unicode_tolower(code))
    table = _lowered()
    further = import_module("re._casefix")._EXTRA_CASES.get(lower, ())  # noqa: SLF001 - as exact as its parser
    return {found for each in (lower, *further) for found in (*table.get(each, ()), each)}


@cache
def _lowered() -> dict[int, list[int]]:
    """The characters with a lower case of their own, by it."""
    lowered = import_module("_sre").unicode_tolower  # Python's `str.lower` knows longer ones
    table: dict[int, list[int]] = defaultdict(list)
    for code in range(ALL):
        lower = lowered(code)
        if lower != code:
            table[lower].append(code)
    return dict(table)


@cache
def _every() -> str:
    """Every character there is, each at its number."""
    return array("I", range(ALL)).tobytes().decode("utf-32", "surrogatepass")


def _union(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """In order, without overlap."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(high, found[-1][1])
        else:
            found.append((low, high))
    return tuple(found)


def _others(ranges: Ranges) -> Ranges:
    """All characters but those of some ranges, which are in order."""
    starts, ends = (0, *(high + 1 for _, high in ranges)), (*(low - 1 for low, _ in ranges), ALL - 1)
    return tuple((start, end) for start, end in zip(starts, ends, strict=True) if start <= end)


def _cut(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Without the surrogates."""
    low, high = SURROGATES
    parts = []
    for start, end in ranges:
        parts += [(start, min(end, low - 1)), (max(start, high + 1), end)] if start <= high and end >= low else []
        parts += [(start, end)] if start > high or end < low else []
    return tuple((start, end) for start, end in parts if start <= end)


def _class(ranges: Ranges) -> str:
    if not ranges:
        return NOTHING
    parts = [_character(low) if low == high else f"{_character(low)}-{_character(high)}" for low, high in ranges]
    alone = len(ranges) == 1 and ranges[0][0] == ranges[0][1]
    return parts[0] if alone else f"[{''.join(parts)}]"


def rust_literal(text: str) -> str:
    """The pattern that matches a text alone."""
    return "".join(_character(ord(character)) for character in text)


def _character(code: int) -> str:
    return chr(code) if chr(code).isascii() and chr(code).isalnum() else rf"\x{{{code:X}}}"
