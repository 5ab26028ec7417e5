"""A package index of a test's own: a folder of small wheels that a web server on this machine lists."""

from __future__ import annotations

import threading
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Index:
    """The folder of an index, its address, and what was asked of it."""

    folder: Path
    url: str
    asked: list[str]

    def add(self, name: str, version: str, *needs: str, source: str = "", **files: str) -> Path:
        """A wheel with one module; a keyword adds a file beside it, with `__` for a dot."""
        folder = self.folder / "simple" / name
        folder.mkdir(parents=True, exist_ok=True)
        info = f"{name}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        content = {
            f"{name}.py": source or f"version = '{version}'\n",
            **{key.replace("__", "."): text for key, text in files.items()},
            f"{info}/METADATA": metadata + "".join(f"Requires-Dist: {need}\n" for need in needs),
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        path = folder / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            for each, text in content.items():
                wheel.writestr(each, text)
            wheel.writestr(f"{info}/RECORD", "".join(f"{each},,\n" for each in (*content, f"{info}/RECORD")))
        return path


class _Quiet(SimpleHTTPRequestHandler):
    """Lists folders as an index does, and keeps what it was asked."""

    asked: list[str]

    def __init__(self, *arguments: object, asked: list[str], **options: object) -> None:
        self.asked = asked
        super().__init__(*arguments, **options)

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        """A file, or the list of a folder."""
        self.asked.append(self.path)
        super().do_GET()


@contextmanager
def serving(folder: Path) -> Iterator[Index]:
    """An index while a test lasts."""
    asked: list[str] = []
    (folder / "simple").mkdir(parents=True)
    handler = partial(_Quiet, directory=str(folder), asked=asked)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Index(folder, f"http://127.0.0.1:{server.server_port}/simple", asked)
        server.shutdown()
        thread.join()
