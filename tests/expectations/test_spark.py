"""The Spark engine, with the real PySpark: its answers are those of the other engines, and it keeps quiet."""

from __future__ import annotations

import datetime as dt
import gc
import json
import os
import shutil
import subprocess
import sys

import polars as pl
import pytest
from reference import close, expectation, suite_of, told

from mlci.config.data import Dataset
from mlci.data.forspark import files, is_for_spark_alone
from mlci.errors import DataError, SuiteError, UserError
from mlci.expectations import fused, spark

pytestmark = [
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # Py4J leaves closing them to the collector
    pytest.mark.slow,
]

CANARY = "canary-7f3a"
TABLE = pl.DataFrame(
    {
        "id": range(1, 9),
        "age": [18, 25, 40, None, 67, 90, 15, 33],
        "score": [0.5, 0.25, 1.5, float("nan"), None, 2.25, 0.125, 0.75],
        "other": [0.5, 0.25, 1.0, 0.5, 0.5, 1.0, 0.25, 0.75],
        "sex": ["F", "M", "F", "F", None, CANARY, "M", "F"],
        "code": ["A1", "A22", "b3", None, "A4", "A55", "A6", "ß7"],
        "flag": [True, False, None, True, True, False, False, True],
        "when": [dt.datetime(2024, 1, day, 12) for day in range(1, 9)],  # noqa: DTZ001 - without a zone
        "empty": pl.Series([None] * 8, dtype=pl.String),
    }
)

VALUES = [
    expectation("expect_column_values_to_not_be_null", column="age"),
    expectation("expect_column_values_to_not_be_null", column="score", mostly=0.75),
    expectation("expect_column_values_to_be_null", column="empty"),
    expectation("expect_column_values_to_be_between", column="age", min_value=18, max_value=80),
    expectation("expect_column_values_to_be_between", column="score", min_value=0, max_value=2, mostly=0.8),
    expectation("expect_column_values_to_be_between", column="when", min_value="2024-01-02T00:00:00"),
    expectation("expect_column_values_to_be_in_set", column="sex", value_set=["F", "M"]),
    expectation("expect_column_values_to_not_be_in_set", column="sex", value_set=["X"]),
    expectation("expect_column_values_to_be_unique", column="id"),
    expectation("expect_column_values_to_be_unique", column="sex"),
    expectation("expect_column_value_lengths_to_be_between", column="code", min_value=2, max_value=2),
    expectation("expect_column_values_to_match_regex", column="code", regex="^A"),
    expectation("expect_column_values_to_not_match_regex", column="code", regex="^b"),
    expectation(
        "expect_column_values_to_be_unique",
        column="sex",
        row_condition='col("age") > 20',
        condition_parser="great_expectations",
    ),
    expectation(
        "expect_column_values_to_not_be_null",
        column="age",
        row_condition={"type": "comparison", "column": {"name": "sex"}, "operator": "==", "parameter": "F"},
    ),
]
AGGREGATES = [
    expectation("expect_column_max_to_be_between", column="age", min_value=80, max_value=90),
    expectation("expect_column_min_to_be_between", column="age", min_value=18),
    expectation("expect_column_mean_to_be_between", column="score", min_value=0.1, max_value=1),
    expectation("expect_column_median_to_be_between", column="age", min_value=30, max_value=40),
    expectation("expect_column_sum_to_be_between", column="age", min_value={"$PARAMETER": "least"}),
    expectation("expect_column_stdev_to_be_between", column="age", min_value=1, max_value=100),
    expectation("expect_column_unique_value_count_to_be_between", column="sex", min_value=3, max_value=3),
    expectation("expect_column_distinct_values_to_be_in_set", column="code", value_set=["A1"]),
    expectation("expect_column_most_common_value_to_be_in_set", column="sex", value_set=["F"]),
    expectation("expect_column_pair_values_to_be_equal", column_A="score", column_B="other"),
    expectation("expect_compound_columns_to_be_unique", column_list=["sex", "flag"]),
    expectation("expect_multicolumn_sum_to_equal", column_list=["id", "age"], sum_total=19),
    expectation("expect_column_to_exist", column="age"),
    expectation("expect_column_to_exist", column="nope"),
    expectation("expect_table_row_count_to_be_between", min_value=9),
    expectation("expect_table_columns_to_match_ordered_list", column_list=["id"]),
]


