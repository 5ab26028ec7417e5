"""The map: which configuration, which two commits, and where their files lie while the run lasts."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.baseline import resolve as baseline
from mlci.config.load import NAMES, load
from mlci.config.suggest import did_you_mean
from mlci.errors import ConfigError, GitError
from mlci.fence import top_of
from mlci.git import Repository
from mlci.results import Commit, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlci.config.load import Loaded
    from mlci.config.models import Config
    from mlci.references import Reference
    from mlci.results import FileChange
    from mlci.settings import Settings


@dataclass(frozen=True, slots=True)
class Tree:
    """One side's files: `folder` is where the configuration lies, and what its paths are relative to."""

    folder: Path
    commit: Commit | None
    loaded: Loaded | None  # None: this side has no (valid) configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """Both sides of a run; `prefix` is the configuration's folder inside the repository."""

    head: Tree
    loaded: Loaded
    base: Tree | None
    repository: Repository | None
    prefix: Path
    workspace: Path
    findings: tuple[Finding, ...] = ()
    confined: bool = False  # what the configuration names must lie in the repository: a stranger may have written it
    references: Mapping[str, Reference] = field(default_factory=dict)  # of each model, besides the base

    @property
    def within(self) -> tuple[Path, ...]:
        """Where all local data must lie; empty where they may lie anywhere."""
        if not self.confined:
            return ()
        sides = [self.head, self.base, *(each.tree for each in self.references.values())]
        folders = [self.workspace, *(each.folder for each in sides if each is not None)]
        return tuple(dict.fromkeys(top_of(each, self.prefix) for each in folders))

    @property
    def base_sha(self) -> str | None:
        """The base commit, where there is one."""
        return self.base.commit.sha if self.base and self.base.commit else None

    @property
    def base_config(self) -> Config | None:
        """The base's configuration, where it has a valid one."""
        return self.base.loaded.config if self.base and self.base.loaded else None

    @property
    def keeps_token(self) -> bool:
        """Whether the checkout that a stranger's code may be judged in keeps the job's token."""
        return self.confined and self.repository is not None and self.repository.keeps_credentials()

    def changes(self) -> tuple[FileChange, ...]:
        """The files that differ between base and head."""
        if self.repository is None or self.base_sha is None or self.head.commit is None:
            return ()
        in_place = self.head.folder.resolve() == (self.repository.root / self.prefix).resolve()
        return self.repository.changes(self.base_sha, None if in_place else self.head.commit.sha)

    def data_folder(self, path: str) -> Path:
        """Where the head's data lie: beside its code, or, where git does not have them, where the user works."""
        sha = self.head.commit.sha if self.head.commit else ""
        if self.head.folder == self.workspace or self.repository is None:
            return self.head.folder
        tracked = self.repository.tracked(sha, (self.prefix / path).as_posix())
        return self.head.folder if tracked else self.workspace

    def in_base(self, path: str) -> bool:
        """Whether git has the files of a path, or of a glob, at the base commit."""
        if self.repository is None or self.base_sha is None:
            return False
        return self.repository.tracked(self.base_sha, (self.prefix / path).as_posix())

    def is_on(self, branch: str) -> bool:
        """Whether the head is a commit of a branch, as it is."""
        commit = self.head.commit
        if self.repository is None or commit is None or commit.dirty:
            return False
        tips = [self.repository.resolve(f"{place}{branch}") for place in ("refs/heads/", "refs/remotes/origin/")]
        return any(tip and self.repository.is_ancestor(commit.sha, tip) for tip in tips)

    def in_head(self, path: str) -> bool:
        """Whether git has the files of a path at the head commit."""
        if self.repository is None or self.head.commit is None:
            return False
        sha = self.head.commit.merge or self.head.commit.sha
        return self.repository.tracked(sha, (self.prefix / path).as_posix())

    def in_commit(self, sha: str, path: str) -> bool:
        """Whether git has the files of a path at a commit."""
        return self.repository is not None and self.repository.tracked(sha, (self.prefix / path).as_posix())


