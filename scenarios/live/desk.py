"""Where the plant's process takes commands: looked at, remembered, kept in the run's record, and only then done.

The plant stands still from the moment at which it accepts a command until the hub has it in the record, so the
same plant on another disk, which knows the record only, does it at the same simulated instant.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from devices.change import DriverChange, in_step, wrong
from scenarios.headless.feed import Feed
from scenarios.live.outside import wanted_by
from scenarios.live.record import RunRecord
from scenarios.live.settings import RunSettings
from scenarios.live.told import CHANGE_DRIVER, DriverRequest, Told, instruction_of, post
from twin.engine.effect import Command
from twin.equipment import EquipmentPath
from twin.errors import ModelError, Problem

MOST_WAITING = 100
"""Commands from outside that were not looked at yet; what comes besides is left."""
INSTEAD = "factory machine writes to real machines what the scenario allows, and lets the simulated ones take over"
Note = Callable[[Told], Awaitable[None]]


class Desk:
    """Takes commands for the plant of one process.

    Args:
        settings: Settings of the run, with a broker.
        feed: The plant and its devices.
        known: What it was told before.
        note: Remembers durably what is accepted.
        wake: Called when something is wanted.
    """

    def __init__(
        self,
        settings: RunSettings,
        feed: Feed,
        known: tuple[Told, ...],
        note: Note,
        wake: Callable[[], None] = lambda: None,
    ):
        if settings.broker is None:
            raise ValueError("commands: expected the address of a broker, got none")
        self._settings, self._feed, self._plant, self._note = settings, feed, feed.plant, note
        self._wake = wake
        self._known = {one.id: one for one in known}
        client = f"commanded-{settings.name}{settings.share}"
        self._receiver = settings.counterpart.takes(settings.broker, settings.name, settings.run, client, wake)

    def hear(self, path: str, name: str, value: object) -> None:
        """Take a command that came over the transport of the records; what is none is refused as others are."""
        if len(self._receiver.asked) < MOST_WAITING:
            self._receiver.asked.append((secrets.token_hex(8), wanted_by(path, name, value)))
        self._wake()

    async def open(self) -> None:
        """Connect.

        Raises:
            ConnectorError: The broker does not answer, or refuses us.
        """
        await self._receiver.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._receiver.close()

    async def catch_up(self, stop: asyncio.Event) -> None:
        """See that record and plant know the same, before the plant goes on: one of them may have lost its disk."""
        record = RunRecord.of_folder(self._settings.folder)
        kept = () if record is None else record.commands
        done, changed = set(self._plant.commands), set(self._feed.changes)
        for one in kept:
            new = not (done.issuperset(one.of_plant) and changed.issuperset(one.changes))
            if new and all(command.at_s >= self._plant.now_s for command in one.commands):
                await self._accept(one)
            self._known[one.id] = one
        names = {one.id for one in kept}
        await self._tell([one for one in self._known.values() if one.id not in names], stop)

    async def serve(self, stop: asyncio.Event) -> None:
        """Answer what is wanted; between two steps of the plant, which stands still meanwhile."""
        while self._receiver.asked and not stop.is_set():
            name, asked = self._receiver.asked.popleft()
            if name not in self._known:
                try:
                    one = self._looked_at(name, asked)
                except ModelError as error:
                    await self._receiver.refuse(name, error)
                    continue
                await self._accept(one)
            await self._tell([self._known[name]], stop)

    def _looked_at(self, name: str, asked: object) -> Told:
        """What the plant would do from now on.

        Raises:
            ModelError: It cannot, or others simulate the same plant and would not do it at the same instant.
        """
        if self._settings.sites and len(self._settings.sites) < len(self._settings.publishers):
            hint = "run one plant without --site to give it commands"
            raise ModelError([Problem("command", "a plant in one process", "one whose processes share sites", hint)])
        if isinstance(asked, dict) and "driver" in asked:
            return self._changed(name, DriverRequest.of(asked))
        instruction = instruction_of(asked)
        self._see_simulated(instruction.target, instruction.effect)
        return Told(name, self._plant.instructed(instruction))

    def _see_simulated(self, target: str, effect: str) -> None:
        """The plant has no hand in units that real machines stand for; of a place the others do what it is told.

        Raises:
            ModelError: Real machines stand for all units that would do it.
        """
        real = {str(path): driver for path, driver in self._feed.real().items()}
        felt = set(map(str, self._plant.felt(target, effect))) or {target}
        if not felt <= real.keys():
            return
        expected, got = "a unit that is simulated now", f"one that a real machine ({real.get(target)}) stands for"
        if target not in real:
            names = ", ".join(f"{path.rpartition('/')[2]} ({real[path]})" for path in sorted(felt))
            expected, got = f"a place with simulated units that feel {effect!r}", f"real machines alone: {names}"
        raise ModelError([Problem(target, expected, got, INSTEAD)])

    def _changed(self, name: str, wanted: DriverRequest) -> Told:
        """Another driver from now on, and not before whoever speaks until then holds back.

        Raises:
            ModelError: It is not to be had.
        """
        unit, now = self._feed.driver_of(wanted.target)
        problems = wrong(unit, wanted.target, wanted.driver, now)
        if problems or unit is None:
            raise ModelError(problems)
        at_s = max(self._plant.now_s, (wanted.from_ns - self._plant.epoch_ns) * 1e-9)
        path = EquipmentPath(wanted.target)
        counted = self._feed.banks[path.site].counted(path) if now == in_step(unit) else wanted.counted
        change = DriverChange(at_s, path, wanted.driver, tuple(sorted(counted.items())))
        command = Command(at_s, wanted.target, CHANGE_DRIVER, wanted.cause, 1.0, change.detail)
        return Told(name, (command,))

    async def _accept(self, one: Told) -> None:
        await self._note(one)
        post(self._feed, [one])
        self._known[one.id] = one

    async def _tell(self, told: list[Told], stop: asyncio.Event) -> None:
        """Say what was accepted until the hub has kept it; a plant that is to end says it at its next start."""
        stopped = asyncio.create_task(stop.wait())
        telling = asyncio.create_task(self._tell_all(told))
        try:
            await asyncio.wait([stopped, telling], return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                telling.result()
        finally:
            stopped.cancel()
            telling.cancel()
            await asyncio.gather(stopped, telling, return_exceptions=True)

    async def _tell_all(self, told: list[Told]) -> None:
        for one in told:
            await self._receiver.tell(one.body)
