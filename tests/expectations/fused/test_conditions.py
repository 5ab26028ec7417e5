"""Row conditions keep the rows that pandas' `query` keeps, whichever form they are written in."""

from __future__ import annotations

import warnings
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import COLUMNS, FLOATS, agree, expectation, frames, suite_of

from mlci.expectations import fused
from mlci.expectations.fused.conditions import kept
from mlci.expectations.fused.piece import Declined
from mlci.training.worker import to_pandas

SOME = pl.DataFrame(
    {
        "n": [1, 2, 3, 4],
        "m": [1, None, 3, 4],
        "x": [0.1, float("nan"), None, -0.0],
        "s": ["a", "b", None, "B c"],
        "b": [True, False, True, False],
        "f": [True, None, False, True],
        "d": [date(2024, 1, 1), date(2024, 1, 2), None, date(2023, 12, 31)],
        "w": [datetime(2024, 1, 1, 12), datetime(2024, 1, 1), None, datetime(2023, 12, 31)],  # noqa: DTZ001
        "c": pl.Series(["x", "y", None, "x"], dtype=pl.Categorical),
        "level": pl.Series(["low", "high", None, "low"], dtype=pl.Enum(["low", "high"])),
        "single": pl.Series([0.1, 0.5, None, -2], dtype=pl.Float32),
        "tiny": pl.Series([100, 2, -128, 4], dtype=pl.Int8),
        "natural": pl.Series([0, 2, 3, 4], dtype=pl.UInt64),
        "price": [Decimal("0.10"), Decimal("1.00"), None, Decimal("2.50")],
        "nothing": [None, None, None, None],
        "span": [timedelta(1), None, timedelta(2), timedelta(3)],
        "clock": [time(1), None, time(2), time(3)],
        "bytes": [b"a", None, b"b", b""],
        "full name": ["a", "b", None, "c"],
        "from": [1, 2, 3, 4],
        "1 % (€)": [1, 2, 3, 4],
    }
).with_columns(
    z=pl.col("w").dt.replace_time_zone("Europe/Berlin"),
    nano=pl.col("w").dt.cast_time_unit("ns"),
    milli=pl.col("w").dt.cast_time_unit("ms"),
)


def rows_of(frame, condition, parser="pandas"):
    """The numbers of the rows that are kept."""
    where = kept(condition, parser, frame.schema)
    assert frame.select(where.is_null().sum()).item() == 0
    return frame.with_row_index("row").filter(where)["row"].to_list()


