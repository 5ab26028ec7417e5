from __future__ import annotations

import json
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.github.failures import ApiError, Call, asked, clean, is_limited, said

NOW = 1_800_000_000.0
CALL = Call("post the comment", "pull-requests: write", "octo/flights", "https://api.github.com")
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@pytest.mark.parametrize(
    ("status", "headers", "words", "code"),
    [
        (403, {}, "Resource not accessible by integration", "MLCI501"),
        (403, {}, "You must authenticate via a GitHub App.", "MLCI501"),
        (403, {}, "", "MLCI501"),
        (403, {}, "Must have admin rights to Repository.", "MLCI501"),
        (403, {}, "The organization has an IP allow list enabled", "MLCI504"),
        (403, {}, "Unable to create comment because issue is locked.", "MLCI504"),
        (403, {}, SECONDARY, "MLCI505"),
        (403, {"retry-after": "3"}, "", "MLCI505"),
        (403, {}, "API rate limit exceeded for installation ID 7.", "MLCI505"),
        (429, {}, "", "MLCI505"),
        (401, {}, "Bad credentials", "MLCI502"),
        (404, {}, "Not Found", "MLCI503"),
        (410, {}, "Gone", "MLCI503"),
        (422, {}, "Validation Failed", "MLCI504"),
        (400, {}, "Problems parsing JSON", "MLCI504"),
        (409, {}, "", "MLCI504"),
        (500, {}, "", "MLCI506"),
        (503, {"retry-after": "3"}, "", "MLCI506"),
    ],
)
def test_refused__each_status_has_its_code(status, headers, words, code):
    """A refusal becomes the code of its kind, one sentence, and keeps its status."""
    error = CALL.refused(status, headers, words, NOW)

    assert (error.code, error.status, error.message.startswith("mlci could not post the comment: ")) == (
        code,
        status,
        True,
    )


def test_refused__a_missing_permission_shows_the_lines_to_add():
    """The sentence names the permission, and the hint the whole block."""
    error = CALL.refused(403, {}, "Resource not accessible by integration", NOW)

    assert str(error) == (
        "mlci could not post the comment: the token lacks the permission `pull-requests: write` (403).\n"
        "  What is missing is `pull-requests: write`. The job in the workflow needs:\n"
        "    permissions:\n"
        "      contents: read\n"
        "      checks: write\n"
        "      pull-requests: write"
    )


def test_refused__a_permission_of_another_kind_joins_the_block():
    """A line that most workflows do not need is added where it is needed."""
    error = Call("download", "actions: read").refused(403, {}, "", NOW)

    assert error.hint.endswith("pull-requests: write\n      actions: read")


def test_refused__a_locked_conversation_is_no_missing_permission():
    """A locked conversation has a sentence of its own."""
    error = CALL.refused(403, {}, "Unable to create comment because issue is locked.", NOW)

    assert (error.is_permission, error.message) == (
        False,
        "mlci could not post the comment: the pull request's conversation is locked (403).",
    )


@pytest.mark.parametrize(
    ("status", "headers", "words", "seconds"),
    [
        (429, {"retry-after": "7"}, "", 7.0),
        (429, {"retry-after": formatdate(NOW + 30, usegmt=True)}, "", 30.0),
        (429, {"retry-after": formatdate(NOW - 30, usegmt=True)}, "", 0.0),
        (429, {"retry-after": "soon"}, "", 0.0),
        (503, {"retry-after": "120"}, "", 120.0),
        (403, {}, SECONDARY, 60.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{NOW + 20:.0f}"}, "API rate limit exceeded", 21.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{NOW - 20:.0f}"}, "API rate limit exceeded", 0.0),
        (403, {"x-ratelimit-remaining": "12"}, "Resource not accessible by integration", 0.0),
        (502, {}, "", 0.0),
    ],
)
def test_asked__what_headers_and_words_ask_for(status, headers, words, seconds):
    """Seconds or a date, the time of a reset, a minute for a secondary limit, nothing else."""
    assert asked(status, headers, words, NOW) == seconds


def test_is_limited__a_missing_permission_is_no_limit():
    """Only words or a header about limits tell one 403 from another."""
    assert not is_limited(403, {"x-ratelimit-remaining": "4999"}, "Resource not accessible by integration")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "Not Found", "documentation_url": "…"}, "Not Found"),
        (
            {"message": "Validation Failed", "errors": [{"resource": "CheckRun", "field": "head_sha", "code": "gone"}]},
            "Validation Failed: head_sha gone",
        ),
        ({"message": "Invalid request.", "errors": ["no such path", {"message": "too long"}]}, None),
        ({"message": "Invalid", "errors": "no commit found"}, "Invalid: no commit found"),
        ({"message": 7, "errors": [None, 3, {"code": 4}]}, ""),
        ({}, ""),
        (["message"], ""),
        ("a sentence", ""),
    ],
)
def test_said__the_words_of_a_refusal(body, words):
    """GitHub's message and the problems that it lists, once each, on a line; all else counts as nothing."""
    expected = "Invalid request.: no such path: too long" if words is None else words

    assert said(json.dumps(body)) == expected


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000])
def test_said__no_json(body):
    """What is no JSON says nothing."""
    assert said(body) == ""


@given(st.text(), st.text(alphabet="abc123_", min_size=4), st.text())
def test_clean__holds_neither_the_token_nor_a_control_character(before, secret, after):
    """Whatever GitHub says, its words are one bounded line without the token."""
    words = clean(f"{before}{secret}{after}" * 20, secret)

    assert (secret in words, len(words) <= 300, words.isprintable()) == (False, True, True)


def test_api_error__says_who_may_look_again():
    """Silence may hide work that was done; a refusal and a limit do not."""
    codes = ["MLCI501", "MLCI502", "MLCI503", "MLCI504", "MLCI505", "MLCI506", "MLCI507"]

    assert [code for code in codes if ApiError("No.", code=code).is_unknown] == ["MLCI506", "MLCI507"]
