"""Closed windows of the past, computed again from what a store has of them.

The brain keeps a few days. What comes later than that (a gateway that was away for a week, a corrected quantity) is
only noted by it, with the span that it changes. A :class:`Recount` is a second brain for one piece of such a span: it
knows of places, units and publishers what the first knows, is given the records of the piece from the store, and says
what the undisturbed brain would have said, as revisions of what is stored.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from twin.brain.brain import Brain
from twin.brain.counters import COUNTERS, declare
from twin.brain.groups import Group
from twin.brain.logs import TransitLog
from twin.brain.past import Span
from twin.brain.revision import Differences, revised
from twin.brain.settings import BrainConfig
from twin.brain.site import Site
from twin.brain.unit import Unit
from twin.brain.voices import NEVER, Beat, Voice
from twin.brain.windows import DAY_NS, LONGEST_NS, Window, regular, shifts
from twin.equipment import EquipmentPath
from twin.kpi.amounts import NS_PER_H
from twin.records import Frame
from twin.zone import Zone

AROUND_NS = DAY_NS
"""What happened so long before and after a window is looked at too: operations and failures that reach into it."""
ORDERS_NS = 31 * DAY_NS
"""Orders are looked for from so long before."""
ALL_H = 1e6
"""Nothing that is given to a recount is too late for it."""


EVER_NS = -NEVER
"""Before all times."""


class Piece(NamedTuple):
    """A part of a span that is computed at once: the windows of a site that begin on one of its days.

    Args:
        site: Path of the site.
        first_ns: Begin of the part of the day in which something changed.
        last_ns: Its end.
        day_ns: Begin of the day.
    """

    site: EquipmentPath
    first_ns: int
    last_ns: int
    day_ns: int


def standing(meta: Frame, marks: Mapping[EquipmentPath, int], config: BrainConfig) -> Brain:
    """A brain that knows the places of a store, and until when their sites were heard, and nothing of what happened.

    Args:
        meta: Master data.
        marks: Time of the last heartbeat of each site.
        config: Settings.
    """
    brain = Brain(config)
    brain.process(meta)
    for path, mark_ns in marks.items():
        brain.site(path).mark = mark_ns
    for site in brain.sites():
        for group in brain.groups_of(site.path):
            known = [one.mark for one in group.sites.values() if one.mark is not None]
            group.mark = min(known, default=None)
    return brain


def pieces(brain: Brain) -> list[Piece]:
    """What is owed, oldest first: one piece of each span of each site."""
    found = [piece_of(site, span) for site in brain.sites() for span in site.past.spans]
    return sorted(found, key=lambda piece: piece.first_ns)


def piece_of(site: Site, span: Span) -> Piece:
    """The first day of a span, as far as the span reaches into it."""
    day_ns = next(window.t0_ns for window in regular("day", site.clock, span[0], span[0] + LONGEST_NS))
    return Piece(site.path, span[0], min(span[1], day_ns + DAY_NS), day_ns)


class StoreQuestion(NamedTuple):
    """What a store is asked for.

    Args:
        sites: Paths of the sites.
        t0_ns: Begin of events and readings.
        t1_ns: Their end.
        orders_ns: Begin of the steps of orders.
        moved_ns: Begin of the loads that departed or arrived, of all sites.
    """

    sites: tuple[EquipmentPath, ...]
    t0_ns: int
    t1_ns: int
    orders_ns: int
    moved_ns: int


class Recount(Brain):
    """A second brain for one piece of the past.

    Args:
        brain: The first.
        piece: The piece.
        vouched: Somebody says that every publisher was heard whenever its site was.

    Attributes:
        blind: Of some site it is only known when anything of it was heard: a store does not say which publisher gave
            a heartbeat.
    """

    def __init__(self, brain: Brain, piece: Piece, vouched: bool = False) -> None:
        super().__init__(replace(brain.config, live_s=None, keep_h=ALL_H))
        self.piece = piece
        self.blind, self._vouched = False, vouched
        self._first = brain
        self.broken = brain.broken
        self._intake.chains, self._intake.chain_plans = dict(brain.chains), brain.chain_plans
        self._intake.missing = brain.missing
        groups = brain.groups_of(piece.site)
        paths = {piece.site, *(path for group in groups for path in group.sites)}
        self._known = {site.path: site for site in brain.sites() if site.path in paths}
        for site in self._known.values():
            self._learns(site)
        self.windows = self._windows(groups)
        """Windows to compute, by the path of their site, line or group."""

    def _learns(self, known: Site) -> None:
        site = self._intake.site(known.path)
        site.places, site.voices = dict(known.places), copy.deepcopy(known.voices)
        site.plans, site.replanned = known.plans, known.replanned
        site.placer, site.placed = known.placer, known.placed
        for voice in site.voices.known.values():
            voice.gaps = [*voice.past, *voice.gaps]
        for unit in known.units.values():
            mine = self._intake.unit(unit.path)
            mine.master, mine.held = unit.master, dict(unit.held)
            mine.rated, mine.counted = unit.rated, unit.counted
            declare(mine)

    def _windows(self, groups: Iterable[Group]) -> list[tuple[str, Window]]:
        site = self._known[self.piece.site]
        found = [(str(site.path), window) for window in self._regular(site.clock, site.mark)]
        for path, place in site.places_at(self.piece.first_ns).items():
            turns = shifts(place, self.piece.first_ns - 1, self.piece.day_ns + 3 * DAY_NS)
            found += [(path, window) for window in turns if self._belongs(window, site.mark)]
        found = [key for key in found if key not in site.closed]
        for group in groups:
            kept = {window for _, window in group.sayings.told}
            windows = self._regular(group.clock, group.mark)
            found += [(str(group.path), window) for window in windows if window not in kept]
        return found

    def _regular(self, zone: Zone, mark_ns: int | None) -> Iterator[Window]:
        for kind in ("hour", "day"):
            for window in regular(kind, zone, self.piece.first_ns - 1, self.piece.day_ns + 3 * DAY_NS):
                if self._belongs(window, mark_ns):
                    yield window

    def _belongs(self, window: Window, mark_ns: int | None) -> bool:
        """Whether a closed window has a part in the piece and began before the end of its day."""
        changed = window.t0_ns <= self.piece.last_ns and window.t1_ns >= self.piece.first_ns
        closed = mark_ns is not None and window.t1_ns <= mark_ns
        return closed and changed and window.t0_ns < self.piece.day_ns + DAY_NS

    @property
    def asked(self) -> StoreQuestion | None:
        """What a store is asked for; None when there is no window to compute."""
        if not self.windows:
            return None
        t0_ns = min(window.t0_ns for _, window in self.windows) - AROUND_NS
        t1_ns = max(window.t1_ns for _, window in self.windows) + AROUND_NS
        orders_ns = (t0_ns - ORDERS_NS) // NS_PER_H * NS_PER_H
        return StoreQuestion(tuple(self._known), t0_ns, t1_ns, orders_ns, t0_ns if self._first.transit else EVER_NS)

    def counters(self, site: EquipmentPath) -> Iterator[tuple[EquipmentPath, str]]:
        """Unit and tag of each counter of a site that may have been read."""
        for unit in list(self._intake.sites[site].units.values()):
            known = self._known[site].units.get(unit.path)
            heard = () if known is None else (*known.media, *(["energy_kwh"] if known.meter.heard else []))
            for tag in heard or COUNTERS:
                yield unit.path, tag

    def moves(self, frames: Sequence[Frame]) -> None:
        """Take all loads that departed or arrived, of all sites: what was under way follows from what is now."""
        told = Brain(self.config)
        for frame in frames:
            told.process(frame)
        for item in {*told.transit, *self._first.transit}:
            log = self._intake.transit[item] = told.transit.get(item) or TransitLog()
            known = self._first.transit.get(item)
            if known is not None:
                changes = zip(log.times, log.changes, strict=True)
                log.base = known.base - sum(change for time_ns, change in changes if time_ns < known.folded_ns)

    def beats(self, site: EquipmentPath, times: Sequence[int]) -> None:
        """Take the stored heartbeats of a site: they say what was heard before its publishers were known here."""
        voices = self._intake.sites[site].voices
        known = [voice.first for voice in voices.known.values() if voice.first is not None]
        if known and min(known) <= (times[0] if times else self.piece.first_ns):
            return
        self.blind = True
        voice = Voice("", None if times else Beat(EVER_NS))
        for time_ns in times:
            voice.passes(Beat(time_ns), None, self.config.gap_ns)
        voices.known = {"": voice}

    def figures(self) -> Iterator[tuple[str, Window, Frame | None]]:
        """What is to be said of each window, after all records were given."""
        for path, known in self._known.items():
            site = self._intake.sites[path]
            site.mark = known.mark
            site.stored_ns = known.mark if self.blind else None
            for unit in site.units.values():
                self._goes_on(unit, known.units.get(unit.path))
        self._regroup()
        for place, window in self.windows:
            group = self._groups.get(place)
            if group is None:
                site = self._intake.sites[self.piece.site]
                frames = list(self._site_frames(site, place, window, keep=False))
            else:
                frames = list(self._group_frames(group, window))
            yield place, window, frames[0] if frames else None

    def _goes_on(self, unit: Unit, known: Unit | None) -> None:
        unit.speaker = "" if known is None else known.speaker
        if known is not None:
            unit.orders.hours = {**known.orders.hours, **unit.orders.hours}

    def differs(self, path: str, window: Window, stored: Frame, new: Frame | None, floor: bool) -> Differences:
        """What is different from the stored indicators that end with a window; see :func:`revised`."""
        blind = self.blind and not self._vouched
        return revised(stored, new, window, path if path in self._groups else None, floor, blind)
