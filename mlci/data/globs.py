"""Files that match a pattern, each folder read once: links to folders may lead in circles, or often to one place."""

from __future__ import annotations

import fnmatch
import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ANY = "**"


def matching(pattern: str, root: Path) -> list[str]:
    """What `glob.glob(pattern, root_dir=root, recursive=True)` gives, sorted; no folder is read twice for `**`.

    Folders are read under their own names first, then by links to those that were not read yet.

    Args:
        pattern: With `*`, `?`, `[…]` and, for folders of any depth, `**`; relative to `root`, or absolute.
        root: A folder.
    """
    parts = pattern.split("/")
    if ANY not in parts:
        return sorted(glob.glob(pattern, root_dir=root))  # noqa: PTH207 - pathlib knows no root_dir
    first = parts.index(ANY)
    head = "/".join(parts[:first]) or ("/" if pattern.startswith("/") else "")
    starts = sorted(glob.glob(head, root_dir=root)) if head else [""]  # noqa: PTH207 - as above
    wanted = tuple(parts[first:])
    seen: set[tuple[int, int]] = set()
    with_dots = any(each.startswith(".") for each in wanted)
    found = {
        os.path.join(start, *names)  # noqa: PTH118 - as glob says them
        for start in starts
        for names in _below(root / start, seen, with_dots=with_dots)
        if fits(names, wanted)
    }
    return sorted(found)


def fits(names: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the names on the way to a file fit the parts of a pattern; `**` stands for any number of folders.

    Names that begin with a dot fit only parts that do, as everywhere.
    """
    places = _further({0}, wanted)
    for name in names:
        reached = set()
        for place in places:
            if place == len(wanted):
                continue
            part = wanted[place]
            if part == ANY:
                reached |= {place} if not name.startswith(".") else set()
            elif fnmatch.fnmatchcase(name, part) and (part.startswith(".") or not name.startswith(".")):
                reached.add(place + 1)
        places = _further(reached, wanted)
    return len(wanted) in places


def _further(places: set[int], wanted: Sequence[str]) -> set[int]:
    """Places in a pattern, and those behind a `**` that stands for no folder."""
    found = set(places)
    for place in sorted(places):
        while place < len(wanted) and wanted[place] == ANY:
            place += 1  # noqa: PLW2901 - it walks on
            found.add(place)
    return found


def _below(top: Path, seen: set[tuple[int, int]], *, with_dots: bool) -> Iterator[tuple[str, ...]]:
    """The names on the way to each file below a folder, links to folders last."""
    later: list[tuple[Path, tuple[str, ...]]] = [(top, ())]
    while later:
        start, way = later.pop(0)
        for folder, folders, files in os.walk(start, onerror=None):
            here = Path(folder)
            try:
                status = here.stat()
            except OSError:
                folders.clear()
                continue
            names = (*way, *here.relative_to(start).parts)
            if (status.st_dev, status.st_ino) in seen:
                folders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            folders[:] = [name for name in folders if with_dots or not name.startswith(".")]
            links = [name for name in folders if (here / name).is_symlink()]
            later += [(here / name, (*names, name)) for name in sorted(links)]
            for name in (*folders, *files):
                yield (*names, name)
