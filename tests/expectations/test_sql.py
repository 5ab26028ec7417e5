"""The SQL engine, on a real SQLite file and a real PostgreSQL: tables are checked where they lie, no secret is told."""

from __future__ import annotations

import json
import sqlite3
import sys

import polars as pl
import pytest
from postgres import postgres
from reference import close, expectation, suite_of, told

from mlci.cli import main
from mlci.errors import DataError, SuiteError
from mlci.expectations import fused, sql, validate_table
from mlci.expectations.database import DatabaseTable

CANARY = "canary-7f3a"
ROWS = [
    (1, 18, 0.5, "F", "A1"),
    (2, 25, 0.25, "M", "A22"),
    (3, 40, 1.5, "F", "b3"),
    (4, None, 0.75, "F", None),
    (5, 67, None, None, "A4"),
    (6, 90, 2.25, CANARY, "A55"),
    (7, 15, 0.125, "M", "A6"),
    (8, 33, 0.75, "F", "c7"),
]
NAMES = ("id", "age", "score", "Sex", "code")
FRAME = pl.DataFrame(ROWS, schema=NAMES, orient="row")

COMMON = [
    expectation("expect_column_values_to_not_be_null", column="age"),
    expectation("expect_column_values_to_not_be_null", column="score", mostly=0.8),
    expectation("expect_column_values_to_be_between", column="age", min_value=18, max_value=80),
    expectation("expect_column_values_to_be_between", column="score", min_value=0, max_value=2, mostly=0.8),
    expectation("expect_column_values_to_be_in_set", column="Sex", value_set=["F", "M"]),
    expectation("expect_column_values_to_be_unique", column="id"),
    expectation("expect_column_values_to_be_unique", column="Sex"),
    expectation("expect_column_value_lengths_to_be_between", column="code", min_value=2, max_value=2),
    expectation("expect_column_values_to_match_regex", column="code", regex="^A"),
    expectation("expect_column_max_to_be_between", column="age", min_value=80, max_value=90),
    expectation("expect_column_mean_to_be_between", column="score", min_value=0.1, max_value=1),
    expectation("expect_column_sum_to_be_between", column="age", min_value={"$PARAMETER": "least"}),
    expectation("expect_column_stdev_to_be_between", column="age", min_value=1, max_value=100),
    expectation("expect_column_unique_value_count_to_be_between", column="Sex", min_value=3, max_value=3),
    expectation("expect_column_pair_values_to_be_equal", column_A="id", column_B="age"),
    expectation("expect_compound_columns_to_be_unique", column_list=["Sex", "code"]),
    expectation("expect_column_to_exist", column="age"),
    expectation("expect_column_to_exist", column="nope"),
    expectation("expect_table_row_count_to_be_between", min_value=9),
    expectation("expect_table_columns_to_match_set", column_set=["id"], exact_match=False),
    expectation(
        "expect_column_values_to_be_unique",
        column="Sex",
        row_condition='col("age") > 20',
        condition_parser="great_expectations",
    ),
    expectation(
        "expect_column_values_to_not_be_null",
        column="age",
        row_condition={"type": "comparison", "column": {"name": "Sex"}, "operator": "==", "parameter": "F"},
    ),
]


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL with the table `Shop`."`Big People`"."""
    import sqlalchemy

    with postgres() as found:
        engine = sqlalchemy.create_engine(found.url(driver="+psycopg2"))
        with engine.begin() as connection:
            connection.exec_driver_sql('CREATE SCHEMA "Shop"')
            connection.exec_driver_sql(
                'CREATE TABLE "Shop"."Big People" (id int, age int, score double precision, "Sex" text, code text)'
            )
            connection.exec_driver_sql('INSERT INTO "Shop"."Big People" VALUES (%s, %s, %s, %s, %s)', ROWS)
            connection.exec_driver_sql("CREATE TABLE secrets (name text)")
        engine.dispose()
        yield found


@pytest.fixture
def warehouse(server, monkeypatch, tmp_path):
    """The PostgreSQL's table, by a variable that holds its URL."""
    monkeypatch.setenv("WAREHOUSE", server.url())
    return DatabaseTable(
        dataset="people", url="${WAREHOUSE}", schema="Shop", table="Big People", root=tmp_path, within=(tmp_path,)
    )


@pytest.fixture
def file(tmp_path):
    """An SQLite file of the project with the same table."""
    (tmp_path / "data").mkdir()
    connection = sqlite3.connect(tmp_path / "data" / "x y.db")
    connection.execute("CREATE TABLE people (id integer, age integer, score real, Sex text, code text)")
    connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?)", ROWS)
    connection.commit()
    connection.close()
    return DatabaseTable(
        dataset="people", url="sqlite:///data/x y.db", table="people", root=tmp_path, within=(tmp_path,)
    )


