"""Machines as devices of one MTConnect agent, over HTTP.

Each machine of the scenario with a device is a device; its uuid is the path of the unit, its id ``m1`` for the first
one in the order of the scenario. The data items ``m1.state`` (the word of the state), ``m1.execution``, ``m1.good`` and
``m1.scrap`` (``PART_COUNT``), ``m1.order``, ``m1.alarms`` (a condition) and ``m1.avail`` come first, then one for each
tag of its profile, a sample. What is not known is ``UNAVAILABLE``.

``/probe``, ``/current`` and ``/sample?from=&count=`` answer for all devices, ``/NAME/probe`` and so on for one of them,
by name, uuid or id. Observations have sequence numbers; the last 131,072 are kept. Streams (``interval``), ``path`` and
assets are not served.

Source: MTConnect 2.0, part 1 (protocol, sections 5 to 8), part 2 (types of data items).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import ClassVar, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape, quoteattr

from devices.served import ALARMS, COMMON, GOOD, ORDER, SCRAP, STATE, ServedMachine, ServedPlant, execution
from devices.servers import servers
from devices.servers._streams import StreamServer
from twin.states import UnitState

BUFFER = 131_072
MOST_COUNT = 10_000
USUAL_COUNT = 100
UNAVAILABLE = "UNAVAILABLE"
TYPES = {
    "Cel": ("TEMPERATURE", "CELSIUS"),
    "%": ("LOAD", "PERCENT"),
    "/min": ("ROTARY_VELOCITY", "REVOLUTION/MINUTE"),
    "N.m": ("TORQUE", "NEWTON_METER"),
    "A": ("AMPERAGE", "AMPERE"),
    "V": ("VOLTAGE", "VOLT"),
    "s": ("PROCESS_TIMER", "SECOND"),
}
"""Type and unit of a sample by the unit of a tag; others are of a type of our own."""


class ServedItem(NamedTuple):
    """A data item.

    Args:
        id: Its id.
        name: Its name.
        point: Point that it shows; empty: whether the machine is there.
        category: ``SAMPLE``, ``EVENT`` or ``CONDITION``.
        type: Its type.
        more: Further attributes.
        unit: Unit of measure of the point.
        about: What it is.
    """

    id: str
    name: str
    point: str
    category: str
    type: str
    more: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    about: str = ""

    @property
    def element(self) -> str:
        """Name of the element of an observation, e.g. ``PartCount``."""
        prefix, _, name = self.type.rpartition(":")
        return (f"{prefix}:" if prefix else "") + "".join(word.capitalize() for word in name.split("_"))


class Seen(NamedTuple):
    """An observation: its number, of which machine and item, when, and what."""

    sequence: int
    machine: ServedMachine
    item: ServedItem
    time_ns: int
    text: str


def items_of(machine: ServedMachine) -> list[ServedItem]:
    """The data items of a machine."""
    about = {point.name: point.about for point in COMMON}
    of = f"m{machine.number}"
    event = [
        ("avail", "", "AVAILABILITY", ()),
        (STATE, STATE, "x:UNIT_STATE", ()),
        ("execution", STATE, "EXECUTION", ()),
        (GOOD, GOOD, "PART_COUNT", (("subType", "GOOD"),)),
        (SCRAP, SCRAP, "PART_COUNT", (("subType", "BAD"),)),
        (ORDER, ORDER, "x:ORDER", ()),
    ]
    there = {"": "whether it is heard of"}
    found = [
        ServedItem(f"{of}.{name}", name, point, "EVENT", kind, more, "", (about | there)[point])
        for name, point, kind, more in event
    ]
    found.append(
        ServedItem(f"{of}.{ALARMS}", ALARMS, ALARMS, "CONDITION", "SYSTEM", (), "", "Fault: an alarm is active")
    )
    for point in machine.points[len(COMMON) :]:
        kind, unit = TYPES.get(point.unit, ("x:READING", ""))
        more = (("units", unit),) if unit else (("nativeUnits", point.unit or "1"),)
        tag = ServedItem(f"{of}.{point.name}", point.name, point.name, "SAMPLE", kind, more, point.unit, point.about)
        found.append(tag)
    return found


@servers.register("mtconnect")
class MtConnectServer(StreamServer):
    """Machines as devices of an MTConnect agent: probe, current and sample over HTTP."""

    usual_port: ClassVar[int] = 5000
    columns: ClassVar[tuple[str, ...]] = ("unit", "point", "item", "category", "type", "unit_of_measure", "about")

    def __init__(self, plant: ServedPlant, host: str, port: int) -> None:
        super().__init__(plant, host, port)
        self._items = {machine.number: items_of(machine) for machine in plant.machines}
        self._instance = time.time_ns() // 1_000_000_000
        self._next = 1
        self._buffer: deque[Seen] = deque(maxlen=BUFFER)
        self._latest: dict[str, Seen] = {}
        for machine in plant.machines:
            for name in {item.point for item in self._items[machine.number]}:
                self._observe(machine, name)
        plant.listeners.append(self._observe)

    def rows(self) -> list[Mapping[str, str]]:
        """The map."""
        return [
            {"unit": str(machine.path), "point": item.point or item.name, "item": item.id, "category": item.category,
             "type": item.type, "unit_of_measure": item.unit, "about": item.about}
            for machine in self.plant.machines for item in self._items[machine.number]
        ]  # fmt: skip

    # observations

    def _observe(self, machine: ServedMachine, name: str) -> None:
        """Note what has changed at a point of a machine, and whether it is there."""
        for item in self._items[machine.number]:
            if item.point not in (name, ""):
                continue
            text, known = _text(machine, item), self._latest.get(item.id)
            if known is not None and known.text == text:
                continue
            at = self._time_ns(machine, item)
            seen = Seen(self._next, machine, item, at if at >= 0 else time.time_ns(), text)
            self._next += 1
            self._buffer.append(seen)
            self._latest[item.id] = seen

    def _time_ns(self, machine: ServedMachine, item: ServedItem) -> int:
        point = next((one for one in machine.points if one.name == item.point), None)
        return -1 if point is None else self.personality.seen(machine.now(point)).time_ns

    # answers

    async def frame(self, reader: asyncio.StreamReader) -> bytes:
        """The head of the next request; those that are served have no body."""
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise ValueError("no request of HTTP") from None

    def answer(self, request: bytes) -> bytes:
        """The document that is asked for."""
        method, _, rest = request.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
        place, _, version = rest.partition(" ")
        if not version.startswith("HTTP/1."):
            raise ValueError("no request of HTTP")
        self.requests += 1
        status, body = self._document(place) if method == "GET" else (405, _error("UNSUPPORTED", f"GET, not {method}"))
        self.refused += status != 200
        content = body.encode()
        words = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}[status]
        head = f"HTTP/1.1 {status} {words}\r\nContent-Type: application/xml\r\nContent-Length: {len(content)}\r\n\r\n"
        return head.encode() + content

    def _document(self, place: str) -> tuple[int, str]:
        url = urlsplit(place)
        names = [unquote(word) for word in url.path.strip("/").split("/") if word]
        asked = names.pop() if names and names[-1] in ("probe", "current", "sample") else "probe"
        wanted = "/".join(names)
        machines = [one for one in self.plant.machines if not wanted or wanted in _names(one)]
        if not machines:
            return 404, _error("NO_DEVICE", f"no device {wanted}")
        if asked == "probe":
            return 200, self._probe(machines)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        try:
            return self._streams(machines, query if asked == "sample" else None)
        except ValueError:
            return 400, _error("INVALID_REQUEST", "from and count are numbers")

    def _probe(self, machines: Iterable[ServedMachine]) -> str:
        devices = "".join(_device(machine, self._items[machine.number]) for machine in machines)
        return _whole("Devices", self._header(), f"<Devices>{devices}</Devices>")

    def _streams(self, machines: list[ServedMachine], query: Mapping[str, str] | None) -> tuple[int, str]:
        first = self._buffer[0].sequence if self._buffer else 1
        numbers = {machine.number for machine in machines}
        following = self._next
        if query is None:
            found = [self._latest[item.id] for one in machines for item in self._items[one.number]]
        else:
            start, count = int(query.get("from", first)), int(query.get("count", USUAL_COUNT))
            if not first <= start <= self._next or not 1 <= count <= MOST_COUNT:
                return 404, _error("OUT_OF_RANGE", f"from {first} to {self._next}, count 1 to {MOST_COUNT}")
            while self.personality.capped(count):
                count //= 2
            span = self._span(start, first, count)
            following = span[-1].sequence + 1 if span else start
            found = [seen for seen in span if seen.machine.number in numbers]
        body = "".join(_stream(one, [seen for seen in found if seen.machine is one]) for one in machines)
        last = f' firstSequence="{first}" lastSequence="{self._next - 1}" nextSequence="{following}"'
        return 200, _whole("Streams", self._header(last), f"<Streams>{body}</Streams>")

    def _span(self, start: int, first: int, count: int) -> list[Seen]:
        return [self._buffer[at] for at in range(start - first, min(start - first + count, len(self._buffer)))]

    def _header(self, more: str = "") -> str:
        return (f'<Header creationTime="{_stamp(time.time_ns())}" sender="future-factory" version="2.0" '
                f'instanceId="{self._instance}" bufferSize="{BUFFER}"{more}/>')  # fmt: skip


def _names(machine: ServedMachine) -> tuple[str, ...]:
    return str(machine.path), machine.path.name, f"m{machine.number}"


def _text(machine: ServedMachine, item: ServedItem) -> str:
    """What an item shows."""
    if not item.point:
        return "AVAILABLE" if machine.there else UNAVAILABLE
    point = next(one for one in machine.points if one.name == item.point)
    value = machine.now(point).value
    if item.name == "execution":
        return execution(value)
    if item.category == "CONDITION":
        return "Unavailable" if not machine.there else "Fault" if value else "Normal"
    if item.point == STATE and isinstance(value, int):
        return UnitState(value).name
    return UNAVAILABLE if value is None else repr(value) if isinstance(value, float) else str(value)


def _stamp(time_ns: int) -> str:
    whole, part = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{part // 1000:06d}Z"


def _device(machine: ServedMachine, items: Iterable[ServedItem]) -> str:
    name = quoteattr(machine.path.name)
    told = "".join(
        f"<DataItem id={quoteattr(item.id)} name={quoteattr(item.name)} category={quoteattr(item.category)} "
        f"type={quoteattr(item.type)}{_more(item)}/>"
        for item in items
    )
    uuid = quoteattr(str(machine.path))
    return f'<Device id="m{machine.number}" name={name} uuid={uuid}><DataItems>{told}</DataItems></Device>'


def _more(item: ServedItem) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in item.more)


def _stream(machine: ServedMachine, found: Iterable[Seen]) -> str:
    """Observations of a machine, by category."""
    groups: dict[str, list[str]] = {"Samples": [], "Events": [], "Condition": []}
    for seen in found:
        group = "Condition" if seen.item.category == "CONDITION" else f"{seen.item.category.capitalize()}s"
        groups[group].append(_observation(seen))
    told = "".join(f"<{group}>{''.join(some)}</{group}>" for group, some in groups.items() if some)
    name, uuid = quoteattr(machine.path.name), quoteattr(str(machine.path))
    return (f"<DeviceStream name={name} uuid={uuid}>"
            f'<ComponentStream component="Device" name={name} componentId="m{machine.number}">{told}</ComponentStream>'
            "</DeviceStream>")  # fmt: skip


def _observation(seen: Seen) -> str:
    facts = (f'dataItemId={quoteattr(seen.item.id)} name={quoteattr(seen.item.name)} sequence="{seen.sequence}" '
             f'timestamp="{_stamp(seen.time_ns)}"')  # fmt: skip
    if seen.item.category == "CONDITION":
        return f"<{seen.text} {facts} type={quoteattr(seen.item.type)}/>"
    return f"<{seen.item.element} {facts}>{escape(seen.text)}</{seen.item.element}>"


def _whole(kind: str, header: str, body: str) -> str:
    names = f'xmlns="urn:mtconnect.org:MTConnect{kind}:2.0" xmlns:x="urn:future-factory:mtconnect:1"'
    return f'<?xml version="1.0" encoding="UTF-8"?><MTConnect{kind} {names}>{header}{body}</MTConnect{kind}>'


def _error(code: str, text: str) -> str:
    header = f'<Header creationTime="{_stamp(time.time_ns())}" sender="future-factory" version="2.0" instanceId="0"/>'
    return _whole("Error", header, f"<Errors><Error errorCode={quoteattr(code)}>{escape(text)}</Error></Errors>")
