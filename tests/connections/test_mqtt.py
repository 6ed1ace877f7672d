"""MQTT, against mosquitto; the machine behind it publishes with a client of its own."""

from __future__ import annotations

import asyncio
import json
import queue
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from devices.connection import DataValue, MachineConnection, Scalar, Wanted
from devices.connections import connections
from tests.connections.contract import LIMIT_S, Carried, Contract, Machine
from tests.connections.peer import Freezable
from tests.servers.mosquitto import Mosquitto
from twin.errors import ProblemsError
from twin.records import BAD, GOOD, UNCERTAIN

pytestmark = pytest.mark.xdist_group("mqtt_connection")


class Published(Freezable, Mosquitto, Machine):
    """A broker, and a machine that publishes JSON with its time, retained."""

    def __init__(self, folder: Path, first: dict[str, Scalar]) -> None:
        super().__init__(folder)
        self._first = first
        self._machine: paho.Client | None = None
        self._written: queue.Queue[dict[str, Any]] = queue.Queue()

    def start(self) -> None:
        super().start()
        ready = queue.Queue[bool]()
        client = self._machine = paho.Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        client.on_connect = lambda *_: client.subscribe("#", 1)
        client.on_subscribe = lambda *_: ready.put(True)
        client.on_message = lambda *a: self._hear(a[2].payload)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        assert ready.get(timeout=LIMIT_S)
        for item, value in self._first.items():
            self.show(item, value)

    def _hear(self, payload: bytes) -> None:
        """What is written to it; what it says itself has a time."""
        with suppress(ValueError):
            told = json.loads(payload)
            if isinstance(told, dict) and "t" not in told:
                self._written.put(told)

    def stop(self) -> None:
        self._leave()
        super().stop()

    def kill(self) -> None:
        super().kill()
        self._leave()

    def _leave(self) -> None:
        if self._machine is not None:
            self._machine.disconnect()
            self._machine.loop_stop()
            self._machine = None

    def options(self) -> dict[str, Any]:
        return {"broker": self.url, "time": "#/t", "timeout": "5 s"}

    def say(self, topic: str, payload: str | bytes, retain: bool = True) -> None:
        assert self._machine is not None
        self._machine.publish(topic, payload, 1, retain).wait_for_publish(LIMIT_S)

    def show(self, item: str, value: Scalar) -> None:
        topic, _, _ = item.partition("#")
        self.say(topic, json.dumps({"a": [{"v": value}], "t": time.time_ns()}))

    def shown(self, item: str) -> Scalar:
        cells = self._written.get(timeout=LIMIT_S)["a"]
        found: Scalar = (cells[0] if isinstance(cells, list) else cells["0"])["v"]
        return found


class TestMqtt(Contract):
    kind = "mqtt"
    foreign = "mosquitto"
    items = (
        Carried("cell/whole#/a/0/v", [1, 2**63 - 1, -(2**63), 2**64 - 1]),
        Carried("cell/real#a[0].v", [0.5, float("nan"), float("inf"), -0.0, 5e-324, 1.7976931348623157e308]),
        Carried("cell/flag#a[0].v", [False, True]),
        Carried("cell/text#/a/0/v", ["ready", "", "Zerspanung läuft 加工中 🏭", "x" * 20_000]),
    )
    missing = "cell/nowhere#/a"
    writable = tuple(one.item for one in items)
    wrong = ("", "#", "#/a", "cell/+/x", "cell#", "cell#a..b", "cell#a[", "cell#/a~2", "a\0b")
    knows_missing = False
    source_time = True
    told_alive = False

    def make(self, folder: Path) -> Machine:
        return Published(folder, self.at_start())

    @staticmethod
    async def every(connection: MachineConnection, items: Sequence[str]) -> dict[str, DataValue]:
        """The first value of each item; before it, they are BAD as nothing has come."""
        first: dict[str, DataValue] = {}
        async with asyncio.timeout(LIMIT_S):
            while not set(items) <= set(first):
                for one in await connection.readings():
                    if one.reason != "no message so far":
                        first.setdefault(one.item, one)
        return first

    async def test_nothing_cannot_be_written(self, machine: Published, tmp_path: Path) -> None:
        async with self.connected(machine, [], tmp_path) as connection:
            with pytest.raises(ProblemsError):
                await connection.write("written/x", None)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    made = Published(tmp_path_factory.mktemp("mqtt"), {})
    made.start()
    yield made
    made.stop()


