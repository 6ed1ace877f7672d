"""A Logix controller by pylogix: everything here waits, and is called from one thread.

pylogix connects again by itself, waits once more for each tag after the connection ended and takes some answers apart
wrongly (short strings and structures among others, words of two bytes); here a connection ends for good, and those are
read one by one.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from pylogix import PLC
from pylogix.lgx_comm import Connection
from pylogix.utils import bit_of_word, parse_tag_name

from devices.connections._blocks import RequestRefusedError
from devices.connections.ethernet_ip.values import FORMS, misfit
from twin.errors import RetriableError

TOGETHER = 200
"""Tags in one call; it makes as many requests of them as it needs."""
GOOD = "Success"
UNREADABLE = (struct.error, ValueError, LookupError, TypeError)
"""What pylogix raises at an answer that it does not understand."""
Read = tuple[object, str]
"""What was read, and why it was not."""


class MisfitError(Exception):
    """A value that a tag cannot hold; says what it can."""


class _Line(Connection):  # type: ignore[misc]
    """A connection that raises when it has ended, instead of giving nothing.

    Args:
        parent: Whose it is.
        heard: Is told of each answer, in the thread that asks.
    """

    def __init__(self, parent: PLC, heard: Callable[[], None]) -> None:
        super().__init__(parent)
        self._heard = heard
        self.msg_socket.close()  # for messages of the controller, which nobody asks for

    def send(self, request: bytes, connected: bool = True, slot: int | None = None) -> tuple[int, bytes]:
        """Ask.

        Raises:
            ConnectionError: There was no answer.
        """
        status, answer = super().send(request, connected, slot)
        if answer is None:
            raise ConnectionError("no answer")
        self._heard()
        return status, answer


class TagController:
    """A session with a controller.

    Args:
        where: The controller, for messages.
        host: Its name or address.
        port: TCP port.
        slot: Its slot.
        timeout_s: Longest wait for an answer in s.
        micro800: Whether it is a Micro800.
        heard: Is told of each answer.
    """

    def __init__(
        self, where: str, host: str, port: int, slot: int, timeout_s: float, micro800: bool, heard: Callable[[], None]
    ) -> None:
        self._where, self._slot = where, slot
        self._plc = PLC(host, slot, timeout_s, micro800, port)
        self._plc.conn.Socket.close()
        self._plc.conn.msg_socket.close()
        self._plc.conn = _Line(self._plc, heard)
        self._plc.StringEncoding = "latin-1"  # a byte is a character; what they mean is said in values.py
        self._plc.CIPTypes[0xD2] = (2, "WORD", "<H")

    def connect(self) -> None:
        """Open a session.

        Raises:
            RetriableError: Nobody is there, or nobody who lets us in.
        """
        done, why = self._ask(self._plc.conn.connect)
        if not done:
            hint = f" (options.slot {self._slot}; or it has no connection left)" if "orward" in str(why) else ""
            raise RetriableError(f"{self._where}: expected a controller, got {why or 'no answer'}{hint}")

    def alive(self) -> None:
        """Ask for nothing in particular.

        Raises:
            RetriableError: It does not answer.
        """
        with suppress(*UNREADABLE):  # any answer will do
            self._ask(self._plc.GetPLCTime, True)

    def read(self, names: Sequence[str]) -> list[Read]:
        """Read tags, one value for each.

        Raises:
            RetriableError: The connection ended.
        """
        plain = [name for name in dict.fromkeys(names) if self.kind(name) in FORMS]
        found: dict[str, Read] = {}
        for at in range(0, len(plain), TOGETHER):
            found |= self._together(plain[at : at + TOGETHER])
        return [found[name] if name in found else self._alone(name) for name in names]

    def kind(self, name: str) -> int | None:
        """Number of the type of a tag, as far as it has been read."""
        known = self._plc.KnownTags.get(parse_tag_name(name)[1])
        return None if known is None else int(known[0])

    def _together(self, names: Sequence[str]) -> dict[str, Read]:
        """Tags of plain types; none where the answer is not understood, and without those that no longer are."""
        try:
            answers = self._ask(self._plc.Read, list(names))
        except UNREADABLE:
            return {}
        return {name: _read(answer) for name, answer in zip(names, answers, strict=True) if self.kind(name) in FORMS}

    def _alone(self, name: str) -> Read:
        try:
            return _read(self._ask(self._plc.Read, name))
        except UNREADABLE as error:
            return None, f"an answer that cannot be read: {error}"

    def write(self, name: str, value: Any) -> None:
        """Write a tag.

        Raises:
            MisfitError: It cannot hold the value.
            RequestRefusedError: The controller does not take it.
            RetriableError: The connection ended.
        """
        _, reason = self._alone(name)
        kind = self.kind(name)
        if reason or kind is None:
            raise RequestRefusedError(reason)
        if expected := misfit(value, kind, bit_of_word(name)):
            raise MisfitError(expected)
        raw = value.encode().decode("latin-1") if isinstance(value, str) else value
        status = self._ask(self._plc.Write, name, raw).Status
        if status != GOOD:
            raise RequestRefusedError(str(status))

    def tags(self) -> tuple[list[Any], dict[int, Any]]:
        """All tags, and the structures by number; none where the controller does not tell them.

        Raises:
            RetriableError: The connection ended.
        """
        try:
            found = self._ask(self._plc.GetTagList).Value
        except UNREADABLE:
            found = None
        return found or [], self._plc.UDT

    def _ask(self, what: Callable[..., Any], *values: Any) -> Any:
        try:
            return what(*values)
        except OSError as error:
            raise RetriableError(f"{self._where}: the connection ended: {error}") from None

    def close(self) -> None:
        """End the session, which waits for an answer."""
        self._plc.Close()

    def cut(self) -> None:
        """End the connection at once, also under a call that waits."""
        with suppress(OSError):
            self._plc.conn.Socket.shutdown(socket.SHUT_RDWR)


def _read(answer: Any) -> Read:
    return (answer.Value, "") if answer.Status == GOOD else (None, str(answer.Status))
