"""What uv is given of the environment, and its sentences as users read them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.training import uv

NEW = """\
Using Python 3.11.7 environment at: /tmp/x/venv
error: No solution found when resolving dependencies
  cause: Because there is no version of six==99 and you require six==99, we can conclude that your
         requirements are unsatisfiable.

hint: Packages were unavailable because the network was disabled. When the network is disabled, registry
      packages may only be read from the cache.
"""
OLD = """\
  × No solution found when resolving dependencies:
  ╰─▶ Because there is no version of six==99 and you require six==99, we
      can conclude that your requirements are unsatisfiable.
"""
SENTENCE = (
    "No solution found when resolving dependencies: Because there is no version of six==99 and you require six==99, "
    "we can conclude that your requirements are unsatisfiable"
)


@pytest.mark.parametrize("log", [NEW, OLD], ids=["as a list of causes", "as a drawing"])
def test_said__is_one_line_without_drawing(log):
    """Both forms in which uv tells a failure read the same."""
    assert uv.said(log).sentence == SENTENCE


def test_said__has_uvs_own_hint():
    """What uv advises is kept apart from what it found; that the network was off is noticed."""
    said = uv.said(NEW)

    assert (said.hint[:40], said.is_afar, uv.said(OLD).is_afar) == (
        "Packages were unavailable because the ne",
        True,
        False,
    )


def test_said__leaves_a_builds_output_out():
    """What a build printed belongs into the folded output, not into the sentence."""
    log = (
        "error: The build backend returned an error\n  cause: Call to `x` failed\n\n         [stderr]\n         boom\n"
    )

    assert uv.said(log).sentence == "The build backend returned an error: Call to `x` failed"


def test_said__tells_no_credentials_and_no_paths():
    """Passwords of addresses and the folders of this run are left out."""
    log = "error: Failed to fetch: `https://me:hunter2@example.com/simple/` for file:///srv/run/head/requirements.txt\n"

    assert uv.said(log, Path("/srv/run/head")).sentence == (
        "Failed to fetch: `https://example.com/simple/` for requirements.txt"
    )


@given(st.text())
def test_said__of_anything_is_a_bounded_line(log):
    """Whatever a program printed, the sentence is one line, not empty and not long."""
    said = uv.said(log)

    assert ("\n" in said.sentence, bool(said.sentence), len(said.sentence) < 1000) == (False, True, True)


def test_environment__has_indexes_without_credentials_and_no_token():
    """Where packages come from is passed on, what proves who asks is not."""
    given = {
        "UV_DEFAULT_INDEX": "https://example.com/simple",
        "UV_INDEX": "https://token@example.com/simple",
        "HTTPS_PROXY": "http://me:hunter2@proxy:3128",
        "no_proxy": "localhost",
        "UV_PUBLISH_TOKEN": "canary",
        "GITHUB_TOKEN": "canary",
    }
    made = uv.environment(given, cache=Path("/cache"), target=Path("/target"))

    assert {name: made.get(name) for name in given} == {
        **dict.fromkeys(given),
        "UV_DEFAULT_INDEX": "https://example.com/simple",
        "no_proxy": "localhost",
    }
    assert uv.withheld(given) == ["UV_INDEX", "HTTPS_PROXY"]
    assert made["UV_PYTHON_DOWNLOADS"] == "never"


def test_indexes__of_a_key_do_not_change_with_a_password():
    """A token that is renewed every hour does not make every environment anew."""
    first, second = ({"UV_INDEX_URL": f"https://me:{word}@example.com/simple"} for word in ("a", "b"))

    assert uv.indexes(first) == uv.indexes(second) == ["UV_INDEX_URL=https://example.com/simple"]


def test_places__are_those_on_this_machine():
    """Certificates and folders of packages have to be read, addresses not."""
    given = {
        "SSL_CERT_FILE": "/etc/ssl/ca.pem",
        "UV_FIND_LINKS": "/srv/wheels,https://example.com/wheels",
        "UV_DEFAULT_INDEX": "file:///srv/simple",
    }

    assert uv.places(given) == [Path("/etc/ssl/ca.pem"), Path("/srv/wheels"), Path("/srv/simple")]
