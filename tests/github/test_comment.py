from __future__ import annotations

from dataclasses import replace

import pytest
from github_api import Fault
from hypothesis import given
from hypothesis import strategies as st

from mlci.github import comment
from mlci.github.client import Access, ApiError, Client
from mlci.github.comment import Mark, Posted, mark_of
from mlci.report.page import marker

HEAD = "4f2c9e1b7d3a5c8e9f0a1b2c3d4e5f6071829304"
OLD = "a81d03b5c7e9f1a2b3c4d5e6f708192a3b4c5d6e"
BASE = "0000aaaabbbbccccddddeeeeffff000011112222"
BOT = "github-actions[bot]"
COMMENTS = r"/issues/7/comments$"
ONE = r"/issues/comments/\d+$"


def report(head=HEAD, run=20, text="All gates hold.", comment_id="default"):
    """A report as a comment."""
    return f"{marker(comment_id, head, run)}\n## mlci\n\n{text}\n"


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
def post(client):
    """Post as the bot that the check run has shown."""
    return lambda body, **more: comment.post(client, 7, body, **{"author": BOT, **more})


def bodies(hub):
    """What stands on the pull request, as it was written."""
    return [each["body"].replace("\r\n", "\n").strip() for each in hub.comments(7)]


def calls(hub):
    """The methods of all calls."""
    return [each.method for each in hub.requests]


# --- the mark --------------------------------------------------------------------------------------------------


@given(st.text(max_size=40), st.text(max_size=60), st.none() | st.integers(0, 10**18))
def test_mark__is_what_the_report_writes(comment_id, head, run):
    """Whatever the report is asked to mark is read back, and marked again it is the same."""
    line = marker(comment_id, head, run)
    mark = mark_of(f"{line}\r\n## mlci\r\n")

    assert (mark.run, marker(mark.comment_id, mark.head, mark.run)) == (run, line)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "## mlci",
        f"\n{marker('default', HEAD, 1)}",
        f"> {marker('default', HEAD, 1)}",
        f"{marker('default', HEAD, 1)} and more",
        "<!-- mlci id=a b head=1 -->",
        "<!-- mlci id=a head=1 run=x -->",
        f"<!-- mlci id=a head=1 run={'9' * 20} -->",
        "<!-- MLCI id=a head=1 -->",
    ],
)
def test_mark__is_the_whole_first_line(body):
    """Anything else is no mark."""
    assert mark_of(body) is None


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ("<!-- mlci id=default head=4f2c9e1 run=123 -->", Mark("default", "4f2c9e1", 123)),
        ("<!-- mlci id=default head=4f2c9e1 -->", Mark("default", "4f2c9e1", None)),
        ("<!-- mlci id=a.b-c_d head= -->", Mark("a.b-c_d", "", None)),
    ],
)
def test_mark__with_and_without_a_run(line, mark):
    """Both forms are read."""
    assert mark_of(line) == mark


# --- one comment -----------------------------------------------------------------------------------------------


def test_post__the_first(hub, post):
    """Where there is none a comment is created, by two calls."""
    posted = post(report())

    assert (posted, bodies(hub), calls(hub)) == (
        Posted("created", hub.comments(7)[0]["html_url"]),
        [report().strip()],
        ["GET", "POST"],
    )


def test_post__the_next(hub, post):
    """The comment that is there is brought up to date, by two calls."""
    post(report(OLD, 19))
    hub.requests.clear()

    posted = post(report())

    assert (posted.what, bodies(hub), calls(hub)) == ("updated", [report().strip()], ["GET", "PATCH"])


@pytest.mark.parametrize("change", [str, lambda body: body.replace("\n", "\r\n"), str.strip, "{}\n\n".format])
def test_post__the_same(hub, post, change):
    """What stands there already is not sent again, however GitHub keeps its line ends."""
    hub.add_comment(7, change(report()), login=BOT, type="Bot")

    posted = post(report())

    assert (posted.what, calls(hub)) == ("unchanged", ["GET"])


def test_post__only_where_there_is_one(hub, post):
    """On request no first comment is created."""
    assert (post(report(), create=False), bodies(hub)) == (Posted("withheld", ""), [])


@pytest.mark.parametrize(
    ("body", "login"),
    [
        (report(OLD), "mallory"),
        (report(OLD, comment_id="other"), BOT),
        (f"Look:\n{report(OLD)}", BOT),
        ("## mlci", BOT),
    ],
)
def test_post__leaves_other_comments_alone(hub, post, body, login):
    """A stranger's comment with the mark, another report's, and one without a mark stay as they are."""
    hub.add_comment(7, body, login=login, type="User")

    posted = post(report())

    assert (posted.what, bodies(hub)) == ("created", [body.strip(), report().strip()])


