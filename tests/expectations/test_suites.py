"""Suites are read whole, or refused with the place of every problem."""

from __future__ import annotations

import dataclasses
import json
import pickle
import sys

import pytest
from ruamel.yaml import YAML

from mlci.config.data import GxSuite
from mlci.errors import Location, SuiteError
from mlci.expectations import Expectation, load
from mlci.expectations.suites import SuiteProblemsError, frozen, thawed

BETWEEN = {
    "type": "expect_column_values_to_be_between",
    "kwargs": {"column": "age", "min_value": 0, "mostly": 0.99},
    "severity": "warning",
    "meta": {"owner": "ada"},
    "id": "933c4886-d3cb-4910-9a98-3ead906b272f",
    "description": "ages are positive",
    "notes": ["from the clinic"],
}
IN_SET = {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "sex", "value_set": ["F", "M"]}}
SUITE = {"name": "people", "expectations": [BETWEEN, IN_SET], "suite_parameters": {"low": 1}, "meta": {}}
OLD = {
    "expectation_suite_name": "people",
    "data_asset_type": None,
    "ge_cloud_id": None,
    "evaluation_parameters": {"low": 1},
    "expectations": [
        {
            "expectation_type": "expect_column_values_to_be_between",
            "kwargs": {
                "column": "age",
                "min_value": {"$PARAMETER": "low"},
                "auto": False,
                "parse_strings_as_datetimes": None,
                "result_format": "COMPLETE",
                "include_config": True,
                "catch_exceptions": False,
            },
            "meta": {},
            "ge_cloud_id": None,
        }
    ],
    "meta": {"great_expectations_version": "0.18.22"},
}


