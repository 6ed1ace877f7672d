"""The lines that an adapter sends, over TCP."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress

from devices.connection import ALIVE_S, BrowsedItem, DataValue, Wanted
from devices.connections._told import ReadingQueue, changed, deadbands
from devices.connections.mtconnect.documents import UNAVAILABLE
from devices.connections.mtconnect.options import MtConnectOptions
from devices.recordings.conditions import Conditions
from devices.recordings.shdr import parse_line
from twin.errors import RetriableError
from twin.records import BAD

LONGEST = 1024 * 1024
"""Bytes of a line."""
MOST_NAMES = 10_000
CLOSE_S = 1.0


class AdapterLink:
    """A connection to an adapter; asked by PING whether it is there."""

    def __init__(self, options: MtConnectOptions, wanted: Sequence[Wanted]) -> None:
        self._where, self._timeout_s = str(options.adapter), options.timeout
        self.queue = ReadingQueue(self._where, math.inf)
        self.malformed = 0
        """Lines that cannot be read."""
        self._items = {one.item for one in wanted}
        self._deadbands = deadbands(wanted)
        self._conditions = Conditions()
        self._names: dict[str, str] = {}
        self._pings = options.ping
        self._ponged_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Connect.

        Raises:
            RetriableError: Nobody is there.
        """
        host, _, port = self._where.rpartition(":")
        try:
            async with asyncio.timeout(self._timeout_s):
                reader, self._writer = await asyncio.open_connection(host, int(port), limit=LONGEST)
                self._writer.write(b"* PING\r\n")
                first = await reader.readline()
        except (OSError, ValueError, TimeoutError) as error:
            raise RetriableError(f"{self._where}: expected an adapter, got {error or 'no answer'}") from None
        self.queue.put(DataValue(item, None, None, BAD, "nothing sent so far") for item in sorted(self._items))
        self._ponged_at = asyncio.get_running_loop().time()
        self._line(first)
        self._tasks = [asyncio.create_task(self._read(reader)), asyncio.create_task(self._ping(self._writer))]

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                self._line(line)
            self.queue.fail(RetriableError(f"{self._where}: the adapter ended the connection"))
        except (OSError, ValueError) as error:
            self.queue.fail(RetriableError(f"{self._where}: expected lines, got {error}"))

    async def _ping(self, writer: asyncio.StreamWriter) -> None:
        """Ask whether it is there."""
        loop = asyncio.get_running_loop()
        with suppress(OSError):
            while True:
                await asyncio.sleep(min(ALIVE_S, self._timeout_s) / 2)
                if self._pings and loop.time() - self._ponged_at > 2 * self._timeout_s:
                    error = f"{self._where}: expected PONG within {2 * self._timeout_s:g} s, got none"
                    self.queue.fail(RetriableError(error))
                    return
                writer.write(b"* PING\r\n")
                await writer.drain()

    def _line(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").strip()
        if text.startswith("* PONG"):
            self._ponged_at = asyncio.get_running_loop().time()
            self.queue.heard()
        elif text and not text.startswith("*"):
            self._take(text)

    def _take(self, text: str) -> None:
        record = parse_line(text)
        if record is None:
            self.malformed += 1
            return
        pairs = list(record.items)
        if record.condition is not None:
            one = record.condition
            pairs = [(one.item, self._conditions.worst(one.item, one.level, one.code))]
        if len(self._names) < MOST_NAMES:
            self._names |= dict(pairs)
        told = [self._value(item, value, record.time_ns) for item, value in pairs if item in self._items]
        if told := [one for one in told if self._says(one)]:
            self.queue.put(told)

    def _value(self, item: str, text: str, time_ns: int) -> DataValue:
        if text.upper() == UNAVAILABLE:
            return DataValue(item, None, time_ns, BAD, UNAVAILABLE)
        try:
            return DataValue(item, float(text), time_ns)
        except ValueError:
            return DataValue(item, text, time_ns)

    def _says(self, value: DataValue) -> bool:
        deadband = self._deadbands.get(value.item, 0.0)
        return not deadband or changed(self.queue.held.get(value.item), value, deadband)

    def browsed(self) -> Iterator[BrowsedItem]:
        """What it has sent so far."""
        for name, text in self._names.items():
            yield BrowsedItem(name, name, (), "", value=text)

    async def close(self) -> None:
        """End the connection; never raises."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self._writer.wait_closed()
