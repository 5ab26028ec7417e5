"""Environments that another user makes and trains in: only root can run a child as somebody else."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from mlci.config.environment import Environment as Asked
from mlci.training import kept, users, uv
from mlci.training.environments import Environments
from mlci.training.wall import Wall
from tests.training.index import serving

USER = "nobody"

pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can run a child as somebody else"
)


@pytest.fixture
def public(monkeypatch):
    """A folder that everybody reaches, and an index with the package `alpha`."""
    for name in (*uv.INDEXES, *uv.NETWORK):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(users.VARIABLE, USER)
    folder = Path(tempfile.mkdtemp(prefix="mlci-test-", dir="/tmp"))
    folder.chmod(0o755)
    before = os.umask(0o022)
    with serving(folder / "index") as index:
        index.add("alpha", "1.0")
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        yield folder
    os.umask(before)
    shutil.rmtree(folder)


def test_made__by_the_user_and_sealed(public):
    """The user whose code trains installs it and cannot change it afterwards, with a Python that is open to it."""
    user = users.child()
    assert user is not None
    if users.barred(uv.binary(), user):
        pytest.skip("uv lies where that user may not go")
    root = public / "repository"
    root.mkdir()
    (root / "requirements.txt").write_text("alpha\n")
    said: list[str] = []
    made = Environments(public / "scratch", public / "cache", said.append)
    wall = Wall(files="deny", network="deny", read=(root,))

    environment = made.of(Asked(requirements="requirements.txt"), root=root, side="head", subject="`m`", wall=wall)

    module = next((public / "cache").rglob("alpha.py"))
    assert (environment.user, module.stat().st_uid, environment.packages["alpha"]) == (user, 0, "1.0")
    assert (public / "cache/head/uv").stat().st_uid == user.uid
    tried = subprocess.run(
        [environment.python, "-c", "import alpha; open(alpha.__file__, 'a')"],
        user=user.uid, group=user.gid, extra_groups=[], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "PermissionError" in tried.stderr


def test_hand__what_another_machine_kept_becomes_the_users(public):
    """A cache that was restored belongs to whoever restored it; links out of it change nobody's files."""
    user = users.child()
    assert user is not None
    cache, other = public / "uv", public / "other.txt"
    (cache / "deep").mkdir(parents=True)
    (cache / "deep" / "file").touch()
    other.touch()
    (cache / "link").symlink_to(other)

    kept.hand(cache, user)

    owners = {each.name: each.lstat().st_uid for each in (cache, *cache.rglob("*"), other)}
    assert owners == {"uv": user.uid, "deep": user.uid, "file": user.uid, "link": user.uid, "other.txt": 0}
    assert stat.S_IMODE(cache.stat().st_mode) == 0o755


def test_cache__that_the_user_cannot_reach_is_not_used(public):
    """Where others may not go, environments are made for the run alone."""
    closed = public / "closed"
    closed.mkdir(mode=0o700)

    folder, reason = kept.folder_of(closed / "mlci", public / "scratch", "head", users.child())

    assert (folder, "closed cannot be used" in reason) == (public / "scratch" / "head", True)
