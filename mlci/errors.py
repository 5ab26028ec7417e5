"""What can go wrong, and whose fault it is.

    MlciError                  a sentence, a hint, a finding code, a location
    ├── UserError              the repository is at fault: exit code 2
    │   ├── ConfigError        `mlci.yml`, options, inputs; holds every problem at once
    │   ├── DataError          a dataset cannot be read, or is not what the configuration says
    │   ├── SuiteError         a Great Expectations suite cannot be read or loaded
    │   ├── TrainingError      a candidate or a training command failed
    │   ├── ReportError        a template of the user's own failed
    │   └── GitError           no repository, no such commit, no merge base
    └── ApiError               GitHub refuses or does not answer (github/failures.py); it ends no run, only a publishing

Every message is one sentence that says what and where; `hint` says how to mend it. `cli.main` is the only place
that turns an error into an exit code; whatever is none of these is mlci's own fault (exit code 3).
"""

from __future__ import annotations

from dataclasses import dataclass

PASS, FAIL, USER, OURS, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: no gate failed, a gate failed, the repository is at fault, mlci itself is, the run was interrupted."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file of the repository; lines and columns count from 1."""

    path: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)


class MlciError(Exception):
    """The root of everything that mlci raises on purpose."""

    code = "MLCI900"

    def __init__(
        self, message: str, *, hint: str = "", location: Location | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.location = location
        self.code = code or type(self).code

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location else ""
        return f"{where}{self.message}" + (f"\n  {self.hint}" if self.hint else "")


class UserError(MlciError):
    """The repository, its data or its options are at fault (exit code 2)."""

    code = "MLCI400"


class ConfigError(UserError):
    """One problem of the configuration, or all of them: `problems` holds each as its own error."""

    code = "MLCI410"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        location: Location | None = None,
        problems: tuple[ConfigError, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint, location=location)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems) or super().__str__()

    @classmethod
    def of(cls, problems: list[ConfigError]) -> ConfigError:
        """One error that shows all of `problems`, in the order of the file."""
        ordered = sorted(
            problems, key=lambda p: (p.location.line or 0, p.location.column or 0) if p.location else (0, 0)
        )
        return cls(ordered[0].message, location=ordered[0].location, problems=tuple(ordered))


class DataError(UserError):
    """A dataset cannot be read, or is not what the configuration says."""

    code = "MLCI100"


class SuiteError(UserError):
    """A suite of expectations cannot be read, or Great Expectations would not load all of it."""

    code = "MLCI110"


class TrainingError(UserError):
    """A candidate, or a training command, failed.

    `traceback` is the user's own, cut to their code; `stage` is what their code was doing (`fit`, `predict`, …).
    """

    code = "MLCI200"

    def __init__(  # noqa: PLR0913 - all that can be told of a failed training
        self,
        message: str,
        *,
        hint: str = "",
        location: Location | None = None,
        code: str | None = None,
        traceback: str = "",
        stage: str = "",
    ) -> None:
        super().__init__(message, hint=hint, location=location, code=code)
        self.traceback = traceback
        self.stage = stage


class ReportError(UserError):
    """A report template of the user's own failed."""

    code = "MLCI420"


class GitError(UserError):
    """There is no repository, no such commit or no merge base."""

    code = "MLCI430"
