"""From a dataset's `path` to local files: relative paths, globs and URLs, each refused in one clear sentence.

Remote files are fetched once into the scratch folder, through fsspec.
"""

from __future__ import annotations

import errno
import hashlib
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mlci.config.suggest import did_you_mean
from mlci.data.globs import matching
from mlci.errors import DataError, Location

if TYPE_CHECKING:
    from collections.abc import Iterator

Content = Literal["parquet", "gzip", "bz2", "xz", "zip", "text"]

_MAGIC: dict[bytes, Content] = {
    b"PAR1": "parquet",
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\xfd7zXZ\0": "xz",
    b"PK\x03\x04": "zip",
}
_FOREIGN = {
    b"PARE": "an encrypted Parquet file",
    b"ARROW1": "an Arrow (Feather) file",
    b"\x28\xb5\x2f\xfd": "compressed with Zstandard",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "an SQLite database",
    b"\xd0\xcf\x11\xe0": "an Excel file",
    b"<!DOCTYPE html": "an HTML page, perhaps the one that asks to sign in",
    b"<html": "an HTML page, perhaps the one that asks to sign in",
}
REMOTE = frozenset({"http", "https", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "hf", "oss"})
_GLOB = re.compile(r"[*?\[]")
_URL_GLOB = re.compile(r"[*\[]")  # a question mark begins a URL's query


@dataclass(frozen=True, slots=True)
class Source:
    """A local file of a dataset, and how messages call it."""

    dataset: str
    path: Path
    shown: str
    location: Location | None = None  # of the path in the configuration

    def error(self, what: str, *, hint: str = "", line: int | None = None) -> DataError:
        """An error about this file; about one of its lines where that is known."""
        at = f", line {line:,}," if line else ""
        where = Location(self.shown, line) if line else self.location
        return DataError(f"Dataset '{self.dataset}': {self.shown}{at} {what}.", hint=hint, location=where)


@contextmanager
def plain_errors(about: Source, what: str, *, hint: str = "") -> Iterator[None]:
    """Turn what Polars or the system raises into one sentence; their own texts may hold values, and are dropped."""
    import polars as pl

    try:
        yield
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException, UnicodeError) as error:
        if full_disk(error):
            raise DataError(
                f"Dataset '{about.dataset}': there is no space left for its working copy.",
                hint="A working copy takes about as much space as the data: free some, or set TMPDIR to another disk.",
                location=about.location,
            ) from None
        if isinstance(error, PermissionError):
            raise about.error("may not be read", hint="Give this user the permission to read it.") from None
        raise about.error(what, hint=hint) from None


def full_disk(error: BaseException) -> bool:
    """Whether an error says that the disk, or the user's share of it, is full."""
    full = (errno.ENOSPC, errno.EDQUOT)
    known = isinstance(error, OSError) and error.errno in full
    return known or any(f"(os error {number})" in str(error) for number in full)


def locate(  # noqa: PLR0913 - what it takes to find files
    name: str,
    path: str,
    *,
    root: Path,
    scratch: Path,
    location: Location | None = None,
    within: tuple[Path, ...] = (),
) -> tuple[Source, ...]:
    """The local files of a dataset, sorted by name; remote ones are fetched into `scratch`.

    Args:
        name: The dataset's.
        path: As configured: a path, a glob or a URL.
        root: What relative paths start from.
        scratch: A folder for what is fetched.
        location: Of the path in the configuration.
        within: Folders in one of which every local file must lie, links followed; empty: they may lie anywhere. A
            stranger's configuration must not have mlci read what its own code may not.

    Raises:
        DataError: nothing is there, or nothing that can or may be read.
    """
    if "://" in path:
        if within:
            _require_remote(name, path, location)
        return _fetch(name, path, scratch, location)
    found = _local(name, path, root=root, location=location)
    outside = next((each for each in found if within and not _lies_in(each.path, within)), None)
    if outside is not None:
        raise DataError(
            f"Dataset '{name}': '{outside.shown}' leads out of the repository, where the action reads nothing.",
            hint="Keep the data in the repository, fetch them into it in an earlier step, or name a URL.",
            location=location,
        )
    return found


def _lies_in(path: Path, folders: tuple[Path, ...]) -> bool:
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return False
    return any(real.is_relative_to(each) for each in folders)


def _require_remote(name: str, url: str, location: Location | None) -> None:
    """A URL that leads to another machine, and not through a chain of file systems back to this one."""
    scheme = url.split("://", 1)[0].lower()
    if "::" in url or scheme not in REMOTE:
        raise DataError(
            f"Dataset '{name}': the action reads no {public(url)}.",
            hint=f"It reads {', '.join(f'{each}://' for each in sorted(REMOTE))}, and files of the repository.",
            location=location,
        )


def _local(name: str, path: str, *, root: Path, location: Location | None) -> tuple[Source, ...]:
    full = root / path
    if _GLOB.search(path) and not full.exists():
        names = matching(path, root)
        for each in names:
            if (root / each).is_symlink() and not (root / each).exists():  # a part of the data that is not here
                _require_file(name, each, root / each, location)
        found = [each for each in names if (root / each).is_file()]
        if not found:
            raise DataError(
                f"Dataset '{name}': no file matches '{path}'.",
                hint="The pattern starts from the repository's root; ** stands for folders of any depth.",
                location=location,
            )
        return tuple(Source(name, root / each, each, location) for each in found)
    _require_file(name, path, full, location)
    return (Source(name, full, path, location),)