@contextmanager
def laid_out(settings: Settings, scratch: Path) -> Iterator[Trees]:
    """Lay out both sides, and take the work trees away at the end.

    Raises:
        ConfigError: the head's configuration is missing or wrong.
        GitError: there is no repository, no such commit, or no merge base.
    """
    asked = settings.folder / (settings.config or ".")
    folder = asked.parent if settings.config else asked
    if not folder.is_dir():
        raise ConfigError(f"There is no folder {folder} to look for a configuration in.", hint="Check --config.")
    name = asked.name if settings.config else None
    try:
        repository: Repository | None = Repository.at(folder, settings.credentials)
    except GitError:
        if settings.base != baseline.NONE:
            raise
        repository = None
    if repository and not settings.config:
        folder = _nearest(folder.resolve(), repository.root.resolve())
    prefix = folder.resolve().relative_to(repository.root.resolve()) if repository else Path()
    made: list[Path] = []
    try:
        head = _head(settings, repository, folder, scratch, prefix, made)
        loaded = load(head.folder, name)
        _known_models(settings, loaded)
        branch = settings.target_branch or loaded.config.baseline.branch
        laid, findings = _base(settings, repository, branch, head, scratch / "base", made)
        base, missing = _configured(laid, prefix, name)
        agreed = base.loaded.config.baseline.branch if base and base.loaded and not settings.target_branch else branch
        if agreed != branch and settings.base is None and settings.base_sha is None:
            laid, findings = _base(settings, repository, agreed, head, scratch / "base-agreed", made)
            base, missing = _configured(laid, prefix, name)
            findings = (*findings, _other_branch(loaded, agreed))
        yield Trees(
            head=replace(head, loaded=loaded),
            loaded=loaded,
            base=base,
            repository=repository,
            prefix=prefix,
            workspace=folder,
            confined=settings.confined,
            findings=(
                *_dirt(head),
                *_elsewhere(repository, head),
                *findings,
                *missing,
            ),
        )
    finally:
        for each in made:
            if repository:
                repository.remove_worktree(each)


def _nearest(folder: Path, top: Path) -> Path:
    """The nearest folder upwards that holds a configuration; where none does, the folder itself."""
    for each in (folder, *folder.parents):
        if any((each / name).is_file() for name in NAMES):
            return each
        if each == top:
            break
    return folder


def _head(  # noqa: PLR0913, PLR0917 - what it takes to find a folder
    settings: Settings, repository: Repository | None, folder: Path, scratch: Path, prefix: Path, made: list[Path]
) -> Tree:
    if repository is None:
        return Tree(folder, None, None)
    ref = settings.head or "HEAD"
    sha = repository.resolve(ref) or repository.resolve(f"origin/{ref}")
    if sha is None:
        empty = repository.resolve("HEAD") is None
        raise GitError(
            "This repository has no commit yet." if empty else f"There is no commit '{ref}' to judge.",
            hint="Commit first; a run compares commits."
            if empty
            else did_you_mean(ref, repository.branches()).strip() or "Check --head.",
            code="MLCI437",
        )
    if settings.head is None:
        return Tree(folder, _judged(settings, repository, sha), None)
    made.append(scratch / "head")
    repository.add_worktree(sha, made[-1])
    return Tree(made[-1] / prefix, repository.commit(sha, ref), None)


def _judged(settings: Settings, repository: Repository, sha: str) -> Commit:
    """The commit that the work tree stands for: in a pull request its head, of which GitHub checks out a test merge."""
    stands_for, dirty = settings.stands_for, repository.dirty() > 0
    if stands_for is None:
        return repository.commit(sha, repository.head_name()).model_copy(update={"dirty": dirty})
    subject = repository.commit(stands_for.sha).subject if repository.resolve(stands_for.sha) else ""
    return Commit(
        sha=stands_for.sha,
        ref=stands_for.ref,
        subject=subject,
        dirty=dirty,
        merge="" if sha == stands_for.sha else sha,
    )


