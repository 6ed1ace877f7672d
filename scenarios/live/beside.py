"""Roles that run alone tell the hub over the broker what a child tells its parent: counts, holds and reasons.

Nobody watches them here, so a role keeps the sum over its own lives: the next process of a part goes on from what
the broker has kept of the one before. The hub shows what holds at present of those only that it hears.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from brokers.counterpart import Heard, HearsAccounts
from brokers.retry import retried
from scenarios.live.account import Account, Accounts, all_together
from scenarios.live.parent import Parent
from scenarios.live.settings import RunSettings
from twin.errors import FatalError

log = logging.getLogger(__name__)

SAY_S = 2.0
"""Real time between two signs of life."""
SILENT_S = 10.0
"""Age of the last one from which a role counts as silent."""
UNSAID = "ended without a word"


class Word(BaseModel):
    """What a role that runs alone tells of itself.

    Args:
        role: Its name.
        sites: Sites that it serves; none: all.
        restarts: How often a process of this part has died and another one has taken its place.
        last_end: How the last of these ended.
        ended: It has said goodbye.
        accounts: All its lives together.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    role: str = Field(pattern=r"^[a-z_]{1,40}$")
    sites: tuple[str, ...] = ()
    restarts: int = 0
    last_end: str = ""
    ended: bool = False
    accounts: Accounts = Accounts()

    @property
    def name(self) -> str:
        """The role, with its sites where others serve the rest."""
        return f"{self.role} {', '.join(self.sites)}" if self.sites else self.role


class Telling:
    """What a role that runs alone tells the hub.

    Args:
        settings: Settings of the run, with a broker.
        name: Which role it is.
        parent: What it tells its counts to.
    """

    def __init__(self, settings: RunSettings, name: str, parent: Parent):
        if settings.broker is None:
            raise ValueError(f"{name}: expected the address of a broker, got none")
        self._first, self._parent = Word(role=name, sites=settings.sites), parent
        part = f"{name}{settings.share}"
        self._sender = settings.counterpart.tells(settings.broker, settings.name, settings.run, part)
        self._opened = False

    async def run(self) -> None:
        """Tell until cancelled; a broker that is away is waited for."""
        what = f"account of {self._first.role}"
        try:
            self._first = self._after(await retried(self._sender.open, what, passing=self._parent.passing))
        except FatalError as error:  # the role itself ends by it; this is only its account
            log.warning("%s: %s", what, error)
            return
        self._opened = True
        while True:
            await self._sender.say(self._word().model_dump())
            await asyncio.sleep(SAY_S)

    async def close(self) -> None:
        """Say goodbye."""
        if self._opened:
            await self._sender.say({**self._word().model_dump(), "ended": True})
        await self._sender.close()

    def _after(self, told: Mapping[str, Any] | None) -> Word:
        """What this life begins with, by what the one before has told."""
        try:
            before = Word.model_validate(told)
        except ValidationError:
            return self._first
        died = {} if before.ended else {"restarts": before.restarts + 1, "last_end": UNSAID}
        return before.model_copy(update={**died, "ended": False})

    def _word(self) -> Word:
        accounts = all_together([self._first.accounts, self._parent.accounts])
        return self._first.model_copy(update={"accounts": accounts})


@asynccontextmanager
async def telling(settings: RunSettings, name: str, parent: Parent) -> AsyncIterator[None]:
    """Tell the hub of a role that runs alone for as long as it lives."""
    told = Telling(settings, name, parent)
    task = asyncio.create_task(told.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await told.close()


class Beside:
    """What the hub knows of the roles that run alone.

    Args:
        settings: Settings of the run.
        broker: Address of the broker.
    """

    def __init__(self, settings: RunSettings, broker: str):
        hears = settings.counterpart.hears
        self._receiver: HearsAccounts[Word] = hears(broker, settings.name, settings.run, Word.model_validate)

    async def open(self) -> None:
        """Listen.

        Raises:
            ConnectorError: The broker does not answer, or refuses us.
        """
        await self._receiver.open()

    async def close(self) -> None:
        """Listen no more."""
        await self._receiver.close()

    def roles(self) -> dict[str, dict[str, Any]]:
        """How they do, by name and sites, as a supervisor tells it of its own; ``age_s`` is that of their last word."""
        return {heard.word.name: _report(heard) for heard in self._receiver.heard.values()}


def _report(heard: Heard[Word]) -> dict[str, Any]:
    word, age_s = heard.word, heard.age_s
    status = "ended" if word.ended else "up" if age_s <= SILENT_S else "silent"
    hops = {name: account if status == "up" else _past(account) for name, account in word.accounts.hops.items()}
    return {
        "status": status,
        "restarts": word.restarts,
        "last_end": word.last_end,
        "age_s": round(age_s, 1),
        "counters": word.accounts.ends.total,
        "hops": {name: account.document() for name, account in hops.items()},
        "troubles": word.accounts.troubles if status == "up" else {},
    }


def _past(account: Account) -> Account:
    """What has happened; what held when it was heard last is not known any more."""
    return replace(account, holds={})
