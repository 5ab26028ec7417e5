from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from mlci.config.load import load, schema
from mlci.config.models import Config, Gate, Slice
from mlci.errors import ConfigError, Location


def problems(folder) -> list[str]:
    """All that is wrong, a line each, as a user sees it."""
    with pytest.raises(ConfigError) as caught:
        load(folder)
    return str(caught.value).splitlines()


def test_load__a_small_configuration(write, small):
    """Values arrive as types; percentages as shares; short slice forms in full."""
    model = load(write(small)).config.models["income"]

    assert (model.positive, model.gates["fit_seconds"], model.slices) == (
        ">50K",
        Gate(max_increase=0.5),
        (Slice(column="sex"), Slice(column="age", edges=(25.0, 40.0, 60.0))),
    )


def test_load__the_contract_s_own_example():
    """The configuration that the README and the documentation show is valid."""
    text = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(version: 1\n.*?)```", text, flags=re.DOTALL)

    assert (
        [Config.model_validate(YAML(typ="safe", pure=True).load(block)).version for block in blocks]
        == [1] * len(blocks)
        != []
    )


def test_load__places_are_those_of_the_file(write, small):
    """A finding can point at the line of a gate's rule."""
    loaded = load(write(small))

    assert loaded.where("models", "income", "gates", "roc_auc", "max_regression") == Location("mlci.yml", 17, 44)


def test_load__every_error_at_once(write, small):
    """Errors of types, of keys and of references are shown together, in the order of the file."""
    broken = (
        small.replace("path:", "pth:")
        .replace("dataset: adult", "dataset: adlut")
        .replace("task: binary", "task: binry")
        .replace("max_increase", "max_incraese")
    )

    assert problems(write(broken)) == [
        "mlci.yml:4:5: 'pth' is no key that mlci knows in datasets.adult.",
        "  Did you mean 'path'?",
        (
            "mlci.yml:9:11: models.income.task: input should be 'binary', 'multiclass' or 'regression', "
            "and this is 'binry'."
        ),
        "mlci.yml:18:21: 'max_incraese' is no key that mlci knows in models.income.gates.fit_seconds.",
        "  Did you mean 'max_increase'?",
    ]


def test_load__a_reference_is_checked_beside_another_error(write, small):
    """A dataset that cannot be read does not hide a model that names another one."""
    broken = small.replace("path:", "pth:").replace("dataset: adult", "dataset: adlut")

    assert "mlci.yml:7:14: There is no dataset 'adlut'." in problems(write(broken))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "mlci.yml: The configuration is empty."),
        ("# nothing\n", "mlci.yml: The configuration is empty."),
        ("- a\n", "mlci.yml: The configuration holds a list, not keys with values."),
        ("just text\n", "mlci.yml: The configuration holds text, not keys with values."),
        ("version: 1\nversion: 1\n", "mlci.yml:2:1: This is not valid YAML: found duplicate key"),
        ("version: 1\n  datasets: x\n", "mlci.yml:2:11: This is not valid YAML: mapping values are not allowed here."),
        ("version: 1\ndatasets: {}\n", "mlci.yml:2:11: datasets: dictionary should have at least 1 item"),
        ("version: 2\ndatasets: {a: {path: x}}\n", "mlci.yml:1:10: version: input should be 1, and this is '2'."),
        ("a: &f {b: *f}\n", "mlci.yml:1:4: This document is too large or too deep"),
        ("\0", "mlci.yml: This is not valid YAML: "),
    ],
)
def test_load__not_a_configuration(write, text, expected):
    """A file that holds no configuration is one clear sentence."""
    assert problems(write(text))[0].startswith(expected)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("roc_auc\n", "auc\n", "'auc' is no metric that mlci knows."),
        ("roc_auc\n", "r2\n", "'r2' does not fit a binary task."),
        ('    positive: ">50K"\n', "", "a binary task needs `positive`"),
        ("boosted: pipeline:boosted", "boosted: pipeline.boosted", "should be module:function"),
        ("    metrics: [accuracy]", "    command: python train.py", "needs candidates (name: module:function) or a"),
        ("max_regression: 0.005", "max_increase: 5%", "'roc_auc' is a score, not a cost."),
        ("max_increase: 50%", "max_regression: 0.1", "'fit_seconds' is a cost, not a score."),
        ("max_increase: 50%", "max_increase: half", "'half' is no percentage"),
        ("min: 0.85", "min: 1.85", "'roc_auc' is never greater than 1"),
        ("min: 0.85", "max: 0.5, min: 0.85", "min 0.85 is greater than max 0.5"),
        ("max_regression: 0.005", "max_regression: -1", "greater than or equal to 0"),
        ("{min: 0.85, max_regression: 0.005}", "{}", "has no rule"),
        ("{min: 0.85, max_regression: 0.005}", "{min: 0.85, slices: true}", "judges by max_regression"),
        ("[25, 40, 60]", "[40, 25]", "edges must ascend"),
        ("    primary: roc_auc", "    split: {time: day}\n    primary: roc_auc", "a time cut needs both"),
        ("    primary: roc_auc", "    split: {test: adult}\n    primary: roc_auc", "cannot be both the training data"),
        (
            "    primary: roc_auc",
            "    split: {time: day, from: 1, group: g}\n    primary: roc_auc",
            "one of test, time",
        ),
        (
            "    path: data/adult.csv",
            "    path: x\n    suite: {project: gx}",
            "'name' is missing in datasets.adult.suite",
        ),
    ],
)
def test_load__what_users_get_wrong(write, small, old, new, expected):
    """Each mistake is one sentence that names what is wrong."""
    assert old in small
    assert [line for line in problems(write(small.replace(old, new))) if expected in line] != []


def test_load__from_pyproject(write):
    """`[tool.mlci]` serves as well, and its errors have places, too."""
    folder = write('[tool.mlci]\nversion = 1\n[tool.mlci.datasets.a]\npath = "x.csv"\nkye = "id"\n', "pyproject.toml")

    assert problems(folder)[0] == "pyproject.toml:5:1: 'kye' is no key that mlci knows in datasets.a."


def test_load__two_configurations(write, small):
    """Two places that configure mlci are an error, not a silent choice."""
    write('[tool.mlci]\nversion = 1\n[tool.mlci.datasets.a]\npath = "x.csv"\n', "pyproject.toml")

    assert problems(write(small))[0].startswith("pyproject.toml:1:1: Both mlci.yml and [tool.mlci]")


def test_load__nothing_there(tmp_path):
    """No configuration at all says how to make one."""
    assert problems(tmp_path) == [
        "mlci.yml: There is no mlci.yml here, and no [tool.mlci] in a pyproject.toml.",
        "  Run `mlci init` to write one, or say where it is with --config.",
    ]


def test_load__not_utf8(tmp_path):
    """Bytes that are no UTF-8 are told, with the byte."""
    (tmp_path / "mlci.yml").write_bytes(b"version: 1 # caf\xe9\n")

    assert problems(tmp_path)[0] == "mlci.yml: The configuration is not UTF-8 text (byte 16)."


def test_load__aliases_that_multiply(write):
    """A document that grows without bound through its aliases is refused before it is built."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefg", "bcdefgh", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")

    assert "too large or too deep" in problems(write("\n".join(lines)))[0]


def test_schema__agrees_with_the_models(small):
    """The printed JSON Schema is valid, accepts what mlci accepts, and refuses an unknown key."""
    document = schema()
    jsonschema.Draft202012Validator.check_schema(document)
    validator = jsonschema.Draft202012Validator(document)
    data = YAML(typ="safe", pure=True).load(small)

    assert (
        validator.is_valid({**data, "datasets": {"a": {"path": "x"}}, "models": {}}),
        validator.is_valid({**data, "modelz": {}}),
    ) == (True, False)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["version", "datasets", "models", "path", "suite", "gates", "split", "slices", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES)
def test_load__never_crashes(tmp_path, tree):
    """Whatever a YAML document holds, the answer is a configuration or a ConfigError with a place."""
    with (tmp_path / "mlci.yml").open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(tree, file)

    with pytest.raises(ConfigError) as caught:
        load(tmp_path)

    assert caught.value.location is not None
