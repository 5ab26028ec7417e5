"""Metrics of the user's own: answers and both sides' predictions go to a child, values and gains come back.

The parent never imports what the user wrote. A child process (`scorer.py`) runs it in the model's environment, after
the trainings, and is given the holdout's answers then: no training sees them. What comes back is a stranger's data.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mlci.errors import TrainingError
from mlci.training import sandbox, scores, users
from mlci.training.events import Follower
from mlci.training.job import watcher
from mlci.training.scores import FAILED, Scored
from mlci.training.wall import OPEN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mlci.config.models import Scorer
    from mlci.results import Task
    from mlci.training.environment import Environment
    from mlci.training.events import Event
    from mlci.training.job import Stop
    from mlci.training.predictions import Predictions
    from mlci.training.sandbox import Outcome
    from mlci.training.wall import Wall

    Array = NDArray[Any]

VERSION = 1
SHARE = 0.8  # of the time limit, for resamples; the rest is for starting and for what one call takes longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """What a model's scorers are computed from.

    Attributes:
        model: Its name in `mlci.yml`.
        root: The repository's folder, where the functions are imported and run.
        scorers: By their names.
        target: Shape (n,), class codes or values of the holdout's rows.
        target_column: The target's name, whose type in `schema` is that of the labels.
        candidate: The candidate's predictions.
        baseline: The baseline's, of the same rows; None: there is none.
        parts: Slices, each with its name and its mask, shape (n,); the whole is computed without being named.
        groups: Shape (n,), codes of the clusters, where rows belong together.
        sample_weight: Shape (n,), ≥ 0, where rows weigh differently; rows without weight are left out.
        features: A Parquet file with the holdout's n rows, for functions with a parameter `X`.
        classes: Canonical labels in order; for a binary task the negative one, then the positive one.
        task: Of the model.
        schema: The types of the dataset's columns, in Polars' words (`str(dtype)`).
        dataframe: What functions are given the features as.
        environment: The interpreter to compute in.
        scratch: A folder of this scoring's own, which is made where it is not there.
        threads: Processes that resample.
        seed: Seeds the resamples, and Python's and NumPy's generators before each call.
        timeout: Seconds that it may take.
        wall: What it may read, write, reach and use, beside its own files.
    """

    model: str
    root: Path
    scorers: Mapping[str, Scorer]
    target: Array
    target_column: str
    candidate: Predictions
    baseline: Predictions | None
    parts: Sequence[tuple[str, NDArray[np.bool_]]] = ()
    groups: Array | None = None
    sample_weight: Array | None = None
    features: Path
    classes: tuple[str, ...] = ()
    task: Task
    schema: Mapping[str, str] = field(default_factory=dict)
    dataframe: Literal["pandas", "polars"] = "pandas"
    environment: Environment
    scratch: Path
    threads: int = 1
    seed: int = 0
    timeout: float
    wall: Wall = OPEN

    @property
    def out(self) -> Path:
        """Where the child writes."""
        return self.scratch / "out"


def score(
    scoring: Scoring, *, on_event: Callable[[Event], None] | None = None, stop: Stop | None = None
) -> dict[str, tuple[Scored, ...]]:
    """Compute the scorers of a model.

    Args:
        scoring: What from.
        on_event: Told each step, while the child works, in the thread that called.
        stop: Set it, from any thread, to end the child.

    Returns:
        For each scorer, what it says of the whole holdout and then of each part.

    Raises:
        TrainingError: a function failed on the whole holdout (MLCI212), gives no finite number there or is too slow
            for an interval (MLCI213).
        mlci.training.job.StoppedError: `stop` was set.
    """
    lacking = {name: _lacking(scoring, each) for name, each in scoring.scorers.items()}
    asked = {name: each for name, each in scoring.scorers.items() if not lacking[name][0]}
    found = _computed(scoring, asked, on_event, stop) if asked else {}
    parts = len(scoring.parts) + 1
    return {
        name: tuple(_noted(each, lacking[name][1]) for each in found[name])
        if name in found
        else (Scored(note=lacking[name][0]),) * parts
        for name in scoring.scorers
    }


def _noted(scored: Scored, note: str) -> Scored:
    if not note or scored.note:
        return scored
    return Scored(candidate=scored.candidate, baseline=scored.baseline, gains=scored.gains, note=note)


def _lacking(scoring: Scoring, scorer: Scorer) -> tuple[str, str]:
    """What keeps a scorer from being computed at all, and what keeps it from comparing; empty where nothing does."""
    what = {"predict": "prediction", "predict_proba": "probability", "decision_function": "score"}[
        scorer.response_method
    ]
    candidate = _said(scoring, scoring.candidate, scorer.response_method)
    if candidate is None:
        return f"the candidate gives no {what}", ""
    given = scoring.baseline is None or _said(scoring, scoring.baseline, scorer.response_method) is not None
    return "", "" if given else f"the baseline gives no {what}"


def _computed(
    scoring: Scoring, asked: Mapping[str, Scorer], on_event: Callable[[Event], None] | None, stop: Stop | None
) -> dict[str, tuple[Scored, ...]]:
    if scoring.out.exists():
        shutil.rmtree(scoring.out)
    scoring.out.mkdir(parents=True)
    program, chosen = Path(__file__).with_name("scorer.py"), scoring.environment
    reads = (scoring.root, scoring.scratch, chosen.python, program, *scoring.wall.read)
    user = users.settled(chosen.user, reads, scoring.wall.write)
    scoring = replace(scoring, environment=replace(chosen, user=user))
    users.give(scoring.out, user)
    _require_open(scoring, scoring.root, scoring.scratch, scoring.environment.python, program)
    follower = Follower(scoring.out / "events.jsonl", on_event)
    try:
        outcome = _run(scoring, program, _job(scoring, asked), watcher(follower, stop))
    finally:
        shutil.rmtree(_arrays_of(scoring), ignore_errors=True)  # no later training is to find the answers
    follower.poll()
    if not os.path.lexists(scoring.out / "report.json"):
        raise scores.ended(scoring, outcome, follower.last)
    return scores.read(scoring, asked)


def _run(scoring: Scoring, program: Path, job: Mapping[str, Any], tick: Callable[[], None]) -> Outcome:
    path = scoring.scratch / "job.json"
    path.write_text(json.dumps(job, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    python, user = scoring.environment.python, scoring.environment.user
    return sandbox.run(
        [str(python), "-s", str(program), str(path)],
        cwd=scoring.root,
        env=sandbox.environment(  # one thread each: processes resample beside each other
            python=python, scratch=scoring.scratch, seed=scoring.seed, threads=1, user=user
        ),
        timeout=scoring.timeout,
        tick=tick,
        user=user,
        wall=scoring.wall.widened(
            read=(
                scoring.root,
                *scoring.environment.roots,
                *scoring.environment.paths,
                program,
                program.with_name("worker.py"),
                path,
                _arrays_of(scoring),
                scoring.features,
                _copy_of(scoring),
            ),
            write=(scoring.out, *sandbox.folders(scoring.scratch)),
        ),
    )


def _require_open(scoring: Scoring, *needed: Path) -> None:
    """See that another user, where one runs the code, may read what it needs."""
    user = scoring.environment.user
    closed = next((each for each in (users.barred(path, user) for path in needed) if each), None)
    if user is not None and closed is not None:
        raise TrainingError(
            f"The scorers of `{scoring.model}` cannot be computed: their code runs as the user `{user.name}`, who may "
            f"not read {closed}.",
            hint=f"Open it to others (`chmod o+rx`) in an earlier step, or set {users.VARIABLE} to nothing.",
            code=FAILED,
        )


# --- what goes out -----------------------------------------------------------------------------------------------


def _arrays_of(scoring: Scoring) -> Path:
    return scoring.scratch / "arrays"


def _copy_of(scoring: Scoring) -> Path:
    return scoring.scratch / "features.csv"


def _job(scoring: Scoring, asked: Mapping[str, Scorer]) -> dict[str, Any]:
    """The job that `scorer.py` reads, with its arrays and tables written."""
    import numpy as np

    folder = _arrays_of(scoring)
    folder.mkdir(exist_ok=True)
    arrays = _arrays(scoring, asked)
    users.give(folder, scoring.environment.user)  # nobody else may look into it
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    return {
        "version": VERSION,
        "model": scoring.model,
        "root": str(scoring.root),
        "out": str(scoring.out),
        "arrays": {name: str(folder / f"{name}.npy") for name in arrays},
        "features": _features(scoring),
        "schema": dict(scoring.schema),
        "dataframe": scoring.dataframe,
        "paths": [str(each) for each in scoring.environment.paths],
        "labels": _labels(scoring) if scoring.classes else None,
        "scorers": [
            {"name": name, "entry": each.function, "method": each.response_method, "resamples": each.resamples}
            for name, each in asked.items()
        ],
        "seed": scoring.seed,
        "processes": scoring.threads,
        "seconds": SHARE * scoring.timeout,
        "end": time.monotonic() + SHARE * scoring.timeout,  # a clock that all processes share
    }


def _arrays(scoring: Scoring, asked: Mapping[str, Scorer]) -> dict[str, Array]:
    import numpy as np

    masks = [np.ones(len(scoring.target), dtype=np.bool_), *(mask for _, mask in scoring.parts)]
    arrays: dict[str, Array] = {"target": scoring.target}
    if scoring.groups is not None:
        arrays["groups"] = scoring.groups
    if scoring.sample_weight is not None:
        arrays["weights"] = np.asarray(scoring.sample_weight, dtype=np.float64)
        masks = [mask & (arrays["weights"] > 0) for mask in masks]
    arrays["parts"] = np.packbits(np.array(masks), axis=1)
    for method in {each.response_method for each in asked.values()}:
        for side, predictions in (("candidate", scoring.candidate), ("baseline", scoring.baseline)):
            said = None if predictions is None else _said(scoring, predictions, method)
            if said is not None:
                arrays[f"{side}_{method}"] = said
    return arrays


def _said(scoring: Scoring, predictions: Predictions, method: str) -> Array | None:
    """What a response method gives, as scikit-learn's scorers hand it on; None where the model does not give it.

    Labels are codes still. Probabilities are (n,), of the positive class, for a binary task, and (n, k) in the order of
    the sorted labels for a multiclass one.
    """
    if method == "predict":
        return predictions.labels if scoring.classes else predictions.values
    if method == "decision_function":
        return predictions.of("score")
    probability = predictions.probability
    if probability is None or probability.ndim == 1:
        return probability
    labels = _labels(scoring)
    return probability[:, sorted(range(len(labels)), key=labels.__getitem__)]


def _labels(scoring: Scoring) -> list[Any]:
    """The labels as they are in the data, in the order of the classes."""
    dtype = scoring.schema.get(scoring.target_column, "String")
    kind: Callable[[str], Any] = str
    if dtype == "Boolean":
        kind = "True".__eq__
    elif dtype.startswith(("Int", "UInt")):
        kind = int
    elif dtype.startswith(("Float", "Decimal")):
        kind = float
    try:
        return [kind(label) for label in scoring.classes]
    except ValueError:  # the base's data hold labels of another type
        return list(scoring.classes)


def _features(scoring: Scoring) -> dict[str, str]:
    """The file of features, in a format that the environment reads."""
    if scoring.environment.has_parquet:
        return {"path": str(scoring.features), "format": "parquet"}
    import polars as pl

    frame = pl.scan_parquet(scoring.features)
    flat = [name for name, dtype in frame.collect_schema().items() if not dtype.is_nested()]
    copy = _copy_of(scoring)
    frame.select(flat).sink_csv(copy)
    return {"path": str(copy), "format": "csv"}
