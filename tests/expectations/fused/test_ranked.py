"""Values at ranks, sorted or bracketed."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.expectations.fused import ranked as room
from mlci.expectations.fused.piece import Ranked
from mlci.expectations.fused.ranked import ranked

VALUES = st.lists(st.integers(-50, 50) | st.none(), min_size=1, max_size=300)


@pytest.fixture(autouse=True)
def _brackets(monkeypatch):
    """Columns are long, and samples small, from a few rows on."""
    monkeypatch.setattr(room, "LONG", 10)
    monkeypatch.setattr(room, "SAMPLE", 20)


@settings(deadline=None)
@given(values=VALUES, data=st.data(), spread=st.sampled_from([0, 0.2, 6]))
def test_ranked__as_sorted(values, data, spread):
    """Whatever the sample says, and however narrow its brackets are, the answer is that of a sort."""
    present = sorted(value for value in values if value is not None)
    if not present:
        return
    ranks = tuple(sorted(data.draw(st.sets(st.integers(0, len(present) - 1), min_size=1, max_size=3))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "SPREAD", spread)
        frame = pl.LazyFrame({"a": pl.Series(values, dtype=pl.Int64)})
        assert ranked(frame, Ranked(pl.col("a"), ranks)) == tuple(present[rank] for rank in ranks)


@pytest.mark.parametrize("order", ["up", "down", "periodic"])
def test_ranked__samples_that_mislead(order):
    """A sample of an ordered or periodic column may be far from it, and the ends have no bracket at all."""
    values = list(range(1000)) if order != "periodic" else [at % 50 for at in range(1000)]
    if order == "down":
        values.reverse()
    frame = pl.LazyFrame({"a": values})
    ranks = (0, 1, 499, 500, 998, 999)
    assert ranked(frame, Ranked(pl.col("a"), ranks)) == tuple(sorted(values)[rank] for rank in ranks)


def test_ranked__texts_and_conditions():
    """Texts have ranks, too, and rows that a condition leaves out have none."""
    frame = pl.LazyFrame({"a": list("zyxwvutsrqponm") * 3, "b": [1, 0, 1] * 14})
    kept = pl.col("a").filter(pl.col("b") == 1)
    wanted = sorted(text for text, one in zip("zyxwvutsrqponm" * 3, [1, 0, 1] * 14, strict=True) if one)
    assert ranked(frame, Ranked(kept, (0, 13))) == (wanted[0], wanted[13])
