"""Python's regular expressions in Rust's words."""

from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.expectations.fused.patterns import ALL, SEARCHES, SURROGATES, rust_safe
from mlci.expectations.fused.piece import Declined

CHARACTERS = "abkAKSs1_- \n\t\u017fßKİ\u0131éÉ٣日\u0301\u200d\u2028\x1c\x85\U0001f600\U00010d30ǅµμΣ\u03c3ς[&~|^"
TEXTS = [
    *(
        "",
        "a",
        "b",
        "ab",
        "aab",
        "A",
        "ab\n",
        "a\n\n",
        "\n",
        "\na",
        "a\nb",
        "-a-",
        "a-b",
        " a ",
        "_a",
        "1a",
        "a1 b",
        "\u017fs",
    ),
    *("éa", "aé", "a\u0301b", "日a", "aa bb", "kK", "SS", "[a]", "&&", "~~", "x" * 40, "a\u200d"),
    *CHARACTERS,
]


def found(pattern: str, texts: list[str]) -> list[bool]:
    """What Polars finds by the translated pattern."""
    return pl.Series(texts, dtype=pl.String).str.contains(rust_safe(pattern)).to_list()


def searched(pattern: str, texts: list[str]) -> list[bool]:
    """What Python finds by the pattern itself."""
    return [re.search(pattern, text) is not None for text in texts]


def everything() -> list[str]:
    """Each character of the two planes that scripts are in, alone, and some of the others."""
    low, high = SURROGATES
    return [chr(code) for code in (*range(0x20000), *range(0x20000, ALL, 61)) if not low <= code <= high]


ESCAPED = st.sampled_from(CHARACTERS).map(re.escape)
CATEGORIES = st.sampled_from([r"\d", r"\D", r"\w", r"\W", r"\s", r"\S"])
RANGES = st.sampled_from(["a-c", "A-Z", "0-9", "à-ÿ", "\u017f-ƀ", r"\t-\r", "\u0391-ω"])
MEMBERS = st.lists(ESCAPED | CATEGORIES | RANGES, min_size=1, max_size=4).map("".join)
CLASSES = st.builds("[{}{}]".format, st.sampled_from(["", "^"]), MEMBERS)
ATOMS = ESCAPED | CATEGORIES | CLASSES | st.sampled_from([".", "^", "$", r"\b", r"\A", r"\Z", r"\B", "(?=a)", "a", "b"])
REPEATS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,2}", "{,2}", "*?", "+?", "??"])
GROUPS = st.sampled_from(["(?:{})", "({})", "(?i:{})", "(?s:{})", "(?m:{})", "(?a:{})", "(?-i:{})", "(?ai:{})"])


