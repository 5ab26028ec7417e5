from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.errors import ConfigError
from mlci.settings import INPUT_NAMES, Inputs, inputs


def variable(name):
    """The variable that GitHub sets for an input."""
    return f"INPUT_{name.upper()}"


@pytest.fixture
def problems():
    """What inputs are refused with: message and hint of each problem."""

    def refuse(**environ):
        with pytest.raises(ConfigError) as caught:
            inputs({name.replace("__", "-"): value for name, value in environ.items()})
        return [(each.message, each.hint) for each in caught.value.problems]

    return refuse


def test_inputs__without_any_are_the_defaults():
    """As GitHub gives them where a workflow says nothing: all there, all empty."""
    assert inputs({variable(name): "" for name in INPUT_NAMES}) == Inputs(check_name="mlci")


def test_inputs__all_of_them():
    """Each arrives in its own type."""
    given_ones = {
        "config": "ml/mlci.yml",
        "github-token": " ghs_secret\n",
        "mode": "evaluate",
        "base": "release/1.x",
        "models": "income, churn\n\n  income\r\nprice",
        "out": "reports/mlci",
        "comment": "on-change",
        "comment-id": "leg-1.a_B",
        "check-name": "data and models",
        "fail-on": "warn",
        "results": "mlci-results",
        "twice": "true",
    }

    assert inputs({variable(name): value for name, value in given_ones.items()}) == Inputs(
        config="ml/mlci.yml",
        token="ghs_secret",  # noqa: S106 - an example
        mode="evaluate",
        base="release/1.x",
        models=("income", "churn", "price"),
        out=Path("reports/mlci"),
        comment="on-change",
        comment_id="leg-1.a_B",
        check_name="data and models",
        fail_on="warn",
        results="mlci-results",
        twice=True,
    )


def test_names__are_those_of_the_fields():
    """No input is left out of the table, and none stands in it twice."""
    named = {"token" if name == "github-token" else name.replace("-", "_") for name in INPUT_NAMES}

    assert (named, len(INPUT_NAMES)) == ({each.name for each in fields(Inputs)}, len(named))


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"INPUT_FAIL_ON": "never"}, "never"),
        ({"INPUT_FAIL-ON": "warn", "INPUT_FAIL_ON": "never"}, "warn"),
        ({"INPUT_FAIL-ON": " ", "INPUT_FAIL_ON": "never"}, "never"),
    ],
)
def test_hyphens__may_be_underscores(environ, expected):
    """A shell drops names with hyphens; what GitHub sets goes first."""
    assert inputs(environ).fail_on == expected


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"GITHUB_TOKEN": "job"}, "job"),
        ({"INPUT_GITHUB-TOKEN": "", "GITHUB_TOKEN": " job "}, "job"),
        ({"INPUT_GITHUB_TOKEN": "input", "GITHUB_TOKEN": "job"}, "input"),
        ({}, ""),
    ],
)
def test_token__falls_back_on_the_environment(environ, expected):
    """An input goes before GITHUB_TOKEN."""
    assert inputs(environ).token == expected


def test_token__is_not_shown():
    """The representation of inputs leaves it out."""
    assert "ghs_secret" not in repr(inputs({"GITHUB_TOKEN": "ghs_secret"}))


@pytest.mark.parametrize("token", ["ghs sec", "ghs\nsec", "ghs\u202esec", "ghs\x00sec", "ghsécret"])
def test_token__that_is_none(problems, token):
    """Its text stands in no message."""
    assert problems(INPUT_GITHUB__TOKEN=token) == [
        (
            "`github-token` holds white space, a control character or a letter that no token has.",
            "Give the secret alone, as in `github-token: ${{ secrets.NAME }}`.",
        )
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", "true"), ("True", "true"), ("TRUE", "true"), ("false", "false"), ("False", "false"), ("FALSE", "false")],
)
def test_comment__takes_booleans_as_yaml_writes_them(text, expected):
    """`comment: True` is no error."""
    assert inputs({"INPUT_COMMENT": text}).comment == expected


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("TRUE", True), ("False", False), ("", False)])
def test_twice__takes_booleans_as_yaml_writes_them(text, expected):
    """Nothing is trained twice that nobody asked for."""
    assert inputs({"INPUT_TWICE": text}).twice is expected


@pytest.mark.parametrize(("comment_id", "expected"), [("default", "mlci"), ("income", "mlci (income)"), ("", "mlci")])
def test_check_name__tells_configurations_apart(comment_id, expected):
    """Where no name is given, the comment's id is in it."""
    assert inputs({"INPUT_COMMENT-ID": comment_id}).check_name == expected


PATH_HINT = "Give a path relative to the repository's folder, without `..`."
LINE_HINT = "Write it on one line, as plain text."
ID_HINT = "Use letters, digits, '.', '_' and single '-' between them, at most 100."