def with_(table, /, **keys):
    """The table with other keys."""
    from dataclasses import replace

    return replace(table, **keys)


@pytest.mark.parametrize("where", ["warehouse", "file"])
def test_observe__says_what_the_fused_engine_says(where, request):
    """The same rows in a database and in memory: success, counts and results are equal."""
    suite = suite_of(*COMMON, least=100)

    ours = sql.observe(request.getfixturevalue(where), suite)
    theirs = fused.observe(FRAME.lazy(), suite)

    assert (ours.engine, ours.rows) == ("sql", 8)
    assert [pair for pair in zip(told(ours), told(theirs), strict=True) if not close(*pair)] == []


@pytest.mark.parametrize("where", ["warehouse", "file"])
def test_look__counts_rows_and_what_is_missing(where, request):
    """A table is described by its rows, its columns and what they miss; its hash says what it is of."""
    known = sql.look(request.getfixturevalue(where))

    assert (known.rows, known.names) == (8, NAMES)
    assert {each.name: each.nulls for each in known.columns} == {"id": 0, "age": 1, "score": 1, "Sex": 1, "code": 1}
    assert known.fingerprint.startswith("schema:")
    assert sql.look(request.getfixturevalue(where)) == known


@pytest.mark.parametrize("where", ["warehouse", "file"])
def test_outcome__holds_no_value_and_no_secret(where, request, server):
    """Errors are told by their type, columns by their name; neither the URL nor a cell is anywhere in the outcome."""
    suite = suite_of(
        expectation("expect_column_mean_to_be_between", column="agee", min_value=1),
        expectation("expect_column_values_to_match_regex", column="Sex", regex="("),
        expectation("expect_column_values_to_be_in_set", column="Sex", value_set=["F"]),
    )

    outcome = validate_table(request.getfixturevalue(where), suite, dataset="people")
    text = json.dumps(outcome.raw) + repr(outcome.validation) + repr(outcome.findings)

    assert outcome.validation.expectations[0].error == "column `agee` is not in the data (did you mean 'age'?)"
    assert outcome.validation.expectations[1].error.startswith("could not be computed (")
    assert [word for word in (CANARY, server.password, str(server.port), "127.0.0.1") if word in text] == []


def test_validate_table__suite_without_expectations_needs_no_database(file):
    """A suite that holds nothing fails, whatever the table."""
    out = validate_table(with_(file, url="sqlite:///none.db"), suite_of(), dataset="people")
    assert (out.validation.engine, out.validation.verdict) == ("sql", "fail")


# --- what cannot be read, in one sentence ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"table": "Big Poeple"}, "Dataset 'people': its database has no table Shop.Big Poeple."),
        ({"table": 'x" UNION SELECT'}, "Dataset 'people': its database has no table Shop.x\" UNION SELECT."),
        ({"schema": ""}, "Dataset 'people': its database has no table Big People."),
        ({"url": "${NO_SUCH}"}, "Dataset 'people': the variable NO_SUCH, which holds its database's URL, is not set."),
    ],
)
def test_look__of_what_is_not_there(warehouse, monkeypatch, keys, said):
    """Tables are named as they are written; names are quoted, so that none is SQL."""
    with pytest.raises(DataError) as caught:
        sql.look(with_(warehouse, **keys))
    assert caught.value.message == said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://mlci:{other}@127.0.0.1:{port}/postgres", "its database cannot be read (OperationalError)."),
        ("postgresql+nodriver://mlci:{secret}@127.0.0.1/x", "its database cannot be read (NoSuchModuleError)."),
        ("oracle://mlci:{secret}@127.0.0.1/x", "the URL in $WAREHOUSE is of a database that mlci does not read."),
        ("{secret}", "the URL in $WAREHOUSE is none that SQLAlchemy reads."),
    ],
)
def test_look__what_is_wrong_with_a_secret_is_told_without_it(warehouse, server, monkeypatch, url, said):
    """Neither the URL, nor what the driver says of it, is part of the error."""
    monkeypatch.setenv("WAREHOUSE", url.format(other="canary-wrong", secret=server.password, port=server.port))
    with pytest.raises(DataError) as caught:
        sql.look(warehouse)
    assert caught.value.message == f"Dataset 'people': {said}"
    told_all = f"{caught.value}{caught.value.__cause__}"
    assert [word for word in ("canary", str(server.port), "127.0.0.1") if word in told_all] == []


