"""Runs whose datasets are checked where they lie: in a database, and what a pull request may newly reach."""

from __future__ import annotations

import json
import sqlite3
from types import SimpleNamespace

import pytest
from reference import expectation, suite_of

from mlci.afar import _require_agreed, is_afar, look
from mlci.config.models import Config
from mlci.errors import DataError, Location, SuiteError

TABLE = "  shop: {url: 'sqlite:///shop.db', table: orders, suite: orders.json}\n"


def put_database(repo):
    """An SQLite file of three orders, and a suite that one of them breaks."""
    connection = sqlite3.connect(repo.folder / "shop.db")
    connection.execute("CREATE TABLE orders (id integer, amount real)")
    connection.executemany("INSERT INTO orders VALUES (?, ?)", [(1, 2.5), (2, None), (3, -1.0)])
    connection.commit()
    connection.close()
    between = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "amount", "min_value": 0}}
    repo.put("orders.json", json.dumps({"name": "orders", "expectations": [between]}))


def test_run__a_table_of_a_database_beside_a_model(project, mlci):
    """A table is validated where it lies, and stands in the results and the report beside the files."""
    put_database(project)
    text = (project.folder / "mlci.yml").read_text()
    project.put("mlci.yml", text.replace("models:\n", f"{TABLE}models:\n")).commit("a table")

    ran = mlci(project.folder, "run")
    found = ran.results["datasets"]["shop"]

    assert (ran.code, found["path"], found["rows"], found["bytes"]) == (1, "table orders", 3, 0)
    assert [(each["name"], each["dtype"], each["nulls"]) for each in found["columns"]] == [
        ("id", "INTEGER", 0), ("amount", "REAL", 1),
    ]  # fmt: skip
    assert found["fingerprint"].startswith("schema:")
    assert (found["validation"]["engine"], found["validation"]["failed"]) == ("sql", 1)
    assert ran.results["models"]["late"]["winner"] == "plain"
    assert "checked where it lies, as it is now" in ran.report()


def test_run__a_secret_that_is_not_there(project, mlci):
    """The dataset that needs it is a finding; the rest of the run goes on."""
    text = (project.folder / "mlci.yml").read_text()
    dataset = "  shop: {url: '${NO_SUCH_SECRET}', table: orders}\n"
    project.put("mlci.yml", text.replace("models:\n", f"{dataset}models:\n")).commit("a table")

    ran = mlci(project.folder, "run")

    told = [each for each in ran.results["findings"] if each["code"] == "MLCI100"]
    assert [each["message"] for each in told] == [
        "Dataset 'shop': the variable NO_SUCH_SECRET, which holds its database's URL, is not set."
    ]
    assert (ran.code, ran.results["models"]["late"]["winner"]) == (2, "plain")


# --- what a pull request may reach -----------------------------------------------------------------------------------


def config(**datasets):
    """A configuration of some datasets."""
    return Config.model_validate({"version": 1, "datasets": datasets})


def trees(head, base, *, confined=True, merged=False):
    """Both sides, as far as it matters here."""
    return SimpleNamespace(
        confined=confined,
        loaded=SimpleNamespace(config=head, where=lambda *_: Location("mlci.yml", 3, 3)),
        base_config=base,
        is_on=lambda branch: merged,
    )


ORDERS = {"url": "${WAREHOUSE}", "table": "orders"}
USERS = {"url": "${WAREHOUSE}", "table": "users"}
CLUSTER = {"path": "x.parquet", "engine": "spark", "spark": {"master": "spark://host:7077"}}
HERE = {"path": "x.parquet", "engine": "spark", "spark": {"master": "local[2]"}}
LAKE = {"path": "s3a://lake/x.parquet", "engine": "spark"}
PAYROLL = {"path": "s3a://secret/payroll.parquet", "engine": "spark"}


