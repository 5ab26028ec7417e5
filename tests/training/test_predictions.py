from __future__ import annotations

import math
import os

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlci.errors import TrainingError
from mlci.training import predictions

TASKS = {
    "binary": {"task": "binary", "classes": ("no", "yes"), "positive": "yes"},
    "numbers": {"task": "binary", "classes": ("0", "1"), "positive": "1"},
    "booleans": {"task": "binary", "classes": ("False", "True"), "positive": "True"},
    "multiclass": {"task": "multiclass", "classes": ("a", "b", "c"), "positive": None},
    "regression": {"task": "regression", "classes": (), "positive": None},
}


@pytest.fixture
def read(tmp_path):
    """Writes a table as a stranger would, and reads it as predictions for as many rows."""

    def run(table, task="binary", *, kind="parquet", rows=None, name="predictions"):
        frame = pl.DataFrame(table)
        path = tmp_path / name
        frame.write_parquet(path) if kind == "parquet" else frame.write_csv(path)
        return predictions.read(path, **TASKS[task], rows=frame.height if rows is None else rows, who="`boosted`")

    return run


@pytest.fixture
def refuse(read):
    """The sentence and the hint of the error for a table."""

    def run(*arguments, **options):
        with pytest.raises(TrainingError) as caught:
            read(*arguments, **options)
        assert caught.value.code == "MLCI206"
        return caught.value.message, caught.value.hint

    return run


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize(
    ("task", "labels", "codes"),
    [
        ("binary", ["yes", "no"], [1, 0]),
        ("numbers", [1, 0], [1, 0]),
        ("numbers", [1.0, 0.0], [1, 0]),
        ("numbers", ["1", "0"], [1, 0]),
        ("booleans", [True, False], [1, 0]),
        ("booleans", ["True", "False"], [1, 0]),
        ("booleans", [1, 0], [1, 0]),
        ("numbers", [True, False], [1, 0]),
        ("multiclass", ["c", "a"], [2, 0]),
    ],
)
def test_read__labels_of_any_type(read, kind, task, labels, codes):
    """Labels are recognised in whatever type a framework writes them."""
    assert read({"prediction": labels}, task, kind=kind).labels.tolist() == codes


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_read__binary(read, kind):
    """Probabilities and scores of a binary task arrive as they are."""
    table = {"prediction": ["yes", "no"], "probability": [0.1 + 0.2, 1e-300], "score": [3.5, -1e10]}
    result = read(table, kind=kind)
    assert {needs: result.of(needs).tolist() for needs in ("labels", "probability", "score")} == {
        "labels": [1, 0],
        "probability": [0.1 + 0.2, 1e-300],
        "score": [3.5, -1e10],
    }


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_read__multiclass(read, kind):
    """The probabilities of all classes make an array in the order of the classes."""
    table = {
        "probability:c": [0.5, 0.0],
        "probability:a": [0.25, 1.0],
        "probability:b": [0.25, 0.0],
        "prediction": ["c", "a"],
    }
    result = read(table, "multiclass", kind=kind)
    assert (result.probability.tolist(), result.of("score")) == ([[0.25, 0.25, 0.5], [1.0, 0.0, 0.0]], None)


def test_read__regression(read):
    """The predictions of a regression are values."""
    result = read({"prediction": [1, 2]}, "regression")
    assert (result.values.tolist(), result.of("values").dtype, result.of("labels")) == ([1.0, 2.0], np.float64, None)


@given(order=st.permutations(range(7)), kind=st.sampled_from(["parquet", "csv"]))
def test_read__any_order_with_row_numbers(order, kind, tmp_path_factory):
    """Rows that carry their numbers may come in any order."""
    values = [0.5 * row for row in order]
    frame = pl.DataFrame({"row": order, "prediction": values})
    path = tmp_path_factory.mktemp("order") / "predictions"
    frame.write_parquet(path) if kind == "parquet" else frame.write_csv(path)
    result = predictions.read(path, **TASKS["regression"], rows=7)
    assert result.values.tolist() == [0.5 * row for row in range(7)]


