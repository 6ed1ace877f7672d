"""What the plant's process remembers, so that it says the same again with the same numbers.

A copy of the plant counts once all that was said before it is stored. What the process did since then stands
in a journal: at which times it looked at the plant, and when it introduced itself. From both, the same
pieces are made again; the hub knows by their numbers which of them it has.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from brokers.outbox import Outbox
from scenarios.headless.feed import Feed
from scenarios.live.checkpoint import RunJournal, State, durable
from scenarios.live.hearing import HeardOfMachines
from scenarios.live.told import Told

log = logging.getLogger(__name__)


class Paced(NamedTuple):
    """The process paired simulated and real time."""

    start_s: float
    start_ns: int


class Hello(NamedTuple):
    """The process said master data and the last state of everything."""


class Tick(NamedTuple):
    """The process looked at the plant."""

    sim_s: float


Entry = Paced | Hello | Tick | Told | HeardOfMachines


@dataclass(frozen=True)
class PlantState:
    """A plant from which to go on.

    Args:
        feed: The plant and its devices as bytes.
        life: Name of its life; one made anew from the seed has another.
        numbers: Number of the next piece by site; all before are stored.
        entries: Number of journal entries that came before.
        pace: How simulated and real time were paired last.
        told: Commands of this life of the plant so far.
    """

    feed: bytes
    life: str = field(default_factory=lambda: secrets.token_hex(4))
    numbers: Mapping[str, int] = field(default_factory=dict)
    entries: int = 0
    pace: Paced | None = None
    told: tuple[Told, ...] = ()


class PlantMemory:
    """State and journal of one process of the plant.

    Args:
        path: File of the state.
        run: Name of the run.
        first: File of the state in which the hub left the plant; default the same.
    """

    def __init__(self, path: Path, run: str, first: Path | None = None):
        self._state = State(path, run)
        self._first = State(first or path, run)
        self._path = path.with_suffix(".ticks")
        self._common = (first or path).with_suffix(".pace")
        self._run = run
        self._journal = RunJournal(self._path)
        self._entries: list[tuple[int, Entry]] = []
        self._confirmed = PlantState(b"")
        self._asked: PlantState | None = None
        self.exposed = False
        """Whether its journal had gone, so that a copy is wanted: the one before may have gone with it."""
        self.removed = 0
        """How often that was so."""

    def begin(self, feed: Feed) -> None:
        """The plant is at the end of its history and has said nothing yet: what its processes said is of no use."""
        self._first.forget()
        for old in self._path.parent.glob("plant*.ticks"):
            RunJournal(old).forget()
        for old in (*self._path.parent.glob("plant*.state*"), self._common):
            old.unlink(missing_ok=True)
        self._state.write(pickle.dumps(PlantState(feed.dump())))

    def read(self) -> bool:
        """Read what there is; False when there is nothing to go on from, or the journal is damaged."""
        state = self._state.read() or self._first.read()
        if not isinstance(state, PlantState) or not self._journal.whole():
            return False
        entries = dict(self._journal.read())  # one that was not synchronised was added again
        if not _follow(list(entries), state.entries):
            log.error("%s: expected what the plant did since its state, got a part of it", self._path)
            return False
        self._confirmed, self._entries = state, list(entries.items())
        return True

    @property
    def feed(self) -> Feed:
        """The plant as it was saved."""
        return Feed.of_bytes(self._confirmed.feed)

    @property
    def run(self) -> str:
        """Run id of the outboxes."""
        return f"{self._run}.{self._confirmed.life}"

    def number(self, site: str) -> int:
        """Number of the first piece of a site."""
        return self._confirmed.numbers.get(site, 0)

    @property
    def pace(self) -> Paced | None:
        """The last pairing of simulated and real time."""
        paced = [entry for _, entry in self._entries if isinstance(entry, Paced)]
        return paced[-1] if paced else self._confirmed.pace

    @property
    def told(self) -> tuple[Told, ...]:
        """Commands of this life of the plant so far, in order."""
        since = (entry for number, entry in self._entries if number >= self._confirmed.entries)
        return (*self._confirmed.told, *(entry for entry in since if isinstance(entry, Told)))

    def agreed(self, paced: Paced, anew: bool) -> Paced:
        """The pairing that all processes of the plant go by: the first that one of them made.

        Args:
            paced: What this one would make it.
            anew: Whether this one begins the run again for all of them.

        Raises:
            OSError: It cannot be written or read.
        """
        draft = self._common.with_name(f".{self._common.name}.{os.getpid()}")
        draft.write_text(json.dumps(paced), encoding="utf-8")
        durable(draft)
        try:
            if anew:
                draft.replace(self._common)
            else:
                os.link(draft, self._common)
        except FileExistsError:
            paced = Paced(*json.loads(self._common.read_text(encoding="utf-8")))
        finally:
            draft.unlink(missing_ok=True)
        return paced

    def again(self) -> Iterator[Entry]:
        """What the process did since the state, in order."""
        return (entry for number, entry in list(self._entries) if number >= self._confirmed.entries)

    def note(self, entry: Entry) -> None:
        """The process is about to do something; returns when the disk has it.

        Raises:
            OSError: It cannot be written, e.g. the disk is full.
        """
        number = self._entries[-1][0] + 1 if self._entries else self._confirmed.entries
        if self._journal.add((number, entry)):
            self.exposed = True
            self.removed += 1
        self._journal.sync()
        self._entries.append((number, entry))

    @property
    def waits(self) -> bool:
        """Whether a copy waits for what was said before it to be stored."""
        return self._asked is not None

    def save(self, feed: Feed, outboxes: Mapping[str, Outbox]) -> None:
        """Take a copy of the plant as it is between two entries."""
        numbers = {site: outbox.next for site, outbox in outboxes.items()}
        entries = self._entries[-1][0] + 1 if self._entries else self._confirmed.entries
        self._asked = replace(
            self._confirmed, feed=feed.dump(), numbers=numbers, entries=entries, pace=self.pace, told=self.told
        )

    def stored(self, outboxes: Mapping[str, Outbox]) -> bool:
        """Whether all that was said before the copy is stored."""
        asked = self._asked
        return asked is not None and all(outboxes[site].base().first >= next_ for site, next_ in asked.numbers.items())

    def confirm(self) -> None:
        """Go on from the copy after the next start; the journal keeps what the state before it needs.

        Raises:
            OSError: It cannot be written; the copy waits.
        """
        if self._asked is None:
            return
        self._state.write(pickle.dumps(self._asked))
        before, self._confirmed, self._asked = self._confirmed, self._asked, None
        self.exposed = False
        self._entries = [(number, entry) for number, entry in self._entries if number >= before.entries]
        self._rewrite()

    def _rewrite(self) -> None:
        fresh = RunJournal(self._path.with_suffix(".new"))
        fresh.remove()
        for entry in self._entries:
            fresh.add(entry)
        fresh.sync()
        fresh.close()
        self._journal.close()
        fresh.path.replace(self._path)
        self._journal = RunJournal(self._path)


def _follow(numbers: Sequence[int], first: int) -> bool:
    """Whether entries of these numbers leave no gap behind a state that had seen all before the first.

    >>> _follow([3, 4, 5], 5), _follow([], 5), _follow([6, 7], 5), _follow([3, 4, 6], 5), _follow([2, 3], 5)
    (True, True, False, False, False)
    """
    if not numbers:
        return True
    return list(numbers) == list(range(numbers[0], numbers[-1] + 1)) and numbers[0] <= first <= numbers[-1] + 1
