"""The only room that reads and writes the ledger: a file of the repository or of a cache, or an fsspec URL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlci.baseline.ledger import parse, text_of
from mlci.data.sources import REMOTE, public
from mlci.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.baseline.ledger import Entry

MOST = 10_000_000  # bytes: some fifty thousand entries


def read(ledger: str, folder: Path, *, within: tuple[Path, ...] = ()) -> tuple[Entry, ...]:
    """The ledger's entries; none where there is no ledger yet.

    Args:
        ledger: A path, relative to `folder`, or a URL.
        folder: Where the configuration lies.
        within: Folders in one of which a file must lie, links followed; empty: it may lie anywhere.

    Raises:
        UserError: it cannot be read, or holds what is no entry.
    """
    if "://" in ledger:
        _require_remote(ledger)
        content = _download(ledger)
    else:
        path = _inside(ledger, folder, within)
        try:
            content = path.read_bytes()[: MOST + 1]
        except FileNotFoundError:
            content = b""
        except OSError as error:
            raise _unable(ledger, "read", error.strerror or "no reason given") from None
    if len(content) > MOST:
        raise _unable(ledger, "read", f"it is larger than {MOST // 1_000_000} MB")
    try:
        return parse(content.decode("utf-8"), public(ledger))
    except UnicodeDecodeError:
        raise _unable(ledger, "read", "it is no UTF-8 text") from None


def write(ledger: str, folder: Path, entries: Sequence[Entry], *, within: tuple[Path, ...] = ()) -> None:
    """Write the whole ledger.

    Raises:
        UserError: it cannot be written.
    """
    text = text_of(entries)
    if "://" in ledger:
        _require_remote(ledger)
        import fsspec

        try:
            with fsspec.open(ledger, "wt", encoding="utf-8") as file:
                file.write(text)
        except Exception as error:
            raise _unable(ledger, "written", type(error).__name__) from error
        return
    path = _inside(ledger, folder, within)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.part")
        draft.unlink(missing_ok=True)  # what lies there may be a link to elsewhere
        with draft.open("x", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError as error:
        raise _unable(ledger, "written", error.strerror or "no reason given") from None


def _require_remote(url: str) -> None:
    """Refuse what leads back to this machine: some of fsspec's file systems run what they read."""
    if "::" in url or url.split("://", 1)[0].lower() not in REMOTE:
        raise UserError(
            f"The ledger {public(url)} is behind no file system that mlci uses for it.",
            hint=f"Take one of {', '.join(f'{each}://' for each in sorted(REMOTE))}, or a file.",
            code="MLCI441",
        )


def _download(url: str) -> bytes:
    import fsspec

    try:
        with fsspec.open(url, "rb") as file:
            content: bytes = file.read(MOST + 1)
    except FileNotFoundError:
        return b""
    except Exception as error:  # whatever a file system raises: its texts may hold credentials
        raise _unable(url, "read", type(error).__name__) from error
    return content


def _inside(ledger: str, folder: Path, within: tuple[Path, ...]) -> Path:
    path = folder / ledger
    try:
        linked = any((folder / each).is_symlink() for each in (*Path(ledger).parents, Path(ledger)))
        real = path.resolve()
    except (OSError, RuntimeError, ValueError):
        raise _unable(ledger, "read", "that is no path") from None
    if within and linked:  # a pull request could lead to a ledger of its own
        raise _unable(ledger, "read", "a link is on the way to it")
    if within and not any(real.is_relative_to(each) for each in within):
        raise _unable(ledger, "read", "it lies outside of the repository")
    return path


def _unable(ledger: str, what: str, why: str) -> UserError:
    return UserError(
        f"The ledger {public(ledger)} cannot be {what}: {why}.",
        hint="Check `baseline: {ledger: …}`: a file, or a URL whose file system is installed.",
        code="MLCI441",
    )
