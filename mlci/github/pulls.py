"""Pull requests, as the API tells them: `workflow_run.pull_requests` is empty where the head is a fork's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from github.PullRequest import PullRequest
    from github.Repository import Repository

    from mlci.event import WorkflowRun
    from mlci.github.client import Client

MOST_FILES = 3_000
"""Where GitHub ends the list of a pull request's files."""

_NEEDS = "pull-requests: read"
_FOLDERS = (".github/workflows", ".github/actions")
_ACTIONS = frozenset({"action.yml", "action.yaml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """An open pull request; `head_repository` is "owner/name"."""

    number: int
    head_sha: str
    base_sha: str
    base_ref: str
    head_repository: str


def of_run(client: Client, run: WorkflowRun) -> tuple[Pull, ...]:
    """The open pull requests whose head is what a workflow run ran for, ordered by number: one call or more.

    There is none where the head repository is gone, or where the branch has moved on since.

    Raises:
        ApiError: GitHub does not tell.
    """
    if not (run.head_sha and run.head_owner and run.head_branch and run.head_repository):
        return ()
    with client.calling("look for the pull request of the workflow run", _NEEDS):
        listed = client.repository.get_pulls(state="open", head=f"{run.head_owner}:{run.head_branch}")
        # GitHub drops a filter that it does not understand: each is looked at all the same
        pulls = [
            _pull(each, run.head_repository)
            for each in client.listed(listed)
            if each.state == "open" and each.head.sha == run.head_sha and _name(each.head.repo) == run.head_repository
        ]
    return tuple(sorted(pulls, key=lambda each: each.number))


def _pull(found: PullRequest, head_repository: str) -> Pull:
    return Pull(
        number=found.number,
        head_sha=found.head.sha,
        base_sha=found.base.sha,
        base_ref=found.base.ref,
        head_repository=head_repository,
    )


def _name(repository: Repository | None) -> str:
    """A repository's "owner/name"; empty where it is gone."""
    return "" if repository is None else repository.full_name


def changes_workflows(client: Client, number: int) -> bool:
    """Whether a pull request touches what runs it: workflows, or actions of the repository. A call per 100 files.

    A list of files as long as GitHub's longest may be cut off, and counts as one that does.

    Raises:
        ApiError: GitHub does not tell.
    """
    seen = 0
    with client.calling(f"list the files of pull request {number}", _NEEDS):
        for each in client.repository.get_pull(number).get_files():
            seen += 1
            if seen >= MOST_FILES or any(_runs(path) for path in (each.filename, each.previous_filename) if path):
                return True
    return False


def _runs(path: str) -> bool:
    """Whether a path is a workflow's or an action's, or a folder of theirs that became a link or a submodule."""
    return (
        path == ".github"
        or path in _FOLDERS
        or path.startswith(tuple(f"{folder}/" for folder in _FOLDERS))
        or path.rpartition("/")[2] in _ACTIONS
    )
