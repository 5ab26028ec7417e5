"""What a model's training runs in."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mlci.training import users, wall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.training.users import User

Kind = Literal["own", "requirements", "project", "interpreter"]


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter, what its packages can do, and whom it runs as.

    Attributes:
        python: The interpreter.
        has_parquet: Polars or pyarrow is there, to read and write Parquet.
        has_skops: The winner can be saved in skops' format.
        user: Whom it runs as; None: this process's own user.
        kind: Where it comes from.
        roots: Files and folders that a program needs to read to run in it.
        paths: Folders that code of the repository is imported from, beside the configuration's own.
        packages: All distributions in it with their versions, and Python itself; empty where nobody looked.
        key: A digest of what it was made from; "" where it was not made.
    """

    python: Path
    has_parquet: bool
    has_skops: bool
    user: User | None = None
    kind: Kind = "own"
    roots: tuple[Path, ...] = ()
    paths: tuple[Path, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict)
    key: str = ""


def own(
    side: Literal["head", "base"] = "head", *, root: Path | None = None, scratch: Path | None = None
) -> Environment:
    """The interpreter and the packages of mlci itself, for models that configure none.

    Args:
        side: Whose code runs in it.
        root: The folder of that side's configuration, and
        scratch: a folder of this run: where both are open to a user that nobody asked for, it runs as that.

    Raises:
        UserError: the user that is to run code of the repository is none of this system.
    """
    return Environment(
        python=Path(sys.executable),
        has_parquet=any(find_spec(name) is not None for name in ("polars", "pyarrow")),
        has_skops=find_spec("skops") is not None,
        user=users.child(side, needs=needs(root) if root and scratch else (), enters=[scratch] if scratch else []),
        roots=wall.interpreter(),
    )


def needs(root: Path) -> tuple[Path, ...]:
    """What a child must be able to read to train in mlci's own environment, in a folder."""
    import sysconfig

    return (root, Path(sys.executable), Path(sysconfig.get_path("purelib")), Path(__file__).with_name("worker.py"))
