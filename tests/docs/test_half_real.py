"""The guide's line that is half real: the counter of a foreign Modbus server moves the parts of its neighbours."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from brokers.stores import open_store
from scenarios.live.made import MadeFiles
from scenarios.live.settings import RunSettings
from tests.cli.programs import FACTORY, Program, factory, get
from tests.connections.test_modbus import ModbusSerial
from tests.counterparts import wait_for
from tests.docs.test_commands import GUIDE_OF_MACHINES, HALF, LIVE, blocks_of
from twin.records import RecordKind

pytestmark = pytest.mark.xdist_group("modbus")
LINE = "acme/plant/hall/line"
STATE, COUNTER = "holding:10:int16", "40012"
ROLLS_OVER_AT = 65_536


@pytest.fixture
def mill() -> Iterator[ModbusSerial]:
    server = ModbusSerial({STATE: 2, COUNTER: 65_533})
    server.start()
    yield server
    server.stop()


@pytest.fixture
def file(mill: ModbusSerial, tmp_path: Path) -> Path:
    (text,) = [text for _, name, text in blocks_of(GUIDE_OF_MACHINES) if name == HALF]
    assert "port: 5020" in text
    found = tmp_path / HALF
    text = text.replace("port: 5020", f"port: {mill.port}")
    rolls = f'{{good: {{item: "{COUNTER}", rolls_over_at: {ROLLS_OVER_AT}}}}}'
    found.write_text(text.replace('{good: "40012"}', rolls), encoding="utf-8")
    return found


def words_of(kind: str) -> list[str]:
    """The words after ``factory`` of a command of the guide on that line."""
    lines = [line for name, _, text in blocks_of(GUIDE_OF_MACHINES) if name == "sh" for line in text.splitlines()]
    (words,) = [words for line in lines if HALF in (words := shlex.split(line)) and words[1] == kind]
    return words[1:]


def made(folder: Path) -> float:
    """Good parts that the machine has counted, as the plant is shown it."""
    return next((one.good for file in folder.glob("data/*/*") for one in MadeFiles(file).read().values()), 0.0)


def state(address: str, unit: str) -> object:
    """State of a unit, as its page shows it."""
    found: Any = get(address, f"/api/state?path={LINE}/{unit}")
    return found["states"].get(f"{LINE}/{unit}", {}).get("s")


def taken_from(address: str, unit: str) -> float:
    """Parts that were taken from a buffer, one or more at an instant."""
    now_ms = time.time_ns() // 10**6
    found: Any = get(address, f"/api/stock?path={LINE}/{unit}&t0={now_ms - 3 * 3600_000}&t1={now_ms + 3600_000}")
    levels = [float(row["n"] or 0.0) for row in found]
    return sum(max(0.0, before - after) for before, after in pairwise(levels))


async def rows(settings: RunSettings, kind: RecordKind, unit: str) -> list[dict[str, Any]]:
    store = open_store(settings.store)
    await store.open()
    try:
        frame = await store.rows(kind, f"{LINE}/{unit}", 0, 2**62, 100_000)  # type: ignore[arg-type]
        return sorted(frame.rows(), key=lambda row: row["time_ns"])
    finally:
        await store.close()


def test_the_guide_covers_its_commands() -> None:
    assert words_of("validate") == ["validate", HALF]
    assert LIVE & {words_of("run")[0]}


def test_the_counter_moves_the_parts_of_the_neighbours(mill: ModbusSerial, file: Path, tmp_path: Path) -> None:
    checked = factory(*words_of("validate"), folder=tmp_path)
    assert checked.returncode == 0, checked.stderr
    words = [str(FACTORY), *words_of("run"), "--port", "0"]
    program = Program(words, {"FF_DATA": str(tmp_path / "data")}, tmp_path)
    try:
        address = program.address()
        program.line("live")
        wait_for(lambda: state(address, "mill") == "PRODUCING", "the state of the machine")
        mill.show(COUNTER, 3)  # it showed 65,533 before
        wait_for(lambda: made(tmp_path) == 6, "its parts")
        family = psutil.Process(program.pid).children(recursive=True)
        next(each for each in family if "plant" in each.cmdline()).kill()
        mill.show(COUNTER, 8)
        wait_for(lambda: made(tmp_path) == 11, "its parts while the plant was away")
        (found,) = tmp_path.glob("data/*/*/run.json")
        settings = RunSettings.model_validate_json(found.read_text(encoding="utf-8"))
        plugged = factory(*words_of("machine"), "--url", address, folder=tmp_path)
        assert plugged.returncode == 0, plugged.stderr
        wait_for(lambda: mill.shown(STATE) == 3, "what the guide writes to the machine")
        refused = factory("machine", HALF, f"{LINE}/mill", "--command", "start", "--url", address, folder=tmp_path)
        assert refused.returncode == 2
        assert "expected a command that the scenario allows (stop), got 'start'" in refused.stderr
        wait_for(lambda: taken_from(address, "shelf") >= 9, "the parts to be washed")  # one or two never lay there
        wait_for(lambda: state(address, "wash") == "STARVED", "the last of them")
        assert program.interrupt() == 0, "\n".join(program.lines)
    finally:
        program.kill()
    counted = asyncio.run(rows(settings, RecordKind.PART, "mill"))
    assert sum(row["good"] for row in counted) == 11
    live_ns = counted[0]["time_ns"]
    after = [row for row in asyncio.run(rows(settings, RecordKind.PART, "wash")) if row["time_ns"] >= live_ns]
    assert sum(row["good"] for row in after) == 11  # what the machine has counted, once, and not one more
    assert min(row["on_hand"] for row in asyncio.run(rows(settings, RecordKind.STOCK, "rack"))) >= 0
