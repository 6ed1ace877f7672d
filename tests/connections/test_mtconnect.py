"""MTConnect, against a test agent and adapter of our own in another process: none that installs runs here."""

from __future__ import annotations

import asyncio
import gzip
import json
import math
import sys
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from devices.connection import DataValue, MachineConnection, Scalar, Wanted
from devices.connections import connections
from devices.connections.mtconnect.documents import DocumentError, data_items, root_of
from devices.recordings.shdr import parse_line
from tests.connections.contract import LIMIT_S, Carried, Contract, Machine
from tests.connections.peer import Peer
from tests.counterparts import ROOT, free_port
from twin.errors import ProblemsError, RetriableError
from twin.records import BAD, GOOD, UNCERTAIN

pytestmark = pytest.mark.xdist_group("mtconnect")
PROGRAM = Path(__file__).parent / "machines" / "mtconnect.py"
DATA = ROOT.parent / "shared" / "data"
ITEMS = [
    {"id": "d1", "name": "Srpm", "category": "SAMPLE", "type": "ROTARY_VELOCITY", "units": "REVOLUTION/MINUTE"},
    {"id": "d2", "name": "execution", "category": "EVENT", "type": "EXECUTION"},
    {"id": "d3", "name": "PartCount", "category": "EVENT", "type": "PART_COUNT", "subType": "ALL"},
    {"id": "d4", "name": "program", "category": "EVENT", "type": "PROGRAM"},
    {"id": "d5", "name": "system", "category": "CONDITION", "type": "SYSTEM"},
    {"id": "d6", "name": "message", "category": "EVENT", "type": "MESSAGE"},
]
IDS = {one["name"]: one["id"] for one in ITEMS}
FIRST: dict[str, Scalar] = {"Srpm": 1200.5, "execution": "ACTIVE", "PartCount": 7, "program": "007", "message": "läuft"}


class TestAgent(Peer, Machine):
    """Agent and adapter; each start has another instanceId."""

    __test__ = False
    _instances = count(1)

    def __init__(self, adapter: bool = False, buffer: int = 1000) -> None:
        super().__init__()
        self._adapter, self._second, self._buffer = adapter, free_port(), buffer

    def command(self) -> Sequence[str]:
        first = [{"id": IDS[name], "text": str(value)} for name, value in FIRST.items()]
        first.append({"id": "d5", "text": "", "level": "" if self._adapter else "Normal"})
        task = {"port": self.port, "adapter": self._second, "items": ITEMS, "first": first, "buffer": self._buffer,
                "instance": str(next(self._instances))}  # fmt: skip
        return [sys.executable, str(PROGRAM), json.dumps(task)]

    def options(self) -> dict[str, Any]:
        place = (
            {"adapter": f"127.0.0.1:{self._second}"} if self._adapter else {"agent": f"http://127.0.0.1:{self.port}"}
        )
        return place | {"period": "100 ms"}

    def show(self, item: str, value: Scalar) -> None:
        self.ask("observe", id=IDS.get(item, item), text=repr(value) if isinstance(value, float) else str(value))


class TestMtConnectAgent(Contract):
    kind = "mtconnect"
    items = (
        Carried("Srpm", [1200.5, 0.0, -0.0, 5e-324, sys.float_info.max]),
        Carried("d2", ["ACTIVE", "READY", "INTERRUPTED"]),
        Carried("PartCount", [7, 2**63 - 1, -(2**63), 0]),
        Carried("program", ["007", 'O<1>&"2"', "加工 🏭", "", "x" * 20_000]),
        Carried("message", ["läuft", "1", "NaN"]),
    )
    missing = "Nowhere"
    wrong = ("", " a", "a|b", "a\nb", "x" * 201)
    source_time = True

    def make(self, folder: Path) -> Machine:
        return TestAgent()


class TestMtConnectAdapter(Contract):
    """The lines of an adapter have no types: what reads as a number is one."""

    kind = "mtconnect"
    items = (
        Carried("Srpm", [1200.5, 0.0, -0.0, float("nan"), float("inf"), 5e-324]),
        Carried("execution", ["ACTIVE", "READY"]),
        Carried("message", ["läuft", "加工 🏭", "x" * 20_000]),
    )
    missing = "Nowhere"
    wrong = ("", "a|b")
    source_time = True

    def make(self, folder: Path) -> Machine:
        return TestAgent(adapter=True)

    @staticmethod
    async def every(connection: MachineConnection, items: Sequence[str]) -> dict[str, DataValue]:
        """The first that was sent of each item; before it, they are BAD. What is never sent stays so."""
        first: dict[str, DataValue] = {}
        async with asyncio.timeout(LIMIT_S):
            while not set(items) <= set(first):
                for one in await connection.readings():
                    if one.reason != "nothing sent so far" or one.item == "Nowhere":
                        first.setdefault(one.item, one)
        return first


@pytest.fixture(scope="module")
def agent() -> Iterator[TestAgent]:
    made = TestAgent(buffer=20)
    made.start()
    yield made
    made.stop()


def opened(agent: TestAgent, folder: Path, *items: str, **more: Any) -> MachineConnection:
    kind = connections["mtconnect"]
    given = kind.Options.model_validate(agent.options() | more)
    made: MachineConnection = kind(given, [Wanted(item, 0.1) for item in items], folder)
    return made


async def until(made: MachineConnection, item: str, value: Scalar) -> list[DataValue]:
    """All readings up to one."""
    seen: list[DataValue] = []
    async with asyncio.timeout(LIMIT_S):
        while not any(one.item == item and one.value == value for one in seen):
            seen += await made.readings()
    return seen


