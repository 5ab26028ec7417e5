from __future__ import annotations

from dataclasses import replace

import pytest
from github_api import Fault

from mlci.github import check, comment
from mlci.github.annotations import Annotation
from mlci.github.client import Access, ApiError, Client
from mlci.report.page import marker

HEAD = "4f2c9e1b7d3a5c8e9f0a1b2c3d4e5f6071829304"
BASE = "0000aaaabbbbccccddddeeeeffff000011112222"
RUN_URL = "https://github.com/octo/flights/actions/runs/20"
RUNS = r"/check-runs$"
ONE = r"/check-runs/\d+$"


@pytest.fixture
def hub(github):
    """GitHub with a pull request."""
    github.pull(number=7, head_sha=HEAD, base_sha=BASE, head_owner="octo", head_ref="topic", base_ref="main")
    return github


@pytest.fixture
def client(hub):
    """A client that never waits."""
    return Client(Access(repository="octo/flights", api_url=hub.url, token="t0ken", timeout=5.0, patience=0.0))  # noqa: S106 - the stand-in's


@pytest.fixture
def begin(client):
    """Begin a check."""
    return lambda **more: check.begin(
        client, **{"name": "mlci", "head_sha": HEAD, "details_url": RUN_URL, "external_id": "20.1", **more}
    )


@pytest.fixture
def complete(client):
    """Complete a check."""
    plain = {"conclusion": "failure", "title": "ROC AUC fell", "summary": "## mlci"}
    return lambda begun, **more: check.complete(client, begun, **{**plain, **more})


@pytest.fixture
def post(client):
    """Post a check that is complete at once."""
    plain = {"name": "mlci", "head_sha": HEAD, "details_url": RUN_URL}
    said = {"conclusion": "failure", "title": "ROC AUC fell", "summary": "## mlci"}
    return lambda **more: check.post(client, **{**plain, **said, **more})


def notes(count, level="warning", start=1):
    """Annotations."""
    return tuple(
        Annotation(path="mlci.yml", line=line, level=level, title="A gate", message=f"Line {line}.")
        for line in range(start, start + count)
    )


def calls(hub):
    """The methods of all calls."""
    return [each.method for each in hub.requests]


def shown(hub):
    """What each check run shows."""
    return [
        (each["name"], each["status"], each["conclusion"], each["output"]["title"], each["output"]["annotations_count"])
        for each in hub.check_runs
    ]


DONE = ("mlci", "completed", "failure", "ROC AUC fell", 0)


# --- a check ---------------------------------------------------------------------------------------------------


def test_begin__in_progress(hub, begin):
    """A check is in progress on the head, with a link to the run, and says whose it is."""
    begun = begin()

    (run,) = hub.check_runs
    assert (begun, run["status"], run["head_sha"], run["details_url"], run["external_id"], calls(hub)) == (
        check.CheckRun(run["id"], run["html_url"], "github-actions[bot]"),
        "in_progress",
        HEAD,
        RUN_URL,
        "20.1",
        ["POST"],
    )


def test_complete__a_check_that_was_begun(hub, begin, complete):
    """It is completed by one call."""
    complete(begin())

    assert (shown(hub), calls(hub)) == ([DONE], ["POST", "PATCH"])


def test_post__a_check_complete_at_once(hub, post):
    """One call makes a check that is complete."""
    posted = post(annotations=notes(2))

    assert (posted.id, shown(hub), calls(hub)) == (hub.check_runs[0]["id"], [(*DONE[:4], 2)], ["POST"])


def test_first_report__takes_four_calls(hub, client, begin, complete):
    """Where nothing exists yet: begin the check, list the comments, create one, complete the check."""
    begun = begin()
    comment.post(client, 7, f"{marker('default', HEAD, 20)}\n## mlci\n", author=begun.author)
    complete(begun, annotations=notes(50))

    assert [(each.method, each.path.rpartition("/")[2]) for each in hub.requests] == [
        ("POST", "check-runs"),
        ("GET", "comments"),
        ("POST", "comments"),
        ("PATCH", str(begun.id)),
    ]


def test_complete__annotations_as_they_are_told(hub, begin, complete):
    """Each annotation keeps its place, level, title and message."""
    complete(
        begin(), annotations=(Annotation(path="a/b.py", line=3, level="failure", title="", message="Why."), *notes(1))
    )

    assert hub.requests[-1].json["output"]["annotations"] == [
        {"path": "a/b.py", "start_line": 3, "end_line": 3, "annotation_level": "failure", "message": "Why."},
        {
            "path": "mlci.yml", "start_line": 1, "end_line": 1, "annotation_level": "warning", "title": "A gate",
            "message": "Line 1.",
        },
    ]  # fmt: skip


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (50, 1), (51, 2), (120, 3), (200, 4), (260, 4)])
def test_complete__many_annotations(hub, begin, complete, count, requests):
    """Fifty go with each request, two hundred altogether; the first request completes the check."""
    complete(begin(), annotations=notes(count))

    first = next(each for each in hub.requests if each.method == "PATCH")
    assert (shown(hub), calls(hub).count("PATCH"), first.json["conclusion"]) == (
        [(*DONE[:4], min(count, 200))],
        requests,
        "failure",
    )


def test_complete__the_gravest_annotations(hub, begin, complete):
    """Where there are too many the gravest are shown."""
    complete(begin(), annotations=(*notes(199, "notice"), *notes(3, "warning"), *notes(2, "failure")))

    sent = [each for one in hub.requests if one.method == "PATCH" for each in one.json["output"]["annotations"]]
    assert [each["annotation_level"] for each in sent] == ["failure"] * 2 + ["warning"] * 3 + ["notice"] * 195


