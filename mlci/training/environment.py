"""What a model's training runs in."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mlci.training import users

if TYPE_CHECKING:
    from mlci.training.users import User


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter, what its packages can do, and whom it runs as."""

    python: Path
    has_parquet: bool  # Polars or pyarrow is there, to read and write Parquet
    has_skops: bool  # the winner can be saved in skops' format
    user: User | None = None  # None: this process's own


def own(side: Literal["head", "base"] = "head") -> Environment:
    """The interpreter and the packages of mlci itself, for models that configure none.

    Raises:
        UserError: the user that is to run code of the repository is none of this system.
    """
    return Environment(
        python=Path(sys.executable),
        has_parquet=any(find_spec(name) is not None for name in ("polars", "pyarrow")),
        has_skops=find_spec("skops") is not None,
        user=users.child(side),
    )