@pytest.fixture(scope="module")
def session():
    """One Spark for the module; the engine uses the one that is there."""
    assert shutil.which("java"), "These tests need Java 17 or 21: apt-get install openjdk-17-jre-headless."
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
    }
    found = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    found.sparkContext.setLogLevel("OFF")
    yield found
    found.stop()
    gc.collect()  # while the warnings of this module's marks are told apart


@pytest.mark.parametrize("expectations", [VALUES, AGGREGATES], ids=["values", "aggregates"])
def test_observe__says_what_the_fused_engine_says(session, tmp_path, expectations):
    """The same Parquet file, read by Spark and by Polars: success, counts and results are equal."""
    TABLE.write_parquet(tmp_path / "t.parquet")
    suite = suite_of(*expectations, least=100)

    ours = spark.observe(spark.Files(paths=(str(tmp_path / "t.parquet"),)), suite)
    theirs = fused.observe(pl.scan_parquet(tmp_path / "t.parquet"), suite)

    assert (ours.engine, ours.rows) == ("spark", theirs.rows)
    differ = [pair for pair in zip(told(ours), told(theirs), strict=True) if not close(*pair)]
    assert differ == []


def test_observe__errors_are_put_into_words_without_values(session):
    """A missing column is named with a guess; what Spark or Great Expectations raises is named by its type alone."""
    suite = suite_of(
        expectation("expect_column_max_to_be_between", column="agee", min_value=1),
        expectation("expect_column_mean_to_be_between", column="sex", min_value=1),
        expectation("expect_column_values_to_be_dateutil_parseable", column="sex"),
        expectation("expect_column_values_to_be_in_set", column="sex", value_set=["F"]),
    )

    seen = spark.observe(TABLE.lazy(), suite).observations

    assert seen[0].error == "column `agee` is not in the data (did you mean 'age'?)"
    assert [bool(each.error) for each in seen] == [True, True, True, False]
    assert CANARY not in repr(seen)


def test_observe__sees_every_type_of_polars(session):
    """Types that Spark cannot read in Parquet are written so that it can; no value is lost."""
    frame = pl.DataFrame(
        {
            "nanoseconds": pl.Series([dt.datetime(2024, 1, 1)] * 2).cast(pl.Datetime("ns")),  # noqa: DTZ001 - as above
            "time": [dt.time(4, 5), None],
            "category": pl.Series(["x", "y"], dtype=pl.Categorical),
            "unsigned": pl.Series([1, 2], dtype=pl.UInt64),
            "zoned": pl.Series([dt.datetime(2024, 1, 1)] * 2).dt.replace_time_zone("Europe/Berlin"),  # noqa: DTZ001
        }
    )
    suite = suite_of(*(expectation("expect_column_to_exist", column=name) for name in frame.columns))

    seen = spark.observe(frame, suite)

    assert [each.success for each in seen.observations] == [True] * 5
    assert spark.is_readable(frame.lazy()) is False


def test_look__counts_rows_and_what_is_missing(session, tmp_path):
    """What is known of a table that only Spark reads: its rows, its columns, and a hash that says what it is of."""
    TABLE.write_parquet(tmp_path / "t.parquet")

    known = spark.look(spark.Files(paths=(str(tmp_path / "t.parquet"),)))

    assert (known.rows, known.names) == (8, tuple(TABLE.columns))
    assert {each.name: each.nulls for each in known.columns if each.nulls} == {
        "age": 1, "score": 2, "sex": 1, "code": 1, "flag": 1, "empty": 8,
    }  # fmt: skip
    assert known.fingerprint.startswith("schema:")