def test_post__many_annotations(hub, post):
    """What a first request has no room for follows."""
    post(annotations=notes(120))

    assert (shown(hub), calls(hub)) == ([(*DONE[:4], 120)], ["POST", "PATCH", "PATCH"])


@pytest.mark.parametrize("summary", ["x" * 65_536, "é" * 32_768])
def test_complete__too_long_a_summary(hub, begin, complete, summary):
    """A summary beyond 65,535 bytes is a mistake of mlci's and asks GitHub nothing."""
    begun = begin()

    with pytest.raises(ValueError, match="65,535 bytes"):
        complete(begun, summary=summary)

    assert calls(hub) == ["POST"]


def test_complete__a_long_title(hub, begin, complete):
    """A title is cut to what GitHub takes."""
    complete(begin(), title="x" * 300)

    assert shown(hub) == [("mlci", "completed", "failure", "x" * 255, 0)]


# --- faults ----------------------------------------------------------------------------------------------------

FAULTS = [
    Fault(status=502),
    Fault(status=502, after=True),
    Fault(drop=True),
    Fault(drop=True, after=True),
    Fault(status=429),
    Fault(status=429, headers={"Retry-After": "0"}),
    Fault(status=403, body={"message": "You have exceeded a secondary rate limit."}),
]


OFTEN = [replace(fault, times=times) for fault in FAULTS for times in (1, 2)]


@pytest.mark.parametrize("fault", OFTEN)
@pytest.mark.parametrize("external_id", ["20.1", ""])
def test_begin__makes_one_whatever_happens(hub, begin, complete, fault, external_id):
    """After lost answers, limits and broken connections exactly one check run exists, and can be completed."""
    hub.fail(replace(fault, method="POST", path=RUNS))

    complete(begin(external_id=external_id))

    assert shown(hub) == [DONE]


@pytest.mark.parametrize("count", [0, 60])
@pytest.mark.parametrize("fault", OFTEN)
def test_complete__once_whatever_happens(hub, begin, complete, fault, count):
    """After lost answers the check is complete, and no annotation stands there twice."""
    hub.fail(replace(fault, method="PATCH", path=ONE))

    complete(begin(), annotations=notes(count))

    assert shown(hub) == [(*DONE[:4], count)]


@pytest.mark.parametrize("fault", FAULTS)
def test_post__makes_one_whatever_happens(hub, post, fault):
    """A check that is complete at once exists once, with its annotations."""
    hub.fail(replace(fault, method="POST", path=RUNS))

    post(annotations=notes(3))

    assert shown(hub) == [(*DONE[:4], 3)]


@pytest.mark.parametrize("seed", range(4))
def test_check__half_of_the_time(hub, begin, complete, seed):
    """An API that fails half of the time ends with one check run for each run, all complete."""
    hub.fail_half(seed)

    for attempt in range(3):
        complete(begin(external_id=f"20.{attempt}"), annotations=notes(70))

    assert shown(hub) == [(*DONE[:4], 70)] * 3


def test_begin__of_another_attempt(hub, begin):
    """A check of an earlier attempt is not taken for this one's."""
    first = begin(external_id="20.1")
    hub.fail(Fault(method="POST", path=RUNS, status=502))

    assert (begin(external_id="20.2").id != first.id, len(hub.check_runs)) == (True, 2)


def test_begin__on_a_commit_that_is_not_there(hub, begin):
    """A commit that GitHub does not know is named."""
    hub.fail(Fault(method="POST", path=RUNS, status=422, body={"message": f"No commit found for SHA: {HEAD}"}))

    with pytest.raises(ApiError) as caught:
        begin()

    assert (caught.value.code, caught.value.message) == (
        "MLCI504",
        "mlci could not begin the check: octo/flights has no commit 4f2c9e1 (422).",
    )


def test_complete__without_annotations_that_github_refuses(hub, begin, complete):
    """A check is completed without them, and what was refused is told: it must not block."""
    hub.fail(Fault(method="PATCH", path=ONE, status=422, body={"message": "Invalid request.", "errors": ["no path"]}))

    with pytest.raises(ApiError, match=r"complete, but GitHub refused its annotations: “Invalid request\.: no path”"):
        complete(begin(), annotations=notes(60))

    assert shown(hub) == [DONE]


def test_post__without_annotations_that_github_refuses(hub, post):
    """The same for a check that is complete at once."""
    hub.fail(Fault(method="POST", path=RUNS, status=422, body={"message": "Invalid request."}))

    with pytest.raises(ApiError, match="complete, but GitHub refused its annotations"):
        post(annotations=notes(1))

    assert shown(hub) == [DONE]


def test_complete__refused_for_another_reason(hub, begin, complete):
    """A refusal that has nothing to do with annotations is told as it is."""
    begun = begin()
    hub.fail(Fault(method="PATCH", path=ONE, status=422, body={"message": "Validation Failed"}))

    with pytest.raises(ApiError, match="mlci could not complete the check: GitHub refuses it: “Validation Failed”"):
        complete(begun)


def test_begin__a_token_that_only_reads(hub):
    """A missing permission is told once, with the line to add."""
    hub.token("reads", login="github-actions[bot]", app="github-actions", permissions={"checks": "read"})
    reader = Client(Access(repository="octo/flights", api_url=hub.url, token="reads", patience=0.0))  # noqa: S106 - the stand-in's

    with pytest.raises(ApiError) as caught:
        check.begin(reader, name="mlci", head_sha=HEAD, details_url=RUN_URL)

    assert (caught.value.is_permission, "`checks: write`" in caught.value.hint, calls(hub)) == (True, True, ["POST"])
