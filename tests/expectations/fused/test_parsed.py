"""Texts that parsers judge."""

from __future__ import annotations

import json
from datetime import datetime

import polars as pl
import pytest
from dateutil.parser import parse
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference import COLUMNS, MOSTLY, agree, expectation, frames, suite_of, told

from mlci.expectations import fused
from mlci.expectations.fused import parsed
from mlci.expectations.fused.parsed import ISO_DATE, ISO_TIME, sure_format

FORMAT = "expect_column_values_to_match_strftime_format"
DATEUTIL = "expect_column_values_to_be_dateutil_parseable"
JSON = "expect_column_values_to_be_json_parseable"
SCHEMA = "expect_column_values_to_match_json_schema"

TEXTS = st.sampled_from(
    [
        *("", " ", "2024-02-01", "2024-2-1", "2024-02-30", "2024-02-29", "2023-02-29", "0000-01-01", "20240201", "now"),
        *(
            "2024-02-01 10:00",
            "2024-02-01T10:00:00",
            "2024-02-01 10:00:61",
            "2024-02-01T10:00:00Z",
            "10:00",
            "٢٠٢٤-01-01",
        ),
        *(
            "2024-02-01T10:00:00+02:00",
            "2024-02-01 10:00 XYZ",
            "Feb 3",
            "2024-02-01\n",
            "2024-12-31",
            "1 Jan 2024",
            "99",
        ),
        *(
            "{}",
            "[1, 2",
            "null",
            "NaN",
            '"a"',
            '{"a": 1}',
            '{"a": "x"}',
            "[]",
            "1e5",
            "tru",
            "\ufeff1",
            "日",
            "1" * 400,
            "12.5",
        ),
    ]
)
JSONS = st.sampled_from(
    ["{}", '{"a": 1}', '{"a": "x"}', "3", "3.0", "-1", "null", '"text"', "[1, 2]", "[]", "NaN", "true"]
)
FORMATS = st.sampled_from(
    ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%H:%M", "%Y", "%d %b %Y", "%y", "%j"]
)
SCHEMAS = st.sampled_from(
    [
        {"type": "object", "properties": {"a": {"type": "integer"}}},
        {"type": ["integer", "array"]},
        {"required": ["a"]},
        {"$defs": {"small": {"maximum": 2}}, "items": {"$ref": "#/$defs/small"}},
        {"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"},
        {},
        {"anyOf": [{"type": "null"}, {"type": "string", "pattern": "^te"}]},
        {"type": "integer", "minimum": 0, "$schema": "https://json-schema.org/draft/2020-12/schema"},
    ]
)
OTHERS = tuple(kind for kind in COLUMNS if kind not in {"texts", "categories", "levels"})


def texts(values=TEXTS, *, rows=8):
    """Tables with a column of texts, some of them more than once, and nulls."""
    return st.lists(st.none() | values, max_size=rows).map(
        lambda cells: pl.DataFrame({"a": cells}, schema={"a": pl.String})
    )


@given(frame=texts(), form=FORMATS, mostly=MOSTLY)
@settings(max_examples=40, deadline=None)
def test_parsed__like_great_expectations(frame, form, mostly):
    """Dates by a format, dates by dateutil and JSON are what Python's own parsers take."""
    agree(
        frame,
        expectation(FORMAT, column="a", strftime_format=form, mostly=mostly),
        expectation(DATEUTIL, column="a", mostly=mostly),
        expectation(JSON, column="a", mostly=mostly),
    )


@given(frame=texts(JSONS), schema=SCHEMAS, mostly=MOSTLY)
@settings(max_examples=25, deadline=None)
def test_json_schema__like_great_expectations(frame, schema, mostly):
    """Texts of JSON are validated by a schema, of any draft, as the same library does it."""
    agree(frame, expectation(SCHEMA, column="a", json_schema=schema, mostly=mostly))


@given(frame=frames(*OTHERS), mostly=MOSTLY)
@settings(max_examples=25, deadline=None)
def test_parsed__what_is_no_text(frame, mostly):
    """Numbers and times are no JSON, and impossible for the others, unless there is no value at all."""
    agree(
        frame,
        expectation(FORMAT, column="a", strftime_format="%Y", mostly=mostly),
        expectation(DATEUTIL, column="a", mostly=mostly),
        expectation(JSON, column="a", mostly=mostly),
        expectation(SCHEMA, column="a", json_schema={"type": "integer"}, mostly=mostly),
    )


@given(frame=texts(JSONS | TEXTS).map(lambda frame: frame.with_columns(b=pl.int_range(pl.len()) % 2)))
@settings(max_examples=12, deadline=None)
def test_parsed__some_rows(frame):
    """A row_condition leaves rows out."""
    some = {"column": "a", "mostly": 0.5, "row_condition": "b == 0", "condition_parser": "pandas"}
    agree(
        frame,
        expectation(FORMAT, strftime_format="%Y-%m-%d", **some),
        expectation(DATEUTIL, **some),
        expectation(JSON, **some),
        expectation(SCHEMA, json_schema={"type": "integer"}, **some),
    )