def of_pandas(frame, condition):
    """The numbers of the rows that pandas keeps."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return to_pandas(frame).query(condition).index.to_list()


# --- generated conditions ------------------------------------------------------------------------------------------

SMALL = st.integers(-5, 5)
WORDS = st.sampled_from(
    ["", "a", "b", "B", " a", "ä", "ß", "日本", "a b", "A12", "nan", "ΑΣ", "\x1c a\x85", "\u200ba "]
)
TABLE = {
    "n": (pl.Int64(), SMALL, False),
    "m": (pl.Int64(), SMALL, True),
    "i": (pl.Int16(), SMALL, True),
    "x": (pl.Float64(), FLOATS, True),
    "p": (*COLUMNS["decimals"], True),
    "s": (pl.String(), WORDS, True),
    "t": (pl.String(), WORDS, True),
    "c": (*COLUMNS["categories"], True),
    "b": (pl.Boolean(), st.booleans(), False),
    "f": (pl.Boolean(), st.booleans(), True),
    "d": (*COLUMNS["dates"], True),
    "w": (*COLUMNS["moments"], True),
    "z": (*COLUMNS["zoned"], True),
}


@st.composite
def tables(draw):
    """Tables of all kinds of columns; the first row has no nulls, so that pandas tells texts from nothing."""
    height = draw(st.integers(0, 7))
    series = []
    for name, (dtype, values, nulls) in TABLE.items():
        cell = values | st.none() if nulls else values
        cells = [draw(values if row == 0 else cell) for row in range(height)]
        series.append(pl.Series(name, cells, dtype=dtype))
    return pl.DataFrame(series)


def written(template, *parts):
    """A strategy of texts: the template with a drawn text for each `{}`."""
    return st.tuples(*parts).map(lambda some: template.format(*some))


EQUAL = st.sampled_from(["==", "!="])
ORDER = st.sampled_from(["<", "<=", ">", ">="])
SYMBOL = EQUAL | ORDER
IN = st.sampled_from(["in", "not in"])
SEARCHES = st.sampled_from(["contains", "match", "fullmatch"])
PATTERNS = st.sampled_from(["^a", "[ab]|B", r"\\w+"])
TRUTHS = st.sampled_from(["True", "False", "1", "0", "b", "f", "None"])
MOMENTS = st.sampled_from(["d", "w"])
NUMBER = st.sampled_from(["-2", "-1", "0", "1", "3", "0.5", "2.0", "-1.5", "70000", "1e9", "2 * 2", "0.1"])
LITTLE = st.sampled_from(["1", "-2", "0.5", "3"])  # 16 bits hold what it makes of small integers
NUMBERS = st.lists(NUMBER, max_size=7).map(lambda some: f"[{', '.join(some)}]")
TEXT = WORDS.map(repr)
TEXTS = st.lists(TEXT, max_size=7).map(lambda some: f"[{', '.join(some)}]")
DAY = st.sampled_from(["'2024-01-01'", "'2023-12-31 23:00'", "'2024-01-01T00:30:00.5'", "'1999-12-31'"])
WHOLE = st.sampled_from(["n", "m", "i", "s.str.len()", "d.dt.year", "w.dt.hour", "z.dt.hour", "d.dt.minute"])
PARTS = st.sampled_from(["month", "day", "second", "dayofweek", "dayofyear", "quarter"])
WORD = st.sampled_from(["s", "t", "s.str.lower()", "t.str.upper()", "s.str.strip()", "s.str.strip('a ')"])
VALUE = st.recursive(
    WHOLE | st.sampled_from(["x", "p", "x / 2", "m / n", "1 / x", "x / 0"]),
    lambda inner: (
        written("({} {} {})", inner, st.sampled_from("+-*"), inner | LITTLE)
        | written("({} {} {})", WHOLE, st.sampled_from(["%", "//"]), st.sampled_from(["2", "3", "-2"]))
        | written("-{}", inner)
        | written("({}).abs()", inner)
    ),
    max_leaves=3,
)
COMPARISON = st.one_of(
    written("{} {} {}", VALUE, SYMBOL, NUMBER),
    written("{} {} {}", NUMBER, SYMBOL, VALUE),
    written("{} {} {}", VALUE, SYMBOL, VALUE),
    written("{} < {} <= {}", NUMBER, VALUE, NUMBER | VALUE),
    written("{} {} {}", VALUE, IN, NUMBERS),
    written("{} {} {}", WHOLE, IN | EQUAL, NUMBERS),
    written("{}.isin({})", WHOLE, NUMBERS),
    written("{}.between({}, {})", WHOLE, NUMBER, NUMBER),
    written("{}.between({}, {}, '{}')", WHOLE, NUMBER, WHOLE, st.sampled_from(["neither", "left", "right"])),
    written("{} {} {}", WORD, SYMBOL, TEXT | WORD),
    written("{} {} {}", WORD | st.just("c"), IN | EQUAL, TEXTS),
    written("{}.str.{}({})", WORD, SEARCHES | st.sampled_from(["startswith", "endswith"]), TEXT),
    written("{}.str.{}('{}')", WORD, SEARCHES, PATTERNS),
    written("c {} {}", EQUAL, st.sampled_from(["'x'", "'nix'"])),
    written("f {} {}", EQUAL, TRUTHS),
    st.sampled_from(["b", "b", "f in [True]", "f not in [True, False]", "f == (n > 1)", "f != (m > 1)"]),
    written("{} {} {}", MOMENTS, ORDER, DAY | MOMENTS),
    written("{} {} {}", MOMENTS, EQUAL, MOMENTS),
    written("{}.between({}, {})", MOMENTS, DAY, DAY),
    written("z {} z", SYMBOL),
    written("{}.dt.{} {} {}", st.sampled_from("dwz"), PARTS, SYMBOL, NUMBER),
    written("{}.{}()", st.sampled_from("nmxpstcfdwz"), st.sampled_from(["isnull", "isna", "notnull", "notna"])),
    written("s.isnull() {} {}", EQUAL, st.sampled_from(["True", "False", "t.isnull()"])),
    written("{} {} None", st.sampled_from("nmxst"), EQUAL),
)
CONDITION = st.recursive(
    COMPARISON,
    lambda inner: st.one_of(
        written("{} {} {}", inner, st.sampled_from(["and", "or", "&", "|"]), inner),
        written("({}) {} ({})", inner, st.sampled_from(["and", "or", "&", "|"]), inner),
        written("not ({})", inner),
        written("not {}", inner),
        written("~({})", inner),
    ),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(frame=tables(), conditions=st.lists(CONDITION, min_size=1, max_size=5))
def test_kept__like_pandas(frame, conditions):
    """Law: whatever the condition, the same rows are kept as by pandas' `query`, and none of these is declined."""
    for condition in conditions:
        assert rows_of(frame, condition) == of_pandas(frame, condition), condition


