"""``factory browse`` against a server that is not ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from devices.connections import connections
from tests.cli.programs import factory
from tests.connections.test_opcua import NodeOpcUa

pytestmark = pytest.mark.xdist_group("opcua_connection")
VARIABLES: list[dict[str, Any]] = [
    {"name": "Spindle.Speed", "type": "Double", "value": 1500.0, "unit": "rpm", "writable": False},
    {"name": "Spindle.Load", "type": "Float", "value": 40.5, "unit": "%"},
    {"name": "CoolantTemp", "type": "Double", "value": 68.0, "unit": "degF"},
    {"name": "Status", "type": "Int16", "value": 2},
    {"name": "GoodCount", "type": "Int32", "value": 7},
    {"name": "DoorOpen", "type": "Boolean", "value": False},
]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeOpcUa]:
    server = NodeOpcUa(tmp_path_factory.mktemp("machine"), variables=VARIABLES)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def url(machine: NodeOpcUa) -> str:
    return str(machine.options()["endpoint"])


def browse(*words: str, folder: Path, **environment: str) -> Any:
    return factory("browse", *words, folder=folder, environment=environment)


def test_what_a_machine_offers_is_listed(url: str, tmp_path: Path) -> None:
    told = browse(url, "--json", folder=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    found = {(*one["folders"], one["name"]): one for one in json.loads(told.stdout)["items"]}
    speed = found["Machine", "Spindle", "Speed"]
    assert (speed["type"], speed["unit"], speed["value"], speed["writable"]) == ("float64", "rpm", 1500.0, False)
    shown = browse("opcua", url, "--set", "security=none", folder=tmp_path).stdout
    assert "Machine/Spindle" in shown
    assert "degF" in shown


def test_more_than_is_asked_for_is_told(url: str, tmp_path: Path) -> None:
    told = browse(url, "--json", "--most", "2", folder=tmp_path)
    assert told.returncode == 0
    assert "there is more; only 2 items are shown" in told.stderr
    assert len(json.loads(told.stdout)["items"]) == 2


def test_the_draft_is_the_device_of_a_scenario(url: str, tmp_path: Path) -> None:
    told = browse(url, "--draft", "cnc", "--set", "security=none", folder=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    device = yaml.safe_load(told.stdout)["device"]
    options = connections[device["driver"]].Options.model_validate(device["options"])
    assert (device["profile"], device["driver"], device["options"]["security"]) == ("cnc", "opcua", "none")
    assert {tag: (source.item.rpartition("s=")[2], source.unit) for tag, source in options.tags.items()} == {
        "spindle_speed_rpm": ("Spindle.Speed", "rpm"),
        "spindle_load_pct": ("Spindle.Load", ""),
        "coolant_temperature_c": ("CoolantTemp", "degF"),
    }
    assert options.parts is not None
    assert "GoodCount" in str(options.parts.good)
    assert "Status" in told.stdout
    assert "DoorOpen bool" in told.stdout


def test_user_and_password_come_from_outside(url: str, tmp_path: Path) -> None:
    who = ("--user", "line3", "--password-env", "CELL_PASSWORD")
    told = browse(url, *who, "--draft", "cnc", folder=tmp_path, CELL_PASSWORD="öffne dich")
    assert told.returncode == 0, told.stderr
    assert yaml.safe_load(told.stdout)["device"]["options"]["password"] == {"env": "CELL_PASSWORD"}
    refused = browse(url, *who, folder=tmp_path, CELL_PASSWORD="sesame-1234")
    assert refused.returncode == 2
    assert "expected a server that lets the user 'line3' in" in refused.stderr
    assert "sesame" not in refused.stderr + told.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["ftp://a"], 2, "endpoint: expected a URL that begins with one of "),
        (["10.0.0.5"], 2, "or name the kind before it"),
        (["opcau", "opc.tcp://a"], 2, "did you mean 'opcua'?"),
        (["modbus", "a", "b"], 2, "endpoint: expected a kind and a URL"),
        (["modbus://a/b"], 2, "expected modbus://host:port"),
        (["modbus://a:99999"], 2, "endpoint: expected a URL of a machine"),
        (["modbus://a", "--user", "u"], 2, "--set user=\"u\": expected name=value with a known name"),
        (["opc.tcp://127.0.0.1:1", "--draft", "cnk"], 2, "--draft: expected a tag profile, got 'cnk' (did you"),
        (["opc.tcp://127.0.0.1:1"], 3, "opc.tcp://127.0.0.1:1: expected an OPC UA server"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(words: list[str], code: int, said: str, tmp_path: Path) -> None:
    told = browse(*words, folder=tmp_path)
    assert (told.returncode, told.stdout) == (code, "")
    assert said in told.stderr
    assert "Traceback" not in told.stderr
