"""What a model trains in, and where it computes: `environment` and `compute` of a model in `mlci.yml`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from mlci.config.base import HINT, Columns, Model


def _version(value: Any) -> Any:  # noqa: ANN401 - whatever the document held
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f'is a number to YAML, in which 3.10 is 3.1{HINT}Put it in quotes, as in python: "3.12".')  # noqa: TRY004 - told as the rest
    return value


class Environment(Model):
    """What the training runs in; none: mlci's own scikit-learn."""

    requirements: str | None = Field(None, min_length=1, description="A file as pip reads it, or pylock.toml.")
    project: str | None = Field(None, min_length=1, description="The folder of a pyproject.toml; its uv.lock is kept.")
    python: Annotated[str | None, BeforeValidator(_version)] = Field(
        None, min_length=1, description="A version, as in 3.12; alone, also the path of an interpreter that is there."
    )
    extras: Columns = Field((), description="Optional dependencies of the project.")
    groups: Columns = Field((), description="Dependency groups of the project.")

    @model_validator(mode="after")
    def _one_source(self) -> Environment:
        if self.requirements and self.project:
            raise ValueError("takes requirements or project, not both: write the one that says what is installed")
        if not (self.requirements or self.project or self.python):
            raise ValueError(f"names nothing{HINT}Give requirements, project or python; or leave `environment` out.")
        if (self.extras or self.groups) and not self.project:
            raise ValueError("extras and groups belong to a project: give `project`, or take them out")
        return self


class Compute(Model):
    """Where the training computes, beside the machine that it runs on."""

    dask: str = Field(
        pattern=r"^(tcp|tls)://[A-Za-z0-9.\-\[\]:]+:\d{1,5}$",
        description="The scheduler of a Dask cluster, tcp://host:port; what joblib runs in parallel goes there.",
    )