OF_ANY = ["~a.isnull()", "not a.isna() | b.notnull()"]


@settings(max_examples=15, deadline=None)
@given(frame=frames(columns=2))
def test_kept__of_every_kind_like_great_expectations(frame):
    """Nulls are told in columns of every type, and all counts are those of Great Expectations."""
    agree(
        frame,
        *(expectation("expect_column_values_to_not_be_null", column="a", row_condition=each) for each in OF_ANY),
        *(expectation("expect_column_values_to_be_null", column="b", row_condition=each) for each in OF_ANY),
    )


# --- written conditions ---------------------------------------------------------------------------------------------

TEXT_FORMS = [
    "n > 1 & m > 1",
    "n > 1 | m > 1",
    "~(n > 1) & n < 3",
    "1 < m <= 3",
    "x < 0.5 and not n == 1",
    "`full name` == 'a' or `from` >= 4",
    "`1 % (€)` in [2, 3]",
    "single == 0.1",
    "single in [0.1]",
    "single in [0.5]",
    "0.1 <= single",
    "single == x",
    "tiny > 1000 or tiny <= -128",
    "tiny != 1000",
    "tiny in [1000, 4]",
    "natural > -1",
    "natural <= 2.5 and natural != 2",
    "price == 0.1 or price > 2",
    "level == 'low'",
    "level != 'nix'",
    "c not in ['x', 'z']",
    "nothing == 1",
    "nothing != 1",
    "nothing.isnull()",
    "span.isnull() or clock.isnull() or bytes.isnull()",
    "nano > '2024-01-01 00:00:00.000001'",
    "milli > '2024-01-01 00:00:00.001' and milli >= w",
    "s.str.contains('.', regex=False)",
    "s.str.contains('^[aB]', na=False)",
    "s.str.contains('a') == False",
    "f == True and n >= 1",
    "f and n > 0",
    "not (f and n > 0)",
    "n in (1, 2) # a remark",
    "n + 1 in [2, 3]",
    "n > 1 & not m > 1",
]


@pytest.mark.parametrize("condition", TEXT_FORMS)
def test_kept__of_a_text_like_pandas(condition):
    """Conditions as people write them for pandas."""
    assert rows_of(SOME, condition) == of_pandas(SOME, condition)


def compares(name, symbol, value):
    """A condition object that compares a column."""
    return {"type": "comparison", "column": {"name": name}, "operator": symbol, "parameter": value}


NULL = {"type": "nullity", "column": {"name": "m"}, "is_null": True}
PRESENT = {**NULL, "is_null": False}
GX_FORMS = [
    compares("n", ">", 1),
    compares("m", "!=", 3),
    compares("full name", "==", "a"),
    compares("from", "<=", 2.5),
    compares("s", "IN", ["a", "B c"]),
    compares("m", "NOT_IN", [1, 2.5]),
    compares("b", "==", True),
    compares("d", ">=", "2024-01-01"),
    compares("s", "!=", 'it\'s "b"'),
    NULL,
    PRESENT,
    {"type": "and", "conditions": [PRESENT, {"type": "and", "conditions": [compares("n", ">", 1)]}]},
    {"type": "or", "conditions": [NULL, {"type": "and", "conditions": [compares("n", ">", 1), PRESENT]}]},
    {"type": "pass_through", "pass_through_filter": "n > 1 and m < 4"},
]


@pytest.mark.parametrize("condition", GX_FORMS, ids=str)
def test_kept__of_an_object_like_great_expectations(condition):
    """Great Expectations' condition objects keep the same rows."""
    agree(
        SOME,
        expectation("expect_column_values_to_not_be_null", column="m", row_condition=condition),
        expectation("expect_column_values_to_be_null", column="s", row_condition=condition),
    )


OWN_GRAMMAR = [
    'col("n") > 1',
    'col("n")<=2.5',
    ' col("m") != -3 ',
    'col("x") < 1e-1',
    'col("s") == "B c"',
    "col(\"full name\") != 'a'",
    'col("m").notnull()',
    'col("n") >= +2',
]