def test_of__score_falls_back(read):
    """Without scores, the probability of the positive class ranks."""
    result = read({"prediction": ["yes"], "probability": [0.25]})
    assert (result.of("score").tolist(), result.score) == ([0.25], None)


def test_read__rounding(read):
    """What a probability exceeds by rounding is clipped, and four digits sum to one."""
    binary = read({"prediction": ["yes", "no"], "probability": [1 + 1e-9, -1e-9]})
    three = read({"prediction": ["a"], **{f"probability:{name}": [0.3333] for name in "abc"}}, "multiclass")
    assert (binary.probability.tolist(), three.probability.sum()) == ([1.0, 0.0], pytest.approx(1, abs=1e-15))


def test_read__arrays_are_frozen(read):
    """Nothing can write into predictions."""
    result = read({"prediction": ["yes"], "probability": [0.5], "score": [1.0]})
    assert [result.of(needs).flags.writeable for needs in ("labels", "probability", "score")] == [False] * 3


TWELVE = [math.nan] * 12 + [0.5] * 11_202


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize(
    ("task", "table", "message"),
    [
        ("regression", {"prediction": TWELVE}, "`boosted` predicts NaN (prediction) for 12 of 11,214 holdout rows."),
        ("regression", {"prediction": [1.0, None]}, "`boosted` predicts NaN (prediction) for 1 of 2 holdout rows."),
        (
            "regression",
            {"prediction": [1.0, -math.inf]},
            "`boosted` predicts infinity (prediction) for 1 of 2 holdout rows.",
        ),
        (
            "regression",
            {"prediction": ["x", "1"]},
            "`boosted` predicts what is no number (prediction) for 1 of 2 holdout rows.",
        ),
        ("binary", {"prediction": ["yes", None]}, "`boosted` predicts NaN (prediction) for 1 of 2 holdout rows."),
        (
            "numbers",
            {"prediction": [0.7, 1.0]},
            "`boosted` predicts labels that are no class (prediction) for 1 of 2 holdout rows.",
        ),
        (
            "binary",
            {"prediction": ["yes", "no"], "probability": [0.5, 1.01]},
            "`boosted` gives probabilities outside of [0, 1] (probability) for 1 of 2 holdout rows.",
        ),
        (
            "binary",
            {"prediction": ["yes", "no"], "score": [1.0, math.nan]},
            "`boosted` predicts NaN (score) for 1 of 2 holdout rows.",
        ),
        (
            "multiclass",
            {"prediction": ["a"], "probability:a": [0.5], "probability:b": [0.1], "probability:c": [0.1]},
            "`boosted` gives probabilities that do not sum to 1 (probability:a) for 1 of 1 holdout rows.",
        ),
        (
            "multiclass",
            {"prediction": ["a"], "probability:a": [0.5], "probability:b": [0.5]},
            "The predictions of `boosted` have no column `probability:c`, but others of its kind.",
        ),
        ("binary", {"label": ["yes"]}, "The predictions of `boosted` have a column `label`, which is not expected."),
        ("binary", {"probability": [0.5]}, "The predictions of `boosted` have no column `prediction`."),
        (
            "binary",
            {"prediction": ["yes", "no"], "row": [0, 2]},
            "The column `row` in the predictions of `boosted` does not hold each number from 0 to 1 once.",
        ),
        (
            "binary",
            {"prediction": ["yes", "no"], "row": [0, 0]},
            "The column `row` in the predictions of `boosted` does not hold each number from 0 to 1 once.",
        ),
        (
            "binary",
            {"prediction": ["yes", "no"], "row": [0.5, 1.0]},
            "The column `row` in the predictions of `boosted` does not hold each number from 0 to 1 once.",
        ),
    ],
)
def test_read__refuses(refuse, kind, task, table, message):
    """Each violation is a sentence that counts and shows no value."""
    assert refuse(table, task, kind=kind)[0] == message


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_read__number_of_rows(refuse, kind):
    """Every row of the holdout is predicted once."""
    assert (
        refuse({"prediction": ["yes"] * 3}, kind=kind, rows=2)[0] == "`boosted` predicts 3 rows, and the holdout has 2."
    )


