"""Drivers that may take the place of another one are checked as the first one is, with their lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.loader import load
from tests.connections.cell import cell
from twin.errors import ScenarioError

REAL = 'endpoint: "opc.tcp://127.0.0.1:4840", state: {item: "ns=2;s=a", model: packml}'


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
    ],
)
def test_what_cannot_is_told_with_its_place(tmp_path: Path, device: str, words: str) -> None:
    told = problems(tmp_path, device)
    assert words in told
    assert told.startswith("cell.yaml:"), told