def larger(patterns: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Patterns made of patterns."""
    return (
        st.lists(patterns, min_size=1, max_size=4).map("".join)
        | st.lists(patterns, min_size=1, max_size=3).map("|".join)
        | st.builds(lambda group, inner, repeat: group.format(inner) + repeat, GROUPS, patterns, REPEATS)
        | st.builds(lambda inner: rf"\b{inner}\b", patterns)
        | st.builds(lambda inner: f"^{inner}$", patterns)
    )


PATTERNS = st.builds(
    "{}{}".format, st.sampled_from(["", "", "(?i)", "(?m)", "(?s)", "(?a)"]), st.recursive(ATOMS, larger, max_leaves=8)
)


@given(pattern=PATTERNS, more=st.lists(st.text(CHARACTERS, max_size=6), max_size=20))
@settings(max_examples=400, deadline=None)
def test_patterns__found_where_python_finds_them(pattern, more):
    """A pattern that is translated is found in the same texts as by Python's own search."""
    try:
        re.compile(pattern)
        ours = found(pattern, [*TEXTS, *more])
    except (re.error, Declined):
        return
    assert ours == searched(pattern, [*TEXTS, *more])


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", ".", "(?s).", r"(?a)\w", r"(?a)\s", r"[^\W\d_]", r"[\s\S]"),
        *(
            "(?i)k",
            "(?i)s",
            "(?i)[a-z]",
            "(?i)[^a-z]",
            "(?i)ß",
            "(?i)i",
            "(?i)İ",
            "(?i)ς",
            "(?i)[à-ÿ]",
            "(?ai)k",
            "(?i)µ",
            "(?i)[^k]",
            "(?ai)[^K]",
            "(?i)1",
            "(?ai)é",
            "[^a-cx-z\U0010ffff]",
            "[^b-da-c]",
        ),
        *(
            r"(?i)\w",
            "[^a]",
            "a",
            "[é-\U0001f600]",
            r"^.$|é\b",
            r"\ba",
            r"é\b",
            r"(?i)\bK",
            r"\b[kK]\b",
            "[[a]",
        ),
    ],
)
def test_patterns__every_character(pattern):
    """Each of Unicode's characters is matched by the classes and letters that Python matches it by."""
    assert found(pattern, everything()) == searched(pattern, everything())


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            r"^\d{3}-\d{4}$",
            r"^[A-Z]{2}\d+$",
            r"^[\w.+-]+@[\w-]+\.[\w.]+$",
            r"\bfoo\b",
            r"\b(?:foo|bars?)\b",
            "(?i)hello",
        ),
        *(
            "^(yes|no)$",
            r"^\s*$",
            r"^(?P<year>\d{4})",
            "a{,3}b",
            "x*?",
            r"\Aa\Z",
            "^$",
            "",
            r"^\+?[0-9 ()-]{7,}$",
            r"[^,;]+,",
        ),
        *(
            "(?x) a  b # so",
            r"\t\\\.",
            r"\x41\u00e9\U0001F600",
            r"\N{BULLET}",
            "(?m)^a$",
            "(?s)a.b",
            r"[]a]",
            r"[a\]&&~~d-]",
        ),
        *(
            r"^(?:[a-z0-9]+(?:-[a-z0-9]+)*)$",
            "[\ud800a]",
            "[^\ud800]",
            r"\bwords?\b",
            "^.{1,50}$",
            r"\w+\.(?:csv|json)$",
        ),
    ],
)
def test_patterns__known(pattern):
    """Patterns as people write them are translated, and mean the same."""
    texts = [
        *TEXTS,
        "555-1234",
        "555-1234\n",
        "AB12",
        "ab@c.de",
        "a foo b",
        "foobar",
        "HELLO",
        "yes",
        "A",
        "•",
        "words",
    ]
    assert found(pattern, texts) == searched(pattern, texts)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(?=a)b", "lookaround"),
        ("(?<!a)b", "lookaround"),
        (r"(a)\1", "a reference to a group"),
        ("(a)?(?(1)b|c)", "a choice by a group"),
        ("(?>a)b", "an atomic group"),
        ("a++b", "a possessive repeat"),
        ("a$b", "an anchor in its middle"),
        (r"(?:a$)*", "an anchor in its middle"),
        (r"a\b-", "an anchor in its middle"),
        (r"\Ba", "an anchor in its middle"),
        ("(a*)*", "a repeat of nothing"),
        ("(", "that Python does not accept"),
        (r"(?a:\D)", "a flag `a` or `u` for a part of it"),
        (r"\w{5000}", "that is too large"),
    ],
)
def test_patterns__declined(pattern, why):
    """What Rust cannot say, or means otherwise, is declined by name."""
    with pytest.raises(Declined, match=re.escape(why)):
        rust_safe(pattern)


def test_patterns__many_letters():
    """A pattern may have as many letters as it likes, with their cases, and negations of them."""
    letters = "".join(map(chr, (*range(0x410, 0x450), *range(0x4E00, 0x5000))))
    text = letters.swapcase()
    assert found(f"(?i)^{letters}$", [text, text[1:]]) == [True, False]
    others = "".join(f"[^{letter}]" for letter in letters[:200])
    assert found(f"^{others}", ["-" * 200, letters]) == [True, False]


def test_patterns__too_many_classes():
    """Classes for which every character has to be tried are counted, wherever they stand; the same one counts once."""
    classes = [f"[a{chr(0x410 + at)}]" for at in range(SEARCHES + 1)]
    assert rust_safe(f"(?i){''.join(classes[:-1] * 2)}")
    for pattern in (
        "".join(classes),
        "|".join(f"{each}{each}" for each in classes),
        "".join(f"(?:{each})+" for each in classes),
    ):
        with pytest.raises(Declined, match="too many classes"):
            rust_safe(f"(?i){pattern}")
