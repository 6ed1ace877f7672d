"""What a recording is made of, and what is counted while it is read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_ITEMS = 10_000
"""Names of items that are counted each on its own."""


class Condition(NamedTuple):
    """One condition after MTConnect: item, level (Normal, Warning, Fault, Unavailable), native code and text."""

    item: str
    level: str
    code: str
    text: str


class Record(NamedTuple):
    """One line or row: its own stamp, observations as (item, text) and at most one condition."""

    time_ns: int
    items: tuple[tuple[str, str], ...]
    condition: Condition | None = None


@dataclass
class ReplayCounters:
    """What was met in a recording. Nothing of it is repaired silently.

    Args:
        lines: Lines or rows read, carried-in ones included.
        observations: Values in them, of all items.
        condition_lines: Lines that hold a condition.
        backward_steps: Lines stamped earlier than the valid line before.
        clamped: Lines moved up to the latest time already reached, after a backward step; quality UNCERTAIN.
        dropped: Lines left out for being behind the latest time, where the user asked for that.
        carried_in: Lines from before the start, which only give the values held at the start.
        duplicates: Lines with the stamp of the line before.
        gaps: Silences longer than the option ``gap``.
        unavailable: Observations without data (``UNAVAILABLE`` or empty).
        malformed: Lines without a readable stamp or with a wrong number of fields, and values that are no number
            where a number is due.
        coalesced: Lines whose values went into the telemetry row of a later line of the same period.
        counter_resets: Times at which the part counter went down.
        implausible: Steps of the part counter above the largest one allowed; no parts are counted.
        laps: Completed passes over the recording.
        items: Observations by item.
        states: Observations of the state item by value.
    """

    lines: int = 0
    observations: int = 0
    condition_lines: int = 0
    backward_steps: int = 0
    clamped: int = 0
    dropped: int = 0
    carried_in: int = 0
    duplicates: int = 0
    gaps: int = 0
    unavailable: int = 0
    malformed: int = 0
    coalesced: int = 0
    counter_resets: int = 0
    implausible: int = 0
    laps: int = 0
    items: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)

    def observe(self, item: str) -> None:
        """Count an observation; beyond ``MAX_ITEMS`` names the item is counted without its name."""
        self.observations += 1
        self.items[item if item in self.items or len(self.items) < MAX_ITEMS else ""] += 1

    def read(self) -> tuple[int, int, int]:
        """What reading lines has counted so far."""
        return self.lines, self.condition_lines, self.malformed

    def reread(self, known: tuple[int, int, int]) -> None:
        """Forget what was counted again while a part was passed over that had been read before."""
        self.lines, self.condition_lines, self.malformed = known
