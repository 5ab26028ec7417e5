"""Row conditions as expressions of Polars, with pandas' meaning: a comparison with null holds for `!=` alone.

Great Expectations turns its own two forms into a text for pandas' `query`; so does this module, and then reads it.
"""

from __future__ import annotations

import ast
import keyword
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlci.expectations import conditions
from mlci.expectations.fused.conditions_compared import among, compared
from mlci.expectations.fused.conditions_methods import METHODS, NOTHING, Call, of_date, of_text
from mlci.expectations.fused.conditions_reckoned import negated, reckoned
from mlci.expectations.fused.conditions_terms import Constant, Mask, Several, Values, column, inverted, mask
from mlci.expectations.fused.piece import Declined

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from mlci.expectations.fused.conditions_terms import Term

MANY = 100  # comparisons that are joined: as many as Great Expectations lets stand in a condition object
PANDAS_OWN = frozenset({"Timestamp", "datetime", "list", "tuple", "inf", "Inf"})  # names that are no columns to it

_SYMBOLS: Mapping[type[ast.AST], str] = MappingProxyType(
    {
        ast.Eq: "==",
        ast.NotEq: "!=",
        ast.Lt: "<",
        ast.LtE: "<=",
        ast.Gt: ">",
        ast.GtE: ">=",
        ast.Add: "+",
        ast.Sub: "-",
        ast.Mult: "*",
        ast.Div: "/",
        ast.FloorDiv: "//",
        ast.Mod: "%",
    }
)
_COMPARISONS: Mapping[str, str] = MappingProxyType(
    {**{symbol: symbol for symbol in ("==", "!=", "<", "<=", ">", ">=")}, "IN": "in", "NOT_IN": "not in"}
)
_GX = re.compile(
    r"""\s*col\("(?P<column>[^"\\\n`]+)"\)\s*
    (?:(?P<notnull>\.notnull\(\))
    |(?P<symbol>>=|<=|==|!=|>|<)\s*(?:(?P<number>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)
    |(?P<quote>["'])(?P<text>[0-9A-Za-z!#$%&()*+,./:;<=>?@\[\]^_{|}~-][0-9A-Za-z!#$%&()*+,./:;<=>?@\[\]^_{|}~ -]*)
    (?P=quote)))\s*""",
    re.VERBOSE | re.ASCII,
)
"""What is certain of Great Expectations' own grammar (legacy_row_conditions.py): it reads the start of a text alone."""


