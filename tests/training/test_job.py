from __future__ import annotations

import dataclasses
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest
from skops import io

from mlci.errors import Location
from mlci.results import CandidateResult
from mlci.training import exchange, job, predictions, protocol, worker

# --- trainings that work -----------------------------------------------------------------------------------------

ELECTION = """
import json, os, random, sys, warnings

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from parts import columns

with open("seen.json", "w") as file:
    json.dump({"environment": dict(os.environ), "path": sys.path, "cwd": os.getcwd()}, file)

class Noise(LogisticRegression):
    def fit(self, X, y):
        return super().fit(np.random.normal(size=X.shape), y)

def linear():
    print("cell-of-the-user")
    return make_pipeline(make_column_transformer((OneHotEncoder(), ["town"]), remainder="passthrough"),
                         LogisticRegression(max_iter=1))

def noise():
    warnings.warn("the value 'secret' of 'age' is 42")
    return make_pipeline(make_column_transformer((OneHotEncoder(), ["town"]), remainder="passthrough"), Noise())
"""

FOREST = """
from sklearn.ensemble import RandomForestClassifier

def forest():
    return RandomForestClassifier(n_estimators=5, max_depth=3)
"""

TIME = """
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

def rest(X):
    assert list(X.columns) == ["day", "x", "z"] and str(X["day"].dtype).startswith("datetime64")
    return X[["x", "z"]]

def line():
    return make_pipeline(FunctionTransformer(rest), LinearRegression())

def flat():
    return make_pipeline(FunctionTransformer(lambda X: rest(X) * 0), LinearRegression())
"""

GROUPS = """
from sklearn.svm import LinearSVC

class Seen(LinearSVC):
    def fit(self, X, y):
        assert list(X.columns) == ["x"], list(X.columns)
        assert str(y.dtype) == "bool"
        return super().fit(X, y)

def plain():
    return Seen(C=1.0)

def strong():
    return Seen(C=1.0, random_state=1)
"""


@pytest.fixture(scope="module")
def runs(workshop):
    """All trainings that work, two at a time: each costs a child that imports scikit-learn."""
    election = workshop.training(
        ELECTION, candidates={"noise": "pipeline:noise", "linear": "pipeline:linear"}, cv=3, seed=5
    )
    (election.root / "parts.py").write_text("columns = 1\n")
    forest = {"candidates": {"forest": "pipeline:forest"}, "seed": 11}
    trainings = {
        "election": election,
        "forest": workshop.training(FOREST, "multiclass", **forest),
        "csv": workshop.training(FOREST, "multiclass", files="csv", **forest),
    }
    with ThreadPoolExecutor(2) as pool:
        done = dict(zip(trainings, pool.map(workshop.run, trainings.values()), strict=True))
    assert {name: run.error for name, run in done.items() if run.error} == {}
    return done


@pytest.fixture
def election(runs):
    """Two candidates, the second of which is better."""
    return runs["election"]


def test_train__elects_by_cross_validation(election):
    """The better candidate on the training rows wins, although it was declared last."""
    noise, linear = election.trained.candidates
    assert (
        election.trained.winner,
        [(each.name, each.elected) for each in (noise, linear)],
        0.4 < noise.cv_mean < 0.7 < linear.cv_mean < 1,
    ) == ("linear", [("noise", False), ("linear", True)], True)


def test_train__tells_each_step(election):
    """Events name what is built, each fold, and what happens to the winner alone."""
    folds = [("fold", name, number, 3) for name in ("noise", "linear") for number in (1, 2, 3)]
    assert [(each.event, each.candidate, each.fold, each.of) for each in election.events] == [
        ("build", "noise", 0, 0),
        ("build", "linear", 0, 0),
        *folds,
        ("fit", "linear", 0, 0),
        ("predict", "linear", 0, 0),
        ("saved", "linear", 0, 0),
    ]


