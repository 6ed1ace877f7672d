"""OCEL 2.0: the object-centric event log, in which orders, loads, items and units take part in events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scenarios.exporters import NoOptions, Subject, register
from scenarios.exporters.xes import stamp
from twin.records import Frame, RecordKind

Attributes = dict[str, Any]
Links = list[tuple[str, str]]


@register("ocel")
class Ocel:
    """Object-centric event log of completed operations, orders and shipments, as OCEL 2.0 JSON.

    Object types: unit, item, order, shipment. Events of a unit's operations relate unit and item with
    the quantity; those of orders and shipments relate also the order or the shipment.

    Source: layout after the OCEL 2.0 specification (Berti et al. 2024).
    """

    Options = NoOptions
    operations = True

    def __init__(self, out: Path, subject: Subject, options: NoOptions):  # noqa: ARG002 - there are none
        self._out, self._subject = out, subject
        self._objects: dict[str, dict[str, Any]] = {}
        self._events: list[dict[str, Any]] = []
        self._types: dict[str, list[dict[str, str]]] = {}

    def take(self, frame: Frame) -> None:
        """Keep the events of a frame."""
        if frame.kind not in _READERS:
            return
        for path, time_ns, values in zip(frame.paths, frame.time_ns.tolist(), frame.values, strict=True):
            if frame.kind is RecordKind.PART and not any(values[1:4]):
                continue  # nothing was made
            kind, attributes, links = _READERS[frame.kind](values)
            self._add(kind, time_ns, attributes, [(str(path), "unit"), *links])

    def _add(self, kind: str, time_ns: int, attributes: Attributes, links: Links) -> None:
        known = {name: value for name, value in attributes.items() if value is not None}
        self._types.setdefault(kind, [{"name": name, "type": _type(value)} for name, value in attributes.items()])
        self._events.append(
            {
                "id": f"e{len(self._events)}",
                "type": kind,
                "time": stamp(time_ns),
                "attributes": [{"name": name, "value": value} for name, value in known.items()],
                "relationships": [{"objectId": self._object(*link), "qualifier": link[1]} for link in links],
            }
        )

    def _object(self, name: str, kind: str) -> str:
        id = f"{kind}:{name}"
        if id not in self._objects:
            title = {"name": "title", "value": self._subject.titles.get(name, name), "time": stamp(0)}
            self._objects[id] = {"id": id, "type": kind, "attributes": [title], "relationships": []}
        return id

    def close(self) -> None:
        """Write the log."""
        self._events.sort(key=lambda event: event["time"])
        kinds = sorted({thing["type"] for thing in self._objects.values()})
        title = [{"name": "title", "type": "string"}]
        log = {
            "objectTypes": [{"name": kind, "attributes": title} for kind in kinds],
            "eventTypes": [{"name": kind, "attributes": names} for kind, names in sorted(self._types.items())],
            "objects": list(self._objects.values()),
            "events": self._events,
        }
        self._out.write_text(json.dumps(log, ensure_ascii=False), encoding="utf-8")


def _type(value: Any) -> str:
    return "string" if isinstance(value, str) else "float"


def _part(values: Any) -> tuple[str, Attributes, Links]:
    item, good, scrap, rework, *_ = values
    return "operation", {"good": float(good), "scrap": float(scrap), "rework": float(rework)}, [(item, "item")]


def _order(values: Any) -> tuple[str, Attributes, Links]:
    order, event, item, quantity, *_ = values
    return f"order {event}", {"quantity": float(quantity or 0)}, [(order, "order"), (item, "item")]


def _shipment(values: Any) -> tuple[str, Attributes, Links]:
    name, event, item, quantity, *_ = values
    return f"shipment {event}", {"quantity": float(quantity)}, [(name, "shipment"), (item, "item")]


_READERS = {RecordKind.PART: _part, RecordKind.ORDER: _order, RecordKind.SHIPMENT: _shipment}
