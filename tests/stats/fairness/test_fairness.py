from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.errors import UserError
from mlci.stats import fairness
from mlci.stats.fairness import Sample, Value, tables
from mlci.stats.fairness.tables import Drawn, Rows, Table
from mlci.stats.metrics import FAIRNESS

METRICS = list(FAIRNESS.values())
MULTICLASS = [metric for metric in METRICS if "multiclass" in metric.tasks]
PARITY = FAIRNESS["demographic_parity_difference"]


def draw(n=600, groups=3, seed=0, k=2, apart=0.1):
    """Labels, two correlated sides' predictions, and groups that are treated the more unlike the greater `apart` is."""
    rng = np.random.default_rng(seed)
    y, sensitive = rng.integers(0, k, n), rng.integers(0, groups, n)
    right = rng.random(n)
    candidate = np.where(right < 0.85 - apart * sensitive, y, rng.integers(0, k, n))
    baseline = np.where(rng.random(n) < 0.9, candidate, rng.integers(0, k, n))
    return y, candidate, baseline, sensitive


def fairlearn(metric, y, prediction, sensitive, weight=None):
    """Fairlearn's value of a metric."""
    from fairlearn import metrics

    return getattr(metrics, metric.name)(y, prediction, sensitive_features=sensitive, sample_weight=weight)


# --- values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
@given(seed=st.integers(0, 2**16), groups=st.integers(2, 5), weighted=st.booleans())
@settings(max_examples=10, deadline=None)
def test_value__is_fairlearns(metric, seed, groups, weighted):
    """Both sides' values are Fairlearn's, with and without weights."""
    y, candidate, baseline, sensitive = draw(200, groups, seed)
    weight = np.random.default_rng(seed).random(200) + 0.1 if weighted else None
    found = fairness.paired(metric, y, candidate, baseline, sensitive, groups, sample_weight=weight)
    expected = [fairlearn(metric, y, said, sensitive, weight) for said in (candidate, baseline)]
    assert [found.candidate, found.baseline] == pytest.approx(expected, abs=1e-12)
    assert found.gain == pytest.approx(metric.sign * (expected[0] - expected[1]), abs=1e-12)


@pytest.mark.parametrize("metric", MULTICLASS, ids=lambda metric: metric.name)
@pytest.mark.parametrize("weighted", [False, True])
def test_value__of_several_classes(metric, weighted):
    """Rates that are defined for several classes are Fairlearn's there, too."""
    y, candidate, baseline, sensitive = draw(300, 3, 1, k=4)
    weight = np.random.default_rng(0).random(300) if weighted else None
    found = fairness.paired(metric, y, candidate, baseline, sensitive, 3, sample_weight=weight)
    expected = [fairlearn(metric, y, said, sensitive, weight) for said in (candidate, baseline)]
    assert [found.candidate, found.baseline] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("k", [2, 3])
def test_rates__are_fairlearns(k):
    """The disaggregated table is that of Fairlearn's MetricFrame."""
    from fairlearn import metrics
    from sklearn import metrics as sklearn_metrics

    y, candidate, _, sensitive = draw(300, 4, 2, k=k)
    weight = np.random.default_rng(0).random(300)
    found = fairness.rates(y, candidate, sensitive, 4, sample_weight=weight)
    functions = {name: getattr(metrics, name, None) or getattr(sklearn_metrics, name) for name in found}
    frame = metrics.MetricFrame(
        metrics=functions, y_true=y, y_pred=candidate, sensitive_features=sensitive,
        sample_params={name: {"sample_weight": weight} for name in functions},
    )  # fmt: skip
    assert len(found) == (11 if k == 2 else 2)
    for name, rates in found.items():
        assert rates == pytest.approx(frame.by_group[name].to_numpy(), abs=1e-12)


