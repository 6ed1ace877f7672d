"""What a demonstration would be ashamed of: cut signs, empty headline figures, empty charts, wrong headings."""

from __future__ import annotations

import asyncio
import re

import numpy as np
import pytest
from playwright.async_api import BrowserContext, Route, expect

from dashboards.silence import HeardUnits
from tests.web.conftest import Served
from tests.web.test_live import state
from tests.web.test_pages import MILL, opened
from twin.equipment import EquipmentPath
from twin.master import EquipmentMaster
from twin.records import COLUMNS, Frame, RecordKind, records
from twin.tags import TagSpec

pytestmark = pytest.mark.browser

DEPOT = EquipmentPath("gamma/depot")
STORE = EquipmentPath("gamma/depot/yard/stock/hub")
S = 10**9


def of_depot(now_ns: int) -> list[object]:
    """A site where nothing works on anything: a store and a road, with transport and an energy of 0."""
    units = [STORE, EquipmentPath("gamma/depot/yard/stock/road")]
    masters = [(unit, now_ns, ("equipment", '{"kind": "lane", "en": "Road", "zh": "公路"}')) for unit in units]
    place = [(DEPOT, now_ns, ("place", '{"en": "Depot", "zh": "分仓"}'))]
    figures = {"energy_kwh": 0.0, "transport_activity_tkm": 0.0, "otif": 0.97}
    own = {"scope": "site", "window": "live", "t0_ns": now_ns - 3600 * S, "quality": "good"}
    rows = [
        (
            DEPOT,
            now_ns,
            tuple({**own, "kpi": kpi, "value": value}.get(column) for column in COLUMNS[RecordKind.KPI]),
        )
        for kpi, value in figures.items()
    ]
    return [
        records(RecordKind.META, [*place, *masters]),
        records(RecordKind.HEARTBEAT, [(DEPOT, now_ns, (0, 0, 0.0))]),
        records(RecordKind.STATE, [(unit, now_ns, ("PRODUCING", None, None)) for unit in units]),
        records(RecordKind.KPI, rows),
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_sign_of_a_doubtful_figure_is_not_cut(
    browsing: BrowserContext, served: Served, language: str
) -> None:
    t1_ns = served.live.data_ns
    row = {
        "kpi": "oee",
        "scope": "machine",
        "window": "live",
        "t0_ns": t1_ns - 3600 * S,
        "value": 1.0,
        "quality": "partial",
    }
    rows = [(EquipmentPath(MILL), t1_ns, tuple(row.get(column) for column in COLUMNS[RecordKind.KPI]))]
    begun = records(RecordKind.STATE, [(EquipmentPath(MILL), t1_ns - 94 * 60 * S, ("PRODUCING", None, None))])
    served.live.feed([records(RecordKind.KPI, rows), begun])
    window = await opened(browsing, served, "#/site/beta/west", language)
    figure = window.page.locator(f"a.tile[data-path='{MILL}'] .oee")
    await expect(figure).to_have_text("OEE 100%≈")
    inside = """one => {
        const tile = one.closest('.tile').getBoundingClientRect(), own = one.getBoundingClientRect();
        const foot = one.parentElement;
        return own.right <= tile.right && own.bottom <= tile.bottom && foot.scrollWidth <= foot.clientWidth;
    }"""
    assert await figure.evaluate(inside)


async def test_a_site_where_nothing_works_has_no_empty_figures(browsing: BrowserContext, served: Served) -> None:
    served.live.feed(of_depot(served.live.data_ns))
    window = await opened(browsing, served, f"#/site/{DEPOT}")
    await expect(window.page.locator("[data-panel=site_machines]")).to_be_visible()
    for name in ("site_oee", "site_throughput", "site_line_oee", "site_throughput_trend"):
        await expect(window.page.locator(f"[data-panel={name}]")).to_be_hidden()
    await window.page.goto(f"{served.url}#/line/gamma/depot/yard/stock")
    await expect(window.page.locator("[data-panel=line_states]")).to_be_visible()
    await expect(window.page.locator(".panel .absent:visible")).to_have_count(0)
    assert window.problems == []


async def test_the_tile_of_a_site_shows_figures_that_say_something_first(
    browsing: BrowserContext, served: Served
) -> None:
    served.live.feed(of_depot(served.live.data_ns))
    window = await opened(browsing, served, "#/")
    footer = window.page.locator(f".site-tile[data-path='{DEPOT}'] footer")
    await expect(footer).to_contain_text("97%")
    await expect(footer).not_to_contain_text("—", use_inner_text=True)


async def test_stock_that_did_not_change_is_drawn(browsing: BrowserContext, served: Served) -> None:
    now_ns = served.live.data_ns
    served.live.feed(of_depot(now_ns))
    stock = records(RecordKind.STOCK, [(STORE, now_ns - 30 * 3600 * S, ("body", 12.0))])
    await served.store.write([stock])
    served.live.feed([stock])
    t1 = served.now_ms
    rows = await served.get("api/stock", path=STORE, t0=t1 - 3_600_000, t1=t1)
    assert rows == [{"path": STORE, "t": t1 - 3_600_000, "item": "body", "n": 12.0}]
    window = await opened(browsing, served, f"#/unit/{STORE}")
    await expect(window.page.locator("[data-panel=unit_stock] canvas")).to_be_visible()
    await expect(window.page.locator("[data-panel=unit_stock] .nothing")).to_have_count(0)


async def test_stock_holds_from_its_change_on(browsing: BrowserContext, served: Served) -> None:
    """Not from the change before: what came 3 min ago was not there half an hour ago."""
    now_ns = served.live.data_ns
    served.live.feed(of_depot(now_ns))
    changes = [(STORE, now_ns - 30 * 3600 * S, ("body", 0.0)), (STORE, now_ns - 180 * S, ("body", 12.0))]
    stock = records(RecordKind.STOCK, changes)
    await served.store.write([stock])
    served.live.feed([stock])
    window = await opened(browsing, served, f"#/unit/{STORE}")
    canvas = window.page.locator("[data-panel=unit_stock] canvas")
    await expect(canvas).to_be_visible()
    heights = """canvas => {
        const {width, height} = canvas, {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
        const blue = at => data[at + 2] > 200 && data[at] < 100 && data[at + 3] > 200;
        const found = [];
        for (let x = 0; x < width; x++)
            for (let y = 0; y < height; y++) if (blue(4 * (y * width + x))) found.push([x, y]);
        const left = Math.min(...found.map(([x]) => x)), right = Math.max(...found.map(([x]) => x));
        const at = share => found.filter(([x]) => Math.abs(x - (left + share * (right - left))) < 2).map(([, y]) => y);
        return [at(0), at(0.5), at(1)].map(all => Math.min(...all));
    }"""
    begin, middle, end = await canvas.evaluate(heights)
    assert begin == middle > end


async def test_a_machine_has_no_panel_of_people(browsing: BrowserContext, served: Served) -> None:
    """Figures of people that are not known, because nobody is asked for, are none."""
    t1_ns, hour_ns = served.live.data_ns, 3600 * S
    row = {
        "kpi": "fixture_utilisation",
        "scope": "machine",
        "window": "hour",
        "t0_ns": t1_ns - hour_ns,
        "quality": "bad",
    }
    unknown = tuple(row.get(column) for column in COLUMNS[RecordKind.KPI])
    served.live.feed([records(RecordKind.KPI, [(EquipmentPath(MILL), t1_ns, unknown)])])
    window = await opened(browsing, served, f"#/unit/{MILL}")
    await expect(window.page.locator("[data-panel=unit_oee_trend] canvas")).to_be_visible()
    await expect(window.page.locator("[data-panel=unit_resources]")).to_be_hidden()


async def test_the_only_unit_of_a_line_has_its_name_beside_its_states(browsing: BrowserContext, served: Served) -> None:
    now_ns, gate = served.live.data_ns, EquipmentPath("gamma/depot/yard/gate/gate1")
    served.live.feed(of_depot(now_ns))
    master = ("equipment", '{"kind": "lane", "en": "Gate", "zh": "大门"}')
    served.live.feed([records(RecordKind.META, [(gate, now_ns, master)])])
    window = await opened(browsing, served, f"#/line/{gate.line}")
    await expect(window.page.locator("[data-panel=line_states] .row-names a")).to_have_text(["Gate"])
    await window.page.goto(f"{served.url}#/unit/{gate}")
    await expect(window.page.locator("[data-panel=unit_state_timeline] canvas")).to_be_visible()
    await expect(window.page.locator(".row-names a")).to_have_count(0)


async def test_a_chart_of_a_tag_waits_for_its_history(browsing: BrowserContext, served: Served) -> None:
    """The first readings alone would be drawn over seconds."""
    answered = asyncio.Event()

    async def later(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await browsing.route("**/api/series?*", later)
    window = await opened(browsing, served, f"#/unit/{MILL}")
    energy = window.page.locator("[data-panel=unit_energy_counter] figure.tag")
    await served.move(2)
    await expect(energy.locator(".value")).to_contain_text(re.compile(r"\d"))
    await expect(energy.locator("canvas")).to_have_count(0)
    answered.set()
    await expect(energy.locator("canvas")).to_have_count(1)
    await browsing.unroute_all(behavior="wait")


async def test_what_a_unit_does_not_have_takes_no_room(browsing: BrowserContext, served: Served) -> None:
    window = await opened(browsing, served, "#/unit/beta/west/shop/mill/rack")
    facts = window.page.locator("dl.facts")
    await expect(facts).to_contain_text("Capacity")
    await expect(facts).not_to_contain_text("—")


@pytest.mark.parametrize(("language", "word"), [("en", "Site"), ("zh", "工厂")])
async def test_a_table_of_sites_says_so(browsing: BrowserContext, served: Served, language: str, word: str) -> None:
    window = await opened(browsing, served, "#/enterprise/beta", language)
    await expect(window.page.locator("[data-panel=enterprise_kpis] thead th").first).to_have_text(word)


async def test_a_line_that_has_no_value_is_not_in_the_legend(browsing: BrowserContext, served: Served) -> None:
    """Nor does a panel draw axes around nothing."""
    window = await opened(browsing, served, "#/")
    panels = window.page.locator(".panel.of-line:visible")
    await expect(panels.first).to_be_visible()
    for panel in await panels.all():
        await expect(panel.locator("canvas, .nothing")).not_to_have_count(0)
    names = await window.page.locator(".panel.of-line:visible .u-legend .u-series:not(:first-child)").all_inner_texts()
    assert len(names) == len(set(names))


async def test_a_state_is_no_line_and_an_order_that_nobody_named_has_a_name(
    browsing: BrowserContext, served: Served
) -> None:
    window = await opened(browsing, served, f"#/unit/{MILL}")
    names = window.page.locator("[data-panel=unit_tags] figcaption .name")
    await expect(names.first).to_be_visible()
    assert "State code" not in await names.all_inner_texts()
    await expect(window.page.locator("[data-panel=unit_state_timeline] canvas")).to_be_visible()
    await expect(window.page.locator("[data-panel=unit_state]")).to_contain_text("Order: Standing order")


async def test_a_bar_that_is_alone_has_its_course_below(browsing: BrowserContext, served: Served) -> None:
    window = await opened(browsing, served, "#/enterprise/beta")
    panel = window.page.locator("[data-panel=enterprise_oee]")
    await expect(panel.locator(".bar")).to_have_count(1)
    await expect(panel.locator(".course canvas")).to_be_visible()
    assert window.problems == []


async def test_who_is_silent_beside_living_ones_is_not_called_live(browsing: BrowserContext, served: Served) -> None:
    served.live.heard = HeardUnits(lambda: clock[0])
    clock, heard = [0], state("PRODUCING", served.live.data_ns + S, EquipmentPath(MILL))
    served.live.feed([heard])
    clock[0] = 70 * S
    site = EquipmentPath(MILL).site
    served.live.feed([records(RecordKind.HEARTBEAT, [(site, served.live.data_ns + S, (0, 0, 0.0))])])
    window = await opened(browsing, served, f"#/unit/{MILL}")
    await expect(window.page.locator("[data-panel=unit_state]")).to_contain_text("Producing (stale)")
    await expect(window.page.locator(".page-head .age")).to_have_text(re.compile("no news for 1 min"))
    await window.page.locator("header.top a", has=window.page.locator(".link-state")).click()
    await expect(window.page.locator("tr[data-hop=publishers]")).to_contain_text(f"{MILL}: silent")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Cause: Rack", "Cause: program completed", "Cause: not connected"]),
        ("zh", ["原因：料架", "原因：程序完成", "原因：未连接"]),
    ],
)
async def test_a_cause_has_the_name_of_the_neighbour_or_of_the_word_of_the_control(
    browsing: BrowserContext, served: Served, language: str, words: list[str]
) -> None:
    window = await opened(browsing, served, "#/unit/beta/west/shop/mill/customer", language)
    for seconds, cause, text in zip((1, 2, 3), ("rack", "program_completed", "not_connected"), words, strict=True):
        row = (
            EquipmentPath("beta/west/shop/mill/customer"),
            served.live.data_ns + seconds * S,
            ("STARVED", None, cause),
        )
        served.live.feed([records(RecordKind.STATE, [row])])
        await expect(window.page.locator("[data-panel=unit_state]")).to_contain_text(text)


