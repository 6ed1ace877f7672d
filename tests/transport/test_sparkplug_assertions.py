"""Assertions of the Sparkplug specification, watched from outside on one recorded session.

The ids are those of the specification's compatibility kit; a check has the id as its test name.
The session: host on, edge on, data, rebirth asked for by the host, edge thrown out by the broker and
back, data again, device lost and back, edge off, host off.
"""

from __future__ import annotations

import asyncio
import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from brokers.naming import SparkplugId
from brokers.outbox import Outbox
from brokers.sparkplug.metrics import REBIRTH
from brokers.sparkplug.publisher import SparkplugPublisher
from brokers.sparkplug.source import SparkplugSource
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, SITE, UNITS, meta, tick_frames
from tests.transport.wire import Seen, Wire, throw_out, watching
from twin.sparkplug.protobuf import DataType, get_value

NODE = SparkplugId("yujiang", "vehicle")
DATA = ("NDATA", "DDATA")
DEVICE = "assembly.trim.st01"


@dataclass
class Session:
    """What the watcher saw."""

    seen: list[Seen]

    def of(self, *words: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.topic.startswith("spBv1.0/") and seen.word in words]

    @property
    def edge(self) -> list[Seen]:
        return self.of("NBIRTH", "DBIRTH", "NDATA", "DDATA", "DDEATH")

    @property
    def states(self) -> list[Seen]:
        return self.of("STATE")

    @property
    def lives(self) -> list[list[Seen]]:
        """What the edge sent, cut at each NBIRTH."""
        lives: list[list[Seen]] = []
        for seen in self.edge:
            if seen.word == "NBIRTH":
                lives.append([])
            lives[-1].append(seen)
        return lives


async def send(outbox: Outbox, publisher: SparkplugPublisher, ticks: range, *, master: bool = False) -> None:
    if master:
        outbox.put([meta()])
    for tick in ticks:
        outbox.put(tick_frames(tick))
    while outbox.counters.sent < outbox.counters.put:
        piece = await outbox.take()
        await publisher.publish(piece)  # type: ignore[arg-type]
    await publisher.flushed()


async def play(port: int) -> Session:
    url = f"mqtt://127.0.0.1:{port}"
    async with watching(port) as wire:
        host = SparkplugSource(url, "host1")
        await host.open()
        edge = SparkplugPublisher(url, SITE, primary_host="host1")
        outbox = Outbox(SITE, edge.split)
        await edge.open()
        await send(outbox, edge, range(50), master=True)
        await wire.holds(lambda _: len(wire.sparkplug(*DATA)) >= outbox.counters.put)
        await rebirth(host, wire)
        await throw_out(port, "edge-yujiang.vehicle")
        await wire.holds(lambda _: len(bd_seqs(wire.sparkplug("NBIRTH"))) > 1)
        await asyncio.wait_for(edge.wait_online(), LIMIT_S)
        await send(outbox, edge, range(50, 55))
        await edge.lost(UNITS[0])
        await send(outbox, edge, range(55, 60))
        await host.command(NODE._replace(device=DEVICE), "power_kw", DataType.DOUBLE, 1.0)
        await edge.close()
        await wire.holds(lambda _: len(wire.sparkplug("NDEATH")) > 1)
        await host.close()
        await wire.holds(lambda _: not orjson.loads(wire.sparkplug("STATE")[-1].payload)["online"])
        return Session(wire.seen)


async def rebirth(host: SparkplugSource, wire: Wire) -> None:
    births = len(wire.sparkplug("NBIRTH", "DBIRTH")) + len(UNITS)
    await host.command(NODE, REBIRTH, DataType.BOOLEAN, True)
    await wire.holds(lambda _: len(wire.sparkplug("NBIRTH", "DBIRTH")) > births)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    broker = Mosquitto(tmp_path_factory.mktemp("sparkplug"))
    broker.start()
    try:
        return asyncio.run(play(broker.port))
    finally:
        broker.stop()


def bd_seqs(births: list[Seen]) -> set[int]:
    return {bd_seq(seen) for seen in births}


def bd_seq(seen: Seen) -> int:
    return next(int(get_value(m, DataType.INT64)) for m in seen.body.metrics if m.name == "bdSeq")


def names(seen: Seen) -> list[str]:
    return [metric.name for metric in seen.body.metrics]


