"""Raw history of telemetry for OPC UA clients, read from the platform's store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from asyncua import ua
from asyncua.server.history import HistoryManager

from brokers.naming import node_path
from brokers.opcua.gate import Change
from brokers.opcua.space import HISTORY
from brokers.opcua.values import data_value, nanoseconds
from twin.equipment import EquipmentPath
from twin.ports import History
from twin.records import BAD, GOOD

CHUNK_NS = 3_600_000_000_000
LONGEST_NS = 64 * CHUNK_NS
RAW = 1_000_000
"""Points of a part up to which the store does not thin: raw up to 4 values a second."""
YEARS_NS = 10 * 365 * 24 * CHUNK_NS
MICROSECOND_NS = 1000


class Histories(HistoryManager):  # type: ignore[misc]
    """asyncua's reading of history, which says of a variable without one that it has none."""

    async def _read_history(self, details: Any, rv: ua.HistoryReadValueId) -> ua.HistoryReadResult:
        access = self.iserver.aspace.read_attribute_value(rv.NodeId, ua.AttributeIds.AccessLevel)
        if access.Value is not None and access.Value.Value is not None and access.Value.Value & HISTORY:
            return await super()._read_history(details, rv)
        known = access.StatusCode.value != ua.StatusCodes.BadNodeIdUnknown
        status = ua.StatusCodes.BadHistoryOperationUnsupported if known else ua.StatusCodes.BadNodeIdUnknown
        return ua.HistoryReadResult(StatusCode=ua.StatusCode(status))


class StoredHistory:
    """asyncua's ``HistoryStorageInterface`` over our own store; nothing is saved here, the store has it.

    Args:
        history: The store.
        namespace: Index of the plant's namespace.
        now: Time of the machine in ns.
        limit: Most values in one answer; the client continues from there.
    """

    def __init__(self, history: History, namespace: int, now: Callable[[], int], limit: int = 10_000):
        self.now = now
        self.max_history_data_response_size = limit
        self.history = history
        self.namespace = namespace

    async def init(self) -> None:
        """Nothing to prepare."""

    async def stop(self) -> None:
        """Nothing to let go."""

    async def new_historized_node(self, node_id: ua.NodeId, period: timedelta | None, count: int = 0) -> None:
        """Nothing to prepare."""

    async def save_node_value(self, node_id: ua.NodeId, datavalue: ua.DataValue) -> None:
        """Nothing to save: the records reach the store on their own way."""

    async def new_historized_event(
        self, source_id: ua.NodeId, evtypes: list[Any], period: timedelta | None, count: int = 0
    ) -> None:
        """Events have no history."""

    async def save_event(self, event: Any) -> None:
        """Events have no history."""

    async def read_event_history(
        self,
        source_id: ua.NodeId,  # noqa: ARG002
        start: Any,  # noqa: ARG002
        end: Any,  # noqa: ARG002
        nb_values: int,  # noqa: ARG002
        evfilter: Any,  # noqa: ARG002
    ) -> tuple[list[Any], datetime | None]:
        """Events have no history."""
        return [], None

    async def read_node_history(
        self, node_id: ua.NodeId, start: datetime | None, end: datetime | None, nb_values: int
    ) -> tuple[list[ua.DataValue], datetime | None]:
        """Raw values between two times, both included; backwards when start is missing or after end.

        Returns:
            The values and the time to continue from, None when these were all.
        """
        if node_id.NamespaceIndex != self.namespace or not isinstance(node_id.Identifier, str):
            return [], None
        span = ReadSpan.of(start, end, self.now())
        path, tag = node_path(node_id.Identifier)
        wanted = min(nb_values or self.max_history_data_response_size, self.max_history_data_response_size)
        found: list[ua.DataValue] = []
        async for value in self._read(path, tag or "", span):
            found.append(value)
            if len(found) > wanted:
                break
        cut = len(found) > wanted and wanted != nb_values
        return found[:wanted], found[wanted].SourceTimestamp if cut else None

    async def _read(self, path: EquipmentPath, tag: str, span: ReadSpan) -> AsyncIterator[ua.DataValue]:
        step, done = CHUNK_NS, 0
        while done < span.length:
            low, high = span.part(done, step)
            times, values = await self.history.series(path, tag, low, high, RAW)
            order = slice(None, None, -1) if span.backwards else slice(None)
            for time_ns, value in zip(times[order].tolist(), values[order].tolist(), strict=True):
                yield _value(time_ns, value, self.now())
            done += step
            step = CHUNK_NS if len(times) else min(2 * step, LONGEST_NS)


class ReadSpan(NamedTuple):
    """A span of time to read, half-open, and in which direction."""

    low: int
    high: int
    backwards: bool

    @classmethod
    def of(cls, start: datetime | None, end: datetime | None, now_ns: int) -> ReadSpan:
        """The span of a request; a side that is missing is ten years away from now."""
        first, last = _edge(start), _edge(end)
        backwards = first is None or (last is not None and first > last)
        early, late = (last, first) if first is not None and backwards else (first, last)
        far = (now_ns - YEARS_NS, now_ns + YEARS_NS)
        low = max(far[0], far[0] if early is None else early)
        high = min(far[1], far[1] if late is None else late + MICROSECOND_NS)
        return cls(low, high, backwards)

    @property
    def length(self) -> int:
        """Length in ns, negative when there is nothing in it."""
        return self.high - self.low

    def part(self, done: int, step: int) -> tuple[int, int]:
        """The next part in reading order: its ends in time order.

        >>> ReadSpan(0, 10, False).part(4, 4), ReadSpan(0, 10, True).part(8, 4)
        ((4, 8), (0, 2))
        """
        if self.backwards:
            return max(self.low, self.high - done - step), self.high - done
        return self.low + done, min(self.high, self.low + done + step)


def _edge(time: datetime | None) -> int | None:
    return None if time is None or time <= ua.get_win_epoch() else nanoseconds(time)


def _value(time_ns: int, value: float, now_ns: int) -> ua.DataValue:
    quality = int(GOOD if np.isfinite(value) else BAD)
    return data_value(Change(value, time_ns, quality), ua.VariantType.Double, now_ns)
