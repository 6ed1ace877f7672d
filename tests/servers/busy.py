"""A door before a server that says 503 a given number of times, then lets everything through."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.counterparts import ANSWERS_S


class Door(ThreadingHTTPServer):
    """Where requests come in.

    Args:
        behind: Address of the server behind.
    """

    def __init__(self, behind: str):
        super().__init__(("127.0.0.1", 0), _Passing)
        self.behind = behind
        self.refuse: dict[str, list[int]] = {}
        """Statuses still to be answered, by the begin of a path."""
        self.page = b""
        """A page that is answered to everything, as a proxy before the server does; empty: none."""

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def refusal(self, path: str) -> int | None:
        """The next status to answer to a path; None: let it through."""
        for begin, statuses in self.refuse.items():
            if path.startswith(begin) and statuses:
                return statuses.pop(0)
        return None


class _Passing(BaseHTTPRequestHandler):
    server: Door

    def do_GET(self) -> None:
        """Refuse or pass on."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.server.page:
            self._answer(200, self.server.page, {})
            return
        status = self.server.refusal(self.path)
        if status is not None:
            self._answer(status, b'{"error": "timeout"}', {})
            return
        request = urllib.request.Request(self.server.behind + self.path, body or None, method=self.command)
        for name in ("Authorization", "Content-Type", "Content-Encoding"):
            if self.headers.get(name):
                request.add_header(name, self.headers[name])
        try:
            with urllib.request.urlopen(request, timeout=ANSWERS_S) as answer:
                self._answer(answer.status, answer.read(), dict(answer.headers))
        except urllib.error.HTTPError as error:
            self._answer(error.code, error.read(), dict(error.headers))

    do_POST = do_GET  # noqa: N815

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        if "X-Influxdb-Version" in headers:
            self.send_header("X-Influxdb-Version", headers["X-Influxdb-Version"])
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def door(behind: str) -> Iterator[Door]:
    """A door before a server."""
    with Door(behind) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
