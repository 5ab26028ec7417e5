from __future__ import annotations

import numpy as np
import pytest

from mlci.stats import estimate
from mlci.stats.metrics import METRICS
from mlci.stats.multiplicity import holm
from mlci.stats.search import Column, Found, search

ACCURACY, BRIER = METRICS["accuracy"], METRICS["brier_score"]
RULES = {"depth": 2, "min_rows": 30, "margin": 0.0, "confidence": 0.95}


def column(name, codes, count):
    """A column of `count` values."""
    return Column(tuple(f"{name} = {value}" for value in range(count)), np.asarray(codes))


def draw(n=3000, seed=0, columns=(("a", 3), ("b", 4), ("c", 2))):
    """A target, two sides' probabilities that differ by noise alone, and columns that have no part in it."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    shared = np.where(y == 1, 0.65, 0.35) + 0.15 * rng.normal(size=n)
    sides = [np.clip(shared + 0.1 * rng.normal(size=n), 0.01, 0.99) for _ in range(2)]
    return y, *sides, {name: column(name, rng.integers(0, count, n), count) for name, count in columns}


def masks(columns, depth):
    """Every slice by its name, as a mask, in the order of the search."""
    singles = [[(name, each.codes == at) for at, name in enumerate(each.names)] for each in columns.values()]
    found = [each for slices in singles for each in slices]
    if depth > 1:
        for first in range(len(singles)):
            for second in range(first + 1, len(singles)):
                found += [(f"{a} and {b}", x & y) for a, x in singles[first] for b, y in singles[second]]
    return found


def plain(metric, y, candidate, baseline, columns, *, depth, min_rows, margin, confidence):  # noqa: PLR0913 - as `search`
    """The search as it is told in words: each slice alone, one after the other."""
    slices, seen = [], set()
    for name, mask in masks(columns, depth):
        if mask.sum() >= min_rows and mask.tobytes() not in seen:
            seen.add(mask.tobytes())
            found = estimate.paired(metric, y[mask], candidate[mask], baseline[mask])
            if found.gain is not None:
                slices.append((name, int(mask.sum()), found))
    levels = holm([each[2] for each in slices], [margin] * len(slices), confidence)
    ends = [each[2].interval(level).high for each, level in zip(slices, levels, strict=True)]
    every = [each[2].interval(max(levels)).high for each in slices]
    worst = min(range(len(slices)), key=every.__getitem__)
    return len(slices), levels[worst], slices[worst], sum(end < -margin for end in ends)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("name", ["accuracy", "brier_score", "roc_auc"])
@pytest.mark.parametrize("margin", [0.0, 0.01])
def test_search__is_the_plain_one(name, depth, margin):
    """What is found is what looking at each slice alone finds, where several slices are worse."""
    metric = METRICS[name]
    y, candidate, baseline, columns = draw(seed=1)
    bad = columns["a"].codes == 1
    candidate = np.where(bad, 0.5 + 0.4 * (candidate - 0.5) * np.where(y == 1, 1, -1), candidate)
    sides = [(each > 0.5).astype(int) if metric.needs == "labels" else each for each in (candidate, baseline)]
    rules = {**RULES, "depth": depth, "margin": margin}
    found = search(metric, y, *([each] for each in sides), columns, **rules)
    slices, level, worst, worse = plain(metric, y, *sides, columns, **rules)
    assert (found.slices, found.level, found.worse) == (slices, pytest.approx(level), worse)
    assert (found.worst.name, found.worst.rows, found.worst.estimate) == worst
    assert worse > 1


def test_search__planted_slice():
    """A slice of two columns that lost is found by its name, and is worse though 100 slices were looked at."""
    y, candidate, baseline, columns = draw(20_000, 2, [("a", 5), ("b", 4), ("c", 5)])
    bad = (columns["a"].codes == 3) & (columns["c"].codes == 1)
    candidate = np.where(bad, 1 - candidate, candidate)
    found = search(ACCURACY, y, [(candidate > 0.5).astype(int)], [(baseline > 0.5).astype(int)], columns, **RULES)
    assert (found.worst.name, found.worst.rows, found.slices) == ("a = 3 and c = 1", int(bad.sum()), 79)
    assert found.level == pytest.approx(1 - 0.05 / 79)
    assert found.worse >= 1


def test_search__promise():
    """Where no slice is worse, a search tells of one in fewer than one run in twenty."""
    told = 0
    for seed in range(200):
        y, candidate, baseline, columns = draw(400, seed, [("a", 2), ("b", 3), ("c", 2)])
        told += search(BRIER, y, [candidate], [baseline], columns, **RULES).worse > 0
    assert told <= 0.05 * 200


@pytest.mark.parametrize("name", ["brier_score", "f1"])
def test_search__order_of_rows(name):
    """The order of the rows does not matter."""
    metric = METRICS[name]
    y, candidate, baseline, columns = draw(seed=3, columns=[("a", 2), ("b", 2)])
    clusters, weight = np.arange(3000) // 2, np.random.default_rng(0).random(3000)
    sides = [(each > 0.5).astype(int) if metric.needs == "labels" else each for each in (candidate, baseline)]
    order = np.random.default_rng(1).permutation(3000)
    moved = {each: Column(some.names, some.codes[order]) for each, some in columns.items()}
    one = search(metric, y, *([each] for each in sides), columns, groups=clusters, sample_weight=weight, **RULES)
    other = search(
        metric, y[order], *([each[order]] for each in sides), moved,
        groups=clusters[order], sample_weight=weight[order], **RULES,
    )  # fmt: skip
    ends = [each.worst.estimate.interval(each.level).high for each in (one, other)]
    assert (one.slices, one.worst.name, one.worse) == (other.slices, other.worst.name, other.worse)
    assert ends[0] == pytest.approx(ends[1])


def test_search__same_rows_once():
    """A pair that holds the rows of one of its parts, and a column that says the same in other words, cost nothing."""
    y, candidate, baseline, columns = draw(seed=4, columns=[("a", 3)])
    alone = search(BRIER, y, [candidate], [baseline], columns, **RULES)
    again = {**columns, "copy": column("copy", (columns["a"].codes + 1) % 3, 3), "all": column("all", [0] * 3000, 1)}
    found = search(BRIER, y, [candidate], [baseline], again, **RULES)
    assert (alone.slices, found.slices) == (3, 4)


def test_search__small_slices():
    """Slices with fewer rows than asked for, rows in none, and values without rows are not looked at."""
    y, candidate, baseline, _ = draw(seed=5)
    codes = np.where(np.arange(3000) < 20, 0, np.where(np.arange(3000) < 1000, -1, 2))
    found = search(BRIER, y, [candidate], [baseline], {"a": column("a", codes, 4)}, **RULES)
    assert (found.slices, found.worst.name, found.worst.rows) == (1, "a = 2", 2000)


def test_search__metric_without_meaning():
    """A slice of one class has no ROC AUC and is not counted."""
    y, candidate, baseline, columns = draw(seed=6, columns=[("a", 2)])
    y = np.where(columns["a"].codes == 0, 0, y)
    found = search(METRICS["roc_auc"], y, [candidate], [baseline], columns, **RULES)
    assert (found.slices, found.worst.name) == (1, "a = 1")


def test_search__nothing_to_look_at():
    """Without columns, or without rows, nothing is found."""
    y, candidate, baseline, columns = draw(seed=7)
    empty = {name: Column(each.names, each.codes[:0]) for name, each in columns.items()}
    assert search(BRIER, y, [candidate], [baseline], {}, **RULES) == Found(0, 0.95, None, 0)
    assert search(BRIER, y[:0], candidate[:0], baseline[:0], empty, **RULES) == Found(0, 0.95, None, 0)


def test_search__identical_predictions():
    """Where both sides predict the same, no slice lost anything."""
    y, candidate, _, columns = draw(seed=8)
    found = search(BRIER, y, [candidate], [candidate], columns, **RULES)
    assert (found.worst.estimate.gain, found.worse) == (0.0, 0)


def test_search__seeds_are_paid_for():
    """Slices that differ by the luck of each training are not worse for certain, where trainings are repeated."""
    rng = np.random.default_rng(9)
    y, _, baseline, columns = draw(seed=9, columns=[("a", 6)])
    codes = next(iter(columns.values())).codes
    lucky = [np.clip(baseline + rng.normal(0, 0.05, 6)[codes], 0.01, 0.99) for _ in range(3)]

    alone = search(BRIER, y, lucky[:1], [baseline], columns, **RULES)
    three = search(BRIER, y, lucky, [baseline] * 3, columns, **RULES)

    assert (alone.worse > 0, three.worse) == (True, 0)
