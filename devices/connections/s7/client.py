"""PUT/GET over ISO-on-TCP: connect, read and write bytes, one request after another.

Source: RFC 1006 and ISO 8073 class 0 (transport); the S7 protocol has no published text, its frames are those that
Wireshark's dissector s7comm names.
"""

from __future__ import annotations

import asyncio
import struct
from contextlib import suppress

from devices.connections._blocks import RequestRefusedError
from twin.errors import Problem, ProblemsError, RetriableError

AREAS = {"I": 0x81, "Q": 0x82, "M": 0x83, "DB": 0x84}
REASONS = {
    0x01: "hardware error",
    0x03: "access denied (permit PUT/GET; switch off optimized access of the block)",
    0x05: "no such address",
    0x06: "type not supported",
    0x07: "type does not fit",
    0x0A: "no such block",
}
GOOD_CODE = 0xFF
BIT, BYTE = 0x01, 0x02
"""Sizes of an item in a request."""
DATA = b"\x02\xf0\x80"
"""ISO 8073: data, last piece."""
JOB, ANSWER = 1, 3
READ, WRITE, SETUP = 4, 5, 0xF0
LARGEST_PDU = 960
LARGEST_FRAME = 8_192
OVERHEAD = 18
"""Bytes of an answer that are not data: header 12, function and number 2, head of the item 4."""
CLOSE_S = 1.0


class DeniedError(RequestRefusedError):
    """A controller does not give or take an item.

    Args:
        code: Its return code.
    """

    def __init__(self, code: int) -> None:
        super().__init__(f"0x{code:02x}, {REASONS.get(code, 'refused')}")


