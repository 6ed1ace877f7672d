"""Conditions outlive the process of the server: what somebody has acknowledged stays so, and what is active is there.

What clients know of them is written beside the run within a second of each change, whole or not at all. What came or
went while no server lived is told by whoever was there (:meth:`RememberedConditions.hold`).
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from brokers.opcua.conditions import EVENTS_KNOWN, AlarmCondition, AlarmConditions
from brokers.retry import retried
from twin.equipment import EquipmentPath

LOG = logging.getLogger(__name__)
WRITE_S = 1.0
"""Shortest time between two writings."""
MS = 1_000_000
KEPT = "OPC UA: what is acknowledged is not kept"


class HeldAlarm(NamedTuple):
    """The last that was heard of an alarm.

    Args:
        path: Unit.
        time_ms: When it came or went, ms since 1970 UTC.
        code: Its code.
        severity: 1..1000; None: not said.
        active: Whether it came.
        text: What it says.
    """

    path: EquipmentPath
    time_ms: int
    code: str
    severity: int | None
    active: bool
    text: str


class _Kept(BaseModel):
    """A condition as it stands in the file."""

    model_config = ConfigDict(extra="forbid")

    path: str
    code: str
    active: bool
    acked: bool
    severity: int
    last_severity: int
    text: str
    time_ns: int
    comment: tuple[str, str, int]
    events: list[str]

    @classmethod
    def of(cls, one: AlarmCondition) -> _Kept:
        plain = {name: getattr(one, name) for name in cls.model_fields if name not in ("path", "events")}
        return cls(path=str(one.path), events=[event.hex() for event in one.events], **plain)


class RememberedConditions:
    """Keeps the conditions of a server in a file.

    Args:
        conditions: The conditions.
        file: Where they are kept; None: they end with the server.
    """

    def __init__(self, conditions: AlarmConditions, file: Path | None):
        self._conditions, self._file = conditions, file
        self._ended = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    def recall(self) -> None:
        """Take what the server before this one knew; a file that cannot be read is told and left."""
        if self._file is None or not self._file.exists():
            return
        try:
            rows = [_Kept.model_validate(row) for row in json.loads(self._file.read_text(encoding="utf-8"))]
            for row in rows:
                said: dict[str, Any] = row.model_dump(exclude={"path", "code", "events"})
                events = deque(map(bytes.fromhex, row.events), maxlen=EVENTS_KNOWN)
                self._conditions.recall(EquipmentPath(row.path), row.code, {**said, "events": events})
        except (OSError, ValueError, ValidationError) as error:
            LOG.warning("OPC UA: what was acknowledged before is not known any more: %s", error)

    async def hold(self, alarms: Iterable[HeldAlarm]) -> None:
        """Take what came or went while no server lived; what is known from a record that is as new stays."""
        for one in alarms:
            known_ns = self._conditions.time_ns(one.path, one.code)
            if (one.active or known_ns >= 0) and known_ns // MS < one.time_ms:
                values = (one.code, one.severity, int(one.active), one.text)
                await self._conditions.take(one.path, one.time_ms * MS, values)

    def begin(self) -> None:
        """Write what changes from now on."""
        if self._file is not None:
            self._keeping = asyncio.create_task(self._keep(self._file), name="opcua-conditions")

    async def end(self) -> None:
        """Write what has changed last."""
        if self._keeping is not None:
            self._ended.set()
            self._conditions.changed.set()
            await self._keeping
            self._keeping = None

    async def _keep(self, file: Path) -> None:
        while not self._ended.is_set():
            await self._conditions.changed.wait()
            self._conditions.changed.clear()
            await self._write(file)
            with suppress(TimeoutError):
                async with asyncio.timeout(WRITE_S):
                    await self._ended.wait()
        await self._write(file)

    async def _write(self, file: Path) -> None:
        """Write what is known now; while the disk does not take it, that is told, and tried again."""

        async def written() -> None:
            rows = [_Kept.of(one).model_dump() for one in self._conditions.known.values()]
            await asyncio.to_thread(_to_disk, file, json.dumps(rows, ensure_ascii=False))

        await retried(written, KEPT, passing=(OSError,), hop="gateway")


def _to_disk(file: Path, text: str) -> None:
    draft = file.with_suffix(".new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)
