"""Expectations of what is null: the smallest pieces, and the model for the others."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlci.expectations.fused.piece import Found, Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.expectations.fused.piece import Ask, Piece, Steps


def not_null(ask: Ask) -> Steps:
    """expect_column_values_to_not_be_null: nothing is left out here, for nulls are what is looked for."""
    values = ask.column()
    answers = yield {"rows": ask.rows, "nulls": Rows(values.expr.null_count())}
    return _of_nulls(ask, answers["rows"], answers["nulls"])


def null(ask: Ask) -> Steps:
    """expect_column_values_to_be_null."""
    values = ask.column()
    answers = yield {"rows": ask.rows, "present": Rows(values.present)}
    return _of_nulls(ask, answers["rows"], answers["present"])


def _of_nulls(ask: Ask, rows: int, unexpected: int) -> Found:
    """Great Expectations gives these two no missing values, and a success where there are no rows."""
    percent = unexpected / rows * 100 if rows else None
    result: dict[str, Any] = {
        "element_count": rows,
        "unexpected_count": unexpected,
        "unexpected_percent": percent,
        "partial_unexpected_list": [],
    }
    return Found(not rows or (float(rows) - float(unexpected)) / float(rows) >= ask.mostly, result)


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "expect_column_values_to_not_be_null": not_null,
        "expect_column_values_to_be_null": null,
    }
)
