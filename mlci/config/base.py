"""What every part of the configuration is made of: frozen, and refused where a key is not known."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

HINT = "\n"  # between what is wrong and how to mend it, in a validator's message

Positive = Annotated[float, Field(gt=0)]


class Model(BaseModel):
    """A frozen part of the configuration; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


def _as_tuple(value: Any) -> Any:  # noqa: ANN401 - whatever the document held
    return (value,) if isinstance(value, str) else value


OneOrMore = BeforeValidator(_as_tuple)
Columns = Annotated[tuple[str, ...], OneOrMore]
