"""What GitHub's refusals and silences become: one sentence, a code and a hint. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from mlci.errors import MlciError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_WAIT = 60.0
"""Seconds: no call waits longer than this, all its waits together."""

_SAID = 300  # characters of GitHub's own words that a sentence takes
_PERMISSIONS = {"contents": "read", "checks": "write", "pull-requests": "write"}
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _GONE, _TOO_MANY, _SERVER = 401, 403, 404, 410, 429, 500
_UNPERMITTED = re.compile(
    r"^$|resource not accessible|permission|must have|write access|via a github app", re.IGNORECASE
)
_AGAIN = "Run the job again later; https://www.githubstatus.com tells whether GitHub has trouble."


class ApiError(MlciError):
    """GitHub did not do what was asked.

    `status` is the answer's, None where there was none; `said` are GitHub's own words, shortened and without the token;
    `wait` are the seconds that GitHub asked to wait before another try.
    """

    code = "MLCI506"

    def __init__(  # noqa: PLR0913 - what a user reads, and what a caller decides by
        self,
        message: str,
        *,
        hint: str = "",
        code: str | None = None,
        status: int | None = None,
        said: str = "",
        wait: float = 0.0,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.status = status
        self.said = said
        self.wait = wait

    @property
    def is_permission(self) -> bool:
        """Whether the token lacks a permission."""
        return self.code == "MLCI501"

    @property
    def is_limit(self) -> bool:
        """Whether a rate limit is reached: nothing was done, and waiting helps."""
        return self.code == "MLCI505"

    @property
    def is_unknown(self) -> bool:
        """Whether the work may have been done all the same: no answer came, or one that cannot be read."""
        return self.code in {"MLCI506", "MLCI507"}


class NoAnswerError(Exception):
    """Nobody answered, or not in time; `why` is the rest of a sentence, `may_pass` whether another try may help."""

    def __init__(self, why: str, hint: str = "", *, may_pass: bool = True) -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint
        self.may_pass = may_pass


class ForeignError(Exception):
    """What answered is not GitHub's API, or sends elsewhere; `why` is the rest of a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Call:
    """What was tried, for the sentence: `what` as in "post the comment", `needs` as in "pull-requests: write"."""

    what: str
    needs: str = ""
    repository: str = ""
    api_url: str = ""

    def unanswered(self, error: NoAnswerError) -> ApiError:
        """No answer."""
        return ApiError(f"mlci could not {self.what}: {error.why}.", hint=error.hint or _AGAIN, code="MLCI506")

    def foreign(self, why: str, status: int | None = None) -> ApiError:
        """An answer that is not GitHub's."""
        return ApiError(
            f"mlci could not {self.what}: {why}.",
            hint=f"The API's address is {self.api_url} (GITHUB_API_URL; on Enterprise Server it ends with /api/v3). "
            "A proxy may have answered in its place.",
            code="MLCI507",
            status=status,
        )

    def refused(self, status: int, headers: Mapping[str, Any], said: str, now: float) -> ApiError:
        """An answer that is no success, by its status, its headers and GitHub's own words."""
        wait = asked(status, headers, said, now)
        told = f"“{said}” ({status})" if said else f"({status})"
        if is_limited(status, headers, said):
            then = f", which asks to wait {wait:,.0f} s" if wait > LONGEST_WAIT else ""
            message, hint, code = (
                f"GitHub's rate limit is reached{then} ({status})",
                "Run the job again later; all jobs of a repository share one limit.",
                "MLCI505",
            )
        elif status >= _SERVER:
            message, hint, code = f"GitHub does not answer as it should ({status})", _AGAIN, "MLCI506"
        elif status == _UNAUTHORIZED:
            message, hint, code = (
                "GitHub does not accept the token (401)",
                "Leave `github-token` out to use the job's own, or give one that is valid.",
                "MLCI502",
            )
        elif status == _FORBIDDEN and "locked" in said.lower():
            message, hint, code = (
                "the pull request's conversation is locked (403)",
                "Unlock the conversation, or set `comment: false`; the report is in the job's summary.",
                "MLCI504",
            )
        elif status == _FORBIDDEN and _UNPERMITTED.search(said):
            message, hint, code = self._forbidden(said)
        elif status in {_NOT_FOUND, _GONE}:
            message, hint, code = (
                f"{self.repository or 'GitHub'} has no such thing, or the token cannot see it ({status})",
                "Check that the repository and the pull request are still there, and that the token may see them. "
                + _block(self.needs),
                "MLCI503",
            )
        else:
            message, hint, code = f"GitHub refuses it: {told}", "", "MLCI504"
        return ApiError(
            f"mlci could not {self.what}: {message}.", hint=hint, code=code, status=status, said=said, wait=wait
        )

    def _forbidden(self, said: str) -> tuple[str, str, str]:
        if "via a github app" in said.lower():
            return (
                "only a GitHub App's token may do this, and the one that is given belongs to a person (403)",
                "Leave `github-token` out: the job's own token is a GitHub App's.",
                "MLCI501",
            )
        lacks = f"the token lacks the permission `{self.needs}`" if self.needs else "the token lacks a permission"
        missing = f"What is missing is `{self.needs}`. " if self.needs else ""
        words = "" if not said or said.lower().startswith("resource not accessible by") else f": “{said}”"
        return f"{lacks} (403){words}", missing + _block(self.needs), "MLCI501"


