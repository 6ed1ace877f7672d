"""An agent, read by sequence numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import urllib3

from devices.connection import ALIVE_S, BrowsedItem, DataValue, Wanted
from devices.connections._told import ReadingQueue, changed, deadbands
from devices.connections.mtconnect.documents import (
    DataItem,
    DocumentError,
    Observation,
    Streams,
    data_items,
    data_value,
    root_of,
    streams,
)
from devices.connections.mtconnect.options import MtConnectOptions
from devices.recordings.conditions import Conditions
from twin.errors import Problem, ProblemsError, RetriableError
from twin.records import BAD, UNCERTAIN

LARGEST = 64 * 1024 * 1024
"""Bytes of an answer."""
OUT_OF_RANGE = "OUT_OF_RANGE"


class AgentLink:
    """Probe once, current once, then sample from where the answer before ended."""

    def __init__(self, options: MtConnectOptions, wanted: Sequence[Wanted]) -> None:
        self._options, self._wanted = options, wanted
        self._where = str(options.agent)
        self.queue = ReadingQueue(self._where, 2 * options.timeout + ALIVE_S)
        self.lost = 0
        """Observations that the agent's buffer no longer had."""
        self._period_s = min([one.period_s for one in wanted], default=1.0)
        self._deadbands = deadbands(wanted)
        self._conditions = Conditions()
        self._items: list[DataItem] = []
        self._addresses: dict[str, tuple[DataItem, list[str]]] = {}
        self._instance, self._next = "", 0
        self._gap = ""
        self._unsure: set[str] = set()
        times = urllib3.Timeout(connect=options.timeout, read=options.timeout)
        self._http = urllib3.PoolManager(num_pools=1, maxsize=2, timeout=times, retries=False)
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Learn what there is, and what it shows now.

        Raises:
            RetriableError: The agent is away.
            ProblemsError: It is no agent, or has no such device.
        """
        try:
            root = root_of(await self._get("probe"))
        except DocumentError as error:
            raise ProblemsError([Problem(self._where, "an MTConnect agent", str(error))]) from None
        self._items = data_items(root, self._options.device)
        if not self._items:
            raise ProblemsError([Problem(f"{self._where} options.device", "a device of the agent", "none such")])
        self._find()
        now = await self._read("current")
        self._instance, self._next = now.instance, now.following
        self._tell(now)
        self._task = asyncio.create_task(self._run())

    def _find(self) -> None:
        """Data items by id, with the addresses by which they are wanted; what is not there is told."""
        named = {one.name: one for one in reversed(self._items) if one.name} | {one.id: one for one in self._items}
        missing = []
        for one in self._wanted:
            found = named.get(one.item)
            if found is None:
                missing.append(DataValue(one.item, None, None, BAD, "no such data item"))
            else:
                self._addresses.setdefault(found.id, (found, []))[1].append(one.item)
        self.queue.put(missing)

    async def _get(self, path: str) -> bytes:
        """An answer of the agent; one of its errors is an answer."""
        try:
            return await asyncio.to_thread(self._fetch, path)
        except urllib3.exceptions.HTTPError as error:
            raise RetriableError(f"{self._where}: expected an agent, got {error}") from None

    def _fetch(self, path: str) -> bytes:
        answer = self._http.request("GET", f"{self._where.rstrip('/')}/{path}", preload_content=False)
        try:
            content: bytes = answer.read(LARGEST + 1, decode_content=True)
        finally:
            answer.release_conn()
        if len(content) > LARGEST:
            raise urllib3.exceptions.HTTPError(f"an answer of more than {LARGEST} bytes")
        return content

    async def _read(self, path: str) -> Streams:
        try:
            return streams(root_of(await self._get(path)))
        except DocumentError as error:
            if error.code == OUT_OF_RANGE:
                raise
            raise RetriableError(f"{self._where}: expected observations, got {error}") from None

    def _tell(self, found: Streams) -> None:
        told = [value for seen in found.observations for value in self._values(seen)]
        if told:
            self.queue.put(told)
        self.queue.heard()

    def _values(self, seen: Observation) -> Iterator[DataValue]:
        """What an observation says of the items that are wanted."""
        if seen.id not in self._addresses:
            return
        of, addresses = self._addresses[seen.id]
        text = self._conditions.worst(seen.id, seen.text, seen.code) if of.category == "CONDITION" else seen.text
        for item in addresses:
            value = data_value(item, of, seen, text)
            if item in self._unsure and value.quality != BAD:
                value = DataValue(item, value.value, value.time_ns, UNCERTAIN, self._gap)
            self._unsure.discard(item)
            deadband = self._deadbands.get(item, 0.0)
            if not deadband or changed(self.queue.held.get(item), value, deadband):
                yield value

    async def _run(self) -> None:
        try:
            while True:
                await asyncio.sleep(min(self._period_s, ALIVE_S / 2))
                await self._go_on()
        except RetriableError as error:
            self.queue.fail(error)

    async def _go_on(self) -> None:
        """Read on until nothing is left, or from now where the buffer has gone on without us."""
        while True:
            try:
                found = await self._read(f"sample?from={self._next}&count={self._options.count}")
                self._same(found)
            except DocumentError:
                found = await self._read("current")
                self._same(found)
                self._note_gap(found)
            went_on, self._next = found.following > self._next, found.following
            self._tell(found)
            if not went_on or not found.observations:
                return

    def _same(self, found: Streams) -> None:
        if found.instance != self._instance or found.following < self._next:
            raise RetriableError(f"{self._where}: the agent has restarted")

    def _note_gap(self, found: Streams) -> None:
        lost = max(0, found.first - self._next)
        self.lost += lost
        self._gap = f"{lost} observations of the agent are lost"
        self._unsure = {item for _, addresses in self._addresses.values() for item in addresses}

    def browsed(self) -> Iterator[BrowsedItem]:
        """All data items."""
        return (one.browsed() for one in self._items)

    async def close(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._http.clear()
