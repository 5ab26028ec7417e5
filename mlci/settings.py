"""What a run was asked to do: the command's options and the action's inputs, as frozen values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

from mlci.config.suggest import did_you_mean
from mlci.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlci.git import Credentials
    from mlci.results import Commit


@dataclass(frozen=True, slots=True)
class Links:
    """Where a report stands: the workflow run, the comment's id, the number by which a newer run is told."""

    run_url: str = ""
    report_url: str = ""
    comment_id: str = "default"
    run_id: int | None = None


NOWHERE = Links()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of `mlci run`.

    `folder` is where the command was called; `config` a path relative to it, or None to look for one; `head` a ref, or
    None for the work tree as it is; `cores` how many processors the run may use.
    """

    folder: Path
    config: str | None = None
    base: str | None = None
    head: str | None = None
    out: Path = Path("mlci-out")
    models: tuple[str, ...] = ()
    cores: int = 1
    target_branch: str | None = None  # the one that a pull request goes to, where the environment tells it
    stands_for: Commit | None = None  # what the work tree is a checkout of, where GitHub says so: a pull request's head
    base_sha: str | None = None  # the very commit to compare with, where GitHub says one
    credentials: Credentials | None = None  # what git may fetch with
    links: Links = NOWHERE  # where the report stands
    records: bool = False  # the commit is one of the base branch, and goes into the ledger
    twice: bool = False  # each side is trained a second time, to see whether that is reproducible
    confined: bool = False  # local data must lie in the repository: the configuration may be a stranger's


# --- the action's inputs -----------------------------------------------------------------------------------------

Mode = Literal["auto", "evaluate", "publish", "record"]
CommentWhen = Literal["true", "on-change", "false"]
FailOn = Literal["fail", "warn", "never"]

INPUT_NAMES: tuple[str, ...] = (
    "config",
    "github-token",
    "mode",
    "base",
    "models",
    "out",
    "comment",
    "comment-id",
    "check-name",
    "fail-on",
    "results",
    "twice",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The inputs of the action; their defaults hold where one is empty."""

    config: str | None = None
    token: str = field(default="", repr=False)
    mode: Mode = "auto"
    base: str | None = None
    models: tuple[str, ...] = ()
    out: Path = Path("mlci-out")
    comment: CommentWhen = "true"
    comment_id: str = "default"
    check_name: str = ""  # of `inputs`: never empty, "mlci" or "mlci (COMMENT-ID)" where none is given
    fail_on: FailOn = "fail"
    results: str = ""
    twice: bool = False


def inputs(environ: Mapping[str, str]) -> Inputs:
    """The action's inputs: INPUT_* variables as GitHub sets them, or with underscores for hyphens as a shell can.

    Raises:
        ConfigError: inputs are wrong or not known; `problems` holds all that is wrong.
    """
    problems = _misspelt(environ)

    def take(name: str, check: Callable[[str], T], default: T) -> T:
        try:
            return check(text) if (text := _given(environ, name)) else default
        except ConfigError as error:
            problems.append(ConfigError(f"`{name}` {error.message}", hint=error.hint))
            return default

    comment_id = take("comment-id", _comment_id, "default")
    read = Inputs(
        config=take("config", _path, None),
        token=take("github-token", _token, ""),
        mode=take("mode", lambda text: _choice(text, _MODES), "auto"),
        base=take("base", _base, None),
        models=take("models", _models, ()),
        out=Path(take("out", _path, "mlci-out")),
        comment=take("comment", _comment, "true"),
        comment_id=comment_id,
        check_name=take("check-name", _check_name, "mlci" if comment_id == "default" else f"mlci ({comment_id})"),
        fail_on=take("fail-on", lambda text: _choice(text, _FAIL_ON), "fail"),
        results=take("results", _line, ""),
        twice=take("twice", _boolean, default=False),
    )
    if problems:
        raise ConfigError.of(problems)
    return read


