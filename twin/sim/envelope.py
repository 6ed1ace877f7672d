"""The energy envelope of a site: how much power it may draw, and who has to do without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import NamedTuple

from twin.config import EnvelopeConfig, PlantConfig, calendar_name
from twin.equipment import EquipmentPath
from twin.parts.calendar import ShiftStarts
from twin.sim.kernel import COMMAND
from twin.sim.station import ANNOUNCED, CURTAILED, Station

GRADES = ((0.20, "red"), (0.10, "orange"), (0.05, "yellow"), (0.0, "blue"))
"""Lower limits of the gap as a share of the maximum demand.

Source: shortage grades I to IV of the plans for orderly use of electricity.
"""
OFF_CODE = 1


def shortage_grade(gap: float) -> str:
    """Grade of a shortage.

    Args:
        gap: Missing power as a share of the maximum demand, 0 to 1.

    >>> shortage_grade(0.4), shortage_grade(0.1), shortage_grade(0.01)
    ('red', 'orange', 'blue')
    """
    return next(name for limit, name in GRADES if gap >= limit)


def shift_starts(config: PlantConfig) -> dict[EquipmentPath, ShiftStarts]:
    """When the shifts of each unit with a calendar begin."""
    known = {name: ShiftStarts(calendar, config.epoch) for name, calendar in config.calendars.items()}
    found = {}
    for path, site, line in config.lines():
        for station in line.stations:
            name = calendar_name(site, line, station)
            if name in known:
                found[path.child(station.id)] = known[name]
    return found


class Cap(NamedTuple):
    """Power that may be drawn for a cause.

    Args:
        kw: So much.
        known_s: Simulated time from which on it is known; infinite: never.
        since_s: Simulated time from which on it holds.
    """

    kw: float
    known_s: float
    since_s: float


class Load:
    """A unit as a consumer.

    Args:
        station: The unit.
        starts: Begins of its shifts; None: it has none.
    """

    __slots__ = ("highest_kw", "off_kw", "shed", "starts", "station")

    def __init__(self, station: Station, starts: ShiftStarts | None = None):
        self.station, self.starts = station, starts
        self.highest_kw = max(station.power) * 3600
        self.off_kw = station.power[OFF_CODE] * 3600
        self.shed: tuple[str, int] | None = None

    def planned(self, cap: Cap) -> bool:
        """Whether it is cut off as planned: the cap was known when its shift began."""
        begin_s = cap.since_s if self.starts is None else self.starts.last(self.station.kernel.now)
        return cap.known_s <= begin_s

    def follow(self, shed: tuple[str, int] | None) -> None:
        """Be cut off for a cause and a reason, or not."""
        if shed == self.shed:
            return
        before, self.shed = self.shed, shed
        if shed is not None:
            self.station.stop(*shed)
        if before is not None:
            self.station.restart(*before)


class Envelope:
    """Keeps the power of a site below its cap by cutting units off.

    A unit counts with the highest power of its states, so the cap holds whatever the units do; energy
    per part comes on top. Units are kept in the order of ``keep``, then of the document, as far as they
    fit; one that does not fit lets smaller ones behind it stay. Cut off, they draw their ``off`` power.
    The safety load is always granted.

    Args:
        stations: Units of the site.
        config: Settings; None: the defaults.
        shifts: Begins of the shifts of units that have some.
    """

    def __init__(
        self, stations: Sequence[Station], config: EnvelopeConfig | None, shifts: Mapping[EquipmentPath, ShiftStarts]
    ):
        settings = EnvelopeConfig() if config is None else config
        every = [Load(station, shifts.get(station.path)) for station in stations]
        loads = [load for load in every if load.highest_kw > load.off_kw]
        fixed = sum(station.power[OFF_CODE] for station in stations) * 3600
        self.base_kw = fixed
        self.loads = sorted(loads, key=lambda load: _rank(load.station.path, settings.keep))
        highest = fixed + sum(load.highest_kw - load.off_kw for load in loads)
        self.reference_kw = highest if settings.reference is None else settings.reference
        self.safety_kw = settings.safety * self.reference_kw
        self.kernel = stations[0].kernel
        self.caps: dict[str, Cap] = {}
        self.look_s = -1.0

    def limit(self, cause: str, cap_kw: float | None, known_s: float = inf) -> None:
        """Cap the power for a cause, or take that cap away with None; the lowest cap counts.

        Args:
            cause: The cause.
            cap_kw: The cap in kW.
            known_s: Simulated time from which on it is known.
        """
        if cap_kw is None:
            self.caps.pop(cause, None)
        else:
            self.caps[cause] = Cap(cap_kw, known_s, self.kernel.now)
        self._follow()

    def look(self) -> None:
        """A shift begins: what was a delay may be planned from now on."""
        if self.kernel.now == self.look_s:
            self._follow()

    def _follow(self) -> None:
        if not self.caps:
            for load in self.loads:
                load.follow(None)
            return
        cause, cap = min(self.caps.items(), key=lambda entry: entry[1].kw)
        granted = max(cap.kw, self.safety_kw)
        grade = shortage_grade(max(0.0, 1 - granted / self.reference_kw) if self.reference_kw else 0.0)
        drawn, kept, cut = self.base_kw, list[Load](), list[Load]()
        for load in self.loads:
            more = load.highest_kw - load.off_kw
            fits = drawn + more <= granted + 1e-9
            drawn += more if fits else 0.0
            (kept if fits else cut).append(load)
        for load in cut:
            load.follow((f"{cause}/{grade}", ANNOUNCED if load.planned(cap) else CURTAILED))
        for load in kept:
            load.follow(None)
        self._look_again([load for load in cut if not load.planned(cap)], cap)

    def _look_again(self, delayed: Sequence[Load], cap: Cap) -> None:
        """Wait for the first shift of units cut off without notice."""
        now = self.kernel.now
        coming = [load.starts.next(now) for load in delayed if load.starts is not None and cap.known_s < inf]
        if coming and self.look_s != min(coming):
            self.look_s = min(coming)
            self.kernel.at(self.look_s, self.look, COMMAND)


def _rank(path: EquipmentPath, keep: Sequence[str]) -> int:
    return next((rank for rank, place in enumerate(keep) if path.is_under(place)), len(keep))
