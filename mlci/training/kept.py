"""Where environments are kept between runs: one folder for each, locked while it is made, and gone when it is old."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from mlci.training import gauge, users
from mlci.training.interpreters import Told
from mlci.training.sandbox import TICK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mlci.training.users import User

OLD = 30 * 24 * 3600  # seconds after which an environment that nothing used is deleted
_MARK = "environment.json"  # written last: without it, an environment is none
_LARGEST = 8 << 20  # bytes of it


def folder_of(cache: Path, scratch: Path, side: str, user: User | None) -> tuple[Path, str]:
    """Where environments of a side are made, and why that is not kept where it is not; both are made.

    Args:
        cache: Where they would be kept.
        scratch: Where they are made otherwise.
        side: Whose they are.
        user: Who makes them.
    """
    home = Path.home().resolve()
    above = [each for each in (cache.resolve(), *cache.resolve().parents) if each != home]
    if any((each / ".git").exists() for each in above):
        reason = "it lies in a git repository, where a pull request could plant one"
    else:
        try:
            (cache / side / "environments").mkdir(parents=True, exist_ok=True)
            closed = users.barred(cache / side / "environments", user)
            is_open = os.access(cache / side / "environments", os.W_OK)
            reason = "" if closed is None and is_open else f"{closed or cache} cannot be used"
        except OSError as error:
            reason = f"it cannot be made ({error.strerror})"
    folder = scratch / side if reason else cache / side
    (folder / "environments").mkdir(parents=True, exist_ok=True)
    return folder, reason


@contextmanager
def alone(folder: Path, tick: Callable[[], None]) -> Iterator[None]:
    """Hold an environment's lock: another thread, or another run, that makes the same one is waited for."""
    lock = folder.with_name(f"{folder.name}.lock")
    while True:
        with lock.open("a", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                tick()
                time.sleep(TICK)
                continue
            except OSError:  # a file system without locks: then two make it, one after the other
                yield
                return
            if not _is_same(lock, file.fileno()):  # whoever held it before has removed it
                continue
            try:
                yield
            finally:
                if not folder.exists():
                    lock.unlink(missing_ok=True)
            return


def _is_same(path: Path, descriptor: int) -> bool:
    """Whether a path still means the file that is open."""
    with suppress(OSError):
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    return False


def found(folder: Path, python: Path) -> Told | None:
    """What is in a kept environment; None where it is not whole, or its Python is not the one it was made with."""
    mark = folder / _MARK
    with suppress(OSError, ValidationError):
        if mark.is_symlink() or mark.stat().st_size > _LARGEST:
            return None
        told = Told.model_validate_json(mark.read_bytes())
        if is_sound(folder / "venv", python):
            os.utime(mark)  # it is in use
            return told
    return None


def is_sound(venv: Path, python: Path) -> bool:
    """Whether the interpreter of an environment is the one that it was made with."""
    program = venv / "bin" / "python"
    return os.path.realpath(program) == os.path.realpath(python) and os.access(program, os.X_OK)


def mark(folder: Path, told: Told) -> None:
    """Say that an environment is whole."""
    half = folder / f"{_MARK}.new"
    half.write_text(told.model_dump_json(), encoding="utf-8")
    half.replace(folder / _MARK)


def seal(folder: Path, user: User | None) -> None:
    """Take an environment from the user who made it: what trains in it later cannot change it."""
    if user is None:
        return
    for _, folders, files, descriptor in os.fwalk(folder):
        for name in (*folders, *files):
            os.chown(name, 0, 0, dir_fd=descriptor, follow_symlinks=False)
    os.chown(folder, 0, 0)
    folder.chmod(0o755)


def hand(folder: Path, user: User | None) -> None:
    """Make a folder, and all in it, a user's own: what another machine kept belongs to whoever restored it."""
    folder.mkdir(parents=True, exist_ok=True)
    if user is None or folder.stat().st_uid == user.uid:
        return
    for _, folders, files, descriptor in os.fwalk(folder):
        for name in (*folders, *files):
            os.chown(name, user.uid, user.gid, dir_fd=descriptor, follow_symlinks=False)
    users.give(folder, user)
    folder.chmod(0o755)  # whoever keeps it for the next run reads it, too


def prune(folder: Path, now: float) -> list[str]:
    """Delete the environments of a folder that nothing used for long, and give their names.

    Args:
        folder: Of all environments of a side.
        now: Seconds since the epoch.
    """
    gone = []
    for each in sorted(folder.iterdir()):
        with suppress(OSError):
            if not each.is_dir() or each.is_symlink():
                continue
            file = each / _MARK
            if now - (file if file.exists() else each).stat().st_mtime > OLD:
                path = each.with_name(f"{each.name}.lock")
                with path.open("a", encoding="ascii") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if _is_same(path, lock.fileno()):
                        shutil.rmtree(each)
                        path.unlink()
                        gone.append(each.name)
    return gone


def copied(top: Path, target: Path, hidden: tuple[Path, ...]) -> None:
    """Copy a repository without what no code may read, for a build that writes beside its sources.

    What mlci may not read itself is left out, too: a service's data, say, that a container keeps there.

    Raises:
        OSError: a file cannot be copied.
    """
    real = {Path(os.path.realpath(each)) for each in (*hidden, target)}

    def left_out(folder: str, names: list[str]) -> set[str]:
        place = Path(os.path.realpath(folder))
        return {
            name
            for name in names
            if name in {".git", ".venv", "__pycache__"}
            or place / name in real
            or not ((place / name).is_symlink() or _is_open(place / name))
            or (place / name / "pyvenv.cfg").exists()
        }

    shutil.copytree(top, target, symlinks=True, ignore=left_out)


def _is_open(path: Path) -> bool:
    """Whether this process may read a file, or look into a folder; nothing else can be copied."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    if stat.S_ISDIR(mode):
        return os.access(path, os.R_OK | os.X_OK)
    return stat.S_ISREG(mode) and os.access(path, os.R_OK)


def size(folders: Iterable[Path]) -> int:
    """Bytes on disk below some folders, counted as `launch.py` counts them.

    What hides from being counted is left out: it was nobody's to make room for.
    """
    return sum(each for each in gauge.files(map(str, folders)) if each < gauge.ENDLESS)