@pytest.mark.parametrize(
    ("name", "text", "message", "hint"),
    [
        ("mode", "evalute", "`mode` cannot be 'evalute'.", "Did you mean 'evaluate'?"),
        ("mode", "x", "`mode` cannot be 'x'.", "Known: auto, evaluate, publish, record."),
        ("fail-on", "Warning", "`fail-on` cannot be 'Warning'.", "Did you mean 'warn'?"),
        ("comment", "onchange", "`comment` cannot be 'onchange'.", "Did you mean 'on-change'?"),
        ("twice", "2", "`twice` cannot be '2'.", "Known: true, false."),
        ("comment", "yes", "`comment` cannot be 'yes'.", "Known: true, on-change, false."),
        ("comment-id", "a b", "`comment-id` cannot be 'a b'.", ID_HINT),
        ("comment-id", "é", "`comment-id` cannot be 'é'.", ID_HINT),
        ("comment-id", "-->", "`comment-id` cannot be '-->'.", ID_HINT),
        ("comment-id", "a" * 101, f"`comment-id` cannot be '{'a' * 60}'.", ID_HINT),
        ("check-name", "a" * 101, "`check-name` has 101 characters.", "Use at most 100."),
        ("check-name", "a\nb", r"`check-name` has a control character: 'a\nb'.", LINE_HINT),
        ("check-name", "a\u202eb", r"`check-name` has a control character: 'a\u202eb'.", LINE_HINT),
        ("out", "../out", "`out` leads out of the workspace: '../out'.", PATH_HINT),
        ("out", "a/../../b", "`out` leads out of the workspace: 'a/../../b'.", PATH_HINT),
        ("out", "/tmp/out", "`out` leads out of the workspace: '/tmp/out'.", PATH_HINT),
        ("out", "C:out", "`out` leads out of the workspace: 'C:out'.", PATH_HINT),
        ("out", r"a\..\b", r"`out` leads out of the workspace: 'a\\..\\b'.", PATH_HINT),
        ("out", "a\x00b", r"`out` has a control character: 'a\x00b'.", LINE_HINT),
        ("config", "/etc/mlci.yml", "`config` leads out of the workspace: '/etc/mlci.yml'.", PATH_HINT),
        ("base", "--exec=x", "`base` is no branch or commit: '--exec=x'.", "Give a branch, a tag or a SHA."),
        ("models", "a,b\x1bc", r"`models` has a control character: 'b\x1bc'.", LINE_HINT),
        ("results", "a\tb", r"`results` has a control character: 'a\tb'.", LINE_HINT),
    ],
)
def test_inputs__what_is_wrong_is_named(problems, name, text, message, hint):
    """By the name that it has in a workflow, with the value and the remedy."""
    assert problems(**{variable(name): text}) == [(message, hint)]


def test_inputs__all_that_is_wrong_is_told_at_once(problems):
    """Unknown names and wrong values together."""
    found = problems(INPUT_MODE="x", INPUT_FAIL_ON="y", INPUT_MODLES="z", INPUT_OUT="..")

    assert [message.split()[0] for message, _ in found] == ["`modles`", "`mode`", "`out`", "`fail-on`"]


@pytest.mark.parametrize(
    ("name", "shown", "meant"),
    [
        ("INPUT_MODEL", "model", "models"),
        ("INPUT_COMMENT-IDS", "comment-ids", "comment-id"),
        ("INPUT_FAILON", "failon", "fail-on"),
        ("INPUT_GITHUB_TOKN", "github-tokn", "github-token"),
    ],
)
def test_unknown__that_looks_like_ours_is_an_error(problems, name, shown, meant):
    """GitHub only warns of it, and the input would be without effect."""
    assert problems(**{name: "x"}) == [(f"`{shown}` is no input of mlci.", f"Did you mean '{meant}'?")]


@pytest.mark.parametrize("name", ["INPUT_ARGS", "INPUT_ENTRYPOINT", "INPUT_PYTHON-VERSION", "MODEL", "INPUT_"])
def test_unknown__that_is_another_s_is_left_alone(name):
    """Docker's own inputs, other actions', and variables that are no inputs."""
    assert inputs({name: "x"}) == Inputs(check_name="mlci")


def test_unknown__that_is_empty_is_left_alone():
    """It says nothing that could be lost."""
    assert inputs({"INPUT_MODEL": " "}) == Inputs(check_name="mlci")


def told(environ):
    """What inputs lead to: the path that is written to, or the lines of the refusal."""
    try:
        return inputs(environ).out.as_posix()
    except ConfigError as error:
        return str(error).split("\n")


@given(st.dictionaries(st.sampled_from(INPUT_NAMES), st.text(max_size=20)))
def test_inputs__any_text_is_read_or_refused(given_ones):
    """Nothing else comes of it, whatever stands in a workflow: no path outside, no hidden letter in a message."""
    outcome = told({variable(name): text for name, text in given_ones.items()})

    if isinstance(outcome, str):
        assert not outcome.startswith("/")
        assert ".." not in outcome.split("/")
    else:
        assert all(line.isprintable() for line in outcome)
