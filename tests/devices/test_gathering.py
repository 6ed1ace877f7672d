"""Real machines of a site: what they say becomes key figures, and none of them harms another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import Field

from devices.bank import DeviceBank
from devices.connection import BrowsedItem, ConnectionOptions, DataValue, Scalar, Wanted
from devices.connections import connections
from devices.gathering import MachineSession, RealMachines, real_units
from tests.devices.plants import LINE, SITE, flow
from twin.brain.brain import Brain
from twin.brain.reports.summary import summary
from twin.config.plant import DeviceConfig, PlantConfig
from twin.engine.clock import to_ns
from twin.errors import ProblemsError, RetriableError
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
