"""What a live run wants of the counterpart of its transport besides the records.

That it is there, that nobody else runs under its name, and that commands come to the plant. All of it may be missing:
a run at :data:`PLAIN` counterparts claims no name and its plant takes no commands.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from brokers.refusals import Refusals
from twin.errors import FatalError, ModelError, Problem

Body = Mapping[str, Any]
Keep = Callable[[Body], Awaitable[None]]
"""Keeps what the plant has accepted durably, once or more often."""
Word = TypeVar("Word")
Wake = Callable[[], None]
"""Called when something is wanted."""


class RunClaim(Protocol):
    """Says that a name is in use, and gives way to whoever used it before."""

    async def hold(self) -> None:
        """Take the name. Raises FatalError when somebody who is alive has it."""

    async def keep(self) -> None:
        """Hold it until cancelled. Raises FatalError when somebody who had it before is back."""

    async def close(self) -> None:
        """Give it back."""


class GivesCommands(Protocol):
    """The hub's side of commands."""

    refusals: Refusals
    """Why the plant refused what it was asked, by whomever."""

    async def open(self) -> None:
        """Connect. Raises ConnectorError."""

    async def close(self) -> None:
        """Disconnect."""

    async def send(self, name: str, asked: Body, limit_s: float, /) -> Body:
        """Ask the plant for something; gives what it accepted, kept by now.

        Raises:
            ModelError: It refuses.
            RetriableError: No answer within the time.
        """


class TakesCommands(Protocol):
    """The plant's side of commands."""

    asked: deque[tuple[str, Any]]
    """Id and content of what is wanted and was not looked at yet."""

    async def open(self) -> None:
        """Connect. Raises ConnectorError."""

    async def close(self) -> None:
        """Disconnect."""

    async def refuse(self, name: str, problems: ModelError, /) -> None:
        """Say why something is not done."""

    async def tell(self, body: Body) -> None:
        """Say what was accepted until it is kept."""


@dataclass
class Heard(Generic[Word]):
    """What a part told last.

    Args:
        word: What it told.
        said_ns: When, by its clock.
        at: When it was heard alive, s of a steady clock; None: only what the broker has kept of it.
    """

    word: Word
    said_ns: int
    at: float | None = None

    @property
    def age_s(self) -> float:
        """Since when it has said nothing: by our clock, or by its stamp where we have not heard it ourselves."""
        if self.at is not None:
            return time.monotonic() - self.at
        return max(time.time_ns() - self.said_ns, 0) * 1e-9


class TellsAccounts(Protocol):
    """The side of a role that runs alone and tells the hub of itself."""

    async def open(self) -> Body | None:
        """Connect; gives what the part told last in this run. Raises ConnectorError."""

    async def say(self, body: Body, /) -> None:
        """Tell the present account, as a sign of life too."""

    async def close(self) -> None:
        """Disconnect, when what was told has left."""


class HearsAccounts(Protocol[Word]):
    """The hub's side of it."""

    heard: dict[str, Heard[Word]]
    """What each part told last."""

    async def open(self) -> None:
        """Connect. Raises ConnectorError."""

    async def close(self) -> None:
        """Disconnect."""


class NoAccounts:
    """Both sides where roles that run alone cannot tell of themselves."""

    def __init__(self) -> None:
        self.heard: dict[str, Heard[Any]] = {}

    async def open(self) -> None:
        """Nothing to connect to."""

    async def say(self, body: Body) -> None:
        """Nobody hears it."""

    async def close(self) -> None:
        """Nothing to disconnect from."""


def _no_accounts(*_: object) -> NoAccounts:
    return NoAccounts()


@dataclass(frozen=True)
class Counterpart:
    """What stands at the address of a transport, and does for a live run.

    Args:
        check: ``(url)``; raises ProblemsError when it is none of its addresses.
        reach: ``(url)``; returns when somebody listens there, or raises ConnectorError.
        claim: ``(url, name, run, parts)`` to a claim on a name, for parts of a run only where there are any.
        gives: ``(url, name, run, keep)`` to the hub's side of commands.
        takes: ``(url, name, run, client, wake)`` to the plant's side of commands.
        commands: Whether commands come through.
        tells: ``(url, name, run, part)`` to the side of a role that runs alone and tells of itself.
        hears: ``(url, name, run, understand)`` to the hub's side of it; ``understand`` reads what a part tells, and
            raises ValueError where that is nothing of ours.
    """

    check: Callable[[str], None]
    reach: Callable[[str], None]
    claim: Callable[[str, str, str, Sequence[str]], RunClaim]
    gives: Callable[[str, str, str, Keep], GivesCommands]
    takes: Callable[[str, str, str, str, Wake], TakesCommands]
    commands: bool = True
    tells: Callable[[str, str, str, str], TellsAccounts] = _no_accounts
    hears: Callable[[str, str, str, Callable[[Body], Any]], HearsAccounts[Any]] = _no_accounts


class NoClaim:
    """Nobody else can be seen."""

    async def hold(self) -> None:
        """Nothing to take."""

    async def keep(self) -> None:
        """Wait until cancelled."""
        import asyncio  # here: who only reads a scenario waits for nothing

        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing to give back."""


class NoCommands:
    """Both sides of commands where none are carried."""

    def __init__(self) -> None:
        self.refusals = Refusals()
        self.asked: deque[tuple[str, Any]] = deque()

    async def open(self) -> None:
        """Nothing to connect to."""

    async def close(self) -> None:
        """Nothing to disconnect from."""

    async def send(self, *_: object) -> Body:
        """Refuse.

        Raises:
            ModelError: Always.
        """
        wrong = Problem("command", "a transport that carries commands", "one that does not", "choose uns or sparkplug")
        self.refusals.count(ModelError([wrong]))
        raise ModelError([wrong])

    async def refuse(self, *_: object) -> None:
        """Nobody has asked."""

    async def tell(self, body: Body) -> None:
        """What was accepted over another transport cannot be kept.

        Raises:
            FatalError: Always.
        """
        wanted, hint = "the transport that brought it", "go on with that one, or begin anew with --fresh"
        raise FatalError(f"command {body['id']}: expected {wanted}, got one without commands ({hint})")


def _nothing(*_: object) -> None:
    """Nothing to check or to wait for."""


def _no_claim(*_: object) -> RunClaim:
    return NoClaim()


def _no_commands(*_: object) -> NoCommands:
    return NoCommands()


PLAIN = Counterpart(_nothing, _nothing, _no_claim, _no_commands, _no_commands, commands=False)
"""One that carries records and nothing else."""
