"""A role that dies is started again, a little later each time, and not for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

from scenarios.live.account import Accounts, all_together
from twin.errors import FactoryError

PAUSES_S = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Pauses before a role is started again after its 1st, 2nd, ... death in a row; then it is given up."""
STEADY_S = 60.0
"""A role that has lived so long begins to count anew."""
OWN_CODES = (1, 2, 3, 4)
"""Exit codes by which a role tells why it ended."""


class RoleEndedError(FactoryError):
    """A role has ended and is not started again.

    Args:
        text: What is told.
        exit_code: That of the role; 3 when it was killed.
        anew: All roles are to be made anew from the record of the run.
    """

    def __init__(self, text: str, exit_code: int, anew: bool = False):
        super().__init__(text)
        self.anew = anew
        self.exit_code = exit_code if exit_code in OWN_CODES else 3


class RoleLife(Protocol):
    """One process from its start to its end."""

    @property
    def final(self) -> bool:
        """Whether starting it again cannot help."""

    @property
    def anew(self) -> bool:
        """Whether it cannot go on from what it remembered."""

    async def begin(self) -> bool:
        """Start it; True when it does its work, False when it has ended before."""

    async def wait(self) -> int:
        """Wait until it ends and give its exit code."""

    async def stop(self, limit_s: float) -> None:
        """End it; the hard way if it has not ended in time."""


class Watched:
    """One role under watch.

    Args:
        name: What it is, for messages.
        live: Makes a life of it; told whether it has lived before.
        say: Tells the user one line.
    """

    def __init__(self, name: str, live: Callable[[bool], RoleLife], say: Callable[[str], None]):
        self.name = name
        self.status = "starting"
        """``starting``, ``up``, ``down`` or ``ended``."""
        self.restarts = 0
        self.last_end = ""
        """Why it ended last."""
        self.on_change: Callable[[], None] = lambda: None
        """Called when something of this has changed."""
        self.life: RoleLife | None = None
        self._live, self._say = live, say
        self._lives: list[Accounts] = []
        self._begun, self._deaths = time.monotonic(), 0

    def counted(self, accounts: Accounts) -> None:
        """Note the accounts of its present life."""
        self._lives[-1:] = [accounts]
        self.on_change()

    @property
    def accounts(self) -> Accounts:
        """All its lives together."""
        return all_together(self._lives)

    def report(self) -> dict[str, Any]:
        """How it does."""
        accounts = self.accounts
        return {
            "status": self.status,
            "restarts": self.restarts,
            "last_end": self.last_end,
            "counters": accounts.ends.total,
            "hops": {name: account.document() for name, account in accounts.hops.items()},
            "troubles": accounts.troubles,
        }

    async def start(self) -> None:
        """Start it for the first time; killed meanwhile, it is started again.

        Raises:
            RoleEndedError: It ended by itself before it did its work.
        """
        if await self._begin(again=False):
            return
        code = await self._ended()
        if code >= 0:
            raise RoleEndedError(f"{self.name}: {told(code)} (see its messages above)", code)
        await self._again(code)

    async def keep(self) -> None:
        """Start it again whenever it dies.

        Raises:
            RoleEndedError: It ended for a reason that stays, or again and again.
        """
        while True:
            await self._again(await self._ended())

    async def stop(self, limit_s: float) -> None:
        """End it."""
        life, self.life = self.life, None
        if life is not None:
            await life.stop(limit_s)
        self._change("ended")

    async def _begin(self, again: bool) -> bool:
        self._begun = time.monotonic()
        self._lives.append(Accounts())
        self.life = self._live(again)
        works = await self.life.begin()
        if works:
            self._change("up")
        return works

    async def _ended(self) -> int:
        if self.life is None:
            raise RuntimeError(f"{self.name} was not started")
        code = await self.life.wait()
        self.last_end = told(code)
        self._change("down")
        return code

    async def _again(self, code: int) -> None:
        """Start it until it does its work."""
        down_at = time.monotonic()
        self._leave_final(code)
        if down_at - self._begun > STEADY_S:
            self._deaths = 0
        self._say(f"{self.name}: {told(code)}, starting again")
        while self._deaths < len(PAUSES_S):
            await asyncio.sleep(PAUSES_S[self._deaths])
            self._deaths += 1
            self.restarts += 1
            if await self._begin(again=True):
                self._say(f"{self.name}: back after {time.monotonic() - down_at:.1f} s")
                return
            code = await self._ended()
            self._leave_final(code)
        raise RoleEndedError(f"{self.name}: {told(code)} again and again, given up (see its messages above)", code)

    def _leave_final(self, code: int) -> None:
        if self.life is not None and self.life.final:
            raise RoleEndedError(f"{self.name}: {told(code)} (see its messages above)", code, self.life.anew)

    def _change(self, status: str) -> None:
        self.status = status
        self.on_change()


def told(code: int) -> str:
    """An exit code in words.

    >>> told(-9), told(4)
    ('ended (signal 9)', 'ended (code 4)')
    """
    return f"ended (code {code})" if code >= 0 else f"ended (signal {-code})"
