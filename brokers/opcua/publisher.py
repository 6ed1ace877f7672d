"""The plant's records as OPC UA: a rate-limited bridge from the record stream to a server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from asyncua import Server

from brokers.opcua.capabilities import tell_capabilities
from brokers.opcua.config import Doors, OpcUaServerConfig
from brokers.opcua.events import Budget, EventSender
from brokers.opcua.figures import Figures
from brokers.opcua.gate import Change, Gate
from brokers.opcua.history import Histories, StoredHistory
from brokers.opcua.lives import HEALTHY, Lives, SilenceWatch
from brokers.opcua.machinery import Machinery
from brokers.opcua.methods import Methods
from brokers.opcua.model import NAMESPACE, ModelOptions, NodeModel, kpi_tag, stock_tag
from brokers.opcua.packml import PackMl
from brokers.opcua.remembered import HeldAlarm, RememberedConditions
from brokers.opcua.server import listen, make_server, stop, watched, with_port
from brokers.opcua.space import Space
from brokers.opcua.status import Status
from brokers.opcua.telemetry import TelemetryWriter
from brokers.opcua.values import data_value, fits
from twin.equipment import EquipmentPath
from twin.errors import ConnectorError
from twin.master import read_master
from twin.records import BAD, GOOD, UNCERTAIN, Frame, RecordKind
from twin.states import STATES, UnitState

Handler = Callable[[EquipmentPath, int, tuple[Any, ...]], Awaitable[None]]

LOG = logging.getLogger(__name__)
LASTING = (RecordKind.TELEMETRY, RecordKind.STATE)
"""Kinds whose last row holds until the next one, per path."""
KPI_QUALITY = {"good": int(GOOD), "estimated": int(UNCERTAIN), "partial": int(UNCERTAIN), "bad": int(BAD)}
"""Quality of a KPI that is complete, or covers only a part of its window."""


class OpcUaPublisher:
    """An OPC UA server that is fed with frames; implements ``twin.ports.Publisher``.

    Current values are what it serves: newer values replace waiting ones, so it never holds the
    stream up and needs no queue.

    Args:
        config: Settings.
        doors: What the server is connected with besides the records.
    """

    def __init__(self, config: OpcUaServerConfig, doors: Doors | None = None):
        self.config = config
        self.doors = doors or Doors()
        self.ready = asyncio.Event()
        """Set once clients can connect."""
        self.gate = Gate(round(config.min_interval_s * 1e9))
        self._handlers: dict[RecordKind, Handler] = {
            RecordKind.META: self._meta,
            RecordKind.STATE: self._state,
            RecordKind.ALARM: self._alarm,
            RecordKind.STOCK: self._stock,
            RecordKind.KPI: self._kpi,
        }
        self.lives = Lives(round(config.gap_s * 1e9), round(config.gone_s * 1e9))
        self.linked: Callable[[], bool] = lambda: True
        """Whether records can come; set by who brings them."""
        self._watch = SilenceWatch(self.lives, self.gate.lose, lambda: self.linked())
        self._level = HEALTHY
        self._figures = Figures()
        self._newest: dict[tuple[RecordKind, EquipmentPath], int] = {}
        self._taking = asyncio.Lock()
        self._source = 0
        self._stated: set[EquipmentPath] = set()
        self._unknown = 0
        self._mismatched = 0
        self._skipped = 0
        self._malformed = 0
        self._writer: asyncio.Task[None] | None = None
        self._server: Server | None = None

    @property
    def url(self) -> str:
        """Endpoint URL."""
        return self.config.url

    async def open(self) -> None:
        """Build the server and listen.

        Raises:
            FatalError: The state folder or the address cannot be used, or a NodeSet does not load.
        """
        self.config = with_port(self.config)
        server = await make_server(self.config)
        self._server = server
        index = await server.register_namespace(NAMESPACE)  # first, so that models do not change it
        self.machinery = await Machinery.load(server, self.config.nodesets)
        self.packml = await PackMl.of(server)
        space = Space(server, index, self.config.max_nodes)
        await self._open_model(space)
        stored = None if self.doors.history is None else StoredHistory(self.doors.history, self._now)
        server.iserver.history_manager = Histories(server.iserver, stored)
        await tell_capabilities(server, history=stored is not None)
        await listen(server, self.config)
        self._writer = asyncio.create_task(self._write_forever(), name="opcua-writer")
        self.remembered.begin()
        self.ready.set()

    async def _open_model(self, space: Space) -> None:
        options = ModelOptions(self.config.min_interval_s * 1000, self.doors.history is not None)
        self.model = NodeModel(space, self.gate, options, self._now, self.lives)
        await self.model.open()
        self._telemetry = TelemetryWriter(self.model.telemetry, self.gate)
        self.events = EventSender(self.model, Budget(self.config.max_events_per_s))
        await self.events.open()
        self.remembered = RememberedConditions(self.events.conditions, self.config.conditions)
        self.remembered.recall()
        self.methods = Methods(self.model, self.doors.commands, self.events.command)

    async def hold(self, alarms: Iterable[HeldAlarm]) -> None:
        """Take what came or went of alarms while no server lived."""
        async with self._taking:
            await self.remembered.hold(alarms)

    def _now(self) -> int:
        return self.doors.clock.now_ns()

    def split(self, frame: Frame) -> Sequence[Frame]:
        """A frame goes in as it is."""
        return (frame,)

    async def publish(self, frame: Frame) -> None:
        """Take a frame; a late row becomes current only if nothing later is known. Master data always count."""
        async with self._taking:
            if frame.kind is not RecordKind.META and len(frame):
                self._hear(frame.publisher or frame.paths[0], kept=frame.historical and frame.seq < 0)
                frame = self._current(frame)
            if frame.kind is RecordKind.TELEMETRY:
                self.lives.assign(self._telemetry.offer(frame), self._source)
                self._guess_states(frame)
            elif (handler := self._handlers.get(frame.kind)) is not None:
                for row, path in enumerate(frame.paths):
                    await self._take(handler, path, int(frame.time_ns[row]), tuple(frame.values[row]))
                if frame.kind is RecordKind.KPI:
                    self._drop_ended(dict.fromkeys(frame.paths))

    def _hear(self, name: str, kept: bool) -> None:
        """A source has said something, or a broker what it has kept of it."""
        if kept:
            self._source = self.lives.know(name, self._now())
            return
        known = self.lives.heard(name)
        self._source, was_lost = self.lives.hear(name, self._now())
        if was_lost:
            if known:
                LOG.warning("OPC UA: %s is heard again", name)
            self.gate.restore(self.lives.slots(self._source))

    def _current(self, frame: Frame) -> Frame:
        """The frame, of one that is sent again only the rows after which nothing else was said."""
        if frame.historical:
            kept = [row for row, key in enumerate(self._keys(frame)) if frame.time_ns[row] > self._newest.get(key, -1)]
            kept = kept if frame.kind in LASTING else []
            self._skipped += not kept
            frame = frame.take(kept)
        if frame.kind in LASTING:
            for key, time_ns in zip(self._keys(frame), frame.time_ns.tolist(), strict=True):
                if self.model.is_unit(key[1]):
                    self._newest[key] = max(time_ns, self._newest.get(key, -1))
        return frame

    @staticmethod
    def _keys(frame: Frame) -> list[tuple[RecordKind, EquipmentPath]]:
        return [(frame.kind, path) for path in frame.paths]

    async def _take(self, handler: Handler, path: EquipmentPath, time_ns: int, values: tuple[Any, ...]) -> None:
        try:
            await handler(path, time_ns, values)
        except (ValueError, KeyError, TypeError, ConnectorError) as error:
            self._malformed += 1
            LOG.debug("OPC UA: %s: %r is not a record to show: %s", path, values, error)

    async def observe(self, frames: Sequence[Frame]) -> None:
        """Take frames that were stored: an observer of the ingest."""
        for frame in frames:
            await self.publish(frame)

    async def _meta(self, path: EquipmentPath, _time_ns: int, values: tuple[Any, ...]) -> None:
        schema, body = values
        master = read_master(schema, body)
        if master is None:
            return
        self._telemetry.forget()
        await self.model.learn(path, master)
        for unit in self.model.new_units:
            self.methods.link(unit)
            await self.machinery.add(self.model, unit)
            await self.packml.add(self.model, unit)
        self.model.new_units.clear()
        await asyncio.sleep(0)

    async def _state(self, path: EquipmentPath, time_ns: int, values: tuple[Any, ...]) -> None:
        name, order, cause = values
        if not self.model.is_unit(path):
            self._unknown += 1
            return
        state = UnitState[name]
        self._stated.add(path)
        self._tell_state(path, state, time_ns)
        self._offer(self.model.slots[path, "order"], order, time_ns)
        self._offer(self.model.slots[path, "cause"], cause, time_ns)
        await self.events.state(path, time_ns, (name, order, cause))

    def _tell_state(self, path: EquipmentPath, state: UnitState, time_ns: int) -> None:
        row = STATES[state]
        said = {"state": state.name, "state_code": int(state), "packml_state": row.packml}
        for tag, value in {**said, **self.machinery.states(row), **self.packml.states(row)}.items():
            self._offer(self.model.slots.get((path, tag)), value, time_ns)

    def _guess_states(self, frame: Frame) -> None:
        """Before a unit's first STATE record, its state is that of its telemetry; order and cause stay unknown."""
        if len(self._stated) < self.model.units:
            for path, time_ns, state in self._telemetry.codes(frame):
                if path not in self._stated:
                    self._tell_state(path, state, time_ns)

    async def _alarm(self, path: EquipmentPath, time_ns: int, values: tuple[Any, ...]) -> None:
        if self.model.is_unit(path):
            code, severity, active, text = values
            await self.events.alarm(path, time_ns, (str(code), severity, int(active), str(text or "")))
        else:
            self._unknown += 1

    async def _stock(self, path: EquipmentPath, time_ns: int, values: tuple[Any, ...]) -> None:
        item, on_hand = values
        slot = await self.model.number(path, "stock", stock_tag(str(item)))
        self._offer(slot, None if on_hand is None else float(on_hand), time_ns)

    async def _kpi(self, path: EquipmentPath, time_ns: int, values: tuple[Any, ...]) -> None:
        kpi, _, window, t0_ns, value, _, _, _, quality, *_ = values
        if window not in self.config.kpi_windows:
            return
        slot = await self.model.number(path, "kpi", kpi_tag(kpi, window))
        known = None if value is None else float(value)
        change = Change(known, time_ns, KPI_QUALITY.get(quality, int(UNCERTAIN)))
        self._offer(slot, *change)
        self._figures.take((path, kpi, window), (int(t0_ns), time_ns), slot, change)

    def _drop_ended(self, paths: Iterable[EquipmentPath]) -> None:
        """Figures that are no longer said, though others of their path are, are the last usable ones."""
        for path in paths:
            for slot, change in self._figures.ended(path):
                self._offer(slot, *change)

    def _offer(self, slot: int | None, value: Any, time_ns: int, quality: int = 0) -> None:
        if slot is None:
            self._unknown += 1
            return
        variant = self.model.variables[slot].variant
        self.lives.assign([slot], self._source)
        self._mismatched += value is not None and not fits(value, variant)
        self.gate.offer_one(slot, Change(value, time_ns, quality))
        life = self.lives.all[self._source]
        if life.quality != GOOD:
            self.gate.lose([slot], life.quality)

    async def _write_forever(self) -> None:
        turn_ns, due_ns = round(self.config.turn_s * 1e9), self._now()
        while True:
            try:
                await self.turn()
            except Exception:
                LOG.exception("OPC UA: a turn of the writer failed")
            now_ns = self._now()
            # the period counts from turn to turn, whatever the work takes; turns that were missed are not made up for
            due_ns = due_ns + turn_ns if 0 <= now_ns - due_ns <= 2 * turn_ns else now_ns
            await self.doors.clock.sleep(max(0.0, (due_ns - now_ns) * 1e-9))

    async def _judge(self, now_ns: int) -> None:
        lost = set(self._watch.look(now_ns))
        if lost:  # until a STATE record comes, a unit's telemetry tells whether it is still in the state it was
            self._stated = {path for path in self._stated if self.model.slots.get((path, "state")) not in lost}
        if self.lives.level != self._level:
            self._level = self.lives.level
            await self.model.space.tell_service(self._level)

    async def turn(self) -> int:
        """Write what may be written now, at most ``writes_per_turn`` values; gives their number."""
        now_ns = self._now()
        await self._judge(now_ns)
        batch = self.gate.take(now_ns, self.config.writes_per_turn)
        for slot, change in batch:
            variable = self.model.variables[slot]
            await self.model.space.write(variable.node, data_value(change, variable.variant, now_ns))
        return len(batch)

    def status(self) -> Status:
        """What the bridge has done so far."""
        connections, subscriptions = (0, 0) if self._server is None else watched(self._server)
        return Status(
            values=self.gate.counts,
            waiting=self.gate.waiting,
            variables=len(self.gate),
            nodes=self.model.space.count,
            refused_nodes=self.model.space.refused,
            unknown=self._unknown + self._telemetry.unknown,
            mismatched=self._mismatched,
            skipped=self._skipped,
            malformed=self._malformed,
            events=self.events.budget.sent,
            events_dropped=self.events.budget.dropped,
            sources=len(self.lives.all),
            silent=self.lives.silent,
            service_level=self._level,
            stale=self.gate.lost,
            lag_s=round(self.gate.lag_ns * 1e-9, 1),
            connections=connections,
            subscriptions=subscriptions,
            calls=self.methods.called,
            calls_refused=self.methods.refused,
        )

    async def close(self) -> None:
        """Disconnect all clients and stop listening."""
        if self._writer is not None:
            self._writer.cancel()
            with suppress(asyncio.CancelledError):
                await self._writer
            self._writer = None
        if self._server is not None:
            await stop(self._server)
            self._server = None
        if self.ready.is_set():
            await self.remembered.end()