CHECKS: dict[str, Callable[[Session], object]] = {}


def tck(*ids: str) -> Callable[[Callable[[Session], object]], Callable[[Session], object]]:
    def add(check: Callable[[Session], object]) -> Callable[[Session], object]:
        CHECKS.update({f"tck-id-{name}": check for name in ids})
        return check

    return add


@tck("topics-ndata-mqtt")
@tck("payloads-nbirth-qos", "payloads-dbirth-qos", "payloads-ndata-qos", "payloads-ddata-qos", "topics-ddata-mqtt")
@tck("topics-nbirth-mqtt", "topics-dbirth-mqtt", "topics-ddeath-mqtt")
@tck("payloads-nbirth-retain", "payloads-dbirth-retain", "payloads-ndata-retain", "payloads-ddata-retain")
@tck("message-flow-edge-node-birth-publish-nbirth-qos", "message-flow-edge-node-birth-publish-nbirth-retained")
@tck("message-flow-device-birth-publish-dbirth-qos", "message-flow-device-birth-publish-dbirth-retained")
def edge_messages_are_qos_0_and_not_retained(session: Session) -> bool:
    return all(seen.qos == 0 and not seen.retain for seen in session.edge)


@tck("payloads-nbirth-seq", "payloads-sequence-num-req-nbirth", "topics-nbirth-seq-num")
@tck("message-flow-edge-node-birth-publish-nbirth-payload-seq")
def births_of_nodes_start_at_0(session: Session) -> bool:
    return all(life[0].body.seq == 0 for life in session.lives)


@tck("payloads-sequence-num-incrementing", "payloads-sequence-num-always-included", "payloads-dbirth-seq-inc")
@tck("payloads-ddata-seq-inc", "payloads-ndata-seq-inc", "topics-dbirth-seq", "topics-ddata-seq-num")
@tck("payloads-dbirth-seq", "payloads-ddata-seq", "payloads-ndata-seq", "payloads-ddeath-seq-number")
@tck("topics-ndata-seq-num")
@tck("payloads-ddeath-seq-inc", "topics-ddeath-seq-num", "payloads-ddeath-seq")
@tck("message-flow-device-birth-publish-dbirth-payload-seq")
def every_message_has_the_next_seq(session: Session) -> bool:
    lives = session.lives
    assert max(map(len, lives)) > 256, "the session is too short to see the number start over"
    return all([seen.body.seq for seen in life] == [n % 256 for n in range(len(life))] for life in lives)


@tck("payloads-dbirth-order", "message-flow-device-birth-publish-nbirth-wait", "payloads-ndata-order")
@tck("payloads-ddata-order", "operational-behavior-data-publish-nbirth-order")
def a_device_is_born_before_its_data(session: Session) -> bool:
    for life in session.lives:
        born: set[str] = set()
        for seen in life:
            device = seen.topic.partition("/vehicle/")[2]
            if seen.word == "DBIRTH":
                born.add(device)
            if seen.word == "DDEATH":
                born.discard(device)
            if seen.word == "DDATA" and device not in born:
                return False
    return True


@tck("message-flow-edge-node-birth-publish-nbirth-payload-bdSeq")
@tck("payloads-nbirth-bdseq", "topics-nbirth-bdseq-included", "payloads-nbirth-rebirth-req")
@tck("topics-nbirth-rebirth-metric", "operational-behavior-data-commands-rebirth-name")
@tck("operational-behavior-data-commands-rebirth-datatype", "operational-behavior-data-commands-rebirth-value")
@tck("operational-behavior-data-commands-rebirth-name-aliases")
def births_of_nodes_have_bdseq_and_rebirth(session: Session) -> bool:
    for seen in session.of("NBIRTH"):
        control = next(metric for metric in seen.body.metrics if metric.name == REBIRTH)
        assert control.datatype == DataType.BOOLEAN
        assert not control.boolean_value
        assert not control.HasField("alias")
        assert "bdSeq" in names(seen)
    return True


@tck("payloads-nbirth-bdseq-repeat")
def a_rebirth_repeats_bdseq(session: Session) -> bool:
    numbers = [bd_seq(seen) for seen in session.of("NBIRTH")]
    return len(numbers) > len(set(numbers)) and numbers == sorted(numbers)


