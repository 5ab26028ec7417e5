"""Training one side of a model in a child process: the job goes out, the report and the predictions come back."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mlci.data.labels import canonical_label
from mlci.errors import TrainingError
from mlci.results import CandidateResult, Column, Finding, Side
from mlci.training import exchange, failures, files, predictions, protocol, report, sandbox, users
from mlci.training.circumstances import circumstances
from mlci.training.events import Follower
from mlci.training.wall import OPEN, Held

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlci.config.models import ModelConfig
    from mlci.training.environment import Environment
    from mlci.training.events import Event
    from mlci.training.predictions import Predictions
    from mlci.training.wall import Wall

PROMPT = 0.02  # seconds between two looks at what a worker says, which waits for rows
DataFormat = Literal["parquet", "csv"]


class Stop(Protocol):
    """What tells that the end is wanted, such as a threading.Event."""

    def is_set(self) -> bool:
        """Whether it is time to end."""


class StoppedError(Exception):
    """The caller asked for the end of the run; no child is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What one side of one model needs to be trained and to predict the holdout.

    Attributes:
        model: Its name in `mlci.yml`.
        side: The pull request's or the base branch's.
        config: The model as that side, or the head, configures it.
        root: The repository's folder, where the code is imported and run.
        train: The training rows, in `data_format`.
        holdout: The holdout rows, without the target.
        data_format: Of both files; a child that reads another one is given copies.
        train_rows: Their number.
        holdout_rows: Their number.
        classes: Canonical labels in order; for a binary task the negative one, then the positive one.
        environment: The interpreter to train in.
        scratch: A folder of this training's own, which is made where it is not there.
        threads: That the training may use.
        schema: The types of the columns in both files, in Polars' words (`str(dtype)`); a CSV file does not say them.
        drop: Columns of the files that no candidate is given, beside those of the configuration; the election may
            still split by them.
        reseeds: Whether each `random_state` of the estimator is set to the seed: a repetition has to differ.
        wall: What the code may read, write, reach and use, beside its own files.
        twice: Whether it is to be repeated, to see whether it is reproducible.
    """

    model: str
    side: Literal["head", "base"]
    config: ModelConfig
    root: Path
    train: Path
    holdout: Path
    data_format: DataFormat = "parquet"
    train_rows: int
    holdout_rows: int
    classes: tuple[str, ...] = ()
    environment: Environment
    scratch: Path
    threads: int = 1
    schema: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    reseeds: bool = False
    wall: Wall = OPEN
    twice: bool = False

    def anew(self) -> Training:
        """The very same training, with the same seed, beside the first one's files."""
        return replace(self, scratch=self.scratch.with_name(f"{self.scratch.name}-anew"))

    def again(self, at: int, winner: str) -> Training:
        """The same training of the winner alone, with another seed; `at` counts from 1."""
        entry = self.config.candidates.get(winner)
        update: dict[str, Any] = {"seed": (self.config.seed + at) % 2**32}
        if entry is not None:
            update["candidates"] = {winner: entry}
        config = self.config.model_copy(update=update)
        scratch = self.scratch.with_name(f"{self.scratch.name}-seed-{at}")
        return replace(self, config=config, scratch=scratch, reseeds=True)

    @property
    def subject(self) -> str:
        """The model and its side, as a sentence names them."""
        return f"`{self.model}`{self.where}"

    @property
    def where(self) -> str:
        """What a sentence adds for the side that is not the pull request's."""
        return " on the base branch" if self.side == "base" else ""

    @property
    def positive(self) -> str | None:
        """The canonical text of the positive label, of a binary task."""
        return None if self.config.positive is None else canonical_label(self.config.positive)

    @property
    def out(self) -> Path:
        """Where the child writes."""
        return self.scratch / "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What came back, all of it checked.

    Attributes:
        winner: The elected candidate's name; `command` where a command trained.
        candidates: The election.
        side: What the winner is and cost.
        predictions: The winner's, for the holdout.
        model_path: The saved model, in skops' format or in the command's own; None where there is none.
        files: The repository's files that the training loaded, relative to its root.
        findings: Warnings that the training issued, and what could not be done; all for information.
        log: What the child printed, the middle left out where it is long; it may hold values of the data.
        held: What of the wall held.
    """

    winner: str
    candidates: tuple[CandidateResult, ...]
    side: Side
    predictions: Predictions
    model_path: Path | None
    files: tuple[str, ...]
    findings: tuple[Finding, ...]
    log: str
    held: Held = Held()  # noqa: RUF009 - frozen


def train(
    training: Training,
    *,
    on_event: Callable[[Event], None] | None = None,
    on_end: Callable[[sandbox.Outcome], None] | None = None,
    stop: Stop | None = None,
) -> Trained:
    """Elect a candidate on the training rows, fit it on all of them, and predict the holdout.

    Args:
        training: What to train.
        on_event: Told each step, while the child works, in the thread that called.
        on_end: Told how the child ended, what it printed and what of the wall held, well or not.
        stop: Set it, from any thread, to end the child.

    Raises:
        TrainingError: the code, the estimator, the command or its predictions failed (MLCI200 to MLCI208).
        StoppedError: `stop` was set.
    """
    if training.out.exists():
        shutil.rmtree(training.out)  # what an earlier training left must not pass for this one's
    training.out.mkdir(parents=True)
    training = _settled(training)
    users.give(training.out, training.environment.user)
    if training.config.command is not None:
        from mlci.training import command

        return command.train(training, watch=watcher(None, stop), on_end=on_end)
    exchange.empty(training)
    follower = Follower(training.out / "events.jsonl", _handing_over(training, on_event))
    worker = Path(__file__).with_name("worker.py")
    users.require_open(
        training.subject,
        training.environment.user,
        training.root,
        training.scratch,
        training.environment.python,
        worker,
    )
    job = protocol.write(training, protocol.of_worker(training))
    words = [str(training.environment.python), "-s", str(worker), str(job)]
    outcome = run(training, words, watcher(follower, stop), every=PROMPT)
    if on_end is not None:
        on_end(outcome)
    follower.poll()
    path = training.out / "report.json"
    if not os.path.lexists(path):  # it is the last thing that a worker writes: with it, the work is done
        stack = failures.dump(outcome.log, training.root)
        raise failures.ended(outcome, training, output=stack, at=follower.last)
    result = report.read(path)
    if isinstance(result, report.Failure):
        raise failures.told(result, training)
    return _trained(training, result, outcome)


def _settled(training: Training) -> Training:
    """The same training, as root where the user that nobody asked for may not do what it needs."""
    from mlci.training import command

    chosen, is_command = training.environment, training.config.command is not None
    programs = (Path(command.parse(training)[0]),) if is_command else (Path(__file__).with_name("worker.py"),)
    reads = (training.root, training.scratch, chosen.python, *programs, *training.wall.read)
    return replace(training, environment=replace(chosen, user=users.settled(chosen.user, reads, training.wall.write)))


def _handing_over(training: Training, on_event: Callable[[Event], None] | None) -> Callable[[Event], None]:
    """What is done with each event: the rows to predict are handed over when the child says that fitting is over."""

    def follow(event: Event) -> None:
        if event.event == "predict":
            exchange.hand_over(training, protocol.table_format(training))
        if on_event is not None:
            on_event(event)

    return follow


def run(
    training: Training,
    command: list[str],
    tick: Callable[[], None],
    extra: Mapping[str, str] | None = None,
    *,
    every: float = sandbox.TICK,
) -> sandbox.Outcome:
    """Run a command in the model's environment, in the repository, behind the wall; `tick` is called while it runs."""
    chosen = training.environment
    return sandbox.run(
        command,
        cwd=training.root,
        env={
            **sandbox.environment(
                python=chosen.python,
                scratch=training.scratch,
                seed=training.config.seed,
                threads=training.threads,
                user=chosen.user,
            ),
            **(extra or {}),
        },
        timeout=training.config.timeout,
        tick=tick,
        every=every,
        user=chosen.user,
        wall=training.wall.widened(
            read=(
                training.root,
                *chosen.roots,
                *chosen.paths,
                *_programs(command),
                training.scratch / "job.json",
                *exchange.given(training),
            ),
            write=(training.out, *sandbox.folders(training.scratch)),
        ),
    )


