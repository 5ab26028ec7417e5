"""The results of another job, out of the artifact that it uploaded: a stranger's zip archive, never unpacked to a disk.

Of all its entries one is read, `results.json`, in memory and within bounds; what it holds is for `received` to check.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from mlci.errors import UserError
from mlci.report.filters import clip, inline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from github.Artifact import Artifact

    from mlci.github.client import Client

RESULTS = "results.json"
LARGEST_ARCHIVE = 20_000_000
"""Bytes of a zipped artifact."""
LARGEST_RESULTS = 16_000_000
"""Bytes of `results.json`."""
MOST_ENTRIES = 2_000

_LARGEST_READ = 1 << 20  # bytes that zipfile reads at once: its table of contents, of 2,000 entries at most
_MOST_RATIO = 300  # unpacked to packed bytes; JSON of mlci has about 20
_FREE = 1 << 20  # bytes that may unpack from however little
_CHUNK = 1 << 16
_NAME = 100  # characters of a name that are told
_CONCEALED = 0x1 | 0x20 | 0x40 | 0x2000  # encrypted, a patch, strongly encrypted, masked
_PACKED = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})  # unpacking others cannot be bounded
_REGULAR = frozenset({0, stat.S_IFREG, stat.S_IFDIR})  # 0: the archive does not say
_DRIVE = re.compile(r"[A-Za-z]:")
_BROKEN = (  # what zipfile raises where an archive is damaged
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)

_HINT = (
    "Nothing was posted. The first workflow uploads what `mlci run` wrote: actions/upload-artifact "
    "with `name: {name}` and `path: mlci-out/results.json`."
)


class _UnfitError(Exception):
    """Why an archive is refused."""


def download(client: Client, run_id: int, name: str) -> bytes:
    """The bytes of `results.json` in the newest artifact of a workflow run that has this name. Two calls.

    Args:
        client: GitHub.
        run_id: The workflow run.
        name: The artifact's name.

    Raises:
        UserError: there is no such artifact, or it is refused; the message names it and the reason (MLCI511).
        ApiError: GitHub does not give it.
    """
    found = _newest(client, run_id, name)
    if found.size_in_bytes > LARGEST_ARCHIVE:
        raise _refused(name, f"it is larger than {LARGEST_ARCHIVE // 1_000_000} MB")
    zipped = client.download(
        f"/repos/{client.name}/actions/artifacts/{found.id}/zip",
        LARGEST_ARCHIVE,
        what=f"download the artifact “{quoted(name)}”",
    )
    return results_in(zipped, name)


def _newest(client: Client, run_id: int, name: str) -> Artifact:
    """The newest artifact of this name that GitHub still has; a rerun uploads another one."""
    from github.Artifact import Artifact
    from github.PaginatedList import PaginatedList

    with client.calling("list the artifacts of the workflow run", "actions: read"):
        repository = client.repository
        listed = PaginatedList(
            Artifact,
            repository.requester,
            f"{repository.url}/actions/runs/{run_id}/artifacts",
            {"name": name},
            list_item="artifacts",
        )
        named = [each for each in client.listed(listed) if each.name == name]
        kept = [each for each in named if not each.expired]
        if kept:
            return max(kept, key=lambda each: each.id)  # they grow
    raise _refused(name, "it has expired" if named else f"the workflow run {run_id} has none of this name")


def results_in(zipped: bytes, name: str) -> bytes:
    """The bytes of `results.json` in a zip archive, at its top or in a folder there.

    Args:
        zipped: The archive.
        name: The artifact's name, for the message.

    Raises:
        UserError: the archive is refused; the message says why (MLCI511).
    """
    try:
        with zipfile.ZipFile(_Measured(zipped)) as archive:
            entries = archive.infolist()
            _check(entries)
            return _unpacked(archive, _results(entries))
    except _UnfitError as error:
        raise _refused(name, str(error)) from None
    except _BROKEN:  # their words may quote the archive's own
        raise _refused(name, "it is no zip archive, or a damaged one") from None


class _Measured(io.BytesIO):
    """An archive of which no large piece is read at once, whatever it says of itself."""

    def read(self, size: int | None = -1, /) -> bytes:
        """As a file's, within bounds."""
        left = len(self.getbuffer()) - self.tell()
        if min(left, left if size is None or size < 0 else size) > _LARGEST_READ:
            raise _UnfitError("its table of contents is too large")
        return super().read(size)


def _check(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse an archive in which anything is odd, also where it would not be read."""
    if len(entries) > MOST_ENTRIES:
        raise _UnfitError(f"it holds more than {MOST_ENTRIES:,} entries")
    for each in entries:
        if odd := _odd(each):
            raise _UnfitError(f"its entry “{quoted(each.orig_filename)}” {odd}")


def _odd(entry: zipfile.ZipInfo) -> str:
    """What is wrong with an entry; '' where nothing is."""
    name = entry.orig_filename  # zipfile ends the other one at a NUL
    kind = stat.S_IFMT(entry.external_attr >> 16)
    checks = (
        (not name, "has no name"),
        ("\0" in name, "has a NUL character in its name"),
        ("\\" in name, "has a backslash in its name"),
        (name.startswith("/"), "is an absolute path"),
        (_DRIVE.match(name) is not None, "begins with a drive letter"),
        (".." in name.split("/"), "leads out of the archive"),
        (kind == stat.S_IFLNK, "is a symbolic link"),
        (kind not in _REGULAR, "is no regular file"),
        (entry.flag_bits & _CONCEALED, "is encrypted"),
    )
    return next((words for is_so, words in checks if is_so), "")


def _results(entries: Sequence[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """The one entry that is read."""
    found = [
        each
        for each in entries
        if (parts := each.orig_filename.split("/"))[-1] == RESULTS and len(parts) <= 2  # noqa: PLR2004 - one folder
    ]
    if len(found) != 1:
        raise _UnfitError(f"it holds {RESULTS} more than once" if found else f"it holds no {RESULTS} at its top")
    if found[0].compress_type not in _PACKED:
        raise _UnfitError(f"its {RESULTS} is packed in a way that mlci does not read")
    return found[0]


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """An entry's bytes, counted as they come: what an archive says of its sizes may be wrong."""
    content = bytearray()
    allowed = max(_FREE, _MOST_RATIO * entry.compress_size)
    with archive.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            content += chunk
            if len(content) > LARGEST_RESULTS:
                raise _UnfitError(f"its {RESULTS} is larger than {LARGEST_RESULTS // 1_000_000} MB")
            if len(content) > allowed:
                raise _UnfitError(f"its {RESULTS} unpacks to more than {_MOST_RATIO} times its size")
    return bytes(content)


def quoted(name: str) -> str:
    """A stranger's name for a sentence: on one line, what hides in it written out, shortened."""
    return clip(inline(name[: 4 * _NAME]), _NAME)


def _refused(name: str, why: str) -> UserError:
    shown = quoted(name)
    return UserError(f"The artifact “{shown}” is refused: {why}.", hint=_HINT.format(name=shown), code="MLCI511")
