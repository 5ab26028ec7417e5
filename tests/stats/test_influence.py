from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mlci.stats.influence import Stratum, clustered, student
from mlci.stats.sides import Groups


def test_student__is_a_t_test():
    """Many normal values have the interval of a t test."""
    values = np.random.default_rng(0).normal(size=5000)
    law = student(values.mean(), [Stratum.of(values - values.mean())])
    test = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert [law.quantile(0.025), law.quantile(0.975)] == pytest.approx([test.low, test.high], abs=2e-4)


def test_student__is_a_welch_test():
    """The difference of two means has Satterthwaite's degrees of freedom, where no row stands out."""
    rng = np.random.default_rng(1)
    one, other = rng.uniform(size=12), 5 * rng.uniform(size=40)
    law = student(0.0, [Stratum.of(each - each.mean(), draws=0) for each in (one, other)])
    assert law.df == pytest.approx(stats.ttest_ind(one, other, equal_var=False).df)


def test_student__few_rows_carry_the_variance():
    """The degrees of freedom are those of the rows that carry the variance."""
    values = np.zeros(1000)
    values[:6] = [1, -1, 1, -1, 1, -1]
    law = student(0.0, [Stratum.of(values, draws=0)])
    assert law.df == pytest.approx(2 * 6, rel=0.02)


def test_stratum__nothing_seen():
    """Values that are all 0 get the size that is given for them; without one, they have no variance."""
    found = [Stratum.of(np.zeros(10), size=size).variance for size in (0.0, 0.5)]
    assert found == pytest.approx([0, 0.25 / 90])


def test_stratum__one_row():
    """One row tells no variance."""
    assert student(0.0, [Stratum.of(np.zeros(1))]).se == np.inf


def test_clustered__sums():
    """The variance is that of the clusters' sums, as of so many rows."""
    values, groups = np.random.default_rng(2).normal(size=60), np.arange(60) % 12
    values -= values.mean()
    found = clustered(values, Groups.of(groups))
    sums = np.array([values[groups == code].sum() for code in range(12)])
    plain = sums.var(ddof=1) * 12 / 60**2
    assert (found.n, plain < found.variance < 1.3 * plain) == (12, True)


def test_groups__of_one_row_each():
    """Groups that hold one row each are none."""
    assert (Groups.of(None), Groups.of(np.array(["b", "a", "c"]))) == (None, None)
