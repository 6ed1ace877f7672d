"""What the hub's process remembers: the brain, and what was stored since it was saved.

Every piece is written here after the store has it and before its publisher hears of it, so the brain of the
next process is shown exactly what this one was shown, in the same order.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from brokers.ingest import Receptions
from brokers.reception import Event, Stored
from scenarios.live.account import Account
from scenarios.live.checkpoint import ASIDE, RunJournal, State, write_whole
from twin.brain import Brain
from twin.records import Frame, RecordKind

log = logging.getLogger(__name__)

MOST_NAMED = 10
"""Damaged files that are told by name."""
OTHER = "written by another version, made anew from seed and record"
"""What is said of a state that this version does not read."""
LARGE_BYTES = 256 * 1024 * 1024
"""Length of a journal after which the brain is saved before its time."""


@dataclass(frozen=True)
class HubState:
    """A hub from which to go on.

    Args:
        brain: The brain.
        receptions: What has arrived of each publisher's run.
        figures: Indicators that are not known to be stored.
        journal: Number of the journal that goes on from here.
    """

    brain: Brain
    receptions: Receptions = field(default_factory=dict)
    figures: Sequence[Frame] = ()
    journal: int = 0


class HubMemory:
    """State and journals of the hub.

    Args:
        path: File of the state; the journals lie beside it.
        run: Name of the run.
    """

    def __init__(self, path: Path, run: str):
        self._state = State(path, run)
        self._path = path
        self._number = self._written = 0
        self._damaged: list[str] = []
        self._others: list[str] = []
        self._removed: list[str] = []
        self._exposed = False
        self._journal = RunJournal(self._file(0))

    def begin(self, brain: Brain) -> None:
        """The brain has seen the history and nothing else yet."""
        self._state.forget()
        self._lost.unlink(missing_ok=True)
        for number in self._numbers():
            RunJournal(self._file(number)).forget()
        self._state.write(pickle.dumps(HubState(brain)))
        self._turn(0)

    def read(self) -> HubState | None:
        """The state to go on from; None when there is none, or a journal since it is damaged.

        Its events are then :meth:`events`.
        """
        both = (self._state.path, self._state.before)
        self._damaged = [path.name for path in both if self._state.damaged(path)]
        self._others = [f"{path.name}: {OTHER}" for path in both if self._state.other(path)]
        state = self._state.read()
        if not isinstance(state, HubState):
            return None
        since = [self._file(number) for number in self._numbers() if number >= state.journal]
        if damaged := [path.name for path in since if not RunJournal(path).whole()]:
            self._damaged += damaged
            return None
        self._written = state.journal
        self._turn(max([state.journal, *self._numbers()]))
        return state

    def events(self, since: int) -> Iterator[Event]:
        """What was kept from a journal on."""
        for number in self._numbers():
            if number >= since:
                yield from RunJournal(self._file(number)).read()

    async def keep(self, event: Event) -> None:
        """Keep an event durably; of indicators, which the brain makes itself, only the numbers."""
        if isinstance(event, Stored):
            frames = [frame.take([]) if frame.kind is RecordKind.KPI else frame for frame in event.frames]
            event = Stored([frame for frame in frames if len(frame) or frame.refused or frame.seq >= 0])
        await asyncio.to_thread(self._add, event)

    def _add(self, event: Event) -> None:
        if self._journal.add(event):
            self._removed.append(f"{self._journal.path.name}: removed or replaced while in use")
            self._exposed = True
        self._journal.sync()

    def account(self) -> Account:
        """How long its journal is, and which files were found damaged, of another version, or have been put aside."""
        aside = sorted(path.name for path in self._path.parent.glob(f"*{ASIDE}*"))  # also of the embedded store
        holds = {"bytes": self._journal.bytes, "damaged": len(self._damaged), "quarantined": len(aside)}
        holds |= {"other_version": len(self._others)} if self._others else {}
        reasons = dict(Counter([*self._removed, *self._damaged, *aside, *self._others][:MOST_NAMED]))
        return Account({"removed": len(self._removed)}, holds, reasons)

    @property
    def large(self) -> bool:
        """Whether the brain should be saved: the journal is long."""
        return self._journal.bytes > LARGE_BYTES

    @property
    def exposed(self) -> bool:
        """Whether the brain should be saved: the journal had gone, and what was in it is in no file."""
        return self._exposed

    def lost_rows(self, found_ns: int = 0) -> int:
        """Rows that the store has lost in all lives of the run, as far as :meth:`owe` was told.

        Args:
            found_ns: When the loss was found of which the store itself still tells: it is left out.
        """
        try:
            rows, open_rows, open_ns = (*map(int, self._lost.read_text(encoding="utf-8").split()), 0, 0)[:3]
        except FileNotFoundError:
            return 0
        except ValueError:
            log.error("%s: expected the number of rows that the store has lost, got something else", self._lost)
            return 0
        return rows - open_rows if found_ns and found_ns == open_ns else rows

    def owe(self, rows: int, open_rows: int = 0, found_ns: int = 0) -> None:
        """Remember how many rows the store has lost: once it is saved anew, it does not know it any more.

        Args:
            rows: All.
            open_rows: Those among them of which it tells until it is saved.
            found_ns: When these were found.

        Raises:
            OSError: It cannot be written.
        """
        write_whole(self._lost, f"{rows} {open_rows} {found_ns}".encode())

    @property
    def _lost(self) -> Path:
        return self._path.with_suffix(".lost")

    def save(self, brain: Brain, receptions: Receptions, figures: Sequence[Frame]) -> bytes:
        """A copy of the hub as it is while no frame is taken; what is kept from now on comes after it."""
        self._turn(self._number + 1)
        return pickle.dumps(HubState(brain, receptions, figures, self._number))

    def write(self, copy: bytes) -> None:
        """Go on from a copy after the next start; the journals that the state before it needs stay.

        Raises:
            OSError: It cannot be written; the state before it and the journals since then hold.
        """
        self._state.write(copy)
        self._exposed = False
        before, self._written = self._written, self._number
        for number in self._numbers():
            if number < before:
                self._file(number).unlink()

    def _turn(self, number: int) -> None:
        self._journal.close()
        self._number = number
        self._journal = RunJournal(self._file(number))

    def _file(self, number: int) -> Path:
        return self._path.with_suffix(f".journal-{number}")

    def _numbers(self) -> list[int]:
        found = self._path.parent.glob(f"{self._path.stem}.journal-*")
        return sorted(int(path.name.rpartition("-")[2]) for path in found)

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()
