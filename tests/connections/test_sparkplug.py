"""Sparkplug B, against mosquitto and the edge node of sparkplug-client."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from devices.connection import DataValue, MachineConnection, Scalar, Wanted
from devices.connections import connections
from devices.connections.sparkplug.nodes import NodeState
from devices.connections.sparkplug.values import data_value
from tests.cli.programs import factory
from tests.connections.contract import LIMIT_S, Carried, Contract, Machine
from tests.connections.peer import Freezable, Peer
from tests.counterparts import needed, npm_peer
from tests.servers.mosquitto import Mosquitto
from twin.errors import ProblemsError, RetriableError
from twin.records import BAD, GOOD, UNCERTAIN
from twin.sparkplug.protobuf import DataType, Payload, set_value

pytestmark = pytest.mark.xdist_group("sparkplug_connection")
PROGRAM = Path(__file__).parent / "machines" / "sparkplug.mjs"
GROUP, NODE, DEVICE = "Plant 1", "Press Line", "Press 3"
PLACE = f"{GROUP}/{NODE}/{DEVICE}/"
TYPES = {"Ram/Force": "Double", "Speed": "Float", "Running": "Boolean", "Text": "String", "Parts": "Int64",
         "Small": "Int8", "Middle": "Int16", "Whole": "Int32", "Octet": "UInt8", "Word": "UInt16", "Long": "UInt32",
         "Longest": "UInt64", "Begun": "DateTime"}  # fmt: skip
FLOAT = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}


def text_of(value: Scalar) -> str:
    """A value as the peer reads it."""
    return str(value).lower() if isinstance(value, bool) else FLOAT.get(repr(value), str(value))


def value_of(type_: str, text: str) -> Scalar:
    """A value as the peer writes it."""
    if type_ == "Boolean":
        return text == "true"
    return text if type_ == "String" else float(text) if type_ in ("Double", "Float") else int(text)


class Broker(Freezable, Mosquitto):
    """A broker that can be frozen."""


class EdgeNode(Peer):
    """The edge node of sparkplug-client, with one device."""

    def __init__(self, url: str, first: dict[str, Scalar], packed: bool = False) -> None:
        super().__init__()
        self._modules = npm_peer("sparkplug-client")
        items = [{"name": name, "alias": 100 + at, "type": TYPES[name], "text": text_of(value)}
                 for at, (name, value) in enumerate(first.items())]  # fmt: skip
        self._task = {"url": url, "group": GROUP, "node": NODE, "device": DEVICE, "items": items, "packed": packed}

    def command(self) -> Sequence[str]:
        return [needed("node"), str(PROGRAM), json.dumps(self._task), str(self._modules)]


class Plant(Machine):
    """Broker and edge node."""

    def __init__(self, folder: Path, first: dict[str, Scalar], packed: bool = False) -> None:
        self.broker = Broker(folder)
        self.node = EdgeNode(self.broker.url, first, packed)

    def start(self) -> None:
        self.broker.start()
        self.node.start()

    def stop(self) -> None:
        self.node.stop()
        self.broker.stop()

    def kill(self) -> None:
        self.broker.kill()
        self.node.kill()

    def freeze(self) -> None:
        self.broker.freeze()

    def thaw(self) -> None:
        self.broker.thaw()

    def options(self) -> dict[str, Any]:
        return {"broker": self.broker.url, "nodes": [f"{GROUP}/{NODE}"], "rebirth_wait": "1 s"}

    def show(self, item: str, value: Scalar) -> None:
        self.node.ask("set", name=item.removeprefix(PLACE), text=text_of(value))

    def shown(self, item: str) -> Scalar:
        """What came at the node with its next command."""
        said = self.node.ask("written")
        assert PLACE + said["name"] == item
        return value_of(TYPES[said["name"]], said["text"])


def of(name: str, values: Sequence[Scalar]) -> Carried:
    return Carried(PLACE + name, values)


ITEMS = (
    of("Ram/Force", [0.5, float("nan"), float("inf"), -0.0, 5e-324, sys.float_info.max]),
    of("Speed", [0.5, float("nan"), -float("inf"), -0.0]),
    of("Running", [True, False]),
    of("Text", ["ready", "", "Zerspanung läuft 加工中 🏭", "x" * 20_000]),
    of("Parts", [7, 2**63 - 1, -(2**63)]),
    of("Small", [-1, -128, 127]),
    of("Middle", [-1, -(2**15), 2**15 - 1]),
    of("Whole", [-5, -(2**31), 2**31 - 1]),
    of("Octet", [1, 255, 0]),
    of("Word", [7, 2**16 - 1]),
    of("Long", [7, 2**31 - 1]),
    of("Longest", [9, 2**64 - 1]),
    of("Begun", [1_748_851_200_000]),
)
FINE = DataValue("", None)
FIRST: dict[str, Scalar] = {one.item.removeprefix(PLACE): one.values[0] for one in ITEMS}


class TestSparkplug(Contract):
    kind = "sparkplug"
    foreign = "sparkplug-client"
    items = ITEMS
    missing = PLACE + "Nowhere"
    writable = tuple(one.item for one in ITEMS if one.item != PLACE + "Long")
    """All but UInt32: sparkplug-payload looks for it in the field of 64 bits, against the specification."""
    unfit = (PLACE + "Octet", 256)
    wrong = ("", "G/N", "G/N/D", "G/N/D/", "G//D/m", "/N/D/m", "G/+/D/m", "G/N/#/m", "G/N/D/m\0")
    source_time = True

    def make(self, folder: Path) -> Machine:
        return Plant(folder, FIRST)

    @staticmethod
    async def every(connection: MachineConnection, items: Sequence[str]) -> dict[str, DataValue]:
        """The first that a birth or data say of each item."""
        first: dict[str, DataValue] = {}
        async with asyncio.timeout(LIMIT_S):
            while not set(items) <= set(first):
                for one in await connection.readings():
                    if one.reason != "no birth so far":
                        first.setdefault(one.item, one)
        return first


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    made = Plant(tmp_path_factory.mktemp("sparkplug"), FIRST, packed=True)
    made.start()
    yield made
    made.stop()


def opened(plant: Plant, folder: Path, *names: str, **more: Any) -> MachineConnection:
    kind = connections["sparkplug"]
    options = kind.Options.model_validate(plant.options() | more)
    made: MachineConnection = kind(options, [Wanted(PLACE + name) for name in names], folder)
    return made


async def until(made: MachineConnection, name: str, value: Scalar = None, reason: str = "") -> DataValue:
    """The first reading of an item with this value, or a reason that begins so."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            for one in await made.readings():
                right = one.reason.startswith(reason) if reason else one.value == value and one.quality == GOOD
                if one.item == PLACE + name and right:
                    return one


