"""The web application: pages, REST and the live stream in one ASGI app.

A run serves it with :class:`dashboards.web.server.WebServer`; any ASGI server can.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, ORJSONResponse, Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from dashboards.live import LiveState
from dashboards.web.guard import Guard
from dashboards.web.routes import Routes
from dashboards.web.settings import WebSettings
from dashboards.web.stream import Broadcaster
from dashboards.web.unfinished import Answering, Unfinished
from twin.errors import StoreError
from twin.ports import History

log = logging.getLogger(__name__)

NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Future Factory</title>
<h1>The pages are not built</h1>
<p>Build them once with <code>make install</code>, or by hand:</p>
<pre>cd dashboards/web/ui
npm ci
npm run build</pre>
<p>The interface works all the same: <a href="/api/docs.json">/api/docs.json</a></p></html>"""
"""Shown instead of the pages when they have not been built."""


def create_app(history: History, live: LiveState, settings: WebSettings | None = None) -> FastAPI:
    """The web application.

    Args:
        history: The reading side of the open store.
        live: Last values, fed by the ingest in the same event loop.
        settings: Words and bounds.

    Returns:
        An ASGI app; its lifespan loads the last values from the store and runs the live stream.
    """
    settings = settings or WebSettings()
    broadcaster = Broadcaster(live, settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await load_once(app)
        await broadcaster.start()
        yield
        await broadcaster.close()

    app = FastAPI(
        title="Future Factory",
        summary="State, history, KPIs and forecasts of the plant, and commands to it.",
        version="1",
        openapi_url="/api/docs.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.broadcaster = broadcaster
    app.state.load = lambda: live.load(history)
    routes = Routes(history, live, settings, broadcaster)
    app.include_router(routes.router())
    app.add_api_route("/metrics", routes.metrics, response_model=None)
    app.add_exception_handler(StoreError, _store_away)
    app.add_exception_handler(RequestValidationError, _not_valid)
    _pages(app, settings)
    app.add_middleware(GZipMiddleware, minimum_size=2048)
    app.state.unfinished = Unfinished()
    app.add_middleware(Answering, unfinished=app.state.unfinished)
    app.add_middleware(Guard, hosts=settings.hosts, token=settings.token)
    app.state.token = settings.token
    return app


async def load_once(app: FastAPI) -> None:
    """Take the last values from the store, unless that has been done.

    Raises:
        StoreError: The store does not answer.
    """
    load, app.state.load = app.state.load, None
    if load is not None:
        await load()


def _pages(app: FastAPI, settings: WebSettings) -> None:
    if (settings.static / "index.html").is_file():
        app.mount("/", StaticFiles(directory=settings.static, html=True), name="pages")
        return
    log.warning("web: the pages are not built (run make install)")

    async def not_built() -> HTMLResponse:
        return HTMLResponse(NOT_BUILT, status_code=503)

    app.add_api_route("/", not_built, include_in_schema=False)


async def _store_away(_: Request, error: Exception) -> ORJSONResponse:
    return ORJSONResponse({"detail": str(error)}, status_code=503)


async def _not_valid(_: Request, error: Exception) -> Response:
    """What is wrong with a question, without what was asked: that may hold what no JSON can."""
    rows = error.errors() if isinstance(error, RequestValidationError) else ()
    detail = [{name: row[name] for name in ("type", "loc", "msg")} for row in rows]
    body = json.dumps({"detail": detail}, default=str)
    return Response(body, status_code=422, media_type="application/json")
