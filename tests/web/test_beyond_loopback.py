"""Viewers on other machines: known names and addresses, and a token; on loopback nothing of it."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from brokers.stores import open_store
from dashboards.live import LiveState
from dashboards.web.app import create_app
from dashboards.web.doors import TOKEN, own_names, token_for
from dashboards.web.server import WebServer
from dashboards.web.settings import WebSettings
from twin.errors import ProblemsError

SECRET = "a token of the test, long enough"


def own_address() -> str:
    """An address of this machine that is not loopback; no packet is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but loopback")
        return str(probe.getsockname()[0])


@pytest_asyncio.fixture(loop_scope="session")
async def everywhere(tmp_path: Path) -> AsyncIterator[WebServer]:
    """Pages on all addresses of this machine."""
    store = open_store(f"duckdb://{tmp_path}/pages.duckdb")
    await store.open()
    settings = WebSettings(hosts=own_names("0.0.0.0", ["twin.example"]), token=SECRET)
    web = WebServer(create_app(store, LiveState(), settings), "0.0.0.0")
    await web.start()
    yield web
    await web.stop()
    await store.close()


@pytest.fixture
def environment() -> Iterator[None]:
    """The environment as it was, afterwards."""
    before = os.environ.pop(TOKEN, None)
    yield
    os.environ.pop(TOKEN, None)
    if before is not None:
        os.environ[TOKEN] = before


async def test_the_address_that_is_printed_opens_the_pages_and_the_cookie_stays(everywhere: WebServer) -> None:
    printed = httpx.URL(everywhere.url)
    assert printed.host == socket.gethostname()
    base = f"http://{own_address()}:{everywhere.port}"
    async with httpx.AsyncClient(base_url=base) as viewer:
        assert (await viewer.get("/api/health")).status_code == 401
        first = await viewer.get("/", params=dict(printed.params))
        assert (first.status_code, first.headers["location"]) == (303, "/")
        cookie = first.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert (await viewer.get("/api/health")).status_code == 200


async def test_a_program_brings_the_token_in_a_header(everywhere: WebServer) -> None:
    base = f"http://{own_address()}:{everywhere.port}"
    async with httpx.AsyncClient(base_url=base) as program:
        for token, status in ((SECRET, 200), (SECRET[:-1], 401), ("-", 401), (SECRET + "x", 401)):
            answer = await program.get("/api/health", headers={"authorization": f"Bearer {token}"})
            assert answer.status_code == status
        for question in (f"{SECRET}x", ""):
            assert (await program.get("/", params={"token": question})).status_code == 401
        assert (await program.post("/api/forecast", params={"token": SECRET}, json={})).status_code == 401
        odd = {"cookie": "=; \x7f\"'; ff-1=; a=b=c"}
        assert (await program.get("/api/health", headers=odd)).status_code == 401


async def test_commands_need_a_token_even_where_the_pages_do_not(tmp_path: Path) -> None:
    done: list[Mapping[str, Any]] = []

    async def command(wanted: Mapping[str, Any]) -> dict[str, Any]:
        done.append(wanted)
        return {}

    store = open_store(f"duckdb://{tmp_path}/pages.duckdb")
    await store.open()
    stop = {"target": "a/b", "effect": "stop"}
    settings = WebSettings(hosts=own_names("0.0.0.0"), token=SECRET, command=command)
    for settings_now, headers, status in (
        (settings, {"authorization": f"Bearer {SECRET}"}, 200),
        (settings, {}, 401),
        (replace(settings, token="", commandable=False), {}, 403),
    ):
        web = WebServer(create_app(store, LiveState(), settings_now), "0.0.0.0")
        await web.start()
        async with httpx.AsyncClient(base_url=f"http://{own_address()}:{web.port}") as program:
            assert (await program.post("/api/commands", json=stop, headers=headers)).status_code == status
        await web.stop()
    await store.close()
    assert done == [{**stop, "end": False}]


async def test_on_loopback_nobody_needs_a_token(everywhere: WebServer) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{everywhere.port}") as viewer:
        assert (await viewer.get("/api/health")).status_code == 200


async def test_own_names_and_addresses_are_served_and_no_others(everywhere: WebServer) -> None:
    address = own_address()
    headers = {"authorization": f"Bearer {SECRET}"}
    async with httpx.AsyncClient(base_url=f"http://{address}:{everywhere.port}", headers=headers) as viewer:
        for host in (address, socket.gethostname(), "twin.example", "TWIN.example:443", "localhost"):
            assert (await viewer.get("/api/health", headers={"host": host})).status_code == 200, host
        for host in ("evil.example", "192.0.2.7", "twin.example.evil", f"{address}.nip.example"):
            assert (await viewer.get("/api/health", headers={"host": host})).status_code == 421, host


@pytest.mark.usefixtures("environment")
def test_a_token_is_made_once_and_shared_with_processes_started_later() -> None:
    assert token_for("127.0.0.1") == token_for("localhost") == ""
    assert TOKEN not in os.environ
    token = token_for("0.0.0.0")
    assert len(token) >= 24
    assert os.environ[TOKEN] == token == token_for("10.0.0.7")
    os.environ[TOKEN] = "none"
    assert token_for("0.0.0.0") == ""
    os.environ[TOKEN] = "short"
    with pytest.raises(ProblemsError, match="at least 16"):
        token_for("0.0.0.0")
