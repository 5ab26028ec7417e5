"""Computes metrics of the user's own in a process of its own: a JSON job and arrays in; a report and gains out.

Run as `python scorer.py job.json` in the model's environment, which has NumPy, and pandas or Polars. Nothing of mlci
can be imported there, and Python may be as old as 3.9; what this file shares with `worker.py` it takes from that file,
which lies beside it. What the job and the report hold is in `mlci.training.scoring`.

The rows are resampled with replacement (Efron 1979), both sides on the same ones; clusters are resampled whole. Each
resample has random numbers of its own, so that the number of processes changes nothing.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import importlib
import importlib.util
import inspect
import json
import math
import os
import random
import select
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType
    from typing import TypeAlias

    Value: TypeAlias = Any
    Frame: TypeAlias = Any  # pandas ships no types
    Array: TypeAlias = Any  # NumPy's differ between its versions
    Outcome: TypeAlias = "tuple[float | None, str]"  # a resample's gain, or why it has none

VERSION = 1
LEAST = 99  # resamples that an interval can rest on
FEW = 10  # rows or clusters that a bootstrap can tell nothing from
MISSING = 0.05  # of the resamples, beyond which the others are a chosen few
GRACE = 0.1  # of the time that there is, for which a process is waited for beyond its own
SIDES = ("candidate", "baseline")


class NoNumberError(Exception):
    """A function gave something else than a finite number; the message says what."""


class Function:
    """A function of the user's, and what it wants to be given."""

    def __init__(self, given: dict[str, Any], function: Callable[..., Value]) -> None:
        self.name: str = given["name"]
        self.method: str = given["method"]
        self.resamples: int = given["resamples"]
        self.function = function
        parameters: Mapping[str, inspect.Parameter] = {}
        with contextlib.suppress(TypeError, ValueError):  # some of compiled code do not say
            parameters = inspect.signature(function).parameters
        named = {
            name: each for name, each in parameters.items() if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
        }
        self.takes_features = "X" in named
        self.takes_weights = "sample_weight" in named
        self.needs_weights = self.takes_weights and named["sample_weight"].default is inspect.Parameter.empty


def number(value: Value) -> float:
    """A function's result as a finite number.

    Raises:
        NoNumberError: it is none.
    """
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()  # NumPy's own kinds of numbers
    if isinstance(value, (int, float)):
        with contextlib.suppress(OverflowError):
            given = float(value)
            if math.isfinite(given):
                return given
        raise NoNumberError("NaN" if value != value else "an infinite number")  # noqa: PLR0124 - what NaN alone is
    if hasattr(value, "shape"):
        raise NoNumberError(f"an object of shape {tuple(value.shape)}")
    raise NoNumberError("None" if value is None else f"an object of type {type(value).__name__}")


# --- rows --------------------------------------------------------------------------------------------------------


class Draws:
    """Some rows of the holdout, and how they are drawn again."""

    def __init__(self, rows: Array, groups: Array | None) -> None:
        import numpy as np

        self.rows = rows
        self.count = len(rows)
        self.starts: Array = None
        if groups is not None:
            _, codes, lengths = np.unique(groups[rows], return_inverse=True, return_counts=True)
            if len(lengths) < len(rows):
                self.rows = rows[np.argsort(codes, kind="stable")]
                self.lengths, self.starts, self.count = lengths, np.cumsum(lengths) - lengths, len(lengths)

    def again(self, seed: list[int]) -> Array:
        """As many rows, or clusters, drawn with replacement; shape (m,)."""
        import numpy as np

        drawn = np.random.default_rng(seed).integers(0, self.count, self.count)
        if self.starts is None:
            return self.rows[drawn]
        lengths = self.lengths[drawn]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return self.rows[np.repeat(self.starts[drawn], lengths) + within]


# --- several processes -------------------------------------------------------------------------------------------


