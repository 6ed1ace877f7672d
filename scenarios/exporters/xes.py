"""XES: the event log of process mining tools, a trace per job order or lot."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from scenarios.exporters import NoOptions, Subject, register
from twin.equipment import EquipmentPath
from twin.errors import Problem, ScenarioError
from twin.records import OPERATION_EVENTS, Frame, RecordKind

LIFECYCLE = {
    "begun": "start",
    "started": "start",
    "released": "schedule",
    "placed": "schedule",
    "cancelled": "ate_abort",
}
"""Lifecycle transition by event of an order; all others are ``complete``."""
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<global scope="trace"><string key="concept:name" value="UNKNOWN"/></global>
<global scope="event"><string key="concept:name" value="UNKNOWN"/>
<string key="lifecycle:transition" value="complete"/>
<date key="time:timestamp" value="1970-01-01T00:00:00+00:00"/></global>
<classifier name="Activity" keys="concept:name"/>
"""


def stamp(time_ns: int) -> str:
    """A time in UTC to the microsecond, as XML and JSON logs write it.

    >>> stamp(1_767_225_600_000_001_000)
    '2026-01-01T00:00:00.000001+00:00'
    """
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000).isoformat(timespec="microseconds")


@register("xes")
class Xes:
    """Event log for process mining in XES: a trace per order or lot, an event per step of it.

    The activity of an operation is the unit, with start and complete, the resource its path; release and
    completion of the order are activities of their own. Only orders and lots have an identity: parts that are all alike
    give no trace.

    Source: layout after IEEE 1849-2016 (XES).
    """

    Options = NoOptions
    operations = True

    def __init__(self, out: Path, subject: Subject, options: NoOptions):  # noqa: ARG002 - there are none
        self._out, self._subject = out, subject
        self._traces: dict[str, list[tuple[int, str, str, Any]]] = {}

    def take(self, frame: Frame) -> None:
        """Keep the steps of orders."""
        if frame.kind is RecordKind.ORDER:
            for path, time_ns, values in zip(frame.paths, frame.time_ns.tolist(), frame.values, strict=True):
                order, event, *rest = values
                self._traces.setdefault(str(order), []).append((time_ns, str(path), event, rest))

    def close(self) -> None:
        """Write the log.

        Raises:
            ScenarioError: No order was seen.
        """
        if not self._traces:
            hint = "let sources release orders or lots, or export ocel, which needs none"
            raise ScenarioError([Problem("xes", "orders or lots", f"none in {self._subject.name}", hint)])
        with self._out.open("w", encoding="utf-8") as file:
            file.write(HEAD + f'<string key="concept:name" value={quoteattr(self._subject.name)}/>\n')
            for order, events in self._traces.items():
                file.write(f'<trace>\n<string key="concept:name" value={quoteattr(order)}/>\n')
                file.writelines(self._event(*event) for event in sorted(events, key=lambda event: event[0]))
                file.write("</trace>\n")
            file.write("</log>\n")

    def _event(self, time_ns: int, path: str, event: str, rest: Any) -> str:
        item, quantity, *_ = rest
        texts = {
            "concept:name": EquipmentPath(path).name if event in OPERATION_EVENTS else event,
            "lifecycle:transition": LIFECYCLE.get(event, "complete"),
            "org:resource": path,
            "item": item,
        }
        lines = [f'<string key="{key}" value={quoteattr(str(value))}/>' for key, value in texts.items()]
        lines.append(f'<date key="time:timestamp" value="{stamp(time_ns)}"/>')
        if quantity is not None:
            lines.append(f'<float key="quantity" value="{float(quantity)!r}"/>')
        return "<event>" + "".join(lines) + "</event>\n"
