"""From a plant, fresh or running, to cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

from twin.behaviours.failure import FailureMode
from twin.behaviours.life import CALENDAR
from twin.behaviours.processor import Processor
from twin.behaviours.setup import Setups
from twin.behaviours.workplace import Slot
from twin.compiled import layout as at
from twin.compiled.memory import Memory
from twin.compiled.names import ideal_times
from twin.compiled.parts import PartNumbers
from twin.compiled.tape import Tapes
from twin.engine.station import Station
from twin.stations.assembly import Assembly
from twin.stations.buffer import Buffer
from twin.stations.inspection import Inspection
from twin.stations.machine import Machine
from twin.stations.sink import Sink
from twin.stations.source import Source
from twin.stations.transport import Transport
from twin.streams import Stream

KIND: Mapping[type[Station], int] = {
    Source: at.SOURCE,
    Machine: at.MACHINE,
    Assembly: at.ASSEMBLY,
    Inspection: at.INSPECTION,
    Buffer: at.BUFFER,
    Transport: at.TRANSPORT,
    Sink: at.SINK,
}
SMALLEST_QUEUE, LARGEST_QUEUE = 8, 1024
"""Places of the ring of a queue at first, whatever its capacity."""


class Units:
    """Lays the stations of a plant out.

    Args:
        memory: Where.
        tapes: Takes their random streams.
        stations: The stations.
        parts: Numbers of the parts.
        causes: Numbers of the causes of being down.
    """

    def __init__(
        self, memory: Memory, tapes: Tapes, stations: Iterable[Station], parts: PartNumbers, causes: dict[str, int]
    ):
        self.memory, self.tapes, self.parts, self.causes = memory, tapes, parts, causes
        self.address: dict[int, int] = {}
        """Address of a station, slot or failure mode by its identity."""
        self.stations = tuple(stations)
        for station in self.stations:
            self.address[id(station)] = memory.allot(at.STATION)
        self.no_operation = memory.allot(at.OPERATION_CELLS)
        memory.m[self.no_operation + at.OPERATION_PART] = -1
        for station in self.stations:
            self._station(station)

    def _set(self, address: int, **values: int) -> None:
        for name, value in values.items():
            self.memory.m[address + getattr(at, name)] = value

    def _list(self, stations: Iterable[Station]) -> int:
        return self.memory.list_of(self.address[id(one)] for one in stations)

    def _stream(self, stream: Stream | None) -> int:
        return 0 if stream is None else self.tapes.add(self.memory, stream)

    # --- every station --------------------------------------------------------------------------

    def _station(self, s: Station) -> None:
        a, memory = self.address[id(s)], self.memory
        self._set(
            a, KIND=KIND[type(s)], UNIT=s.setting.unit, CODE=s.code, HELD=s.held, CLOSED=int(s.closed),
            HOLDS_ON=s.holds_on, TURN_IN=s.turn_in, TURN_OUT=s.turn_out, PARTS=s.parts, SCRAPPED=s.scrapped,
            REWORKED=s.reworked, SUCCESSORS=self._list(s.successors), SUCCESSOR_COUNT=len(s.successors),
            PREDECESSORS=self._list(s.predecessors), PREDECESSOR_COUNT=len(s.predecessors),
            NEXT=0 if s.next is None else self.address[id(s.next)],
            FEED=0 if s.feed is None else self.address[id(s.feed)],
        )  # fmt: skip
        memory.reals(a + at.SINCE, (s.since, s.slow, s.life, s.fail_at, s.armed))
        memory.reals(a + at.TOTALS, s.totals)
        memory.reals(a + at.POWER, s.power)
        memory.reals(a + at.EMPTY, (inf, -1.0))
        self._causes(a, s)
        if s.records_parts:
            self._output(a, s)
        if isinstance(s, Processor):
            self._processor(a, s)
        elif isinstance(s, Sink):
            self._set(a, READY=int(s.ready), TIMES=self._stream(s.demand))
        elif isinstance(s, Transport):
            self._set(a, TIMES=self._stream(s.times), PLACES=s.places)
            memory.reals(a + at.LAST, (s.last, s.expected))
            self._queue(a, [(due, self.parts[part]) for due, part in s.queue], s.places)
        elif isinstance(s, Buffer):
            self._set(a, PLACES=s.places)
            self._queue(a, [(0.0, self.parts[part]) for part in s.queue], s.places)

    def _output(self, a: int, s: Station) -> None:
        cells, parts = self.memory.allot(3 * self.parts.count), self.parts
        self._set(a, OUTPUT=cells)
        for item, ideal_s in ideal_times(s, parts).items():
            first = cells + 3 * parts.reworks * parts.items.index(item)
            self.memory.x[first : first + 3 * parts.reworks : 3] = ideal_s
        done_s = s.done_s if s.journal.trace else s.producing_s(s.kernel.now)
        self.memory.reals(a + at.DONE_S, (done_s, inf))

    def _causes(self, a: int, s: Station) -> None:
        memory, room = self.memory, len(self.causes) + len(s.modes) + 2
        causes, slowed = memory.allot(room), memory.allot(room)
        for k, (_, cause) in enumerate(s.causes):
            memory.m[causes + k] = self.causes[cause]
        for k, (cause, factor) in enumerate(s.slowed.items()):
            memory.m[slowed + k], memory.x[slowed + k] = self.causes[cause], factor
        self._set(a, CAUSES=causes, CAUSE_COUNT=len(s.causes), SLOWED=slowed, SLOWED_COUNT=len(s.slowed))
        self._set(a, DOWN_BY=memory.allot(len(self.causes) + 1))

    def _queue(self, a: int, held: list[tuple[float, int]], places: int) -> None:
        room = SMALLEST_QUEUE
        while room < max(len(held), min(places, LARGEST_QUEUE)):
            room *= 2
        ring = self.memory.allot(room)
        for k, (due, part) in enumerate(held):
            self.memory.m[ring + k], self.memory.x[ring + k] = part, due
        self._set(a, QUEUE=ring, QUEUE_MASK=room - 1, LEVEL=len(held))

    # --- stations with slots --------------------------------------------------------------------

    def _processor(self, a: int, s: Processor) -> None:
        number = len(s.slots)
        operations = self._operations(s)
        slots = self.memory.allot(number * at.SLOT)
        for k, slot in enumerate(s.slots):
            self._slot(slots + k * at.SLOT, a, slot, operations)
        for stage in s.stages:
            assert isinstance(stage, Setups)  # noqa: S101 - others are not supported
            self._setups(a, stage, slots)
        self._set(
            a, WORKING_COUNT=s.working, PREPARING_COUNT=s.preparing, SLOTS=slots, SLOT_COUNT=number,
            OPERATIONS=operations,
            IDLE_SLOTS=self._slots(s.idle, number), IDLE_COUNT=len(s.idle),
            BLOCKED_SLOTS=self._slots(s.blocked, number), BLOCKED_COUNT=len(s.blocked),
            COPY=self.memory.allot(number), JUDGES=int(s.quality is not None), QUALITY=self._stream(s.quality),
        )  # fmt: skip
        scrap = getattr(s.setting.config, "scrap", 0.0)
        self.memory.reals(a + at.SCRAP, (scrap, scrap))
        self._modes(a, s)
        if isinstance(s, Source):
            self._source(a, s)
        elif isinstance(s, Assembly):
            self._assembly(a, s)
        elif isinstance(s, Inspection):
            config: Any = s.setting.config
            self.memory.reals(a + at.SCRAP, (scrap, scrap + config.rework))
            self._set(a, REWORK_MOST=config.rework_max)
            if s.rework_takers:
                self._set(a, REWORK_TAKER=self.address[id(s.rework_takers[0])])

    def _slots(self, slots: Iterable[Slot], room: int) -> int:
        kept = self.memory.allot(room)
        for k, slot in enumerate(slots):
            self.memory.m[kept + k] = self.address[id(slot)]
        return kept

    def _slot(self, a: int, owner: int, slot: Slot, operations: int) -> None:
        m = self.memory.m
        self.address[id(slot)] = a
        part = slot.operation.part
        operation = self.no_operation if part.item == "" else m[operations + self.parts[part]]
        self._set(
            a, OWNER=owner, PHASE=slot.phase, OPERATION=operation,
            LAST_ITEM=-1, OUT=-1 if slot.out is None else self.parts[slot.out],
            TAKERS=at.TO_SUCCESSORS if slot.takers is slot.station.successors else at.TO_REWORK,
        )  # fmt: skip
        self.memory.reals(a + at.DUE, (slot.due, slot.left))

    def _operations(self, s: Processor) -> int:
        """Address of the list of what is done with each part."""
        operations = self.memory.allot(self.parts.count)
        config: Any = s.setting.config
        cycles = getattr(config, "cycles", {})
        made = {stream.purpose: stream for stream in s.streams}
        streams: dict[str, int] = {}
        for part, number in self.parts.coming(s):
            law = s.law(part.item)
            if law is None:
                continue
            purpose = f"cycle:{part.item}" if part.item in cycles else "cycle"
            if purpose not in streams:
                stream = made.get(purpose) or s.new_stream(purpose, law)
                streams[purpose] = self.tapes.add(self.memory, stream)
            operation = self.memory.list_of((number, self.parts[s.made_of(part)], streams[purpose]))
            self.memory.m[operations + number] = operation
        return operations

    def _setups(self, a: int, setups: Setups, slots: int) -> None:
        items = self.parts.items
        usual = self._stream(setups.usual)
        table = self.memory.list_of([usual] * len(items) ** 2)
        for change, stream in setups.by_change.items():
            last, _, item = change.partition(">")
            if last in items and item in items:
                place = items.index(last) * len(items) + items.index(item)
                self.memory.m[table + place] = self._stream(stream)
        for k, known in enumerate(setups.last):
            if known is not None:
                self.memory.m[slots + k * at.SLOT + at.LAST_ITEM] = items.index(known)
        self._set(a, SETUPS=table)

    def _modes(self, a: int, s: Processor) -> None:
        first = self.memory.allot(len(s.modes) * at.MODE)
        self._set(a, MODES=first, MODE_COUNT=len(s.modes))
        for k, mode in enumerate(s.modes):
            self._mode(first + k * at.MODE, a, mode)

    def _mode(self, a: int, station: int, mode: FailureMode) -> None:
        self.address[id(mode.life)] = self.address[id(mode.task)] = a
        life = mode.life
        assert life.law is not None  # noqa: S101 - lives of failure modes have one
        self._set(
            a, MODE_STATION=station, CALENDAR_BASED=int(life.basis == CALENDAR), ACTIVE=int(mode.active),
            KEPT=int(life.left is not None), AFTER=self.tapes.add(self.memory, life.law),
            REPAIR=self.tapes.add(self.memory, mode.repair), MODE_CAUSE=self.causes[mode.id],
        )  # fmt: skip
        self.memory.reals(a + at.UNTIL, (life.until, life.left or 0.0))

    def _source(self, a: int, s: Source) -> None:
        parts = self.memory.list_of(self.parts[part] for part in s.round)
        limit = -1 if s.limit is None else s.limit
        self._set(a, ROUND=parts, ROUND_SIZE=len(s.round), BEGUN=s.begun, LIMIT=limit)
        self._set(a, INTERVAL=int(s.interval is not None))

    def _assembly(self, a: int, s: Assembly) -> None:
        product, needs = s.boms[0]
        bom = self.memory.allot(len(needs) * at.COMPONENT)
        for k, (item, needed) in enumerate(needs):
            row = (self.parts.items.index(item), needed, s.loose[item], s.room[item])
            self.memory.m[bom + k * at.COMPONENT : bom + (k + 1) * at.COMPONENT] = row
        self._set(a, BOM=bom, BOM_SIZE=len(needs), PRODUCT=self.parts[product])
