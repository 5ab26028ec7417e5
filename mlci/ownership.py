"""Whose files are left: in a container mlci is root, and the workspace belongs to the runner's user.

What root leaves there, a later step may not overwrite, and a runner that is used again may not clean up.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ROOT = 0


def give_back(workspace: Path, *paths: Path) -> int:
    """Give what belongs to root in a workspace's `.git` and below some paths to the workspace's owner.

    Links are given, not followed; files that have a second name elsewhere, and those of anybody but root, are left
    alone. Nothing is done where this process is not root or the workspace is root's own.

    Args:
        workspace: The folder whose owner is meant.
        paths: Files or folders in it; what is not there, or leads out of it, is left alone. The folders between the
            workspace and such a path are given as well.

    Returns:
        How many files and folders changed hands.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != ROOT:
        return 0
    top = workspace.resolve()
    owner = top.stat()
    if owner.st_uid == ROOT:
        return 0
    given = 0
    for path in (top / ".git", *paths):
        real = path.resolve()
        if real == top or not real.is_relative_to(top):
            continue
        on_the_way = [each for each in reversed(real.parents) if each != top and each.is_relative_to(top)]
        given += sum(_given(each, owner) for each in (*on_the_way, real))
        if real.is_dir():
            for _, folders, files, at in os.fwalk(real, follow_symlinks=False):
                given += sum(_given(each, owner, at) for each in (*folders, *files))
    return given


def _given(path: str | Path, owner: os.stat_result, at: int | None = None) -> bool:
    """Give one file or folder, named relative to the open folder `at`, where it is root's; whether it was."""
    try:
        status = os.stat(path, dir_fd=at, follow_symlinks=False)
        if status.st_uid != ROOT or (status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode)):
            return False
        os.chown(path, owner.st_uid, owner.st_gid, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:  # git tidies up in the background
        return False
    return True
