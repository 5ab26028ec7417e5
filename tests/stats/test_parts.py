from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.stats import estimate, parts
from mlci.stats.metrics import METRICS
from mlci.stats.parts import Rows, each_part

NEEDS = {"labels": "f1", "score": "roc_auc", "probability": "log_loss"}
BINARY = [metric for metric in METRICS.values() if "binary" in metric.tasks]


def cut(metrics, y, candidate, baseline, rows, **options):
    """What `paired_many` finds in some rows, taken by a mask."""
    taken = {key: None if value is None else value[rows] for key, value in options.items()}
    mine, theirs = ({needs: said[rows] for needs, said in side.items()} for side in (candidate, baseline))
    return estimate.paired_many(metrics, y[rows], mine, theirs, n_classes=2, seed=3, **taken)


@pytest.fixture
def rows(sample):
    """A binary target, and all kinds of inputs of both sides, for 600 rows; scores have ties."""
    drawn = {needs: sample(METRICS[name], "binary", n=600) for needs, name in NEEDS.items()}
    y = drawn["labels"].y
    return y, *({needs: getattr(each, side) for needs, each in drawn.items()} for side in ("candidate", "baseline"))


OPTIONS = {
    "plain": {},
    "weights": {"sample_weight": np.random.default_rng(1).integers(0, 4, 600) * 0.7},
    "clusters": {"groups": np.random.default_rng(2).integers(0, 150, 600) * 3 - 7},
    "clusters and weights": {
        "groups": np.random.default_rng(2).integers(0, 150, 600).astype(str),
        "sample_weight": np.random.default_rng(1).random(600) + 0.5,
    },
}


@pytest.mark.parametrize("kind", OPTIONS)
def test_paired_parts__equals_masks(kind, metric, task, sample):
    """Each part of the rows has exactly the estimates that its rows have alone, for every metric."""
    drawn = sample(metric, task, n=600)
    codes = np.random.default_rng(0).integers(-1, 4, 600)
    options = {"n_classes": drawn.n_classes, "seed": 3}
    found = estimate.paired_parts(
        [metric], drawn.y, {metric.needs: drawn.candidate}, {metric.needs: drawn.baseline}, codes, 4,
        **OPTIONS[kind], **options,
    )  # fmt: skip
    expected = []
    for part in range(4):
        taken = codes == part
        of_rows = {name: values[taken] for name, values in OPTIONS[kind].items()}
        each = estimate.paired(
            metric, drawn.y[taken], drawn.candidate[taken], drawn.baseline[taken], **of_rows, **options
        )
        expected.append([each])
    assert found == expected


@pytest.mark.parametrize("kind", OPTIONS)
def test_paired_all__whole_and_partitions(kind, rows):
    """All rows and every part of every partition, in all metrics at once, are what each is alone."""
    y, candidate, baseline = rows
    rng = np.random.default_rng(4)
    partitions = [(rng.integers(0, 3, 600).astype(np.uint8), 3), (np.arange(600) % 7 - 1, 6)]
    whole, by_part = estimate.paired_all(
        BINARY, y, candidate, baseline, partitions, n_classes=2, seed=3, **OPTIONS[kind]
    )
    every = np.ones(600, dtype=bool)
    expected = [
        [cut(BINARY, y, candidate, baseline, codes == part, **OPTIONS[kind]) for part in range(count)]
        for codes, count in partitions
    ]
    assert (whole, by_part) == (cut(BINARY, y, candidate, baseline, every, **OPTIONS[kind]), expected)


def test_paired_parts__empty_and_of_one_class(rows):
    """Parts without rows, or with one class, say of each metric what such rows say alone."""
    y, candidate, baseline = rows
    codes = np.where(np.arange(600) < 300, np.where(y == 1, 0, 3), 4)
    found = estimate.paired_parts(BINARY, y, candidate, baseline, codes, 6, n_classes=2, seed=3)
    expected = [cut(BINARY, y, candidate, baseline, codes == part) for part in range(6)]
    assert [each.note for each in found[1]] == ["no rows"] * len(BINARY)
    assert found == expected


@given(st.lists(st.integers(-1, 5), max_size=60), st.sampled_from([np.int8, np.int16, np.int64]))
@settings(max_examples=50)
def test_each_part__keeps_the_order(codes, kind):
    """A part holds its rows, all of them and in their order, and rows of no part are in none."""
    codes = np.array(codes, dtype=kind)
    rows = Rows(y=np.arange(len(codes)), candidate={}, baseline={})
    found = each_part(lambda part: part.y.tolist(), rows, codes, 6)
    assert found == [np.flatnonzero(codes == part).tolist() for part in range(6)]


@pytest.mark.parametrize("count", [100, 200, 40_000])
def test_each_part__many_parts(count):
    """Parts by the hundred and by the thousand are found, whatever the bits that their codes take."""
    codes = np.random.default_rng(5).integers(-1, count, 5000)
    found = each_part(lambda part: len(part.y), Rows(y=codes, candidate={}, baseline={}), codes, count)
    assert found == np.bincount(codes[codes >= 0], minlength=count).tolist()


def test_rows__an_array_of_several_kinds_stays_one():
    """What serves as probability and score is moved once, and stays one array."""
    said = np.arange(6)
    rows = Rows(y=said % 2, candidate={"score": said, "probability": said}, baseline={}).condensed()
    moved = rows.in_order(np.array([4, 2, 0])).part(slice(1, 3))
    assert (moved.candidate["score"].tolist(), moved.y.tolist()) == ([2, 0], [0, 0])
    assert moved.candidate["score"] is moved.candidate["probability"]


def test_each_part__error_of_a_part(monkeypatch):
    """What a part raises is raised."""
    monkeypatch.setattr(parts, "_WORKERS", 1)

    def refuse(part):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        each_part(refuse, Rows(y=np.zeros(3), candidate={}, baseline={}), np.zeros(3, dtype=np.int8), 1)
