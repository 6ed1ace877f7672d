"""The envelope of a site: how much power and gas it may draw, and who has to do without."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import NamedTuple

from twin.behaviours.calendar import ShiftStarts
from twin.config.disturbances import CARRIERS, Carrier
from twin.config.plant import EnvelopeConfig, PlantConfig, calendar_name
from twin.engine.codes import ANNOUNCED, CURTAILED
from twin.engine.kernel import COMMAND
from twin.engine.station import Station
from twin.equipment import EquipmentPath

GRADES = ((0.20, "red"), (0.10, "orange"), (0.05, "yellow"), (0.0, "blue"))
"""Lower limits of the gap as a share of the maximum demand.

Source: shortage grades I to IV of the plans for orderly use of electricity; the same for gas is our own choice.
"""
OFF_CODE = 1


def shortage_grade(gap: float) -> str:
    """Grade of a shortage.

    Args:
        gap: Missing power or gas as a share of the maximum demand, 0 to 1.

    >>> shortage_grade(0.4), shortage_grade(1 - 0.9), shortage_grade(0.01)
    ('red', 'orange', 'blue')
    """
    return next(name for limit, name in GRADES if gap >= limit - 1e-9)


def shift_starts(config: PlantConfig) -> dict[EquipmentPath, ShiftStarts]:
    """When the shifts of each unit with a calendar begin."""
    known: dict[tuple[str, str], ShiftStarts] = {}
    found = {}
    for path, site, line in config.lines():
        axis = config.axis(site)
        for station in line.stations:
            name = calendar_name(site, line, station)
            if name in config.calendars:
                key = (name, axis.zone.name)
                if key not in known:
                    known[key] = ShiftStarts(config.calendars[name], axis)
                found[path.child(station.id)] = known[key]
    return found


class Cap(NamedTuple):
    """What may be drawn for a cause.

    Args:
        amount: So much, in kW or m³/h.
        known_s: Simulated time from which on it is known; infinite: never.
        since_s: Simulated time from which on it holds.
        cause: The cause.
        gap: What is missing as a share of the highest demand; None: as far as the site itself is short.
    """

    amount: float
    known_s: float
    since_s: float
    cause: str
    gap: float | None = None


def lowest(caps: Iterable[Cap]) -> Cap | None:
    """The lowest of some caps, of equal ones the first; None of none."""
    return min(caps, key=_amount, default=None)


def _amount(cap: Cap) -> float:
    return cap.amount


def cap_for(caps: dict[str, Cap], cause: str, amount: float | None, known_s: float, now_s: float) -> None:
    """Enter a cap that holds for a cause from now on, or take it out with None."""
    if amount is None:
        caps.pop(cause, None)
    else:
        caps[cause] = Cap(amount, known_s, now_s, cause)


class Load:
    """A unit as a consumer.

    Args:
        station: The unit.
        starts: Begins of its shifts; None: it has none.
    """

    __slots__ = ("more", "off", "shed", "starts", "station")

    def __init__(self, station: Station, starts: ShiftStarts | None = None):
        self.station, self.starts = station, starts
        flows = (station.power, () if station.gas is None else station.gas.flow)
        self.off = tuple(flow[OFF_CODE] * 3600 if flow else 0.0 for flow in flows)
        """What it draws when it is cut off, by carrier."""
        self.more = tuple(max(flow) * 3600 - off if flow else 0.0 for flow, off in zip(flows, self.off, strict=True))
        """What it draws at most beyond that, by carrier."""
        self.shed: tuple[tuple[str, int], ...] = ()

    def planned(self, cap: Cap) -> bool:
        """Whether it is cut off as planned: the cap was known when its shift began."""
        begin_s = cap.since_s if self.starts is None else self.starts.last(self.station.kernel.now)
        return cap.known_s <= begin_s

    def follow(self, shed: tuple[tuple[str, int], ...]) -> None:
        """Be cut off for some causes with their reasons, or for none."""
        before, self.shed = self.shed, shed
        for one in shed:
            if one not in before:
                self.station.stop(*one)
        for one in before:
            if one not in shed:
                self.station.restart(*one)


class Supply:
    """One carrier at a site.

    Args:
        base: What is drawn with everything cut off.
        highest: What is drawn at most.
        reference: Highest demand that shares refer to.
        safety: What is always left.
    """

    __slots__ = ("base", "highest", "own", "reference", "safety", "shared")

    def __init__(self, base: float, highest: float, reference: float, safety: float):
        self.base, self.highest, self.reference, self.safety = base, highest, reference, safety
        self.own: dict[str, Cap] = {}
        """Caps of the site alone, by cause."""
        self.shared: dict[str, Cap] = {}
        """Shares of common caps, by common envelope."""

    @property
    def least(self) -> float:
        """What cannot be taken from the site."""
        return max(self.safety, self.base)

    @property
    def want(self) -> float:
        """What the site would use at most: what its units can draw, or what a cap of its own leaves."""
        cap = lowest(self.own.values())
        return max(self.least, self.highest if cap is None else min(self.highest, cap.amount))

    @property
    def cap(self) -> Cap | None:
        """The cap that counts; None while there is none."""
        return lowest((*self.own.values(), *self.shared.values()))

    def granted(self, cap: Cap) -> float:
        """What may be drawn under a cap."""
        return max(cap.amount, self.safety)

    def grade(self, cap: Cap) -> str:
        """Grade of the shortage that a cap is."""
        gap = cap.gap
        if gap is None:
            gap = 1 - self.granted(cap) / self.reference if self.reference else 0.0
        return shortage_grade(max(0.0, gap))


class Envelope:
    """Keeps power and gas of a site below their caps by cutting units off.

    A unit counts with the highest power and flow of its states, so the caps hold whatever the units do; energy
    and gas per part come on top. Units are kept in the order of ``keep``, then of the document, as far as they
    fit below every cap; one that does not fit lets smaller ones behind it stay. Cut off, they draw what they draw
    when ``off``. The safety load is always granted.

    Args:
        stations: Units of the site.
        config: Settings; None: the defaults.
        shifts: Begins of the shifts of units that have some.
    """

    def __init__(
        self, stations: Sequence[Station], config: EnvelopeConfig | None, shifts: Mapping[EquipmentPath, ShiftStarts]
    ):
        settings = EnvelopeConfig() if config is None else config
        loads = [Load(station, shifts.get(station.path)) for station in stations]
        given = (settings.reference, settings.gas_reference)
        self.supplies: dict[str, Supply] = {}
        for index, (carrier, reference) in enumerate(zip(CARRIERS, given, strict=True)):
            base = sum(load.off[index] for load in loads)
            highest = base + sum(load.more[index] for load in loads)
            reference = highest if reference is None else reference
            self.supplies[carrier] = Supply(base, highest, reference, settings.safety * reference)
        feeling = [load for load in loads if max(load.more) > 0]
        self.loads = sorted(feeling, key=lambda load: _rank(load.station.path, settings.keep))
        self.kernel = stations[0].kernel
        self.hearers: list[Callable[[Carrier], None]] = []
        """Called when a cap of the site alone has changed."""
        self.look_s = -1.0

    def reference(self, carrier: Carrier) -> float:
        """Highest demand that shares refer to, in kW or m³/h."""
        return self.supplies[carrier].reference

    def granted(self, carrier: Carrier) -> float:
        """What may be drawn now in kW or m³/h; infinite without a cap."""
        supply = self.supplies[carrier]
        return inf if supply.cap is None else supply.granted(supply.cap)

    def limit(self, carrier: Carrier, cause: str, cap: float | None, known_s: float = inf) -> None:
        """Cap a carrier for a cause, or take that cap away with None; the lowest cap counts.

        Args:
            carrier: What is capped.
            cause: The cause.
            cap: The cap in kW or m³/h.
            known_s: Simulated time from which on it is known.
        """
        cap_for(self.supplies[carrier].own, cause, cap, known_s, self.kernel.now)
        self._follow()
        for hear in self.hearers:
            hear(carrier)

    def share(self, carrier: Carrier, common: str, cap: Cap | None) -> None:
        """Take the share of a common cap; None: there is none."""
        shared = self.supplies[carrier].shared
        if shared.get(common) == cap:
            return
        if cap is None:
            del shared[common]
        else:
            shared[common] = cap
        self._follow()

    def look(self) -> None:
        """A shift begins: what was a delay may be planned from now on."""
        if self.kernel.now == self.look_s:
            self._follow()

    def _follow(self) -> None:
        caps = {n: (supply, cap) for n, supply in enumerate(self.supplies.values()) if (cap := supply.cap) is not None}
        drawn = {n: supply.base for n, (supply, _) in caps.items()}
        kept, cut = list[Load](), list[tuple[Load, list[tuple[Supply, Cap]]]]()
        for load in self.loads:
            short = [each for n, each in caps.items() if _misses(load.more[n], drawn[n], *each)]
            if short:
                cut.append((load, short))
                continue
            kept.append(load)
            for n in drawn:
                drawn[n] += load.more[n]
        for load, short in cut:
            load.follow(tuple(_shed(load, *each) for each in short))
        for load in kept:
            load.follow(())
        self._look_again([(load, cap) for load, short in cut for _, cap in short if not load.planned(cap)])

    def _look_again(self, delayed: Sequence[tuple[Load, Cap]]) -> None:
        """Wait for the first shift of units cut off without notice."""
        now = self.kernel.now
        coming = [load.starts.next(now) for load, cap in delayed if load.starts is not None and cap.known_s < inf]
        if coming and self.look_s != min(coming):
            self.look_s = min(coming)
            self.kernel.at(self.look_s, self.look, COMMAND)


def _misses(more: float, drawn: float, supply: Supply, cap: Cap) -> bool:
    """Whether a unit that draws so much more does not fit below a cap."""
    return more > 0 and drawn + more > supply.granted(cap) + 1e-9


def _shed(load: Load, supply: Supply, cap: Cap) -> tuple[str, int]:
    """Cause and reason of cutting a unit off."""
    return f"{cap.cause}/{supply.grade(cap)}", ANNOUNCED if load.planned(cap) else CURTAILED


def _rank(path: EquipmentPath, keep: Sequence[str]) -> int:
    return next((rank for rank, place in enumerate(keep) if path.is_under(place)), len(keep))
