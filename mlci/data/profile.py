"""A table's profile: per column its mean and spread, or its levels, in one streaming pass; never a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from mlci.data.read import Table

FEWEST = 10  # values: a mean of fewer says too much of each


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A column in statistics: `nulls` is a share; `mean` and `std` are of the finite numbers (booleans are 0 and 1).

    `levels` is the approximate number of different texts (HyperLogLog++, Heule, Nunkesser & Hall 2013). What does not
    apply to the column's type, or rests on fewer than ten values, is None.
    """

    nulls: float
    mean: float | None = None
    std: float | None = None
    levels: int | None = None


def profile(table: Table) -> dict[str, Profile]:
    """Profile every column of a table, in one streaming query."""
    import polars as pl

    schema = table.scan().collect_schema()
    asked: list[pl.Expr] = []
    for i, (name, dtype) in enumerate(schema.items()):
        if dtype.is_numeric() or dtype == pl.Boolean:
            number = pl.col(name).cast(pl.Float64)
            finite = pl.when(number.is_finite()).then(number)
            asked += [finite.count().alias(f"{i} n"), finite.mean().alias(f"{i} mean"), finite.std().alias(f"{i} std")]
        elif dtype in (pl.String, pl.Categorical, pl.Enum):
            asked.append(pl.col(name).cast(pl.String).drop_nulls().approx_n_unique().alias(f"{i} levels"))
    row = table.scan().select(asked).collect(engine="streaming").row(0, named=True) if asked else {}
    profiles = {}
    for i, column in enumerate(table.columns):
        told = row.get(f"{i} n", 0) >= FEWEST
        profiles[column.name] = Profile(
            nulls=column.nulls / table.rows,
            mean=row[f"{i} mean"] if told else None,
            std=row[f"{i} std"] if told else None,
            levels=row.get(f"{i} levels"),
        )
    return profiles


def levels(table: Table, columns: Iterable[str]) -> dict[str, frozenset[str]]:
    """The different texts of columns that have few; for counting them, not for showing them."""
    import polars as pl

    names = list(columns)
    if not names:
        return {}
    found = table.scan().select(pl.col(name).cast(pl.String).drop_nulls().unique().implode() for name in names)
    return {name: frozenset(texts) for name, texts in found.collect(engine="streaming").row(0, named=True).items()}
