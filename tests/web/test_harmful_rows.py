"""One row harms no other: odd codes, rows without what they need, strangers' paths; from the wire and from a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from brokers.door import under
from brokers.isolation import Isolated
from brokers.stores import open_store
from dashboards.guests import BYTES, KEYS, PATHS, GuestLimits, Guests
from dashboards.live import LiveLimits, LiveState
from dashboards.web.app import create_app
from dashboards.web.guard import LARGEST_BODY
from dashboards.web.server import WebServer
from tests.web.conftest import Served
from tests.web.test_live import events, next_with
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records, telemetry

UNIT = EquipmentPath("a/b/c/d/m")
T0 = 1_748_851_200_000_000_000
GOOD = ("oee", "machine", "hour", T0 - 3600 * 10**9, 0.5, 1.0, 2.0, 1.0, "good", "1")


def kpi(*values: Any, path: EquipmentPath = UNIT) -> Frame:
    return records(RecordKind.KPI, [(path, T0, (*values, *[None] * (10 - len(values))))])


def alarm(code: str | None, active: int = 1) -> Frame:
    return records(RecordKind.ALARM, [(UNIT, T0, (code, 1, active, None))])


async def test_an_alarm_code_may_hold_a_bar(served: Served) -> None:
    served.live.feed([alarm("a|b|c"), alarm(None)])
    mine = [row for row in await served.get("api/alarms") if row["path"] == UNIT]
    assert [row["code"] for row in mine] == ["a|b|c"]
    async with events(served) as stream:
        _, body = await anext(stream)
    assert f"{UNIT}|a|b|c" in body["alarms"]


def test_keys_of_kpis_with_bars_stay_apart() -> None:
    live = LiveState()
    unit = EquipmentPath(UNIT)
    live.feed([kpi("x|y", "machine", "hour", 0, 1.0, path=unit), kpi("x", "machine", "y|hour", 0, 2.0, path=unit)])
    assert [row["v"] for row in live.section("kpis").values()] == [1.0, 2.0]
    assert len(live.watched(UNIT)["kpis"]) == 2


async def test_a_kpi_without_its_window_is_left_out_and_told(served: Served) -> None:
    served.live.feed([kpi("oee", None, "hour", None, 0.5), kpi(*GOOD)])
    await served.store.write([kpi("oee", None, "hour", None, 0.5), kpi(*("availability", *GOOD[1:]))])
    found = [row for row in await served.get("api/kpis", window="hour") if row["path"] == UNIT]
    assert [(row["kpi"], row["t0"], row["v"]) for row in found] == [("availability", T0 // 10**6 - 3_600_000, 0.5)]
    assert (await served.get("api/health"))["live"]["unshown"] == {"kpi without t0_ns": 1}


async def test_the_pages_start_on_a_store_that_holds_such_rows(tmp_path: Path) -> None:
    store = open_store(f"duckdb://{tmp_path}/old.duckdb")
    await store.open()
    holes = [
        records(kind, [(UNIT, T0, (None,) * width)]) for kind, width in ((RecordKind.STATE, 3), (RecordKind.KPI, 10))
    ]
    await store.write([*holes, alarm(None), kpi(*GOOD)])
    live = LiveState()
    web = WebServer(create_app(store, live))
    await web.start()
    try:
        async with httpx.AsyncClient(base_url=web.url) as client:
            for route in ("kpis", "alarms", "state", "health", "model"):
                assert (await client.get(f"api/{route}")).status_code == 200
            assert [row["kpi"] for row in (await client.get("api/kpis")).json()] == ["oee"]
    finally:
        await web.stop()
        await store.close()
    assert sum(live.unshown.values()) == 3


def test_power_of_an_enterprise_and_unknown_power_harm_no_site() -> None:
    live = LiveState()
    paths = (EquipmentPath("a"), UNIT, EquipmentPath("a/b/c/d/n"))
    live.feed([records(RecordKind.HEARTBEAT, [(EquipmentPath("a/b"), T0, (1, 0, 0.0))])])
    values = np.array([[5.0], [np.nan], [7.0]])
    live.feed([Frame(RecordKind.TELEMETRY, paths, np.full(3, T0), ("power_kw",), values)])
    assert live.sites()["a/b"]["power_kw"] == 7.0


def test_numbers_beyond_what_json_holds_are_unknown() -> None:
    live = LiveState()
    live.feed([records(RecordKind.STOCK, [(UNIT, T0, ("pack", 10**400))]), kpi("oee", "", "hour", 0, 2**70, 10**400)])
    row = live.section("kpis")[UNIT, "oee", "hour"]
    assert (row["v"], row["num"]) == (float(2**70), None)
    assert b'"n":null' in live.take().body


def test_a_unit_that_says_ever_new_tags_fills_no_memory() -> None:
    live = LiveState(limits=LiveLimits(tags=10))
    for number in range(30):
        values = np.array([[float(number)]])
        live.feed([Frame(RecordKind.TELEMETRY, (UNIT,), np.array([T0 + number]), (f"t{number}",), values)])
    assert len(live.reading(UNIT)["values"]) == 10
    assert live.refused == 20


PLACE = '{"en": "M", "zh": "%s"}'
FEW = GuestLimits(paths=4, keys=5, kpis=6, size=200)


def of(path: str, kind: RecordKind, *values: object) -> Frame:
    return records(kind, [(EquipmentPath(path), T0, values)])


STRANGERS: dict[str, tuple[Callable[[int], Frame], str, int]] = {
    "units": (lambda n: of(f"red/s/a/l/m{n}", RecordKind.STATE, "FAILED", None, None), PATHS, 46),
    "sites": (lambda n: of(f"red/s{n}", RecordKind.HEARTBEAT, 1, 0, 0.0), PATHS, 46),
    "alarms": (lambda n: of("red/s/a/l/m", RecordKind.ALARM, f"c{n}", 1, 1, "x"), KEYS, 45),
    "stocks": (lambda n: of("red/s/a/l/m", RecordKind.STOCK, f"item{n}", 1.0), KEYS, 45),
    "indicators": (lambda n: of("red/s/a/l/m", RecordKind.KPI, f"k{n}", None, "hour", 1, 0.5), KEYS, 44),
    "readings": (lambda n: telemetry(EquipmentPath(f"red/s/a/l/m{n}"), T0, {"power_kw": 1.0}), PATHS, 46),
    "master data": (lambda n: of(f"red/s/a{n % 4}", RecordKind.META, "place", PLACE % ("x" * n)), BYTES, 19),
}
"""What a stranger says the n-th time, why it is refused, and how often of 50 times; four documents of 21 + n characters
are more than 200 from n = 31 on."""


@pytest.mark.parametrize("name", STRANGERS)
def test_what_strangers_say_is_bounded_and_keeps_nothing_of_ours_out(name: str) -> None:
    say, reason, refused = STRANGERS[name]
    live = LiveState(guests=Guests(under(("a",)), FEW))
    live.feed(say(number) for number in range(50))
    assert dict(live.guests.refused) == {reason: refused}
    for number in range(20):
        path = f"a/b/c/d/m{number}"
        live.feed([of(path, RecordKind.ALARM, "c", 1, 1, "x"), of(path, RecordKind.STATE, "FAILED", None, None)])
        live.feed([of(path, RecordKind.STOCK, "i", 1.0), of(path, RecordKind.KPI, "oee", None, "hour", 1, 0.5)])
        live.feed([of(path, RecordKind.META, "equipment", '{"kind": "machine", "en": "%s", "zh": "M"}' % ("M" * 100))])
    for section in ("alarms", "states", "stock", "kpis"):
        assert sum(key[0].startswith("a/") for key in live.section(section)) == 20
    assert sum(master.en == "M" * 100 for master in live.model.units.values()) == 20
    assert dict(live.guests.refused) == {reason: refused}


def test_a_stranger_who_is_known_goes_on() -> None:
    live = LiveState(guests=Guests(under(("a",)), FEW))
    live.feed(of("red/s/a/l/m", RecordKind.ALARM, f"c{number % 3}", 1, number % 2, "x") for number in range(9))
    live.feed(of("red/s/a", RecordKind.META, "place", PLACE % ("x" * (120 + number % 9))) for number in range(99))
    assert not live.guests.refused


async def test_what_strangers_say_in_vain_is_in_health() -> None:
    live = LiveState(guests=Guests(under(("a",)), FEW))
    live.feed(of("red/s/a/l/m", RecordKind.ALARM, f"c{number}", 1, 1, "x") for number in range(7))
    store = open_store("duckdb://:memory:")
    await store.open()
    web = WebServer(create_app(store, live))
    await web.start()
    try:
        async with httpx.AsyncClient(base_url=web.url) as client:
            answer = (await client.get("api/health")).json()
            assert len((await client.get("api/alarms")).json()) == 5
    finally:
        await web.stop()
        await store.close()
    pages = next(hop for hop in answer["hops"] if hop["hop"] == "pages")
    assert (answer["live"]["refused"], answer["live"]["refused_why"]) == (2, {KEYS: 2})
    assert pages["reasons"] == [{"reason": KEYS, "count": 2}]


def test_bad_quality_stays_bad_beside_another_set_of_tags() -> None:
    live = LiveState()
    for step, (tag, code) in enumerate((("a", 2), ("b", 0))):
        quality = np.array([[code]], dtype=np.uint8)
        live.feed([Frame(RecordKind.TELEMETRY, (UNIT,), np.array([T0 + step]), (tag,), np.array([[1.0]]), quality)])
    assert live.reading(UNIT)["bad"] == ["a"]


@pytest.mark.parametrize(
    ("path", "schema", "body"),
    [
        ("a/b", "equipment", '{"kind": "machine", "en": "M", "zh": "M"}'),
        ("a/b/c/d/m", "place", '{"en": "M", "zh": "M"}'),
        ("a/b", "chain", '{"id": "x", "en": "M", "zh": "M", "final_item": "y", "links": []}'),
        ("a/b/c/d/m", "equipment", '{"kind": "machine", "en": "M", "zh": "M", "ideal_s": 1e999}'),
        ("a/b/c/d/m", "equipment", "[" * 100_000),
    ],
)
def test_master_data_that_does_not_fit_its_path_is_rejected(path: str, schema: str, body: str) -> None:
    live = LiveState()
    live.feed([records(RecordKind.META, [(EquipmentPath(path), T0, (schema, body))])])
    assert live.model.rejected == 1
    assert live.model.document()["version"] == 0


async def test_an_unknown_unit_ends_no_live_stream(served: Served) -> None:
    async with events(served, "a/b/c/d/nobody", "Not a path") as stream:
        assert (await anext(stream))[0] == "snapshot"
        assert await anext(stream) == ("missing", ["Not a path", "a/b/c/d/nobody"])
        await served.move(2)
        await next_with(stream, "delta", "about")


async def test_a_question_that_is_too_large_is_not_read(standing: Served) -> None:
    async def pieces() -> Any:
        for _ in range(100):
            yield b" " * LARGEST_BODY

    async with standing.client() as client:
        told = await client.post("api/forecast", content=b"{}" + b" " * LARGEST_BODY)
        untold = await client.post("api/forecast", content=pieces())
        small = await client.post(
            "api/forecast", content=b'{"horizon": "1 h"}', headers={"content-type": "application/json"}
        )
    assert (told.status_code, untold.status_code) == (413, 413)
    assert small.status_code == 404  # pages alone have no plant to look ahead with


@pytest.mark.parametrize(
    "body", [b'{"\\ud800": 1}', b'{"step_s": NaN, "x": Infinity}', b'{"seed": 1e999}', b"[" * 9000]
)
async def test_a_question_that_no_answer_can_repeat_is_refused(standing: Served, body: bytes) -> None:
    async with standing.client() as client:
        answer = await client.post("api/forecast", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)


def test_a_frame_that_cannot_be_taken_loses_nothing_of_the_others() -> None:
    def take(frame: Frame) -> Sequence[Frame]:
        if frame.time_ns[0] == 2:
            raise ValueError("two")
        return [frame]

    isolated = Isolated("brain", take)
    frames = [records(RecordKind.STATE, [(UNIT, time, ("IDLE", None, None))]) for time in (1, 2, 3, 2)]
    assert [int(frame.time_ns[0]) for frame in isolated(frames)] == [1, 3]
    assert isolated.failures == {"state: ValueError: two": 2}