def test_observe__reads_csv_by_itself(session, tmp_path):
    """On a cluster a CSV file is read by Spark, with its separator and its line of names."""
    (tmp_path / "t.csv").write_text("a;b\n1;x\n2;\n", encoding="utf-8")
    suite = suite_of(
        expectation("expect_column_sum_to_be_between", column="a", min_value=3, max_value=3),
        expectation("expect_column_values_to_not_be_null", column="b"),
    )

    seen = spark.observe(spark.Files(paths=(str(tmp_path / "t.csv"),), format="csv", separator=";"), suite)

    assert [(each.success, each.unexpected_count) for each in seen.observations] == [(True, None), (False, 1)]


def test_observe__files_that_are_not_there(session, tmp_path):
    """A path that Spark cannot read is one sentence."""
    suite = suite_of(expectation("expect_column_to_exist", column="a"))

    with pytest.raises(DataError, match=r"Spark could not read the table \(AnalysisException\)\."):
        spark.observe(spark.Files(paths=(str(tmp_path / "none.parquet"),)), suite)


# --- what a suite may not do, and what is missing: without Spark ---------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (
            expectation("unexpected_rows_expectation", unexpected_rows_query="SELECT reflect('a', 'b') FROM {batch}"),
            "`unexpected_rows_expectation` is not run on Spark: it reads whatever its text names",
        ),
        (
            expectation("expect_column_values_to_be_null", column="a", row_condition="a>1", condition_parser="pandas"),
            "The row_condition of `expect_column_values_to_be_null` is written for pandas",
        ),
        (
            expectation("expect_column_values_to_be_null", column="a", row_condition="a > 1", condition_parser="spark"),
            "The row_condition of `expect_column_values_to_be_null` is written for pandas",
        ),
        (
            expectation(
                "expect_column_values_to_be_unique",
                column="a",
                row_condition={
                    "type": "and",
                    "conditions": [{"type": "pass_through", "pass_through_filter": "reflect('a', 'b')"}],
                },
            ),
            "The row_condition of `expect_column_values_to_be_unique` is written for pandas",
        ),
        (
            expectation("expect_multicolumn_sum_to_equal", column_list=["a`+reflect('a', 'b')+`b"], sum_total=1),
            "`expect_multicolumn_sum_to_equal` names a column with a backtick",
        ),
    ],
)  # fmt: skip
def test_observe__runs_no_code_of_a_suite(expected, said):
    """Spark's SQL can call Java, so a suite brings none: no query, no condition, no name that ends its quotation."""
    with pytest.raises(SuiteError) as caught:
        spark.observe(TABLE, suite_of(expected))
    assert caught.value.message.startswith(said)


def test_observe__without_pyspark(monkeypatch):
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "pyspark", None)

    with pytest.raises(UserError, match="needs PySpark, which is not installed") as caught:
        spark.observe(TABLE, suite_of(expectation("expect_column_to_exist", column="a")))
    assert caught.value.hint == "pip install 'mlci[spark]'."


def test_observe__without_java(monkeypatch, tmp_path):
    """The error says what to install, and does not wait for Spark to find out."""
    from pyspark import SparkContext

    monkeypatch.setattr(SparkContext, "_active_spark_context", None)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(UserError, match=r"needs Java, and there is none in \$JAVA_HOME\.") as caught:
        spark.observe(TABLE, suite_of(expectation("expect_column_to_exist", column="a")))
    assert "apt-get install" in caught.value.hint


def test_observe__two_places_to_compute(monkeypatch):
    """A master and a remote at once are refused, rather than one taken in silence."""
    monkeypatch.setenv("SPARK_REMOTE", "sc://127.0.0.1:1")

    with pytest.raises(UserError, match="names another place to compute"):
        spark.observe(
            spark.Files(paths=("t.parquet",), master="local[2]"),
            suite_of(expectation("expect_column_to_exist", column="a")),
        )


