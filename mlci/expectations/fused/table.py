"""The table that is asked: a round of needs becomes one streaming query of the rows, and few beside it.

What can be added up in any order is one query whatever its number; a column's order, its ranks and its distinct values
each take a query of that column alone, in bounded memory: groups in parts by their hash, ranks between brackets.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlci.expectations.fused.piece import Alone, Groups, Ranked, Rows
from mlci.expectations.fused.ranked import ranked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from mlci.expectations.fused.piece import Need

PART = 1 << 24  # rows that are grouped at once: 16.8 million
TEXTS = 4  # times as few where a key is no number


@dataclass(frozen=True, slots=True)
class Asked:
    """The table behind the pieces."""

    frame: pl.LazyFrame

    def answer(self, needs: Mapping[bytes, Need]) -> Iterator[tuple[bytes, Any]]:
        """The values of needs, each under its key.

        Raises:
            polars.exceptions.PolarsError: one of them cannot be computed, or the table cannot be read.
        """
        yield from self._rows({key: need for key, need in needs.items() if isinstance(need, Rows)})
        yield from self._alone({key: need for key, need in needs.items() if isinstance(need, Alone)})
        yield from self._ranked({key: need for key, need in needs.items() if isinstance(need, Ranked)})
        yield from self._groups({key: need for key, need in needs.items() if isinstance(need, Groups)})

    def _rows(self, needs: Mapping[bytes, Rows]) -> Iterator[tuple[bytes, Any]]:
        if needs:
            yield from zip(needs, _one_row(self.frame, [need.expr for need in needs.values()]), strict=True)

    def _alone(self, needs: Mapping[bytes, Alone]) -> Iterator[tuple[bytes, Any]]:
        """One query for the needs of each column: more columns at once would wait for each other in memory."""
        of_columns: dict[tuple[str, ...], dict[bytes, Alone]] = defaultdict(dict)
        for key, need in needs.items():
            of_columns[tuple(sorted(set(need.expr.meta.root_names())))][key] = need
        for some in of_columns.values():
            yield from zip(some, _one_row(self.frame, [need.expr for need in some.values()]), strict=True)

    def _ranked(self, needs: Mapping[bytes, Ranked]) -> Iterator[tuple[bytes, Any]]:
        """All ranks of a column at once, so that it is sorted once."""
        of_columns: dict[bytes, dict[bytes, Ranked]] = defaultdict(dict)
        for key, need in needs.items():
            of_columns[need.expr.meta.serialize()][key] = need
        for some in of_columns.values():
            ranks = tuple(sorted({rank for need in some.values() for rank in need.ranks}))
            values = ranked(self.frame, Ranked(next(iter(some.values())).expr, ranks))
            at = dict(zip(ranks, values, strict=True))
            yield from ((key, tuple(at[rank] for rank in need.ranks)) for key, need in some.items())

    def _groups(self, needs: Mapping[bytes, Groups]) -> Iterator[tuple[bytes, Any]]:
        """One grouping for all needs of the same keys."""
        of_keys: dict[tuple[bytes, ...], dict[bytes, Groups]] = defaultdict(dict)
        for key, need in needs.items():
            kept = need.keep.meta.serialize() if need.keep is not None else b""
            of_keys[(*(expr.meta.serialize() for expr in need.keys), kept)][key] = need
        for some in of_keys.values():
            yield from zip(some, self._grouped(list(some.values())), strict=True)

    def _grouped(self, needs: Sequence[Groups]) -> list[Any]:
        import polars as pl

        names = [f"k{at}" for at in range(len(needs[0].keys))]
        keep = needs[0].keep
        if keep is None:
            keep = pl.all_horizontal(pl.col(name).is_not_null() for name in names)
        rows = self.frame.select(
            _key(key, self.frame).alias(name) for key, name in zip(needs[0].keys, names, strict=True)
        )
        rows = rows.filter(keep)
        wanted = [need.expr for need in needs]
        if len(names) == 1 and _in_order(rows):
            return list(_one_row(rows.with_columns(rows=pl.lit(1, dtype=pl.get_index_type())), wanted))
        numeric = all(dtype.is_numeric() for dtype in rows.collect_schema().values())
        height = self.frame.select(pl.len()).collect(engine="streaming").item()  # at most, and free
        parts = -(-height // (PART if numeric else PART // TEXTS)) or 1
        found = []
        for part in range(parts):
            some = rows.filter(pl.struct(names).hash() % parts == part) if parts > 1 else rows
            found.append(_one_row(some.group_by(names).agg(rows=pl.len()), wanted))
        return [_merged(need, [row[at] for row in found]) for at, need in enumerate(needs)]


def _key(expr: pl.Expr, frame: pl.LazyFrame) -> pl.Expr:
    """A key by which equal values are grouped: of the two zeros of a float one."""
    return expr + 0.0 if frame.select(expr).collect_schema().dtypes()[0].is_float() else expr


def _in_order(rows: pl.LazyFrame) -> bool:
    """Whether a column's values stand in strict order, so that each is alone: far cheaper to see than to group."""
    import polars as pl

    dtype = rows.collect_schema()["k0"]
    if not (dtype.is_integer() or dtype.is_temporal()):
        return False
    before, here = pl.col("k0").shift(1), pl.col("k0")
    up, down = _one_row(rows, [(before >= here).any(), (before <= here).any()])
    return not up or not down


def _one_row(frame: pl.LazyFrame, exprs: Sequence[pl.Expr]) -> tuple[Any, ...]:
    """The values of aggregates, in one streaming query."""
    named = [expr.alias(str(at)) for at, expr in enumerate(exprs)]
    return frame.select(named).collect(engine="streaming").row(0)


def _merged(need: Groups, parts: Sequence[Any]) -> Any:  # noqa: ANN401 - whatever the expression gives
    """One answer from those of the parts."""
    some = [part for part in parts if part is not None]
    if len(some) <= 1:
        return some[0] if some else None
    if need.merge == "concat":
        return [value for part in some for value in part]
    if need.merge == "sum":
        return sum(some)
    return max(some) if need.merge == "max" else min(some)
