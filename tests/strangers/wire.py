"""The way of a message in one process: codec, door and brain, without a broker and a store."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

import orjson

from brokers.door import Door, RunClock
from brokers.mqtt.message import Message
from brokers.mqtt.source import UnsSource
from tests.strangers.hall import H, M, beats, body, master
from twin.brain import Brain, BrainConfig
from twin.records import Frame, RecordKind

E0 = 1_790_000_000 // 86_400 * 86_400 * 10**9
"""A midnight; all times of the cases are counted from it."""
SITE, UNIT = "a/b", "a/b/c/d/m"
Event = tuple[int, str, dict[str, Any] | bytes]
"""When something arrives, its topic below ``uns/v1/``, and what it says."""


class HandClock:
    """A clock that stands where the last message was said."""

    def __init__(self) -> None:
        self.ns = E0

    def now_ns(self) -> int:
        return self.ns

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


class Wire:
    """Takes messages and keeps the last figure of each window."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.source = UnsSource("mqtt://localhost:1883")
        self.door = Door(RunClock(self.clock))
        self.brain = Brain(BrainConfig(live_s=None))
        self.rows: dict[tuple[str, str, str, int], dict[str, Any]] = {}
        self._ids = count(1)

    def say(self, event: Event, retain: bool = False) -> None:
        """Take one message."""
        time_ns, topic, what = event
        self.clock.ns = max(self.clock.ns, time_ns)
        payload = what if isinstance(what, bytes) else orjson.dumps(what)
        for frame in self.source.frames(Message(f"uns/v1/{topic}", payload, retain, 1, next(self._ids), 0)):
            self.take(self.door.admit(frame))

    def take(self, frame: Frame) -> None:
        """Show the brain what has come in, as the ingest does."""
        if not len(frame) and not frame.refused and frame.kind is not RecordKind.HEARTBEAT:
            return
        self.brain.clock_ns = self.clock.ns
        for said in self.brain.process(frame):
            for row in said.rows():
                self.rows[row["path"], row["kpi"], row["window"], row["time_ns"]] = row

    def figure(self, kpi: str, hour: int = 1, path: str = UNIT, window: str = "hour") -> tuple[Any, Any]:
        """Value and quality of an indicator; ``(None, None)`` where there is none."""
        row = self.rows.get((path, kpi, window, E0 + hour * H))
        return (None, None) if row is None else (row["value"], row["quality"])

    @property
    def refusals(self) -> set[str]:
        return {*self.source.refusals.counts, *self.door.refusals.counts}


def told(events: Iterable[Event], hours: float = 1.1, every: int = M, site: str = SITE) -> Wire:
    """What is known after some messages, in order of their arrival, with heartbeats after those of each instant."""
    wire = Wire()
    between: list[Event] = [(E0 + k * every, *_beat(site, E0 + k * every)) for k in range(int(hours * H / every) + 1)]
    for event in sorted([*events, *between], key=lambda event: (event[0], "heartbeat" in event[1])):
        wire.say(event)
    return wire


def _beat(site: str, time_ns: int) -> tuple[str, dict[str, Any]]:
    (topic, what), *_ = beats(site, time_ns, time_ns)
    assert isinstance(what, dict)
    return topic.removeprefix("uns/v1/"), what


def said(kind: str, time_ns: int, path: str = UNIT, at: Any = None, **values: Any) -> Event:
    """A message of one row that arrives at its time, or at another."""
    return (at or time_ns, f"{path}/{kind}", body((time_ns, values)))


def state(time_ns: int, name: Any, path: str = UNIT) -> Event:
    return said("state", time_ns, path, state=name)


def part(time_ns: int, good: float = 1, path: str = UNIT, at: Any = None, **more: Any) -> Event:
    return said("part", time_ns, path, at, **{"item": "q", "good": good, "scrap": 0, "rework": 0, **more})


def order(time_ns: int, name: str, event: str, quantity: float | None = 10, at: Any = None, **more: Any) -> Event:
    return said("order", time_ns, UNIT, at, order=name, event=event, quantity=quantity, **more)


def reading(time_ns: int, value: Any, tag: str = "energy_kwh") -> Event:
    return said("telemetry", time_ns, **{tag: value})


def meta(time_ns: int = E0, path: str = UNIT, schema: str = "equipment", **more: Any) -> Event:
    text = master(**more) if schema == "equipment" else orjson.dumps({"en": "x", "zh": "x", **more}).decode()
    return said("meta", time_ns, path, schema=schema, body=text)