def spread(work: Callable[[int], Outcome], count: int, processes: int, end: float, grace: float) -> list[Outcome]:
    """Do `work(0)`, `work(1)`, … in several processes; gives what was done before `end`, without a gap.

    Processes that are still at work `grace` seconds later are ended.
    """
    found: dict[int, Outcome] = {}
    children: dict[int, int] = {}  # the reading end of each one's pipe, and its number
    try:
        for first in range(processes if processes > 1 else 0):
            reading, writing = os.pipe()
            try:
                child = os.fork()
            except OSError:  # no more processes are allowed
                os.close(reading)
                os.close(writing)
                break
            if child == 0:
                _child(work, range(first, count, processes), writing, end)
            os.close(writing)
            children[reading] = child
        if len(children) == processes:
            _gather(children, found, end + grace)
    finally:
        for reading, child in children.items():
            os.close(reading)
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    if len(children) < processes or processes < 2:  # noqa: PLR2004 - two are several
        found = _alone(work, count, end)
    made = next(at for at in range(count + 1) if at not in found)
    return [found[at] for at in range(made)]


def _child(work: Callable[[int], Outcome], numbers: range, writing: int, end: float) -> None:
    """What a forked process does; it never returns."""
    try:
        for at in numbers:
            if time.monotonic() > end:
                break
            os.write(writing, (json.dumps([at, *work(at)]) + "\n").encode())
    finally:
        os._exit(0)


