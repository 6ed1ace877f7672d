"""What a broker that answers has against us: told once for all connections of a process, and when it is over."""

from __future__ import annotations

import logging
import time

log = logging.getLogger(__name__)


class Troubles:
    """Who has which trouble, since when; each is told when the first has it and when the last has it no more."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._whose: dict[str, set[int]] = {}

    def begins(self, who: int, what: str, got: str) -> None:
        """Somebody has a trouble; once more is not told.

        Args:
            who: Number of the connection.
            what: Where, and what was expected.
            got: What came instead, and what to do.
        """
        whose = self._whose.setdefault(what, set())
        if not whose:
            self._since[what] = time.monotonic()
            log.warning("%s, got %s; trying again", what, got)
        whose.add(who)

    def ends(self, who: int) -> None:
        """Somebody has none any more."""
        for what, whose in list(self._whose.items()):
            if who in whose:
                whose.discard(who)
                if not whose:
                    del self._whose[what]
                    log.warning("%s, and it is so again after %.1f s", what, time.monotonic() - self._since.pop(what))


TROUBLES = Troubles()
"""Those of this process: a plant has a connection for each of its sites, and one line says it for all."""