@pytest.mark.parametrize("parser", ["great_expectations", "great_expectations__experimental__"])
def test_kept__of_great_expectations_own_grammar(parser):
    """`col("age") > 18` is read as Great Expectations reads it."""
    some = [
        expectation("expect_column_values_to_not_be_null", column="m", row_condition=each, condition_parser=parser)
        for each in OWN_GRAMMAR
    ]
    agree(SOME, *some)


@pytest.mark.parametrize("parser", [None, "pandas", "spark"])
def test_kept__whatever_the_parser_of_a_text(parser):
    """Great Expectations hands a text to pandas, by whichever name its parser goes."""
    agree(
        SOME,
        expectation("expect_column_values_to_not_be_null", column="m", row_condition="n > 1", condition_parser=parser),
        expectation("expect_column_values_to_be_null", column="m", row_condition="s != 'a'", condition_parser=parser),
    )


def test_kept__of_a_parameter():
    """A condition may be a parameter of the suite."""
    type_ = "expect_column_values_to_not_be_null"
    suite = suite_of(expectation(type_, column="m", row_condition={"$PARAMETER": "where"}), where="n > 1")
    (seen,) = fused.observe(SOME.lazy(), suite).observations
    assert (seen.engine, seen.element_count, seen.unexpected_count) == ("", 3, 1)


def test_kept__names_an_absent_column():
    """A condition over a column that the table lacks is an error in both engines."""
    agree(SOME, expectation("expect_column_values_to_not_be_null", column="m", row_condition="age > 1"))


# --- what is mended, and what is declined ---------------------------------------------------------------------------

MENDED = {
    "a date equals a text": ("d == '2024-01-01'", [0]),
    "a date differs from a text": ("d != '2024-01-01'", [1, 2, 3]),
    "a moment equals a text": ("w == '2024-01-01 12:00'", [0]),
    "a date never equals an hour": ("d == '2024-01-01 12:00'", []),
    "a date among texts": ("d in ['2024-01-01', '2024-01-02']", [0, 1]),
    "a null flag is false": ("f", [0, 3]),
    "not a null flag": ("not f", [1, 2]),
    "a null flag or something": ("f or n > 0", [0, 1, 2, 3]),
    "small integers do not wrap": ("tiny + 100 > 0", [0, 1, 3]),
    "the least small integer": ("-tiny > 0", [2]),
    "texts that are all null": ("none > 'a' or none.str.len() > 0", []),
    "flags that are all null": ("never", []),
}


@pytest.mark.parametrize(("condition", "rows"), MENDED.values(), ids=MENDED)
def test_kept__where_pandas_fails(condition, rows):
    """What pandas raises an error for, or answers against the sense of the words, is answered here."""
    frame = SOME.with_columns(none=pl.lit(None, dtype=pl.String), never=pl.lit(None, dtype=pl.Boolean))
    assert rows_of(frame, condition) == rows


UNKNOWN = {
    "number and text": "n == '1'",
    "text and number": "s > 1",
    "number and boolean": "n == True",
    "columns of two kinds": "n == s",
    "categories in order": "c > 'x'",
    "category and text": "c == s",
    "booleans in order": "b > False",
    "moment of a zone": "z > '2024-01-01'",
    "moment of a zone without one": "z == w",
    "date in another form": "d > '01.02.2024'",
    "date of a month": "d > '2024-01'",
    "no date": "d > '2024-02-30'",
    "date and number": "d > 5",
    "beyond nanoseconds": "nano > '1500-01-01'",
    "nanoseconds and microseconds": "nano == w",
    "great number": "n > 9007199254740993",
    "great float": "n > 1e17",
    "infinite": "x < 1e999",
    "null in a list": "s in ['a', None]",
    "two kinds in a list": "n in [1, 'a']",
    "column in a list": "n in [m, 3]",
    "in a column": "n in m",
    "isin of a text": "s.isin('a')",
    "list in order": "n > [1, 2]",
    "sum and list": "n + 1 == [2, 3]",
    "constants": "1 < 2",
    "a number alone": "n",
    "not a number": "~n",
    "arithmetic of texts": "s + 'a' == 'aa'",
    "arithmetic of float32": "single + 1 > 1",
    "arithmetic of unsigned 64 bits": "natural + 1 > 1",
    "rest of a float": "x % 2 == 0",
    "rest by a column": "n % m == 0",
    "rest by nothing": "n % 0 == 0",
    "constant by nothing": "n > 1 / 0",
    "case": "s.str.contains('a', case=False)",
    "nulls that hold": "s.str.startswith('a', na=True)",
    "regular expression of Python alone": r"s.str.contains('(a)\\1')",
    "half a regular expression": "s.str.match('a)(b')",
    "several starts": "s.str.startswith(('a', 'b'))",
    "texts of categories": "c.str.contains('x')",
    "hour of a text": "s.dt.hour == 1",
    "unknown inclusion": "n.between(1, 2, inclusive='all')",
    "one bound": "n.between(1)",
    "method not called": "n.isnull",
    "method of a truth": "(n > 1).isnull()",
    "infinity by name": "inf > n",
    "identity": "n is None",
    "more than compares": "n.to_csv('x')",
    "no Python": "n >",
    "truth in a list": "(n > 1) in [True]",
    "number among booleans": "f in [1]",
    "truths in order": "(n > 1) < True",
    "truth and number": "(n > 1) == 1",
    "date and null": "d == None",
    "columns of booleans in order": "b > f",
    "unsigned 64 bits and signed": "natural == n",
    "milliseconds and microseconds": "milli > '2024-01-01 00:00:00.0001'",
    "beyond float32": "single > 1e300",
    "argument too many": "n.isnull(1)",
    "regex of a number": "s.str.contains('a', regex=1)",
    "too long a chain": " < ".join(["n"] * 102),
    "too many": " or ".join(["n > 1"] * 101),
}


