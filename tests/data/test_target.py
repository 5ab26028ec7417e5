"""The target as classes or values, and the sentence for each that cannot be one."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from mlci.config.models import ModelConfig
from mlci.data.target import classes_of, labels_in, read_target
from mlci.errors import DataError


def model(task="binary", positive=None):
    primary = "r2" if task == "regression" else "accuracy"
    options = {"candidates": {"c": "m:f"}, "primary": primary, "positive": positive}
    return ModelConfig(dataset="d", target="y", task=task, **options)


def classes_in(table, values, asked):
    return classes_of(labels_in(table({"y": values}), asked), asked)


def refusal(act, *arguments):
    with pytest.raises(DataError) as caught:
        act(*arguments)
    return caught.value


@pytest.mark.parametrize(
    ("values", "positive", "expected"),
    [
        (["<=50K", ">50K", ">50K", None], ">50K", ("<=50K", ">50K")),
        (["a", "b"], "a", ("b", "a")),
        ([0, 1], 1, ("0", "1")),
        ([0.0, 1.0, float("nan")], 1, ("0", "1")),
        ([True, False], True, ("False", "True")),
    ],
)
def test_classes_of__binary(table, values, positive, expected):
    """A binary task's classes are the negative one, then the positive one, in whatever type they are stored."""
    assert classes_in(table, values, model(positive=positive)) == expected


def test_classes_of__multiclass(table):
    """Other classes are in the order of their texts."""
    assert classes_in(table, ["b", "c", "a", "b"], model("multiclass")) == ("a", "b", "c")


@pytest.mark.parametrize(
    ("values", "positive", "message", "hint"),
    [
        (["a", "a"], "a", "The target `y` has one class alone, so there is nothing to tell apart.", "Look whether"),
        (
            [">50K", "<=50K"],
            ">50k",
            "The target `y` never holds '>50k', which `positive` names.",
            "Did you mean '>50K'?",
        ),
        (
            ["a", "b", "c"],
            "a",
            "The target `y` has 3 classes (a, b, c), and the task is binary.",
            "Use task: multiclass",
        ),
        ([*"abcdefghij"], "a", "The target `y` has 10 classes, and the task is binary.", "Use task: multiclass"),
        ([None, None], "a", "Dataset 'd': the target `y` is empty in every row.", "Name the column"),
        (
            range(1001),
            1,
            "Dataset 'd': the target `y` has 1,001 different values, too many to be classes.",
            "Use task: regression",
        ),
    ],
)
def test_classes_of__refused(table, values, positive, message, hint):
    """Targets that are no two classes are refused; classes are named where they are few."""
    error = refusal(classes_in, table, values, model(positive=positive))
    assert (error.message, error.hint.startswith(hint)) == (message, True)


def test_labels_in__column_missing(table):
    """A target that is not there is named."""
    assert refusal(labels_in, table({"z": [1]}), model(positive=1)).message.startswith("Dataset 'd' has no column 'y'")


def test_read_target__codes(table):
    """Codes count from 0 in the order of the classes; rows without a target are not known."""
    found = read_target(table({"y": ["b", None, "a"]}), model(positive="a"), ("b", "a"))
    assert (found.values[found.known].tolist(), found.known.tolist()) == ([0, 1], [True, False, True])


@pytest.mark.parametrize("values", [[1, None, 3], [1.0, None, 3.0], [1.0, float("nan"), 3.0]])
def test_read_target__values(table, values):
    """A regression's values are float64; null and NaN are not known."""
    found = read_target(table({"y": values}), model("regression"), ())
    assert (found.values.dtype, found.values[found.known].tolist(), found.known.tolist()) == (
        np.float64,
        [1.0, 3.0],
        [True, False, True],
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["1", "secret"], "`y` holds String: regression needs numbers."),
        (pl.Series(["secret"], dtype=pl.Enum(["secret"])), "`y` holds Enum: regression needs numbers."),
        ([dt.date(2024, 1, 31)], "`y` holds Date: regression needs numbers."),
        ([1.0, float("inf"), -float("inf")], "the target `y` is infinite in 2 rows."),
    ],
)
def test_read_target__refused(table, values, message):
    """A regression takes finite numbers; no value is in the message."""
    assert refusal(read_target, table({"y": values}), model("regression"), ()).message == f"Dataset 'd': {message}"
