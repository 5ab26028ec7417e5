from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.errors import UserError
from mlci.stats.condition import parse
from mlci.stats.confidence import Student, normal_quantile
from mlci.stats.interval import Estimate
from mlci.stats.proportions import PairedProportions
from mlci.stats.size import Bounded, bennett, distribution_free, paired, two_sided

F5 = r"n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01"

GRID = {  # reliability, error: n > c (none, full), n - o > c (none, full); 32 commits
    (0.99, 0.1): (404, 1340, 1753, 5496),
    (0.99, 0.05): (1615, 5358, 7012, 21984),
    (0.99, 0.025): (6457, 21429, 28045, 87933),
    (0.99, 0.01): (40355, 133930, 175282, 549581),
    (0.999, 0.1): (519, 1455, 2214, 5957),
    (0.999, 0.05): (2075, 5818, 8854, 23826),
    (0.999, 0.025): (8299, 23271, 35414, 95302),
    (0.999, 0.01): (51868, 145443, 221333, 595633),
    (0.9999, 0.1): (634, 1570, 2674, 6417),
    (0.9999, 0.05): (2536, 6279, 10696, 25668),
    (0.9999, 0.025): (10141, 25113, 42782, 102670),
    (0.9999, 0.01): (63381, 156956, 267385, 641684),
    (0.99999, 0.1): (749, 1685, 3135, 6878),
    (0.99999, 0.05): (2996, 6739, 12538, 27510),
    (0.99999, 0.025): (11983, 26955, 50150, 110038),
    (0.99999, 0.01): (74894, 168469, 313437, 687736),
}
"""What the authors' own program answers (github.com/easeml/ci, `SampleCalculator`, commit 7f6b051)."""

CONDITIONS = st.sampled_from(["n > 0.8", "d < 0.1", "n - o > 0.02", "n - 1.1 * o > 0.01", "n + o - 0.5 * d > 1"])
RELIABILITIES = st.floats(0.01, 1 - 1e-9)
COMMITS = st.integers(1, 10_000)
ADAPTIVITIES = st.sampled_from(["none", "full", "first"])
ERRORS = st.floats(1e-3, 0.5)
SHARES = st.floats(0.001, 1)


def rows(text, reliability=0.9999, commits=32, adaptivity="none"):
    """The distribution-free size."""
    plan = distribution_free(parse(text), reliability=reliability, commits=commits, adaptivity=adaptivity)
    return plan.rows


def plan_of(text, reliability=0.9999, commits=32, adaptivity="none"):
    return distribution_free(parse(text), reliability=reliability, commits=commits, adaptivity=adaptivity)


@pytest.mark.parametrize(("reliability", "error"), GRID)
def test_distribution_free__the_authors_program(reliability, error):
    """Sizes are those that the authors' own program answers, to the row."""
    found = tuple(
        rows(f"{left} +/- {error}", reliability, adaptivity=adaptivity)
        for left in ("n > 0.8", "n - o > 0.02")
        for adaptivity in ("none", "full")
    )

    assert found == GRID[reliability, error]


@pytest.mark.parametrize(
    ("text", "options", "published", "unit"),
    [
        ("n > 0.8 +/- 0.01", {"commits": 1}, 46_000, 1000),
        ("n > 0.8 +/- 0.01", {}, 63_000, 1000),
        ("n > 0.8 +/- 0.01", {"adaptivity": "full"}, 156_000, 1000),
        ("n > 0.8 +/- 0.05", {"adaptivity": "full"}, 6_279, 1),
        ("n > 0.8 +/- 0.01", {"adaptivity": "full"}, 156_955, 1),
        ("n - o > 0.02 +/- 0.02", {"reliability": 0.998, "commits": 7}, 44_268, 1),
        ("n - o > 0.02 +/- 0.02", {"reliability": 0.998, "commits": 7, "adaptivity": "full"}, 58_000, 1000),
        ("n - o > 0.1 +/- 0.1", {"reliability": 0.99, "adaptivity": "full"}, 5_496, 1),
    ],
)
def test_distribution_free__published(text, options, published, unit):
    """Sizes are those of the paper's text and of the authors' notebook, which drop what is behind a unit."""
    assert 0 <= rows(text, **options) - published <= unit


@pytest.mark.parametrize(
    ("error", "surprise", "published"),
    [
        (0.01, math.log(2 * 32 / 0.0001), 29_000),
        (0.01, math.log(2 * 2**32 / 0.0001), 67_000),
        (0.02, math.log(2**7 / 0.002), 6_000),
    ],
)
def test_bennett__published(error, surprise, published):
    """Where the models differ on 10 % of the rows: the paper's sections 4.1 and 5.2, which drop what is below 1,000."""
    assert bennett(error, 0.1, surprise) // 1000 * 1000 == published


