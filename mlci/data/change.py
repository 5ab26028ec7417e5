"""How a dataset at the head differs from the same dataset at the base, in statistics."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlci.data.profile import levels, profile
from mlci.results import ColumnChange, DatasetChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.data.profile import Profile
    from mlci.data.read import Table

NULLS = 0.01  # a move of the share of nulls by more than this is told
SPREADS = 0.1  # and of the mean, by more than this many of the base's standard deviations
FEW = 200  # levels: a column of more texts is no category, and its new texts are no news


def change(base: Table | None, head: Table) -> DatasetChange:
    """Compare two versions of a dataset; equal contents are told at once.

    Told are columns that came, went or have another type, and of the others what moved notably: the share of nulls by
    more than a percentage point, the mean by more than a tenth of the base's standard deviation, and new levels of a
    category. The values of the data are not told.
    """
    if base is None:
        return DatasetChange(status="new")
    if base.fingerprint == head.fingerprint:
        return DatasetChange(status="same", rows_before=base.rows)
    before = {each.name: each.dtype for each in base.columns}
    after = {each.name: each.dtype for each in head.columns}
    columns = (
        *(ColumnChange(column=name, what="added", after=after[name]) for name in after if name not in before),
        *(ColumnChange(column=name, what="removed", before=before[name]) for name in before if name not in after),
        *(
            ColumnChange(column=name, what="type", before=before[name], after=after[name])
            for name in after
            if name in before and before[name] != after[name]
        ),
        *_moves(base, head),
    )
    note = "" if columns else "the content differs, and no column moved notably"
    return DatasetChange(status="changed", rows_before=base.rows, columns=columns, note=note)


def _moves(base: Table, head: Table) -> Iterator[ColumnChange]:
    old, new = profile(base), profile(head)
    shared = [name for name in new if name in old]
    few = [name for name in shared if _is_few(old[name]) and _is_few(new[name])]
    texts_before, texts_after = levels(base, few), levels(head, few)
    for name in shared:
        before, after = old[name], new[name]
        if abs(after.nulls - before.nulls) > NULLS:
            told = (f"{100 * each.nulls:.1f} % null" for each in (before, after))
            yield ColumnChange(column=name, what="nulls", before=next(told), after=next(told))
        if _mean_moved(before, after):
            yield ColumnChange(
                column=name, what="mean", before=f"mean {before.mean:.4g}", after=f"mean {after.mean:.4g}"
            )
        added = len(texts_after.get(name, frozenset()) - texts_before.get(name, frozenset()))
        if added:
            count = len(texts_after[name])
            yield ColumnChange(
                column=name,
                what="levels",
                before=f"{len(texts_before[name])} levels",
                after=f"{count} levels, {added} of them new",
            )


def _is_few(column: Profile) -> bool:
    return column.levels is not None and column.levels <= FEW


def _mean_moved(before: Profile, after: Profile) -> bool:
    if before.mean is None or after.mean is None or math.isclose(before.mean, after.mean, rel_tol=1e-9):
        return False
    return abs(after.mean - before.mean) > SPREADS * (before.std or 0.0)
