"""What is odd about a model's rows, and a reader of its verdict should know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.data.rowhash import row_hash
from mlci.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlci.config.models import ModelConfig
    from mlci.data.read import Table
    from mlci.data.slices import Parts
    from mlci.errors import Location
    from mlci.results import Holdout, Severity

Where = Callable[..., "Location"]

_GROUPS = 10  # clusters below which an interval rests on too little
_TWINS = 0.01  # share of the holdout: fewer rows of equal content are no accident worth a warning


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddities:
    """Looks at rows under one model's rules; `where` gives the place of a key of its configuration."""

    model: ModelConfig
    key: tuple[str, ...] | None
    where: Where

    def of_rows(self, table: Table, unknown: int, info: Holdout) -> Iterator[Finding]:
        """What is odd about a table's rows; `unknown` of them have no target."""
        yield from self._duplicates(table)
        if info.groups is not None and info.groups < _GROUPS:
            yield self.finding(
                "MLCI124",
                "warn",
                f"Only {info.groups} {'group' if info.groups == 1 else 'groups'} of `{self.model.clustered_by}` "
                f"{'is' if info.groups == 1 else 'are'} held out: too few to tell chance from a change.",
                "Hold out more groups (test_size), or take a column with more of them.",
                "cluster" if self.model.cluster else "split",
            )
        if unknown:
            yield self.finding(
                "MLCI121",
                "warn",
                f"{unknown:,} rows of `{table.name}` have no `{self.model.target}`: they neither train nor judge.",
                "Leave such rows out of the data, or fill the target in.",
                "target",
            )
        empty = [each.name for each in table.columns if each.nulls == table.rows]
        if empty:
            listed = ", ".join(f"`{name}`" for name in empty[:5]) + (", …" if len(empty) > 5 else "")  # noqa: PLR2004
            yield self.finding(
                "MLCI122",
                "warn",
                f"`{table.name}` has columns without a single value: {listed}.",
                "Look whether a join or an export lost them; a model cannot learn from them.",
                "dataset",
            )
        if info.overlap_rows:
            what = "the same key" if info.overlap_by == "key" else "the same content"
            grave = info.overlap_by == "key" or info.overlap_rows > _TWINS * info.rows
            yield self.finding(
                "MLCI123",
                "warn" if grave else "info",
                f"{info.overlap_rows:,} of {info.rows:,} held-out rows also stand in training, with {what}: the scores "
                "of both sides are better than they would be on new rows.",
                "Remove the duplicates, or hold out whole groups: split: {group: column}.",
                "split",
            )

    def vanished(self, before: Sequence[Parts], now: Sequence[Parts]) -> Iterator[Finding]:
        """Slices and groups that the base's holdout has rows enough of, and the head's has not: nothing judges them."""
        here = _with_rows(now, 1), _with_rows(now, self.model.min_rows)
        gone = [name for name in _with_rows(before, 1) if name not in here[0]]
        few = [name for name in _with_rows(before, self.model.min_rows) if name in here[0] and name not in here[1]]
        if few:
            listed = ", ".join(f"`{name}`" for name in few[:5]) + (", …" if len(few) > 5 else "")  # noqa: PLR2004
            yield self.finding(
                "MLCI307",
                "fail" if self.model.on_inconclusive == "fail" else "warn",
                f"The holdout has fewer than {self.model.min_rows} rows of {listed} now, and the base branch's "
                "has more: nothing judges them any more.",
                "Look whether the data lost these rows, or hold out more.",
                "slices",
            )
        if gone:
            listed = ", ".join(f"`{name}`" for name in gone[:5]) + (", …" if len(gone) > 5 else "")  # noqa: PLR2004
            yield self.finding(
                "MLCI307",
                "warn",
                f"The holdout has no rows of {listed} any more, which the base branch's has: nothing judges them.",
                "Look whether the data lost these rows.",
                "slices",
            )

    def _duplicates(self, table: Table) -> Iterator[Finding]:
        import numpy as np

        if self.key is None:
            return
        hashes = row_hash(table, self.key, seed=0)
        extra = len(hashes) - len(np.unique(hashes))
        if extra:
            named = " and ".join(f"`{name}`" for name in self.key)
            yield self.finding(
                "MLCI120",
                "warn",
                f"The key of `{table.name}` ({named}) does not name one row: {extra:,} rows repeat a key.",
                "Rows that share a key stay on one side of the split; add a column that tells them apart.",
                "dataset",
            )

    def finding(self, code: str, severity: Severity, message: str, hint: str, key: str) -> Finding:
        """A finding of the dataset, at the place of a key of the model's configuration."""
        return Finding(
            code=code,
            severity=severity,
            message=message,
            hint=hint,
            location=self.where(key),
            subject=self.model.dataset,
        )


def _with_rows(parts: Sequence[Parts], least: int) -> list[str]:
    """The names of the slices with so many rows, each once."""
    named = (each for part in parts for each in zip(part.names, part.rows(), strict=True))
    return list(dict.fromkeys(name for name, rows in named if rows >= least))
