"""``factory record`` and ``factory replay``: what flows at a broker into a file, and from it to a broker again."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from brokers import connectors
from brokers.links import LinkPublisher, LinkSource
from brokers.recorded import FlowWriter, recorded
from brokers.retry import retried
from scenarios.actions.durations import told_s
from scenarios.live.together import until_one_ends
from scenarios.placing import place_of
from twin.errors import Problem, ScenarioError
from twin.records import COLUMNS, Frame, RecordKind

MOST_SPEED = 1000.0
MOMENTS = {"begun_ns", "due_ns"}
"""Columns that hold a time, besides the stamp."""
STAMPS = ("shifted", "original")


async def listen(source: LinkSource, out: FlowWriter, stop: asyncio.Event, clock: Callable[[], int]) -> None:
    """Write down what a source brings until told to stop."""

    async def take() -> None:
        async for delivery in source.deliveries():
            for frame in delivery.frames:
                out.add(clock(), frame)
            await delivery.ack()

    await retried(source.open, "record")
    try:
        await until_one_ends(take(), stop.wait())
    finally:
        await source.close()


class ReplayedFlow:
    """Says a recording again, each publisher by itself, as a new run.

    Args:
        file: The recording.
        make: Makes a publisher by its id.
        speed: How many times as fast as it was heard.
        stamps: ``shifted``: as if it happened now, at that speed; ``original``: as they were.
        start_ns: Now, ns since 1970 UTC.
    """

    def __init__(
        self, file: Path, make: Callable[[str], LinkPublisher], speed: float, stamps: str, start_ns: int
    ) -> None:
        self._file, self._make, self._speed, self._stamps = file, make, speed, stamps
        self._start_ns, self._run = start_ns, f"replay.{uuid4().hex[:8]}"
        self._publishers: dict[str, LinkPublisher] = {}
        self._numbers: Counter[str] = Counter()
        self.frames = self.left_out = 0

    async def run(self) -> None:
        """Say all of it."""
        first_ns, begun = -1, time.monotonic()
        try:
            for arrived_ns, frame in recorded(self._file):
                first_ns = arrived_ns if first_ns < 0 else first_ns
                await asyncio.sleep(begun + (arrived_ns - first_ns) / 1e9 / self._speed - time.monotonic())
                await self._say(self._stamped(frame, first_ns))
            for publisher in self._publishers.values():
                await publisher.flushed()
        finally:
            for publisher in self._publishers.values():
                await publisher.close()

    def _stamped(self, frame: Frame, first_ns: int) -> Frame | None:
        """A frame with its stamps as asked for; figures are those of the run that was recorded, so they stay there."""
        if self._stamps == "original":
            return replace(frame, historical=False)
        if frame.kind is RecordKind.KPI:
            return None
        moved = self._moved(frame.time_ns, first_ns)
        values = frame.values
        for name in MOMENTS & set(COLUMNS.get(frame.kind, ())) & set(frame.tags):
            values = values.copy()
            at = frame.tags.index(name)
            values[:, at] = [
                None if one is None else int(self._moved(np.int64(one), first_ns)) for one in values[:, at]
            ]
        return replace(frame, time_ns=moved, values=values, historical=False)

    def _moved(self, time_ns: Any, first_ns: int) -> Any:
        """Times as if the first frame was heard now; in whole ns also far from it."""
        whole, part = np.divmod(time_ns - first_ns, 1_000_000_000)
        return np.int64(self._start_ns) + np.int64(np.rint(whole / self._speed * 1e9)) + np.int64(part / self._speed)

    async def _say(self, frame: Frame | None) -> None:
        if frame is None:
            self.left_out += 1
            return
        name = frame.publisher or "replay"
        if name not in self._publishers:
            self._publishers[name] = publisher = self._make(name)
            publisher.begin(self._run)
            await publisher.open()
            await publisher.wait_online()
        for piece in self._publishers[name].split(frame):
            await self._publishers[name].publish(piece.stamped(name, self._run, self._numbers[name]))
            self._numbers[name] += 1
        self.frames += 1


def record(file: Path, broker: str, transport: str, paths: tuple[str, ...], length: str | None) -> None:
    """Write down what flows at a broker until told to stop, or for so long."""
    _checked(transport)
    if not file.parent.is_dir():
        raise ScenarioError([Problem(str(file), "a file in a folder that is there", "none such")])
    source = connectors.make_source(broker, transport, f"record-{uuid4().hex[:8]}", paths or ("",), watching=True)
    limit_s = None if length is None else told_s(length, 0.0, "--for")
    with FlowWriter(place_of(file, "a file that can be written")) as out:
        asyncio.run(_until_told(source, out, limit_s))
    print(f"{out.frames} frames, {out.values} values in {file}")


async def _until_told(source: LinkSource, out: FlowWriter, length_s: float | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if length_s is not None:
        loop.call_later(length_s, stop.set)
    await listen(source, out, stop, time.time_ns)


def replay(file: Path, broker: str, transport: str, speed: float, stamps: str) -> None:
    """Say a recording again at a broker."""
    _checked(transport)
    problems = []
    if not 0 < speed <= MOST_SPEED:
        problems.append(Problem("--speed", f"more than 0, at most {MOST_SPEED:g}", f"{speed:g}"))
    if stamps not in STAMPS:
        problems.append(Problem("--stamps", " or ".join(STAMPS), repr(stamps)))
    if problems:
        raise ScenarioError(problems)

    def make(name: str) -> LinkPublisher:
        return connectors.make_publisher(broker, transport, name)

    flow = ReplayedFlow(file, make, speed, stamps, time.time_ns())
    asyncio.run(flow.run())
    left = f", {flow.left_out} of figures left out" if flow.left_out else ""
    print(f"{flow.frames} frames said again{left}")


def _checked(transport: str) -> None:
    known = connectors.connectors
    if transport not in known:
        raise ScenarioError([Problem("--transport", "a transport", repr(transport), known.hint(transport))])
