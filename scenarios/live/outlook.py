"""Forecasts of a running plant: a copy of it is taken, branched and run ahead while it goes on."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

from brokers.refusals import Refusals, reason_of
from scenarios.forecast import saved
from scenarios.forecast.ahead import Question, forecast
from scenarios.forecast.pool import BranchPool
from scenarios.forecast.records import frame_of
from scenarios.format.forecast import ForecastConfig
from scenarios.live.account import Account
from twin.errors import FactoryError, RetriableError
from twin.records import Frame

log = logging.getLogger(__name__)

SNAPSHOT = "snapshot"
"""What the plant's process is asked for."""

MOST_ASKING = 4
"""Forecasts asked for at a time; each waits for the one before."""

Document = dict[str, Any]
Ask = Callable[[str], Awaitable[str]]
Publish = Callable[[Frame], Awaitable[None]]


class Outlook:
    """Looks ahead of a running plant, when asked and as often as the scenario says.

    The plant's process writes a sealed copy of the plant between two ticks; branches run in other processes,
    which give way to the live ones; the quantiles are published as KPI records.

    Args:
        config: How often, how far, how many branches.
        ask: Asks the plant's process.
        publish: Publishes records.
    """

    def __init__(self, config: ForecastConfig, ask: Ask, publish: Publish):
        self.config = config
        self._ask, self._publish = ask, publish
        self._pool = BranchPool(config.workers, eager=True)
        self._busy = asyncio.Lock()
        self._asking = 0
        self._made = 0
        self._refusals = Refusals()
        self._faults: set[str] = set()

    def account(self) -> Account:
        """Forecasts made, in the making and not made, with the reason."""
        failed = dict(self._refusals.counts)
        return Account({"made": self._made, "failed": sum(failed.values())}, {"waiting": self._asking}, failed)

    async def run(self) -> None:
        """Look ahead again and again, whatever comes of it; returns only when that is not wanted."""
        while self.config.every is not None:
            try:
                await self.look(self._usual())
            except RetriableError as error:
                log.debug("forecast: %s", error)  # a plant that is away is told by who starts it again
            except FactoryError as error:
                log.warning("forecast: %s", error)
            except Exception as error:
                self._told(error)
            await asyncio.sleep(self.config.every)

    def _told(self, error: Exception) -> None:
        """Tell a fault of ours or of a plug-in with the place where it arose, each once: it may come at every turn."""
        if (fault := reason_of(error)) not in self._faults:
            self._faults.add(fault)
            log.error("forecast: could not be made: %s: %s (told once)", type(error).__name__, error, exc_info=error)

    def _usual(self) -> Question:
        return Question(self.config.horizon, self.config.forks, self.config.step)

    async def answer(self, asked: Mapping[str, Any]) -> Document:
        """A forecast for the pages or the command line.

        Args:
            asked: Fields of :class:`Question` that differ from what the scenario says.

        Raises:
            RetriableError: Too many are being made.
            ScenarioError: It cannot be made.
        """
        if self._asking >= MOST_ASKING:
            raise RetriableError(f"forecast: expected at most {MOST_ASKING} in the making (ask again when one is done)")
        usual = self._usual()
        fields = {name: getattr(usual, name) for name in ("horizon", "branches", "step_s")}
        self._asking += 1
        try:
            return await self.look(Question(**{**fields, **asked}))
        finally:
            self._asking -= 1

    async def look(self, question: Question) -> Document:
        """One forecast from now on, published; one that cannot be made is counted.

        Raises:
            FactoryError: It cannot be made.
        """
        try:
            document = await self._looked(question)
        except Exception as error:
            self._refusals.count(error)
            raise
        self._made += 1
        return document

    async def _looked(self, question: Question) -> Document:
        async with self._busy:
            copy = json.loads(await self._ask(SNAPSHOT))
            header, snapshot = await asyncio.to_thread(saved.read, Path(copy["file"]))
            try:
                result = await asyncio.to_thread(forecast, header.scenario, snapshot, question, self._pool)
            except BrokenExecutor:
                self._pool.close()
                raise RetriableError("forecast: expected its processes to live, got one that ended") from None
            await self._publish(await asyncio.to_thread(frame_of, result, copy["pause_s"]))
            return {**result.document(), "pause_s": copy["pause_s"]}

    def close(self) -> None:
        """End the other processes."""
        self._pool.close()
