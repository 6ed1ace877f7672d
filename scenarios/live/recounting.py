"""The hub's work on the past: what came too late for the brain is computed again from the store."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from brokers.recount import Recounter, Say
from brokers.stores import Store
from twin.brain import Brain
from twin.brain.recount import Piece, pieces
from twin.errors import StoreError

log = logging.getLogger(__name__)

QUIET_S = 10.0
"""Real time for which nothing more of a site's past must have come, so that a backlog is computed once."""
LONGEST_S = 600.0
"""Real time after which it is computed although more comes."""
LOOK_S = 1.0
PAUSE_S = 30.0
"""Pause after the store has failed."""


class Recounting:
    """Computes the past again in the background, one day of one site at a time.

    Args:
        store: Where records are read.
        brain: Gives the brain that knows what is owed.
        say: Gets the indicators that now say something else.
        quiet_s: See ``QUIET_S``.
    """

    def __init__(self, store: Store, brain: Callable[[], Brain], say: Say, quiet_s: float = QUIET_S) -> None:
        self._recounter = Recounter(store, say)
        self._brain, self._quiet_s = brain, quiet_s
        self._seen: dict[str, tuple[int, float, float]] = {}
        self._busy = False

    def counters(self) -> dict[str, Any]:
        """For the health page: what was computed again, what waits, what cannot be and why."""
        waiting = sum(len(site.past.spans) for site in self._brain().sites()) + self._busy
        counted = asdict(self._recounter.counters)
        return {f"recount_{name}": count for name, count in counted.items()} | {"recount_waiting": waiting}

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await asyncio.sleep(min(LOOK_S, self._quiet_s))
            ready = [piece for piece in pieces(self._brain()) if self._is_quiet(piece)]
            if ready:
                await self._piece(ready[0])

    def _is_quiet(self, piece: Piece) -> bool:
        """Whether nothing more has come of a site's past for a while."""
        noted, now = self._brain().site(piece.site).past.noted, time.monotonic()
        before, begun, last = self._seen.get(piece.site, (-1, now, now))
        if before != noted:
            last = now
        self._seen[piece.site] = (noted, begun, last)
        return now - last >= self._quiet_s or now - begun >= LONGEST_S

    async def _piece(self, piece: Piece) -> None:
        past = self._brain().site(piece.site).past
        past.done(piece.first_ns, piece.last_ns)  # what comes from now on is noted anew
        self._busy = True
        try:
            await self._recounter.piece(self._brain(), piece)
        except StoreError as error:
            log.warning("hub: the past of %s is computed later: %s", piece.site, error)
            past.note(piece.first_ns, piece.last_ns)
            await asyncio.sleep(PAUSE_S)
        except BaseException:
            past.note(piece.first_ns, piece.last_ns)
            raise
        finally:
            self._busy = False
        if not past.spans:
            self._seen.pop(piece.site, None)