async def test_lost_messages_are_told_and_a_birth_makes_it_sure_again(plant: Plant, tmp_path: Path) -> None:
    plant.show(PLACE + "Parts", 7)
    made = opened(plant, tmp_path, "Parts", "Text")
    try:
        await made.open()
        await until(made, "Parts", 7)
        plant.node.ask("deaf", on=True)
        plant.node.ask("lose", count=3)
        plant.show(PLACE + "Text", "after")
        latest: dict[str, DataValue] = {}
        async with asyncio.timeout(LIMIT_S):
            while latest.get("Parts", FINE).quality != UNCERTAIN or latest.get("Text", FINE).value != "after":
                latest |= {one.item.removeprefix(PLACE): one for one in await made.readings()}
        assert (latest["Parts"].value, latest["Text"].quality) == (7, GOOD)
        assert latest["Parts"].reason.startswith("messages of the node are missing")
        assert made.met()["missed"] == 1
        assert made.met()["rebirths"] >= 1
        plant.node.ask("deaf", on=False)
        assert (await until(made, "Parts", 7)).reason == ""
    finally:
        plant.node.ask("deaf", on=False)
        await made.close()


async def test_a_birth_is_asked_for_once(plant: Plant, tmp_path: Path) -> None:
    made = opened(plant, tmp_path, "Parts", "Octet", rebirth_wait="1 h")
    try:
        await made.open()
        await until(made, "Parts", 7)
        before = plant.node.ask("rebirths")
        for number in range(10):
            plant.node.ask("lose", count=1)
            plant.show(PLACE + "Octet", number)
        await until(made, "Octet", 9)
        await made.write(PLACE + "Octet", 1)  # comes after all that was asked before it
        plant.node.ask("written")
        assert plant.node.ask("rebirths") == before
    finally:
        await made.close()


async def test_a_node_is_not_asked_where_that_is_not_allowed(plant: Plant, tmp_path: Path) -> None:
    before = plant.node.ask("rebirths")
    made = opened(plant, tmp_path, "Parts", rebirth=False)
    try:
        await made.open()
        plant.node.ask("birth")
        await until(made, "Parts", 7)
        plant.node.ask("lose", count=1)
        plant.show(PLACE + "Octet", 1)
        await until(made, "Parts", reason="messages of the node are missing")
        await made.write(PLACE + "Octet", 2)
        plant.node.ask("written")
        assert plant.node.ask("rebirths") == before
    finally:
        await made.close()


