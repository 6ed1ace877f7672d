"""What a plant publishes in the unified namespace, as an AsyncAPI 3 document made from its master data.

A channel is a kind of record; its parameter ``path`` lists whose they are. Telemetry has a channel for each set of
tags, so that the schema of a device's messages names its tags with unit and range.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.codec import SCHEMA
from brokers.mqtt.publisher import RETAINED
from brokers.mqtt.schemas import Schema, master_schemas, message_schema, telemetry_values, values_schema
from brokers.naming import control_topic, uns_topic
from twin.equipment import EquipmentPath, Level
from twin.master import ChainMaster, EquipmentMaster, Master
from twin.records import MEANINGS, RecordKind
from twin.tags import TagSpec

VERSION = "3.0.0"
REF = "#/components/schemas/{model}"
EVENTS = (RecordKind.STATE, RecordKind.PART, RecordKind.STOCK, RecordKind.ALARM)
"""What units say of themselves."""
TRADE = (RecordKind.SHIPMENT, RecordKind.ORDER)
"""What units say, and who has no unit of its own at that end."""
AVAILABILITY: Schema = {
    "title": "availability",
    "type": "object",
    "required": ["online"],
    "properties": {"online": {"type": "boolean"}, "run": {"type": "string"}},
}


class DescribedPlant(NamedTuple):
    """What is described.

    Args:
        name: Name of the scenario.
        masters: Master data of all its paths.
        publishers: Ids of those that publish.
        broker: Address of the broker; empty: not said.
    """

    name: str
    masters: Sequence[tuple[EquipmentPath, Master]]
    publishers: Sequence[str]
    broker: str = ""


class TopicSpec(NamedTuple):
    """What is said on one channel.

    Args:
        kind: Kind of the records.
        address: Topic with its parameters.
        paths: Whose they are.
        message: Schema of a message.
        title: What people call it.
    """

    kind: RecordKind
    address: str
    paths: Sequence[str]
    message: Schema
    title: str


def asyncapi(plant: DescribedPlant) -> dict[str, Any]:
    """The document, ready for JSON."""
    said = dict(_channels(plant.masters))
    return {
        "asyncapi": VERSION,
        "info": {
            "title": plant.name,
            "version": "1.0.0",
            "description": f"What the plant {plant.name} publishes: one topic for each unit and kind of record.",
        },
        "defaultContentType": "application/json",
        **({"servers": {"broker": _server(plant.broker)}} if plant.broker else {}),
        "channels": {name: _channel(name, one) for name, one in said.items()} | {"availability": _availability(plant)},
        "operations": {name: _operation(name, one.kind in RETAINED) for name, one in said.items()}
        | {"availability": _operation("availability", True)},
        "components": {
            "messages": {name: _message(name, one) for name, one in said.items()}
            | {"availability": {"contentType": "application/json", "payload": AVAILABILITY}},
            "schemas": master_schemas(REF),
        },
    }


def _channels(masters: Sequence[tuple[EquipmentPath, Master]]) -> Iterator[tuple[str, TopicSpec]]:
    units = [str(path) for path, master in masters if isinstance(master, EquipmentMaster)]
    chains = [
        f"{path}/{link.id}" for path, master in masters if isinstance(master, ChainMaster) for link in master.links
    ]
    everywhere = list(dict.fromkeys([*(str(path) for path, _ in masters), *chains]))
    yield from _telemetry(masters)
    for kind in (*EVENTS, *TRADE):
        yield kind.value, _said(kind, units)
    yield (
        RecordKind.HEARTBEAT.value,
        _said(RecordKind.HEARTBEAT, [path for path, _ in masters if path.level is Level.SITE]),
    )
    yield RecordKind.META.value, _said(RecordKind.META, [str(path) for path, _ in masters])
    yield RecordKind.KPI.value, _said(RecordKind.KPI, everywhere, "{window}")


def _said(kind: RecordKind, paths: Sequence[str], window: str = "") -> TopicSpec:
    address = uns_topic("{path}", kind) + (f"/{window}" if window else "")
    return TopicSpec(kind, address, list(paths), message_schema(kind, values_schema(kind, REF)), MEANINGS[kind])


def _telemetry(masters: Iterable[tuple[EquipmentPath, Master]]) -> Iterator[tuple[str, TopicSpec]]:
    """A channel for each set of tags, numbered where units of one profile differ."""
    alike: dict[tuple[str, tuple[TagSpec, ...]], list[str]] = {}
    for path, master in masters:
        if isinstance(master, EquipmentMaster) and master.tags:
            alike.setdefault((master.profile or "meter", master.tags), []).append(str(path))
    names: dict[str, int] = {}
    for (profile, tags), paths in alike.items():
        number = names[profile] = names.get(profile, 0) + 1
        kind = RecordKind.TELEMETRY
        message = message_schema(kind, telemetry_values(tags))
        name = f"{kind.value}_{profile}" + (f"_{number}" if number > 1 else "")
        yield name, TopicSpec(kind, uns_topic("{path}", kind), paths, message, f"{MEANINGS[kind]}; profile {profile}")


def _channel(name: str, said: TopicSpec) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "path": {"description": "ISA-95 path, several levels of the topic", "enum": said.paths}
    }
    if "{window}" in said.address:
        parameters["window"] = {"description": "kind of window: live, hour, shift, day, week, month, quarter"}
    messages = {name: {"$ref": f"#/components/messages/{name}"}}
    return {"address": said.address, "title": said.title, "messages": messages, "parameters": parameters}


def _availability(plant: DescribedPlant) -> dict[str, Any]:
    return {
        "address": control_topic("availability", "{publisher}"),
        "title": "whether a publisher is there; its last will says that it is not",
        "messages": {"availability": {"$ref": "#/components/messages/availability"}},
        "parameters": {"publisher": {"description": "who publishes", "examples": list(plant.publishers)}},
    }


def _operation(name: str, retained: bool) -> dict[str, Any]:
    bindings = {"mqtt": {"qos": 1, "retain": retained, "bindingVersion": "0.2.0"}}
    return {"action": "send", "channel": {"$ref": f"#/channels/{name}"}, "bindings": bindings}


def _message(name: str, said: TopicSpec) -> dict[str, Any]:
    return {
        "name": name,
        "title": said.title,
        "contentType": "application/json",
        "payload": said.message,
        "x-mqtt-user-properties": {"schema": SCHEMA},
    }


def _server(url: str) -> dict[str, Any]:
    address = BrokerAddress.of(url)
    protocol = "secure-mqtt" if address.tls else "mqtt"
    return {"host": f"{address.host}:{address.port}", "protocol": protocol, "protocolVersion": "5"}