def test_look__without_sqlalchemy(file, monkeypatch):
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(DataError, match="needs SQLAlchemy, which is not installed") as caught:
        sql.look(file)
    assert caught.value.hint == "pip install 'mlci[sql]'."


# --- what is only read, and only where it may be --------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["sqlite:///../outside.db", "sqlite:////etc/passwd", "sqlite:///link.db", "sqlite://", "sqlite:///:memory:"]
)
def test_look__sqlite_opens_files_of_the_project_alone(file, tmp_path, url):
    """A path or a link that leads out, and a database that is no file, are refused."""
    (tmp_path / "in").mkdir()
    (tmp_path / "outside.db").write_bytes((tmp_path / "data" / "x y.db").read_bytes())
    (tmp_path / "in" / "link.db").symlink_to(tmp_path / "outside.db")

    with pytest.raises(DataError, match=r"leads out of the project|names no file of SQLite"):
        sql.look(with_(file, url=url, root=tmp_path / "in", within=(tmp_path / "in",)))


def test_opened__is_for_reading_alone(warehouse, file):
    """What only looks cannot write, whatever the user of the database may."""
    from mlci.expectations.database import opened

    refused = []
    for table, statement in ((warehouse, "CREATE TABLE x (a int)"), (file, "CREATE TABLE x (a int)")):
        with opened(table) as database:
            connection = database.connect()
            try:
                connection.cursor().execute(statement)
            except Exception as error:  # noqa: BLE001 - each driver has its own
                refused.append(type(error).__name__)

    assert refused == ["ReadOnlySqlTransaction", "OperationalError"]


@pytest.mark.parametrize(
    "expected",
    [
        expectation("unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM secrets"),
        expectation("expect_table_row_count_to_equal_other_table", other_table_name="secrets"),
        expectation(
            "expect_query_results_to_match_comparison",
            base_query="SELECT 1",
            comparison_data_source_name="x",
            comparison_query="SELECT 1",
        ),
    ],
)
def test_observe__beside_a_secret_a_suite_brings_no_sql(warehouse, expected):
    """A changed suite must not read another table with a secret's rights."""
    with pytest.raises(SuiteError, match="is not run in a database: it reads whatever its text names"):
        sql.observe(warehouse, suite_of(expected))


def test_observe__without_a_secret_a_suite_may_ask(file):
    """Where no secret opens the database, a query of the suite's own is run; what is no query is not."""
    rows = "unexpected_rows_expectation"
    seen = sql.observe(file, suite_of(expectation(rows, unexpected_rows_query="SELECT * FROM {batch} WHERE age > 80")))

    assert [(each.success, each.error) for each in seen.observations] == [(False, "")]
    with pytest.raises(SuiteError, match="is no SELECT"):
        sql.observe(file, suite_of(expectation(rows, unexpected_rows_query="ATTACH '{batch}' AS x")))


HIDDEN = {
    "a parameter": lambda text: {"$PARAMETER": "q"},
    "a value in place": lambda text: {"$PARAMETER": "q", "$PARAMETER.q": text},
    "a parameter of a parameter": lambda text: {
        "$PARAMETER": "q", "$PARAMETER.q": {"$PARAMETER": "r", "$PARAMETER.r": text},
    },
}  # fmt: skip


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("statement", ["ATTACH '{out}' AS x", "VACUUM INTO '{out}'", "PRAGMA database_list"])
def test_observe__a_parameter_hides_no_statement(file, tmp_path, hidden, statement):
    """What a parameter stands for is judged as what is written; nothing is run, and nothing is written."""
    text = statement.format(out=tmp_path / "out.db")
    suite = suite_of(expectation("unexpected_rows_expectation", unexpected_rows_query=hidden(text)), q=text)

    with pytest.raises(SuiteError, match=r"is no SELECT|stands for another \$PARAMETER"):
        sql.observe(file, suite)
    assert not (tmp_path / "out.db").exists()


@pytest.mark.parametrize(
    "kwargs",
    [
        {"column": "id", "row_condition": {"$PARAMETER": "q"}},
        {"column": {"$PARAMETER": "q", "$PARAMETER.q": "a`b"}},
        {"column": {"$PARAMETER": "q", "$PARAMETER.q": {"$PARAMETER": "q"}}},
    ],
)
def test_observe__a_parameter_hides_no_condition_and_no_column(file, kwargs):
    """What is refused where it is written is refused where a parameter stands for it."""
    bad = expectation("expect_column_values_to_be_unique", **kwargs)
    with pytest.raises(SuiteError, match=r"written for pandas|with a backtick|str type expected"):
        sql.observe(file, suite_of(bad, q="id > 1"))


