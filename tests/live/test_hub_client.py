"""Whoever asks the pages of a run hears the same words, whatever answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from scenarios.actions.forecast import answer
from scenarios.forecast.ahead import Question
from scenarios.live.hub_client import HubClient
from twin.errors import ModelError, RetriableError

CUT = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"
LATE = "it waits for the plant"


class Pages(ThreadingHTTPServer):
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.status, self.body, self.raw = 200, "{}", b""
        self.asked: list[tuple[str, str, str | None, Any]] = []
        self.address = f"http://127.0.0.1:{self.server_port}"

    def says(self, status: int, detail: Any) -> None:
        """Refuse as FastAPI does."""
        self.status, self.body = status, json.dumps({"detail": detail})


class Asked(BaseHTTPRequestHandler):
    """One question."""

    server: Pages

    def do_GET(self) -> None:
        """Asked."""
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or "null")
        self.server.asked.append((self.command, self.path, self.headers.get("authorization"), body))
        if self.server.raw:
            self.wfile.write(self.server.raw)
            return
        said = self.server.body.encode()
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(said)))
        self.send_header("location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_GET  # noqa: N815 - the name that the library calls

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    """Pages of a run that may be told what to answer."""
    monkeypatch.delenv("FF_WEB_TOKEN", raising=False)
    with Pages() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_it_asks_with_what_it_is_told_and_the_token(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    pages.body = "[1]"
    assert HubClient(f"{pages.address}/").ask("commands") == [1]
    monkeypatch.setenv("FF_WEB_TOKEN", "none")  # pages that need none
    bare = pages.address.removeprefix("http://")
    assert HubClient(bare).ask("raw", {"path": "e/s", "tag": "a b"}) == [1]
    monkeypatch.setenv("FF_WEB_TOKEN", "secret-of-the-run")
    assert HubClient(pages.address).ask("commands", body={"target": "e/s"}) == [1]
    assert pages.asked == [
        ("GET", "/api/commands", None, None),
        ("GET", "/api/raw?path=e%2Fs&tag=a+b", None, None),
        ("POST", "/api/commands", "Bearer secret-of-the-run", {"target": "e/s"}),
    ]


def test_a_forecast_of_a_run_beyond_loopback_is_asked_with_its_token(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FF_WEB_TOKEN", "secret-of-the-run")
    pages.body = '{"scopes": {}}'
    question = Question("1 h", 2, 60.0, 7, ("oee",), (), "auto")
    assert answer(pages.address, question, (None, None, ()), None, quiet=True) == {"scopes": {}}
    ((method, path, token, body),) = pages.asked
    assert (method, path, token) == ("POST", "/api/forecast", "Bearer secret-of-the-run")
    assert body == {"horizon": "1 h", "forks": 2, "step_s": 60.0, "seed": 7, "kpis": ["oee"], "orders": []}


@pytest.mark.parametrize(
    ("status", "detail", "told"),
    [
        (422, "mode: expected jam, got 'x' (see there)", ["mode: expected jam, got 'x' (see there)"]),
        (
            422,
            [{"loc": ["body", "forks"], "msg": "Input should be less than 99"}],
            ["forks: expected another value, got Input should be less than 99"],
        ),
        (422, "a: expected b, got c\nno such unit", [
            "a: expected b, got c",
            "commands: expected what the run can do, got no such unit",
        ]),
        (401, "token: expected the one of the run, got none", ["token: expected the one of the run, got none"]),
        (403, "not from here", ["commands: expected what the run can do, got not from here"]),
    ],
)  # fmt: skip
def test_what_is_refused_is_told_finding_by_finding(pages: Pages, status: int, detail: Any, told: list[str]) -> None:
    pages.says(status, detail)
    with pytest.raises(ModelError) as refused:
        HubClient(pages.address).ask("commands", body={})
    assert [str(one) for one in refused.value.problems] == told
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("status", [302, 404, 500, 503])
def test_what_cannot_be_done_now_may_be_asked_again(pages: Pages, status: int) -> None:
    pages.says(status, LATE)
    with pytest.raises(RetriableError) as later:
        HubClient(pages.address).ask("commands")
    assert (str(later.value), later.value.exit_code) == (f"{pages.address}/api/commands: {LATE}", 3)
    assert len(pages.asked) == 1


@pytest.mark.parametrize(
    ("body", "raw"),
    [("<html>another server</html>", b""), ("", CUT), ("", b"no HTTP\r\n\r\n")],
    ids=["other", "cut", "no"],
)
def test_what_is_no_run_is_named(pages: Pages, body: str, raw: bytes) -> None:
    pages.body, pages.raw = body, raw
    with pytest.raises(RetriableError, match=r"/api/commands: expected a live run, got .*\(is it running\?\)"):
        HubClient(pages.address).ask("commands")


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "file:///etc", "ftp://127.0.0.1", "http://a b", "http://"])
def test_an_address_where_nothing_answers_is_no_run(address: str) -> None:
    with pytest.raises(RetriableError, match=r"expected a live run, got .*\(is it running\?\)"):
        HubClient(address).ask("commands")