async def test_a_device_and_a_node_that_die_are_bad_with_the_reason(plant: Plant, tmp_path: Path) -> None:
    made = opened(plant, tmp_path, "Parts", timeout="1 s")
    try:
        await made.open()
        await until(made, "Parts", 7)
        plant.node.ask("death")
        assert (await until(made, "Parts", reason="the device is offline")).quality == BAD
        with pytest.raises(RetriableError, match="got no birth"):
            await made.write(PLACE + "Parts", 1)
        plant.node.ask("birth")
        await until(made, "Parts", 7)
        plant.node.kill()
        assert (await until(made, "Parts", reason="the node is offline")).quality == BAD
        plant.node.start()
        await until(made, "Parts", 7)
    finally:
        await made.close()


async def test_what_is_born_is_shown(plant: Plant, tmp_path: Path) -> None:
    made = opened(plant, tmp_path)
    try:
        await made.open()
        found = {one.item: one async for one in made.browse()}
    finally:
        await made.close()
    force = found[PLACE + "Ram/Force"]
    assert (force.name, force.folders) == ("Force", (GROUP, NODE, DEVICE, "Ram"))
    assert (force.type, force.writable, force.value) == ("float64", True, 0.5)
    assert found[f"{GROUP}/{NODE}//Uptime"].value == 7


def test_a_node_is_browsed_by_its_url(plant: Plant, tmp_path: Path) -> None:
    where = plant.options()["broker"].replace("mqtt://", "sparkplug://") + f"/{GROUP}/{NODE}"
    for words in (
        ["browse", where, "--json"],
        ["browse", "sparkplug", where.replace("sparkplug", "mqtt", 1), "--json"],
    ):
        told = factory(*words, folder=tmp_path)
        assert (told.returncode, told.stderr) == (0, "")
        found = json.loads(told.stdout)
        assert (found["kind"], found["whole"]) == ("sparkplug", True)
        assert PLACE + "Ram/Force" in {item["item"] for item in found["items"]}


async def test_a_node_that_is_not_followed_cannot_be_written(plant: Plant, tmp_path: Path) -> None:
    made = opened(plant, tmp_path)
    try:
        await made.open()
        with pytest.raises(ProblemsError, match="another node"):
            await made.write("Other/Node//x", 1)
    finally:
        await made.close()


# without a broker


class Said(NamedTuple):
    """A metric of a message."""

    name: str
    value: Any
    datatype: int = DataType.INT32
    alias: int | None = None
    more: Mapping[str, Any] = MappingProxyType({})


def payload(seq: int, *metrics: Said) -> Any:
    made = Payload(timestamp=1000, seq=seq)
    for one in metrics:
        metric = made.metrics.add(name=one.name, datatype=one.datatype, **one.more)
        if one.alias is not None:
            metric.alias = one.alias
        if not one.more.get("is_null"):
            set_value(metric, one.datatype, one.value)
    return made


def state(*names: str) -> NodeState:
    return NodeState("G", "N", {("D", name): name for name in names})


def seen(told: list[DataValue]) -> dict[str, tuple[Scalar, int, str]]:
    return {one.item: (one.value, int(one.quality), one.reason) for one in told}


def test_what_comes_before_a_birth_asks_for_one_and_no_second_one_before_the_wait_is_over() -> None:
    node = state("a")
    clock = count()
    assert node.asks_rebirth(0.0)
    assert not node.asks_rebirth(100.0), "a node that is silent is asked once"
    for second in range(101, 130):
        assert node.take("DDATA", "D", payload(next(clock) % 256, Said("a", 1))) == []
        assert node.asks_rebirth(float(second)) == (second in (101, 111, 121))
    node.take("NBIRTH", "", payload(0))
    assert not node.asks_rebirth(1000.0)


def test_a_birth_replaces_all_aliases_and_a_device_waits_for_its_own() -> None:
    node = state("a", "b")
    node.take("NBIRTH", "", payload(0))
    node.take("DBIRTH", "D", payload(1, Said("a", 1, alias=1), Said("b", 2, alias=2)))
    assert seen(node.take("DDATA", "D", payload(2, Said("", 5, alias=1)))) == {"a": (5, GOOD, "")}
    assert seen(node.take("NBIRTH", "", payload(0))) == dict.fromkeys("ab", (None, BAD, "no birth so far"))
    told = node.take("DBIRTH", "D", payload(1, Said("a", 1, alias=2)))
    assert seen(told) == {"a": (1, GOOD, ""), "b": (None, BAD, "no such metric in the birth")}
    assert seen(node.take("DDATA", "D", payload(2, Said("", 6, alias=2)))) == {"a": (6, GOOD, "")}
    assert not node.asks_rebirth(0.0)
    assert node.take("DDATA", "D", payload(3, Said("", 6, alias=1))) == []
    assert node.asks_rebirth(0.0)


