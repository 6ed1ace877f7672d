"""What a hub has counted in all its lives, kept beside its state: one that was killed does not begin with zeros."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from brokers.ingest import IngestCounters
from scenarios.live.account import Account, Accounts, all_together

log = logging.getLogger(__name__)

REMEMBERED = ("late", "lost")
"""Counters of the ingest that it remembers itself from one life to the next."""
COUNTS = {
    "ingest": (*(name for name in (f.name for f in fields(IngestCounters)) if name not in REMEMBERED), "broker_losses"),
    "brain": ("brain_failures",),
    "pages": ("pages_failures",),
}
"""Counters of the hub that are those of one life, by the hop that they belong to."""
REASONS = {"ingest": "refusals", "brain": "brain_failed_why", "pages": "pages_failed_why"}
"""Where the reasons of the hop stand among its counters."""


class Tally:
    """Adds what the present life has counted to what those before it have.

    Args:
        path: File in the run's folder.
    """

    def __init__(self, path: Path):
        self._path = path
        self._before = Accounts()
        self._kept = ""

    def recall(self) -> None:
        """Go on from what the lives before have counted."""
        try:
            self._before = Accounts.of(json.loads(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            pass
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("%s: expected what the hub has counted, got a damaged file: it counts from 0", self._path)

    def keep(self, counters: Mapping[str, Any]) -> None:
        """Keep what is counted, as :meth:`added` gives it, for the next life.

        Raises:
            OSError: It cannot be written.
        """
        text = json.dumps(Accounts(hops=_hops(counters)).document())
        if text != self._kept:
            draft = self._path.with_suffix(".new")
            draft.write_text(text, encoding="utf-8")
            draft.replace(self._path)
            self._kept = text

    def added(self, counters: Mapping[str, Any]) -> dict[str, Any]:
        """Counters of the present life together with those of the lives before.

        Args:
            counters: Numbers by name; ``hops`` holds further :class:`Account` by the hop.
        """
        hops = all_together([self._before, Accounts(hops=_hops(counters))]).hops
        given = dict(counters)
        for hop, reasons in REASONS.items():
            given |= {name: count for name, count in hops[hop].counts.items() if name in counters}
            given |= {reasons: dict(hops[hop].reasons)} if reasons in counters else {}
        return {**given, "hops": {name: hops[name] for name in hops if name not in COUNTS}}


def _hops(counters: Mapping[str, Any]) -> dict[str, Account]:
    own = {
        hop: Account({name: counters[name] for name in names if name in counters}, {}, counters.get(REASONS[hop], {}))
        for hop, names in COUNTS.items()
    }
    return {**own, **counters.get("hops", {})}
