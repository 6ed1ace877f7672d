"""A figure that is no plain one says so wherever it is shown: estimated, partial, above 1, worked outside the plan."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Locator, expect

from tests.web.conftest import Served
from tests.web.test_pages import MILL, ROUTES, opened
from twin.equipment import EquipmentPath
from twin.records import COLUMNS, Frame, RecordKind, records

pytestmark = pytest.mark.browser

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
    await told(served, *frames)
    await served.move(2)


async def told(served: Served, *frames: Frame) -> None:
    """Figures at an instant; the plant stands still."""
    await served.store.write(list(frames))
    served.live.feed(list(frames))


NOT_GOOD = {
    ("line", "figures"): [
        ("[data-panel=line_oee]", LINE, "line_oee", "live"),
        ("[data-panel=line_first_pass_yield]", LINE, "first_pass_yield", "live"),
        ("[data-panel=line_energy_per_part]", LINE, "energy_per_part_kwh", "live"),
        ("[data-panel=line_unit_oee]", MILL, "oee", "hour"),
    ],
    ("enterprise", "figures"): [
        ("[data-panel=enterprise_kpis]", SITE, "effectiveness", "hour"),
        ("[data-panel=enterprise_oee]", SITE, "oee", "hour"),
    ],
    ("site", "machines"): [("[data-panel=site_machines]", MILL, "oee", "live")],
    ("site", "lines"): [("[data-panel=site_machines]", LINE, "line_oee", "live")],
    ("machine", "figures"): [
        ("[data-panel=unit_oee]", MILL, "oee", "live"),
        ("[data-panel=unit_throughput]", MILL, "throughput_per_h", "live"),
    ],
    ("overview", "sites"): [(".sites", SITE, "oee", "live")],
    ("overview", "chain"): [("[data-panel=chain_load]", "chain-small", "chain_load", "live")],
}
"""By page and what it is looked at for, figures in places apart: place, path, KPI and window.

The plant stands still meanwhile, so that no figure of the brain's comes between.
"""
ABOVE = {
    ("line", "figures"): [
        ("[data-panel=line_oee]", LINE, "line_oee", "live"),
        ("[data-panel=line_unit_oee]", MILL, "oee", "hour"),
    ],
    ("enterprise", "figures"): [("[data-panel=enterprise_kpis]", SITE, "effectiveness", "hour")],
    ("site", "machines"): [("[data-panel=site_machines]", MILL, "oee", "live")],
    ("machine", "figures"): [("[data-panel=unit_effectiveness]", MILL, "effectiveness", "live")],
    ("overview", "sites"): [(".sites", SITE, "oee", "live")],
}
"""Figures that may be above their ceiling."""


@pytest.mark.parametrize("look", NOT_GOOD, ids=" ".join)
async def test_a_figure_that_is_no_plain_one_says_so(
    browsing: BrowserContext, served: Served, look: tuple[str, str]
) -> None:
    window = await opened(browsing, served, ROUTES[look[0]][0])
    faults = []
    for place, *which in NOT_GOOD[look]:
        faults += [(place, *which, fault) for fault in await not_good(served, window.page.locator(place), *which)]
    for place, *which in ABOVE.get(look, ()):
        faults += [(place, *which, fault) for fault in await above(served, window.page.locator(place), *which)]
    assert faults == []
    assert window.problems == []


async def not_good(served: Served, shown: Locator, path: str, kpi: str, window: str) -> list[str]:
    """Which words of a figure that is not good are missing."""
    faults = []
    for quality, words in WORDS.items():
        await told(served, figure(served, path, kpi, window, quality=quality))
        faults += [f"no {text} when {quality}" for text in ("≈", words) if not await comes(shown, text)]
    return faults


async def above(served: Served, shown: Locator, path: str, kpi: str, window: str) -> list[str]:
    """Which reasons of a figure above its ceiling are missing, and its grade, which it must not have."""
    await told(served, figure(served, path, kpi, window, value=1.25, flag_gt1=1))
    faults = [] if await comes(shown, "▲ above 100 %") else ["no ▲"]
    await told(served, figure(served, path, kpi, window, value=1.25, flag_gt1=1, overtime=1))
    faults += [] if await comes(shown, "work outside the planned time") else ["no word of overtime"]
    graded = shown.locator("[data-grade]", has_text="125%")
    return [*faults, *[grade for one in await graded.all() if (grade := await one.get_attribute("data-grade"))]]


async def comes(shown: Locator, text: str) -> bool:
    """Whether a place shows a text soon."""
    try:
        await expect(shown).to_contain_text(text)
    except AssertionError:
        return False
    return True


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


async def test_one_meaning_of_two_signs_is_told_once(browsing: BrowserContext, served: Served) -> None:
    await said(served, figure(served, SITE, "oee", "hour", quality="partial"))
    window = await opened(browsing, served, ROUTES["enterprise"][0])
    words = window.page.locator("[data-panel=enterprise_oee]").get_by_text(WORDS["partial"])
    await expect(words).to_have_text(f"≈ ○ {WORDS['partial']}")


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