def _gather(children: dict[int, int], found: dict[int, Outcome], end: float) -> None:
    """Read what the processes say until all of them ended, or time ran out."""
    rest = dict.fromkeys(children, b"")
    while rest:
        ready, _, _ = select.select(list(rest), [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return
        for reading in ready:
            chunk = os.read(reading, 1 << 16)
            *lines, last = (rest[reading] + chunk).split(b"\n")
            rest[reading] = last
            for line in lines:
                at, gain, why = json.loads(line)
                found[at] = (gain, why)
            if not chunk:
                del rest[reading]


def _alone(work: Callable[[int], Outcome], count: int, end: float) -> dict[int, Outcome]:
    found: dict[int, Outcome] = {}
    for at in range(count):
        if time.monotonic() > end:
            break
        found[at] = work(at)
    return found


# --- the job -----------------------------------------------------------------------------------------------------


class Scoring:
    """One job, from its functions to its report."""

    def __init__(self, job: dict[str, Any], worker: ModuleType) -> None:
        self.job, self.worker = job, worker
        self.frames = worker.KINDS[job.get("dataframe", "pandas")]
        self.out = Path(job["out"])
        self.end: float = job["end"]
        self.known = {*job["schema"], *map(str, job["labels"] or ())}
        self.scorer = ""
        self.gains: list[Array] = []

    def run(self) -> dict[str, Any]:
        """Import, compute, resample; gives the report and leaves the gains in `gains.bin`."""
        for name in ("numpy", self.frames.module):
            if importlib.util.find_spec(name) is None:
                raise self.worker.Refusal("setup", f"The model's environment has no module `{name}`.")
        import numpy as np

        functions = [self.imported(each) for each in self.job["scorers"]]
        self.read(with_features=any(each.takes_features for each in functions))
        scores = {each.name: [self.measured(each, at) for at in range(len(self.parts))] for each in functions}
        waiting = [
            (each, at)
            for at in range(len(self.parts))  # the whole of each, before the slices of any
            for each in functions
            if scores[each.name][at]["baseline"] is not None
        ]
        for place, (function, at) in enumerate(waiting):
            left = sum(len(self.parts[other].rows) for _, other in waiting[place:])
            share = len(self.parts[at].rows) / left
            scores[function.name][at].update(self.resampled(function, at, share))
        (self.out / "gains.bin").write_bytes(np.concatenate([np.zeros(0), *self.gains]).astype("<f8").tobytes())
        return {"scores": scores}

    def event(self, name: str) -> None:
        """Tell the parent which function is at work."""
        self.scorer = name
        with (self.out / "events.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": "score", "candidate": name}) + "\n")

    # --- what comes in

    def imported(self, given: dict[str, Any]) -> Function:
        """A function of the user's."""
        name, entry = given["name"], given["entry"]
        self.event(name)
        module_name, _, function_name = entry.partition(":")
        refusal = self.worker.Refusal
        with self.user_code("import"):
            try:
                module = importlib.import_module(module_name)
            except ModuleNotFoundError as error:
                if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
                    raise  # something that the module itself imports
                message = f"The scorer `{name}` is `{entry}`, and there is no module `{module_name}`."
                raise refusal("not-found", message, "Write module:function of a file beside mlci.yml.") from None
        function = getattr(module, function_name, None)
        if not callable(function):
            what = "has no function" if function is None else "holds no function under the name"
            known = [each for each, value in vars(module).items() if each[0] != "_" and callable(value)]
            message = f"The scorer `{name}` is `{entry}`, and `{module_name}` {what} `{function_name}`."
            raise refusal("not-found", message, name=function_name, known=known[:1000])
        if hasattr(function, "_score_func") or hasattr(function, "_response_method"):
            hint = (
                "Name the function (y_true, y_pred) itself; `response_method` and `greater_is_better` go to mlci.yml."
            )
            raise refusal("no-number", f"The scorer `{name}` is what `make_scorer` returned, not a function.", hint)
        return Function(given, function)

    def read(self, *, with_features: bool) -> None:
        """The rows: what is true, what both sides say, and what belongs to them."""
        import numpy as np

        arrays = {name: np.load(path, allow_pickle=False) for name, path in self.job["arrays"].items()}
        labels = self.job["labels"]
        if labels is not None:
            kind = object if isinstance(labels[0], str) else None
            for name in ("target", "candidate_predict", "baseline_predict"):
                if name in arrays:
                    arrays[name] = np.array(labels, dtype=kind)[arrays[name]]
        self.arrays, n = arrays, len(arrays["target"])
        masks = np.unpackbits(arrays["parts"], axis=1, count=n).astype(bool)
        self.parts = [Draws(np.flatnonzero(mask), arrays.get("groups")) for mask in masks]
        self.features: Frame = None
        if with_features:
            self.features = self.frames.read(self.job["features"], self.job["schema"])
            self.known.update(map(str, self.features.columns))

    # --- what goes out

    @contextlib.contextmanager
    def user_code(self, stage: str) -> Iterator[None]:
        """What runs in here is the user's, so that what it raises is told as theirs."""
        try:
            yield
        except (KeyboardInterrupt, NoNumberError, self.worker.Refusal):
            raise
        except BaseException as error:  # a SystemExit of theirs must not end this process
            raise self.worker.UserCodeError(stage, self.scorer, error, set(self.known)) from error

    def value(self, function: Function, side: str, rows: Array, features: Frame) -> float:
        """The metric of one side on some rows; all that it is given is a copy."""
        more: dict[str, Any] = {}
        if function.takes_features:
            more["X"] = self.frames.copy(features)
        if function.takes_weights and ("weights" in self.arrays or function.needs_weights):
            weights = self.arrays.get("weights")
            more["sample_weight"] = None if weights is None else weights[rows]
        said = self.arrays[f"{side}_{function.method}"]
        return number(function.function(self.arrays["target"][rows], said[rows], **more))

    def both(self, function: Function, rows: Array, seed: int) -> Iterator[tuple[str, Callable[[], float]]]:
        """Each side, and its metric on the same rows when it is called."""
        import numpy as np

        features = self.frames.fresh(self.features, rows) if function.takes_features else None
        for side in SIDES:
            random.seed(seed)
            np.random.seed(seed % 2**32)  # noqa: NPY002 - a function without a generator of its own draws from this one
            if f"{side}_{function.method}" in self.arrays:
                yield side, functools.partial(self.value, function, side, rows, features)

    def measured(self, function: Function, at: int) -> dict[str, Any]:
        """Both sides' values on a part; what fails on the whole, of the candidate, is the end."""
        self.event(function.name)
        rows = self.parts[at].rows
        found: dict[str, Any] = {"candidate": None, "baseline": None, "gains": None, "made": 0, "note": ""}
        if not len(rows):
            return {**found, "note": "no rows"}
        for side, call in self.both(function, rows, self.job["seed"]):
            is_first = at == 0 and side == "candidate"
            try:
                with self.user_code("score"):
                    found[side] = call()
            except NoNumberError as error:
                if is_first:
                    message = f"The scorer `{function.name}` gives {error} for the candidate on the whole holdout."
                    raise self.worker.Refusal("no-number", message, "Return one finite number.") from None
                return {**found, "note": f"the function gives {error} for the {side}"}
            except self.worker.UserCodeError as error:
                if is_first:
                    raise
                told = self.worker.explain(own_frames_off(error.error), self.job["root"], error.words)
                said = f": {told['message']}" if told["message"] else ""
                return {**found, "note": f"the function raised {told['type']} for the {side}{said}"[:300]}
        return found

    def resampled(self, function: Function, at: int, share: float) -> dict[str, Any]:
        """The gains of a part's resamples, or why there are none."""
        import numpy as np

        self.event(function.name)
        part, seed = self.parts[at], self.job["seed"]
        if part.count < FEW:
            return {"note": "too few rows to tell"}

        def work(number_of: int) -> Outcome:
            rows = part.again([seed, at, number_of])
            try:
                mine, theirs = (call() for _, call in self.both(function, rows, seed + number_of))
            except KeyboardInterrupt:
                raise
            except NoNumberError as error:
                return None, str(error)
            except BaseException as error:  # noqa: BLE001 - whatever the user's code raises: this resample is missing
                return None, type(error).__name__
            return mine - theirs, ""

        start = time.monotonic()
        seconds = max(0.0, self.end - start) * share
        grace = GRACE * self.job["seconds"]
        done = spread(work, function.resamples, self.job["processes"], start + seconds, grace)
        if len(done) < LEAST:
            told = f"{len(done):,} of {function.resamples:,} resamples in {seconds:,.2g} s, and {LEAST} are the least"
            if at == 0:
                message = f"The scorer `{function.name}` is too slow: {told}."
                hint = "Compute with arrays instead of row by row, or raise the model's `timeout`."
                raise self.worker.Refusal("too-slow", message, hint)
            return {"note": f"no interval: {told}"}
        gains = np.array([gain for gain, _ in done if gain is not None])
        missing = len(done) - len(gains)
        if missing > MISSING * len(done):
            why = next(why for gain, why in done if gain is None)
            return {"note": f"no interval: the function fails on {missing:,} of {len(done):,} resamples ({why})"}
        self.gains.append(gains)
        note = (
            ""
            if len(done) == function.resamples
            else f"{len(done):,} of {function.resamples:,} resamples were made in time"
        )
        return {"gains": len(gains), "made": len(done), "note": note}


