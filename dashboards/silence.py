"""Which units are not heard any more, of publishers that give no heartbeats of their own.

Who gives heartbeats is watched by the ingest, and the brain calls its units UNKNOWN. Of all others nobody can say
whether they have gone or have nothing to say; that they are silent for longer than they were is shown beside what
they said last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twin.equipment import Level
from twin.records import Frame, RecordKind

PERIODS = 3
MOST_UNITS = 100_000


@dataclass(slots=True)
class HeardUnit:
    """A unit as it is heard.

    Args:
        publisher: Who speaks for it; empty where nobody says.
        heard_ns: When, by the clock of this machine.
        period_ns: Longest pause between two messages, forgotten by a tenth with each.
    """

    publisher: str
    heard_ns: int
    period_ns: float = 0.0


class HeardUnits:
    """Keeps when each unit was heard.

    Args:
        now_ns: Clock; only differences matter.
        silent_s: Nobody is silent sooner than after this time.
    """

    def __init__(self, now_ns: Callable[[], int], silent_s: float = 60.0):
        self._now_ns, self._silent_ns = now_ns, silent_s * 1e9
        self._units: dict[str, HeardUnit] = {}
        self._beating: set[str] = set()

    def hear(self, frame: Frame) -> None:
        """Take a frame; what is sent again, or kept by a broker, is no sign of life."""
        if frame.historical or frame.publisher in self._beating:
            return
        if frame.kind is RecordKind.HEARTBEAT:
            self._watch_no_more(frame.publisher)
            return
        now_ns = self._now_ns()
        for path in dict.fromkeys(frame.paths):
            voice = self._units.get(path)
            if voice is not None:
                voice.period_ns = max(0.9 * voice.period_ns, now_ns - voice.heard_ns)
                voice.heard_ns, voice.publisher = now_ns, frame.publisher
            elif path.level is Level.UNIT and len(self._units) < MOST_UNITS:
                self._units[str(path)] = HeardUnit(frame.publisher, now_ns)

    def _watch_no_more(self, publisher: str) -> None:
        if publisher:
            self._beating.add(publisher)
            self._units = {path: voice for path, voice in self._units.items() if voice.publisher != publisher}

    def silent(self, held_s: float = 0.0) -> dict[str, dict[str, float]]:
        """Seconds since those that are silent were heard, by site and unit.

        Args:
            held_s: How long nothing at all has been handed on, in which nobody can be called silent.
        """
        now_ns, found = self._now_ns(), dict[str, dict[str, float]]()
        for path, voice in self._units.items():
            age_ns = now_ns - voice.heard_ns
            if age_ns - held_s * 1e9 > max(self._silent_ns, PERIODS * voice.period_ns):
                site = "/".join(path.split("/")[:2])
                found.setdefault(site, {})[path] = round(age_ns / 1e9, 1)
        return found