class PutGetClient:
    """A connection to a controller.

    Args:
        where: The controller, for messages.
        timeout_s: Longest wait for an answer in s.
    """

    def __init__(self, where: str, timeout_s: float) -> None:
        self._where, self._timeout_s = where, timeout_s
        self._turn = asyncio.Lock()
        self._number = 0
        self._pdu = 240
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self, host: str, port: int, rack: int, slot: int) -> None:
        """Connect, and agree on how much goes into one answer.

        Raises:
            RetriableError: Nobody is there.
            ProblemsError: Somebody is, but no controller in this rack and slot.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                self._reader, self._writer = await asyncio.open_connection(host, port, limit=65_536)
                place = 32 * rack + slot
                called = b"\xc0\x01\x0a\xc1\x02\x01\x00\xc2\x02\x01" + bytes([place])
                self._send(b"\x11\xe0\x00\x00\x00\x01\x00" + called)
                answer = await self._frame()
        except (OSError, EOFError, TimeoutError) as error:
            raise RetriableError(f"{self._where}: expected a controller, got {error or 'no answer'}") from None
        if answer[1:2] != b"\xd0":
            got, hint = f"none in rack {rack}, slot {slot}", "S7-1200 and 1500: rack 0, slot 1; S7-300: slot 2"
            raise ProblemsError([Problem(f"{self._where} options.slot", "a controller", got, hint)])
        parameters, _ = await self._request(struct.pack(">BBHHH", SETUP, 0, 1, 1, LARGEST_PDU), b"")
        self._pdu = max(OVERHEAD + 2, min(LARGEST_PDU, int.from_bytes(parameters[6:8], "big")))

    async def alive(self) -> None:
        """Ask for nothing in particular.

        Raises:
            RetriableError: It does not answer.
        """
        with suppress(DeniedError):
            await self.read("M", 0, 0, 1)

    async def read(self, table: str, block: int, start: int, length: int) -> bytes:
        """Bytes, in as many answers as it needs.

        Raises:
            DeniedError: The controller does not give them.
            RetriableError: It does not answer, or not as it should.
        """
        most = self._pdu - OVERHEAD
        pieces = [await self._piece(table, block, start + at, min(most, length - at)) for at in range(0, length, most)]
        return b"".join(pieces)

    async def _piece(self, table: str, block: int, start: int, length: int) -> bytes:
        item = self._item(table, block, BYTE, length, 8 * start)
        _, data = await self._request(bytes([READ, 1]) + item, b"")
        if not data or data[0] != GOOD_CODE:
            raise DeniedError(data[0] if data else 0)
        if len(data) < 4 + length:
            raise RetriableError(f"{self._where}: expected {length} bytes, got {len(data) - 4}")
        return data[4 : 4 + length]

    async def write(self, table: str, block: int, start: int, bit: int | None, raw: bytes) -> None:
        """Write bytes, or one bit.

        Raises:
            DeniedError: The controller does not take them.
            RetriableError: It does not answer, or not as it should.
        """
        most = self._pdu - 35
        for at in range(0, len(raw), most):
            piece = raw[at : at + most]
            if bit is None:
                item = self._item(table, block, BYTE, len(piece), 8 * (start + at))
                data = struct.pack(">BBH", 0, 4, 8 * len(piece)) + piece
            else:
                item = self._item(table, block, BIT, 1, 8 * start + bit)
                data = struct.pack(">BBH", 0, 3, 1) + piece
            _, answer = await self._request(bytes([WRITE, 1]) + item, data)
            if answer[:1] != bytes([GOOD_CODE]):
                raise DeniedError(answer[0] if answer else 0)

    @staticmethod
    def _item(table: str, block: int, size: int, length: int, bits: int) -> bytes:
        head = struct.pack(">BBBBHHB", 0x12, 0x0A, 0x10, size, length, block, AREAS[table])
        return head + bits.to_bytes(3, "big")

    async def _request(self, parameters: bytes, data: bytes) -> tuple[bytes, bytes]:
        """Parameters and data of the answer."""
        async with self._turn:
            self._number = self._number % 65_535 + 1
            head = struct.pack(">BBHHHH", 0x32, JOB, 0, self._number, len(parameters), len(data))
            try:
                async with asyncio.timeout(self._timeout_s):
                    self._send(DATA + head + parameters + data)
                    frame = await self._answer()
            except (OSError, EOFError, TimeoutError) as error:
                said = "none" if isinstance(error, TimeoutError) else "the end of the connection"
                raise RetriableError(f"{self._where}: expected an answer, got {said}") from None
        _, _, _, _, first, second, kind, code = struct.unpack(">BBHHHHBB", frame[:12])
        if kind or code:
            if not frame[12:]:
                raise DeniedError(kind)
            raise RetriableError(f"{self._where}: expected an answer, got error 0x{kind:02x}{code:02x}")
        return frame[12 : 12 + first], frame[12 + first : 12 + first + second]

    async def _answer(self) -> bytes:
        """The answer to the latest request; late ones to those before are passed over."""
        while True:
            frame = await self._frame()
            body = frame[3:]
            if frame[:2] != DATA[:2] or len(body) < 12 or body[0] != 0x32 or body[1] not in (2, ANSWER):
                raise RetriableError(f"{self._where}: expected the S7 protocol, got something else")
            if int.from_bytes(body[4:6], "big") == self._number:
                return body

    def _send(self, content: bytes) -> None:
        if self._writer is None:
            raise RetriableError(f"{self._where}: there is no connection")
        self._writer.write(struct.pack(">BBH", 3, 0, len(content) + 4) + content)

    async def _frame(self) -> bytes:
        if self._reader is None:
            raise RetriableError(f"{self._where}: there is no connection")
        version, _, length = struct.unpack(">BBH", await self._reader.readexactly(4))
        if version != 3 or not 7 <= length <= LARGEST_FRAME:
            raise RetriableError(f"{self._where}: expected ISO-on-TCP, got something else")
        return await self._reader.readexactly(length - 4)

    async def close(self) -> None:
        """End the connection; never raises."""
        writer, self._writer, self._reader = self._writer, None, None
        if writer is not None:
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await writer.wait_closed()
