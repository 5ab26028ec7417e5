"""Training by a command of the user's own, for any framework: it reads a job and writes predictions."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlci.errors import TrainingError
from mlci.results import CandidateResult, Side
from mlci.training import exchange, failures, files, job, predictions, protocol, users
from mlci.training.circumstances import circumstances
from mlci.training.files import read_regular

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.training.job import Trained, Training
    from mlci.training.sandbox import Outcome

NAME = "command"  # of the one candidate that a command is
REPORT_LIMIT = 1 << 20  # bytes
PARAMS, VALUE = 300, 200  # parameters kept, and characters of each
_PYTHON = ("python", "python3")
_FORMATS = (".parquet", ".csv")


class CommandReport(BaseModel):
    """What a command may tell of its model; other keys are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    params: Annotated[dict[str, object], Field(max_length=10_000)] = {}
    model: str | None = None


def train(training: Training, *, watch: Callable[[], None], on_end: Callable[[Outcome], None] | None = None) -> Trained:
    """Run the command of a model and read what it wrote.

    Args:
        training: What to train.
        watch: Called again and again while the command runs.
        on_end: Told how it ended, well or not.

    Raises:
        TrainingError: the command cannot be run, failed, or left predictions that cannot be used.
    """
    command = parse(training)
    users.require_open(training.subject, training.environment.user, training.root, training.scratch, Path(command[0]))
    path = protocol.write(training, command_job(training))
    outcome = job.run(training, command, watch, {"MLCI_JOB": str(path)})
    if on_end is not None:
        on_end(outcome)
    output = failures.tail(outcome.log, training.root)
    if outcome.code is None:
        raise failures.ended(outcome, training, output=output)
    if outcome.code:
        raise failures.exit_code(outcome, training, output=output)
    written = _written(training)
    if written is None:
        raise TrainingError(
            f"The training command of {training.subject} ended well and wrote no predictions.",
            hint="Write them to the path that the job names: json.load(open(os.environ['MLCI_JOB']))['predictions'].",
            code="MLCI204",
            traceback=output,
        )
    read = predictions.read(
        written,
        task=training.config.task,
        classes=training.classes,
        positive=training.positive,
        rows=training.holdout_rows,
        who=training.subject,
    )
    report, report_notes = _report(training)
    model = _model(training, report)
    if report.model is not None and model is None:
        report_notes = (*report_notes, "the report of the command names a model that is no file of the repository.")
    usage = outcome.usage
    return job.Trained(
        winner=NAME,
        candidates=(CandidateResult(name=NAME, fit_seconds=usage.seconds if usage else None, elected=True),),
        side=Side(
            winner=NAME,
            train_rows=training.train_rows,
            fit_seconds=usage.seconds if usage else None,
            peak_memory=usage.peak_memory if usage else None,
            model_size=model.stat().st_size if model else None,
            params={name[:VALUE]: _text(value) for name, value in sorted(report.params.items())[:PARAMS]},
            **circumstances(training, outcome.held, {}),
        ),
        predictions=read,
        model_path=model,
        files=_files(training, command),
        findings=tuple(job.notes(training, report_notes)),
        log=outcome.log,
        held=outcome.held,
    )


def parse(training: Training) -> list[str]:
    """The program and the arguments of a command; `python` is the environment's.

    Raises:
        TrainingError: quotes do not match, or there is no such program (MLCI207).
    """
    text = training.config.command or ""
    try:
        if "\0" in text:
            raise ValueError("No program takes a null character")  # noqa: TRY301 - told as shlex's own complaints
        words = shlex.split(text)
    except ValueError as error:
        raise TrainingError(
            f"The training command of {training.subject} cannot be split into words: {error}.",
            hint="Quote as for a shell; no shell runs it, so pipes and variables belong in a script.",
            code="MLCI207",
        ) from None
    python = training.environment.python
    if words and words[0] in _PYTHON:
        return [str(python), *words[1:]]
    search = os.pathsep.join((str(python.parent), os.environ.get("PATH", os.defpath)))
    program = words[0] if words else ""
    local = training.root / program
    found = str(local) if "/" in program and os.access(local, os.X_OK) else shutil.which(program, path=search)
    if found is None or ("/" in program and not local.is_file()):
        raise TrainingError(
            f"The training command of {training.subject} starts `{program}`, which is no program that can be found.",
            hint="Name a program on PATH, or an executable file relative to the repository's root.",
            code="MLCI207",
        )
    return [found, *words[1:]]


def command_job(training: Training) -> dict[str, object]:
    """The job that a command reads, as `docs/training.md` describes it."""
    config = training.config
    train, holdout = exchange.tables(training, config.data_format, drop=(*config.drop, *training.drop))
    return {
        **protocol.common(training),
        "train": str(train),
        "holdout": str(holdout),
        "predictions": str(training.out / f"predictions.{config.data_format}"),
        "report": str(training.out / "report.json"),
    }


def _written(training: Training) -> Path | None:
    """The predictions, in the format that the job names or in the other one."""
    own = f".{training.config.data_format}"
    paths = [training.out / f"predictions{ending}" for ending in (own, *_FORMATS)]
    return next((path for path in paths if os.path.lexists(path)), None)


def _report(training: Training) -> tuple[CommandReport, tuple[str, ...]]:
    """What the command told, and a note where that cannot be read."""
    path = training.out / "report.json"
    if not os.path.lexists(path):
        return CommandReport(), ()
    content = read_regular(path, REPORT_LIMIT, what=f"The report of {training.subject}", code="MLCI204")
    try:
        return CommandReport.model_validate_json(content), ()
    except ValidationError:
        return CommandReport(), ("the report of the command is not as documented, so it is left out.",)


def _model(training: Training, report: CommandReport) -> Path | None:
    """The saved model: a file of the repository that the command could read, or one in the output folder."""
    path = _file(report.model, training.root, within=(training.root, training.out)) if report.model else None
    user, out = training.environment.user, training.out.resolve()
    if path is None or not path.is_relative_to(out):
        return None if path is None or users.barred(path, user) else path
    return files.take(out, path.relative_to(out), training.scratch / "taken" / path.name, user)


def _files(training: Training, command: list[str]) -> tuple[str, ...]:
    """The repository's files that the command names."""
    words = [word for word in command if word != str(training.environment.python)]
    found = [_file(word, training.root, within=(training.root,)) for word in words]
    root = training.root.resolve()
    return tuple(sorted({path.relative_to(root).as_posix() for path in found if path is not None}))


def _file(name: str, root: Path, *, within: tuple[Path, ...]) -> Path | None:
    """The regular file that a stranger names, where it is in one of some folders and no link leads out of them."""
    try:
        path = (root / name).resolve()
        return path if path.is_file() and any(path.is_relative_to(each.resolve()) for each in within) else None
    except (OSError, ValueError):  # too long for a name, or with a null character
        return None


def _text(value: object) -> str:
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))[:VALUE]
