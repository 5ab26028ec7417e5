from __future__ import annotations

from dataclasses import replace

import pytest
from github_api import Fault

from mlci.event import WorkflowRun
from mlci.github import pulls
from mlci.github.client import Access, ApiError, Client
from mlci.github.pulls import Pull

HEAD, NEWER, BASE = "1" * 40, "2" * 40, "3" * 40
FORK = "stranger/flights"
RUN = WorkflowRun(
    id=99,
    head_sha=HEAD,
    head_branch="feature/a b#1",
    head_owner="stranger",
    head_repository=FORK,
    event="pull_request",
    conclusion="success",
)
THEIRS = {"head_sha": HEAD, "base_sha": BASE, "head_owner": "stranger", "head_ref": "feature/a b#1"}


@pytest.fixture
def client(github):
    """A client that never waits."""
    return Client(Access(repository="octo/flights", api_url=github.url, token="t0ken", timeout=5.0, patience=0.0))  # noqa: S106 - the stand-in's


def pull(number, base_ref="main"):
    """A pull request of the fork's."""
    return Pull(number=number, head_sha=HEAD, base_sha=BASE, base_ref=base_ref, head_repository=FORK)


def test_of_run__finds_the_forks_pull_request_in_one_call(github, client):
    """A fork's pull request is found by its head, although the event names none."""
    github.pull(12, **THEIRS)
    assert pulls.of_run(client, RUN) == (pull(12),)
    assert [each.method for each in github.requests] == ["GET"]


def test_of_run__one_head_for_several_branches(github, client):
    """One head may be proposed to several branches: all of them, by number."""
    github.pull(31, **THEIRS)
    github.pull(30, **THEIRS, base_ref="stable")
    assert pulls.of_run(client, RUN) == (pull(30, "stable"), pull(31))


@pytest.mark.parametrize(
    "other",
    [
        {"head_sha": NEWER},
        {"head_ref": "another"},
        {"head_repository": "stranger/flights-2"},
        {"head_repository": None},
        {"head_owner": "octo", "head_repository": "octo/flights"},
        {"state": "closed"},
    ],
)
def test_of_run__another_head_is_not_the_runs(github, client, other):
    """A newer commit, another branch or repository, one that is gone and a closed pull request do not count."""
    github.pull(12, **{**THEIRS, **other})
    assert pulls.of_run(client, RUN) == ()


def test_of_run__looks_at_each_where_the_filter_is_ignored(github, client, call):
    """What GitHub lists is checked, also where it lists all pull requests."""
    github.pull(12, **THEIRS)
    everything = call("GET", ":/pulls?state=all").json()
    github.fail(Fault(method="GET", path=r"/pulls$", status=200, body=everything))
    assert ([each["number"] for each in everything], pulls.of_run(client, RUN)) == ([12, 7], (pull(12),))


@pytest.mark.parametrize("gone", [{"head_owner": ""}, {"head_repository": ""}, {"head_branch": ""}, {"head_sha": ""}])
def test_of_run__nobody_is_asked_where_the_repository_is_gone(github, client, gone):
    """Without an owner there is no pull request, and no call."""
    github.pull(12, **THEIRS)
    assert (pulls.of_run(client, replace(RUN, **gone)), github.requests) == ((), [])


def test_of_run__reads_all_pages(github, client):
    """Where one head is proposed to more branches than fit a page, all are found."""
    for number in range(100, 205):
        github.pull(number, **THEIRS, base_ref=f"b{number}")
    found = pulls.of_run(client, RUN)
    assert [each.number for each in found] == list(range(100, 205))


def test_of_run__a_permission_that_is_missing(github, client):
    """The error names the permission."""
    github.token("t0ken", login="github-actions[bot]", app="github-actions", permissions={"contents": "read"})
    with pytest.raises(ApiError) as caught:
        pulls.of_run(client, RUN)
    assert (caught.value.code, "pull-requests: read" in caught.value.hint) == ("MLCI501", True)


RENAMED = {"filename": "old/build.yml", "status": "renamed", "previous_filename": ".github/workflows/build.yml"}


@pytest.mark.parametrize(
    ("files", "changes"),
    [
        ([], False),
        (["pipeline.py", "mlci.yml", ".github/CODEOWNERS", "docs/.github/workflows/x.yml", "my-action.yml"], False),
        (["pipeline.py", ".github/workflows/mlci.yml"], True),
        ([".github/workflows/scripts/run.sh"], True),
        ([".github/actions/setup/index.js"], True),
        (["action.yml"], True),
        (["tools/setup/action.yaml"], True),
        ([RENAMED], True),
        ([{**RENAMED, "filename": ".github/workflows/a.yml", "previous_filename": "a.yml"}], True),
        ([".github"], True),
        ([".github/workflows"], True),
        ([f"data/{i}.csv" for i in range(250)], False),
        ([*(f"data/{i}.csv" for i in range(250)), ".github/workflows/a.yml"], True),
    ],
)
def test_changes_workflows__by_the_files(github, client, files, changes):
    """Workflows and actions count, under their old names too, on every page of the list."""
    github.pull(12, **THEIRS, files=files)
    assert pulls.changes_workflows(client, 12) is changes


@pytest.mark.parametrize(("count", "changes"), [(2_999, False), (3_000, True), (3_100, True)])
def test_changes_workflows__a_list_that_may_be_cut_off_counts(github, client, count, changes):
    """GitHub lists at most 3,000 files: what lies beyond may be a workflow."""
    github.pull(12, **THEIRS, files=[f"data/{i}.csv" for i in range(count)])
    assert pulls.changes_workflows(client, 12) is changes


def test_changes_workflows__is_no_guess(github, client):
    """Where the list cannot be read nothing is said."""
    github.pull(12, **THEIRS, files=["a.py"])
    github.fail(Fault(method="GET", path=r"/files$", status=500, times=None))
    with pytest.raises(ApiError):
        pulls.changes_workflows(client, 12)
