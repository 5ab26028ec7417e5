"""The stand-in of GitHub's API: PyGithub gets on with it, and what does not fit is seen."""

from __future__ import annotations

import github as pygithub
import pytest
import requests
from github_api import GitHub

HEAD, BASE, OTHER = "a" * 40, "b" * 40, "c" * 40
REPO = "/repos/octo/flights"
MINE = {"checks": "write", "issues": "write", "pull-requests": "write", "contents": "read", "actions": "read"}
NOTE = {"path": "mlci.yml", "start_line": 3, "end_line": 3, "annotation_level": "warning", "message": "A gate."}
DEEP = {"title": "t", "summary": "s", "annotations": [{**NOTE, "line": 3}]}


@pytest.fixture
def connect(github):
    """PyGithub's own client, neither waiting nor trying again."""
    opened = []

    def make(by="t0ken", **more):
        auth, still = pygithub.Auth.Token(by), {"seconds_between_requests": 0, "seconds_between_writes": 0}
        opened.append(pygithub.Github(base_url=github.url, auth=auth, retry=None, **{**still, **more}))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def repository(connect):
    """PyGithub's repository."""
    return connect().get_repo("octo/flights")


@pytest.fixture
def comment(call):
    """Post a comment."""
    return lambda body="hello", **more: call("POST", ":/issues/7/comments", json={"body": body}, **more)


@pytest.fixture
def begin(call):
    """Create a check run."""
    return lambda **fields: call("POST", ":/check-runs", json={"name": "mlci", "head_sha": HEAD, **fields})


def noted(**fields):
    """An update of a check run with an annotation."""
    return {"output": {"title": "t", "summary": "s", "annotations": [{**NOTE, **fields}]}}


def taken(server):
    """The violations, which are then no longer there."""
    found = [each.partition(": ")[2] for each in server.violations]
    server.violations.clear()
    return found


# --- endpoints, by PyGithub -------------------------------------------------------------------------------------


def test_repository__as_pygithub_reads_it(repository):
    """The repository has its name, its owner and its default branch."""
    found = (repository.full_name, repository.owner.login, repository.default_branch, repository.private)
    assert found == ("octo/flights", "octo", "main", False)


def test_comments__are_created_edited_and_deleted(github, repository):
    """A comment goes the way of its life, and time goes on."""
    issue = repository.get_issue(7)
    first, second = issue.create_comment("one"), issue.create_comment("two")
    second.edit("zwei")
    first.delete()

    (left,) = github.comments(7)
    assert (left["body"], left["created_at"] < left["updated_at"], [each["body"] for each in github.deleted]) == (
        "zwei",
        True,
        ["one"],
    )


def test_comment__says_who_wrote_it(comment, github):
    """A comment by an App's token is a bot's and names the App; a person's is a user's."""
    made = comment().json()
    other = github.add_comment(7, "hi", login="ada")

    assert [
        (each["user"]["login"], each["user"]["type"], (each["performed_via_github_app"] or {}).get("slug"))
        for each in (made, other)
    ] == [("github-actions[bot]", "Bot", "github-actions"), ("ada", "User", None)]


def test_comments__come_in_pages(github, connect):
    """Whatever the page's size, PyGithub follows the links to every comment in the order of creation."""
    for number in range(7):
        github.add_comment(7, f"comment {number}", login="ada")
    issue = connect(per_page=3).get_repo("octo/flights").get_issue(7)

    assert [each.body for each in issue.get_comments()] == [f"comment {number}" for number in range(7)]


def test_links__name_the_repository_by_its_number(github, call):
    """As GitHub's: the links of a page lead over /repositories/NUMBER, and the middle page has all four."""
    for number in range(3):
        github.add_comment(7, str(number), login="ada")

    links = call("GET", ":/issues/7/comments?per_page=1&page=2").links

    assert {rel: (url["url"].rpartition("=")[2], "/repositories/" in url["url"]) for rel, url in links.items()} == {
        "prev": ("1", True),
        "next": ("3", True),
        "last": ("3", True),
        "first": ("1", True),
    }


