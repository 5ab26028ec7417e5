"""What tests of GitHub's room share: a GitHub of their own, which holds them to GitHub's description of its API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from github_api import GitHub

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD, BASE = "a" * 40, "b" * 40
REPO = "/repos/octo/flights"
TOKEN = "t0ken"  # noqa: S105 - of the stand-in


@pytest.fixture
def github() -> Iterator[GitHub]:
    """GitHub with octo/flights, its pull request 7 and a job's token; all traffic must fit GitHub's description."""
    with GitHub(repository="octo/flights") as server:
        server.token(
            TOKEN,
            login="github-actions[bot]",
            app="github-actions",
            permissions={"checks": "write", "pull-requests": "write", "contents": "read", "actions": "read"},
        )
        server.pull(7, head_sha=HEAD, base_sha=BASE, head_owner="octo", head_ref="topic", base_ref="main")
        yield server
    assert server.violations == []


class Caller:
    """Plain HTTP with a token; any answer, error or not, is given back."""

    def __init__(self, github, session):
        self.github, self.session = github, session

    def __call__(self, method, path, *, by="t0ken", timeout=10.0, **more):
        """Ask; `path` begins below the repository where it begins with a colon."""
        url = path if path.startswith("http") else self.github.url + path.replace(":", REPO, 1)
        headers = {"Authorization": f"Bearer {by}"} if by else {}
        return self.session.request(method, url, headers=headers, timeout=timeout, **more)


@pytest.fixture
def call(github):
    """Plain HTTP."""
    with requests.Session() as session:
        yield Caller(github, session)
