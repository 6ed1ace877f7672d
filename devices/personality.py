"""How a server of a machine behaves apart from what it shows: what real ones put clients through.

Everything here counts requests and looks at no clock and no dice, so that a client meets the same in each try.
"""

from __future__ import annotations

from collections.abc import Sequence

from devices.served import ServedMachine, ServedPoint, ServedValue


class SessionLostError(Exception):
    """The server ends a session."""


class Personality:
    """A server without faults; kinds override what they do otherwise.

    One of these is made for each server, whatever the number of its clients.
    """

    async def answers(self, answer: bytes) -> Sequence[bytes]:
        """What is sent for a request, in order.

        Args:
            answer: What a server without faults sends.

        Raises:
            SessionLostError: Nothing; the session ends.
        """
        return (answer,)

    def capped(self, items: int) -> bool:  # noqa: ARG002
        """Whether so many items (registers, words, observations) in one request are too many."""
        return False

    def hidden(self, machine: ServedMachine, point: ServedPoint) -> bool:  # noqa: ARG002
        """Whether a point of a machine is not there at present; asked once for each request that touches it."""
        return False

    def seen(self, value: ServedValue) -> ServedValue:
        """A value as it is shown."""
        return value


class Personalities(Personality):
    """Several at once, each on top of those before."""

    def __init__(self, some: Sequence[Personality]) -> None:
        self._some = tuple(some)

    async def answers(self, answer: bytes) -> Sequence[bytes]:
        """What the last makes of what those before send."""
        sent: Sequence[bytes] = (answer,)
        for one in self._some:
            sent = [piece for before in sent for piece in await one.answers(before)]
        return sent

    def capped(self, items: int) -> bool:
        """Whether it is too much for one of them."""
        return any(one.capped(items) for one in self._some)

    def hidden(self, machine: ServedMachine, point: ServedPoint) -> bool:
        """Whether one of them hides it."""
        return any([one.hidden(machine, point) for one in self._some])  # noqa: C419 - each of them counts

    def seen(self, value: ServedValue) -> ServedValue:
        """What they make of it, one after another."""
        for one in self._some:
            value = one.seen(value)
        return value
