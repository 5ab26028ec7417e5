"""The values at some ranks of a column (medians, quantiles), exactly and in bounded memory.

A short column is sorted. A long one is bracketed: an even sample says between which two values a rank must lie, and
only what is between them is looked at (Floyd & Rivest 1975, "Expected time bounds for selection"). A sample that
misleads costs time, never the answer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from mlci.expectations.fused.piece import Ranked

LONG = 1 << 24  # values that are sorted at once: 16.8 million
SAMPLE = 1 << 20
SPREAD = 6  # standard deviations of a rank in the sample, to either side


def ranked(frame: pl.LazyFrame, need: Ranked) -> tuple[Any, ...]:
    """The values of a column at some ranks.

    Raises:
        polars.exceptions.PolarsError: the column has no order, or cannot be read.
    """
    import polars as pl

    values = frame.select(need.expr.alias("v")).filter(pl.col("v").is_not_null())
    count = values.select(pl.len()).collect(engine="streaming").item()
    if count <= LONG:
        return _sorted(values, need.ranks)
    sample = values.gather_every(-(-count // SAMPLE)).collect(engine="streaming")["v"].sort()
    return tuple(_at(values, sample, rank, count) for rank in need.ranks)


def _sorted(values: pl.LazyFrame, ranks: tuple[int, ...]) -> tuple[Any, ...]:
    import numpy as np

    column = values.collect(engine="streaming")["v"]
    if column.dtype.is_integer() or column.dtype.is_float():  # half the time of a sort, which nobody needs here
        return tuple(np.partition(column.to_numpy(), ranks)[list(ranks)].tolist())
    return tuple(column.sort().gather(list(ranks)).to_list())


def _at(values: pl.LazyFrame, sample: pl.Series, rank: int, count: int) -> Any:  # noqa: ANN401 - the column's own type
    """The value at one rank, from those between two values of the sample; beyond its ends there is no bracket."""
    import polars as pl

    place, spread = rank / count * len(sample), SPREAD * math.sqrt(len(sample)) / 2
    first, last = math.floor(place - spread), math.ceil(place + spread)
    v = pl.col("v")
    low = v >= sample[first] if first > 0 else pl.lit(True)  # noqa: FBT003 - no bracket on this side
    high = v <= sample[last] if last < len(sample) else pl.lit(True)  # noqa: FBT003
    below = values.filter(~low).select(pl.len()).collect(engine="streaming").item()
    reached = pl.lit(below) + pl.col("rows").cum_sum()
    between = values.filter(low & high).group_by("v").agg(rows=pl.len()).sort("v").with_columns(reached=reached)
    here = between.filter(pl.col("reached") > rank).head(1).collect(engine="streaming")
    return here["v"][0] if below <= rank and here.height else _sorted(values, (rank,))[0]