def _programs(command: list[str]) -> list[Path]:
    """The program that is run, without its folder, which code could choose; and the two files of a worker."""
    here = Path(__file__)
    return [Path(os.path.realpath(command[0])), here.with_name("worker.py"), here.with_name("scorer.py")]


def watcher(follower: Follower | None, stop: Stop | None) -> Callable[[], None]:
    """What is done again and again while a child works."""

    def tick() -> None:
        if stop is not None and stop.is_set():
            raise StoppedError
        if follower is not None:
            follower.poll()

    return tick


def _trained(training: Training, result: report.Success, outcome: sandbox.Outcome) -> Trained:
    side = Side(
        winner=result.winner,
        estimator=result.estimator,
        train_rows=result.train_rows,
        fit_seconds=result.fit_seconds,
        predict_seconds=result.predict_seconds,
        peak_memory=result.peak_memory,
        model_size=result.model_size,
        params=result.params,
        features=tuple(Column(name=each.name, dtype=each.dtype, nulls=each.nulls) for each in result.features),
        packages=result.packages,
        types=result.types if result.model else None,
        **circumstances(training, outcome.held, result.packages),
    )
    candidates = tuple(
        CandidateResult(
            name=each.name,
            cv_mean=each.cv_mean,
            cv_std=each.cv_std,
            fit_seconds=result.fit_seconds if each.fit_seconds is None else each.fit_seconds,
            elected=each.name == result.winner,
        )
        for each in result.candidates
    )
    return Trained(
        winner=result.winner,
        candidates=candidates,
        side=side,
        predictions=predictions.read(
            training.out / result.predictions,
            task=training.config.task,
            classes=training.classes,
            positive=training.positive,
            rows=training.holdout_rows,
            who=f"`{result.winner}`{training.where}",
        ),
        model_path=_model(training, result),
        files=result.files,
        findings=(*_warnings(training, result), *notes(training, result.notes)),
        log=outcome.log,
        held=outcome.held,
    )


def _model(training: Training, result: report.Success) -> Path | None:
    """The saved model, taken from where the child could still change it."""
    if result.model is None:
        return None
    target = training.scratch / "taken" / result.model
    path = files.take(training.out, Path(result.model), target, training.environment.user)
    if path is None:
        raise TrainingError(
            f"The saved model of {training.subject} is no regular file.",
            hint="Code that trains must leave the files in its output folder alone.",
            code="MLCI204",
        )
    return path


def _warnings(training: Training, result: report.Success) -> list[Finding]:
    return [
        Finding(
            code="MLCI210",
            severity="info",
            message=f"`{each.candidate}` of {training.subject} warned: {each.category}: {each.message}",
            hint="Values are left out; training outside of mlci shows the whole warning.",
            subject=training.model,
        )
        for each in result.warnings
    ]


def notes(training: Training, texts: tuple[str, ...]) -> list[Finding]:
    """What a training could not do, for information."""
    return [
        Finding(
            code="MLCI211",
            severity="info",
            message=f"{training.subject[0].upper()}{training.subject[1:]}: {text}",
            subject=training.model,
        )
        for text in texts
    ]
