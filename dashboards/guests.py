"""Room for what strangers say, so that nothing they send keeps the plant's own from its place, or a page from opening.

Whoever listens to a whole broker hears publishers that nobody knows. Each may name units, alarms, items and indicators
without end; what is kept of all of them together is bounded, and what is beyond is refused and counted with its reason.
What the plant itself says has its place whatever they do.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from twin.equipment import EquipmentPath
from twin.records import Frame

log = logging.getLogger(__name__)

PATHS = "strangers: expected fewer units and places"
KEYS = "strangers: expected fewer alarms, stocks and other entries"
BYTES = "strangers: expected less master data"


@dataclass(frozen=True, slots=True)
class GuestLimits:
    """What is kept of all strangers together.

    Args:
        paths: Units and places.
        keys: Entries of a section of the live state, such as alarms or stocks.
        kpis: Indicators, which the brain gives of each of their units.
        size: Characters of master data.
    """

    paths: int = 10_000
    keys: int = 20_000
    kpis: int = 400_000
    size: int = 64_000_000


class Guests:
    """Lets the plant's own in, and so much of strangers as there is room for.

    Args:
        ours: Whether a path is one of the plant.
        limits: Bounds.
    """

    def __init__(self, ours: Callable[[str], bool], limits: GuestLimits | None = None):
        self.refused: Counter[str] = Counter()
        """Rows that were not taken, by reason."""
        self._ours, self.limits = ours, limits or GuestLimits()
        self._hosts: set[str] = set()
        self._paths: set[str] = set()
        self._keys: Counter[str] = Counter()
        self._sizes: dict[tuple[str, str], int] = {}
        self._size = 0

    def admitted(self, frame: Frame) -> Frame:
        """The rows of a frame that may be shown."""
        refused = {path for path in set(frame.paths) if not self._admits(path)}
        if not refused:
            return frame
        kept = [row for row, path in enumerate(frame.paths) if path not in refused]
        self.refuse(PATHS, frame.paths[0], len(frame) - len(kept))
        return frame.take(kept)

    def _admits(self, path: EquipmentPath) -> bool:
        if path in self._hosts or path in self._paths:
            return True
        if self._ours(path):
            self._hosts.add(path)
        elif len(self._paths) >= self.limits.paths:
            return False
        else:
            self._paths.add(path)
        return True

    def takes_entry(self, section: str, path: str) -> bool:
        """Whether there is room for a new entry of a section of the live state; it is counted."""
        if path not in self._paths:
            return True
        limit = self.limits.kpis if section == "kpis" else self.limits.keys
        if self._keys[section] >= limit:
            self.refuse(KEYS, path)
            return False
        self._keys[section] += 1
        return True

    def takes_body(self, path: str, schema: str, body: str) -> bool:
        """Whether there is room for a document of master data; its size is counted in place of the one before."""
        if path not in self._paths:
            return True
        size = self._size - self._sizes.get((path, schema), 0) + len(body)
        if size > self.limits.size:
            self.refuse(BYTES, path)
            return False
        self._sizes[path, schema], self._size = len(body), size
        return True

    def refuse(self, reason: str, path: str, number: int = 1) -> None:
        """Count what was not taken; told once for each reason."""
        if reason not in self.refused:
            log.warning("pages: %s, got one more of %s (stored, not shown; told once)", reason, path)
        self.refused[reason] += number
