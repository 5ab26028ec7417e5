from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from mlci.stats import estimate
from mlci.stats.calibration import reliability
from mlci.stats.confidence import Student
from mlci.stats.kink import Deviations, allowing
from mlci.stats.metrics import METRICS

ECE = METRICS["expected_calibration_error"]
EDGES = np.linspace(0, 1, 11)
ROUND_EDGES = np.concatenate((EDGES, np.nextafter(EDGES[1:], 0), np.nextafter(EDGES[:-1], 1), np.arange(11) / 10))

rows_of = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(ROUND_EDGES.tolist()) | st.floats(0, 1)), min_size=1, max_size=30
)


def drawn(n=400, seed=0, *, stretch=(1.0, 1.5), shift=(0.0, 0.0), own=0.6):
    """A target, and the probabilities of two correlated models; a stretch of 1 and no shift are well calibrated."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    shared = rng.normal(size=n)
    logits = [2.56 * y + 1.6 * (math.sqrt(1 - own**2) * shared + own * rng.normal(size=n)) - 1.28 for _ in range(2)]
    return y, *(1 / (1 + np.exp(-s * each - b)) for each, s, b in zip(logits, stretch, shift, strict=True))


# --- the value ---------------------------------------------------------------------------------------------------


@given(rows_of)
def test_reliability__scikit_learn(rows):
    """Bins, their means and shares are those of scikit-learn's `calibration_curve`, edges and their neighbours too."""
    y, chance = (np.array(each) for each in zip(*rows, strict=True))
    observed, predicted = calibration_curve(y, chance, n_bins=10, pos_label=1)
    found = reliability(y, chance)
    told = [each for each in found.bins if each.rows]
    assert [each.predicted for each in told] == pytest.approx(predicted.tolist(), abs=1e-12)
    assert [each.observed for each in told] == pytest.approx(observed.tolist(), abs=1e-12)
    assert [each.low for each in found.bins] == EDGES[:-1].tolist()
    assert found.error == pytest.approx(
        sum(abs(a - b) * each.rows for a, b, each in zip(observed, predicted, told, strict=True)) / len(y), abs=1e-12
    )


def test_reliability__several_classes():
    """Of several classes, the predicted one's probability is binned, and it happens where the prediction is right."""
    chance = np.array([[0.7, 0.2, 0.1], [0.1, 0.75, 0.15], [0.3, 0.3, 0.4]])
    found = reliability(np.array([0, 2, 1]), chance, n_classes=3)
    told = {round(each.low, 1): (each.rows, each.predicted, each.observed) for each in found.bins if each.rows}
    assert told == {
        0.3: (1, pytest.approx(0.4), pytest.approx(0)),
        0.6: (1, pytest.approx(0.7), pytest.approx(1)),
        0.7: (1, pytest.approx(0.75), pytest.approx(0)),
    }
    assert found.error == pytest.approx((0.4 + 0.3 + 0.75) / 3)


def test_reliability__weights():
    """Weights count rows as often as copies would; the rows that are told are those that are there."""
    y, chance, _ = drawn(60)
    weight = np.arange(60) % 3
    found = reliability(y, chance, sample_weight=weight)
    copies = reliability(np.repeat(y, weight), np.repeat(chance, weight))
    assert found.error == pytest.approx(copies.error)
    assert [each.predicted for each in found.bins] == pytest.approx([each.predicted for each in copies.bins])
    assert sum(each.rows for each in found.bins) == 40


def test_reliability__no_rows():
    """No rows have no error, and bins without figures."""
    found = reliability(np.array([], int), np.array([]))
    assert (found.error, len(found.bins), {each.predicted for each in found.bins}) == (0.0, 10, {None})


def test_point__two_columns():
    """Probabilities of both classes are those of the positive one."""
    y, chance, _ = drawn(100)
    both = np.column_stack((1 - chance, chance))
    assert estimate.point(ECE, y, both) == estimate.point(ECE, y, chance)


