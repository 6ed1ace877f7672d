"""What most transports do alike: the base of publishers and sources, which a new transport overrides in part."""
# ruff: noqa: B027 - what most transports need not do does nothing

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence

from brokers.attendance import Sign
from brokers.links import Base, ignore_base, ignore_mark, ignore_sign, pieces
from brokers.refusals import Refusals
from twin.ports import Delivery, Mark
from twin.records import Frame


class LinkPublisherBase(ABC):
    """A publisher that is always online; a subclass says how a piece is sent, and calls ``on_mark`` for marks.

    Args:
        url: Where to.
        publisher: Publisher id, usually the path of a site.
    """

    def __init__(self, url: str, publisher: str):
        self.url, self.publisher = url, publisher
        self.on_mark: Callable[[Mark], None] = ignore_mark
        self.refusals = Refusals()
        self.run = ""

    def begin(self, run: str) -> None:
        """Name the run that is about to be sent; before ``open``."""
        self.run = run

    async def open(self) -> None:
        """Connect. Raises RetriableError or NotLetInError."""

    async def wait_online(self) -> None:
        """Return when pieces can be sent."""

    def split(self, frame: Frame) -> Sequence[Frame]:
        """One piece per path, indicators also by window."""
        return pieces(frame, by_window=True)

    @abstractmethod
    async def publish(self, frame: Frame) -> None:
        """Send one stamped piece. Raises RetriableError when the counterpart is away."""

    async def announce(self, base: Base) -> None:
        """Say which pieces will not come; a source that is not told waits some seconds for them."""

    async def flushed(self, limit_s: float = 5.0) -> None:
        """Wait until what was sent has left, at most so long."""

    async def close(self) -> None:
        """Disconnect."""


class LinkSourceBase(ABC):
    """A source that is always online; a subclass says what arrives, and how a mark goes back.

    Args:
        url: Where from.
        client_id: Its name there.
        roots: Paths at and below which to listen; empty text: everything.
    """

    def __init__(self, url: str, client_id: str = "ingest", roots: Sequence[str] = ("",)):
        self.url, self.client_id, self.roots = url, client_id, tuple(roots)
        self.on_base: Callable[[Base], None] = ignore_base
        self.on_sign: Callable[[Sign], None] = ignore_sign
        self.malformed = 0
        self.refusals = Refusals()
        self.closed = False

    @property
    def dropped(self) -> int:
        """Messages dropped because nobody read them in time."""
        return 0

    @property
    def online(self) -> bool:
        """Whether there is a connection."""
        return not self.closed

    @property
    def losses(self) -> int:
        """Times the connection was lost."""
        return 0

    async def open(self) -> None:
        """Connect and subscribe. Raises RetriableError or NotLetInError."""

    @abstractmethod
    def deliveries(self) -> AsyncIterator[Delivery]:
        """What arrives, in order per publisher, until closed."""

    def refuse(self, error: Exception, sender: str) -> None:
        """Count a message that is not what it should be."""
        self.malformed += 1
        self.refusals.error(error, sender)

    @abstractmethod
    async def mark(self, mark: Mark) -> None:
        """Tell a publisher what is stored. Raises RetriableError."""

    async def close(self) -> None:
        """Disconnect; ``deliveries`` ends."""
        self.closed = True
