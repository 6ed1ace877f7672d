"""Raw history of telemetry for OPC UA clients, read from the platform's store."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from asyncua import ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.server.history import HistoryManager

from brokers.naming import node_path
from brokers.opcua.config import StoredSeries
from brokers.opcua.gate import Change
from brokers.opcua.ranges import ranged
from brokers.opcua.space import HISTORY
from brokers.opcua.values import data_value, moment, nanoseconds
from twin.equipment import EquipmentPath
from twin.errors import ConnectorError
from twin.records import BAD, GOOD

LOG = logging.getLogger(__name__)
CHUNK_NS = 3_600_000_000_000
MOST_VALUES = 10_000
"""Values in one answer; the client goes on from there."""
RAW = 1_000_000
"""Points of a chunk up to which the store does not thin: raw up to 4 values a second."""
FEW = 10
"""Points of a longer part, which only tell whether there is something in it."""
YEARS_NS = 10 * 365 * 24 * CHUNK_NS
MICROSECOND_NS = 1000


UNSUPPORTED = ua.StatusCode(ua.StatusCodes.BadHistoryOperationUnsupported)
INVALID = ua.StatusCode(ua.StatusCodes.BadHistoryOperationInvalid)
AWAY = ua.StatusCode(ua.StatusCodes.BadResourceUnavailable)
WRONG_POINT = ua.StatusCode(ua.StatusCodes.BadContinuationPointInvalid)
NOTHING = ua.StatusCode(ua.StatusCodes.GoodNoData)
NO_BOUND = ua.StatusCode(ua.StatusCodes.BadBoundNotFound)
NEITHER = ua.TimestampsToReturn.Neither
POINT_BYTES = 8
"""Length of a continuation point: the time from which to go on."""


class Histories(HistoryManager):  # type: ignore[misc]
    """asyncua's service of history, with answers after Part 11 where it has none, or says nothing.

    Args:
        iserver: asyncua's server.
        stored: What can be read; None: nothing has history.
    """

    def __init__(self, iserver: Any, stored: StoredHistory | None = None):
        super().__init__(iserver)
        self._stored = stored

    async def read_history(self, params: ua.HistoryReadParameters) -> list[ua.HistoryReadResult]:
        """Answer each node; points that are given back need nothing, the server keeps none.

        Raises:
            ServiceError: No timestamps are asked for.
        """
        if params.ReleaseContinuationPoints:
            return [ua.HistoryReadResult() for _ in params.NodesToRead]
        if params.TimestampsToReturn == NEITHER:
            raise ServiceError(ua.StatusCodes.BadTimestampsToReturnInvalid)
        return [await self._answer(params.HistoryReadDetails, one) for one in params.NodesToRead]

    async def _answer(self, details: Any, one: ua.HistoryReadValueId) -> ua.HistoryReadResult:
        refused = self._refused(details, one)
        if refused is not None:
            return ua.HistoryReadResult(StatusCode=refused)
        assert self._stored is not None  # noqa: S101 - said by the access level of the node
        try:
            return await self._stored.answer(details, one)
        except ConnectorError as error:
            LOG.warning("OPC UA: history of %s cannot be read: %s", one.NodeId.to_string(), error)
            return ua.HistoryReadResult(StatusCode=AWAY)

    def _refused(self, details: Any, one: ua.HistoryReadValueId) -> ua.StatusCode | None:
        access = self.iserver.aspace.read_attribute_value(one.NodeId, ua.AttributeIds.AccessLevel)
        if access.StatusCode.value == ua.StatusCodes.BadNodeIdUnknown:
            return access.StatusCode
        readable = access.Value is not None and access.Value.Value is not None and access.Value.Value & HISTORY
        raw = isinstance(details, ua.ReadRawModifiedDetails) and not details.IsReadModified
        if not readable or not raw or self._stored is None:
            return UNSUPPORTED
        if one.ContinuationPoint and len(one.ContinuationPoint) != POINT_BYTES:
            return WRONG_POINT
        if [_edge(details.StartTime), _edge(details.EndTime), details.NumValuesPerNode or None].count(None) > 1:
            return INVALID
        cut: ua.StatusCode = ranged(SCALAR, one.IndexRange).StatusCode
        return cut if cut.is_bad() else None


SCALAR = ua.DataValue(ua.Variant(0.0, ua.VariantType.Double))
"""What each value of a history is, for a range that is asked of it."""


class StoredHistory:
    """Raw history of telemetry, read from our own store.

    Args:
        history: The store.
        now: Time of the machine in ns.
        limit: Most values in one answer; the client continues from there.
    """

    def __init__(self, history: StoredSeries, now: Callable[[], int], limit: int = MOST_VALUES):
        self.now = now
        self.history = history
        self.limit = limit

    async def answer(self, details: ua.ReadRawModifiedDetails, one: ua.HistoryReadValueId) -> ua.HistoryReadResult:
        """Raw values between two times, both included; backwards when start is missing or after end.

        Where both are given and there are more values than asked for, the client may go on from the point it gets.

        Raises:
            ConnectorError: The store cannot be read.
        """
        path, tag = node_path(str(one.NodeId.Identifier))
        whole = ReadSpan.of(details.StartTime, details.EndTime, self.now())
        span = whole.since(nanoseconds(_point(one.ContinuationPoint))) if one.ContinuationPoint else whole
        both = _edge(details.StartTime) is not None and _edge(details.EndTime) is not None
        asked = details.NumValuesPerNode or self.limit
        wanted = min(asked, self.limit)
        found: list[ua.DataValue] = []
        async for value in self._read(path, tag or "", span):
            found.append(value)
            if len(found) > wanted:
                break
        if details.ReturnBounds and span == whole and not _lies_at(found[:1], whole.first):
            found[:0] = await self._bound(path, tag or "", whole.beyond(self.now(), ahead=False), whole.first)
        if details.ReturnBounds and both and len(found) <= wanted and not _lies_at(found[-1:], whole.last):
            found += await self._bound(path, tag or "", whole.beyond(self.now(), ahead=True), whole.last)
        goes_on = len(found) > wanted and (both or asked > self.limit)
        return _result(found[:wanted], found[wanted].SourceTimestamp if goes_on else None)

    async def _bound(self, path: EquipmentPath, tag: str, span: ReadSpan, time_ns: int) -> list[ua.DataValue]:
        """The first value of a span that lies beyond a bound, or that there is none."""
        async for value in self._read(path, tag, span):
            return [value]
        none = ua.Variant(None, ua.VariantType.Null)
        return [ua.DataValue(none, NO_BOUND, SourceTimestamp=moment(time_ns), ServerTimestamp=moment(self.now()))]

    async def _read(self, path: EquipmentPath, tag: str, span: ReadSpan) -> AsyncIterator[ua.DataValue]:
        step, done = CHUNK_NS, 0
        while done < span.length:
            low, high = span.part(done, step)
            times, values = await self.history.series(path, tag, low, high, RAW if step == CHUNK_NS else FEW)
            if len(times) and step > CHUNK_NS:
                step //= 2  # where in it are they?
                continue
            order = slice(None, None, -1) if span.backwards else slice(None)
            for time_ns, value in zip(times[order].tolist(), values[order].tolist(), strict=True):
                yield _value(time_ns, value, self.now())
            done += step
            step = CHUNK_NS if len(times) else 2 * step


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

    @property
    def first(self) -> int:
        """Time at which reading begins."""
        return self.high - MICROSECOND_NS if self.backwards else self.low

    @property
    def last(self) -> int:
        """Time at which it ends."""
        return self.low if self.backwards else self.high - MICROSECOND_NS

    def since(self, time_ns: int) -> ReadSpan:
        """What is left of it from a time on."""
        return self._replace(high=time_ns + MICROSECOND_NS) if self.backwards else self._replace(low=time_ns)

    def beyond(self, now_ns: int, ahead: bool) -> ReadSpan:
        """All that lies behind its end, or before its beginning, read away from it."""
        if ahead is self.backwards:
            return ReadSpan(now_ns - YEARS_NS, self.low, backwards=True)
        return ReadSpan(self.high, now_ns + YEARS_NS, backwards=False)


def _edge(time: datetime | None) -> int | None:
    return None if time is None or time <= ua.get_win_epoch() else nanoseconds(time)


def _point(point: bytes) -> datetime:
    made: datetime = ua.ua_binary.Primitives.DateTime.unpack(Buffer(point))
    return made


def _lies_at(values: list[ua.DataValue], time_ns: int) -> bool:
    return any(value.SourceTimestamp == moment(time_ns) for value in values)


def _result(values: list[ua.DataValue], goes_on: datetime | None) -> ua.HistoryReadResult:
    result = ua.HistoryReadResult(HistoryData=ua.HistoryData(DataValues=values))
    if not values:
        result.StatusCode = NOTHING
    if goes_on is not None:
        result.ContinuationPoint = ua.ua_binary.Primitives.DateTime.pack(goes_on)
    return result


def _value(time_ns: int, value: float, now_ns: int) -> ua.DataValue:
    quality = int(GOOD if np.isfinite(value) else BAD)
    return data_value(Change(value, time_ns, quality), ua.VariantType.Double, now_ns)
