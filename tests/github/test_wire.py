from __future__ import annotations

import itertools
import json
import socket

import pytest
from scripted import Host, Reply, make_identity

from mlci.github.failures import ForeignError, NoAnswerError
from mlci.github.wire import Wire

TOKEN = {"Authorization": "token t0ken"}
DOWN = Reply(502)
SECONDARY = Reply(403, json.dumps({"message": "You have exceeded a secondary rate limit."}).encode())
FORBIDDEN = Reply(403, json.dumps({"message": "Resource not accessible by integration"}).encode())


class Clock:
    """Time that passes only where something waits."""

    def __init__(self):
        self.time = 1_000.0
        self.waits = []

    def sleep(self, seconds):
        """Wait."""
        self.waits.append(seconds)
        self.time += seconds

    def now(self):
        """The time."""
        return self.time


@pytest.fixture
def clock():
    """A clock."""
    return Clock()


@pytest.fixture
def wire(clock):
    """A wire that waits for seconds of `clock`."""
    return Wire(5.0, 1.0, sleep=clock.sleep, clock=clock.now, now=clock.now)


@pytest.fixture
def hasty():
    """A wire that never waits, and is soon tired of silence."""
    return Wire(0.1, 0.0)


@pytest.fixture
def host():
    """Make a host that answers by a script."""
    hosts = []

    def make(*script, **more):
        hosts.append(Host(*script, **more).__enter__())
        return hosts[-1]

    yield make
    for each in hosts:
        each.__exit__()


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("trouble", [DOWN, Reply(429), SECONDARY, Reply(drops=True), Reply(cut=9)])
def test_send__what_may_pass_is_tried_again(hasty, host, method, trouble):
    """Server errors, limits and broken connections are tried up to four times, for what can be repeated."""
    there = host(trouble, trouble, trouble, Reply(200, b'{"id": 1}'))

    answer = hasty.send(method, there.url, TOKEN)

    assert (answer.status, answer.body, len(there.asked)) == (200, b'{"id": 1}', 4)


@pytest.mark.parametrize("trouble", [DOWN, Reply(429), SECONDARY])
def test_send__no_more_than_four_tries(hasty, host, trouble):
    """The last answer is what the caller gets."""
    there = host(trouble)

    assert (hasty.send("GET", there.url, TOKEN).status, len(there.asked)) == (trouble.status, 4)


@pytest.mark.parametrize("trouble", [DOWN, Reply(429), SECONDARY])
def test_send__a_post_is_sent_once(hasty, host, trouble):
    """What a POST has done nobody knows, so it is not repeated here."""
    there = host(trouble)

    assert (hasty.send("POST", there.url, TOKEN, b"{}").status, len(there.asked)) == (trouble.status, 1)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_once__no_write_is_repeated(hasty, host, method):
    """Where a caller looks itself, other writes are sent once as well."""
    there = host(DOWN)

    with hasty.once():
        hasty.send(method, there.url, TOKEN)

    assert len(there.asked) == 1


def test_send__a_missing_permission_is_not_tried_again(hasty, host):
    """A 403 that is no limit stays one."""
    there = host(FORBIDDEN)

    assert (hasty.send("GET", there.url, TOKEN).status, len(there.asked)) == (403, 1)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("trouble", [Reply(drops=True), Reply(silent=True), Reply(cut=9)])
def test_send__nobody_answers(hasty, host, method, trouble):
    """A dropped connection, silence and half an answer are told in words without the token."""
    there = host(trouble)

    with pytest.raises(NoAnswerError) as caught:
        hasty.send(method, there.url, TOKEN)

    assert (len(there.asked), "t0ken" in str(caught.value)) == (4 if method == "GET" else 1, False)


def test_send__nobody_is_there(hasty):
    """A refused connection says which host it was."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

    with pytest.raises(NoAnswerError, match=r"the connection to 127\.0\.0\.1 cannot be made, or broke"):
        hasty.send("GET", f"http://127.0.0.1:{port}/", TOKEN)


@pytest.mark.parametrize(
    ("trouble", "waits"),
    [
        ([DOWN], [1.0, 2.0, 4.0]),
        ([Reply(drops=True)], [1.0, 2.0, 4.0]),
        ([Reply(429, headers={"Retry-After": "7"})], [7.0, 7.0, 7.0]),
        ([Reply(503, headers={"Retry-After": "0"})], [1.0, 2.0, 4.0]),
        ([Reply(429, headers={"Retry-After": "25"})], [25.0, 25.0]),  # a third would be longer than a minute in all
        ([Reply(429, headers={"Retry-After": "61"})], []),
        ([SECONDARY], [60.0]),
    ],
)
def test_send__waits_grow_and_end_after_a_minute(wire, clock, host, trouble, waits):
    """Between tries the waits grow, or are what GitHub asks for, and never more than a minute altogether."""
    there = host(*trouble)

    try:
        wire.send("GET", there.url, TOKEN)
    except NoAnswerError:
        assert trouble[0].drops

    assert (clock.waits, len(there.asked)) == (waits, len(waits) + 1)


def test_send__no_try_begins_after_a_minute(clock, host):
    """Where each try takes long, fewer are made."""
    there = host(DOWN)
    ticks = itertools.count(0.0, 15.0)
    wire = Wire(5.0, 1.0, sleep=clock.sleep, clock=lambda: next(ticks), now=clock.now)

    wire.send("GET", there.url, TOKEN)

    assert len(there.asked) == 2


def test_send__writes_keep_a_second_apart(wire, clock, host):
    """Between two writes lies a second, as GitHub asks; reading does not wait."""
    there = host(Reply())

    for method in ("GET", "POST", "GET", "PATCH", "GET"):
        wire.send(method, there.url, TOKEN)

    assert clock.waits == [1.0]


@pytest.mark.parametrize(("method", "status"), [("GET", 301), ("GET", 302), ("GET", 308), ("POST", 307)])
def test_send__a_renamed_repository(hasty, host, method, status):
    """Redirects within the host are followed with everything that was sent, the query of the new address included."""
    there = host(Reply(status, headers={"Location": "/repositories/1?page=2"}), Reply(200, b"[]"))

    answer = hasty.send(method, f"{there.url}/repos/o/r?page=2", TOKEN, b"{}" if method == "POST" else None)

    last = there.asked[-1]
    assert (answer.body, last.method, last.path, last.headers["authorization"]) == (
        b"[]",
        method,
        "/repositories/1?page=2",
        "token t0ken",
    )


@pytest.mark.parametrize("status", [301, 302])
def test_send__a_write_that_would_become_a_read(hasty, host, status):
    """A redirect that does not keep the method is not followed for a write."""
    there = host(Reply(status, headers={"Location": "/elsewhere"}))

    assert (hasty.send("PATCH", there.url, TOKEN).status, len(there.asked)) == (status, 1)


def test_send__another_host(hasty, host):
    """The API's own calls do not leave its host."""
    stranger = host(Reply())
    there = host(Reply(302, headers={"Location": f"{stranger.url}/x"}))

    with pytest.raises(ForeignError, match=r"leads to another host, 127\.0\.0\.1"):
        hasty.send("GET", there.url, TOKEN)

    assert stranger.asked == []