def test_check_run__from_beginning_to_end(github, repository):
    """A check run is begun and completed; annotations of several requests add up."""
    begun = repository.create_check_run("mlci", HEAD, status="in_progress", external_id="1")
    output = {"title": "Fell", "summary": "## Report", "annotations": [NOTE] * 50}
    begun.edit(status="completed", conclusion="failure", output=output)
    begun.edit(output={"title": "Fell", "summary": "## Report", "annotations": [NOTE]})

    (run,) = github.check_runs
    assert (
        (run["status"], run["conclusion"], run["app"]["slug"], run["output"]["annotations_count"])
        == (
            "completed",
            "failure",
            "github-actions",
            len(run["annotations"]),
        )
        == ("completed", "failure", "github-actions", 51)
    )


def test_check_run__annotations_as_pygithub_reads_them(repository):
    """What is annotated can be listed."""
    begun = repository.create_check_run("mlci", HEAD, output={"title": "t", "summary": "s", "annotations": [NOTE]})

    read = [(each.path, each.start_line, each.annotation_level) for each in begun.get_annotations()]
    assert read == [("mlci.yml", 3, "warning")]


def test_check_runs_of_a_commit__the_latest_of_each_name(call, begin):
    """Of two with one name the newer is shown, unless all are asked for; a branch's name stands for its head."""
    first, second, other = (begin(name=name).json()["id"] for name in ("mlci", "mlci", "mlci (north)"))

    shown = {
        query: [each["id"] for each in call("GET", f":/commits/{query}").json()["check_runs"]]
        for query in (f"{HEAD}/check-runs", "topic/check-runs?filter=all", f"{HEAD}/check-runs?check_name=mlci")
    }
    assert list(shown.values()) == [[other, second], [other, second, first], [second]]


def test_check_run__shows_the_pull_requests_of_its_head(github, begin):
    """Those of the repository itself, not those of forks."""
    github.pull(8, head_sha=OTHER, base_sha=BASE, head_owner="stranger")

    shown = [[each["number"] for each in begin(head_sha=sha).json()["pull_requests"]] for sha in (HEAD, OTHER)]
    assert shown == [[7], []]


def test_pull__of_a_fork_as_pygithub_reads_it(github, repository):
    """A fork's pull request has its own repository, owner and branch."""
    github.pull(8, head_sha=OTHER, base_sha=BASE, head_owner="stranger", head_ref="fix", files=["a.py"])
    pull = repository.get_pull(8)

    told = (pull.head.sha, pull.head.label, pull.head.repo.full_name, pull.head.repo.fork, pull.base.sha)
    assert (*told, pull.changed_files) == (OTHER, "stranger:fix", "stranger/flights", True, BASE, 1)


def test_pull__whose_repository_is_gone(github, repository):
    """The head's repository is null."""
    github.pull(8, head_sha=OTHER, base_sha=BASE, head_owner="stranger", head_repository=None)
    assert repository.get_pull(8).head.repo is None


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({}, [9, 8, 7]),
        ({"state": "all"}, [10, 9, 8, 7]),
        ({"state": "closed"}, [10]),
        ({"head": "stranger:topic"}, [9, 8]),
        ({"head": "Stranger:topic", "base": "main"}, [8]),
        ({"head": "nobody:topic"}, []),
        ({"head": "topic"}, [9, 8, 7]),
        ({"direction": "asc"}, [7, 8, 9]),
    ],
)
def test_pulls__filters(github, repository, filters, numbers):
    """By state, by owner and branch of the head, by base; a head without an owner is ignored, as GitHub does."""
    for number, base, state in ((8, "main", "open"), (9, "dev", "open"), (10, "main", "closed")):
        github.pull(number, head_sha=OTHER, base_sha=BASE, head_owner="stranger", base_ref=base, state=state)

    assert [each.number for each in repository.get_pulls(**filters)] == numbers


