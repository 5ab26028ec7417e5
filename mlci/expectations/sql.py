"""Great Expectations' own SQL engine: a table is checked where it lies, in its database."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlci.expectations import gx_run
from mlci.expectations.database import describe, opened
from mlci.expectations.elsewhere import checked
from mlci.expectations.judge import Observed

if TYPE_CHECKING:
    from mlci.expectations.database import DatabaseTable, Opened
    from mlci.expectations.elsewhere import Description
    from mlci.expectations.judge import Observation
    from mlci.expectations.suites import Suite

NAME = "sql"

_CALLED = {
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "sqlite": "SQLite",
    "mssql": "SQL Server",
    "snowflake": "Snowflake",
}


def observe(table: DatabaseTable, suite: Suite) -> Observed:
    """Let Great Expectations check a table in its database.

    Args:
        table: the table.
        suite: the suite, with at least one expectation.

    Raises:
        SuiteError: it does not accept an argument of an expectation, or an expectation would run SQL of its own beside
            a secret or in a confined run, or a statement that does more than ask.
        DataError: the table cannot be read.
    """
    with gx_run.quietly():
        filled, declared = checked(suite, "in a database", raw_sql=not (table.variable or table.confined))
        with opened(table) as database:
            known = describe(table, database)
            seen = _observations(table, filled, declared, database, known)
    return Observed(engine=NAME, rows=known.rows, observations=seen)


def look(table: DatabaseTable) -> Description:
    """Describe a table without a suite.

    Raises:
        DataError: it cannot be read.
    """
    with opened(table) as database:
        return describe(table, database)


def _observations(
    table: DatabaseTable, suite: Suite, declared: list[dict[str, Any]], database: Opened, known: Description
) -> tuple[Observation, ...]:
    with gx_run.context() as context:
        source = context.data_sources.add_sql(
            "mlci", connection_string=database.url, kwargs={"creator": database.connect, "hide_parameters": True}
        )
        try:
            where: dict[str, Any] = {"schema_name": database.schema} if database.schema else {}
            asset = source.add_table_asset("data", table_name=database.table, **where)
            batch = asset.add_batch_definition_whole_table("all").get_batch()
            return gx_run.observations(batch, suite, declared, known.names, on=_CALLED[database.dialect])
        except Exception as error:  # noqa: BLE001 - SQLAlchemy's and the driver's own; their texts hold hosts and values
            raise table.error(
                f"Great Expectations could not open its {table.shown} ({type(error).__name__})",
                hint="Check that the database's user may read it.",
            ) from None
        finally:
            with suppress(Exception):  # it may never have been opened
                source.get_engine().dispose()
                source.get_execution_engine().engine.dispose()
