"""The stand-in as tests hold it."""

from __future__ import annotations

import copy
import threading
import time
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from github_api import api, control
from github_api.faults import Fault, Faults
from github_api.objects import Place, Token, user
from github_api.serving import Service
from github_api.state import Pull, State
from github_api.things import LIMIT
from github_api.traffic import Answer, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from github_api.objects import Json
    from github_api.traffic import Incoming, Request


class GitHub:
    """GitHub's REST API for one repository, on 127.0.0.1.

    `url` is what GITHUB_API_URL is on GitHub, `server_url` what GITHUB_SERVER_URL is. `violations` says where a request
    or an answer did not fit GitHub's description; `requests` are the API's in the order in which they came, `downloads`
    those of the store of blobs.

    Args:
        repository: "owner/name".
        port: Of the API; 0 takes a free one.
        prefix: What comes before each path of the API, as /api/v3 on Enterprise Server.
        default_branch: Of the repository, and of a file that is asked for without a ref.
    """

    def __init__(
        self, repository: str = "octo/flights", *, port: int = 0, prefix: str = "", default_branch: str = "main"
    ) -> None:
        self.repository = repository
        self.requests: list[Request] = []
        self.downloads: list[Request] = []
        self.violations: list[str] = []
        self._prefix, self._default_branch = prefix.rstrip("/"), default_branch
        self._port = port
        self._faults = Faults()
        self._lock = threading.RLock()
        self._ending = threading.Event()

    def __enter__(self) -> Self:
        self._api = Service(self._port, self._respond)
        self._blobs = Service(0, self._respond_with_blob)
        self.server_url = self._api.address
        self.url = f"{self.server_url}{self._prefix}"
        self.reset()
        self._api.start()
        self._blobs.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ending.set()
        self._api.stop()
        self._blobs.stop()

    # what there is

    def reset(self) -> None:
        """Forget everything, tokens and faults too."""
        with self._lock:
            place = Place(self.url, self.server_url, self.repository)
            self._state = State(place, self._blobs.address, self._default_branch)
            for each in (self.requests, self.downloads, self.violations, self._faults):
                each.clear()

    def token(
        self, value: str, *, login: str, app: str | None = None, permissions: Mapping[str, str] | None = None
    ) -> None:
        """Grant a token: a GitHub App's (`app` is its slug), or a person's own. Permissions as in a workflow file."""
        granted = {name.replace("-", "_"): level for name, level in (permissions or {}).items()}
        with self._lock:
            self._state.tokens[value] = Token(login=login, app=app, permissions=granted)

    def pull(  # noqa: PLR0913 - what a pull request is
        self,
        number: int,
        *,
        head_sha: str,
        base_sha: str,
        head_owner: str | None = None,
        head_ref: str = "topic",
        base_ref: str = "main",
        head_repository: str | None = "",
        state: str = "open",
        title: str = "A change",
        author: str = "octocat",
        files: Sequence[str | Mapping[str, Any]] = (),
    ) -> None:
        """Open a pull request, or change the one with this number.

        `head_repository` is "owner/name": the same name at the head's owner unless given, None where it is gone.
        `files` are paths, or fields of GitHub's (filename, status, previous_filename).
        """
        owner = head_owner or self.repository.partition("/")[0]
        if not head_repository and head_repository is not None:
            head_repository = f"{owner}/{self.repository.partition('/')[2]}"
        pull = Pull(
            number=number, head_sha=head_sha, base_sha=base_sha, head_owner=owner, head_ref=head_ref, base_ref=base_ref,
            head_repository=head_repository, state=state, title=title, author=author, files=tuple(files),
        )  # fmt: skip
        with self._lock:
            self._state.pulls[number] = pull

    def add_comment(
        self,
        number: int,
        body: str,
        *,
        login: str,
        type: str = "User",  # noqa: A002 - GitHub's name
        app: str | None = None,
    ) -> Json:
        """Somebody comments; the comment as the API shows it."""
        with self._lock:
            author = user(self._state.place, login, type)
            return copy.deepcopy(self._state.comment(number, body, author, app, "NONE"))

    def artifact(  # noqa: PLR0913 - what an artifact is
        self,
        *,
        run_id: int,
        name: str,
        content: bytes,
        size: int | None = None,
        expired: bool = False,
        head_sha: str = "a" * 40,
    ) -> Json:
        """A workflow run uploads an artifact; `size` is what the API says of it, in bytes."""
        with self._lock:
            told = len(content) if size is None else size
            shown = self._state.artifact(run_id, name, content, told, expired=expired, head_sha=head_sha)
            return copy.deepcopy(shown)

    def file(self, path: str, *, ref: str, text: str | bytes) -> None:
        """A file of the repository at a commit or a branch."""
        with self._lock:
            self._state.files[ref, path] = text.encode() if isinstance(text, str) else text

    def fail(self, fault: Fault) -> None:
        """Order a fault; the first one on order that fits a request is taken."""
        with self._lock:
            self._faults.add(fault)

    def fail_half(self, seed: int) -> None:
        """Half of all requests fail from now on, each time in the same way for the same seed."""
        self.fail(Fault(share=0.5, seed=seed))

    def heal(self) -> None:
        """Cancel all faults."""
        with self._lock:
            self._faults.clear()

    # what has become of it

    def comments(self, number: int) -> list[Json]:
        """The comments of a pull request, oldest first, as the API shows them."""
        with self._lock:
            return copy.deepcopy([shown for issue, shown in self._state.comments.values() if issue == number])

    @property
    def deleted(self) -> list[Json]:
        """The comments that were deleted."""
        with self._lock:
            return copy.deepcopy(self._state.deleted)

    @property
    def check_runs(self) -> list[Json]:
        """The check runs, oldest first, as the API shows them and with `annotations`, the list of them."""
        with self._lock:
            found = [
                {**each, "annotations": self._state.annotations[key]} for key, each in self._state.check_runs.items()
            ]
            return copy.deepcopy(found)

    @property
    def pulls(self) -> list[int]:
        """The numbers of the pull requests."""
        with self._lock:
            return sorted(self._state.pulls)

    # what is answered

    def _respond(self, incoming: Incoming) -> Answer | None:
        if incoming.path.startswith("/_control/"):
            return control.answer(self, incoming)
        if not incoming.path.startswith(f"{self._prefix}/"):
            self.violations.append(f"{incoming.method} {incoming.path}: outside of {self._prefix}")
            return refusal(404, "Not Found")
        path = api.by_name(incoming.path.removeprefix(self._prefix), self.repository)
        incoming = replace(incoming, path=path)
        with self._lock:
            place, record = len(self.requests), incoming.kept(0)
            self.requests.append(record)
            fault = self._faults.take(incoming.method, path)
        answer = self._worked(incoming, fault)
        with self._lock:
            used = len(self.requests)
            if answer is not None and self.requests[place : place + 1] == [record]:  # it may be forgotten
                self.requests[place] = incoming.kept(answer.status)
        if answer is None:
            return None
        return replace(answer, headers={**_usual(used, answer.headers), **answer.headers})

    def _worked(self, incoming: Incoming, fault: Fault | None) -> Answer | None:
        """The true answer, or what a fault makes of it; None to cut the connection."""
        is_replaced = fault is not None and (fault.drop or fault.status is not None)
        true = None
        if fault is None or fault.after:
            true = self._true(incoming)
        if fault is not None and fault.delay:
            self._ending.wait(fault.delay)
        if fault is None:
            return true
        if is_replaced:
            return None if fault.drop else fault.answer
        return true or self._true(incoming)

    def _true(self, incoming: Incoming) -> Answer:
        with self._lock:
            try:
                answer, unfit = api.answer(self._state, incoming)
            except Exception:  # noqa: BLE001 - a mistake of the stand-in's must be seen, and not as GitHub's
                answer, unfit = refusal(500, "the stand-in failed"), [traceback.format_exc()]
            self.violations += [f"{incoming.method} {incoming.path}: {each}" for each in unfit]
            return answer if answer.content is None else replace(answer, content=answer.body)

    def _respond_with_blob(self, incoming: Incoming) -> Answer | None:
        with self._lock:
            fault = self._faults.take(incoming.method, incoming.path)
            answer: Answer | None = self._blob(incoming)
            if fault is not None and (fault.drop or fault.status is not None):
                answer = None if fault.drop else fault.answer
            self.downloads.append(incoming.kept(0 if answer is None else answer.status))
        if fault is not None and fault.delay:
            self._ending.wait(fault.delay)
        return answer

    def _blob(self, incoming: Incoming) -> Answer:
        if "authorization" in incoming.headers:
            self.violations.append(f"{incoming.method} {incoming.path}: the token reached the store of blobs")
            return Answer(403, b"<Error><Code>AuthenticationFailed</Code></Error>", {}, "application/xml")
        key = incoming.path.removeprefix("/blob/")
        found = self._state.artifacts.get(int(key)) if key.isdigit() else None
        if found is None or "sig" not in incoming.query or incoming.method != "GET":
            return Answer(404, b"<Error><Code>BlobNotFound</Code></Error>", {}, "application/xml")
        name = {"Content-Disposition": f'attachment; filename="{found.shown["name"]}.zip"'}
        return Answer(200, found.content, name, "application/zip")


def _usual(used: int, special: Mapping[str, str]) -> dict[str, str]:
    """The headers that every answer has, but for those that this one has of its own."""
    own = {name.lower() for name in special}
    usual = {
        "X-GitHub-Media-Type": "github.v3; format=json",
        "X-GitHub-Request-Id": f"{used:04X}:0001:0001:0001:0001",
        "X-RateLimit-Limit": str(LIMIT),
        "X-RateLimit-Remaining": str(max(LIMIT - used, 1)),
        "X-RateLimit-Reset": str(int(time.time()) + 3600),
        "X-RateLimit-Resource": "core",
        "X-RateLimit-Used": str(used),
    }
    return {name: value for name, value in usual.items() if name.lower() not in own}
