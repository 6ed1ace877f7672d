"""One unit as the brain knows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from twin.brain.jobs import JobLog
from twin.brain.logs import PartLog, StateLog, StepLog
from twin.brain.meters import MeterLog
from twin.brain.orders import OrderLog
from twin.brain.voices import Gap, Voices
from twin.brain.windows import Window
from twin.equipment import EquipmentPath
from twin.kpi.amounts import NS_PER_S
from twin.master import POWERED, EquipmentMaster, Master, PlaceMaster
from twin.states import MINOR_STOP_MAX_S

ENERGY = "energy_kwh"
"""Counter of electrical energy."""
MOST_HELD = 100
"""States said again that are kept of a unit."""


class Surroundings(Protocol):
    """The site of a unit as what was heard of the unit concerns it; see :class:`twin.brain.site.Site`."""

    path: EquipmentPath
    items: Mapping[str, int]
    first: int | None
    mark: int | None
    edge: int
    kept_ns: int | None
    stocks: dict[tuple[str, str], StepLog]
    voices: Voices

    @property
    def places(self) -> Mapping[str, PlaceMaster]:
        """Master data of its lines and of itself."""

    def changed(self) -> None:
        """Units or master data changed."""

    def touch(self, first_ns: int, last_ns: int) -> None:
        """Something in the past changed: windows overlapping the span are to be computed again."""

    def changed_before(self, first_ns: int, last_ns: int) -> None:
        """Something changed in a span, a part of which may no longer be kept."""

    def learns(self, path: str, time_ns: int, master: Master) -> Master:
        """Master data came: they hold from their time on, the first of a path since ever. Gives the newest."""

    def trusts(self, units: Iterable[Unit], window: Window) -> bool:
        """Whether nothing was refused that may still count in the orders, loads and stocks of some units."""

    def unsettle(self, begin_ns: int) -> None:
        """An operation that began at a time was completed."""

    def vouched_ns(self, unit: Unit) -> int:
        """Until when all that is said of a unit was heard."""

    def corrects(self, unit: Unit, first_ns: int, time_ns: int) -> None:
        """A unit corrects what it said."""


class Unheard(NamedTuple):
    """That a unit is unknown because its publisher has gone.

    Args:
        publisher: The publisher.
        since_ns: Since when.
    """

    publisher: str
    since_ns: int


class SaidAgain(NamedTuple):
    """That a unit said its state again, in which it had been since it began; or a site its master data.

    Args:
        began_ns: When the state began, or since when the master data hold.
        run: Run of its publisher.
        seq: Number under which that was said.
        until_ns: The last heartbeat of that run before.
    """

    began_ns: int
    run: str
    seq: int
    until_ns: int

    def after(self, gap: Gap) -> bool:
        """Whether that was said after a gap."""
        return (gap.run == self.run and 0 <= gap.high <= self.seq) or gap.end <= self.until_ns


@dataclass(eq=False)
class Unit:
    """One unit: its logs and its master data, if any came.

    Attributes:
        rated: Whether master data of any time have a planned run time.
        counted: Whether it ever said that it completed something.
        tellers: Who said that it completed something.
        held: The last times that it said its states again after something was missing, by when they began.
        unheard: Why its state is unknown, when its publisher went that gave no heartbeats; may be of long ago.
    """

    path: EquipmentPath
    site: Surroundings
    states: StateLog = field(default_factory=StateLog)
    parts: PartLog = field(default_factory=PartLog)
    meter: MeterLog = field(default_factory=MeterLog)
    media: dict[str, MeterLog] = field(default_factory=dict)
    orders: OrderLog = field(default_factory=OrderLog)
    jobs: JobLog = field(default_factory=JobLog)
    master: EquipmentMaster | None = None
    rated: bool = False
    counted: bool = False
    speaker: str = ""
    tellers: set[str] = field(default_factory=set)
    unheard: Unheard | None = None
    held: dict[int, SaidAgain] = field(default_factory=dict)

    def holds(self, held: SaidAgain) -> None:
        """Keep that it said its state again."""
        self.held.pop(held.began_ns, None)
        self.held[held.began_ns] = held
        while len(self.held) > MOST_HELD:
            del self.held[next(iter(self.held))]

    def known_again(self, gap: Gap) -> int:
        """When its state was known after something was missing: as it was said next, or as it was at the gap's end."""
        return gap.end if self._held_over(gap) is not None else self.states.said(gap.end)

    def works_again(self, gap: Gap) -> int:
        """Until when its stops may be others than they seem, because something was missing."""
        held = self._held_over(gap)
        if held is None:
            return self.states.works(gap.end)
        return gap.end if held.began_ns <= gap.start else max(gap.end, self.states.works(held.began_ns))

    def _held_over(self, gap: Gap) -> SaidAgain | None:
        """The state at the end of a gap, where it was said again afterwards."""
        held = self.held.get(self.states.begun(gap.end)) if self.held else None
        return held if held is not None and held.after(gap) else None

    @property
    def vouched_ns(self) -> int:
        """Until when all that is said of it was heard; a time that never comes where nobody ever says so."""
        return self.site.vouched_ns(self)

    def open_at(self, time_ns: int) -> bool:
        """Whether an operation may be under way at a time of which it is not known what became of it."""
        until_ns = self.vouched_ns
        open_ = self.parts.open_at(time_ns, until_ns)
        return open_ and not (self.parts.longest_ns and self.states.idles(time_ns, until_ns))

    def free_before(self, time_ns: int) -> int:
        """Since when, before a time, an operation may be under way of which nothing is known."""
        if self.parts.longest_ns:
            return self.states.idle_before(time_ns)
        return self.parts.done_before(time_ns)

    @property
    def said_ns(self) -> int:
        """Until when it has last said its state; before all times when it never did."""
        last_ns = self.states.last_ns
        held = self.held.get(last_ns)
        return last_ns if held is None else max(last_ns, held.until_ns)

    def counters(self) -> Iterator[MeterLog]:
        """All its counters."""
        yield self.meter
        yield from self.media.values()

    @property
    def processing(self) -> bool:
        """Whether it works on material; equipment without master data is taken to."""
        return self.master is None or self.master.processing

    @property
    def routed(self) -> bool:
        """Whether its material comes and goes by recipes, and not by the links between units."""
        return self.master is not None and self.master.routed

    @property
    def completes(self) -> bool:
        """Whether lots come back here when their recipe is done."""
        return self.master is not None and self.master.completes

    @property
    def gives(self) -> Mapping[str, int]:
        """Pieces that one item becomes, by item, where it is not one; of all others under the empty name."""
        return {} if self.master is None else self.master.gives

    @property
    def takes(self) -> Mapping[str, int]:
        """Pieces that one is made of, by what is made, where it is not one."""
        return {} if self.master is None else self.master.takes

    @property
    def rework_to(self) -> str:
        """Path of the unit that it sends rework to; empty where it sends none."""
        return "" if self.master is None else self.master.rework_to

    @property
    def person(self) -> bool:
        """Whether it is a worker."""
        return self.master is not None and self.master.role == "person"

    @property
    def fixture(self) -> bool:
        """Whether it is a tool, fixture or pallet that units ask for."""
        return self.master is not None and self.master.role == "fixture"

    @property
    def metered(self) -> bool:
        """Whether its energy was read, or should have been: it works, and its master data name the counter, if any.

        What stores, carries or trades, people and fixtures need no meter.
        """
        if self.meter.heard or self.master is None:
            return True
        tags = self.master.tags
        return self.master.role in POWERED and (not tags or any(tag.name == ENERGY for tag in tags))

    @property
    def ideal_s(self) -> float | None:
        """Planned run time per item in s, if known."""
        return None if self.master is None else self.master.ideal_s

    @property
    def planned(self) -> bool:
        """Whether its operations have a planned time, as they or its master data say, now or at another time."""
        return self.parts.planned or self.rated

    @property
    def minor_stop_ns(self) -> int:
        """A minor stop that lasts longer is a failure."""
        limit_s = MINOR_STOP_MAX_S if self.master is None else self.master.minor_stop_max_s
        return round(limit_s * NS_PER_S)

    @property
    def position(self) -> int:
        """Number in its line."""
        return 0 if self.master is None else self.master.position

    @property
    def order(self) -> tuple[str, int, str]:
        """Sorting key: line, position, name."""
        return (self.path.line, self.position, self.path)

    @property
    def next(self) -> tuple[str, ...]:
        """Units that its material goes to."""
        return () if self.master is None else self.master.to
