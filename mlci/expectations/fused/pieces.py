"""The table of pieces: each module of this room offers some, and this is where they are found by their types."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.expectations.fused.piece import Piece

MODULES = (
    "nulls",
    "tables",
    "pairs",
    "several",
    "aggregates",
    "distinct",
    "distribution",
    "texts",
    "parsed",
    "values",
    "order",
    "lengths",
    "spread",
    "types",
)
"""The modules that hold a `PIECES`; a type stands in one of them alone."""


@cache
def pieces() -> Mapping[str, Piece]:
    """Every expectation type that is fused, and its piece."""
    found: dict[str, Piece] = {}
    for module in MODULES:
        found |= import_module(f"mlci.expectations.fused.{module}").PIECES
    return MappingProxyType(found)
