"""A clock that is wrong harms nobody: refused, counted, told once, or stamped on arrival."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import numpy as np
import orjson
import pytest

from brokers.connectors import make_source
from brokers.door import AHEAD, BEHIND, TAGS, Door, DoorConfig, RunClock, Stamp, under
from brokers.ingest import Ingest
from scenarios.live.doorway import door_of
from scenarios.live.settings import RunSettings
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, SITE, UNITS, RecordingSink, running, state, telemetry
from tests.transport.test_malformed_message import publish_all
from twin.brain import Brain, BrainConfig
from twin.equipment import EquipmentPath
from twin.records import BAD, UNCERTAIN, Frame, RecordKind, records

S, DAY, NOW = 1_000_000_000, 86_400 * 1_000_000_000, 1_790_000_000_000_000_000
STRANGER = EquipmentPath("acme/press/hall/row/p1")


class HandClock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.ns = NOW

    def now_ns(self) -> int:
        return self.ns

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def beat(time_ns: int, seq: int = -1, publisher: str = "") -> Frame:
    frame = records(RecordKind.HEARTBEAT, [(SITE, time_ns, (None, None, None))])
    return frame.stamped(publisher, "r", seq) if seq >= 0 else frame


def values(times: list[int], tags: tuple[str, ...] = ("x",), path: EquipmentPath = STRANGER) -> Frame:
    table = np.ones((len(times), len(tags)))
    return Frame(RecordKind.TELEMETRY, (path,) * len(times), np.array(times, np.int64), tags, table)


def kpi(window: str, time_ns: int) -> Frame:
    return records(RecordKind.KPI, [(SITE, time_ns, ("oee", "site", window, NOW, 0.5, 1, 2, 1.0, "good", "1"))])


def test_a_heartbeat_of_the_future_stays_outside_and_the_hours_come_as_before() -> None:
    """One heartbeat 40 days ahead, then 26 hours of normal ones."""
    first = NOW // (3600 * S) * 3600 * S

    def hours(*strange: Frame) -> list[tuple[int, object]]:
        clock, brain = HandClock(), Brain(BrainConfig(live_s=None))
        door = Door(RunClock(clock))
        clock.ns = first
        found: list[tuple[int, object]] = []
        for minute in range(26 * 60):
            clock.ns = first + minute * 60 * S
            told = [*(strange if minute == 90 else ()), beat(clock.ns)]
            if minute % 10 == 0:
                name = "PRODUCING" if minute % 20 else "STARVED"
                told.insert(0, records(RecordKind.STATE, [(UNITS[0], clock.ns, (name, None, None))]))
            for frame in map(door.admit, told):
                for figures in brain.process(frame) if len(frame) else ():
                    found += [(int(row["time_ns"]), row["value"]) for row in figures.rows() if row["window"] == "hour"]
        assert door.refusals.counts[AHEAD] == len(strange)
        return found

    undisturbed = hours()
    assert len({time for time, _ in undisturbed}) >= 25
    assert hours(beat(first + 40 * DAY)) == undisturbed


@pytest.mark.parametrize(
    ("apart_s", "kept"), [(0, 1), (299, 1), (301, 0), (40 * 86_400, 0), (-86_400, 1), (-3_654 * 86_400, 0)]
)
def test_a_row_is_judged_by_the_clock(apart_s: int, kept: int) -> None:
    door = Door(RunClock(HandClock()))
    frame = door.admit(values([NOW + apart_s * S]))
    assert len(frame) == kept
    assert sum(door.refusals.counts.values()) == 1 - kept


@pytest.mark.parametrize("apart", [40 * DAY, -40 * DAY])
def test_one_heartbeat_of_the_plant_that_is_far_off_does_not_move_the_time_of_the_run(apart: int) -> None:
    clock = HandClock()
    run = RunClock(clock, present=False)
    for second in range(10):
        clock.ns = NOW + second * S
        run.hear(clock.ns)
        if second == 5:
            run.hear(clock.ns + apart)
        assert run.now_ns() == clock.ns
    run.hear(clock.ns + apart)
    run.hear(clock.ns + apart + S)
    assert run.now_ns() == clock.ns + apart + S  # confirmed by the next


def test_only_the_wrong_rows_of_a_message_stay_outside_and_a_number_keeps_its_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    door = Door(RunClock(HandClock()))
    some = door.admit(values([0, NOW, NOW + DAY]).stamped("p", "r", 5))
    assert (some.time_ns.tolist(), some.seq) == ([NOW], 5)
    none = door.admit(values([NOW + DAY]).stamped("p", "r", 6))
    assert (len(none), none.seq) == (0, 6)
    for _ in range(50):
        door.admit(values([NOW + DAY]).stamped("p", "r", 7))
    assert dict(door.refusals.counts) == {AHEAD: 52, BEHIND: 1}
    said = [record.getMessage() for record in caplog.records if AHEAD in record.getMessage()]
    assert len(said) == 1
    assert said[0].startswith("p: ")
    assert "86,400 s ahead" in said[0]


def test_a_forecast_is_ahead_by_its_nature() -> None:
    door = Door(RunClock(HandClock()))
    assert len(door.admit(kpi("forecast_p50", NOW + 20 * DAY))) == 1
    assert len(door.admit(kpi("hour", NOW + 20 * DAY))) == 0
    assert len(door.admit(kpi("forecast_p50", NOW + 2_000 * DAY))) == 0


@pytest.mark.parametrize(("speed", "epoch"), [(60.0, NOW), (1.0, NOW - 500 * DAY), (3600.0, NOW - 5_000 * DAY)])
def test_the_plant_of_a_run_gives_it_the_time(speed: float, epoch: int) -> None:
    clock = HandClock()
    path = Path("x")
    settings = RunSettings(
        scenario=path, seed=1, folder=path, store="duckdb://x", speed=speed, anchored=epoch == NOW, roots=("yujiang",)
    )
    door = door_of(settings, clock)
    for second in range(3_000):
        clock.ns = NOW + second * S
        run_ns = epoch + round(second * speed) * S
        assert len(door.admit(beat(run_ns, second, SITE))) == 1
        assert len(door.admit(values([run_ns], path=UNITS[0]))) == 1
    ahead = epoch + round((3_000 + 300) * speed + 1) * S
    assert len(door.admit(beat(ahead))) == 0
    assert len(door.admit(values([ahead], path=UNITS[0]))) == 0
    assert len(door.admit(values([clock.ns]))) == 1  # a stranger has the time of the machine
    assert len(door.admit(values([clock.ns + DAY]))) == 0


def test_a_device_whose_clock_is_wrong_is_stamped_on_arrival() -> None:
    clock = HandClock()
    door = Door(RunClock(clock), stamps={"acme/press": "arrival"})
    old = NOW - 9 * 365 * DAY
    frame = door.admit(values([old, old + S, old + 3 * S]))
    assert frame.time_ns.tolist() == [NOW - 3 * S, NOW - 2 * S, NOW]
    assert frame.quality is not None
    assert (frame.quality == UNCERTAIN).all()
    again = door.admit(values([old + 4 * S]))
    assert again.time_ns.tolist() == [NOW + 1]  # a moment of its own, though no time has passed
    bad = Frame(RecordKind.TELEMETRY, (STRANGER,), np.array([old]), ("x",), np.ones((1, 1)), np.array([[BAD]]))
    assert door.admit(bad).quality.tolist() == [[int(BAD)]]  # type: ignore[union-attr]
    other = door.admit(values([old], path=UNITS[0]))
    assert (other.time_ns.tolist(), other.quality) == ([old], None)


@pytest.mark.parametrize(("sent_ns", "time_ns", "good"), [(NOW - 7 * S, NOW - 7 * S, True), (0, NOW, False)])
def test_the_time_of_the_message_or_of_its_arrival(sent_ns: int, time_ns: int, good: bool) -> None:
    door = Door(RunClock(HandClock()), stamps={str(STRANGER): "server"})
    frame = values([NOW - 3_000 * DAY])
    frame = door.admit(Frame(frame.kind, frame.paths, frame.time_ns, frame.tags, frame.values, sent_ns=sent_ns))
    assert frame.time_ns.tolist() == [time_ns]
    assert (frame.quality is None) == good


def test_the_tags_of_a_device_end_somewhere_and_harm_no_other() -> None:
    door = Door(RunClock(HandClock()), config=DoorConfig(tags=10, tags_in_all=25))
    wide = tuple(f"t{number}" for number in range(12))
    assert door.admit(values([NOW], wide)).tags == wide[:10]
    assert len(door.admit(values([NOW], ("more",)))) == 0
    assert door.admit(values([NOW], wide)).tags == wide[:10]
    assert door.admit(values([NOW], wide[:10], UNITS[0])).tags == wide[:10]
    assert door.admit(values([NOW], wide, UNITS[1])).tags == wide[:5]
    assert door.refusals.counts[TAGS] == 5


def test_settings_say_whose_time_counts() -> None:
    path = Path("x")
    given = {"scenario": path, "seed": 1, "folder": path, "store": "duckdb://x", "roots": ("yujiang",)}
    settings = RunSettings(**given, listen=("acme/press=arrival", "other"), stamps={UNITS[0]: "server"})
    assert settings.heard == ("yujiang", settings.brain, "acme/press", "other")
    assert settings.stamps_by_path == {"acme/press": "arrival", UNITS[0]: "server"}
    everything = RunSettings(**given, listen=("#=arrival",))
    assert everything.heard == ("",)
    assert everything.stamps_by_path == {"": "arrival", "yujiang": "source"}


async def test_who_is_there_is_told_by_heartbeats_that_came_in(mosquitto: Mosquitto) -> None:
    clock, sink = HandClock(), RecordingSink()
    ingest = Ingest(make_source(mosquitto.url, "uns", "ingest"), sink, door=Door(RunClock(clock)))
    stamp = {"v": 1, "publisher": SITE, "run": "r"}
    times = ("2026-09-21T14:13:20Z", "2026-10-31T14:13:20Z")  # that of the clock, and 40 days later
    said = [
        (f"uns/v1/{SITE}/heartbeat", orjson.dumps({**stamp, "seq": seq, "rows": [{"time": time, "values": {}}]}))
        for seq, time in enumerate(times)
    ]
    async with running(ingest.run()):
        await asyncio.wait_for(ingest.ready.wait(), LIMIT_S)
        await asyncio.to_thread(publish_all, mosquitto.port, said)
        async with asyncio.timeout(LIMIT_S):
            while ingest.counters.received < len(said):
                await asyncio.to_thread(publish_all, mosquitto.port, [])
    (known,) = ingest.status()["publishers_seen"]
    assert (known["publisher"], known["state"]) == (SITE, "online")
    assert ingest.refusals == {AHEAD: 1}
    assert ingest._attendance._known[SITE].heard_ns == NOW


async def test_on_the_wire(mosquitto: Mosquitto) -> None:
    """Strange clocks beside a plant: refused or stamped, and none of the plant's own rows is touched."""
    clock, sink = HandClock(), RecordingSink()
    stamps: dict[str, Stamp] = {"acme/press": "arrival"}
    door = Door(RunClock(clock), ours=under(("yujiang",)), stamps=stamps)
    clock.ns = int(telemetry(0).time_ns[0])
    ingest = Ingest(make_source(mosquitto.url, "uns", "ingest"), sink, door=door)
    years = orjson.dumps({"v": 1, "rows": [{"time": "2199-01-01T00:00:00Z", "values": {"code": "e", "active": 1}}]})
    beat_of_2199 = orjson.dumps({"v": 1, "rows": [{"time": "2199-01-01T00:00:00Z", "values": {}}]})
    plc = orjson.dumps({"v": 1, "rows": [{"time": "1999-01-01T08:00:00+08:00", "values": {"x": 1.0}}]})
    said = [
        (f"uns/v1/{UNITS[0]}/alarm", years),
        (f"uns/v1/{SITE}/heartbeat", beat_of_2199),
        (f"uns/v1/{STRANGER}/telemetry", plc),
    ]
    async with running(ingest.run()):
        await asyncio.wait_for(ingest.ready.wait(), LIMIT_S)
        await asyncio.to_thread(publish_all, mosquitto.port, said)
        await sink.holds(lambda seen: (str(RecordKind.TELEMETRY), STRANGER, clock.ns) in seen.rows)
    status = ingest.status()
    assert (status["refusals"][AHEAD], status["malformed"], status["refused"]) == (2, 0, 0)
    assert {kind for kind, *_ in sink.rows} == {RecordKind.TELEMETRY}
    assert len(door.admit(state(0))) == 1
