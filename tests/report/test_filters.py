from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlci.report import filters

NASTY = (
    "</details>|`b`*x*_y_[a](https://e.example)![i](x)<img src=x onerror=1> @root #1 GH-2 www.e.example a@b.cc :tada: "
    "$x$ \u202e\u200b\x1b[31m\x00~~s~~\n# h\n```\n- [ ] t\\"
)
PIECES = st.sampled_from(
    [
        *(
            "`",
            "``",
            "```",
            "|",
            "\\",
            "\n",
            "\r",
            "<",
            ">",
            "&",
            "&#",
            ";",
            "[",
            "]",
            "(",
            ")",
            "![",
            "*",
            "_",
            "~",
            "#",
        ),
        *(
            "@a",
            "#1",
            "GH-1",
            "a/b#2",
            "http://",
            "https://a.b",
            "www.a.b",
            "mailto:a@b.cc",
            "xmpp:a@b.cc",
            "ftp://a.b",
        ),
        *("<b>", "</td>", "<!--", "-->", "</details>", "</code>", "<a href=x>", "- ", "+ ", "1. ", "2) ", "> ", "---"),
        *(
            "~~~",
            "    x",
            "\t",
            "\u202e",
            "\u200b",
            "\x00",
            "\x1b",
            ":tada:",
            "$",
            "$$",
            "é",
            "名",
            "\u0301",
            "\ud800",
            "===",
        ),
    ]
)
TEXTS = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=12).map("".join))
MENTION = re.compile(r"(?<![\w`])@\w|#\d|\bGH-\d|:[a-z0-9_+-]+:", re.IGNORECASE | re.ASCII)


def shown(text):
    """What a reader should see of a text: spaces collapse, and what parts a mention is seen by nobody."""
    return filters.inline(text).strip(" ")


@given(TEXTS)
@example(NASTY)
def test_markdown__a_text_stays_in_its_cell(rendered, text):
    """A cell holds the text as words: no tag, no mention, and the next cell is where it was."""
    page = rendered(f"| a | b |\n|:--|:--|\n| {filters.markdown(text)} | end |\n")
    assert [tag for tag in page.tags if tag != "span"] == [
        "table",
        "thead",
        "tr",
        "th",
        "th",
        "tbody",
        "tr",
        "td",
        "td",
    ]
    assert not MENTION.search(page.words)
    words = re.sub(r"\s+", " ", page.words.replace("\u200b", "")).replace("\u00a0", " ")
    assert words == re.sub(r"\s+", " ", f" a b {shown(text)} end ".replace("\u00a0", " "))


@given(TEXTS)
@example(NASTY)
def test_markdown__a_text_stays_in_its_paragraph(rendered, text):
    """A paragraph that begins with the text is one paragraph of words."""
    page = rendered(f"{filters.markdown(text).strip(' ')} end\n\nend\n")
    assert [tag for tag in page.tags if tag != "span"] == ["p", "p"]
    assert not MENTION.search(page.words)


@given(TEXTS)
@example(NASTY)
def test_markdown_code__a_text_stays_in_its_span(rendered, text):
    """A code span in a cell holds the text and nothing else changes."""
    page = rendered(f"| a | b |\n|:--|:--|\n| {filters.markdown_code(text)} | end |\n")
    tags = ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "code", "td"]
    assert (page.tags, page.words.split()) == (tags, ["a", "b", "end"])
    assert page.code.replace("\u200b", "").strip(" ") == (shown(text) or "(empty)")


@given(TEXTS)
@example(NASTY)
def test_comment_html__a_text_stays_in_its_summary(rendered, text):
    """A fold's summary holds the text as words."""
    summary = (
        f"<details><summary>{filters.comment_html(text)} {filters.html_code(text)}</summary>\n\nend\n\n</details>\n"
    )
    page = rendered(summary)
    assert [tag for tag in page.tags if tag != "span"] == ["details", "summary", "code", "p"]
    assert not MENTION.search(page.words)


