"""Master data that travels as META records, so that the brain needs nothing else.

Each class is one schema; a META record carries its name and the document as JSON.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from twin.dates import Day
from twin.equipment import EquipmentPath, Level
from twin.records import Frame, RecordKind, records
from twin.states import MINOR_STOP_MAX_S
from twin.tags import TagSpec
from twin.zone import Zone, named, zone_of

Amount = Annotated[float, Field(ge=0, le=1e15)]
OfDay = Annotated[float, Field(ge=-172_800, le=345_600)]
"""Seconds after the local midnight of a day, which may lie in the days around it."""
Lasting = Annotated[float, Field(ge=0, le=172_800)]
Offset = Annotated[float, Field(ge=-100_000, le=100_000)]
Weekday = Annotated[int, Field(ge=0, le=6)]
MOST_SHIFTS, MOST_EXCEPTIONS = 100, 1000
FOREIGN = "unit"
"""Kind of equipment that is not ours; its path may be of another level."""
WORKING = "work"
"""Role of units that work on material."""
HANDLING = "handle"
"""Role of units that move or keep it, with power, and complete no operation."""
POWERED = frozenset({WORKING, HANDLING, "utility"})
"""Roles of units that take power: without a meter their energy is unknown; others may have none."""


class Master(BaseModel):
    """Base of all master data. Bounds are those within which the brain can reckon, not those of good sense."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)
    schema_name: ClassVar[str]


class ShiftMaster(Master):
    """One shift of a calendar: start in seconds after local midnight, length, breaks as (start, length).

    All are local times: where the clock is changed in between, the shift is shorter or longer than its length.
    ``days`` are the weekdays (0 Monday) on which it starts, where they are not those of its calendar.
    """

    schema_name: ClassVar[str] = "shift"
    id: str
    start_s: OfDay
    duration_s: Lasting
    breaks: Annotated[tuple[tuple[OfDay, Lasting], ...], Field(max_length=MOST_SHIFTS)] = ()
    days: tuple[Weekday, ...] | None = None


class ExceptionMaster(Master):
    """Days on which other shifts start than usual.

    Args:
        first: First day as ``yyyy-mm-dd``, or ``mm-dd`` in every year.
        last: Last day in the same form; before ``first`` only in every year, over its end.
        like: Weekday (0 Monday) whose shifts start.
        shifts: Shifts that start; without ``like`` and shifts none do.
    """

    schema_name: ClassVar[str] = "exception"
    first: Day
    last: Day
    like: Weekday | None = None
    shifts: Annotated[tuple[ShiftMaster, ...], Field(max_length=MOST_SHIFTS)] = ()


class RotationMaster(Master):
    """Days of work and of rest in turn, from a day (``yyyy-mm-dd``) on and before it."""

    schema_name: ClassVar[str] = "rotation"
    first: Annotated[Day, Field(min_length=10)]
    work: int = Field(ge=1, le=1000)
    rest: int = Field(ge=1, le=1000)


class CalendarMaster(Master):
    """A calendar of shifts.

    Args:
        days: Weekdays (0 Monday) on which its shifts start.
        shifts: Its shifts.
        rotation: Days of work and rest in turn; of both ``days`` and this a day must be.
        exceptions: Days on which it is otherwise; of several that name a day the last counts.
    """

    schema_name: ClassVar[str] = "calendar"
    days: tuple[Weekday, ...] = (0, 1, 2, 3, 4, 5, 6)
    shifts: Annotated[tuple[ShiftMaster, ...], Field(max_length=MOST_SHIFTS)] = ()
    rotation: RotationMaster | None = None
    exceptions: Annotated[tuple[ExceptionMaster, ...], Field(max_length=MOST_EXCEPTIONS)] = ()


