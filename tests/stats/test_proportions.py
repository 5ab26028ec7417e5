from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.stats import estimate
from mlci.stats.metrics import METRICS
from mlci.stats.proportions import FEW, IndependentProportions, PairedProportions, exact_tail, tango_limit


@pytest.mark.parametrize(
    ("b", "c", "n", "confidence", "expected"),
    [
        (0, 1, 44, 0.90, (-0.096, 0.037)),  # Tango 1998: soft contact lenses
        (1, 7, 21, 0.95, (-0.517, -0.026)),  # Fagerland, Lydersen and Laake 2014: airway hyper-responsiveness
        (28, 25, 618, 0.90, (-0.0148, 0.0247)),  # R package PropCIs, scoreci.mp(25, 28, 618, 0.9)
    ],
)
def test_tango_limit__published(b, c, n, confidence, expected):
    """The limits are those that were published."""
    tail = (1 - confidence) / 2
    found = tango_limit(b, c, n, tail), tango_limit(b, c, n, 1 - tail)
    assert found == pytest.approx(expected, abs=6e-4)


@given(b=st.integers(0, 40), c=st.integers(0, 40), more=st.integers(1, 500), p=st.sampled_from([0.0005, 0.025, 0.9]))
def test_tango_limit__solves_the_score_equation(b, c, more, p):
    """At the limit, the score statistic with the restricted estimate, found by search, is the normal quantile."""
    from statistics import NormalDist

    n = b + c + more
    gain = tango_limit(b, c, n, p)
    low, high = max(0.0, -gain), (1 - gain) / 2
    lost = np.linspace(low, high, 200_001)[1:-1]
    with np.errstate(divide="ignore"):
        likelihood = b * np.log(lost + gain) + c * np.log(lost) + (n - b - c) * np.log1p(-gain - 2 * lost)
    best = lost[np.nanargmax(likelihood)]
    score = (n * gain - (b - c)) / np.sqrt(n * (2 * best + gain * (1 - gain)))
    assert score == pytest.approx(NormalDist().inv_cdf(p), abs=2e-2)


def test_exact_tail__enumerated():
    """The tail is the sum over all tables of three cells, the observed difference counted half."""
    b, c, n, gain = 3, 1, 12, 0.05
    lost = next(q for q in np.linspace(0, 0.4, 400_001) if _slope(q, b, c, n, gain) <= 0)
    won = lost + gain
    total = sum(
        (1.0 if x - y > b - c else 0.5)
        * comb(n, x)
        * comb(n - x, y)
        * won**x
        * lost**y
        * (1 - won - lost) ** (n - x - y)
        for x in range(n + 1)
        for y in range(n + 1 - x)
        if x - y >= b - c
    )
    assert exact_tail(b, c, n, gain) == pytest.approx(total, abs=1e-5)


def _slope(q, b, c, n, gain):
    """Of the log-likelihood, in the chance that the baseline alone is right."""
    if q <= 0:
        return 1.0
    return b / (q + gain) + c / q - 2 * (n - b - c) / (1 - 2 * q - gain)


def test_paired_proportions__nothing_discordant():
    """Without a discordant pair, the interval reaches to where as many rows have none with a chance of 5 %."""
    found, edge = PairedProportions(0, 0, 1000), 1 - 0.05 ** (1 / 1000)
    assert (found.quantile(0.025), found.quantile(0.975)) == pytest.approx((-edge, edge))


@given(b=st.integers(0, 60), c=st.integers(0, 60), more=st.integers(0, 500), p=st.floats(0.0005, 0.9995))
def test_paired_proportions__mirrored(b, c, more, p):
    """Swapping the sides turns the interval round."""
    n = b + c + more + 1
    assert PairedProportions(b, c, n).quantile(p) == pytest.approx(
        -PairedProportions(c, b, n).quantile(1 - p), abs=1e-9
    )