def _given(environ: Mapping[str, str], name: str) -> str:
    """What an input was given, or ""; the token may also stand in GITHUB_TOKEN."""
    upper = name.upper()
    names = [f"INPUT_{upper}", f"INPUT_{upper.replace('-', '_')}"] + ["GITHUB_TOKEN"] * (name == "github-token")
    return next((text for each in names if (text := environ.get(each, "").strip())), "")


def _misspelt(environ: Mapping[str, str]) -> list[ConfigError]:
    """Inputs that look like one of mlci's: GitHub only warns of those, and the run would go on without them."""
    problems = []
    for variable in sorted(environ):
        name = variable.removeprefix("INPUT_").lower().replace("_", "-")
        if variable.startswith("INPUT_") and name not in INPUT_NAMES and environ[variable].strip():
            hint = did_you_mean(name, INPUT_NAMES).strip()
            if hint.startswith("Did you mean"):
                problems.append(ConfigError(f"`{_shown(name)}` is no input of mlci.", hint=hint))
    return problems


T = TypeVar("T")
Choice = TypeVar("Choice", bound=str)

_MODES: tuple[Mode, ...] = get_args(Mode)
_COMMENT_WHEN: tuple[CommentWhen, ...] = get_args(CommentWhen)
_FAIL_ON: tuple[FailOn, ...] = get_args(FailOn)
_BOOLEAN: tuple[Literal["true", "false"], ...] = ("true", "false")
_BOOLEANS = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"}  # as YAML writes them

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_COMMENT_ID = re.compile(r"(?=.{1,100}\Z)[A-Za-z0-9._]+(?:-[A-Za-z0-9._]+)*")  # two hyphens would end an HTML comment
_CHECK_NAME_CHARACTERS = 100


def _shown(text: str) -> str:
    """A value in a message: short, and whatever cannot be seen in it written out."""
    return repr(text[:60])[1:-1]


def _choice(text: str, known: tuple[Choice, ...]) -> Choice:
    for each in known:
        if each == text:
            return each
    raise ConfigError(f"cannot be '{_shown(text)}'.", hint=did_you_mean(text, known).strip())


def _comment(text: str) -> CommentWhen:
    return _choice(_BOOLEANS.get(text, text), _COMMENT_WHEN)


def _boolean(text: str) -> bool:
    return _choice(_BOOLEANS.get(text, text), _BOOLEAN) == "true"


def _line(text: str) -> str:
    if _CONTROL.search(text):
        raise ConfigError(f"has a control character: '{_shown(text)}'.", hint="Write it on one line, as plain text.")
    return text


def _path(text: str) -> str:
    path = PureWindowsPath(_line(text))  # which takes both kinds of slashes, and knows drives
    if path.drive or path.root or ".." in path.parts:
        raise ConfigError(
            f"leads out of the workspace: '{_shown(text)}'.",
            hint="Give a path relative to the repository's folder, without `..`.",
        )
    return text


def _base(text: str) -> str:
    if text.startswith("-"):
        raise ConfigError(f"is no branch or commit: '{_shown(text)}'.", hint="Give a branch, a tag or a SHA.")
    return _line(text)


def _models(text: str) -> tuple[str, ...]:
    names = (name.strip() for name in re.split(r"[,\n]", text))
    return tuple(dict.fromkeys(_line(name) for name in names if name))


def _token(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        raise ConfigError(
            "holds white space, a control character or a letter that no token has.",
            hint="Give the secret alone, as in `github-token: ${{ secrets.NAME }}`.",
        )
    return text


def _comment_id(text: str) -> str:
    if not _COMMENT_ID.fullmatch(text):
        raise ConfigError(
            f"cannot be '{_shown(text)}'.",
            hint="Use letters, digits, '.', '_' and single '-' between them, at most 100.",
        )
    return text


def _check_name(text: str) -> str:
    if len(text) > _CHECK_NAME_CHARACTERS:
        raise ConfigError(f"has {len(text)} characters.", hint=f"Use at most {_CHECK_NAME_CHARACTERS}.")
    return _line(text)