def load_worker() -> ModuleType:
    """The file `worker.py` beside this one, which is no package that could be imported here."""
    spec = importlib.util.spec_from_file_location("mlci_training_worker", Path(__file__).with_name("worker.py"))
    assert spec is not None  # noqa: S101 - it lies beside this file
    assert spec.loader is not None  # noqa: S101 - as above
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def own_frames_off(error: BaseException) -> BaseException:
    """The exception with a traceback that begins where this file's own lines end."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return error.with_traceback(trace)


def main(path: str) -> int:
    """Do the job of the file `path` and leave `report.json`; gives the exit code."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    os.chdir(job["root"])
    own = os.path.realpath(Path(__file__).parent)
    found = (each for each in sys.path if each and os.path.realpath(each) != own)
    sys.path[:] = [job["root"], *job.get("paths", ()), *found]
    faulthandler.enable()
    faulthandler.register(signal.SIGTERM, all_threads=False, chain=True)  # a time limit tells where it hung
    warnings.simplefilter("ignore")  # of a thousand resamples, each would warn
    worker = load_worker()
    scoring = Scoring(job, worker)
    try:
        report = scoring.run()
    except worker.Refusal as refusal:
        report = {"error": {"scorer": scoring.scorer, **refusal.fields}}
    except worker.UserCodeError as error:
        told = worker.explain(own_frames_off(error.error), job["root"], error.words)
        report = {"error": {"kind": "exception", "stage": error.stage, "scorer": scoring.scorer, **told}}
    except Exception as error:  # noqa: BLE001 - between the user's code: reading the data, writing the results
        told = worker.explain(error, job["root"], scoring.known)
        report = {"error": {"kind": "worker", "scorer": scoring.scorer, **told}}
    draft = scoring.out / "report.json.part"
    draft.write_text(json.dumps({"version": VERSION, **report}), encoding="utf-8")
    draft.replace(scoring.out / "report.json")
    return 1 if "error" in report else 0


if __name__ == "__main__":
    code = main(sys.argv[1])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the work is done: no thread, exit handler or finalizer of the user's can hang or undo it
