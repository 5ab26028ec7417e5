from __future__ import annotations

import json
import logging
import traceback

import pytest
from scripted import Host, Reply

from mlci.errors import UserError
from mlci.github.client import MOST_LISTED, Access, ApiError, Client
from mlci.github.failures import ForeignError, NoAnswerError
from mlci.github.wire import Wire

TOKEN = "ghs_s3cretOfTheJob"  # noqa: S105 - an invented one
PULL = json.dumps({"number": 7, "head": {"sha": "4f2c9e1"}}).encode()


def refusal(status, message, **headers):
    """What GitHub refuses with."""
    return Reply(status, json.dumps({"message": message}).encode(), headers)


@pytest.fixture
def host():
    """Make a host that answers by a script."""
    hosts = []

    def make(*script):
        hosts.append(Host(*script).__enter__())
        return hosts[-1]

    yield make
    for each in hosts:
        each.__exit__()


@pytest.fixture
def client_of():
    """Make a client of a host, that never waits."""

    def make(there, **more):
        return Client(
            Access(**{"repository": "octo/flights", "api_url": there.url, "token": TOKEN, "patience": 0.0, **more})
        )

    return make


@pytest.fixture
def client(client_of, host):
    """A client of a host that nobody asks."""
    return client_of(host())


def head(client):
    """One call, as PyGithub makes it."""
    with client.calling("look up the pull request's head", "pull-requests: write"):
        return client.repository.get_pull(7).head.sha


# --- making one ------------------------------------------------------------------------------------------------


def test_client__asks_nothing_until_it_is_used(host, client_of):
    """Neither a client nor its repository costs a call."""
    there = host()
    client = client_of(there)

    assert (client.repository.url, there.asked) == ("/repos/octo/flights", [])


def test_client__shows_no_token(client):
    """Neither the access nor the client shows the token."""
    access = Access(repository="o/r", api_url="https://api.github.com", token=TOKEN)

    assert [TOKEN in text for text in (repr(access), str(access), repr(client), str(client))] == [False] * 4


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"token": ""}, "MLCI502"),
        ({"token": "  "}, "MLCI502"),
        ({"token": f"{TOKEN}\n"}, "MLCI502"),
        ({"token": f"{TOKEN} and more"}, "MLCI502"),
        ({"token": f"{TOKEN}é"}, "MLCI502"),
        ({"api_url": "api.github.com"}, "MLCI507"),
        ({"api_url": "file:///etc"}, "MLCI507"),
        ({"api_url": f"https://x:{TOKEN}@github.example"}, "MLCI507"),
        ({"api_url": "https://github.example:port"}, "MLCI507"),
        ({"api_url": "https://[::1"}, "MLCI507"),
        ({"api_url": "https://github.example/api?x=1"}, "MLCI507"),
        ({"repository": "flights"}, "MLCI503"),
        ({"repository": "octo/../flights"}, "MLCI503"),
        ({"repository": "octo/.."}, "MLCI503"),
        ({"repository": "octo/flights?x"}, "MLCI503"),
        ({"repository": f"octo/{TOKEN} x"}, "MLCI503"),
    ],
)
def test_client__what_cannot_work(host, client_of, wrong, code):
    """A token, an address or a name that cannot be one is told before anything is asked, and not repeated."""
    there = host()

    with pytest.raises(ApiError) as caught:
        client_of(there, **wrong)

    assert (caught.value.code, TOKEN in str(caught.value), there.asked) == (code, False, [])


# --- calling ---------------------------------------------------------------------------------------------------


def test_calling__an_answer(host, client_of):
    """PyGithub's objects go through the wire: with the token, the version and the address's own prefix."""
    there = host(Reply(200, PULL))
    client = client_of(there, api_url=f"{there.url}/api/v3/")

    found = head(client)

    asked = there.asked[0]
    assert (found, asked.path, asked.headers["authorization"], asked.headers["user-agent"].split("/")[0]) == (
        "4f2c9e1",
        "/api/v3/repos/octo/flights/pulls/7",
        f"token {TOKEN}",
        "mlci",
    )