def test_send__another_host_never_sees_the_token(hasty, host):
    """A download may go to another host and back, and carries no authorization from there on."""
    back = host(Reply(200, b"zip"))
    stranger = host(Reply(302, headers={"Location": f"{back.url}/file"}))
    there = host(Reply(302, headers={"Location": f"{stranger.url}/file"}))

    answer = hasty.send("GET", there.url, TOKEN, roams=True)

    seen = [each.asked[0].headers.get("authorization") for each in (there, stranger, back)]
    assert (answer.body, seen) == (b"zip", ["token t0ken", None, None])


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://user:word@127.0.0.1/", "http://[::1", "https://"]
)
def test_send__a_redirect_out_of_http(hasty, host, location):
    """Only http and https addresses without a password are followed."""
    there = host(Reply(302, headers={"Location": location}))

    with pytest.raises(ForeignError, match="leads to one that is not"):
        hasty.send("GET", there.url, TOKEN, roams=True)


def test_send__redirects_without_end(hasty, host):
    """More than three redirects are too many."""
    there = host(Reply(302, headers={"Location": "/again"}))

    with pytest.raises(ForeignError, match="more than 3 redirects"):
        hasty.send("GET", there.url, TOKEN)

    assert len(there.asked) == 4


def test_send__too_large_an_answer(hasty, host):
    """An answer beyond its limit is given up, and not asked for again."""
    there = host(Reply(200, b"x" * 101))

    with pytest.raises(ForeignError, match="larger than 100 bytes"):
        hasty.send("GET", there.url, TOKEN, limit=100)

    assert len(there.asked) == 1


def test_send__an_answer_that_trickles(host):
    """A body that takes too long is given up however often a part of it arrives."""
    there = host(Reply(200, b"x" * 10))
    ticks = itertools.count(0.0, 100.0)
    wire = Wire(5.0, 0.0, clock=lambda: next(ticks))

    with pytest.raises(NoAnswerError, match="does not answer within 5 s"):
        wire.send("GET", there.url, TOKEN)


def test_send__names_itself_and_takes_no_password_file(hasty, host, tmp_path, monkeypatch):
    """The User-Agent is mlci's; a .netrc file does not replace the token."""
    there = host(Reply())
    netrc = tmp_path / "netrc"
    netrc.write_text("default login ada password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))

    hasty.send("GET", there.url, TOKEN)

    headers = there.asked[0].headers
    assert (headers["user-agent"].partition("/")[0], headers["authorization"]) == ("mlci", "token t0ken")


def test_send__certificates_that_are_not_there(hasty, monkeypatch, tmp_path):
    """REQUESTS_CA_BUNDLE is honoured, and a file that is missing is named by its variable."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))

    with pytest.raises(NoAnswerError) as caught:
        hasty.send("GET", "https://127.0.0.1:9/", TOKEN)

    assert "REQUESTS_CA_BUNDLE" in caught.value.hint


def test_send__a_certificate_that_is_not_trusted(hasty, host, monkeypatch, tmp_path):
    """A certificate that nobody vouches for is told as such, and the host is not asked."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    there = host(identity=make_identity(tmp_path / "host.pem"))

    with pytest.raises(NoAnswerError, match=r"the certificate of 127\.0\.0\.1 is not trusted"):
        hasty.send("GET", there.url, TOKEN)

    assert there.asked == []


def test_send__a_certificate_of_ones_own(hasty, host, monkeypatch, tmp_path):
    """A certificate that REQUESTS_CA_BUNDLE names is trusted."""
    identity = make_identity(tmp_path / "host.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(identity))

    assert hasty.send("GET", host(identity=identity).url, TOKEN).status == 200


def test_send__from_https_to_http(hasty, host, monkeypatch, tmp_path):
    """A redirect does not lead from HTTPS to HTTP."""
    identity = make_identity(tmp_path / "host.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(identity))
    open_door = host()
    there = host(Reply(302, headers={"Location": open_door.url}), identity=identity)

    with pytest.raises(ForeignError, match="not safe"):
        hasty.send("GET", there.url, TOKEN, roams=True)

    assert open_door.asked == []
