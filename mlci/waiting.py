"""Waiting for threads in a way that Ctrl-C can interrupt.

Polars installs a SIGINT handler of its own when it is imported, after which a main thread that waits without a limit is
not woken by the signal any more; one that wakes up by itself now and then sees it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import threading
    from concurrent.futures import Future

T = TypeVar("T")

_TICK = 0.1  # seconds


def result(future: Future[T]) -> T:
    """The future's result, or what it raised."""
    settled(future)
    return future.result()


def settled(future: Future[T]) -> None:
    """Wait for the end of a future, whatever it is."""
    from concurrent.futures import wait

    while not future.done():
        wait((future,), timeout=_TICK)


def join(thread: threading.Thread) -> None:
    """Wait for the end of a thread."""
    while thread.is_alive():
        thread.join(_TICK)
