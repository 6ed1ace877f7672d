"""The same server through clients that are not asyncua: node-opcua, gopcua and Milo."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.counterparts import ROOT, needed, npm_peer
from tests.opcua.conftest import Running, running
from tests.opcua.plants import CELL, NOW_NS, PLANT, figures, passwords, telemetry

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Peer:
    """A running client script; ``next`` gives what it says."""

    def __init__(self, process: asyncio.subprocess.Process):
        self.process = process

    async def next(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        while line := await asyncio.wait_for(self.process.stdout.readline(), 300):
            if line.startswith(b"{") and "what" in (said := json.loads(line)):
                return dict(said)
        pytest.fail("the client ended without a word")


def node_opcua() -> list[str]:
    """The command of the client in JavaScript."""
    return [needed("node"), str(npm_peer("node-opcua-client") / "opcua.mjs")]


def gopcua() -> list[str]:
    """The command of the client in Go, which `.ci/run` builds where Go is."""
    program = ROOT / ".tools/bin/gopcua-peer"
    if not program.exists():
        pytest.skip("gopcua: go build -C tests/peers/gopcua -o ../../../.tools/bin/gopcua-peer")
    return [str(program)]


def milo() -> list[str]:
    """The command of the client in Java, for `make validation`."""
    folder = ROOT / "tests/peers/milo/target"
    if not (folder / "lib").is_dir():
        pytest.skip("Milo: mvn -f tests/peers/milo package dependency:copy-dependencies -DoutputDirectory=target/lib")
    return [needed("java"), "-cp", f"{folder / 'milo-peer-1.jar'}:{folder / 'lib'}/*", "Peer"]


Client = Callable[[], list[str]]
clients = pytest.mark.parametrize(
    "client_of", [node_opcua, gopcua, pytest.param(milo, marks=pytest.mark.endurance)], ids=lambda made: made.__name__
)


@asynccontextmanager
async def peer(plant: Running, tmp_path: Path, command: list[str], **task: str) -> AsyncIterator[Peer]:
    """A client, with its task; ends when its input is closed."""
    publisher = plant.publisher
    task = {
        "url": publisher.url,
        "namespace": str(publisher.model.space.index),
        "object": CELL,
        "variable": f"{CELL}.power_kw",
        "folder": str(tmp_path / "pki"),
        **task,
    }
    process = await asyncio.create_subprocess_exec(
        *command,
        json.dumps(task),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield Peer(process)
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 300)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def give(plant: Running, power_kw: float) -> None:
    plant.clock.forward(2)
    await plant.publisher.publish(telemetry([power_kw], NOW_NS))
    await plant.publisher.turn()


@pytest_asyncio.fixture(loop_scope="module")
async def own(tmp_path: Path) -> AsyncIterator[Running]:
    """A server that has not yet heard how slow its source is."""
    made = await running(tmp_path)
    yield made
    await made.publisher.close()


@clients
async def test_it_browses_reads_calls_and_subscribes(own: Running, tmp_path: Path, client_of: Client) -> None:
    plant = own
    await give(plant, 12.5)
    word = passwords(plant.publisher.config)["operator"]
    async with peer(plant, tmp_path, client_of(), user="operator", password=word) as client:
        tree = await client.next()
        assert {"acme", "acme/harbour", CELL, f"{CELL}.power_kw", f"{CELL}.Start"} <= set(tree["nodes"])
        value = await client.next()
        assert value == {
            "what": "value",
            "value": 12.5,
            "type": "Double",
            "status": "Good",
            "source": "2026-09-21T14:13:20.000Z",
            "unit": "kW",
            "unitId": 0x4B5754,
            "low": 0,
            "high": 40,
        }
        assert (await client.next())["status"] == "Good"
        assert plant.commands.pop().verb == "Start"
        assert (await client.next())["value"] == 12.5
        await give(plant, 20.0)
        assert await client.next() == {"what": "change", "value": 20, "status": "Good"}
        plant.clock.forward(plant.publisher.config.gap_s + 1)
        await plant.publisher.turn()
        lost = "UncertainNoCommunicationLastUsableValue"
        assert await client.next() == {"what": "change", "value": 20, "status": lost}
        await give(plant, 20.0)
        assert await client.next() == {"what": "change", "value": 20, "status": "Good"}
        await give(plant, float("nan"))
        assert await client.next() == {"what": "change", "value": None, "status": "BadDataUnavailable"}


@clients
async def test_it_sees_that_a_figure_is_no_longer_said(plant: Running, tmp_path: Path, client_of: Client) -> None:
    begin_ns, hour_ns = NOW_NS, 3600 * 10**9
    for kpi, after_ns in (("mtbf_h", 0), ("otif", hour_ns + 10**9)):
        plant.clock.forward(2)
        frame = figures([(kpi, 0.9)], begin_ns + after_ns, begin_ns + after_ns + hour_ns)
        await plant.publisher.publish(frame)
        await plant.publisher.turn()
    word, node = passwords(plant.publisher.config)["operator"], f"{PLANT}.kpi.live.mtbf_h"
    async with peer(plant, tmp_path, client_of(), user="operator", password=word, variable=node) as client:
        assert node in (await client.next())["nodes"]
        value = await client.next()
        assert (value["value"], value["status"], value["unit"]) == (0.9, "UncertainLastUsableValue", "h")
        assert value["source"] == "2026-09-21T15:13:20.000Z"
        assert (await client.next())["status"] == "Good", "what the method said"
        assert (await client.next())["value"] == 0.9


@clients
@pytest.mark.parametrize(
    ("user", "word", "security"),
    [("viewer", "wrong", ""), ("admin", "admin", ""), ("", "", ""), ("viewer", "right", "none")],
)
async def test_it_is_refused(
    plant: Running, tmp_path: Path, client_of: Client, user: str, word: str, security: str
) -> None:
    password = passwords(plant.publisher.config)["viewer"] if word == "right" else word
    async with peer(plant, tmp_path, client_of(), user=user, password=password, security=security) as client:
        answer = await client.next()
    assert answer["what"] == "refused", answer
