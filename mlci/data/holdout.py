"""The rows that judge one side: features for the child, and what the parent keeps to judge them by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlci.config.models import Slice
from mlci.data.slices import quantile_rule, slice_parts
from mlci.data.split import write_rows
from mlci.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from mlci.config.models import ModelConfig
    from mlci.data.oddities import Where
    from mlci.data.read import Table
    from mlci.data.slices import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdouts:
    """The rows that judge one side: features in a Parquet file, and per row the target and what it belongs to.

    `target` holds (n,) class codes or values; `groups` and `sample_weight` are (n,), too; see `mlci.weighing.Scored`.
    """

    path: Path
    rows: int
    target: NDArray[Any]
    parts: tuple[Parts, ...] = ()
    groups: NDArray[np.int64] | None = None
    sample_weight: NDArray[np.float64] | None = None
    sensitive: tuple[Parts, ...] = ()
    searched: tuple[Parts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The rows of a table that are held out, shape (n,) of bools, under a model's rules."""

    table: Table
    rows: NDArray[np.bool_]
    model: ModelConfig
    where: Where

    def written(self, path: Path, target: NDArray[Any], *, strict: bool) -> Holdouts:
        """The rows that judge: features in a file, without the target, and the rest kept here.

        Args:
            path: The file.
            target: Shape (n,), of the rows that are held out.
            strict: Whether every column that is named has to be there; else what is lacking is left out.

        Raises:
            DataError: strict, and the table lacks a column; or a column of weights holds none.
        """
        search = self.model.worst_slice
        rows = write_rows(self.table, self.rows, path, drop=(self.model.target,))
        kept = self.columns(strict=strict)

        def here(columns: Sequence[str]) -> list[str]:
            return [each for each in columns if each in kept.columns]

        cut = [quantile_rule(kept[each], each, search.bins) for each in here(search.columns)] if search else []
        return Holdouts(
            path=path,
            rows=rows,
            target=target,
            parts=self.parts(kept),
            groups=self._clusters(kept),
            sample_weight=self._weights(kept),
            sensitive=self.sensitive(kept),
            searched=slice_parts(kept, cut),
        )

    def check(self) -> None:
        """See that the columns are there, and that one of weights holds such.

        Raises:
            DataError: one is not, or holds none.
        """
        self._weights(self.columns(strict=True))

    def parts(self, kept: pl.DataFrame) -> tuple[Parts, ...]:
        """The slices, of the columns that are there."""
        return slice_parts(kept, [each for each in self.model.slices if each.column in kept.columns])

    def sensitive(self, kept: pl.DataFrame) -> tuple[Parts, ...]:
        """The groups of the sensitive columns that are there."""
        asked = self.model.fairness.sensitive if self.model.fairness else ()
        return slice_parts(kept, [Slice(column=each) for each in asked if each in kept.columns])

    def _clusters(self, kept: pl.DataFrame) -> NDArray[np.int64] | None:
        """The code of each row's cluster; rows without a value belong together."""
        import polars as pl

        column = self.model.clustered_by
        if column is None or column not in kept.columns:
            return None
        found: NDArray[np.int64] = kept[column].rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
        return found

    def _weights(self, kept: pl.DataFrame) -> NDArray[np.float64] | None:
        """How much each row weighs.

        Raises:
            DataError: the column holds no weights.
        """
        import polars as pl

        column = self.model.sample_weight
        if column is None or column not in kept.columns:
            return None
        weights = kept[column]
        wrong = "holds no numbers" if not weights.dtype.is_numeric() else ""
        if not wrong:
            weights = weights.cast(pl.Float64)
            bad = int((~(weights.is_finite() & (weights >= 0))).fill_null(value=True).sum())
            wrong = f"is negative, missing or not finite in {bad:,} held-out rows" if bad else ""
            wrong = wrong or ("is 0 in all held-out rows" if not weights.sum() else "")
        if wrong:
            raise DataError(
                f"The column `{column}`, by which rows are weighed, {wrong}.",
                hint="Weights are numbers from 0 on, and greater than 0 in some row.",
                location=self.where("sample_weight"),
            )
        found: NDArray[np.float64] = weights.to_numpy()
        return found

    def columns(self, *, strict: bool = False) -> pl.DataFrame:
        """The columns of the holdout that slices, clusters, weights and groups are told by.

        Raises:
            DataError: strict, and the table lacks one of them.
        """
        import polars as pl

        model = self.model
        wanted: dict[str, Sequence[str]] = {
            "slices": [each.column for each in model.slices],
            "cluster": [model.cluster] if model.cluster else [],
            "sample_weight": [model.sample_weight] if model.sample_weight else [],
            "fairness": model.fairness.sensitive if model.fairness else (),
            "worst_slice": model.worst_slice.columns if model.worst_slice else (),
            "split": [model.split.group] if model.split.group else [],
        }
        for key, columns in wanted.items():
            if strict:
                self.table.require(columns, f"`{key}`", self.where(key))
        every = dict.fromkeys(name for columns in wanted.values() for name in columns)
        known = [name for name in every if name in self.table.names]
        if not known:
            return pl.DataFrame()
        return self.table.scan().select(known).collect().filter(pl.Series(self.rows))
