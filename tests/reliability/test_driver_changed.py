"""The driver of a unit changes while everything runs: told once, kept, and one of both whoever is killed meanwhile."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from brokers.stores import open_store
from scenarios.live.settings import RunSettings
from tests.cli.programs import FACTORY, Program, factory, get
from tests.connections.cell import cell
from tests.connections.test_opcua import NodeOpcUa
from tests.counterparts import wait_for
from tests.reliability.test_machines_killed import COUNTER, OPTIONS, STATUS, UNIT, hop, machine, shown
from tests.servers.mosquitto import Mosquitto
from twin.records import Frame, RecordKind

__all__ = ["machine"]
SIMULATED = "device: {profile: cnc, driver: simulated, options: {}"


@pytest.fixture
def file(machine: NodeOpcUa, tmp_path: Path) -> Path:
    found = tmp_path / "cell.yaml"
    stop = 'commands: {stop: {item: "ns=2;s=Small", value: 3}}}'
    real = OPTIONS.replace("ENDPOINT", machine.options()["endpoint"]).removesuffix("}") + f", {stop}"
    text = cell("simulated", "{}", "2 s").replace(SIMULATED, f"{SIMULATED}, shadow: true, others: {{opcua: {real}}}")
    found.write_text(text, encoding="utf-8")
    return found


@pytest.fixture
def program(file: Path, mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Program]:
    words = [str(FACTORY), "run", str(file), "--port", "0", "--broker", mosquitto.url]
    begun = Program(words, {"FF_DATA": str(tmp_path / "data")})
    yield begun
    begun.kill()


def driver(address: str) -> str:
    found: Any = get(address, "/api/machines")
    return str(found[0]["driver"])


def series(address: str, tag: str) -> list[float]:
    now_ms = time.time_ns() // 10**6
    found: Any = get(address, f"/api/series?path={UNIT}&tag={tag}&t0={now_ms - 600_000}&t1={now_ms + 60_000}")
    return [value for value in found["v"] if value is not None]


def changed(file: Path, address: str, kind: str) -> dict[str, Any]:
    """Change the driver; the command says from when on."""
    told = factory("machine", str(file), UNIT, "--driver", kind, "--url", address, "--json")
    assert told.returncode == 0, told.stderr
    row: dict[str, Any] = json.loads(told.stdout)["commands"][0]
    return row


async def stored(settings: RunSettings, kind: RecordKind) -> list[dict[str, Any]]:
    """Rows of the unit in the store, in order of time."""
    store = open_store(settings.store)
    await store.open()
    try:
        frame: Frame = await store.rows(kind, UNIT, 0, 2**62, 100_000)
        return sorted(frame.rows(), key=lambda row: row["time_ns"])
    finally:
        await store.close()


@pytest.mark.reliability
def test_a_machine_is_real_for_a_while(machine: NodeOpcUa, file: Path, program: Program, tmp_path: Path) -> None:
    address = program.address()
    program.line("live")
    machine.show(STATUS, 1)
    wait_for(lambda: hop(address, "machines").get("values", 0) > 0, "the machine that stands by")
    begun = changed(file, address, "opcua")
    wait_for(lambda: shown(address) == "IDLE_NO_ORDER", "the state of the real machine")
    wait_for(lambda: set(series(address, "residual_state_code")) & {0.0, 1.0}, "its distance from its shadow")
    assert series(address, "simulated_power_kw")
    machine.show(COUNTER, 9)  # it showed 2 before
    assert factory("machine", str(file), UNIT, "--command", "stop", "--url", address).returncode == 0
    wait_for(lambda: shown(address) == "FAILED", "the machine to have obeyed")
    refused = factory("command", str(file), UNIT, "stop", "--url", address)
    assert refused.returncode == 2
    assert "expected a unit that is simulated now, got one that a real machine (opcua) stands for" in refused.stderr
    family = psutil.Process(program.pid).children(recursive=True)
    for role in ("machines", "plant"):
        next(each for each in family if role in each.cmdline()).kill()
    machine.show(STATUS, 2)
    wait_for(lambda: shown(address) == "PRODUCING", "the roles to go on with the real machine")
    assert driver(address) == "opcua"
    machine.show(STATUS, 3)
    wait_for(lambda: shown(address) == "FAILED", "its state")
    ended = changed(file, address, "simulated")
    wait_for(lambda: shown(address) != "FAILED", "the state of the simulated one")
    machine.show(COUNTER, 50)  # nobody wants to know
    assert hop(address, "ingest")["lost"] == 0
    assert program.interrupt() == 0, "\n".join(program.lines)
    (found,) = tmp_path.glob("data/*/*/run.json")
    settings = RunSettings.model_validate_json(found.read_text(encoding="utf-8"))
    span = [settings.epoch_ns + round(row["at_s"] * 1e9) for row in (begun, ended)]
    parts = asyncio.run(stored(settings, RecordKind.PART))
    real = [row["good"] for row in parts if span[0] <= row["time_ns"] < span[1]]
    assert sum(real) == 7
    assert all(row["good"] == 1 for row in parts if not span[0] <= row["time_ns"] < span[1])
    states = asyncio.run(stored(settings, RecordKind.STATE))
    assert [row["state"] for row in states if row["time_ns"] == span[0]] == ["IDLE_NO_ORDER"]
    assert len([row for row in states if row["time_ns"] == span[1]]) == 1


@pytest.mark.reliability
@pytest.mark.parametrize("role", ["plant", "hub", "machines"])
def test_a_role_that_is_killed_in_mid_change_leaves_one_of_both(
    machine: NodeOpcUa, file: Path, program: Program, role: str
) -> None:
    """The page and the records agree which one it is, and the next change is taken."""
    address = program.address()
    program.line("live")
    machine.show(STATUS, 3)
    wait_for(lambda: hop(address, "machines").get("values", 0) > 0, "the machine that stands by")
    process = next(each for each in psutil.Process(program.pid).children(recursive=True) if role in each.cmdline())
    process.suspend()
    changing = Program([str(FACTORY), "machine", str(file), UNIT, "--driver", "opcua", "--url", address], {})
    wait_for(lambda: not changing.lives or asks(changing, address), "the change to be asked for")
    process.kill()
    changing.wait()
    program.line(f"{role}: back")

    def real() -> bool:
        if driver(address) == "simulated":
            factory("machine", str(file), UNIT, "--driver", "opcua", "--url", address)
        return driver(address) == "opcua"

    wait_for(real, "the real machine")
    wait_for(lambda: shown(address) == "FAILED", "its state")
    assert program.interrupt() == 0, "\n".join(program.lines)


def asks(program: Program, address: str) -> bool:
    """Whether a program has a connection to the pages."""
    port = int(address.rpartition(":")[2])
    open_ = psutil.Process(program.pid).net_connections()
    return any(one.raddr and one.raddr.port == port and one.status == psutil.CONN_ESTABLISHED for one in open_)
