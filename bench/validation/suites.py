"""The suites of the benchmark: fifteen expectations as a team would write them, and a hundred of the same kinds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Entry = dict[str, Any]


def _entry(kind: str, **kwargs: object) -> Entry:
    return {"type": f"expect_{kind}", "kwargs": kwargs}


COLUMNS = ["id", "age", "amount", "score", "country", "code", "flag", "quantity", "ratio", "moment"]
COUNTRIES = ["de", "fr", "it", "es", "us", "gb"]

FIFTEEN: list[Entry] = [
    _entry("table_row_count_to_be_between", min_value=1),
    _entry("table_columns_to_match_set", column_set=COLUMNS),
    _entry("column_values_to_not_be_null", column="id"),
    _entry("column_values_to_be_unique", column="id"),
    _entry("column_values_to_be_between", column="age", min_value=18, max_value=89),
    _entry("column_mean_to_be_between", column="amount", min_value=95, max_value=105),
    _entry("column_stdev_to_be_between", column="amount", min_value=15, max_value=25),
    _entry("column_values_to_not_be_null", column="score", mostly=0.95),
    _entry("column_values_to_be_in_set", column="country", value_set=COUNTRIES),
    _entry("column_values_to_match_regex", column="code", regex="^A[0-9]{5}$"),
    _entry("column_value_lengths_to_be_between", column="code", min_value=5, max_value=7),
    _entry("column_values_to_be_between", column="quantity", min_value=0, max_value=990, mostly=0.9),
    _entry("column_median_to_be_between", column="ratio", min_value=0.1, max_value=0.4),
    _entry("column_max_to_be_between", column="ratio", min_value=0, max_value=1),
    _entry(
        "column_values_to_be_between", column="moment", min_value="2024-01-01T00:00:00", max_value="2025-01-01T00:00:00"
    ),
]

OF_TEXTS: list[Entry] = [
    *FIFTEEN[:-1],
    _entry("column_value_lengths_to_be_between", column="moment", min_value=10, max_value=32),
]
"""The same for CSV, where every reader here takes a moment for a text."""


def hundred() -> list[Entry]:
    """The fifteen, and eighty-five more over the same columns."""
    more = []
    for name, low, high in (("age", 18, 89), ("quantity", 0, 999), ("amount", -50, 250), ("ratio", 0, 1)):
        more += [
            _entry("column_values_to_be_between", column=name, min_value=low, max_value=high + k) for k in range(8)
        ]
        more += [_entry("column_mean_to_be_between", column=name, min_value=low - k, max_value=high) for k in range(3)]
        more += [_entry("column_max_to_be_between", column=name, max_value=high + k) for k in range(3)]
        more += [_entry("column_values_to_not_be_null", column=name, mostly=1 - k / 10) for k in range(3)]
    more += [_entry("column_values_to_match_regex", column="code", regex=f"^A[0-9]{{{k},5}}$") for k in range(1, 5)]
    more += [_entry("column_value_lengths_to_be_between", column="code", max_value=7 + k) for k in range(5)]
    more += [_entry("column_values_to_be_in_set", column="country", value_set=[*COUNTRIES, f"x{k}"]) for k in range(5)]
    more += [_entry("column_values_to_not_be_in_set", column="country", value_set=[f"x{k}"]) for k in range(3)]
    return [*FIFTEEN, *more][:100]


def write(entries: list[Entry], path: Path) -> Path:
    """Write a suite's file."""
    path.write_text(json.dumps({"name": path.stem, "expectations": entries}, indent=1), encoding="utf-8")
    return path