def test_post__far_down_a_long_conversation(hub, post):
    """The comment is found on a later page."""
    for number in range(230):
        hub.add_comment(7, f"{number}", login="ada", type="User")
    hub.add_comment(7, report(OLD, 19), login=BOT, type="Bot")

    posted = post(report())

    assert (posted.what, calls(hub), bodies(hub)[-1]) == ("updated", ["GET", "GET", "GET", "PATCH"], report().strip())


@pytest.mark.parametrize(("first", "what"), [(report(OLD, 19), "updated"), (report(), "unchanged")])
def test_post__several_of_its_own(hub, post, first, what):
    """Of several the oldest stays, and the others go."""
    hub.add_comment(7, "Hello.", login="ada", type="User")
    for body in (first, report(OLD, 18), report(OLD, 17)):
        hub.add_comment(7, body, login=BOT, type="Bot")

    posted = post(report())

    assert (posted.what, posted.note, bodies(hub)) == (what, "", ["Hello.", report().strip()])


def test_post__copies_that_cannot_be_deleted(hub, post):
    """The report stands all the same, and the log says what is left."""
    for run in (17, 18, 19):
        hub.add_comment(7, report(OLD, run), login=BOT, type="Bot")
    hub.fail(Fault(method="DELETE", path=ONE, status=403, times=None))

    posted = post(report())

    assert (posted.what, posted.note.partition(":")[0], bodies(hub)[0]) == (
        "updated",
        "2 of 3 copies of the comment are left",
        report().strip(),
    )


def test_post__a_copy_that_is_gone_already(hub, post):
    """A copy that somebody else has deleted needs no deleting."""
    for run in (17, 18):
        hub.add_comment(7, report(OLD, run), login=BOT, type="Bot")
    hub.fail(Fault(method="DELETE", path=ONE, status=404))

    assert post(report()).note == ""


# --- never an older over a newer -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "mine", "end"),
    [
        ([(OLD, 19)], (HEAD, 20), ("updated", ["GET", "PATCH"])),
        ([(HEAD, 19)], (HEAD, 20), ("updated", ["GET", "PATCH"])),
        ([(HEAD, 20)], (HEAD, 20), ("updated", ["GET", "PATCH"])),
        ([(OLD, 21)], (HEAD, 20), ("outdated", ["GET"])),
        ([(HEAD, 21)], (OLD, 20), ("outdated", ["GET"])),
        ([(HEAD, 21)], (HEAD, 20), ("outdated", ["GET"])),
        ([(OLD, 19), (HEAD, 21)], (HEAD, 20), ("outdated", ["GET"])),
        ([(OLD, 20)], (HEAD, 20), ("updated", ["GET", "GET", "PATCH"])),
        ([(HEAD, 20)], (OLD, 20), ("outdated", ["GET", "GET"])),
        ([(OLD, None)], (HEAD, 20), ("updated", ["GET", "GET", "PATCH"])),
        ([(HEAD, None)], (OLD, 20), ("outdated", ["GET", "GET"])),
        ([(OLD, 20)], (HEAD, None), ("updated", ["GET", "GET", "PATCH"])),
        ([(HEAD, None)], (OLD, None), ("outdated", ["GET", "GET"])),
        ([(HEAD, None)], (HEAD, None), ("updated", ["GET", "PATCH"])),
        ([(HEAD, None)], (HEAD, 20), ("updated", ["GET", "PATCH"])),
    ],
)
def test_post__whose_report_is_newer(hub, post, there, mine, end):
    """A later run's report stands; where runs do not tell, the pull request's own head does."""
    before = [report(head, run, "Before.") for head, run in there]
    for body in before:
        hub.add_comment(7, body, login=BOT, type="Bot")

    posted = post(report(*mine))

    after = [report(*mine)] if end[0] == "updated" else before
    assert ((posted.what, calls(hub)), bodies(hub)) == (end, [body.strip() for body in after])


# --- whose comments ------------------------------------------------------------------------------------------------


def test_post__a_bots_own_token_needs_no_asking(hub):
    """The job's own token is the bot's."""
    hub.token("ghs_job", login=BOT, app="github-actions", permissions={"pull-requests": "write"})
    hub.add_comment(7, report(OLD, 19), login=BOT, type="Bot")
    job = Client(Access(repository="octo/flights", api_url=hub.url, token="ghs_job", patience=0.0))  # noqa: S106 - the stand-in's

    assert (comment.post(job, 7, report(), author=None).what, calls(hub)) == ("updated", ["GET", "PATCH"])


def test_post__another_apps_token_finds_its_comment_again(hub):
    """An App whose name the token does not tell posts once; a stranger's mark is no App's."""
    hub.token("ghs_ours", login="our-app[bot]", app="our-app", permissions={"pull-requests": "write"})
    hub.add_comment(7, report(OLD, 18), login="stranger", type="User")
    ours = Client(Access(repository="octo/flights", api_url=hub.url, token="ghs_ours", patience=0.0))  # noqa: S106 - the stand-in's

    posted = [comment.post(ours, 7, report(HEAD, run), author=None).what for run in (20, 21)]

    assert (posted, len(hub.comments(7))) == (["created", "updated"], 2)


