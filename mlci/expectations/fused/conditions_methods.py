"""The methods that a row_condition may call on a column, its texts and its dates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from mlci.expectations.fused.conditions_compared import among, compared
from mlci.expectations.fused.conditions_reckoned import absolute
from mlci.expectations.fused.conditions_terms import Constant, Mask, Several, Values, inverted, null
from mlci.expectations.fused.piece import Declined

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from mlci.expectations.fused.conditions_terms import Term

WHITESPACE = "".join(map(chr, (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)))) + "".join(
    map(chr, (0x2028, 0x2029, 0x202F, 0x205F, 0x3000))
)
"""What Python's `str.strip` takes away: Rust's has four control characters fewer."""

_META = frozenset(".^$*+?{}[]\\|()")


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of a method: constants, lists and columns."""

    given: tuple[Term, ...]
    named: Mapping[str, Term]

    def bound(self, names: tuple[str, ...], required: int) -> dict[str, Term]:
        """The arguments by their names.

        Raises:
            Declined: there are too few, too many or others.
        """
        both = dict(zip(names, self.given, strict=False))
        if len(self.given) > len(names) or both.keys() & self.named.keys():
            raise Declined("its row_condition gives a method arguments that it does not take")
        both |= self.named
        if not set(names[:required]) <= both.keys() <= set(names):
            raise Declined("its row_condition gives a method unusual arguments")
        return both


NOTHING = Call((), MappingProxyType({}))
Method: TypeAlias = Callable[[Values, Call], "Term"]


# --- of any column ---------------------------------------------------------------------------------------------------


def _isin(values: Values, call: Call) -> Mask:
    several = call.bound(("values",), 1)["values"]
    if not isinstance(several, Several):
        raise Declined("its row_condition gives isin no list")
    return among(values, several)


def _isnull(values: Values, call: Call) -> Mask:
    call.bound((), 0)
    return null(values)


def _notnull(values: Values, call: Call) -> Mask:
    return inverted(_isnull(values, call))


def _between(values: Values, call: Call) -> Mask:
    """pandas, `Series.between`: two comparisons joined."""
    given = call.bound(("left", "right", "inclusive"), 2)
    inclusive = given.get("inclusive", Constant("both"))
    symbols = {"both": (">=", "<="), "left": (">=", "<"), "right": (">", "<="), "neither": (">", "<")}
    found = symbols.get(str(inclusive.value)) if isinstance(inclusive, Constant) else None
    if found is None or isinstance(given["left"], Several) or isinstance(given["right"], Several):
        raise Declined("its row_condition gives between unusual arguments")
    low, high = compared(found[0], values, given["left"]), compared(found[1], values, given["right"])
    return Mask(low.expr & high.expr)


def _abs(values: Values, call: Call) -> Term:
    call.bound((), 0)
    return absolute(values)


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "isin": _isin,
        "isnull": _isnull,
        "isna": _isnull,
        "notnull": _notnull,
        "notna": _notnull,
        "between": _between,
        "abs": _abs,
    }
)


# --- of texts --------------------------------------------------------------------------------------------------------


def _text(term: Term | None) -> str:
    if not isinstance(term, Constant) or not isinstance(term.value, str):
        raise Declined("its row_condition gives a text method something else than a text")
    return term.value


def _as_usual(given: Mapping[str, Term], **usual: object) -> None:
    """Arguments that change what a method does are not known here; their usual values may be written out."""
    for name, value in usual.items():
        term = given.get(name, Constant(None))
        if not isinstance(term, Constant) or (name in given and term.value is not value):
            raise Declined(f"its row_condition gives a text method an unusual `{name}`")


def _contains(values: Values, call: Call) -> Mask:
    given = call.bound(("pat", "case", "flags", "na", "regex"), 1)
    pattern, regex = _text(given["pat"]), given.get("regex", Constant(value=True))
    _as_usual(given, case=True, na=False, flags=0)
    if not isinstance(regex, Constant) or not isinstance(regex.value, bool):
        raise Declined("its row_condition gives contains an unusual `regex`")
    if not regex.value or _is_literal(pattern):
        return Mask(values.expr.str.contains(pattern, literal=True))
    return Mask(values.expr.str.contains(_rust(pattern)))


