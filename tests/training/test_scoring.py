"""Metrics of the user's own, computed in real child processes."""

from __future__ import annotations

import itertools
import os
import pwd
import textwrap
import threading
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from mlci.config.models import Scorer
from mlci.errors import Location, TrainingError
from mlci.training import environment, scoring, users
from mlci.training.job import StoppedError
from mlci.training.predictions import Predictions

N = 120
RNG = np.random.default_rng(5)
TARGET = RNG.integers(0, 2, N)
SCORES = {side: np.clip(0.4 * TARGET + 0.6 * RNG.random(N), 0, 1) for side in ("candidate", "baseline")}
AMOUNT = RNG.integers(1, 100, N).astype(float)
PARTS = (("low", AMOUNT < 50), ("high", AMOUNT >= 50), ("none", np.zeros(N, dtype=bool)), ("few", np.arange(N) < 5))

FUNCTIONS = """
import numpy as np

def accuracy(y_true, y_pred):
    return np.mean(y_true == y_pred)
"""


def said(score, classes=("no", "yes")):
    """A binary model's predictions, from its scores."""
    return Predictions(classes=classes, labels=(score > 0.5).astype(int), probability=score)


@pytest.fixture
def job(tmp_path):
    """Makes a scoring of functions, given as source; more facts replace those of a binary model."""
    numbers = itertools.count()

    def make(source=FUNCTIONS, scorers=None, **facts):
        place = tmp_path / str(next(numbers))
        root = place / "repository"
        root.mkdir(parents=True)
        (root / "own_metrics.py").write_text(textwrap.dedent(source))
        features = place / "holdout.parquet"
        pl.DataFrame({"amount": AMOUNT, "town": ["north", "south"] * (N // 2)}).write_parquet(features)
        named = scorers or {"accuracy": {}}
        given = {
            "model": "income",
            "root": root,
            "scorers": {
                name: Scorer.model_validate({"function": f"own_metrics:{name}", "resamples": 99, **more})
                for name, more in named.items()
            },
            "target": TARGET,
            "target_column": "label",
            "candidate": said(SCORES["candidate"]),
            "baseline": said(SCORES["baseline"]),
            "features": features,
            "classes": ("no", "yes"),
            "task": "binary",
            "schema": {"amount": "Float64", "town": "String", "label": "String"},
            "environment": environment.own(),
            "scratch": place / "scratch",
            "timeout": 60,
        }
        given["scratch"].mkdir()
        return scoring.Scoring(**{**given, **facts})

    return make


@pytest.fixture
def error(job):
    """The error of a scoring that fails."""

    def run(*given, **facts):
        with pytest.raises(TrainingError) as caught:
            scoring.score(job(*given, **facts))
        return caught.value

    return run


def told(scored):
    """A scored part as a value that can be compared."""
    return scored.candidate, scored.baseline, None if scored.gains is None else scored.gains.tolist(), scored.note


# --- values and gains --------------------------------------------------------------------------------------------


def test_score__values_of_the_whole_and_of_each_part(job):
    """A scorer has both sides' values on the whole and on every part; parts with few rows or none have no gains."""
    found = scoring.score(job(parts=PARTS))["accuracy"]
    masks = [np.ones(N, dtype=bool), *(mask for _, mask in PARTS)]
    right = [(SCORES[side] > 0.5) == TARGET for side in ("candidate", "baseline")]
    expected = [
        tuple(float(each[mask].mean()) for each in right) if mask.any() else (None, None) for mask in masks
    ]  # fmt: skip
    assert [(each.candidate, each.baseline) for each in found] == expected
    assert [None if each.gains is None else len(each.gains) for each in found] == [99, 99, 99, None, None]
    assert [each.note for each in found[3:]] == ["no rows", "too few rows to tell"]


def test_score__resamples_rows(job):
    """The gains spread as those of the bootstrap do, around the gain, and can be written to by nobody."""
    found = scoring.score(job(scorers={"accuracy": {"resamples": 999}}, threads=2))["accuracy"][0]
    right = [((SCORES[side] > 0.5) == TARGET).astype(float) for side in ("candidate", "baseline")]
    difference = right[0] - right[1]
    assert found.gains.mean() == pytest.approx(difference.mean(), abs=0.01)
    assert found.gains.std() == pytest.approx(difference.std() / np.sqrt(N), rel=0.1)
    assert not found.gains.flags.writeable


def test_score__direction(job):
    """Where less is better, gains have the other sign; the values do not."""
    source = "def loss(y_true, y_pred):\n    return (y_true != y_pred).mean()\n"
    up, down = (scoring.score(job(source, {"loss": {"greater_is_better": each}}))["loss"][0] for each in (True, False))
    assert (down.gains.tolist(), down.candidate) == ((-up.gains).tolist(), up.candidate)


def test_score__processes_change_nothing(job):
    """One process and three give the same gains, whatever random numbers the function draws."""
    source = """
        import random
        import numpy as np

        def noisy(y_true, y_pred):
            return (y_true == y_pred).mean() + random.random() + np.random.rand()
    """
    one, three = (scoring.score(job(source, {"noisy": {}}, parts=PARTS, threads=each, seed=3)) for each in (1, 3))
    assert [told(each) for each in one["noisy"]] == [told(each) for each in three["noisy"]]


def test_score__seed(job):
    """Another seed draws other rows."""
    one, other = (scoring.score(job(seed=each))["accuracy"][0].gains.tolist() for each in (1, 2))
    assert one != other


def test_score__clusters_are_drawn_whole(job):
    """Of a cluster, all rows are drawn or none."""
    source = """
        import numpy as np

        def whole(y_true, y_pred, X):
            counts = X["amount"].value_counts()
            return float((counts % 6 == 0).all())
    """
    features = np.repeat(np.arange(20.0), 6)
    order = np.random.default_rng(1).permutation(N)
    given = job(source, {"whole": {}}, groups=np.repeat(np.arange(20), 6)[order] * 7)
    pl.DataFrame({"amount": features[order]}).write_parquet(given.features)
    found = scoring.score(given)["whole"][0]
    assert (found.candidate, set(found.gains.tolist())) == (1.0, {0.0})


def test_score__without_baseline(job):
    """Without a baseline there are values, and nothing to resample."""
    found = scoring.score(job(baseline=None))["accuracy"][0]
    assert (found.candidate is not None, found.baseline, found.gains, found.note) == (True, None, None, "")


# --- what functions are given ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "classes", "labels"),
    [
        ("String", ("<=50K", ">50K"), ["<=50K", ">50K"]),
        ("Int64", ("0", "1"), [0, 1]),
        ("Float64", ("0", "1.5"), [0.0, 1.5]),
        ("Boolean", ("False", "True"), [False, True]),
        ("Categorical", ("a", "b"), ["a", "b"]),
        ("Int64", ("0", "unknown"), ["0", "unknown"]),
    ],
)
def test_score__labels_as_in_the_data(job, dtype, classes, labels):
    """What is true and what is predicted are labels of the data's own type; probabilities are of the positive one."""
    source = f"""
        import numpy as np

        LABELS = {labels!r}

        def same(y_true, y_pred):
            assert isinstance(y_true, np.ndarray) and isinstance(y_pred, np.ndarray)
            for each in (y_true, y_pred):
                assert set(each.tolist()) <= set(LABELS), each
                assert type(each.tolist()[0]) is type(LABELS[0]), each
            return (y_true == LABELS[1]).mean()

        def brier(y_true, y_pred):
            assert y_pred.ndim == 1
            return ((y_pred - (y_true == LABELS[1])) ** 2).mean()
    """
    scorers = {"same": {}, "brier": {"response_method": "predict_proba"}}
    sides = {side: said(score, classes) for side, score in SCORES.items()}
    schema = {"label": dtype, "amount": "Float64"}
    found = scoring.score(job(source, scorers, classes=classes, schema=schema, **sides))
    assert found["same"][0].candidate == pytest.approx(TARGET.mean())
    assert found["brier"][0].candidate == pytest.approx(np.mean((SCORES["candidate"] - TARGET) ** 2))


def test_score__probabilities_of_several_classes(job):
    """Columns stand in the order of the sorted labels, numbers as numbers are, as scikit-learn's classes do."""
    source = """
        from sklearn.metrics import log_loss

        def loss(y_true, y_pred):
            return log_loss(y_true, y_pred, labels=[2, 9, 10])
    """
    from sklearn.metrics import log_loss

    classes = ("10", "2", "9")
    target = np.arange(N) % 3
    chance = np.random.default_rng(0).dirichlet(np.ones(3), N)
    sides = Predictions(classes=classes, labels=chance.argmax(1), probability=chance)
    found = scoring.score(
        job(
            source, {"loss": {"response_method": "predict_proba"}}, classes=classes, task="multiclass",
            schema={"label": "Int64"}, target=target, candidate=sides, baseline=None,
        )
    )  # fmt: skip
    expected = log_loss(np.array([10, 2, 9])[target], chance[:, [1, 2, 0]], labels=[2, 9, 10])
    assert found["loss"][0].candidate == pytest.approx(expected)


def test_score__values_of_a_regression(job):
    """A regression's function is given values; scikit-learn's own functions can be named as they are."""
    target = AMOUNT
    sides = {side: Predictions(values=target + score) for side, score in SCORES.items()}
    given = job(task="regression", classes=(), target=target, **sides)
    median = Scorer(function="sklearn.metrics:median_absolute_error", greater_is_better=False, resamples=99)
    found = scoring.score(replace(given, scorers={"median": median}))["median"][0]
    assert (found.candidate, len(found.gains)) == (pytest.approx(np.median(SCORES["candidate"])), 99)


def test_score__scores_to_rank_by(job):
    """A decision function is the score, or the probability where there is no score."""
    source = """
        from sklearn.metrics import roc_auc_score

        def area(y_true, y_pred):
            return roc_auc_score(y_true == "yes", y_pred)
    """
    sides = {"candidate": replace(said(SCORES["candidate"]), score=SCORES["baseline"])}
    found = scoring.score(job(source, {"area": {"response_method": "decision_function"}}, **sides))["area"][0]
    assert (found.candidate, set(found.gains.tolist())) == (found.baseline, {0.0})


PROFIT = """
import numpy as np

def profit(y_true, y_pred, X):
    assert list(X.index) == list(range(len(y_true)))
    gained = np.where(y_true == "yes", X["amount"], -5.0)
    X["amount"] = 0.0
    return float(gained[y_pred == "yes"].sum() / len(y_true))
"""


@pytest.mark.parametrize("has_parquet", [True, False])
def test_score__features(job, has_parquet):
    """A function with a parameter `X` is given the features of its rows, in the rows' order; no call sees another's."""
    given = job(PROFIT, {"profit": {}}, parts=PARTS[:1])
    found = scoring.score(replace(given, environment=replace(given.environment, has_parquet=has_parquet)))["profit"]
    gained = np.where(TARGET == 1, AMOUNT, -5.0)
    bought = [SCORES[side] > 0.5 for side in ("candidate", "baseline")]
    expected = [
        [float(gained[each & mask].sum() / mask.sum()) for each in bought] for mask in (np.ones(N, bool), PARTS[0][1])
    ]
    assert [[each.candidate, each.baseline] for each in found] == [pytest.approx(each) for each in expected]
    assert found[0].gains.mean() == pytest.approx(expected[0][0] - expected[0][1], abs=3 * found[0].gains.std())


def test_score__weights(job):
    """Weights go to functions that take them; rows without weight are there for none."""
    source = """
        import numpy as np

        def weighted(y_true, y_pred, *, sample_weight=None):
            assert sample_weight is not None and (sample_weight > 0).all()
            return np.average(y_true == y_pred, weights=sample_weight)

        def rows(y_true, y_pred):
            return len(y_true)
    """
    weight = np.arange(N) % 4
    found = scoring.score(job(source, {"weighted": {}, "rows": {}}, sample_weight=weight, baseline=None))
    right = (SCORES["candidate"] > 0.5) == TARGET
    assert found["weighted"][0].candidate == pytest.approx(np.average(right, weights=weight))
    assert found["rows"][0].candidate == 90


def test_score__weights_that_are_not_there(job):
    """A function that cannot do without weights is given None where the rows have none."""
    source = "def plain(y_true, y_pred, sample_weight):\n    return float(sample_weight is None)\n"
    assert scoring.score(job(source, {"plain": {}}))["plain"][0].candidate == 1.0


def test_score__what_a_side_does_not_give(job):
    """A side without probabilities is told, and nothing else is kept from being computed."""
    labels_alone = Predictions(classes=("no", "yes"), labels=TARGET)
    scorers = {"accuracy": {"response_method": "predict_proba"}}
    both = scoring.score(job(scorers=scorers, candidate=labels_alone, parts=PARTS[:1]))["accuracy"]
    one = scoring.score(
        job("def mean(y_true, y_pred):\n    return y_pred.mean()", {"mean": {"response_method": "predict_proba"}},
            baseline=labels_alone)
    )["mean"][0]  # fmt: skip
    assert [told(each) for each in both] == [(None, None, None, "the candidate gives no probability")] * 2
    assert (one.candidate, one.baseline, one.gains, one.note) == (
        pytest.approx(SCORES["candidate"].mean()), None, None, "the baseline gives no probability"
    )  # fmt: skip


def test_score__environment(job):
    """Functions run in the repository, scrubbed of what the parent knows, and find the modules beside them."""
    source = """
        import os, sys
        import helper

        def checked(y_true, y_pred):
            assert os.getcwd() == os.path.realpath(os.path.dirname(__file__)), os.getcwd()
            assert "MLCI_CANARY" not in os.environ
            assert "mlci" not in sys.modules
            return helper.ONE
    """
    given = job(source, {"checked": {}})
    (given.root / "helper.py").write_text("ONE = 1\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLCI_CANARY", "secret")
        found = scoring.score(given)["checked"][0]
    assert (found.candidate, type(found.candidate)) == (1.0, float)


def test_score__answers_are_gone_afterwards(job):
    """Once it is done, the holdout's answers lie nowhere that other code could find them."""
    given = job()
    scoring.score(given)
    assert [each.name for each in given.scratch.rglob("*.npy")] == []


def test_score__events(job):
    """Each function is told when its turn comes."""
    events = []
    scoring.score(job(), on_event=events.append)
    assert {str(each) for each in events} == {"score of `accuracy`"}


# --- what fails --------------------------------------------------------------------------------------------------


def test_score__function_that_raises(error):
    """An exception on the whole is told with the place in the user's file, and without values of the data."""
    found = error("def accuracy(y_true, y_pred):\n    raise ValueError(f'{len(y_true)} rows of {y_true[0]!r}')\n")
    assert (found.code, found.location, found.message) == (
        "MLCI212",
        Location("own_metrics.py", 2),
        f"The scorer `accuracy` of `income` raised ValueError: … rows of '{('no', 'yes')[TARGET[0]]}'.",
    )
    assert 'File "own_metrics.py", line 2, in accuracy' in found.traceback


def test_score__wrong_parameters(error):
    """A function that cannot be called with two arguments is the user's to mend, and no frame of mlci's is shown."""
    found = error("def accuracy(estimator, X, y):\n    return 1\n")
    assert (found.code, "raised TypeError" in found.message, "scorer.py" in found.traceback) == ("MLCI212", True, False)


@pytest.mark.parametrize(
    ("entry", "message", "hint"),
    [
        (
            "own_metric:accuracy",
            "The scorer `mine` is `own_metric:accuracy`, and there is no module `own_metric`.",
            "Write module:function of a file beside mlci.yml.",
        ),
        (
            "own_metrics:acuracy",
            "The scorer `mine` is `own_metrics:acuracy`, and `own_metrics` has no function `acuracy`.",
            "Did you mean `accuracy`?",
        ),
        (
            "own_metrics:LIMIT",
            "The scorer `mine` is `own_metrics:LIMIT`, and `own_metrics` holds no function under the name `LIMIT`.",
            "Known: accuracy.",
        ),
    ],
)
def test_score__function_that_is_not_there(error, entry, message, hint):
    """A module or function that is not there is named, with the one that was perhaps meant."""
    found = error(FUNCTIONS + "\nLIMIT = 3\n", {"mine": {"function": entry}})
    assert (found.code, found.message) == ("MLCI212", message)
    assert found.hint.replace("'", "`") == hint


def test_score__made_scorer(error):
    """What make_scorer returns is no function of (y_true, y_pred)."""
    source = "from sklearn.metrics import accuracy_score, make_scorer\naccuracy = make_scorer(accuracy_score)\n"
    found = error(source)
    assert (found.code, found.message) == (
        "MLCI213", "The scorer `accuracy` is what `make_scorer` returned, not a function."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("float('nan')", "NaN"),
        ("np.float32('inf')", "an infinite number"),
        ("10 ** 400", "an infinite number"),
        ("None", "None"),
        ("'0.5'", "an object of type str"),
        ("np.ones(3)", "an object of shape (3,)"),
    ],
)
def test_score__no_number(error, value, what):
    """Anything but one finite number is told for what it is."""
    found = error(f"import numpy as np\ndef accuracy(y_true, y_pred):\n    return {value}\n")
    assert (found.code, found.message) == (
        "MLCI213", f"The scorer `accuracy` gives {what} for the candidate on the whole holdout."
    )  # fmt: skip


@pytest.mark.parametrize("value", [3, True, "np.int8(3)", "np.float32(0.5)", "np.array(2.0)", "np.bool_(True)"])
def test_score__numbers_of_any_kind(job, value):
    """NumPy's numbers, arrays without a dimension and truth values are numbers."""
    source = f"import numpy as np\ndef accuracy(y_true, y_pred):\n    return {value}\n"
    assert scoring.score(job(source))["accuracy"][0].gains.tolist() == [0.0] * 99


def test_score__part_that_fails(job):
    """Where a function fails on a slice alone, that slice has no value and says why; the whole has one."""
    source = """
        def accuracy(y_true, y_pred, X):
            if X["amount"].max() < 50:
                raise ValueError(f"nothing costs {X['amount'].max() + 7}")
            return float("nan") if X["amount"].min() >= 50 else 1.0
    """
    found = scoring.score(job(source, parts=PARTS[:2]))["accuracy"]
    assert [told(each)[::3] for each in found] == [
        (1.0, ""),
        (None, "the function raised ValueError for the candidate: nothing costs …"),
        (None, "the function gives NaN for the candidate"),
    ]


def test_score__baseline_that_fails(job):
    """A function that fails on the baseline alone leaves the candidate's value, and nothing to compare."""
    source = """
        calls = []

        def accuracy(y_true, y_pred):
            calls.append(1)
            if len(calls) == 2:
                raise RuntimeError
            return 0.5
    """
    assert told(scoring.score(job(source))["accuracy"][0]) == (
        0.5, None, None, "the function raised RuntimeError for the baseline"
    )  # fmt: skip


@pytest.mark.parametrize(("share", "kept"), [(0.03, True), (0.4, False)])
def test_score__resamples_that_fail(job, share, kept):
    """Resamples on which the function fails are missing; where many are, there is no interval."""
    source = f"""
        import numpy as np

        def accuracy(y_true, y_pred):
            if len(np.unique(np.random.rand(1) < {share})) and np.random.rand() < {share}:
                raise ValueError
            return 0.5 if np.random.rand() > 0 else 1.0
    """
    found = scoring.score(job(source, {"accuracy": {"resamples": 400}}, seed=4))["accuracy"][0]
    if kept:
        assert (350 < len(found.gains) < 400, found.note) == (True, "")
    else:
        assert found.gains is None
        assert found.note.startswith("no interval: the function fails on ")
        assert found.note.endswith("of 400 resamples (ValueError)")


@pytest.mark.parametrize("threads", [1, 2])
def test_score__too_slow(error, monkeypatch, threads):
    """Too few resamples in the time that there is are told, with what would mend it."""
    monkeypatch.setattr(scoring, "SHARE", 0.0)
    found = error(threads=threads)
    assert (found.code, found.message, found.hint) == (
        "MLCI213",
        "The scorer `accuracy` is too slow: 0 of 99 resamples in 0 s, and 99 are the least.",
        "Compute with arrays instead of row by row, or raise the model's `timeout`.",
    )


def test_score__hangs(error):
    """A function that never ends is ended, and named."""
    found = error("import time\ndef accuracy(y_true, y_pred):\n    time.sleep(600)\n", timeout=6.0)
    assert (found.code, found.message) == (
        "MLCI213", "The scorer `accuracy` of `income` was ended after 6 s without a result."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("os.kill(os.getpid(), 9)", "MLCI212",
         "The scorer `accuracy` of `income` was killed by SIGKILL: most likely the machine ran out of memory."),
        ("os._exit(3)", "MLCI212", "The scorer `accuracy` of `income` ended with exit code 3 and left no result."),
    ],
)  # fmt: skip
def test_score__process_that_ends(error, source, code, message):
    """A process that ends without a report is told by how it ended."""
    found = error(f"import os\ndef accuracy(y_true, y_pred):\n    {source}\n")
    assert (found.code, found.message) == (code, message)