@pytest.mark.parametrize(
    ("reply", "code", "status"),
    [
        (refusal(403, "Resource not accessible by integration"), "MLCI501", 403),
        (refusal(401, "Bad credentials"), "MLCI502", 401),
        (refusal(401, "Requires authentication", **{"X-GitHub-OTP": "required; app"}), "MLCI502", 401),
        (refusal(404, "Not Found"), "MLCI503", 404),
        (refusal(422, "Validation Failed"), "MLCI504", 422),
        (refusal(451, "Repository access blocked"), "MLCI504", 451),
        (refusal(403, "API rate limit exceeded for 127.0.0.1."), "MLCI505", 403),
        (refusal(403, "You have exceeded a secondary rate limit."), "MLCI505", 403),
        (refusal(429, "Too many requests", **{"Retry-After": "1"}), "MLCI505", 429),
        (refusal(500, "Server Error"), "MLCI506", 500),
        (Reply(502, b"<html>Bad gateway</html>"), "MLCI506", 502),
        (Reply(503, b"[1]"), "MLCI506", 503),
        (Reply(404, b'["message"]'), "MLCI503", 404),
        (Reply(422, b'{"message": 7}'), "MLCI504", 422),
        (Reply(422, b'{"message": "' + TOKEN.encode() + b'"}'), "MLCI504", 422),
        (Reply(drops=True), "MLCI506", None),
        (Reply(silent=True), "MLCI506", None),
        (Reply(200, PULL, cut=5), "MLCI506", None),
        (Reply(200, b"<html>Sign in</html>"), "MLCI507", None),
        (Reply(200, b"\xff\xfe"), "MLCI507", None),
        (Reply(200, b'{"head": '), "MLCI507", None),
        (Reply(200, b'{"head": ' + b"[" * 100_000), "MLCI507", None),
        (Reply(200, b'"sha"'), "MLCI507", None),
        (Reply(200, b""), "MLCI507", None),
        (Reply(200, b"[]"), "MLCI507", None),
        (Reply(200, b'{"head": "4f2c9e1"}'), "MLCI507", None),
        (Reply(200, b'{"head": {"sha": 7}}'), "MLCI507", None),
        (Reply(204, b""), "MLCI507", None),
        (Reply(300, b"{}"), "MLCI507", None),
        (Reply(301, b"{}"), "MLCI507", None),
        (Reply(302, headers={"Location": "http://localhost:9/login"}), "MLCI507", None),
    ],
)
def test_calling__whatever_goes_wrong(host, client_of, reply, code, status):
    """Every failure is an `ApiError` with one sentence, and nothing that could be shown of it holds the token."""
    client = client_of(host(reply), timeout=0.1)

    with pytest.raises(ApiError) as caught:
        head(client)

    error = caught.value
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error)) + repr(error.args)
    assert (error.code, error.status, error.message.startswith("mlci could not look up"), TOKEN in shown) == (
        code,
        status,
        True,
        False,
    )


@pytest.mark.parametrize(
    "error", [ValueError("ours"), AttributeError("ours"), AssertionError("ours"), UserError("ours"), KeyError("ours")]
)
def test_calling__what_is_not_githubs_fault(client, error):
    """An exception of mlci's own, or of its user's, passes through."""
    with pytest.raises(type(error)) as caught, client.calling("think"):
        raise error

    assert caught.value is error


def test_calling__a_page_that_leads_elsewhere(host, client_of):
    """A list whose next page is on another host is refused, and that host is not asked."""
    stranger = host()
    comment = {"id": 1, "body": "", "html_url": "", "user": None}
    link = {"Link": f'<{stranger.url}/repos/octo/flights/issues/7/comments?page=2>; rel="next"'}
    there = host(Reply(200, json.dumps([comment]).encode(), link))
    client = client_of(there)

    with pytest.raises(ApiError) as caught, client.calling("list"):
        list(client.repository.get_issue(7).get_comments())

    assert (caught.value.code, stranger.asked) == ("MLCI507", [])


