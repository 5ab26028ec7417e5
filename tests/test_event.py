from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from mlci.errors import UserError
from mlci.event import KINDS, PullRequest, WorkflowRun, read

NPM = Path(__file__).parents[1] / ".venv" / "npm" / "node_modules"
EXAMPLES = NPM / "@octokit" / "webhooks-examples" / "api.github.com" / "index.json"  # `make test` fetches it

MERGE = "1" * 40  # the test merge that a runner checks out
HEAD = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
BASE = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
PUSHED = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
RUN = "3484a3fb816e0859fd6e1cea078d76385ff50625"
ZEROS = "0" * 40


@pytest.fixture(scope="module")
def payloads():
    """GitHub's own examples of payloads, by the event's name."""
    return {each["name"]: each["examples"] for each in json.loads(EXAMPLES.read_text(encoding="utf-8"))}


@pytest.fixture
def real(payloads):
    """Find one of GitHub's examples by what it holds at its top level, and copy it."""

    def find(name, **holding):
        found = (each for each in payloads[name] if holding.items() <= each.items())
        return copy.deepcopy(next(found))

    return find


@pytest.fixture
def environ(tmp_path):
    """The environment of a step, for an event and its payload, with what a test changes in it; None unsets."""

    def make(name, payload, **changes):
        path = tmp_path / "event.json"
        path.write_bytes(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
        environ = {
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_REPOSITORY": "Codertocat/Hello-World",
            "GITHUB_SHA": MERGE,
            "GITHUB_REF": "refs/pull/2/merge",
            "GITHUB_RUN_ID": "1658821493",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_API_URL": "https://api.github.com",
            "GITHUB_ACTOR": "Codertocat",
            **changes,
        }
        return {key: value for key, value in environ.items() if value is not None}

    return make


@pytest.fixture
def refusal(environ):
    """What reading an event is refused with: code, message and hint."""

    def refuse(name, payload, **changes):
        with pytest.raises(UserError) as caught:
            read(environ(name, payload, **changes))
        return caught.value.code, caught.value.message, caught.value.hint

    return refuse


# --- pull requests -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["opened", "synchronize"])
@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_pull_request__of_the_repository_itself(real, environ, name, action):
    """The check belongs to the head, while the runner checked out the test merge."""
    event = read(environ(name, real("pull_request", action=action)))

    assert (event.kind, event.repository, event.default_branch) == (name, "Codertocat/Hello-World", "master")
    assert (event.checked_out, event.head_sha, event.base, event.base_branch) == (MERGE, HEAD, None, "master")
    assert event.pull_request == PullRequest(
        number=2, head_sha=HEAD, head_ref="changes", base_sha=BASE, base_ref="master", is_fork=False
    )
    assert not event.is_default_branch


@pytest.mark.parametrize(
    ("head_repository", "is_fork"),
    [
        ({"full_name": "stranger/Hello-World"}, True),
        ({"full_name": "codertocat/hello-world"}, False),  # names do not differ by case
        (None, True),  # deleted
    ],
)
def test_pull_request__of_a_fork(real, environ, head_repository, is_fork):
    """A head in another repository, or in one that is gone, makes it a fork's."""
    payload = real("pull_request", action="synchronize")
    payload["pull_request"]["head"]["repo"] = head_repository

    assert read(environ("pull_request", payload)).pull_request.is_fork is is_fork


def test_pull_request__as_a_local_runner_gives_it(environ):
    """Number, head and base are enough; without a repository the default branch is taken to be main."""
    payload = {"pull_request": {"number": 7, "head": {"sha": HEAD}, "base": {"ref": "release/1.x"}}}
    event = read(environ("pull_request", payload))

    assert (event.default_branch, event.base_branch) == ("main", "release/1.x")
    assert event.pull_request == PullRequest(
        number=7, head_sha=HEAD, head_ref="", base_sha="", base_ref="release/1.x", is_fork=False
    )


def test_pull_request__every_real_payload_is_read(payloads, environ):
    """GitHub's examples, whatever the action, are all read as the same pull request."""
    read_ones = {read(environ("pull_request", each)).pull_request for each in payloads["pull_request"]}

    assert {each.number for each in read_ones} == {2}


@pytest.mark.parametrize(("actor", "expected"), [("dependabot[bot]", True), ("Codertocat", False), (None, False)])
def test_pull_request__dependabot(real, environ, actor, expected):
    """The one who acts decides, for the token is theirs."""
    payload = real("pull_request", action="opened")

    assert read(environ("pull_request", payload, GITHUB_ACTOR=actor)).is_dependabot is expected


# --- other events ------------------------------------------------------------------------------------------------


def test_merge_group__is_compared_with_its_own_base(real, environ):
    """The queue says which commit the group is built on, and which branch it goes to."""
    event = read(environ("merge_group", real("merge_group"), GITHUB_REF="refs/heads/gh-readonly-queue/main/pr-104"))

    assert (event.head_sha, event.base, event.base_branch, event.pull_request) == (
        "2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d",
        "380387fbc80638b734a49e1be1c4dfec1c01b33c",
        "main",
        None,
    )


@pytest.mark.parametrize("forced", [False, True])
def test_push__is_compared_with_what_was_there_before(real, environ, forced):
    """Also where the push was forced, and the commit before is in no branch any more."""
    payload = real("push", ref="refs/heads/master") | {"before": BASE, "created": False, "forced": forced}
    event = read(environ("push", payload, GITHUB_REF="refs/heads/master", GITHUB_SHA=PUSHED))

    assert (event.head_sha, event.base, event.base_branch, event.is_default_branch) == (PUSHED, BASE, None, True)


def test_push__of_a_new_branch_has_nothing_to_compare_with(real, environ):
    """Zeros stand for no commit."""
    payload = real("push", ref="refs/heads/master", before=ZEROS)
    event = read(environ("push", payload, GITHUB_REF="refs/heads/topic", GITHUB_SHA=PUSHED))

    assert (event.head_sha, event.base, event.is_default_branch) == (PUSHED, None, False)


def test_push__of_a_deleted_branch_runs_on_the_default_branch(real, environ):
    """Nothing was pushed: the commit is the one that the runner checked out."""
    event = read(environ("push", real("push", deleted=True), GITHUB_REF="refs/heads/master", GITHUB_SHA=PUSHED))

    assert (event.head_sha, event.base) == (PUSHED, None)


def test_push__of_a_tag_is_about_its_commit(real, environ):
    """An annotated tag's `after` is the tag, on which no check can be."""
    payload = real("push", ref="refs/tags/simple-tag", created=True)
    event = read(environ("push", payload, GITHUB_REF="refs/tags/simple-tag", GITHUB_SHA=HEAD))

    assert (event.head_sha, event.base, event.is_default_branch) == (HEAD, None, False)


def test_schedule__runs_on_the_default_branch(environ):
    """GitHub's payload names no repository, whatever the default branch is called."""
    event = read(environ("schedule", {"schedule": "30 5 * * 1"}, GITHUB_REF="refs/heads/trunk"))

    assert (event.kind, event.default_branch, event.is_default_branch, event.head_sha) == (
        "schedule", "trunk", True, MERGE,
    )  # fmt: skip


def test_workflow_dispatch__is_about_what_is_checked_out(real, environ):
    """It has neither a base nor a pull request."""
    payload = real("workflow_dispatch", ref="refs/heads/master")
    event = read(environ("workflow_dispatch", payload, GITHUB_REF="refs/heads/topic"))

    assert (event.head_sha, event.base, event.base_branch, event.pull_request, event.workflow_run) == (
        MERGE, None, None, None, None,
    )  # fmt: skip


def test_workflow_run__speaks_of_another_run(real, environ):
    """Its head is the other run's, while the runner checked out the default branch."""
    payload = real("workflow_run", action="completed")
    payload["workflow_run"] |= {"conclusion": "success", "event": "pull_request", "id": 99, "head_sha": RUN}
    payload["workflow_run"] |= {"head_branch": "topic", "head_repository": {"full_name": "stranger/octo-repo"}}
    event = read(environ("workflow_run", payload, GITHUB_REPOSITORY="octo-org/octo-repo"))

    assert (event.head_sha, event.checked_out, event.base) == (RUN, MERGE, None)
    assert event.workflow_run == WorkflowRun(
        id=99,
        head_sha=RUN,
        head_branch="topic",
        head_owner="stranger",
        head_repository="stranger/octo-repo",
        event="pull_request",
        conclusion="success",
    )


def test_workflow_run__of_a_repository_that_is_gone(real, environ):
    """What GitHub tells by nulls is empty."""
    payload = real("workflow_run", action="requested")
    payload["workflow_run"] |= {"head_branch": None, "head_repository": None, "conclusion": None}
    run = read(environ("workflow_run", payload)).workflow_run

    assert (run.head_owner, run.head_repository, run.head_branch, run.conclusion) == ("", "", "", "")


@pytest.mark.parametrize("name", ["pull_request", "push", "merge_group", "workflow_dispatch", "workflow_run"])
def test_read__takes_every_real_payload(payloads, environ, name):
    """No example of GitHub's of an event that mlci handles is refused."""
    assert {read(environ(name, each)).kind for each in payloads[name]} == {name}


# --- the environment ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "https://github.com/Codertocat/Hello-World/actions/runs/1658821493"),
        ({"GITHUB_RUN_ATTEMPT": "3"}, "https://github.com/Codertocat/Hello-World/actions/runs/1658821493/attempts/3"),
        (
            {"GITHUB_SERVER_URL": "https://git.example.com/", "GITHUB_RUN_ATTEMPT": None},
            "https://git.example.com/Codertocat/Hello-World/actions/runs/1658821493",
        ),
    ],
)
def test_run_url__names_the_attempt_where_there_are_several(environ, changes, expected):
    """The link of a report leads to the very run."""
    assert read(environ("push", {}, **changes)).run_url == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "https://api.github.com"),
        ("https://git.example.com/api/v3/", "https://git.example.com/api/v3"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_api_url__is_where_the_runner_says(environ, given, expected):
    """Enterprise Server has its own; without one it is GitHub's."""
    assert read(environ("push", {}, GITHUB_API_URL=given)).api_url == expected


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("GITHUB_REPOSITORY", None, "GITHUB_REPOSITORY is not set."),
        ("GITHUB_REPOSITORY", "a/..", "GITHUB_REPOSITORY is 'a/..', which is no repository's name, as in owner/name."),
        ("GITHUB_SHA", "HEAD", "GITHUB_SHA is 'HEAD', which is no SHA of 40 or 64 hex digits."),
        ("GITHUB_REF", "refs/heads/a b", "GITHUB_REF is 'refs/heads/a b', which is no name of a branch or tag."),
        ("GITHUB_RUN_ID", "0", "GITHUB_RUN_ID is '0', which is no positive whole number."),
        ("GITHUB_RUN_ID", "1" * 5000, f"GITHUB_RUN_ID is '{'1' * 80}', which is no positive whole number."),
        ("GITHUB_RUN_ATTEMPT", "x", "GITHUB_RUN_ATTEMPT is 'x', which is no positive whole number."),
        ("GITHUB_API_URL", "file:///etc", "GITHUB_API_URL is 'file:///etc', which is no http(s) address."),
        ("GITHUB_SERVER_URL", "https://a@b", "GITHUB_SERVER_URL is 'https://a@b', which is no http(s) address."),
        ("GITHUB_EVENT_PATH", None, "GITHUB_EVENT_PATH is not set."),
    ],
)  # fmt: skip
def test_environment__what_is_missing_or_malformed_is_named(refusal, variable, value, message):
    """One sentence says which variable and why."""
    assert refusal("push", {}, **{variable: value}) == (
        "MLCI520", message, "GitHub Actions sets it; with act, `--env` does.",
    )  # fmt: skip


