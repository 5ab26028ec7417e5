"""How a training failed, in a sentence: from how its process ended and from what the process said."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

from mlci.config.suggest import did_you_mean
from mlci.errors import Location, TrainingError
from mlci.training import limits

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.training.events import Event
    from mlci.training.job import Training
    from mlci.training.report import Failure
    from mlci.training.sandbox import Outcome

TAIL = 4_000  # characters of a log that an error shows
_NOT_STARTED = "mlci: cannot start "  # what launch.py says
_DUMP = re.compile(r"mlci: cannot start .+|Fatal Python error: [\w ]+$|  File \"[^\"]+\", line \d+ in \S+$")
_LIBRARY = re.compile(r'File "[^"]*/(?:site-packages|dist-packages|python3\.\d+)/')
TOO_LARGE = "File too large"  # what the system says of EFBIG, which a program gets that ignores SIGXFSZ, as Python does
_SHELL = 128  # a shell adds the signal's number to it

_STAGES = {
    "import": " while its module was imported",
    "build": " when its function was called",
    "fit": " in fit",
    "predict": " in predict",
    "cross-validation": " in the cross-validation",
}
_CODES = {
    "exception": "MLCI201",
    "not-found": "MLCI208",
    "no-estimator": "MLCI205",
    "predictions": "MLCI206",
    "setup": "MLCI200",
    "worker": "MLCI200",
}


def told(failure: Failure, training: Training) -> TrainingError:
    """The error for what a worker reported."""
    subject = training.subject
    message, hint = failure.message, failure.hint
    if failure.kind == "exception":
        stage = _STAGES.get(failure.stage, "")
        message = f"Candidate `{failure.candidate}` of {subject} raised {failure.type}{stage}{_after(message)}"
        hint = f"Try it alone: `mlci run --model {training.model}`."
        if failure.type == "ModuleNotFoundError":
            hint = "Name its package in what the model's `environment` installs (docs/environments.md)."
        if failure.type == "KeyError" and "environ[" in failure.traceback:
            hint = "Code that trains is given few variables: name it in `sandbox: {pass_env: […]}`, on the base branch."
        if failure.type == "PermissionError":
            hint = _as_another(training) or hint
        if failure.type == "OSError" and TOO_LARGE in message:
            hint = limits.too_large(training.wall)
    elif failure.kind == "worker":
        message = f"The training of {subject} failed outside of the candidates' code: {failure.type}{_after(message)}"
        hint = "It happened between reading the data and writing the results; the traceback says where."
    elif training.side == "base":
        message = f"On the base branch: {message}"
    if failure.kind == "not-found":
        hint = did_you_mean(failure.name, failure.known).strip() or "Write module:function of a file in the repository."
    hint = _walled(failure, training) or hint
    location = Location(failure.file, failure.line) if failure.file else None
    return TrainingError(
        message,
        hint=hint,
        location=location,
        code=_CODES[failure.kind],
        traceback=failure.traceback,
        stage=failure.stage,
    )


def _walled(failure: Failure, training: Training) -> str:
    """The hint for code that the wall refused something; "" where it did not."""
    if failure.denied == "network" and training.wall.network == "deny":
        return "Code that trains has no network: `sandbox: {network: allow}` on the base branch opens it."
    if failure.denied == "read" and training.wall.files == "deny":
        if failure.path:
            return (
                f"mlci hides `{failure.path}` from code that trains, as it hides the files of datasets: use the rows "
                "that it is given (X, y), or the files that $MLCI_JOB names."
            )
        return "Code that trains may read its repository alone: name others on the base branch, `sandbox: {read: […]}`."
    if failure.denied == "write" and training.wall.files == "deny":
        return "Code that trains may write to $TMPDIR, and to what `sandbox: {write: […]}` names on the base branch."
    return ""


def _as_another(training: Training) -> str:
    """The hint for code that may not do what it could as the repository's owner."""
    user = training.environment.user
    if user is None:
        return ""
    return f"Code of the repository runs as the user `{user.name}` here, who may only read it: write to $TMPDIR."


def _after(message: str) -> str:
    """The end of a sentence that may have a message to tell."""
    return f": {message}" + ("" if message.endswith((".", "!", "?", "…")) else ".") if message else "."


def ended(outcome: Outcome, training: Training, *, output: str, at: Event | None = None) -> TrainingError:
    """The error for a process that ended without a result.

    Args:
        outcome: How it ended.
        training: What it was to do.
        output: What the error shows of the process's output.
        at: What it was at, as far as that is known.
    """
    subject = training.subject
    where = f", in {at}" if at else ""
    if outcome.timed_out:
        return TrainingError(
            f"The training of {subject} was ended after {training.config.timeout:,.10g} s{where}.",
            hint="Raise `timeout`, or look for what hangs.",
            code="MLCI202",
            traceback=output,
        )
    if told := limits.passed(f"The training of {subject}", outcome, training.wall, where):
        return TrainingError(told.sentence, hint=told.hint, code=limits.CODE, traceback=output)
    if outcome.signal is not None:
        name = signal_name(outcome.signal)
        memory = outcome.signal == signal.SIGKILL
        return TrainingError(
            f"The training of {subject} was killed by {name}{where}"
            + (": most likely the machine ran out of memory." if memory else "."),
            hint="Train on less data or with fewer threads, or take a larger machine."
            if memory
            else "Most often, this is a crash of compiled code.",
            code="MLCI203",
            traceback=output,
        )
    return TrainingError(
        f"The training of {subject} ended with exit code {outcome.code} and left no result{where}.",
        hint="The container does not allow what mlci needs to train as another user."
        if output.startswith(_NOT_STARTED)
        else "Something ended the process itself, such as os._exit.",
        code="MLCI204",
        traceback=output,
    )


def exit_code(outcome: Outcome, training: Training, *, output: str) -> TrainingError:
    """The error for a training command that failed by itself."""
    number = (outcome.code or 0) - _SHELL
    if number == signal.SIGXFSZ:
        told = limits.file_size(f"The training command of {training.subject}", training.wall)
        return TrainingError(told.sentence, hint=told.hint, code=limits.CODE, traceback=output)
    hint = "The end of its output says why."
    if any(number == each for each in signal.Signals):
        hint = f"A shell says so of a process that was killed by {signal_name(number)}"
        hint += ", most likely because the machine ran out of memory." if number == signal.SIGKILL else "."
    elif "Permission denied" in output:
        hint = _as_another(training) or hint
    elif TOO_LARGE in output:
        hint = limits.too_large(training.wall)
    return TrainingError(
        f"The training command of {training.subject} failed with exit code {outcome.code}.",
        hint=hint,
        code="MLCI207",
        traceback=output,
    )


def signal_name(number: int) -> str:
    """`SIGKILL` for 9, and so on."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def dump(log: str, root: Path) -> str:
    """Where a process was when a signal ended it: the lines that Python's faulthandler wrote, and nothing else.

    What a candidate prints may hold values of the data, and stays out.
    """
    lines = [line for line in log.replace(f"{root}/", "").splitlines() if _DUMP.match(line)]
    return "\n".join(_LIBRARY.sub('File "', line) for line in lines)[-TAIL:]


def tail(log: str, root: Path) -> str:
    """The end of a log, from the start of a line, with the repository's paths made relative."""
    text = log.replace(f"{root}/", "").strip()
    if len(text) <= TAIL:
        return text
    return "…\n" + text[-TAIL:].partition("\n")[2]
