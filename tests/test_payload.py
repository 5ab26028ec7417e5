from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlci import payload

PIECES = st.sampled_from([*"aZ9-./_@{~^:?*[\\ \x7f\x01é", "..", "//", "@{", ".lock", "feature"])


@given(st.lists(PIECES, max_size=6).map("".join))
@example("-delete")
@example("a/../b")
def test_ref__that_is_taken_is_no_option_and_has_no_space(name):
    """Whatever passes can stand in a command of git's and in a line of a log."""
    try:
        taken = payload.ref(name)
    except ValueError:
        return
    assert taken == name
    assert not set(name) & set(" \t\r\n\0~^:?*[\\")
    assert not name.startswith(("-", "/"))


@pytest.mark.parametrize(
    "name", ["main", "feature/x", "dependabot/pip/numpy-2.1", "v1.0", "ünïcode", "a@b", "refs/heads/x"]
)
def test_ref__that_git_takes_is_taken(name):
    """Names that git takes are taken here."""
    git = subprocess.run(["git", "check-ref-format", "--allow-onelevel", name], check=False)

    assert (git.returncode, payload.ref(name)) == (0, name)


@pytest.mark.parametrize("text", ["f" * 40, "F" * 40, "0123456789abcdef" * 4])
def test_sha__of_either_length(text):
    """SHA-1 or SHA-256, in lower case."""
    assert payload.sha(text) == text.lower()


@pytest.mark.parametrize("text", ["", "f" * 39, "f" * 41, "g" * 40, "f" * 40 + "\n", "\uff11" * 40])
def test_sha__of_nothing_else(text):
    """Neither short ones, nor with anything else around or between."""
    with pytest.raises(ValueError, match="is no SHA"):
        payload.sha(text)


@pytest.mark.parametrize("text", ["", "a", "a/", "/b", "a/b/c", "a/..", "a/.", "a b/c", "a/b\n", "a.b/c", "a/b?x=1"])
def test_repository__of_nothing_else(text):
    """A name cannot leave its place in an address."""
    with pytest.raises(ValueError, match="is no repository's name"):
        payload.repository(text)


@pytest.mark.parametrize("text", ["octo/flights", "a_corp/.github", "A-1/b.c_d-e", "a/..."])
def test_repository__of_github(text):
    """Names as GitHub gives them out."""
    assert payload.repository(text) == text