def _block(needs: str) -> str:
    """The exact lines to add to a workflow."""
    name, _, level = needs.partition(":")
    lines = {**_PERMISSIONS, **({name.strip(): level.strip()} if level else {})}
    listed = "".join(f"\n      {key}: {value}" for key, value in lines.items())
    return f"The job in the workflow needs:\n    permissions:{listed}"


def is_limited(status: int, headers: Mapping[str, Any], said: str) -> bool:
    """Whether an answer says that a rate limit is reached, rather than that a permission is missing."""
    if status == _TOO_MANY:
        return True
    words = said.lower()
    return status == _FORBIDDEN and (
        _header(headers, "retry-after") != "" or "rate limit" in words or "abuse detection" in words
    )


def asked(status: int, headers: Mapping[str, Any], said: str, now: float) -> float:
    """Seconds that an answer asks to wait; 0 where it asks for nothing.

    A secondary limit that names no time means a minute, as GitHub's documentation says.
    """
    after = _header(headers, "retry-after")
    if after:
        return _seconds(after, now)
    if not is_limited(status, headers, said):
        return 0.0
    reset = _header(headers, "x-ratelimit-reset")
    if _header(headers, "x-ratelimit-remaining") == "0" and re.fullmatch(r"\d{1,12}", reset):
        return max(0.0, int(reset) - now + 1)
    return LONGEST_WAIT if "rate limit" in said.lower() else 0.0


def _seconds(after: str, now: float) -> float:
    """`Retry-After` is seconds or a date; what is neither counts as nothing."""
    if re.fullmatch(r"\d{1,9}", after):
        return float(after)
    try:
        return max(0.0, parsedate_to_datetime(after).timestamp() - now)
    except (ValueError, OverflowError):
        return 0.0


def _header(headers: Mapping[str, Any], name: str) -> str:
    return str(headers.get(name, "")).strip()


def said(body: bytes | str, secret: str = "") -> str:
    """GitHub's own words in the body of a refusal, on one line, shortened, without the token; "" where it has none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    found = [document.get("message"), *_details(document.get("errors"))]
    return clean(": ".join(dict.fromkeys(each for each in found if isinstance(each, str) and each)), secret)


def _details(errors: object) -> list[str]:
    """The single problems of a 422: sentences, or resource, field and code."""
    lines = []
    for each in errors if isinstance(errors, list) else [errors]:
        if isinstance(each, str):
            lines.append(each)
        elif isinstance(each, dict):
            parts = [each.get("message")] if each.get("message") else [each.get(key) for key in ("field", "code")]
            lines.append(" ".join(part for part in parts if isinstance(part, str)))
    return lines


def clean(text: str, secret: str = "", most: int = _SAID) -> str:
    """Someone else's text for a sentence: one line, no control characters, no token, at most `most` characters."""
    if secret:
        text = text.replace(secret, "***")
    text = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in text)
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
