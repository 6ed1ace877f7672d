"""A real machine in a whole run: unplugged, its role killed as the kernel does, ended by Ctrl-C; every part once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from brokers.stores import open_store
from devices.derivation.machine import RESTARTED
from scenarios.live.settings import RunSettings
from tests.cli.programs import FACTORY, Program, get
from tests.connections.cell import cell
from tests.connections.test_opcua import NodeOpcUa
from tests.counterparts import wait_for
from twin.records import RecordKind

UNIT = "e/s/a/l/m"
STATUS, COUNTER = "ns=2;s=Small", "nsu=http://maker.example/UA;s=Whole"
OPTIONS = (
    '{endpoint: "ENDPOINT", security: none, check: 0.5 s, timeout: 2 s, period: 0.1 s, '
    'state: {item: "ns=2;s=Small", values: {1: IDLE_NO_ORDER, 2: PRODUCING, 3: FAILED}}, '
    'parts: {good: "nsu=http://maker.example/UA;s=Whole"}}'
)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[NodeOpcUa]:
    server = NodeOpcUa(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def program(machine: NodeOpcUa, tmp_path: Path) -> Iterator[Program]:
    file = tmp_path / "cell.yaml"
    options = OPTIONS.replace("ENDPOINT", machine.options()["endpoint"])
    file.write_text(cell("opcua", options, "2 s", "{id: first, kind: machine, cycle: 6 s}"), encoding="utf-8")
    begun = Program([str(FACTORY), "run", str(file), "--port", "0"], {"FF_DATA": str(tmp_path / "data")})
    yield begun
    begun.kill()


def hop(address: str, name: str) -> dict[str, Any]:
    health: Any = get(address, "/api/health")
    return next((row["counters"] for row in health["hops"] if row["hop"] == name), {})


def shown(address: str) -> str:
    states: Any = get(address, f"/api/state?path={UNIT}")
    return str(states["states"].get(UNIT, {}).get("s"))


def counted(address: str) -> float:
    """Good quantity of the machine, as its page shows it."""
    found: Any = get(address, f"/api/kpis?path={UNIT}&kpi=good_quantity&window=live")
    return max((float(row["v"] or 0.0) for row in found if row["path"] == UNIT), default=0.0)


async def stored(settings: RunSettings) -> tuple[list[int], list[str]]:
    """Good quantity of each record of the machine in the store, and the causes of its states."""
    store = open_store(settings.store)
    await store.open()
    try:
        made = await store.rows(RecordKind.PART, UNIT, 0, 2**62, 10_000)
        states = await store.rows(RecordKind.STATE, UNIT, 0, 2**62, 10_000)
        return [int(good) for good in made.column("good").tolist()], states.column("cause").tolist()
    finally:
        await store.close()


@pytest.mark.reliability
def test_every_part_of_a_real_machine_is_stored_once(machine: NodeOpcUa, program: Program, tmp_path: Path) -> None:
    address = program.address()
    program.line("live")
    machine.show(STATUS, 2)
    wait_for(lambda: shown(address) == "PRODUCING", "the state of the machine")
    machine.show(COUNTER, 7)  # it showed 2 before
    wait_for(lambda: counted(address) == 5, "its parts")
    machine.kill()
    wait_for(lambda: shown(address) == "UNKNOWN", "the plug to be missed")
    machine.start()
    machine.show(STATUS, 3)
    wait_for(lambda: shown(address) == "FAILED", "the machine to be there again")
    wait_for(lambda: hop(address, "machines").get("away") == 0, "the hop to say so")
    family = psutil.Process(program.pid).children(recursive=True)
    next(each for each in family if "machines" in each.cmdline()).kill()
    machine.show(COUNTER, 10)  # nobody is there; it counts from 2 since its restart
    machine.show(STATUS, 2)
    wait_for(lambda: shown(address) == "PRODUCING", "the role to be back")
    machine.show(COUNTER, 11)
    wait_for(lambda: counted(address) == 14, "what it has counted, alone and since")
    assert hop(address, "ingest")["lost"] == 0
    assert program.interrupt() == 0, "\n".join(program.lines)
    (file,) = tmp_path.glob("data/*/*/run.json")
    parts, causes = asyncio.run(stored(RunSettings.model_validate_json(file.read_text(encoding="utf-8"))))
    assert sum(parts) == 5 + 8 + 1
    assert causes.count(RESTARTED) == 1, "nobody heard the machine while the role was away"