@pytest.mark.parametrize("condition", UNKNOWN.values(), ids=UNKNOWN)
def test_kept__declines(condition):
    """What is not known to mean the same is left to Great Expectations, and the reason names no value."""
    frame = SOME.with_columns(inf=pl.lit(1))
    with pytest.raises(Declined, match=r"row_condition|regular expression"):
        kept(condition, "pandas", frame.schema)


UNKNOWN_FORMS = {
    "number": (3, None),
    "or inside and": ({"type": "and", "conditions": [{"type": "or", "conditions": [NULL, PRESENT]}]}, None),
    "or inside or": ({"type": "or", "conditions": [{"type": "or", "conditions": [NULL, PRESENT]}]}, None),
    "no conditions": ({"type": "and", "conditions": []}, None),
    "pass through inside": ({"type": "and", "conditions": [GX_FORMS[-1]]}, None),
    "operator": (compares("n", "~", 1), None),
    "no parameter": (compares("n", "==", None), None),
    "parameter of an unknown form": (compares("n", "==", {"a": 1}), None),
    "no list": (compares("s", "IN", "a"), None),
    "more keys": ({**NULL, "severity": "info"}, None),
    "no boolean": ({**NULL, "is_null": "yes"}, None),
    "more of a column": ({**NULL, "column": {"name": "m", "type": "int"}}, None),
    "two of Great Expectations' own": ('col("n") > 1 and col("m") > 1', "great_expectations"),
    "date of Great Expectations' own": ('col("d") > date("2024-01-01")', "great_expectations"),
    "nested column": ({**NULL, "column": {"name": "lists"}}, None),
    "wide column": ({**NULL, "column": {"name": "wide"}}, None),
}


@pytest.mark.parametrize(("condition", "parser"), UNKNOWN_FORMS.values(), ids=UNKNOWN_FORMS)
def test_kept__declines_unknown_forms(condition, parser):
    """Forms that Great Expectations refuses, or reads in its own way, are its own to judge."""
    frame = SOME.with_columns(lists=pl.lit([1]), wide=pl.lit(1, dtype=pl.Int128))
    with pytest.raises(Declined, match="row_condition"):
        kept(condition, parser, frame.schema)


def test_kept__declined_goes_to_great_expectations():
    """What is declined is still checked, with the same result, and says why."""
    asked = expectation("expect_column_values_to_not_be_null", column="m", row_condition="n == '1'")
    agree(SOME, asked, declined=("expect_column_values_to_not_be_null",))
    (seen,) = fused.observe(SOME.lazy(), suite_of(asked)).observations
    assert seen.reason == "its row_condition compares numbers with a constant of another kind"


@pytest.mark.parametrize("form", ["n.isin({})", "n in {}", "m not in {}"])
def test_kept__among_many_constants(form):
    """A list of thousands of constants is looked up at once."""
    where = kept(form.format(list(range(2, 5000))), "pandas", SOME.schema)
    expected = {"n": [False, True, True, True], "m": [True, True, False, False]}[form[0]]
    assert SOME.select(where).to_series().to_list() == expected
