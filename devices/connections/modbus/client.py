"""Modbus TCP: requests and answers, one after another.

Source: MODBUS Messaging on TCP/IP 1.0b (header), MODBUS Application Protocol 1.1b3 (functions and exceptions).
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from contextlib import suppress

from devices.connections._blocks import RequestRefusedError
from devices.connections.modbus.registers import BITS
from twin.errors import RetriableError

READ = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
"""Function that reads a table."""
WRITE_COIL, WRITE_REGISTER, WRITE_REGISTERS = 5, 6, 16
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge",
    6: "server device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}
OF_ADDRESS = (2, 3)
BUSY = (5, 6, 10, 11)
"""Exceptions after which trying again may help."""
HEADER = struct.Struct(">HHHB")
LARGEST = 254
"""Bytes of unit id and function that a header may announce."""
CLOSE_S = 1.0


class RefusedError(RequestRefusedError):
    """A device answered with an exception.

    Args:
        code: Its number.
    """

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"exception {code}, {EXCEPTIONS.get(code, 'unknown')}")

    @property
    def of_address(self) -> bool:
        """Whether it may be that only some of the addresses are wrong."""
        return self.code in OF_ADDRESS


class RegisterClient:
    """A connection to a device; one request at a time, as many devices take no more.

    Args:
        where: The device, for messages.
        timeout_s: Longest wait for an answer in s.
    """

    def __init__(self, where: str, timeout_s: float) -> None:
        self._where, self._timeout_s = where, timeout_s
        self._turn = asyncio.Lock()
        self._number = 0
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self, host: str, port: int) -> None:
        """Connect.

        Raises:
            RetriableError: Nobody is there.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                self._reader, self._writer = await asyncio.open_connection(host, port, limit=4096)
        except (OSError, TimeoutError) as error:
            raise RetriableError(f"{self._where}: expected a device, got {error or 'no answer'}") from None

    async def connected(self) -> None:
        """See whether the connection is still there, where there is nothing to ask for.

        Raises:
            RetriableError: It has ended.
        """
        if self._reader is None or self._reader.at_eof():
            raise RetriableError(f"{self._where}: the connection ended")

    async def read(self, unit: int, table: str, start: int, length: int) -> list[int]:
        """Registers, or bits as 0 and 1.

        Raises:
            RefusedError: The device answered with an exception.
            RetriableError: It did not answer, or not as it should.
        """
        answer = await self._request(unit, struct.pack(">BHH", READ[table], start, length))
        size = (length + 7) // 8 if table in BITS else 2 * length
        if len(answer) != size + 2 or answer[1] != size:
            raise RetriableError(f"{self._where}: expected {size} bytes, got {len(answer) - 2}")
        if table in BITS:
            return [answer[2 + at // 8] >> at % 8 & 1 for at in range(length)]
        return list(struct.unpack(f">{length}H", answer[2:]))

    async def write(self, unit: int, table: str, start: int, words: Sequence[int]) -> None:
        """Write a coil or registers.

        Raises:
            RefusedError: The device answered with an exception.
            RetriableError: It did not answer, or not as it should.
        """
        if table == "coil":
            pdu = struct.pack(">BHH", WRITE_COIL, start, 0xFF00 if words[0] else 0)
        elif len(words) == 1:
            pdu = struct.pack(">BHH", WRITE_REGISTER, start, words[0])
        else:
            pdu = struct.pack(f">BHHB{len(words)}H", WRITE_REGISTERS, start, len(words), 2 * len(words), *words)
        await self._request(unit, pdu)

    async def _request(self, unit: int, pdu: bytes) -> bytes:
        async with self._turn:
            if self._reader is None or self._writer is None:
                raise RetriableError(f"{self._where}: there is no connection")
            self._number = self._number % 65_535 + 1
            try:
                async with asyncio.timeout(self._timeout_s):
                    self._writer.write(HEADER.pack(self._number, 0, len(pdu) + 1, unit) + pdu)
                    await self._writer.drain()
                    answer = await self._answer(self._reader)
            except (OSError, EOFError, TimeoutError) as error:
                said = "none" if isinstance(error, TimeoutError) else "the end of the connection"
                raise RetriableError(f"{self._where}: expected an answer, got {said}") from None
        if answer[0] == pdu[0] | 0x80 and len(answer) > 1:
            raise RefusedError(answer[1])
        if answer[0] != pdu[0]:
            raise RetriableError(f"{self._where}: expected function {pdu[0]}, got {answer[0]}")
        return answer

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        """The answer to the latest request; late ones to those before are passed over."""
        while True:
            number, protocol, length, _ = HEADER.unpack(await reader.readexactly(HEADER.size))
            if protocol or not 2 <= length <= LARGEST:
                raise RetriableError(f"{self._where}: expected Modbus TCP, got something else")
            answer = await reader.readexactly(length - 1)
            if number == self._number:
                return answer

    async def close(self) -> None:
        """End the connection; never raises."""
        writer, self._writer, self._reader = self._writer, None, None
        if writer is not None:
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await writer.wait_closed()
