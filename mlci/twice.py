"""Whether a training is reproducible: two trainings with the same seed, compared row by row. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlci.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from mlci.errors import TrainingError
    from mlci.training.job import Trained, Training
    from mlci.training.predictions import Predictions

CODE = "MLCI216"
_KINDS = {"labels": "label", "probability": "probability", "score": "score", "values": "value"}


def compared(training: Training, first: Trained, second: Trained | TrainingError) -> Trained:
    """The first training, with what the second one tells of it.

    Args:
        training: What was trained twice.
        first: What came back.
        second: What came back the second time, from the same rows with the same seed.
    """
    if isinstance(second, Exception):
        message = f"A second training of {training.subject} with the same seed failed: {second.message}"
    else:
        said = difference(first.predictions, second.predictions)
        elected = "" if first.winner == second.winner else f"; `{first.winner}` was elected, and then `{second.winner}`"
        message = (
            f"Two trainings of {training.subject} with the same seed predict differently {said}{elected}."
            if said
            else ""
        )
    side = first.side.model_copy(update={"reproducible": not message})
    found = (_finding(training, message),) if message else ()
    return replace(first, side=side, findings=(*first.findings, *found))


def difference(first: Predictions, second: Predictions) -> str:
    """How two sets of predictions of the same n rows differ, in words; "" where they are equal to the last bit."""
    import numpy as np

    lacking = [kind for kind in _KINDS if (getattr(first, kind) is None) != (getattr(second, kind) is None)]
    if lacking:
        return f"(one gives a {_KINDS[lacking[0]]} for each row, the other does not)"
    pairs = [(kind, getattr(first, kind), getattr(second, kind)) for kind in _KINDS if getattr(first, kind) is not None]
    other = np.logical_or.reduce([_unlike(mine, theirs) for _, mine, theirs in pairs])
    if not other.any():
        return ""
    most = ", ".join(_largest(pairs))
    return f"for {int(other.sum()):,} of {len(other):,} rows" + (f" ({most})" if most else "")


def _unlike(mine: NDArray[Any], theirs: NDArray[Any]) -> NDArray[np.bool_]:
    """Shape (n,): the rows that differ."""
    import numpy as np

    unlike: NDArray[np.bool_] = np.reshape(mine != theirs, (len(mine), -1))
    rows: NDArray[np.bool_] = np.any(unlike, axis=1)
    return rows


def _largest(pairs: list[tuple[str, NDArray[Any], NDArray[Any]]]) -> Iterator[str]:
    """The largest difference of what is a number."""
    for kind, mine, theirs in pairs:
        if kind != "labels" and (most := float(abs(mine - theirs).max())) > 0:
            yield f"largest difference of a {_KINDS[kind]} {most:.2g}"


def _finding(training: Training, message: str) -> Finding:
    hint = "Set `random_state` of everything that draws, and one thread for what adds up in any order."
    if training.config.command is not None:
        hint = "Let the command take its `seed` and its `threads` from $MLCI_JOB."
    return Finding(code=CODE, severity="warn", message=message, hint=hint, subject=training.model)