def test_train__environment_is_scrubbed(election):
    """No token, input or proxy of the parent reaches the child, nor its module path."""
    seen = json.loads((election.training.root / "seen.json").read_text())
    assert (
        [name for name, value in seen["environment"].items() if "canary" in value],
        {name: seen["environment"][name] for name in ("LC_TIME", "PYTHONHASHSEED", "OMP_NUM_THREADS")},
        seen["environment"]["HOME"],
        (seen["cwd"], seen["path"][0], any("training" in path for path in seen["path"][1:])),
    ) == (
        [],
        {"LC_TIME": "C", "PYTHONHASHSEED": "5", "OMP_NUM_THREADS": "1"},
        str(election.training.scratch / "home"),
        (str(election.training.root), str(election.training.root), False),
    )


def test_train__what_the_winner_is(election):
    """Class, features, parameters, packages and files of the winner are known."""
    side = election.trained.side
    assert (
        (side.winner, side.estimator, side.train_rows),
        [(each.name, each.dtype, each.nulls) for each in side.features],
        side.params["logisticregression__max_iter"],
        (side.packages["numpy"], "pytest" in side.packages, "python" in side.packages),
        election.trained.files,
    ) == (
        ("linear", "Pipeline", 160),
        [("age", "float64", 0), ("hours", "float64", 0), ("town", "str", 0)],
        "1",
        (np.__version__, False, True),
        ("parts.py", "pipeline.py"),
    )


def test_train__what_it_cost(election):
    """Seconds are those of the processor; memory is that of a process with scikit-learn in it, in bytes."""
    side = election.trained.side
    assert (
        0 < side.fit_seconds < 5,
        0 < side.predict_seconds < 5,
        80 << 20 < side.peak_memory < 1 << 30,
        side.model_size == election.trained.model_path.stat().st_size,
    ) == (True, True, True, True)


def test_train__warnings_without_values(election):
    """Warnings of the user's code and of libraries are findings, and hold no value of the data."""
    found = [each.message.partition(" warned: ")[2] for each in election.trained.findings]
    assert (found[0], found[1].startswith("ConvergenceWarning: lbfgs failed to converge"), len(found)) == (
        "UserWarning: the value '…' of 'age' is …",
        True,
        2,
    )


def test_train__log(election):
    """What the user's code prints is kept apart from the results."""
    assert election.trained.log == "cell-of-the-user\n"


def test_train__model_is_saved(runs):
    """The winner comes back as skops reads it, and predicts the same."""
    training, trained = runs["forest"].training, runs["forest"].trained
    model = io.load(trained.model_path, trusted=["sklearn.tree._tree.Tree"])
    holdout = worker.to_pandas(pl.read_parquet(training.holdout))
    np.testing.assert_array_equal(model.predict_proba(holdout), trained.predictions.probability)


def test_train__is_reproducible(runs):
    """An estimator without a random state gives the same predictions twice, from Parquet and from CSV."""
    first, second = (runs[name].trained.predictions.probability for name in ("forest", "csv"))
    np.testing.assert_array_equal(first, second)


def test_train__one_candidate_is_not_cross_validated(runs):
    """With nothing to elect there are no folds; the candidate's time is that of its fit."""
    run = runs["forest"]
    assert (run.trained.candidates, [each.event for each in run.events]) == (
        (CandidateResult(name="forest", fit_seconds=run.trained.side.fit_seconds, elected=True),),
        ["build", "fit", "predict", "saved"],
    )


def test_train__multiclass_probabilities(runs):
    """A multiclass winner gives the probabilities of all classes."""
    predictions = runs["forest"].trained.predictions
    assert (
        predictions.probability.shape,
        np.array_equal(predictions.probability.argmax(axis=1), predictions.labels),
    ) == (
        (40, 3),
        True,
    )


