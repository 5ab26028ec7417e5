from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.errors import UserError
from mlci.stats.condition import Clause, Condition, parse

FACTORS = st.sampled_from([0.0, 1.0, -1.0]) | st.floats(-1e3, 1e3)


@st.composite
def clauses(draw):
    """Clauses that decide something."""
    n, o, d = draw(st.tuples(FACTORS, FACTORS, FACTORS).filter(lambda f: sum(map(abs, f)) > 1e-3))
    low, high = Clause(n=n, o=o, d=d, above=True, threshold=0, error=0).span
    return Clause(
        n=n,
        o=o,
        d=d,
        above=draw(st.booleans()),
        threshold=draw(st.floats(low, high)),
        error=draw(st.floats(1e-9, 0.999)) * (high - low),
    )


@given(st.lists(clauses(), min_size=1, max_size=4))
def test_parse__print(found):
    """What is printed is read as it was."""
    condition = Condition(tuple(found))

    assert parse(str(condition)) == condition


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("n > 0.8 +/- 0.05", Clause(n=1, above=True, threshold=0.8, error=0.05)),
        ("  n-o>.02+/-1e-2 ", Clause(n=1, o=-1, above=True, threshold=0.02, error=0.01)),
        ("n − o ≥ −0.01 ± 0.01".replace("≥", ">="), Clause(n=1, o=-1, above=True, threshold=-0.01, error=0.01)),
        ("n - 1.1 * o > 0.01 +/- 0.01", Clause(n=1, o=-1.1, above=True, threshold=0.01, error=0.01)),
        ("-1.1o + n * 2 + d > 0 +/- 0.1", Clause(n=2, o=-1.1, d=1, above=True, threshold=0, error=0.1)),
        ("n + n - o > 0 +/- 0.1", Clause(n=2, o=-1, above=True, threshold=0, error=0.1)),
        ("d < 0.1 +/- 0.01", Clause(d=1, above=False, threshold=0.1, error=0.01)),
    ],
)
def test_parse__ways_to_write(text, clause):
    """Spaces, typeset signs, factors on either side and repeated variables are read."""
    assert parse(text) == Condition((clause,))


@pytest.mark.parametrize("word", ["/\\", " and ", " AND ", " ∧ "])
def test_parse__conjunction(word):
    """Clauses are joined by each of the signs for `and`."""
    found = parse(f"n - o > 0.02 +/- 0.01{word}d < 0.1 +/- 0.01")

    assert str(found) == r"n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01"


@pytest.mark.parametrize(
    ("text", "column", "what"),
    [
        ("", 1, "n, o or d is expected, and nothing follows"),
        ("n - o", 6, "`>` or `<` is expected, and nothing follows"),
        ("n - o = 0.1", 7, "`>` or `<` is expected, not '='"),
        ("n - x > 0.1 +/- 0.1", 5, "n, o or d is expected, not 'x'"),
        ("n - (o) > 0.1 +/- 0.1", 5, "n, o or d is expected, not '('"),
        ("n - o - 0.02 > 0 +/- 0.1", 9, "0.02 stands alone, and numbers alone belong on the right"),
        ("n > o +/- 0.1", 5, "a number is expected, not 'o'"),
        ("n > 2% +/- 1%", 6, "`+/-` with the error that is allowed is expected, not '%'"),
        ("n > 0.9 +/- -0.1", 13, "a number is expected, not '-'"),
        ("n > 0.9 +/- 0.1 d < 0.1 +/- 0.1", 17, "`/\\` or the end is expected, not 'd'"),
        ("n > 0.9 +/- 0.1 /\\ ", 19, "n, o or d is expected, and nothing follows"),
        ("1e7 * n > 0 +/- 0.1", 1, "a number up to a million is expected, not '1e7'"),
        ("n - n > 0 +/- 0.1", 1, "n, o and d cancel each other"),
        ("1e-200 * n > 0 +/- 1e-201", 1, "n, o and d cancel each other"),
        ("n > 95 +/- 1", 5, "the left side lies between 0 and 1, so 95 decides nothing"),
        ("n - o > 0 +/- 2", 15, "the error 2 has to be more than 0 and less than 2"),
        ("n > 0.9 +/- 0", 13, "the error 0 has to be more than 0 and less than 1"),
    ],
)
def test_parse__what_is_wrong(text, column, what):
    """One sentence says at which column what is expected, and a hint how to write it."""
    with pytest.raises(UserError) as caught:
        parse(text)

    assert (caught.value.message, bool(caught.value.hint)) == (
        f"The condition is wrong at column {column}: {what}.",
        True,
    )


@given(st.text(alphabet="nod 0.1+-*/\\<>±e%x", max_size=30))
def test_parse__any_text(text):
    """Whatever is typed is either read or refused in a sentence."""
    try:
        told = str(parse(str(parse(text))))
    except UserError as error:
        told = error.message

    assert told.startswith("The condition is wrong at column") or told == str(parse(text))
