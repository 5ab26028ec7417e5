"""Row conditions: which columns they read, and whether they only compare.

Great Expectations hands a condition's text to `pandas.DataFrame.query`, which evaluates it: `@` reaches the modules of
the calling code, and a column's methods write files. A suite comes from the repository under test, so a condition is
read here first, and anything beyond comparisons of columns with constants is refused.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PARSED_BY_GX = frozenset({"great_expectations", "great_expectations__experimental__"})

_METHODS = frozenset({"isin", "isnull", "isna", "notnull", "notna", "between", "abs"})
_TEXT = frozenset({"contains", "startswith", "endswith", "match", "fullmatch", "len", "lower", "upper", "strip"})
_DATE = frozenset({"year", "month", "day", "hour", "minute", "second", "dayofweek", "dayofyear", "quarter"})
_NODES = (
    ast.Expression,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.UnaryOp,
    ast.Not,
    ast.Invert,
    ast.USub,
    ast.UAdd,
    ast.BinOp,
    ast.BitAnd,
    ast.BitOr,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.Mod,
    ast.FloorDiv,
    ast.Compare,
    ast.cmpop,
    ast.Name,
    ast.Constant,
    ast.List,
    ast.Tuple,
    ast.expr_context,
    ast.Call,
    ast.keyword,
    ast.Attribute,
)
_BACKTICKED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|`([^`'"\\#@\r\n]+)`""")
_LOCAL = "__pd_eval_local_"  # what pandas makes of `@`
_UNREADABLE = "it is no comparison that pandas' query can read"
_GX_COLUMN = re.compile(r"""col\(\s*(?:"([^"]*)"|'([^']*)')\s*\)""")


class UnsafeConditionError(ValueError):
    """The condition does more than compare; its text says what."""


def columns(condition: object, parser: object = None) -> frozenset[str]:
    """The names of the columns that a `row_condition` reads.

    Raises:
        UnsafeConditionError: it cannot be read, or does more than compare columns with constants.
    """
    if isinstance(condition, str):
        return _of_gx(condition) if isinstance(parser, str) and parser in PARSED_BY_GX else _of_pandas(condition)
    if isinstance(condition, Mapping):
        return frozenset(_of_object(condition))
    raise UnsafeConditionError("it is neither a text nor a condition object")


def _of_object(condition: Mapping[str, Any]) -> Iterator[str]:
    kind = condition.get("type")
    if kind in ("and", "or"):
        parts = condition.get("conditions")
        if not isinstance(parts, list | tuple) or not all(isinstance(part, Mapping) for part in parts):
            raise UnsafeConditionError("its `conditions` are no list of conditions")
        for part in parts:
            yield from _of_object(part)
    elif kind in ("comparison", "nullity"):
        column = condition.get("column")
        name = column.get("name") if isinstance(column, Mapping) else None
        if not isinstance(name, str):
            raise UnsafeConditionError("a part of it names no column")
        yield _plain(name)
    elif kind == "pass_through":
        yield from columns(condition.get("pass_through_filter"))
    else:
        raise UnsafeConditionError("its `type` is none of comparison, nullity, and, or, pass_through")


def _of_gx(condition: str) -> frozenset[str]:
    """`col("age") > 18`: Great Expectations' own grammar, which it turns into condition objects."""
    names = [_plain(double or single) for double, single in _GX_COLUMN.findall(condition)]
    if not names:
        raise UnsafeConditionError('it names no column: write col("age") > 18')
    return frozenset(names)


def _plain(name: str) -> str:
    """The name of a column, if pandas reads it as one."""
    if "`" in name:  # it would end the quotation that Great Expectations puts around the name
        raise UnsafeConditionError("a column's name holds a backtick")
    if unicodedata.normalize("NFKC", name).startswith(_LOCAL):  # Python folds names before it looks them up
        raise UnsafeConditionError("it names a variable of the program")
    return name


def _of_pandas(condition: str) -> frozenset[str]:
    text, quoted = stand_ins(condition)
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UnsafeConditionError(_UNREADABLE) from None
    for node in ast.walk(tree):
        _check(node)
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return frozenset(_plain(quoted.get(name, name)) for name in found)


def stand_ins(condition: str) -> tuple[str, dict[str, str]]:
    """A condition as pandas lets Python parse it: a word for each name in backticks, `and` and `or` for `&` and `|`.

    Returns:
        The text, and the names in backticks by their words.

    Raises:
        UnsafeConditionError: its backticks enclose more than plain names, it is not one line, or no Python.
    """
    quoted: dict[str, str] = {}

    def stand_in(found: re.Match[str]) -> str:
        if found[1] is not None:
            return found[1]
        word = f"backticked_{len(quoted)}_"
        quoted[word] = found[2]
        return f" {word} "  # apart from its neighbours, as a quotation is

    if "backticked_" in condition:
        raise UnsafeConditionError("it holds the word `backticked_`")
    text = _BACKTICKED.sub(stand_in, condition).strip()
    if "`" in text:
        raise UnsafeConditionError("a backtick in it does not enclose a plain column name")
    if len(text.splitlines()) != 1:
        raise UnsafeConditionError("it is not one line")
    try:
        return tokenize.untokenize(_tokens(text)), quoted
    except (SyntaxError, tokenize.TokenError):
        raise UnsafeConditionError(_UNREADABLE) from None


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    """Its tokens, `&` and `|` as `and` and `or`, which bind as loosely (pandas' `_replace_booleans`)."""
    words = {"&": "and", "|": "or"}
    for kind, word, *_ in tokenize.generate_tokens(io.StringIO(text).readline):
        yield (tokenize.NAME, words[word]) if kind == tokenize.OP and word in words else (kind, word)


def _check(node: ast.AST) -> None:
    if not isinstance(node, _NODES):
        raise UnsafeConditionError(f"it holds {_words(node)}")
    if isinstance(node, ast.Constant) and not isinstance(node.value, str | int | float | bool | None):
        raise UnsafeConditionError("it holds a constant that is neither text nor number")
    if isinstance(node, ast.BinOp) and (_is_sequence(node.left) or _is_sequence(node.right)):
        raise UnsafeConditionError("it reckons with a text or a list")  # 'x' * 999999999 fills the memory
    if isinstance(node, ast.Call) and not isinstance(node.func, ast.Attribute):
        raise UnsafeConditionError("it calls a function")
    if isinstance(node, ast.keyword) and node.arg is None:
        raise UnsafeConditionError("it unpacks arguments")
    if isinstance(node, ast.Attribute) and not _allowed(node):
        raise UnsafeConditionError(f"it uses `.{node.attr}`")


def _is_sequence(node: ast.AST) -> bool:
    return isinstance(node, ast.List | ast.Tuple) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _allowed(node: ast.Attribute) -> bool:
    """Whether an attribute is one of the few methods of a column, of its texts or of its dates."""
    if isinstance(node.value, ast.Attribute) and node.value.attr == "str":
        return node.attr in _TEXT
    if isinstance(node.value, ast.Attribute) and node.value.attr == "dt":
        return node.attr in _DATE
    return node.attr in _METHODS or node.attr in ("str", "dt")


def _words(node: ast.AST) -> str:
    names = {"Lambda": "a lambda", "JoinedStr": "an f-string", "Subscript": "an index", "Pow": "a power"}
    return names.get(type(node).__name__, f"a part that only compares nothing ({type(node).__name__})")