@tck("topics-nbirth-bdseq-increment", "topics-nbirth-bdseq-matching", "payloads-ndeath-bdseq")
@tck("message-flow-edge-node-birth-publish-will-message-payload-bdSeq")
def a_death_has_the_bdseq_of_its_birth(session: Session) -> bool:
    deaths = [bd_seq(seen) for seen in session.of("NDEATH")]
    return deaths == [0, 1] and bd_seqs(session.of("NBIRTH")) == {0, 1}


@tck("topics-ndeath-payload", "topics-ndeath-seq")
@tck("payloads-ndeath-will-message-qos", "payloads-ndeath-will-message-retain", "payloads-ndeath-will-message")
@tck("message-flow-edge-node-birth-publish-will-message-qos", "payloads-ndeath-seq")
@tck("message-flow-edge-node-birth-publish-will-message-will-retained")
@tck("message-flow-edge-node-birth-publish-will-message", "message-flow-edge-node-birth-publish-will-message-topic")
def the_will_is_a_death_at_qos_1(session: Session) -> bool:
    will = session.of("NDEATH")[0]
    return will.qos == 1 and not will.retain and not will.body.HasField("seq") and names(will) == ["bdSeq"]


@tck("operational-behavior-edge-node-intentional-disconnect-ndeath", "payloads-ndeath-will-message-publisher")
def a_goodbye_is_a_death(session: Session) -> bool:
    return session.of("NDEATH", "DDATA", "NDATA")[-1].word == "NDEATH"


@tck("payloads-alias-uniqueness", "payloads-alias-birth-requirement", "payloads-name-birth-data-requirement")
def aliases_are_unique_over_node_and_devices(session: Session) -> bool:
    for life in session.lives:
        owners: dict[int, tuple[str, str]] = {}
        for seen in life:
            if seen.word.endswith("BIRTH"):
                for metric in seen.body.metrics:
                    owner = (seen.topic, metric.name)
                    assert metric.name
                    if metric.HasField("alias") and owners.setdefault(metric.alias, owner) != owner:
                        return False
    return True


@tck("payloads-alias-data-cmd-requirement")
def data_have_aliases_and_no_names(session: Session) -> bool:
    return all(m.HasField("alias") and not m.HasField("name") for seen in session.of(*DATA) for m in seen.body.metrics)


@tck("payloads-metric-datatype-req", "operational-behavior-data-publish-dbirth-values", "topics-dbirth-metric-reqs")
@tck("topics-nbirth-metric-reqs", "operational-behavior-data-publish-nbirth-values")
@tck("topics-nbirth-metrics", "topics-dbirth-metrics")
def births_have_name_type_and_value(session: Session) -> bool:
    births = session.of("NBIRTH", "DBIRTH")
    metrics = [metric for seen in births for metric in seen.body.metrics]
    return all(m.name and m.datatype and (m.is_null or m.WhichOneof("value")) for m in metrics)


@tck("payloads-metric-datatype-not-req")
def data_have_no_types(session: Session) -> bool:
    return not any(metric.HasField("datatype") for seen in session.of(*DATA) for metric in seen.body.metrics)


@tck("payloads-name-requirement", "payloads-metric-timestamp-in-UTC", "payloads-timestamp-in-UTC")
@tck("payloads-nbirth-timestamp", "payloads-dbirth-timestamp", "payloads-ndata-timestamp", "payloads-ddata-timestamp")
@tck("topics-nbirth-timestamp", "topics-ndata-timestamp")
@tck("topics-dbirth-timestamp", "topics-ddata-timestamp", "payloads-ddeath-timestamp")
def everything_has_a_time_in_ms(session: Session) -> bool:
    stamps = [seen.body.timestamp for seen in session.edge]
    stamps += [metric.timestamp for seen in session.edge for metric in seen.body.metrics]
    return all(1_500_000_000_000 < stamp < 4_000_000_000_000 for stamp in stamps)


@tck("operational-behavior-data-commands-rebirth-action-2", "operational-behavior-data-commands-rebirth-action-3")
def a_rebirth_is_the_whole_sequence(session: Session) -> bool:
    births = session.of("NBIRTH", "DBIRTH", "NCMD")
    at = next(i for i, seen in enumerate(births) if seen.word == "NCMD")
    devices = {seen.topic for seen in births[:at] if seen.word == "DBIRTH"}
    after = births[at + 1 : at + 2 + len(devices)]
    return after[0].word == "NBIRTH" and {seen.topic for seen in after[1:]} == devices


