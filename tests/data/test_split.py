"""The laws of the split: the rule is a function of the row alone."""

# ruff: noqa: DTZ001 - moments without a zone are what is tested
from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.config.models import Split
from mlci.data.split import describe, holdout_rows, write_rows
from mlci.errors import DataError, Location

ROWS = st.lists(
    st.tuples(st.integers(), st.text("abc1é", max_size=5)), min_size=1, max_size=40, unique_by=lambda r: r[0]
)
SCHEMA = {"id": pl.Int64, "s": pl.String}
SPLITS = st.builds(Split, test_size=st.floats(0.05, 0.95), seed=st.integers(0, 5))
KEYS = st.sampled_from([("id",), ("s", "id"), None])


def frame(rows):
    return pl.DataFrame([(key % 2**40, text) for key, text in rows], schema=SCHEMA, orient="row")


# --- by a hash --------------------------------------------------------------------------------------------------


@given(st.tuples(ROWS, ROWS), KEYS, SPLITS, st.randoms())
def test_holdout_rows__no_row_changes_side(table, parts, key, split, random):
    """Data that grow or are sorted anew leave each row where it was."""
    before, more = map(frame, parts)
    grown = pl.concat([before, more])
    order = random.sample(range(grown.height), grown.height)
    sides = holdout_rows(table(grown[order]), split, key)
    back = np.argsort(order)[: before.height]
    assert sides[back].tolist() == holdout_rows(table(before), split, key).tolist()


@given(ROWS, st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_holdout_rows__a_greater_share_holds_the_same_rows_and_more(table, rows, one, other):
    """Holding out more moves no row back."""
    made = table(frame(rows))
    small, great = (holdout_rows(made, Split(test_size=size), ("id",)) for size in sorted((one, other)))
    assert not (small & ~great).any()


@given(ROWS)
def test_holdout_rows__group_is_whole(table, rows):
    """All rows of a group are on one side."""
    made = frame(rows)
    held = made.with_columns(held=holdout_rows(table(made), Split(group="s", test_size=0.5), ("id",)))
    assert held.group_by("s").agg(pl.col("held").n_unique())["held"].to_list() == [1] * made["s"].n_unique()


@pytest.mark.parametrize("size", [0.01, 0.25, 0.5, 0.999])
@pytest.mark.parametrize("key", [("id",), None])
def test_holdout_rows__share(table, size, key):
    """The share of the holdout is the one asked for, within six of its deviations."""
    held = holdout_rows(table({"id": range(40_000)}), Split(test_size=size), key)
    assert abs(held.mean() - size) < 6 * (size * (1 - size) / 40_000) ** 0.5


def test_holdout_rows__csv_and_parquet_agree(table, csv_table):
    """A file that is converted keeps its holdout."""
    made = pl.DataFrame({"id": range(500), "x": [i / 7 for i in range(500)], "s": [f"s{i % 9}" for i in range(500)]})
    held = [holdout_rows(each, Split(), None).tolist() for each in (table(made), csv_table(made.write_csv()))]
    assert held[0] == held[1]


@pytest.mark.parametrize(
    ("split", "key", "message"),
    [
        (Split(), ("idd",), "Dataset 'd' has no column 'idd', which the key names."),
        (Split(group="grp"), None, "Dataset 'd' has no column 'grp', which the split names."),
        (
            Split.model_validate({"time": "when", "from": 1}),
            None,
            "Dataset 'd' has no column 'when', which the split names.",
        ),
    ],
)
def test_holdout_rows__column_missing(table, split, key, message):
    """A column that is not there is named, and where the rule stands."""
    where = Location("mlci.yml", 9, 1)
    with pytest.raises(DataError) as caught:
        holdout_rows(table({"id": [1]}), split, key, location=where)
    assert (caught.value.message, caught.value.location) == (message, where)


# --- by time ----------------------------------------------------------------------------------------------------


def cut(table, values, start):
    split = Split.model_validate({"time": "t", "from": start})
    return holdout_rows(table({"t": values}), split, None)


DAY, NOON = dt.date(2024, 1, 31), dt.datetime(2024, 1, 31, 12)


@pytest.mark.parametrize(
    ("values", "start", "expected"),
    [
        ([DAY - dt.timedelta(1), DAY, DAY + dt.timedelta(1)], DAY, [False, True, True]),
        ([DAY, DAY + dt.timedelta(1)], NOON, [False, True]),
        ([NOON, NOON + dt.timedelta(microseconds=1)], "2024-01-31 12:00:00.000001", [False, True]),
        (["2024-01-30", "2024-01-31", "2024-01-31 00:00:01"], DAY, [False, True, True]),
        (["2024-01-31T11:59", "2024-01-31 12:00:00"], NOON, [False, True]),
        (["2024-01-31 12:59:59+01:00", "2024-01-31T12:00Z"], NOON, [False, True]),
        (["2024-01-30", "2024-01-31"], NOON.replace(tzinfo=dt.UTC), [False, False]),
        ([dt.datetime(2024, 1, 31, 11, tzinfo=dt.UTC), NOON.replace(tzinfo=dt.UTC)], NOON, [False, True]),
        ([2012, 2013], 2013, [False, True]),
        ([2012.5, 2013.0], "2013", [False, True]),
        ([2**53, 2**53 + 1], 2**53 + 1, [False, True]),
    ],
)
def test_holdout_rows__time(table, values, start, expected):
    """Rows from the cut on are held out, whatever times are stored as; what has no zone is UTC."""
    assert cut(table, values, start).tolist() == expected


@given(st.lists(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)), min_size=1), st.sampled_from("ds"))
def test_holdout_rows__time_agrees_with_python(table, moments, stored):
    """The cut is Python's own comparison, for datetimes and for their texts."""
    start = moments[0]
    values = moments if stored == "d" else [str(moment) for moment in moments]
    assert cut(table, values, start).tolist() == [moment >= start for moment in moments]


