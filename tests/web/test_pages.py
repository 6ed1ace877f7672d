"""The pages in a real browser, fed by the real plant."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from dashboards.web.settings import STATIC
from scenarios.forecast.ahead import Question, forecast
from scenarios.forecast.pool import BranchPool
from scenarios.forecast.records import frame_of
from tests.counterparts import missing
from tests.servers.browser import Window, barriers
from tests.web.conftest import Served
from twin.equipment import EquipmentPath
from twin.master import ChainMaster
from twin.records import COLUMNS, RecordKind, records

pytestmark = pytest.mark.browser

MILL = "beta/west/shop/mill/mill1"
ROUTES = {
    "health": ("#/health", "table.health tr[data-hop=pages]"),
    "overview": ("#/", ".site-tile"),
    "enterprise": ("#/enterprise/beta", "[data-panel=enterprise_kpis] td"),
    "site": ("#/site/beta/west", f"a.tile[data-path='{MILL}']"),
    "line": ("#/line/beta/west/shop/mill", "[data-panel=line_states] canvas"),
    "machine": (f"#/unit/{MILL}", "[data-panel=unit_tags] canvas"),
    "buffer": ("#/unit/beta/west/shop/mill/rack", "[data-panel=unit_stock] canvas"),
    "kpis": ("#/kpis", ".kpi-board td"),
}
LIVE = "html[data-live]"


@pytest.fixture(autouse=True)
def _built() -> None:
    if not (STATIC / "index.html").is_file():
        missing("the pages are not built (make install)")


async def opened(context: BrowserContext, served: Served, route: str, language: str = "en") -> Window:
    remembered = "localStorage.getItem('ff.language') ?? localStorage.setItem('ff.language', '{}')"
    await context.add_init_script(remembered.format(language))
    window = Window(await context.new_page())
    window.listen(served.url)
    await window.page.goto(served.url + route)
    await window.page.wait_for_selector(LIVE, state="attached")
    return window


async def test_a_band_is_drawn_when_there_is_a_forecast(browsing: BrowserContext, served: Served) -> None:
    window = await opened(browsing, served, ROUTES["line"][0])
    panel = window.page.locator("[data-panel=line_throughput_ahead]")
    await window.page.wait_for_selector(ROUTES["line"][1])
    await expect(panel).to_be_hidden()
    feed = served.pipeline.feed
    with BranchPool(1) as pool:
        ahead = forecast("small", feed.plant.snapshot(), Question("3 h", branches=4), pool)  # type: ignore[attr-defined]
    await served.store.write([frame_of(ahead)])
    await window.page.reload()
    await expect(panel.locator("canvas")).to_be_visible()
    await expect(panel.locator(".u-legend")).to_contain_text("expected (median)")
    assert window.problems == []


async def test_a_figure_of_forecasts_takes_no_room_where_there_was_none(
    browsing: BrowserContext, served: Served
) -> None:
    window = await opened(browsing, served, ROUTES["site"][0])
    await window.page.wait_for_selector(ROUTES["site"][1])
    panel = window.page.locator("[data-panel=site_snapshot_pause]")
    await expect(panel).to_be_hidden()
    row = (EquipmentPath("beta/west"), served.live.data_ns, ("snapshot_pause_ms", "forecast", "live", 1, 12.5))
    rest = (None,) * (len(COLUMNS[RecordKind.KPI]) - len(row[2]))
    served.live.feed([records(RecordKind.KPI, [(*row[:2], (*row[2], *rest))])])
    await served.move(2)
    await expect(panel).to_contain_text("12.5")
    assert window.problems == []


async def test_a_running_figure_that_is_no_longer_said_leaves_its_place_to_the_hour(
    browsing: BrowserContext, served: Served
) -> None:
    window = await opened(browsing, served, ROUTES["machine"][0])
    note = window.page.locator("[data-panel=unit_throughput] .stat .note")
    await expect(note).to_contain_text("Live ·")
    row = {"kpi": "oee", "scope": "machine", "window": "live", "value": 0.5, "t0_ns": served.live.data_ns + 10**9}
    values = tuple(row.get(name) for name in COLUMNS[RecordKind.KPI])
    ahead = records(RecordKind.KPI, [(EquipmentPath(MILL), served.live.data_ns + 7200 * 10**9, values)])
    served.live.feed([ahead])
    await expect(note).to_contain_text("Hour ·")
    assert window.problems == []


@pytest.mark.parametrize(
    ("language", "link", "age", "silent"),
    [
        ("en", "Store does not answer for 1 min 10 s", "store away for 1 min 10 s, nothing newer", "no news for"),
        ("zh", "存储已 1 min 10 s 无响应", "存储中断 1 min 10 s，无更新", "无数据"),
    ],
)
async def test_while_the_store_is_away_no_site_is_called_silent(
    browsing: BrowserContext, served: Served, language: str, link: str, age: str, silent: str
) -> None:
    for site in served.live.section("sites").values():
        site["arrived_ns"] -= 60 * 10**9
    window = await opened(browsing, served, ROUTES["site"][0], language)
    status, heard = window.page.locator(".link-state"), window.page.locator(".page-head .age")
    await expect(heard).to_contain_text(silent)
    assert await stale_sites(served) == 2
    served.live.held_s = lambda: 70.0
    await expect(status).to_contain_text(link)
    await expect(heard).to_have_text(age)
    assert await stale_sites(served) == 0
    assert await barriers(window.page) == []
    served.live.held_s = lambda: 0.0
    await expect(heard).to_contain_text(silent)
    assert window.problems == []


async def stale_sites(served: Served) -> int:
    hops = {row["hop"]: row["counters"] for row in (await served.get("api/health"))["hops"]}
    return int(hops["publishers"]["stale"])


async def test_a_link_that_no_unit_completes_says_so_on_its_card_and_in_health(
    browsing: BrowserContext, served: Served
) -> None:
    path, chain = next(iter(served.live.model.chains.items()))
    bare = chain.model_copy(update={"links": (chain.links[0].model_copy(update={"units": ()}), *chain.links[1:])})

    def say(master: ChainMaster) -> None:
        row = (path, served.live.data_ns, ("chain", master.model_dump_json()))
        served.live.feed([records(RecordKind.META, [row])])

    say(bare)
    try:
        window = await opened(browsing, served, "#/")
        card = window.page.locator(f"[data-link='{chain.links[0].id}']")
        await expect(card).to_contain_text("no unit completes it")
        await window.page.goto(f"{served.url}#/health")
        hop = window.page.locator("tr[data-hop=chains]")
        await expect(hop).to_contain_text("look at it")
        await expect(hop).to_contain_text(f"{path}: {chain.links[0].id}")
        assert window.problems == []
    finally:
        say(chain)


async def test_people_and_fixtures_are_listed_where_there_are_some(browsing: BrowserContext, served: Served) -> None:
    window = await opened(browsing, served, ROUTES["site"][0])
    panel = window.page.locator("[data-panel=site_resources]")
    await window.page.wait_for_selector(ROUTES["site"][1])
    await expect(panel).to_be_hidden()
    begin, end = served.live.data_ns - 3600 * 10**9, served.live.data_ns
    for path, kpi in ((MILL, "worker_utilisation"), ("beta/west/shop/mill/rack", "fixture_utilisation")):
        row = (EquipmentPath(path), end, (kpi, "machine", "hour", begin, 0.625, 2250.0, 3600.0, 1.0, "good", "made"))
        served.live.feed([records(RecordKind.KPI, [row])])
    await served.move(2)
    await expect(panel).to_be_visible()
    await expect(panel.locator("tbody tr")).to_have_count(2)
    assert "62.5" in await panel.inner_text()
    assert window.problems == []


async def test_the_page_of_people_or_fixtures_has_their_utilisation(browsing: BrowserContext, served: Served) -> None:
    rack = EquipmentPath("beta/west/shop/mill/rack")
    begin, end = served.live.data_ns - 3600 * 10**9, served.live.data_ns
    row = (rack, end, ("fixture_utilisation", "machine", "hour", begin, 0.625, 2250.0, 3600.0, 1.0, "good", "made"))
    window = await opened(browsing, served, f"#/unit/{rack}")
    await window.page.wait_for_selector(ROUTES["buffer"][1])
    panel = window.page.locator("[data-panel=unit_resources]")
    await expect(panel).to_be_hidden()
    figure = records(RecordKind.KPI, [row])
    await served.store.write([figure])
    served.live.feed([figure])
    await expect(panel).to_be_visible()
    await window.page.goto(f"{served.url}#/unit/{MILL}")
    await window.page.wait_for_selector(ROUTES["machine"][1])
    await expect(panel).to_be_hidden()
    await window.page.goto(f"{served.url}#/unit/{rack}")
    await expect(panel.locator("canvas")).to_be_visible()
    await expect(panel.locator(".u-legend")).to_contain_text("Utilisation of fixtures")
    assert window.problems == []


async def test_more_lines_than_colours_are_dashed_and_the_rest_is_told(
    browsing: BrowserContext, served: Served
) -> None:
    now_ns, sites = served.live.data_ns, [EquipmentPath(f"beta/s{number:02}") for number in range(20)]
    states = [(site.child("a").child("l").child("u"), now_ns, ("PRODUCING", None, None)) for site in sites]
    served.live.feed([records(RecordKind.STATE, states)])
    row = {"kpi": "energy_kwh", "scope": "site", "window": "hour", "t0_ns": now_ns - 3600 * 10**9, "value": 1.0}
    values = tuple(row.get(name) for name in COLUMNS[RecordKind.KPI])
    await served.store.write([records(RecordKind.KPI, [(site, now_ns, values) for site in sites])])
    window = await opened(browsing, served, ROUTES["enterprise"][0])
    panel = window.page.locator("section.panel.of-line").first
    await expect(panel.locator(".note").filter(has_text="16")).to_have_text(
        "The first 16 of 21 are drawn; all of them stand on the KPI board."
    )
    await expect(panel.locator(".u-legend .u-series")).to_have_count(17)
    assert window.problems == []


async def feed_state(served: Served, state: str, order: str | None = None) -> None:
    row = (EquipmentPath(MILL), served.live.data_ns + 10**9, (state, order, None))
    served.live.feed([records(RecordKind.STATE, [row])])
    await served.move(2)


WIDTH = "document.documentElement.scrollWidth <= innerWidth"
WIDTHS = (390, 1280, 1920)


async def becomes(page: Page, expression: str, argument: object = None) -> bool:
    """Whether an expression becomes true soon; asked from outside, as the pages let nothing be evaluated within."""
    deadline = asyncio.get_running_loop().time() + 10.0
    while not await page.evaluate(expression, argument):
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


@pytest.mark.parametrize(("theme", "language"), [("dark", "en"), ("light", "zh")])
async def test_every_page_opens_without_a_complaint_or_a_barrier_and_is_no_wider_than_its_screen(
    browsing: BrowserContext, served: Served, tmp_path: Path, theme: str, language: str
) -> None:
    await browsing.add_init_script(f"localStorage.setItem('ff.theme', '{theme}')")
    complaints: dict[str, list[str]] = {}
    for name, (route, proof) in {**ROUTES, "gone": ("#/unit/a/b/c/d/gone", "main h1")}.items():
        window = await opened(browsing, served, route, language)
        await window.page.wait_for_selector(proof)
        await served.move(3)
        await window.page.wait_for_load_state("load")
        found = complaints[name] = window.problems
        if not (await window.page.locator("h1").inner_text()).strip():
            found.append("no heading")
        shot = tmp_path / f"{name}-{language}.png"
        await window.page.screenshot(path=shot, full_page=True)
        if shot.stat().st_size <= 10_000:
            found.append("nothing on it")
        found += await barriers(window.page)
        for width in WIDTHS:
            await window.page.set_viewport_size({"width": width, "height": 900})
            await window.page.wait_for_selector(proof, state="attached")
            if not await becomes(window.page, WIDTH):  # charts follow in the next frames
                found.append(f"wider than {width}")
        await window.page.close()
    assert {name: found for name, found in complaints.items() if found} == {}


async def test_a_machine_changes_state_on_the_floor(browsing: BrowserContext, served: Served) -> None:
    window = await opened(browsing, served, ROUTES["site"][0])
    tile = window.page.locator(f"a.tile[data-path='{MILL}']")
    await feed_state(served, "QUALITY_HOLD")
    await expect(tile).to_have_attribute("data-state", "QUALITY_HOLD")
    await expect(tile).to_contain_text("Quality hold")
    await expect(tile.locator(".letter")).to_have_text("Q")
    assert window.problems == []


async def test_a_tile_leads_to_its_machine(browsing: BrowserContext, served: Served) -> None:
    window = await opened(browsing, served, ROUTES["site"][0])
    await window.page.locator(f"a.tile[data-path='{MILL}']").focus()
    await window.page.keyboard.press("Enter")
    await expect(window.page.locator("h1")).to_have_text("Mill")
    await expect(window.page.locator("[data-panel=unit_state] .badge")).to_be_visible()


async def test_trends_go_on_with_live_points(browsing: BrowserContext, served: Served) -> None:
    window = await opened(browsing, served, ROUTES["machine"][0])
    counter = window.page.locator("[data-panel=unit_energy_counter] .value")
    await served.move(2)
    await expect(counter).not_to_be_empty()
    before = float((await counter.inner_text()).replace(",", ""))
    await served.move(120, tick_s=30)
    assert await becomes(
        window.page,
        "before => parseFloat(document.querySelector('[data-panel=unit_energy_counter] .value')"
        ".textContent.replaceAll(',', '')) > before",
        before,
    )


async def test_the_language_changes_and_is_remembered(browsing: BrowserContext, served: Served) -> None:
    window = await opened(browsing, served, ROUTES["overview"][0], "zh")
    page = window.page
    await expect(page.locator("h1")).to_have_text("小型产业链")
    await page.click("#language")
    await expect(page.locator("h1")).to_have_text("Small chain")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await page.reload()
    await expect(page.locator("h1")).to_have_text("Small chain")
    assert window.problems == []


async def test_the_theme_changes_and_is_remembered(browsing: BrowserContext, served: Served) -> None:
    window = await opened(browsing, served, ROUTES["overview"][0])
    await window.page.click("#theme")
    await window.page.reload()
    await expect(window.page.locator("html")).to_have_attribute("data-theme", "light")


async def test_the_bottleneck_of_the_chain_is_named(browsing: BrowserContext, served: Served) -> None:
    window = await opened(browsing, served, ROUTES["overview"][0])
    narrow = window.page.locator(".chain a.narrow")
    await expect(narrow).to_have_count(1)
    await expect(narrow).to_contain_text("Bottleneck")


async def test_the_kpi_board_sorts_and_traces(browsing: BrowserContext, served: Served) -> None:
    window = await opened(browsing, served, ROUTES["kpis"][0])
    page = window.page
    await page.get_by_role("button", name="Hour", exact=True).click()
    heading = page.locator("th[aria-sort]", has_text="OEE index")
    await heading.get_by_role("button").click()
    await expect(heading).to_have_attribute("aria-sort", "ascending")
    await page.locator(".toggle").first.click()
    await expect(page.locator(".trace")).to_contain_text("Numerator")
    assert window.problems == []


async def test_stale_data_is_shown_as_stale(browsing: BrowserContext, served: Served) -> None:
    window = await opened(browsing, served, ROUTES["site"][0])
    tile = window.page.locator(f"a.tile[data-path='{MILL}']")
    await expect(tile).not_to_have_class("hatched")
    await served.web.stop()
    await expect(tile).to_contain_text("(stale)")
    await expect(window.page.locator(".link-state")).to_have_text("Connection lost")


async def test_the_first_live_paint_comes_soon(browsing: BrowserContext, served: Served) -> None:
    began = time.monotonic()
    window = await opened(browsing, served, ROUTES["overview"][0])
    paint_ms = int(await window.page.locator("html").get_attribute("data-live") or 0)
    assert 0 < paint_ms < 5000
    assert time.monotonic() - began < 15


async def test_the_board_shows_what_the_pressed_buttons_ask(browsing: BrowserContext, served: Served) -> None:
    window = await opened(browsing, served, ROUTES["kpis"][0])
    page = window.page
    await page.wait_for_selector(ROUTES["kpis"][1])
    release = asyncio.Event()

    async def late(route: Route) -> None:
        if "scope=machine" in route.request.url:
            await release.wait()
        await route.continue_()

    await page.route("**/api/kpi-table*", late)
    await page.get_by_role("button", name="Hour", exact=True).click()
    await expect(page.locator(".kpi-board [aria-busy=true]")).to_be_visible()
    await page.get_by_role("button", name="Sites", exact=True).click()
    await expect(page.locator(".kpi-board tbody th a").first).to_be_visible()
    release.set()
    await page.wait_for_timeout(0)
    shown = await page.locator(".kpi-board tbody th[scope=row]").evaluate_all("all => all.map(one => one.title)")
    assert shown == ["alpha/east", "beta/west"]
    assert window.problems == []


async def test_a_figure_says_of_which_window_it_is(browsing: BrowserContext, served: Served) -> None:
    window = await opened(browsing, served, ROUTES["line"][0])
    note = "[data-panel={}] header .note"
    await expect(window.page.locator(note.format("line_oee"))).to_have_text(re.compile(r"^Live · \d\d:\d\d–\d\d:\d\d$"))
    await expect(window.page.locator(note.format("line_unit_oee"))).to_have_text(
        re.compile(r"^Hour · \d\d:00–\d\d:00$")
    )
    assert window.problems == []


async def test_equipment_that_is_gone_is_a_page_and_the_stream_goes_on(
    browsing: BrowserContext, served: Served
) -> None:
    window = await opened(browsing, served, "#/unit/beta/west/shop/mill/gone")
    page = window.page
    await expect(page.locator("h1")).to_have_text("No such equipment")
    await expect(page.locator(".link-state")).to_have_text("Live")
    await page.goto(served.url + "#/unit/%E0%A4%A")
    await expect(page.locator("h1")).to_have_text("No such equipment")
    await page.get_by_role("link", name="To the overview").click()
    await expect(page.locator("h1")).to_have_text("Small chain")
    assert window.problems == []


@pytest.mark.parametrize(
    ("spoken", "title"), [("en-GB", "Small chain"), ("zh-CN", "小型产业链"), ("fr-FR", "小型产业链")]
)
async def test_the_first_language_is_that_of_the_browser(
    chromium: Browser, served: Served, spoken: str, title: str
) -> None:
    context = await chromium.new_context(locale=spoken)
    page = await context.new_page()
    await page.goto(served.url)
    await expect(page.locator("h1")).to_have_text(title)
    await context.close()


async def test_kinds_and_causes_have_names_in_both_languages(browsing: BrowserContext, served: Served) -> None:
    press = "alpha/east/shop/press/press1"
    window = await opened(browsing, served, f"#/unit/{press}", "zh")
    await expect(window.page.locator("dl.facts")).to_contain_text("加工设备")
    await expect(window.page.locator("dl.facts")).to_contain_text("冲压机")
    row = (EquipmentPath(press), served.live.data_ns + 10**9, ("FAILED", None, "die"))
    served.live.feed([records(RecordKind.STATE, [row])])
    await served.move(2)
    await expect(window.page.locator("[data-panel=unit_state]")).to_contain_text("模具卡滞")
    assert window.problems == []