def test_rates__that_groups_do_not_have():
    """A group without rows has no rate, and one without positive rows no true positive rate."""
    found = fairness.rates(np.array([0, 0, 1, 0]), np.array([1, 0, 1, 0]), np.array([0, 0, 1, -1]), 3)
    assert np.array_equal(found["selection_rate"], [0.5, 1.0, np.nan], equal_nan=True)
    assert np.array_equal(found["true_positive_rate"], [np.nan, 1.0, np.nan], equal_nan=True)
    assert np.array_equal(found["false_positive_rate"], [0.5, np.nan, np.nan], equal_nan=True)


# --- what cannot be told ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
@pytest.mark.parametrize("case", ["empty", "nobody", "one row", "one group", "one class", "none predicted"])
def test_paired__degenerate_rows(metric, case):
    """Whatever the rows lack, there is either a gain within its interval or a reason why there is none."""
    y, candidate, baseline, sensitive = (each[:60] for each in draw(seed=3))
    if case in ("empty", "one row"):
        y, candidate, baseline, sensitive = (each[: case == "one row"] for each in (y, candidate, baseline, sensitive))
    if case == "nobody":
        sensitive = np.full(60, -1)
    if case == "one group":
        sensitive = np.zeros(60, int)
    if case == "one class":
        y = np.zeros(60, int)
    if case == "none predicted":
        candidate = np.zeros(60, int)
    found = fairness.paired(metric, y, candidate, baseline, sensitive, 4)
    interval = found.interval(0.95)
    own = fairness.values([metric], y, candidate, sensitive, 4)[0]
    if found.gain is None:
        assert (found.note != "", interval.low, interval.high) == (True, -1.0, 1.0)
    else:
        assert -1 <= interval.low <= found.gain <= interval.high <= 1
        assert 0 <= own.low <= own.value <= own.high <= 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("true_positive_rate_difference", "a group without positive rows"),
        ("false_positive_rate_difference", None),
        ("balanced_accuracy_score_group_min", "a group without positive rows"),
        ("selection_rate_difference", None),
    ],
)
def test_paired__group_without_positive_rows(name, said):
    """A rate over positive rows cannot be told where a group has none; Fairlearn counts it as 0."""
    y, candidate, baseline, sensitive = draw(seed=4)
    y[sensitive == 1] = 0
    found = fairness.paired(FAIRNESS[name], y, candidate, baseline, sensitive, 3)
    assert (found.gain is None, found.note) == (said is not None, said or "")


def test_paired__ratio_of_nothing():
    """Where a rate is 0 in every group, there is no ratio, and the note names the rate."""
    y, candidate, baseline, sensitive = draw(seed=5)
    candidate = np.where(y == 0, 0, candidate)
    found = fairness.paired(FAIRNESS["equalized_odds_ratio"], y, candidate, baseline, sensitive, 3)
    assert (found.gain, found.candidate, found.baseline is not None, found.note) == (
        None, None, True, "false_positive_rate is 0 in every group, so that there is no ratio",
    )  # fmt: skip


def test_paired__one_group():
    """One group cannot be treated unlike another, which is no reason to pass; its least rate is known."""
    y, candidate, baseline, _ = draw(seed=6)
    metrics = [PARITY, FAIRNESS["accuracy_score_group_min"]]
    found = fairness.paired_many(metrics, y, candidate, baseline, np.zeros(600, int), 1)
    assert [each.gain is None for each in found] == [True, False]
    assert found[0].note == "only one group, so that there is nothing to compare"


def test_paired__groups_without_rows():
    """Groups that have no rows are not looked at."""
    y, candidate, baseline, sensitive = draw(seed=7)
    few = fairness.paired_many(METRICS, y, candidate, baseline, sensitive, 3)
    more = fairness.paired_many(METRICS, y, candidate, baseline, sensitive * 2 + 1, 9)
    assert few == more


def test_paired__no_groups():
    """Where there are no groups at all, there is nothing to tell."""
    y, candidate, baseline, _ = draw(seed=7)
    nowhere = np.full(600, -1)
    found = fairness.paired(PARITY, y, candidate, baseline, nowhere, 0)
    assert (found.gain, found.note, fairness.rates(y, candidate, nowhere, 0)["selection_rate"].size) == (
        None, "no rows", 0,
    )  # fmt: skip


