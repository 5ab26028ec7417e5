from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlci.stats.confidence import Known, Sampled, Student, Unknown
from mlci.stats.proportions import IndependentProportions, PairedProportions

LEVELS = [0.0001, 0.00025, 0.005, 0.025, 0.1, 0.3, 0.499, 0.501, 0.7, 0.9, 0.975, 0.995, 0.99975, 0.9999]

DISTRIBUTIONS = [
    Student(0.1, 0.02, 7.3),
    Student(0.1, 0.02, 1.0, 0.4),
    Student(0.1, 0.02, 30.0, -1.5),
    Student(0.1, 0.0, 3.0),
    Known(0.0),
    Unknown(-1.0, 1.0),
    Sampled.of(np.random.default_rng(0).gamma(2.0, size=20_000)),
    Sampled.of(np.zeros(100)),
    PairedProportions(0, 0, 200),
    PairedProportions(5, 0, 200),
    PairedProportions(30, 19, 1000),
    PairedProportions(60, 40, 1000),
    PairedProportions(1, 0, 1),
    IndependentProportions(56, 70, 48, 80),
]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=repr)
def test_quantile__ascends(distribution):
    """Quantiles ascend with the level, so that intervals are nested."""
    found = [distribution.quantile(p) for p in LEVELS]
    assert found == sorted(found)


@given(gain=st.floats(-1, 1), se=st.floats(1e-6, 1), df=st.floats(1, 500), skewness=st.floats(-3, 3))
def test_student__mirrored(gain, se, df, skewness):
    """The distribution of the loss is that of the gain, turned round."""
    one, other = Student(gain, se, df, skewness), Student(-gain, se, df, -skewness)
    assert [one.quantile(p) for p in LEVELS] == pytest.approx(
        [-other.quantile(1 - p) for p in LEVELS], rel=1e-6, abs=1e-6
    )


def test_student__without_skewness():
    """It is Student's distribution, shifted and scaled."""
    found = [Student(0.1, 0.02, 7.5).quantile(p) for p in LEVELS]
    assert found == pytest.approx(stats.t(7.5, 0.1, 0.02).ppf(LEVELS).tolist())


def test_student__skewness_lengthens_one_arm():
    """The arm on the long side grows, and the other one stays."""
    plain, skewed = Student(0.0, 1.0, 20.0), Student(0.0, 1.0, 20.0, 0.3)
    assert (skewed.quantile(0.025), skewed.quantile(0.975) > plain.quantile(0.975) + 0.1) == (
        plain.quantile(0.025),
        True,
    )


def test_sampled__tail():
    """Far out, a sample's quantiles are those of its distribution, to the few per cent that a sample allows."""
    sample = np.random.default_rng(1).normal(size=20_000)
    found = [Sampled.of(sample).quantile(p) for p in (0.00025, 0.0005, 0.025, 0.975, 0.9995, 0.99975)]
    assert found == pytest.approx(
        [NormalDist().inv_cdf(p) for p in (0.00025, 0.0005, 0.025, 0.975, 0.9995, 0.99975)], rel=0.05
    )
