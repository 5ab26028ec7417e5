"""A table of a database: found by its URL, opened for reading alone, and described without a value of it.

The URL never leaves this module: what others get is a function that connects. What SQLAlchemy and the drivers say is
put into other words, because it holds hosts, users and values.
"""

from __future__ import annotations

import logging
import os
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mlci.config.data import DIALECTS, VARIABLE
from mlci.errors import DataError
from mlci.expectations.elsewhere import Description
from mlci.results import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlci.config.data import Dataset
    from mlci.errors import Location

INSTALL = "pip install 'mlci[sql]'"

_PATIENCE = 15  # seconds to wait for an answer
_DESCRIBING = frozenset({"table_info", "table_xinfo", "table_list"})  # SQLite's pragmas that SQLAlchemy asks of a table
_SENT_ANYWHERE = ("PGPASSWORD", "PGPASSFILE", "PGSERVICE", "PGSERVICEFILE")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseTable:
    """A table of a database, as the configuration names it.

    `url` is as written, `within` the folders in one of which an SQLite file must lie, `root` what its path starts from.
    `confined`: a stranger may have written the suite, which then brings no SQL of its own.
    """

    dataset: str
    url: str = field(repr=False)
    table: str
    schema: str = ""
    root: Path
    within: tuple[Path, ...]
    confined: bool = False
    location: Location | None = None

    @classmethod
    def of(
        cls,
        name: str,
        dataset: Dataset,
        *,
        root: Path,
        within: tuple[Path, ...] = (),
        location: Location | None = None,
    ) -> DatabaseTable:
        """The table of a dataset that has one; `within` is given where a stranger may have written it."""
        return cls(
            dataset=name,
            url=dataset.url,
            table=dataset.table,
            schema=dataset.schema_name,
            root=root,
            within=within or (root,),
            confined=bool(within),
            location=location,
        )

    @property
    def variable(self) -> str:
        """The name of the environment's variable that holds the URL; empty where the URL is no secret."""
        found = VARIABLE.fullmatch(self.url)
        return found[1] if found else ""

    @property
    def file(self) -> str:
        """The path of an SQLite file, as it is written; empty for any other database."""
        dialect, _, path = self.url.partition(":///")
        return path if dialect.partition("+")[0] == "sqlite" else ""

    @property
    def shown(self) -> str:
        """What reports call it: its name, and nothing of where it is."""
        return f"table {'.'.join(filter(None, (self.schema, self.table)))}"

    def error(self, what: str, *, hint: str = "") -> DataError:
        """An error about this table."""
        return DataError(f"Dataset '{self.dataset}': {what}.", hint=hint, location=self.location)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A database that is open. `connect` makes a connection of its driver; `url` is its dialect's, without a place."""

    url: str
    dialect: str
    connect: Callable[[], Any] = field(repr=False)
    table: Any  # the table's name and its schema's, quoted for SQLAlchemy
    schema: Any


@contextmanager
def opened(table: DatabaseTable) -> Iterator[Opened]:
    """Open a table's database for reading; every connection is closed at the end.

    Raises:
        DataError: SQLAlchemy, the driver, the variable or the file is missing, or the URL is none that mlci takes.
    """
    _hush()
    try:
        import sqlalchemy
    except ImportError:
        raise table.error(
            "a table of a database needs SQLAlchemy, which is not installed", hint=f"{INSTALL}."
        ) from None
    url = _url(table)
    try:
        engine = sqlalchemy.create_engine(url, hide_parameters=True)
        arguments, options = engine.dialect.create_connect_args(url)
    except ImportError as error:
        driver = error.name or "its driver"
        raise table.error(
            f"its database needs the driver {driver}, which is not installed",
            hint=f"{INSTALL}, or pip install {driver}.",
        ) from None
    except Exception as error:  # noqa: BLE001 - every dialect has its own errors, and they quote the URL
        raise _unanswered(table, error) from None
    if engine.dialect.name in {"postgresql", "mysql"}:
        options.setdefault("connect_timeout", _PATIENCE)
    if engine.dialect.name == "postgresql" and not table.variable:
        options["passfile"] = os.devnull
    made: list[Any] = []

    def connect() -> Any:  # noqa: ANN401 - a connection of some driver
        connection = engine.dialect.connect(*arguments, **options)
        made.append(connection)
        _only_read(engine.dialect, connection)
        return connection

    def named(name: str) -> Any:  # noqa: ANN401 - SQLAlchemy's kind of text
        folded = engine.dialect.denormalize_name(name) if engine.dialect.requires_name_normalize else name
        return sqlalchemy.sql.quoted_name(folded, quote=True)

    try:
        yield Opened(
            url=f"{engine.dialect.name}+{engine.dialect.driver}://",
            dialect=engine.dialect.name,
            connect=connect,
            table=named(table.table),
            schema=named(table.schema) if table.schema else None,
        )
    finally:
        for connection in made:
            with closing(connection):
                pass


