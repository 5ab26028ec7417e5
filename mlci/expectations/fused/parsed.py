"""Expectations of texts that only Python's own parsers can judge: each distinct text is parsed once.

What a plain pattern proves to be right (`sure`) is not even parsed. The other texts are looked at in parts, so that a
column of distinct texts does not have to be in memory at once.
"""

from __future__ import annotations

import json
import re
import warnings
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlci.expectations.fused.patterns import rust_literal
from mlci.expectations.fused.piece import Declined, Groups, Impossible, Rows, of_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import polars as pl

    from mlci.expectations.fused.piece import Ask, Piece, Steps, Values

    Accepts = Callable[[str], bool]

PART = 1 << 19  # distinct texts that are looked at together: half a million, 200 MB of Python's objects at most

DAYS = (
    ("(?:0[1-9]|1[0-2])", "(?:0[1-9]|1[0-9]|2[0-8])"),
    ("(?:0[13-9]|1[0-2])", "(?:29|30)"),
    ("(?:0[13578]|1[02])", "31"),
)
"""Months, and days that each of them has in every year."""

ISO_DATE = f"[1-9][0-9]{{3}}-(?:{'|'.join(f'{month}-{day}' for month, day in DAYS)})"
ISO_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])?"

DIRECTIVES = {
    "Y": "[1-9][0-9]{3}",
    "H": "(?:[01][0-9]|2[0-3])",
    "M": "[0-5][0-9]",
    "S": "[0-5][0-9]",
    "f": "[0-9]{1,6}",
    "z": "(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])",
}
"""Texts that a directive of strptime takes for certain, whatever the rest of the date is."""


def strftime_format(ask: Ask) -> Steps:
    """expect_column_values_to_match_strftime_format."""
    form = ask.kwargs.get("strftime_format")
    if not isinstance(form, str):
        raise Declined("its `strftime_format` is no text")
    try:  # Great Expectations refuses a format that cannot read what it writes
        datetime.strptime(datetime.now(tz=UTC).strftime(form), form)  # noqa: DTZ007 - only whether it can be read
    except Exception:  # noqa: BLE001 - also what `re` raises for a directive that is there twice
        raise Declined("its `strftime_format` cannot be read") from None

    def accepts(text: str) -> bool:
        try:
            datetime.strptime(text, form)  # noqa: DTZ007 - only whether it can be read
        except ValueError:
            return False
        return True

    return (yield from _parsed(ask, accepts, sure_format(form)))


def dateutil_parseable(ask: Ask) -> Steps:
    """expect_column_values_to_be_dateutil_parseable."""
    return (yield from _parsed(ask, _is_date, rf"\A{ISO_DATE}(?:[ T]{ISO_TIME})?\z"))


def json_parseable(ask: Ask) -> Steps:
    """expect_column_values_to_be_json_parseable: what is no text is never JSON."""
    values = ask.column()
    if not is_text(values) and values.dtype.is_nested():
        raise Declined("a column of lists or structs")
    if not is_text(values):
        answers = yield {"rows": ask.rows, "present": Rows(values.present)}
        return of_rows(ask, rows=answers["rows"], considered=answers["present"], unexpected=answers["present"])
    return (yield from each_text(ask, values, text_of(values), _is_json))


def json_schema(ask: Ask) -> Steps:
    """expect_column_values_to_match_json_schema; a text that is no JSON makes it impossible, as there."""
    schema = ask.kwargs.get("json_schema")
    if not isinstance(schema, dict):
        raise Declined("its `json_schema` is no mapping")
    return (yield from _parsed(ask, _valid_by(schema)))


# --- texts, each judged once -----------------------------------------------------------------------------------------


def is_text(values: Values) -> bool:
    """Whether a column holds texts, or categories of them."""
    import polars as pl

    return values.dtype in (pl.String, pl.Null, pl.Categorical, pl.Enum)


def text_of(values: Values) -> pl.Expr:
    """The texts of a column of texts or of categories."""
    import polars as pl

    return values.expr if values.dtype == pl.String else values.expr.cast(pl.String)


