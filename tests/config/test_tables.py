"""Datasets that are tables of a database, and those that Spark checks: what the configuration refuses."""

from __future__ import annotations

import pytest

from mlci.config.load import load
from mlci.errors import ConfigError

OF_FILES = "is for files, and 'shop' is a table of a database."


def problems(tmp_path, dataset, models=""):
    """What is said against a configuration with this dataset."""
    (tmp_path / "mlci.yml").write_text(f"version: 1\ndatasets:\n  shop: {dataset}\n{models}", encoding="utf-8")
    try:
        load(tmp_path)
    except ConfigError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize(
    "dataset",
    [
        "{url: '${WAREHOUSE}', table: orders}",
        "{url: '${WAREHOUSE}', schema: public, table: orders, suite: s.json}",
        "{url: 'postgresql+psycopg2://ci@db:5432/shop?sslmode=require', table: orders}",
        "{url: 'sqlite:///data/shop.db', table: orders, engine: auto}",
        "{path: x.parquet, engine: spark}",
        "{path: 's3a://bucket/x', engine: spark, spark: {master: 'spark://host:7077'}}",
        "{path: x.csv, engine: spark, spark: {master: 'local[2]'}}",
    ],
)
def test_load__what_is_accepted(tmp_path, dataset):
    """Files or a table, and an engine that fits."""
    assert problems(tmp_path, dataset) == []


@pytest.mark.parametrize(
    ("dataset", "said"),
    [
        ("{suite: s.json}", "mlci.yml:3:9: datasets.shop: names no data."),
        ("{path: x, url: 'sqlite:///x.db'}", "mlci.yml:3:24: 'shop' has both `path` and `url`."),
        ("{path: x, schema: s}", "mlci.yml:3:27: 'shop' has both `path` and `schema`."),
        ("{table: x}", "mlci.yml:3:17: 'shop' has a `table`, and no `url`."),
        ("{url: '${X}'}", "mlci.yml:3:15: 'shop' has a `url`, and no `table`."),
        ("{url: '${X}', tabel: x}", "mlci.yml:3:23: 'tabel' is no key that mlci knows in datasets.shop."),
        ("{url: '${X}', table: x, key: id}", f"mlci.yml:3:38: `key` {OF_FILES}"),
        ("{url: '${X}', table: x, engine: gx}", f"mlci.yml:3:41: `engine` {OF_FILES}"),
        ("{path: x, spark: {master: local}}", "mlci.yml:3:26: `spark` is for `engine: spark`, and 'shop' has another."),
        (
            "{path: x, engine: spark, spark: {master: lokal}}",
            "mlci.yml:3:50: datasets.shop.spark.master: Spark knows no such master.",
        ),
        ("{url: postgres://db/shop, table: x}", "mlci.yml:3:15: datasets.shop.url: mlci reads no such databases."),
        ("{url: orders.db, table: x}", "mlci.yml:3:15: datasets.shop.url: is no URL."),
    ],
)  # fmt: skip
def test_load__what_does_not_go_together(tmp_path, dataset, said):
    """Each problem has its place and its sentence, and the next line says how to mend it."""
    told = problems(tmp_path, dataset)
    assert (told[0], len(told)) == (said, 2)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://ci:geheim@db/shop", "a password does not belong into the repository"),
        ("postgresql://ci:${SECRET}@db/shop", "a variable stands for the whole URL, never for a part of it"),
        ("postgresql://$SECRET@db/shop", "a variable stands for the whole URL, never for a part of it"),
        ("postgresql://db/shop?password=geheim", "of a URL's options only"),
        ("postgresql://db/shop?passfile=/etc/passwd", "of a URL's options only"),
        ("mysql://db/shop?sslmode=x&read_default_file=/etc/passwd", "of a URL's options only"),
        ("sqlite:///x.db?mode=rw", "of a URL's options only"),
    ],
)
def test_load__a_url_holds_no_secret_and_leads_none_astray(tmp_path, url, said):
    """What is secret stands in one variable, whole; the message does not repeat it."""
    told = problems(tmp_path, f"{{url: '{url}', table: x}}")

    assert told[0].startswith(f"mlci.yml:3:15: datasets.shop.url: {said}")
    assert told[1].endswith("Put the whole URL into a secret, and write url: ${WAREHOUSE}, the variable that holds it.")
    assert "geheim" not in "".join(told)


def test_load__a_model_s_rows_come_from_files(tmp_path):
    """A model names files: the problem stands at the model, and says what to do."""
    models = "models:\n  m: {dataset: shop, target: y, task: regression, candidates: {a: 'm:f'}, primary: r2}\n"

    assert problems(tmp_path, "{url: '${X}', table: x}", models) == [
        "mlci.yml:5:16: 'shop' is a table of a database, and a model's rows come from files.",
        "  Export it to Parquet in an earlier step, and name that with `path`.",
    ]
