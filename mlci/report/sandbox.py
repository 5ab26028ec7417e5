"""Where templates run: escaped by default, without reach, and with bounds on their steps and output.

A template of the user's own is data from the repository. It sees the page's parts and the results as plain
dictionaries; it can call macros and filters, and nothing else. Everything that it prints is escaped for Markdown,
unless a filter or a macro of this room made it. There is no `safe` filter to forget an escape with.
"""

from __future__ import annotations

import functools
from collections.abc import Sized
from typing import TYPE_CHECKING, Any, cast

from jinja2 import StrictUndefined, nodes
from jinja2.compiler import CodeGenerator
from jinja2.exceptions import SecurityError
from jinja2.runtime import BlockReference, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from mlci.report import digits, filters, phrase
from mlci.report.document import Table
from mlci.report.phrase import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jinja2 import BaseLoader, Template
    from jinja2.compiler import Frame

MOST_STEPS = 200_000
MOST_OUTPUT = 2_000_000  # characters; a comment ends at 65,536
_LARGEST = 1e18  # numbers that operators take
_MOST_DECIMALS = 12

_JINJA_FILTERS = (
    "abs", "capitalize", "count", "default", "d", "dictsort", "first", "float", "groupby", "int", "items",
    "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "select",
    "selectattr", "sort", "string", "sum", "title", "trim", "unique", "upper",
)  # fmt: skip
_METHODS = frozenset(
    {"capitalize", "count", "endswith", "find", "get", "index", "isdigit", "items", "keys", "lower", "lstrip"}
    | {"removeprefix", "removesuffix", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "title"}
    | {"upper", "values"}
)


class BoundsError(RuntimeError):
    """A template ran for too long, or wrote too much."""


class Markdown(Markup):
    """Markdown that needs no escaping any more; whatever is joined to it is escaped first."""

    __slots__ = ()

    @classmethod
    def escape(cls, s: Any, /) -> Markdown:  # noqa: ANN401 - markupsafe's own signature
        """`s` as Markdown, escaped unless it already is."""
        return cls(as_markdown(s))


def as_markdown(value: Any) -> Markup:  # noqa: ANN401 - whatever a template prints
    """What a template prints, as Markdown: markup stays as it is, all else is escaped."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, Line):
        return Markdown(phrase.to_markdown(value))
    if isinstance(value, Table):
        return table(value)
    if isinstance(value, Undefined):
        return Markdown(str(value))  # a strict one raises here and says its name
    return Markdown("" if value is None else filters.markdown(str(value)))


def table(value: Table) -> Markup:
    """A table in GitHub's Markdown; '' where it has no rows."""
    if not value.rows:
        return Markdown("")
    rules = {"left": ":--", "center": ":-:", "right": "--:"}
    lines = [
        _cells(phrase.to_markdown(column.title) for column in value.columns),
        "|" + "|".join(rules[column.align] for column in value.columns) + "|",
    ]
    lines += [
        _cells(phrase.to_markdown(cell) if isinstance(cell, Line) else "" for cell in row.cells) for row in value.rows
    ]
    if value.left_out:
        lines += ["", f"… and {digits.count(value.left_out)} more rows in the full report."]
    return Markdown("\n".join(lines))


def _cells(texts: Iterable[str]) -> str:
    return "|" + "|".join(f" {text} " if text else " " for text in texts) + "|"


