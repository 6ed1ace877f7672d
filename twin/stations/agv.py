"""A vehicle of a fleet: AGV, AMR, tugger."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import ClassVar, Protocol, Self

from pydantic import Field, model_validator

from twin.behaviours.breakable import Breakable
from twin.behaviours.life import renew_life
from twin.behaviours.paths import PathNetwork, Route
from twin.behaviours.traffic import Traffic
from twin.config.plant import Config, FailureConfig, Reference, StationConfig
from twin.distributions import Durations
from twin.engine.codes import BLOCKED, PRODUCING, SETUP, STARVED
from twin.engine.station import Load, Setting, Station
from twin.equipment import EquipmentPath
from twin.errors import Problem
from twin.quantities import Energy, Power, Ratio, Speed
from twin.stations import stations

NOT_DUE = -1.0
RESTING, DRIVING, HELD_UP, LOADING, UNLOADING, STANDING, CHARGING = range(7)
"""What a vehicle does: nothing, drive, wait for a node, load, unload, wait for room at its goal, charge."""
HOME, FETCH, BRING, CHARGE, ASIDE = range(5)
"""Why it drives."""


class BatteryConfig(Config):
    """A battery; charged at the chargers of the fleet, from the grid."""

    capacity: Energy = Field(gt=0, description="energy of the full battery")
    drive: Power = Field(gt=0, description="power while driving")
    idle: Power = Field(default=0.0, description="power while standing")
    charge: Power = Field(gt=0, description="power from the grid while charging")
    low: Ratio = Field(default=0.3, description="share at which it goes to charge before it takes another job")
    enough: Ratio = Field(default=0.9, description="share up to which it is charged")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 < self.low < self.enough:
            raise ValueError(f"expected 0 < low < enough, got low {self.low:g} and enough {self.enough:g}")
        return self


class AgvConfig(StationConfig):
    """A vehicle that carries one part at a time for a fleet (kind `fleet`).

    Example: `{id: agv1, kind: agv, fleet: agvs, home: a, speed: 1.2 m/s, loading: 8 s, unloading: 8 s}`
    """

    flows: ClassVar[bool] = False

    fleet: str = Field(description="its fleet, id in the line or path")
    home: str = Field(description="node where it starts, and rests when there is nothing to do")
    speed: Speed = Field(gt=0, description="speed")
    loading: Durations = Field(description="time to load a part")
    unloading: Durations = Field(description="time to unload a part")
    battery: BatteryConfig | None = Field(default=None, description="battery; None: never empty")
    failures: tuple[FailureConfig, ...] = Field(
        default=(), description="failure modes, on the operating or the calendar clock"
    )

    def references(self) -> tuple[Reference, ...]:
        return (*super().references(), Reference("fleet", self.fleet, "dispatches"))

    def takes_power(self) -> bool:
        return super().takes_power() or self.battery is not None

    def problems(self, path: EquipmentPath, items: set[str]) -> list[Problem]:  # noqa: ARG002 - none pass by name
        hint = "vehicles have no cycles"
        return [
            Problem(f"{path} failures.{mode.id}", "basis: operating or calendar", repr(mode.basis), hint)
            for mode in self.failures
            if mode.basis == "cycles"
        ]


class Dispatcher(Protocol):
    """What gives jobs to vehicles; see :class:`twin.stations.fleet.Fleet`."""

    @property
    def network(self) -> PathNetwork:
        """Nodes and ways."""

    @property
    def traffic(self) -> Traffic[Agv]:
        """Who stands where."""

    @property
    def stops(self) -> Mapping[Station, str]:
        """Nodes of the units."""

    def arrived(self) -> None:
        """There may be something to fetch, or a vehicle for it."""

    def loaded(self, giver: Station) -> Load | None:
        """A vehicle is loaded where it was sent; None when what it came for has gone another way."""

    def destination(self, part: Load) -> Station:
        """Where a part goes."""

    def hand_over(self, vehicle: Agv, taker: Station) -> None:
        """A vehicle has unloaded before a unit."""

    def done(self) -> None:
        """A job is done."""

    def called_off(self) -> None:
        """A job has come to nothing."""

    def charger(self, node: str) -> str:
        """The nearest charger."""

    def way(self, vehicle: Agv) -> Route:
        """The way to its goal."""

    def untangle(self, vehicle: Agv) -> None:
        """A vehicle waits for a node: let it go on if that is possible."""


@stations.register("agv", config=AgvConfig)
class Agv(Breakable):
    """Drives node by node, each of which it must be given first; loads, unloads, charges.

    PRODUCING while it has a job and moves, loads or unloads; BLOCKED while it waits for a node or for room
    at its goal; SETUP while it charges or is on the way to do so; else STARVED. When it fails it stands
    where it is, with its node and its part.
    """

    titles = ("Vehicle", "AGV小车")
    role = "carry"
    config = AgvConfig
    __slots__ = (
        "aim", "cell", "cell_since", "doing", "due", "fleet", "given", "giver", "heading", "left", "load", "loads",
        "node", "spec", "taker", "unloads", "why",
    )  # fmt: skip

    def __init__(self, setting: Setting[AgvConfig]):
        super().__init__(setting)
        config = setting.config
        self.spec = config
        self.loads, self.unloads = self.stream("load", config.loading), self.stream("unload", config.unloading)
        self.node = self.aim = self.heading = config.home
        self.doing, self.why, self.given = RESTING, HOME, False
        self.due, self.left = NOT_DUE, 0.0
        self.fleet: Dispatcher
        self.giver: Station | None = None
        self.taker: Station | None = None
        self.load: Load | None = None
        self.cell = self.cell_since = 0.0
        if config.battery is not None:
            self.cell = config.battery.capacity
            self.power = [0.0] * len(self.power)
            self.power[SETUP] = config.battery.charge / 3600
        self.slots = ()
        self.add_failures(config.failures)
        renew_life(self)

    # --- fleet ----------------------------------------------------------------------------------

    def join(self, fleet: Dispatcher) -> None:
        """Take its place at home."""
        self.fleet = fleet
        fleet.traffic.held.setdefault(self.node, []).append(self)

    def begin(self) -> None:
        self._rest()
        self.show()

    @property
    def wanted(self) -> str | None:
        """Node that it waits for; None when it does not wait, or cannot go on."""
        return self.heading if self.doing == HELD_UP and not self.given and not self.closed else None

    @property
    def place(self) -> str:
        """Node where it stands or comes to next."""
        return self.heading if self.doing == DRIVING else self.node

    def stands(self) -> bool:
        """Whether it cannot go on before others do: it waits for room at its goal, or for a node."""
        return not self.closed and (self.doing == STANDING or self.wanted is not None)

    def rests(self) -> bool:
        """Whether it stays where it is until something is wanted of it."""
        return self.doing in (RESTING, CHARGING, STANDING) or self.closed

    def is_free(self) -> bool:
        """Whether it can take a job now."""
        return (
            not self.closed
            and self.giver is None
            and self.load is None
            and self.why in (HOME, ASIDE)
            and not self.is_low()
        )

    def fetch(self, giver: Station) -> None:
        """Take a job: fetch a part there."""
        self.giver, self.why, self.aim = giver, FETCH, self.fleet.stops[giver]
        if self.doing == HELD_UP and not self.given:
            self.fleet.traffic.give_up(self, self.heading)
            self.doing = RESTING
        if self.doing == RESTING:
            self._advance()
        self.show()

    def carried(self) -> Load:
        """The part on it."""
        assert self.load is not None  # noqa: S101 - only asked of vehicles that carry
        return self.load

    def give(self) -> Load:
        """Give the part away."""
        load, self.load = self.carried(), None
        return load

    def delivered(self) -> None:
        """The part is where it should be."""
        self.parts += 1
        self.fleet.done()
        self._free()

    # --- driving --------------------------------------------------------------------------------

    def _advance(self) -> None:
        """On to the next node, or to work where it is."""
        if self.node == self.aim:
            self._arrive()
            return
        self.heading = self.fleet.way(self)[0]
        if self.fleet.traffic.enter(self, self.heading):
            self._depart()
        else:
            self._do(HELD_UP)
            self.fleet.untangle(self)

    def _depart(self) -> None:
        following = self.fleet.traffic.leave(self, self.node)
        if following is not None:
            following.given = True
            self.kernel.soon.append(following.go_on)
        self.depart_in_ring()

    def depart_in_ring(self) -> None:
        """Drive to the next node, which it has; its last one has been given on."""
        self.given = False
        length_m = self.fleet.network.length_m[self.node, self.heading]
        self._do(DRIVING, self.slow * length_m / self.spec.speed)

    def go_on(self) -> None:
        """It was given the node it waited for."""
        if self.doing == HELD_UP and self.given and not self.closed:
            self._depart()

    def go_round(self) -> bool:
        """Take another way than through the node it waits for, if the first node of one is free."""
        traffic, wanted = self.fleet.traffic, self.wanted
        if wanted is None or wanted == self.aim:
            return False
        taken = {node for node in traffic.held if not traffic.is_free(node) and node not in (self.aim, self.node)}
        route = self.fleet.network.route(self.node, self.aim, taken)
        if not route or not traffic.is_free(route[0]) or traffic.waiting.get(route[0]):
            return False
        traffic.give_up(self, wanted)
        self.heading = route[0]
        traffic.enter(self, self.heading)
        self._depart()
        return True

    def step_aside(self) -> None:
        """Another waits for the node where this one rests: go to the nearest free one."""
        network, traffic = self.fleet.network, self.fleet.traffic
        if self.doing != RESTING or self.why not in (HOME, ASIDE) or self.closed:
            return
        free = [node for node in network.nodes if traffic.is_free(node) and not traffic.waiting.get(node)]
        near = [(network.distance(self.node, node), index) for index, node in enumerate(free)]
        if near and min(near)[0] < inf:
            self.why, self.aim = ASIDE, free[min(near)[1]]
            self._advance()

    # --- working --------------------------------------------------------------------------------

    def _arrive(self) -> None:
        if self.why == FETCH:
            self._do(LOADING, self.slow * self.loads.draw())
        elif self.why == BRING:
            self._do(UNLOADING, self.slow * self.unloads.draw())
        elif self.why == CHARGE:
            self._do(CHARGING, self._charging_s())
        elif self.why == ASIDE and self.node != self.spec.home and self.fleet.traffic.is_free(self.spec.home):
            self.why, self.aim = HOME, self.spec.home
            self._advance()
        else:
            self._rest()

    def _rest(self) -> None:
        self._do(RESTING, self._until_low_s())
        if self.fleet.traffic.waiting.get(self.node):
            self.step_aside()

    def _free(self) -> None:
        """Nothing to do: charge, or go home unless there is a job."""
        self.giver = self.taker = None
        self._do(RESTING)
        if self.is_low():
            self._charge()
            return
        self.why, self.aim = HOME, self.spec.home
        self.fleet.arrived()
        self.kernel.soon.append(self.go_home)

    def go_home(self) -> None:
        """Go home, unless it was given a job at this instant."""
        if self.doing == RESTING and self.why == HOME and not self.closed:
            self._advance()

    def _charge(self) -> None:
        self.why, self.aim = CHARGE, self.fleet.charger(self.node)
        self._advance()

    def finish(self) -> None:
        """The time of what it does is over, unless it was interrupted meanwhile."""
        if self.kernel._now != self.due:
            return
        self.due = NOT_DUE
        if self.doing == DRIVING:
            self.node = self.heading
            self._advance()
        elif self.doing == LOADING:
            self._loaded()
        elif self.doing == UNLOADING and self.taker is not None:
            self._do(STANDING)
            self.fleet.hand_over(self, self.taker)
        elif self.doing == CHARGING:
            self._free()
        elif self.is_low():
            self._charge()

    def _loaded(self) -> None:
        giver, self.giver = self.giver, None
        assert giver is not None  # noqa: S101 - it was loading
        self.load = self.fleet.loaded(giver)
        if self.load is None:
            self.fleet.called_off()
            self._free()
            return
        self.taker = self.fleet.destination(self.load)
        self.why, self.aim = BRING, self.fleet.stops[self.taker]
        self._advance()

    def _do(self, doing: int, time: float = inf) -> None:
        """From now on do something, which takes so long."""
        self._account(not self.closed)
        self.doing = doing
        if time < inf:
            self._wait(time)
        else:
            self.due = NOT_DUE
        self.show()

    def enter(self, code: int) -> None:
        super().enter(code)
        if self.fail_at < inf:
            self.arm()

    def _wait(self, time: float) -> None:
        self.due = self.kernel._now + time
        self.kernel.at(self.due, self.finish)

    # --- battery --------------------------------------------------------------------------------

    def _account(self, running: bool) -> None:
        battery, now = self.spec.battery, self.kernel._now
        if battery is not None:
            power = -battery.idle
            if running and self.doing in (DRIVING, CHARGING):
                power = battery.charge if self.doing == CHARGING else -battery.drive
            self.cell = max(0.0, self.cell + power * (now - self.cell_since) / 3600)
            self.cell_since = now

    def is_low(self) -> bool:
        """Whether it has to charge before its next job."""
        battery = self.spec.battery
        if battery is None:
            return False
        self._account(not self.closed)
        return self.cell <= battery.low * battery.capacity * (1 + 1e-9)

    def _charging_s(self) -> float:
        battery = self.spec.battery
        return (
            0.0 if battery is None else max(0.0, battery.enough * battery.capacity - self.cell) / battery.charge * 3600
        )

    def _until_low_s(self) -> float:
        battery = self.spec.battery
        if battery is None or not battery.idle:
            return inf
        self._account(not self.closed)
        return max(0.0, self.cell - battery.low * battery.capacity) / battery.idle * 3600

    # --- holding --------------------------------------------------------------------------------

    def suspend(self) -> None:
        self._account(True)
        if self.due >= 0:
            self.left = self.due - self.kernel._now
            self.due = NOT_DUE
        else:
            self.left = inf

    def resume(self) -> None:
        self._account(False)
        if self.left < inf:
            self._wait(self.left)
        elif self.doing == HELD_UP and not self.given:
            self.fleet.untangle(self)
        else:
            self.go_on()
            self.go_home()
        self.fleet.arrived()

    def active(self) -> int:
        if self.doing == CHARGING:
            return SETUP
        if self.doing in (HELD_UP, STANDING):
            return BLOCKED
        return PRODUCING if self.giver is not None or self.load is not None else STARVED

    def contents(self) -> list[Load]:
        return [] if self.load is None else [self.load]
