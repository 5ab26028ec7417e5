from __future__ import annotations

import subprocess
import sys

import pytest

from mlci.config.load import load
from mlci.errors import UserError
from mlci.init import init

TABLE = "id,age,job,income\n" + "".join(
    f"{i},{20 + i % 50},{'ab'[i % 2]},{['<=50K', '>50K'][i % 3 == 0]}\n" for i in range(60)
)


@pytest.fixture
def folder(tmp_path):
    """A folder with a table of people and nothing else."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "people.csv").write_text(TABLE)
    return tmp_path


def test_init__writes_a_configuration_that_loads(folder):
    """Key, target, task and the positive label are guessed from the data."""
    init(folder)
    config = load(folder).config
    model = config.models["income"]

    assert (config.datasets["people"].key, model.target, model.task, model.positive) == (
        ("id",),
        "income",
        "binary",
        ">50K",
    )


@pytest.mark.parametrize(("target", "task"), [("age", "regression"), ("job", "binary")])
def test_init__takes_the_target_that_is_named(folder, target, task):
    """`--target` decides what is predicted; its values decide the task."""
    init(folder, target=target)

    assert load(folder).config.models[target].task == task


def test_init__the_pipeline_imports_and_builds(folder):
    """The written candidate is an estimator."""
    init(folder)
    code = "import pipeline; print(type(pipeline.boosted()).__name__)"

    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "Pipeline"


def test_init__keeps_what_is_there(folder):
    """A pipeline of the user's own is not overwritten."""
    (folder / "pipeline.py").write_text("mine = True\n")

    lines = init(folder)

    assert ("kept     pipeline.py (it was there)" in lines, (folder / "pipeline.py").read_text()) == (
        True,
        "mine = True\n",
    )


@pytest.mark.parametrize(
    ("prepare", "options", "message"),
    [
        (lambda folder: (folder / "mlci.yml").write_text("x"), {}, "There is an mlci.yml here already."),
        (lambda folder: (folder / "data" / "people.csv").unlink(), {}, "There is no CSV or Parquet file here."),
        (lambda folder: None, {"data": "nope.csv"}, "There is no file nope.csv."),
        (lambda folder: None, {"target": "incme"}, "people.csv has no column 'incme'."),
    ],
)
def test_init__what_can_be_wrong(folder, prepare, options, message):
    """Each is one sentence; nothing is overwritten."""
    prepare(folder)

    with pytest.raises(UserError) as caught:
        init(folder, **options)

    assert caught.value.message == message
