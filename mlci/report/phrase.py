"""A line of words, code and emphasis, kept apart from its markup: each output escapes it in its own way.

Sentences and cells are built as a `Line`; only a renderer turns one into Markdown, HTML or terminal text. So nothing
from the repository reaches an output without having been escaped for it.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.report import filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_MARKED = re.compile(r"`([^`\n]+)`|(https?://[^\s<>\"'`)\]]+[^\s<>\"'`)\].,;:!?])", re.IGNORECASE)
_MOST_MARKED = 50  # in one text; a sentence that people write has fewer


@dataclass(frozen=True, slots=True)
class Span:
    """Some text of one kind."""

    text: str
    code: bool = False
    strong: bool = False
    url: str = ""

    def clipped(self, limit: int) -> Span:
        """The span in at most `limit` characters."""
        fits = len(self.text) <= limit
        return self if fits else dataclasses.replace(self, text=filters.clip(self.text, limit))


@dataclass(frozen=True, slots=True)
class Line:
    """Some spans, read one after the other."""

    spans: tuple[Span, ...] = ()

    def __bool__(self) -> bool:
        return any(span.text for span in self.spans)

    def __add__(self, other: Line) -> Line:
        return Line(self.spans + other.spans)

    def __str__(self) -> str:
        return "".join(span.text for span in self.spans)

    def clipped(self, limit: int) -> Line:
        """The line with each span cut to `limit` characters."""
        return Line(tuple(span.clipped(limit) for span in self.spans))

    def within(self, limit: int) -> Line:
        """The line cut to `limit` characters altogether."""
        kept: list[Span] = []
        for span in self.spans:
            if limit <= 0:
                break
            kept.append(span.clipped(limit))
            limit -= len(span.text)
        return Line(tuple(kept))


EMPTY = Line()
Part = str | Span | Line


def line(*parts: Part) -> Line:
    """A line of these parts; text is words."""
    return Line(tuple(itertools.chain.from_iterable(_spans(part) for part in parts)))


def _spans(part: Part) -> Iterable[Span]:
    if isinstance(part, Line):
        return part.spans
    return (part,) if isinstance(part, Span) else (Span(part),)


def code(text: str) -> Span:
    """A name, a value or a path, shown as code."""
    return Span(text, code=True)


def strong(*parts: Part) -> Line:
    """These parts in bold."""
    return Line(tuple(dataclasses.replace(span, strong=True) for span in line(*parts).spans))


def link(text: str, url: str) -> Span:
    """A link, or its text alone where the address is none."""
    return Span(text, url=filters.web_address(url))


def prose(text: str) -> Line:
    """A sentence of a finding: what stands between backticks, and every web address, is shown as code."""
    parts: list[Part] = []
    end = 0
    for match in itertools.islice(_MARKED.finditer(text), _MOST_MARKED):
        parts += [text[end : match.start()], code(match[1] or match[2])]
        end = match.end()
    return line(*parts, text[end:])


def join(parts: Sequence[Part], separator: str) -> Line:
    """The parts with a separator between them."""
    apart: list[Part] = []
    for part in parts:
        apart += [separator, part] if apart else [part]
    return line(*apart)


def listed(parts: Sequence[Part], *, most: int = 3) -> Line:
    """`a, b and c`; beyond `most`, `a, b and 4 more`."""
    if len(parts) > most:
        return line(join(parts[: most - 1], ", "), f" and {len(parts) - most + 1} more")
    if len(parts) <= 1:
        return line(*parts)
    return line(join(parts[:-1], ", "), " and ", parts[-1])


def capital(words: Line) -> Line:
    """The line with its first letter a capital, where it begins with a word."""
    if not words.spans or words.spans[0].code or not words.spans[0].text:
        return words
    first = words.spans[0]
    return Line((dataclasses.replace(first, text=first.text[0].upper() + first.text[1:]), *words.spans[1:]))


def _rendered(
    words: Line,
    text: Callable[[str], str],
    code_span: Callable[[str], str],
    bold: tuple[str, str],
    anchor: Callable[[str, str], str],
) -> str:
    pieces: list[str] = []
    for is_strong, group in itertools.groupby((s for s in words.spans if s.text), key=lambda span: span.strong):
        inner = "".join(
            anchor(text(span.text), span.url) if span.url else code_span(span.text) if span.code else text(span.text)
            for span in group
        )
        pieces.append(f"{bold[0]}{inner.strip(' ')}{bold[1]}" if is_strong else inner)
    return "".join(pieces).strip(" ")


def to_markdown(words: Line) -> str:
    """The line in a Markdown paragraph, list item or table cell."""
    return _rendered(
        words,
        filters.markdown,
        filters.markdown_code,
        ("**", "**"),
        lambda text, url: f"[{text}]({url})",
    )


def to_comment_html(words: Line) -> str:
    """The line in HTML that stands in a comment, such as a fold's summary."""
    return _rendered(words, filters.comment_html, filters.html_code, ("<b>", "</b>"), _anchor)


def to_page_html(words: Line) -> str:
    """The line in an HTML page."""
    return _rendered(words, filters.page_html, filters.html_code, ("<strong>", "</strong>"), _anchor)


def _anchor(text: str, url: str) -> str:
    return f'<a href="{filters.page_html(url)}">{text}</a>'
