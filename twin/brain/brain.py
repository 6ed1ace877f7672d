"""The stage that turns records into indicators."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from twin.brain.groups import Group, of_chain
from twin.brain.intake import Intake, Stats
from twin.brain.logs import WITH_ORDER, TransitLog
from twin.brain.meters import MINUTE_NS
from twin.brain.missing import Missing
from twin.brain.plans import Plans
from twin.brain.reports.chain import ChainView, report_chain, shipped
from twin.brain.reports.jobs import report_jobs
from twin.brain.reports.orders import report_chain_trade, report_trade
from twin.brain.reports.sheet import Sheet
from twin.brain.reports.transport import report_chain_transport, report_transport
from twin.brain.reports.units import first, report, row_of
from twin.brain.scopes import Scope, group, groups, machines, moved
from twin.brain.sequence import Numbers
from twin.brain.settings import BrainConfig
from twin.brain.site import Site, Table
from twin.brain.voices import NEVER, Beat, Gap, Voice
from twin.brain.windows import LIVE, LONGEST_NS, Window, overlapping, regular, shifts
from twin.equipment import EquipmentPath, Level
from twin.kpi.amounts import NS_PER_H, NS_PER_S
from twin.kpi.observed import Observed, of_matrices
from twin.kpi.spec import KpiSpec
from twin.master import ChainMaster
from twin.ports import Presence
from twin.records import Frame, RecordKind
from twin.registry import culprit_of
from twin.states import UnitState
from twin.zone import Zone

log = logging.getLogger(__name__)

MOST_REASONS = 100
"""Reasons for which indicators could not be computed that are kept apart."""
MOST_TURNS = 6
"""Running windows after which every unit has been reported, however many there are."""
UNTIMED = (RecordKind.KPI, RecordKind.META)
"""Kinds whose times do not say how far their publisher has come."""
SITE_LEVELS = (Level.LINE, Level.AREA, Level.SITE)


class Brain:
    """Streaming indicators of machines, lines, areas, sites, enterprises and chains.

    Records are kept by source time and windows are computed from them when the heartbeat of their
    site says that everything before the window's end has been sent; late records change windows
    up to ``keep_h`` after their end. All times are whole nanoseconds. Deterministic, without a
    clock, and picklable: a copy restored from bytes continues identically.

    Args:
        config: Settings; default ``BrainConfig()``.

    Attributes:
        live: Give the running window; switch it off while history is loaded.
        clock_ns: Time of the run, where its owner knows it; heartbeats far ahead of it are not taken.
        broken: Computations of indicators that raised, by indicator and reason.
    """

    def __init__(self, config: BrainConfig | None = None):
        self.config = config or BrainConfig()
        self.live = True
        self.clock_ns: int | None = None
        self.broken: Counter[str] = Counter()
        self._intake = Intake(self.config)
        self._numbers: dict[tuple[str, str], Numbers] = {}
        self._unnoted: dict[tuple[str, str], int] = {}
        """First number of a run that lacks before master data, which do not say when."""
        self._until: dict[str, int] = {}
        """Latest time of what was taken of a publisher."""
        self._groups: dict[str, Group] = {}
        self._groups_of: dict[str, tuple[Group, ...]] = {}
        self._grouped = -1
        self._scopes: dict[str, tuple[int, list[Scope]]] = {}

    @property
    def stats(self) -> Stats:
        """Counters of what was taken, late, rejected."""
        stats = self._intake.stats
        stats.uncorrectable = sum(unit.parts.uncorrectable for unit in self._intake.units.values())
        stats.glitches = sum(log.glitches for unit in self._intake.units.values() for log in unit.counters())
        return stats

    @property
    def missing(self) -> Missing:
        """What was refused on its way here."""
        return self._intake.missing

    @property
    def chains(self) -> Mapping[str, tuple[EquipmentPath, ChainMaster]]:
        """Chains by their path."""
        return self._intake.chains

    @property
    def chain_plans(self) -> dict[str, Plans]:
        """Master data of chains with the times from which they hold, by path."""
        return self._intake.chain_plans

    @property
    def transit(self) -> Mapping[str, TransitLog]:
        """What is under way between sites, by item."""
        return self._intake.transit

    def sites(self) -> Sequence[Site]:
        """All sites that were heard of."""
        return list(self._intake.sites.values())

    def site(self, path: EquipmentPath) -> Site:
        """The site of a path. Raises ValueError above the level of sites."""
        return self._intake.site(path)

    def groups_of(self, site: str) -> Sequence[Group]:
        """Enterprises and chains that a site belongs to."""
        self._regroup()
        return self._groups_of.get(site, ())

    def process(self, frame: Frame) -> Sequence[Frame]:
        """Take one frame; a heartbeat gives the indicators of the windows that it closes."""
        if frame.refused:
            for row in frame.refused:
                self._intake.refused(row)
            if not len(frame) and frame.seq < 0:
                return ()
        if frame.seq >= 0 and not self._is_new(frame):
            self._intake.stats.duplicates += 1
            return ()
        if frame.kind is RecordKind.HEARTBEAT:
            return self._beats(frame)
        take = TAKE.get(frame.kind)
        if take is not None:
            take(self._intake, frame)
        return ()

    def presence(self, presence: Presence) -> None:
        """Take what is known of a publisher's connection: the site does not wait for one that has gone.

        What it speaks for is unknown from its last heartbeat on until it is heard again; what it sends later of
        the time between fills the gap. Units of one that gives no heartbeats are unknown from ``heard_ns`` on.
        """
        spoken = False
        for site in self._intake.sites.values():
            voice = site.voices.known.get(presence.publisher)
            if voice is not None and (presence.whole or _speaks_only_for(site, voice, presence.paths)):
                voice.alive, spoken = presence.alive, True
        if not spoken and not presence.alive:
            self._intake.unheard(presence.publisher, presence.paths, presence.heard_ns)

    def flush(self) -> Sequence[Frame]:
        """Revise what late records changed, and report the open windows as far as they were heard."""
        self._regroup()
        result: list[Frame] = []
        for site in self._intake.sites.values():
            result += self._revise(site)
            result += self._settle(site, list(site.unsettled))
            if site.mark is not None:
                for path, window in _open(site, site.mark):
                    result += self._site_frames(site, path, window, keep=False)
        for members in self._groups.values():
            result += self._pending(members)
            if members.mark is not None and members.sites:
                for window in _open_regular(members.clock, members.mark):
                    result += self._group_frames(members, window)
        return result

    def over(self, window: Window, spreading: bool = False) -> Iterator[tuple[Table, Sequence[Scope], Frame | None]]:
        """Any span that is still kept: observations, their scopes and their indicators, by site and by group.

        Args:
            window: The span.
            spreading: Spread planned run time over the time in which it was earned; else it is that of what was
                completed in the span.
        """
        self._regroup()
        for site in self._intake.sites.values():
            table = site.observe(site.under(site.path), window, spreading)
            sheet = self._sheet(window)
            scopes = self._scopes_of(site, site.path, table)
            report(sheet, table, scopes)
            report_jobs(sheet, table, scopes)
            report_trade(sheet, [site], table, self.config)
            report_transport(sheet, table, scopes)
            yield table, scopes, sheet.frame()
        for members in self._groups.values():
            for frame in self._group_frames(members, window):
                yield members.table(window), (), frame

    def observe(self, path: EquipmentPath, t0_ns: int, t1_ns: int) -> Observed:
        """What the indicators of a machine, line, area or site are computed from, for any kept span.

        Args:
            path: Unit or group, not above the site.
            t0_ns: Begin, ns since 1970 UTC.
            t1_ns: End.

        Raises:
            KeyError: Nothing was heard of the path.
        """
        site = self._intake.sites[path.site]
        table = site.observe(site.under(path), Window("", t0_ns, t1_ns))
        if not table.units:
            raise KeyError(path)
        scope = group(path, table.units) if path.level < Level.UNIT else machines(table.units)[0]
        ints, floats = row_of(table, scope)
        return first(of_matrices(ints[None], floats[None]))

    def durations(self, unit: EquipmentPath, t0_ns: int, t1_ns: int) -> dict[tuple[UnitState, bool], int]:
        """Time of a unit in each (state, whether an order was on it) in ns; gaps are UNKNOWN.

        Raises:
            KeyError: Nothing was heard of the unit.
        """
        known = self._intake.units[unit]
        sums = self._intake.site(unit).heard(known, Window("", t0_ns, t1_ns)).tolist()
        return {(UnitState(code % WITH_ORDER), code >= WITH_ORDER): ns for code, ns in enumerate(sums) if ns}

    def _is_new(self, frame: Frame) -> bool:
        key = (frame.publisher, frame.run)
        numbers = self._numbers.get(key)
        if numbers is None:
            numbers = self._numbers[key] = Numbers()
        late, expected = frame.seq < numbers.next, numbers.next
        new = numbers.take(frame.seq)
        if new and late:
            for site in self._intake.sites.values():
                for voice in site.voices.all_of(frame.publisher):
                    site.heals(voice.fills(frame.run, frame.seq, numbers))
        if frame.seq > expected and frame.kind in UNTIMED:
            self._unnoted.setdefault(key, expected)
        if len(frame) and frame.kind not in UNTIMED:
            expected = min(expected, self._unnoted.pop(key, expected))
            if frame.seq > expected and frame.kind is not RecordKind.HEARTBEAT and numbers.lacks(expected, frame.seq):
                self._lacks(frame, expected, numbers.after(frame.seq))
            self._until[frame.publisher] = max(self._until.get(frame.publisher, -NEVER), int(frame.time_ns[-1]))
        return new

    def _lacks(self, frame: Frame, expected: int, until: int) -> None:
        """Numbers before that of a frame did not come: from one on, until another that did."""
        site = self._intake.site(frame.paths[0])
        since_ns = self._until.get(frame.publisher, -NEVER)
        until_ns = max(int(frame.time_ns[0]), since_ns + 1)  # what is said again is older
        site.lacks_numbers(frame.publisher, Gap(since_ns, until_ns, frame.run, expected - 1, until))

    def _beats(self, frame: Frame) -> list[Frame]:
        result: list[Frame] = []
        self._regroup()
        dropped = frame.column("dropped").tolist()
        for path, time_ns, lost in zip(frame.paths, frame.time_ns.tolist(), dropped, strict=True):
            if path.level < Level.SITE:
                self._intake.stats.rejected += 1
                continue
            site = self._intake.site(path)
            speaking = len(site.voices.known), frame.publisher in site.voices.known
            voice = site.voices.of(frame.publisher, path, site.path)
            if speaking != (len(site.voices.known), frame.publisher in site.voices.known):
                self._intake.vouched(site, voice)
            beat = Beat(time_ns, frame.run, frame.seq, _count(lost))
            if frame.historical or not self._believed(voice, beat, site):
                site.heals(voice.heals(time_ns, self.config.gap_ns))
                continue
            since = voice.mark
            voice.passes(beat, self._numbers.get((frame.publisher, frame.run)), self.config.gap_ns)
            if voice.gaps:
                site.rates_again(frame.publisher)
            if since is not None and site.mark is not None and since < site.mark:
                site.catch_up(since, min(time_ns, site.mark))
            self._regroup()
            mark = site.voices.mark(self.config.gap_ns)
            if mark is not None and (site.mark is None or mark > site.mark):
                result += self._advance(site, mark)
            elif site.mark is not None and mark is not None and mark < site.mark - self.config.keep_ns:
                site.mark, site.due = mark, 0
        return result

    def _believed(self, voice: Voice, beat: Beat, site: Site) -> bool:
        """Whether a heartbeat moves the mark of its publisher; one that is far off only when the next confirms it."""
        ahead_ns = self.config.ahead_ns
        ahead = self.clock_ns is not None and beat.time_ns - self.clock_ns > ahead_ns
        if ahead or not voice.believes(beat, site.mark if voice.mark is None else voice.mark, ahead_ns):
            self._intake.stats.ahead += 1
            return False
        far = voice.mark is not None and voice.mark - beat.time_ns > self.config.ahead_ns
        return far or voice.mark is None or beat.time_ns > voice.mark

    def _advance(self, site: Site, time_ns: int) -> Iterator[Frame]:
        first = site.first if site.first is not None else time_ns
        since = min(time_ns, first) if site.mark is None else site.mark
        start = max(since, time_ns - self.config.keep_ns)
        site.mark = time_ns
        if since < start:
            site.skip(since, start)  # a recount says what was then
        site.decide()
        yield from self._revise(site)
        yield from self._settle(site, site.ripe())
        for path, window in self._closing(site, start, time_ns):
            yield from self._site_frames(site, path, window, keep=True)
            self._changed(site, path, window)
        for members in self._groups_of.get(site.path, ()):
            yield from self._advance_group(members, site)
        if start // NS_PER_H != time_ns // NS_PER_H:
            self._prune(site, time_ns - self.config.keep_ns - LONGEST_NS)

    def _closing(self, site: Site, start: int, end: int) -> list[tuple[str, Window]]:
        found: list[tuple[str, Window]] = []
        if end >= site.due:
            found = _ending(site, start, end)
            site.due = min(window.t1_ns for _, window in _ending(site, end, end + NS_PER_H))
        return found + [(site.path, window) for window in self._live(start, end)]

    def _live(self, start: int, end: int) -> list[Window]:
        if not self.config.live_ns or not self.live:
            return []
        t1_ns = end // self.config.live_ns * self.config.live_ns
        first = self._intake.first if self._intake.first is not None else start
        # from a full minute on, where meters were read
        t0_ns = max((t1_ns - round(self.config.live_window_s * NS_PER_S)) // MINUTE_NS * MINUTE_NS, first)
        return [Window(LIVE, t0_ns, t1_ns)] if t1_ns > start and t0_ns < t1_ns else []

    def _revise(self, site: Site) -> Iterator[Frame]:
        for path, window in site.stale():
            self._intake.stats.revised += 1
            yield from self._site_frames(site, path, window, keep=True)
            self._changed(site, path, window)

    def _settle(self, site: Site, keys: Sequence[tuple[str, Window]]) -> Iterator[Frame]:
        """Give the indicators that planned run time changes of windows whose open operations have ended."""
        for path, window in keys:
            with site.planned_at(window.t0_ns):
                table, rows = site.settle((path, window))
                scopes = [one for one in self._scopes_of(site, path, table) if not rows.isdisjoint(one.units)]
                sheet = self._sheet(window)
                report(sheet, table, scopes, spread_only=True)
            frame = sheet.frame()
            if frame is not None:
                self._intake.stats.settled += 1
                yield from site.sayings.say(path, window, frame, whole=False)
                for members, its_own in self._reporting(site, path, window):
                    members.unsettled.add(its_own)

    def _reporting(self, site: Site, path: str, window: Window) -> Iterator[tuple[Group, Window]]:
        """Groups that have reported a window of a site, and their windows that hold something of it."""
        for members in self._groups_of.get(site.path, ()):
            if members.mark is None or path != site.path or window.kind == LIVE:
                continue
            for its_own in overlapping(window, site.clock, members.clock):
                if its_own.t1_ns <= members.mark:
                    yield members, its_own

    def _changed(self, site: Site, path: str, window: Window) -> None:
        """Groups that reported this window without knowing it so have to do it again."""
        for members, its_own in self._reporting(site, path, window):
            members.pending.add(its_own)

    def _site_frames(self, site: Site, path: str, window: Window, keep: bool) -> list[Frame]:
        with site.planned_at(window.t0_ns):
            return list(self._site_figures(site, path, window, keep))

    def _site_figures(self, site: Site, path: str, window: Window, keep: bool) -> Iterator[Frame]:
        table = site.observe(site.under(path), window)
        if keep and window.kind == LIVE:
            site.live = (window, table)
        elif keep:
            site.close(path, window, table)
        sheet = self._sheet(window)
        scopes = self._scopes_of(site, path, table)
        if window.kind == LIVE:
            scopes = self._in_turn(scopes, len(table.units), window)
        report(sheet, table, scopes)
        report_jobs(sheet, table, scopes)
        report_trade(sheet, [site], table, self.config)
        report_transport(sheet, table, scopes)
        frame = sheet.frame()
        if keep and window.kind != LIVE:
            yield from site.sayings.say(path, window, frame)
        elif frame is not None:
            yield frame

    def _sheet(self, window: Window) -> Sheet:
        return Sheet(window, self.config.partial_below, self._breaks if self.config.isolating else None)

    def _breaks(self, spec: KpiSpec, error: Exception) -> None:
        """The formula of an indicator raised."""
        plugin = culprit_of(error)
        reason = f"{f'plug-in {plugin}: ' if plugin else ''}indicator {spec.id}: {type(error).__name__}: {error!s:.200}"
        if reason not in self.broken:
            reason = reason if len(self.broken) < MOST_REASONS else "others"
            log.error("brain: %s", reason, exc_info=error)
        self.broken[reason] += 1

    def _in_turn(self, scopes: list[Scope], units: int, window: Window) -> list[Scope]:
        """Scopes whose running window is reported now: all above the units, which come first, and these in turns."""
        turns = min(-(-units // self.config.live_units), MOST_TURNS)
        if turns <= 1:
            return scopes
        turn = window.t1_ns // self.config.live_ns % turns
        return scopes[turn:units:turns] + scopes[units:]

    def _scopes_of(self, site: Site, path: str, table: Table) -> list[Scope]:
        version, scopes = self._scopes.get(path, (-1, []))
        if version != site.version:
            if path == site.path:
                above = groups(table.units, SITE_LEVELS)
            else:  # what limits a line depends on what feeds it from outside
                above = [moved(group(EquipmentPath(path), site.ordered()), site.ordered(), table.units)]
            scopes = machines(table.units) + above
            self._scopes[path] = (site.version, scopes)
        return scopes

    def _advance_group(self, members: Group, site: Site) -> Iterator[Frame]:
        first = self._intake.first or 0
        heard = members.heard(site, first, self.config.patience_ns)
        if heard is None:
            return
        yield from self._pending(members)
        start = max(first if members.mark is None else members.mark, heard - self.config.keep_ns)
        if heard <= start:
            return
        closing = [window for kind in ("hour", "day") for window in regular(kind, members.clock, start, heard)]
        members.mark = heard
        for window in sorted(closing, key=lambda window: window.t1_ns) + self._live(start, heard):
            yield from self._group_frames(members, window, keep=True)

    def _pending(self, members: Group) -> Iterator[Frame]:
        changed, members.pending = members.pending | self._rechained(members), set()
        settled, members.unsettled = members.unsettled - changed, set()
        for window in sorted(changed | settled, key=lambda window: (window.t1_ns, window.kind)):
            yield from self._group_frames(members, window, keep=True, spread_only=window in settled)

    def _rechained(self, members: Group) -> set[Window]:
        """Windows of a chain that were reported and of whose time its master data now say something else."""
        first_ns, last_ns = self._intake.rechained.pop(members.path, (NEVER, NEVER))
        told = (Window(*window) for _, window in members.sayings.told)
        return {window for window in told if window.t0_ns < last_ns and window.t1_ns > first_ns}

    def _group_frames(
        self, members: Group, window: Window, keep: bool = False, spread_only: bool = False
    ) -> list[Frame]:
        with ExitStack() as stack:
            for site in members.sites.values():
                stack.enter_context(site.planned_at(window.t0_ns))
            return list(self._group_figures(members, window, keep, spread_only))

    def _group_figures(self, members: Group, window: Window, keep: bool, spread_only: bool) -> Iterator[Frame]:
        if spread_only and members.path in self._intake.chains:
            return  # no indicator of a chain holds planned run time
        table = members.table(window)
        sheet = self._sheet(window)
        entry = self._intake.chains.get(members.path)
        if entry is None:
            scopes = [group(members.path, table.units)]
            report(sheet, table, scopes, spread_only)
            if not spread_only:
                report_jobs(sheet, table, scopes)
                report_transport(sheet, table, scopes)
        else:
            path, plans = entry[0], self._intake.chain_plans[members.path]
            chain = then if isinstance(then := plans.at(window.t0_ns), ChainMaster) else entry[1]
            final = self._intake.item(chain.final_item)
            sites = list(members.sites.values())
            mixed = plans.mixes(window.t0_ns, window.t1_ns)
            view = ChainView(chain, path, sites, table, window, self._intake.transit, final, mixed)
            report_chain(sheet, view)
            report_chain_trade(sheet, path, sites, table, self.config)
            report_chain_transport(sheet, path, table, shipped(view))
        frame = sheet.frame()
        if keep and window.kind != LIVE:
            yield from members.sayings.say(members.path, window, frame, whole=not spread_only)
        elif frame is not None:
            yield frame

    def _regroup(self) -> None:
        """Find the groups and their sites, when there are new sites or new master data."""
        if self._grouped == self._intake.version:
            return
        self._grouped = self._intake.version
        sites = list(self._intake.sites.values())
        heads: dict[str, list[Site]] = {}
        for site in sites:
            heads.setdefault(site.path.at(Level.ENTERPRISE), []).append(site)
        for head, under in heads.items():
            self._groups.setdefault(head, Group(EquipmentPath(head))).gather(under)
        for path, chain in self._intake.chains.values():
            ends = {unit for link in chain.links for unit in link.units}
            self._groups.setdefault(path, Group(path)).gather(of_chain(sites, ends))
        groups = self._groups.values()
        self._groups_of = {site.path: tuple(one for one in groups if site.path in one.sites) for site in sites}

    def _prune(self, site: Site, before_ns: int) -> None:
        site.prune(before_ns)
        for members in self._groups_of.get(site.path, ()):
            members.sayings.prune(before_ns)
        self._intake.prune(before_ns)


def _speaks_only_for(site: Site, voice: Voice, paths: Sequence[EquipmentPath]) -> bool:
    return {unit.path for unit in site.units.values() if unit.speaker == voice.name} <= {*paths}


def _count(value: Any) -> int:
    """A count of a record that may be missing or no number."""
    return int(value) if isinstance(value, int | float) and value == value else 0


def _ending(site: Site, start: int, end: int) -> list[tuple[str, Window]]:
    """Hours, shifts and days of a site that end in ``(start, end]``, in order of their end."""
    kinds = ("hour", "day")
    found: list[tuple[str, Window]] = [(site.path, w) for k in kinds for w in regular(k, site.clock, start, end)]
    for path, place in site.places.items():
        found += [(path, window) for window in shifts(place, start, end)]
    return sorted(found, key=lambda entry: (entry[1].t1_ns, entry[1].kind, entry[0]))


def _open_regular(zone: Zone, mark: int) -> list[Window]:
    later = [window for kind in ("hour", "day") for window in regular(kind, zone, mark, mark + LONGEST_NS)]
    return [window for window in later if window.t0_ns < mark]


def _open(site: Site, mark: int) -> list[tuple[str, Window]]:
    found: list[tuple[str, Window]] = [(site.path, window) for window in _open_regular(site.clock, mark)]
    for path, place in site.places.items():
        ahead = shifts(place, mark, mark + LONGEST_NS)
        found += [(path, window) for window in ahead if window.t0_ns < mark]
    return found


TAKE: dict[RecordKind, Callable[[Intake, Frame], None]] = {
    RecordKind.META: Intake.meta,
    RecordKind.STATE: Intake.states,
    RecordKind.PART: Intake.parts,
    RecordKind.STOCK: Intake.stock,
    RecordKind.SHIPMENT: Intake.shipments,
    RecordKind.ORDER: Intake.orders,
    RecordKind.TELEMETRY: Intake.telemetry,
}