@tck("topics-ncmd-mqtt", "topics-ncmd-timestamp", "topics-ncmd-payload", "operational-behavior-data-commands-ncmd-verb")
@tck("topics-dcmd-timestamp", "topics-dcmd-payload", "payloads-name-cmd-requirement")
@tck("payloads-ncmd-qos", "payloads-ncmd-retain", "payloads-ncmd-seq", "payloads-ncmd-timestamp")
@tck("payloads-dcmd-qos", "payloads-dcmd-retain", "payloads-dcmd-seq", "payloads-dcmd-timestamp", "topics-dcmd-mqtt")
@tck("operational-behavior-data-commands-ncmd-rebirth-verb", "operational-behavior-data-commands-ncmd-rebirth-name")
@tck("operational-behavior-data-commands-ncmd-rebirth-value", "operational-behavior-data-commands-dcmd-verb")
def commands_are_qos_0_with_time_and_no_seq(session: Session) -> bool:
    commands = session.of("NCMD", "DCMD")
    assert {seen.word for seen in commands} == {"NCMD", "DCMD"}
    plain = all(seen.qos == 0 and not seen.retain and not seen.body.HasField("seq") for seen in commands)
    return plain and all(seen.body.timestamp and names(seen)[0] for seen in commands)


@tck("components-ph-state", "conformance-primary-host", "intro-sparkplug-host-state")
@tck("operational-behavior-host-application-death-topic", "operational-behavior-host-application-death-retained")
@tck("host-topic-phid-birth-qos", "host-topic-phid-birth-retain", "host-topic-phid-birth-topic")
@tck("host-topic-phid-death-qos", "host-topic-phid-death-retain", "host-topic-phid-death-topic")
@tck("operational-behavior-host-application-connect-birth-qos", "payloads-state-birth")
@tck("operational-behavior-host-application-connect-birth-retained", "host-topic-phid-birth-message")
@tck("operational-behavior-host-application-connect-birth-topic", "operational-behavior-host-application-death-qos")
def state_is_retained_at_qos_1(session: Session) -> bool:
    return all(s.qos == 1 and s.retain and s.topic == "spBv1.0/STATE/host1" for s in session.states)


@tck("host-topic-phid-birth-payload", "host-topic-phid-birth-payload-timestamp", "host-topic-phid-death-payload")
@tck("payloads-state-birth-payload", "operational-behavior-host-application-connect-birth-payload")
@tck(
    "operational-behavior-host-application-disconnect-intentional", "operational-behavior-host-application-termination"
)
@tck("message-flow-phid-sparkplug-state-publish-payload", "host-topic-phid-death-payload-timestamp-disconnect-clean")
def state_says_online_and_when(session: Session) -> bool:
    bodies = [orjson.loads(seen.payload) for seen in session.states]
    typed = all(type(b["online"]) is bool and type(b["timestamp"]) is int and len(b) == 2 for b in bodies)
    return typed and bodies[0]["online"] is True and bodies[-1]["online"] is False


@tck("operational-behavior-edge-node-birth-sequence-wait", "operational-behavior-host-application-connect-birth")
@tck("message-flow-phid-sparkplug-state-publish", "host-topic-phid-birth-required")
@tck("message-flow-edge-node-birth-publish-phid-wait", "message-flow-edge-node-birth-publish-phid-wait-online")
def the_edge_waits_for_its_host(session: Session) -> bool:
    return session.of("STATE", "NBIRTH")[0].word == "STATE"


FORM = re.compile(
    r"spBv1\.0/(yujiang/(N(BIRTH|DEATH|DATA|CMD)/vehicle|D(BIRTH|DEATH|DATA|CMD)/vehicle/[^+#/]+)|STATE/host1)"
)


