"""Great Expectations' own Spark engine, in this machine or on a cluster: the engine for data that fit no one machine.

Spark reads the files itself. A float that is no number counts as missing, as it does for the other engines.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mlci.errors import DataError, UserError
from mlci.expectations import gx_run
from mlci.expectations.elsewhere import Description, checked
from mlci.expectations.judge import Observed
from mlci.results import Column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.expectations.engines import Frame
    from mlci.expectations.suites import Suite

NAME = "spark"
REMOTE = "SPARK_REMOTE"
SCHEMES = ("s3", "s3a", "gs", "abfs", "abfss", "wasb", "wasbs", "hdfs", "webhdfs", "viewfs", "oss")
"""File systems that Spark reads by itself; what lies elsewhere is fetched first."""

_LOCAL = "local[*]"
_INSTALL = "pip install 'mlci[spark]'"
_SETTINGS = {
    "spark.app.name": "mlci",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.catalogImplementation": "in-memory",
}
_LOOPBACK = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What Spark reads: paths or URLs as Spark takes them, and how CSV among them is written.

    `master` is Spark's own word for where to compute; empty: what the environment says, else this machine.
    """

    paths: tuple[str, ...]
    format: Literal["parquet", "csv"] = "parquet"
    separator: str = ","
    master: str = ""


def observe(source: Frame | Files, suite: Suite) -> Observed:
    """Let Great Expectations check a table on Spark.

    Args:
        source: the files; or a table, as Polars (lazy or not) or pandas holds it, which is written out first.
        suite: the suite, with at least one expectation.

    Raises:
        SuiteError: it does not accept an argument of an expectation, or an expectation would run SQL.
        DataError: the files cannot be read.
        UserError: PySpark or Java is missing, or the cluster does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="mlci-spark-") as scratch, gx_run.quietly():
        filled, declared = checked(suite, "on Spark", raw_sql=False)
        files = source if isinstance(source, Files) else _written(source, Path(scratch))
        with _session(files.master, Path(scratch)) as session:
            table = _read(session, files)
            names = tuple(table.columns)
            with gx_run.context() as context:
                definition = (
                    context.data_sources.add_spark("mlci", persist=False)
                    .add_dataframe_asset("data")
                    .add_batch_definition_whole_dataframe("all")
                )
                batch = definition.get_batch({"dataframe": table})
                seen = gx_run.observations(batch, filled, declared, names, on="Spark")
            return Observed(engine=NAME, rows=_rows(table), observations=seen)


def look(files: Files) -> Description:
    """Describe what Spark reads, without a suite.

    Raises:
        DataError: the files cannot be read.
        UserError: PySpark or Java is missing, or the cluster does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="mlci-spark-") as scratch, _session(files.master, Path(scratch)) as session:
        from pyspark.errors import PySparkException
        from pyspark.sql import functions

        table = _read(session, files)
        names = list(table.columns)
        counts = [functions.count(_column(name)).alias(f"c{i}") for i, name in enumerate(names)]
        try:
            rows, *present = table.agg(functions.count(functions.lit(1)).alias("n"), *counts).first()
        except PySparkException as error:
            raise _unreadable(error) from None
        kinds = [kind.partition("<")[0] for _, kind in table.dtypes]
    columns = tuple(
        Column(name=name[:500], dtype=kind, nulls=rows - count)
        for name, kind, count in zip(names, kinds, present, strict=True)
    )
    return Description.of(rows, columns, *files.paths)


# --- the table -----------------------------------------------------------------------------------------------------


def _written(frame: Frame, folder: Path) -> Files:
    """A table as a Parquet file that Spark can read."""
    import polars as pl

    lazy = frame.lazy() if isinstance(frame, pl.LazyFrame | pl.DataFrame) else pl.from_pandas(frame).lazy()
    target = folder / "table.parquet"
    try:
        readable(lazy).sink_parquet(target, engine="streaming")
    except pl.exceptions.PolarsError as error:  # its text quotes the data
        raise _unreadable(error) from None
    return Files(paths=(str(target),))


def readable(frame: Any) -> Any:  # noqa: ANN401 - a LazyFrame, which is typed where Polars is imported
    """A lazy table whose types Spark can read: nanoseconds become microseconds, and times of day become texts."""
    import polars as pl
    from polars import selectors as cs

    return frame.with_columns(
        cs.datetime("ns").dt.cast_time_unit("us"),
        cs.time().cast(pl.String),
        cs.by_dtype(pl.Int128).cast(pl.Decimal(38, 0)),
    )


def is_readable(frame: Any) -> bool:  # noqa: ANN401 - as above
    """Whether Spark can read the table's Parquet files as they are."""
    return bool(readable(frame).collect_schema() == frame.collect_schema())


