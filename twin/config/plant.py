"""What a user writes about a plant: the part of the scenario that describes factories.

Everything here is frozen and refuses unknown keys. Stations add their own fields in their module
under ``twin/stations``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import (
    Field,
    SerializeAsAny,
    field_serializer,
    model_validator,
)

from twin.basis import Config as Config
from twin.basis import Identifier as Identifier
from twin.basis import Title as Title
from twin.basis import Titled as Titled
from twin.config.begun import Begun
from twin.config.behaviours import Behaviours
from twin.config.calendars import BreakConfig as BreakConfig
from twin.config.calendars import CalendarConfig as CalendarConfig
from twin.config.calendars import ExceptionConfig as ExceptionConfig
from twin.config.calendars import RotationConfig as RotationConfig
from twin.config.calendars import ShiftConfig as ShiftConfig
from twin.config.calendars import ZoneName as ZoneName
from twin.config.disturbances import CommonEnvelopeConfig as CommonEnvelopeConfig
from twin.config.disturbances import EnvelopeConfig as EnvelopeConfig
from twin.config.disturbances import Grade
from twin.config.disturbances import PerturbationConfig as PerturbationConfig
from twin.config.named import CalendarName, Item, Skill, Sort, UnitName, names_in
from twin.config.recipes import PoolConfig, RecipeConfig
from twin.distributions import Distribution, Durations, Intervals, counted, written_life
from twin.equipment import EquipmentPath
from twin.errors import Problem
from twin.quantities import (
    Distance,
    Duration,
    Energy,
    EnergyPrice,
    EnergyValue,
    GridFactor,
    Length,
    Money,
    Power,
    Rate,
    Ratio,
    Volume,
    VolumeFlow,
)
from twin.tags import TagSpec

MOST_PLACES = 100_000
"""Places of a unit in each of which something of its own goes on."""
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):(00|15|30|45)$")]
"""A quarter hour of local time, ``hh:mm``."""


class ItemConfig(Config):
    """A material: raw, part, sub-assembly or final product."""

    title: Titled = Field(description="name for people")
    unit: str = Field(default="piece", description="unit in which it is counted")
    value: Money | None = Field(default=None, description="value of one unit of the item")
    volume: Volume | None = Field(default=None, description="room that one takes in stores with a volume")
    recipe: str | None = Field(default=None, description="recipe its lots follow; default: the recipe of its own id")


class FailureConfig(Config):
    """One failure mode of a station."""

    id: Identifier = Field(description="name of the mode, the cause code in events")
    title: Titled | None = Field(default=None, description="name for people; default: the id")
    after: Intervals = Field(description="time, operating time or cycles between failures")
    repair: Durations = Field(description="time to repair")
    basis: Literal["operating", "calendar", "cycles"] = Field(
        default="operating",
        description="operating: only time in PRODUCING counts; calendar: all time in service counts; "
        "cycles: completed operations count, of a fixture its uses, write after: 500 cycles",
    )
    then: Literal["resume", "restart", "scrap"] = Field(
        default="resume", description="after the repair: the operation goes on, begins anew, or its part is spoiled"
    )
    minor: bool = Field(default=False, description="a minor stop: MINOR_STOP and no failure")
    crew: Skill | None = Field(
        default=None, description="skill of the worker who repairs it, FAILED until one comes; None: repaired at once"
    )
    priority: int = Field(default=0, description="rank among the repairs waiting for a crew; lower comes first")
    signature: Literal["none", "vibration", "temperature", "pressure", "torque"] = Field(
        default="none", description="signal that drifts before the failure"
    )

    @model_validator(mode="before")
    @classmethod
    def _in_cycles(cls, raw: Any) -> Any:
        return counted(raw, "after")

    @field_serializer("after")
    def _with_unit(self, after: Distribution) -> Any:
        return written_life(after, self.basis)


class ConditionConfig(Config):
    """A failure mode that is watched, so that it can be renewed before it fails."""

    mode: Identifier = Field(description="failure mode")
    threshold: Ratio = Field(description="share of the life used at which the wear is seen")
    detection: Ratio = Field(default=1.0, description="share of the lives whose wear is seen; the others fail")
    lead: Duration = Field(default=0.0, description="from seeing it to the call for maintenance")
    false_alarms: Intervals | None = Field(default=None, description="operating time between false alarms; None: none")


class MaintenanceConfig(Config):
    """A preventive or predictive job: the unit is PREVENTIVE_MAINT, then its failure modes are as new."""

    id: Identifier = Field(description="name of the job")
    title: Titled | None = Field(default=None, description="name for people; default: the id")
    duration: Durations = Field(description="time it takes")
    every: Intervals | None = Field(default=None, description="interval, e.g. 200 h, or 500 cycles with basis cycles")
    basis: Literal["operating", "calendar", "cycles"] = Field(
        default="operating", description="what the interval counts: as for failures"
    )
    window: CalendarName | None = Field(
        default=None, description="calendar in whose shifts it may begin; without every and conditions: once in each"
    )
    conditions: tuple[ConditionConfig, ...] = Field(default=(), description="wear that calls for it (predictive)")
    wait: Literal["now", "part", "shift_end"] = Field(
        default="part", description="begin at once, when the part in work is done, or when the shift is over"
    )
    opportunity: Ratio | None = Field(
        default=None, description="share of the interval from which a failure of the unit is used to do it as well"
    )
    renews: tuple[Identifier, ...] | None = Field(default=None, description="failure modes made as new; default: all")
    crew: Skill | None = Field(default=None, description="skill of the worker who does it; None: nobody is needed")
    priority: int = Field(default=0, description="rank among those who wait for the same crew; lower comes first")

    @model_validator(mode="before")
    @classmethod
    def _in_cycles(cls, raw: Any) -> Any:
        return counted(raw, "every")

    @field_serializer("every")
    def _with_unit(self, every: Distribution | None) -> Any:
        return None if every is None else written_life(every, self.basis)

    @model_validator(mode="after")
    def _called(self) -> Self:
        if self.every is None and self.window is None and not self.conditions:
            raise ValueError("expected every, window or conditions, got none of them")
        return self


class ScrapDriftConfig(Config):
    """Scrap that grows with wear."""

    worn: Ratio = Field(description="share of scrap at the end of the life of the failure mode")
    growth: Literal["linear", "exponential"] = Field(
        default="linear", description="how the share grows from scrap to worn with the share of the life used"
    )
    mode: Identifier | None = Field(default=None, description="failure mode whose wear counts; default: the most worn")


class HoldRuleConfig(Config):
    """When scrap puts the unit on QUALITY_HOLD."""

    scrap: int = Field(ge=1, description="so many scrapped parts")
    parts: int = Field(ge=1, description="among so many last parts")
    duration: Durations = Field(description="time of the check that ends the hold")
    crew: Skill | None = Field(default=None, description="skill of the worker who checks; None: nobody is needed")
    priority: int = Field(default=0, description="rank among those who wait for the same crew; lower comes first")


class SetupConfig(Config):
    """Preparation when the item changes."""

    duration: Durations = Field(description="time of one setup")
    by_change: dict[str, Durations] = Field(default={}, description="time by change, key 'from>to'")


class PowerConfig(Config):
    """Electrical power by state and energy per part."""

    producing: Power = Field(default=0.0, description="while producing")
    setup: Power | None = Field(default=None, description="during setup; default: as idle")
    idle: Power = Field(default=0.0, description="waiting, starved, blocked, on a break")
    down: Power = Field(default=0.0, description="failed or under repair")
    off: Power = Field(default=0.0, description="outside all shifts")
    per_part: Energy = Field(default=0.0, description="added when a part is completed")
    ramp: Duration = Field(
        default=0.0, description="time in which the power goes from that of the last state to that of the new, evenly"
    )


class MeterConfig(Config):
    """A counter that does not only ever grow, or whose limits are known; values in the unit of the counter."""

    rolls_over_at: float | None = Field(default=None, gt=0, description="it starts anew at 0 when it comes here")
    net: bool = Field(default=False, description="it also falls, when more is given back than taken")
    interval: bool = Field(
        default=False, description="it is no counter: each value is what was used since the value before"
    )
    max_per_h: float | None = Field(
        default=None, gt=0, description="most that it can count in an hour; default: from the power of the unit"
    )


class MediumConfig(Config):
    """Compressed air or gas that a unit takes, by state and by part."""

    producing: VolumeFlow = Field(default=0.0, description="while producing")
    setup: VolumeFlow | None = Field(default=None, description="during setup; default: as idle")
    idle: VolumeFlow = Field(default=0.0, description="waiting, starved, blocked, on a break: leaks, pilot flames")
    down: VolumeFlow = Field(default=0.0, description="failed or under repair")
    off: VolumeFlow = Field(default=0.0, description="outside all shifts")
    per_part: Volume = Field(default=0.0, description="added when a part is completed")


class DeviceConfig(Config):
    """What stands for the machine: a simulation, a recording, a real PLC; which one changes nothing downstream."""

    profile: str = Field(description="tag profile, e.g. cnc, press, robot_cell; see factory list")
    driver: str = Field(default="simulated", description="simulated, replay, or a kind of connection to a real machine")
    options: dict[str, Any] = Field(default={}, description="options of the driver, checked by the driver")
    others: dict[str, dict[str, Any]] = Field(default={}, description="drivers that may take its place, with options")
    shadow: bool = Field(default=False, description="say what the simulated machine does beside what the real one does")
    drives: bool = Field(default=False, description="a part leaves the unit when its real machine has counted one")
    time: Literal["source", "server", "arrival"] = Field(
        default="source",
        description="whose time its values have: its own, that of their message, or that of their arrival, which makes "
        "them uncertain; for devices whose clock is wrong",
    )


class NeedConfig(Config):
    """People or tools that an operation needs."""

    skill: Skill = Field(description="what is needed: workers and tools of the site with this among their skills")
    number: int = Field(default=1, ge=1, description="how many of them")
    during: tuple[Literal["setup", "load", "operation", "unload"], ...] = Field(
        default=("operation",), min_length=1, description="phases in which they are needed"
    )
    keep_until: tuple[UnitName, ...] = Field(
        default=(),
        description="taken along with the part until its operation at one of these units is over, ids in the line or "
        "full paths; its own id: kept from the first phase to the last; default: given back after each phase",
    )


class Reference(NamedTuple):
    """Something of the plant that the configuration of a unit names.

    Args:
        field: Field that names it, with keys and numbers behind points: ``needs.0.skill``.
        name: Id of the item, skill or calendar; of a unit its id in the line, or its path.
        trait: What a unit must be, e.g. ``dispatches``: a flag of :class:`StationConfig`; empty: anything.
        having: A field of its configuration and the value that it must have, if any.
        of: What is named: ``unit``, ``item``, ``skill`` of the people and tools of the site, or ``calendar``.
    """

    field: str
    name: str
    trait: str = ""
    having: tuple[str, str] | None = None
    of: Sort = "unit"


class StationConfig(Config):
    """Base of every kind of station; see the module of the kind for the rest."""

    begins: ClassVar[bool] = False
    """Material enters the plant here: nothing is given to it."""
    ends: ClassVar[bool] = False
    """Material leaves the plant here: it gives nothing on."""
    fed: ClassVar[bool] = False
    """It is of no use when nothing comes to it."""
    network: ClassVar[bool] = False
    """A member of the supply network: it trades by orders, also with other sites."""
    conveys: ClassVar[bool] = False
    """Of a member of the supply network: what is bought only passes here on its way."""
    dock: ClassVar[Literal["", "out", "in"]] = ""
    """Loads leave for another site here, or arrive from one."""
    pooled: ClassVar[bool] = False
    """It works from the queue of a pool, and its lots go on where their recipe says."""
    releases: ClassVar[bool] = False
    """Lots enter the pools here, and come back when their recipe is done."""
    joins: ClassVar[bool] = False
    """It makes one piece of several: fewer leave than come."""
    splits: ClassVar[bool] = False
    """It makes several pieces of one: more leave than come, and only what it can take apart comes."""
    frees_cards: ClassVar[bool] = False
    """A loop of cards may end here."""
    dispatches: ClassVar[bool] = False
    """It gives jobs to vehicles."""

    id: Identifier = Field(description="name of the unit within its line")
    kind: str = Field(description="kind of station; see factory list")
    title: Titled | None = Field(default=None, description="name for people; default: the id")
    to: tuple[str, ...] | None = Field(
        default=None,
        description="where material goes: ids in the line or full paths; default: the next station listed; []: nowhere",
    )
    device: DeviceConfig | None = Field(default=None, description="what it says; None: only events, no telemetry")
    calendar: str | None = Field(default=None, description="shift calendar; default: that of the line")
    power: PowerConfig = Field(default=PowerConfig(), description="power model")
    air: MediumConfig | None = Field(default=None, description="compressed air that it takes; None: not metered")
    gas: MediumConfig | None = Field(default=None, description="natural gas that it burns; None: not metered")
    meters: dict[Literal["energy_kwh", "air_m3", "gas_m3"], MeterConfig] = Field(
        default={}, description="how its counters are to be read, by tag; for those of real machines and recordings"
    )
    link: str | None = Field(default=None, description="link of the chain whose output this unit completes")
    position: tuple[Length, Length] | None = Field(
        default=None, description="where it stands on the floor, x and y, for walking"
    )

    flows: ClassVar[bool] = True
    """Whether material comes to it."""

    @property
    def instant(self) -> bool:
        """Whether what comes here may leave at the same instant, one part after another."""
        return False

    @property
    def boundless(self) -> bool:
        """Whether any number of parts may come in and go out at one instant, though each may be under way for long."""
        return self.instant

    @property
    def returns(self) -> bool:
        """Whether all that comes is sent to rework, again and again."""
        return False

    @property
    def endless(self) -> bool:
        """Whether it gives a part whenever one is wanted, without end."""
        return False

    def references(self) -> tuple[Reference, ...]:
        """What it names, beside ``to``: all fields whose type says so, see :mod:`twin.config.named`."""
        return tuple(Reference(".".join(map(str, loc)), name, of=of) for loc, name, of in names_in(self) if of != "own")

    def takes_power(self) -> bool:
        """Whether it uses electrical energy; kinds that take it otherwise than by ``power`` say so too."""
        power = self.power
        return any((power.producing, power.setup, power.idle, power.down, power.off, power.per_part))

    def counters(self) -> tuple[TagSpec, ...]:
        """What it counts beside energy and media, each in the attribute of the unit of that name."""
        return ()

    def opening(self) -> set[str]:
        """Items that are here at the start or come from outside."""
        return {*getattr(self, "mix", ()), *getattr(self, "initial", ()), *getattr(self, "supplies", ())}

    def accepts(self, items: set[str]) -> set[str]:
        """Which of some items may come here."""
        return items

    def leaving(self, items: set[str], to: EquipmentPath) -> set[str]:  # noqa: ARG002 - most give the same to all
        """What leaves to a destination when some items come here."""
        makes = getattr(self, "makes", None)
        return items if makes is None else {makes}

    def problems(self, path: EquipmentPath, items: set[str]) -> list[Problem]:  # noqa: ARG002 - most have none
        """What is wrong with it at its path when some items come here, beside what a single field tells."""
        return []

    @property
    def dated(self) -> bool:
        """Whether it does something at a time, or in a period, that counts from simulated second 0."""
        return self.device is not None and (self.device.driver != "simulated" or bool(self.device.options))

    def awaits(self, items: set[str]) -> float:  # noqa: ARG002 - most begin with what comes
        """How many of the parts of some items that come here may wait here for others of them; infinite: any number."""
        return 0

    def brings(self) -> dict[str, float]:
        """Items that are here at the start or come from outside, with the most that ever do; infinite: any number."""
        initial = {} if self.network else getattr(self, "initial", {})
        return {item: initial.get(item, inf) for item in self.opening()}

    def gathers(self, items: set[str]) -> Iterator[tuple[str, set[str], int]]:  # noqa: ARG002 - most begin with one
        """Field, and which of some items that come here it waits for until so many of them are there together."""
        yield from ()

    def card(self, item: str) -> tuple[str, float] | None:  # noqa: ARG002 - most let in any number
        """The card that an item takes here and gives back at the ``exit``: which, and how many there are of it."""
        return None

    def makings(self, items: set[str]) -> Iterator[tuple[str, Mapping[str, float]]]:
        """What is made here of what, when some items come here: product and number of each item in one."""
        makes = getattr(self, "makes", None)
        if makes is not None:
            for item in sorted(items):
                yield makes, {item: 1}


class ProcessConfig(StationConfig):
    """Base of the kinds that work on material for some time."""

    cycle: Durations | None = Field(default=None, description="time of one operation, for every item without its own")
    cycles: dict[Item, Durations] = Field(default={}, description="time of one operation by item")
    ideal_cycle: Duration | None = Field(
        default=None, description="planned run time per item (PRI); default: mean of the cycle over the capacity"
    )
    failures: tuple[FailureConfig, ...] = Field(default=(), description="failure modes")
    maintenance: tuple[MaintenanceConfig, ...] = Field(default=(), description="preventive and predictive maintenance")
    setup: SetupConfig | None = Field(default=None, description="setup when the item changes")
    scrap: Ratio = Field(default=0.0, description="share of operations that spoil the part")
    scrap_drift: ScrapDriftConfig | None = Field(default=None, description="scrap that grows with wear")
    hold_rule: HoldRuleConfig | None = Field(default=None, description="stop for quality after too much scrap")
    needs: tuple[NeedConfig, ...] = Field(default=(), description="people and tools that operations need")
    load_time: Durations | None = Field(default=None, description="loading before each operation; None: no time")
    unload_time: Durations | None = Field(
        default=None, description="unloading after each operation, before the part can leave; None: no time"
    )
    priority: int = Field(default=0, description="rank among those who want the same people; lower comes first")
    behaviours: tuple[Behaviours, ...] = Field(
        default=(), description="what else its operations go through, in this order, e.g. warming up"
    )

    fed: ClassVar[bool] = True
    several: ClassVar[bool] = False
    """Whether one operation is on several parts, or makes several of one."""

    def references(self) -> tuple[Reference, ...]:
        inner = (
            Reference(".".join(map(str, ("behaviours", number, *loc))), name, of=of)
            for number, one in enumerate(self.behaviours)
            for loc, name, of in names_in(one)
            if of != "own"
        )
        return (*super().references(), *inner)

    @property
    def instant(self) -> bool:
        laws = [*([] if self.cycle is None else [self.cycle]), *self.cycles.values()]
        around = (self.load_time, self.unload_time, None if self.setup is None else self.setup.duration)
        stops = self.failures or self.maintenance or self.hold_rule or self.behaviours
        return not stops and bool(laws) and all(law.timeless for law in (*laws, *around) if law is not None)

    def ideal_s(self, *laws: Distribution) -> float | None:
        """Planned run time per item (PRI) in s of operations that take so long.

        Args:
            laws: Times of one operation; of several, their plain mean counts.

        Returns:
            The configured time, else the mean over the capacity; None without either.

        Source: the default is our own choice; the element is the PRI of ISO 22400-2.
        """
        if self.ideal_cycle is not None or not laws:
            return self.ideal_cycle
        return sum(law.mean_s for law in laws) / len(laws) / int(getattr(self, "capacity", 1))


class LineConfig(Config):
    """A line (ISA-95 work centre): stations in the order of the flow."""

    id: Identifier = Field(description="name of the line within its area")
    title: Titled | None = Field(default=None, description="name for people")
    calendar: str | None = Field(default=None, description="shift calendar; default: that of the site")
    order: str | None = Field(
        default=None, description="standing job order of the line; default: made from the line's name"
    )
    stations: tuple[SerializeAsAny[StationConfig], ...] = Field(
        min_length=1, description="units in the order of the flow"
    )

    @property
    def standing_order(self) -> str:
        """Id of the job order that is on its units as long as nothing else is."""
        return self.order or f"{self.id}-standing"


class AreaConfig(Config):
    """An area (workshop) of a site."""

    id: Identifier = Field(description="name of the area within its site")
    title: Titled | None = Field(default=None, description="name for people")
    lines: tuple[LineConfig, ...] = Field(min_length=1, description="lines")


class SiteConfig(Config):
    """A site: one place, one publisher, one grid."""

    id: Identifier = Field(description="name of the site within its enterprise")
    title: Titled | None = Field(default=None, description="name for people")
    latitude: float | None = Field(default=None, ge=-90, le=90, description="degrees north")
    longitude: float | None = Field(default=None, ge=-180, le=180, description="degrees east")
    district: str | None = Field(default=None, description="district it lies in")
    zone: ZoneName | None = Field(default=None, description="time zone of its local times; default: that of the plant")
    calendar: str | None = Field(default=None, description="shift calendar; default: always on shift")
    grid_factor: GridFactor = Field(default=0.5306, description="CO2 of one kWh from the grid")
    grid_factors: dict[TimeOfDay, GridFactor] = Field(
        default={}, description="CO2 of one kWh by time of day, from each start on; default: grid_factor all day"
    )
    tariff: dict[TimeOfDay, EnergyPrice] = Field(
        default={}, description="price of one kWh by time of day, from each start on; default: no cost is computed"
    )
    envelope: EnvelopeConfig | None = Field(default=None, description="power and gas it may draw over time")
    grade: Grade | None = Field(
        default=None, description="class of the per-mu evaluation; None: not graded, treated as B"
    )
    value_added_per_kwh: EnergyValue | None = Field(
        default=None, description="value that it adds per kWh of electricity it uses"
    )
    areas: tuple[AreaConfig, ...] = Field(min_length=1, description="areas")


class EnterpriseConfig(Config):
    """An enterprise with its sites."""

    id: Identifier = Field(description="name of the enterprise")
    title: Titled = Field(description="name for people; fictitious in shipped scenarios")
    sites: tuple[SiteConfig, ...] = Field(min_length=1, description="sites")


class ChainLinkConfig(Config):
    """A link (node) of the industrial graph."""

    id: Identifier = Field(description="name of the link")
    title: Titled = Field(description="name for people")
    segment: Literal["upstream", "midstream", "downstream", "service"] = Field(description="segment of the chain")
    item: str = Field(description="item it supplies")
    quantity: float = Field(gt=0, description="units of the item per final product, q_l")
    key: bool = Field(default=False, description="a key link")
    status: Literal["strong", "normal", "weak", "blank"] = Field(default="normal", description="declared status")


class ChainEdgeConfig(Config):
    """Material flow between two links."""

    source: str = Field(description="supplying link")
    target: str = Field(description="consuming link")
    distance: Distance | None = Field(default=None, description="way between the sites")
    time: Duration | None = Field(default=None, description="planned transport time")


class ChainConfig(Config):
    """The supply chain that the plant's sites form."""

    id: Identifier = Field(description="name of the chain")
    title: Titled = Field(description="name for people")
    final_item: str = Field(description="final product")
    demand: Rate | None = Field(default=None, description="demand for the final product")
    links: tuple[ChainLinkConfig, ...] = Field(min_length=1, description="links")
    edges: tuple[ChainEdgeConfig, ...] = Field(default=(), description="flows between links")