# --- the gain ----------------------------------------------------------------------------------------------------


@given(st.integers(0, 50), st.integers(5, 200), st.booleans())
@settings(max_examples=40)
def test_paired__antisymmetric(seed, n, weighted):
    """Swapped sides turn gain and interval round, and the order of the rows is all the same."""
    y, mine, theirs = drawn(n, seed)
    weight = np.random.default_rng(seed).random(n) + 0.1 if weighted else None
    order = np.random.default_rng(seed).permutation(n)
    one = estimate.paired(ECE, y, mine, theirs, sample_weight=weight).interval(0.95)
    other = estimate.paired(
        ECE, y[order], theirs[order], mine[order], sample_weight=None if weight is None else weight[order]
    ).interval(0.95)
    assert (one.gain, one.low, one.high) == pytest.approx((-other.gain, -other.high, -other.low), abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_paired__variance_is_that_of_influence(weighted):
    """Where every deviation is clear of its noise, the interval is that of influence values, at its gain."""
    y, mine, theirs = drawn(200_000, stretch=(1.0, 1.0), shift=(2.0, 1.0))
    weight = np.random.default_rng(1).random(len(y)) + 0.5 if weighted else np.ones(len(y))
    found = estimate.paired(ECE, y, mine, theirs, sample_weight=weight if weighted else None)
    gain, sizes = 0.0, np.zeros(len(y))
    for sign, said in ((-1, mine), (1, theirs)):
        codes = np.searchsorted(EDGES[1:-1], said)
        sums = np.bincount(codes, (said - y) * weight, minlength=10)
        gain += sign * np.abs(sums).sum() / weight.sum()
        sizes += sign * np.sign(sums)[codes] * (said - y)
    se = math.sqrt(np.square((sizes - gain) * weight).sum()) / weight.sum()
    assert (found.gain, found.distribution.plain.center, found.se) == (
        pytest.approx(gain), pytest.approx(gain, abs=0.1 * se), pytest.approx(se, rel=0.02)
    )  # fmt: skip


def test_paired__one_side_well_calibrated():
    """The better calibrated a side, the more of its error is noise: the interval's center is free of that."""
    y, mine, theirs = drawn(2000, stretch=(1.0, 1.0), shift=(0.0, 1.5))
    found = estimate.paired(ECE, y, mine, theirs)
    large = estimate.paired(ECE, *drawn(300_000, 1, stretch=(1.0, 1.0), shift=(0.0, 1.5)))
    center = found.distribution.plain.center
    assert found.gain < large.gain
    assert abs(center - large.gain) < abs(found.gain - large.gain)


@pytest.mark.parametrize(
    ("stretch", "shift", "n"),
    [
        ((1.0, 1.0), (0.0, 0.0), 200),
        ((1.0, 2.0), (0.0, 0.0), 200),
        ((1.0, 2.0), (0.0, 0.0), 2000),
        ((1.0, 1.0), (0.0, 0.3), 1000),
        ((1.5, 1.2), (0.0, 0.0), 1000),
    ],
)
def test_paired__coverage(stretch, shift, n):
    """Of 100 intervals at 95 %, about 5 miss the true gain or fewer, whether sides are well calibrated or not."""
    large = drawn(300_000, 99, stretch=stretch, shift=shift)
    calibrated = drawn(300_000, 99, stretch=(1.0, 1.0))
    codes = [np.searchsorted(EDGES[1:-1], each) for each in large[1:]]
    errors = [
        np.abs(np.bincount(at, said - chance, minlength=10)).sum() / len(said)
        for at, said, chance in zip(codes, large[1:], calibrated[1:], strict=True)
    ]
    true = errors[1] - errors[0]
    missed = 0
    for seed in range(100):
        found = estimate.paired(ECE, *drawn(n, seed, stretch=stretch, shift=shift)).interval(0.95)
        missed += not found.low <= true <= found.high
    assert missed <= 11


def test_paired__clusters_tell_less():
    """Rows that err together count less than as many that do not."""
    y, mine, theirs = drawn(500, stretch=(1.0, 2.0))
    rng = np.random.default_rng(0)
    y, mine, theirs = np.repeat(y, 6), *(np.repeat(each, 6) * rng.uniform(0.98, 1, 3000) for each in (mine, theirs))
    alone = estimate.paired(ECE, y, mine, theirs)
    together = estimate.paired(ECE, y, mine, theirs, groups=np.repeat(np.arange(500), 6))
    assert (together.gain, together.method, together.se / alone.se > 1.8) == (
        alone.gain, "influence values, by cluster", True
    )  # fmt: skip


# --- degenerate rows ---------------------------------------------------------------------------------------------


def test_paired__one_class():
    """Rows of one class can be well calibrated, too: there is a gain, and it is not certain."""
    rng = np.random.default_rng(0)
    found = estimate.paired(ECE, np.zeros(200, int), rng.random(200) * 0.02, rng.random(200) * 0.02).interval(0.95)
    assert (found.gain is not None, found.note, found.low < found.gain < found.high) == (True, "", True)


def test_paired__constant_probability():
    """A constant that is the share of what happens has no error; its noise is not thought to be none."""
    y, _, theirs = drawn(400, stretch=(1.0, 2.0))
    found = estimate.paired(ECE, y, np.full(400, y.mean()), theirs)
    assert (found.candidate, 0 < found.se < 0.1) == (pytest.approx(0, abs=1e-12), True)


def test_paired__certain_and_right():
    """Sides that are certain, and one of them right in every row: bins without noise break nothing."""
    y = np.arange(100) % 2
    found = estimate.paired(ECE, y, y.astype(float), 1.0 - y).interval(0.95)
    assert (found.candidate, found.baseline, found.gain, found.low <= 1 <= found.high) == (0, 1, 1, True)


def test_unpaired__no_shared_noise():
    """On independent rows nothing cancels, and both holdouts count."""
    one, other = drawn(500, 0), drawn(300, 1)
    found = estimate.unpaired(ECE, one[0], one[1], other[0], other[2])
    assert (found.method, found.n, found.se > estimate.paired(ECE, *one).se) == ("Welch", 800, True)


# --- sums of sizes with noise ------------------------------------------------------------------------------------


def test_allowing__nothing_where_all_is_clear():
    """Deviations that are clear of their noise leave the law as it is."""
    law = Student(0.1, 0.01, math.inf)
    mine, theirs = (Deviations(np.full(4, each), np.full(4, 0.001)) for each in (0.1, 0.2))
    found = allowing(law, -1, mine, theirs, np.full(4, 5e-7))
    assert (found.plain.center, found.plain.se, found.slack) == (0.1, pytest.approx(0.01), 0.0)


@pytest.mark.parametrize("common", [0.0, 0.9])
@pytest.mark.parametrize("true", [(0, 0), (0, 5), (0, 1), (3, 3), (1, 4)])
def test_allowing__coverage(true, common):
    """Normal deviations of any size, whose noise both sides share or not, are covered as often as is asked for."""
    rng = np.random.default_rng(0)
    means = [np.linspace(-each, each, 10) for each in true]
    sum_of = np.abs(means[1]).sum() - np.abs(means[0]).sum()
    missed = 0
    for _ in range(400):
        noise = rng.multivariate_normal([0, 0], [[1, common], [common, 1]], 10).T
        mine, theirs = (mean + each for mean, each in zip(means, noise, strict=True))
        se = math.sqrt(sum(2 - 2 * common * np.sign(mine * theirs)))
        law = Student(np.abs(theirs).sum() - np.abs(mine).sum(), se, math.inf)
        sides = [Deviations(each, np.ones(10)) for each in (mine, theirs)]
        found = allowing(law, -1, *sides, np.full(10, common))
        missed += not found.quantile(0.025) <= sum_of <= found.quantile(0.975)
    assert missed <= 0.08 * 400
