"""The checks as pandera has them, over a Polars frame: it has no median, so the ratio's middle is not looked at."""

from __future__ import annotations

import sys
from datetime import datetime

import pandera.polars as pa
import polars as pl

FIRST, LAST = datetime(2024, 1, 1), datetime(2025, 1, 1)  # noqa: DTZ001 - the column has no zone


def _mean(data: pa.PolarsData) -> pl.LazyFrame:
    frame: pl.LazyFrame = data.lazyframe
    return frame.select(pl.col(data.key).mean().is_between(95, 105))


def _deviation(data: pa.PolarsData) -> pl.LazyFrame:
    frame: pl.LazyFrame = data.lazyframe
    return frame.select(pl.col(data.key).std().is_between(15, 25))


def main(pattern: str) -> None:
    """Read, validate the data and not the schema alone, and print how many columns were held to something."""
    frame = pl.scan_parquet(pattern).collect()  # a lazy frame would have its schema checked alone
    schema = pa.DataFrameSchema(
        {
            "id": pa.Column(pl.Int64, unique=True),
            "age": pa.Column(pl.Int64, pa.Check.in_range(18, 89)),
            "amount": pa.Column(pl.Float64, [pa.Check(_mean), pa.Check(_deviation)]),
            "score": pa.Column(pl.Float64, nullable=True),
            "country": pa.Column(pl.String, pa.Check.isin(["de", "fr", "it", "es", "us", "gb"])),
            "code": pa.Column(pl.String, [pa.Check.str_matches("^A[0-9]{5}$"), pa.Check.str_length(5, 7)]),
            "flag": pa.Column(pl.Boolean),
            "quantity": pa.Column(pl.Int64, pa.Check.in_range(0, 999)),
            "ratio": pa.Column(pl.Float64, pa.Check.less_than_or_equal_to(1)),
            "moment": pa.Column(pl.Datetime("us"), pa.Check.in_range(FIRST, LAST)),
        },
        strict=True,
    )
    print(schema.validate(frame, lazy=True).width, "columns")


if __name__ == "__main__":
    main(sys.argv[1])
