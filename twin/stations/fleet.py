"""A fleet of vehicles on a path network: fetches parts where they wait and brings them where they go."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from twin.behaviours.paths import PathNetwork, Route
from twin.behaviours.traffic import Traffic
from twin.config.named import Item, OwnName
from twin.config.plant import StationConfig
from twin.engine.codes import PRODUCING, STARVED
from twin.engine.events import Event
from twin.engine.links import resolve
from twin.engine.station import Load, Setting, Station
from twin.engine.waits import FREE, Act, Waits, any_gives
from twin.equipment import EquipmentPath
from twin.errors import ModelError, Problem
from twin.quantities import Length
from twin.records import RecordKind
from twin.stations import stations
from twin.stations.agv import Agv

_STRETCH = re.compile(r"\s*([<>-])\s*")
PASSING = "passing"
"""Code of the alarm that two vehicles met head-on with no way round and were let past each other."""


class FleetConfig(StationConfig):
    """Vehicles (kind `agv`, with `fleet` naming this unit) carry parts from those before it to those it gives to.

    Example: `{id: agvs, kind: fleet, to: [press], nodes: {a: [0 m, 0 m], b: [8 m, 0 m], c: [4 m, 5 m]},
    paths: [a > b > c > a], stops: {store: a, press: b}}`
    """

    dispatches: ClassVar[bool] = True

    nodes: dict[str, tuple[Length, Length]] = Field(min_length=2, description="places of the nodes, [x, y]")
    paths: tuple[str, ...] = Field(
        min_length=1, description="ways between nodes: 'a > b > c' one way, 'a - b' both ways; as long as the line"
    )
    stops: dict[str, str] = Field(description="node of every unit that it fetches from or brings to, by id or path")
    room: dict[OwnName, int] = Field(default={}, description="vehicles that have room at a node; one at all others")
    chargers: tuple[str, ...] = Field(default=(), description="nodes where batteries are charged")
    dispatch: Literal["nearest", "oldest", "fullest"] = Field(
        default="nearest",
        description="which part a free vehicle fetches: the nearest, the one waiting longest, or where most wait",
    )
    deliver: dict[Item, str] = Field(
        default={}, description="where an item goes, by id or path; default: in turn to those that use it"
    )

    @field_validator("paths")
    @classmethod
    def _readable(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        for path in paths:
            words = _STRETCH.split(path.strip())
            if len(words) < 3 or len(words) % 2 == 0 or "<" in words or "" in words:
                raise ValueError(f"expected nodes joined by ' > ' (one way) or ' - ' (both ways), got {path!r}")
        return paths

    @model_validator(mode="after")
    def _connected(self) -> Self:
        named = [node for start, end, _ in self.stretches() for node in (start, end)]
        named += [*self.stops.values(), *self.room, *self.chargers]
        unknown = sorted({node for node in named if node not in self.nodes})
        if unknown:
            raise ValueError(f"expected nodes of {', '.join(self.nodes)}, got {', '.join(unknown)}")
        network = self.layout()
        places = list(dict.fromkeys([*self.stops.values(), *self.chargers]))
        cut = [f"{a} to {b}" for a in places for b in places if network.route(a, b) is None]
        if cut:
            raise ValueError(f"expected a way between all stops and chargers, got none from {', '.join(cut)}")
        return self

    def stretches(self) -> list[tuple[str, str, bool]]:
        """All ways as (from, to, one way only)."""
        found = []
        for path in self.paths:
            words = _STRETCH.split(path.strip())
            found += [(words[i], words[i + 2], words[i + 1] == ">") for i in range(0, len(words) - 2, 2)]
        return found

    def layout(self) -> PathNetwork:
        """The path network."""
        return PathNetwork.of(self.nodes, self.stretches())


@stations.register("fleet", config=FleetConfig)
class Fleet(Station):
    """Control of a fleet: which vehicle fetches what, who may enter which node.

    PRODUCING while a vehicle has a job, else STARVED; the vehicles are units of their own. A part stays
    where it is until a vehicle has loaded it; a vehicle stands at its destination until there is room.
    One vehicle at a time has a node. Vehicles that wait for each other in a ring go on together; two that
    meet head-on take another way, and if there is none they are let past each other with an alarm.
    """

    titles = ("Vehicle fleet control", "车队调度")
    role = "desk"
    config = FleetConfig
    __slots__ = (
        "asked",
        "claims",
        "items",
        "jobs",
        "network",
        "passings",
        "standing",
        "stops",
        "traffic",
        "vehicles",
        "waits",
    )

    def __init__(self, setting: Setting[FleetConfig]):
        super().__init__(setting)
        config = setting.config
        self.network = config.layout()
        self.traffic = Traffic[Agv](config.room)
        self.vehicles: list[Agv] = []
        self.stops: dict[Station, str] = {}
        self.items: dict[Station, set[str]] = {}
        self.claims: dict[Station, int] = {}
        self.waits: dict[Station, float] = {}
        self.standing: dict[Station, list[Agv]] = {}
        self.asked = False
        self.jobs = self.passings = 0

    def connect(self, stations: Mapping[EquipmentPath, Station], items: Mapping[EquipmentPath, set[str]]) -> None:
        """Find the stops and the vehicles.

        Raises:
            ModelError: A neighbour has no stop, or there are no vehicles.
        """
        config: FleetConfig = self.setting.config
        for name, node in config.stops.items():
            path = resolve(name, self.path.line, stations)
            if path is not None:
                self.stops[stations[path]] = node
        problems = [
            Problem(f"{self.path} stops", f"the node of {other.path}", "none")
            for other in (*self.predecessors, *self.successors)
            if other not in self.stops
        ]
        vehicles = [one for one in stations.values() if isinstance(one, Agv)]
        self.vehicles = [one for one in vehicles if resolve(one.spec.fleet, one.path.line, stations) == self.path]
        problems += self._wrong_homes()
        if not self.vehicles:
            problems.append(Problem(f"{self.path}", "at least one unit of kind agv of this fleet", "none"))
        if problems:
            raise ModelError(problems)
        self.items = {taker: items[taker.path] for taker in self.successors}
        for giver in self.predecessors:
            self.claims[giver], self.waits[giver] = 0, -1.0
            giver.tell_arrivals(self)
        for vehicle in self.vehicles:
            vehicle.join(self)

    def _wrong_homes(self) -> list[Problem]:
        config: FleetConfig = self.setting.config
        problems, taken = [], Counter[str]()
        for vehicle in self.vehicles:
            home = vehicle.spec.home
            taken[home] += 1
            if home not in config.nodes:
                problems.append(Problem(f"{vehicle.path} home", f"a node of {', '.join(config.nodes)}", repr(home)))
            elif taken[home] > config.room.get(home, 1):
                hint = f"another home, or room for more at {home!r}"
                problems.append(Problem(f"{vehicle.path} home", "a node with room for it", repr(home), hint))
            if vehicle.spec.battery is not None and not config.chargers:
                problems.append(Problem(f"{self.path} chargers", f"a node to charge {vehicle.path.name}", "none"))
        return problems

    # --- neighbours -----------------------------------------------------------------------------

    def offer(self, part: Load) -> bool:  # noqa: ARG002 - parts are fetched
        self.arrived()
        return False

    def arrived(self) -> None:
        """There may be something to fetch."""
        if not self.asked:
            self.asked = True
            self.kernel.soon.append(self.look)

    def peek(self, taker: Station) -> Load | None:
        standing = self.standing.get(taker)
        return standing[0].load if standing and not self.closed else None

    def take(self, taker: Station) -> Load | None:
        standing = self.standing.get(taker)
        if not standing or self.closed:
            return None
        vehicle = standing.pop(0)
        self.kernel.soon.append(vehicle.delivered)
        return vehicle.give()

    def pull(self) -> None:
        self.arrived()

    def resume(self) -> None:
        self.arrived()
        for taker, standing in self.standing.items():
            while standing and taker.offer(standing[0].carried()):
                vehicle = standing.pop(0)
                vehicle.give()
                self.kernel.soon.append(vehicle.delivered)

    # --- dispatching ----------------------------------------------------------------------------

    def look(self) -> None:
        """Give jobs to free vehicles as long as there are both."""
        self.asked = False
        while not self.closed and (pair := self._best()) is not None:
            vehicle, giver = pair
            self.claims[giver] += 1
            self.waits[giver] = -1.0
            self.jobs += 1
            vehicle.fetch(giver)
        self.show()

    def _best(self) -> tuple[Agv, Station] | None:
        waiting = [giver for giver in self.predecessors if self._unclaimed(giver) > 0]
        free = [vehicle for vehicle in self.vehicles if vehicle.is_free()]
        if not waiting or not free:
            return None
        _, _, first, second = min(
            (self._rank(vehicle, giver), self._way(vehicle, giver), i, j)
            for i, vehicle in enumerate(free)
            for j, giver in enumerate(waiting)
        )
        return free[first], waiting[second]

    def _rank(self, vehicle: Agv, giver: Station) -> float:
        rule = self.setting.config.dispatch
        if rule == "nearest":
            return self._way(vehicle, giver)
        return self.waits[giver] if rule == "oldest" else -float(self._unclaimed(giver))

    def _way(self, vehicle: Agv, giver: Station) -> float:
        return self.network.distance(vehicle.place, self.stops[giver])

    def _unclaimed(self, giver: Station) -> int:
        if giver.peek(self) is None:
            return 0
        there = giver.level if giver.stores else max(1, len(getattr(giver, "blocked", ())))
        if there > self.claims[giver] and self.waits[giver] < 0:
            self.waits[giver] = self.kernel.now
        return there - self.claims[giver]

    def loaded(self, giver: Station) -> Load | None:
        """A vehicle is loaded where it was sent; None when what it came for has gone another way."""
        self.claims[giver] -= 1
        part = giver.take(self)
        self.arrived()
        return part

    def destination(self, part: Load) -> Station:
        """Where a part goes."""
        name = self.setting.config.deliver.get(part.item)
        takers = self.successors
        for step in range(len(takers)):
            index = (self.turn_out + step) % len(takers)
            named = name is None or name in (takers[index].path, takers[index].path.name)
            if named and part.item in self.items[takers[index]]:
                self.turn_out = (index + 1) % len(takers)
                return takers[index]
        return takers[0]

    def hand_over(self, vehicle: Agv, taker: Station) -> None:
        """A vehicle has unloaded before a unit: it takes the part now or when it asks for it."""
        if not self.standing.get(taker) and not self.closed and taker.offer(vehicle.carried()):
            vehicle.give()
            vehicle.delivered()
        else:
            self.standing.setdefault(taker, []).append(vehicle)
            vehicle.show()

    def done(self) -> None:
        """A job is done."""
        self.jobs -= 1
        self.parts += 1
        self.show()

    def called_off(self) -> None:
        """A job has come to nothing."""
        self.jobs -= 1
        self.show()

    def charger(self, node: str) -> str:
        """The nearest charger, one with room before others."""
        config: FleetConfig = self.setting.config
        return min(config.chargers, key=_Nearest(self, node))

    # --- traffic --------------------------------------------------------------------------------

    def way(self, vehicle: Agv) -> Route:
        """The way to its goal, round vehicles that rest if there is one."""
        usual = self.network.route(vehicle.node, vehicle.aim) or ()
        resting = {one.node for one in self.vehicles if one.rests() and one is not vehicle and one.node != vehicle.aim}
        shut = {node for node in resting.intersection(usual) if not self.traffic.is_free(node)}
        return (self.network.route(vehicle.node, vehicle.aim, shut) or usual) if shut else usual

    def untangle(self, vehicle: Agv) -> None:
        """A vehicle waits for a node: find another way for it, or let a ring of them go on."""
        circle = self.traffic.circle(vehicle)
        for one in circle:
            if one.go_round():
                return
        if not circle:
            self._make_way(vehicle)
            return
        if len(circle) == 2:
            self.passings += 1
            self._alarm_passing(circle)
        self.traffic.rotate(circle)
        for one in circle:
            one.depart_in_ring()

    def _make_way(self, vehicle: Agv) -> None:
        if not vehicle.go_round():
            for other in self.traffic.held.get(str(vehicle.wanted), ()):
                other.step_aside()

    def _alarm_passing(self, circle: list[Agv]) -> None:
        if self.recording:
            names = " and ".join(one.path.name for one in circle)
            values = (PASSING, 300, 1, f"{names} let past each other")
            self.log.extend((self.kernel._now, Event(self.setting.unit, RecordKind.ALARM, values)))

    @property
    def holds(self) -> bool:
        return any(self.standing.values())

    def before_giving(self) -> Waits:
        if not self.jobs:
            return (any_gives(self.predecessors),)
        if not all(vehicle.stands() for vehicle in self.vehicles):
            return FREE
        ready = [Act(taker, part.item) for taker, cars in self.standing.items() for car in cars if (part := car.load)]
        return (tuple(ready),) if ready else FREE

    def before_taking(self, item: str) -> Waits:  # noqa: ARG002 - a vehicle carries any
        return ((Act(self, None),),) if all(vehicle.stands() for vehicle in self.vehicles) else FREE

    def active(self) -> int:
        return PRODUCING if self.jobs else STARVED


class _Nearest:
    """Sort key of chargers seen from a node."""

    def __init__(self, fleet: Fleet, node: str):
        self.fleet, self.node = fleet, node

    def __call__(self, charger: str) -> tuple[bool, float]:
        return not self.fleet.traffic.is_free(charger), self.fleet.network.distance(self.node, charger)
