"""Pages over what no scenario made: a store with nothing in it, and one that only strangers have written to."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, expect

from brokers.stores import open_store
from dashboards.live import LiveState
from dashboards.web.app import create_app
from dashboards.web.server import WebServer
from dashboards.web.settings import WebSettings
from tests.servers.browser import Window, barriers
from tests.web.test_pages import WIDTH, WIDTHS, becomes
from twin.brain import Brain
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records

pytestmark = pytest.mark.browser

UNIT = EquipmentPath("acme/north/hall/line9/press-7")
BARE = EquipmentPath("acme/north/hall/line9/robot")
NEVER = re.compile(r"NaN|undefined|\[object|Infinity|\bnull\b|quality\.|kpi\.|state\.|kind\.|window\.")
"""What is no text for people: values of the language that the pages are written in, and keys of the catalogue."""
S = 10**9


def of_strangers(now_ns: int) -> list[Frame]:
    """What publishers with a word of master data, and without any, say in an hour."""
    times = [now_ns - (60 - minute) * 60 * S for minute in range(61)]
    master = '{"kind": "machine", "en": "Press 7", "zh": "冲床7", "ideal_s": 40.0}'
    return [
        records(RecordKind.META, [(UNIT, times[0], ("equipment", master))]),
        records(RecordKind.HEARTBEAT, [(EquipmentPath("acme/north"), t, (0, 0, 0.0)) for t in times]),
        records(RecordKind.STATE, [(path, times[0], ("PRODUCING", None, None)) for path in (UNIT, BARE)]),
        records(RecordKind.STATE, [(UNIT, times[30], ("UNKNOWN", None, "gone fishing"))]),
        records(RecordKind.STOCK, [(BARE, times[9], ("bolt", 12.0))]),
        records(RecordKind.ALARM, [(BARE, times[10], ("E-17", 700, 1, "door left open"))]),
        telemetry(UNIT, times, ("energy_kwh", "odd tag")),
        telemetry(BARE, times, ("speed",)),
    ]


def telemetry(path: EquipmentPath, times: Sequence[int], tags: tuple[str, ...]) -> Frame:
    values = np.cumsum(np.ones((len(times), len(tags))), axis=0)
    return Frame(RecordKind.TELEMETRY, (path,) * len(times), np.array(times, dtype=np.int64), tags, values)


@pytest_asyncio.fixture(params=["empty", "strangers"], loop_scope="session")
async def served(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Address of the pages over such a store."""
    store = open_store(f"duckdb://{tmp_path}/pages.duckdb")
    await store.open()
    live, brain = LiveState(), Brain()
    frames = of_strangers(time.time_ns()) if request.param == "strangers" else []
    said = [frame for each in frames for frame in (each, *brain.process(each))]
    await store.write([*said, *brain.flush()])
    web = WebServer(create_app(store, live, WebSettings(period_s=0.05)))
    yield await web.start()
    await web.stop()
    await store.close()


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_page_says_what_there_is_and_what_there_is_not(
    browsing: BrowserContext, served: str, language: str
) -> None:
    await browsing.add_init_script(f"localStorage.setItem('ff.language', '{language}')")
    paths = ("", "acme", "acme/north", "acme/north/hall/line9", UNIT, BARE)
    names = ("", "enterprise", "site", "line", "unit", "unit")
    found: dict[str, list[str]] = {}
    for route in [*(f"#/{name}/{path}" for name, path in zip(names, paths, strict=True)), "#/kpis", "#/health"]:
        window = Window(await browsing.new_page())
        window.listen(served)
        await window.page.goto(served + route)
        await expect(window.page.locator("h1")).not_to_be_empty()
        await window.page.wait_for_load_state("load")
        found[route] = [*await judged(window), *window.problems]
        if language == "zh":  # barriers are the same in both languages
            found[route] += await barriers(window.page)
        await window.page.close()
    assert {route: problems for route, problems in found.items() if problems} == {}


async def judged(window: Window) -> list[str]:
    """What is wrong with a page as it is read, at every width."""
    page, problems = window.page, []
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)
    problems += [f"shows {word!r}" for word in NEVER.findall(await page.locator("body").inner_text())]
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        if not await becomes(page, WIDTH):
            problems.append(f"wider than {width}")
    return problems


@pytest.mark.parametrize("served", ["empty"], indirect=True)
@pytest.mark.parametrize(("language", "words"), [("en", "No data yet"), ("zh", "暂无数据")])
async def test_where_nobody_has_said_anything_nothing_is_called_live(
    browsing: BrowserContext, served: str, language: str, words: str
) -> None:
    await browsing.add_init_script(f"localStorage.setItem('ff.language', '{language}')")
    page = await browsing.new_page()
    await page.goto(served)
    state = page.locator(".link-state")
    await expect(state).to_have_text(words)
    await expect(state).not_to_have_class(re.compile("good"))
    await page.locator(".sites a.inline").click()
    await expect(page.locator("table.health")).to_be_visible()


@pytest.mark.parametrize("served", ["strangers"], indirect=True)
async def test_what_strangers_say_is_on_their_pages(browsing: BrowserContext, served: str) -> None:
    await browsing.add_init_script("localStorage.setItem('ff.language', 'en')")
    page = await browsing.new_page()
    await page.goto(f"{served}#/unit/{UNIT}")
    await expect(page.locator("h1")).to_have_text("Press 7")
    await expect(page.locator("[data-panel=unit_state]")).to_contain_text("gone fishing")
    await expect(page.locator("section.commands")).to_contain_text("No live plant")
    await page.goto(f"{served}#/site/acme/north")
    await expect(page.locator(f"a.tile[data-path='{UNIT}']")).to_be_visible()


@pytest.mark.parametrize("served", ["strangers"], indirect=True)
async def test_a_unit_that_says_nothing_of_itself_has_a_page(browsing: BrowserContext, served: str) -> None:
    await browsing.add_init_script("localStorage.setItem('ff.language', 'en')")
    page = await browsing.new_page()
    await page.goto(f"{served}#/line/acme/north/hall/line9")
    await page.locator(".row-names a", has_text="robot").click()
    await expect(page.locator("h1")).to_have_text("robot")
    await expect(page.locator("[data-panel=unit_state]")).to_contain_text("Producing")
    await expect(page.locator("[data-panel=unit_stock] canvas")).to_be_visible()
    await expect(page.locator("[data-panel=unit_alarms]")).to_contain_text("door left open")
