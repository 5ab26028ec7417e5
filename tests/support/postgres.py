"""A PostgreSQL of a test's own: started in a folder, on a free port of the loopback, stopped at the end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MISSING = "These tests need PostgreSQL's own server: apt-get install postgresql, or put initdb and pg_ctl into PATH."


@dataclass(frozen=True)
class Server:
    """A running server, whose user `mlci` has a password."""

    port: int
    password: str = "canary-4c1d"  # noqa: S105 - of a server that lives for a test

    def url(self, password: str | None = None, database: str = "postgres", driver: str = "") -> str:
        """SQLAlchemy's URL of it."""
        return f"postgresql{driver}://mlci:{password or self.password}@127.0.0.1:{self.port}/{database}"


def binary(name: str) -> str:
    """Where a program of PostgreSQL is: Debian keeps them out of PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    found = str(debian[-1]) if debian else shutil.which(name)
    assert found, MISSING
    return found


def _as_another() -> dict[str, object]:
    """PostgreSQL refuses to run as root: then it is the user of Debian's package, or nobody."""
    import pwd

    if os.getuid() != 0:
        return {}
    names = {each.pw_name: each for each in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def free_port() -> int:
    """A port of the loopback that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def postgres():
    """Start a server, and stop it."""
    initdb, pg_ctl = binary("initdb"), binary("pg_ctl")
    another, server = _as_another(), Server(free_port())
    with tempfile.TemporaryDirectory(prefix="mlci-pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        data, log, secret = Path(folder, "data"), Path(folder, "log"), Path(folder, "password")
        secret.write_text(server.password, encoding="utf-8")
        if another:
            os.chown(folder, another["user"], another["group"])
            os.chown(secret, another["user"], another["group"])

        def run(*command: str) -> None:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=120, check=False, **another
            )
            assert done.returncode == 0, done.stdout + done.stderr

        run(
            initdb, "--pgdata", str(data), "--username", "mlci", "--pwfile", str(secret), "--auth", "scram-sha-256",
            "--encoding", "UTF8", "--locale", "C", "--no-sync",
        )  # fmt: skip
        options = f"-c listen_addresses=127.0.0.1 -c port={server.port} -c unix_socket_directories='' -c fsync=off"
        # its log is a file: a pipe would stay open as long as the server runs
        with Path(folder, "out").open("w", encoding="utf-8") as out:
            done = subprocess.run(
                [pg_ctl, "start", "--pgdata", str(data), "--log", str(log), "--wait", "--options", options],
                cwd=folder, stdout=out, stderr=out, timeout=120, check=False, **another,
            )  # fmt: skip
        assert done.returncode == 0, log.read_text("utf-8") if log.exists() else Path(folder, "out").read_text("utf-8")
        try:
            yield server
        finally:
            run(pg_ctl, "stop", "--pgdata", str(data), "--mode", "immediate", "--wait")