def _require_file(name: str, path: str, full: Path, location: Location | None) -> None:
    try:
        if full.is_file():
            return
        there, folder = full.is_dir(), full.parent.is_dir()
        others = sorted(each.name for each in full.parent.iterdir()) if folder else []
    except OSError:
        raise DataError(f"Dataset '{name}': '{path}' may not be read.", location=location) from None
    message, hint = f"there is no file '{path}'", ""
    if there:
        message, hint = f"'{path}' is a directory", f"Name its files, as in path: {path.rstrip('/')}/*.parquet"
    elif full.is_symlink():
        message = f"'{path}' is a link to a file that is not here"
        hint = "Where git-annex holds the data, run `git annex get` first."
    elif f"{full.name}.dvc" in others:
        message, hint = f"'{path}' is kept by DVC, and is not here", "Run `dvc pull` before mlci."
    elif not folder:
        hint = f"There is no folder '{Path(path).parent}' either; paths start from the repository's root."
    else:
        hint = did_you_mean(full.name, [each for each in others if not each.startswith(".")]).strip()
    raise DataError(f"Dataset '{name}': {message}.", hint=hint, location=location)


def content(source: Source) -> Content:
    """What a file holds, by its first bytes.

    Raises:
        DataError: it cannot be read, or is of a kind that mlci does not read.
    """
    with plain_errors(source, "cannot be read"), source.path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"version https://git-lfs"):
        raise source.error(
            "is a pointer of Git LFS, not the data",
            hint="Run `git lfs pull`, or set `lfs: true` for actions/checkout.",
        )
    if head.startswith((b"outs:\n", b"md5:")) and b"md5:" in head:
        raise source.error("is a pointer of DVC, not the data", hint="Run `dvc pull` before mlci, and name the data.")
    for magic, what in _FOREIGN.items():
        if head.lower().startswith(magic.lower()):
            raise source.error(f"is {what}", hint="mlci reads CSV in UTF-8 (also in gzip, bz2, xz or zip) and Parquet.")
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "text")


# --- URLs ------------------------------------------------------------------------------------------------------


def public(url: str) -> str:
    """A URL without what may be secret in it: user, password and query."""
    return re.sub(r"//[^/@]*@", "//", url.split("?", 1)[0])


def _fetch(name: str, url: str, scratch: Path, location: Location | None) -> tuple[Source, ...]:
    shown, web = public(url), url.startswith(("http://", "https://"))
    system, remote = _file_system(name, url, location)
    if "file" in _protocols(system):
        return locate(name, str(remote), root=Path("/"), scratch=scratch, location=location)
    try:
        pattern = not web and _URL_GLOB.search(remote) is not None
        remotes = sorted(system.glob(remote)) if pattern else [remote]
        files = [_copy(system, each, scratch / "fetched") for each in remotes]
    except Exception as error:  # noqa: BLE001 - every driver has its own errors, and their texts may hold credentials
        if full_disk(error):
            message, hint = f"there is no space left to fetch {shown}", "Free some, or set TMPDIR to another disk."
        elif isinstance(error, ImportError):
            message, hint = f"reading {shown} needs a driver", f"pip install {error.name or 'the driver'}"
        elif isinstance(error, FileNotFoundError):
            message, hint = f"there is no {shown}", "Check the URL."
        else:
            message = f"{shown} cannot be fetched ({type(error).__name__})"
            hint = "Check the URL, the network and the credentials of this job."
        raise DataError(f"Dataset '{name}': {message}.", hint=hint, location=location) from None
    if not files:
        raise DataError(f"Dataset '{name}': no file matches {shown}.", hint="Check the pattern.", location=location)
    names = [f"{shown.split('://', 1)[0]}://{each}" if pattern else shown for each in remotes]
    return tuple(Source(name, file, called, location) for file, called in zip(files, names, strict=True))


def _file_system(name: str, url: str, location: Location | None) -> tuple[Any, str]:
    import fsspec

    scheme = url.split("://", 1)[0]
    try:
        system, remote = fsspec.core.url_to_fs(url)
    except ImportError as error:
        missing = getattr(error.__cause__, "name", None) or error.name or scheme
        raise DataError(
            f"Dataset '{name}': reading {scheme}:// needs the driver {missing}, which is not installed.",
            hint=f"pip install {missing}",
            location=location,
        ) from None
    except ValueError:
        raise DataError(
            f"Dataset '{name}': mlci knows no {scheme}:// URLs.",
            hint="It knows fsspec's, as in s3://, gs://, az:// and https://.",
            location=location,
        ) from None
    return system, str(remote)


def _protocols(system: Any) -> tuple[str, ...]:  # noqa: ANN401 - fsspec is not typed
    return (system.protocol,) if isinstance(system.protocol, str) else tuple(system.protocol)


def _copy(system: Any, remote: str, folder: Path) -> Path:  # noqa: ANN401 - fsspec is not typed
    """Fetch one file, unless it is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    identity = hashlib.sha256(f"{_protocols(system)[0]}://{remote}".encode()).hexdigest()[:16]
    target = folder / f"{identity}-{re.sub(r'[^A-Za-z0-9._-]', '_', remote.rsplit('/', 1)[-1])[-80:]}"
    if not target.is_file():
        if system.isdir(remote):
            raise IsADirectoryError(errno.EISDIR, "is a directory")
        partial = target.with_name(f"{target.name}.part")
        system.get_file(remote, str(partial))
        partial.replace(target)
    return target
