"""The live stream: snapshot, deltas, watched units, slow clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dashboards.delta import Delta
from dashboards.live import LiveLimits, LiveState
from dashboards.streamed import shown_figures, streamed
from dashboards.web.settings import WebSettings
from dashboards.web.stream import Broadcaster, Client
from tests.transport.parts import LIMIT_S
from tests.web.conftest import Served
from twin.equipment import EquipmentPath
from twin.records import COLUMNS, Frame, RecordKind, records

MILL = EquipmentPath("beta/west/shop/mill/mill1")
Event = tuple[str, dict[str, Any]]


def state(name: str, time_ns: int, path: EquipmentPath = MILL) -> Frame:
    return records(RecordKind.STATE, [(path, time_ns, (name, None, None))])


@asynccontextmanager
async def events(served: Served, *watched: str) -> AsyncIterator[AsyncIterator[Event]]:
    async def read(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
        name = ""
        async for line in lines:
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                yield name, json.loads(line[6:])

    async with served.client() as client, client.stream("GET", "api/live", params={"watch": list(watched)}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async with aclosing(read(answer.aiter_lines())) as stream:
            yield stream


async def next_with(stream: AsyncIterator[Event], name: str, key: str) -> dict[str, Any]:
    async with asyncio.timeout(LIMIT_S):
        async for event, body in stream:
            if event == name and key in body:
                return body
    pytest.fail(f"the stream ended without {name} {key}")


async def test_the_stream_begins_with_everything(served: Served) -> None:
    async with events(served) as stream:
        name, body = await anext(stream)
    assert name == "snapshot"
    assert body["states"][MILL]["s"]
    assert body["sites"]["beta/west"]["power_kw"] > 0
    assert f"{MILL}|oee|live" in body["kpis"]
    assert f"{MILL}|availability|live" not in body["kpis"]


async def test_a_change_comes_as_a_delta(served: Served) -> None:
    async with events(served) as stream:
        await anext(stream)
        served.live.feed([state("QUALITY_HOLD", served.live.data_ns + 10**12)])
        body = await next_with(stream, "delta", "states")
    assert body["states"][MILL]["s"] == "QUALITY_HOLD"


async def test_a_watched_unit_comes_with_every_sample_and_kpi(served: Served) -> None:
    async with events(served, MILL) as stream:
        first = await next_with(stream, "watched", MILL)
        assert f"{MILL}|availability|live" in first[MILL]["kpis"]
        await served.move(12)
        times: list[int] = []
        while len(times) < 12:
            news = await next_with(stream, "watched", MILL)
            times += [point["t"] for point in news[MILL].get("points", [])]
    assert np.diff(times).tolist() == [1000] * 11


async def test_a_client_that_leaves_is_forgotten(served: Served) -> None:
    broadcaster: Broadcaster = served.web.app.state.broadcaster
    async with events(served, MILL) as stream:
        await anext(stream)
        assert len(broadcaster.clients) == 1
    async with events(served) as stream, asyncio.timeout(LIMIT_S):
        async for _ in stream:
            if len(broadcaster.clients) == 1:
                break
    assert len(broadcaster.clients) <= 1


async def test_the_server_stops_while_streams_are_open(served: Served) -> None:
    async with events(served) as stream:
        await anext(stream)
        async with asyncio.timeout(LIMIT_S):
            await served.web.stop()
            assert [name async for name, _ in stream if name != "delta"] == []


async def test_a_slow_client_gets_merged_deltas_that_lose_no_last_value() -> None:
    client = Client(frozenset(), limit=3)
    for number in range(10):
        client.put(Delta({"states": {f"unit{number % 4}": number}}, [number]))
    client.end()
    seen: dict[str, int] = {}
    happened: list[int] = []
    received = 0
    while (delta := await client.next()) is not None:
        received += 1
        seen |= delta.shared["states"]
        happened += delta.events
    assert received == 3
    assert client.merges == 7
    assert seen == {"unit0": 8, "unit1": 9, "unit2": 6, "unit3": 7}
    assert happened == list(range(10))


async def test_no_more_streams_than_allowed(served: Served) -> None:
    broadcaster: Broadcaster = served.web.app.state.broadcaster
    broadcaster.settings = WebSettings(clients=0)
    assert broadcaster.full


def test_an_older_state_does_not_replace_a_newer_one() -> None:
    live = LiveState()
    live.feed([state("FAILED", 2_000_000_000), state("PRODUCING", 1_000_000_000)])
    assert live.section("states")[(MILL,)]["s"] == "FAILED"


def test_memory_is_bounded_and_refusals_are_counted() -> None:
    live = LiveState(limits=LiveLimits(keys=3, events=2))
    for number in range(5):
        live.feed([state("FAILED", number, EquipmentPath(f"a/b/c/d/u{number}"))])
    assert len(live.section("states")) == 3
    assert live.refused == 2
    assert len(live.events) == 2


def test_telemetry_of_bad_quality_and_unknown_values_are_told_apart() -> None:
    live = LiveState()
    values = np.array([[1.5, np.nan]])
    quality = np.array([[2, 0]], dtype=np.uint8)
    live.feed([Frame(RecordKind.TELEMETRY, (MILL,), np.array([10**9]), ("a", "b"), values, quality)])
    assert live.reading(MILL) == {"t": 1000, "values": {"a": 1.5, "b": None}, "bad": ["a"]}


def test_the_age_of_a_site_grows_from_its_last_heartbeat() -> None:
    now = [5 * 10**9]
    live = LiveState(now_ns=lambda: now[0])
    live.feed([records(RecordKind.HEARTBEAT, [(EquipmentPath("a/b"), 10**9, (None, None, None))])])
    now[0] += 3 * 10**9
    assert live.sites()["a/b"]["age_s"] == 3.0


def test_while_the_store_takes_nothing_nobody_is_called_silent() -> None:
    now, held_s = [0], 0.0
    live = LiveState(now_ns=lambda: now[0])
    live.held_s = lambda: held_s
    live.feed([said(MILL, 1), records(RecordKind.HEARTBEAT, [(MILL.site, 1, (0, 0, 0.0))])])
    now[0], held_s = 100 * 10**9, 70.0
    site = str(MILL.site)
    assert live.sites()[site]["silent"] == {}
    assert live.snapshot()["held_s"] == live.take().shared["about"]["held_s"] == 70.0
    held_s = 0.0
    assert live.sites()[site]["silent"] == {str(MILL): 100.0}


def beat(publisher: str, time_s: int, sent: int | None, dropped: int = 0, lag_s: float = 0.0) -> Frame:
    frame = records(RecordKind.HEARTBEAT, [(EquipmentPath("a/b"), time_s * 10**9, (sent, dropped, lag_s))])
    return replace(frame, publisher=publisher)


def test_publishers_of_one_site_are_told_together_whoever_spoke_last() -> None:
    """Real machines have a publisher of their own, whose heartbeats are behind those of the plant."""
    live = LiveState()
    live.feed([beat("a/b", 10, 100), beat("a/b/machines", 8, 7, dropped=1, lag_s=2.0)])
    told = live.sites()["a/b"]
    assert (told["t"], told["sent"], told["dropped"], told["lag_s"]) == (10_000, 107, 1, 2.0)
    live.feed([beat("a/b", 11, 110)])
    assert live.sites()["a/b"]["sent"] == 117
    live.feed([beat("a/b", 9, 90), beat("a/b/machines", 9, None, dropped=1)])
    told = live.sites()["a/b"]
    assert (told["sent"], told["dropped"], told["lag_s"]) == (110, 1, 0.0)


async def test_what_was_sent_before_the_pages_were_there_is_not_added(served: Served) -> None:
    live = LiveState()
    await live.load(served.store)
    site = next(iter(live.sites()))
    newest_s = live.sites()[site]["t"] // 1000 + 10
    frame = records(RecordKind.HEARTBEAT, [(EquipmentPath(site), newest_s * 10**9, (3, 0, 0.0))])
    live.feed([replace(frame, publisher=site)])
    assert live.sites()[site]["sent"] == 3


async def test_what_comes_from_the_store_alone_is_not_fresh(served: Served) -> None:
    live = LiveState()
    await live.load(served.store)
    assert live.section("states")
    assert live.sites()["beta/west"]["age_s"] is None


def test_no_single_clock_decides_what_time_it_is() -> None:
    live = LiveState()
    assert live.agreed_ns == 0
    for name, time_ns in (("near", 10**15), ("ahead", 7 * 10**18), ("late", 10**15 - 10**9)):
        live.feed([records(RecordKind.HEARTBEAT, [(EquipmentPath(f"a/{name}"), time_ns, (1, 0, 0.0))])])
    assert live.agreed_ns == 10**15


async def test_a_page_opens_with_what_it_shows_and_no_more(served: Served) -> None:
    snapshot = served.live.snapshot()
    keys = [tuple(key.split("|")) for key in snapshot["kpis"]]
    assert keys
    assert all(streamed(key) for key in keys)
    assert [key for key in served.live.section("kpis") if not streamed(key)], "boards and pages of units have more"
    assert {key for key in served.live.section("kpis") if key[1:] in shown_figures()[1] and streamed(key)} <= set(keys)
    assert {key[2] for key in keys} == {"live", "hour"}, "nothing stands for what is there"


def running(kpi: str, end_s: int, path: EquipmentPath = MILL, length_s: int = 3600, window: str = "live") -> Frame:
    row = {"kpi": kpi, "scope": "machine", "window": window, "t0_ns": (end_s - length_s) * 10**9, "value": 0.5}
    columns = COLUMNS[RecordKind.KPI]
    return records(RecordKind.KPI, [(path, end_s * 10**9, tuple(row.get(name) for name in columns))])


def kept(live: LiveState, *kpis: str) -> set[str]:
    return {kpi for path, kpi, window, _ in live.figures() if (path, window) == (MILL, "live") and kpi in kpis}


@pytest.mark.parametrize("order", [1, -1])
def test_a_running_figure_that_is_no_longer_said_goes_when_its_window_has_passed(order: int) -> None:
    """After a restart too: the store hands back what was said last in whichever order."""
    live = LiveState()
    live.feed([running("oee", 7200), running("mtbf_h", 7200)][::order])
    live.feed([running("oee", 10_800)])
    assert kept(live, "oee", "mtbf_h") == {"oee", "mtbf_h"}, "its window touches the newest"
    live.feed([running("oee", 10_801)])
    assert kept(live, "oee", "mtbf_h") == {"oee"}
    live.feed([running("mtbf_h", 10_801)])
    assert kept(live, "oee", "mtbf_h") == {"oee", "mtbf_h"}, "it is said again"
    again = LiveState()
    again.feed([running("mtbf_h", 7200), running("oee", 10_801)][::order])
    assert kept(again, "oee", "mtbf_h") == {"oee"}


def test_figures_of_instants_of_other_windows_and_of_others_hold_until_the_next() -> None:
    live, other = LiveState(), EquipmentPath("beta/west/shop/mill/rack")
    live.feed([running("snapshot_pause_ms", 7200, length_s=0), running("oee", 7200, window="hour")])
    live.feed([running("oee", 7200, other), running("mtbf_h", 7200), running("availability", 99_999, length_s=60)])
    assert kept(live, "mtbf_h") == set(), "shorter ones tell how far the window has come"
    live.feed([running("snapshot_pause_ms", 199_999, length_s=0)])
    assert kept(live, "snapshot_pause_ms", "availability") == {"snapshot_pause_ms", "availability"}
    assert {(MILL, "oee", "hour"), (other, "oee", "live")} <= live.section("kpis").keys()
    live.feed([running("oee", 100_000), running("mtbf_h", 100_000, length_s=60)])
    live.feed([running("mtbf_h", 100_300, length_s=60)])
    assert kept(live, "oee", "mtbf_h") == {"oee", "mtbf_h"}, "a window of an hour is not past after five minutes"


def test_what_is_no_longer_said_is_told_with_what_stands_in() -> None:
    live, line = LiveState(), EquipmentPath("beta/west/shop/mill")
    live.watch(MILL)
    live.feed([running("oee", 7200, line, window="hour"), running("oee", 7200, line), running("mtbf_h", 7200)])
    live.take()
    live.feed([running("line_oee", 20_000, line), running("oee", 20_000)])
    told = live.take()
    assert told.shared["kpis"][f"{line}|oee|live"] is None
    assert told.shared["kpis"][f"{line}|oee|hour"]["v"] == 0.5
    assert told.watched[MILL]["kpis"][f"{MILL}|mtbf_h|live"] is None
    assert f"{line}|oee|live" not in live.snapshot()["kpis"]


def said(path: EquipmentPath, time_ns: int, **numbered: Any) -> Frame:
    return Frame(RecordKind.TELEMETRY, (path,), np.array([time_ns]), ("rpm",), np.array([[1.0]]), **numbered)


def test_a_unit_without_master_data_is_one_all_the_same() -> None:
    live = LiveState(limits=LiveLimits(keys=2))
    live.feed([said(EquipmentPath(f"a/b/c/d/u{number}"), 1) for number in range(3)])
    live.feed([records(RecordKind.HEARTBEAT, [(EquipmentPath("a/b"), 1, (0, 0, 0.0))])])
    found = live.model.document()
    assert [(unit["path"], unit["kind"], unit["en"]) for unit in found["units"]] == [
        ("a/b/c/d/u0", "unit", "u0"), ("a/b/c/d/u1", "unit", "u1"),
    ]  # fmt: skip
    assert {place["path"] for place in found["places"]} == {"a", "a/b", "a/b/c", "a/b/c/d"}
    assert not any(place["told"] for place in found["places"]), "nobody has said where they are"


def test_a_unit_that_falls_silent_beside_living_ones_is_told() -> None:
    """The heartbeats of its site go on; only of who gives heartbeats itself the brain knows better."""
    now, dead, alive, ours = [0], *(EquipmentPath(f"a/b/c/d/{name}") for name in ("dead", "alive", "ours"))
    live = LiveState(now_ns=lambda: now[0])

    def lives(seconds: int, *units: EquipmentPath) -> None:
        for _ in range(seconds):
            now[0] += 10**9
            live.feed([said(unit, now[0], publisher=unit.name if unit is ours else "") for unit in units])
            site = [(EquipmentPath("a/b"), now[0], (0, 0, 0.0))]
            live.feed(
                [records(RecordKind.HEARTBEAT, site), records(RecordKind.HEARTBEAT, site).stamped("ours", "r", 1)]
            )

    lives(5, dead, alive, ours)
    lives(60, alive)
    assert live.sites()["a/b"]["silent"] == {}
    lives(5, alive)
    assert live.sites()["a/b"]["silent"] == {str(dead): 65.0}
    lives(1, dead, alive)
    assert live.sites()["a/b"]["silent"] == {}
    lives(150, alive)
    assert live.sites()["a/b"]["silent"] == {}, "it has been silent for as long before"
    lives(50, alive)
    assert live.sites()["a/b"]["silent"] == {str(dead): 200.0}
