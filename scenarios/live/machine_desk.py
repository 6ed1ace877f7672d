"""Where the process of the real machines is asked to write to them: looked at, written, and kept in the run's record.

A machine is written to once: what it has done cannot be taken back, and is not done again when a process begins anew.
So a request that is older than this process is refused, whether or not the one before had come to it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from brokers.counterpart import Body
from brokers.retry import retried
from devices.connection import Scalar
from devices.gathering import RealMachines
from scenarios.live.outside import CAUSE
from scenarios.live.parent import Parent
from scenarios.live.settings import RunSettings, machines_publisher
from scenarios.live.told import HELD, WRITE, Told
from twin.basis import Identifier
from twin.engine.effect import Command
from twin.equipment import EquipmentPath
from twin.errors import FactoryError, ModelError, Problem, ProblemsError
from twin.plant.instruction import OPERATOR
from twin.ports import Clock

log = logging.getLogger(__name__)

TAKES = "a machine that takes it"
MOST_WAITING = 100
"""Commands over the transport that were not looked at yet; what comes besides is left."""
MOST_KNOWN = 1_000
"""Requests that are known when they are made again."""


class MachineRequest(BaseModel):
    """What somebody wants of a real machine.

    Args:
        target: Path of its unit.
        command: Name of what is to be written, see ``commands`` in the options of its device.
        value: Value to write, where the scenario leaves it open.
        cause: Name of the cause.
        asked_ns: When it was asked, ns since 1970 UTC.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str
    command: str
    value: bool | int | FiniteFloat | str | None = None
    cause: Identifier = OPERATOR
    asked_ns: int = Field(default=0, ge=0)

    def told(self, name: str, at_s: float, value: Scalar) -> Told:
        """What was done, for the record of the run."""
        detail = f"{self.command} = {json.dumps(value, ensure_ascii=False)}"
        return Told(name, (Command(at_s, self.target, WRITE, self.cause, 1.0, detail),))


class HoldRequest(BaseModel):
    """That nothing is said of a unit until it is known which driver stands for it.

    Args:
        target: Path of the unit.
        driver: Driver that is to take its place.
        asked_ns: When it was asked, ns since 1970 UTC.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str
    driver: str
    asked_ns: int = Field(default=0, ge=0)


class MachineDesk:
    """Takes requests for the real machines of one process.

    Args:
        settings: Settings of the run, with a broker.
        gatherings: Machines by site.
        clock: Time of this computer.
        parent: The process that started this one.
    """

    def __init__(
        self, settings: RunSettings, gatherings: Mapping[EquipmentPath, RealMachines], clock: Clock, parent: Parent
    ):
        if settings.broker is None:
            raise ValueError("machines: expected the address of a broker, got none")
        self._gatherings, self._clock, self._parent = gatherings, clock, parent
        self._begun_ns = clock.now_ns()
        self._epoch_ns = settings.epoch_ns
        self._wake = asyncio.Event()
        name, client = machines_publisher(settings.name), f"machines-commanded-{settings.name}{settings.share}"
        self._receiver = settings.counterpart.takes(settings.broker, name, settings.run, client, self._wake.set)
        self._doing: dict[str, asyncio.Task[None]] = {}
        self._done: dict[str, Body | ModelError] = {}
        self.written = 0

    def hear(self, path: str, name: str, value: object) -> None:
        """Take a command that came over the transport of the records: true alone writes a value that is fixed.

        What is none is refused as others are; what comes while too many wait is left.
        """
        if len(self._receiver.asked) < MOST_WAITING:
            if self._is_fixed(path, name):
                value = {True: None, None: False}.get(value, value) if isinstance(value, bool | None) else value
            wanted = {"target": path, "command": name, "cause": CAUSE, "asked_ns": self._clock.now_ns()}
            self._receiver.asked.append((secrets.token_hex(8), {**wanted, "value": value}))
        self._wake.set()

    def _is_fixed(self, path: str, name: str) -> bool:
        machines = self._machines_of(path)
        return machines is not None and machines.offered().get(path, {}).get(name) is False

    async def run(self) -> None:
        """Answer until cancelled."""
        await retried(self._receiver.open, "machines", passing=self._parent.passing, hop="machines")
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._receiver.asked:
                    self._begin(*self._receiver.asked.popleft())
        finally:
            for task in self._doing.values():
                task.cancel()
            await asyncio.gather(*self._doing.values(), return_exceptions=True)
            await self._receiver.close()

    def _begin(self, name: str, asked: Any) -> None:
        """One at a time of each request; it is said again until it is answered."""
        if name not in self._doing:
            task = self._doing[name] = asyncio.get_running_loop().create_task(self._answer(name, asked))
            task.add_done_callback(lambda _: self._doing.pop(name))

    async def _answer(self, name: str, asked: Any) -> None:
        if name not in self._done:
            done = await self._did(name, asked)
            if done is None:
                return
            self._done[name] = done
            for old in list(self._done)[:-MOST_KNOWN]:
                del self._done[old]
        done = self._done[name]
        if isinstance(done, ModelError):
            await self._receiver.refuse(name, done)
        else:
            await self._receiver.tell(done)

    async def _did(self, name: str, asked: Any) -> Body | ModelError | None:
        """What became of a request; None: it is for machines of another process."""
        try:
            kind = HoldRequest if isinstance(asked, dict) and "driver" in asked else MachineRequest
            wanted: MachineRequest | HoldRequest = kind.model_validate(asked)
        except ValidationError as error:
            return ModelError(Problem(" ".join(map(str, row["loc"])), row["msg"], "") for row in error.errors())
        machines = self._machines_of(wanted.target)
        try:
            return None if machines is None else await self._done_with(machines, name, wanted)
        except ProblemsError as error:
            return ModelError(error.problems)
        except FactoryError as error:
            return ModelError([Problem(wanted.target, TAKES, str(error))])

    async def _done_with(self, machines: RealMachines, name: str, wanted: MachineRequest | HoldRequest) -> Body:
        """Do it.

        Raises:
            FactoryError: It cannot be done.
        """
        if isinstance(wanted, HoldRequest):
            held_ns = machines.hold(wanted.target, wanted.driver, self._clock.now_ns())
            return {"id": name, "commands": [], HELD: {"from_ns": held_ns, "counted": machines.counted(wanted.target)}}
        if wanted.asked_ns < self._begun_ns:
            hint = f"look at {wanted.target}, then ask again"
            expected, got = "a request to this process", "one to the process before, which may have done it"
            raise ModelError([Problem(wanted.target, expected, got, hint)])
        _, value = await machines.command(wanted.target, wanted.command, wanted.value)
        self.written += 1
        told = wanted.told(name, (self._clock.now_ns() - self._epoch_ns) * 1e-9, value)
        log.info("machine %s: %s was written for %s", wanted.target, told.commands[0].detail, wanted.cause)
        return told.body

    def _machines_of(self, path: str) -> RealMachines | None:
        for site, machines in self._gatherings.items():
            if path.startswith(f"{site}/"):
                return machines
        return None