@pytest.mark.parametrize(
    ("head", "base", "keys"),
    [
        (ORDERS, {"shop": ORDERS}, {}),
        (ORDERS, {"other": ORDERS}, {}),
        (USERS, {"shop": ORDERS}, {"merged": True}),
        (USERS, {"shop": ORDERS}, {"confined": False}),
        ({"url": "sqlite:///x.db", "table": "x"}, {"shop": ORDERS}, {}),
        (CLUSTER, {"other": CLUSTER}, {}),
        (HERE, {"shop": ORDERS}, {}),
        (LAKE, {"other": LAKE}, {}),
        (LAKE, {"other": {**LAKE, **HERE, "path": LAKE["path"]}}, {}),
        (PAYROLL, {"shop": LAKE}, {"confined": False}),
    ],
)
def test_agreed__what_the_base_branch_names_is_reached(head, base, keys):
    """The same table or master, whatever the dataset is called; no secret; or a commit that is merged already."""
    _require_agreed("shop", trees(config(shop=head), config(**base), **keys))


@pytest.mark.parametrize(
    ("head", "base", "what"),
    [
        (USERS, {"shop": ORDERS}, "table of a secret's database"),
        ({**ORDERS, "url": "${OTHER}"}, {"shop": ORDERS}, "table of a secret's database"),
        ({**ORDERS, "schema": "hr"}, {"shop": ORDERS}, "table of a secret's database"),
        (CLUSTER, {"shop": HERE}, "path and master of Spark"),
        ({**CLUSTER, "path": PAYROLL["path"]}, {"shop": CLUSTER, "lake": PAYROLL}, "path and master of Spark"),
        (PAYROLL, {"shop": LAKE}, "path and master of Spark"),
        (PAYROLL, {"shop": {**PAYROLL, "engine": "gx"}}, "path and master of Spark"),
        (USERS, None, "table of a secret's database"),
    ],
)
def test_agreed__what_a_pull_request_newly_reaches_is_not(head, base, what):
    """Another table of a secret's database, and another path or master for Spark, wait for the merge."""
    with pytest.raises(DataError, match=f"does not name this {what}, so it is not reached yet"):
        _require_agreed("shop", trees(config(shop=head), config(**base) if base else None))


def test_agreed__a_server_of_the_environment_reads_what_the_base_branch_names(monkeypatch):
    """Where $SPARK_REMOTE computes, even a path of the repository is its own to read."""
    local = {"path": "x.parquet", "engine": "spark"}
    _require_agreed("shop", trees(config(shop=local), config(shop=ORDERS)))
    monkeypatch.setenv("SPARK_REMOTE", "sc://cluster:15002/;token=canary")

    _require_agreed("shop", trees(config(shop=LAKE), config(other=LAKE)))
    for head, base in ((PAYROLL, LAKE), (local, {**local, "path": "y.parquet"}), (local, CLUSTER)):
        with pytest.raises(DataError, match="does not name this path and master of Spark") as caught:
            _require_agreed("shop", trees(config(shop=head), config(shop=base)))
        assert "canary" not in str(caught.value)


def test_look__in_the_action_a_suite_brings_no_sql(tmp_path):
    """The suite may be a stranger's: it looks at the table of the configuration, and at no other one."""
    put_database(SimpleNamespace(folder=tmp_path, put=lambda *_: None))
    dataset = {"url": "sqlite:///shop.db", "table": "orders"}
    query = {"unexpected_rows_query": "SELECT * FROM {batch} WHERE amount < 0"}
    suite = suite_of(expectation("unexpected_rows_expectation", **query))

    def looked(*, confined):
        sides = trees(config(shop=dataset), None, confined=confined)
        sides.head, sides.data_folder = SimpleNamespace(folder=tmp_path), lambda _: tmp_path
        sides.within = (tmp_path,) if confined else ()
        return look("shop", sides, tmp_path)

    assert looked(confined=False).validate(suite, dataset="shop").validation.failed == 1
    with pytest.raises(SuiteError, match="is not run in a database"):
        looked(confined=True).validate(suite, dataset="shop")


def test_is_afar__what_no_model_reads():
    """A database's table, and what Spark alone reads; a model's data are read by mlci."""
    lake = {"path": "s3a://lake/x.parquet", "engine": "spark"}
    model = {"dataset": "b", "target": "y", "task": "regression", "candidates": {"a": "m:f"}, "primary": "r2"}
    found = Config.model_validate(
        {"version": 1, "datasets": {"a": lake, "b": lake, "c": ORDERS, "d": HERE}, "models": {"m": model}}
    )

    assert [name for name in found.datasets if is_afar(name, found)] == ["a", "c"]