@tck("topic-structure", "topic-structure-namespace-a", "topic-structure-namespace-device-id-associated-message-types")
@tck("topic-structure-namespace-device-id-non-associated-message-types", "topics-nbirth-topic", "topics-dbirth-topic")
@tck("topics-ndata-topic", "topics-ddata-topic", "topics-ndeath-topic", "topics-ddeath-topic", "topics-ncmd-topic")
@tck("topics-dcmd-topic", "message-flow-edge-node-birth-publish-nbirth-topic")
@tck("message-flow-device-birth-publish-dbirth-topic", "message-flow-device-birth-publish-dbirth-match-edge-node-topic")
@tck("topic-structure-namespace-valid-group-id", "topic-structure-namespace-valid-edge-node-id")
@tck("topic-structure-namespace-valid-device-id", "intro-group-id-string", "intro-group-id-chars")
@tck("intro-edge-node-id-string", "intro-edge-node-id-chars", "intro-device-id-string", "intro-device-id-chars")
def topics_have_their_form(session: Session) -> bool:
    return all(FORM.fullmatch(seen.topic) for seen in session.seen if seen.topic.startswith("spBv1.0/"))


@tck("message-flow-edge-node-birth-publish-nbirth-payload", "message-flow-device-birth-publish-dbirth-payload")
@tck("message-flow-edge-node-birth-publish-will-message-payload")
def payloads_are_those_of_sparkplug(session: Session) -> bool:
    said = session.of("NBIRTH", "DBIRTH", "NDEATH")
    return all(seen.body.SerializeToString() == seen.payload and seen.payload for seen in said)


@tck("payloads-metric-datatype-value", "payloads-metric-datatype-value-type")
def data_types_are_those_of_the_list(session: Session) -> bool:
    births = session.of("NBIRTH", "DBIRTH")
    return all(1 <= metric.datatype <= 34 for seen in births for metric in seen.body.metrics)


@tck("payloads-propertyset-keys-array-size", "payloads-propertyset-values-array-size")
@tck("payloads-metric-propertyvalue-type-req", "payloads-metric-propertyvalue-type-type")
@tck("payloads-metric-propertyvalue-type-value")
def properties_have_a_type_and_as_many_values_as_names(session: Session) -> bool:
    births = session.of("NBIRTH", "DBIRTH")
    sets = [m.properties for seen in births for m in seen.body.metrics if m.HasField("properties")]
    assert sets
    typed = all(1 <= value.type <= 34 for one in sets for value in one.values)
    return typed and all(len(one.keys) == len(one.values) for one in sets)


@tck("case-sensitivity-metric-names", "case-sensitivity-sparkplug-ids", "topic-structure-namespace-unique-device-id")
def names_differ_in_more_than_their_case(session: Session) -> bool:
    devices = {seen.topic for seen in session.of("DBIRTH")}
    assert len({topic.lower() for topic in devices}) == len(devices)
    return all(
        len({name.lower() for name in names(seen)}) == len(names(seen)) for seen in session.of("NBIRTH", "DBIRTH")
    )


@tck("operational-behavior-data-publish-nbirth", "operational-behavior-data-publish-dbirth")
def data_say_nothing_that_no_birth_has_named(session: Session) -> bool:
    for life in session.lives:
        known: set[int] = set()
        for seen in life:
            if seen.word.endswith("BIRTH"):
                known |= {metric.alias for metric in seen.body.metrics if metric.HasField("alias")}
            elif not known >= {metric.alias for metric in seen.body.metrics}:
                return False
    return True


@tck("operational-behavior-data-publish-dbirth-order")
def values_of_a_message_are_in_order_of_time(session: Session) -> bool:
    for seen in session.of(*DATA):
        live = [metric for metric in seen.body.metrics if not metric.is_historical]
        stamps: dict[int, list[int]] = {}
        for metric in live:
            stamps.setdefault(metric.alias, []).append(metric.timestamp)
        if any(times != sorted(times) for times in stamps.values()):
            return False
    return True


@tck("operational-behavior-device-ddeath")
def a_device_that_is_lost_dies(session: Session) -> bool:
    return [seen.topic.rpartition("/")[2] for seen in session.of("DDEATH")] == [DEVICE]


@tck("principles-birth-certificates-order")
def births_come_first(session: Session) -> bool:
    return session.edge[0].word == "NBIRTH" and orjson.loads(session.states[0].payload)["online"]


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_assertion(session: Session, name: str) -> None:
    assert CHECKS[name](session)


def test_ids_are_those_of_the_specification(shared_data: Path) -> None:
    with (shared_data / "sparkplug" / "assertions.csv").open(encoding="utf-8") as file:
        known = {row["id"] for row in csv.DictReader(file)}
    assert set(CHECKS) <= known