def test_paired_proportions__methods_meet():
    """Where the exact distribution gives way to the normal one, the intervals differ by little."""
    exact, score = (PairedProportions(FEW // 2 + more, FEW // 2 - 1, 1000) for more in (0, 1))
    width = score.quantile(0.975) - score.quantile(0.025)
    found = [abs(exact.quantile(p) + 0.001 - score.quantile(p)) / width for p in (0.0005, 0.025, 0.975, 0.9995)]
    assert max(found) < 0.03


@pytest.mark.parametrize(("lost", "won"), [(0.005, 0.02), (0.02, 0.03), (0.0, 0.02), (0.04, 0.04)])
def test_paired_proportions__exact_coverage(lost, won):
    """The sum of the chances of all tables of 200 rows whose 95 % interval misses the gain is at most 5 %, nearly."""
    from scipy.stats import multinomial

    n, missed = 200, 0.0
    for b in range(25):
        for c in range(25):
            chance = multinomial.pmf([b, c, n - b - c], n, [won, lost, 1 - won - lost])
            if chance > 1e-5:
                found = PairedProportions(b, c, n)
                missed += chance * (not found.quantile(0.025) <= won - lost <= found.quantile(0.975))
    assert missed < 0.06


def test_independent_proportions__published():
    """The limits are those of Newcombe's first example (1998, table II, method 10)."""
    found = IndependentProportions(56, 70, 48, 80)
    assert (found.quantile(0.025), found.quantile(0.975)) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.fixture
def labels():
    rng = np.random.default_rng(2)
    y = (rng.random(400) < 0.3).astype(int)
    candidate, baseline = (np.where(rng.random(400) < share, y, 1 - y) for share in (0.9, 0.85))
    return y, candidate, baseline


@pytest.mark.parametrize(("metric", "code"), [("recall", 1), ("specificity", 0)])
def test_paired__rows_of_one_class(labels, metric, code):
    """Recall and specificity are the accuracy on the rows of one class."""
    y, candidate, baseline = labels
    rows = y == code
    found = estimate.paired(METRICS[metric], y, candidate, baseline).interval(0.95)
    alone = estimate.paired(METRICS["accuracy"], y[rows], candidate[rows], baseline[rows]).interval(0.95)
    assert (found.gain, found.low, found.high, found.n) == (alone.gain, alone.low, alone.high, 400)


@pytest.mark.parametrize("metric", ["recall_weighted", "recall_micro", "f1_micro", "precision_micro"])
def test_paired__what_equals_accuracy(labels, metric):
    """Averages that are the share of correct rows have the accuracy's interval."""
    expected = estimate.paired(METRICS["accuracy"], *labels)
    found = estimate.paired(METRICS[metric], *labels)
    assert (found.gain, found.distribution) == (expected.gain, expected.distribution)


def test_paired__error_rate(labels):
    """A lower error rate is a gain of the same size as that in accuracy."""
    right, wrong = (estimate.paired(METRICS[name], *labels) for name in ("accuracy", "zero_one_loss"))
    assert (wrong.gain, wrong.interval(0.9).low, wrong.candidate) == pytest.approx(
        (right.gain, right.interval(0.9).low, 1 - right.candidate)
    )


@pytest.mark.parametrize("clusters", [None, 50])
def test_paired__no_discordant_positives(clusters):
    """Sides that agree on the positive rows alone are not taken for the same: the interval has a width."""
    y = np.array([1, 0] * 100)
    candidate, baseline = np.ones(200, int), y.copy()
    groups = None if clusters is None else np.arange(200) % clusters
    found = estimate.paired(METRICS["recall"], y, candidate, baseline, groups=groups).interval(0.95)
    draws = 100 if clusters is None else 25  # the even clusters hold the positive rows
    edge = 1 - 0.05 ** (1 / draws)
    assert (found.gain, found.low, found.high) == pytest.approx((0, -edge, edge))