class MeterMaster(BaseModel):
    """What is known of a counter that a unit says, so that its readings are read as they are meant.

    Args:
        rolls_over_at: It starts anew at 0 when it comes here, in its own unit; None: never.
        net: It also falls, when more is given back than taken.
        interval: It is no counter: each value is what was used since the value before.
        max_per_h: Most that it can count in an hour; None: not known.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)
    rolls_over_at: Annotated[float, Field(gt=0)] | None = None
    net: bool = False
    interval: bool = False
    max_per_h: Annotated[float, Field(gt=0)] | None = None


SEVERAL = {"joins": "takes", "splits": "gives"}
"""What a unit of more pieces than one is, and where their number stands."""


def _listed(pieces: object) -> bool:
    return isinstance(pieces, dict) and all(type(number) is int for number in pieces.values())


class EquipmentMaster(Master):
    """A unit.

    Args:
        kind: Kind of station, e.g. ``machine``; ``unit`` for foreign equipment.
        role: What it is for: ``work``, ``handle``, ``store``, ``carry``, ``feed``, ``trade``, ``person``, ``fixture``,
            ``utility`` or ``desk``.
        routed: Its material comes and goes by recipes, and not by the links between units.
        completes: Lots come back here when their recipe is done.
        joins: It makes one piece of several.
        splits: It makes several pieces of one.
        gives: Pieces that one item becomes, by item, where it is not one; of all others under the empty name.
        takes: The same of the pieces that one is made of, by what is made.
        parts: Which pieces those are, by item: of what is made, or of what is taken apart (all under the empty name).
        carries: Items that go to each of ``to``, where that is known.
        samples: It lets items pass of which it says nothing.
        sampled: Share of the items that it works on, where it lets others pass; None: not known.
        leaves: Material leaves the plant here, and all of it is counted.
        rework_to: Path of the unit that it sends rework to.
        kind_en: English name of the kind.
        kind_zh: Chinese name of the kind.
        profile: Tag profile, None when it has no telemetry.
        profile_en: English name of the profile.
        profile_zh: Chinese name of the profile.
        tags: Its tags.
        meters: What is known of its counters, by tag.
        en: English title.
        zh: Chinese title.
        position: Number of the unit in its line, from 0.
        ideal_s: Planned run time per item of the unit (PRI) in s; None where it is not known or it does not process.
        capacity: Places, of units that store.
        to: Paths of the units that its material goes to.
        link: Link of the chain whose output it completes.
        final: What leaves here is shipped final product.
        calendar: Its calendar, where it is not that of its line.
        minor_stop_max_s: A minor stop that lasts longer is a failure.
    """

    schema_name: ClassVar[str] = "equipment"
    kind: str
    role: str = WORKING
    routed: bool = False
    completes: bool = False
    joins: bool = False
    splits: bool = False
    gives: dict[str, Annotated[int, Field(ge=1, lt=2**31)]] = {}
    takes: dict[str, Annotated[int, Field(ge=1, lt=2**31)]] = {}
    parts: dict[str, dict[str, Annotated[int, Field(ge=1, lt=2**31)]]] = {}
    carries: dict[str, tuple[str, ...]] = {}
    samples: bool = False
    sampled: Annotated[float, Field(ge=0, le=1)] | None = None
    leaves: bool = False
    rework_to: str = ""
    kind_en: str = "Unit"
    kind_zh: str = "设备"
    profile: str | None = None
    profile_en: str = ""
    profile_zh: str = ""
    tags: tuple[TagSpec, ...] = ()
    meters: dict[str, MeterMaster] = {}
    en: str
    zh: str
    position: Annotated[int, Field(ge=-(2**31), lt=2**31)] = 0
    ideal_s: Amount | None = None
    capacity: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    to: tuple[str, ...] = ()
    link: str | None = None
    final: bool = False
    calendar: CalendarMaster | None = None
    minor_stop_max_s: Annotated[float, Field(ge=0, le=1e9)] = MINOR_STOP_MAX_S

    @model_validator(mode="before")
    @classmethod
    def _numbers(cls, said: Any) -> Any:
        """How many pieces it takes or gives follows from which they are."""
        parts = said.get("parts") if isinstance(said, dict) else None
        if not isinstance(parts, dict) or not all(map(_listed, parts.values())):
            return said
        numbers = {item: sum(listed.values()) for item, listed in parts.items()}
        return said | {name: numbers for flag, name in SEVERAL.items() if said.get(flag) and not said.get(name)}

    @property
    def processing(self) -> bool:
        """Whether it works on material, whether or not it is known how long it should take; tools of pools only so."""
        return self.kind == FOREIGN or self.ideal_s is not None or (self.role == WORKING and not self.routed)


class NameMaster(Master):
    """What people call something, in both languages."""

    schema_name: ClassVar[str] = "name"
    en: str
    zh: str


class PlaceMaster(Master):
    """An enterprise, site, area or line.

    Args:
        en: English title.
        zh: Chinese title.
        latitude: Degrees north.
        longitude: Degrees east.
        district: District.
        district_en: English name of the district.
        district_zh: Chinese name of the district.
        grid_factor_kg_per_kwh: CO2 of one kWh from the grid, sites only.
        grid_factors_kg_per_kwh: The same by time of day (``hh:mm``), where it varies; sites only.
        tariff_cny_per_kwh: Price of one kWh by time of day, where there is one; sites only.
        days: Weekdays (0 Monday) on which shifts start; lines only.
        shifts: Shifts of the line's calendar; empty: always on shift.
        rotation: Days of work and rest in turn; lines only.
        exceptions: Days on which other shifts start; lines only.
        utc_offset_s: Offset of local time from UTC in s; of a named zone that at the begin of the run.
        zone: Time zone of the IANA database; empty: always that offset.
        items: What people call the materials, by id; sites only.
        causes: What people call the causes of states and alarms (failure modes, jobs, perturbations); sites only.
    """

    schema_name: ClassVar[str] = "place"
    en: str
    zh: str
    latitude: float | None = None
    longitude: float | None = None
    district: str | None = None
    district_en: str = ""
    district_zh: str = ""
    grid_factor_kg_per_kwh: Amount | None = None
    grid_factors_kg_per_kwh: dict[str, Amount] = {}
    tariff_cny_per_kwh: dict[str, float] = {}
    days: tuple[Weekday, ...] = (0, 1, 2, 3, 4, 5, 6)
    shifts: Annotated[tuple[ShiftMaster, ...], Field(max_length=MOST_SHIFTS)] = ()
    rotation: RotationMaster | None = None
    exceptions: Annotated[tuple[ExceptionMaster, ...], Field(max_length=MOST_EXCEPTIONS)] = ()
    utc_offset_s: Offset = 0.0
    zone: str = ""
    items: dict[str, NameMaster] = {}
    causes: dict[str, NameMaster] = {}

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if zone:
            named(zone)
        return zone

    @property
    def clock(self) -> Zone:
        """Its local time."""
        return zone_of(self.zone, self.utc_offset_s)


class LinkMaster(Master):
    """A link of the chain; ``units`` are the paths of the units that complete its output."""

    schema_name: ClassVar[str] = "link"
    id: str
    en: str
    zh: str
    segment: str
    item: str
    quantity: Amount
    key: bool = False
    status: str = "normal"
    units: tuple[str, ...] = ()


class EdgeMaster(Master):
    """A flow between two links."""

    schema_name: ClassVar[str] = "edge"
    source: str
    target: str
    distance_km: float | None = None
    time_s: float | None = None


class ChainMaster(Master):
    """A supply chain; its META record has the path of the chain, one segment ``chain-<id>``."""

    schema_name: ClassVar[str] = "chain"
    id: str
    en: str
    zh: str
    final_item: str
    demand_per_day: Amount | None = None
    links: tuple[LinkMaster, ...]
    edges: tuple[EdgeMaster, ...] = ()
    item_values: dict[str, float] = {}


SCHEMAS: dict[str, type[Master]] = {
    master.schema_name: master for master in (EquipmentMaster, PlaceMaster, ChainMaster)
}


def master_problem(path: EquipmentPath, schema: str, body: str) -> str:
    """What keeps a document from being the master data of a path; empty when nothing does, or nobody knows the schema.

    >>> master_problem(EquipmentPath("a/b"), "equipment", '{"kind": "machine", "en": "M", "zh": "M"}')
    'equipment: expected the path of a unit, got a/b'
    """
    try:
        master = read_master(schema, body)
    except (ValueError, TypeError, RecursionError) as error:
        return f"{schema}: expected a document of that schema, got {error}"
    if isinstance(master, EquipmentMaster) and path.level is not Level.UNIT and master.kind != FOREIGN:
        return f"{schema}: expected the path of a unit, got {path}"
    if isinstance(master, PlaceMaster) and path.level is Level.UNIT:
        return f"{schema}: expected the path of an enterprise, site, area or line, got {path}"
    if isinstance(master, ChainMaster) and path.level is not Level.ENTERPRISE:
        return f"{schema}: expected the path of a chain, got {path}"
    return ""


def chain_path(chain_id: str) -> EquipmentPath:
    """The path under which a chain's records travel."""
    return EquipmentPath(f"chain-{chain_id}")