def _match(values: Values, call: Call) -> Mask:
    pattern = _pattern(call)
    if _is_literal(pattern):
        return Mask(values.expr.str.starts_with(pattern))
    return Mask(values.expr.str.contains(_rust(pattern, r"\A(?:", ")")))


def _fullmatch(values: Values, call: Call) -> Mask:
    pattern = _pattern(call)
    if _is_literal(pattern):
        return Mask(values.expr == _literal(pattern))
    return Mask(values.expr.str.contains(_rust(pattern, r"\A(?:", r")\Z")))


def _pattern(call: Call) -> str:
    given = call.bound(("pat", "case", "flags", "na"), 1)
    _as_usual(given, case=True, na=False, flags=0)
    return _text(given["pat"])


def _is_literal(pattern: str) -> bool:
    return not _META.intersection(pattern)


def _literal(text: str) -> pl.Expr:
    import polars as pl

    return pl.lit(text, dtype=pl.String)


def _rust(pattern: str, before: str = "", after: str = "") -> str:
    """The same pattern for Rust, between two others.

    Raises:
        Declined: Rust may read it otherwise than Python.
    """
    from mlci.expectations.fused.patterns import rust_safe

    found = rust_safe(pattern)  # alone first: it has to be a pattern by itself
    return rust_safe(f"{before}{pattern}{after}") if before else found


def _startswith(values: Values, call: Call) -> Mask:
    return Mask(values.expr.str.starts_with(_affix(call)))


def _endswith(values: Values, call: Call) -> Mask:
    return Mask(values.expr.str.ends_with(_affix(call)))


def _affix(call: Call) -> str:
    given = call.bound(("pat", "na"), 1)
    _as_usual(given, na=False)
    return _text(given["pat"])


def _len(values: Values, call: Call) -> Values:
    import polars as pl

    call.bound((), 0)
    return Values("number", values.expr.str.len_chars().cast(pl.Int64), pl.Int64())


def _lower(values: Values, call: Call) -> Values:
    call.bound((), 0)
    return Values("text", values.expr.str.to_lowercase(), values.dtype)


def _upper(values: Values, call: Call) -> Values:
    call.bound((), 0)
    return Values("text", values.expr.str.to_uppercase(), values.dtype)


def _strip(values: Values, call: Call) -> Values:
    given = call.bound(("to_strip",), 0)
    characters = _text(given["to_strip"]) if "to_strip" in given else WHITESPACE
    return Values("text", values.expr.str.strip_chars(characters), values.dtype)


TEXT: Mapping[str, Method] = MappingProxyType(
    {
        "contains": _contains,
        "match": _match,
        "fullmatch": _fullmatch,
        "startswith": _startswith,
        "endswith": _endswith,
        "len": _len,
        "lower": _lower,
        "upper": _upper,
        "strip": _strip,
    }
)


# --- of dates --------------------------------------------------------------------------------------------------------

_PARTS: Mapping[str, Callable[[Any], pl.Expr]] = MappingProxyType(
    {
        "year": lambda moment: moment.year(),
        "month": lambda moment: moment.month(),
        "day": lambda moment: moment.day(),
        "hour": lambda moment: moment.hour(),
        "minute": lambda moment: moment.minute(),
        "second": lambda moment: moment.second(),
        "quarter": lambda moment: moment.quarter(),
        "dayofyear": lambda moment: moment.ordinal_day(),
        "dayofweek": lambda moment: moment.weekday() - 1,  # pandas counts from Monday as 0
    }
)


def of_date(values: Values, part: str) -> Values:
    """`day.dt.year`: a part of a date as a number.

    Raises:
        Declined: these are no dates, or the part is not known.
    """
    import polars as pl

    if values.kind != "moment" or part not in _PARTS:
        raise Declined("its row_condition takes a part of what is no date")
    moment = values.expr.cast(pl.Datetime("us")) if values.dtype == pl.Date else values.expr
    return Values("number", _PARTS[part](moment.dt).cast(pl.Int64), pl.Int64())


def of_text(values: Values, method: str, call: Call) -> Term:
    """`name.str.len()` and its like.

    Raises:
        Declined: these are no texts, or its arguments are unusual.
    """
    if values.kind != "text" or method not in TEXT:
        raise Declined("its row_condition uses a text method on what is no text")
    return TEXT[method](values, call)
