"""Types of columns, as pandas would hold them and Great Expectations reads them."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference import MOSTLY, agree, expectation, frames, suite_of, told

from mlci.expectations import fused

OF_TYPE = "expect_column_values_to_be_of_type"
IN_LIST = "expect_column_values_to_be_in_type_list"

KNOWN = (
    *(
        "int",
        "INT",
        "long",
        "int64",
        "int8",
        "i8",
        "Int64",
        "uint32",
        "longlong",
        "float",
        "float64",
        "float32",
        "double",
    ),
    *(
        "bool",
        "bool_",
        "boolean",
        "Bool",
        "str",
        "Str",
        "string_types",
        "string",
        "StringDtype",
        "object",
        "object_",
        "O",
    ),
    *(
        "datetime64",
        "datetime64[ns]",
        "datetime64[us]",
        "datetime64[ms]",
        "datetime64[us, UTC]",
        "Timestamp",
        "datetime",
    ),
    *(
        "timedelta64[us]",
        "category",
        "CategoricalDtype",
        "CategoricalDtypeType",
        "list",
        "dict",
        "none",
        "VARCHAR",
        "number",
    ),
)
NAMED_IN_LISTS = {"str", "Str", "string_types", "Timestamp", "CategoricalDtypeType"}


def objects(frame):
    """Whether pandas would hold a column as Python objects."""
    mixed = frame["a"].dtype == pl.Boolean and 0 < frame["a"].null_count() < frame.height
    return mixed or (frame["a"].dtype == pl.Null and not frame.height)


@given(frame=frames(), names=st.lists(st.sampled_from(KNOWN), min_size=3, max_size=6, unique=True), mostly=MOSTLY)
@settings(max_examples=100, deadline=None)
def test_of_type__like_great_expectations(frame, names, mostly):
    """The type is that of the column in pandas, which nulls decide; only booleans beside nulls are counted."""
    declined = [OF_TYPE] if objects(frame) else []
    agree(frame, *(expectation(OF_TYPE, column="a", type_=name, mostly=mostly) for name in names), declined=declined)


@given(frame=frames(), names=st.lists(st.sampled_from(KNOWN), max_size=4, unique=True), mostly=MOSTLY)
@settings(max_examples=100, deadline=None)
def test_in_type_list__like_great_expectations(frame, names, mostly):
    """A list holds the column's type, to the unit of moments; only booleans beside nulls are counted."""
    assume(frame["a"].dtype.is_numeric() or frame["a"].dtype.is_temporal() or not NAMED_IN_LISTS & set(names))
    assume(not (getattr(frame["a"].dtype, "time_zone", None) and "Timestamp" in names))
    declined = [IN_LIST] if objects(frame) else []
    agree(frame, expectation(IN_LIST, column="a", type_list=names, mostly=mostly), declined=declined)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([1, 2], dtype=pl.UInt64),
        pl.Series([1, 2], dtype=pl.Int128),
        pl.Series([1, None], dtype=pl.Int16),
        pl.Series([timedelta(1), None], dtype=pl.Duration("ms")),
        pl.Series([1, None], dtype=pl.Int64).cast(pl.Datetime("ns")),
        pl.Series([1, None], dtype=pl.Int64).cast(pl.Datetime("ms")),
        pl.Series([], dtype=pl.Boolean),
        pl.Series([], dtype=pl.String),
        pl.Series([None, None], dtype=pl.Boolean),
    ],
)
def test_types__of_less_usual_columns(column):
    """Units, widths and emptiness are seen as pandas has them."""
    frame = pl.DataFrame({"a": column})
    agree(frame, *(expectation(OF_TYPE, column="a", type_=name) for name in KNOWN))
    lists = [name for name in KNOWN if name not in NAMED_IN_LISTS]
    agree(frame, *(expectation(IN_LIST, column="a", type_list=[name]) for name in lists))


@pytest.mark.parametrize("name", ["bool", "int", "long", "float", "str", "object", "bool_", "int64", "list", "O"])
def test_types__of_booleans_beside_nulls(name):
    """They are Python's own booleans, which are integers as well; these answers are computed."""
    frame = pl.DataFrame({"a": [True, None, False], "b": [1, 2, 3]})
    where = {"row_condition": 'col("b") < 3', "condition_parser": "great_expectations"}
    kinds = [(OF_TYPE, {"type_": name}), (IN_LIST, {"type_list": ["float64", name]})]
    named = [each for each in kinds if each[0] == IN_LIST or name not in ("str", "list")]
    agree(
        frame,
        *(expectation(kind, column="a", **kwargs) for kind, kwargs in named),
        *(expectation(kind, column="a", **kwargs, **where) for kind, kwargs in named),
    )


def test_types__are_those_of_the_whole_table():
    """A row_condition that leaves no null leaves the column's type as it is."""
    frame = pl.DataFrame({"a": [1, None], "b": [1, 2]})
    where = {"row_condition": 'col("b") < 2', "condition_parser": "great_expectations"}
    agree(
        frame,
        expectation(OF_TYPE, column="a", type_="int64", **where),
        expectation(IN_LIST, column="a", type_list=["float64"], **where),
    )


@pytest.mark.parametrize(
    "column",
    [pl.Series([[1], [2]]), pl.Series([{"a": 1}]), pl.Series([b"a"]), pl.Series([1, None], dtype=pl.Time)],
)
def test_types__of_objects_go_to_great_expectations(column):
    """Python objects are its own to look at, one by one."""
    kinds = [
        expectation(OF_TYPE, column="a", type_="list"),
        expectation(IN_LIST, column="a", type_list=["dict", "list"]),
    ]
    agree(pl.DataFrame({"a": column}), *kinds, declined=[OF_TYPE, IN_LIST])


@pytest.mark.parametrize("name", ["", "a", "<i8", "Timedelta", "i4,i4", "datetime64[foo]", 1, None])
def test_types__unusual_names_go_to_great_expectations(name):
    """Names that warn, that raise, and that are none."""
    kinds = [expectation(OF_TYPE, column="a", type_=name), expectation(IN_LIST, column="a", type_list=["int64", name])]
    for each in kinds:
        agree(pl.DataFrame({"a": [1, 2]}), each, declined=[OF_TYPE, IN_LIST])


def test_in_type_list__holds_texts_categories_and_moments_of_a_zone():
    """What is of a type is in a list of that type; Great Expectations finds these three in none."""
    frame = pl.DataFrame({"a": ["x"], "b": pl.Series(["x"], dtype=pl.Categorical), "c": [0]}).with_columns(
        pl.col("c").cast(pl.Datetime("us", "UTC"))
    )
    names = {"a": "str", "b": "CategoricalDtypeType", "c": "Timestamp"}
    listed = [expectation(IN_LIST, column=column, type_list=["int", name]) for column, name in names.items()]
    single = [expectation(OF_TYPE, column=column, type_=name) for column, name in names.items()]
    assert [each["success"] for each in told(fused.observe(frame.lazy(), suite_of(*listed, *single)))] == [True] * 6
