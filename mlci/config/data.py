"""The datasets of `mlci.yml` as frozen types: files, or a table of a database."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from mlci.config.base import HINT, Columns, Model, Positive

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
DIALECTS = ("postgresql", "mysql", "sqlite", "mssql", "snowflake")
"""Databases that Great Expectations checks through SQLAlchemy without pasting names into SQL."""
OPTIONS = frozenset({"application_name", "charset", "connect_timeout", "sslmode"})
"""Options of a URL that read no file and run nothing: the only ones that may stand in the repository."""
MASTER = re.compile(r"local(\[(\*|[1-9]\d{0,3})\])?|yarn|spark://[\w.:,\[\]-]+|k8s://[\w.:/\[\]-]+")


class GxSuite(Model):
    """A suite inside a Great Expectations project on disk."""

    project: str = Field(description="The project's folder, the one that holds great_expectations.yml.")
    name: str = Field(description="The suite's name in that project.")


class Drift(Model):
    """When a column's distribution counts as drifted between base and head."""

    method: Literal["psi"] = "psi"
    warn: Positive = 0.1
    fail: Positive = 0.25


class Spark(Model):
    """Where Spark computes."""

    master: str = Field(
        min_length=1, description="local[*], spark://host:port, yarn or k8s://…; else $SPARK_REMOTE, else local[*]."
    )

    @field_validator("master")
    @classmethod
    def _known_master(cls, master: str) -> str:
        if not MASTER.fullmatch(master):
            raise ValueError(
                f"Spark knows no such master{HINT}It is local[*], local[4], spark://host:7077, yarn or k8s://https://…."
            )
        return master

    @property
    def is_local(self) -> bool:
        """Whether Spark computes in this machine alone."""
        return self.master.startswith("local")


def _harmless_url(url: str) -> str:
    """A URL that holds no secret and leads none astray, or the name of the variable that holds one."""
    if VARIABLE.fullmatch(url):
        return url
    secret = f"{HINT}Put the whole URL into a secret, and write url: ${{WAREHOUSE}}, the variable that holds it."
    if "$" in url:
        raise ValueError(f"a variable stands for the whole URL, never for a part of it{secret}")
    dialect, found, rest = url.partition("://")
    if not found:
        raise ValueError(f"is no URL{HINT}Write postgresql://user@host/database, sqlite:///file.db or ${{NAME}}.")
    if dialect.partition("+")[0] not in DIALECTS:
        from mlci.config.suggest import did_you_mean

        hint = did_you_mean(dialect.partition("+")[0], DIALECTS).strip() or f"It reads {', '.join(DIALECTS)}."
        raise ValueError(f"mlci reads no such databases{HINT}{hint}")
    place, _, query = rest.partition("?")
    user, at, _ = place.rpartition("@")
    if at and ":" in user:
        raise ValueError(f"a password does not belong into the repository{secret}")
    unknown = {part.partition("=")[0] for part in re.split("[&;]", query) if part} - OPTIONS
    if unknown:
        raise ValueError(f"of a URL's options only {', '.join(sorted(OPTIONS))} may stand here{secret}")
    return url


class Dataset(Model):
    """A named table: files (`path`), or a table of a database (`url` and `table`)."""

    path: str = Field("", min_length=1, description="CSV or Parquet; a glob; any fsspec URL.")
    format: Literal["csv", "parquet"] | None = Field(None, description="Where the file's ending does not say it.")
    separator: str = Field(",", min_length=1, max_length=1, description="Between the fields of a CSV file.")
    null_values: tuple[str, ...] | None = Field(
        None, description="Texts of a CSV file that mean no value; pandas' own list where none are given."
    )
    url: Annotated[str, AfterValidator(_harmless_url)] = Field(
        "", min_length=1, description="Instead of path: SQLAlchemy's URL of a database, or ${NAME}, which holds it."
    )
    table: str = Field("", min_length=1, max_length=200, description="The table of that database.")
    schema_name: str = Field(
        "", min_length=1, max_length=200, alias="schema", description="The schema of that table, if not the default."
    )
    suite: str | GxSuite | None = Field(None, description="A GX suite, JSON or YAML; or {project: …, name: …}.")
    engine: Literal["auto", "fused", "gx", "spark"] = Field("auto", description="What checks the suite.")
    spark: Spark | None = Field(None, description="Where the engine spark computes.")
    key: Columns | None = Field(None, description="Row key: one column or several. None: the row's content.")
    drift: Drift | None = None

    @property
    def is_files(self) -> bool:
        """Whether it is read from files, rather than checked where it lies in a database."""
        return not self.url

    @model_validator(mode="after")
    def _some_data(self) -> Dataset:
        if not (self.path or self.url or self.table):
            raise ValueError(f"names no data{HINT}Give `path` (files), or `url` and `table` (a database).")
        return self