def test_ref__may_be_missing(environ):
    """Then the run is not on the default branch."""
    event = read(environ("push", {}, GITHUB_REF=None))

    assert (event.ref, event.is_default_branch) == ("", False)


# --- what is refused ---------------------------------------------------------------------------------------------


def test_refusal__outside_of_actions(refusal):
    """Whoever tries it on a laptop is told the command for that."""
    assert refusal("", {}) == (
        "MLCI520",
        "`mlci action` is what the container does in GitHub Actions; on a laptop use `mlci run`.",
        "GITHUB_EVENT_NAME is not set here.",
    )


def test_refusal__of_an_event_that_is_not_handled(refusal):
    """Those that are handled are listed."""
    assert refusal("issue_comment", {}) == (
        "MLCI521",
        "mlci does not handle the event 'issue_comment'.",
        (
            "It handles pull_request, merge_group, push, schedule, workflow_dispatch and workflow_run: say one of them "
            "below `on:` in the workflow."
        ),
    )


def pull(**changes):
    """A pull request's payload, with something changed in it."""
    return {"pull_request": {"number": 7, "head": {"sha": HEAD}, "base": {"ref": "main"}, **changes}}


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({}, "The payload of this `pull_request` event has no `pull_request`."),
        (pull(head={}), "The payload of this `pull_request` event has no `pull_request.head.sha`."),
        (pull(number=-1), "`pull_request.number` {} is wrong: input should be greater than 0."),
        (pull(number="7"), "`pull_request.number` {} is wrong: input should be a valid integer."),
        (pull(head={"sha": "x"}), "`pull_request.head.sha` {} is no SHA of 40 or 64 hex digits."),
        (pull(base={"ref": "--upload-pack=x"}), "`pull_request.base.ref` {} is no name of a branch or tag."),
        (
            pull(head={"sha": HEAD, "repo": {"full_name": "a/b/c"}}),
            "`pull_request.head.repo.full_name` {} is no repository's name, as in owner/name.",
        ),
        ({"repository": {}}, "The payload of this `pull_request` event has no `repository.default_branch`."),
        (b"", "The event's payload is not JSON: EOF while parsing a value at line 1 column 0."),
        (b"{not", "The event's payload is not JSON: key must be a string at line 1 column 2."),
        (b"[]", "The event's payload is no JSON object."),
    ],
)
def test_payload__what_is_wrong_is_named(refusal, payload, problem):
    """One sentence says where and what, without the payload's own words."""
    assert refusal("pull_request", payload) == (
        "MLCI520",
        problem.format("in the payload of this `pull_request` event"),
        "GITHUB_EVENT_PATH names the file; GitHub writes it, and act takes it from you: `act -e FILE`.",
    )


@pytest.mark.parametrize(("name", "needed"), [("merge_group", "merge_group"), ("workflow_run", "workflow_run")])
def test_payload__without_what_the_event_is_about(refusal, name, needed):
    """The part that is needed is named."""
    assert refusal(name, {})[1] == f"The payload of this `{name}` event has no `{needed}`."


def test_payload__that_is_not_there(refusal, tmp_path):
    """The file's name is told."""
    path = str(tmp_path / "none.json")

    assert refusal("push", {}, GITHUB_EVENT_PATH=path)[:2] == (
        "MLCI520", f"The event's payload cannot be read: No such file or directory ({path}).",
    )  # fmt: skip


def test_payload__larger_than_any_of_github(refusal, monkeypatch):
    """It is not even parsed."""
    monkeypatch.setattr("mlci.payload.LARGEST", 10)

    assert refusal("push", b'{"a": "0123456789"}')[1] == "The event's payload is larger than 25 MB."


@pytest.mark.parametrize("name", KINDS)
def test_payload__that_is_nested_without_end(refusal, name):
    """Depth does not break the parser."""
    assert refusal(name, b'{"repository": ' + b"[" * 500_000)[1].startswith("The event's payload is not JSON: ")
