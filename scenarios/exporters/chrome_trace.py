"""Chrome trace: what every unit did and when, for Perfetto, ``chrome://tracing`` and Speedscope."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scenarios.exporters import NoOptions, Subject, register
from scenarios.exporters._intervals import Intervals, StateInterval
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind
from twin.states import STATES, UnitState

COLOURS = {
    "PRODUCING": "good",
    "SETUP": "vsync_highlight_color",
    "FAILED": "terrible",
    "REPAIR": "bad",
    "STARVED": "yellow",
    "BLOCKED": "olive",
    "UNKNOWN": "black",
}
"""Reserved colour names of the viewers; the others of theirs are chosen by the name of the state."""


@register("chrome_trace")
class ChromeTrace:
    """Trace of all units as JSON (Trace Event Format): lines are processes, units are threads.

    States are slices with order and cause, stocks are counters, alarms are instants, the way of a load
    from dock to dock is an arrow. Times are microseconds of simulated time.

    Source: Trace Event Format (Google, public document).
    """

    Options = NoOptions
    operations = False

    def __init__(self, out: Path, subject: Subject, options: NoOptions):  # noqa: ARG002 - there are none
        self._subject = subject
        self._file = out.open("w", encoding="utf-8")
        self._file.write('{"displayTimeUnit":"ms","otherData":' + json.dumps(subject.manifest) + ',"traceEvents":[\n')
        self._first = True
        self._intervals = Intervals()
        self._lines: dict[str, int] = {}
        self._threads: dict[str, tuple[int, int]] = {}

    def take(self, frame: Frame) -> None:
        """Write the events of a frame."""
        for interval in self._intervals.take(frame):
            self._slice(interval)
        if frame.kind in _WRITERS:
            for path, time_ns, values in zip(frame.paths, frame.time_ns.tolist(), frame.values, strict=True):
                for event in _WRITERS[frame.kind](values):
                    self._write({**event, **self._place(str(path)), "ts": self._us(time_ns)})

    def close(self) -> None:
        """End all slices and the file."""
        for interval in self._intervals.close(self._subject.end_ns):
            self._slice(interval)
        self._file.write("\n]}\n")
        self._file.close()

    def _slice(self, interval: StateInterval) -> None:
        arguments = {"order": interval.order, "cause": interval.cause}
        event: dict[str, Any] = {
            "ph": "X",
            "cat": "state",
            "name": STATES[UnitState[interval.state]].en,
            **self._place(interval.path),
            "ts": self._us(interval.begin_ns),
            "dur": (interval.end_ns - interval.begin_ns) / 1000,
            "args": {name: value for name, value in arguments.items() if value is not None},
        }
        colour = COLOURS.get(interval.state)
        self._write(event if colour is None else {**event, "cname": colour})

    def _us(self, time_ns: int) -> float:
        return (time_ns - self._subject.epoch_ns) / 1000

    def _place(self, path: str) -> dict[str, int]:
        if path not in self._threads:
            line = str(EquipmentPath(path).line)
            process = self._lines.get(line)
            if process is None:
                process = self._lines[line] = len(self._lines) + 1
                self._name("process_name", line, process, 0)
            thread = len(self._threads) + 1
            self._threads[path] = (process, thread)
            self._name("thread_name", self._subject.titles.get(path, path), process, thread)
        process, thread = self._threads[path]
        return {"pid": process, "tid": thread}

    def _name(self, kind: str, name: str, process: int, thread: int) -> None:
        self._write({"ph": "M", "name": kind, "pid": process, "tid": thread, "args": {"name": name}})

    def _write(self, event: dict[str, Any]) -> None:
        self._file.write(("" if self._first else ",\n") + json.dumps(event, ensure_ascii=False))
        self._first = False


def _stock(values: Any) -> Iterator[dict[str, Any]]:
    item, on_hand = values
    yield {"ph": "C", "cat": "stock", "name": f"stock {item}", "args": {"on hand": on_hand}}


def _alarm(values: Any) -> Iterator[dict[str, Any]]:
    code, _, active, text = values
    if active:
        yield {"ph": "i", "s": "t", "cat": "alarm", "name": code, "args": {"text": text}}


def _shipment(values: Any) -> Iterator[dict[str, Any]]:
    name, what, item, quantity, _, _ = values
    phase = {"departed": "s", "arrived": "f"}.get(what)
    shown = {"item": item, "quantity": quantity}
    yield {"ph": "i", "s": "t", "cat": "shipment", "name": f"{what} {item}", "args": {"shipment": name, **shown}}
    if phase is not None:
        yield {"ph": phase, "bp": "e", "cat": "shipment", "name": "shipment", "id": name, "args": shown}


def _order(values: Any) -> Iterator[dict[str, Any]]:
    order, what, item, quantity, *_ = values
    shown = {"item": item, "quantity": quantity}
    yield {"ph": "i", "s": "t", "cat": "order", "name": f"{order} {what}", "args": shown}


_WRITERS = {
    RecordKind.STOCK: _stock,
    RecordKind.ALARM: _alarm,
    RecordKind.SHIPMENT: _shipment,
    RecordKind.ORDER: _order,
}