def test_paired__rows_in_no_group():
    """Rows of no group, or without weight, are as if they were not there."""
    y, candidate, baseline, sensitive = draw(seed=8)
    some = sensitive < 2
    kept = fairness.paired_many(METRICS, y[some], candidate[some], baseline[some], sensitive[some], 2)
    coded = fairness.paired_many(METRICS, y, candidate, baseline, np.where(some, sensitive, -1), 2)
    weightless = fairness.paired_many(METRICS, y, candidate, baseline, sensitive, 3, sample_weight=some * 2.0)
    assert kept == coded == weightless
    assert kept[0].n == some.sum()


def test_paired__identical_predictions():
    """Where both sides predict the same, the gain is 0 for certain."""
    y, candidate, _, sensitive = draw(seed=9)
    found = fairness.paired(PARITY, y, candidate, candidate, sensitive, 3)
    interval = found.interval(0.99)
    assert (found.gain, interval.low, interval.high, found.note) == (0.0, 0.0, 0.0, "both sides predict the same")


def test_paired__classes_that_a_metric_is_not_for():
    """A metric of two classes says so where there are more."""
    y, candidate, baseline, sensitive = draw(k=3)
    with pytest.raises(UserError, match="'demographic_parity_difference' is a metric of two classes"):
        fairness.paired(PARITY, y, candidate, baseline, sensitive, 3)


def test_paired__too_few_clusters():
    """A group whose rows are one cluster tells nothing of its spread."""
    y, candidate, baseline, sensitive = draw(seed=10)
    clusters = np.where(sensitive == 0, 0, np.arange(600))
    found = fairness.paired(PARITY, y, candidate, baseline, sensitive, 3, groups=clusters)
    own = fairness.values([PARITY], y, candidate, sensitive, 3, groups=clusters)[0]
    interval = found.interval(0.95)
    assert (interval.low, interval.high, found.note) == (-1.0, 1.0, "too few clusters in a group")
    assert own == Value(found.candidate, 0.0, 1.0, "too few clusters in a group")


# --- intervals -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["rows", "weights", "clusters"])
def test_paired__order_of_rows(kind):
    """The order of the rows does not matter."""
    y, candidate, baseline, sensitive = draw(seed=11)
    rng = np.random.default_rng(0)
    given = {"weights": {"sample_weight": rng.random(600)}, "clusters": {"groups": rng.integers(0, 200, 600)}}
    arguments = given.get(kind, {})
    order = rng.permutation(600)
    one = fairness.paired_many(METRICS, y, candidate, baseline, sensitive, 3, **arguments)
    moved = [each[order] for each in (y, candidate, baseline, sensitive)]
    other = fairness.paired_many(METRICS, *moved, 3, **{name: each[order] for name, each in arguments.items()})
    for first, second in zip(one, other, strict=True):
        ends = [(found.gain, found.interval(0.95).low, found.interval(0.95).high) for found in (first, second)]
        assert ends[0] == pytest.approx(ends[1], abs=1e-9)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_paired__sides_exchanged(metric):
    """The gain turns its sign, and the interval with it, within what the draws tell."""
    y, candidate, baseline, sensitive = draw(seed=12)
    one = fairness.paired(metric, y, candidate, baseline, sensitive, 3)
    other = fairness.paired(metric, y, baseline, candidate, sensitive, 3)
    assert one.gain == -other.gain
    ends = one.interval(0.95), other.interval(0.95)
    near = 0.05 * (ends[0].high - ends[0].low)
    assert [ends[0].low, ends[0].high] == pytest.approx([-ends[1].high, -ends[1].low], abs=near)


def test_paired_many__shares_what_it_draws():
    """Each estimate of many is that of the metric alone, and the same again for the same seed."""
    y, candidate, baseline, sensitive = draw(seed=13)
    many = fairness.paired_many(METRICS, y, candidate, baseline, sensitive, 3, seed=5)
    alone = [fairness.paired(metric, y, candidate, baseline, sensitive, 3, seed=5) for metric in METRICS]
    assert many == alone
    assert fairness.paired(PARITY, y, candidate, baseline, sensitive, 3, seed=6) != many[METRICS.index(PARITY)]


