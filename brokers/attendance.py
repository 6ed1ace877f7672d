"""Which publishers are there: by what they say at their end, and by how long nothing was heard of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from twin.equipment import EquipmentPath, Level
from twin.ports import Presence
from twin.records import Frame, RecordKind

MOST_PUBLISHERS = 1_000
MOST_UNITS = 100_000
PERIODS = 3
"""A publisher is silent when nothing was heard of it for so many of its periods."""
FIRST_PERIOD_S = 20.0
"""Taken as the period of one that has given a single heartbeat."""


class Sign(NamedTuple):
    """What a wire says of a publisher's connection.

    Args:
        publisher: Its id; empty for a stranger without one.
        alive: Whether it is there.
        paths: What has gone of it; empty: all that it speaks for.
    """

    publisher: str
    alive: bool
    paths: tuple[EquipmentPath, ...] = ()


@dataclass
class Attendant:
    """What is known of one publisher."""

    run: str = ""
    state: Literal["online", "silent", "gone"] = "online"
    heard_at: float | None = None
    beat_at: float | None = None
    period_s: float | None = None
    heard_ns: int = 0
    beats: bool = False
    lag_s: float | None = None
    dropped: int | None = None
    units: set[EquipmentPath] = field(default_factory=set)


class Attendance:
    """Keeps the list of publishers.

    Args:
        silent_s: Nobody is called silent sooner than after this time.
    """

    def __init__(self, silent_s: float):
        self._silent_s = silent_s
        self._known: dict[str, Attendant] = {}
        self._signs: list[Sign] = []

    def hear(self, frame: Frame, now: float) -> None:
        """A frame has come; what a broker kept says whose the units are, not that somebody is there."""
        known = self._of(frame.publisher)
        if known is None:
            return
        speaks = frame.kind is not RecordKind.KPI  # who reckons with units speaks for none
        path = frame.paths[0] if frame.paths and speaks else None
        if path is not None and path not in known.units and len(known.units) < MOST_UNITS:
            known.units.update(each for each in frame.paths if each.level is Level.UNIT)
        if frame.seq < 0 and frame.historical:
            return
        if known.state != "online":
            self.note(Sign(frame.publisher, True))
        known.run, known.heard_at = frame.run, now
        if frame.kind is RecordKind.HEARTBEAT and not frame.historical and len(frame):
            self._beat(known, frame, now)
        elif not known.beats and len(frame):
            known.heard_ns = max(known.heard_ns, int(frame.time_ns[-1]))

    def _beat(self, known: Attendant, frame: Frame, now: float) -> None:
        known.period_s = None if known.beat_at is None else now - known.beat_at
        known.beat_at, known.beats = now, True
        known.heard_ns = int(frame.time_ns[-1])
        _, dropped, lag_s = frame.values[-1, :3].tolist()
        known.lag_s, known.dropped = lag_s, dropped

    def note(self, sign: Sign) -> None:
        """Somebody has gone or come, see :meth:`changes`."""
        if len(self._signs) < MOST_UNITS:
            self._signs.append(sign)

    def changes(self, now: float, unshown: Collection[str] = ()) -> Iterator[Presence]:
        """Who has gone or come since the last call; to be asked when all that has arrived was taken.

        Args:
            now: Time of the machine in s.
            unshown: Publishers of which something waits to be shown: of them it is told later.
        """
        signs = [sign for sign in self._signs if sign.publisher not in unshown]
        self._signs = [sign for sign in self._signs if sign.publisher in unshown]
        for sign in signs:
            yield from self._took(sign)
        for publisher, known in self._known.items():
            if known.state == "online" and publisher not in unshown and self._is_silent(known, now):
                known.state = "silent"
                yield Presence(publisher, False, known.heard_ns, tuple(sorted(known.units)), whole=True)

    def _is_silent(self, known: Attendant, now: float) -> bool:
        """Only who gives heartbeats can be silent: others may just have nothing to say."""
        if known.heard_at is None or not known.beats:
            return False
        period_s = FIRST_PERIOD_S if known.period_s is None else known.period_s
        return now - known.heard_at > max(self._silent_s, PERIODS * period_s)

    def _took(self, sign: Sign) -> Iterator[Presence]:
        known = self._known.get(sign.publisher)  # of others on the broker, nobody here wants to know
        if sign.paths:
            yield Presence(sign.publisher, sign.alive, 0 if known is None else known.heard_ns, sign.paths)
        elif known is not None and (known.state == "online") != sign.alive:
            known.state = "online" if sign.alive else "gone"
            if known.heard_at is not None:
                units = tuple(sorted(known.units))
                yield Presence(sign.publisher, sign.alive, known.heard_ns, units, whole=True)

    def _of(self, publisher: str) -> Attendant | None:
        known = self._known.get(publisher)
        if known is None and publisher and len(self._known) < MOST_PUBLISHERS:
            known = self._known[publisher] = Attendant()
        return known

    def rows(self, now: float) -> list[dict[str, Any]]:
        """Every publisher that was heard, with its state, age and period in s of real time, lag and rows dropped."""
        return [
            {
                "publisher": publisher,
                "run": known.run,
                "state": known.state,
                "age_s": round(now - known.heard_at, 1),
                "period_s": None if known.period_s is None else round(known.period_s, 1),
                "lag_s": known.lag_s,
                "dropped": known.dropped,
            }
            for publisher, known in self._known.items()
            if known.heard_at is not None
        ]
