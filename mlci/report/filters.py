"""Text from the repository made harmless, for each of the places where a report shows it.

Names, messages and tracebacks come from the pull request's code and data. `visible` shows what could hide in them;
the other functions then escape them for their place, so that nothing can break out of a cell or a fence, open an HTML
tag, or become a link, an image, a mention or a reference on GitHub.
"""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import quote

_UNUSUAL = re.compile(r"[^\x20-\x7e\n\u2010-\u2027\u2030-\u205e\u00a1-\u00ac\u00ae-\u02ff]")
_SPACES = re.compile(r"[ \t\n]+")
_MARKS = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILED = re.compile(rf"({_MARKS}{{3}}){_MARKS}+")

# letters and marks that show nothing although their category says otherwise
_BLANK = frozenset(map(ord, "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"))
_IGNORED = (range(0xFDD0, 0xFDF0), range(0xFFF0, 0xFFFC), range(0xE0000, 0xE1000))  # also where not assigned
_NONCHARACTERS = frozenset({0xFFFE, 0xFFFF})  # of every plane
_LAST_OF_PLANE = 0xFFFF
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

# what GitHub would make a link, a mention, a reference or an emoji of is parted by a zero-width space; one that the
# text itself holds has been written out before
_PART = "\u200b"
_LINKED = re.compile(
    r"""
    @                               # a mention, or an e-mail address
    | \#(?=\d) | GH(?=-\d)          # a reference to an issue
    | :(?=//) | (?<=mailto): | (?<=xmpp): | www(?=\.)
    | :(?=[a-z0-9_+-]+(?::|\Z))     # an emoji by name, also one that a colon after the text would end
    """,
    re.IGNORECASE | re.VERBOSE,
)
_WWW = re.compile(r"w(?=ww\.)", re.IGNORECASE)
_LIST_START = re.compile(r"^( *)([-+=])(?=[-= ]|$)")
_LIST_NUMBER = re.compile(r"^( *\d{1,9})([.)])(?= |$)")
_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")  # within a word it means nothing
_BACKTICKS = re.compile(r"`+")

_MARKDOWN = str.maketrans(
    {
        "\\": "&#92;",
        "`": "&#96;",
        "|": "&#124;",
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "*": r"\*",
        "[": r"\[",
        "]": r"\]",
        "~": r"\~",
        "#": r"\#",
        "$": "<span>$</span>",  # what GitHub's documentation gives against its mathematics
        _PART: "&#8203;",
    }
)
_ENTITIES = str.maketrans(
    {character: f"&#{ord(character)};" for character in "\\`|&<>*_[]~#$!:\"'"} | {"@": "@&#8203;"}
)
_HTML_IN_MARKDOWN = str.maketrans({"$": "<span>$</span>", _PART: "&#8203;"})


def visible(text: str) -> str:
    r"""The text with whatever cannot be seen in it written out, as in `\u202e`.

    Control, bidirectional, zero-width and other format characters, surrogates and blank letters are written out;
    line ends become `\n`, tabs four spaces, other spaces plain ones, and piles of accents are cut to three.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    return _PILED.sub(r"\1", _UNUSUAL.sub(lambda match: _shown(match[0]), text))


def _shown(character: str) -> str:
    point = ord(character)
    category = unicodedata.category(character)
    if category == "Zs":
        return character if character == "\u00a0" else " "
    hidden = category in _HIDDEN_CATEGORIES or point in _BLANK or any(point in block for block in _IGNORED)
    hidden = hidden or point % 0x10000 in _NONCHARACTERS
    if not hidden:
        return character
    return f"\\u{point:04x}" if point <= _LAST_OF_PLANE else f"\\U{point:08x}"


def inline(text: str) -> str:
    """The visible text on one line: each run of spaces and line ends becomes one space."""
    return _SPACES.sub(" ", visible(text))


def clip(text: str, limit: int) -> str:
    """The text in at most `limit` characters, an ellipsis for what is left out."""
    return text if len(text) <= limit else f"{text[: max(0, limit - 1)].rstrip()}…"


def _parted(text: str) -> str:
    return _LINKED.sub(lambda match: f"{match[0]}{_PART}", inline(text))


def markdown(text: str) -> str:
    """The text as plain words of a Markdown paragraph, list item or table cell."""
    escaped = _UNDERSCORE.sub(r"\\_", _parted(text).translate(_MARKDOWN))
    return _LIST_NUMBER.sub(r"\1\\\2", _LIST_START.sub(r"\1\\\2", escaped))


def markdown_code(text: str) -> str:
    """The text as a code span of a Markdown paragraph, list item or table cell."""
    text = inline(text).strip(" ") or "(empty)"
    if "`" not in text and "|" not in text:
        return f"`{text}`"
    # a span cannot hold these inside a table; in HTML they can be written as entities
    return f"<code>{_WWW.sub('&#119;', text.translate(_ENTITIES))}</code>"


def comment_html(text: str) -> str:
    """The text as HTML inside a comment, such as a fold's summary, where GitHub would still find mentions in it."""
    return html.escape(_parted(text)).translate(_HTML_IN_MARKDOWN)


def page_html(text: str) -> str:
    """The text as HTML of a page of its own."""
    return html.escape(inline(text))


def block_html(text: str) -> str:
    """The text, its lines kept, inside `<pre>`."""
    return html.escape(visible(text).strip("\n"))


def html_code(text: str) -> str:
    """The text as code in HTML, where GitHub looks for no mentions."""
    return f"<code>{html.escape(inline(text).strip(' ')) or '(empty)'}</code>"


def fence(text: str, language: str = "text") -> str:
    """The text in a fenced block of Markdown, its fence longer than any that the text holds."""
    body = visible(text).strip("\n")
    longest = max((len(run) for run in _BACKTICKS.findall(body)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{body}\n{ticks}"


def web_address(url: str) -> str:
    """An http(s) address with all that could end a Markdown link or an attribute percent-encoded; else ''."""
    url = visible(url).strip()
    if not re.match(r"https?://[^\s/]", url, re.IGNORECASE):
        return ""
    return quote(url, safe=":/?#@!$&+,;=%~-._")


def width(text: str) -> int:
    """The columns that the visible text takes in a fixed-width font."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def pad(text: str, columns: int) -> str:
    """The text filled up with spaces to so many columns of a fixed-width font, or its middle left out."""
    if width(text) > columns:
        head, tail = text[: columns // 2], text[len(text) // 2 :]
        while width(head) + width(tail) > columns - 1:
            head, tail = (head[:-1], tail) if width(head) > width(tail) else (head, tail[1:])
        text = f"{head}…{tail}"
    return text + " " * (columns - width(text))
