"""The checks as pointblank has them, over a Polars frame: it has neither mean, deviation nor median."""

from __future__ import annotations

import sys
from datetime import datetime

import pointblank as pb
import polars as pl


def main(pattern: str) -> None:
    """Read, interrogate without extracting rows, and print how many hold."""
    frame = pl.scan_parquet(pattern).collect()
    first, last = datetime(2024, 1, 1), datetime(2025, 1, 1)  # noqa: DTZ001 - the column has no zone
    checked = (
        pb.Validate(frame)
        .col_exists(columns=frame.columns)
        .col_vals_not_null(columns="id")
        .rows_distinct(columns_subset="id")
        .col_vals_between(columns="age", left=18, right=89)
        .col_vals_not_null(columns="score")
        .col_vals_in_set(columns="country", set=["de", "fr", "it", "es", "us", "gb"])
        .col_vals_regex(columns="code", pattern="^A[0-9]{5}$")
        .col_vals_between(columns="quantity", left=0, right=990)
        .col_vals_le(columns="ratio", value=1)
        .col_vals_between(columns="moment", left=first, right=last)
        .interrogate(collect_extracts=False)
    )
    failed = checked.n_failed()
    print(sum(not count for count in failed.values()), "of", len(failed))


if __name__ == "__main__":
    main(sys.argv[1])