NAMING = frozenset(
    (
        *("en", "zh", "kind_en", "kind_zh", "profile", "profile_en", "profile_zh", "tags", "items", "causes"),
        *("latitude", "longitude", "district", "district_en", "district_zh"),
    )
)
"""Fields that only say what something is called, or are judged elsewhere (tags)."""


def counted(master: Master) -> tuple[tuple[str, Any], ...]:
    """What of master data figures depend on."""
    return tuple((name, value) for name, value in master if name not in NAMING)


BY_MOMENT = frozenset(
    (
        *("days", "shifts", "rotation", "exceptions", "calendar"),
        *("grid_factor_kg_per_kwh", "grid_factors_kg_per_kwh", "tariff_cny_per_kwh"),
    )
)
"""Fields that say something of each moment, so that a span in which they change is the sum of its parts."""


def structure(master: Master) -> tuple[tuple[str, Any], ...]:
    """What of master data figures depend on and a span can have only one of; also whether there are rates at all."""
    kept = [(name, value) for name, value in counted(master) if name not in BY_MOMENT]
    if isinstance(master, PlaceMaster):
        factors = master.grid_factor_kg_per_kwh is not None or bool(master.grid_factors_kg_per_kwh)
        kept += [("factors", factors), ("prices", bool(master.tariff_cny_per_kwh))]
    return tuple(kept)


def meta_frame(time_ns: int, masters: list[tuple[EquipmentPath, Master]]) -> Frame:
    """META records of some master data."""
    rows: list[tuple[EquipmentPath, int, tuple[Any, ...]]] = [
        (path, time_ns, (master.schema_name, master.model_dump_json())) for path, master in masters
    ]
    return records(RecordKind.META, rows)


def read_master(schema: str, body: str) -> Master | None:
    """The document of a META record; None for a schema that is not known.

    Raises:
        ValueError: The text is not a document of that schema.
    """
    kind = SCHEMAS.get(schema)
    return None if kind is None else kind.model_validate_json(body)
