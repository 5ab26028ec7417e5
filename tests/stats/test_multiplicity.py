from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlci.stats.confidence import Student, Unknown
from mlci.stats.decisions import status
from mlci.stats.interval import Estimate
from mlci.stats.multiplicity import holm


def estimate(gain, se=0.01, df=50.0):
    """A gain with a known error."""
    law = Unknown(-1, 1) if gain is None else Student(gain, se, df)
    return Estimate(gain=gain, candidate=0.5, baseline=0.5, method="t", n=100, se=se, distribution=law)


def textbook(estimates, margins, confidence):
    """What Holm's procedure rejects, by p-values in ascending order."""
    p = []
    for each, margin in zip(estimates, margins, strict=True):
        low, high = 0.0, 1.0  # the p-value is 1 minus the confidence at which the upper end reaches the margin
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (low, middle) if each.interval(1 - middle).high < -margin else (middle, high)
        p.append(high)
    rejected = set()
    for step, at in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        if p[at] > (1 - confidence) / (len(p) - step):
            break
        rejected.add(at)
    return rejected


gates = st.lists(
    st.tuples(st.floats(-0.06, 0.01), st.floats(0.005, 0.02), st.floats(3, 100), st.sampled_from([0.0, 0.005, 0.02])),
    min_size=1,
    max_size=8,
)


@given(gates, st.sampled_from([0.8, 0.95, 0.99]))
def test_holm__decides_as_the_textbook(family, confidence):
    """Judging each interval at its level rejects what the procedure on p-values rejects."""
    estimates = [estimate(*each[:3]) for each in family]
    margins = [each[3] for each in family]
    levels = holm(estimates, margins, confidence)
    told = [
        status(each.interval(level).low, each.interval(level).high, margin)
        for each, level, margin in zip(estimates, levels, margins, strict=True)
    ]
    assert {at for at, each in enumerate(told) if each == "worse"} == textbook(estimates, margins, confidence)


def test_holm__steps_down():
    """One clear loss leaves the others a lower level; where nothing fails, all share the first."""
    assert (
        [round(level, 4) for level in holm([estimate(-0.5), estimate(0.0), estimate(0.01)], [0.01] * 3, 0.95)],
        [round(level, 4) for level in holm([estimate(0.0), estimate(0.01)], [0.01] * 2, 0.95)],
    ) == ([0.9833, 0.975, 0.975], [0.975, 0.975])


def test_holm__what_cannot_be_told_is_not_counted():
    """An estimate without a gain cannot fail and costs the others nothing."""
    assert [round(level, 4) for level in holm([estimate(None), estimate(0.0)], [0.01] * 2, 0.95)] == [0.95, 0.95]


def test_holm__nothing():
    """No gate needs no level."""
    assert holm([], [], 0.95) == ()
