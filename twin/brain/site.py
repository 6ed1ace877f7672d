"""What the brain knows of one site: its units with their logs, and until when all of it was heard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise, takewhile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.brain.completed import IDEAL, count, ideal
from twin.brain.elements import BY_PLAN, attend, use
from twin.brain.logs import CODES, PRODUCING, UNHEARD, StepLog
from twin.brain.metering import meter
from twin.brain.missing import LASTS_NS, Missing
from twin.brain.past import Past
from twin.brain.plan import calendar_of, spans
from twin.brain.plans import Plans
from twin.brain.spread import Worked, spread
from twin.brain.told import Sayings
from twin.brain.unit import SaidAgain, Unit
from twin.brain.voices import NEVER, Beat, Gap, Voice, Voices, joined
from twin.brain.windows import DAY_NS, LONGEST_NS, Window
from twin.equipment import EquipmentPath
from twin.kpi.amounts import NS_PER_H
from twin.kpi.observed import COLUMN, FLOATS, INTS
from twin.master import EquipmentMaster, Master, PlaceMaster
from twin.records import RecordKind
from twin.shift_plan import Pieces
from twin.zone import Zone, zone_of

OPEN = COLUMN["open_ns"]
LACKS = COLUMN["missing"]
UNREAD = [COLUMN[name] for name in ("energy_doubt", "air_doubt", "gas_doubt")]
DOUBT = COLUMN["failures_doubt"]
RATES = COLUMN["rates_doubt"]
FAILURES = [COLUMN[name] for name in ("failures", "repaired", "repair_ns")]


class Table(NamedTuple):
    """Observations of some units in one window, one row per unit.

    Args:
        units: The units.
        ints: int64[units, INTS].
        floats: float64[units, FLOATS].
    """

    units: tuple[Unit, ...]
    ints: NDArray[np.int64]
    floats: NDArray[np.float64]


class Site:
    """One site; everything before ``mark`` was heard, but for gaps of its voices; no window ends before ``due``.

    ``edge`` is the last end of a window that was closed.
    """

    def __init__(self, path: EquipmentPath, missing: Missing | None = None, items: Mapping[str, int] | None = None):
        self.path = path
        self.items = {} if items is None else items
        """Numbers of the items in the logs of its units, by name."""
        self.missing = Missing() if missing is None else missing
        self.plans: dict[str, Plans] = {}
        self.replanned: dict[str, Plans] = {}
        """Those that came to say something else that counts."""
        self.units: dict[str, Unit] = {}
        self.stocks: dict[tuple[str, str], StepLog] = {}
        self.places: dict[str, PlaceMaster] = {}
        self.voices = Voices()
        self.sayings = Sayings()
        self.first: int | None = None
        self.mark: int | None = None
        self.due = 0
        self.edge = -NEVER
        self.dirty: tuple[int, int] | None = None
        self.kept_ns: int | None = None
        """Windows that ended before are not known here; None: all are."""
        self.past = Past()
        self.closed: dict[tuple[str, Window], Table] = {}
        self.unsettled: dict[tuple[str, Window], int] = {}
        """Closed windows with operations of which something is not known, and the mark when they were computed."""
        self.stops: dict[str, set[int]] = {}
        """Begin of minor stops that may still become failures, of windows that were computed, by unit."""
        self.awaits: dict[str, tuple[int, int]] = {}
        """Units with corrections before which not all was heard: the first instant that these may reach to, and the
        last correction."""
        self.stored_ns: int | None = None
        """Until when a store has all that was heard, where it does not say of which publisher; None: publishers say."""
        self.live: tuple[Window, Table] | None = None
        self.placer = ""
        """Who said its master data last, by which its energy has a price and CO2."""
        self.placed: SaidAgain | None = None
        """Where that stands among all that its publisher numbers."""
        self._completed, self._looked = False, 0
        self._sorted: tuple[Unit, ...] = ()
        self._calendars: dict[str, PlaceMaster | None] = {}
        self.version = 0

    @property
    def period(self) -> int:
        """Usual time between the heartbeats of its slowest publisher in ns."""
        return self.voices.period

    @property
    def clock(self) -> Zone:
        """Its local time."""
        place = self.places.get(self.path) or next(iter(self.places.values()), None)
        return zone_of("", 0.0) if place is None else place.clock

    def changed(self) -> None:
        """Units or master data changed."""
        self.version += 1
        self.due = 0
        self._calendars = {}
        self._sorted = ()

    def learns(self, path: str, time_ns: int, master: Master) -> Master:
        """Master data came: they hold from their time on, the first of a path since ever. Gives the newest."""
        plans = self.plans.setdefault(path, Plans())
        span = plans.learn(time_ns, master)
        if plans.changes or plans.forgotten_ns > -NEVER:
            self.replanned[path] = plans
        if span is not None:
            self._replans(span, isinstance(master, PlaceMaster))
        return plans.newest

    def _replans(self, span: tuple[int, int], of_place: bool) -> None:
        """What was planned in a span is something else than was known."""
        begin_ns, end_ns = span
        if self.edge > begin_ns:
            self.touch(begin_ns, end_ns)
        if self.first is None:
            return
        first_ns = max(begin_ns, self.first)
        if of_place and self.mark is not None and first_ns < min(end_ns, self.mark) and self.edge > begin_ns:
            self.past.note(first_ns, min(end_ns, self.mark))  # its shifts and days are others
        self.changed_before(first_ns, end_ns)

    @contextmanager
    def planned_at(self, time_ns: int) -> Iterator[None]:
        """With the master data of a time in the place of the newest."""
        said = {path: plans.at(time_ns) for path, plans in self.replanned.items()}
        then = {path: master for path, master in said.items() if master is not self._held(path)}
        if not then:
            yield
            return
        before = {path: master for path in then if (master := self._held(path)) is not None}
        self._holds(then)
        try:
            yield
        finally:
            self._holds(before)

    def _held(self, path: str) -> Master | None:
        """The master data that are taken to hold now."""
        unit = self.units.get(path)
        return self.places.get(path) if unit is None else unit.master

    def stretches(self, window: Window) -> list[Window]:
        """A window, cut where master data changed."""
        kind, t0_ns, t1_ns = window
        changes = (change_ns for plans in self.replanned.values() for change_ns in plans.changes)
        cuts = sorted({change_ns for change_ns in changes if t0_ns < change_ns < t1_ns})
        return [Window(kind, begin, end) for begin, end in pairwise([t0_ns, *cuts, t1_ns])]

    def _holds(self, masters: Mapping[str, Master]) -> None:
        for path, master in masters.items():
            if isinstance(master, EquipmentMaster):
                self.units[path].master = master
            elif isinstance(master, PlaceMaster):
                self.places[path] = master
        self._calendars, self._sorted = {}, ()
        self.version += 1

    def places_at(self, time_ns: int) -> dict[str, PlaceMaster]:
        """Master data of its lines and of itself at a time."""
        then = {path: self.replanned[path].at(time_ns) if path in self.replanned else None for path in self.places}
        return {
            path: master for path, now in self.places.items() if isinstance(master := then[path] or now, PlaceMaster)
        }

    def ordered(self) -> tuple[Unit, ...]:
        """All units by line and position."""
        if not self._sorted:
            self._sorted = tuple(sorted(self.units.values(), key=lambda unit: unit.order))
        return self._sorted

    def under(self, path: str) -> tuple[Unit, ...]:
        """Units at or below a path."""
        return self.ordered() if path == self.path else tuple(u for u in self.ordered() if u.path.is_under(path))

    def touch(self, first_ns: int, last_ns: int) -> None:
        """Something in the past changed: windows overlapping the span are to be computed again."""
        if self.dirty is not None:
            first_ns, last_ns = min(first_ns, self.dirty[0]), max(last_ns, self.dirty[1])
        self.dirty = (first_ns, last_ns)

    def changed_before(self, first_ns: int, last_ns: int) -> None:
        """Something changed in a span: what of it is no longer kept is to be computed again from a store."""
        if self.first is not None:
            first_ns = max(first_ns, self.first)
        if self.kept_ns is not None and first_ns < min(last_ns, self.kept_ns):
            self.past.note(first_ns, min(last_ns, self.kept_ns))

    def skip(self, first_ns: int, last_ns: int) -> None:
        """Windows that ended in a span are not computed here: too much time went by at once."""
        self.past.note(first_ns, last_ns)
        self.kept_ns = last_ns if self.kept_ns is None else max(last_ns, self.kept_ns)

    def catch_up(self, since_ns: int, until_ns: int) -> None:
        """A publisher that was behind the others was heard over a span: windows that end in it are whole now."""
        ends = [window.t1_ns for _, window in self.closed if since_ns < window.t1_ns <= until_ns]
        if ends:
            self.touch(min(ends), max(ends))
        self.changed_before(since_ns, until_ns)

    def decide(self) -> None:
        """Minor stops that have lasted too long are failures, whenever they end: their windows are computed again."""
        for path, begins in list(self.stops.items()):
            unit = self.units[path]
            limits = unit.minor_stop_ns, unit.vouched_ns
            decided = {begun_ns for begun_ns in begins if unit.states.undecided(begun_ns + 1, *limits) is None}
            for begun_ns in (begun_ns for begun_ns in decided if self.edge > begun_ns):
                self.touch(begun_ns, begun_ns)
            self.stops[path] = begins - decided
        self.stops = {path: begins for path, begins in self.stops.items() if begins}

    def vouched_ns(self, unit: Unit) -> int:
        """Until when all that is said of a unit was heard: by who says it, else as far as its site was heard."""
        if self.stored_ns is not None:
            return self.stored_ns
        found = self.voices.vouched_ns(unit.path, unit.speaker, unit.tellers)
        return NEVER if (until_ns := self.mark if found is None else found) is None else until_ns

    def corrects(self, unit: Unit, first_ns: int, time_ns: int) -> None:
        """A unit corrects what it said; until all before the correction was heard, it may correct something else."""
        if time_ns >= unit.vouched_ns:
            since_ns, last_ns = self.awaits.get(unit.path, (first_ns, time_ns))
            self.awaits[unit.path] = min(first_ns, since_ns), max(time_ns, last_ns)

    def vouch(self) -> None:
        """Windows from which corrections take are computed again when all was heard that came before these."""
        for path, (first_ns, last_ns) in list(self.awaits.items()):
            if self.units[path].vouched_ns > last_ns:
                del self.awaits[path]
                self.touch(first_ns, last_ns)
                self.changed_before(first_ns, last_ns)

    def stale(self) -> list[tuple[str, Window]]:
        """Closed windows to be computed again, in order of their end; forgets that they were."""
        self.vouch()
        if self.dirty is None:
            return []
        first, last = self.dirty
        self.dirty = None
        found = [key for key in self.closed if key[1].t0_ns <= last and key[1].t1_ns >= first]
        return sorted(found, key=lambda key: (key[1].t1_ns, key[1].kind, key[0]))

    def heals(self, span: tuple[int, int] | None) -> None:
        """A span was not heard and now is: windows over it are to be computed again."""
        if span is not None and self.first is not None:
            self.changed_before(max(span[0], self.first) - DAY_NS, span[1])
        for unit in self.units.values() if span is not None else ():
            self.touch(*(unit.parts.around(*span) if unit.planned else span))  # type: ignore[misc]
            if unit.parts.corrections:
                self.touch(unit.parts.times[0], span[1])  # type: ignore[index]

    def places_said(self, publisher: str, run: str, seq: int, time_ns: int) -> None:
        """Its own master data came."""
        voice = self.voices.known.get(publisher)
        last = None if voice is None else voice.last
        heard = last is not None and (seq < 0 or (last.run == run and 0 <= last.seq < seq))
        self.placer = publisher
        self.placed = SaidAgain(time_ns, run, seq, last.time_ns if heard and last is not None else -NEVER)
        for gap in self._unrated():
            self._rates_until(gap)

    def rates_again(self, publisher: str) -> None:
        """Something of a publisher may be found missing: from before its master data, or after."""
        if publisher == self.placer:
            for gap in self._unrated():
                self._rates_until(gap)

    def _unrated(self) -> Iterator[Gap]:
        """Gaps in which master data of the site may be missing, of which it is not known what they said."""
        for voice in self.voices.all_of(self.placer) if self.placer else ():
            yield from (gap for gap in (*voice.past, *voice.gaps) if gap.known and gap.rates_ns == NEVER)

    def _rates_until(self, gap: Gap) -> None:
        """What was missing is known where master data were said again after it."""
        if self.placed is None or not self.placed.after(gap):
            return
        gap.rates_ns = max(gap.end, self.placed.began_ns)
        if self.edge > gap.start > -NEVER:
            self.touch(gap.start, NEVER)
            self.changed_before(gap.start, self.mark or gap.start)

    def doubts_rates(self, window: Window) -> bool:
        """Whether grid factor or tariff may have been others in a window, because a message is missing.

        What its publisher said before anything was heard of it is no loss.
        """
        voices = self.voices.all_of(self.placer) if self.placer else []
        gaps = (gap for voice in voices for gap in (*voice.past, *voice.gaps) if gap.known)
        return any(-NEVER < gap.start < window.t1_ns and gap.rates_ns > window.t0_ns for gap in gaps)

    def lacks_numbers(self, publisher: str, gap: Gap) -> None:
        """Numbers of a publisher did not come: windows that heartbeats of others have closed are computed again."""
        if self.voices.counts(publisher, gap) and self.mark is not None and -NEVER < gap.start < self.mark:
            self.touch(gap.start, self.mark)
            self.changed_before(max(gap.start, self.first or gap.start), self.mark)
        self.rates_again(publisher)

    def close(self, path: str, window: Window, table: Table) -> None:
        """Keep what was observed of a window that has ended."""
        self.closed[path, window] = table
        self.edge = max(self.edge, window.t1_ns)
        if self._waits(window, table):
            self.unsettled[path, window] = self.mark or 0
        else:
            self.unsettled.pop((path, window), None)

    def unsettle(self, begin_ns: int) -> None:
        """An operation that began at a time was completed: closed windows after it have part of its planned time."""
        self._completed = True
        for key in reversed(self.closed):
            if key[1].t1_ns <= begin_ns:
                break
            self.unsettled.setdefault(key, self.mark or 0)

    def ripe(self) -> list[tuple[str, Window]]:
        """Unsettled windows of which all is known now, or that have waited for as long again, at least an hour."""
        mark = self.mark or 0
        if not self._completed and mark // NS_PER_H == self._looked:
            return []  # nothing can have changed
        self._completed, self._looked = False, mark // NS_PER_H
        found = []
        for key, since in self.unsettled.items():
            table = self.closed.get(key)
            waits = table is not None and self._waits(key[1], table)
            if not waits or mark - since >= max(NS_PER_H, since - key[1].t1_ns):
                found.append(key)
        return found

    def _waits(self, window: Window, table: Table) -> bool:
        """Whether operations over the end of a window are not known to have ended."""
        rows = np.flatnonzero(table.ints[:, OPEN])
        return any(table.units[row].open_at(window.t1_ns) for row in rows)

    def settle(self, key: tuple[str, Window]) -> tuple[Table, set[int]]:
        """Spread planned time anew over a closed window; its table and the rows that have changed."""
        window, old = key[1], self.closed[key]
        table = Table(old.units, old.ints.copy(), old.floats.copy())
        for row, unit in enumerate(table.units):
            if unit.planned:
                table.floats[row, IDEAL] = ideal(unit, window)
                self._spread(unit, window, table.ints[row], table.floats[row])
                self._doubt(unit, window, table.ints[row])
        new = (table.floats[:, IDEAL] != old.floats[:, IDEAL]).any(axis=1) | (table.ints[:, OPEN] != old.ints[:, OPEN])
        self.close(*key, table)
        return table, set(np.flatnonzero(new).tolist())

    def observe(self, units: Iterable[Unit], window: Window, spreading: bool = True) -> Table:
        """Compute a window from the logs, as far as they go.

        Args:
            units: Units.
            window: The window.
            spreading: Spread planned run time over the time in which it was earned; else it is that of what was
                completed in the window, as the sums of a whole run have it.
        """
        chosen = tuple(units)
        ints = np.zeros((len(chosen), len(INTS)), dtype=np.int64)
        floats = np.zeros((len(chosen), len(FLOATS)))
        for row, unit in enumerate(chosen):
            until_ns = None if self.mark is None else unit.vouched_ns
            ints[row, FAILURES] = unit.states.failures(window.t0_ns, window.t1_ns, unit.minor_stop_ns, until_ns)
            ints[row, DOUBT] = self._doubts_stops(unit, window)
        for planned, durations in self._durations(chosen, window).items():
            ints += durations @ BY_PLAN[planned]
        for row, unit in enumerate(chosen):
            count(unit, window, ints[row], floats[row])
            if spreading and unit.planned:
                self._spread(unit, window, ints[row], floats[row])
        attend(ints, [row for row, unit in enumerate(chosen) if unit.person])
        use(ints, [row for row, unit in enumerate(chosen) if unit.fixture])
        ints[:, COLUMN["window_ns"]] = window.length_ns
        meter(chosen, self._rated(window), window, ints, floats)
        ints[:, RATES] = self.doubts_rates(window)
        for row, unit in enumerate(chosen):
            self._doubt(unit, window, ints[row])
        return Table(chosen, ints, floats)

    def _doubt(self, unit: Unit, window: Window, ints: NDArray[np.int64]) -> None:
        """What cannot be trusted although it was heard: rows were refused, or the window holds two plans."""
        if not (self.missing or self.replanned or unit.parts.corrections):
            return
        above = (unit.path, unit.path.line, self.path)
        unread = self.missing.unread_in(above, window.t1_ns)
        plans = [self.replanned[path] for path in above if path in self.replanned]
        unread = unread or any(each.mixes(window.t0_ns, window.t1_ns) for each in plans)
        ints[UNREAD] |= unread or any(each.metered_otherwise(window.t0_ns) for each in plans)
        ints[LACKS] = unread or self.lacks(unit, window.t0_ns, window.t1_ns)

    def lacks(self, unit: Unit, t0_ns: int, t1_ns: int) -> bool:
        """Whether an event that bears on a window of a unit was refused."""
        if self.missing.falls_in(unit.path, t0_ns, t1_ns) or unit.parts.uncorrected(t0_ns, t1_ns):
            return True
        if any(self._unvouched(unit, reach) for reach in unit.parts.reaches(t0_ns, t1_ns)):
            return True
        spans = self.missing.of(unit.path, RecordKind.PART) if unit.planned else []
        around = (unit.parts.around(*span) for span in spans)
        return any(first < t1_ns and last >= t0_ns for first, last in around)

    def _unvouched(self, unit: Unit, reach: tuple[int, int]) -> bool:
        """Whether something may still come, or is missing, that a correction should take from before all else."""
        tellers = unit.path, unit.speaker, unit.tellers
        return reach[1] >= unit.vouched_ns or self.voices.lacks_between(*tellers, reach)

    def trusts(self, units: Iterable[Unit], window: Window) -> bool:
        """Whether nothing was refused or lost that may still count in the orders, loads and stocks of some units."""
        return not any(self._lacks_trade(unit, window) for unit in units)

    def _lacks_trade(self, unit: Unit, window: Window) -> bool:
        _, t0_ns, t1_ns = window
        if self.missing.lasts_in(unit.path, t0_ns, t1_ns):
            return True
        voices = (self.voices.speaking(unit.speaker, unit.path), self.voices.counted.get(unit.speaker))
        return any(voice is not None and voice.lost_in(t0_ns - LASTS_NS, t1_ns) for voice in voices)

    def _refused_states(self, unit: Unit) -> list[tuple[int, int]]:
        """Spans in which a unit's state is not known, because a row that may have said it was refused or is lost."""
        spans = [(first, unit.states.said(last)) for first, last in self.missing.of(unit.path, RecordKind.STATE)]
        lost = self.voices.counted.get(unit.speaker)
        return spans if lost is None else [*spans, *((gap.start, unit.known_again(gap)) for gap in lost.gaps)]

    def _doubts_stops(self, unit: Unit, window: Window) -> bool:
        """Whether it may come out that the stops in a window were others than they seem."""
        for first, last in self.missing.of(unit.path, RecordKind.STATE):
            if first < window.t1_ns and unit.states.works(last) >= window.t0_ns:
                return True
        heard_ns = window.t1_ns if self.mark is None else max(unit.vouched_ns, window.t1_ns)
        begun_ns = unit.states.undecided(window.t1_ns, unit.minor_stop_ns, heard_ns)
        if begun_ns is not None:
            self.stops.setdefault(unit.path, set()).add(begun_ns)
            return True
        span, works = (window.t0_ns, window.t1_ns), unit.works_again
        counted_gaps = self.voices.counted.get(unit.speaker)
        if counted_gaps is not None and counted_gaps.lacks_before(*span, works):
            return True
        voice = self.voices.speaking(unit.speaker, unit.path)
        return voice is not None and bool(voice.gaps) and voice.lacks_before(*span, works)

    def _spread(self, unit: Unit, window: Window, ints: NDArray[np.int64], floats: NDArray[np.float64]) -> None:
        _, t0_ns, t1_ns = window
        found = spread(unit, t0_ns, t1_ns, partial(self._worked, unit))
        floats[IDEAL] += (found.produced_s, found.good_s)
        ints[OPEN] = found.open_ns

    def _worked(self, unit: Unit, t0_ns: int, t1_ns: int) -> Worked:
        """What is known of what a unit did in a span, from its first state on."""
        states = unit.states
        if not states.times or t1_ns <= states.times[0]:
            return Worked()
        t0_ns = max(t0_ns, states.times[0])
        if t0_ns >= t1_ns:
            return Worked()
        sums = states.durations(t0_ns, t1_ns)
        voice = self.voices.speaking(unit.speaker, unit.path)
        missed = [] if voice is None else voice.missed(t0_ns, t1_ns, unit.known_again)
        for a, b in joined([*missed, *self._refused_states(unit)], t0_ns, t1_ns):
            sums -= states.durations(a, b)
            sums[0] += b - a
        return Worked(int(sums[PRODUCING].sum()), int(sums[UNHEARD].sum()))

    def _durations(self, units: Sequence[Unit], window: Window) -> dict[int, NDArray[np.int64]]:
        """Time in each code by what was planned for it, int64[units, CODES] each."""
        found: dict[int, NDArray[np.int64]] = {}
        for stretch in self.stretches(window):
            with self.planned_at(stretch.t0_ns):
                self._planned(units, stretch, found)
        return found

    def _planned(self, units: Sequence[Unit], window: Window, found: dict[int, NDArray[np.int64]]) -> None:
        """Add what a stretch of a window with one plan has."""
        known: dict[int, Pieces] = {}
        for row, unit in enumerate(units):
            place = self._calendar(unit)
            if id(place) not in known:
                known[id(place)] = spans(place, window)
            for begin, end, planned in known[id(place)]:
                if planned not in found:
                    found[planned] = np.zeros((len(units), CODES), dtype=np.int64)
                found[planned][row] += self.heard(unit, Window("", begin, end))

    def _rated(self, window: Window) -> list[tuple[Window, PlaceMaster]]:
        """Its own master data over a window, which say what its energy costs."""
        found = []
        for stretch in self.stretches(window):
            with self.planned_at(stretch.t0_ns):
                place = self.places.get(self.path)
            if place is not None:
                found.append((stretch, place))
        return found

    def _calendar(self, unit: Unit) -> PlaceMaster | None:
        if unit.path not in self._calendars:
            self._calendars[unit.path] = calendar_of(unit)
        return self._calendars[unit.path]

    def table(self, window: Window) -> Table:
        """All units in a window, from what is kept if it is."""
        if self.live is not None and self.live[0] == window:
            return self.live[1]
        kept = self.closed.get((self.path, window))
        return kept if kept is not None else self.observe(self.ordered(), window)

    def heard(self, unit: Unit, window: Window) -> NDArray[np.int64]:
        """Time of a unit in each code in ns, int64[CODES]; what was not heard of it is UNKNOWN."""
        sums = unit.states.durations(window.t0_ns, window.t1_ns)
        for start, end in self._silent(unit, window):
            sums -= unit.states.durations(start, end)
            sums[0] += end - start
        return sums

    def _silent(self, unit: Unit, window: Window) -> list[tuple[int, int]]:
        voice = self.voices.speaking(unit.speaker, unit.path)
        if voice is None:
            voice = Voice("", None if self.mark is None else Beat(self.mark))
        spans = voice.silent(window.t0_ns, window.t1_ns, unit.known_again)
        return joined([*spans, *self._refused_states(unit)], window.t0_ns, window.t1_ns)

    def _said(self) -> dict[str, int]:
        """Since when all units that a publisher speaks for have said their state, by its name."""
        found: dict[str, int] = {}
        for unit in self.units.values():
            voice = self.voices.speaking(unit.speaker, unit.path)
            if voice is not None and unit.states.times:
                found[voice.name] = min(found.get(voice.name, NEVER), unit.said_ns)
        return found

    def prune(self, before_ns: int) -> None:
        """Forget what is older than a time."""
        self.kept_ns = before_ns if self.kept_ns is None else max(before_ns, self.kept_ns)
        for unit in self.units.values():
            unit.states.prune(before_ns)
            unit.parts.prune(before_ns)
            unit.meter.prune(before_ns)
            for counter in unit.media.values():
                counter.prune(before_ns)
            unit.orders.prune(before_ns)
            unit.jobs.prune(before_ns)
        for stock in self.stocks.values():
            stock.prune(before_ns)
        self.voices.prune(before_ns, self._said())
        self.sayings.prune(before_ns)
        ended = takewhile(lambda key: key[1].t1_ns < before_ns + LONGEST_NS, self.closed)  # in order of their end
        for key in [key for key in ended if key[1].t0_ns < before_ns]:
            del self.closed[key]
            self.unsettled.pop(key, None)
