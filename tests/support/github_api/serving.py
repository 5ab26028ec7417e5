"""Two HTTP/1.1 servers on 127.0.0.1: the API's, and the store of blobs that it sends downloads to."""

from __future__ import annotations

import socket
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from github_api.traffic import Answer, Incoming

if TYPE_CHECKING:
    from collections.abc import Callable

    Respond = Callable[[Incoming], Answer | None]
    """The answer to a request, or None to cut the connection."""

_LARGEST = 64 * 1024 * 1024  # bytes of a body


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def handle_one_request(self) -> None:
        """One request of a connection that may carry more."""
        self.raw_requestline = self.rfile.readline(65_537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        size = self.headers.get("Content-Length") or "0"
        if self.headers.get("Transfer-Encoding") or not size.isdigit() or int(size) > _LARGEST:
            self._send(Answer(411, {"message": "A body has a length, and not too large a one."}))
            self.close_connection = True
            return
        parts = urlsplit(self.path)
        incoming = Incoming(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(size)),
        )
        answer = self.server.respond(incoming)
        if answer is None:
            self.close_connection = True
        else:
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        """Head and body at once: an answer in two parts waits for the client's acknowledgement of the first."""
        body = b"" if self.command == "HEAD" else answer.body
        headers = {"Date": self.date_time_string(), "Server": "github.com"}
        if answer.content is not None:
            headers["Content-Type"] = answer.media
        if answer.status != HTTPStatus.NO_CONTENT:
            headers["Content-Length"] = str(len(answer.body))
        phrase = next((each.phrase for each in HTTPStatus if each == answer.status), "Unknown")
        lines = [f"HTTP/1.1 {answer.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in {**headers, **answer.headers}.items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def log_message(self, *_arguments: Any) -> None:
        """Nothing: what came is in the records."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for them
    request_queue_size = 64

    def __init__(self, port: int, respond: Respond) -> None:
        self.respond = respond
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is none of the server's errors."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """End the connections that clients keep open."""
        with self._guard:
            for each in self._open:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:  # the client was faster
                    continue


class Service:
    """A server on its own thread, between `start` and `stop`."""

    def __init__(self, port: int, respond: Respond) -> None:
        self._server = _Server(port, respond)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, and leave no connection and no thread behind."""
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()