def describe(table: DatabaseTable, database: Opened) -> Description:
    """Count a table's rows, and its columns' missing values, in one query.

    Raises:
        DataError: the database does not answer, has no such table, or does not let it be read.
    """
    import sqlalchemy

    engine = sqlalchemy.create_engine(database.url, creator=database.connect, hide_parameters=True)
    try:
        found = sqlalchemy.inspect(engine).get_columns(database.table, schema=database.schema)
        names = [str(each["name"]) for each in found]
        source = sqlalchemy.table(database.table, *(sqlalchemy.column(name) for name in names), schema=database.schema)
        present = [sqlalchemy.func.count(source.c[name]).label(f"c{i}") for i, name in enumerate(names)]
        with engine.connect() as connection:
            query = sqlalchemy.select(sqlalchemy.func.count().label("n"), *present).select_from(source)
            rows, *counts = connection.execute(query).one()
        types = [type(each["type"]).__name__ for each in found]
    except sqlalchemy.exc.NoSuchTableError:
        raise table.error(
            f"its database has no {table.shown}",
            hint="Write its name as the database holds it, capitals included, and its schema as `schema`.",
        ) from None
    except Exception as error:  # noqa: BLE001 - SQLAlchemy's and the driver's own; their texts hold hosts and values
        raise _unanswered(table, error) from None
    finally:
        engine.dispose()
    columns = tuple(
        Column(name=name[:500], dtype=kind, nulls=rows - count)
        for name, kind, count in zip(names, types, counts, strict=True)
    )
    return Description.of(rows, columns, table.schema, table.table)


def _hush() -> None:
    """Silence SQLAlchemy's log, which quotes statements."""
    logger = logging.getLogger("sqlalchemy")
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        logger.addHandler(logging.NullHandler())
    logger.propagate = False
    logger.setLevel(logging.CRITICAL)


def _unanswered(table: DatabaseTable, error: Exception) -> DataError:
    told = f" in ${table.variable}" if table.variable else ""
    return table.error(
        f"its database cannot be read ({type(error).__name__})",
        hint=f"Check the URL{told}, that the database answers here, and that its user may read {table.shown}.",
    )


# --- the URL -------------------------------------------------------------------------------------------------------


def _url(table: DatabaseTable) -> Any:  # noqa: ANN401 - SQLAlchemy is optional, and so not typed
    """The URL to connect to, checked; its driver is one that is there."""
    import sqlalchemy

    text = table.url
    if table.variable:
        text = os.environ.get(table.variable, "").strip()
        if not text:
            raise table.error(
                f"the variable {table.variable}, which holds its database's URL, is not set",
                hint=f"In a workflow, give it to mlci's step: env: {table.variable}: "
                f"${{{{ secrets.{table.variable} }}}}; pull requests from forks get no secrets.",
            )
    try:
        url = sqlalchemy.make_url(text)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        raise table.error(f"{_called(table)} is none that SQLAlchemy reads") from None
    dialect = url.drivername.partition("+")[0]
    if dialect not in DIALECTS:
        raise table.error(
            f"{_called(table)} is of a database that mlci does not read", hint=f"It reads {', '.join(DIALECTS)}."
        )
    if dialect == "sqlite":
        return _file(table, url)
    sent = [name for name in _SENT_ANYWHERE if os.environ.get(name)]
    if dialect == "postgresql" and not table.variable and sent:
        raise table.error(
            f"${sent[0]} would be sent to whatever host the configuration names",
            hint="Put the whole URL into a variable, as in url: ${WAREHOUSE}.",
        )
    return _driven(url)


def _called(table: DatabaseTable) -> str:
    return f"the URL in ${table.variable}" if table.variable else "its URL"


def _driven(url: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's URL
    """A PostgreSQL URL without a driver takes the one that is there, whatever SQLAlchemy's version prefers."""
    from importlib.util import find_spec

    if url.drivername != "postgresql":
        return url
    there = [name for name in ("psycopg", "psycopg2") if find_spec(name)]
    return url.set(drivername=f"postgresql+{there[0]}") if there else url


def _file(table: DatabaseTable, url: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's URL
    """The URL of an SQLite file that is there, and lies where it may; it is opened for reading."""
    given = url.database or ""
    if not given or given == ":memory:" or given.startswith("file:") or url.query or url.host:
        raise table.error(
            f"{_called(table)} names no file of SQLite",
            hint="Write sqlite:///data/file.db, relative to the configuration, without options.",
        )
    try:
        path = Path(table.root, given).resolve(strict=True)
    except (OSError, RuntimeError):
        raise table.error(
            "its SQLite file is not there", hint="Its path starts from the configuration's folder."
        ) from None
    if not path.is_file() or not any(path.is_relative_to(folder.resolve()) for folder in table.within):
        raise table.error(
            "its SQLite file leads out of the project, where mlci opens none", hint="Keep the file in the project."
        )
    return url.set(drivername="sqlite", database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})


def _only_read(dialect: Any, connection: Any) -> None:  # noqa: ANN401 - of some driver
    """What only looks needs no right to write; nor, in SQLite, to open another file beside the one that is named."""
    if dialect.name == "postgresql":
        dialect.set_readonly(connection, True)  # noqa: FBT003 - positional in the library
    elif dialect.name == "mysql":
        with closing(connection.cursor()) as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
    elif dialect.name == "sqlite":
        with closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA query_only = ON")
        connection.set_authorizer(_only_ask)


def _only_ask(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """What SQLite asks before it compiles a statement: queries, and the pragmas that describe a table, are allowed.

    ATTACH would open any file, and VACUUM INTO would write one, whatever the connection may do to its own file.
    """
    import sqlite3

    if action == sqlite3.SQLITE_FUNCTION:
        allowed = second != "load_extension"
    elif action == sqlite3.SQLITE_PRAGMA:
        allowed = first in _DESCRIBING or (first == "read_uncommitted" and second is None)
    else:
        allowed = action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
