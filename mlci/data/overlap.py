"""Rows of the holdout that also stand in training: a model that has seen its exam is judged too well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlci.data.rowhash import is_among, row_hash

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

    Content is that of the columns that both tables have. A row whose key is null throughout is not told by its key.

    Args:
        train: A table, and the mask of its rows that train.
        holdout: The same or another table, and the mask of its rows that are held out.
        key: The columns that name a row; None: the whole content does.
    """
    if key and (shared := _shared(train, _with_key(holdout, key), key)):
        return Overlap(shared, "key")
    names = {*train[0].names} & {*holdout[0].names} - {*(key or ())}
    shared = _shared(train, holdout, sorted(names)) if names else 0
    return Overlap(shared, "content" if shared else "")


def _with_key(part: Part, key: Sequence[str]) -> Part:
    """The rows that have a key."""
    import polars as pl

    table, mask = part
    if not all(table.column(name).nulls for name in key):
        return part
    keyed = table.scan().select(~pl.all_horizontal(pl.col(name).is_null() for name in key)).collect(engine="streaming")
    return table, mask & keyed.to_series().to_numpy()


def _shared(train: Part, holdout: Part, columns: Sequence[str]) -> int:
    hashes = row_hash(train[0], columns, seed=0)
    judged = hashes if holdout[0] is train[0] else row_hash(holdout[0], columns, seed=0)
    return int(is_among(judged[holdout[1]], hashes[train[1]]).sum())
