"""True histories of a small site with all that a brain hears of, and the ways in which they may be told.

Two publishers tell of a mill, a saw, a store and an order desk: states, completed operations with and without their
begin, of several items, reworked and corrected afterwards, orders and job orders, stocks and shipments, a counter that
rolls over, and master data that change. What leaves no trace is outside: the loss of an unnumbered message, a wrong
reading that its neighbours do not contradict, master data that come later than what they are of, or never, but for
those of a site, whose grid factor another message may have changed; and the first operation of a unit that ends before
one that began earlier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.brain.test_plans import said
from tests.brain.test_readings import E0, SITE, H, M, S
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records

LINE = EquipmentPath("a/b/c/d")
MILL, SAW, STORE, DESK = (LINE.child(name) for name in ("mill", "saw", "store", "desk"))
MACHINES = (MILL, SAW)
SPEAKS = {MILL: "p", DESK: "p", LINE: "p", SITE: "p", SAW: "q", STORE: "q"}
PUBLISHERS = {"p": (MILL, DESK), "q": (SAW, STORE)}
HOURS = 3
END = HOURS * 3600
ROLLS_AT = 1100.0
STATES = ("PRODUCING", "STARVED", "BLOCKED", "FAILED", "REPAIR", "SETUP", "PLANNED_BREAK", "OFF_SHIFT", "MINOR_STOP")
ITEMS = ("cube", "rod")
COUNTER = {"name": "energy_kwh", "unit": "kW.h", "low": 0, "high": 2000, "en": "E", "zh": "E", "counter": True}
SHIFT = {"id": "a", "start_s": 600, "duration_s": 9000, "breaks": [[4000, 900]]}
Row = tuple[EquipmentPath, int, tuple[Any, ...]]

seconds = st.integers(1, END - 1)


@dataclass(frozen=True)
class Happened:
    """What happened at one moment, told in one message."""

    time_ns: int
    frame: Frame

    @property
    def publisher(self) -> str:
        return SPEAKS[self.frame.paths[0]]

    def __repr__(self) -> str:
        return f"{(self.time_ns - E0) // S} {self.frame.paths[0].name} {self.frame.kind} {self.frame.values.tolist()}"


@dataclass(frozen=True)
class SiteHistory:
    """What truly happened, in order; levels of the power of each machine in kW, each for as long as the others."""

    events: tuple[Happened, ...]
    power: dict[EquipmentPath, tuple[float, ...]]

    @property
    def corrected(self) -> bool:
        """Whether something was said otherwise later."""
        return any(map(_corrects, self.events))

    def partly_corrected(self) -> Iterator[SiteHistory]:
        """The same without some of its corrections: they are heard in any order."""
        places = [place for place, one in enumerate(self.events) if _corrects(one)]
        for count in range(1, len(places) + 1):
            for some in combinations(places, count):
                yield replace(self, events=tuple(one for place, one in enumerate(self.events) if place not in some))

    def reading(self, unit: EquipmentPath, time_ns: int) -> float:
        """What the counter of a machine shows."""
        levels = self.power[unit]
        lasts = (HOURS + 1) * H // len(levels)
        used = sum(min(max(time_ns - E0 - k * lasts, 0), lasts) / H * level for k, level in enumerate(levels))
        return (1000.0 + used) % ROLLS_AT if unit == SAW else 1000.0 + used


def _corrects(one: Happened) -> bool:
    """Whether it says something otherwise that was said before."""
    return one.frame.kind is RecordKind.PART and any(min(row[1:4]) < 0 for row in one.frame.values.tolist())


def event(kind: RecordKind, rows: Sequence[Row]) -> Happened:
    return Happened(max(time_ns for _, time_ns, _ in rows), records(kind, rows))


@st.composite
def states(draw: st.DrawFn, unit: EquipmentPath) -> list[Happened]:
    changes = {0: draw(st.sampled_from(STATES))}
    changes |= dict(draw(st.lists(st.tuples(seconds, st.sampled_from(STATES)), max_size=10)))
    return [event(RecordKind.STATE, [(unit, E0 + s * S, (name, "o1", None))]) for s, name in changes.items()]


@st.composite
def operations(draw: st.DrawFn, unit: EquipmentPath) -> list[Happened]:
    """Completions, of which some are corrected later."""
    says_begin, owns_time = draw(st.booleans()), draw(st.booleans())
    amounts = st.tuples(*[st.integers(0, 3)] * 3)
    done = draw(st.dictionaries(seconds, st.dictionaries(st.sampled_from(ITEMS), amounts, min_size=1), max_size=12))
    begins = sorted(max(0, s - draw(st.integers(1, 5400))) for s in done)  # the first that overtakes is not foreseen
    found, left = [], dict[tuple[str, int], int]()
    for (s, made), begin in zip(sorted(done.items()), begins, strict=True):
        begun = E0 + begin * S if says_begin else None
        ideal_s = draw(st.sampled_from([20.0, 40.0])) if owns_time else None
        rows = [
            (unit, E0 + s * S, (item, float(good), float(scrap), float(rework), ideal_s, int(rework == 0), begun))
            for item, (good, scrap, rework) in made.items()
        ]
        found.append(event(RecordKind.PART, rows))
        left |= {(item, s): good for item, (good, _, _) in made.items() if good}
    if left:
        wrong = draw(st.lists(st.tuples(st.sampled_from(sorted(left)), seconds), max_size=2, unique_by=lambda w: w[0]))
        for (item, s), later in wrong:
            time_ns = E0 + min(s + later, END - 1) * S
            amount = float(draw(st.integers(1, left[item, s])))
            found.append(event(RecordKind.PART, [(unit, time_ns, (item, -amount, amount, 0.0, None, 0, None))]))
    return found


@st.composite
def trade(draw: st.DrawFn) -> list[Happened]:
    """Orders from customers and job orders at the desk."""
    found = []
    for number in range(draw(st.integers(0, 3))):
        received, due = draw(seconds), E0 + draw(seconds) * S
        steps = [("received", received, 10.0)]
        for event_name in ("shipped", "delivered"):
            some = draw(st.sampled_from([(10.0,), (4.0, 6.0), (7.0,), ()]))
            steps += [(event_name, draw(st.integers(received, END - 1)), quantity) for quantity in some]
        found += [_step(f"c{number}", name, s, quantity, due) for name, s, quantity in steps]
    for number in range(draw(st.integers(0, 3))):
        times = sorted(draw(st.tuples(seconds, seconds, seconds)))
        due = E0 + draw(seconds) * S
        steps = [*zip(("released", "started", "completed"), times, (5.0, 0.0, 5.0), strict=True)]
        found += [_step(f"j{number}", name, s, quantity, due) for name, s, quantity in steps[: draw(st.integers(1, 3))]]
    return found


def _step(order: str, name: str, s: int, quantity: float, due_ns: int) -> Happened:
    return event(RecordKind.ORDER, [(DESK, E0 + s * S, (order, name, "cube", quantity, due_ns, "", "x/y"))])


@st.composite
def stocks(draw: st.DrawFn) -> list[Happened]:
    levels = draw(st.dictionaries(seconds, st.integers(0, 40), max_size=8))
    found = [event(RecordKind.STOCK, [(STORE, E0 + s * S, ("cube", float(level)))]) for s, level in levels.items()]
    for number, (s, lasts) in enumerate(draw(st.lists(st.tuples(seconds, seconds), max_size=3))):
        for name, at in (("departed", s), ("arrived", min(s + lasts, END - 1))):
            row = (f"s{number}", name, "cube", 5.0, str(STORE), str(DESK))
            found.append(event(RecordKind.SHIPMENT, [(STORE, E0 + at * S, row)]))
    return found


@st.composite
def plans(draw: st.DrawFn, rated: bool) -> list[Happened]:
    """Master data of the begin, and their changes."""
    meters = {"energy_kwh": {"rolls_over_at": ROLLS_AT, **({"max_per_h": 200.0} if rated else {})}}
    limits = st.sampled_from([None, 20.0, 40.0])

    def of_unit(unit: EquipmentPath, s: int, ideal_s: float | None, stop_s: float = 300.0) -> Happened:
        body: dict[str, Any] = {"kind": "machine", "ideal_s": ideal_s, "minor_stop_max_s": stop_s, "tags": [COUNTER]}
        body |= {"meters": meters} if unit == SAW else {}
        return _plan(s, unit, "equipment", **body)

    found = [of_unit(unit, 0, draw(limits)) for unit in MACHINES]
    found += [_plan(0, STORE, "equipment", kind="buffer", role="store"), _plan(0, SITE, "place", **_factor(draw))]
    found += [_plan(0, DESK, "equipment", kind="orders", role="trade"), _plan(0, LINE, "place", **_shifts(draw))]
    for unit, s in draw(st.lists(st.tuples(st.sampled_from([*MACHINES, SITE, LINE]), seconds), max_size=3)):
        if unit in MACHINES:
            found.append(of_unit(unit, s, draw(limits), draw(st.sampled_from([300.0, 1200.0]))))
        else:
            found.append(_plan(s, unit, "place", **(_factor(draw) if unit == SITE else _shifts(draw))))
    return found


def _plan(s: int, path: EquipmentPath, schema: str, **body: Any) -> Happened:
    return Happened(E0 + s * S, said(E0 + s * S, path, schema, **body))


def _factor(draw: st.DrawFn) -> dict[str, Any]:
    return {"grid_factor_kg_per_kwh": draw(st.sampled_from([0.5, 0.25]))}


def _shifts(draw: st.DrawFn) -> dict[str, Any]:
    return {"shifts": draw(st.sampled_from([[], [SHIFT], [SHIFT | {"start_s": 1800, "breaks": []}]]))}


@st.composite
def site_histories(draw: st.DrawFn) -> SiteHistory:
    events = draw(plans(draw(st.booleans()))) + draw(trade()) + draw(stocks())
    for unit in MACHINES:
        events += draw(states(unit)) + draw(operations(unit))
    power = {unit: tuple(draw(st.lists(st.floats(0.5, 50), min_size=1, max_size=6))) for unit in MACHINES}
    return SiteHistory(tuple(sorted(events, key=lambda one: one.time_ns)), power)


@dataclass(frozen=True)
class Manner:
    """How one publisher tells: whether it numbers, how often it gives heartbeats and reads its meter, since when.

    Args:
        numbered: Whether it numbers its messages.
        beat_ns: Time between its heartbeats.
        period: Time between readings of its meter.
        phase: Its first reading.
        wrong: Readings that are none, by their number.
        again: When it says the states of its units again.
        reset: Span in which the counter of its machine lost what was made, which it says at the end.
    """

    numbered: bool = True
    beat_ns: int = M
    period: int = M
    phase: int = 0
    wrong: tuple[tuple[int, float], ...] = ()
    again: tuple[int, ...] = ()
    reset: tuple[int, int] | None = None


@st.composite
def resets(draw: st.DrawFn) -> tuple[int, int]:
    """A span in which no window ends: who does not read its counter over the end of one does not say that all was."""
    first, last = sorted(draw(st.tuples(st.integers(0, 599), st.integers(0, 599))))
    begin = 600 * draw(st.integers(0, END // 600 - 1))
    return begin + first, begin + last


@st.composite
def manners(draw: st.DrawFn) -> Manner:
    period = draw(st.sampled_from([M, 2 * M, 7 * M, 15 * M]))
    wrong = draw(st.dictionaries(st.integers(1, 200), st.sampled_from([0.0, -1.0, 1e9, -0.001]), max_size=1))
    return Manner(
        draw(st.integers(0, 3)) > 0,
        draw(st.sampled_from([M // 2, M, M, 5 * M])),
        period,
        draw(st.just(0) | st.integers(1, period // S - 1)) * S,
        tuple(wrong.items()),
        tuple(draw(st.lists(seconds, max_size=3))),
        draw(st.none() | resets()),
    )


def tell(history: SiteHistory, publisher: str, manner: Manner) -> list[Frame]:
    """What a publisher says, in its order: a heartbeat says that all before it was said."""
    rows = [(one.time_ns, one.frame) for one in history.events if one.publisher == publisher]
    for unit in PUBLISHERS[publisher]:
        said_states = [row for row in rows if row[1].kind is RecordKind.STATE and row[1].paths[0] == unit]
        for s in manner.again:
            before = [frame for time_ns, frame in said_states if time_ns <= E0 + s * S]
            rows += [(E0 + s * S, before[-1])] if before else []
    if manner.reset is not None and not history.corrected:
        rows = _lacking(rows, PUBLISHERS[publisher][0], *(E0 + s * S for s in manner.reset))
    end, wrong = E0 + HOURS * H + 30 * M, dict(manner.wrong)
    unit = PUBLISHERS[publisher][0]
    for k, t in enumerate(range(E0 + manner.phase, end, manner.period)):
        value = np.array([[wrong.get(k, history.reading(unit, t))]])
        rows.append((t, Frame(RecordKind.TELEMETRY, (unit,), np.array([t]), ("energy_kwh",), value)))
    rows += [(t, records(RecordKind.HEARTBEAT, [(SITE, t, (0, 0, 0.0))])) for t in range(E0, end + 1, manner.beat_ns)]
    rows.sort(key=lambda row: (row[0], row[1].kind is RecordKind.HEARTBEAT))
    return [frame.stamped(publisher, "r", k if manner.numbered else -1) for k, (_, frame) in enumerate(rows)]


def _lacking(
    rows: list[tuple[int, Frame]], unit: EquipmentPath, first_ns: int, last_ns: int
) -> list[tuple[int, Frame]]:
    """What is said without what a unit made in a span, and that it lacks."""

    def told(time_ns: int, frame: Frame) -> bool:
        return frame.kind is not RecordKind.PART or frame.paths[0] != unit or not first_ns < time_ns <= last_ns

    lacks = records(RecordKind.PART, [(unit, last_ns, (None, 0.0, 0.0, 0.0, None, None, first_ns, 1))])
    return [*(row for row in rows if told(*row)), (last_ns, lacks)]


def in_turn(lists: dict[str, list[Frame]], behind: dict[str, int] | None = None) -> list[Frame]:
    """Messages of all publishers by time, of some so many ns later, but for those of the begin."""
    behind = behind or {}
    placed: list[tuple[int, str, int, Frame]] = []
    for name, some in lists.items():
        now = 0
        for number, frame in enumerate(some):
            now = max(now, int(frame.time_ns[-1]))  # what is said again is older
            placed.append((now + (behind.get(name, 0) if now > E0 else 0), name, number, frame))
    return [frame for *_, frame in sorted(placed, key=lambda one: one[:3])]


@dataclass(frozen=True)
class Hardship:
    """What happens to messages on their way, by their number among all in the order in which they are sent.

    Args:
        behind_s: How long one publisher's messages take; the other's take no time.
        late: By how many places numbered ones come late.
        twice: After how many places some come once more.
        lost: Numbered ones that never come.
        cuts: Before these arrivals the brain's process dies.
        gone: Before these arrivals the connection of their publisher falls.
    """

    behind_s: int = 0
    late: dict[int, int] = field(default_factory=dict)
    twice: dict[int, int] = field(default_factory=dict)
    lost: frozenset[int] = frozenset()
    cuts: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()


@st.composite
def hardships(draw: st.DrawFn, lists: dict[str, list[Frame]], losses: bool = True) -> Hardship:
    """Numbered messages late, doubled and lost; unnumbered ones doubled; one publisher behind the other."""
    places = st.integers(0, sum(map(len, lists.values())) - 1)
    return Hardship(
        draw(st.sampled_from([0, 0, 90, 1500, 6000])),
        draw(st.dictionaries(places, st.integers(1, 90), max_size=10)),
        draw(st.dictionaries(places, st.integers(0, 300), max_size=6)),
        draw(st.frozensets(places, max_size=3)) if losses else frozenset(),
        draw(st.frozensets(places, max_size=2)),
        draw(st.frozensets(st.integers(1, 5) | places, max_size=2)),
    )


def _told_of(frame: Frame) -> bool:
    """Whether it is told that a message lacks: not of master data, but for another grid factor."""
    return frame.kind is not RecordKind.META or (frame.paths[0] == SITE and frame.time_ns[0] > E0)


def arriving(lists: dict[str, list[Frame]], hardship: Hardship) -> list[Frame]:
    """What arrives, in that order."""
    placed: list[tuple[float, Frame]] = []
    for number, frame in enumerate(in_turn(lists, {"q": hardship.behind_s * S})):
        numbered = frame.seq >= 0 and _told_of(frame)
        if numbered and number in hardship.lost:
            continue
        place = number + (hardship.late.get(number, 0) if numbered else 0)
        placed.append((place, frame))
        if number in hardship.twice and frame.kind is not RecordKind.HEARTBEAT:
            placed.append((place + 0.5 + hardship.twice[number], replace(frame)))
    return [frame for _, frame in sorted(placed, key=lambda entry: entry[0])]
