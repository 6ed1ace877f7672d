"""Questions to the HTTP interface, put to the application itself."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

from brokers.stores import Store, open_store
from dashboards.live import LiveState
from dashboards.web.app import create_app
from dashboards.web.settings import WebSettings
from tests.stores.plants import EVENTS, PRESS, T0, events, telemetry
from twin.errors import ScenarioError
from twin.master import EquipmentMaster, meta_frame
from twin.records import Frame

MS = T0 // 1_000_000
SPAN = f"path={PRESS}&t0={MS}&t1={MS + 100_000}"
WAYS = ("GET", "GET", "GET", "POST", "HEAD", "PUT", "OPTIONS", "DELETE")
QUESTIONS = [
    f"GET {path}\0{body}".encode()
    for path, body in (
        ("/api/model", ""),
        ("/api/vocabulary", ""),
        (f"/api/state?path={PRESS.site}", ""),
        ("/api/kpis?window=hour&kpi=oee&scope=machine&limit=50", ""),
        (f"/api/alarms?path={PRESS}&all=true", ""),
        ("/api/panels", ""),
        ("/api/health", ""),
        (f"/api/series?{SPAN}&tag=force&max_points=50", ""),
        (f"/api/states?{SPAN}&limit=9", ""),
        (f"/api/stock?{SPAN}&limit=9", ""),
        (f"/api/kpi-series?{SPAN}&kpi=oee&window=day", ""),
        (f"/api/alarm-log?{SPAN}", ""),
        ("/api/i18n/zh", ""),
        ("/api/docs.json", ""),
    )
] + [
    b'POST /api/forecast\0{"horizon": "8 h", "forks": 4, "seed": 1, "kpis": ["oee"], "orders": ["a/b/c/d/e=5@8 h"]}',
    b'POST /api/commands\0{"target": "a/b/c/d/e", "effect": "slow", "factor": 1.5, "duration": "10 min"}',
]


def app_of(store: Store, live: LiveState) -> Any:
    """The application on a store, with forecasts and commands that are always refused."""

    async def ahead(_: Any) -> dict[str, Any]:
        raise ScenarioError([])

    return create_app(store, live, WebSettings(hosts=("localhost", "testserver"), ahead=ahead, command=ahead))


def told() -> list[Frame]:
    """What the store and the pages know."""
    known = meta_frame(T0, [(PRESS, EquipmentMaster(kind="machine", en="P", zh="压"))])
    return [known, telemetry(), *(events(kind) for kind in EVENTS)]


class Pages:
    """The application, asked one question at a time; an answer of 500 is a fault."""

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None
        self._app: Any = None

    def __call__(self, data: bytes) -> None:
        """Ask one question."""
        if self._runner is None:
            self._runner = asyncio.Runner()
            self._app = self._runner.run(_opened())
        self._runner.run(_asked(self._app, data))


async def _opened() -> Any:
    store, live = open_store("duckdb://:memory:"), LiveState()
    await store.open()
    await store.write(told())
    live.feed(told())
    return app_of(store, live)


async def _asked(app: Any, data: bytes) -> None:
    line, _, body = data.partition(b"\0")
    method, _, target = line.partition(b" ")
    path, _, query = target.partition(b"?")
    if path.startswith(b"/api/live"):  # it never ends
        return
    text = path.decode("latin-1")
    way = method.decode("latin-1").upper()[:20] or "GET"
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
        "method": way, "path": text, "raw_path": quote(text).encode(), "query_string": query,
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }  # fmt: skip
    said: list[int] = []

    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:  # the asker stays until it is answered
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            said.append(message["status"])

    await app(scope, receive, send)
    assert said, "no answer"
    assert said[0] < 500, f"status {said[0]}"
