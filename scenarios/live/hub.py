"""The hub's process: ingest, brain, store and pages, forecasts and commands."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from brokers.retry import retried
from dashboards.web.doors import token_for
from dashboards.web.settings import LOOPBACK, WebSettings
from scenarios.live.account import Account
from scenarios.live.backfill import BackfillTarget
from scenarios.live.beside import Beside
from scenarios.live.clock import SystemClock
from scenarios.live.commanding import Commanding
from scenarios.live.offers import Machines, Offers
from scenarios.live.outlook import Outlook
from scenarios.live.parent import Parent
from scenarios.live.settings import RunSettings
from scenarios.live.shown import Shown
from scenarios.live.thinking import CONNECT_S
from twin.config.plant import Title
from twin.errors import RetriableError


class Hub(Shown):
    """Everything behind the broker, in one event loop.

    Args:
        settings: Settings of the run.
        title: Name of the scenario, for the pages.
        parent: The process that started this one.
        listener: Socket of the pages, if it has been made already.
    """

    def __init__(
        self,
        settings: RunSettings,
        title: Title,
        parent: Parent | None = None,
        listener: socket.socket | None = None,
    ):
        self._outlook: Outlook | None = None
        self._commanding: Commanding | None = None
        self._beside: Beside | None = None
        self._machines = Machines(settings)
        self._looking: list[asyncio.Task[None]] = []
        super().__init__(settings, title, parent, listener)

    def web_settings(self) -> WebSettings:
        """Those of pages that forecast and give commands."""
        settings, machines = self.settings, self._machines
        return replace(
            super().web_settings(),
            ahead=self.ahead,
            command=self.command,
            machine=self.machine,
            machines=machines.document,
            offered=Offers(settings.scenario, machines.real).of,
            commanded=lambda: [] if self._commanding is None else self._commanding.document(),
            carried=settings.counterpart.commands,
            commandable=settings.host in LOOPBACK or bool(token_for(settings.host)),
        )

    @property
    def history(self) -> BackfillTarget:
        """Where history is put before the first live record."""
        return BackfillTarget(self.store, self.brain, self.live.feed)

    def keep_count(self) -> None:
        """Keep for the next life what has been counted, and the record of the run.

        A disk that does not take them is told by the journal.
        """
        super().keep_count()
        if self._commanding is not None:
            with suppress(OSError):
                self._commanding.stay()

    def roles(self) -> Mapping[str, Any]:
        """How the processes do: as the parent tells, and those that run alone of themselves."""
        return {**({} if self._beside is None else self._beside.roles()), **self.parent.roles}

    def accounts(self) -> dict[str, Account]:
        """What is behind the broker besides ingest, store and brain, by the hop on the health page."""
        found = super().accounts()
        if self._outlook is not None:
            found["forecasts"] = self._outlook.account()
        if self._commanding is not None:
            found["commands"] = self._commanding.account(self.live.data_ns)
        return found

    async def ahead(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """A forecast of the live plant, see :meth:`Outlook.answer`."""
        if self._outlook is None:
            raise RetriableError("forecast: expected a live plant, got one that is not live yet (ask again later)")
        return await self._outlook.answer(asked)

    async def command(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Give the plant a command, see :meth:`Commanding.send`; ``apart`` are units that real machines stand for."""
        if self._commanding is None:
            raise RetriableError("command: expected a live plant, got one that is not live yet (ask again later)")
        said = await self._commanding.send(wanted)
        return {**said, "apart": await asyncio.to_thread(self._machines.real_at, str(wanted["target"]))}

    async def machine(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Write to a real machine, or let another driver stand for its unit, see :class:`Commanding`."""
        if self._commanding is None:
            raise RetriableError("machine: expected a live plant, got one that is not live yet (ask again later)")
        changes = "driver" in wanted
        return await (self._commanding.change_driver if changes else self._commanding.to_machine)(wanted)

    def look_ahead(self) -> None:
        """The plant is live from now on."""
        self._outlook = Outlook(self.settings.forecast, self._ask_plant, self._publish)
        self._stack.callback(self._outlook.close)
        self._looking.append(asyncio.create_task(self._outlook.run()))

    async def _ask_plant(self, question: str) -> str:
        return await self.parent.ask("plant", question)

    async def connect(self, broker: str, limit_s: float | None = CONNECT_S) -> None:
        """Listen to a broker, and hear commands and roles that run alone; see :meth:`Thinking.connect`."""
        await super().connect(broker, limit_s)
        passing = self.parent.passing
        self._commanding = Commanding(self.settings, self.store, broker)
        await retried(self._commanding.open, "hub", passing=passing)
        self._stack.push_async_callback(self._commanding.close)
        self._beside = Beside(self.settings, broker)
        await retried(self._beside.open, "hub", passing=passing)
        self._stack.push_async_callback(self._beside.close)
        self._tasks.append(asyncio.create_task(self._commanding.renewing(SystemClock())))

    def _stay(self) -> None:
        if self._commanding is not None:
            self._commanding.restore()
        super()._stay()

    async def close(self) -> None:
        """Stop listening, close pages and store."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)
        await super().close()

    def _now_ns(self) -> int:
        """The clock of the run, for what a store keeps: that of the machine where simulated now is the present."""
        present = self.settings.anchored and self.settings.speed == 1
        return time.time_ns() if present else self.live.agreed_ns
