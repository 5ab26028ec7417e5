"""How a column's values are distributed, as Great Expectations sees it."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import agree, expectation, frames, suite_of, told
from scipy import stats

from mlci.expectations import fused
from mlci.expectations.fused import distribution
from mlci.expectations.fused.piece import Ask, Declined

QUANTILES = "expect_column_quantile_values_to_be_between"
DIVERGENCE = "expect_column_kl_divergence_to_be_less_than"
SHARES = st.sampled_from([0, 0.1, 0.25, 0.3, 1 / 3, 0.5, 0.75, 0.9, 1])
ENDS = st.sampled_from([None, -2, 0, 0.5, 2.5, 3])
COUNTED = ("integers", "small", "unsigned", "floats", "decimals", "nothing")


def quantile_expectation(shares, ranges, method):
    """An expectation of quantiles of column `a`; the ends of ranges are put in order."""
    ordered = [sorted(pair) if None not in pair else list(pair) for pair in ranges]
    return expectation(
        QUANTILES,
        column="a",
        quantile_ranges={"quantiles": shares, "value_ranges": ordered},
        allow_relative_error=method,
    )


def divergence_expectation(partition, **kwargs):
    """An expectation of the divergence of column `a` from a partition."""
    return expectation(DIVERGENCE, column="a", partition_object=partition, **{"threshold": 0.3, **kwargs})


def weights(draw, count):
    """Weights that sum to one, some of them zero."""
    parts = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count).filter(any))
    return [part / sum(parts) for part in parts]


@st.composite
def of_quantiles(draw, methods):
    """An expectation of some quantiles."""
    shares = draw(st.lists(SHARES, max_size=4))
    return quantile_expectation(shares, [draw(st.tuples(ENDS, ENDS)) for _ in shares], draw(st.sampled_from(methods)))


@st.composite
def of_values(draw, values):
    """A partition of some values."""
    some = draw(st.lists(st.sampled_from(values), min_size=1, max_size=4, unique=True))
    return {"values": some, "weights": weights(draw, len(some))}


@st.composite
def of_bins(draw, *ends):
    """A partition of some bins, with edges at which values lie."""
    edges = sorted(draw(st.lists(st.sampled_from([-2, 0, 0.5, 1, 2.5, 3, 100, *ends]), min_size=2, unique=True)))
    found = weights(draw, len(edges) - 1)
    if math.inf in map(abs, (edges[0], edges[-1])) or draw(st.booleans()):
        return {"bins": edges, "weights": found}
    return {"bins": edges, "weights": [each * 0.75 for each in found], "tail_weights": [0.25, 0]}


@given(frame=frames(*COUNTED), expected=of_quantiles([False, "nearest", "lower", "higher", "linear", "midpoint"]))
@settings(max_examples=60, deadline=None)
def test_quantiles__of_numbers(frame, expected):
    """Quantiles are NumPy's by every method, and may miss their range by a little; infinite neighbours are NumPy's."""
    infinite = frame["a"].dtype.is_float() and frame["a"].is_infinite().any()
    agree(frame, expected, declined=[expected.type] if infinite else [])


@given(frame=frames("booleans", "singles"), expected=of_quantiles([False, "lower", "higher"]))
@settings(max_examples=40, deadline=None)
def test_quantiles__of_booleans_and_singles(frame, expected):
    """Quantiles of other columns are among their values."""
    agree(frame, expected)


@given(
    frame=frames(*COUNTED[:-1], "singles"),
    partition=of_values([0, 1, 2.5, -2, 100, 3]),
    outside=st.sampled_from([0, 0.25, 1]),
)
@settings(max_examples=60, deadline=None)
def test_divergence__from_numbers(frame, partition, outside):
    """Weights of numbers are compared, and those that are not expected share what is held out."""
    agree(frame, divergence_expectation(partition, tail_weight_holdout=outside))


@given(
    frame=frames("texts", "categories", "levels"),
    partition=of_values(["x", "a", "low", "high", ""]),
    outside=st.sampled_from([0, 0.25]),
)
@settings(max_examples=60, deadline=None)
def test_divergence__from_texts(frame, partition, outside):
    """Weights of texts and categories are compared, with those of an enumeration that no row has."""
    agree(frame, divergence_expectation(partition, tail_weight_holdout=outside))


@given(frame=frames("booleans"), partition=of_values([True, False]), outside=st.sampled_from([0, 0.25]))
@settings(max_examples=30, deadline=None)
def test_divergence__from_booleans(frame, partition, outside):
    """Weights of the two truth values are compared."""
    agree(frame, divergence_expectation(partition, tail_weight_holdout=outside))


@given(
    frame=frames(*COUNTED[:-1], "singles"),
    partition=of_bins(),
    inside=st.sampled_from([0, 0.25]),
    outside=st.sampled_from([0, 0.5]),
)
@settings(max_examples=60, deadline=None)
def test_divergence__from_bins(frame, partition, inside, outside):
    """Weights of bins are compared, whose last is closed, and of the tails beyond them."""
    held = 0 if "tail_weights" in partition else outside
    agree(frame, divergence_expectation(partition, internal_weight_holdout=inside, tail_weight_holdout=held))


@given(
    frame=frames("integers", "floats"),
    partition=of_bins(math.inf, -math.inf),
    threshold=st.sampled_from([None, 0, 0.5]),
)
@settings(max_examples=40, deadline=None)
def test_divergence__from_bins_without_an_end(frame, partition, threshold):
    """A tail that is a bin already is one no more than once."""
    outside = 0 if -partition["bins"][0] == partition["bins"][-1] or "tail_weights" in partition else 0.25
    expected = divergence_expectation(partition, threshold=threshold, tail_weight_holdout=outside)
    agree(frame, expected, declined=[expected.type] if partition["bins"] == [-math.inf, math.inf] else [])


@given(
    count=st.integers(1, 3000),
    share=st.floats(0, 1) | SHARES,
    method=st.sampled_from([*distribution.WHOLE, *distribution.BETWEEN]),
)
@settings(deadline=None)
def test_ranks__as_numpy_finds_them(count, share, method):
    """The ranks of a quantile and the way between them are NumPy's."""
    low, high, part = distribution.ranks(share, count, method)
    assert low + (high - low) * part == pytest.approx(np.quantile(np.arange(count), share, method=method), abs=1e-9)


