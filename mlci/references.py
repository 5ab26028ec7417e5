"""What gates hold against besides the merge base, so that small losses do not add up: the best commit, or a ref."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlci.baseline import ledger, records
from mlci.config.load import load
from mlci.data.labels import canonical_label
from mlci.data.split import describe
from mlci.errors import ConfigError, GitError, UserError
from mlci.results import Finding
from mlci.trees import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mlci.baseline.ledger import Entry
    from mlci.config.models import Baseline, Config, ModelConfig
    from mlci.trees import Trees


ITSELF = "it is the commit that is judged"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+-]*")
_SHA = re.compile(r"[0-9a-f]{7,64}")
_WHOLE = (40, 64)  # digits of a SHA that is not cut short


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A commit that one model's gates hold against; `tree` is None where there is nothing to train, for a `reason`.

    `is_new`: it is the pull request that asks for it. `judged` is how many commits the ledger says that the holdout
    has judged.
    """

    name: str
    sha: str = ""
    tree: Tree | None = None
    same_as_base: bool = False
    is_new: bool = False
    reason: str = ""
    judged: int | None = None


def agreed(trees: Trees) -> tuple[Baseline, bool]:
    """Whose `baseline` holds, and whether it is the pull request that brings it: the base branch is the judge."""
    mine = trees.loaded.config.baseline
    theirs = trees.base_config.baseline if trees.base_config else None
    if theirs is None or theirs.reference == ledger.MERGE_BASE:
        return mine, theirs is not None
    return theirs, False


@contextmanager
def referring(trees: Trees, scratch: Path, models: Iterable[str], name: str | None = None) -> Iterator[Trees]:
    """Both sides with each model's reference, laid out in work trees that are taken away at the end.

    Args:
        trees: Both sides.
        scratch: A folder for the work trees.
        models: Those that are judged.
        name: The configuration's file, where it was named.
    """
    baseline, is_new = agreed(trees)
    trees = replace(trees, findings=(*trees.findings, *_changed(trees, baseline)))
    if trees.repository is None or trees.base is None or baseline.reference == ledger.MERGE_BASE:
        yield trees
        return
    finder = _Finder(trees, scratch / "references", {}, name, baseline, is_new)
    try:
        try:
            known = finder.entries()
        except UserError as error:
            problem = Finding(code=error.code, severity="warn", message=error.message, hint=error.hint)
            yield replace(trees, findings=(*trees.findings, problem))
            return
        configs = trees.loaded.config.models
        yield replace(trees, references={model: finder.of(model, configs[model], known) for model in models})
    finally:
        for each in finder.made.values():
            trees.repository.remove_worktree(each)


def _changed(trees: Trees, baseline: Baseline) -> Iterator[Finding]:
    mine = trees.loaded.config.baseline
    for key in ("reference", "ledger"):
        old, new = getattr(baseline, key), getattr(mine, key)
        if old != new:
            yield Finding(
                code="MLCI401",
                severity="warn",
                message=f"This pull request would change `baseline.{key}` from `{old}` to `{new}`; the base branch's "
                "rule judges until the merge.",
                hint="Nothing to do if this is meant: it takes effect after the merge.",
                location=trees.loaded.where("baseline", key),
            )