@pytest.fixture
def write(tmp_path):
    """Write a file and give the folder back."""

    def put(text, name="suite.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return put


@pytest.fixture
def problems(write):
    """The problems of a suite, each as its place and its sentence."""

    def find(text, name="suite.json"):
        with pytest.raises(SuiteError) as caught:
            load(name, root=write(text if isinstance(text, str) else json.dumps(text), name))
        error = caught.value
        each = error.problems if isinstance(error, SuiteProblemsError) else (error,)
        return [(str(problem.location), problem.message) for problem in each]

    return find


def without_places(suite):
    """A suite's content, for comparison across formats."""
    return [dataclasses.replace(each, location=Location("x")) for each in suite.expectations]


def test_load__reads_every_part(write):
    """Type, arguments, severity, meta, id, description, notes and the place are what the file says."""
    suite = load("suite.json", root=write(json.dumps(SUITE, indent=2)))
    assert suite.expectations[0] == Expectation(
        type="expect_column_values_to_be_between",
        kwargs={"column": "age", "min_value": 0, "mostly": 0.99},
        severity="warning",
        meta={"owner": "ada"},
        location=Location("suite.json", 4, 5),
        id="933c4886-d3cb-4910-9a98-3ead906b272f",
        description="ages are positive",
        notes=("from the clinic",),
    )


def test_load__suite_itself(write):
    """Name, path and parameters are the file's; no severity means critical, and there is nothing to notice."""
    suite = load("suite.json", root=write(json.dumps(SUITE)))
    assert (suite.name, suite.path, dict(suite.parameters), suite.notices, suite.expectations[1].severity) == (
        "people", "suite.json", {"low": 1}, (), "critical",
    )  # fmt: skip


def test_load__knows_where_each_argument_stands(write):
    """An argument's key has its own line and column."""
    suite = load("suite.json", root=write(json.dumps(SUITE, indent=1)))
    lines = json.dumps(SUITE, indent=1).split("\n")
    place = suite.expectations[1].where("value_set")
    assert lines[place.line - 1][place.column - 1 :] == '"value_set": ['


def test_load__arguments_cannot_change(write):
    """What was read is frozen to its leaves."""
    suite = load("suite.json", root=write(json.dumps(SUITE)))
    kwargs = suite.expectations[1].kwargs
    with pytest.raises(TypeError):
        kwargs["column"] = "age"
    assert kwargs["value_set"] == ("F", "M")


def test_load__yaml_is_json(write):
    """The same suite in YAML is the same suite."""
    from io import StringIO

    text = StringIO()
    YAML(typ="safe", pure=True).dump(SUITE, text)
    write(json.dumps(SUITE))
    root = write(text.getvalue(), "suite.yml")
    assert without_places(load("suite.yml", root=root)) == without_places(load("suite.json", root=root))


def test_load__imports_no_great_expectations(write):
    """Reading and checking a suite costs no import of the package (in a fresh interpreter)."""
    import subprocess

    root = write(json.dumps(SUITE))
    code = (
        "import sys; from pathlib import Path; from mlci.expectations import load; "
        f"load('suite.json', root=Path({str(root)!r})); "
        "print([m for m in ('great_expectations', 'pandas', 'polars', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_load__suite_of_0_x_is_migrated(write):
    """Names of 0.x become those of 1.x; arguments that were never set, or only say how to run, are left out."""
    suite = load("suite.json", root=write(json.dumps(OLD)))
    only = suite.expectations[0]
    assert (suite.name, dict(suite.parameters), only.type, thawed(only.kwargs)) == (
        "people",
        {"low": 1},
        "expect_column_values_to_be_between",
        {"column": "age", "min_value": {"$PARAMETER": "low"}},
    )


def test_load__suite_of_0_x_is_noticed(write):
    """One notice says that the suite is old."""
    suite = load("suite.json", root=write(json.dumps(OLD)))
    assert [(each.code, each.severity, str(each.location)) for each in suite.notices] == [
        ("MLCI111", "info", "suite.json:1:1")
    ]


def test_load__argument_of_0_x_that_was_set_is_refused(problems):
    """An old argument that changed the result is not dropped in silence."""
    old = {**OLD["expectations"][0], "kwargs": {"column": "age", "min_value": 1, "parse_strings_as_datetimes": True}}
    assert [message for _, message in problems({**OLD, "expectations": [old]})] == [
        "`expect_column_values_to_be_between` takes no argument `parse_strings_as_datetimes`."
    ]


def test_load__name_falls_back_to_the_file(write):
    """A suite without a name is called after its file."""
    root = write("expectations: []", "rules/flights.yml")
    suite = load("rules/flights.yml", root=root)
    assert (suite.name, suite.path, suite.expectations) == ("flights", "rules/flights.yml", ())


def test_load__byte_order_mark_is_read_over(write):
    """A file that Windows saved is a file like any other."""
    root = write(b"\xef\xbb\xbf" + json.dumps(SUITE).encode())
    assert load("suite.json", root=root).name == "people"


def test_load__path_outside_the_root_is_shown_whole(write, tmp_path):
    """A suite may lie elsewhere; its path is then not relative."""
    root = write(json.dumps(SUITE))
    (root / "inner").mkdir()
    assert load("../suite.json", root=root / "inner").path == (tmp_path / "suite.json").as_posix()


NO_SUITE = {
    "list": ("[1]", "suite.json:1:1", "`suite.json` is not a suite: it holds a list."),
    "text": ('"x"', "suite.json:1:1", "`suite.json` is not a suite: it holds a text."),
    "null": ("null", "suite.json:1:1", "`suite.json` is not a suite: it holds nothing."),
    "number": ("1.5", "suite.json:1:1", "`suite.json` is not a suite: it holds a number."),
    "truth": ("true", "suite.json:1:1", "`suite.json` is not a suite: it holds true or false."),
    "no expectations": ('{"name": "x"}', "suite.json:1:1", "`suite.json` is not a suite: it has no `expectations`."),
    "expectations not a list": (
        '{"name": "x",\n "expectations": {}}',
        "suite.json:2:2",
        "`suite.json` is not a suite: `expectations` is a mapping.",
    ),
}


@pytest.mark.parametrize(("text", "place", "message"), NO_SUITE.values(), ids=NO_SUITE)
def test_load__refuses_what_is_no_suite(problems, text, place, message):
    """A file that holds something else is named, without what it holds."""
    assert problems(text) == [(place, message)]


def test_load__yaml_of_comments_alone(problems):
    """A YAML file may be text and yet hold nothing."""
    assert problems("# nothing yet", "suite.yml") == [
        ("suite.yml:1:1", "`suite.yml` is not a suite: it holds nothing.")
    ]


def test_load__shows_all_problems_at_once(problems):
    """Every mistake of a suite is shown, in the order of the file."""
    text = """{"name": 1, "expectatoins": 2, "expectations": [
 {"tipe": "x"},
 3,
 {"type": ""},
 {"type": "expect_colum_to_exist", "kwargs": {"column": "a"}},
 {"type": "expect_column_to_exist", "kwargs": {"column": "a"}, "severity": "high"},
 {"type": "expect_column_to_exist", "kwargs": [1]},
 {"type": "expect_column_to_exist", "kwargs": {"column": "a"}, "meta": 1, "extra": 2},
 {"type": "expect_column_to_exist", "kwargs": {"colum": "a"}, "severity": null}
]}"""
    assert problems(text) == [
        ("suite.json:1:2", "A suite's `name` is a text."),
        ("suite.json:1:13", "`expectatoins` is not a key of a suite."),
        ("suite.json:2:2", "Expectation 1 has no `type`."),
        ("suite.json:2:3", "`tipe` is not a key of an expectation."),
        ("suite.json:3:2", "Expectation 2 is a number, not a mapping with a `type`."),
        ("suite.json:4:2", "Expectation 3 has a text for a `type`."),
        ("suite.json:5:2", "`expect_colum_to_exist` is not an expectation of Great Expectations."),
        ("suite.json:6:64", "The severity of `expect_column_to_exist` is none that Great Expectations knows."),
        ("suite.json:7:2", "`expect_column_to_exist` lacks its argument `column`."),
        ("suite.json:7:37", "`kwargs` is a list, not a mapping of names to values."),
        ("suite.json:8:64", "`meta` is a number, not a mapping of names to values."),
        ("suite.json:8:75", "`extra` is not a key of an expectation."),
        ("suite.json:9:2", "`expect_column_to_exist` lacks its argument `column`."),
        ("suite.json:9:48", "`expect_column_to_exist` takes no argument `colum`."),
    ]


def test_problems__are_one_error(write):
    """Several problems are one error: the first one's sentence and place, and all of them as text."""
    root = write('{"expectations": [3,\n 4]}')
    with pytest.raises(SuiteProblemsError) as caught:
        load("suite.json", root=root)
    error = caught.value
    assert (error.message, str(error.location), len(str(error).split("suite.json:"))) == (
        "Expectation 1 is a number, not a mapping with a `type`. (1 more problem in this suite)",
        "suite.json:1:19",
        3,
    )


UNREADABLE = {
    "missing": (None, "suite.json", "The suite `suite.json` does not exist."),
    "missing folder": (None, "rules/suite.json", "The suite `rules/suite.json` does not exist."),
    "folder": (None, ".", "The suite `.` cannot be read: is a directory."),
    "empty": (b" \n", "suite.json", "The suite `suite.json` is empty."),
    "binary": (b"\xff\xfe\x00", "suite.json", "The suite `suite.json` is not UTF-8 text."),
}


@pytest.mark.parametrize(("content", "name", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_load__unreadable_file_is_said_where_it_is_named(tmp_path, content, name, message):
    """What cannot be read is blamed on the line of the configuration that names it."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    here = Location("mlci.yml", 6, 12)
    with pytest.raises(SuiteError) as caught:
        load(name, root=tmp_path, location=here)
    assert (caught.value.message, caught.value.location) == (message, here)


def test_load__missing_file_has_a_neighbour(write):
    """A slip in a file's name is answered with the nearest one."""
    root = write(json.dumps(SUITE), "flights.json")
    with pytest.raises(SuiteError) as caught:
        load("flight.json", root=root)
    assert caught.value.hint == "Did you mean 'flights.json'?"


# --- projects ----------------------------------------------------------------------------------------------------


@pytest.fixture
def project(write):
    """A project by hand: two suites, one of them in a folder."""
    write("config_version: 4\n", "gx/great_expectations.yml")
    write(json.dumps(SUITE), "gx/expectations/people.json")
    return write(json.dumps({**SUITE, "name": "team.people"}), "gx/expectations/team/people.json")


@pytest.mark.parametrize("folder", ["gx", "."])
@pytest.mark.parametrize(("name", "path"), [("people", "people.json"), ("team.people", "team/people.json")])
def test_load__suite_of_a_project(project, folder, name, path):
    """The project's folder is the one with great_expectations.yml, or the one around it; dots are folders."""
    suite = load(GxSuite(project=folder, name=name), root=project)
    assert (suite.name, suite.path, len(suite.expectations)) == (name, f"gx/expectations/{path}", 2)


def test_load__project_with_a_store_elsewhere(project, write):
    """The expectations store's own folder is honoured."""
    setting = "stores: {mine: {store_backend: {base_directory: rules/}}}\nexpectations_store_name: mine\n"
    write(setting, "gx/great_expectations.yml")
    write(json.dumps(SUITE), "gx/rules/people.json")
    assert load(GxSuite(project="gx", name="people"), root=project).path == "gx/rules/people.json"


NO_PROJECT = {
    "no project": ("elsewhere", "people", "`elsewhere` is not a Great Expectations project", "holds gx/"),
    "no such suite": ("gx", "peple", "The project `gx` has no suite named `peple`.", "Did you mean 'people'?"),
    "path for a name": ("gx", "../people", "`../people` is not the name of a suite.", "without folders"),
    "no name": ("gx", "", "`` is not the name of a suite.", "without folders"),
}


@pytest.mark.parametrize(("folder", "name", "message", "hint"), NO_PROJECT.values(), ids=NO_PROJECT)
def test_load__project_or_suite_that_is_not_there(project, folder, name, message, hint):
    """A project without that suite says which ones it has."""
    with pytest.raises(SuiteError) as caught:
        load(GxSuite(project=folder, name=name), root=project)
    assert (message in caught.value.message, hint in caught.value.hint) == (True, True), str(caught.value)


def test_frozen__is_undone_by_thawed():
    """Frozen data are the same data."""
    data = {"a": [1, {"b": [2.5, None]}], "c": "x"}
    assert (thawed(frozen(data)), pickle.dumps(thawed(frozen(data)))) == (data, pickle.dumps(data))
