"""The stand-in of GitHub's API on a bad day, and as a process of its own."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
import requests
from github_api import Fault
from github_api.description import FILE

HEAD, BASE = "a" * 40, "b" * 40
REPO = "/repos/octo/flights"
ROOT = FILE.parents[6]


@pytest.fixture
def comment(call):
    """Post a comment."""
    return lambda body="hello": call("POST", ":/issues/7/comments", json={"body": body})


# --- faults -----------------------------------------------------------------------------------------------------


def test_fault__happens_as_often_as_ordered(github, comment):
    """Twice 502, and then the truth; nothing is done in between."""
    github.fail(Fault(method="POST", path=r"/comments$", times=2))
    assert ([comment().status_code for _ in range(3)], len(github.comments(7))) == ([502, 502, 201], 1)


def test_fault__lets_others_pass(github, call, comment):
    """Method and path choose."""
    github.fail(Fault(method="PATCH", times=None))
    github.fail(Fault(path=r"/check-runs$", times=None))
    assert (comment().status_code, call("GET", ":/pulls/7").status_code) == (201, 200)


def test_fault_after__the_work_is_done(github, comment):
    """The comment is there although the answer is 502."""
    github.fail(Fault(after=True))
    assert (comment().status_code, len(github.comments(7))) == (502, 1)


@pytest.mark.parametrize(("after", "done"), [(False, 0), (True, 1)])
def test_fault_drop__the_connection_is_cut(github, comment, after, done):
    """No answer, before or after the work; the record says 0."""
    github.fail(Fault(drop=True, after=after))
    with pytest.raises(requests.ConnectionError):
        comment()

    assert ([each.status for each in github.requests], len(github.comments(7))) == ([0], done)


def test_fault_delay__the_client_gives_up(github, call):
    """The answer comes later than the client waits; the server ends all the same."""
    github.fail(Fault(status=None, delay=60.0))
    with pytest.raises(requests.ReadTimeout):
        call("GET", ":", timeout=0.05)
    assert call("GET", ":").status_code == 200


@pytest.mark.parametrize(
    ("fault", "content", "header"),
    [
        (Fault(status=403), "Resource not accessible by integration", "5000"),
        (Fault(status=429, headers={"x-ratelimit-limit": "60"}), "secondary rate limit", "60"),
        (Fault(status=500, body={"message": "Oops"}), '{"message": "Oops"}', "5000"),
        (Fault(status=503), "<title>Unicorn!", "5000"),
        (Fault(status=200, body="<html>proxy"), "<html>proxy", "5000"),
    ],
)
def test_fault__says_what_github_says(github, call, fault, content, header):
    """Status, headers and body as ordered, or as GitHub has them."""
    github.fail(fault)
    answer = call("GET", ":")

    told = (answer.status_code, content in answer.text, answer.headers["X-RateLimit-Limit"])
    assert told == (fault.status, True, header)


def test_fault__at_the_store_of_blobs(github, call):
    """Downloads fail on order too."""
    shown = github.artifact(run_id=99, name="r", content=b"x")
    github.fail(Fault(path="^/blob/", status=503))
    assert [call("GET", shown["archive_download_url"]).status_code for _ in range(2)] == [503, 200]


def statuses(call, count):
    """What `count` requests are answered; 0 where the connection was cut."""
    found = []
    for _ in range(count):
        try:
            found.append(call("GET", ":/pulls/7").status_code)
        except requests.ConnectionError:
            found.append(0)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_half__fails_by_turns_and_never_three_times_in_a_row(github, call, seed):
    """About half of the requests fail, by turns in four ways; bounded tries come through."""
    github.fail_half(seed)
    found = statuses(call, 60)

    failed = [each for each in found if each != 200]
    runs = "".join("x" if each != 200 else " " for each in found).split()
    assert (failed, max(map(len, runs)) <= 2, 15 <= len(failed) <= 40) == (
        ([502, 0, 0, 429] * 15)[: len(failed)],
        True,
        True,
    )


def test_half__is_the_same_for_the_same_seed(github, call):
    """A seed repeats a bad day; healing ends it."""
    days = []
    for _ in range(2):
        github.heal()
        github.fail_half(5)
        days.append(statuses(call, 12))
    github.heal()

    assert (days[0], statuses(call, 4)) == (days[1], [200] * 4)


# --- alone ------------------------------------------------------------------------------------------------------


@pytest.fixture
def alone():
    """The stand-in as a process of its own, and a way to ask it."""
    command = [sys.executable, "-m", "github_api", "--port", "0", "--repository", "octo/flights"]
    started = {**os.environ, "PYTHONPATH": "tests/support"}
    with (
        subprocess.Popen(command, cwd=ROOT, env=started, stdout=subprocess.PIPE, text=True) as process,
        requests.Session() as session,
    ):
        address = process.stdout.readline().strip()
        yield lambda method, path, **more: session.request(method, f"{address}{path}", timeout=20, **more)
        process.terminate()
        assert process.wait() == 0


def test_alone__is_set_up_and_seen_over_http(alone):
    """The control plane does what the methods do, and shows what has become of it."""
    granted = {
        "value": "t0ken",
        "login": "github-actions[bot]",
        "app": "github-actions",
        "permissions": {"pull-requests": "write", "actions": "read"},
    }
    orders = [
        ("token", granted),
        ("pull", {"number": 7, "head_sha": HEAD, "base_sha": BASE, "head_owner": "octo"}),
        ("comment", {"number": 7, "body": "first", "login": "ada"}),
        ("file", {"path": "mlci.yml", "ref": HEAD, "text": "version: 1"}),
        ("artifact", {"run_id": 99, "name": "a", "content": base64.b64encode(b"zip").decode()}),
        ("fail", {"method": "POST", "status": 502}),
    ]
    done = [alone("POST", f"/_control/{what}", json=fields).status_code for what, fields in orders]
    raw = {"params": {"run_id": "99", "name": "b"}, "headers": {"Content-Type": "application/zip"}, "data": b"PK"}
    done.append(alone("POST", "/_control/artifact", **raw).status_code)

    headers = {"Authorization": "Bearer t0ken"}
    posts = [
        alone("POST", f"{REPO}/issues/7/comments", json={"body": "second"}, headers=headers).status_code
        for _ in range(2)
    ]
    listed = alone("GET", f"{REPO}/actions/runs/99/artifacts", headers=headers).json()["artifacts"]
    zipped = alone("GET", urlsplit(listed[0]["archive_download_url"]).path, headers=headers)
    state = alone("GET", "/_control/state").json()

    assert (done, posts, [each["name"] for each in listed], zipped.content) == (
        [200] * 7,
        [502, 201],
        ["b", "a"],
        b"PK",
    )
    assert (
        [each["body"] for each in state["comments"]["7"]],
        [each["status"] for each in state["requests"]],
        state["check_runs"],
        state["violations"],
    ) == (["first", "second"], [502, 201, 200, 302], [], [])


def test_alone__says_what_was_wrong_and_forgets(alone):
    """A wrong order is answered with 400 or 404; a reset leaves nothing."""
    wrong = [
        alone("POST", "/_control/pull", json={"number": 7}).status_code,
        alone("POST", "/_control/nothing", json={}).status_code,
    ]
    alone("GET", "/nowhere")
    before = alone("GET", "/_control/state").json()["violations"]
    alone("POST", "/_control/reset")
    state = alone("GET", "/_control/state").json()

    assert (wrong, len(before), {name: len(value) for name, value in state.items()}) == (
        [400, 404],
        1,
        dict.fromkeys(("comments", "deleted", "check_runs", "requests", "downloads", "violations"), 0),
    )
