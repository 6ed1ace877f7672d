"""Pages without a mouse: everything is reached and seen, and nothing that is drawn anew takes the focus away."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.web.conftest import Served
from tests.web.test_pages import MILL, ROUTES, opened
from twin.equipment import EquipmentPath
from twin.records import COLUMNS, RecordKind, records

pytestmark = pytest.mark.browser

STOPS = 400
FOCUSED = """() => {
    const one = document.activeElement, look = getComputedStyle(one), box = one.getBoundingClientRect();
    if (one === document.body) return null;
    one.dataset.stop ??= String(document.querySelectorAll("[data-stop]").length);
    return {
        stop: one.dataset.stop, html: one.outerHTML.slice(0, 120),
        ring: look.outlineStyle !== "none" || one.id === "main", seen: box.width > 0 && box.right > 0,
    };
}"""


@pytest.mark.parametrize("name", ["overview", "site", "machine", "kpis"])
async def test_tab_reaches_everything_once_and_shows_where_it_is(
    browsing: BrowserContext, served: Served, name: str
) -> None:
    route, proof = ROUTES[name]
    page = (await opened(browsing, served, route)).page
    await page.wait_for_selector(proof)
    met: list[str] = []
    for _ in range(STOPS):
        await page.keyboard.press("Tab")
        at = await page.evaluate(FOCUSED)
        if at is None or at["stop"] in met:
            break
        assert at["ring"], at
        assert at["seen"], at
        met.append(at["stop"])
    assert met == [str(number) for number in range(len(met))]
    tabbable = await page.locator("a[href]:visible, button:visible, input:visible, [tabindex='0']:visible").count()
    assert len(met) >= tabbable


async def test_the_skip_link_comes_first_and_leads_to_the_page(browsing: BrowserContext, served: Served) -> None:
    page = (await opened(browsing, served, "#/")).page
    await page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await expect(page.locator("h1")).to_have_text("Small chain")


async def pressed(page: Page, selector: str) -> None:
    """Press Enter on an element, and see that the keyboard is still on what stands there afterwards."""
    await page.locator(selector).focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(selector)).to_be_focused()


async def test_a_choice_keeps_the_keyboard(browsing: BrowserContext, served: Served) -> None:
    page = (await opened(browsing, served, "#/kpis")).page
    await pressed(page, "[data-key=choice-hour]")
    await expect(page.locator("[data-key=choice-hour]")).to_have_attribute("aria-pressed", "true")
    await pressed(page, "#theme")
    await pressed(page, "#language")
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await page.goto(f"{served.url}#/unit/{MILL}")
    await pressed(page, "[data-key=span-28800]")
    await expect(page.locator("[data-key=span-28800]")).to_have_attribute("aria-pressed", "true")


async def test_figures_and_equipment_that_come_meanwhile_leave_the_keyboard_and_the_place_alone(
    browsing: BrowserContext, served: Served
) -> None:
    page = (await opened(browsing, served, "#/enterprise/beta")).page
    link = page.locator("[data-panel=enterprise_kpis] td a")
    await link.focus()
    row = {"kpi": "oee", "scope": "site", "window": "hour", "t0_ns": served.live.data_ns - 10**9, "value": 0.123}
    site = EquipmentPath("beta/west")
    told = tuple({**row, "quality": "good"}.get(column) for column in COLUMNS[RecordKind.KPI])
    served.live.feed([records(RecordKind.KPI, [(site, served.live.data_ns + 10**9, told)])])
    await expect(page.locator("[data-panel=enterprise_kpis]")).to_contain_text("12.3%")
    await expect(link).to_be_focused()
    await page.set_viewport_size({"width": 1280, "height": 300})
    await page.evaluate("scrollTo(0, 150)")
    master = ("equipment", '{"kind": "buffer", "en": "Newcomer", "zh": "新设备"}')
    newcomer = EquipmentPath("beta/newcomer/shop/mill/shelf")
    served.live.feed([records(RecordKind.META, [(newcomer, served.live.data_ns, master)])])
    await served.move(2)
    await expect(page.locator("nav.side")).to_contain_text("newcomer")
    await expect(page.locator("[data-panel=enterprise_kpis] td a[href='#/site/beta/west']")).to_be_focused()
    assert await page.evaluate("scrollY") == 150


async def test_another_page_begins_at_its_top_with_the_keyboard_in_it(browsing: BrowserContext, served: Served) -> None:
    page = (await opened(browsing, served, "#/site/beta/west")).page
    await page.locator(f"a.tile[data-path='{MILL}']").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Mill")
    await expect(page.locator("main")).to_be_focused()


async def test_escape_closes_the_menu_of_a_small_screen(browsing: BrowserContext, served: Served) -> None:
    page = (await opened(browsing, served, "#/")).page
    await page.set_viewport_size({"width": 390, "height": 844})
    menu, side = page.locator("#menu"), page.locator("nav.side")
    await expect(side).to_be_hidden()
    await menu.focus()
    await page.keyboard.press("Enter")
    await expect(side).to_be_visible()
    await expect(menu).to_have_attribute("aria-expanded", "true")
    await side.locator("a").first.focus()
    await page.keyboard.press("Escape")
    await expect(side).to_be_hidden()
    await expect(menu).to_be_focused()
    await expect(menu).to_have_attribute("aria-expanded", "false")


async def test_a_cell_that_the_keyboard_is_on_is_named_until_it_is_left(
    browsing: BrowserContext, served: Served
) -> None:
    page = (await opened(browsing, served, "#/")).page
    cells = page.locator(".site-tile[data-path='beta/west'] canvas")
    await expect(cells).to_have_attribute("aria-label", "West milling plant: 2 units")
    await cells.focus()
    await page.keyboard.press("ArrowLeft")
    await served.move(3)
    await expect(cells).to_have_attribute("aria-label", re.compile(r"^Mill: \w"))
