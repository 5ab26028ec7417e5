from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.errors import TrainingError
from mlci.results import CandidateResult
from mlci.training import command

CSV = """
import csv, json, os, shutil, sys

job = json.load(open(os.environ["MLCI_JOB"]))
rows = list(csv.DictReader(open(job["holdout"])))
assert job["target"] not in rows[0] and job["target"] in next(csv.DictReader(open(job["train"])))
with open(job["predictions"], "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["row", "prediction", "score"])
    for number, row in reversed(list(enumerate(rows))):
        writer.writerow([number, job["positive"] if float(row["age"]) > 0 else job["classes"][0], row["age"]])
json.dump({"job": job, "python": sys.executable, "path": shutil.which("python"),
           "canaries": [name for name, value in os.environ.items() if "canary" in value]}, open("seen.json", "w"))
"""

PARQUET = """
import json, os
import polars as pl

with open(os.environ["MLCI_JOB"]) as file:
    job = json.load(file)
mean = pl.read_parquet(job["train"])[job["target"]].mean()
holdout = pl.read_parquet(job["holdout"])
holdout.select(pl.first(), prediction=pl.lit(mean)).select("prediction").write_parquet(job["predictions"])
open("model.bin", "wb").write(b"x" * 123)
with open(job["report"], "w") as file:
    json.dump({"params": {"depth": 3, "name": "mean", "rates": [0.1]}, "model": "model.bin", "other": 1}, file)
"""


@pytest.fixture(scope="module")
def of_command(workshop):
    """Runs a script as a training command."""

    def run(source, table="binary", words="python train.py", **options):
        kind = {"data_format": options["files"]} if "files" in options else {}
        training = workshop.training("", table, command=words, **kind, **options)
        (training.root / "train.py").write_text(source)
        return workshop.run(training)

    return run


@pytest.fixture(scope="module")
def csv_run(of_command):
    """A plain Python script that reads and writes CSV."""
    return of_command(CSV, files="csv")


@pytest.fixture(scope="module")
def parquet_run(of_command):
    """A script that reads and writes Parquet and tells of its model."""
    return of_command(PARQUET, "regression")


def test_train__csv(csv_run):
    """Predictions in any order come back in the holdout's."""
    predictions = csv_run.trained.predictions
    assert ((predictions.score > 0).tolist(), predictions.probability) == (predictions.labels.tolist(), None)


def test_train__job(csv_run):
    """A command is told what the documentation says, and nothing of the parent's environment."""
    seen = json.loads((csv_run.training.root / "seen.json").read_text())
    training = csv_run.training
    assert (seen["job"], seen["canaries"]) == (
        {
            "version": 1,
            "model": "income",
            "task": "binary",
            "target": "label",
            "positive": "yes",
            "classes": ["no", "yes"],
            "train": str(training.train),
            "holdout": str(training.holdout),
            "predictions": str(training.out / "predictions.csv"),
            "report": str(training.out / "report.json"),
            "seed": 0,
            "threads": 1,
        },
        [],
    )


def test_train__dropped_columns_and_another_format(of_command):
    """A command reads what it asks for, without the columns of `drop`."""
    source = "import json, os; print(open(json.load(open(os.environ['MLCI_JOB']))['train']).readline()); exit(1)"
    error = of_command(source, data_format="csv", drop=["town"]).error
    assert error.traceback == "age,hours,label"


def test_train__python_is_the_environments(csv_run, python):
    """`python` in a command, and on its PATH, is the model's interpreter."""
    seen = json.loads((csv_run.training.root / "seen.json").read_text())
    assert (Path(seen["python"]).resolve(), Path(seen["path"]).parent) == (Path(python).resolve(), Path(python).parent)


def test_train__what_it_is(csv_run):
    """Without a report, a command is known by its files and its cost."""
    trained = csv_run.trained
    assert (
        trained.candidates,
        trained.files,
        trained.model_path,
        trained.side.train_rows,
        trained.side.fit_seconds > 0,
        trained.side.peak_memory > 5 << 20,
    ) == (
        (CandidateResult(name="command", fit_seconds=trained.side.fit_seconds, elected=True),),
        ("train.py",),
        None,
        160,
        True,
        True,
    )


def test_train__report(parquet_run):
    """What a command tells of its model is kept: parameters as text, the model as a file."""
    trained = parquet_run.trained
    assert (trained.side.params, trained.model_path, trained.side.model_size, set(trained.predictions.values)) == (
        {"depth": "3", "name": "mean", "rates": "[0.1]"},
        parquet_run.training.root.resolve() / "model.bin",
        123,
        {trained.predictions.values[0]},
    )


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("print('why'); raise SystemExit(3)", "MLCI207", "The training command of `income` failed with exit code 3."),
        ("import os; os.kill(os.getpid(), 15)", "MLCI203", "The training of `income` was killed by SIGTERM."),
        ("", "MLCI204", "The training command of `income` ended well and wrote no predictions."),
        ("import time; time.sleep(60)", "MLCI202", "The training of `income` was ended after 0.5 s."),
        (
            CSV.replace("reversed(list(enumerate(rows)))", "list(enumerate(rows))[1:]"),
            "MLCI206",
            "`income` predicts 39 rows, and the holdout has 40.",
        ),
    ],
)
def test_train__fails(of_command, source, code, message):
    """Each way that a command can fail is a sentence."""
    timeout = 0.5 if "sleep" in source else 60
    error = of_command(source, files="csv", timeout=timeout).error
    assert (error.code, error.message) == (code, message)