def test_calling__pages(host, client_of):
    """A list is asked for in pages of a hundred, and followed to its end, also where a repository was renamed."""
    there = host()
    link = {"Link": f'<{there.url}/repositories/1/issues/7/comments?page=2&per_page=100>; rel="next"'}
    there.script = [
        Reply(301, headers={"Location": "/repositories/1/issues/7/comments?per_page=100"}),
        Reply(200, json.dumps([{"id": 1}]).encode(), link),
        Reply(200, json.dumps([{"id": 2}]).encode()),
    ]
    client = client_of(there)

    with client.calling("list"):
        found = [each.id for each in client.listed(client.repository.get_issue(7).get_comments())]

    assert (found, [each.path for each in there.asked]) == (
        [1, 2],
        [
            "/repos/octo/flights/issues/7/comments?per_page=100",
            "/repositories/1/issues/7/comments?per_page=100",
            "/repositories/1/issues/7/comments?page=2&per_page=100",
        ],
    )


def test_listed__a_list_without_end(client):
    """A list that does not end is given up."""
    with pytest.raises(ApiError, match=r"more than 5,000 items"), client.calling("list"):
        client.listed(iter(range(MOST_LISTED + 1)))


def test_calling__logs_no_token(host, client_of, caplog):
    """What PyGithub, requests and urllib3 log of a call does not hold the token."""
    caplog.set_level(logging.DEBUG)
    client = client_of(host(Reply(502), Reply(200, PULL)))

    head(client)

    assert (caplog.records != [], TOKEN in caplog.text) == (True, False)


def test_login__whose_token_it_is(host, client_of):
    """A person's token says whose it is, by one call."""
    there = host(Reply(200, b'{"login": "ada"}'))

    assert (client_of(there).login(), [each.path for each in there.asked]) == ("ada", ["/user"])


# --- creating --------------------------------------------------------------------------------------------------


