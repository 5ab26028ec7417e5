"""The scales: what each part of the holdout says, whatever a side gives or lacks."""

from __future__ import annotations

import numpy as np
import pytest

from mlci.config.models import Slice
from mlci.data.slices import Parts
from mlci.stats import estimate
from mlci.stats.metrics import METRICS
from mlci.training.predictions import Predictions
from mlci.weighing import LACKING, Scored, weigh

CLASSES = ("no", "yes")
METRICS_ASKED = [METRICS["accuracy"], METRICS["log_loss"]]


def said(probability):
    """What a model says."""
    return Predictions(classes=CLASSES, labels=(probability > 0.5).astype(np.int64), probability=probability)


def parts(n, names=("s = a", "s = b", "s = none")):
    """Two slices of a column, and one without rows."""
    return (Parts(Slice(column="s"), names, (np.arange(n) % 2).astype(np.int16)),)


@pytest.fixture
def rows():
    """A target and draws of probabilities for it."""
    draw = np.random.default_rng(5)
    target = draw.integers(0, 2, 600)
    return target, lambda: (0.7 * target + 0.3 * draw.random(600)).clip(0.01, 0.99)


def by_place(weighed):
    """What was weighed, by metric and slice."""
    return {(each.metric, each.slice): each for each in weighed}


def test_weigh__each_slice_is_its_rows_alone(rows):
    """A slice's estimate is that of its rows, and of nothing else."""
    target, draw = rows
    mine, theirs = draw(), draw()
    here = {"target": target, "parts": parts(600)}

    sides = (Scored(predictions=(said(each),), **here) for each in (mine, theirs))
    found = by_place(weigh(METRICS_ASKED, *sides))

    odd = np.arange(600) % 2 == 1
    alone = estimate.paired(METRICS["log_loss"], target[odd], mine[odd], theirs[odd])
    one = found["log_loss", "s = b"].estimate
    assert (one.gain, one.interval(0.95).low) == (pytest.approx(alone.gain), pytest.approx(alone.interval(0.95).low))
    assert (found["accuracy", "s = none"].note, found["accuracy", "s = none"].rows) == ("no rows", 0)


def test_weigh__without_a_baseline(rows):
    """There are the candidate's values, on the whole and on each slice that has rows."""
    target, draw = rows
    mine = draw()

    found = by_place(weigh(METRICS_ASKED, Scored(target=target, predictions=(said(mine),), parts=parts(600)), None))

    right = (mine > 0.5) == target
    assert [found["accuracy", place].candidate for place in ("", "s = a", "s = none")] == [
        pytest.approx(right.mean()),
        pytest.approx(right[::2].mean()),
        None,
    ]


def test_weigh__clusters_and_weights_count(rows):
    """Rows that belong together widen an interval; a weight of 2 is the row twice over."""
    target, draw = rows
    mine, theirs = draw(), draw()

    def gain(**more):
        sides = (Scored(target=target, predictions=(said(each),), **more) for each in (mine, theirs))
        return by_place(weigh(METRICS_ASKED, *sides))["log_loss", ""].estimate

    weight = np.where(np.arange(600) < 300, 2.0, 0.0)
    half = estimate.paired(METRICS["log_loss"], target[:300], mine[:300], theirs[:300])
    plain = gain()
    assert gain(sample_weight=weight).gain == pytest.approx(half.gain)
    assert gain(groups=np.arange(600) // 300).se != plain.se


def test_weigh__repeated_trainings(rows):
    """Of several seeds the mean counts, and its interval knows their variance."""
    target, draw = rows
    mine, theirs = [said(draw()) for _ in range(3)], [said(draw()) for _ in range(3)]
    here = {"target": target, "parts": parts(600)}

    sides = (Scored(predictions=tuple(each), **here) for each in (mine, theirs))
    found = by_place(weigh(METRICS_ASKED, *sides))
    alone = by_place(weigh(METRICS_ASKED, Scored(predictions=tuple(mine), **here), None))

    for place in ("", "s = a"):
        gains = [
            by_place(weigh(METRICS_ASKED, Scored(predictions=(a,), **here), Scored(predictions=(b,), **here)))[
                "log_loss", place
            ].estimate.gain
            for a, b in zip(mine, theirs, strict=True)
        ]
        assert found["log_loss", place].estimate.gain == pytest.approx(np.mean(gains))
        assert found["log_loss", place].candidate == pytest.approx(alone["log_loss", place].candidate)
    assert 0 < found["log_loss", ""].estimate.seed_share < 1


def test_weigh__two_holdouts(rows):
    """Sides with rows of their own are compared slice by slice, by name."""
    target, draw = rows
    mine = Scored(target=target, predictions=(said(draw()),), parts=parts(600))
    theirs = Scored(target=target[::2], predictions=(said(draw()[::2]),), parts=parts(300, ("s = b", "s = a", "s = c")))

    found = by_place(weigh(METRICS_ASKED, mine, theirs, paired=False))

    assert [found["accuracy", place].note for place in ("", "s = a", "s = none")] == ["", "", "no rows"]
    assert found["accuracy", ""].estimate.n == 900
    lacking = Scored(target=target[::2], predictions=theirs.predictions)
    assert by_place(weigh(METRICS_ASKED, mine, lacking, paired=False))["accuracy", "s = a"].note == LACKING