@given(TEXTS, TEXTS)
@example(NASTY, "`" * 9)
def test_fence__a_text_stays_in_its_fence(rendered, text, other):
    """A fence holds all lines of the text, however many backticks they have."""
    page = rendered(f"a\n\n{filters.fence(text + chr(10) + other)}\n\nend\n")
    assert page.tags == ["p", "pre", "code", "p"]
    assert page.code == filters.visible(text + "\n" + other).strip("\n") + "\n"


@given(TEXTS)
def test_page_html__a_text_is_text(parse, text):
    """In a page, the text comes back as it is shown."""
    page = parse(f"<p>{filters.page_html(text)}</p>")
    assert (page.tags, page.words) == (["p"], filters.inline(text))


@given(st.text())
def test_visible__hides_nothing(text):
    """What is left can be seen, or is a space or a line end."""
    assert all(each.isprintable() or each in "\n\u00a0" or ord(each) > 0x2FF for each in filters.visible(text))
    assert filters.visible(filters.visible(text)) == filters.visible(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", "plain text"),
        ("a\r\nb\rc\td", "a\nb\nc    d"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("lone\ud800", "lone\\ud800"),
        ("n\u00adb\u2003c", "n\\u00adb c"),
        ("e" + "\u0301" * 40, "e\u0301\u0301\u0301"),
        ("naïve 名前 ✅ ⚠️ “q”", "naïve 名前 ✅ ⚠️ “q”"),
    ],
)
def test_visible__writes_out_what_cannot_be_seen(text, expected):
    """Controls, bidirectional and zero-width characters are written out; letters stay."""
    assert filters.visible(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max_depth", "max_depth"),
        ("__init__", r"\_\_init\_\_"),
        ("a*b", r"a\*b"),
        ("−0.5 < 1", "−0.5 &lt; 1"),
        ("1. first", r"1\. first"),
        ("1.5 rows", "1.5 rows"),
        ("- item", r"\- item"),
        ("+0.1", "+0.1"),
        ("@octocat", "@&#8203;octocat"),
        ("see #12", r"see \#&#8203;12"),
        ("https://a.example", "https:&#8203;//a.example"),
        ("$1", "<span>$</span>1"),
        (":tada", ":&#8203;tada"),
    ],
)
def test_markdown__stays_readable_as_text(text, expected):
    """What needs no escape gets none, so that the comment reads well as plain text too."""
    assert filters.markdown(text) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x?y=1&z=2#f", "https://a.example/x?y=1&z=2#f"),
        ("https://a.example/a b)(c", "https://a.example/a%20b%29%28c"),
        ('https://a.example/"><script>', "https://a.example/%22%3E%3Cscript%3E"),
        ("javascript:alert(1)", ""),
        ("", ""),
        ("/relative", ""),
    ],
)
def test_web_address__only_http_and_nothing_that_ends_a_link(url, expected):
    """Only http(s) addresses are links, and none can end its own link."""
    assert filters.web_address(url) == expected


@given(TEXTS, st.integers(2, 30))
def test_pad__fills_or_cuts_to_the_columns(text, columns):
    """A label takes the columns that it is given."""
    label = filters.pad(filters.inline(text), columns)
    assert filters.width(label) == columns


def test_pad__leaves_out_the_middle():
    """Both ends of a long name tell it from its neighbours."""
    assert filters.pad("education_and_occupation = level-7", 16) == "educatio…level-7"


@given(st.text(max_size=60), st.integers(1, 50))
def test_clip__is_never_longer(text, limit):
    """A cut text has at most so many characters, and an uncut one is whole."""
    cut = filters.clip(text, limit)
    assert len(cut) <= limit
    assert cut == text or cut.endswith("…")


def test_block_html__keeps_lines():
    """A traceback in the page keeps its lines and loses its markup."""
    assert filters.block_html("a\n  <b>\n") == html.escape("a\n  <b>")
