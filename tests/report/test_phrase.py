from __future__ import annotations

import pytest

from mlci.report import phrase
from mlci.report.phrase import code, line, link, prose, strong


@pytest.mark.parametrize(
    ("words", "markdown", "comment", "page"),
    [
        (line("a_b ", code("c_d")), "a_b `c_d`", "a_b <code>c_d</code>", "a_b <code>c_d</code>"),
        (strong("x", code("y")), "**x`y`**", "<b>x<code>y</code></b>", "<strong>x<code>y</code></strong>"),
        (
            line(strong("x"), " ", strong("y")),
            "**x** **y**",
            "<b>x</b> <b>y</b>",
            "<strong>x</strong> <strong>y</strong>",
        ),
        (line("<b>"), "&lt;b&gt;", "&lt;b&gt;", "&lt;b&gt;"),
        (
            line(link("run", "https://a.example/1")),
            "[run](https://a.example/1)",
            '<a href="https://a.example/1">run</a>',
            '<a href="https://a.example/1">run</a>',
        ),
        (line(link("run", "javascript:x")), "run", "run", "run"),
    ],
)
def test_line__in_each_markup(words, markdown, comment, page):
    """The same line in Markdown, in a comment's HTML and in a page's."""
    rendered = (phrase.to_markdown(words), phrase.to_comment_html(words), phrase.to_page_html(words))
    assert rendered == (markdown, comment, page)


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("Call `f()` by hand.", "Call `f()` by hand."),
        ("an odd ` backtick", "an odd &#96; backtick"),
        ("see https://a.example/x.", "see `https://a.example/x`."),
        ("`a` and `b|c`", "`a` and <code>b&#124;c</code>"),
        ("", ""),
    ],
)
def test_prose__marks_code_and_addresses(text, markdown):
    """What a message puts between backticks is code; web addresses are shown, not linked."""
    assert phrase.to_markdown(prose(text)) == markdown


@pytest.mark.parametrize(
    ("count", "expected"), [(0, ""), (1, "a"), (2, "a and b"), (3, "a, b and c"), (5, "a, b and 3 more")]
)
def test_listed__names_a_few(count, expected):
    """Long lists end in a number."""
    assert str(phrase.listed(list("abcde")[:count])) == expected


def test_capital__leaves_code_alone():
    """A name in code keeps its case."""
    assert [str(phrase.capital(words)) for words in (line("log loss"), line(code("x")), line())] == [
        "Log loss",
        "x",
        "",
    ]


def test_within__cuts_the_line_altogether():
    """A line is cut to so many characters over all of its spans."""
    assert str(line("abc", code("def"), "ghi").within(5)) == "abcd…"