async def test_a_tag_without_a_value_is_named_and_has_no_chart_until_it_has_one(
    browsing: BrowserContext, served: Served
) -> None:
    saw, now_ns = EquipmentPath("gamma/depot/yard/stock/saw"), served.live.data_ns
    tags = tuple(TagSpec(name, "kW", 0.0, 9.0, name.title(), name) for name in ("spindle", "table"))
    master = EquipmentMaster(en="Saw", zh="锯床", kind="machine", tags=tags)
    served.live.feed([records(RecordKind.META, [(saw, now_ns, ("equipment", master.model_dump_json()))])])
    window = await opened(browsing, served, f"#/unit/{saw}")
    panel = window.page.locator("[data-panel=unit_tags]")
    await expect(panel).to_contain_text("No value in this time: Spindle, Table")
    await expect(panel.locator("figure:visible")).to_have_count(0)
    bad = np.array([[2]], dtype=np.uint8)
    lost = Frame(RecordKind.TELEMETRY, (saw,), np.array([now_ns + S]), ("table",), np.array([[np.nan]]), bad)
    served.live.feed([lost])
    await served.move(2)
    await expect(panel.locator("figure:visible")).to_have_count(0)
    said = Frame(RecordKind.TELEMETRY, (saw,), np.array([now_ns + 3 * S]), ("table",), np.array([[4.5]]))
    served.live.feed([said])
    await served.move(2)
    await expect(panel.locator("figure:visible .name")).to_have_text("Table")
    await expect(panel.get_by_text("No value in this time: Spindle", exact=True)).to_be_visible()


