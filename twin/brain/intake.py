"""Taking records in: every kind into its log, with what is wrong or late counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from twin.brain.counters import COUNTERS, counter_of, declare
from twin.brain.jobs import LOST
from twin.brain.logs import UNSAID, WITH_ORDER, Completion, StepLog, TransitLog
from twin.brain.missing import TRADED, Missing
from twin.brain.orders import OrderStep, order_step
from twin.brain.plans import Plans
from twin.brain.settings import BrainConfig
from twin.brain.site import Site
from twin.brain.unit import ENERGY, SaidAgain, Surroundings, Unheard, Unit
from twin.brain.voices import NEVER, Voice
from twin.brain.windows import DAY_NS, LONGEST_OPERATION_NS
from twin.equipment import EquipmentPath, Level
from twin.master import SCHEMAS, ChainMaster, EquipmentMaster, Master, PlaceMaster, master_problem, read_master
from twin.records import BAD, LONGEST_S, MOST_PIECES, OPERATION_EVENTS, Frame, RecordKind, Refused
from twin.states import UnitState

CODE = {state.name: int(state) for state in UnitState}
UNHEARD = CODE["UNKNOWN"]
MOST_READING = 1e15
"""Largest value of a counter; beyond it a double no longer tells its steps apart."""
FURTHEST_DUE_NS = 3653 * DAY_NS
MORE = [1]
"""What a PART says after ``begun_ns`` where more was made than it says."""


@dataclass
class Stats:
    """What the brain took and did not take.

    Args:
        rows: Rows kept.
        duplicates: Frames that came again.
        repeats: States and stocks said again, known already.
        rejected: Rows that no record should look like.
        late: Rows that came after what follows them; they changed the past.
        too_late: Rows older than what is kept; their windows are computed again from the store.
        revised: Windows computed again.
        settled: Closed windows in which only planned run time was spread anew, when open operations had ended.
        ahead: Heartbeats too far from what is known of the time, not taken.
        glitches: Readings of counters that were left out.
        uncorrectable: Corrections of more than was made, of which nothing was taken back.
    """

    rows: int = 0
    duplicates: int = 0
    repeats: int = 0
    rejected: int = 0
    late: int = 0
    too_late: int = 0
    revised: int = 0
    settled: int = 0
    ahead: int = 0
    glitches: int = 0
    uncorrectable: int = 0


class Intake:
    """All logs, by site and unit."""

    def __init__(self, config: BrainConfig):
        self.keep_ns = config.keep_ns
        self.sites: dict[str, Site] = {}
        self.units: dict[str, Unit] = {}
        self.transit: dict[str, TransitLog] = {}
        self.chains: dict[str, tuple[EquipmentPath, ChainMaster]] = {}
        self.chain_plans: dict[str, Plans] = {}
        self.rechained: dict[str, tuple[int, int]] = {}
        """Spans of which the master data of a chain have come to say something else, by its path."""
        self.items: dict[str, int] = {}
        self.stats = Stats()
        self.first: int | None = None
        self._said: set[tuple[Any, ...]] = set()
        self.missing = Missing()
        self.version = 0
        """Grows with every site and all master data."""

    def site(self, path: EquipmentPath) -> Site:
        """The site of a path, new if need be. Raises ValueError above the site level."""
        site_path = path.site
        if site_path not in self.sites:
            self.sites[site_path] = Site(site_path, self.missing, self.items)
            self.version += 1
        return self.sites[site_path]

    def unit(self, path: EquipmentPath) -> Unit:
        """The unit of a path, new if need be. Raises ValueError for a path that is not a unit's."""
        unit = self.units.get(path)
        if unit is None:
            if path.level is not Level.UNIT:
                raise ValueError(f"{path}: expected the path of a unit, got a {path.level.name.lower()}")
            site = self.site(path)
            unit = self.units[path] = site.units[path] = Unit(path, site)
            self.version += 1
            site.changed()
        return unit

    def item(self, name: object) -> int:
        """The number given to an item."""
        return self.items.setdefault(str(name), len(self.items))

    def meta(self, frame: Frame) -> None:
        """Master data; a document that cannot be read is rejected."""
        for path, time_ns, (schema, body) in zip(
            frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True
        ):
            master = None if master_problem(path, schema, body) else read_master(schema, body)
            if isinstance(master, EquipmentMaster) and path.level is not Level.UNIT:
                master = None
            if master is not None:
                self._learn(path, master, time_ns)
                self._reads(path)
                if path.level is Level.SITE and isinstance(master, PlaceMaster):
                    self.site(path).places_said(frame.publisher, frame.run, frame.seq, time_ns)
            elif schema in SCHEMAS:
                self._reject()

    def _reads(self, path: EquipmentPath) -> None:
        """Master data of a path were taken: what was computed while they could not be read is so again."""
        since_ns = self.missing.read(path)
        site = None if since_ns is None or path.level < Level.SITE else self.sites.get(path.site)
        if site is not None and since_ns is not None:
            site.touch(since_ns, NEVER)

    def refused(self, row: Refused) -> None:
        """A row was refused on its way; what it bears on is not good, now and where it is closed already."""
        if row.path.level < Level.SITE:
            return
        site, unit = self.sites.get(row.path.site), self.units.get(row.path)
        mark = None if site is None else site.mark
        time_ns = row.time_ns if row.time_ns >= 0 else mark
        if time_ns is None:
            return
        self.missing.note(row.path, row.kind, time_ns)
        if site is None or unit is None or mark is None or time_ns >= mark:
            return
        last_ns = time_ns if row.kind is RecordKind.PART else min(unit.states.said(time_ns), mark)
        self._lacks(unit, time_ns, mark if row.kind in TRADED else last_ns)

    def _lacks(self, unit: Unit, first_ns: int, last_ns: int) -> None:
        """It is not known what a unit said in a span, windows of which are closed."""
        span = unit.parts.around(first_ns, last_ns) if unit.planned else (first_ns, last_ns)
        self._late(unit.site, *span)
        unit.site.changed_before(*span)

    def _learn(self, path: EquipmentPath, master: Master, time_ns: int) -> None:
        self.version += 1
        if isinstance(master, ChainMaster):
            self._learn_chain(path, master, time_ns)
        elif isinstance(master, EquipmentMaster):
            unit = self.unit(path)
            unit.rated |= master.ideal_s is not None
            newest = unit.site.learns(path, time_ns, master)
            if isinstance(newest, EquipmentMaster):
                unit.master = newest
            unit.site.changed()
            if declare(unit):
                unit.site.touch(-NEVER, NEVER)
        elif isinstance(master, PlaceMaster) and path.level >= Level.SITE:
            site = self.site(path)
            newest = site.learns(path, time_ns, master)
            if isinstance(newest, PlaceMaster):
                site.places[path] = newest
            site.changed()

    def _learn_chain(self, path: EquipmentPath, master: ChainMaster, time_ns: int) -> None:
        plans = self.chain_plans.setdefault(path, Plans())
        span = plans.learn(time_ns, master)
        if isinstance(plans.newest, ChainMaster):
            self.chains[path] = (path, plans.newest)
        if span is not None:
            before = self.rechained.get(path, span)
            self.rechained[path] = min(span[0], before[0]), max(span[1], before[1])

    def states(self, frame: Frame) -> None:
        """State changes."""
        units, reject, publisher, unnumbered = self.units, self._reject, frame.publisher, frame.seq < 0
        rows = zip(frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True)
        for path, time_ns, (state, order, _) in rows:
            code = CODE.get(state)
            unit = units.get(path) or self._new(path)
            if code is None or unit is None:
                reject(frame.kind, path, time_ns)
                continue
            code = code + WITH_ORDER if order else code
            unit.speaker = publisher
            mark = unit.site.mark
            late = mark is not None and time_ns < mark
            again = late or unnumbered or unit.states.last_ns == time_ns
            if again and unit.states.knows(time_ns, code):
                self.stats.repeats += 1
                if not unnumbered and not frame.historical:
                    self._held(unit, time_ns, frame)
                gone = unit.unheard
                if gone is not None and not frame.historical and unit.states.before(gone.since_ns) == time_ns:
                    self._goes_on(unit, gone)
            else:
                self._in_time(unit.site, time_ns)
                span = unit.states.add(time_ns, code)
                if mark is not None and late:
                    reach = (time_ns, mark) if span is None else span
                    self._late(unit.site, *(unit.parts.around(*reach) if unit.planned else reach))
                    around_ns = DAY_NS if unit.planned else 0  # operations that reach beyond
                    unit.site.changed_before(reach[0] - around_ns, reach[1] + around_ns)
                elif mark is not None and (begun := unit.states.decided(unit.site.edge)) is not None:
                    unit.site.touch(begun, begun)

    def _held(self, unit: Unit, time_ns: int, frame: Frame) -> None:
        """A unit says its state again: what is missing since then was no change of it."""
        voice = unit.site.voices.known.get(frame.publisher)
        last = None if voice is None else voice.last
        if voice is None or last is None or last.run != frame.run or not 0 <= last.seq < frame.seq:
            return  # when it was said is not known
        held = SaidAgain(time_ns, frame.run, frame.seq, last.time_ns)
        gaps = [gap for gap in (*voice.past, *voice.gaps) if gap.known and held.after(gap)]
        if not gaps or unit.states.last_ns != time_ns:
            return
        before = [unit.known_again(gap) for gap in gaps]
        unit.holds(held)
        for gap, until_ns in zip(gaps, before, strict=True):
            if (now_ns := unit.known_again(gap)) < until_ns:
                self._heard_of(unit, now_ns, until_ns)

    def _heard_of(self, unit: Unit, first_ns: int, last_ns: int) -> None:
        """The state of a unit in a span that was not known is known."""
        site = unit.site
        span = first_ns, min(last_ns, first_ns if site.mark is None else max(site.mark, first_ns))
        span = unit.parts.around(*span) if unit.planned else span
        site.touch(*span)
        site.changed_before(*span)

    def unheard(self, publisher: str, paths: Iterable[EquipmentPath], since_ns: int) -> None:
        """Nobody speaks for some units any more: from then on they are unknown, until they are heard again."""
        for path in paths:
            unit = self.units.get(path)
            if unit is None or not unit.states.times or unit.speaker != publisher:
                continue  # somebody else speaks for it, e.g. who goes only reckons with it
            first_ns = since_ns + (unit.states.said(since_ns) == since_ns)  # what was said then stays said
            if unit.states.knows(since_ns, UNHEARD) or unit.states.knows(first_ns, UNHEARD):
                continue
            unit.unheard = Unheard(publisher, first_ns)
            span = unit.states.add(first_ns, UNHEARD)
            mark = unit.site.mark
            if mark is not None and since_ns < mark:
                unit.site.touch(*((since_ns, mark) if span is None else span))

    def vouched(self, site: Site, voice: Voice) -> None:
        """A publisher gives its first heartbeat: from now on these say what was not heard of its units."""
        for unit in site.units.values():
            if unit.unheard is not None and unit.unheard.publisher == voice.name:
                self._goes_on(unit, unit.unheard)

    def _goes_on(self, unit: Unit, gone: Unheard) -> None:
        """The state before a unit was taken as unheard was still its state afterwards."""
        until_ns = unit.states.drop(gone.since_ns, UNHEARD)
        mark = unit.site.mark
        if until_ns is not None and mark is not None and gone.since_ns < mark:
            reach = gone.since_ns, min(until_ns, mark)
            unit.site.touch(*(unit.parts.around(*reach) if unit.planned else reach))
        unit.unheard = None

    def parts(self, frame: Frame) -> None:
        """Completed operations; rows that are equal in all columns are one."""
        for path, time_ns, row in zip(frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True):
            unit = self.units.get(path) or self._new(path)
            if unit is not None and frame.publisher not in unit.tellers:
                unit.tellers.add(frame.publisher)
            part = self._part(row)
            if part is not None and part.begun_ns != UNSAID and not _lasts(part.begun_ns, time_ns):
                self._reject(frame.kind, path, time_ns)
                part = part._replace(begun_ns=UNSAID)
            if unit is None or part is None:
                self._reject(frame.kind, path, time_ns)
            elif row[7:] == MORE and self._more(unit, time_ns, part):
                continue
            elif unit.parts.knows(time_ns, part):
                self.stats.repeats += 1
            elif self._in_time(unit.site, time_ns):
                self._completed(unit, time_ns, part)
            else:
                _counts(unit)
                unit.parts.add(time_ns, part)
                unit.site.changed_before(time_ns - DAY_NS, time_ns + DAY_NS)

    def _more(self, unit: Unit, time_ns: int, part: Completion) -> bool:
        """More may have been made since a time than is said; whether a row says nothing else."""
        first_ns = time_ns if part.begun_ns == UNSAID else part.begun_ns
        self.missing.note(unit.path, RecordKind.PART, first_ns, time_ns)
        if unit.site.mark is not None and first_ns < unit.site.mark:
            self._lacks(unit, first_ns, time_ns)
        alone = not (part.good or part.scrap or part.rework)
        if alone:
            self._in_time(unit.site, time_ns)
        return alone

    def _completed(self, unit: Unit, time_ns: int, part: Completion) -> None:
        """Keep a completion, whose planned time may belong to windows that are closed already."""
        log, site = unit.parts, unit.site
        if not unit.counted:
            _counts(unit)
        since = log.add(time_ns, part)
        if part.corrects:
            site.corrects(unit, since, time_ns)
        if site.mark is not None and since < site.mark:
            said = since if part.begun_ns == UNSAID else part.begun_ns
            start = min(log.done_before(since), said) if unit.planned else since
            self._late(site, max(start, site.mark - self.keep_ns), site.mark)
        elif unit.planned and ((start := log.start(len(log.times) - 1)) < site.edge or log.longest_ns):
            site.unsettle(start)

    def _part(self, row: list[Any]) -> Completion | None:
        item, good, scrap, rework, ideal_s, first_pass, begun_ns, *_ = row
        try:
            begun_ns, first = UNSAID if begun_ns is None else int(begun_ns), bool(first_pass)
            amounts = float(good), float(scrap), float(rework)
            part = Completion(*amounts, float(ideal_s or 0.0), first, self.item(item), begun_ns)
        except (TypeError, ValueError, OverflowError):
            return None
        sound = all(abs(amount) <= MOST_PIECES for amount in amounts) and 0 <= part.ideal_s <= LONGEST_S
        return part if sound else None

    def stock(self, frame: Frame) -> None:
        """Levels of stocks."""
        for path, time_ns, (item, on_hand) in zip(
            frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True
        ):
            unit = self.units.get(path) or self._new(path)
            if unit is None or not _number(on_hand):
                self._reject(frame.kind, path, time_ns)
                continue
            log = unit.site.stocks.setdefault((path, str(item)), StepLog())
            if unit.site.mark is not None and time_ns < unit.site.mark and log.knows(time_ns, float(on_hand)):
                self.stats.repeats += 1
            else:
                self._in_time(unit.site, time_ns)
                unit.site.changed_before(time_ns, log.add(time_ns, float(on_hand)))
                self._check(unit.site, time_ns)

    def shipments(self, frame: Frame) -> None:
        """Departures and arrivals."""
        for path, time_ns, row in zip(frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True):
            _, event, item, quantity, _, _ = row
            unit = self.units.get(path) or self._new(path)
            if unit is None or not _number(quantity) or event not in ("departed", "arrived"):
                self._reject(frame.kind, path, time_ns)
            elif self._said_before(frame.kind, path, time_ns, row):
                self.stats.repeats += 1
            elif self._in_time(unit.site, time_ns) or self._numbered_past(frame, unit.site, time_ns):
                sign = 1 if event == "departed" else -1
                self.transit.setdefault(str(item), TransitLog()).add(time_ns, sign * float(quantity))
                self._check(unit.site, time_ns)

    def orders(self, frame: Frame) -> None:
        """Steps of orders."""
        for path, time_ns, row in zip(frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True):
            if row[1] in OPERATION_EVENTS:
                continue
            unit = self.units.get(path) or self._new(path)
            step = order_step(row)
            if unit is None or step is None or (abs(step.due_ns - time_ns) > FURTHEST_DUE_NS and step.due_ns < NEVER):
                self._reject(frame.kind, path, time_ns)
            elif self._said_before(frame.kind, path, time_ns, row):
                self.stats.repeats += 1
            elif self._in_time(unit.site, time_ns) or self._numbered_past(frame, unit.site, time_ns):
                self._order(unit, time_ns, step)

    def _said_before(self, kind: RecordKind, path: str, time_ns: int, row: list[Any]) -> bool:
        """Whether an event is equal to one that came before in all columns: they are one, as in every store."""
        key = (time_ns, kind, path, *(None if cell == "" else cell for cell in row))
        if key in self._said:
            return True
        self._said.add(key)
        return False

    def prune(self, before_ns: int) -> None:
        """Forget what was under way, and which events came, before a time."""
        for transit in self.transit.values():
            transit.prune(before_ns)
        self._said = {key for key in self._said if key[0] >= before_ns}
        self.missing.prune(before_ns)

    def _order(self, unit: Unit, time_ns: int, step: OrderStep) -> None:
        if not unit.jobs.takes(step):
            unit.orders.add(time_ns, step)
            if step.event == LOST:
                unit.jobs.add(time_ns, step)  # a job order of that name may still be heard of
            self._check(unit.site, time_ns)
            return
        first_ns, last_ns = unit.jobs.add(time_ns, step)
        if unit.site.mark is not None and first_ns < unit.site.mark:
            self._late(unit.site, first_ns, max(last_ns, unit.site.mark))
        unit.site.changed_before(first_ns, last_ns)

    def telemetry(self, frame: Frame) -> None:
        """Meters of energy, compressed air and gas, and counters of transport; other tags are passed over."""
        for tag in COUNTERS:
            if tag in frame.tags:
                self._readings(frame, tag)

    def _readings(self, frame: Frame, tag: str) -> None:
        column = frame.tags.index(tag)
        values = frame.values[:, column].tolist()
        marks = None if frame.quality is None else frame.quality[:, column].tolist()
        for row, (path, time_ns, value) in enumerate(zip(frame.paths, frame.time_ns.tolist(), values, strict=True)):
            if value is None or value != value or (marks is not None and marks[row] == BAD):
                continue
            unit = self.units.get(path) or self._new(path)
            if unit is None or not abs(value) <= MOST_READING:
                self._reject()
            else:
                self._in_time(unit.site, time_ns)
                log = unit.meter if tag == ENERGY else counter_of(unit, tag)
                if marks is not None and marks[row]:
                    log.doubt(time_ns)
                span = log.add(time_ns, value)
                if span is None:
                    self.stats.repeats += 1
                    continue
                unit.site.changed_before(*span)
                if span[0] < unit.site.edge:
                    self._completes(unit.site, time_ns, span)

    def _completes(self, site: Surroundings, time_ns: int, span: tuple[int, int]) -> None:
        """A reading says more of windows that are closed."""
        if site.mark is not None and time_ns < site.mark:
            self.stats.late += 1
        site.touch(*span)

    def _new(self, path: EquipmentPath) -> Unit | None:
        try:
            return self.unit(path)
        except ValueError:
            return None

    def _numbered_past(self, frame: Frame, site: Surroundings, time_ns: int) -> bool:
        """Whether a step older than what is kept can be booked: it cannot have been before, as its number is new."""
        site.changed_before(time_ns, NEVER)
        return frame.seq >= 0

    def _in_time(self, site: Surroundings, time_ns: int) -> bool:
        """Whether all is kept from a time on; what is older changes windows that are computed from the store."""
        if site.first is None or time_ns < site.first:
            site.first = time_ns
            self.first = time_ns if self.first is None else min(self.first, time_ns)
        self.stats.rows += 1
        if site.kept_ns is not None and time_ns < site.kept_ns:
            self.stats.too_late += 1
            return False
        return True

    def _check(self, site: Surroundings, time_ns: int) -> None:
        if site.mark is not None and time_ns < site.mark:
            self._late(site, time_ns, site.mark)

    def _late(self, site: Surroundings, first_ns: int, last_ns: int) -> None:
        self.stats.late += 1
        site.touch(first_ns, last_ns)

    def _reject(self, kind: RecordKind | None = None, path: EquipmentPath | None = None, time_ns: int = -1) -> None:
        """No record should look like that; what it was meant to say is missing."""
        self.stats.rejected += 1
        if kind is not None and path is not None:
            self.refused(Refused(path, kind, time_ns))


def _counts(unit: Unit) -> None:
    """A unit completes something: where it said nothing before, it made nothing."""
    if not (unit.counted or unit.rated):
        unit.site.touch(-NEVER, NEVER)
    unit.counted = True


def _lasts(begun_ns: int, time_ns: int) -> bool:
    """Whether an operation can have begun at a time."""
    return 0 <= time_ns - begun_ns <= LONGEST_OPERATION_NS


def _number(value: object) -> bool:
    """Whether it is a quantity that sums can be made of."""
    return isinstance(value, int | float) and abs(value) <= MOST_PIECES
