"""What is told of a dataset that changed, and what is not."""

from __future__ import annotations

import polars as pl
import pytest

from mlci.data.change import change
from mlci.results import ColumnChange, DatasetChange

BASE = {
    "n": [*range(100)],
    "b": [i < 50 for i in range(100)],
    "s": ["ab"[i % 2] for i in range(100)],
    "id": [f"row {i}" for i in range(100)],
}


def changed(*columns, **more):
    return DatasetChange(status="changed", rows_before=100, columns=columns, **more)


def test_change__new(table):
    """A dataset that the base has not is new."""
    assert change(None, table(BASE)) == DatasetChange(status="new")


def test_change__same_content(table):
    """Equal fingerprints are the same content."""
    assert change(table(BASE), table(BASE)) == DatasetChange(status="same", rows_before=100)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({"n": range(1, 101)}, None),
        ({"n": range(10, 110)}, ("n", "mean", "mean 49.5", "mean 59.5")),
        ({"n": [None, *range(1, 100)]}, None),
        ({"n": [None, None, *range(1, 99)]}, ("n", "nulls", "0.0 % null", "2.0 % null")),
        ({"b": [i < 80 for i in range(100)]}, ("b", "mean", "mean 0.5", "mean 0.8")),
        ({"s": ["c", *BASE["s"][1:]]}, ("s", "levels", "2 levels", "3 levels, 1 of them new")),
        ({"s": ["a"] * 100}, None),
        ({"new": [1] * 100}, ("new", "added", "", "Int64")),
        ({"b": [int(each) for each in BASE["b"]]}, ("b", "type", "Boolean", "Int64")),
        ({"n": [float("inf"), *range(1, 100)]}, ("n", "type", "Int64", "Float64")),
    ],
)
def test_change__tells_what_moved_notably(table, now, told):
    """Each notable move is told with its statistic before and after, and no other move is."""
    head = pl.DataFrame({**BASE, **now}, strict=False)
    found = change(table(BASE), table(head))
    expected = [ColumnChange(column=told[0], what=told[1], before=told[2], after=told[3])] if told else []
    note = "" if told else "the content differs, and no column moved notably"
    assert found == changed(*expected, note=note)


def test_change__removed_column(table):
    """A column that went is told."""
    head = {name: values for name, values in BASE.items() if name != "b"}
    assert change(table(BASE), table(head)) == changed(ColumnChange(column="b", what="removed", before="Boolean"))


def test_change__many_levels_are_no_categories(table):
    """New texts among many are no news."""
    base = {"id": [f"row {i}" for i in range(1000)]}
    head = {"id": [f"row {i}" for i in range(1, 1001)]}
    assert change(table(base), table(head)).columns == ()


def test_change__few_values_have_no_mean(table):
    """A mean of fewer than ten values would tell each of them."""
    assert change(table({"x": [1.0, 2.0]}), table({"x": [1.0, 200.0]})).columns == ()


def test_change__constant_column(table):
    """A constant that becomes another one is told; its sum's rounding is not."""
    base, head = {"x": [0.1] * 50, "y": [1] * 50}, {"x": [0.1] * 70, "y": [2] * 70}
    assert change(table(base), table(head)).columns == (
        ColumnChange(column="y", what="mean", before="mean 1", after="mean 2"),
    )