def _read(session: Any, files: Files) -> Any:  # noqa: ANN401 - PySpark is optional, and so not typed
    """The table as Spark reads it, where a float that is no number is missing."""
    from pyspark.errors import PySparkException
    from pyspark.sql import functions

    try:
        if files.format == "csv":
            read = session.read.csv(
                list(files.paths), sep=files.separator, header=True, inferSchema=True, enforceSchema=False
            )
        else:
            read = session.read.parquet(*files.paths)
        columns = []
        for name, kind in read.dtypes:
            column = _column(name)
            floats = kind in ("double", "float")
            columns.append(functions.nullif(column, functions.lit(float("nan"))).alias(name) if floats else column)
        return read.select(*columns)
    except PySparkException as error:  # its text quotes paths and values
        raise _unreadable(error) from None


def _column(name: str) -> Any:  # noqa: ANN401 - as above
    """A column by its name, whatever dots are in it."""
    from pyspark.sql import functions

    return functions.col(f"`{name.replace('`', '``')}`")


def _rows(table: Any) -> int:  # noqa: ANN401 - as above
    from pyspark.errors import PySparkException

    try:
        return int(table.count())
    except PySparkException as error:
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> DataError:
    return DataError(
        f"Spark could not read the table ({type(error).__name__}).",
        hint="Check that its path is one that Spark, and each of its workers, can read.",
    )


# --- the session ---------------------------------------------------------------------------------------------------


@contextmanager
def _session(master: str, scratch: Path) -> Iterator[Any]:
    """The session that is there already, or one that is stopped at the end."""
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
    try:
        from pyspark import SparkContext
        from pyspark.logger import PySparkLogger
        from pyspark.sql import SparkSession

        PySparkLogger.getLogger("DataFrameQueryContextLogger").disabled = True  # it prints whole plans, values and all
    except ImportError:
        raise UserError("`engine: spark` needs PySpark, which is not installed.", hint=f"{_INSTALL}.") from None
    remote = os.environ.get(REMOTE, "")
    if remote and master:
        raise UserError(
            f"The dataset names a master of Spark, and the environment names another place to compute, ${REMOTE}.",
            hint=f"Take `master` out of the configuration, or unset {REMOTE}.",
        )
    if not remote and SparkContext._active_spark_context is not None:  # noqa: SLF001 - a thread has no other way to see it
        yield SparkSession.builder.getOrCreate()
        return
    session, stop = _connected(remote) if remote else _started(master or _LOCAL, scratch)
    try:
        yield session
    finally:
        stop()


def _connected(remote: str) -> tuple[Any, Any]:
    """A session on a Spark Connect server."""
    try:
        from pyspark.sql import SparkSession

        session = SparkSession.builder.remote(remote).getOrCreate()
        session.conf.set("spark.sql.session.timeZone", _SETTINGS["spark.sql.session.timeZone"])
    except ImportError:
        raise UserError(
            f"${REMOTE} needs Spark Connect's client, which is not installed.", hint="pip install 'pyspark[connect]'."
        ) from None
    except Exception as error:  # noqa: BLE001 - PySpark's, gRPC's and sockets' own; their texts may hold a token
        raise UserError(
            f"The Spark of ${REMOTE} does not answer ({type(error).__name__}).",
            hint="It looks like sc://host:15002; check the address, the network and the token.",
        ) from None
    return session, session.stop


def _started(master: str, scratch: Path) -> tuple[Any, Any]:
    """A Spark of our own; it is silent, because its log quotes the data."""
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    home = os.environ.get("JAVA_HOME", "")
    if shutil.which(str(Path(home, "bin", "java")) if home else "java") is None:
        raise UserError(
            "`engine: spark` needs Java, and there is none" + (" in $JAVA_HOME." if home else "."),
            hint="Install a Java runtime of version 17 or 21, as in apt-get install default-jre-headless.",
        )
    settings = {**_SETTINGS, **(_LOOPBACK if master.startswith("local") else {}), "spark.master": master}
    settings["spark.sql.warehouse.dir"] = str(scratch / "warehouse")
    conf = SparkConf().setAll(list(settings.items()))
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    gateway = None
    try:
        gateway = launch_gateway(conf, silent)
        context = SparkContext(gateway=gateway, conf=conf)
        context.setLogLevel("OFF")
    except Exception as error:  # noqa: BLE001 - PySpark's, Py4J's and the system's own; their texts hold addresses
        _ended(gateway)
        raise UserError(
            f"Spark did not start on `{master}` ({type(error).__name__}).",
            hint="Check that the Java runtime is of version 17 or 21, and that the master answers.",
        ) from None
    session = SparkSession(context)

    def stop() -> None:
        session.stop()
        _ended(gateway)

    return session, stop


def _ended(gateway: Any) -> None:  # noqa: ANN401 - Py4J is not typed
    """Spark's Java process is no use to a run that goes on: it ends, and its memory is free."""
    from pyspark import SparkContext

    SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001 - there is no other way to start another one later
    if gateway is not None:
        gateway.shutdown()
        if gateway.proc is not None:
            gateway.proc.stdin.close()  # which it waits for
            gateway.proc.wait(timeout=30)
