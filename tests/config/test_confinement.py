from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.config.confinement import holding
from mlci.config.load import load
from mlci.config.sandbox import Sandbox
from mlci.errors import Location

LISTS, LIMITS = ("read", "write", "pass_env"), ("memory", "processes", "file_size", "disk")

rule = st.sampled_from(["deny", "allow"])
names = st.lists(st.sampled_from(["A", "B", "C"]), max_size=3, unique=True).map(tuple)
limit = st.integers(min_value=1, max_value=9)
sandboxes = st.fixed_dictionaries(
    {},
    optional={
        "network": rule,
        "files": rule,
        **dict.fromkeys(LISTS, names),
        **dict.fromkeys(LIMITS, limit),
        "memory": st.none() | limit,
    },
).map(Sandbox.model_validate)


@dataclasses.dataclass(frozen=True)
class Side:
    """A configuration that has a sandbox and nothing else."""

    sandbox: Sandbox


@dataclasses.dataclass(frozen=True)
class Head:
    """A pull request's configuration, as it is loaded."""

    config: Side

    @staticmethod
    def where(*path):
        """The place of a key, named after the key."""
        return Location("/".join(path))


def held(mine, theirs, *, confined=True):
    """What holds of two sandboxes, and what is told."""
    return holding(Head(Side(mine)), theirs and Side(theirs), confined=confined)


def looser(one, other):
    """The keys in which one sandbox allows what another one does not."""
    found = {key for key in ("network", "files") if (getattr(one, key), getattr(other, key)) == ("allow", "deny")}
    found |= {key for key in LISTS if not set(getattr(one, key)) <= set(getattr(other, key))}
    most = {key: [getattr(each, key) or float("inf") for each in (one, other)] for key in LIMITS}
    return found | {key for key, (mine, theirs) in most.items() if mine > theirs}


@given(sandboxes, sandboxes)
def test_holding__is_never_looser_than_either_side(mine, theirs):
    """The base branch's holds, and what the pull request tightens counts at once."""
    rules, _ = held(mine, theirs)

    assert (looser(rules, theirs), looser(rules, mine)) == (set(), set())


@given(sandboxes, sandboxes)
def test_holding__is_no_tighter_than_it_must_be(mine, theirs):
    """What both sides allow is allowed."""
    rules, _ = held(mine, theirs)

    for key in LISTS:
        assert set(getattr(rules, key)) == set(getattr(mine, key)) & set(getattr(theirs, key))
    for key in (*LIMITS, "network", "files"):
        assert getattr(rules, key) in {getattr(mine, key), getattr(theirs, key)}


@given(sandboxes, sandboxes)
def test_holding__tells_what_would_be_opened(mine, theirs):
    """Each key that the pull request opens is named at its place, and no other one."""
    _, findings = held(mine, theirs)

    assert {each.location.path for each in findings} == {f"sandbox/{key}" for key in looser(mine, theirs)}
    assert {(each.code, each.severity) for each in findings} <= {("MLCI407", "warn")}


@given(sandboxes)
def test_holding__without_a_base_and_confined_opens_nothing(mine):
    """In the action, a repository without a configuration on its base branch gets the defaults, or what is tighter."""
    rules, _ = held(mine, None)

    assert looser(rules, Sandbox()) == set()


@given(sandboxes)
def test_holding__without_a_base_at_home_is_the_users_own(mine):
    """Whoever runs mlci by hand on their own repository says what holds."""
    assert held(mine, None, confined=False) == (mine, ())


@given(sandboxes, sandboxes)
def test_holding__knows_what_was_written(mine, theirs):
    """A key counts as written where one side wrote the very value that holds."""
    rules, _ = held(mine, theirs)

    written = {
        key
        for key in Sandbox.model_fields
        for side in (mine, theirs)
        if key in side.model_fields_set and getattr(side, key) == getattr(rules, key)
    }
    assert rules.model_fields_set == written


@given(sandboxes, sandboxes)
def test_holding__is_a_sandbox_of_whole(mine, theirs):
    """What holds would pass as a configuration of its own."""
    rules, _ = held(mine, theirs)

    assert Sandbox.model_validate(rules.model_dump()) == Sandbox.model_validate(dict(rules))
    assert set(rules.model_dump()) == set(Sandbox.model_fields)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("sandbox: {network: allow}", "network: allow"),
        ("sandbox: {read: [~/x]}", "read: ~/x"),
        ("sandbox: {processes: 4096}", "processes from 1,024 to 4,096"),
    ],
)
def test_holding__says_where_and_what(write, small, line, what):
    """The finding stands at the line of the pull request's configuration."""
    base = load(write(small)).config
    head = load(write(f"{small}{line}\n"))

    _, (finding,) = holding(head, base, confined=False)

    assert (
        finding.message == f"This pull request would open `sandbox` ({what}); the base branch's holds until the merge."
    )
    assert finding.location.line == len(small.splitlines()) + 1
