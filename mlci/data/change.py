"""How a dataset at the head differs from the same dataset at the base, in statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.results import ColumnChange, DatasetChange

if TYPE_CHECKING:
    from mlci.data.read import Table


def change(base: Table | None, head: Table) -> DatasetChange:
    """Compare two versions of a dataset; equal contents are told at once."""
    if base is None:
        return DatasetChange(status="new")
    if base.fingerprint == head.fingerprint:
        return DatasetChange(status="same", rows_before=base.rows)
    before = {each.name: each.dtype for each in base.columns}
    after = {each.name: each.dtype for each in head.columns}
    columns = [
        *(ColumnChange(column=name, what="added", after=after[name]) for name in after if name not in before),
        *(ColumnChange(column=name, what="removed", before=before[name]) for name in before if name not in after),
        *(
            ColumnChange(column=name, what="type", before=before[name], after=after[name])
            for name in after
            if name in before and before[name] != after[name]
        ),
    ]
    return DatasetChange(status="changed", rows_before=base.rows, columns=tuple(columns))