def kept(condition: object, parser: object, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """Which rows a row_condition keeps: a boolean expression that is never null.

    Args:
        condition: a text for pandas' `query` or for Great Expectations, or a condition object, as a suite holds it.
        parser: its `condition_parser`.
        schema: the table's columns; those that the condition reads are among them.

    Raises:
        Declined: it is not one of the known forms, or the types of what it compares are not known to compare alike.
    """
    try:
        conditions.columns(condition, parser)
        text = _text(condition, parser)
        words, quoted = conditions.stand_ins(text)
        tree = ast.parse(words, mode="eval").body
        term = Reader(schema, quoted).term(tree)
    except (conditions.UnsafeConditionError, SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        raise Declined("its row_condition cannot be read") from None
    return mask(term).expr.fill_null(value=False)


# --- every form as a text for pandas ---------------------------------------------------------------------------------


def _text(condition: object, parser: object) -> str:
    """The text that Great Expectations gives to pandas."""
    if isinstance(condition, str):
        return _of_gx(condition) if parser in conditions.PARSED_BY_GX else condition
    if not isinstance(condition, Mapping):  # pragma: no cover - refused before
        raise Declined("its row_condition is neither a text nor an object")
    if condition.get("type") == "pass_through" and condition.keys() <= {"type", "pass_through_filter"}:
        return str(condition.get("pass_through_filter"))
    return _of_object(condition, ())


def _of_gx(condition: str) -> str:
    found = _GX.fullmatch(condition)
    if found is None:
        raise Declined("its row_condition is no comparison in Great Expectations' own grammar")
    name = _reference(found["column"])
    if found["notnull"]:
        return f"~{name}.isnull()"
    if found["text"] is not None:
        return f"{name} {found['symbol']} {found['text']!r}"
    number = found["number"]
    return f"{name} {found['symbol']} {int(number) if re.fullmatch('[+-]?[0-9]+', number) else float(number)!r}"


def _of_object(condition: Mapping[str, Any], above: tuple[str, ...]) -> str:
    """A condition object (PandasExecutionEngine, `condition_to_filter_clause`)."""
    kind = condition.get("type")
    if kind in ("and", "or") and condition.keys() == {"type", "conditions"}:
        parts = condition["conditions"]
        if not parts or (kind == "or" and above):  # Great Expectations refuses `or` inside of others
            raise Declined("its row_condition nests conditions that Great Expectations does not")
        return "(" + f" {kind} ".join(_of_object(part, (*above, kind)) for part in parts) + ")"
    if kind == "nullity" and condition.keys() == {"type", "column", "is_null"}:
        name, is_null = _reference(_name(condition["column"])), condition["is_null"]
        if not isinstance(is_null, bool):
            raise Declined("its row_condition has an `is_null` that is neither true nor false")
        return f"{name}.isnull()" if is_null else f"~{name}.isnull()"
    if kind == "comparison" and condition.keys() == {"type", "column", "operator", "parameter"}:
        symbol, value = _COMPARISONS.get(str(condition["operator"])), condition["parameter"]
        if symbol is None or value is None or (symbol in ("in", "not in") and not isinstance(value, list)):
            raise Declined("its row_condition compares in an unknown way")
        return f"{_reference(_name(condition['column']))} {symbol} {value!r}"
    raise Declined("its row_condition is an object of an unknown form")


def _name(column: Mapping[str, Any]) -> str:
    if column.keys() != {"name"}:
        raise Declined("its row_condition names a column in an unknown form")
    return str(column["name"])


def _reference(name: str) -> str:
    """A column's name in a text for pandas (pandas_execution_engine.py, `query_column_reference`)."""
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"`{name}`"


# --- the text, part by part ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the tree of a condition.

    Args:
        schema: the table's columns.
        quoted: the names behind the words that stand in for backticks.
    """

    schema: Mapping[str, pl.DataType]
    quoted: Mapping[str, str]

    def term(self, node: ast.AST) -> Term:
        """What a part of a condition is.

        Raises:
            Declined: it is not known for certain.
        """
        read = _READERS.get(type(node))
        if read is None:
            raise Declined("its row_condition has a part of an unknown form")
        return read(self, node)

    def values(self, node: ast.AST) -> Values:
        """A part that has a value for each row."""
        term = self.term(node)
        if not isinstance(term, Values):
            raise Declined("its row_condition calls a method of what is no column")
        return term


def _column(reader: Reader, node: ast.Name) -> Values:
    name = reader.quoted.get(node.id, node.id)
    if name in PANDAS_OWN or not name.isprintable() or name not in reader.schema:
        raise Declined("its row_condition names a column that pandas reads otherwise")
    return column(name, reader.schema[name])


def _constant(_: Reader, node: ast.Constant) -> Constant:
    if not isinstance(node.value, bool | int | float | str | None):  # pragma: no cover - refused before
        raise Declined("its row_condition holds a constant of an unknown type")
    return Constant(node.value)


def _several(reader: Reader, node: ast.List | ast.Tuple) -> Several:
    values = []
    for item in node.elts:
        term = reader.term(item)
        if not isinstance(term, Constant):
            raise Declined("its row_condition has a list of what is not constant")
        values.append(term.value)
    return Several(tuple(values))


def _joined(reader: Reader, node: ast.BoolOp) -> Mask:
    if len(node.values) > MANY:
        raise Declined("its row_condition joins too many comparisons")
    parts = [mask(reader.term(value)).expr for value in node.values]
    return Mask(reduce(operator.and_ if isinstance(node.op, ast.And) else operator.or_, parts))


def _unary(reader: Reader, node: ast.UnaryOp) -> Term:
    term = reader.term(node.operand)
    if isinstance(node.op, ast.Not | ast.Invert):
        return inverted(mask(term))
    return negated(term) if isinstance(node.op, ast.USub) else negated(negated(term))


def _binary(reader: Reader, node: ast.BinOp) -> Term:
    symbol = _SYMBOLS.get(type(node.op))
    if symbol is None:  # pragma: no cover - refused before
        raise Declined("its row_condition reckons in an unknown way")
    return reckoned(symbol, reader.term(node.left), reader.term(node.right))


def _comparison(reader: Reader, node: ast.Compare) -> Mask:
    """One comparison, or a chain of them: each with its neighbour, joined by `and`."""
    if len(node.ops) > MANY:
        raise Declined("its row_condition joins too many comparisons")
    terms = [reader.term(each) for each in (node.left, *node.comparators)]
    found = []
    for op, left, right in zip(node.ops, terms[:-1], terms[1:], strict=True):
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(right, Several):
                raise Declined("its row_condition looks for something in what is no list")
            one = among(left, right)
            found.append(one if isinstance(op, ast.In) else inverted(one))
        elif type(op) in _SYMBOLS:
            found.append(compared(_SYMBOLS[type(op)], left, right))
        else:
            raise Declined("its row_condition compares in an unknown way")
    return Mask(reduce(operator.and_, [one.expr for one in found]))


def _attribute(reader: Reader, node: ast.Attribute) -> Values:
    """`day.dt.year`, the one thing that is neither a name nor called."""
    if isinstance(node.value, ast.Attribute) and node.value.attr == "dt":
        return of_date(reader.values(node.value.value), node.attr)
    raise Declined("its row_condition names a method without calling it")


def _called(reader: Reader, node: ast.Call) -> Term:
    call = NOTHING
    if node.args or node.keywords:
        named = {each.arg: reader.term(each.value) for each in node.keywords if each.arg is not None}
        call = Call(tuple(reader.term(arg) for arg in node.args), named)
    if not isinstance(node.func, ast.Attribute):  # pragma: no cover - refused before
        raise Declined("its row_condition calls a function")
    owner, method = node.func.value, node.func.attr
    if isinstance(owner, ast.Attribute) and owner.attr == "str":
        return of_text(reader.values(owner.value), method, call)
    if method not in METHODS:  # pragma: no cover - refused before
        raise Declined("its row_condition calls an unknown method")
    return METHODS[method](reader.values(owner), call)


_READERS: Mapping[type[ast.AST], Callable[[Reader, Any], Term]] = MappingProxyType(
    {
        ast.Name: _column,
        ast.Constant: _constant,
        ast.List: _several,
        ast.Tuple: _several,
        ast.BoolOp: _joined,
        ast.UnaryOp: _unary,
        ast.BinOp: _binary,
        ast.Compare: _comparison,
        ast.Attribute: _attribute,
        ast.Call: _called,
    }
)
