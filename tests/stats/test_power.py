from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.errors import UserError
from mlci.stats.confidence import Student, Unknown
from mlci.stats.decisions import status
from mlci.stats.interval import Estimate


def estimate(gain=0.0, se=0.01, n=1000):
    """A gain that is all but normal."""
    return Estimate(
        gain=gain, candidate=0.5, baseline=0.5, method="t", n=n, se=se, distribution=Student(gain, se, 1e7)
    )  # fmt: skip


@pytest.fixture
def unknown():
    return Estimate(
        gain=None, candidate=0.5, baseline=0.5, method="t", n=9, se=math.inf, distribution=Unknown(-1, 1)
    )  # fmt: skip


def test_detectable__normal():
    """The sum of both normal quantiles, 1.96 and 0.84, in standard errors."""
    assert estimate().detectable() == pytest.approx(0.01 * (1.959964 + 0.841621), rel=1e-5)


def test_detectable__unknown(unknown):
    """Where the variance is not known, no loss is sure to be noticed."""
    assert unknown.detectable() == math.inf


def test_rows_needed__shrinks_to_the_margin():
    """With as many rows as needed, the detectable loss is the margin."""
    rows = estimate().rows_needed(0.005)
    assert estimate(se=0.01 * math.sqrt(1000 / rows)).detectable() == pytest.approx(0.005, rel=1e-3)


@given(gain=st.floats(-0.05, 0.05), margin=st.floats(0.001, 0.1))
def test_rows_needed__never_fewer_where_inconclusive(gain, margin):
    """Where the comparison is inconclusive, it needs more rows than there were, or as many as cannot be told."""
    found = estimate(gain)
    interval = found.interval(0.95)
    rows = found.rows_needed(margin)
    inconclusive = status(interval.low, interval.high, margin) == "inconclusive"
    assert rows is None or rows >= 1000 if inconclusive else rows is not None


@pytest.mark.parametrize("margin", [0.0, 1e-12])
def test_rows_needed__none(margin):
    """No number of rows shows that a loss is exactly 0, and a number beyond reason is none."""
    assert estimate().rows_needed(margin) is None


def test_rows_needed__unknown(unknown):
    """Without a variance, no number can be told."""
    assert unknown.rows_needed(0.01) is None


def test_rows_needed__settled():
    """A comparison that is settled needs no more rows than it had."""
    assert estimate(0.2).rows_needed(0.1) == 1000


@pytest.mark.parametrize(
    "act", [lambda e: e.interval(1.0), lambda e: e.detectable(power=0), lambda e: e.rows_needed(1, 95)]
)
def test_estimate__shares(act):
    """A confidence or a power that is no share is refused in a sentence."""
    with pytest.raises(UserError, match="has to be between 0 and 1"):
        act(estimate())
