"""A round of needs, answered by few queries."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.expectations.fused import table as room
from mlci.expectations.fused.piece import Alone, Groups, Ranked, Rows
from mlci.expectations.fused.table import Asked

K, N = pl.col("k0"), pl.col("rows")
DISTINCT = pl.len()
REPEATED = N.filter(N > 1).sum()


def ask(frame, **needs):
    """The answers to some needs."""
    return {key.decode(): value for key, value in Asked(frame.lazy()).answer({k.encode(): n for k, n in needs.items()})}


def test_answer__every_kind_in_one_round():
    """Counts, order, ranks and groups are asked together."""
    frame = pl.DataFrame({"a": [3, 1, 2, None], "b": ["x", "x", "y", None]})
    assert ask(
        frame,
        rows=Rows(pl.len()),
        total=Rows(pl.col("a").sum()),
        falls=Alone((pl.col("a").diff() < 0).sum()),
        middle=Ranked(pl.col("a"), (1,)),
        distinct=Groups((pl.col("b"),), DISTINCT),
        repeated=Groups((pl.col("b"),), REPEATED),
    ) == {"rows": 4, "total": 6, "falls": 1, "middle": (2,), "distinct": 2, "repeated": 2}


@pytest.mark.parametrize("part", [1 << 24, 3])
@settings(deadline=None)
@given(values=st.lists(st.integers(0, 6) | st.none(), max_size=30), texts=st.booleans())
def test_groups__whole_or_in_parts(part, values, texts):
    """Groups in parts, by the hash of their keys, add up to those of the whole."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "PART", part * room.TEXTS if texts else part)
        dtype = pl.String if texts else pl.Int64
        frame = pl.DataFrame({"a": pl.Series(values, dtype=pl.Int64).cast(dtype)})
        found = ask(
            frame,
            distinct=Groups((pl.col("a"),), DISTINCT),
            repeated=Groups((pl.col("a"),), REPEATED),
            most=Groups((pl.col("a"),), N.max(), merge="max"),
            least=Groups((pl.col("a"),), N.min(), merge="min"),
            all=Groups((pl.col("a"),), K.cast(pl.Int64).implode(), merge="concat"),
        )
    counts = Counter(value for value in values if value is not None)
    assert (found["distinct"], found["repeated"] or 0, found["most"], found["least"], sorted(found["all"] or [])) == (
        len(counts),
        sum(count for count in counts.values() if count > 1),
        max(counts.values(), default=None),
        min(counts.values(), default=None),
        sorted(counts),
    )


@pytest.mark.parametrize("values", [[1, 2, 5], [5, 2, 1], [1, None, 2], [1, 1, 2], [2, 1, 2], [], [None]])
def test_groups__of_an_ordered_column(values):
    """A column in strict order needs no grouping, and one that only nearly is gets it."""
    frame = pl.DataFrame({"a": pl.Series(values, dtype=pl.Int64)})
    present = [value for value in values if value is not None]
    found = ask(frame, distinct=Groups((pl.col("a"),), DISTINCT), repeated=Groups((pl.col("a"),), REPEATED))
    repeated = sum(count for count in Counter(present).values() if count > 1)
    assert found == {"distinct": len(set(present)), "repeated": repeated}


def test_groups__the_two_zeros_are_one():
    """Minus zero and zero are one value of a float column."""
    frame = pl.DataFrame({"a": [0.0, -0.0, 1.0]})
    assert ask(frame, distinct=Groups((pl.col("a"),), DISTINCT)) == {"distinct": 2}


def test_groups__rows_are_kept_by_their_keys():
    """Which rows are grouped may depend on the keys: here those that are not null altogether."""
    frame = pl.DataFrame({"a": [1, 1, None, None], "b": [None, None, 2, None]})
    keys = (pl.col("a"), pl.col("b"))
    kept = K.is_not_null() | pl.col("k1").is_not_null()
    found = ask(frame, some=Groups(keys, N.sort().implode(), kept), none=Groups(keys, DISTINCT))
    assert found == {"some": [1, 2], "none": 0}