@given(
    pairs=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1).filter(
        lambda pairs: all(map(sum, zip(*pairs, strict=True)))
    )
)
@settings(deadline=None)
def test_entropy__as_scipy_computes_it(pairs):
    """The divergence is SciPy's, infinite ones among them."""
    observed, expected = zip(*pairs, strict=True)
    assert distribution.entropy(observed, expected) == pytest.approx(stats.entropy(observed, expected), abs=1e-12)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"partition_object": None},
        {"partition_object": {"values": ["a"], "weights": [1.0]}},
        {"partition_object": {"values": [1, 1], "weights": [0.5, 0.5]}},
        {"partition_object": {"values": [1], "weights": [0.9]}},
        {"partition_object": {"values": [1], "weights": [1]}, "internal_weight_holdout": 0.5},
        {"partition_object": {"bins": [0, 1], "weights": [1]}, "bucketize_data": False},
        {"partition_object": {"bins": [1, 0], "weights": [1]}},
        {
            "partition_object": {"bins": [0, 1], "weights": [0.5], "tail_weights": [0.25, 0.25]},
            "tail_weight_holdout": 0.1,
        },
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_divergence__unusual_partitions_are_left_to_great_expectations(kwargs):
    """A partition that is none, or that does not fit the column, is handed on."""
    agree(
        pl.DataFrame({"a": [1, 2]}), expectation(DIVERGENCE, column="a", threshold=1, **kwargs), declined=(DIVERGENCE,)
    )


def test_divergence__of_too_many_values():
    """A column of very many values is not listed."""
    frame = pl.DataFrame({"a": range(distribution.TIED + 1)})
    [seen] = fused.observe(frame, suite_of(divergence_expectation({"values": [0], "weights": [1]}))).observations
    assert seen.engine == "gx"
    assert seen.reason == "its column has too many values"


@pytest.mark.parametrize(
    ("cells", "ranges", "method"),
    [
        (["a", "b"], {"quantiles": [0.5], "value_ranges": [[0, 1]]}, False),
        ([1, 2], {"quantiles": [1.5], "value_ranges": [[0, 1]]}, False),
        ([1, 2], {"quantiles": [0.5, 0.6], "value_ranges": [[0, 1]]}, False),
        ([1, 2], {"quantiles": [0.5], "value_ranges": [["0", 1]]}, False),
        ([1, 2], {"quantiles": [0.5], "value_ranges": [[0, 1]]}, True),
        ([True, False], {"quantiles": [0.5], "value_ranges": [[0, 1]]}, "linear"),
    ],
)
def test_quantiles__unusual_ones_are_left_to_great_expectations(cells, ranges, method):
    """Quantiles of texts, or in another form, are handed on."""
    unusual = expectation(QUANTILES, column="a", quantile_ranges=ranges, allow_relative_error=method)
    agree(pl.DataFrame({"a": cells}), unusual, declined=(QUANTILES,))


def test_quantiles__hold():
    """An expectation of quantiles that all hold is a success, by both engines."""
    frame = pl.DataFrame({"a": [1.0, 2.0, 3.0]})
    agree(frame, quantile_expectation([0, 0.5], [(0, 1), (2, 3)], "nearest"))
    [seen] = told(fused.observe(frame, suite_of(quantile_expectation([0, 0.5], [(0, 1), (2, 3)], "nearest"))))
    assert seen["success"]


@given(frame=frames("integers", "floats", columns=2, nulls=False), expected=of_quantiles([False]))
@settings(max_examples=30, deadline=None)
def test_conditions__leave_rows_out(frame, expected):
    """Only the rows that a row_condition keeps are looked at."""
    keep = {"row_condition": "c == 0", "condition_parser": "pandas"}
    partitions = {"values": [0, 1], "weights": [0.5, 0.5]}, {"bins": [-2, 0, 2], "weights": [0.5, 0.5]}
    agree(
        frame.with_columns(c=pl.int_range(frame.height) % 2),
        expectation(expected.type, **expected.kwargs, **keep),
        *(divergence_expectation(partition, tail_weight_holdout=0.25, **keep) for partition in partitions),
    )


@pytest.mark.parametrize("named", ["values", "bins"])
def test_divergence__of_too_many_weights(named):
    """A partition with more weights than that is Great Expectations' own."""
    weights = [1 / (distribution.WEIGHTS + 1)] * (distribution.WEIGHTS + 1)
    partition = {named: list(range(len(weights) + (named == "bins"))), "weights": weights}
    kwargs = {"column": "a", "threshold": 0.1, "partition_object": partition}
    with pytest.raises(Declined, match="too many weights"):
        next(distribution.divergence(Ask(type=DIVERGENCE, kwargs=kwargs, schema={"a": pl.Int64()})))
