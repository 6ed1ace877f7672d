"""Processes of a run: started, watched and ended by the one the user sees.

A child reads its standard input to the end and stops then, so it never outlives its parent,
however that one ends.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence

from brokers.embedded import end
from twin.errors import RetriableError

STOP_S = 8.0
READY = "ready"
"""What a child prints when it does its work."""
ANSWER = "answer "
"""What the line begins with in which a child answers a question."""
ANSWER_S = 30.0


class Child:
    """One process of ours.

    Args:
        name: What it is, for messages.
        arguments: Arguments of the Python interpreter.
        say: Told every line it prints, but for the one that says it is ready.
    """

    def __init__(self, name: str, arguments: Sequence[str], say: Callable[[str], None]):
        self.name = name
        self.ready = asyncio.Event()
        """Set when it has printed that it is ready, or has ended."""
        self.ended = False
        """Whether it says nothing any more."""
        self._arguments = tuple(arguments)
        self._say = say
        self._reader: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._asking = asyncio.Lock()

    async def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the parent only."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self._reader = asyncio.create_task(self._read(self._process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        try:
            while process.stdout is not None and (line := await _line(process.stdout)):
                text = line.decode(errors="replace").rstrip()
                if text == READY:
                    self.ready.set()
                elif text.startswith(ANSWER):
                    self._answers.put_nowait(text.removeprefix(ANSWER))
                else:
                    self._say(text)
        finally:
            self.ended = True
            self.ready.set()

    async def wait(self) -> int:
        """Wait until it ends and give its exit code."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return await self._process.wait()

    async def ask(self, question: str) -> str:
        """Ask it something in one line, and give the line it answers; questions wait for each other.

        Raises:
            RetriableError: It has ended, or does not answer.
        """
        async with self._asking:
            if self._process is None or self._process.stdin is None or self.ended:
                raise RetriableError(f"{self.name}: expected a running process, got one that has ended")
            self._answers = asyncio.Queue()
            self._process.stdin.write(f"{question}\n".encode())
            try:
                return await asyncio.wait_for(self._answers.get(), ANSWER_S)
            except TimeoutError:
                raise RetriableError(f"{self.name}: expected an answer within {ANSWER_S:g} s, got none") from None

    async def stop(self) -> None:
        """Ask it to end by closing its input; end it the hard way if it does not."""
        if self._process is not None:
            await end(self._process, STOP_S)


async def _line(stream: asyncio.StreamReader) -> bytes:
    """The next line; one longer than the reader's buffer is told as such and does not end the reading."""
    try:
        return await stream.readline()
    except ValueError:
        return b"(a line too long to show)"


async def parent_is_gone(asked: asyncio.Queue[str] | None = None) -> None:
    """Return when standard input ends: the parent has closed it or is no more.

    Args:
        asked: Gets the lines that the parent writes, see :meth:`Child.ask`.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await _line(reader):
        if asked is not None:
            asked.put_nowait(line.decode(errors="replace").strip())
