"""Two engines on one table: what the fused one says must be what Great Expectations says."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import strategies as st

from mlci.errors import Location, SuiteError
from mlci.expectations import fused, gx
from mlci.expectations.suites import Expectation, Suite, frozen


def expectation(kind, severity="critical", **kwargs):
    """One expectation, as a suite's file would give it."""
    return Expectation(type=kind, kwargs=frozen(kwargs), severity=severity, location=Location("s.json", 1, 1))


def suite_of(*expectations, **parameters):
    """A suite of expectations."""
    return Suite(name="s", path="s.json", expectations=expectations, parameters=parameters)


def told(observed):
    """What an engine said of each expectation: whether it holds, whether it could be computed, and GX's own result."""
    return [
        {
            "type": seen.raw["expectation_config"]["type"],
            "success": seen.success,
            "error": bool(seen.error),
            "counts": (seen.element_count, seen.unexpected_count, seen.missing_count),
            "result": seen.raw["result"],
        }
        for seen in observed.observations
    ]


def close(ours: Any, theirs: Any) -> bool:
    """The same result: floats to 9 digits, 1 and 1.0 alike, lists in order."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(close(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list | tuple) and isinstance(theirs, list | tuple):
        return len(ours) == len(theirs) and all(map(close, ours, theirs))
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
    return bool(ours == theirs)


def agree(frame: pl.DataFrame, *expectations, declined=(), **parameters) -> None:
    """Assert that both engines say the same of a table.

    Args:
        frame: the table.
        expectations: what is expected of it.
        declined: the types that the fused engine may hand on to Great Expectations here; all others it must answer
            itself, so that nothing agrees because it was never computed.
        parameters: of the suite.
    """
    suite = suite_of(*expectations, **parameters)
    refused = None
    try:
        theirs = gx.observe(frame, suite)
    except SuiteError as error:
        refused = str(error)
    try:
        ours = fused.observe(frame.lazy(), suite)
    except SuiteError as error:
        assert str(error) == refused  # noqa: PT017 - the same words
        return
    assert refused is None, f"Great Expectations refuses: {refused}"
    for seen, mine, reference in zip(ours.observations, told(ours), told(theirs), strict=True):
        assert not seen.engine or mine["type"] in declined, f"{mine['type']} was handed on: {seen.reason}"
        assert close(mine, reference), f"\n{mine}\n  is not\n{reference}\n  on {frame.to_dict(as_series=False)}"
    assert ours.rows == theirs.rows


# --- tables --------------------------------------------------------------------------------------------------------

TEXTS = st.sampled_from(
    ["", "a", "b", "B", " a", "ä", "ß", "日本", "\U0001f600", "a b", "1", "1.0", "A12", "nan", "\n"]
)
FLOATS = st.sampled_from([0.0, -0.0, 1.0, -1.5, 2.5, 1e-9, 1e9, math.inf, -math.inf, math.nan, 0.1, 3.0])
INTEGERS = st.integers(-5, 5) | st.sampled_from([100, -100, 2**31, 2**53 - 1])
DATES = st.dates(date(2023, 12, 30), date(2024, 1, 3))
MOMENTS = st.datetimes(datetime(2023, 12, 31, 22), datetime(2024, 1, 1, 2)).map(  # noqa: DTZ001 - without a zone
    lambda moment: moment.replace(microsecond=0)
)
DECIMALS = st.integers(-300, 300).map(lambda cents: Decimal(cents).scaleb(-2))

COLUMNS: dict[str, tuple[pl.DataType, st.SearchStrategy[Any]]] = {
    "integers": (pl.Int64(), INTEGERS),
    "small": (pl.Int8(), st.integers(-5, 5)),
    "unsigned": (pl.UInt32(), st.integers(0, 9)),
    "floats": (pl.Float64(), FLOATS),
    "singles": (pl.Float32(), st.sampled_from([0.0, 0.5, -2.0, math.nan])),
    "texts": (pl.String(), TEXTS),
    "booleans": (pl.Boolean(), st.booleans()),
    "dates": (pl.Date(), DATES),
    "moments": (pl.Datetime("us"), MOMENTS),
    "zoned": (pl.Datetime("us", "Europe/Berlin"), MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC))),
    "categories": (pl.Categorical(), st.sampled_from(["x", "y", "z"])),
    "levels": (pl.Enum(["low", "high"]), st.sampled_from(["low", "high"])),
    "decimals": (pl.Decimal(10, 2), DECIMALS),
    "nothing": (pl.Null(), st.none()),
}
"""The kinds of columns, each with its type and its values; every one may hold nulls besides."""


@st.composite
def frames(draw, *kinds: str, columns: int = 1, rows: int = 8, nulls: bool | None = None) -> pl.DataFrame:
    """Small tables whose columns `a`, `b`, … are of the given kinds (default: any): empty, all null, or with values."""
    height = draw(st.integers(0, rows))
    series = []
    for at in range(columns):
        dtype, values = COLUMNS[draw(st.sampled_from(kinds or tuple(COLUMNS)))]
        some = draw(st.sampled_from(["no", "some", "some", "all"])) if nulls is None else ("some" if nulls else "no")
        if some == "all":
            cells = [None] * height
        else:
            cells = draw(st.lists(values if some == "no" else values | st.none(), min_size=height, max_size=height))
        series.append(pl.Series("abcdefgh"[at], cells, dtype=dtype))
    return pl.DataFrame(series)


MOSTLY = st.sampled_from([0.0, 0.25, 0.5, 0.75, 0.875, 0.9, 1.0])
