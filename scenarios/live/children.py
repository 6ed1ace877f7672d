"""Processes of a run: started, watched and ended by the one the user sees.

A child reads its standard input to the end and stops then, so it never outlives its parent,
however that one ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from brokers.embedded import end
from scenarios.live.account import Accounts
from twin.errors import RetriableError

STOP_S = 8.0
READY = "ready"
"""What a child prints when it does its work."""
FINAL = "final"
"""What a child prints before it ends by itself when starting it again cannot help."""
ANEW = "anew"
"""What a child prints before it ends because it cannot go on: all roles are to be made anew."""
ANSWER = "answer "
"""What the line begins with in which somebody answers a question."""
REFUSED = "refused "
"""What the line begins with that says why there is no answer."""
ASK = "ask "
"""What the line begins with in which a child asks another role; its name and the question follow."""
COUNTS = "counts "
"""What the line begins with in which a child tells its accounts as JSON."""
BROKER = "broker "
"""What the line begins with in which a child is told the address of the broker."""
ROLES = "roles "
"""What the line begins with in which a child is told, as JSON, how all roles do."""
ANSWER_S = 30.0

Asked = Callable[[str, str], Awaitable[str]]
"""Asks the role of a name a question."""


class Child:
    """One life of a process of ours.

    Args:
        name: What it is, for messages.
        arguments: Arguments of the Python interpreter.
        say: Told every line it prints that is meant for people.
        counted: Told its accounts whenever it tells them.
        asked: Asks another role for it.
        descriptors: Open files it takes over.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        say: Callable[[str], None],
        counted: Callable[[Accounts], None] = lambda _: None,
        asked: Asked | None = None,
        descriptors: Sequence[int] = (),
    ):
        self.name = name
        self.ready = asyncio.Event()
        """Set when it has printed that it is ready, or has ended."""
        self.ended = False
        """Whether it says nothing any more."""
        self.final = False
        """Whether it said that starting it again cannot help."""
        self.anew = False
        """Whether it said that all roles are to be made anew."""
        self._arguments = tuple(arguments)
        self._say, self._counted, self._asked = say, counted, asked
        self._descriptors = tuple(descriptors)
        self._reader: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._asking = asyncio.Lock()
        self._errands: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the parent only."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            pass_fds=self._descriptors,
        )
        self._reader = asyncio.create_task(self._read(self._process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        try:
            while process.stdout is not None and (line := await next_line(process.stdout)):
                self._heard(line.decode(errors="replace").rstrip())
        finally:
            self.ended = True
            self.ready.set()

    def _heard(self, text: str) -> None:
        if text == READY:
            self.ready.set()
        elif text == FINAL:
            self.final = True
        elif text == ANEW:
            self.final = self.anew = True
        elif text.startswith((ANSWER, REFUSED)):
            self._answers.put_nowait(text)
        elif text.startswith(COUNTS):
            self._counted(Accounts.of(json.loads(text.removeprefix(COUNTS))))
        elif text.startswith(ASK):
            errand = asyncio.create_task(self._errand(text.removeprefix(ASK)))
            self._errands.add(errand)
            errand.add_done_callback(self._errands.discard)
        else:
            self._say(text)

    async def _errand(self, text: str) -> None:
        role, _, question = text.partition(" ")
        try:
            if self._asked is None:
                raise RetriableError(f"{role}: expected somebody to ask, got nobody")
            await self.tell(f"{ANSWER}{await self._asked(role, question)}")
        except RetriableError as error:
            await self.tell(f"{REFUSED}{error}")

    async def wait(self) -> int:
        """Wait until it ends and give its exit code; all it printed has been read then."""
        if self._process is None or self._reader is None:
            raise RuntimeError(f"{self.name} was not started")
        code = await self._process.wait()
        await asyncio.wait([self._reader], timeout=STOP_S)  # a grandchild may hold the pipe
        return code

    async def tell(self, line: str) -> None:
        """Write it a line; one that has ended does not hear it."""
        if self._process is not None and self._process.stdin is not None and not self.ended:
            with suppress(ConnectionError):
                self._process.stdin.write(f"{line}\n".encode())
                await self._process.stdin.drain()

    async def ask(self, question: str) -> str:
        """Ask it something in one line, and give the line it answers; questions wait for each other.

        Raises:
            RetriableError: It has ended, or does not answer.
        """
        async with self._asking:
            if self._process is None or self.ended:
                raise RetriableError(f"{self.name}: expected a running process, got one that has ended")
            self._answers = asyncio.Queue()
            await self.tell(question)
            return await answered(self._answers, self.name)

    async def stop(self, limit_s: float = STOP_S) -> None:
        """Ask it to end by closing its input; end it the hard way if it has not ended in time."""
        if self._process is not None:
            await end(self._process, limit_s)
        if self._reader is not None:
            await asyncio.wait([self._reader], timeout=1.0)


async def answered(answers: asyncio.Queue[str], name: str) -> str:
    """What somebody answers, told in one line.

    Raises:
        RetriableError: There is no answer, or it is a refusal.
    """
    try:
        text = await asyncio.wait_for(answers.get(), ANSWER_S)
    except TimeoutError:
        raise RetriableError(f"{name}: expected an answer within {ANSWER_S:g} s, got none") from None
    if text.startswith(REFUSED):
        raise RetriableError(text.removeprefix(REFUSED))
    return text.removeprefix(ANSWER)


async def next_line(stream: asyncio.StreamReader) -> bytes:
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
    while line := await next_line(reader):
        if asked is not None:
            asked.put_nowait(line.decode(errors="replace").strip())
