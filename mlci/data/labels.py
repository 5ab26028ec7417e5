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
    """A column of labels as text, in the form of `canonical_label`; nulls stay null."""
    import polars as pl

    if column.dtype.is_float():
        finite = column.fill_nan(None)
        if (finite.drop_nulls() == finite.drop_nulls().round()).all():
            return finite.cast(pl.Int64).cast(pl.String)
        return finite.cast(pl.String)
    if column.dtype == pl.Boolean:
        return column.replace_strict([True, False], ["True", "False"], default=None, return_dtype=pl.String)
    return column.cast(pl.String)