def _merged_into(repository: Repository | None, head: Tree) -> str | None:
    """The commit that a pull request's test merge merges it into."""
    if repository is None or head.commit is None or not head.commit.merge:
        return None
    parents = repository.parents(head.commit.merge)
    return parents[0] if head.commit.sha in parents[1:] else None


def _elsewhere(repository: Repository | None, head: Tree) -> Iterator[Finding]:
    """A report that stands under one commit and speaks of another says so."""
    if head.commit is not None and head.commit.merge and _merged_into(repository, head) is None:
        yield Finding(
            code="MLCI439",
            severity="warn",
            message=f"The work tree is at {head.commit.merge[:7]}, which is neither {head.commit.sha[:7]}, the commit "
            "that the workflow runs for, nor its test merge: this report stands under one commit and is of another.",
            hint="Check out with actions/checkout without `ref:`, right before this step.",
        )


def _base(  # noqa: PLR0913, PLR0917 - what it takes to find a commit
    settings: Settings,
    repository: Repository | None,
    branch: str,
    head: Tree,
    folder: Path,
    made: list[Path],
) -> tuple[Tree | None, tuple[Finding, ...]]:
    if repository is None or head.commit is None:
        reason = "this folder is in no git repository"
        return None, (baseline.no_baseline(reason, "Run mlci inside a repository to compare with its base branch."),)
    exact = None if settings.base else settings.base_sha or _merged_into(repository, head)
    found = baseline.exactly(repository, exact, branch) if exact else None
    if found is None:
        found = baseline.resolve(
            repository,
            head.commit.merge or head.commit.sha,
            base=settings.base,
            branch=branch,
            dirty=head.commit.dirty,
        )
        if exact:
            found = replace(found, findings=(*found.findings, baseline.unreachable(exact)))
    if found.commit is None:
        return None, found.findings
    made.append(folder)
    repository.add_worktree(found.commit.sha, folder)
    return Tree(folder, found.commit, None), found.findings


def _other_branch(loaded: Loaded, agreed: str) -> Finding:
    """A pull request does not choose what it is compared with."""
    return Finding(
        code="MLCI401",
        severity="warn",
        message=f"This pull request would change the base branch from `{agreed}` to `{loaded.config.baseline.branch}`; "
        "the base branch's rule judges until the merge.",
        hint="Nothing to do if this is meant; --base REF compares with another commit at once.",
        location=loaded.where("baseline", "branch"),
    )


def _configured(base: Tree | None, prefix: Path, name: str | None) -> tuple[Tree | None, tuple[Finding, ...]]:
    """The base with its own configuration, or the finding that says why it has none."""
    if base is None or base.commit is None:
        return base, ()
    folder = base.folder / prefix
    try:
        return Tree(folder, base.commit, load(folder, name)), ()
    except ConfigError as error:
        first = error.problems[0] if error.problems else error
        why = f"the configuration at {base.commit.sha[:7]} does not hold: {first.message.rstrip('.')}"
        if _is_new(folder, name):
            why = f"{name or NAMES[0]} is new here, {base.commit.sha[:7]} has none"
        finding = baseline.no_baseline(why, "Merge the configuration first; from then on pull requests are compared.")
        return Tree(folder, base.commit, None), (finding,)


def _is_new(folder: Path, name: str | None) -> bool:
    """Whether a folder holds no configuration at all, rather than one that does not hold."""
    return not any((folder / each).is_file() for each in ((name,) if name else NAMES))


def _dirt(head: Tree) -> Iterator[Finding]:
    if head.commit is not None and head.commit.dirty:
        yield Finding(
            code="MLCI438",
            severity="info",
            message="The work tree has changes that are not committed: this report is of the files as they are, not of "
            f"{head.commit.sha[:7]}.",
            hint="Commit first, or judge a commit with --head REF.",
        )


def _known_models(settings: Settings, loaded: Loaded) -> None:
    for name in settings.models:
        if name not in loaded.config.models:
            raise ConfigError(
                f"There is no model '{name}' in {loaded.document.name}.",
                hint=did_you_mean(name, loaded.config.models).strip(),
                location=loaded.where("models"),
            )
