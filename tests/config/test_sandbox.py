from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mlci.config.load import schema
from mlci.config.sandbox import Sandbox
from mlci.door import SECRETS
from mlci.training.limits import size


def problem(**keys):
    """What a sandbox is refused with."""
    with pytest.raises(ValidationError) as caught:
        Sandbox.model_validate(keys)
    return caught.value.errors()[0]["msg"]


def test_sandbox__defaults_are_closed():
    """Nothing is open that nobody opened."""
    rules = Sandbox()

    assert (rules.network, rules.files, rules.read, rules.write, rules.pass_env) == ("deny", "deny", (), (), ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8 GB", 8_000_000_000),
        ("8GB", 8_000_000_000),
        ("1.5 gb", 1_500_000_000),
        (" 512 MiB ", 512 * 1024**2),
        ("2 kB", 2_000),
        ("2 KIB", 2_048),
        ("7 B", 7),
        (4096, 4096),
    ],
)
def test_size__as_people_write_it(text, expected):
    """Units of 1000 and of 1024, and plain bytes."""
    assert Sandbox(memory=text).memory == expected


@pytest.mark.parametrize("text", ["8", "8 G", "eight GB", "-1 GB", "1e9 B", "8 GB of memory", ""])
def test_size__that_is_none(text):
    """The sentence says how to write one."""
    assert f"'{text}' is no size" in problem(memory=text)


def test_size__of_nothing():
    """A limit that allows nothing is refused."""
    assert "greater than or equal to 1" in problem(disk="0 GB")


@given(st.integers(min_value=1, max_value=999), st.sampled_from(["B", "kB", "MB", "GB", "TB"]))
def test_size__is_told_as_it_was_written(number, unit):
    """What a report says of a limit is what the configuration says."""
    assert size(Sandbox(memory=f"{number} {unit}").memory) == f"{number} {unit}"


@pytest.mark.parametrize(
    "name", [*(each for each in SECRETS if "-" not in each), "INPUT_X", "ACTIONS_CACHE_URL", "ACTIONS_RESULTS_URL"]
)
def test_pass_env__refuses_the_runners_own(name):
    """No line of a configuration hands out the job's token."""
    assert f"'{name}' is the runner's or the action's own" in problem(pass_env=[name])


@pytest.mark.parametrize("name", ["INPUT_GITHUB-TOKEN", "A=B", "1A", "", "A B"])
def test_pass_env__refuses_what_is_no_name(name):
    """A name has letters, digits and underscores."""
    assert "String should match pattern" in problem(pass_env=[name])


@pytest.mark.parametrize("name", ["HF_TOKEN", "CUDA_VISIBLE_DEVICES", "_x", "MY_INPUT_1", "GITHUB_SHA"])
def test_pass_env__takes_the_users_own(name):
    """What the user names for the training is theirs to name."""
    assert Sandbox(pass_env=[name]).pass_env == (name,)


@pytest.mark.parametrize("key", ["memory", "file_size", "disk"])
def test_schema__takes_sizes_as_people_write_them(key):
    """An editor that checks against the schema marks no size that mlci reads."""
    described = schema()["$defs"]["Sandbox"]["properties"][key]
    kinds = [each for part in described["anyOf"] for each in part.get("anyOf", [part])]
    pattern = next(each["pattern"] for each in kinds if each["type"] == "string")

    assert [bool(re.search(pattern, text)) for text in ("8 GB", "1.5 GiB", "512mb", "8", "x 8 GB y")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_schema__describes_every_key():
    """Each key has a sentence."""
    described = schema()["$defs"]["Sandbox"]["properties"]

    assert {name for name in Sandbox.model_fields if not described[name].get("description")} == set()


def test_pass_env__one_name_alone():
    """One variable need not stand in a list."""
    assert Sandbox.model_validate({"pass_env": "MY_LICENSE"}).pass_env == ("MY_LICENSE",)
