"""The noticeboard: one report comment and one check run for a run, whatever GitHub answers."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlci.github import check, comment
from mlci.github.client import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.github.annotations import Annotation
    from mlci.github.check import CheckRun, Conclusion
    from mlci.github.client import Client

SUMMARY = 65_535
"""Bytes of a check run's summary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is posted: the check run's conclusion, title, summary and annotations, and the comment's body."""

    conclusion: Conclusion
    title: str
    summary: str
    annotations: tuple[Annotation, ...] = ()
    body: str = ""  # of the comment; "" for none
    creates: bool = True  # a comment where there is none yet


@dataclass(slots=True, kw_only=True)
class Board:
    """Where one run's report is pinned.

    What cannot be posted is kept in `problems` and does not end the run: the verdict, the summary and the output folder
    do not depend on GitHub.
    """

    client: Client
    name: str  # of the check run
    head_sha: str
    run_url: str
    external_id: str  # by which a check run that an unanswered request has made is recognised
    reads_only: bool = False  # a fork's or Dependabot's token: after one refusal nothing else is tried
    problems: list[ApiError] = field(default_factory=list)
    check_url: str = ""
    comment_url: str = ""
    comment: str = ""  # what became of it
    note: str = ""  # what was left undone
    _check: CheckRun | None = None
    _is_begun: bool = False  # it was tried
    _is_complete: bool = False

    def begin(self) -> None:
        """Show that the check is in progress."""
        self._is_begun = True
        with self._kept():
            self._check = check.begin(
                self.client,
                name=self.name,
                head_sha=self.head_sha,
                details_url=self.run_url,
                external_id=self.external_id,
            )
            self.check_url = self._check.url

    @property
    def has_check(self) -> bool:
        """Whether there is a check run."""
        return self._check is not None

    @property
    def is_closed(self) -> bool:
        """Whether the token turned out to be one that only reads, as a fork's does."""
        return self.reads_only and any(error.is_permission for error in self.problems)

    def pin(self, notice: Notice, number: int | None) -> None:
        """Post the comment on a pull request, or bring it up to date, and complete the check that was begun."""
        if self.is_closed:
            return
        self.complete(notice)  # first: a check that stays in progress blocks a merge
        if notice.body and number is not None:
            self.post_comment(notice, number)

    def abandon(self, notice: Notice) -> None:
        """Complete a check that was begun, or may have been, and is not complete: the run ends here."""
        if self._is_begun and not self._is_complete and not self.is_closed:
            self.complete(notice)

    def complete(self, notice: Notice) -> None:
        """Complete the check; where the answer to its beginning was lost, it is looked for, or posted anew."""
        if self._check is None:
            self._look_again(notice)
        if self._check is None or self._is_complete:
            return
        with self._kept():
            check.complete(
                self.client,
                self._check,
                conclusion=notice.conclusion,
                title=notice.title,
                summary=notice.summary,
                annotations=notice.annotations,
            )
            self._is_complete = True

    def _look_again(self, notice: Notice) -> None:
        """Where GitHub did not answer when the check was begun, it may now."""
        if not self._is_begun or not all(error.is_unknown or error.is_limit for error in self.problems):
            return
        before = len(self.problems)
        with self._kept():
            self._check = check.find(self.client, name=self.name, head_sha=self.head_sha, external_id=self.external_id)
            if self._check is None:
                self.post_check(notice)
            else:
                self.check_url = self._check.url
        if len(self.problems) == before and self._check is not None:
            self.problems.clear()  # it could be posted after all

    def post_check(self, notice: Notice) -> None:
        """Post a check that is complete at once, for a run that ended elsewhere."""
        with self._kept():
            self._check = check.post(
                self.client,
                name=self.name,
                head_sha=self.head_sha,
                details_url=self.run_url,
                conclusion=notice.conclusion,
                title=notice.title,
                summary=notice.summary,
                annotations=notice.annotations,
            )
            self.check_url = self._check.url
            self._is_complete = True

    def post_comment(self, notice: Notice, number: int) -> None:
        """Post the comment, or bring it up to date."""
        with self._kept():
            posted = comment.post(
                self.client,
                number,
                notice.body,
                author=self._check.author if self._check else None,
                create=notice.creates,
            )
            self.comment_url, self.comment, self.note = posted.url, posted.what, posted.note

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except ApiError as error:
            self.problems.append(error)
