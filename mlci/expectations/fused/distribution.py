"""Expectations of how a column's values are distributed: its quantiles, and its divergence from a partition.

Ranks and interpolation are NumPy's (`numpy.quantile`, which pandas calls), histograms are its half-open bins with the
last one closed, and the divergence is that of Kullback & Leibler 1951, in nats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeGuard

from mlci.expectations.fused.aggregates import measured
from mlci.expectations.fused.distinct import TIED, keyed, kind_of
from mlci.expectations.fused.piece import Declined, Found, Groups, Ranked, Rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlci.expectations.fused.piece import Ask, Needs, Piece, Steps, Values

WHOLE = ("nearest", "lower", "higher")
BETWEEN = ("linear", "midpoint")
CLOSE = 1e-4, 1e-8
"""The relative and the absolute tolerance by which a quantile may miss its range."""

WEIGHTS = 1000  # weights of a partition: each bin is an aggregate of its own

Pair = tuple[float, float]


# --- quantiles ------------------------------------------------------------------------------------------------------


def quantiles(ask: Ask) -> Steps:
    """expect_column_quantile_values_to_be_between."""
    values = ask.column()
    shares, ranges, method = _quantile_ranges(ask, values)
    asked = {"present": Rows(values.present)}
    if method in BETWEEN and values.dtype.is_float():
        asked["infinite"] = Rows(values.expr.is_infinite().any())
    answers = yield asked
    if answers.get("infinite"):
        raise Declined("it interpolates beside infinite values")
    count = answers["present"]
    found: list[Any] = [None] * len(shares)
    if count and shares:
        places = [ranks(share, count, method) for share in shares]
        wanted = tuple(sorted({rank for low, high, _ in places for rank in (low, high)}))
        answers = yield {"at": Ranked(measured(values), wanted)}
        at = dict(zip(wanted, answers["at"], strict=True))
        found = [_between(at[low], at[high], part) for low, high, part in places]
        found = [bool(value) for value in found] if kind_of(values.dtype) == "boolean" else found
    details = [value is not None and _in_range(value, pair) for value, pair in zip(found, ranges, strict=True)]
    return Found(
        all(details),
        {"observed_value": {"quantiles": shares, "values": found}, "details": {"success_details": details}},
    )


def ranks(share: float, count: int, method: str) -> tuple[int, int, float]:
    """Between which two ranks a quantile lies, and how far from the first (NumPy's `method` of that name).

    Args:
        share: of the values that are below it, from 0 to 1.
        count: the number of values, at least 1.
        method: nearest (to even ranks where two are equally near), lower, higher, linear or midpoint.
    """
    place = (count - 1) * share
    low, high = math.floor(place), math.ceil(place)
    if method == "nearest":
        low = high = round(place)
    elif method in WHOLE:
        low = high = low if method == "lower" else high
    part = place - low if method == "linear" else 0.5
    return low, high, part if low < high else 0.0


def _between(low: float, high: float, part: float) -> float:
    """The value at a part of the way from one to another, from the end that is nearer (NumPy, `_lerp`)."""
    if not part:
        return low
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)  # noqa: PLR2004 - the middle


def _in_range(value: float, pair: Pair) -> bool:
    """Whether a quantile lies in a range, or about at one of its ends."""
    relative, absolute = CLOSE
    near = any(
        value == end or (math.isfinite(end) and abs(value - end) <= absolute + relative * abs(end)) for end in pair
    )
    return near or pair[0] <= value <= pair[1]


def _quantile_ranges(ask: Ask, values: Values) -> tuple[list[float], list[Pair], str]:
    """The quantiles, the ranges in which they are expected (unbounded for null), and how ranks become values.

    Raises:
        Declined: they are not of that form, or the column's type is not made for it.
    """
    import polars as pl

    kind, given = kind_of(values.dtype), ask.kwargs.get("quantile_ranges")
    method = ask.kwargs.get("allow_relative_error") or WHOLE[0]
    exact = kind in ("number", "null") and values.dtype != pl.Float32
    if kind not in ("number", "boolean", "null") or method not in (*WHOLE, *(BETWEEN if exact else ())):
        raise Declined("quantiles of its column")
    if not isinstance(given, dict) or set(given) != {"quantiles", "value_ranges"}:
        raise Declined("its `quantile_ranges`")
    shares, pairs = given["quantiles"], given["value_ranges"]
    if not _numbers(shares) or not isinstance(pairs, list) or len(pairs) != len(shares):
        raise Declined("its `quantile_ranges`")
    ranges = []
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2 or not _numbers([end for end in pair if end is not None]):  # noqa: PLR2004 - two ends
            raise Declined("its `value_ranges`")
        low, high = pair
        ranges.append((-math.inf if low is None else low, math.inf if high is None else high))
    if any(not 0 <= share <= 1 for share in shares) or any(low > high for low, high in ranges):
        raise Declined("its `quantile_ranges`")
    return shares, ranges, method


# --- divergence -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """A distribution that is expected: weights of values, or of the bins between edges, and of the tails beyond them.

    Args:
        values: the values, or None.
        bins: the edges, one more than weights, or None; the first and the last may be infinite.
        weights: the weights.
        tails: the weights of what is below the first edge and above the last, or None.
        inside: the weight that bins without a weight share.
        outside: the weight that the tails share, or that values which are not expected share.
    """

    values: list[Any] | None
    bins: list[float] | None
    weights: list[float]
    tails: Pair | None
    inside: float
    outside: float


def divergence(ask: Ask) -> Steps:
    """expect_column_kl_divergence_to_be_less_than, from a partition that is given."""
    values = ask.column()
    threshold = ask.number("threshold")
    partition = _partition(ask)
    if threshold is not None and threshold < 0:
        raise Declined("its `threshold` is negative")
    if partition.values is not None:
        return (yield from _categorical(ask, values, partition, threshold))
    return (yield from _continuous(ask, values, partition, threshold))


def entropy(observed: Sequence[float], expected: Sequence[float]) -> float:
    """The Kullback-Leibler divergence of two distributions whose weights need not sum to one, in nats.

    Args:
        observed: weights; NaN where nothing was observed.
        expected: as many; where they are zero and something was observed, the divergence is infinite.
    """
    whole, other = math.fsum(observed), math.fsum(expected)
    if not whole or not other or math.isnan(whole):
        return math.nan
    parts = []
    for p, q in zip((each / whole for each in observed), (each / other for each in expected), strict=True):
        if p and not q:
            return math.inf
        parts.append(p * math.log(p / q) if p else 0.0)
    return math.fsum(parts)


def _found(threshold: float | None, divergence: float, observed: Any, expected: Any) -> Found:  # noqa: ANN401
    """Great Expectations' result: no value where the divergence is infinite or is none."""
    return Found(
        threshold is None or divergence <= threshold,
        {
            "observed_value": divergence if math.isfinite(divergence) else None,
            "details": {"observed_partition": observed, "expected_partition": expected},
        },
    )


def _categorical(ask: Ask, values: Values, partition: Partition, threshold: float | None) -> Steps:
    """Weights of values: what is not expected shares the outside weight."""
    import polars as pl

    kind, names = kind_of(values.dtype), partition.values or []
    types = {"text": str, "number": int | float, "boolean": bool}
    if kind not in types or not all(isinstance(name, types[kind]) for name in names):
        raise Declined("the values of its partition are not of the column's type")
    if kind == "number" and any(isinstance(name, bool) for name in names):
        raise Declined("the values of its partition are not of the column's type")
    if values.dtype == pl.Categorical and ask.where is not None:
        raise Declined("categories with a row_condition")
    if partition.inside or len(set(names)) < len(names):
        raise Declined("its partition")
    needs: Needs = {
        "present": Rows(values.present),
        "groups": Groups((keyed(values),), pl.struct("k0", "rows").head(TIED + 1).implode(), merge="concat"),
    }
    answers = yield needs
    groups = answers["groups"] or []
    if len(groups) > TIED:
        raise Declined("its column has too many values")
    counts = {group["k0"]: group["rows"] for group in groups}
    order = values.dtype.categories.to_list() if isinstance(values.dtype, pl.Enum) else sorted(counts)
    known = set(names)
    others = [name for name in order if name not in known]
    observed = [counts.get(name, 0) / answers["present"] if answers["present"] else 0.0 for name in (*names, *others)]
    left = 1 - partition.outside if others else 1
    expected = [weight * left for weight in partition.weights]
    expected += [partition.outside / len(others) for _ in others]
    return _found(
        threshold,
        entropy(observed, expected),
        {"values": [*names, *others], "weights": observed},
        {"values": [*names, *others], "weights": expected},
    )


def _continuous(ask: Ask, values: Values, partition: Partition, threshold: float | None) -> Steps:
    """Weights of bins: a tail is a bin of its own, unless the first or the last edge is infinite already."""
    edges = partition.bins or []
    if kind_of(values.dtype) != "number" or not ask.flag("bucketize_data", default=True):
        raise Declined("bins on its column")
    expr = measured(values)
    needs = {f"below {at}": Rows((expr < edge).sum()) for at, edge in enumerate(edges)}
    answers = yield {**needs, "present": Rows(values.present), "up to": Rows((expr <= edges[-1]).sum())}
    present, below = answers["present"], [answers[f"below {at}"] for at in range(len(edges))]
    reached = [*below[:-1], answers["up to"]]
    counts = [high - low for low, high in pairwise(reached)]
    observed = [count / present if present else math.nan for count in counts]
    beyond = [count / present if present else math.nan for count in (below[0], present - reached[-1])]
    expected = _held_out(partition)
    tails = list(partition.tails or (partition.outside / 2, partition.outside / 2))
    first, last = edges[0] == -math.inf, edges[-1] == math.inf
    if first != last:  # the one tail that is left takes all of the weight
        tails = [partition.outside, partition.outside]
    sides = (expected, tails), (observed, beyond)
    for weights, ends in sides:
        ends[0] = weights.pop(0) if first else ends[0]
        ends[1] = weights.pop() if last and weights else ends[1]
    bins = edges[int(first) : len(edges) - int(last)]
    return _found(
        threshold,
        entropy([beyond[0], *observed, beyond[1]], [tails[0], *expected, tails[1]]),
        {"bins": bins, "weights": observed, "tail_weights": beyond},
        {"bins": bins, "weights": expected, "tail_weights": tails},
    )


def _held_out(partition: Partition) -> list[float]:
    """The weights of bins, after those without a weight have got theirs."""
    weights = [weight * (1 - partition.outside - partition.inside) for weight in partition.weights]
    empty = weights.count(0)
    return [partition.inside / empty if partition.inside and not weight else weight for weight in weights]


def _partition(ask: Ask) -> Partition:
    """The partition that is expected, with what is held out.

    Raises:
        Declined: it is none (Great Expectations then compares the column with itself), or not of the known form.
    """
    given = ask.kwargs.get("partition_object")
    if not isinstance(given, dict) or not _numbers(given.get("weights")):
        raise Declined("its `partition_object`")
    if len(given["weights"]) > WEIGHTS:
        raise Declined("its `partition_object` has too many weights")
    inside, outside = ask.number("internal_weight_holdout", 0), ask.number("tail_weight_holdout", 0)
    if inside is None or outside is None or not 0 <= inside <= 1 or not 0 <= outside <= 1:
        raise Declined("a holdout is not between 0 and 1")
    partition = Partition(values=None, bins=None, weights=given["weights"], tails=None, inside=inside, outside=outside)
    if any(weight < 0 for weight in partition.weights) or not partition.weights:
        raise Declined("the weights of its partition")
    if set(given) == {"values", "weights"} and isinstance(given["values"], list):
        return _summing_to_one(replace(partition, values=given["values"]), given["values"])
    bins, tails = given.get("bins"), given.get("tail_weights")
    if not set(given) <= {"bins", "weights", "tail_weights"} or not _numbers(bins, finite=False):
        raise Declined("its `partition_object`")
    rising = all(low < high for low, high in pairwise(bins))
    infinite = math.inf in (abs(bins[0]), bins[-1]) if bins else False
    if "tail_weights" in given and (not _numbers(tails) or len(tails) != 2 or outside or infinite):  # noqa: PLR2004
        raise Declined("its `tail_weights`")
    if not rising or bins == [-math.inf, math.inf] or (infinite and -bins[0] == bins[-1] and outside):
        raise Declined("its `bins`")
    return _summing_to_one(replace(partition, bins=bins, tails=tuple(tails) if tails else None), bins[1:])


def _summing_to_one(partition: Partition, named: Sequence[Any]) -> Partition:
    """The partition itself, where each weight has its value or bin, and all sum to about one.

    Raises:
        Declined: it is not so.
    """
    whole = math.fsum((*partition.weights, *(partition.tails or ())))
    if len(named) != len(partition.weights) or not math.isclose(whole, 1, rel_tol=1e-5, abs_tol=1e-8):
        raise Declined("the weights of its partition")
    return partition


def _numbers(given: Any, *, finite: bool = True) -> TypeGuard[list[float]]:  # noqa: ANN401 - any argument
    """Whether an argument is a list of numbers."""
    return isinstance(given, list) and all(
        isinstance(each, int | float)
        and not isinstance(each, bool)
        and not math.isnan(each)
        and (not finite or math.isfinite(each))
        for each in given
    )


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "expect_column_quantile_values_to_be_between": quantiles,
        "expect_column_kl_divergence_to_be_less_than": divergence,
    }
)