def test_pull_files__come_in_pages_and_end(github, connect):
    """Files are listed with their status, and no more than 3,000 of them, as on GitHub."""
    renamed = {"filename": "b.py", "status": "renamed", "previous_filename": ".github/workflows/ci.yml"}
    github.pull(7, head_sha=HEAD, base_sha=BASE, files=[renamed, *(f"data/ü {n}.csv" for n in range(3_000))])
    files = list(connect(per_page=100).get_repo("octo/flights").get_pull(7).get_files())

    told = (files[0].status, files[0].previous_filename, files[1].filename, len(files))
    assert told == ("renamed", ".github/workflows/ci.yml", "data/ü 0.csv", 3_000)


def test_issue__is_the_pull_request(repository):
    """Each pull request is an issue too, and says so."""
    issue = repository.get_issue(7)
    assert (issue.number, issue.as_pull_request().head.sha) == (7, HEAD)


def test_contents__file_folder_and_nothing(github, repository):
    """A file at a commit, a folder's list, and 404 elsewhere."""
    github.file(".github/mlci/a b.j2", ref=HEAD, text="Grüße\n")
    github.file(".github/x.yml", ref="main", text=b"\xff")
    at = {"ref": HEAD}

    file = repository.get_contents(".github/mlci/a b.j2", **at)
    listed = [(each.type, each.path) for each in repository.get_contents(".github", **at)]
    with pytest.raises(pygithub.UnknownObjectException):
        repository.get_contents(".github/x.yml", **at)

    assert (file.decoded_content.decode(), listed, repository.get_contents(".github/x.yml").decoded_content) == (
        "Grüße\n",
        [("dir", ".github/mlci")],
        b"\xff",
    )


def test_contents__of_a_large_file_are_left_out(github, call):
    """Above 1 MiB GitHub tells of a file and does not show it."""
    github.file("data.csv", ref=HEAD, text=b"x" * (1024 * 1024 + 1))
    shown = call("GET", f":/contents/data.csv?ref={HEAD}").json()
    assert (shown["encoding"], shown["content"], shown["size"]) == ("none", "", 1024 * 1024 + 1)


def test_artifact__is_found_by_name_and_downloaded(github, call):
    """The newest comes first; its bytes come from another address, which does not get to see the token."""
    for content in (b"old", b"new"):
        github.artifact(run_id=99, name="mlci-results", content=content)
    github.artifact(run_id=99, name="other", content=b"x")
    github.artifact(run_id=98, name="mlci-results", content=b"y")

    listed = call("GET", ":/actions/runs/99/artifacts?name=mlci-results").json()
    answer = call("GET", listed["artifacts"][0]["archive_download_url"])

    seen = [(each.status, "authorization" in each.headers) for each in github.downloads]
    assert (listed["total_count"], answer.history[0].status_code, answer.content, seen) == (
        2,
        302,
        b"new",
        [(200, False)],
    )


def test_artifact__that_has_expired(github, call):
    """410, and nothing to download."""
    shown = github.artifact(run_id=99, name="mlci-results", content=b"x", expired=True)
    assert call("GET", shown["archive_download_url"]).status_code == 410


def test_user__is_told_to_persons_alone(github, connect):
    """A person's token says whose it is; a GitHub App's gets 403."""
    github.token("mine", login="ada", permissions=MINE)
    with pytest.raises(pygithub.GithubException) as refused:
        _ = connect().get_user().login

    assert (connect("mine").get_user().login, refused.value.status) == ("ada", 403)


def test_limits_and_meta__as_pygithub_reads_them(connect):
    """What PyGithub asks of the server itself."""
    client = connect()
    meta = client.requester.requestJsonAndCheck("GET", "/meta")[1]["verifiable_password_authentication"]
    assert (client.get_rate_limit().resources.core.limit, meta) == (5_000, False)


def test_addresses__are_below_the_prefix():
    """As on Enterprise Server: every address of the API has the prefix, and PyGithub agrees."""
    with GitHub(prefix="/api/v3") as github:
        github.token("t0ken", login="ada", permissions=MINE)
        github.pull(7, head_sha=HEAD, base_sha=BASE)
        with pygithub.Github(
            base_url=github.url, auth=pygithub.Auth.Token("t0ken"), per_page=1, seconds_between_requests=0
        ) as client:
            issue = client.get_repo("octo/flights").get_issue(7)
            for body in ("one", "two"):
                github.add_comment(7, body, login="ada")
            bodies = [each.body for each in issue.get_comments()]
        paths = {each.path for each in github.requests}
        outside = requests.get(f"{github.server_url}{REPO}", timeout=10).status_code

    assert (bodies, github.url.endswith("/api/v3"), paths, outside, taken(github)) == (
        ["one", "two"],
        True,
        {REPO, f"{REPO}/issues/7", f"{REPO}/issues/7/comments"},
        404,
        ["outside of /api/v3"],
    )