def test_paired__alike_weights_and_clusters_of_one():
    """Weights that are all the same are none, and neither are clusters of one row."""
    y, candidate, baseline, sensitive = draw(seed=14)
    plain = fairness.paired_many(METRICS, y, candidate, baseline, sensitive, 3)
    told = {"sample_weight": np.full(600, 3.0), "groups": np.arange(600)}
    assert fairness.paired_many(METRICS, y, candidate, baseline, sensitive, 3, **told) == plain


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_paired__shrinks_with_rows(metric):
    """Sixteen times the rows make an interval of about a quarter of the width."""
    y, candidate, baseline, sensitive = draw(1000, 2, 15, apart=0.3)
    widths = []
    for times in (1, 16):
        rows = [np.tile(each, times) for each in (y, candidate, baseline, sensitive)]
        interval = fairness.paired(metric, *rows, 2).interval(0.95)
        widths.append(interval.high - interval.low)
    assert 0.15 * widths[0] < widths[1] < 0.35 * widths[0]


def bootstrap(  # noqa: PLR0913, PLR0917 - as `fairness.paired`
    metric, y, candidate, baseline, sensitive, clusters=None, weight=None, draws=4000
):
    """Percentiles of the gain where rows, or clusters of them, are drawn anew by exponential weights."""
    rng = np.random.default_rng(0)
    clusters = np.arange(len(y)) if clusters is None else clusters
    weight = np.ones(len(y)) if weight is None else weight
    gains = []
    for _ in range(draws):
        drawn = weight * rng.standard_exponential(clusters.max() + 1)[clusters]
        rates = []
        for said in (candidate, baseline):
            total = np.bincount(sensitive, weights=drawn)
            rates.append(np.bincount(sensitive, weights=drawn * said) / total)
        gains.append(metric.sign * (np.ptp(rates[0]) - np.ptp(rates[1])))
    return np.quantile(gains, [0.025, 0.975])


@pytest.mark.parametrize("kind", ["rows", "weights", "clusters", "many clusters"])
def test_paired__is_the_row_bootstrap(kind, monkeypatch):
    """Where groups are clearly told apart, the interval is that of resampled rows or clusters."""
    rng = np.random.default_rng(1)
    clusters = rng.integers(0, 500, 3000) if "clusters" in kind else None
    weight = rng.exponential(size=3000) if kind == "weights" else None
    if kind == "many clusters":  # which are put together at random
        monkeypatch.setattr(tables, "_BATCHES", 400)
    _, candidate, baseline, _ = draw(3000, 1, 16)
    y, sensitive = draw(3000, 3, 17)[::3]
    chosen = rng.random(3000) < 0.2 + 0.25 * sensitive
    candidate, baseline = candidate & chosen, baseline & chosen
    found = fairness.paired(
        PARITY, y, candidate, baseline, sensitive, 3, groups=clusters, sample_weight=weight
    ).interval(0.95)
    expected = bootstrap(PARITY, y, candidate, baseline, sensitive, clusters, weight)
    assert [found.low, found.high] == pytest.approx(expected, abs=0.08 * np.ptp(expected))


def test_paired__rows_that_were_copied():
    """Copies of rows that are told to belong together tell no more than the rows."""
    y, candidate, baseline, sensitive = draw(2000, 2, 18, apart=0.3)
    copied = [np.repeat(each, 5) for each in (y, candidate, baseline, sensitive)]
    metric = FAIRNESS["accuracy_score_difference"]
    once = fairness.paired(metric, y, candidate, baseline, sensitive, 2)
    together = fairness.paired(metric, *copied, 2, groups=np.repeat(np.arange(2000), 5))
    assert together.se == pytest.approx(once.se, rel=0.05)