@pytest.fixture
def in_process(workshop, monkeypatch, tmp_path):
    """Runs a worker's job in this process: what a child does, without its start."""

    def run(source: str, table: str, module: str, names: tuple[str, ...]):
        candidates = {name: f"{module}:{name}" for name in names}
        training = workshop.training(source, table, candidates=candidates)
        (training.root / "pipeline.py").rename(training.root / f"{module}.py")
        monkeypatch.syspath_prepend(training.root)
        training.out.mkdir(parents=True)
        given = protocol.of_worker(training)
        exchange.empty(training)
        exchange.hand_over(training, "parquet")
        report = worker.Training(given).run()
        config = training.config
        read = predictions.read(
            training.out / report["predictions"],
            task=config.task,
            classes=training.classes,
            positive=training.positive,
            rows=training.holdout_rows,
        )
        return report, read

    return run


def test_worker__regression_over_time(in_process):
    """A regression with a time cut is elected on later rows, by the least error."""
    report, read = in_process(TIME, "regression", "over_time", ("flat", "line"))
    flat, line = report["candidates"]
    assert (report["winner"], line["cv_mean"] < flat["cv_mean"], read.values.shape) == ("line", True, (40,))


def test_worker__groups_and_dropped_columns(in_process):
    """Groups split the folds and are no feature; the first of equals wins; scores stand in for probabilities."""
    report, read = in_process(GROUPS, "groups", "in_groups", ("plain", "strong"))
    first, second = report["candidates"]
    assert (report["winner"], first["cv_mean"] == second["cv_mean"], read.probability) == ("plain", True, None)
    np.testing.assert_array_equal(read.score > 0, read.labels == 1)


# --- trainings that fail -----------------------------------------------------------------------------------------


@pytest.fixture
def failing(workshop, plain):
    """Runs an estimator that needs nothing but Python, with some of its source replaced; gives the error."""

    def run(old: str = "", new: str = "", **config):
        return workshop.error(plain.replace(old, new), **config)

    return run


def test_error__in_import(failing):
    """An exception at import is located in the repository."""
    error = failing("class Plain", "import missing\nclass Plain")
    start = "Candidate `plain` of `income` raised ModuleNotFoundError while its module was imported"
    assert (error.code, error.message, error.location) == (
        "MLCI201",
        f"{start}: No module named 'missing'.",
        Location("pipeline.py", 2),
    )


def test_error__in_syntax(failing):
    """A syntax error has its line."""
    error = failing("class Plain:", "class Plain")
    assert (error.code, error.location) == ("MLCI201", Location("pipeline.py", 2))


def test_error__in_build(failing):
    """An exception of the candidate's function is told as that."""
    error = failing("return Plain()", "return Plain(max_depth=3)")
    assert (error.code, error.message, error.location, error.traceback) == (
        "MLCI201",
        "Candidate `plain` of `income` raised TypeError when its function was called: Plain() takes no arguments.",
        Location("pipeline.py", 9),
        '  File "pipeline.py", line 9, in plain\n    return Plain(max_depth=3)\nTypeError: Plain() takes no arguments',
    )


def test_error__in_fit(failing):
    """An exception in fit shows the user's lines and the library's last one, and no cell."""
    error = failing("return self", "return X['town'].astype(float)")
    assert (error.code, error.message, error.location, error.traceback.splitlines()[:2]) == (
        "MLCI201",
        "Candidate `plain` of `income` raised ValueError in fit: could not convert string to float: '…'.",
        Location("pipeline.py", 4),
        ['  File "pipeline.py", line 4, in fit', "    return X['town'].astype(float)"],
    )
    assert re.search(r"\n  (pandas|numpy)/\S+:\d+ in \w+\nValueError: could not convert", error.traceback)


def test_error__in_predict(failing):
    """An exception in predict is told as that, for the side that it happened on."""
    error = failing('return ["no"] * len(X)', "return X['missing column']")
    assert (error.code, error.message) == (
        "MLCI201",
        "Candidate `plain` of `income` raised KeyError in predict: 'missing column'.",
    )
    assert error.stage == "predict"