def test_an_alias_is_of_its_device_and_of_one_metric() -> None:
    node = NodeState("G", "N", {("D", "a"): "a", ("E", "b"): "b", ("E", "c"): "c"})
    node.take("NBIRTH", "", payload(0))
    node.take("DBIRTH", "D", payload(1, Said("a", 1, alias=1)))
    node.take("DBIRTH", "E", payload(2, Said("b", 2, alias=1), Said("c", 2, alias=2), Said("d", 2, alias=2)))
    assert seen(node.take("DDATA", "D", payload(3, Said("", 5, alias=1)))) == {"a": (5, GOOD, "")}
    assert seen(node.take("DDATA", "E", payload(4, Said("", 6, alias=1)))) == {"b": (6, GOOD, "")}
    assert not node.asks_rebirth(0.0)
    assert node.take("DDATA", "E", payload(5, Said("", 7, alias=2))) == []
    assert node.asks_rebirth(0.0)


def test_a_last_will_of_a_session_before_says_nothing() -> None:
    node = state("a")
    node.take("NBIRTH", "", payload(0, Said("bdSeq", 8, DataType.INT64)))
    node.take("DBIRTH", "D", payload(1, Said("a", 1)))
    assert node.take("NDEATH", "", payload(0, Said("bdSeq", 7, DataType.INT64))) == []
    assert node.online
    told = node.take("NDEATH", "", payload(0, Said("bdSeq", 8, DataType.INT64)))
    assert seen(told) == {"a": (None, BAD, "the node is offline")}


def test_numbers_go_round_and_the_doubt_is_of_what_was_not_told_again() -> None:
    node = state("a", "b")
    node.take("NBIRTH", "", payload(0))
    node.take("DBIRTH", "D", payload(1, Said("a", 1), Said("b", 2)))
    for seq in range(2, 600):
        assert seen(node.take("DDATA", "D", payload(seq % 256, Said("a", seq)))) == {"a": (seq, GOOD, "")}
    told = seen(node.take("DDATA", "D", payload(99, Said("a", 7))))
    assert told["a"] == (7, GOOD, "")
    assert told["b"] == (2, UNCERTAIN, "messages of the node are missing before number 99")
    assert node.gaps == 1


def test_what_a_node_kept_is_not_current() -> None:
    node = state("a")
    node.take("NBIRTH", "", payload(0))
    node.take("DBIRTH", "D", payload(1, Said("a", 1)))
    assert node.take("DDATA", "D", payload(2, Said("a", 2, more={"is_historical": True}))) == []
    assert node.historical == 1


@pytest.mark.parametrize(
    ("datatype", "fields", "value", "quality", "reason"),
    [
        (DataType.INT8, {"int_value": 255}, -1, GOOD, ""),
        (DataType.INT8, {"int_value": 0xFFFF_FF80}, -128, GOOD, ""),
        (DataType.INT64, {"int_value": 0xFFFF_FFFF}, -1, GOOD, ""),
        (DataType.UINT32, {"long_value": 2**32 - 1}, 2**32 - 1, GOOD, ""),
        (DataType.UINT8, {"int_value": 0xFFFF_FFF9}, 249, GOOD, ""),
        (DataType.UINT8, {"int_value": 300}, None, BAD, "expected a value of the data type UINT8, got 300"),
        (DataType.INT8, {"int_value": 300}, None, BAD, "expected a value of the data type INT8, got 300"),
        (DataType.INT32, {"string_value": "1"}, None, BAD, "expected a value of the data type INT32, got string_value"),
        (DataType.INT32, {}, None, BAD, "expected a value of the data type INT32, got none"),
        (DataType.INT32, {"is_null": True}, None, BAD, "null"),
        (16, {}, None, BAD, "data type 16 is not one value"),
        (0, {"int_value": 1}, None, BAD, "data type 0 is not one value"),
    ],
)
def test_values_of_other_writers(datatype: int, fields: dict[str, Any], value: Any, quality: int, reason: str) -> None:
    made = Payload()
    metric = made.metrics.add(name="a", datatype=datatype, timestamp=5, **fields)
    assert data_value("a", metric, datatype, 0) == DataValue("a", value, 5_000_000, quality, reason)


@pytest.mark.parametrize(
    ("code", "value", "quality", "reason"),
    [(192, 3, GOOD, ""), (500, 3, UNCERTAIN, "quality 500 (stale)"), (0, None, BAD, "quality 0 (bad)")],
)
def test_the_quality_of_a_metric_counts(code: int, value: Any, quality: int, reason: str) -> None:
    made = Payload()
    metric = made.metrics.add(name="a", int_value=3)
    metric.properties.keys.append("Quality")
    metric.properties.values.add(type=DataType.INT32, int_value=code)
    assert data_value("a", metric, DataType.INT32, 5) == DataValue("a", value, 5_000_000, quality, reason)