def test_score__stopped(job):
    """Set from outside, `stop` ends the child."""
    stop = threading.Event()
    given = job("import time\ndef accuracy(y_true, y_pred):\n    time.sleep(600)\n")
    with pytest.raises(StoppedError):
        scoring.score(given, on_event=lambda _: stop.set(), stop=stop)
    assert not (given.out / "report.json").exists()


# --- as another user ---------------------------------------------------------------------------------------------

as_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can run a child as somebody else"
)


@pytest.fixture
def nobody():
    """The user of every system that owns nothing."""
    entry = pwd.getpwnam("nobody")
    return users.User(entry.pw_name, entry.pw_uid, entry.pw_gid)


def test_score__polars_frames(job):
    """Functions are given Polars frames where candidates are: a copy of each draw's rows, which they may change."""
    source = """
        import polars as pl

        def amount(y_true, y_pred, X):
            assert isinstance(X, pl.DataFrame) and X.columns == ["amount", "town"]
            total = float(X["amount"].sum())
            X.drop_in_place("amount")
            return total
    """
    found = scoring.score(job(source, {"amount": {}}, dataframe="polars"))["amount"][0]
    assert (found.candidate, found.gains.tolist()) == (pytest.approx(AMOUNT.sum()), [0.0] * 99)


@as_root
def test_score__closed_folder(error, nobody):
    """What another user may not read is told before that user's code runs."""
    found = error(environment=replace(environment.own(), user=nobody))
    assert (found.code, "who may not read" in found.message) == ("MLCI212", True)
