"""The process that started a role, as the role sees it: one line at a time, both ways."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from brokers.retry import tries
from scenarios.live.account import Accounts
from scenarios.live.children import (
    ANEW,
    ANSWER,
    ASK,
    BROKER,
    COUNTS,
    FINAL,
    READY,
    REFUSED,
    ROLES,
    answered,
    parent_is_gone,
)
from twin.errors import ConnectorError, NotLetInError, RetriableError


class Parent:
    """The process that started this one, as a role sees it.

    Args:
        alone: Nobody started it as a child: standard input and output are the user's.
        again: The role has lived before: it waits for its counterparts and does not introduce itself.
    """

    def __init__(self, alone: bool = False, again: bool = False):
        self.alone, self.again = alone, again
        self.questions: asyncio.Queue[str] = asyncio.Queue()
        """What the parent asks; answered by :meth:`answer`."""
        self.roles: dict[str, Any] = {}
        """How all roles do, as last told."""
        self.on_roles: Callable[[], None] = lambda: None
        """Called when the parent has told how the roles do."""
        self._broker: asyncio.Queue[str] = asyncio.Queue()
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._asking = asyncio.Lock()
        self._told = Accounts()

    @property
    def passing(self) -> tuple[type[ConnectorError], ...]:
        """Errors of a counterpart that the role waits for; one that lived before also for being let in again."""
        return (RetriableError, NotLetInError) if self.again else (RetriableError,)

    async def listen(self) -> None:
        """Hear the parent; returns when it has closed our input or is no more."""
        if self.alone:
            await asyncio.Event().wait()
        lines: asyncio.Queue[str] = asyncio.Queue()
        hearing = asyncio.create_task(self._hear(lines))
        await parent_is_gone(lines)
        hearing.cancel()

    async def _hear(self, lines: asyncio.Queue[str]) -> None:
        while True:
            line = await lines.get()
            if line.startswith((ANSWER, REFUSED)):
                self._answers.put_nowait(line)
            elif line.startswith(ROLES):
                self.roles = json.loads(line.removeprefix(ROLES))
                self.on_roles()
            elif line.startswith(BROKER):
                self._broker.put_nowait(line.removeprefix(BROKER))
            else:
                self.questions.put_nowait(line)

    async def broker(self) -> str:
        """Address of the broker, once there is one."""
        return await self._broker.get()

    async def ask(self, role: str, question: str) -> str:
        """Ask another role something.

        Raises:
            RetriableError: It does not answer.
        """
        if self.alone:
            raise RetriableError(f"{role}: expected a run of all roles to ask it in, got this role alone")
        async with self._asking:
            self._answers = asyncio.Queue()
            self._print(f"{ASK}{role} {question}")
            return await answered(self._answers, role)

    def answer(self, text: str) -> None:
        """Answer what was asked."""
        self._print(f"{ANSWER}{text}")

    def refuse(self, reason: str) -> None:
        """Say why what was asked has no answer."""
        self._print(f"{REFUSED}{' '.join(reason.split())}")

    def ready(self) -> None:
        """Say that this role does its work."""
        self._print(READY)

    def final(self) -> None:
        """Say that starting this role again cannot help."""
        self._print(FINAL)

    def anew(self) -> None:
        """Say that this role cannot go on, and that all roles are to be made anew."""
        self._print(ANEW)

    def counts(self, accounts: Accounts) -> None:
        """Tell the accounts of this life, if they have changed, and what does not work in it at present."""
        accounts = replace(accounts, troubles=tries().troubles())
        if accounts != self._told:
            self._told = accounts
            self._print(f"{COUNTS}{json.dumps(accounts.document())}")

    @property
    def accounts(self) -> Accounts:
        """The accounts of this life, as last told."""
        return self._told

    def _print(self, line: str) -> None:
        if not self.alone:
            print(line, flush=True)
