"""Fetching from a server that asks for credentials, and from clones as actions/checkout leaves them."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mlci.errors import GitError
from mlci.git import Credentials, Repository

TOKEN = "s3cret-token"  # noqa: S105 - of a stand-in


class _Git(BaseHTTPRequestHandler):
    """Git's own HTTP backend behind a login, as a server of private repositories has it."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Keep quiet."""

    def do_GET(self):
        """Serve a reading request."""
        self._serve(b"")

    def do_POST(self):
        """Serve a request with a body."""
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _serve(self, body):
        wanted = "basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
        given = self.headers.get_all("Authorization") or []
        self.server.seen.append(len(given))
        if given != [wanted]:
            self.send_response(401 if not given else 400)
            self.send_header("WWW-Authenticate", "Basic")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(self.server.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            },
            capture_output=True,
            check=True,
        )
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


@pytest.fixture
def private(make_repo, tmp_path):
    """A repository with a pull request's test merge, served over HTTP to those with the token."""
    repo = make_repo("served")
    commits = {"root": repo.put("a.txt", "0\n").commit("root")}
    for index in range(5):
        commits["main"] = repo.put("a.txt", f"{index}\n").commit(f"main {index}")
    repo.git("switch", "--quiet", "--create", "topic", commits["root"])
    commits["topic"] = repo.put("b.txt", "b\n").commit("topic")
    repo.git("switch", "--quiet", "--detach", commits["main"])
    repo.git("merge", "--quiet", "--no-ff", "--message=merge", "topic")
    commits["merge"] = repo.git("rev-parse", "HEAD")
    repo.git("update-ref", "refs/pull/7/merge", "HEAD")
    repo.git("switch", "--quiet", "main")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Git)
    server.root, server.seen = tmp_path, []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield repo, commits, f"http://127.0.0.1:{server.server_port}", server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def checked_out(private, make_repo):
    """A clone of depth 1 at the test merge, without its objects' history, as actions/checkout leaves it."""
    repo, commits, url, _ = private
    clone = make_repo("clone")
    clone.git("fetch", "--quiet", "--depth=1", f"file://{repo.folder}", "refs/pull/7/merge")
    clone.git("checkout", "--quiet", "--detach", commits["merge"])
    clone.git("remote", "add", "origin", f"{url}/served/.git")
    return clone


def test_parents__of_a_commit_whose_parents_are_not_there(private, checked_out):
    """A shallow test merge still names the two commits that it merges."""
    _, commits, *_ = private

    assert Repository(checked_out.folder).parents(commits["merge"]) == (commits["main"], commits["topic"])


def test_fetch_commit__with_a_token(private, checked_out):
    """A commit of a private repository is fetched with the token, in depth 1."""
    _, commits, url, _ = private
    repository = Repository(checked_out.folder, Credentials(url, TOKEN))

    assert (repository.fetch_commit(commits["main"]), repository.parent(commits["main"])) == (commits["main"], None)


def test_fetch_commit__replaces_the_header_that_checkout_persisted(private, checked_out):
    """Two authorization headers would be refused, so the persisted one gives way."""
    _, commits, url, server = private
    checked_out.git("config", f"http.{url}/.extraheader", "AUTHORIZATION: basic b2xk")

    found = Repository(checked_out.folder, Credentials(url, TOKEN)).fetch_commit(commits["main"])

    assert (found, set(server.seen)) == (commits["main"], {1})


def test_fetch_commit__without_a_token(private, checked_out):
    """Without credentials nothing is fetched, and git does not ask for a password."""
    _, commits, *_ = private

    assert Repository(checked_out.folder).fetch_commit(commits["main"]) is None


def test_credentials__go_to_their_own_server_alone(private, checked_out):
    """A token for one server is not sent to another."""
    _, commits, _, server = private

    found = Repository(checked_out.folder, Credentials("https://github.example", TOKEN)).fetch_commit(commits["main"])

    assert (found, set(server.seen)) == (None, {0})


def test_credentials__leave_no_trace(private, checked_out):
    """The token is in no file of the clone and in no representation."""
    _, commits, url, _ = private
    credentials = Credentials(url, TOKEN)
    Repository(checked_out.folder, credentials).fetch_commit(commits["main"])
    basic = base64.b64encode(f"x-access-token:{TOKEN}".encode())

    traces = [
        path.name
        for path in checked_out.folder.rglob("*")
        if path.is_file() and (TOKEN.encode() in path.read_bytes() or basic in path.read_bytes())
    ]

    assert (traces, TOKEN in repr(credentials)) == ([], False)


def test_merge_base__deepens_a_test_merge_that_is_on_no_branch(private, checked_out):
    """History of a commit that only `refs/pull/7/merge` holds is fetched by its name."""
    _, commits, url, _ = private
    repository = Repository(checked_out.folder, Credentials(url, TOKEN))
    main = repository.fetch("main")

    assert repository.merge_base(commits["merge"], main) == commits["main"]


def test_merge_base__where_nothing_can_be_fetched(private, checked_out):
    """A shallow clone that cannot be deepened is told, with what to do."""
    _, commits, *_ = private

    with pytest.raises(GitError, match="shallow clone") as caught:
        Repository(checked_out.folder).merge_base(commits["merge"], commits["merge"] + "^")

    assert "fetch-depth: 0" in caught.value.hint
