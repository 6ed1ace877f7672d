"""The way from publishers to a store in one process: real codecs, door, ingest, brain and store; only the broker is
a list. It keeps what was not acknowledged, and the process behind it may die at any moment."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from brokers.door import Door, RunClock
from brokers.ingest import Ingest, IngestConfig
from brokers.links import ignore_base, ignore_sign, pieces
from brokers.mqtt.codec import decode_all, encode
from brokers.naming import parse_sparkplug_topic, parse_uns_topic, sparkplug_node, uns_topic
from brokers.reception import Event
from brokers.refusals import Refusals
from brokers.sparkplug.edge import EdgeNode, Packet
from brokers.sparkplug.host import HostNode
from brokers.stores import Store
from scenarios.live.hub_memory import HubMemory
from twin.brain import Brain, BrainConfig
from twin.ports import Delivery, Mark
from twin.records import Frame, RecordKind
from twin.sparkplug.protobuf import parse

Transport = Literal["uns", "sparkplug"]
TOGETHER = 40
"""Messages of one delivery."""


class Killed(BaseException):
    """The process has died."""


@dataclass
class Wire:
    """Bytes there and back, as each publisher writes them and one host reads them.

    Args:
        transport: Which protocol.
    """

    transport: Transport
    edges: dict[str, EdgeNode] = field(default_factory=dict)
    hosts: dict[str, HostNode] = field(default_factory=dict)

    def carried(self, frame: Frame) -> Iterator[Frame]:
        """What is read of a frame that is sent."""
        if self.transport == "uns" or not frame.publisher:
            for piece in pieces(frame, by_window=True) if frame.seq < 0 else (frame,):
                yield from decode_all(parse_uns_topic(uns_topic(piece.paths[0], piece.kind)), encode(piece))
            return
        edge = self.edges.setdefault(frame.publisher, EdgeNode(frame.publisher))
        host = self.hosts.get(frame.publisher)
        if host is None:  # one that begins asks for births
            host = self.hosts[frame.publisher] = HostNode(sparkplug_node(frame.publisher))
            edge.connecting()
        for packet in edge.messages(frame):
            yield from _taken(host, packet)


def _taken(host: HostNode, packet: Packet) -> list[Frame]:
    word, identity = parse_sparkplug_topic(packet.topic)
    return host.take(word, identity.device, parse(packet.payload))


@dataclass
class Post:
    """What was sent and is not acknowledged, in order."""

    wire: Wire
    waiting: deque[Frame]
    ingest: Ingest | None = None

    def __post_init__(self) -> None:
        self.on_base, self.on_sign = ignore_base, ignore_sign
        self.malformed = self.dropped = self.losses = 0
        self.refusals, self.online = Refusals(), True
        self._open: list[Frame] = []
        self._settled = asyncio.Event()

    async def open(self) -> None:
        """Always there."""

    async def close(self) -> None:
        """What was not acknowledged comes again: from the broker as it was, with Sparkplug from its publisher."""
        flagged = self.wire.transport == "sparkplug"
        again = [replace(frame, historical=frame.historical or flagged) for frame in self._open]
        self.waiting.extendleft(reversed(again))

    async def mark(self, mark: Mark) -> None:
        """Nobody waits for it."""

    async def deliveries(self) -> AsyncIterator[Delivery]:
        """Until all was acknowledged, and nothing more came of it."""
        assert self.ingest is not None
        while True:
            while self.waiting:
                some = [self.waiting.popleft() for _ in range(min(TOGETHER, len(self.waiting)))]
                self._open += some
                yield Delivery([frame for sent in some for frame in self.wire.carried(sent)], self._acknowledging(some))
            if self._open:
                self._settled.clear()
                await self._settled.wait()
            async with self.ingest.still:
                if not self.waiting and not self._open:
                    return

    def _acknowledging(self, some: Sequence[Frame]):  # type: ignore[no-untyped-def]
        async def acknowledge() -> None:
            self._open = [frame for frame in self._open if not any(frame is one for one in some)]
            self._settled.set()

        return acknowledge


@dataclass
class Doomed:
    """A memory, and whoever asks it dies at one of its calls: before, or after it has kept what it was given."""

    memory: HubMemory
    at: int
    after: bool

    async def keep(self, event: Event) -> None:
        self.at -= 1
        if self.at == 0 and not self.after:
            raise Killed
        await self.memory.keep(event)
        if self.at == 0:
            raise Killed


@dataclass(frozen=True)
class Cut:
    """One end of the process: at which of its writes, on which side of it, and whether it was saved just before."""

    at: int
    after: bool
    saved: bool


class Machine:
    """The clock of the machine."""

    def __init__(self, time_ns: int):
        self.time_ns = time_ns

    def now_ns(self) -> int:
        return self.time_ns


@dataclass
class Behind:
    """Everything behind the broker.

    Args:
        store: Where records go.
        folder: Where the process remembers.
        now_ns: Time of the machine.
        reorder: Pieces of a publisher that wait for a gap.
    """

    store: Store
    folder: Path
    now_ns: int
    reorder: int = 10_000
    lives: int = 0

    async def deliver(
        self, sent: Sequence[Frame], last: Sequence[Frame], transport: Transport, cuts: Sequence[Cut] = ()
    ) -> Brain:
        """Take messages in, in this order, with the process dying at each cut, and the last ones after all cuts."""
        HubMemory(self.folder / "hub.state", "run").begin(Brain(BrainConfig(live_s=None)))
        waiting, edges = deque(sent), Wire(transport).edges
        for number, cut in enumerate((*cuts, None)):
            self.lives += 1
            waiting.extend(last if cut is None else ())
            post = Post(Wire(transport, edges), waiting)
            try:
                brain = await self._live(post, cut, number)
                if cut is None:  # one that has not written so often lives to its end
                    return brain
            except BaseExceptionGroup as group:
                if group.split(Killed)[1] is not None:
                    raise
            waiting = deque(frame for frame in post.waiting if not frame.publisher.startswith("brain/"))
        raise AssertionError("the last life has no cut")

    async def _live(self, post: Post, cut: Cut | None, number: int) -> Brain:
        memory = HubMemory(self.folder / "hub.state", "run")
        state = memory.read()
        assert state is not None
        brain, life = state.brain, f"run.{number}"
        told = 0

        def think(frames: Sequence[Frame]) -> None:
            nonlocal told
            for frame in frames:
                if frame.kind is RecordKind.KPI:
                    continue
                for given in brain.process(frame):
                    for piece in pieces(given, by_window=True):
                        post.waiting.append(piece.stamped("brain/law", life, told))
                        told += 1

        keeper = memory if cut is None else Doomed(memory, cut.at, cut.after)
        door = Door(RunClock(Machine(self.now_ns)))
        config = IngestConfig(reorder_frames=self.reorder, batch_frames=2 * TOGETHER)
        ingest = post.ingest = Ingest(post, self.store, [think], config, keeper=keeper, door=door)
        think(state.figures)
        for figure in state.figures:
            post.waiting.append(figure.stamped("brain/law", life, told))
            told += 1
        await ingest.restore(state.receptions, memory.events(state.journal))
        if cut is not None and cut.saved:
            held = [frame for frame in post.waiting if frame.publisher == "brain/law"]
            memory.write(memory.save(brain, ingest.receptions, held))
        try:
            await ingest.run()
        finally:
            memory.close()
        return brain