def test_observe__in_a_confined_run_a_suite_brings_no_sql(file):
    """Where a stranger may have written the suite, not even a query of the table itself is run."""
    query = expectation("unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM {batch} WHERE age > 80")
    with pytest.raises(SuiteError, match="is not run in a database: it reads whatever its text names"):
        sql.observe(with_(file, confined=True), suite_of(query))


def test_opened__sqlite_only_answers(file, tmp_path):
    """Whatever statement came through: no other file is opened or written, and nothing of the connection is changed."""
    from mlci.expectations.database import opened

    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE t (a)")
    other.close()
    before = sorted(tmp_path.rglob("*"))
    statements = [
        f"ATTACH DATABASE '{tmp_path / 'other.db'}' AS y",
        f"ATTACH DATABASE '{tmp_path / 'new.db'}' AS y",
        f"VACUUM INTO '{tmp_path / 'new.db'}'",
        "VACUUM",
        "CREATE TABLE x (a)",
        "CREATE TEMP TABLE x (a)",
        "CREATE VIRTUAL TABLE temp.x USING fts5(a)",
        "INSERT INTO people (id) VALUES (1)",
        "WITH x AS (SELECT 1) DELETE FROM people",
        "PRAGMA query_only = OFF",
        "PRAGMA read_uncommitted = 1",
        "PRAGMA database_list",
        "PRAGMA temp_store_directory = '/'",
        "SELECT * FROM pragma_database_list",
        "SELECT load_extension('x')",
    ]
    told = {}
    with opened(file) as database:
        connection = database.connect()
        for statement in statements:
            with pytest.raises(sqlite3.DatabaseError) as caught:
                connection.execute(statement).fetchall()
            told[statement] = str(caught.value)
        counted = connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8) "
            "SELECT count(*), max(i), (SELECT count(*) FROM people) FROM n"
        ).fetchall()

    denied = ("not authorized", "authorization denied", "prohibited")
    assert [each for each in told.items() if not any(word in each[1] for word in denied)] == []
    assert counted == [(8, 8, 8)]
    assert sorted(tmp_path.rglob("*")) == before


def test_observe__a_view_of_sqlite_in_its_schema(file, tmp_path):
    """What describes a view is allowed as well, and the schema may be named."""
    connection = sqlite3.connect(tmp_path / "data" / "x y.db")
    connection.execute("CREATE VIEW grown AS SELECT id, age FROM people WHERE age > 18")
    connection.commit()
    connection.close()
    suite = suite_of(expectation("expect_column_values_to_be_between", column="age", min_value=30))

    seen = sql.observe(with_(file, table="grown", schema="main"), suite)

    assert (seen.rows, [(each.unexpected_count, each.error) for each in seen.observations]) == (5, [(1, "")])


def test_observe__conditions_are_great_expectations_own(file):
    """Conditions for pandas mean nothing to a database."""
    bad = expectation(
        "expect_column_values_to_be_unique", column="id", row_condition="id > 1", condition_parser="pandas"
    )
    with pytest.raises(SuiteError, match="is written for pandas, which is not what computes in a database"):
        sql.observe(file, suite_of(bad))


def test_look__a_literal_url_takes_no_password_along(warehouse, monkeypatch):
    """The environment's password would go to whatever host a pull request names."""
    monkeypatch.setenv("PGPASSWORD", CANARY)
    with pytest.raises(DataError, match=r"\$PGPASSWORD would be sent to whatever host the configuration names"):
        sql.look(with_(warehouse, url="postgresql://mlci@127.0.0.1:1/postgres"))


def test_validate__a_table_of_the_configuration(file, tmp_path, monkeypatch, capsys):
    """`mlci validate` checks a table as it checks files; another engine is for files."""
    suite = {
        "name": "s",
        "expectations": [
            {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "Sex", "value_set": ["F"]}}
        ],
    }
    (tmp_path / "s.json").write_text(json.dumps(suite), encoding="utf-8")
    (tmp_path / "mlci.yml").write_text(
        "version: 1\ndatasets:\n  people: {url: 'sqlite:///data/x y.db', table: people, suite: s.json}\n", "utf-8"
    )
    monkeypatch.chdir(tmp_path)

    assert main(["validate", "--engine", "gx"]) == 2
    assert "is a table of a database, which --engine gx cannot check" in capsys.readouterr().err
    assert main(["validate"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "FAIL  people: 0 of 1 expectations hold (s, sql)",
        "  FAIL  expect_column_values_to_be_in_set Sex equal to F: 3 of 8 rows",
    ]