def each_text(ask: Ask, values: Values, text: pl.Expr, accepts: Accepts, sure: str = "") -> Steps:
    r"""An expectation of every value that is not null, as Python judges its text.

    Args:
        ask: the expectation.
        values: the column.
        text: its values as texts, null where they are.
        accepts: whether a text is as expected.
        sure: a pattern for Rust: texts in which it is found are accepted without being looked at.

    Raises:
        Impossible: `accepts` raises an exception for one of the texts.
    """
    import polars as pl

    left = text.filter(~text.str.contains(sure)) if sure else text
    answers = yield {"rows": ask.rows, "present": Rows(values.present), "left": Rows(left.approx_n_unique())}
    rows, present, unexpected = answers["rows"], answers["present"], 0
    k0 = pl.col("k0")
    keep = k0.is_not_null() & ~k0.str.contains(sure) if sure else k0.is_not_null()
    parts = -(-answers["left"] // PART) if present else 0
    for part in range(parts):
        some = keep & (k0.hash() % parts == part) if parts > 1 else keep
        found = yield {"texts": Groups((text,), pl.struct("k0", "rows").implode(), some, "concat")}
        unexpected += sum(each["rows"] for each in found["texts"] or () if not _judged(accepts, each["k0"]))
    return of_rows(ask, rows=rows, considered=present, unexpected=unexpected)


def _judged(accepts: Accepts, text: str) -> bool:
    try:
        return accepts(text)
    except Exception as error:  # noqa: BLE001 - a parser raises what it likes, and its words quote the text
        raise Impossible(f"could not be computed ({type(error).__name__})") from None


def _parsed(ask: Ask, accepts: Accepts, sure: str = "") -> Steps:
    """As `each_text`, for parsers that take nothing but texts."""
    values = ask.column()
    if is_text(values):
        return (yield from each_text(ask, values, text_of(values), accepts, sure))
    answers = yield {"rows": ask.rows, "present": Rows(values.present)}
    if answers["present"]:
        raise Impossible("could not be computed (TypeError)")
    return of_rows(ask, rows=answers["rows"], considered=0, unexpected=0)


# --- the parsers, used as Great Expectations uses them ---------------------------------------------------------------


def sure_format(form: str) -> str:
    """A pattern for Rust of texts that `strptime` reads by a format for certain; empty where none is known."""
    texts = [list(_pieces(form, {**DIRECTIVES, "m": month, "d": day})) for month, day in DAYS]
    return rf"\A(?:{'|'.join(''.join(parts) for parts in texts)})\z" if all(map(all, texts)) else ""


def _pieces(form: str, directives: Mapping[str, str]) -> Iterator[str]:
    """A format piece by piece; an empty one where it is not known what it takes."""
    split = re.findall(r"%.|[^%]+", form, re.DOTALL)
    for at, piece in enumerate(split):
        after = split[at + 1][:1] if at + 1 < len(split) else ""
        if piece == "%f" and (after == "%" or after.isdigit()):
            yield ""  # where its digits end is not told by them
        elif piece.startswith("%"):
            yield "%" if piece == "%%" else directives.get(piece[1:], "")
        else:
            yield rust_literal(piece)


def _is_date(text: str) -> bool:
    try:
        _dateutil()(text)
    except (ValueError, OverflowError):
        return False
    return True


@cache
def _dateutil() -> Callable[[str], Any]:
    """The parser of dates; it would warn of zones that it does not know, with a piece of the text."""
    parser = import_module("dateutil.parser")
    warnings.filterwarnings("ignore", category=parser.UnknownTimezoneWarning)  # added, not saved: other threads run
    read: Callable[[str], Any] = parser.parse
    return read


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except Exception:  # noqa: BLE001 - as Great Expectations does
        return False
    return True


def _valid_by(schema: Mapping[str, Any]) -> Accepts:
    """Whether the JSON of a text is valid; the schema is checked once there is a text."""
    validator_for = import_module("jsonschema.validators").validator_for
    nothing_fetched = import_module("referencing").Registry()
    kind = validator_for(schema, default=None) if "$schema" in schema else validator_for(schema)
    if kind is None:
        raise Declined("a JSON Schema of an unknown kind")

    @cache
    def checked() -> Any:  # noqa: ANN401 - a class that is made by a function
        kind.check_schema(schema)
        return kind(schema, registry=nothing_fetched)

    def accepts(text: str) -> bool:
        instance = json.loads(text)
        return not list(checked().iter_errors(instance))  # all of them, as there: a later one may be an exception

    return accepts


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "expect_column_values_to_match_strftime_format": strftime_format,
        "expect_column_values_to_be_dateutil_parseable": dateutil_parseable,
        "expect_column_values_to_be_json_parseable": json_parseable,
        "expect_column_values_to_match_json_schema": json_schema,
    }
)