def test_bounded__labels_published():
    """The paper's 2,188 labels for each commit: one commit, d known to be at most 0.1, half of delta spent on it."""
    found = bennett(0.01, 0.1, math.log(2 / 0.0001)) * 0.1

    assert int(found) == 2188


def test_bounded__both_steps():
    """The first step bounds d by 0.1 and twice its error; only rows on which the models differ need labels."""
    surprise = math.log(2 * 32 / 0.0001)
    rows_ = bennett(0.01, 0.12, surprise)

    found = plan_of(F5)

    assert (found.rows, found.bounded) == (
        281_248,
        Bounded(disagreement=pytest.approx(0.12), unlabelled=66_847, rows=rows_, labels=math.ceil(rows_ * 0.12)),
    )


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        (r"2 * n - 2 * o > 0.04 +/- 0.02 /\ d < 0.1 +/- 0.01", 4161),
        (r"n - o > 0.02 +/- 0.01 /\ -2 * d > -0.2 +/- 0.02", 4161),
        (r"n - o > 0.02 +/- 0.01 /\ d > 0.1 +/- 0.01", None),
        (r"n - 1.1 * o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01", None),
        (r"n - o > 0.02 +/- 0.01 /\ d < 0.9 +/- 0.05", None),
        ("d < 0.1 +/- 0.01", None),
    ],
)
def test_bounded__which_conditions(text, labels):
    """A clause that bounds d and one on n - o, with whatever factor."""
    found = plan_of(text).bounded

    assert (found and found.labels) == labels


def test_bounded__a_clause_on_one_model():
    """Where n stands alone, every row needs its label, and a third of delta is each clause's."""
    found = plan_of(F5 + r" /\ n > 0.8 +/- 0.02").bounded

    assert found.labels == found.rows == bennett(0.01, 0.12, math.log(3 * 32 / 0.0001))


@given(left=CONDITIONS, options=st.tuples(RELIABILITIES, COMMITS, ADAPTIVITIES), a=ERRORS, b=ERRORS)
def test_distribution_free__error(left, options, a, b):
    """A smaller error needs no fewer rows."""
    small, large = sorted((a, b))

    assert rows(f"{left} +/- {small}", *options) >= rows(f"{left} +/- {large}", *options)


@given(left=CONDITIONS, a=RELIABILITIES, b=RELIABILITIES, options=st.tuples(COMMITS, ADAPTIVITIES), share=SHARES)
def test_sizes__reliability(left, a, b, options, share):
    """A greater reliability needs no fewer rows, of either design."""
    less, more = (plan_of(f"{left} +/- 0.02", each, *options) for each in sorted((a, b)))

    assert (more.rows >= less.rows, paired(more, share).rows >= paired(less, share).rows) == (True, True)


@given(left=CONDITIONS, options=st.tuples(RELIABILITIES, ADAPTIVITIES), a=COMMITS, b=COMMITS, share=SHARES)
def test_sizes__commits(left, options, a, b, share):
    """More commits need no fewer rows, of either design."""
    reliability, adaptivity = options
    less, more = (plan_of(f"{left} +/- 0.02", reliability, each, adaptivity) for each in sorted((a, b)))

    assert (more.rows >= less.rows, paired(more, share).rows >= paired(less, share).rows) == (True, True)


@given(left=CONDITIONS, reliability=RELIABILITIES, commits=COMMITS)
def test_distribution_free__adaptivity(left, reliability, commits):
    """The first change costs what no adaptivity costs, and full adaptivity no less."""
    none, first, full = (rows(f"{left} +/- 0.02", reliability, commits, each) for each in ("none", "first", "full"))

    assert (first == none, full >= none) == (True, True)


@given(first=CONDITIONS, second=CONDITIONS, a=ERRORS, b=ERRORS, reliability=RELIABILITIES)
def test_distribution_free__conjunction(first, second, a, b, reliability):
    """A conjunction needs no fewer rows than each of its clauses alone."""
    one, other = f"{first} +/- {a}", f"{second} +/- {b}"

    assert rows(f"{one} and {other}", reliability) >= max(rows(one, reliability), rows(other, reliability))


@given(error=ERRORS, a=SHARES, b=SHARES)
def test_paired__disagreement(error, a, b):
    """Models that differ on more rows need no fewer of them."""
    plan = plan_of(f"n - o > 0.02 +/- {error}")
    less, more = (paired(plan, share) for share in sorted((a, b)))

    assert [more.proven >= less.proven, more.rows >= less.rows, more.noticed >= less.noticed] == [True] * 3


