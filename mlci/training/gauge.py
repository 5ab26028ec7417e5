"""What a command uses just now: its processes, their memory, the room of its files; the standard library alone.

`launch.py` asks, four times a second. All of it is read from /proc and from the command's folders, where the command
may change everything at any moment: what has gone meanwhile is left out, and what hides from being counted is endless.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

IS_LINUX = sys.platform == "linux"
BLOCK = 4096  # bytes that a file counts at least: an empty one needs room, too
ENDLESS = 1 << 63
IN_MEMORY = ("/memfd:", "/dev/shm/")  # noqa: S108 - how such files begin in /proc


def _parents() -> Iterator[tuple[int, int]]:
    """Each process of this machine, and its parent."""
    for name in os.listdir("/proc") if IS_LINUX else ():
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as file:
                yield int(name), int(file.read().rpartition(b")")[2].split()[1])


def children() -> list[int]:
    """The processes whose parent this one is; none where there is no /proc."""
    me = os.getpid()
    try:
        with open(f"/proc/self/task/{me}/children", "rb") as file:
            return [int(each) for each in file.read().split()]
    except OSError:  # a kernel without that file
        return [each for each, parent in _parents() if parent == me]


def descendants() -> list[int]:
    """The processes below this one, those that lost their parent included; none where there is no /proc."""
    below: dict[int, list[int]] = {}
    for each, parent in _parents():
        below.setdefault(parent, []).append(each)
    found = list(below.get(os.getpid(), ()))
    for each in found:  # grows while it is walked
        found += below.get(each, ())
    return found


def memory(processes: Iterable[int]) -> int:
    """Bytes that some processes hold: each one's own, and what the one that shares most shares."""
    page = os.sysconf("SC_PAGE_SIZE")
    own = shared = 0
    for each in processes:
        with contextlib.suppress(OSError, ValueError), open(f"/proc/{each}/statm", "rb") as file:
            resident, common = (int(number) for number in file.read().split()[1:3])
            own += resident - common
            shared = max(shared, common)
    return (own + shared) * page


def files(folders: Iterable[str]) -> Iterator[int]:
    """Bytes on disk of each file below some folders; links are not followed.

    A folder that cannot be read, or that lies too deep to be named, is endless: nobody but who hides needs one.
    """
    waiting = list(folders)
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    with contextlib.suppress(FileNotFoundError):
                        yield max(entry.stat(follow_symlinks=False).st_blocks * 512, BLOCK)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            yield ENDLESS


def nameless(processes: Iterable[int]) -> tuple[int, int]:
    """Bytes of the files without a name that some processes have open: in memory, and on disk.

    Of another user's processes this can be told only with the right to look into them, which most containers lack.
    """
    found: dict[tuple[int, int], tuple[bool, int]] = {}
    for each in processes:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{each}/fd"):
                with contextlib.suppress(OSError):
                    path = f"/proc/{each}/fd/{name}"
                    status = os.stat(path)
                    if stat.S_ISREG(status.st_mode) and not status.st_nlink:
                        is_memory = os.readlink(path).startswith(IN_MEMORY)
                        found[status.st_dev, status.st_ino] = (is_memory, status.st_blocks * 512)
    return (
        sum(size for is_memory, size in found.values() if is_memory),
        sum(size for is_memory, size in found.values() if not is_memory),
    )
