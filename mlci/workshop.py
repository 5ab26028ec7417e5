"""The workshop: trainings in child processes, as many at once as the plan says, and none left behind."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from mlci import waiting
from mlci.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from mlci.plan import Plan
    from mlci.progress import Progress
    from mlci.training.job import Stop, Trained, Training
    from mlci.training.sandbox import Outcome
    from mlci.training.wall import Held


Make: TypeAlias = "Callable[[Stop], Training]"


@dataclass(frozen=True, slots=True)
class _Either:
    """An event that is set where any of some is."""

    events: tuple[threading.Event | None, ...]

    def is_set(self) -> bool:
        return any(each is not None and each.is_set() for each in self.events)


@dataclass(frozen=True, slots=True)
class Workshop:
    """Trains in child processes, as many at once as the plan says."""

    pool: ThreadPoolExecutor
    stop: threading.Event
    progress: Progress
    submitted: list[Future[tuple[Trained, ...]]] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)  # what of the wall held, of each training that has ended

    def settle(self) -> None:
        """Wait until no training is left: from then on files may hold what no training is to see."""
        for each in self.submitted:
            waiting.settled(each)

    def submit(self, make: Make, halt: threading.Event | None = None) -> Future[tuple[Trained, ...]]:
        """Train one side of a model as soon as there is room."""
        self.submitted.append(self.pool.submit(self.train, make, halt))
        return self.submitted[-1]

    def train(self, make: Make, halt: threading.Event | None = None) -> tuple[Trained, ...]:
        """Train one side of a model now, with as many seeds as it asks for; the election takes place once.

        Args:
            make: Gives the training, and makes what it needs: it is told when to stop.
            halt: Set it to end the training, as the end of the run does.
        """
        training = make(_Either((self.stop, halt)))
        first = self._once(training, halt)
        if training.twice:
            first = self._compared(training, first, halt)
        again = (training.again(at, first.winner) for at in range(1, training.config.repeats))
        return (first, *(self._once(each, halt) for each in again))

    def _compared(self, training: Training, first: Trained, halt: threading.Event | None) -> Trained:
        """The training, with what a second one says of it."""
        from mlci import twice

        try:
            second: Trained | TrainingError = self._once(training.anew(), halt, ", again")
        except TrainingError as error:
            second = error
        return twice.compared(training, first, second)

    def _once(self, training: Training, halt: threading.Event | None, which: str = "") -> Trained:
        from mlci.training.job import train

        seed = f", seed {training.config.seed}" if training.config.repeats > 1 else ""
        what = f"{training.model} ({'this PR' if training.side == 'head' else 'base'}{seed}{which})"
        try:
            done = train(
                training,
                on_event=lambda event: self.progress.doing(what, str(event)),
                on_end=lambda outcome: self._ended(what, outcome),
                stop=_Either((self.stop, halt)),
            )
        finally:
            self.progress.doing(what, "")
        self.progress.say(f"trained {what}: `{done.winner}` on {training.train_rows:,} rows")
        return done

    def _ended(self, what: str, outcome: Outcome) -> None:
        self.held.append(outcome.held)
        self.progress.printed(what, outcome.log)


@contextmanager
def workshop(todo: Plan, progress: Progress) -> Iterator[Workshop]:
    """A workshop that leaves no child behind, whatever ends it."""
    stop = threading.Event()
    with ThreadPoolExecutor(todo.workers, thread_name_prefix="training") as pool:
        try:
            yield Workshop(pool, stop, progress)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
