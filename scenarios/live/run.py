"""One live run: starts the roles, keeps them alive and ends them when told to stop.

The process that the user sees does nothing else: pages, brain and store live in the hub's process,
the plant, the gateway and the embedded broker in theirs. One that dies is started again.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable, Sequence
from typing import Any

from brokers.counterpart import RunClaim
from brokers.embedded import EmbeddedBroker
from dashboards.web.doors import token_for
from dashboards.web.listening import listening
from scenarios.live.account import locked, losses, reckon
from scenarios.live.children import BROKER, ROLES, Child
from scenarios.live.folder import RunLock
from scenarios.live.roles import MODULE
from scenarios.live.settings import RunSettings
from scenarios.live.supervisor import RoleLife, Watched
from twin.errors import FatalError, RetriableError

Say = Callable[[str], None]

PLANT_STOP_S, HUB_STOP_S, BROKER_STOP_S = 5.0, 3.0, 1.0
"""Longest time a role has to end; the plant waits for what it said to be stored, so it goes first."""
TELL_S = 0.2
"""Shortest time between two reports to the hub."""


class ChildLife:
    """One life of a role in a process of ours."""

    def __init__(self, child: Child):
        self.child = child

    @property
    def final(self) -> bool:
        """Whether starting it again cannot help."""
        return self.child.final

    @property
    def anew(self) -> bool:
        """Whether it cannot go on from what it remembered."""
        return self.child.anew

    async def begin(self) -> bool:
        """Start it; True when it does its work, False when it has ended before."""
        await self.child.start()
        await self.child.ready.wait()
        return not self.child.ended

    async def wait(self) -> int:
        """Wait until it ends and give its exit code."""
        return await self.child.wait()

    async def stop(self, limit_s: float) -> None:
        """End it."""
        await self.child.stop(limit_s)


class BrokerLife:
    """One life of the embedded broker, each on the same port with the same user."""

    final = anew = False

    def __init__(self, broker: EmbeddedBroker, again: bool):
        self.broker, self._again = broker, again
        self._listens = False

    async def begin(self) -> bool:
        """Start it; True when clients can connect.

        Raises:
            FatalError: It does not listen, and has never done.
        """
        try:
            await self.broker.start()
            self._listens = True
        except FatalError:
            if not self._again:
                raise
        return self._listens

    async def wait(self) -> int:
        """Wait until it ends and give its exit code."""
        return await self.broker.wait() if self._listens else FatalError.exit_code

    async def stop(self, limit_s: float) -> None:
        """End it."""
        await self.broker.stop(limit_s)


class LiveRun:
    """Starts the roles of a run in order, keeps them alive and ends them in the opposite order.

    Args:
        settings: Settings of the run.
        say: Tells the user one line.
        listener: Socket of the pages, closed by who made it; default one made from the settings.
        lock: Lock of the run's folder, which its processes hold too.
        lost: What was lost before its roles were made anew, for people.
    """

    def __init__(
        self,
        settings: RunSettings,
        say: Say,
        listener: socket.socket | None = None,
        lock: RunLock | None = None,
        lost: Sequence[str] = (),
    ):
        self.settings = settings
        self.lived = False
        """Whether all roles did their work once."""
        self._say = say
        self._stop = asyncio.Event()
        self._roles: dict[str, Watched] = {}
        self._kept: list[asyncio.Task[None]] = []
        self._changed, self._new = asyncio.Event(), asyncio.Event()
        self._listener, self._borrowed = listener, listener is not None
        self._lock = lock
        self._lost = tuple(lost)
        self._claim: RunClaim | None = None

    async def run(self) -> None:
        """Run until Ctrl-C or SIGTERM.

        Raises:
            ConnectorError: A counterpart is away for good, or another run of this name is at the broker.
            RoleEndedError: One of our processes ended for a reason that stays.
            DataLostError: Records were lost.
            PlantLockedError: Units of the plant wait for one another.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        started = asyncio.create_task(self._start())
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await self._until(stopped, started)
        finally:
            self._say("stopping ...")
            for task in (started, stopped, *self._kept):
                task.cancel()
            await asyncio.gather(started, stopped, *self._kept, return_exceptions=True)
            await self._end()
        self._reckon()

    async def _until(self, stopped: asyncio.Task[bool], started: asyncio.Task[None]) -> None:
        """Return when told to stop; raise what ends the run before."""
        watched: set[asyncio.Task[Any]] = {started}
        while not stopped.done():
            new = asyncio.create_task(self._new.wait())
            await asyncio.wait([stopped, new, *watched, *self._kept], return_when=asyncio.FIRST_COMPLETED)
            new.cancel()
            self._new.clear()
            for task in [task for task in (*watched, *self._kept) if task.done()]:
                task.result()
            watched = {task for task in watched if not task.done()}

    async def _start(self) -> None:
        if self.settings.broker is not None:
            run = self.settings.run or self.settings.folder.name
            self._claim = self.settings.counterpart.claim(self.settings.broker, self.settings.name, run, ())
            await self._claim.hold()
            self._kept.append(asyncio.create_task(self._claim.keep()))
            self._new.set()
        if self._listener is None:
            self._listener = listening(self.settings.host, self.settings.port)
        token_for(self.settings.host)  # one for every life of the hub
        self.settings = self.settings.model_copy(update={"port": self._listener.getsockname()[1]})
        self._kept.append(asyncio.create_task(self._tell_hub()))
        broker = EmbeddedBroker() if self.settings.broker is None else None
        if broker is not None:
            self.settings = self.settings.model_copy(update={"own_broker": True})
            os.environ.update(broker.credentials)  # for our processes
        self.settings.write()
        if self._lock is not None:
            self._kept.append(asyncio.create_task(self._lock.keep()))
            self._new.set()
        await asyncio.gather(self._role("hub", self._process("hub")), self._broker(broker))
        for name, wanted in (
            ("gateway", self.settings.opcua_port is not None),
            ("servers", bool(self.settings.serve)),
            ("plant", True),
            ("machines", bool(self.settings.machines)),
        ):
            if wanted:
                await self._role(name, self._process(name))
        self.lived = True
        self._say("live; Ctrl-C ends")

    async def _broker(self, broker: EmbeddedBroker | None) -> None:
        if broker is not None:
            await self._role("broker", lambda _, again: BrokerLife(broker, again))
            self.settings = self.settings.model_copy(update={"broker": broker.url})
            self.settings.write()
        self._changed.set()

    async def _role(self, name: str, live: Callable[[Watched, bool], RoleLife]) -> None:
        """Start a role and keep it alive from then on."""
        role = self._roles[name] = Watched(name, lambda again: live(role, again), self._say)
        role.on_change = self._changed.set
        await role.start()
        self._kept.append(asyncio.create_task(role.keep()))
        self._new.set()

    def _process(self, name: str) -> Callable[[Watched, bool], RoleLife]:
        def live(role: Watched, again: bool) -> RoleLife:
            if not self.settings.file.exists():  # somebody has removed it
                self.settings.write()
            words = [
                "-W",
                "ignore:resource_tracker",
                "-m",
                MODULE,
                name,
                str(self.settings.file),
                "--child",
                *(["--again"] if again else []),
            ]
            descriptors = [] if self._lock is None else [self._lock.handle]
            if name == "hub" and self._listener is not None:
                descriptors.append(self._listener.fileno())
                words += ["--listener", str(self._listener.fileno())]
            return ChildLife(Child(name, words, self._say, role.counted, self._ask, descriptors))

        return live

    async def _ask(self, name: str, question: str) -> str:
        """Ask a role for another one."""
        role = self._roles.get(name)
        if role is None or not isinstance(role.life, ChildLife):
            raise RetriableError(f"{name}: expected a running process, got none (ask again later)")
        return await role.life.child.ask(question)

    async def _tell_hub(self) -> None:
        """Tell the hub where the broker is, and how the roles do whenever that changes."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            hub = self._roles.get("hub")
            if hub is not None and isinstance(hub.life, ChildLife):
                if self.settings.broker is not None:
                    await hub.life.child.tell(f"{BROKER}{self.settings.broker}")
                reports = {name: role.report() for name, role in self._roles.items()}
                await hub.life.child.tell(f"{ROLES}{json.dumps(reports)}")
            await asyncio.sleep(TELL_S)

    async def _end(self) -> None:
        """The plant first, so that the hub takes in what it said."""
        for names, limit_s in (
            (("plant", "machines", "gateway", "servers"), PLANT_STOP_S),
            (("hub",), HUB_STOP_S),
            (("broker",), BROKER_STOP_S),
        ):
            roles = [self._roles[name] for name in names if name in self._roles]
            await asyncio.gather(*(role.stop(limit_s) for role in roles))
        if self._claim is not None:
            await self._claim.close()
        if self._listener is not None and not self._borrowed:
            self._listener.close()

    @property
    def losses(self) -> list[str]:
        """What is lost, for people."""
        now = [f"{name}: {told}" for name, role in self._roles.items() if (told := losses(role.accounts.ends))]
        return [*self._lost, *now]

    def _reckon(self) -> None:
        """See whether anything is lost, and whether the plant goes on.

        Raises:
            DataLostError: Something is.
            PlantLockedError: It does not.
        """
        reckon("run", "; ".join(self.losses), any(locked(role.accounts.ends) for role in self._roles.values()))
