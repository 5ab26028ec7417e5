from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.stats.fairness import law
from mlci.stats.fairness.law import Resampled, Widest

FORMS = ["difference", "ratio", "group_min", "group_max"]
groups = st.lists(st.tuples(st.floats(-1, 1), st.floats(0.001, 1)), min_size=1, max_size=8)


def resampled(centres, spread=0.02, seed=0, draws=4000):
    """Draws of rates around their estimates, shape (1, groups, draws)."""
    noise = np.random.default_rng(seed).normal(size=(1, len(centres), draws))
    return Resampled(np.asarray(centres)[None, :, None] + spread * noise, np.ones(len(centres)))


@given(groups, st.sampled_from(FORMS))
def test_alike__as_far_as_a_test_allows(drawn, form):
    """Extremes are drawn in, no further than a test of the level 10 % allows, and the order stays."""
    from scipy.stats import chi2

    values, variance = (np.array(each) for each in zip(*drawn, strict=True))
    found = law._alike(form, values, variance)
    allowed = chi2.ppf(0.9, len(values) - 1) if len(values) > 1 else 0
    assert ((values - found) ** 2 / variance).sum() <= allowed + 1e-9
    assert (np.diff(found[np.argsort(values, kind="stable")]) >= 0).all()
    low, high = np.ptp(found), np.ptp(values)
    assert low <= high + 1e-12


def test_alike__the_least_range():
    """No other shift of the same size makes the range as small."""
    from scipy.optimize import minimize
    from scipy.stats import chi2

    values, variance = np.array([0.1, 0.3, 0.35, 0.8, 0.9]), np.array([0.01, 0.02, 0.01, 0.005, 0.02])
    found = law._alike("difference", values, variance)
    limit = {
        "type": "ineq",
        "fun": lambda x: chi2.ppf(0.9, 4) - ((values - np.clip(values, *x)) ** 2 / variance).sum(),
    }
    best = minimize(lambda x: x[1] - x[0], [values.min(), values.max()], constraints=[limit], method="COBYLA", tol=1e-8)
    assert np.ptp(found) == pytest.approx(best.fun, abs=1e-3)


def test_alike__what_cannot_be_told_apart():
    """Values within their errors become one."""
    found = law._alike("difference", np.array([0.5, 0.51, 0.49]), np.full(3, 0.01))
    assert found == pytest.approx(np.full(3, 0.5))


@pytest.mark.parametrize("form", FORMS)
def test_gains__of_rates_that_are_told_apart(form):
    """Where nothing is in doubt of which groups decide, all samples are the percentiles."""
    mine, theirs = resampled([0.2, 0.5, 0.8], 0.005, 1), resampled([0.25, 0.5, 0.85], 0.005, 2)
    plain = law.extreme(form, mine.rates) - law.extreme(form, theirs.rates)
    for sample in law.gains(form, mine, theirs, paired=True):
        assert np.quantile(sample, [0.025, 0.975]) == pytest.approx(np.quantile(plain, [0.025, 0.975]), abs=2e-3)


def test_own__of_rates_that_are_alike():
    """Percentiles leave out a difference of 0, which the error's law puts back."""
    percentiles, reflected = law.own("difference", resampled([0.5, 0.51, 0.49, 0.5, 0.5]))
    assert np.quantile(percentiles, 0.025) > 0 > np.quantile(reflected, 0.025)


def test_resampled__wider():
    """A factor widens what is known of a group, and so of a rate that it alone decides."""
    one = resampled([0.5])
    wide = Resampled(one.rates, np.array([2.0]))
    widths = [np.ptp(np.quantile(law.own("group_min", each)[0], [0.025, 0.975])) for each in (one, wide)]
    assert widths[1] == pytest.approx(2 * widths[0])


@given(st.lists(st.integers(0, 3), min_size=1, max_size=3), st.floats(0.01, 0.49))
def test_widest__holds_all(seeds, p):
    """The joint interval runs from the lowest to the highest end."""
    samples = [np.random.default_rng(seed).normal(seed, 1, 500) for seed in seeds]
    found, each = Widest.of(samples), [Widest.of([sample]) for sample in samples]
    assert found.quantile(p) == min(one.quantile(p) for one in each)
    assert found.quantile(1 - p) == max(one.quantile(1 - p) for one in each)