# --- who may do what --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("token", "message"), [("wrong", "Bad credentials"), ("", "Requires authentication")])
def test_unknown_token__401(call, token, message):
    """Neither a wrong token nor none gets anything."""
    answer = call("GET", ":", by=token)
    assert (answer.status_code, answer.json()["message"]) == (401, message)


@pytest.mark.parametrize(
    ("asked", "accepted"),
    [
        (("POST", ":/check-runs", {"name": "mlci", "head_sha": HEAD}), "checks=write"),
        (("POST", ":/issues/7/comments", {"body": "x"}), "issues=write; pull_requests=write"),
        (("GET", ":/issues/7/comments", None), "issues=read; pull_requests=read"),
        (("GET", ":/pulls/7", None), "pull_requests=read"),
        (("GET", ":/contents/a", None), "contents=read"),
        (("GET", ":/actions/runs/99/artifacts", None), "actions=read"),
    ],
)
def test_missing_permission__403(github, call, asked, accepted):
    """A token without the permission is told what GitHub says, and which permission is accepted."""
    github.token("bare", login="github-actions[bot]", app="github-actions")
    method, path, body = asked
    answer = call(method, path, by="bare", json=body)

    told = (answer.status_code, answer.json()["message"], answer.headers["X-Accepted-GitHub-Permissions"])
    assert told == (403, "Resource not accessible by integration", accepted)


@pytest.mark.parametrize("granted", [{"issues": "write"}, {"pull-requests": "write"}])
def test_comment__needs_one_of_two_permissions(github, comment, granted):
    """Issues or pull requests: either is enough."""
    github.token("one", login="github-actions[bot]", app="github-actions", permissions=granted)
    assert comment(by="one").status_code == 201


@pytest.mark.parametrize(("app", "status"), [(None, 403), ("another-app", 403), ("github-actions", 200)])
def test_check_run__is_changed_by_its_own_app_alone(github, call, begin, app, status):
    """Neither persons nor other GitHub Apps can change a check run."""
    begun = begin().json()
    github.token("other", login="ada", app=app, permissions=MINE)
    assert call("PATCH", begun["url"], by="other", json={"status": "in_progress"}).status_code == status


@pytest.mark.parametrize("path", [":/pulls/70", ":/issues/70", ":/issues/70/comments", ":/check-runs/1", "/repos/a/b"])
def test_what_is_not_there__404(call, path):
    """A pull request, its comments, a check run, another repository."""
    assert call("GET", path).status_code == 404


# --- what does not fit ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["x" * 65_537, " \n"])
def test_comment__too_long_or_blank(github, comment, body):
    """422, as GitHub does; its description does not forbid it."""
    answer = comment(body)
    told = (answer.status_code, answer.json()["message"], answer.json()["errors"][0]["resource"], github.comments(7))
    assert told == (422, "Validation Failed", "IssueComment", [])


