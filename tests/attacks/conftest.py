"""A run's surroundings, with something to steal in each of them."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from attacks import MARK, PRELUDE

from mlci.training import sandbox
from mlci.training.wall import OPEN, Wall, interpreter

if TYPE_CHECKING:
    from pathlib import Path

# Stands for mlci: holds a secret in its environment, and answers whoever gets through to it.
VICTIM = """
import ctypes, json, select, socket, sys
ctypes.CDLL(None).prctl(0x59616d61, ctypes.c_ulong(-1), 0, 0, 0)  # no Yama: it would stop a debugger, too
tcp, udp = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
abstract = socket.socket(socket.AF_UNIX)
abstract.bind("\\0" + sys.argv[1])
abstract.listen()
six = socket.create_server(("::1", 0), family=socket.AF_INET6) if socket.has_ipv6 else None
print(json.dumps([each.getsockname()[1] if each else 0 for each in (tcp, udp, six)]), flush=True)
listening = [each for each in (tcp, six, abstract) if each]
while True:
    for each in select.select([sys.stdin, udp, *listening], [], [])[0]:
        if each is sys.stdin:
            sys.exit()
        if each is udp:
            said, who = udp.recvfrom(9)
            udp.sendto(said, who)
        else:
            with each.accept()[0] as peer:
                peer.sendall(peer.recv(9))
"""


@dataclass(frozen=True)
class Arena:
    """Where attacks are tried."""

    folder: Path
    variables: dict[str, str]

    @property
    def out(self) -> Path:
        """What an attacker may write to."""
        return self.folder / "scratch" / "head" / "out"

    def wall(self, **changes) -> Wall:
        """The wall as `fence.py` makes it, with changes."""
        repo = self.folder / "repo"
        hidden = (repo / "data.csv", repo / "parts", repo / ".git", repo / "mlci-out" / "predictions")
        whole = Wall(
            network="deny", files="deny", read=(repo, *interpreter(), self.folder / "scratch" / "job.json"),
            write=(self.out,), hidden=hidden, processes=100, file_size=10**9, disk=10**9,
        )  # fmt: skip
        return replace(whole, **changes)

    def run(self, code: str, wall: Wall = OPEN, *, timeout: float = 60, user=None) -> sandbox.Outcome:
        """Run Python behind a wall; what an earlier attack left is gone."""
        for each in self.out.iterdir():
            each.unlink()
        env = {"PATH": os.environ["PATH"], "OUT": str(self.out), **self.variables}
        command = [sys.executable, "-c", PRELUDE + code]
        return sandbox.run(command, cwd=self.folder / "repo", env=env, timeout=timeout, wall=wall, user=user)


@pytest.fixture(scope="session")
def landlock() -> int:
    """The version of Landlock that this kernel has; 0: none."""
    return max(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1)), 0)


@pytest.fixture(scope="session")
def key():
    """A secret in the session's keyring; skips where the kernel keeps none."""
    said = (b"user", b"mlci-attack", MARK.encode())
    made = ctypes.CDLL(None).syscall(ctypes.c_long(248), *said, ctypes.c_long(len(MARK)), ctypes.c_long(-3))
    return made > 0


@pytest.fixture(scope="module")
def arena(tmp_path_factory, key):
    """A repository with data and credentials, a scratch folder, the runner's files, and a process like mlci's."""
    folder = tmp_path_factory.mktemp("arena")
    secret = f"{MARK}-{os.urandom(8).hex()}\n"
    for path in (
        "repo/data.csv", "repo/spare", "repo/parts/a.csv", "repo/mlci.yml", "repo/pipeline.py",
        "repo/mlci-out/predictions/late",
        "scratch/job.json", "scratch/tables/answers", "scratch/base/out/predictions", "scratch/head/out/x",
        *(f"commands/GITHUB_{name}" for name in ("ENV", "PATH", "OUTPUT", "STEP_SUMMARY")),
    ):  # fmt: skip
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(secret)
    git = ["git", "-C", str(folder / "repo"), "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "data.csv"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message=data"], check=True)
    subprocess.run([*git, "config", "http.extraheader", secret.strip()], check=True)
    abstract = f"mlci-attack-{os.getpid()}"
    with subprocess.Popen(
        [sys.executable, "-c", VICTIM, abstract],
        env={"PATH": os.environ["PATH"], "TOKEN": secret},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as victim:
        ports = dict(zip(("TCP", "UDP", "TCP6"), map(str, json.loads(victim.stdout.readline())), strict=True))
        places = {
            "REPO": "repo", "COMMANDS": "commands", "SCRATCH": "scratch", "OTHER": "scratch/base/out",
        }  # fmt: skip
        found = {name: str(folder / path) for name, path in places.items()}
        yield Arena(folder, {"VICTIM": str(victim.pid), "ABSTRACT": abstract, **ports, **found})
        victim.stdin.close()
