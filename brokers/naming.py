"""How a path looks on each wire; the only place that knows.

========== =====================================================================================
MQTT UNS   ``uns/v1/<path>/<kind>``; indicators one level deeper, ``uns/v1/<path>/kpi/<window>``
Sparkplug  group and edge node from the publisher's path, device ``area.line.unit`` below it,
           ``~`` and the full path for equipment elsewhere (a chain, another site)
OPC UA     string NodeIds ``<path>`` for equipment and ``<path>.<tag>`` for what it says
InfluxDB   a tag per level: ``enterprise``, ``site``, ``area``, ``line``, ``unit``
Grafana    a variable per level, named as the tag, but ``machine`` for the unit
========== =====================================================================================
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote

from twin.equipment import SEGMENT, EquipmentPath, Level
from twin.records import RecordKind

UNS = "uns/v1"
"""Root of the unified namespace and its version."""

SPARKPLUG = "spBv1.0"
"""Namespace of Sparkplug B, which is also in version 3.0 of the specification."""

CONTROL = "ff/v1"
"""Root of what publishers and ingest say to each other: marks, bases, availability."""

ELSEWHERE = "~"

STORE_TAGS = ("enterprise", "site", "area", "line", "unit")
"""Tags of the levels in a time series database, from the top."""


LONGEST_TAG = 200
LONGEST_PUBLISHER = 400
HASH_DIGITS = 10
_HASHED = re.compile(rf"-[0-9a-f]{{{HASH_DIGITS}}}$")


def tag_problem(tag: object) -> str:
    """What keeps a text from being the name of a tag; empty when nothing does.

    >>> tag_problem("Level/Tank 1"), tag_problem("")
    ('', "expected a name of 1 to 200 characters, got ''")
    """
    if not isinstance(tag, str) or not 0 < len(tag) <= LONGEST_TAG or "\0" in tag:
        return f"expected a name of 1 to {LONGEST_TAG} characters, got {tag!r:.100}"
    return ""


def publisher_problem(publisher: object) -> str:
    """What keeps a text from being the id of a publisher, which becomes part of topics; empty when nothing does.

    Brokers end the connection of whoever sends a topic with a control character or a wildcard.

    >>> publisher_problem("yujiang/vehicle"), publisher_problem("a/#")
    ('', "expected a publisher of 1 to 400 printable characters without + and #, got 'a/#'")
    """
    wanted = f"expected a publisher of 1 to {LONGEST_PUBLISHER} printable characters without + and #"
    if not isinstance(publisher, str) or not 0 < len(publisher) <= LONGEST_PUBLISHER:
        return f"{wanted}, got {publisher!r:.100}"
    clean = publisher.isprintable() and not {"+", "#"} & set(publisher)
    return "" if clean else f"{wanted}, got {publisher!r:.100}"


class UnsTopic(NamedTuple):
    """What a UNS topic says."""

    path: EquipmentPath
    kind: RecordKind
    window: str = ""


def uns_topic(path: str, kind: RecordKind, window: str = "") -> str:
    """MQTT topic of the records of one kind and one path; indicators also have their window.

    A window cannot have the name of a kind of record.

    >>> uns_topic("yujiang/vehicle/assembly/trim/st01", RecordKind.STATE)
    'uns/v1/yujiang/vehicle/assembly/trim/st01/state'
    >>> uns_topic("chain-nev/battery", RecordKind.KPI, "day")
    'uns/v1/chain-nev/battery/kpi/day'
    """
    tail = f"/{quote(window, safe='')}" if window else ""
    return f"{UNS}/{path}/{kind.value}{tail}"


def parse_uns_topic(topic: str) -> UnsTopic:
    """Path, kind and window of a UNS topic.

    Raises:
        ValueError: It is not such a topic.

    >>> parse_uns_topic("uns/v1/yujiang/vehicle/kpi/shift").path.level.name
    'SITE'
    """
    root = f"{UNS}/"
    segments = topic.removeprefix(root).split("/")
    if not topic.startswith(root) or len(segments) < 2:
        raise ValueError(f"topic: expected {UNS}/<path>/<kind>, got {topic!r}")
    window = ""
    if len(segments) > 2 and segments[-2] == RecordKind.KPI and segments[-1] not in set(RecordKind):
        window = unquote(segments.pop())
    if segments[-1] not in set(RecordKind):
        raise ValueError(f"topic: expected the kind of its records at its end, got {topic!r:.300}")
    return UnsTopic(EquipmentPath("/".join(segments[:-1])), RecordKind(segments[-1]), window)


def uns_filter(root: str = "") -> str:
    """MQTT filter of everything at and below a path; all when empty.

    >>> uns_filter("yujiang/vehicle")
    'uns/v1/yujiang/vehicle/#'
    """
    return f"{UNS}/{root}/#" if root else f"{UNS}/#"


def kind_filters(kind: RecordKind, root: str = "") -> list[str]:
    """MQTT filters of the records of a kind at and below a path, one for each depth.

    >>> kind_filters(RecordKind.META, "yujiang/vehicle/assembly/trim")
    ['uns/v1/yujiang/vehicle/assembly/trim/meta', 'uns/v1/yujiang/vehicle/assembly/trim/+/meta']
    """
    start = [*root.split("/")] if root else ["+"]
    deeper = range(Level.UNIT - len(start) + 1)
    return ["/".join((UNS, *start, *("+" * more), kind.value)) for more in deeper]


class SparkplugId(NamedTuple):
    """Group, edge node and device of Sparkplug; no device: the edge node itself."""

    group: str
    node: str
    device: str | None = None


def sparkplug_node(publisher: str) -> SparkplugId:
    """Group and edge node of a publisher: enterprise and the rest of its path, ``~`` when there is none.

    >>> sparkplug_node("yujiang/vehicle")
    SparkplugId(group='yujiang', node='vehicle', device=None)
    >>> sparkplug_node("brain")
    SparkplugId(group='brain', node='~', device=None)
    """
    head, _, rest = publisher.partition("/")
    return SparkplugId(head, rest.replace("/", ".") or ELSEWHERE)


def sparkplug_device(publisher: str, path: str) -> str | None:
    """Device that stands for equipment at a publisher's edge node; None for the node's own path.

    >>> sparkplug_device("yujiang/vehicle", "yujiang/vehicle/assembly/trim/st01")
    'assembly.trim.st01'
    >>> sparkplug_device("yujiang/vehicle", "chain-nev")
    '~chain-nev'
    """
    if path == publisher:
        return None
    if path.startswith(f"{publisher}/"):
        return path[len(publisher) + 1 :].replace("/", ".")
    return ELSEWHERE + path.replace("/", ".")


def sparkplug_path(identity: SparkplugId) -> EquipmentPath:
    """Equipment that a Sparkplug id stands for; the inverse of :func:`sparkplug_device`.

    Raises:
        ValueError: The ids are not made of segments of equipment paths.

    >>> sparkplug_path(SparkplugId("yujiang", "vehicle", "assembly.trim.st01"))
    'yujiang/vehicle/assembly/trim/st01'
    """
    group, node, device = identity
    if device is not None and device.startswith(ELSEWHERE):
        return EquipmentPath(device[1:].replace(".", "/"))
    parts = [group] if node == ELSEWHERE else [group, *node.split(".")]
    return EquipmentPath("/".join(parts if device is None else [*parts, *device.split(".")]))


def foreign_path(identity: SparkplugId) -> EquipmentPath:
    """Path of a node or device that is not ours, one segment for each of its ids; different ids, different paths.

    An id that is a segment already stays as it is. Any other is made readable and gets a short hash of itself, and
    so does one that looks as if it had one.

    >>> foreign_path(SparkplugId("acme", "press", "Line 1"))
    'acme/press/line-1-f65eb5539b'
    """
    return EquipmentPath.of(*(_segment(part) for part in identity if part is not None))


def _segment(name: str) -> str:
    if SEGMENT.fullmatch(name) and not _HASHED.search(name):
        return name
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].rstrip("-") or "x"
    return f"{readable}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:HASH_DIGITS]}"


def sparkplug_topic(identity: SparkplugId, message: str) -> str:
    """Topic of a Sparkplug message type, e.g. ``DDATA``.

    >>> sparkplug_topic(SparkplugId("yujiang", "vehicle", "a.b.c"), "DDATA")
    'spBv1.0/yujiang/DDATA/vehicle/a.b.c'
    """
    tail = "" if identity.device is None else f"/{identity.device}"
    return f"{SPARKPLUG}/{identity.group}/{message}/{identity.node}{tail}"


def parse_sparkplug_topic(topic: str) -> tuple[str, SparkplugId]:
    """Message type and ids of a Sparkplug topic.

    Raises:
        ValueError: It is not such a topic.
    """
    segments = topic.split("/")
    if segments[0] != SPARKPLUG or len(segments) not in (4, 5):
        raise ValueError(f"topic: expected {SPARKPLUG}/group/type/node[/device], got {topic!r}")
    return segments[2], SparkplugId(segments[1], segments[3], segments[4] if len(segments) == 5 else None)


def control_topic(word: str, publisher: str) -> str:
    """Topic on which a publisher and ingest agree, e.g. on its mark.

    >>> control_topic("mark", "yujiang/vehicle")
    'ff/v1/mark/yujiang/vehicle'
    """
    return f"{CONTROL}/{word}/{publisher}"


def store_tags(path: str) -> dict[str, str]:
    """Tags of a path in a time series database: one per level of the hierarchy.

    >>> store_tags("yujiang/vehicle/assembly")
    {'enterprise': 'yujiang', 'site': 'vehicle', 'area': 'assembly'}
    """
    return dict(zip(STORE_TAGS, path.split("/"), strict=False))


def stored_path(tags: Mapping[str, str]) -> EquipmentPath:
    """The path that has these tags in a time series database.

    >>> stored_path({"enterprise": "yujiang", "site": "vehicle", "unit": ""})
    'yujiang/vehicle'
    """
    return EquipmentPath("/".join(str(tags[level]) for level in STORE_TAGS if tags.get(level)))


def grafana_variable(level: str) -> str:
    """Grafana variable that chooses an element of a level; people there say machine, not unit.

    >>> grafana_variable("site"), grafana_variable("unit")
    ('site', 'machine')
    """
    return "machine" if level == "unit" else level


def node_id(path: str, tag: str | None = None) -> str:
    """Identifier of an OPC UA node (string NodeId) of equipment, or of one of its tags.

    >>> node_id("yujiang/vehicle/assembly/trim/st01", "power_kw")
    'yujiang/vehicle/assembly/trim/st01.power_kw'
    """
    return path if tag is None else f"{path}.{tag}"


def node_path(identifier: str) -> tuple[EquipmentPath, str | None]:
    """Equipment and tag of an OPC UA string NodeId; a path never has a dot, a tag may.

    Raises:
        ValueError: The identifier does not begin with an equipment path.

    >>> node_path("yujiang/vehicle.kpi.live.oee")
    ('yujiang/vehicle', 'kpi.live.oee')
    """
    path, _, tag = identifier.partition(".")
    return EquipmentPath(path), tag or None