async def test_a_figure_that_rounds_to_nothing_has_no_sign(browsing: BrowserContext, served: Served) -> None:
    saw, now_ns = EquipmentPath("gamma/depot/yard/stock/saw"), served.live.data_ns
    master = EquipmentMaster(
        en="Saw", zh="锯床", kind="machine", tags=(TagSpec("draft", "Pa", -9.0, 9.0, "Draft", "负压"),)
    )
    served.live.feed([records(RecordKind.META, [(saw, now_ns, ("equipment", master.model_dump_json()))])])
    window = await opened(browsing, served, f"#/unit/{saw}")
    figure = window.page.locator("[data-panel=unit_tags] figure:visible .value")
    for step, (value, text) in enumerate(((-0.0001, "0"), (-0.5, "-0.5"), (-0.0, "0"))):
        time_ns = np.array([now_ns + (step + 1) * S])
        served.live.feed([Frame(RecordKind.TELEMETRY, (saw,), time_ns, ("draft",), np.array([[value]]))])
        await expect(figure).to_have_text(text)


async def test_what_is_out_of_its_shift_says_so_where_it_has_no_figure(
    browsing: BrowserContext, served: Served
) -> None:
    saw, now_ns = EquipmentPath("gamma/depot/yard/stock/saw"), served.live.data_ns
    master = (
        "equipment",
        '{"kind": "machine", "role": "work", "en": "Saw", "zh": "锯床", "ideal_s": 10, "completes": true}',
    )
    served.live.feed([records(RecordKind.META, [(saw, now_ns, master)])])
    window = await opened(browsing, served, f"#/unit/{saw}")
    gauge = window.page.locator("[data-panel=unit_oee] .gauge")
    await expect(gauge).to_contain_text("no value yet")
    served.live.feed([records(RecordKind.STATE, [(saw, now_ns, ("OFF_SHIFT", None, None))])])
    await served.move(2)
    await expect(gauge).to_contain_text("Off shift")


async def test_signs_have_their_words_once(browsing: BrowserContext, served: Served) -> None:
    """Also where a bar that is alone has its course below."""
    site, end_ns = EquipmentPath("beta/west"), served.live.data_ns // (3600 * S) * 3600 * S
    row = {"kpi": "oee", "scope": "site", "window": "hour", "t0_ns": end_ns - 3600 * S, "value": 1.5, "quality": "good"}
    told = records(RecordKind.KPI, [(site, end_ns, tuple(row.get(column) for column in COLUMNS[RecordKind.KPI]))])
    await served.store.write([told])
    served.live.feed([told])
    window = await opened(browsing, served, "#/enterprise/beta")
    notes = window.page.locator("[data-panel=enterprise_oee] .note.signs:visible")
    await expect(notes.filter(has_text="▲")).to_have_count(1)
    await expect(window.page.locator("[data-panel=enterprise_oee] sup.sign")).to_have_text("▲")
