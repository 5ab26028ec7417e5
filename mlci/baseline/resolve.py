"""Which commit the candidates are compared with: the merge base with the base branch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.config.suggest import did_you_mean
from mlci.errors import GitError
from mlci.results import Finding

if TYPE_CHECKING:
    from mlci.git import Repository
    from mlci.results import Commit

NONE = "none"  # `--base none`: judge by absolute gates alone


@dataclass(frozen=True, slots=True)
class Base:
    """The base commit, or None with a finding that says why there is none."""

    commit: Commit | None
    findings: tuple[Finding, ...] = ()


def resolve(repository: Repository, head: str, *, base: str | None, branch: str, dirty: bool) -> Base:
    """Find the base commit of `head`.

    Args:
        repository: Where to look.
        head: The head's SHA.
        base: What the user said: a ref, or `none`; None takes the base branch of the configuration.
        branch: The base branch, with or without a remote's name.
        dirty: Whether the work tree differs from `head`; then `head` itself can be a base.

    Raises:
        GitError: there is no such branch or commit, or it has no common ancestor with `head`.
    """
    if base == NONE:
        return Base(None, (no_baseline("`--base none` was given", ""),))
    ref = base or branch
    merge = _nearest(repository, head, _tips(repository, ref, given=base is not None))
    if merge != head or dirty:
        return Base(repository.commit(merge, ref))
    parent = repository.parent(head)
    if parent is None and repository.shallow():
        repository.deepen(head)
        parent = repository.parent(head)
    if parent is None and repository.parents(head):
        raise GitError(
            f"{head[:10]} is on `{ref}` itself, and its parent is not in this shallow clone.",
            hint="Fetch the history: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout.",
            code="MLCI433",
        )
    if parent is None:
        return Base(None, (no_baseline(f"this is the first commit of `{ref}`", ""),))
    note = Finding(
        code="MLCI436",
        severity="info",
        message=f"This commit is on `{ref}` itself, so it is compared with its parent, {parent[:7]}.",
        hint="Say what to compare with: `--base REF`.",
    )
    return Base(repository.commit(parent, ref), (note,))


def exactly(repository: Repository, sha: str, branch: str) -> Base | None:
    """The base that GitHub names: a test merge's first parent, a merge queue's base, what was pushed upon.

    None where the remote does not give that commit: after a forced push it may be gone.
    """
    return None if repository.fetch_commit(sha) is None else Base(repository.commit(sha, branch))


def unreachable(sha: str) -> Finding:
    """The finding that says why another commit than the one that GitHub names was compared with."""
    return Finding(
        code="MLCI439",
        severity="warn",
        message=f"The base commit {sha[:7]} that GitHub names is not in this clone and could not be fetched, so the "
        "merge base is compared with.",
        hint="Give the step a token that may read the repository (`contents: read`), or check out with "
        "`fetch-depth: 0`. After a forced push the commit may be gone.",
    )


def _tips(repository: Repository, ref: str, *, given: bool) -> list[str]:
    """The commits that a ref may mean: the local branch, and the remote's."""
    names = [ref] if given and repository.resolve(ref) else [f"refs/remotes/origin/{ref}", f"refs/heads/{ref}", ref]
    tips = [sha for name in names if (sha := repository.resolve(name))]
    if not tips and (fetched := repository.fetch(ref.removeprefix("origin/"))):
        tips = [fetched]
    if tips:
        return list(dict.fromkeys(tips))
    known = repository.branches()
    raise GitError(
        f"There is no branch or commit '{ref}' to compare with.",
        hint=did_you_mean(ref, known).strip() or "Commit first, or say what to compare with: --base REF.",
        code="MLCI437",
    )


def _nearest(repository: Repository, head: str, tips: list[str]) -> str:
    """The merge base that is nearest to the head: a stale local branch must not hide a fresh remote one."""
    bases = [repository.merge_base(head, tip) for tip in tips]
    # a tip that holds the head itself (work on a local main, ahead of the remote's) would hide what is new
    found, *others = [each for each in bases if each != head] or bases
    for other in others:
        if repository.merge_base(found, other) == found:
            found = other
    return found


def no_baseline(why: str, hint: str) -> Finding:
    """The finding that says why nothing can be compared."""
    return Finding(
        code="MLCI303",
        severity="info",
        message=f"There is no baseline ({why}): absolute gates judge alone.",
        hint=hint or "The next pull request is compared with this one once it is merged.",
    )
