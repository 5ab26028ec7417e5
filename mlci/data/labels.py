"""Class labels in one written form, whatever the column's or the prediction's type."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def canonical_label(value: object) -> str:
    """A label as text: `True` for booleans, `1` for 1 and 1.0, the text itself otherwise."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def canonical_labels(column: pl.Series) -> pl.Series:
    """A column of labels as text, each in the form of `canonical_label`; nulls and NaN are null."""
    import polars as pl

    if column.dtype.is_float():
        column = column.fill_nan(None)
    elif column.dtype != pl.Boolean:
        return column.cast(pl.String)
    unique = column.drop_nulls().unique()  # few, for labels: each is written once
    written = [canonical_label(value) for value in unique.to_list()]
    return column.replace_strict(unique, pl.Series(written, dtype=pl.String), default=None, return_dtype=pl.String)
