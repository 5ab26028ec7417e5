"""What code of the repository may do while it trains: `sandbox` of `mlci.yml`, and the base branch's holds."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from mlci import door
from mlci.config.base import HINT, Columns, Model, OneOrMore

VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
RUNNERS = ("INPUT_", "ACTIONS_")  # how the names of the action's inputs and of the runner's own tokens begin
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kKmMgGtT]?)([iI]?)[bB]")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def _bytes(value: Any) -> Any:  # noqa: ANN401 - whatever the document held
    """`8 GB` or `8 GiB` as a number of bytes."""
    if not isinstance(value, str):
        return value
    found = _SIZE.fullmatch(value.strip())
    if found is None:
        raise ValueError(f"'{value}' is no size{HINT}Write 8 GB, 512 MB or 2 GiB.")
    return int(float(found[1]) * (1024 if found[3] else 1000) ** _POWERS[found[2].lower()])


def _public(name: str) -> str:
    """The name of a variable that is no secret of the runner."""
    if name in door.SECRETS or name.startswith(RUNNERS):
        raise ValueError(
            f"'{name}' is the runner's or the action's own, and code that is judged is given none of those{HINT}"
            "Take it out; a secret that the training needs gets a name of its own, in the step's `env`."
        )
    return name


Variable = Annotated[str, Field(pattern=VARIABLE), AfterValidator(_public)]
Bytes = Annotated[
    int,
    BeforeValidator(_bytes),
    Field(ge=1),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": rf"^{_SIZE.pattern}$"}],
            "examples": ["8 GB", "512 MB", "2 GiB"],
        }
    ),
]
Rule = Literal["deny", "allow"]


class Sandbox(Model):
    """What code of the repository may do, beside reading its own files and writing to folders of its own."""

    network: Rule = Field("deny", description="Whether it may reach the network.")
    files: Rule = Field("deny", description="Whether it may touch what is not its own: datasets, .git, other folders.")
    read: Columns = Field((), description="Further files and folders that it may read, as in ~/.cache/huggingface.")
    write: Columns = Field((), description="Further folders that it may write to.")
    pass_env: Annotated[tuple[Variable, ...], OneOrMore] = Field(
        (), description="Environment variables that it is given."
    )
    memory: Bytes | None = Field(None, description="Of all its processes together, as in 8 GB; none: the machine's.")
    processes: int = Field(1024, ge=1, description="That it may run at once.")
    file_size: Bytes = Field(16 * 1000**3, description="Of one file that it writes.")
    disk: Bytes = Field(32 * 1000**3, description="Of all that it writes to folders of its own.")
