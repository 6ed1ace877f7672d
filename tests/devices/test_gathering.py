"""Real machines of a site: what they say becomes key figures, and none of them harms another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import Field

from devices.bank import DeviceBank
from devices.change import DriverChange, wrong
from devices.connection import BrowsedItem, ConnectionOptions, DataValue, Scalar, Wanted
from devices.connections import connections
from devices.gathering import MachineSession, RealMachines, real_units
from devices.unit import DeviceUnit
from scenarios.headless.feed import Feed
from tests.devices.plants import LINE, SITE, flow
from twin.brain.brain import Brain
from twin.brain.reports.summary import summary
from twin.config.plant import DeviceConfig, PlantConfig
from twin.engine.clock import to_ns
from twin.errors import FactoryError, ModelError, ProblemsError, RetriableError, ScenarioError
from twin.plant.plant import Plant
from twin.records import Frame, RecordKind, records

M1, M2 = LINE.child("m1"), LINE.child("m2")
S = 1_000_000_000


class ScriptOptions(ConnectionOptions):
    """Options of a machine of these tests."""

    endpoint: str = Field(description="name of the script")


class Script:
    """A machine that says what the test tells it to; an error ends the connection."""

    Options = ScriptOptions
    says: ClassVar[dict[str, asyncio.Queue[Sequence[DataValue] | Exception]]] = {}
    opened: ClassVar[dict[str, int]] = {}
    refuses: ClassVar[dict[str, Exception]] = {}

    def __init__(self, options: Any, wanted: Sequence[Wanted], base: Path) -> None:
        self.name, self.wanted = options.endpoint, wanted

    async def open(self) -> None:
        """Open, or be refused."""
        self.opened[self.name] = self.opened.get(self.name, 0) + 1
        if self.name in self.refuses:
            raise self.refuses[self.name]

    async def readings(self) -> Sequence[DataValue]:
        """What the test says next."""
        said = await self.says.setdefault(self.name, asyncio.Queue()).get()
        if isinstance(said, Exception):
            raise said
        return said

    async def write(self, item: str, value: Scalar) -> None:
        """Nothing is written."""

    async def browse(self) -> AsyncIterator[BrowsedItem]:
        """Nothing is there."""
        for item in ():
            yield item

    async def close(self) -> None:
        """Nothing is closed."""

    @staticmethod
    def wrong(item: str) -> str:
        """Any address is one."""
        return ""


@pytest.fixture(autouse=True)
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("devices.gathering.PAUSES_S", (0.0, 0.0))
    connections.register("script", ScriptOptions)(Script)
    for shared in (Script.says, Script.opened, Script.refuses):
        shared.clear()
    yield
    connections.forget("script")


PARTS = {"good": {"item": "g", "bits": 16}, "scrap": "s", "ideal": "12 s"}


def device(endpoint: str, **options: Any) -> DeviceConfig:
    state = {"item": "w", "values": {1: "IDLE_NO_ORDER", 2: "PRODUCING", 3: "FAILED"}}
    return DeviceConfig(
        profile="cnc", driver="script",
        options={"endpoint": endpoint, "state": state, "parts": PARTS, **options},
    )  # fmt: skip


def plant() -> PlantConfig:
    """One real machine in a line of simulated units."""
    return flow(DeviceConfig(profile="cnc"), device("a"))


def test_headless_it_is_simulated_with_a_note_and_live_it_is_left_out() -> None:
    config = plant()
    for live in (False, True):
        engine, bank = Plant(config, 7), DeviceBank(config, SITE, 7, live=live)
        engine.run_until(600.0)
        paths = {path for frame in bank.frames(600.0, engine.view(), engine.drain()) for path in frame.paths}
        assert (str(M2) in map(str, paths)) is not live
        assert str(M1) in map(str, paths)
        assert bank.notes == ([] if live else [f"{M2}: a real machine (script), simulated here"])
        assert str(M2) in map(str, bank.meta().paths), "master data are the same"


def test_a_counter_and_a_status_word_give_availability_performance_and_oee() -> None:
    """800 s of 1000 s producing, 50 parts of 12 s, 2 of them scrap: 80 %, 75 %, 96 %."""
    config = plant()
    bank = DeviceBank(config, SITE, 7, live=True)
    epoch_ns = bank.meta().time_ns.tolist()[0]
    (unit,) = real_units(config, SITE)
    brain = Brain()
    brain.process(bank.meta())
    status = {0: 2, 300: 3, 400: 2, 900: 1}
    for second in range(0, 1001, 4):
        good, scrap = min(48, max(0, second - 100) * 48 // 800), 2 if second >= 700 else 0
        values = {"w": status.get(second), "g": 65_500 + good, "s": scrap}
        at_ns = to_ns(epoch_ns, second)
        said = [DataValue(item, value, at_ns) for item, value in values.items() if value is not None]
        unit.derivation.take(said, at_ns)
        unit.derivation.tick(at_ns)
        beat = records(RecordKind.HEARTBEAT, [(SITE, at_ns, (None, None, None))])
        for frame in (*unit.derivation.frames(), beat):
            brain.process(frame.stamped(f"{SITE}/machines", "r.1", -1))
    figures = summary(brain, epoch_ns, to_ns(epoch_ns, 1000)).units[str(M2)]
    assert figures.counts["good"] == 48
    assert figures.counts["scrap"] == 2
    assert figures.time_elements["apt_s"] == pytest.approx(800)
    assert figures.kpis["availability"] == pytest.approx(0.8)
    assert figures.kpis["effectiveness"] == pytest.approx(50 * 12 / 800)
    assert figures.kpis["oee"] == pytest.approx(48 * 12 / 1000)


async def until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.001)


def states(gathering: RealMachines, path: object) -> list[str]:
    found: list[Frame] = [frame for frame in gathering.frames(S) if frame.kind is RecordKind.STATE]
    return [
        row[0] for frame in found for at, row in zip(frame.paths, frame.values, strict=True) if str(at) == str(path)
    ]


async def test_what_is_away_is_tried_for_ever_told_once_and_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    config = flow(device("a"), device("b"))
    clock = iter(range(10**18, 2 * 10**18, S))
    gathering = RealMachines(real_units(config, SITE), Path(), lambda: next(clock))
    assert [session.name for session in gathering.sessions] == [str(M1), str(M2)]
    Script.refuses["b"] = RetriableError("b: expected an answer, got none")
    tasks = [asyncio.create_task(session.run()) for session in gathering.sessions]
    Script.says["a"] = asyncio.Queue()
    Script.says["a"].put_nowait([DataValue("w", 2)])
    await until(lambda: Script.opened.get("b", 0) > 20)
    assert caplog.text.count("expected an answer") == 1
    assert states(gathering, M1) == ["PRODUCING"]
    assert states(gathering, M2) == []
    Script.says["b"] = asyncio.Queue()
    Script.says["b"].put_nowait([DataValue("w", 3)])
    del Script.refuses["b"]
    await until(lambda: gathering.sessions[1].open)
    await until(Script.says["b"].empty)
    assert "is there again" in caplog.text
    assert states(gathering, M2) == ["FAILED"]
    for error in (RetriableError("gone"), ProblemsError([]), ValueError("a bug"), OSError("reset")):
        Script.says["a"].put_nowait(error)
        Script.says["a"].put_nowait([DataValue("w", 2)])
    await until(Script.says["a"].empty)
    await until(lambda: gathering.sessions[0].losses == 4)
    assert "this might be a bug" in caplog.text or "this is a bug" in caplog.text
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_units_of_one_endpoint_share_a_session() -> None:
    other = device("a", tags={"spindle_load_pct": {"item": "l", "deadband": 2}}, period="0.5 s")
    units = real_units(flow(device("a"), other), SITE)
    (session,) = RealMachines(units, Path()).sessions
    assert isinstance(session, MachineSession)
    assert {each.item: each.period_s for each in session.wanted()} == {"w": 0.5, "g": 0.5, "s": 0.5, "l": 0.5}


def test_a_process_that_takes_the_place_of_one_that_died_misses_no_part() -> None:
    config = plant()
    first, second = (RealMachines(real_units(config, SITE), Path()) for _ in range(2))
    first.units[0].derivation.take([DataValue("w", 2), DataValue("g", 10)], S)
    first.frames(2 * S)
    second.recall(first.kept())
    second.units[0].derivation.lose(3 * S, "not_connected")
    second.units[0].derivation.take([DataValue("w", 2), DataValue("g", 13)], 4 * S)
    frames = {frame.kind: frame for frame in second.frames(5 * S)}
    assert frames[RecordKind.PART].column("good").tolist() == [3]
    assert frames[RecordKind.STATE].column("state").tolist() == ["UNKNOWN", "PRODUCING"]
    assert frames[RecordKind.TELEMETRY].column("part_count").tolist()[-1] == 3


def simulated(endpoint: str, **options: Any) -> DeviceConfig:
    """A simulated machine whose place a real one may take."""
    real = device(endpoint, **options)
    return DeviceConfig(profile="cnc", driver="simulated", others={"script": real.options})


def test_a_machine_changes_its_driver_and_back_without_a_gap() -> None:
    """Simulated up to 600 s, real up to 1200 s, then simulated again: each instant has the rows of exactly one."""
    config = flow(DeviceConfig(profile="cnc"), simulated("a"))
    feed, untouched = (Feed(config, 7, Path(), live=True) for _ in range(2))
    epoch_ns = feed.plant.epoch_ns
    gathering = RealMachines(real_units(config, SITE), Path())
    (real,) = gathering.units
    changes = [DriverChange(600.5, M2, "script"), DriverChange(1200.5, M2, "simulated")]
    ours: list[Frame] = []
    theirs: list[Frame] = []
    whole: list[Frame] = []
    for second in range(30, 1801, 30):
        for change in changes:
            if second - 30 <= change.at_s < second:
                feed.change(change)
                gathering.change(change, to_ns(epoch_ns, change.at_s))
        at_ns = to_ns(epoch_ns, second)
        real.derivation.take([DataValue("w", 3 if second < 900 else 2, at_ns), DataValue("g", second, at_ns)], at_ns)
        for said, some in ((ours, feed), (whole, untouched)):
            said.extend(frame for _, frames in some.advance(float(second)) for frame in frames)
        theirs += gathering.frames(at_ns + 1)
        feed = Feed.of_bytes(feed.dump())
    change_ns = [to_ns(epoch_ns, change.at_s) for change in changes]

    def of(frames: list[Frame], kind: RecordKind, name: str) -> list[tuple[int, Any]]:
        found = [row for frame in frames if frame.kind is kind and name in frame.tags for row in frame.rows()]
        return [(row["time_ns"], row[name]) for row in found if row["path"] == M2]

    inside = [change_ns[0] <= time_ns < change_ns[1] for time_ns, _ in of(theirs, RecordKind.PART, "good")]
    assert inside
    assert all(inside)
    expected = [row for row in of(whole, RecordKind.PART, "good") if not change_ns[0] <= row[0] < change_ns[1]]
    assert of(ours, RecordKind.PART, "good") == expected
    assert of(theirs, RecordKind.STATE, "state")[0] == (change_ns[0], "FAILED"), "what holds is said at the change"
    held = [state for time_ns, state in of(whole, RecordKind.STATE, "state") if time_ns <= change_ns[1]][-1]
    assert (change_ns[1], held) in of(ours, RecordKind.STATE, "state")
    times = [time_ns for time_ns, _ in of(ours, RecordKind.TELEMETRY, "spindle_load_pct")]
    assert times == [to_ns(epoch_ns, s) for s in range(30, 1801, 30) if s <= 600 or s > 1200]
    others = [[frame for frame in said if frame.kind is RecordKind.PART] for said in (ours, whole)]
    m1 = [[row for frame in frames for row in frame.rows() if row["path"] == M1] for frames in others]
    assert m1[0] == m1[1], "the plant goes on as if nothing had happened"


def test_for_the_brain_it_is_one_unit_that_goes_on() -> None:
    """Simulated, real with a meter that stands elsewhere, simulated: no second unknown, no part twice, no energy."""
    config = flow(DeviceConfig(profile="cnc"), simulated("a", tags={"energy_kwh": "e"}))
    feed, gathering, brain = Feed(config, 7, Path(), live=True), RealMachines(real_units(config, SITE), Path()), Brain()
    epoch_ns, (real,) = feed.plant.epoch_ns, gathering.units
    brain.process(feed.banks[SITE].meta())
    parts, read = 0, list[float]()
    for second in range(0, 1801, 10):
        if second in (600, 1200):
            counted = feed.banks[SITE].counted(M2) if second == 600 else gathering.counted(str(M2))
            driver = "script" if second == 600 else "simulated"
            change = DriverChange(second - 5.0, M2, driver, tuple(counted.items()))
            feed.change(change)
            gathering.change(change, to_ns(epoch_ns, change.at_s))
        at_ns = to_ns(epoch_ns, second)
        values = {"w": 2, "g": 3 + second // 30, "s": 0, "e": 50_000.0 + second / 3600}
        real.derivation.take([DataValue(item, value, at_ns) for item, value in values.items()], at_ns)
        beat = records(RecordKind.HEARTBEAT, [(SITE, at_ns, (None, None, None))])
        plant = [frame for _, frames in feed.advance(float(second)) for frame in frames] if second else []
        for publisher, frames in ((str(SITE), plant), (f"{SITE}/machines", [*gathering.frames(at_ns + 1), beat])):
            for frame in frames:
                brain.process(frame.stamped(publisher, "r.1", -1))
                own = [row for row in frame.rows() if row["path"] == M2]
                parts += sum(row["good"] for row in own if frame.kind is RecordKind.PART)
                read += [row["energy_kwh"] for row in own if "energy_kwh" in row and not np.isnan(row["energy_kwh"])]
    figures = summary(brain, epoch_ns, to_ns(epoch_ns, 1800)).units[str(M2)]
    assert figures.counts["good"] == parts > 20
    assert figures.time_elements["unknown_s"] == 0
    assert figures.kpis["energy_kwh"] == pytest.approx(read[-1] - read[0])
    assert 0 < figures.kpis["energy_kwh"] < 10


def test_a_plant_that_begins_again_says_nothing_of_units_that_real_machines_stand_for() -> None:
    feed = Feed(flow(DeviceConfig(profile="cnc"), simulated("a")), 7, Path(), live=True)
    feed.advance(600.0)
    assert M2 in {path for _, frame in feed.current() for path in frame.paths}
    feed.change(DriverChange(600.0, M2, "script"))
    feed.advance(601.0)
    assert M2 not in {path for _, frame in feed.current() for path in frame.paths}
    with pytest.raises(FactoryError, match="expected a time from 601 s on, got 600 s"):
        feed.change(DriverChange(600.0, M2, "simulated"))


def test_while_a_change_is_decided_a_machine_holds_back_and_a_new_process_loses_no_part() -> None:
    gathering = RealMachines(real_units(plant(), SITE), Path())
    (unit,) = gathering.units
    unit.derivation.take([DataValue("w", 2), DataValue("g", 10)], S)
    gathering.frames(2 * S)
    assert gathering.hold(str(M2), "simulated", 2 * S) == 2 * S
    unit.derivation.take([DataValue("g", 13)], 3 * S)
    assert gathering.frames(4 * S) == []
    assert gathering.kept()[str(M2)]["counters"]["good"] == 10, "what is not said is counted again by the next process"
    (frame,) = [frame for frame in gathering.frames(40 * S) if frame.kind is RecordKind.PART]
    assert frame.column("good").tolist() == [3], "nobody has decided anything for half a minute"
    assert gathering.kept()[str(M2)]["counters"]["good"] == 13


def test_a_machine_that_is_not_there_does_not_take_over() -> None:
    gathering = RealMachines(real_units(flow(DeviceConfig(profile="cnc"), simulated("a")), SITE), Path())
    gathering.sessions[0].reason = "a: expected an answer, got none"
    with pytest.raises(ModelError, match=r"driver script: expected a machine that is there, got a: expected"):
        gathering.hold(str(M2), "script", S)
    assert gathering.units[0].speech.held_ns is None


@pytest.mark.parametrize(
    ("driver", "words"),
    [
        ("s7", "expected one of simulated, script, got 's7' (name it under others"),
        ("scripts", "did you mean 'script'?"),
        ("simulated", "expected another one than it has, got 'simulated'"),
    ],
)
def test_a_change_that_cannot_be_is_refused(driver: str, words: str) -> None:
    feed = Feed(flow(DeviceConfig(profile="cnc"), simulated("a")), 7, Path(), live=True)
    (problem,) = wrong(*_asked(feed, str(M2), driver))
    assert words in str(problem)
    (problem,) = wrong(*_asked(feed, str(M1), driver))
    assert "expected a unit whose device names another driver, got one that has none" in str(problem)


def _asked(feed: Feed, path: str, driver: str) -> tuple[DeviceUnit | None, str, str, str]:
    unit, now = feed.driver_of(path)
    return unit, path, driver, now


@pytest.mark.parametrize(
    ("driver", "others"),
    [("simulated", "replay"), ("script", "script"), ("simulated", "simulated"), ("replay", "simulated")],
)
def test_only_what_can_change_stands_among_the_other_drivers(driver: str, others: str) -> None:
    given = {"script": device("a").options, "replay": {"file": "x", "on_missing": "simulate"}, "simulated": {}}
    config = DeviceConfig(profile="cnc", driver=driver, options=given[driver], others={others: given[others]})
    with pytest.raises(ScenarioError, match="others: expected kinds of connections besides the driver"):
        Feed(flow(DeviceConfig(profile="cnc"), config), 7, Path(), live=True)