async def until(made: MachineConnection, item: str, reason: str = "", value: Scalar = None) -> DataValue:
    """The first reading of an item with this reason, or this value."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            for one in await made.readings():
                if one.item == item and (one.reason == reason if reason else one.value == value):
                    return one


def opened(broker: Published, folder: Path, *items: str, **options: Any) -> MachineConnection:
    kind = connections["mqtt"]
    given = kind.Options.model_validate({"broker": broker.url} | options)
    made: MachineConnection = kind(given, [Wanted(item) for item in items], folder)
    return made


async def test_what_comes_without_json_or_without_the_item_is_bad_and_harms_no_other(
    broker: Published, tmp_path: Path
) -> None:
    items = ["m/x#/a", "m/x#/b", "m/plain"]
    made = opened(broker, tmp_path, *items, largest=100)
    try:
        await made.open()
        broker.say("m/x", '{"a": 1, "b": [1]}', retain=False)
        assert (await until(made, "m/x#/a", value=1)).quality == GOOD
        broker.say("m/x", "{", retain=False)
        await until(made, "m/x#/a", "the message is no JSON")
        broker.say("m/x", '{"b": null}', retain=False)
        await until(made, "m/x#/a", "no 'a' in the message")
        broker.say("m/x", "[" * 99, retain=False)
        await until(made, "m/x#/a", "the message is no JSON")
        broker.say("m/x", '{"a": 2, "c": "' + "x" * 100 + '"}', retain=False)
        await until(made, "m/x#/a", "a message of 117 bytes")
        broker.say("m/plain", b"\xff\xfe", retain=False)
        await until(made, "m/plain", "the message is neither a text nor JSON")
        for payload, value in (("21.5", 21.5), ("true", True), ("läuft", "läuft"), ("{}", "{}")):
            broker.say("m/plain", payload, retain=False)
            assert (await until(made, "m/plain", value=value)).quality == GOOD
    finally:
        await made.close()


async def test_a_last_will_makes_every_item_bad_and_online_is_a_sign_of_life(broker: Published, tmp_path: Path) -> None:
    broker.say("lwt/status", "online")
    broker.say("lwt/x", "1")
    made = opened(broker, tmp_path, "lwt/x", alive={"topic": "lwt/status"})
    try:
        await made.open()
        kept = await until(made, "lwt/x", value=1)
        assert (kept.quality, kept.reason) == (UNCERTAIN, "retained")
        async with asyncio.timeout(LIMIT_S):
            while await made.readings():
                pass  # until a sign of life
        broker.say("lwt/status", '{"state": "offline"}')
        assert (await until(made, "lwt/x", "offline")).quality == BAD
    finally:
        await made.close()


async def test_what_the_broker_kept_may_be_left_out(broker: Published, tmp_path: Path) -> None:
    broker.say("kept/x", "1")
    made = opened(broker, tmp_path, "kept/x", retained="ignore")
    try:
        await made.open()
        broker.say("kept/x", "2", retain=False)
        seen = []
        async with asyncio.timeout(LIMIT_S):
            while 2 not in seen:
                seen += [one.value for one in await made.readings()]
        assert seen == [None, 2]
    finally:
        await made.close()


async def test_what_is_published_is_shown(broker: Published, tmp_path: Path) -> None:
    broker.say("tree/cell/data", '{"spindle": {"speed": 1200, "a/b": true}, "t": "x"}')
    made = opened(broker, tmp_path)
    try:
        await made.open()
        found = {one.item: one async for one in made.browse()}
    finally:
        await made.close()
    speed = found["tree/cell/data#/spindle/speed"]
    assert (speed.name, speed.folders, speed.type) == ("speed", ("tree", "cell", "data", "spindle"), "int64")
    assert found["tree/cell/data#/spindle/a~1b"].value is True