@pytest.mark.parametrize(
    ("table", "hint"),
    [
        ({"prediction": ["yes"], "probabilty": [0.5]}, "Did you mean 'probability'?"),
        ({"": [0], "prediction": ["yes"]}, "It is the index of a pandas frame: write it with index=False."),
    ],
)
def test_read__unexpected_column(refuse, table, hint):
    """A slip in a name, and the usual extra column, are explained."""
    assert refuse(table, kind="csv")[1] == hint


def test_read__nested_column(refuse):
    """A list is no number."""
    assert refuse({"prediction": [[1.0]]}, "regression")[0] == (
        "The column `prediction` in the predictions of `boosted` does not hold numbers."
    )


@pytest.mark.parametrize("content", [b"PAR1 and then nothing", b"\xff\xfe\x00", b"", b'prediction\n"open'])
def test_read__unreadable(tmp_path, content):
    """What is neither Parquet nor CSV is refused without a crash."""
    path = tmp_path / "predictions"
    path.write_bytes(content)
    with pytest.raises(TrainingError) as caught:
        predictions.read(path, **TASKS["binary"], rows=2)
    assert caught.value.code == "MLCI206"


@example(content=b"(\xb5/\xfd")  # what Zstandard begins with
@given(st.binary(max_size=200))
def test_read__any_bytes(tmp_path_factory, content):
    """Whatever a file holds, it is read or refused."""
    path = tmp_path_factory.mktemp("bytes") / "predictions"
    path.write_bytes(content)
    try:
        sound = np.isfinite(predictions.read(path, **TASKS["regression"], rows=1).values).all()
    except TrainingError as error:
        sound = error.code == "MLCI206"
    assert sound


@pytest.mark.parametrize("make", ["link", "pipe", "folder", "nothing"])
def test_read__no_regular_file(tmp_path, make):
    """Links, pipes and folders are not followed, waited for or read."""
    path, target = tmp_path / "predictions", tmp_path / "target"
    target.write_text("prediction\nyes\n")
    {"link": lambda: path.symlink_to(target), "pipe": lambda: os.mkfifo(path), "folder": path.mkdir, "nothing": str}[
        make
    ]()
    with pytest.raises(TrainingError) as caught:
        predictions.read(path, **TASKS["binary"], rows=1)
    assert caught.value.code == "MLCI206"


def test_read__too_large(tmp_path):
    """A file that no holdout of this size can need is not read to its end."""
    path = tmp_path / "predictions"
    with path.open("wb") as file:
        file.truncate(1 << 32)
    with pytest.raises(TrainingError, match="is larger than 1,"):
        predictions.read(path, **TASKS["binary"], rows=1)


def test_to_frame__columns(read):
    """Predictions become columns behind a prefix, in the documented format."""
    binary = read({"prediction": ["yes", "no"], "probability": [0.75, 0.25], "score": [1.0, -1.0]})
    three = read(
        {"prediction": ["c"], "probability:a": [0.0], "probability:b": [0.0], "probability:c": [1.0]}, "multiclass"
    )
    value = read({"prediction": [1.5]}, "regression")
    frames = [each.to_frame("base").to_dict(as_series=False) for each in (binary, three, value)]
    assert frames == [
        {"base_prediction": ["yes", "no"], "base_probability": [0.75, 0.25], "base_score": [1.0, -1.0]},
        {
            "base_prediction": ["c"],
            "base_probability:a": [0.0],
            "base_probability:b": [0.0],
            "base_probability:c": [1.0],
        },
        {"base_prediction": [1.5]},
    ]
