"""Row conditions as expressions of Polars, with pandas' meaning: a comparison with null holds for `!=` alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.expectations.fused.piece import Declined

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl


def kept(condition: object, parser: object, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """Which rows a row_condition keeps: a boolean expression that is never null.

    Args:
        condition: a text for pandas' `query` or for Great Expectations, or a condition object, as a suite holds it.
        parser: its `condition_parser`.
        schema: the table's columns; those that the condition reads are among them.

    Raises:
        Declined: it is not one of the known forms, or the types of what it compares are not known to compare alike.
    """
    raise Declined("its row_condition")
