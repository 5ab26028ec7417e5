"""What the parent keeps of the held-out rows: slices, clusters, weights, groups."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mlci.config.models import ModelConfig, Slice
from mlci.data.holdout import Held
from mlci.errors import DataError

FRAME = {
    "age": [20, 30, 40, 50, 60, 70, 80, 90],
    "sex": ["f", "m", "f", "m", "f", "m", None, "m"],
    "patient": ["p1", "p1", "p2", "p2", "p3", "p3", None, None],
    "weight": [1.0, 2.0, 0.0, 1.0, 1.0, 1.0, 1.0, 3.0],
    "late": ["yes", "no"] * 4,
}
ROWS = np.array([True] * 7 + [False])


@pytest.fixture
def written(table, tmp_path):
    """Hold seven of eight rows out, under a model's rules."""

    def written(strict=True, frame=FRAME, **model):
        config = ModelConfig.model_validate(
            {"dataset": "d", "target": "late", "task": "binary", "positive": "yes", "primary": "roc_auc",
             "candidates": {"a": "p:a"}, **model}
        )  # fmt: skip
        held = Held(table=table(frame), rows=ROWS, model=config, where=lambda *_: None)
        return held.written(tmp_path / "holdout.parquet", np.arange(7), strict=strict)

    return written


def test_written__features_without_the_target(written):
    """The child is given every column but its answers."""
    found = written()

    assert (pl.read_parquet(found.path).columns, found.rows) == (["age", "sex", "patient", "weight"], 7)
    assert (found.parts, found.groups, found.sample_weight, found.sensitive, found.searched) == ((), None, None, (), ())


def test_written__what_rows_belong_to(written):
    """Clusters and weights by their columns; rows without a cluster belong together."""
    found = written(cluster="patient", sample_weight="weight")

    assert (found.groups.tolist(), found.sample_weight.tolist()) == (
        [1, 1, 2, 2, 3, 3, 0],
        [1.0, 2.0, 0.0, 1.0, 1.0, 1.0, 1.0],
    )


def test_written__groups_and_slices(written):
    """Sensitive columns by their values, searched ones by values or quantiles."""
    found = written(
        slices=["sex"],
        fairness={"sensitive": ["sex"], "metrics": ["selection_rate_ratio"]},
        worst_slice={"columns": ["age", "sex"], "bins": 2},
    )

    assert [part.names for part in (*found.parts, *found.sensitive)] == [("sex = f", "sex = m", "sex is missing")] * 2
    assert [(part.rule, part.rows()) for part in found.searched] == [
        (Slice(column="age", edges=(50.0,)), [3, 4]),
        (Slice(column="sex"), [3, 3, 1]),
    ]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"cluster": "nobody"}, "no column 'nobody', which `cluster` names"),
        ({"fairness": {"sensitive": ["race"], "metrics": ["selection_rate_ratio"]}}, "'race', which `fairness` names"),
        ({"worst_slice": ["race"]}, "'race', which `worst_slice` names"),
        ({"sample_weight": "sex"}, "The column `sex`, by which rows are weighed, holds no numbers."),
    ],
)
def test_written__a_column_that_is_not_there(written, model, message):
    """A name that points nowhere is told with the key that names it; a base's holdout does without it."""
    with pytest.raises(DataError, match=message):
        written(**model)


def test_written__a_side_that_lacks_columns(written):
    """The base's own holdout does without columns that it does not have."""
    found = written(strict=False, cluster="nobody", slices=["race"], worst_slice=["race"], sample_weight="none")

    assert (found.groups, found.parts, found.searched, found.sample_weight) == (None, (), (), None)


@pytest.mark.parametrize(
    ("weights", "why"),
    [
        ([-1.0] + [1.0] * 7, "is negative, missing or not finite in 1 held-out rows"),
        ([None, float("nan"), float("inf")] + [1.0] * 5, "is negative, missing or not finite in 3 held-out rows"),
        ([0.0] * 7 + [1.0], "is 0 in all held-out rows"),
    ],
)
def test_written__weights_that_are_none(written, weights, why):
    """Weights are numbers from 0 on, and greater in some row that is held out."""
    with pytest.raises(DataError, match=why):
        written(frame={**FRAME, "weight": weights}, sample_weight="weight")
