"""Who speaks for the units of a site, until when each was heard, and what of it is missing.

A heartbeat vouches for what its own publisher sent before it, and for nobody else: each publisher has
its own mark and its own gaps. The site goes on with those that are heard; one that falls silent is
not waited for, and its units are unknown from its last heartbeat on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from twin.brain.sequence import Numbers

NEVER = 2**62
MOST_PAST = 1_000
"""Gaps of the past that are kept of a publisher, for windows that are computed again."""
PERIODS = 3
"""A publisher is silent when nothing was heard for so many of its usual periods."""


class Beat(NamedTuple):
    """One heartbeat: its time, the run of its publisher and its number there, -1 when it has none; rows it dropped."""

    time_ns: int
    run: str = ""
    seq: int = -1
    dropped: int = 0


@dataclass(slots=True)
class Gap:
    """A span of which not everything was heard; with numbers, those heard before and after what is missing."""

    start: int
    end: int
    run: str = ""
    low: int = -1
    high: int = -1
    lost: bool = False
    rates_ns: int = NEVER
    """Until when master data of the site that may have been among it may have held."""

    @property
    def known(self) -> bool:
        """Whether something is known to be missing; else there was only silence."""
        return self.lost or self.high >= 0


Ends = Callable[[Gap], int]
"""Gives until when it bears on a unit that something is known to be missing in a gap."""


@dataclass(eq=False)
class Voice:
    """One publisher at one site.

    Args:
        name: Id of the publisher; of one without id the path of its heartbeats.
        last: Its newest heartbeat.
        period: Usual time between its heartbeats in ns.
        gaps: What of it was not heard.
        past: Gaps older than what is kept.
        first: Time of its first heartbeat.
        alive: Whether it is waited for; it says farewell, or its connection does.
        strange: A heartbeat far from the others, to be confirmed by the next.
    """

    name: str
    last: Beat | None = None
    period: int = 0
    gaps: list[Gap] = field(default_factory=list)
    past: list[Gap] = field(default_factory=list)
    first: int | None = None
    alive: bool = True
    strange: Beat | None = None

    @property
    def mark(self) -> int | None:
        """Time of its newest heartbeat."""
        return None if self.last is None else self.last.time_ns

    def passes(self, beat: Beat, numbers: Numbers | None, gap_ns: int) -> None:
        """Take a heartbeat after the last one; what is missing between the two is a gap.

        Numbers say exactly what is missing, also of the begin of a run, and the publisher what it dropped. Without
        numbers, and between two runs, time beyond ``gap_ns`` and three times the usual was not heard.
        """
        last, self.last, self.alive = self.last, beat, True
        self.first = beat.time_ns if self.first is None else self.first
        same = last is not None and last.run == beat.run
        low = last.seq if last is not None and same else -1
        since = -NEVER if last is None else last.time_ns
        if last is not None and same and beat.dropped > last.dropped:
            self.gaps.append(Gap(since, beat.time_ns, beat.run, low, beat.seq, lost=True))
            return
        numbered = beat.seq >= 0 and numbers is not None
        if numbers is not None and numbered and numbers.lacks(low + 1, beat.seq):
            self.gaps.append(Gap(since, beat.time_ns, beat.run, low, numbers.after(beat.seq)))
            return
        if last is not None and not (numbered and low >= 0) and self._was_silent(beat.time_ns - since, gap_ns):
            self.gaps.append(Gap(since, beat.time_ns))
            return
        self.period = self.period if last is None else beat.time_ns - since

    def _was_silent(self, span_ns: int, gap_ns: int) -> bool:
        return bool(self.period) and span_ns > max(gap_ns, PERIODS * self.period)

    def heals(self, time_ns: int, gap_ns: int) -> tuple[int, int] | None:
        """A late heartbeat without number splits the silence it falls into; gives the span that it changes."""
        for gaps in (self.gaps, self.past):
            for index, gap in enumerate(gaps):
                if gap.start < time_ns < gap.end and not gap.known:
                    halves = (Gap(gap.start, time_ns), Gap(time_ns, gap.end))
                    gaps[index : index + 1] = [half for half in halves if half.end - half.start > gap_ns]
                    return gap.start, gap.end
        return None

    def fills(self, run: str, seq: int, numbers: Numbers) -> tuple[int, int] | None:
        """A frame that was missing came; gives the span that is now heard, if nothing of it lacks any more."""
        for gaps in (self.gaps, self.past):
            for index, gap in enumerate(gaps):
                if gap.lost or gap.run != run or not gap.low < seq < gap.high:
                    continue
                if not numbers.lacks(gap.low + 1, gap.high):
                    del gaps[index]
                    return gap.start, NEVER
        return None

    def believes(self, beat: Beat, known_ns: int | None, ahead_ns: int) -> bool:
        """Whether a heartbeat is taken: one far from all that is known only when the next one confirms it.

        Args:
            beat: The heartbeat.
            known_ns: What its time is compared with; None: nothing is known.
            ahead_ns: How far from that it may be.
        """
        before, self.strange = self.strange, None
        if known_ns is None or abs(beat.time_ns - known_ns) <= ahead_ns:
            return True
        if before is not None and 0 < beat.time_ns - before.time_ns <= ahead_ns:
            return True
        self.strange = beat
        return False

    def silent(self, t0_ns: int, t1_ns: int, said: Ends) -> list[tuple[int, int]]:
        """Pieces of a window that were not heard, in order, without overlap; see :meth:`missed`."""
        mark = NEVER if self.last is None else self.last.time_ns
        return joined([*self.missed(t0_ns, t1_ns, said), (mark, t1_ns)], t0_ns, t1_ns)

    def missed(self, t0_ns: int, t1_ns: int, said: Ends) -> list[tuple[int, int]]:
        """Pieces of a window in which a unit's state is not known, in order, without overlap.

        Where a message is known to be missing that may have been a change of state, that lasts until the next, or
        until the unit says that it is still in the state before.

        Args:
            t0_ns: Begin of the window.
            t1_ns: End.
            said: When the unit's state was known next.
        """
        if not self.gaps:
            return []
        spans = [(gap.start, said(gap) if gap.known else gap.end) for gap in self.gaps if gap.start < t1_ns]
        return joined(spans, t0_ns, t1_ns)

    def lacks_before(self, t0_ns: int, t1_ns: int, works: Ends) -> bool:
        """Whether something is missing from before the end of a window that bears on stops and operations in it.

        Args:
            t0_ns: Begin of the window.
            t1_ns: End.
            works: When the unit was said to be producing next: what was before has ended then.
        """
        return any(gap.known and gap.start < t1_ns and works(gap) >= t0_ns for gap in self.gaps)

    def lost_in(self, t0_ns: int, t1_ns: int) -> bool:
        """Whether something is known to be missing that was said in a window."""
        return any(gap.known and gap.start < t1_ns and gap.end >= t0_ns for gap in (*self.past, *self.gaps))

    def prune(self, before_ns: int, said_ns: int = NEVER) -> None:
        """Put gaps that ended before a time aside.

        Args:
            before_ns: The time.
            said_ns: All it speaks for have said their state since then; what is known to be missing from later
                than that may still be why a state is not known.
        """
        over = [gap.end <= (min(before_ns, said_ns) if gap.known else before_ns) for gap in self.gaps]
        self.past = [*self.past, *(gap for gap, old in zip(self.gaps, over, strict=True) if old)][-MOST_PAST:]
        self.gaps = [gap for gap, old in zip(self.gaps, over, strict=True) if not old]


def joined(spans: list[tuple[int, int]], t0_ns: int, t1_ns: int) -> list[tuple[int, int]]:
    """Pieces of a window that some spans cover, in order, without overlap."""
    found: list[tuple[int, int]] = []
    within = [(max(start, t0_ns), min(end, t1_ns)) for start, end in spans]
    for start, end in sorted(span for span in within if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


class Voices:
    """The publishers of one site."""

    def __init__(self) -> None:
        self.known: dict[str, Voice] = {}
        self.counted: dict[str, Voice] = {}
        """Gaps of publishers that number what they say, and give no heartbeats of their own."""

    def of(self, publisher: str, path: str, site: str) -> Voice:
        """The voice of a heartbeat.

        The first that has an id goes on for those without at the path of the site, e.g. an import of history.
        """
        name = publisher or ("" if path == site else path)
        voice = self.known.get(name)
        if voice is None:
            voice = self.known.pop("", None) if publisher else None
            voice = voice or Voice(name)
            voice.name = name
            self.known[name] = voice
        return voice

    def all_of(self, publisher: str) -> list[Voice]:
        """What is kept of a publisher."""
        return [kept[publisher] for kept in (self.known, self.counted) if publisher in kept]

    def counts(self, publisher: str, gap: Gap) -> bool:
        """A number of a publisher did not come; whether none of its own heartbeats says so."""
        voice = self.known.get(publisher)
        if voice is not None and voice.last is not None and voice.last.seq >= 0:
            return False
        self.counted.setdefault(publisher, Voice(publisher)).gaps.append(gap)
        return True

    def speaking(self, publisher: str, path: str) -> Voice | None:
        """Who speaks for a unit: its publisher, else who speaks for where it stands, else the only one there is."""
        voice = self.known.get(publisher)
        if voice is not None and publisher:
            return voice
        above = [one for one in self.known.values() if "/" in one.name and _under(path, one.name)]
        if above:
            return max(above, key=_depth)
        if "" in self.known:
            return self.known[""]
        return next(iter(self.known.values())) if len(self.known) == 1 else None

    def vouched_ns(self, path: str, speaker: str, tellers: Iterable[str]) -> int | None:
        """Until when all that is said of a unit was heard; None where nobody says so.

        Args:
            path: The unit.
            speaker: Who says its states.
            tellers: Who says what it completes; one that is not waited for any more says nothing.
        """
        voice = self.speaking(speaker, path)
        others = (self.known[name] for name in tellers if name in self.known)
        marks = [voice.mark if voice is not None else None, *(other.mark for other in others if other.alive)]
        return min((mark for mark in marks if mark is not None), default=None)

    def lacks_between(self, path: str, speaker: str, tellers: Iterable[str], span: tuple[int, int]) -> bool:
        """Whether something was not heard, between two times, of those who say what a unit completes."""
        voice = self.speaking(speaker, path)
        some = [one for name in tellers for one in self.all_of(name)] + ([] if voice is None else [voice])
        gaps = (gap for one in some for gap in (*one.past, *one.gaps))
        return any(gap.start < span[1] and gap.end > span[0] for gap in gaps)

    def mark(self, gap_ns: int) -> int | None:
        """Until when all were heard that are waited for."""
        heard = [voice for voice in self.known.values() if voice.mark is not None]
        if not heard:
            return None
        newest = max(voice.mark or 0 for voice in heard)
        waited = [one.mark or 0 for one in heard if one.alive and not _late(one, newest, gap_ns)]
        return min(waited, default=newest)

    @property
    def period(self) -> int:
        """Usual time between the heartbeats of the slowest."""
        return max((voice.period for voice in self.known.values()), default=0)

    def prune(self, before_ns: int, said: Mapping[str, int]) -> None:
        """Put gaps that ended before a time aside.

        Args:
            before_ns: The time.
            said: By publisher, since when all it speaks for have said their state.
        """
        for name, voice in (*self.known.items(), *self.counted.items()):
            voice.prune(before_ns, said.get(name, NEVER))


def _late(voice: Voice, newest: int, gap_ns: int) -> bool:
    return newest - (voice.mark or 0) > max(gap_ns, PERIODS * voice.period)


def _under(path: str, above: str) -> bool:
    return path == above or path.startswith(f"{above}/")


def _depth(voice: Voice) -> int:
    return len(voice.name)