def test_comment__as_long_as_it_may_be(comment):
    """65,536 characters, whatever they are."""
    assert comment("ü" * 65_536).status_code == 201


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "completed"}, "a completed check run without a conclusion"),
        ({"completed_at": "2026-01-01T00:00:00Z"}, "a completed check run without a conclusion"),
        ({"conclusion": "good"}, "conclusion: 'good' is not one of"),
        ({"head_sha": 7}, "head_sha: 7 is not of type 'string'"),
        ({"output": {"summary": "s"}}, "output: 'title' is a required property"),
        (
            {"output": {"title": "t", "summary": "x" * 65_536}},
            "output.summary: Only 65535 characters are allowed; 65536 were supplied.",
        ),
        (
            {"output": {"title": "t", "summary": "s", "annotations": [NOTE] * 51}},
            "output.annotations: No more than 50 items are allowed; 51 were supplied.",
        ),
        (
            {"output": {"title": "t", "summary": "s", "annotations": [{**NOTE, "start_line": None}]}},
            "output.annotations.0.start_line",
        ),
    ],
)
def test_wrong_body__refused_and_noted(github, begin, fields, reason):
    """What the description forbids, in its schema or in words, is answered with 422 and is a violation."""
    answer = begin(**fields)
    noted = taken(github)

    assert (answer.status_code, github.check_runs, [each.startswith(f"request: {reason}") for each in noted][:1]) == (
        422,
        [],
        [True],
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "completed"}, "a completed check run without a conclusion"),
        ({"conclusion": "stale"}, "a conclusion that GitHub alone sets"),
        ({"output": {"summary": "s"}}, "an output without a title"),
        (noted(start_line=0), "output.annotations.0: lines count from 1, and the last is not before the first"),
        (noted(end_line=2), "output.annotations.0: lines count from 1, and the last is not before the first"),
        (noted(end_line=4, start_column=1), "output.annotations.0: columns on more than one line"),
        (noted(title="x" * 256), "output.annotations.0: a title of more than 255 characters"),
        (noted(message="ü" * 32_769), "output.annotations.0: message of more than 64 KB"),
    ],
)
def test_wrong_update__held_to_words_too(github, call, begin, fields, reason):
    """What the description says in words alone holds as well, for creations and for updates."""
    answer = call("PATCH", begin().json()["url"], json=fields)
    assert (answer.status_code, taken(github)[-1]) == (422, f"request: {reason}")


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (("POST", ":/issues/7/comments", {"body": "x", "author": "me"}), "field author"),
        (("POST", ":/check-runs", {"name": "a", "head_sha": HEAD, "sha": HEAD}), "field sha"),
        (("POST", ":/check-runs", {"name": "a", "head_sha": HEAD, "output": DEEP}), "field output.annotations[0].line"),
        (("GET", ":/pulls?branch=topic", None), "query parameter branch"),
    ],
)
def test_unknown_field__is_noted(github, call, asked, name):
    """GitHub ignores what it does not know; a client that sends it is wrong."""
    method, path, body = asked
    answer = call(method, path, json=body)
    assert (answer.ok, taken(github)) == (True, [f"request: unknown {name}"])


def test_unfit_answer__is_noted(github, call):
    """Answers are held to the description as well: here with a state that has been spoilt."""
    shown = github.add_comment(7, "x", login="ada")
    github._state.comments[shown["id"]][1].update(id="one", colour="red")

    call("GET", f":/issues/comments/{shown['id']}")

    assert taken(github) == ["answer 200: id: 'one' is not of type 'integer'", "answer 200: unknown field colour"]


def test_unknown_endpoint__is_noted(github, call):
    """What the stand-in does not have is not taken for GitHub's 404."""
    answer = call("GET", ":/branches")
    assert (answer.status_code, taken(github)) == (404, ["request: the stand-in has no such endpoint"])


def test_broken_json__400(github, call):
    """A body that is no JSON."""
    answer = call("POST", ":/issues/7/comments", data=b"{")
    assert (answer.status_code, answer.json()["message"], taken(github) != []) == (400, "Problems parsing JSON", True)


def test_token_at_the_store_of_blobs__refused_and_noted(github, call):
    """A client that carries its token along is found out."""
    github.artifact(run_id=99, name="r", content=b"x")
    shown = call("GET", ":/actions/runs/99/artifacts").json()["artifacts"][0]
    where = call("GET", shown["archive_download_url"], allow_redirects=False).headers["Location"]

    answer = call("GET", where)

    assert (answer.status_code, taken(github)) == (403, ["the token reached the store of blobs"])


def test_records__have_no_token(github, comment):
    """A request is kept with all but its authorization."""
    comment("hello", params={})

    (kept,) = github.requests
    assert (kept.method, kept.path, kept.status, kept.json) == (
        "POST",
        f"{REPO}/issues/7/comments",
        201,
        {"body": "hello"},
    )
    assert "t0ken" not in repr(kept)