# --- which files it is given -----------------------------------------------------------------------------------------


def _dataset(**keys):
    return Dataset.model_validate({"path": "t.csv", "engine": "spark", **keys})


def test_files__in_this_machine_are_the_working_copies(tmp_path):
    """A CSV file is parsed by mlci, so that Spark sees the types that the other engines see."""
    (tmp_path / "t.csv").write_text("a,b\n1,x\n", encoding="utf-8")

    found = files("t", _dataset(), root=tmp_path, scratch=tmp_path / "scratch")

    assert (found.format, found.master) == ("parquet", "")
    assert pl.read_parquet(found.paths[0]).to_dicts() == [{"a": 1, "b": "x"}]


def test_files__on_a_cluster_are_the_path_as_it_is_written(tmp_path):
    """What lies where Spark reads it is not read by mlci first."""
    dataset = _dataset(path="s3a://bucket/day=*/x.csv", separator=";", spark={"master": "spark://host:7077"})

    assert is_for_spark_alone(dataset)
    assert files("t", dataset, root=tmp_path, scratch=tmp_path) == spark.Files(
        paths=("s3a://bucket/day=*/x.csv",), format="csv", separator=";", master="spark://host:7077"
    )


def test_files__local_ones_on_a_cluster_must_lie_in_the_repository(tmp_path):
    """Workers read the files themselves, and the action's walls hold there as well."""
    (tmp_path / "in").mkdir()
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    dataset = _dataset(path="../t.parquet", spark={"master": "spark://host:7077"})

    assert files("t", dataset, root=tmp_path / "in", scratch=tmp_path).paths == (str(tmp_path / "t.parquet"),)
    with pytest.raises(DataError, match="leads out of the repository"):
        files("t", dataset, root=tmp_path / "in", scratch=tmp_path, within=(tmp_path / "in",))


@pytest.mark.parametrize("path", ["hdfs:///x.parquet", "webhdfs://169.254.169.254:80/x.parquet", "viewfs:///x.parquet"])
def test_files__in_the_action_spark_reads_what_mlci_would_fetch(tmp_path, path):
    """A file system that mlci's own walls refuse is refused where Spark would read it."""
    dataset, lake = _dataset(path=path), _dataset(path="s3a://lake/x.parquet")

    assert files("t", dataset, root=tmp_path, scratch=tmp_path).paths == (path,)
    assert files("t", lake, root=tmp_path, scratch=tmp_path, within=(tmp_path,)).paths == ("s3a://lake/x.parquet",)
    with pytest.raises(DataError, match=rf"the action reads no {path}"):
        files("t", dataset, root=tmp_path, scratch=tmp_path, within=(tmp_path,))


def test_validate__starts_spark_and_stops_it(tmp_path):
    """The command starts a Spark of its own; what Spark and Java say of themselves does not reach the terminal."""
    TABLE.write_parquet(tmp_path / "t.parquet")
    suite = {
        "name": "s",
        "expectations": [
            {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "sex", "value_set": ["F"]}}
        ],
    }
    (tmp_path / "s.json").write_text(json.dumps(suite), encoding="utf-8")
    (tmp_path / "mlci.yml").write_text(
        "version: 1\ndatasets:\n  t: {path: t.parquet, suite: s.json, engine: spark, spark: {master: 'local[2]'}}\n",
        encoding="utf-8",
    )
    environment = {name: value for name, value in os.environ.items() if name != "SPARK_REMOTE"}

    done = subprocess.run(
        [sys.executable, "-m", "mlci", "validate"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        "FAIL  t: 0 of 1 expectations hold (s, spark)",
        "  FAIL  expect_column_values_to_be_in_set sex equal to F: 3 of 8 rows",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlci.yml", "s.json", "t.parquet"]
