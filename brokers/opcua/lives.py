"""Which sources of values are alive: heard of within their own period, over a connection that stands.

A value whose source has gone is the last that was usable (Uncertain), later none (Bad): Part 8, table of status
codes for data access. The server says how much of the plant it still hears in its ServiceLevel and ServerState.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.records import GOOD

LOG = logging.getLogger(__name__)

ENDED, LOST, GONE = 3, 4, 5
"""Qualities beyond those of records: of a value that is no longer said though its source lives, of one whose source
has gone and that is still usable, and of one that no longer is."""
PERIODS = 3
HEALTHY, DEGRADED, NO_DATA = 255, 199, 1
"""ServiceLevel (Part 4, 6.6.2.4.2): all is heard; the top of the range of a server that lacks something; nothing is."""
NAMED = 3
MOST, OTHERS = 10_000, "others"
"""Sources that are known by name; further ones are one source together."""
LOOK_NS = 1_000_000_000
"""Time between two looks for sources that have gone."""


@dataclass(slots=True)
class SourceLife:
    """One source of values.

    Args:
        name: Publisher, or path of equipment that has none.
        heard_ns: Time of the machine when it was heard of last.
        period_ns: Longest pause between two signs of life, forgotten by a tenth with each.
        quality: Good, LOST or GONE.
        heard: Whether it has given a sign of life itself; else only what it said once is known.
    """

    name: str
    heard_ns: int
    period_ns: float = 0.0
    quality: int = int(GOOD)
    heard: bool = True


class Lives:
    """All sources, and which variables they speak for.

    Args:
        gap_ns: Silence after which a source is lost, at least; a slow one is lost after three of its periods.
        gone_ns: Silence after which its last values are no use any more.
    """

    def __init__(self, gap_ns: int, gone_ns: int):
        self.gap_ns, self.gone_ns = gap_ns, gone_ns
        self.all: list[SourceLife] = []
        self._number: dict[str, int] = {}
        self._of: NDArray[np.int32] = np.full(64, -1, dtype=np.int32)

    def hear(self, name: str, now_ns: int) -> tuple[int, bool]:
        """Take a sign of life: number of the source, and whether it was lost until now."""
        number, new = self._numbered(name, now_ns)
        life = self.all[number]
        if not new and life.heard:
            life.period_ns = max(0.9 * life.period_ns, now_ns - life.heard_ns)
        life.heard_ns, life.heard = now_ns, True
        was_lost, life.quality = life.quality != GOOD, int(GOOD)
        return number, was_lost

    def heard(self, name: str) -> bool:
        """Whether a source has given a sign of life, ever."""
        number = self._number.get(name)
        return number is not None and self.all[number].heard

    def know(self, name: str, now_ns: int) -> int:
        """Take what a source once said and a broker has kept, which is no sign of life: number of the source."""
        number, new = self._numbered(name, now_ns)
        if new:
            self.all[number].quality, self.all[number].heard = LOST, False
        return number

    def _numbered(self, name: str, now_ns: int) -> tuple[int, bool]:
        """Number of a source, and whether it is new."""
        if name not in self._number and len(self.all) >= MOST:
            name = OTHERS
        new = name not in self._number
        if new:
            self._number[name] = len(self.all)
            self.all.append(SourceLife(name, now_ns))
        return self._number[name], new

    def assign(self, slots: NDArray[np.int64] | Sequence[int], number: int) -> None:
        """These variables are said by this source."""
        top = int(np.max(slots, initial=-1))
        while top >= len(self._of):
            self._of = np.concatenate([self._of, np.full(len(self._of), -1, dtype=np.int32)])
        self._of[np.asarray(slots, dtype=np.int64)] = number

    def slots(self, number: int) -> list[int]:
        """The variables of a source."""
        return [int(slot) for slot in np.flatnonzero(self._of == number)]

    def heard_ns(self, slot: int) -> int:
        """When the living source of a variable was heard of last; 0 when nobody speaks for it, or nobody alive."""
        number = self._of[slot] if slot < len(self._of) else -1
        life = self.all[number] if number >= 0 else None
        return life.heard_ns if life is not None and life.quality == GOOD else 0

    def judge(self, now_ns: int, linked: bool) -> list[tuple[int, int]]:
        """The sources that have just become worse, and to what.

        Args:
            now_ns: Time of the machine.
            linked: Whether the connection over which they would be heard stands.
        """
        worse = []
        for number, life in enumerate(self.all):
            silent_ns = now_ns - life.heard_ns
            slow_ns = PERIODS * life.period_ns if linked else 0.0
            lost, gone = silent_ns > max(self.gap_ns, slow_ns), silent_ns > max(self.gone_ns, slow_ns)
            quality = GONE if gone else LOST if lost else int(GOOD)
            if quality > life.quality:
                worse.append((number, quality))
                life.quality = quality
        return worse

    @property
    def silent(self) -> int:
        """Number of sources that are not heard any more."""
        return sum(bool(life.quality != GOOD) for life in self.all)

    @property
    def level(self) -> int:
        """ServiceLevel of the server."""
        lost = self.silent
        if not lost:
            return HEALTHY
        alive = len(self.all) - lost
        return NO_DATA if not alive else max(2, DEGRADED * alive // len(self.all))


@dataclass
class SilenceWatch:
    """Turns the silence of sources into the quality of their variables, and says so once.

    Args:
        lives: The sources.
        lose: Called with variables and their new quality.
        linked: Whether the connection to the broker stands.
    """

    lives: Lives
    lose: Callable[[list[int], int], None]
    linked: Callable[[], bool]
    looked_ns: int = 0

    def look(self, now_ns: int) -> list[int]:
        """Look for sources that have gone, once a second; the variables that have just been lost."""
        if 0 <= now_ns - self.looked_ns < LOOK_NS:
            return []
        self.looked_ns = now_ns
        worse = self.lives.judge(now_ns, self.linked())
        touched: list[int] = []
        for number, quality in worse:
            slots = self.lives.slots(number)
            self.lose(slots, quality)
            touched += slots
        names = [self.lives.all[number].name for number, quality in worse if quality == LOST]
        if names:
            why = "" if self.linked() else "; the connection to the broker is lost"
            LOG.warning("OPC UA: nothing heard from %s: its values are uncertain%s", _named(names), why)
        return touched


def _named(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
