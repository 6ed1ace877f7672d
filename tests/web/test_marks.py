"""A figure that is no plain one says so wherever it is shown: estimated, partial, above 1, worked outside the plan."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Locator, expect

from tests.web.conftest import Served
from tests.web.test_pages import MILL, ROUTES, opened
from twin.equipment import EquipmentPath
from twin.records import COLUMNS, Frame, RecordKind, records

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

HOUR_NS = 3600 * 10**9
LINE = "beta/west/shop/mill"
SITE = "beta/west"
WORDS = {"estimated": "estimated between readings", "partial": "only part of the data"}


def figure(served: Served, path: str, kpi: str, window: str = "live", **more: object) -> Frame:
    """A KPI record of now."""
    end = served.live.data_ns
    given = {"kpi": kpi, "window": window, "t0_ns": end - HOUR_NS, "value": 0.625, "coverage": 1.0, "quality": "good"}
    row = tuple({**given, **more}.get(name) for name in COLUMNS[RecordKind.KPI])
    return records(RecordKind.KPI, [(EquipmentPath(path), end, row)])


async def said(served: Served, *frames: Frame) -> None:
    await served.store.write(list(frames))
    served.live.feed(list(frames))
    await served.move(2)


@pytest.mark.parametrize(
    ("route", "place", "path", "kpi", "window"),
    [
        ("line", "[data-panel=line_oee]", LINE, "line_oee", "live"),
        ("line", "[data-panel=line_first_pass_yield]", LINE, "first_pass_yield", "live"),
        ("line", "[data-panel=line_energy_per_part]", LINE, "energy_per_part_kwh", "live"),
        ("line", "[data-panel=line_unit_oee]", MILL, "oee", "hour"),
        ("enterprise", "[data-panel=enterprise_kpis]", SITE, "effectiveness", "hour"),
        ("enterprise", "[data-panel=enterprise_oee]", SITE, "oee", "hour"),
        ("site", "[data-panel=site_machines]", MILL, "oee", "live"),
        ("site", "[data-panel=site_machines]", LINE, "line_oee", "live"),
        ("machine", "[data-panel=unit_oee]", MILL, "oee", "live"),
        ("machine", "[data-panel=unit_throughput]", MILL, "throughput_per_h", "live"),
        ("overview", ".sites", SITE, "oee", "live"),
        ("overview", "[data-panel=chain_load]", "chain-small", "chain_load", "live"),
    ],
)
async def test_a_figure_that_is_not_good_says_so_in_words(
    browsing: BrowserContext, served: Served, route: str, place: str, path: str, kpi: str, window: str
) -> None:
    window_ = await opened(browsing, served, ROUTES[route][0])
    shown = window_.page.locator(place)
    for quality, words in WORDS.items():
        await said(served, figure(served, path, kpi, window, quality=quality))
        await expect(shown).to_contain_text("≈")
        await expect(shown).to_contain_text(words)
    assert window_.problems == []


@pytest.mark.parametrize(
    ("route", "place", "path", "kpi", "window"),
    [
        ("line", "[data-panel=line_oee]", LINE, "line_oee", "live"),
        ("line", "[data-panel=line_unit_oee]", MILL, "oee", "hour"),
        ("enterprise", "[data-panel=enterprise_kpis]", SITE, "effectiveness", "hour"),
        ("site", "[data-panel=site_machines]", MILL, "oee", "live"),
        ("machine", "[data-panel=unit_effectiveness]", MILL, "effectiveness", "live"),
        ("overview", ".sites", SITE, "oee", "live"),
    ],
)
async def test_a_figure_above_its_ceiling_has_a_reason_and_no_grade(
    browsing: BrowserContext, served: Served, route: str, place: str, path: str, kpi: str, window: str
) -> None:
    shown = (await opened(browsing, served, ROUTES[route][0])).page.locator(place)
    await said(served, figure(served, path, kpi, window, value=1.25, flag_gt1=1))
    await expect(shown).to_contain_text("▲ above 100 %")
    await said(served, figure(served, path, kpi, window, value=1.25, flag_gt1=1, overtime=1))
    await expect(shown).to_contain_text("work outside the planned time")
    above = shown.locator("[data-grade]", has_text="125%")
    assert {await one.get_attribute("data-grade") for one in await above.all()} <= {"", None}


async def test_the_board_marks_and_explains_and_tells_of_revisions(browsing: BrowserContext, served: Served) -> None:
    await said(
        served,
        figure(served, MILL, "oee", value=1.25, flag_gt1=1, overtime=1, revision=2),
        figure(served, MILL, "energy_kwh", quality="estimated"),
    )
    page = (await opened(browsing, served, ROUTES["kpis"][0])).page
    row = page.locator("tr", has=page.locator(f"th[title='{MILL}']"))
    await expect(row.locator("td", has_text="125")).to_contain_text("▲")
    await expect(row.locator("td.doubt", has_text="0.625")).to_contain_text("≈")
    words = page.locator("main > p.signs")
    await expect(words).to_contain_text("▲ above 100 %: work outside the planned time")
    await expect(words).to_contain_text(f"≈ {WORDS['estimated']}")
    await row.locator(".toggle").click()
    await expect(page.locator(".trace")).to_contain_text("computed again 2 ×")


async def test_a_trend_says_which_hours_are_not_good(browsing: BrowserContext, served: Served) -> None:
    await said(served, figure(served, MILL, "availability", "hour", quality="partial"))
    trend = await trend_of(browsing, served)
    await expect(trend).to_contain_text(f"○ {WORDS['partial']}")


async def trend_of(browsing: BrowserContext, served: Served) -> Locator:
    window = await opened(browsing, served, ROUTES["machine"][0])
    return window.page.locator("[data-panel=unit_oee_trend]")


async def test_a_figure_that_was_taken_back_is_not_shown(browsing: BrowserContext, served: Served) -> None:
    await said(served, figure(served, LINE, "line_oee"))
    shown = (await opened(browsing, served, ROUTES["line"][0])).page.locator("[data-panel=line_oee]")
    await expect(shown).to_contain_text("62.5")
    await said(served, figure(served, LINE, "line_oee", value=None, quality="bad"))
    await expect(shown).not_to_contain_text("62.5")
    await expect(shown).to_contain_text("no value")