def test_paired__few_clusters():
    """A group of four like clusters has the spread that Student's t with three degrees of freedom has."""
    rows = Rows.of(np.tile([0, 1], 8), (np.zeros(16, int),), np.repeat([0, 1], 8), 2, np.repeat(np.arange(8), 2))
    drawn = Drawn.of(rows, Table.of(rows))
    assert drawn.wider == pytest.approx([np.sqrt(5 / 3) * 3.18245 / 1.95996] * 2, rel=1e-5)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_unpaired__is_wider(metric):
    """Sides on rows of their own differ for more reasons than sides on the same rows."""
    y, candidate, baseline, sensitive = draw(3000, 2, 19, apart=0.3)
    other = draw(3000, 2, 20, apart=0.3)
    mine, theirs = Sample(y, candidate, sensitive), Sample(other[0], other[2], other[3])
    found = fairness.unpaired(metric, mine, theirs, 2)
    same = fairness.paired(metric, y, candidate, baseline, sensitive, 2)
    interval = found.interval(0.95)
    assert (found.n, interval.low <= found.gain <= interval.high, found.se > same.se) == (6000, True, True)


def test_unpaired__a_side_without_a_value():
    """Sides need not have the same groups, but each has to have its value."""
    y, candidate, baseline, sensitive = draw(seed=21)
    few = Sample(y, baseline, np.minimum(sensitive, 1), np.arange(600) // 2, np.linspace(1, 2, 600))
    one = Sample(y, baseline, np.zeros(600, int))
    mine = Sample(y, candidate, sensitive)
    found = fairness.unpaired_many([PARITY], mine, few, 3)[0], fairness.unpaired_many([PARITY], mine, one, 3)[0]
    assert [each.gain is None for each in found] == [False, True]


def test_values__levels():
    """An interval of higher confidence holds that of lower confidence, and both hold the value."""
    y, candidate, _, sensitive = draw(seed=22)
    for metric in METRICS:
        narrow, wide = (
            fairness.values([metric], y, candidate, sensitive, 3, confidence=level)[0] for level in (0.8, 0.99)
        )
        assert 0 <= wide.low <= narrow.low <= narrow.value <= narrow.high <= wide.high <= 1


# --- coverage --------------------------------------------------------------------------------------------------


def simulated(rng, sizes, tpr, fpr, shared=0.8):
    """Rows of groups of these sizes, of which a share of true and false positives is both sides'."""
    sensitive = np.repeat(np.arange(len(sizes)), sizes)
    y = (rng.random(len(sensitive)) < 0.4).astype(int)
    chance = rng.random(len(y))
    again = np.where(rng.random(len(y)) < shared, chance, rng.random(len(y)))
    cuts = [np.where(y == 1, np.take(tpr[side], sensitive), np.take(fpr[side], sensitive)) for side in (0, 1)]
    return y, (chance < cuts[0]).astype(int), (again < cuts[1]).astype(int), sensitive


@pytest.mark.parametrize(
    ("tpr", "gain"),
    [
        (([0.7] * 5, [0.7] * 5), 0.0),
        (([0.7] * 5, [0.6, 0.65, 0.7, 0.75, 0.8]), 0.2),
        (([0.5, 0.7, 0.7, 0.7, 0.9], [0.6, 0.7, 0.7, 0.7, 0.8]), -0.2),
    ],
    ids=["alike", "made alike", "apart"],
)
def test_interval__coverage(tpr, gain, monkeypatch):
    """Intervals of the gain and of the value miss in about one run in twenty, where groups are alike, too."""
    monkeypatch.setattr(tables, "DRAWS", 2000)
    rng = np.random.default_rng(2)
    metric, runs = FAIRNESS["true_positive_rate_difference"], 100
    missed = np.zeros(2)
    for seed in range(runs):
        rows = simulated(rng, [500] * 5, tpr, ([0.2] * 5,) * 2)
        found = fairness.paired(metric, *rows, 5, seed=seed).interval(0.95)
        own = fairness.values([metric], rows[0], rows[1], rows[3], 5, seed=seed)[0]
        missed += [not found.low <= gain <= found.high, not own.low <= np.ptp(tpr[0]) + 1e-12 <= own.high + 1e-12]
    assert (missed <= 0.12 * runs).all()
