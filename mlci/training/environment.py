"""What a model's training runs in."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter, and what its packages can do."""

    python: Path
    has_parquet: bool  # Polars or pyarrow is there, to read and write Parquet
    has_skops: bool  # the winner can be saved in skops' format


def own() -> Environment:
    """The interpreter and the packages of mlci itself, for models that configure none."""
    return Environment(
        python=Path(sys.executable),
        has_parquet=any(find_spec(name) is not None for name in ("polars", "pyarrow")),
        has_skops=find_spec("skops") is not None,
    )
