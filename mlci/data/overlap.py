"""Rows of the holdout that also stand in training: a model that has seen its exam is judged too well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlci.data.rowhash import row_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mlci.data.read import Table

    Part = tuple[Table, NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many holdout rows stand in training, too, and by what they were told."""

    rows: int
    by: Literal["", "key", "content"]


def overlap(train: Part, holdout: Part, *, key: Sequence[str] | None) -> Overlap:
    """Count the holdout rows that also stand in training: by key, and where no key does, by all other columns.

    Args:
        train: A table, and the mask of its rows that train.
        holdout: The same or another table, and the mask of its rows that are held out.
        key: The columns that name a row; None: the whole content does.
    """
    if key and (shared := _shared(train, holdout, key)):
        return Overlap(shared, "key")
    names = {*train[0].names} & {*holdout[0].names} - {*(key or ())}
    shared = _shared(train, holdout, sorted(names)) if names else 0
    return Overlap(shared, "content" if shared else "")


def _shared(train: Part, holdout: Part, columns: Sequence[str]) -> int:
    import numpy as np

    hashes = row_hash(train[0], columns, seed=0)
    judged = hashes if holdout[0] is train[0] else row_hash(holdout[0], columns, seed=0)
    return int(np.isin(judged[holdout[1]], hashes[train[1]]).sum())
