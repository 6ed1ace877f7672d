"""What has arrived of one run of one publisher, and the order in which observers see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from twin.ports import Mark
from twin.records import Frame


@dataclass(frozen=True, slots=True)
class Stored:
    """Something to go through again: frames that were stored, in the order in which they came."""

    frames: Sequence[Frame]


@dataclass(frozen=True, slots=True)
class Settled:
    """Something to go through again: numbers below ``first`` will not come."""

    publisher: str
    run: str
    first: int


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Something to go through again: the first gap is not waited for."""

    publisher: str
    run: str


Event = Stored | Settled | GivenUp
"""What the order in which observers see frames depends on."""


@dataclass
class Arrivals:
    """The numbers that have arrived: all below ``to``, and half-open ranges above it.

    >>> arrivals = Arrivals()
    >>> [arrivals.add(seq) for seq in (0, 1, 4, 4, 5)]
    [True, True, True, False, True]
    >>> arrivals.to, arrivals.missing()
    (2, ((2, 4),))
    """

    to: int = 0
    above: list[tuple[int, int]] = field(default_factory=list)

    def add(self, seq: int) -> bool:
        """Note a number; False when it was there already."""
        if seq < self.to or any(first <= seq < last for first, last in self.above):
            return False
        if seq == self.to and not self.above:
            self.to += 1
            return True
        self._merge(seq, seq + 1)
        return True

    def skip_to(self, first: int) -> None:
        """Take everything below a number as settled."""
        if first > self.to:
            self._merge(self.to, first)

    def _merge(self, first: int, last: int) -> None:
        merged: list[tuple[int, int]] = []
        for low, high in sorted([*self.above, (first, last)]):
            if merged and low <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], high))
            else:
                merged.append((low, high))
        if merged[0][0] <= self.to:
            self.to = max(self.to, merged.pop(0)[1])
        self.above = merged

    def missing(self) -> tuple[tuple[int, int], ...]:
        """The gaps, as half-open ranges."""
        starts = [self.to, *(high for _, high in self.above)]
        return tuple((start, low) for start, (low, _) in zip(starts, self.above, strict=False))


@dataclass
class Reception:
    """One run of one publisher.

    Args:
        publisher: Publisher id.
        run: Run id.
        most_held: Frames kept for observers while a gap before them is open.

    Attributes:
        arrivals: Numbers stored.
        late: Frames observed after frames with higher numbers, because their gap had been given up.
        lost: Numbers whose gap was given up and that have not come since.
        last: Number that arrived last, also if it had been there before; -1: none yet.
        latest_ns: Latest time of its rows.
        shared: Two say to be this run: the same numbers came with other rows.
    """

    publisher: str
    run: str
    most_held: int = 10_000

    def __post_init__(self) -> None:
        self.arrivals = Arrivals()
        self.late = self.lost = 0
        self.last = -1
        self.latest_ns = -1
        self.shared = False
        self.gap_since: float | None = None
        self._shown_to = 0
        self._named = -1
        self._waiting: dict[int, Frame] = {}

    @property
    def mark(self) -> Mark:
        """What is stored."""
        return Mark(self.publisher, self.run, self.arrivals.to, self.arrivals.missing(), self.last)

    def arrived(self, seq: int) -> bool:
        """Note a number; False when it was there already."""
        self.last = seq
        return self.arrivals.add(seq)

    def hears(self, frame: Frame) -> None:
        """Note the time of a piece that was taken."""
        if len(frame):
            self.latest_ns = max(self.latest_ns, int(frame.time_ns[-1]))

    def says_again(self, frame: Frame) -> bool:
        """Whether a piece whose number was there already is that piece; one that is newer than all was never here."""
        newer = len(frame) > 0 and not frame.historical and int(frame.time_ns[-1]) > self.latest_ns
        self.shared = self.shared or newer
        return not self.shared

    @property
    def held(self) -> int:
        """Frames that wait for a gap before them to close."""
        return len(self._waiting)

    def resume(self, now: float) -> None:
        """The clock has begun anew: what was waited for is waited for from now on."""
        self.gap_since = None if self.gap_since is None else now
        self._named = -1

    def show(self, frame: Frame, now: float) -> Iterator[Frame]:
        """The frames that observers see now that this one is stored, in order."""
        if frame.seq < self._shown_to:
            self.late += 1
            self.lost -= 1  # only what was given up comes late; what was settled is not taken again
            yield frame
            return
        self._waiting[frame.seq] = frame
        yield from self._ready(now)
        if len(self._waiting) > self.most_held:
            yield from self.give_up(now)

    def settle(self, first: int, now: float) -> Iterator[Frame]:
        """Numbers below ``first`` will not come: go on behind them, in order with what is there."""
        self.arrivals.skip_to(first)
        for seq in sorted(seq for seq in self._waiting if seq < first):
            yield self._waiting.pop(seq)
        self._shown_to = max(self._shown_to, first)
        yield from self._ready(now)

    def has_new_gap(self) -> bool:
        """Whether a gap has opened since this was asked last."""
        gap = self.arrivals.above[-1:]
        new = bool(gap) and gap[0][0] != self._named
        if gap:
            self._named = gap[0][0]
        return new

    def give_up(self, now: float) -> Iterator[Frame]:
        """Stop waiting for the first gap; what is stored of it later is shown late."""
        if self._waiting:
            first = min(self._waiting)
            self.lost += first - self._shown_to
            self._shown_to = first
            yield from self._ready(now)

    def _ready(self, now: float) -> Iterator[Frame]:
        moved = False
        while (frame := self._waiting.pop(self._shown_to, None)) is not None:
            self._shown_to += 1
            moved = True
            yield frame
        if not self._waiting:
            self.gap_since = None
        elif moved or self.gap_since is None:
            self.gap_since = now
