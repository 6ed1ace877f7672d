"""The integrator's five minutes: every command of the guide against a foreign server, to the OEE on the page."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.programs import FACTORY, Program, factory, get
from tests.connections.test_browse import VARIABLES
from tests.connections.test_opcua import NodeOpcUa
from tests.counterparts import wait_for
from tests.docs.test_commands import GUIDE_OF_MACHINES, HALF, LIVE, blocks_of, with_machine

pytestmark = pytest.mark.xdist_group("opcua_connection")
PLACE = "localhost:4840"
MILL = "acme/plant/hall/line/mill"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeOpcUa]:
    server = NodeOpcUa(tmp_path_factory.mktemp("machine"), variables=VARIABLES)
    server.start()
    yield server
    server.stop()


def commands(port: int) -> list[list[str]]:
    """The words after ``factory`` of the guide's commands for a machine, in their order, at this machine."""
    lines = [
        line for language, _, text in blocks_of(GUIDE_OF_MACHINES) if language == "sh" for line in text.split("\n")
    ]
    return [
        shlex.split(line.replace(PLACE, f"127.0.0.1:{port}"))[1:]
        for line in lines
        if with_machine(line) and HALF not in line
    ]


def saved(folder: Path, port: int) -> dict[str, Any]:
    """The scenario of the guide, saved as a reader does; its ``device:``."""
    ((file, text),) = [(file, text) for _, file, text in blocks_of(GUIDE_OF_MACHINES) if file not in ("", HALF)]
    (folder / file).write_text(text.replace(PLACE, f"127.0.0.1:{port}"), encoding="utf-8")
    stations = yaml.safe_load((folder / file).read_text(encoding="utf-8"))["enterprises"][0]["sites"][0]["areas"][0]
    device: dict[str, Any] = stations["lines"][0]["stations"][1]["device"]
    return device


def test_the_guide_shows_what_the_draft_is_and_the_doctor_agrees(machine: NodeOpcUa, tmp_path: Path) -> None:
    listed, drafted, proved, _ = commands(machine.port)
    assert "spindle" in factory(*listed, folder=tmp_path).stdout.lower()
    draft = yaml.safe_load(factory(*drafted, folder=tmp_path).stdout)["device"]
    device = saved(tmp_path, machine.port)
    state = device["options"].pop("state")
    assert device == draft
    assert state["item"] == "nsu=http://maker.example/UA;s=Status"
    told = factory(*proved, folder=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.rstrip().endswith("none wrong")


def test_its_oee_is_on_the_pages(machine: NodeOpcUa, tmp_path: Path) -> None:
    (running,) = [words for words in commands(machine.port) if words[0] in LIVE]
    saved(tmp_path, machine.port)
    program = Program([str(FACTORY), *running, "--port", "0"], {"FF_DATA": str(tmp_path / "data")}, tmp_path)
    made = 7

    def figure(kpi: str) -> float:
        nonlocal made
        made += 1
        machine.ask("set", name="GoodCount", type="Int32", value=made)
        rows = get(program.address(), f"/api/kpis?window=live&kpi={kpi}&path={MILL}")
        assert isinstance(rows, list)
        return max((row["v"] or 0.0 for row in rows), default=0.0)

    try:
        program.address()
        wait_for(lambda: figure("oee") > 0, "the OEE of the machine")
        assert figure("availability") > 0
        assert program.interrupt() == 0
    finally:
        program.kill()