async def test_nothing_between_two_looks_is_lost(agent: TestAgent, tmp_path: Path) -> None:
    made = opened(agent, tmp_path, "PartCount", count=3)
    try:
        await made.open()
        await until(made, "PartCount", 7)
        for number in range(100, 110):
            agent.show("PartCount", number)
        seen = await until(made, "PartCount", 109)
        assert [one.value for one in seen] == list(range(100, 110))
    finally:
        await made.close()


async def test_a_gap_of_the_buffer_is_told(agent: TestAgent, tmp_path: Path) -> None:
    made = opened(agent, tmp_path, "PartCount", "execution")
    try:
        await made.open()
        await until(made, "execution", "ACTIVE")
        agent.ask("burst", id=IDS["PartCount"], texts=[str(number) for number in range(200, 260)])  # a buffer of 20
        seen = await until(made, "PartCount", 259)
        told = next(one for one in seen if one.quality == UNCERTAIN)
        assert told.reason.endswith("observations of the agent are lost")
        agent.show("PartCount", 300)
        assert (await until(made, "PartCount", 300))[-1].quality == GOOD
    finally:
        await made.close()


async def test_an_agent_that_has_restarted_ends_the_connection(agent: TestAgent, tmp_path: Path) -> None:
    made = opened(agent, tmp_path, "PartCount")
    try:
        await made.open()
        agent.ask("restart", instance="another")
        with pytest.raises(RetriableError, match="the agent has restarted"):
            await Contract.for_ever(made)
    finally:
        await made.close()


async def test_a_condition_is_the_worst_of_those_that_are_active(agent: TestAgent, tmp_path: Path) -> None:
    agent.ask("restart", instance="conditions")
    made = opened(agent, tmp_path, "system")
    steps = [("Warning", "1"), ("Fault", "2"), ("Normal", "1"), ("Normal", "2"), ("Fault", "3"), ("Normal", "")]
    try:
        await made.open()
        seen = await until(made, "system", "Normal")
        for level, code in steps:
            agent.ask("observe", id="d5", text="", level=level, code=code)
        async with asyncio.timeout(LIMIT_S):
            while len(seen) < 7:
                seen += await made.readings()
        assert [one.value for one in seen] == ["Normal", "Warning", "Fault", "Fault", "Normal", "Fault", "Normal"]
        agent.ask("observe", id="d5", text="", level="Unavailable")
        async with asyncio.timeout(LIMIT_S):
            while not (last := await made.readings()):
                pass
        assert (last[0].quality, last[0].reason) == (BAD, "UNAVAILABLE")
    finally:
        await made.close()


async def test_what_is_there_is_shown_and_another_device_is_refused(agent: TestAgent, tmp_path: Path) -> None:
    made = opened(agent, tmp_path)
    try:
        await made.open()
        found = {one.item: one async for one in made.browse()}
    finally:
        await made.close()
    assert (found["Srpm"].unit, found["Srpm"].type, found["Srpm"].folders) == ("REVOLUTION/MINUTE", "float64", ("M1",))
    assert found["PartCount"].type == "int64"
    other = opened(agent, tmp_path, device="M2")
    with pytest.raises(ProblemsError, match="expected a device of the agent"):
        await other.open()
    await other.close()


def test_a_document_with_definitions_of_its_own_is_refused() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    with pytest.raises(DocumentError, match="without definitions"):
        root_of(bomb)


@pytest.mark.skipif(not DATA.is_dir(), reason="the device models are not there")
def test_every_data_item_of_real_device_models_is_listed() -> None:
    for file in sorted((DATA / "mtconnect" / "devices").glob("*.xml")):
        content = file.read_bytes()
        found = data_items(root_of(content), None)
        all_of_them = [one for one in ElementTree.fromstring(content).iter() if one.tag.endswith("}DataItem")]  # noqa: S314
        assert [one.id for one in found] == [one.get("id") for one in all_of_them], file.name
        assert all(one.category in ("SAMPLE", "EVENT", "CONDITION") for one in found)


@pytest.mark.skipif(not DATA.is_dir(), reason="the recordings are not there")
async def test_a_real_recording_comes_through_an_agent_whole(tmp_path: Path) -> None:
    """Every speed of the first lines of a real day: same values, same stamps, same order."""
    with gzip.open(DATA / "nist-smstestbed" / "raw-day" / "Mazak01-20161101.shdr.txt.gz", "rt") as file:
        records = [one for line in file if (one := parse_line(line.rstrip("\n")))]
    speeds = [(one.time_ns, text) for one in records for name, text in one.items if name == "Xabs"]
    numbers = [(time_ns, float(text)) for time_ns, text in speeds if text != "UNAVAILABLE"][:300]
    agent = TestAgent()
    agent.start()
    made = opened(agent, tmp_path, "Srpm")
    try:
        await made.open()
        seen = await until(made, "Srpm", 1200.5)
        for time_ns, number in numbers:
            second, rest = divmod(time_ns, 10**9)
            stamp = __import__("datetime").datetime.fromtimestamp(second, __import__("datetime").UTC)
            agent.ask("observe", id="d1", text=repr(number), at=f"{stamp:%Y-%m-%dT%H:%M:%S}.{rest:09d}Z")
        seen.clear()
        async with asyncio.timeout(LIMIT_S):
            while len(seen) < len(numbers):
                seen += await made.readings()
    finally:
        await made.close()
        agent.stop()
    assert [(one.time_ns, one.value) for one in seen] == numbers
    assert numbers
    assert not any(math.isnan(number) for _, number in numbers)