@dataclass(frozen=True, slots=True)
class _Finder:
    trees: Trees
    scratch: Path
    made: dict[str, Path]  # work trees by their commit: models may share one
    config: str | None
    baseline: Baseline
    is_new: bool

    def entries(self) -> tuple[Entry, ...]:
        """The ledger as the base branch has it; one that only the pull request has is none."""
        if self.baseline.reference != ledger.BEST:
            return ()
        return entries(self.trees, self.baseline)

    def of(self, model: str, config: ModelConfig, entries: tuple[Entry, ...]) -> Reference:
        """One model's reference."""
        name = self.baseline.reference
        plain = Reference(name=name, is_new=self.is_new)
        if name == ledger.BEST:
            key = self.trees.loaded.config.datasets[config.dataset].key
            judged = ledger.judged(entries, model, describe(config.split, key))
            plain = replace(plain, judged=judged)
            held = ledger.titles(entries, model, question(config))
            if not held:
                return replace(plain, reason="the ledger has no commit of this model yet")
            # another clone's ledger may know a better one, which an older pull request is not held against
            found = (sha for each in reversed(held) if (sha := self._commit(each.commit)) and self._is_merged(sha))
            plain, sha = replace(plain, sha=held[-1].commit), next(found, None)
        else:
            sha = self._commit(name)
        if sha is None:
            what = "the best commit" if name == ledger.BEST else f"the commit `{name}`"
            return replace(plain, reason=f"{what} is not in this clone and could not be fetched")
        if sha == self.trees.base_sha:
            return replace(plain, sha=sha, same_as_base=True)
        if sha in self._judged():
            return replace(plain, sha=sha, reason=ITSELF)
        if not self._is_merged(sha):
            return replace(plain, sha=sha, reason="it is no commit of the base branch's own history")
        return self._laid_out(replace(plain, sha=sha), model, config)

    def _is_merged(self, sha: str) -> bool:
        """Whether a commit is part of what the base has: a pull request must not bring what it is held against."""
        repository, base = self.trees.repository, self.trees.base_sha
        if repository is None or base is None:
            return False
        if sha in self._judged():
            return True  # told by its own reason
        try:
            return repository.merge_base(sha, base) == sha
        except GitError:
            return False

    def _judged(self) -> tuple[str, ...]:
        commit = self.trees.head.commit
        return (commit.sha, commit.merge) if commit else ()

    def _commit(self, name: str) -> str | None:
        """The commit that a tag, a branch or a SHA names: nothing that moves with the pull request, such as HEAD."""
        repository = self.trees.repository
        if repository is None or not _NAME.fullmatch(name) or name.endswith("HEAD"):
            return None
        places = ("refs/tags/", "refs/remotes/origin/", "refs/heads/")
        for place in places:
            if sha := repository.resolve(f"{place}{name}"):
                return sha
        if _SHA.fullmatch(name):
            sha = repository.fetch_commit(name) if len(name) in _WHOLE else repository.resolve(name)
            return sha or repository.fetch_named(name)
        return repository.fetch_named(name)

    def _laid_out(self, found: Reference, model: str, config: ModelConfig) -> Reference:
        repository, top = self.trees.repository, self.scratch / found.sha
        if repository is None:
            return found
        try:
            if found.sha not in self.made:
                self.scratch.mkdir(exist_ok=True)
                repository.add_worktree(found.sha, top)
                self.made[found.sha] = top
            folder = top / self.trees.prefix
            loaded = load(folder, self.config)
        except (ConfigError, GitError) as error:
            return replace(found, reason=error.message.rstrip("."))
        theirs = loaded.config.models.get(model)
        if theirs is None:
            return replace(found, reason=f"it has no model `{model}`")
        if question(theirs) != question(config):
            return replace(found, reason="its model answers another question")
        return replace(found, tree=Tree(folder, repository.commit(found.sha, found.name), loaded))


def entries(trees: Trees, baseline: Baseline) -> tuple[Entry, ...]:
    """The ledger that judges: the base branch's where git has it, else the one beside the work tree or at its URL.

    Raises:
        UserError: it cannot be read.
    """
    if "://" in baseline.ledger:
        return records.read(baseline.ledger, trees.workspace)
    if trees.in_base(baseline.ledger) and trees.base is not None:
        return records.read(baseline.ledger, trees.base.folder, within=trees.within)
    if trees.in_head(baseline.ledger):
        raise UserError(
            f"The ledger {baseline.ledger} is in this pull request and not on the base branch, so it is not read: the "
            "gates hold against the merge base alone.",
            hint="The base branch keeps the ledger: merge it first, in a change of its own.",
            code="MLCI441",
        )
    return records.read(baseline.ledger, trees.workspace, within=trees.within)


def question(model: ModelConfig) -> str:
    """What a model answers, as the ledger writes it."""
    positive = "" if model.positive is None else canonical_label(model.positive)
    return ledger.question_of(model.target, model.task, positive)


def config_of(reference: Reference) -> Config | None:
    """The reference's own configuration."""
    return reference.tree.loaded.config if reference.tree and reference.tree.loaded else None