def test_error__base_branch(workshop, plain):
    """What fails on the base branch says so."""
    training = workshop.training(plain.replace("return Plain()", "return 1 / 0"))
    error = workshop.run(dataclasses.replace(training, side="base")).error
    assert error.message.startswith("Candidate `plain` of `income` on the base branch raised ZeroDivisionError when")


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (
            "return {}",
            "Candidate `plain`: `pipeline:plain` returned an object of type dict, which has no method `fit`.",
        ),
        (
            "return Plain",
            "Candidate `plain`: `pipeline:plain` returned the class Plain itself, not an estimator.",
        ),
    ],
)
def test_error__no_estimator(failing, returned, message):
    """A function that returns no estimator is told what it returned."""
    error = failing("return Plain()", returned)
    assert (error.code, error.message) == ("MLCI205", message)


def test_error__no_estimator_on_the_base_branch(workshop, plain):
    """What is refused on the base branch says so, too."""
    training = workshop.training(plain.replace("return Plain()", "return 1"))
    error = workshop.run(dataclasses.replace(training, side="base")).error
    assert error.message.startswith("On the base branch: Candidate `plain`: `pipeline:plain` returned")


def test_error__no_function(failing):
    """An estimator where a function should be is told as that."""
    error = failing("def plain():\n    return Plain()", "plain = Plain()")
    assert (error.code, error.hint) == ("MLCI205", "Write a function that returns it: def plain(): return …")


@pytest.mark.parametrize(
    ("entry", "message", "hint"),
    [
        (
            "pipeline:plian",
            "Candidate `a` is `pipeline:plian`, and `pipeline` has no function `plian`.",
            "Did you mean 'plain'?",
        ),
        (
            "pipelin:plain",
            "Candidate `a` is `pipelin:plain`, and there is no module `pipelin` beside the configuration.",
            "Did you mean 'pipeline'?",
        ),
    ],
)
def test_error__not_found(failing, entry, message, hint):
    """A slip in a name is met with the name that it was meant to be."""
    error = failing(candidates={"a": entry})
    assert (error.code, error.message, error.hint) == ("MLCI208", message, hint)


def test_error__sys_exit(failing):
    """A candidate that exits does not pass for one that trained."""
    error = failing("return Plain()", "import sys; sys.exit()")
    message = "Candidate `plain` of `income` raised SystemExit when its function was called."
    assert (error.code, error.message) == ("MLCI201", message)


def test_error__os_exit(failing):
    """A process that ends itself leaves no result, whatever its exit code says; what it printed stays private."""
    error = failing("return Plain()", "print('last words'); import os; os._exit(0)")
    message = "The training of `income` ended with exit code 0 and left no result, in build of `plain`."
    assert (error.code, error.message, error.traceback) == ("MLCI204", message, "")


def test_error__killed(failing):
    """A process that is killed most likely had no memory left."""
    error = failing("return Plain()", "import os; os.kill(os.getpid(), 9)")
    message = "The training of `income` was killed by SIGKILL, in build of `plain`"
    assert (error.code, error.message) == ("MLCI203", f"{message}: most likely the machine ran out of memory.")


def test_error__crash(failing):
    """A crash of compiled code names the signal, and where in the user's code it happened."""
    error = failing("return Plain()", "import ctypes; ctypes.string_at(0)")
    message = "The training of `income` was killed by SIGSEGV, in build of `plain`."
    assert (error.code, error.message, 'File "pipeline.py", line 9 in plain' in error.traceback) == (
        "MLCI203",
        message,
        True,
    )


def test_error__timeout(failing):
    """A training that hangs is ended, and its last output shows the line where it hung."""
    error = failing("class Plain", "import time\ntime.sleep(60)\nclass Plain", timeout=3)
    assert (error.code, error.message, 'File "pipeline.py", line 3 in <module>' in error.traceback) == (
        "MLCI202",
        "The training of `income` was ended after 3 s, in build of `plain`.",
        True,
    )


