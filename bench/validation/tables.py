"""The tables of the benchmark: ten columns of five types, in files of a million rows, and a key in no order."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

CHUNK = 1_000_000
KEYS = 1 << 40
COUNTRIES = np.array(["de", "fr", "it", "es", "us", "gb"])


def write(rows: int, folder: Path, form: str) -> Path:
    """Write a table of so many rows; returns the pattern of its files."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    for at, start in enumerate(range(0, rows, CHUNK)):
        frame = _chunk(rng, start, min(CHUNK, rows - start))
        target = folder / f"part-{at:03d}.{form}"
        frame.write_parquet(target) if form == "parquet" else frame.write_csv(target)
    return folder / f"*.{form}"


def _chunk(rng: np.random.Generator, start: int, rows: int) -> pl.DataFrame:
    at = np.arange(start, start + rows, dtype=np.uint64)
    seconds = rng.integers(0, 366 * 86_400, rows).astype("timedelta64[s]")
    return pl.DataFrame(
        {
            "id": (at * np.uint64(0x9E3779B1) % np.uint64(KEYS)).astype(np.int64),  # odd, so each key comes once
            "age": rng.integers(18, 90, rows),
            "amount": rng.normal(100, 20, rows).round(2),
            "score": np.where(rng.random(rows) < 0.02, np.nan, rng.random(rows)),
            "country": rng.choice(COUNTRIES, rows),
            "code": np.char.add("A", rng.integers(10_000, 99_999, rows).astype(str)),
            "flag": rng.random(rows) < 0.3,
            "quantity": rng.integers(0, 1_000, rows),
            "ratio": rng.beta(2, 5, rows),
            "moment": np.datetime64("2024-01-01", "us") + seconds.astype("timedelta64[us]"),
        }
    ).with_columns(pl.col("score").fill_nan(None))


if __name__ == "__main__":
    print(write(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