def test_train__output_of_a_failure(of_command):
    """The end of a failing command's output is shown, without the path of the machine."""
    error = of_command("print('x' * 3000)\nprint('y' * 3000)\nimport os\nraise ValueError(os.getcwd() + '/a.py')").error
    start, *_, end = error.traceback.splitlines()
    assert (start, end, len(error.traceback) < 4100) == ("…", "ValueError: a.py", True)


def test_train__killed_in_a_shell(of_command):
    """An exit code that a shell made of a signal is explained."""
    error = of_command("", words="sh -c 'kill -9 $$; :'").error
    other = of_command("", words="sh -c 'sh -c \"kill -9 \\$\\$\"; exit $?'").error
    assert (error.code, other.code, "killed by SIGKILL, most likely because" in other.hint) == (
        "MLCI203",
        "MLCI207",
        True,
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("python 'train.py", "The training command of `income` cannot be split into words: No closing quotation."),
        (
            "no-such-program train.py",
            "The training command of `income` starts `no-such-program`, which is no program that can be found.",
        ),
        ("./train.py", "The training command of `income` starts `./train.py`, which is no program that can be found."),
    ],
)
def test_parse__fails(of_command, words, message):
    """A command that cannot be started is refused before anything runs."""
    error = of_command("", words=words).error
    assert (error.code, error.message) == ("MLCI207", message)


def test_parse__no_shell(of_command):
    """Pipes and variables are words like any other."""
    error = of_command("import sys; raise SystemExit(len(sys.argv))", words="python train.py $HOME | x && y").error
    assert error.message.endswith("exit code 6.")


def test_parse__program_of_the_repository(workshop):
    """An executable file of the repository is a program."""
    training = workshop.training("", command="./run 'a b'")
    (training.root / "run").write_text("#!/bin/sh\n")
    (training.root / "run").chmod(0o755)
    assert command.parse(training) == [str(training.root / "run"), "a b"]


@pytest.mark.parametrize("model", ["../outside", "/etc/hostname", "link", "", ".", "missing", "x\0y", "n" * 5000])
def test_model__stays_in_the_repository(workshop, model):
    """A model elsewhere, or behind a link that leads out, is not taken."""
    training = workshop.training("", command="true")
    (training.root.parent / "outside").write_text("x")
    (training.root / "link").symlink_to(training.root.parent / "outside")
    assert command._model(training, command.CommandReport(model=model)) is None


@given(st.text())
def test_parse__any_text(workshop_training, text):
    """Whatever a command says, it is a list of words or an error."""
    try:
        words = command.parse(workshop_training(text))
    except TrainingError as error:
        words = [error.code]
    assert words[0]


@pytest.fixture(scope="module")
def workshop_training(workshop):
    """A training with another command."""
    training = workshop.training("", command="true")

    def of(text):
        return dataclasses.replace(training, config=training.config.model_copy(update={"command": text}))

    return of


@pytest.mark.parametrize("report", ["[]", "{", '{"params": 3}', '{"model": 3}'])
def test_report__not_as_documented(of_command, report):
    """A report that cannot be read is left out with a note; the predictions count."""
    source = CSV + f"\nopen(job['report'], 'w').write({report!r})\n"
    trained = of_command(source, files="csv").trained
    assert [each.message for each in trained.findings] == [
        "`income`: the report of the command is not as documented, so it is left out."
    ]


@pytest.fixture(scope="module")
def documented():
    """The Python examples of the documentation, by the name in their first line."""
    text = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(# (\S+\.py).*?)```", text, re.DOTALL)
    return {name.rstrip(":"): source for source, name in blocks}


def test_documentation__command(of_command, documented):
    """The documentation's command trains and predicts as it stands there."""
    trained = of_command(documented["train.py"], files="csv").trained
    assert (
        trained.side.params,
        set(trained.predictions.labels.tolist()) <= {0, 1},
        len(set(trained.predictions.probability)),
    ) == (
        {"strategy": "most frequent"},
        True,
        1,
    )


def test_documentation__candidates(documented):
    """The documentation's candidates are estimators."""
    module: dict[str, object] = {}
    exec(documented["pipeline.py"], module)  # noqa: S102 - the documentation's own example
    assert [type(module[name]()).__name__ for name in ("boosted", "linear")] == ["Pipeline", "Pipeline"]
