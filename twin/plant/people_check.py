"""Whether those whom the units need are there: enough of them, different ones, and on shift at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from twin.behaviours.calendar import calendar_master
from twin.config.plant import PlantConfig, StationConfig, calendar_name
from twin.equipment import EquipmentPath
from twin.errors import Problem
from twin.plant.people import PHASES, Staff, assigned, skills_of
from twin.shift_plan import ON, planned
from twin.zone import DAY_NS

LOOK_DAYS, FURTHEST_DAYS = 15, 400
"""How far it is looked for a time at which all are on shift: where every week is the same, and where not."""
Stations = Mapping[EquipmentPath, StationConfig]
Names = dict[EquipmentPath, str | None]
Wanted = Sequence[frozenset[EquipmentPath]]


def wrong_people(config: PlantConfig, stations: Stations) -> Iterator[Problem]:
    """Needs that nobody can ever meet.

    Args:
        config: The plant.
        stations: All of its stations.
    """
    staff = Staff(stations)
    shifts = _Shifts(config)
    for path, station in stations.items():
        if few := list(_too_few(path, station, staff)):
            yield from few
        else:
            yield from _wrong_groups(path, station, staff, shifts)
        yield from _wrong_phases(path, station)


def _too_few(path: EquipmentPath, station: StationConfig, staff: Staff) -> Iterator[Problem]:
    """Skills that fewer people or tools of the site have than are needed at once."""
    for field, skill, wanted in skills_of(station):
        able = len(staff.able(path, skill))
        if able < wanted:
            expected = f"{wanted} workers or tools of the site with the skill {skill!r}"
            yield Problem(f"{path} {field}", expected, str(able), "add them, or check the name")


def _wrong_groups(path: EquipmentPath, station: StationConfig, staff: Staff, shifts: _Shifts) -> Iterator[Problem]:
    """Needs of one phase that together ask for more than there are, or than are ever there at once."""
    needs = getattr(station, "needs", ())
    able = {need.skill: frozenset(staff.able(path, need.skill)) for need in needs}
    for phase in PHASES:
        wanted = [able[need.skill] for need in needs if phase in need.during for _ in range(need.number)]
        found = assigned(wanted)
        if found < len(wanted):
            expected = f"{len(wanted)} different workers or tools of the site for the {phase}"
            yield Problem(f"{path} needs", expected, f"{found}", "one of them does one thing at a time")
        elif wanted and (days := shifts.apart(path, wanted)):
            expected = f"a time at which it and {len(wanted)} who can do the {phase} are on shift"
            hint = "let their calendars overlap outside breaks, or add somebody"
            yield Problem(f"{path} needs", expected, f"none in {days} days", hint)


def _wrong_phases(path: EquipmentPath, station: StationConfig) -> Iterator[Problem]:
    """Needs during loading or unloading of a station that knows nothing of it."""
    for number, need in enumerate(getattr(station, "needs", ())):
        for phase in ("load", "unload"):
            if phase in need.during and getattr(station, f"{phase}_time") is None:
                yield Problem(
                    f"{path} needs.{number}.during", f"{phase}_time at a station with needs during {phase}", "none"
                )


class _Shifts:
    """Which calendars are on shift at the same time.

    Args:
        config: The plant.
    """

    def __init__(self, config: PlantConfig):
        self.config = config
        self.names: Names = {
            path.child(station.id): calendar_name(site, line, station)
            for path, site, line in config.lines()
            for station in line.stations
        }
        self.zones = {path: config.axis(site) for path, site in config.sites()}
        self.together: dict[tuple[EquipmentPath, frozenset[str]], tuple[int, list[frozenset[str]]]] = {}
        self.told: dict[tuple[EquipmentPath, str | None, tuple[frozenset[EquipmentPath], ...]], int] = {}

    def apart(self, path: EquipmentPath, wanted: Wanted) -> int:
        """Days in which a unit and those whom it needs are never on shift together; 0: they are."""
        key = path.site, self.names[path], tuple(wanted)
        if key not in self.told:
            self.told[key] = self._apart(path, wanted)
        return self.told[key]

    def _apart(self, path: EquipmentPath, wanted: Wanted) -> int:
        own = self.names[path]
        concerned = frozenset(name for name in (own, *(self.names[u] for us in wanted for u in us)) if name is not None)
        if not concerned:
            return 0
        days, sets = self._sets(path.site, concerned)
        for there in sets:
            if own is None or own in there:
                present = [frozenset(u for u in us if self.names[u] is None or self.names[u] in there) for us in wanted]
                if assigned(present) == len(wanted):
                    return 0
        return days

    def _sets(self, site: EquipmentPath, names: frozenset[str]) -> tuple[int, list[frozenset[str]]]:
        """How many days were looked at, and the sets of some calendars that are on shift at the same time in them."""
        key = (site, names)
        if key not in self.together:
            masters = {name: calendar_master(self.config.calendars[name]) for name in names}
            changing = any(one.rotation is not None or one.exceptions for one in masters.values())
            days, axis = FURTHEST_DAYS if changing else LOOK_DAYS, self.zones[site]
            begin = axis.moment_ns(0.0)
            spans = {name: planned(one, axis.zone, begin, begin + days * DAY_NS) for name, one in masters.items()}
            self.together[key] = days, list(dict.fromkeys(_at_once(spans)))
        return self.together[key]


def _at_once(spans: Mapping[str, Iterable[tuple[int, int, int]]]) -> Iterator[frozenset[str]]:
    """Who is on shift from one change to the next."""
    edges = sorted(
        (time, end, name)
        for name, pieces in spans.items()
        for begin, until, phase in pieces
        if phase == ON
        for time, end in ((begin, 1), (until, 0))
    )
    there: set[str] = set()
    for number, (time, come, name) in enumerate(edges):
        (there.add if come else there.discard)(name)
        if number + 1 == len(edges) or edges[number + 1][0] > time:
            yield frozenset(there)
