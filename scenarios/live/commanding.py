"""Commands to the plant, as the hub has them: asked over the broker, kept in the run's record, and only then done."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping
from functools import partial
from time import time_ns
from typing import Any

from brokers.counterpart import Body, GivesCommands
from brokers.refusals import merged
from brokers.retry import retried
from brokers.stores import open_store
from scenarios.live.account import Account
from scenarios.live.folder import LOCK
from scenarios.live.record import FILE, RunRecord
from scenarios.live.settings import RunSettings, machines_publisher
from scenarios.live.told import HELD, Told
from twin.errors import ModelError, Problem, RetriableError, StoreError
from twin.ports import Clock, Sink

log = logging.getLogger(__name__)

ANSWER_S = 10.0
"""Longest wait for the plant."""
RECORD = "record of commands"
RENEW_S = 43_200.0
"""Time between two writes of a record that has not changed: no store that is of use keeps a shorter time."""


class Commanding:
    """Gives the plant of a run commands, and keeps those that it accepts.

    Args:
        settings: Settings of the run.
        sink: The open store of the run.
        broker: Address of the broker.
    """

    def __init__(self, settings: RunSettings, sink: Sink, broker: str):
        self._settings, self._sink = settings, sink
        self._sender = settings.counterpart.gives(broker, settings.name, settings.run, self._keep)
        machines = settings.counterpart.gives(broker, machines_publisher(settings.name), settings.run, self._keep)
        self._machines = machines if settings.machines else None
        self._kept: set[str] = set()
        self._writing = asyncio.Lock()
        self._asked = self._unanswered = 0
        self._record = RunRecord.of_folder(settings.folder)
        self._epoch_ns = settings.epoch_ns

    async def open(self) -> None:
        """Connect.

        Raises:
            ConnectorError: The broker does not answer, or refuses us.
        """
        for sender in self._senders():
            await sender.open()

    async def close(self) -> None:
        """Disconnect."""
        for sender in self._senders():
            await sender.close()

    def _senders(self) -> list[GivesCommands]:
        return [self._sender, *([] if self._machines is None else [self._machines])]

    async def send(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Give the plant a command.

        Args:
            wanted: Fields of :class:`twin.plant.instruction.Instruction`, as text where they carry a unit.

        Returns:
            Its id, and what is done when.

        Raises:
            ModelError: The plant refuses it.
            RetriableError: No plant answers.
        """
        return await self._sent(self._sender, wanted)

    async def to_machine(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Write to a real machine what a command of the scenario stands for.

        Args:
            wanted: Unit as ``target``, ``command``, and ``value`` and ``cause`` where they are given.

        Returns:
            Its id, and what was written when.

        Raises:
            ModelError: It is refused, by the scenario or by the machine.
            RetriableError: The process of the real machines does not answer.
        """
        if self._machines is None:
            raise ModelError([Problem(str(wanted["target"]), "a run with real machines", "one without")])
        return await self._sent(self._machines, {**wanted, "asked_ns": time_ns()})

    async def change_driver(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Let another driver stand for a unit: whoever speaks for it until then holds back before it is decided.

        Args:
            wanted: Unit as ``target``, its ``driver`` from then on, and ``cause`` where it is given.

        Returns:
            Its id, and from when on that is so.

        Raises:
            ModelError: It is refused, or the machine is not there.
            RetriableError: A process of the run does not answer.
        """
        if self._machines is None:
            raise ModelError([Problem(str(wanted["target"]), "a run with real machines", "one without")])
        hold = {"target": wanted["target"], "driver": wanted["driver"], "asked_ns": time_ns()}
        held = await self._machines.send(secrets.token_hex(8), hold, ANSWER_S)
        return await self._sent(self._sender, {**wanted, **held[HELD]})

    async def _sent(self, sender: GivesCommands, wanted: Mapping[str, Any]) -> dict[str, Any]:
        self._asked += 1
        try:
            body = await sender.send(secrets.token_hex(8), wanted, ANSWER_S)
        except RetriableError:
            self._unanswered += 1
            raise
        return Told.of(body).document(self._epoch_ns)

    def account(self, now_ns: int) -> Account:
        """Commands of the run by what became of them, at the time of its newest record."""
        now_s = (now_ns - self._epoch_ns) * 1e-9
        accepted = () if self._record is None else self._record.commands
        waiting = sum(any(command.at_s > now_s for command in one.commands) for one in accepted)
        refused = merged(sender.refusals for sender in self._senders())
        counts = {"asked": self._asked, "unanswered": self._unanswered, "refused": sum(refused.values())}
        holds = {"accepted": len(accepted), "waiting": waiting, "executed": len(accepted) - waiting}
        return Account(counts, holds, refused)

    def document(self) -> list[dict[str, Any]]:
        """All commands of the run, in the order in which they were accepted."""
        record = RunRecord.of_folder(self._settings.folder)
        return [one.document(self._epoch_ns) for one in (() if record is None else record.commands)]

    def restore(self) -> None:
        """Write the record of the run anew if somebody has removed it.

        Raises:
            OSError: It cannot be written.
        """
        if self._record is not None and not (self._settings.folder / FILE).exists():
            self._record.write(self._settings.folder)

    def stay(self) -> None:
        """See that the record stays where the run lives, as its lock does: without it another run would begin.

        The lock comes first: a record without one would be taken for that of a run that has ended.

        Raises:
            OSError: It cannot be written now.
        """
        if (self._settings.folder / LOCK).exists():
            self.restore()

    async def _keep(self, body: Body) -> None:
        """Keep a command in folder and store; returns when both have it."""
        told = Told.of(body)
        async with self._writing:
            record = RunRecord.of_folder(self._settings.folder) or self._record  # somebody may have removed the file
            if record is None or told.id in self._kept or not told.commands:
                return
            record = record.told(told)
            await retried(partial(self._to_folder, record), RECORD, passing=(OSError,), hop="commands")
            await self._to_store(record, time_ns())
            self._kept.add(told.id)
            self._record = record

    async def renewing(self, clock: Clock) -> None:
        """Write the record into the store again and again: one that keeps for a limited time forgets the older ones.

        Without it a board that offers the runs of a store by their records no longer offers this one.

        Args:
            clock: Time of the machine.
        """
        while True:
            await clock.sleep(RENEW_S)
            async with self._writing:
                record = RunRecord.of_folder(self._settings.folder)
                if record is None:
                    continue
                try:
                    await self._to_store(record, clock.now_ns())
                except StoreError as error:
                    log.warning("hub: the record of the run is not renewed in the store: %s", error)

    async def _to_folder(self, record: RunRecord) -> None:
        await asyncio.to_thread(record.write, self._settings.folder)

    async def _to_store(self, record: RunRecord, now_ns: int) -> None:
        """Where the record of a run is looked for: not in the part that a run has for itself."""
        frame = record.frame(now_ns)
        if not record.apart:
            await retried(partial(self._sink.write, [frame]), RECORD, hop="store")
            return
        whole = open_store(record.store)
        await retried(whole.open, RECORD, hop="store")
        try:
            await retried(partial(whole.write, [frame]), RECORD, hop="store")
        finally:
            await whole.close()