def test_error__unusable_predictions(failing):
    """Predictions that cannot be scored are told by what is wrong with them."""
    error = failing('return ["no"] * len(X)', 'return ["no"] * 39')
    message = "`plain` gives 39 values (prediction) for 40 holdout rows."
    assert (error.code, error.message) == ("MLCI206", message)


def test_error__outside_of_the_users_code(workshop, plain):
    """Data that cannot be read are no fault of a candidate."""
    training = workshop.training(plain)
    training.train.write_text("no table")
    error = workshop.run(training).error
    assert (
        error.code,
        error.message.startswith("The training of `income` failed outside of the candidates' code"),
    ) == (
        "MLCI200",
        True,
    )


def test_error__holdout_of_another_schema(workshop, plain):
    """A model that needs a column which the holdout lacks says so itself, and the stage says that the fit went well."""
    training = workshop.training(plain.replace("return [", "X['age']\n        return ["))
    pl.read_parquet(training.holdout).drop("age").write_parquet(training.holdout)
    error = workshop.run(training).error
    assert (error.code, error.stage) == ("MLCI201", "predict")


def test_train__holdout_without_a_column_that_nobody_needs(workshop, plain):
    """A column that the model does not look at may be gone from the rows that judge."""
    training = workshop.training(plain)
    pl.read_parquet(training.holdout).drop("age").write_parquet(training.holdout)
    assert workshop.run(training).error is None


def test_error__forged_report(failing):
    """A report that the user's code left in the worker's place is not trusted."""
    forged = "open('../scratch/out/report.json', 'w').write('{}'); import os; os._exit(0)"
    assert failing("return Plain()", forged).code == "MLCI204"


# --- the rest ----------------------------------------------------------------------------------------------------


def test_train__stop(workshop, plain):
    """Setting `stop`, from another thread, ends the child."""
    training = workshop.training(plain.replace("return Plain()", "import time; time.sleep(120)"))
    stop = threading.Event()
    with pytest.raises(job.StoppedError):
        job.train(training, on_event=lambda event: stop.set(), stop=stop)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("binary", {"kind": "stratified", "folds": 5, "column": None}),
        ("regression", {"kind": "time", "folds": 5, "column": "day"}),
        ("groups", {"kind": "group", "folds": 5, "column": "patient"}),
    ],
)
def test_cross_validation__follows_the_split(workshop, plain, table, expected):
    """Folds are drawn as the holdout is."""
    assert protocol.cross_validation(workshop.training(plain, table).config) == expected


def test_worker_job__environment_without_parquet(workshop, plain):
    """Where the environment cannot read Parquet, its tables are CSV."""
    training = workshop.training(plain)
    poor = dataclasses.replace(training, environment=dataclasses.replace(training.environment, has_parquet=False))
    poor.out.mkdir(parents=True)
    exchange.empty(poor)
    files = [protocol.of_worker(poor)[name] for name in ("train", "holdout")]
    exchange.hand_over(poor, "csv")
    assert [(each["format"], pl.read_csv(each["path"]).height) for each in files] == [("csv", 160), ("csv", 40)]


def test_cross_validation__regression(workshop, plain):
    """Values are not stratified."""
    config = workshop.training(plain, "regression", split={}).config
    assert protocol.cross_validation(config)["kind"] == "kfold"


def test_worker_job__holds_no_secret_of_mlci(workshop, plain):
    """The job says what is to be done, in plain JSON."""
    training = workshop.training(plain, "groups")
    assert json.loads(json.dumps(protocol.of_worker(training)))["primary"] == {
        "name": "average_precision",
        "function": "average_precision_score",
        "arguments": {},
        "needs": "score",
        "greater_is_better": True,
    }
