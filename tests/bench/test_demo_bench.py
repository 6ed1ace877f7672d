"""From ``factory demo`` to the first live record and the first live page; memory of its processes."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Browser

from tests.cli.programs import FACTORY, Program, get
from tests.counterparts import wait_for

pytestmark = [pytest.mark.bench, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(0)]

LIVE = "html[data-live]"
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def stored(address: str) -> int:
    """Frames of the live run in the store."""
    health = get(address, "/api/health")
    assert isinstance(health, dict)
    return int(health["ingest"].get("stored", 0))


async def test_demo(tmp_path: Path, chromium: Browser, capsys: pytest.CaptureFixture[str]) -> None:
    page = await chromium.new_page()
    began = time.perf_counter()
    program = Program([str(FACTORY), "demo"], {"FF_DATA": str(tmp_path)})
    said = [f"{'memory of':24s}    MB"]
    try:
        address = await asyncio.to_thread(program.address)
        served_s = time.perf_counter() - began
        history = await asyncio.to_thread(program.line, "history")
        await asyncio.to_thread(program.line, "live")
        live_s = time.perf_counter() - began
        await asyncio.to_thread(wait_for, lambda: stored(address) > 0, "the first live record")
        record_s = time.perf_counter() - began
        opened = time.perf_counter()
        await page.goto(address)
        await page.wait_for_selector(LIVE, state="attached")
        shown_s = time.perf_counter() - opened
        painted_ms = await page.evaluate(PAINTED)
        family = [*psutil.Process(program.pid).children(recursive=True), psutil.Process(program.pid)]
        said.extend(f"{' '.join(one.cmdline()[1:4])[-24:]:24s} {one.memory_info().rss / 1e6:5.0f}" for one in family)
        assert program.interrupt() == 0
    finally:
        program.kill()
    with capsys.disabled():
        print(f"\npages served {served_s:.1f} s, {history}, live {live_s:.1f} s, first live record {record_s:.1f} s")
        print(f"page opened then: first paint {painted_ms:.0f} ms, live {shown_s:.2f} s")
        print("\n".join(said))