@pytest.mark.parametrize(
    ("values", "start", "message"),
    [
        (["2024-01-31", None], DAY, "1 rows have no `t`: they are on no side of the cut."),
        ([1.0, float("nan")], 1, "1 rows have no `t`: they are on no side of the cut."),
        (["2024-01-31", "secret", "31.1.2024"], DAY, "2 values of `t` are no ISO times; row 2 holds the first."),
        ([True], DAY, "the values of `t` (Boolean) are no times."),
        ([2013], DAY, "`t` holds numbers, and `from: 2024-01-31` is none."),
        ([DAY], "soon", "`t` holds times, and `from: soon` is none."),
    ],
)
def test_holdout_rows__time_refused(table, values, start, message):
    """Rows that are on no side, and values that are no times, are refused without being shown."""
    with pytest.raises(DataError) as caught:
        cut(table, values, start)
    assert caught.value.message == f"Dataset 'd': {message}"


# --- words and files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("split", "key", "words"),
    [
        ({}, ("id",), "25 % of the rows, by a hash of `id`"),
        ({"test_size": 0.125}, ("id", "day"), "12.5 % of the rows, by a hash of `id` and `day`"),
        ({"test_size": 0.001}, None, "0.1 % of the rows, by a hash of each row's content"),
        ({"group": "user"}, ("id",), "25 % of the groups of `user`, each kept whole"),
        ({"time": "day", "from": DAY}, None, "the rows from 2024-01-31 on, by `day`"),
        ({"test": "exam"}, None, "the rows of the dataset `exam`"),
    ],
)
def test_describe__words(split, key, words):
    """A report says how the holdout is drawn."""
    assert describe(Split.model_validate(split), key) == words


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=50))
def test_write_rows__writes_the_rows_that_are_kept(table, tmp_path_factory, rows):
    """The file holds the rows kept, in their order, without the columns dropped."""
    values, keep = zip(*rows, strict=True)
    path = tmp_path_factory.mktemp("rows") / "new" / "rows.parquet"
    written = write_rows(table({"a": values, "y": values}), np.array(keep), path, drop=("y", "not there"))
    kept = [value for value, each in rows if each]
    assert (written, pl.read_parquet(path).to_dict(as_series=False)) == (len(kept), {"a": kept})


def test_write_rows__across_row_groups(table, tmp_path):
    """A table of many row groups is filtered as one."""
    keep = np.random.default_rng(0).random(600_000) < 0.25
    write_rows(table({"a": range(600_000)}), keep, tmp_path / "rows.parquet")
    assert np.array_equal(pl.read_parquet(tmp_path / "rows.parquet")["a"].to_numpy(), np.flatnonzero(keep))
