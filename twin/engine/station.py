"""What all stations have in common: state, power, holds, neighbours."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from math import inf, prod
from typing import Any, ClassVar

from twin.config.plant import StationConfig
from twin.engine.clock import to_ns
from twin.engine.codes import (
    ANNOUNCED,
    BLOCKED,
    BREAK,
    CODES,
    CURTAILED,
    DOWN,
    FAILED,
    HOLD,
    MAINTENANCE,
    MINOR,
    NO_SUPPLY,
    OFF,
    PRODUCING,
    REASON_OF,
    REPAIRING,
    STARVED,
    VARIED,
    WITH_ORDER,
    held_state,
)
from twin.engine.energy import Medium, Ramp, amount, power_by_state
from twin.engine.events import Event, Series, state_event
from twin.engine.loads import Load as Load
from twin.engine.loads import Lot as Lot
from twin.engine.loads import Part as Part
from twin.engine.loads import Parts as Parts
from twin.engine.requested import JobRequest
from twin.engine.setting import Setting as Setting
from twin.engine.waits import FREE, Waits
from twin.equipment import EquipmentPath
from twin.records import RecordKind
from twin.states import UnitState
from twin.streams import Law, Stream

WAIT = inf
"""A stage before an operation cannot say how long it takes."""


class Hot:
    """What nearly every operation or change of state touches, side by side in memory."""

    __slots__ = (
        "_words",
        "behind",
        "beyond",
        "closed",
        "code",
        "fail_at",
        "feed",
        "general",
        "idlers",
        "kernel",
        "life",
        "log",
        "next",
        "parts",
        "places_in",
        "places_out",
        "queue_in",
        "queue_out",
        "ramp",
        "simple",
        "since",
        "single",
        "slow",
        "totals",
        "waiters",
        "watched",
    )


class Station(Hot):
    """A unit as a state machine. Neighbours hand parts over by direct calls.

    Downstream: ``offer`` gives a part to a neighbour, which takes it or not. Upstream: a station with
    room asks with ``take``; what it thereby frees is told to others through ``kernel.soon``. A
    station goes through its successors in turn, beginning after the one that took last, to the first
    that takes the part; through its predecessors likewise.

    Subclasses never keep generators, lambdas or open handles, so they can be copied; one that does,
    e.g. with SimPy processes, sets ``forkable = False``.
    """

    config: ClassVar[type[StationConfig]] = StationConfig
    forkable: ClassVar[bool] = True
    holds_on: ClassVar[int] = DOWN | MAINTENANCE | CURTAILED | HOLD | REPAIRING | MINOR | ANNOUNCED | NO_SUPPLY
    """Reasons that close the unit; the others only change its state."""
    titles: ClassVar[tuple[str, str]] = ("Unit", "设备")
    """Name of the kind, English and Chinese."""
    role: ClassVar[str] = "work"
    """What it is for: work, handle, store, carry, feed, trade, person, fixture, utility or desk."""
    records_parts: ClassVar[bool] = False
    """Whether it completes operations: leaves PART rows and uses energy per part."""
    stores: ClassVar[bool] = False
    """Whether the view shows its level."""
    driven: bool = False
    """Whether a machine outside drives it: nothing of its own fails, wears or is looked after meanwhile."""
    local: ClassVar[bool] = False
    """Whether it deals with no unit but its neighbours, and those whose people and tools it asks for.

    Not inherited: what a subclass adds may reach further.
    """

    __slots__ = (
        "_said",
        "_series",
        "_varied",
        "air",
        "armed",
        "branch",
        "causes",
        "done_s",
        "gas",
        "held",
        "influences",
        "journal",
        "lives",
        "loops",
        "losses",
        "modes",
        "path",
        "per_part",
        "power",
        "predecessors",
        "ramped",
        "recording",
        "reworked",
        "scrapped",
        "setting",
        "shares",
        "slowed",
        "streams",
        "successors",
        "turn_in",
        "turn_out",
        "upkeep",
        "waiting",
    )

    def __init__(self, setting: Setting[Any]):
        self.setting = setting
        self.path, self.kernel, self.journal = setting.path, setting.kernel, setting.journal
        self.log, self.recording = setting.journal.log, setting.journal.recording
        self.successors: tuple[Station, ...] = ()
        self.predecessors: tuple[Station, ...] = ()
        self.next: Station | None = None
        self.feed: Station | None = None
        self.turn_in = self.turn_out = 0
        self.shares = False
        self.held, self.closed, self.causes = 0, False, list[tuple[int, str]]()
        self.slow, self.slowed = 1.0, dict[str, float]()
        self.code, self.since, self.totals = 0, 0.0, [0.0] * CODES
        self.power = power_by_state(setting.config.power)
        self.per_part = setting.config.power.per_part if self.records_parts else 0.0
        self.ramped = 0.0
        config = setting.config
        self.ramp = Ramp(self.power, config.power.ramp) if config.power.ramp > 0 else None
        self.air = None if config.air is None else Medium(config.air)
        self.gas = None if config.gas is None else Medium(config.gas)
        self.parts = self.scrapped = self.reworked = 0
        self.done_s = 0.0
        self.life = self.fail_at = inf
        self.armed = -1.0
        self.modes: tuple[Any, ...] = ()
        self.lives: tuple[Any, ...] = ()
        self.upkeep: tuple[Any, ...] = ()
        self.influences: dict[str, dict[str, float]] = {}
        self.loops: tuple[Any, ...] = ()
        self.losses: tuple[Any, ...] = ()
        self.streams: list[Stream] = []
        self.branch = 0
        self.waiting: Any = True
        self._words: list[Event | float | None] = [None] * CODES
        self._varied: dict[tuple[int, str | None], Event | float] = {}
        self._said: str | None = None
        self._series = Series()

    # --- building -------------------------------------------------------------------------------

    @classmethod
    def of(cls, setting: Setting[Any]) -> Station:
        """The station of a configuration; a kind may have several classes to choose from."""
        return cls(setting)

    def connect(self, stations: Mapping[EquipmentPath, Station], items: Mapping[EquipmentPath, set[str]]) -> None:
        """All stations are linked: find those that this one works with beside its neighbours.

        Args:
            stations: All of the plant.
            items: Items that can come to each.
        """

    def stream(self, purpose: str, law: Law | None) -> Stream:
        """A random stream of this unit."""
        stream = self.new_stream(purpose, law)
        self.streams.append(stream)
        return stream

    def new_stream(self, purpose: str, law: Law | None) -> Stream:
        """The random stream that :meth:`stream` would give; nobody knows of it yet."""
        stream = Stream(self.setting.seed, self.path, purpose, law)
        stream.branch = self.branch
        return stream

    def reseed(self, branch: int) -> None:
        """Draw other random numbers from now on, also for what is not yet known to be drawn."""
        self.branch = branch
        for stream in self.streams:
            stream.reseed(branch)

    def link(self, successors: tuple[Station, ...], predecessors: tuple[Station, ...]) -> None:
        """Make the neighbours known."""
        self.successors, self.predecessors = successors, predecessors
        self.next = successors[0] if len(successors) == 1 else None
        self.feed = predecessors[0] if len(predecessors) == 1 else None

    def on_linked(self) -> None:
        """All units know their neighbours."""

    def look_around(self) -> None:
        """A neighbour was closed or opened that may have a plain queue."""

    def plain_queue(self) -> tuple[deque[Load], int] | None:
        """Queue and number of places, when all that it does is to take at its end and give from its head.

        Neighbours then add and take without asking, as ``offer`` and ``take`` would with such a queue.
        """
        return None

    def begin(self) -> None:
        """Start at simulated time 0."""
        self.pull()
        self.show()

    # --- neighbours -----------------------------------------------------------------------------

    def offer(self, part: Load) -> bool:  # noqa: ARG002 - the base takes nothing
        """A neighbour upstream hands a part over; whether it was taken."""
        return False

    def peek(self, taker: Station) -> Load | None:  # noqa: ARG002 - the base has nothing
        """The part that ``take`` would give, which stays."""
        return None

    def take(self, taker: Station) -> Load | None:  # noqa: ARG002 - the base has nothing
        """A neighbour downstream with room asks for a part."""
        return None

    def pull(self) -> None:
        """There may be room here: ask the neighbours upstream."""

    def tell_arrivals(self, hearer: Any) -> None:
        """Call ``hearer.arrived()`` also when a part comes behind one that waits already."""

    def admits(self, part: Load) -> bool:  # noqa: ARG002 - most take what comes
        """Whether a part is of those that may come here now, by its item; givers with a choice ask before they give."""
        return True

    def items_wanted(self) -> Collection[str] | None:
        """The items of which one may come here now; None: whatever it admits."""
        return None

    def ask_admitted(self) -> Load | None:
        """A part that may come here from a neighbour upstream, in turn."""
        givers = self.predecessors
        count = len(givers)
        for step in range(count):
            index = (self.turn_in + step) % count
            part = givers[index].peek(self)
            if part is not None and self.admits(part):
                self.turn_in = (index + 1) % count
                return givers[index].take(self)
        return None

    def leave_loops(self, part: Load) -> None:
        """A part leaves the card loops that end here."""
        for loop in self.loops:
            loop.returned(part)

    def lose(self, part: Load) -> None:
        """A part is scrapped: it gives back its cards and what travels with it, and its order hears of it."""
        for loop in self.losses:
            loop.returned(part)
        if isinstance(part, Lot):
            part.lost(self)

    def forward(self, part: Load) -> bool:
        """Offer a part to the successors in turn; whether one took it."""
        return self.offer_in_turn(part, self.successors)

    def offer_in_turn(self, part: Load, takers: tuple[Station, ...]) -> bool:
        """Offer a part to some stations, beginning after the one that took last."""
        count = len(takers)
        for step in range(count):
            index = (self.turn_out + step) % count if takers is self.successors else step
            if takers[index].offer(part):
                self.turn_out = (index + 1) % count if takers is self.successors else self.turn_out
                return True
        return False

    def ask(self) -> Load | None:
        """A part from a neighbour upstream, in turn."""
        if self.feed is not None:
            return self.feed.take(self)
        givers = self.predecessors
        count = len(givers)
        for step in range(count):
            index = (self.turn_in + step) % count
            part = givers[index].take(self)
            if part is not None:
                self.turn_in = (index + 1) % count
                return part
        return None

    # --- state ----------------------------------------------------------------------------------

    def active(self) -> int:
        """Code of the state when nothing holds the unit."""
        return PRODUCING

    def resolve(self) -> int:
        """Code of the state that the unit should be in."""
        held = self.held
        if not held:
            return self.active()
        return held_state(held)

    def show(self) -> None:
        """Enter the state that the unit should be in."""
        code = self.resolve()
        if code != self.code or code == FAILED or (self.varies(code) and self._cause(code) != self._said):
            self.enter(code)

    def varies(self, code: int) -> bool:
        """Whether the cause of a state may change while it lasts."""
        return code in VARIED

    def enter(self, code: int) -> None:
        """Enter a state now; keeps the account of the old one."""
        if code == PRODUCING:
            self.produce(self.kernel._now)
        else:
            self.rest(code, self.kernel._now)

    def produce(self, now: float) -> None:
        """Enter PRODUCING now. Nearly all changes of state are this or :meth:`rest`, so each is written out."""
        totals, spent = self.totals, now - self.since
        totals[self.code] += spent
        if self.ramp is not None:
            self._add_ramp(self.ramp, spent)
        self.since, self.code = now, PRODUCING
        left = self.life - totals[PRODUCING]  # by rounding a little below 0 when a life ends with a cycle
        self.fail_at = now + left if left > 0.0 else now
        word, log = self._words[PRODUCING], self.log
        log.append(now)
        log.append(word if word is not None else self._word(PRODUCING))

    def rest(self, code: int, now: float) -> None:
        """Enter any other state now."""
        spent = now - self.since
        self.totals[self.code] += spent
        if self.ramp is not None:
            self._add_ramp(self.ramp, spent)
        self.since, self.code, self.fail_at = now, code, inf
        word, log = self._words[code], self.log
        log.append(now)
        log.append(word if word is not None else self._word(code))

    def producing_s(self, now: float) -> float:
        """Time in PRODUCING since the start."""
        spent = self.totals[PRODUCING]
        return spent + (now - self.since) if self.code == PRODUCING else spent

    def note_done(self, now: float, event: Event) -> None:
        """Log a completed operation of a plant that keeps its events; the next is taken to begin now."""
        self.log.extend((now, event))
        self.done_s = self.producing_s(now)

    def _add_ramp(self, ramp: Ramp, spent: float) -> None:
        self.ramped += ramp.more(self.code, spent)
        ramp.leave(self.code, spent)

    def _word(self, code: int) -> Event | float:
        """What to log of a state that has a cause, or was not entered before."""
        cause = self._said = self._cause(code)
        word = self._varied.get((code, cause))
        if word is None:
            order = self.setting.order if code >= WITH_ORDER else None
            values = (UnitState(code % WITH_ORDER).name, order, cause)
            word = self.journal.word(state_event(self.setting.unit, self.path, code, values, self._series))
        if self.varies(code):
            self._varied[code, cause] = word
        else:
            self._words[code] = word
        return word

    def _cause(self, code: int) -> str | None:
        reason = REASON_OF.get(code, NO_SUPPLY)
        cause = None
        for why, known in self.causes:
            if why == reason:
                cause = known
                break
        if code in VARIED or (cause is not None and code == STARVED):
            return cause
        return self.named({STARVED: self.feed, BLOCKED: self.next}.get(code))

    def named(self, other: Station | None) -> str | None:
        """How another unit is called here: by its id within the line, else by its path."""
        if other is None:
            return None
        return other.path.name if other.path.line == self.path.line else str(other.path)

    # --- holding and slowing --------------------------------------------------------------------

    def stop(self, cause: str, reason: int = DOWN, alarm: bool = True) -> None:
        """Hold the unit for a reason with a cause, by default as down; work in progress waits."""
        self.causes.append((reason, cause))
        if alarm:
            self.alarm(cause, 1)
        self.hold(reason)

    def restart(self, cause: str, reason: int = DOWN, alarm: bool = True) -> None:
        """End a cause; work goes on when nothing else holds the unit."""
        self.causes.remove((reason, cause))
        if alarm:
            self.alarm(cause, 0)
        if self.causes and any(why == reason for why, _ in self.causes):
            self.hold(reason)
        else:
            self.free(reason)

    def shift(self, phase: int) -> None:
        """Follow the calendar: 0 on shift, 1 planned break, 2 outside all shifts."""
        off = phase == 2
        for life in self.lives:
            life.off_shift(off)
        self._set_held((self.held & ~(BREAK | OFF)) | (OFF if off else BREAK if phase else 0))
        for upkeep in self.upkeep if off else ():
            upkeep.try_now()

    def hold(self, reason: int) -> None:
        """Hold the unit for one more reason, e.g. :data:`CURTAILED`."""
        self._set_held(self.held | reason)

    def free(self, reason: int) -> None:
        """End a reason to hold the unit."""
        self._set_held(self.held & ~reason)

    def _set_held(self, held: int) -> None:
        was, self.held = self.closed, held
        self.closed = bool(held & self.holds_on)
        if self.closed and not was:
            self.suspend()
        self.show()
        if was and not self.closed:
            self.resume()
            self.show()

    def suspend(self) -> None:
        """Stop work in progress."""

    def resume(self) -> None:
        """Go on with it."""
        self.pull()

    def slow_down(self, cause: str, factor: float) -> None:
        """Operations begun from now on take ``factor`` times as long; 1 ends it."""
        self.slowed[cause] = factor
        if factor == 1.0:
            del self.slowed[cause]  # the end of a slowing has factor 1
        self.slow = 1.0
        for one in self.slowed.values():
            self.slow *= one

    def order_backup(self, ordered: bool) -> None:
        """Backup links that the unit has are to take over, or to stand by again."""

    def orderable(self) -> tuple[str, ...]:
        """Items of which job orders from outside are released here; most units release none."""
        return ()

    def release_order(self, asked: JobRequest, pieces: int) -> None:
        """Release a job order over a number of pieces now; units that release none are not asked."""

    def influence(self, what: str, cause: str, factor: float) -> None:
        """Multiply something of the unit, ``repair`` times or ``scrap``, from now on; 1 ends it."""
        causes = self.influences.setdefault(what, {})
        causes[cause] = factor
        if factor == 1.0:
            del causes[cause]

    def factor(self, what: str) -> float:
        """Product of all influences on something."""
        return prod(self.influences[what].values()) if what in self.influences else 1.0

    def show_life(self) -> None:
        """The operating time at which the next life ends has changed."""
        if self.code == PRODUCING:
            self.fail_at = self.kernel._now + max(0.0, self.life - self.operated())
            self.arm()

    def arm(self) -> None:
        """Wait for the end of the next operating life."""

    def tell_operation(self, part: Load, event: str) -> None:
        """Log that an operation on a lot begins or ends, where that was asked for; see ``OPERATION_EVENTS``."""
        if self.journal.operations and isinstance(part, Lot) and part.order:
            due_ns = None if part.due_s == inf else to_ns(self.setting.axis.origin_ns, part.due_s)
            values = (part.order, event, part.item, float(part.size), due_ns, None, None)
            self.log.extend((self.kernel._now, Event(self.setting.unit, RecordKind.ORDER, values)))

    def alarm(self, cause: str, active: int = 1) -> None:
        """Log that an alarm begins, or ends with 0."""
        if self.recording:
            values = (cause, 700, active, f"{cause} at {self.path.name}")
            self.log.extend((self.kernel._now, Event(self.setting.unit, RecordKind.ALARM, values)))

    # --- what others may ask --------------------------------------------------------------------

    @property
    def level(self) -> int:
        """Number of parts inside."""
        return len(self.contents())

    @property
    def holds(self) -> bool:
        """Whether it has a part that others are to take, or will have one as soon as they can."""
        return self.level > 0

    def before_giving(self) -> Waits:
        """What others must do before a part can leave it; see :mod:`twin.engine.waits`."""
        return FREE

    def before_taking(self, item: str) -> Waits:  # noqa: ARG002 - who has room takes any
        """What others, or it itself, must do before it can take an item; it knows the item."""
        return FREE

    def contents(self) -> list[Load]:
        """Parts inside, for checks."""
        return []

    def due_times(self) -> list[float]:
        """Simulated times at which orders that it knows of, open or to come, are due."""
        return []

    def energy_at(self, now: float) -> float:
        """Energy used until now in kWh."""
        ramped = 0.0 if self.ramp is None else self.ramped + self.ramp.more(self.code, now - self.since)
        return amount(self.seconds(now), self.power) + ramped + self.parts * self.per_part

    def seconds(self, now: float) -> list[float]:
        """Time in each state until now in s, by code."""
        seconds = list(self.totals)
        seconds[self.code] += now - self.since
        return seconds

    def more_energy(self, t0_s: float, t1_s: float, air: Callable[[Station], float]) -> float:  # noqa: ARG002
        """Energy of a window that follows neither from its states nor from its parts, in kWh.

        Args:
            t0_s: Begin, simulated s.
            t1_s: End.
            air: Compressed air that a unit took in the window, in m³.
        """
        return 0.0

    def power_now(self) -> float:
        """Power in kW."""
        if self.ramp is not None:
            return self.ramp.now(self.code, self.kernel._now - self.since) * 3600
        return self.power[self.code] * 3600

    def consumed(self, medium: Medium | None, now: float) -> float:
        """Volume of a medium used until now in m³; 0 of none."""
        if medium is None:
            return 0.0
        return medium.used(self.seconds(now), self.parts if self.records_parts else 0)

    def flow_now(self, medium: Medium | None) -> float:
        """Flow of a medium in m³/h; 0 of none."""
        return 0.0 if medium is None else medium.flow[self.code] * 3600

    def operated(self) -> float:
        """Time in PRODUCING so far in s."""
        running = self.kernel._now - self.since if self.code == PRODUCING else 0.0
        return self.totals[PRODUCING] + running
