"""What the process of the scorers left, read strictly, or why it left nothing."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlci.config.suggest import did_you_mean
from mlci.errors import Location, TrainingError
from mlci.results import Name, Text
from mlci.training import failures, limits
from mlci.training.files import read_regular

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from mlci.config.models import Scorer
    from mlci.training.events import Event
    from mlci.training.sandbox import Outcome
    from mlci.training.scoring import Scoring

LIMIT = 4 * 1024 * 1024  # bytes of a report
FAILED, NO_NUMBER = "MLCI212", "MLCI213"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """A scorer on some rows.

    `gains` are those of the resamples, shape (m,), signed so that positive is better; None where there are none, for
    the reason that `note` gives. A value that cannot be told is None as well.
    """

    candidate: float | None = None
    baseline: float | None = None
    gains: NDArray[np.float64] | None = None
    note: str = ""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)


class _Measured(_Part):
    candidate: float | None
    baseline: float | None
    gains: Annotated[int, Field(ge=1)] | None
    made: Annotated[int, Field(ge=0)]
    note: Text


class _Succeeded(_Part):
    version: Literal[1]
    scores: dict[Name, tuple[_Measured, ...]]


class _Failure(_Part):
    kind: Literal["exception", "not-found", "no-number", "too-slow", "setup", "worker"]
    message: Text
    scorer: Name = ""
    hint: Text = ""
    stage: Literal["", "import", "score"] = ""
    type: Name = ""
    traceback: Text = ""
    file: Name = ""
    line: Annotated[int, Field(ge=1)] | None = None
    name: Name = ""
    known: Annotated[tuple[Name, ...], Field(max_length=1_000)] = ()


class _Failed(_Part):
    version: Literal[1]
    error: _Failure


def read(scoring: Scoring, asked: Mapping[str, Scorer]) -> dict[str, tuple[Scored, ...]]:
    """Read the report and the gains, and check all of both.

    Raises:
        TrainingError: a scorer failed (MLCI212), gives no number or is too slow (MLCI213); or what was left is not what
            `scorer.py` writes (MLCI212).
    """
    import numpy as np

    content = read_regular(scoring.out / "report.json", LIMIT, what="The report of the scorers", code=FAILED)
    try:
        failure = _Failed.model_validate_json(content).error
    except ValidationError:
        pass
    else:
        raise _told(scoring, failure)
    try:
        scores = _Succeeded.model_validate_json(content).scores
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise _forged(f"{where}: {first['msg']}") from None
    if {name: len(each) for name, each in scores.items()} != dict.fromkeys(asked, len(scoring.parts) + 1):
        raise _forged("it is not about the scorers and slices that were asked for")
    for name, scorer in asked.items():
        if any((each.gains or 0) > scorer.resamples or each.made > scorer.resamples for each in scores[name]):
            raise _forged("it has more resamples than were asked for")
    places = [(name, at) for at in range(len(scoring.parts) + 1) for name in asked]  # the order of `gains.bin`
    counts = [scores[name][at].gains or 0 for name, at in places]
    size = 8 * sum(counts)
    raw = read_regular(scoring.out / "gains.bin", size, what="The file of the scorers' resamples", code=FAILED)
    gains = np.frombuffer(raw, dtype="<f8").astype(np.float64)
    if len(raw) != size or not np.isfinite(gains).all():
        raise _forged("the resamples are not all there, or not all of them are finite")
    of_place = dict(zip(places, np.split(gains, np.cumsum(counts)[:-1]), strict=True))
    return {
        name: tuple(_scored(each, of_place[name, at], scorer) for at, each in enumerate(scores[name]))
        for name, scorer in asked.items()
    }


def _scored(measured: _Measured, gains: NDArray[np.float64], scorer: Scorer) -> Scored:
    told = None
    if measured.gains is not None:
        told = gains if scorer.greater_is_better else -gains
        told.flags.writeable = False
    return Scored(candidate=measured.candidate, baseline=measured.baseline, gains=told, note=measured.note)


def _forged(why: str) -> TrainingError:
    return TrainingError(
        f"The process of the scorers left a report that cannot be read: {why}.",
        hint="Code that scores must leave the files in its output folder alone.",
        code=FAILED,
    )


def _told(scoring: Scoring, failure: _Failure) -> TrainingError:
    """The error for what the child reported."""
    message, hint = failure.message, failure.hint
    said = f": {message}" + ("" if message.endswith((".", "!", "?", "…")) else ".") if message else "."
    if failure.kind == "exception":
        stage = " while its module was imported" if failure.stage == "import" else ""
        message = f"The scorer `{failure.scorer}` of `{scoring.model}` raised {failure.type}{stage}{said}"
        hint = (
            "It is called as a metric of scikit-learn is: function(y_true, y_pred), and more by its parameters' names."
        )
    elif failure.kind == "worker":
        message = f"The scorers of `{scoring.model}` failed outside of their own code: {failure.type}{said}"
        hint = "It happened between reading the data and writing the results; the traceback says where."
    elif failure.kind == "not-found":
        hint = did_you_mean(failure.name, failure.known).strip() or hint or "Write module:function of your repository."
    return TrainingError(
        message,
        hint=hint,
        location=Location(failure.file, failure.line) if failure.file else None,
        code=NO_NUMBER if failure.kind in ("no-number", "too-slow") else FAILED,
        traceback=failure.traceback,
        stage=failure.stage,
    )


def ended(scoring: Scoring, outcome: Outcome, at: Event | None) -> TrainingError:
    """The error for a process that ended without a result."""
    stack = failures.dump(outcome.log, scoring.root)
    subject = f"The scorer `{at.candidate}` of `{scoring.model}`" if at else f"Scoring `{scoring.model}`"
    if outcome.timed_out:
        return TrainingError(
            f"{subject} was ended after {scoring.timeout:,.10g} s without a result.",
            hint="Compute with arrays instead of row by row, raise the model's `timeout`, or look for what hangs.",
            code=NO_NUMBER,
            traceback=stack,
        )
    if told := limits.passed(subject, outcome, scoring.wall):
        return TrainingError(told.sentence, hint=told.hint, code=limits.CODE, traceback=stack)
    if outcome.signal is not None:
        memory = outcome.signal == signal.SIGKILL
        return TrainingError(
            f"{subject} was killed by {failures.signal_name(outcome.signal)}"
            + (": most likely the machine ran out of memory." if memory else "."),
            hint="Score with fewer processes, or take a larger machine."
            if memory
            else "Most often, this is a crash of compiled code.",
            code=FAILED,
            traceback=stack,
        )
    return TrainingError(
        f"{subject} ended with exit code {outcome.code} and left no result.",
        hint="Something ended the process itself, such as os._exit.",
        code=FAILED,
        traceback=stack,
    )
