"""The pages end while something is asked of them: it is answered, and nothing of it stands in the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from brokers.stores import open_store
from dashboards.live import LiveState
from dashboards.web.app import create_app
from dashboards.web.server import WebServer
from dashboards.web.settings import WebSettings


async def test_what_takes_too_long_is_told_that_the_run_ends(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A forecast of which the plant has not yet said from what it begins."""
    begun = asyncio.Event()

    async def ahead(asked: Mapping[str, Any]) -> dict[str, Any]:
        begun.set()
        await asyncio.sleep(3600)
        return {}

    store = open_store(f"duckdb://{tmp_path}/pages.duckdb")
    await store.open()
    web = WebServer(create_app(store, LiveState(), WebSettings(ahead=ahead)))
    address = await web.start()
    try:
        async with httpx.AsyncClient(base_url=address, timeout=60) as client:
            asked = asyncio.create_task(client.post("/api/forecast", json={}))
            await asyncio.wait_for(begun.wait(), 60)
            with caplog.at_level(logging.WARNING):
                await web.stop()
            answer = await asked
    finally:
        await store.close()
    assert (answer.status_code, "got one that ends" in answer.text) == (503, True), answer.text
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")], caplog.text