@pytest.mark.parametrize(
    ("cell", "schema", "error"),
    [
        ("{", {"type": "integer"}, "could not be computed (JSONDecodeError)"),
        ("1", {"type": "no such type"}, "could not be computed (SchemaError)"),
        (None, {"type": "no such type"}, ""),
    ],
)
def test_json_schema__errors(cell, schema, error):
    """A text that is no JSON, and a schema that is none, are errors; without a value nothing is looked at."""
    frame = pl.DataFrame({"a": [cell]}, schema={"a": pl.String})
    asked = expectation(SCHEMA, column="a", json_schema=schema)
    agree(frame, asked)
    assert fused.observe(frame, suite_of(asked)).observations[0].error == error


@pytest.mark.parametrize("form", ["%Q", "%Y %Y", "%", "%D"])
def test_strftime_format__refused(form):
    """A format that Python cannot read is Great Expectations' to refuse."""
    agree(pl.DataFrame({"a": ["1"]}), expectation(FORMAT, column="a", strftime_format=form), declined=(FORMAT,))


@pytest.mark.parametrize("dtype", [pl.Categorical(), pl.Enum(["2024", "x", "1"])])
def test_parsed__categories_are_texts(dtype):
    """Categories are judged as their texts; Great Expectations stops at most columns of them with a TypeError."""
    cells = pl.Series("a", ["2024", "x", None, "2024"])
    asked = suite_of(
        expectation(FORMAT, column="a", strftime_format="%Y"),
        expectation(DATEUTIL, column="a"),
        expectation(JSON, column="a", mostly=0.5),
    )
    assert told(fused.observe(pl.DataFrame([cells.cast(dtype)]), asked)) == told(
        fused.observe(pl.DataFrame([cells]), asked)
    )


def test_parsed__nested_columns():
    """Columns of lists are Great Expectations' own."""
    agree(pl.DataFrame({"a": [[1], None]}), expectation(JSON, column="a"), declined=(JSON,))


def test_parsed__in_parts(monkeypatch):
    """Many distinct texts are looked at in parts, each of them once."""
    monkeypatch.setattr(parsed, "PART", 7)
    frame = pl.DataFrame({"a": [str(number) if number % 3 else f"x{number}" for number in range(100)] * 2})
    agree(
        frame,
        expectation(JSON, column="a", mostly=0.5),
        expectation(FORMAT, column="a", strftime_format="%y", mostly=0.5),
    )


# --- texts that are not even parsed ----------------------------------------------------------------------------------


def sure(pattern: str, text: str) -> bool:
    """Whether a text is taken without a look."""
    return pl.Series([text]).str.contains(pattern).item()


DIGITS = st.sampled_from(
    [
        *(f"{number:02}" for number in range(62)),
        "1000",
        "9999",
        "2024",
        "0999",
        "123456",
        "1",
        "9",
        "+05:30",
        "Z",
        "-1430",
    ]
)
SEPARATORS = st.sampled_from(["", "-", "/", ":", " ", "T", "  ", ".", "%%", "é", "(", "1"])
DIRECTIVES = st.sampled_from(["%Y", "%m", "%d", "%H", "%M", "%S", "%f", "%z"])


@given(
    parts=st.lists(st.tuples(DIRECTIVES, SEPARATORS), min_size=1, max_size=7, unique_by=lambda part: part[0]),
    data=st.data(),
)
@settings(max_examples=100, deadline=None)
def test_sure_format__is_read(parts, data):
    """What a format is sure of is read by it, whatever directives stand beside each other."""
    form = "".join(directive + separator for directive, separator in parts)
    pattern = sure_format(form)
    text = "".join(data.draw(DIGITS) + separator.replace("%%", "%") for _, separator in parts)
    assume(pattern and sure(pattern, text))
    assert isinstance(datetime.strptime(text, form), datetime)  # noqa: DTZ007 - only whether it can be read


@given(
    text=st.from_regex(ISO_DATE, fullmatch=True, alphabet="0123456789-")
    | st.from_regex(f"{ISO_DATE}[ T]{ISO_TIME}", fullmatch=True)
)
@settings(max_examples=200, deadline=None)
def test_sure_dates__are_parsed(text):
    """Every date and time in the form of ISO 8601 that is not looked at is one that dateutil reads."""
    assert isinstance(parse(text), datetime)


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("%Y-%m-%d", "2024-02-28", True),
        ("%Y-%m-%d", "2024-02-29", False),
        ("%Y-%m-%d", "2024-04-30", True),
        ("%d/%m/%Y", "31/04/2024", False),
        ("%d/%m/%Y", "31/12/2024", True),
        ("%d", "31", True),
        ("%Y-%m-%d", "2024-02-28\n", False),
        ("%Y-%m-%d", "0001-01-01", False),
        ("%H:%M:%S", "23:59:59", True),
        ("%H:%M:%S", "23:59:60", False),
        ("100%% %Y", "100% 2024", True),
    ],
)
def test_sure_format__known(form, text, expected):
    """Only what is a date in every month and year is taken without a look."""
    assert sure(sure_format(form), text) is expected


@pytest.mark.parametrize("form", ["%b %Y", "%f%H", "%f1", "%j", "%y", "%-d"])
def test_sure_format__unknown(form):
    """Names of months, and digits whose end is not told, are looked at."""
    assert sure_format(form) == ""


def test_json__is_read_as_python_reads_it():
    """Python takes numbers that are none in JSON; so does Great Expectations."""
    assert json.loads("NaN") != json.loads("NaN")
    agree(pl.DataFrame({"a": ["NaN", "Infinity", "nan"]}), expectation(JSON, column="a"))
