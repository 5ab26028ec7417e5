"""`mlci validate --lint`: suites read, nothing run, and of the data nothing but the names of the columns."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile

import polars as pl
import pytest

from mlci.cli import main

NOT_NULL, NULL = "expect_column_values_to_not_be_null", "expect_column_values_to_be_null"

TEXT = "age,sex\n18,F\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(here):
    """Write a suite, an expectation on each line from the second on."""

    def make(*expectations, name="s.json"):
        rows = ",\n".join(json.dumps({"type": kind, "kwargs": kwargs}) for kind, kwargs in expectations)
        (here / name).write_text(f'{{"name": "s", "expectations": [\n{rows}\n]}}', encoding="utf-8")

    return make


@pytest.fixture
def lint(capsys):
    """Run the command: its exit code, and what it prints."""

    def run(*options):
        code = main(["validate", "--lint", *options])
        return code, capsys.readouterr().out.splitlines()

    return run


def test_lint__a_suite_without_data(write, lint):
    """A suite is read alone; the last line says that no data were looked at."""
    write((NOT_NULL, {"column": "age"}))

    assert lint("--suite", "s.json") == (
        0,
        ["s.json: 1 expectation read, nothing found; its columns were compared with no data"],
    )


def test_lint__everything_at_once(write, here, lint):
    """Errors, contradictions, duplicates and absent columns come together, in the order of the file."""
    (here / "d.csv").write_text(TEXT, encoding="utf-8")
    write(
        (NOT_NULL, {"column": "agee"}),
        ("expect_column_values_to_not_be_nul", {"column": "age"}),
        (NULL, {"column": "sex"}),
        (NOT_NULL, {"column": "sex"}),
        (NOT_NULL, {"column": "sex"}),
        (NOT_NULL, {"column": "age", "mostly": 1.5}),
        (NOT_NULL, {"column": "age", "mostyl": 0.5}),
    )
    code, told = lint("--suite", "s.json", "--data", "d.csv")

    assert code == 2
    assert [line for line in told if not line.startswith("  ")] == [
        f"s.json:2:60: fail: `{NOT_NULL}(agee)`: column `agee` is not in the data (did you mean 'age'?). (MLCI126)",
        "s.json:3:1: fail: `expect_column_values_to_not_be_nul` is not an expectation of Great Expectations. (MLCI110)",
        f"s.json:5:1: warn: `{NOT_NULL}(sex)` contradicts `{NULL}(sex)` on line 4. (MLCI118)",
        f"s.json:6:1: warn: `{NOT_NULL}(sex)` stands twice: first on line 5. (MLCI119)",
        f"s.json:7:77: fail: `mostly` of `{NOT_NULL}(age)` is not between 0 and 1. (MLCI110)",
        f"s.json:8:77: fail: `{NOT_NULL}` takes no argument `mostyl`. (MLCI110)",
        "s.json: 7 expectations read, 6 found",
    ]
    assert "  Did you mean 'mostly'?" in told


@pytest.mark.parametrize(
    ("expectations", "code"),
    [
        ([(NOT_NULL, {"column": "age"})], 0),
        ([(NOT_NULL, {"column": "age"}), (NOT_NULL, {"column": "age"})], 0),
        ([(NOT_NULL, {"column": "age"}), (NULL, {"column": "age"})], 1),
        ([(NOT_NULL, {"column": "eage"})], 1),
        ([(NOT_NULL, {"column": "age", "row_condition": "eage > 3", "condition_parser": "pandas"})], 1),
        ([(NOT_NULL, {"columns": "age"})], 2),
        ([], 1),
    ],
)
def test_lint__exit_codes(write, here, lint, expectations, code):
    """2 for an error, 1 for a contradiction, a column that is not there or an empty suite, and 0 for a duplicate."""
    (here / "d.csv").write_text(TEXT, encoding="utf-8")
    write(*expectations)

    assert lint("--suite", "s.json", "--data", "d.csv")[0] == code


def zipped(text):
    """A zip archive of one file."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("d.csv", text)
    return archive.getvalue()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("d.csv", bytes),
        ("d.csv.gz", gzip.compress),
        ("d.csv.bz2", bz2.compress),
        ("d.csv.xz", lzma.compress),
        ("d.csv.zip", zipped),
    ],
)
def test_lint__names_of_a_csv_file(write, here, lint, name, pack):
    """Only the line of names is read, also of a file that is packed: what is wrong below it is not looked at."""
    (here / name).write_bytes(pack(b"age,sex\n18,F\n1,2,3,4\n"))
    write((NOT_NULL, {"column": "age"}), (NOT_NULL, {"column": "seks"}))
    code, told = lint("--suite", "s.json", "--data", name)

    assert code == 1
    assert [line.partition(": ")[0] for line in told if "MLCI126" in line] == ["s.json:3:60"]


def test_lint__names_of_parquet_files(write, here, lint):
    """A footer is read; a glob's first file stands for all."""
    for name in ("a.parquet", "b.parquet"):
        pl.DataFrame({"age": [1], "sex": ["F"]}).write_parquet(here / name)
    write((NOT_NULL, {"column": "age"}))

    assert lint("--suite", "s.json", "--data", "*.parquet") == (0, ["s.json: 1 expectation read, nothing found"])


def test_lint__the_datasets_of_a_configuration(write, here, lint):
    """Without --suite the configuration's datasets are looked at, each with its own suite."""
    (here / "d.csv").write_text(TEXT, encoding="utf-8")
    (here / "mlci.yml").write_text(
        "version: 1\ndatasets:\n  one: {path: d.csv, suite: s.json}\n  two: {path: d.csv, suite: gone.json}\n"
        "  three: {path: none.csv, suite: s.json}\n  four: {path: d.csv}\nmodels: {}\n",
        encoding="utf-8",
    )
    write((NOT_NULL, {"column": "age"}))
    code, told = lint()

    assert code == 2
    assert [line for line in told if not line.startswith("  ")] == [
        "one: 1 expectation read, nothing found",
        "mlci.yml:4:29: fail: The suite `gone.json` does not exist. (MLCI110)",
        "two: 0 expectations read, 1 found",
        "fail: Dataset 'three': there is no file 'none.csv'. (MLCI100)",
        "three: 1 expectation read, 1 found; its columns were compared with no data",
    ]


def test_lint__as_a_document(write, capsys):
    """With --json the findings are a list."""
    write((NULL, {"column": "a"}), (NULL, {"column": "a"}))
    main(["validate", "--lint", "--suite", "s.json", "--json"])
    (finding,) = json.loads(capsys.readouterr().out)

    assert (finding["code"], finding["location"]) == ("MLCI119", {"path": "s.json", "line": 3, "column": 1})


@pytest.mark.parametrize("options", [["--data", "d.csv"], ["--data", "", "--suite", "s.json"]])
def test_lint__options_that_do_not_go_together(options, capsys):
    """Data without a suite, or data without a name, are no question."""
    assert main(["validate", "--lint", *options]) == 2
    assert "--data" in capsys.readouterr().err


def test_lint__another_separator(write, here, lint):
    """A file written with another separator is told, not taken for one column."""
    (here / "d.csv").write_text(TEXT.replace(",", ";"), encoding="utf-8")
    write((NOT_NULL, {"column": "age"}))
    code, told = lint("--suite", "s.json", "--data", "d.csv")

    assert (code, told[0]) == (
        2,
        "d.csv:1: fail: Dataset 'd': d.csv, line 1, has one column, whose name holds another separator. (MLCI100)",
    )
