"""GitHub's objects, as its API shows them."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from github_api.description import example

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]

ACTIONS_APP = 15368
_LARGEST_SHOWN = 1024 * 1024  # bytes: a larger file's content is left out


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything is: the API's address (with its prefix), the server's, and the repository as owner/name."""

    api: str
    server: str
    repository: str

    @property
    def repo(self) -> str:
        """The repository's address in the API."""
        return f"{self.api}/repos/{self.repository}"

    @property
    def page(self) -> str:
        """The repository's page."""
        return f"{self.server}/{self.repository}"

    @property
    def owner(self) -> str:
        """The repository's owner."""
        return self.repository.partition("/")[0]

    def of(self, repository: str) -> Place:
        """The same server, another repository."""
        return Place(self.api, self.server, repository)

    def example(self, name: str) -> Any:
        """An example of GitHub's, moved here."""
        text = example(name).replace("octocat/Hello-World", self.repository)
        return json.loads(text.replace("https://api.github.com", self.api).replace("https://github.com", self.server))


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Whose a token is, and what it may do; `app` is a GitHub App's slug, or None for a person's own token."""

    login: str
    app: str | None
    permissions: Mapping[str, str] = field(default_factory=dict)

    def may(self, needs: Mapping[str, str]) -> bool:
        """Whether all that is needed is granted."""
        levels = ("none", "read", "write", "admin")
        return all(
            levels.index(self.permissions.get(name, "none")) >= levels.index(level) for name, level in needs.items()
        )


def number_of(text: str) -> int:
    """A number that stays the same for a name."""
    return zlib.crc32(text.encode()) + 1


def node(kind: str, number: int) -> str:
    """A global node id."""
    return f"{kind}_{base64.urlsafe_b64encode(str(number).encode()).decode().rstrip('=')}"


def user(place: Place, login: str, kind: str) -> Json:
    """A user, a bot or an organization."""
    number = number_of(login)
    url = f"{place.api}/users/{quote(login)}"
    page = f"{place.server}/apps/{login.removesuffix('[bot]')}" if kind == "Bot" else f"{place.server}/{login}"
    return {
        "login": login,
        "id": number,
        "node_id": node("U", number),
        "avatar_url": f"{place.server}/avatars/{number}",
        "gravatar_id": "",
        "url": url,
        "html_url": page,
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def public_user(place: Place, login: str) -> Json:
    """A user as GET /user shows it."""
    return {**place.example("private-user-response-with-public-profile-information"), **user(place, login, "User")}


def app(place: Place, slug: str) -> Json:
    """A GitHub App."""
    number = ACTIONS_APP if slug == "github-actions" else number_of(slug)
    return {
        "id": number,
        "slug": slug,
        "node_id": node("A", number),
        "client_id": f"Iv1.{number:016x}",
        "owner": user(place, "github", "Organization"),
        "name": slug.replace("-", " ").title(),
        "description": "",
        "external_url": f"{place.server}/features/{slug}",
        "html_url": f"{place.server}/apps/{slug}",
        "created_at": "2018-07-30T09:30:17Z",
        "updated_at": "2024-04-10T20:33:16Z",
        "permissions": {"checks": "write", "contents": "read", "issues": "write", "metadata": "read"},
        "events": ["check_run", "pull_request"],
    }


def repository(place: Place, default_branch: str, *, is_fork: bool) -> Json:
    """A repository as a pull request's side shows it."""
    owner, _, name = place.repository.partition("/")
    number = number_of(place.repository)
    changes = {
        "id": number,
        "node_id": node("R", number),
        "name": name,
        "full_name": place.repository,
        "owner": user(place, owner, "Organization"),
        "fork": is_fork,
        "private": False,
        "default_branch": default_branch,
        "topics": [],
        "description": None,
        "homepage": None,
        "temp_clone_token": "",
    }
    return {**place.example("pull-request")["head"]["repo"], **changes}


def full_repository(place: Place, default_branch: str) -> Json:
    """A repository as GET /repos/{owner}/{repo} shows it."""
    whole = place.example("full-repository-default-response")
    for name in ("parent", "source", "template_repository", "organization"):
        whole.pop(name, None)
    return {**whole, "language": "Python", **repository(place, default_branch, is_fork=False)}


def changed_file(place: Place, entry: str | Mapping[str, Any], head_sha: str) -> Json:
    """A file that a pull request changes: its path, or its fields."""
    fields = {"filename": entry} if isinstance(entry, str) else dict(entry)
    name = quote(fields["filename"])
    return {
        "sha": hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest(),
        "status": "modified",
        "additions": 1,
        "deletions": 1,
        "changes": 2,
        "blob_url": f"{place.page}/blob/{head_sha}/{name}",
        "raw_url": f"{place.page}/raw/{head_sha}/{name}",
        "contents_url": f"{place.repo}/contents/{name}?ref={head_sha}",
        "patch": "@@ -1 +1 @@\n-old\n+new",
        **fields,
    }


def content(place: Place, path: str, ref: str, data: bytes, *, is_listed: bool = False) -> Json:
    """A file of the repository; in a folder's list without its content."""
    sha = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    name, where, at = path.rpartition("/")[2], quote(path), quote(ref, safe="")
    url = f"{place.repo}/contents/{where}?ref={at}"
    git, page = f"{place.repo}/git/blobs/{sha}", f"{place.page}/blob/{at}/{where}"
    shown = {
        "name": name,
        "path": path,
        "sha": sha,
        "size": len(data),
        "url": url,
        "html_url": page,
        "git_url": git,
        "download_url": f"{place.page}/raw/{at}/{where}",
        "type": "file",
        "_links": {"self": url, "git": git, "html": page},
    }
    if is_listed:
        return shown
    if len(data) > _LARGEST_SHOWN:
        return {**shown, "content": "", "encoding": "none"}
    text = base64.b64encode(data).decode()
    lines = "".join(f"{text[start : start + 60]}\n" for start in range(0, len(text), 60))
    return {**shown, "content": lines, "encoding": "base64"}


def folder(place: Place, path: str, ref: str) -> Json:
    """A folder in a folder's list."""
    where, at = quote(path), quote(ref, safe="")
    sha = hashlib.sha1(b"tree" + path.encode(), usedforsecurity=False).hexdigest()
    url, git, page = (
        f"{place.repo}/contents/{where}?ref={at}",
        f"{place.repo}/git/trees/{sha}",
        f"{place.page}/tree/{at}/{where}",
    )
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": 0,
        "url": url,
        "html_url": page,
        "git_url": git,
        "download_url": None,
        "type": "dir",
        "_links": {"self": url, "git": git, "html": page},
    }