def test_post__a_persons_token_is_asked_for_its_name(hub):
    """A person's token is asked whose it is, only where there is a marked comment; logins have no case."""
    hub.token("ghp_ada", login="Ada", app=None, permissions={"pull-requests": "write"})
    hub.add_comment(7, report(OLD, 18), login=BOT, type="Bot")
    hub.add_comment(7, report(OLD, 19), login="ada", type="User")
    person = Client(Access(repository="octo/flights", api_url=hub.url, token="ghp_ada", patience=0.0))  # noqa: S106 - the stand-in's

    posted = comment.post(person, 7, report(), author=None)

    assert (posted.url, [each.path for each in hub.requests if each.method == "GET"][1]) == (
        hub.comments(7)[1]["html_url"],
        "/user",
    )


def test_post__a_token_that_is_nobodys(hub, client):
    """A token that may not ask for its name is an App's."""
    hub.fail(Fault(method="GET", path=r"^/user$", status=403))
    hub.add_comment(7, report(OLD, 19), login=BOT, type="Bot")

    assert comment.post(client, 7, report(), author=None).what == "updated"


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
FOREIGN = Fault(status=200, body="<html>Sign in</html>", after=True)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("fault", [*FAULTS, FOREIGN])
def test_post__creates_one_whatever_happens(hub, post, fault, times):
    """After lost answers, limits and broken connections exactly one comment exists."""
    hub.fail(replace(fault, method="POST", path=COMMENTS, times=times))

    posted = post(report())

    assert (posted, bodies(hub)) == (Posted("created", hub.comments(7)[0]["html_url"]), [report().strip()])


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("where", [{"method": "GET", "path": COMMENTS}, {"method": "PATCH", "path": ONE}])
def test_post__updates_whatever_happens(hub, post, fault, times, where):
    """After lost answers, limits and broken connections the comment is up to date."""
    hub.add_comment(7, report(OLD, 19), login=BOT, type="Bot")
    hub.fail(replace(fault, times=times, **where))

    assert (post(report()).what, bodies(hub)) == ("updated", [report().strip()])


@pytest.mark.parametrize("seed", range(4))
def test_post__half_of_the_time(hub, post, seed):
    """An API that fails half of the time ends with one comment, and the last report in it."""
    hub.fail_half(seed)

    for run in range(20, 24):
        post(report(run=run))

    assert bodies(hub) == [report(run=23).strip()]


def test_post__nobody_is_there(hub, post):
    """Where GitHub is down the sentence says so, and nothing is posted."""
    hub.fail(Fault(status=502, times=None))

    with pytest.raises(ApiError) as caught:
        post(report())

    assert (caught.value.code, caught.value.status, bodies(hub)) == ("MLCI506", 502, [])


@pytest.mark.parametrize(("create", "what", "count"), [(True, "created", 1), (False, "withheld", 0)])
def test_post__a_comment_that_is_deleted_meanwhile(hub, post, create, what, count):
    """A comment that is gone before its update is created once, where that is asked for."""
    hub.add_comment(7, report(OLD, 19), login=BOT, type="Bot")
    hub.fail(Fault(method="PATCH", path=ONE, status=404))

    posted = post(report(), create=create)

    assert (posted.what, bodies(hub).count(report().strip())) == (what, count)


def test_post__a_locked_conversation(hub, post):
    """A locked conversation has a sentence of its own."""
    hub.fail(Fault(method="POST", status=403, body={"message": "Unable to create comment because issue is locked."}))

    with pytest.raises(ApiError, match="conversation is locked") as caught:
        post(report())

    assert (caught.value.code, calls(hub)) == ("MLCI504", ["GET", "POST"])


def test_post__a_token_that_only_reads(hub):
    """A missing permission is told once, with the line to add."""
    hub.token("reads", login=BOT, app="github-actions", permissions={"pull-requests": "read"})
    reader = Client(Access(repository="octo/flights", api_url=hub.url, token="reads", patience=0.0))  # noqa: S106 - the stand-in's

    with pytest.raises(ApiError) as caught:
        comment.post(reader, 7, report(), author=BOT)

    assert (caught.value.is_permission, "`pull-requests: write`" in caught.value.hint, calls(hub)) == (
        True,
        True,
        ["GET", "POST"],
    )


@pytest.mark.parametrize("body", ["## mlci", report(text="x" * 65_536)])
def test_post__what_is_no_comment(hub, post, body):
    """A body without a mark, or too long, is a mistake of mlci's and asks GitHub nothing."""
    with pytest.raises(ValueError, match="a comment"):
        post(body)

    assert hub.requests == []


def test_post__exactly_as_long_as_a_comment_may_be(hub, post):
    """65,536 characters are a comment."""
    body = report(text="")
    whole = body + "é" * (comment.LONGEST - len(body))

    assert (post(whole).what, bodies(hub)) == ("created", [whole])
