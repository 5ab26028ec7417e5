"""The same fifteen checks as a person who knows Polars writes them: what is the least that this costs."""

from __future__ import annotations

import sys
from datetime import datetime

import polars as pl

FIRST, LAST = datetime(2024, 1, 1), datetime(2025, 1, 1)  # noqa: DTZ001 - the column has no zone


def main(pattern: str) -> None:
    """Read, aggregate in one streaming query and one grouping, and print how many hold."""
    frame = pl.scan_parquet(pattern) if pattern.endswith("parquet") else pl.scan_csv(pattern)
    c = pl.col
    moment = ~c("moment").str.len_chars().is_between(10, 32)
    if frame.collect_schema()["moment"] != pl.String:
        moment = ~c("moment").is_between(FIRST, LAST)
    found = (
        frame.select(
            rows=pl.len(),
            no_id=c("id").null_count(),
            age=(~c("age").is_between(18, 89)).sum(),
            mean=c("amount").mean(),
            std=c("amount").std(),
            no_score=c("score").null_count(),
            country=(~c("country").is_in(["de", "fr", "it", "es", "us", "gb"])).sum(),
            code=(~c("code").str.contains("^A[0-9]{5}$")).sum(),
            long=(~c("code").str.len_chars().is_between(5, 7)).sum(),
            quantity=(~c("quantity").is_between(0, 990)).sum(),
            ratio=c("ratio").max(),
            moment=moment.sum(),
        )
        .collect(engine="streaming")
        .row(0, named=True)
    )
    half = frame.select(c("ratio").median()).collect(engine="streaming").item()
    groups = frame.group_by("id").len().select((c("len") > 1).sum()).collect(engine="streaming").item()
    rows = found["rows"]
    held = [
        rows >= 1,
        set(frame.collect_schema()) >= {"id", "age"},
        not found["no_id"],
        not groups,
        not found["age"],
        95 <= found["mean"] <= 105,
        15 <= found["std"] <= 25,
        found["no_score"] <= 0.05 * rows,
        not found["country"],
        not found["code"],
        not found["long"],
        found["quantity"] <= 0.1 * rows,
        0.1 <= half <= 0.4,
        0 <= found["ratio"] <= 1,
        not found["moment"],
    ]
    print(sum(held), "of", len(held))


if __name__ == "__main__":
    main(sys.argv[1])