class PlantConfig(Begun):
    """Everything the engine needs to build a plant."""

    items: dict[str, ItemConfig] = Field(description="materials by id")
    districts: dict[str, Titled] = Field(default={}, description="names for people of the districts, by id")
    calendars: dict[str, CalendarConfig] = Field(default={}, description="shift calendars by id")
    enterprises: tuple[EnterpriseConfig, ...] = Field(min_length=1, description="enterprises")
    chain: ChainConfig | None = Field(default=None, description="supply chain over the sites")
    perturbations: tuple[PerturbationConfig, ...] = Field(default=(), description="what will go wrong")
    envelopes: tuple[CommonEnvelopeConfig, ...] = Field(
        default=(), description="power and gas that several sites may draw together over time"
    )
    recipes: dict[str, RecipeConfig] = Field(default={}, description="how lots are made, by id of the recipe")
    pools: dict[str, PoolConfig] = Field(
        default={}, description="groups of tools with one queue, by id; a tool whose pool is not here has the defaults"
    )
    moves: dict[str, Durations] = Field(
        default={}, description="time of moving a lot between places of pools, key 'from>to'; default: none"
    )

    def sites(self) -> Iterator[tuple[EquipmentPath, SiteConfig]]:
        """All sites with their paths, in document order."""
        for enterprise in self.enterprises:
            for site in enterprise.sites:
                yield EquipmentPath.of(enterprise.id, site.id), site

    def lines(self) -> Iterator[tuple[EquipmentPath, SiteConfig, LineConfig]]:
        """All lines with their paths and sites, in document order."""
        for path, site in self.sites():
            for area in site.areas:
                for line in area.lines:
                    yield path.child(area.id).child(line.id), site, line

    def stations(self) -> Iterator[tuple[EquipmentPath, LineConfig, StationConfig]]:
        """All stations with their paths and lines, in document order."""
        for path, _, line in self.lines():
            for station in line.stations:
                yield path.child(station.id), line, station


def calendar_name(site: SiteConfig, line: LineConfig, station: StationConfig | None = None) -> str | None:
    """Id of the calendar in force at a station, or at a line as a whole; None: always on shift."""
    own = None if station is None else station.calendar
    return own or line.calendar or site.calendar