@pytest.mark.parametrize(("error", "share"), [(0.01, 0.1), (0.02, 0.05), (0.005, 0.3), (0.05, 0.2)])
@pytest.mark.parametrize("adaptivity", ["none", "full"])
def test_paired__interval_of_an_unchanged_model(error, share, adaptivity):
    """With as many rows, mlci's own interval of an unchanged model reaches as far as the error."""
    plan = plan_of(f"n - o > 0.02 +/- {error}", adaptivity=adaptivity)
    found = paired(plan, share).rows
    each = round(found * share / 2)

    reach = -PairedProportions(each, each, found).quantile(math.exp(-plan.surprise) / 2)

    assert reach == pytest.approx(error, rel=0.01)


def test_paired__noticed_is_what_a_report_calls_detectable():
    """At the rows for one run, the smallest loss that a report says it would have noticed is the error."""
    found = paired(plan_of("n - o > 0.02 +/- 0.01"), 0.1).noticed
    se = math.sqrt(0.1 / found)
    estimate = Estimate(
        gain=0.0, candidate=0.5, baseline=0.5, method="t", n=found, se=se, distribution=Student(0.0, se, 1e9)
    )

    assert estimate.detectable() == pytest.approx(0.01, rel=1e-4)


@pytest.mark.parametrize(("share", "error", "chance"), [(0.1, 0.05, 0.1), (0.05, 0.04, 0.01), (0.5, 0.1, 0.001)])
def test_bennett__holds_exactly(share, error, chance):
    """The exact chance that n - o is off by more than the error is no greater than promised."""
    from scipy.stats import binom

    n = bennett(error, share, math.log(1 / chance))
    pairs = range(n + 1)
    miss = sum(
        binom.pmf(differ, n, share) * 2 * binom.sf(math.floor((n * error + differ) / 2 + 1e-9), differ, 0.5)
        for differ in pairs
    )

    assert 0 < miss <= chance


@given(error=st.floats(1e-6, 0.5), share=SHARES)
def test_bennett__series(error, share):
    """Small errors lose no digits: the size is near that of the normal tail bound 2 p (surprise + ln 2) / error²."""
    rare = 5.0
    if error / share > 0.01:
        return
    bound = 2 * share * (rare + math.log(2)) / error**2

    assert bennett(error, share, rare) == pytest.approx(bound, rel=error / share + 2 / bound)


@given(st.floats(0.01, 30))
def test_two_sided__quantile(surprise):
    """It is the quantile of the standard normal distribution, where that still has digits."""
    assert two_sided(surprise) == pytest.approx(-normal_quantile(math.exp(-surprise) / 2), rel=1e-9, abs=1e-9)


def test_two_sided__beyond_any_float():
    """Ten thousand commits whose verdicts are all told: the chance is 0 as a float, and its quantile is not."""
    assert two_sided(10_000 * math.log(2)) == pytest.approx(117.7, abs=0.1)


@pytest.mark.parametrize(
    ("text", "share", "expected"),
    [
        ("n > 0.8 +/- 0.05", 1.0, 0.75 * 0.25),
        ("2 * n > 1.6 +/- 0.1", 1.0, 4 * 0.75 * 0.25),
        ("d < 0.5 +/- 0.05", 1.0, 0.25),
        ("n + o > 1.6 +/- 0.1", 0.2, 1.0),
        ("n - o + d > 0 +/- 0.1", 0.2, 0.2 * 4),
    ],
)
def test_paired__variance(text, share, expected):
    """One share: its variance within the error of the threshold; several variables: the largest of a row's value."""
    found = paired(plan_of(text), share).noticed
    error = parse(text).clauses[0].error
    reach = normal_quantile(0.975) + normal_quantile(0.8)

    assert found == math.ceil(reach**2 * expected / error**2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reliability": 0}, "The reliability is 0, and has to be between 0 and 1."),
        ({"reliability": 1.0}, "The reliability is 1.0, and has to be between 0 and 1."),
        ({"reliability": math.nan}, "The reliability is nan, and has to be between 0 and 1."),
        ({"commits": 0}, "The number of commits is 0, and has to be between 1 and a million."),
        ({"commits": 10**400}, f"The number of commits is {10**400}, and has to be between 1 and a million."),
        ({"adaptivity": "half"}, "There is no adaptivity 'half'."),
        ({"text": "n > 0.8 +/- 1e-200"}, "The condition would need more than 10^15 rows."),
    ],
)
def test_distribution_free__what_can_be_wrong(options, message):
    """Each is one sentence."""
    with pytest.raises(UserError) as caught:
        rows(**{"text": "n > 0.8 +/- 0.05", **options})

    assert caught.value.message == message


@pytest.mark.parametrize("share", [0, -0.1, 1.1, math.nan])
def test_paired__no_share(share):
    """A disagreement that is no share is refused."""
    with pytest.raises(UserError, match="has to be above 0 and at most 1"):
        paired(plan_of("n - o > 0.02 +/- 0.01"), share)


def test_paired__an_error_beyond_any_difference():
    """An error of 1 or more is met by any number of rows."""
    assert paired(plan_of("n - o > 0 +/- 1.5"), 0.1).rows == 1
