"""Drivers that may take the place of another one are checked as the first one is, with their lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.loader import load
from tests.connections.cell import cell
from twin.errors import ScenarioError

REAL = 'endpoint: "opc.tcp://127.0.0.1:4840", state: {item: "ns=2;s=a", model: packml}'

COUNTS = 'parts: {good: "ns=2;s=b"}'


def problems(tmp_path: Path, device: str) -> str:
    """What is said of a device; empty when it is fine."""
    file = tmp_path / "cell.yaml"
    before = "device: {profile: cnc, driver: simulated, options: {}}"
    text = cell("simulated", "{}")
    assert before in text
    file.write_text(text.replace(before, f"device: {{profile: cnc, {device}}}"), encoding="utf-8")
    try:
        load(file)
    except ScenarioError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "device",
    [
        f"driver: simulated, shadow: true, others: {{opcua: {{{REAL}}}}}",
        f"driver: opcua, options: {{{REAL}}}, shadow: true, others: {{simulated: {{}}}}",
        f"driver: opcua, options: {{{REAL}}}, others: {{modbus: {{host: 127.0.0.1}}}}",
        f"driver: opcua, options: {{{REAL}, {COUNTS}}}, drives: true",
        f"driver: simulated, others: {{opcua: {{{REAL}, {COUNTS}}}}}, drives: true",
    ],
)
def test_what_can_change_is_fine(tmp_path: Path, device: str) -> None:
    assert problems(tmp_path, device) == ""


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("driver: simulated, others: {opcu: {}}", "device.others.opcu: expected a known driver, got 'opcu'"),
        ("driver: simulated, others: {opcua: {}}", "device.others.opcua.endpoint"),
        (f"driver: simulated, others: {{opcua: {{{REAL}, tags: {{nothing: 'ns=2;s=b'}}}}}}", "a tag of the profile"),
        (f"driver: simulated, others: {{opcua: {{{REAL}, commands: {{stop: nowhere}}}}}}", "commands.stop.item"),
        ("driver: simulated, others: {replay: {file: x}}", "others.replay: expected kinds of connections besides"),
        ("driver: simulated, others: {simulated: {}}", "others.simulated: expected kinds of connections besides"),
        ("driver: simulated, shadow: true", "device.shadow: expected a real machine among its driver and others"),
        ("driver: simulated, drives: true", "device.drives: expected a real machine among its driver and others, got"),
        (
            f"driver: opcua, options: {{{REAL}}}, drives: true",
            "device.options: expected parts among what the machine that drives the unit says, got none (write parts",
        ),
        (
            f"driver: simulated, others: {{opcua: {{{REAL}}}}}, drives: true",
            "device.others.opcua: expected parts among what the machine that drives the unit says, got none",
        ),
    ],
)
def test_what_cannot_is_told_with_its_place(tmp_path: Path, device: str, words: str) -> None:
    told = problems(tmp_path, device)
    assert words in told
    assert told.startswith("cell.yaml:"), told


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("kind: machine", "kind: inspection",
         "device.drives: expected a unit of kind machine, got one of kind inspection"),
        ("cycle: 60 s", "cycle: 60 s, behaviours: [{warm_up: {after: 10 min, time: 30 s}}]",
         "device.drives: expected a unit without behaviours, got one that has some (they would keep parts"),
    ],
)  # fmt: skip
def test_what_a_machine_cannot_drive_is_told(tmp_path: Path, before: str, after: str, words: str) -> None:
    device = f"driver: simulated, drives: true, others: {{opcua: {{{REAL}, {COUNTS}}}}}"
    text = cell("simulated", "{}").replace("driver: simulated, options: {}", device)
    assert before in text
    file = tmp_path / "cell.yaml"
    file.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(ScenarioError) as told:
        load(file)
    assert words in str(told.value)
