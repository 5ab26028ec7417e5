"""Expectations of how far values lie from the rest of their column: z-scores and outliers.

The first round takes the column's moments (its quartiles come second), the next one counts what lies too far. A column
of one and the same value has no spread; rounding in pandas' standard deviation can make one of 1e-17 of it.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING

from mlci.expectations.fused.aggregates import kind_of, measured
from mlci.expectations.fused.piece import Declined, Ranked, Rows, of_rows
from mlci.expectations.fused.values import none_unexpected

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    import polars as pl

    from mlci.expectations.fused.piece import Answers, Ask, Found, Needs, Piece, Steps, Values

QUARTILES = (0.25, 0.75)


def z_scores(ask: Ask) -> Steps:
    """expect_column_value_z_scores_to_be_less_than: z-scores are multiples of a sample's deviation."""
    values = ask.column()
    threshold = ask.number("threshold")
    if threshold is None or "double_sided" not in ask.kwargs:
        raise Declined("it lacks `threshold` or `double_sided`")
    double_sided = ask.flag("double_sided")
    kind = kind_of(values.dtype)
    if kind == "null":
        return (yield from none_unexpected(ask, values))
    if kind not in ("number", "boolean"):
        raise Declined("its column holds no numbers")
    answers = yield _moments(ask, values)
    found = _mean_and_spread(answers)
    if found is None:
        return _found(ask, answers, 0)
    score = (measured(values) - found[0]) / found[1]
    unexpected = score.abs() >= abs(threshold) if double_sided else score >= threshold
    counted = yield {"unexpected": Rows(unexpected.sum())}
    return _found(ask, answers, counted["unexpected"])


def not_outliers(ask: Ask) -> Steps:
    """expect_column_values_to_not_be_outliers: Tukey's fences around the quartiles, or multiples of the deviation.

    Tukey (1977), "Exploratory Data Analysis", with quartiles of type 7 (Hyndman & Fan 1996).
    """
    values = ask.column()
    method = ask.kwargs.get("method", "iqr")
    multiplier = ask.number("multiplier", 1.5)
    if method not in ("iqr", "std") or multiplier is None or multiplier < 0:
        raise Declined("its `method` or its `multiplier` is not known")
    kind = kind_of(values.dtype)
    if kind == "null":
        return (yield from none_unexpected(ask, values))
    if kind != "number":
        raise Declined("its column holds no numbers")
    if method == "iqr":
        return (yield from _beyond_fences(ask, values, multiplier))
    answers = yield _moments(ask, values)
    found = _mean_and_spread(answers)
    if found is None:
        return _found(ask, answers, 0)
    mean, threshold = found[0], multiplier * found[1]
    column = measured(values)
    unexpected = (column - mean).abs() >= threshold if threshold > 0 else column != mean
    counted = yield {"unexpected": Rows(unexpected.sum())}
    return _found(ask, answers, counted["unexpected"])


# --- mean and standard deviation ------------------------------------------------------------------------------------


def _moments(ask: Ask, values: Values) -> Needs:
    column = measured(values)
    parts = {"mean": column.mean(), "std": column.std(), "min": column.min(), "max": column.max()}
    return {"rows": ask.rows, "present": Rows(values.present), **{name: Rows(expr) for name, expr in parts.items()}}


def _mean_and_spread(answers: Answers) -> tuple[float, float] | None:
    """The mean and the standard deviation of a sample; None where there is no spread to measure by."""
    mean, std = answers["mean"], answers["std"]
    if mean is None or std is None or answers["min"] == answers["max"]:
        return None
    return (mean, std) if math.isfinite(mean) and math.isfinite(std) and std > 0 else None


def _found(ask: Ask, answers: Answers, unexpected: int) -> Found:
    return of_rows(ask, rows=answers["rows"], considered=answers["present"], unexpected=unexpected)


# --- quartiles ------------------------------------------------------------------------------------------------------


def _beyond_fences(ask: Ask, values: Values, multiplier: float) -> Steps:
    answers = yield {"rows": ask.rows, "present": Rows(values.present)}
    if not answers["present"]:
        return _found(ask, answers, 0)
    column = measured(values)
    first, third = yield from _quartiles(column, answers["present"])
    if not (math.isfinite(first) and math.isfinite(third)):
        return _found(ask, answers, 0)
    reach = multiplier * (third - first)
    unexpected = (column < first - reach) | (column > third + reach)
    counted = yield {"unexpected": Rows(unexpected.sum())}
    return _found(ask, answers, counted["unexpected"])


def _quartiles(column: pl.Expr, count: int) -> Generator[Needs, Answers, tuple[float, float]]:
    """The first and the third quartile of `count` values, between two neighbours on a straight line."""
    places = [(count - 1) * share for share in QUARTILES]
    around = [(math.floor(place), min(math.floor(place) + 1, count - 1)) for place in places]
    ranks = tuple(sorted({rank for pair in around for rank in pair}))
    answers = yield {"ranked": Ranked(column, ranks)}
    at = dict(zip(ranks, answers["ranked"], strict=True))
    first, third = (
        _between(float(at[low]), float(at[high]), place - low)
        for (low, high), place in zip(around, places, strict=True)
    )
    return first, third


def _between(low: float, high: float, share: float) -> float:
    """A point on the line from `low` to `high`, as NumPy rounds it; NaN beside an infinity, as there."""
    step = high - low
    return low + step * share if share < 0.5 else high - step * (1 - share)  # noqa: PLR2004 - from the nearer end


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "expect_column_value_z_scores_to_be_less_than": z_scores,
        "expect_column_values_to_not_be_outliers": not_outliers,
    }
)
