"""The energy envelope of a site: how much power it may draw, and who has to do without."""

from __future__ import annotations

from collections.abc import Sequence

from twin.config import EnvelopeConfig
from twin.equipment import EquipmentPath
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


class Load:
    """A unit as a consumer.

    Args:
        station: The unit.
    """

    __slots__ = ("highest_kw", "off_kw", "shed", "station")

    def __init__(self, station: Station):
        self.station = station
        self.highest_kw = max(station.power) * 3600
        self.off_kw = station.power[OFF_CODE] * 3600
        self.shed: tuple[str, int] | None = None

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
    """

    def __init__(self, stations: Sequence[Station], config: EnvelopeConfig | None):
        settings = EnvelopeConfig() if config is None else config
        loads = [load for load in map(Load, stations) if load.highest_kw > load.off_kw]
        fixed = sum(station.power[OFF_CODE] for station in stations) * 3600
        self.base_kw = fixed
        self.loads = sorted(loads, key=lambda load: _rank(load.station.path, settings.keep))
        highest = fixed + sum(load.highest_kw - load.off_kw for load in loads)
        self.reference_kw = highest if settings.reference is None else settings.reference
        self.safety_kw = settings.safety * self.reference_kw
        self.caps: dict[str, tuple[float, bool]] = {}

    def limit(self, cause: str, cap_kw: float | None, announced: bool = False) -> None:
        """Cap the power for a cause, or take that cap away with None; the lowest cap counts."""
        if cap_kw is None:
            self.caps.pop(cause, None)
        else:
            self.caps[cause] = (cap_kw, announced)
        self._follow()

    def _follow(self) -> None:
        if not self.caps:
            for load in self.loads:
                load.follow(None)
            return
        cause, (cap_kw, announced) = min(self.caps.items(), key=lambda entry: entry[1][0])
        granted = max(cap_kw, self.safety_kw)
        grade = shortage_grade(max(0.0, 1 - granted / self.reference_kw) if self.reference_kw else 0.0)
        shed = (f"{cause}/{grade}", ANNOUNCED if announced else CURTAILED)
        drawn, kept, cut = self.base_kw, list[Load](), list[Load]()
        for load in self.loads:
            more = load.highest_kw - load.off_kw
            fits = drawn + more <= granted + 1e-9
            drawn += more if fits else 0.0
            (kept if fits else cut).append(load)
        for load in cut:
            load.follow(shed)
        for load in kept:
            load.follow(None)


def _rank(path: EquipmentPath, keep: Sequence[str]) -> int:
    return next((rank for rank, place in enumerate(keep) if path.is_under(place)), len(keep))
