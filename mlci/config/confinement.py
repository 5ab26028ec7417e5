"""Whose `sandbox` holds: the base branch's, so that no pull request can open the door that it is to be kept behind.

Pure. What the pull request would open is listed, and takes effect after the merge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlci.config.sandbox import Sandbox
from mlci.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.config.load import Loaded
    from mlci.config.models import Config

_LISTS = ("read", "write", "pass_env")
_LIMITS = ("memory", "processes", "file_size", "disk")


def holding(head: Loaded, base: Config | None, *, confined: bool) -> tuple[Sandbox, tuple[Finding, ...]]:
    """The sandbox that both sides' code runs in, and what the pull request would open.

    What the pull request closes holds at once.

    Args:
        head: The pull request's configuration.
        base: The base branch's; None where it has none.
        confined: Whether the configuration may be a stranger's: without a base, it opens nothing then.
    """
    mine = head.config.sandbox
    if base is None and not confined:
        return mine, ()
    theirs = base.sandbox if base is not None else Sandbox()
    update: dict[str, Any] = {
        key: "deny" if "deny" in {getattr(mine, key), getattr(theirs, key)} else "allow" for key in ("network", "files")
    }
    for key in _LISTS:
        update[key] = tuple(each for each in getattr(theirs, key) if each in getattr(mine, key))
    for key in _LIMITS:
        given = [each for each in (getattr(mine, key), getattr(theirs, key)) if each is not None]
        update[key] = min(given, default=None)
    judge = "the base branch's holds until the merge" if base is not None else "the base branch has none yet"
    findings = tuple(
        Finding(
            code="MLCI407",
            severity="warn",
            message=f"This pull request would open `sandbox` ({what}); {judge}.",
            hint="Nothing to do if this is meant: merge this change first, and then what needs it.",
            location=head.where("sandbox", key),
        )
        for key, what in _opened(mine, theirs)
    )
    written = {
        key
        for key in update
        for side in (mine, theirs)
        if key in side.model_fields_set
        if getattr(side, key) == update[key]
    }
    return Sandbox.model_construct(_fields_set=written, **update), findings


def _opened(mine: Sandbox, theirs: Sandbox) -> Iterator[tuple[str, str]]:
    """What one sandbox allows and another one does not."""
    for key in ("network", "files"):
        if (getattr(mine, key), getattr(theirs, key)) == ("allow", "deny"):
            yield key, f"{key}: allow"
    for key in _LISTS:
        for each in getattr(mine, key):
            if each not in getattr(theirs, key):
                yield key, f"{key}: {each}"
    for key in _LIMITS:
        new, old = getattr(mine, key), getattr(theirs, key)
        if old is not None and (new is None or new > old):
            yield key, f"{key} from {_shown(key, old)} to {'no limit' if new is None else _shown(key, new)}"


def _shown(key: str, limit: int) -> str:
    return f"{limit:,}" if key == "processes" else f"{limit / 1e6:,.10g} MB"
