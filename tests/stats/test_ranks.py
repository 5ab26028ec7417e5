from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from mlci.stats import estimate, ranks
from mlci.stats.metrics import METRICS
from mlci.stats.sides import Side

AUC, AP = METRICS["roc_auc"], METRICS["average_precision"]


def kernel(positive, negative):
    """1 where the positive row has the greater score, one half where both are tied; shape (m, n)."""
    return (positive[:, None] > negative) + (positive[:, None] == negative) / 2


def delong(y, *scores):
    """Areas, and their covariance by DeLong, DeLong and Clarke-Pearson (1988), over all pairs of rows."""
    wins = np.array([kernel(score[y == 1], score[y == 0]) for score in scores])
    of_positive, of_negative = wins.mean(axis=2), wins.mean(axis=1)
    m, n = wins.shape[1:]
    return wins.mean(axis=(1, 2)), np.cov(of_positive) / m + np.cov(of_negative) / n


@st.composite
def scored(draw):
    """Labels of two classes at least twice each, and two scores with ties."""
    n = draw(st.integers(4, 60))
    y = np.array([0, 0, 1, 1, *draw(st.lists(st.integers(0, 1), min_size=n - 4, max_size=n - 4))])
    scores = [np.array(draw(st.lists(st.integers(0, 12), min_size=n, max_size=n))) / 12 for _ in range(2)]
    return y, *scores


@given(scored())
def test_influence__delong(rows):
    """The influence values' variance within the classes is the one that all pairs of rows give."""
    y, candidate, baseline = rows
    areas, covariance = delong(y, candidate, baseline)
    values = [ranks._influence(AUC, Side.of(y, score)) for score in (candidate, baseline)]
    change = values[0][1] - values[1][1]
    shares = [change[y == code] * np.mean(y == code) for code in (0, 1)]
    variance = sum(share.var(ddof=1) / len(share) for share in shares)
    expected = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert [values[0][0], values[1][0], variance] == pytest.approx([*areas, expected], abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("metric", "score"), [(AUC, roc_auc_score), (AP, average_precision_score)])
def test_influence__is_the_derivative(metric, score, weighted):
    """An influence value is how fast the value changes as its row gains weight; ties included."""
    rng = np.random.default_rng(4)
    n, step = 60, 1e-4
    y, scores = rng.integers(0, 2, n), rng.integers(0, 10, n) / 10
    weight = rng.random(n) + 0.5 if weighted else np.ones(n)
    side = Side.of(y, scores, None, weight)
    moved = np.array([
        [score(y, scores, sample_weight=weight + sign * step * (np.arange(n) == row)) for sign in (1, -1)]
        for row in range(n)
    ])  # fmt: skip
    slope = (moved[:, 0] - moved[:, 1]) / (2 * step) * weight.sum()
    assert ranks._influence(metric, side)[1] == pytest.approx(slope, abs=1e-5)


def test_mean_area__is_the_derivative():
    """The weighted mean's influence values count that the classes' shares are estimated."""
    rng = np.random.default_rng(5)
    n, step = 60, 1e-4
    y, chance = rng.permutation(np.arange(n) % 3), rng.dirichlet(np.ones(3), n).round(2)
    chance[:, 0] = 1 - chance[:, 1] - chance[:, 2]

    def score(weight):
        return roc_auc_score(y, chance, multi_class="ovr", average="weighted", sample_weight=weight)

    slope = [(score(1 + step * (np.arange(n) == row)) - score(1 - step * (np.arange(n) == row))) for row in range(n)]
    found = ranks._influence(METRICS["roc_auc_ovr_weighted"], Side.of(y, chance))[1]
    assert found == pytest.approx(np.array(slope) / (2 * step) * n, abs=1e-5)


def test_paired__plain_interval_of_many_rows():
    """With many rows, the interval is DeLong's: the estimate and 1.96 standard errors on both sides."""
    rng = np.random.default_rng(6)
    y = (rng.random(4000) < 0.4).astype(int)
    shared = y + rng.normal(size=4000)
    candidate, baseline = (shared + error * rng.normal(size=4000) for error in (0.5, 0.7))
    areas, covariance = delong(y, candidate, baseline)
    gain, se = areas[0] - areas[1], np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    found = estimate.paired(AUC, y, candidate, baseline).interval(0.95)
    assert [found.gain, found.low, found.high] == pytest.approx(
        [gain, gain - 1.96 * se, gain + 1.96 * se], abs=2e-3 * se + 1e-4
    )


def test_paired__perfect_on_both_sides():
    """Two different scores that are both perfect have a gain of 0 that is not certain."""
    y = np.repeat([0, 1], 50)
    found = estimate.paired(AUC, y, np.arange(100.0), y + np.arange(100) / 200).interval(0.95)
    assert (found.gain, found.low < -0.001, found.high > 0.001) == (0.0, True, True)


@pytest.mark.parametrize("metric", [AUC, AP])
def test_paired__one_positive_row(metric):
    """One positive row tells no variance: the interval is the gain's whole range."""
    y = np.array([1] + [0] * 30)
    found = estimate.paired(metric, y, np.arange(31.0), -np.arange(31.0)).interval(0.95)
    assert (found.low, found.high, found.method, found.note) == (-1, 1, "too few rows", "too few rows to tell")


def test_paired__class_without_rows():
    """A class that no row has is left out of the mean of areas, and the note says so."""
    rng = np.random.default_rng(7)
    y, chance, other = rng.integers(0, 2, 100), rng.dirichlet(np.ones(3), 100), rng.dirichlet(np.ones(3), 100)
    found = estimate.paired(METRICS["roc_auc_ovr"], y, chance, other)
    expected = np.mean([roc_auc_score(y == code, chance[:, code]) for code in (0, 1)])
    assert (found.candidate, found.note) == (
        pytest.approx(expected),
        "1 of 3 classes have no row and are left out of the mean",
    )


@pytest.mark.parametrize("metric", [AUC, AP])
def test_point__weights_of_all_sizes(metric, reference):
    """A weight that a sum of all would swallow is not lost where it stands alone, at the top."""
    y, scores, weight = np.array([0, 1, 0, 1, 1]), np.arange(5.0), np.array([1e9, 1e9, 1.0, 1e-3, 1e-9])
    found = estimate.point(metric, y, scores, sample_weight=weight)
    assert found == pytest.approx(reference(metric, y, scores, weight), rel=1e-9)


def test_point__more_rows_than_a_block(reference):
    """Ties that reach over the blocks in which rows are climbed are kept together."""
    rng = np.random.default_rng(8)
    y, scores = rng.integers(0, 2, 200_000), rng.integers(0, 3, 200_000)
    found = [estimate.point(metric, y, scores) for metric in (AUC, AP)]
    assert found == pytest.approx([reference(metric, y, scores) for metric in (AUC, AP)], rel=1e-12)


def test_paired__many_rows_side_by_side(monkeypatch, sample):
    """Threads do not change what is found."""
    rows = sample(AUC, "binary", n=2000)
    expected = estimate.paired(AUC, rows.y, rows.candidate, rows.baseline)
    monkeypatch.setattr(ranks, "_MANY", 1)
    assert estimate.paired(AUC, rows.y, rows.candidate, rows.baseline) == expected