class World:
    """Where things are made, by hands that fail as they are told."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.made = []
        self.looks = 0

    def create(self):
        """Make one: "done", "lost" (made, and not told), "not" (not made), or an error."""
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        if outcome in {"done", "lost"}:
            self.made.append(len(self.outcomes))
        if outcome != "done":
            raise NoAnswerError("nobody answers")
        return self.made[-1]

    def find(self):
        """The last that was made."""
        self.looks += 1
        return self.made[-1] if self.made else None


LIMIT = ApiError("Too fast.", code="MLCI505", status=429)
REFUSED = ApiError("No.", code="MLCI501", status=403)


@pytest.mark.parametrize(
    ("outcomes", "looks"),
    [
        (["done"], 0),
        (["lost"], 1),
        (["not", "done"], 1),
        (["not", "lost"], 2),
        (["not", "not", "lost"], 3),
        ([LIMIT, "done"], 0),
        ([LIMIT, "lost"], 1),
        (["not", LIMIT, "done"], 1),
        ([ForeignError("a page of HTML"), "done"], 1),
    ],
)
def test_creating__makes_one_and_no_more(client, outcomes, looks):
    """Whatever answers are lost, one thing exists in the end; only what nobody knows is looked for."""
    world = World(*outcomes)

    made = client.creating("make it", "checks: write", world.create, world.find)

    assert ([made], world.looks) == (world.made, looks)


@pytest.mark.parametrize(
    ("outcomes", "code", "tries"),
    [
        ([REFUSED, "done"], "MLCI501", 1),
        (["not", REFUSED, "done"], "MLCI501", 2),
        (["not", "not", "not", "done"], "MLCI506", 3),
        ([LIMIT, LIMIT, LIMIT, "done"], "MLCI505", 3),
        ([ApiError("Wait.", code="MLCI505", wait=61.0), "done"], "MLCI505", 1),
    ],
)
def test_creating__gives_up(client, outcomes, code, tries):
    """A refusal ends it at once, silence and limits after three tries; nothing exists then."""
    world = World(*outcomes)

    with pytest.raises(ApiError) as caught:
        client.creating("make it", "checks: write", world.create, world.find)

    assert (caught.value.code, len(outcomes) - len(world.outcomes), world.made) == (code, tries, [])


@pytest.mark.parametrize(("found", "code"), [(NoAnswerError("nobody answers that"), "MLCI506"), (REFUSED, "MLCI501")])
def test_creating__cannot_look(client, found, code):
    """Where nobody can tell whether it was made, it is not made again."""
    world = World("lost", "done")

    def find():
        raise found

    with pytest.raises(ApiError) as caught:
        client.creating("make it", "checks: write", world.create, find)

    assert (caught.value.code, len(world.made)) == (code, 1)


def test_creating__waits_before_it_looks(host):
    """Waits grow, and are no longer than a minute altogether."""
    waits = []
    access = Access(repository="o/r", api_url=host().url, token=TOKEN)
    client = Client(access, Wire(5.0, 1.0, sleep=waits.append))
    world = World(ApiError("Wait.", code="MLCI506", wait=50.0), "not", "not")

    with pytest.raises(ApiError):
        client.creating("make it", "checks: write", world.create, world.find)

    assert (waits, world.looks) == ([50.0, 2.0, 4.0], 3)


# --- downloading -----------------------------------------------------------------------------------------------


def test_download__a_file_on_another_host(host, client_of):
    """A file is fetched from where GitHub keeps it, and the token stays at home."""
    store = host(Reply(200, b"zip"))
    there = host(Reply(302, headers={"Location": f"{store.url}/file?signature=x"}))

    content = client_of(there).download("/repos/octo/flights/actions/artifacts/1/zip", 100)

    assert (content, there.asked[0].headers["authorization"], store.asked[0].headers.get("authorization")) == (
        b"zip",
        f"token {TOKEN}",
        None,
    )


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(200, b"x" * 101), "MLCI507"),
        (Reply(404, b"{}"), "MLCI503"),
        (Reply(410, b"{}"), "MLCI503"),
        (refusal(403, "Resource not accessible by integration"), "MLCI501"),
        (Reply(500), "MLCI506"),
        (Reply(drops=True), "MLCI506"),
        (Reply(200, b"x", cut=5), "MLCI506"),
        (Reply(302), "MLCI507"),
        (Reply(302, headers={"Location": "file:///etc/passwd"}), "MLCI507"),
    ],
)
def test_download__cannot_be_had(host, client_of, reply, code):
    """Each failure has its sentence."""
    client = client_of(host(reply))

    with pytest.raises(ApiError) as caught:
        client.download("/repos/octo/flights/actions/artifacts/1/zip", 100, what="download the artifact")

    assert (caught.value.code, caught.value.message.startswith("mlci could not download the artifact: ")) == (
        code,
        True,
    )


@pytest.mark.parametrize("status", [403, 404, 500])
def test_download__refused_by_another_host(host, client_of, status):
    """What the host of the files refuses says nothing of the token's permissions."""
    store = host(Reply(status))
    client = client_of(host(Reply(302, headers={"Location": f"{store.url}/file"})))

    with pytest.raises(
        ApiError, match=rf"the host where GitHub keeps the file does not give it \({status}\)"
    ) as caught:
        client.download("/repos/octo/flights/actions/artifacts/1/zip", 100)

    assert caught.value.code == "MLCI506"


def test_download__after_trouble(host, client_of):
    """A download is tried again."""
    there = host(Reply(502), Reply(drops=True), Reply(200, b"zip"))

    assert client_of(there).download("/file", 3) == b"zip"
