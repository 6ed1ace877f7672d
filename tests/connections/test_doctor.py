"""``factory doctor``: each hop to a server that is not ours, there or not, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.programs import factory
from tests.connections.cell import cell
from tests.connections.test_browse import VARIABLES
from tests.connections.test_opcua import NodeOpcUa
from tests.counterparts import free_port
from tests.servers.mosquitto import Mosquitto

pytestmark = pytest.mark.xdist_group("opcua_connection")
GOOD, STATUS = "nsu=http://maker.example/UA;s=GoodCount", "nsu=http://maker.example/UA;s=Status"
MEANS: dict[str, Any] = {
    "tags": {"spindle_load_pct": "nsu=http://maker.example/UA;s=Spindle.Load"},
    "state": {"item": STATUS, "values": {"2": "PRODUCING"}},
    "parts": {"good": GOOD},
}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeOpcUa]:
    server = NodeOpcUa(tmp_path_factory.mktemp("machine"), variables=VARIABLES)
    server.start()
    yield server
    server.stop()


def doctor(folder: Path, options: dict[str, Any], *words: str) -> tuple[int, list[str]]:
    """Exit code and lines of the doctor for a cell with one real machine."""
    scenario = folder / "cell.yaml"
    scenario.write_text(cell("opcua", json.dumps(options)), encoding="utf-8")
    done = factory("doctor", str(scenario), *words, environment={"FF_DATA": str(folder / "data")})
    assert done.stderr == ""
    assert not (folder / "data").exists()
    return done.returncode, done.stdout.splitlines()


def wrong(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("wrong")]


def test_all_is_well(machine: NodeOpcUa, mosquitto: Mosquitto, tmp_path: Path) -> None:
    lines_store = f"lines://{tmp_path / 'lines'}"
    code, lines = doctor(tmp_path, machine.options() | MEANS, "--broker", mosquitto.url, "--store", lines_store)
    assert (code, wrong(lines)) == (0, [])
    assert [line for line in lines if line.startswith("ok    e/s/a/l/m ")] == [
        "ok    e/s/a/l/m name: 127.0.0.1 is 127.0.0.1",
        f"ok    e/s/a/l/m port: 127.0.0.1:{machine.port} opens",
        "ok    e/s/a/l/m session: certificates, user and password are accepted",
        "ok    e/s/a/l/m tag spindle_load_pct nsu=http://maker.example/UA;s=Spindle.Load: 40.5, float, good",
        f"ok    e/s/a/l/m item {STATUS}: 2, int, good",
        f"ok    e/s/a/l/m item {GOOD}: 7, int, good",
        "ok    e/s/a/l/m state: PRODUCING",
        "ok    e/s/a/l/m parts: good counts on from 7",
    ]
    assert lines[-3:] == [f"ok    broker: {mosquitto.url} answers", "ok    store: lines opens", "10 checks, none wrong"]


def test_a_machine_that_is_not_there(tmp_path: Path) -> None:
    port = free_port()
    code, lines = doctor(tmp_path, {"endpoint": f"opc.tcp://127.0.0.1:{port}"})
    assert code == 1
    (said,) = wrong(lines)
    assert said.startswith(f"wrong e/s/a/l/m port: expected 127.0.0.1:{port} to open, got ")
    assert said.endswith("(is its server on, is the port right?)")
    assert not any("session" in line for line in lines)
    assert lines[-3:-1] == [
        "ok    broker: embedded, begins with the run",
        "ok    store: a file in the folder of the run, begins with it",
    ]


def test_a_name_that_nobody_knows(tmp_path: Path) -> None:
    code, lines = doctor(tmp_path, {"endpoint": "opc.tcp://press.invalid:4840"})
    assert code == 1
    assert wrong(lines)[0].startswith("wrong e/s/a/l/m name: expected a host that is known, got 'press.invalid'")


def test_missing_items_and_what_nobody_can_derive(machine: NodeOpcUa, tmp_path: Path) -> None:
    means = {
        "tags": {"spindle_load_pct": "ns=2;s=Nowhere"},
        "state": {"item": STATUS, "values": {"1": "PRODUCING"}},
        "parts": {"good": "ns=2;s=Nothing"},
    }
    code, lines = doctor(tmp_path, machine.options() | means)
    assert code == 1
    browse = "(factory browse shows what there is)"
    assert wrong(lines) == [
        f"wrong e/s/a/l/m tag spindle_load_pct ns=2;s=Nowhere: expected a value, got BadNodeIdUnknown {browse}",
        f"wrong e/s/a/l/m item ns=2;s=Nothing: expected a value, got BadNodeIdUnknown {browse}",
        "wrong e/s/a/l/m state: expected a state, got UNKNOWN (say in state what the value of its item means)",
        "wrong e/s/a/l/m parts: expected a count of good, got none (map a whole number that grows)",
    ]
    assert lines[-1].endswith("4 wrong")


def test_what_is_needed_for_oee_is_told(machine: NodeOpcUa, tmp_path: Path) -> None:
    code, lines = doctor(tmp_path, machine.options())
    assert code == 1
    assert [line.partition(",")[0] for line in wrong(lines)] == [
        "wrong e/s/a/l/m state: expected state in its options",
        "wrong e/s/a/l/m parts: expected parts in its options",
    ]


def test_a_certificate_that_is_refused_and_its_remedy(machine: NodeOpcUa, tmp_path: Path) -> None:
    asked = machine.options() | {"security": "encrypt", "trust": "known"}
    code, lines = doctor(tmp_path, asked)
    assert code == 1
    (said,) = wrong(lines)
    (refused,) = (tmp_path / "keys" / "opcua" / "refused").iterdir()
    assert "session: " in said
    assert f"move {refused} to {refused.parents[1] / 'trusted'}" in said


def test_a_broker_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokers.mqtt.counterpart.monotonic", iter(range(0, 10**6, 100)).__next__)
    address = f"mqtt://127.0.0.1:{free_port()}"
    code, lines = doctor(tmp_path, {"endpoint": f"opc.tcp://127.0.0.1:{free_port()}"}, "--broker", address)
    assert code == 1
    assert any(line.startswith("wrong broker: ") for line in lines)