class _Bounded(CodeGenerator):
    """Compiles templates so that loops are counted and `~` escapes for Markdown."""

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802 - jinja2's own name
        node.iter = _called("counted", cast("nodes.Expr", node.iter))
        super().visit_For(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 - jinja2's own name
        self.visit_Call(_called("joined", nodes.List(node.nodes)), frame)


def _called(name: str, argument: nodes.Expr) -> nodes.Call:
    return nodes.Call(nodes.EnvironmentAttribute(name), [argument], [], None, None)


class MarkdownEnvironment(ImmutableSandboxedEnvironment):
    """The environment of one rendering; it counts that rendering's steps."""

    code_generator_class = _Bounded
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - jinja2's own options
        super().__init__(
            autoescape=True,
            finalize=as_markdown,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            **options,
        )
        self._steps = 0
        shared = {name: self.filters[name] for name in _JINJA_FILTERS}
        self.filters = {name: self._charged(each) for name, each in {**shared, **_FILTERS}.items()}
        self.filters["join"] = self.joined
        self.globals = {"range": self._range}

    # --- bounds ---

    def _step(self, size: int = 0) -> None:
        """Count a step; working on something large counts for more."""
        self._steps += 1 + size // 100
        if self._steps > MOST_STEPS:
            raise BoundsError(f"it takes more than {MOST_STEPS:,} steps")

    def _charged(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The filter, each call of which is a step."""

        @functools.wraps(function)  # keeps the marks by which jinja2 passes an environment
        def charged(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any filter's
            self._step(sum(len(each) for each in args if isinstance(each, Sized)))
            return function(*args, **kwargs)

        return charged

    def counted(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items, each of them a step."""
        for item in items:
            self._step()
            yield item

    def _range(self, *bounds: int) -> range:
        found = range(*bounds)
        self._step(len(found))
        return found

    def joined(self, items: Iterable[Any], by: Any = "") -> Any:  # noqa: ANN401 - what templates hold
        """The items as one text; where any of them is markup, the others are escaped for it."""
        parts = list(self.counted(items))
        is_markup = any(isinstance(part, (Markup, Line)) for part in parts)
        texts = [as_markdown(part) if is_markup else str(part) for part in parts]
        separator = as_markdown(by) if is_markup else str(by)
        size = sum(map(len, texts)) + len(separator) * len(texts)
        if size > MOST_OUTPUT:
            raise BoundsError(f"it makes a text of more than {MOST_OUTPUT:,} characters")
        self._step(size)
        joined = str(separator).join(map(str, texts))
        return Markdown(joined) if is_markup else joined

    # --- reach ---

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - jinja2's own
        """`+`, `*`, `**` and `%`, where a short template could make something huge, or forget an escape."""
        self._step()
        if operator == "+" and isinstance(left, (str, Line)) and isinstance(right, (str, Line)):
            return self.joined([left, right])
        if not all(isinstance(each, (int, float)) and abs(each) < _LARGEST for each in (left, right)):
            raise SecurityError(f"{operator} is for numbers")
        if operator == "**":
            raise SecurityError("** has no use in a report")
        return super().call_binop(context, operator, left, right)

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ANN401 - jinja2's own
        """Macros, blocks, `range`, and the methods of texts and dictionaries that only read."""
        if isinstance(obj, (Macro, BlockReference)) or obj in (self._range, self.counted, self.joined):
            return True
        owner = getattr(obj, "__self__", None)
        return isinstance(owner, (str, dict)) and getattr(obj, "__name__", "") in _METHODS

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - jinja2's own
        """Each call is a step."""
        self._step()
        return super().call(context, obj, *args, **kwargs)


def _places(function: Callable[[float | None, int], str]) -> Callable[[float | None, int], str]:
    def clamped(value: float | None, places: int = 4) -> str:
        return function(value, max(0, min(_MOST_DECIMALS, places)))

    return clamped


def _html(value: Any) -> Markup:  # noqa: ANN401 - a line or a text
    """A line inside HTML in a comment, such as a fold's summary."""
    words = value if isinstance(value, Line) else phrase.line(str(value))
    return Markdown(phrase.to_comment_html(words))


_FILTERS: dict[str, Callable[..., Any]] = {
    "code": lambda text: Markdown(filters.markdown_code(str(text))),
    "fence": lambda text: Markdown(filters.fence(str(text))),
    "html": _html,
    "table": table,
    "number": _places(digits.number),
    "signed": _places(digits.signed),
    "percent": digits.percent,
    "duration": digits.duration,
    "size": digits.size,
    "thousands": digits.count,
    "truncate": lambda text, length=80: filters.clip(str(text), length),
    "e": as_markdown,
    "escape": as_markdown,
}


def environment(loader: BaseLoader) -> MarkdownEnvironment:
    """An environment for one rendering."""
    return MarkdownEnvironment(loader=loader)


def bounded(template: Template, context: Mapping[str, Any]) -> str:
    """What the template writes.

    Raises:
        BoundsError: it writes more than `MOST_OUTPUT` characters.
    """
    pieces: list[str] = []
    total = 0
    for piece in template.generate(**context):
        total += len(piece)
        if total > MOST_OUTPUT:
            raise BoundsError(f"it writes more than {MOST_OUTPUT:,} characters")
        pieces.append(piece)
    return "".join(pieces)
