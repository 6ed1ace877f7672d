"""Master data of a plant: what equipment there is, where it stands, how the chain hangs together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from devices.names import cause_names, item_names
from devices.profiles import profiles
from devices.shadow import shadow_tags
from devices.signals.signal import AIR, ENERGY, GAS, POWER, Signal, counter
from twin.behaviours.calendar import calendar_master
from twin.config.plant import (
    CalendarConfig,
    ChainConfig,
    ChainLinkConfig,
    LineConfig,
    MeterConfig,
    PlantConfig,
    PowerConfig,
    ProcessConfig,
    SiteConfig,
    StationConfig,
    Title,
    calendar_name,
)
from twin.control.planned import planned_run_s, pool_of
from twin.day_pattern import DAY_S
from twin.engine.links import Paths, destinations, items_at, reach, rework_target
from twin.engine.station import Station
from twin.equipment import EquipmentPath
from twin.master import (
    HANDLING,
    POWERED,
    WORKING,
    CalendarMaster,
    ChainMaster,
    EdgeMaster,
    EquipmentMaster,
    LinkMaster,
    Master,
    MeterMaster,
    PlaceMaster,
    chain_path,
    meta_frame,
)
from twin.records import Frame
from twin.stations import stations
from twin.tags import TagSpec
from twin.zone import Axis


def ideal_s(station: StationConfig) -> float | None:
    """Planned run time per item (PRI) in s; None for units that do not process.

    Where each item has its own time and the unit none, their plain mean; the exact one comes with every part.
    """
    if not isinstance(station, ProcessConfig):
        return None
    return station.ideal_s(*([station.cycle] if station.cycle is not None else station.cycles.values()))


def made_item(station: StationConfig) -> str:
    """The item that leaves a unit, where the configuration says so; else empty."""
    makes = getattr(station, "makes", None)
    cycles = list(getattr(station, "cycles", {}))
    return makes or (cycles[0] if len(cycles) == 1 else "")


def power_range_kw(power: PowerConfig) -> float | None:
    """Upper end of the range of a unit's power meter: a quarter above its highest power, to two digits.

    >>> power_range_kw(PowerConfig(producing="12 kW", idle="3 kW"))
    15.0
    """
    highest = max(power.producing, power.setup or 0.0, power.idle, power.down, power.off)
    return float(f"{1.25 * highest:.2g}") if highest > 0 else None


def meters_of(station: StationConfig) -> tuple[Signal, ...]:
    """Meters of compressed air and gas that a unit has, and what else it counts."""
    air = () if station.air is None else (AIR,)
    gas = () if station.gas is None else (GAS,)
    return (*air, *gas, *map(counter, station.counters()))


def has_meter(station: StationConfig) -> bool:
    """Whether the energy of a unit is metered: it has a device, it works, or it takes power."""
    said = station.device is not None or ENERGY.name in station.meters
    works = getattr(stations[station.kind], "role", Station.role) in POWERED
    return said or works or station.takes_power()


def role_of(station: StationConfig) -> str:
    """What a unit is for: where its kind says that it works but completes nothing, it handles material."""
    kind = stations[station.kind]
    role: str = getattr(kind, "role", Station.role)
    works = isinstance(station, ProcessConfig) or getattr(kind, "records_parts", Station.records_parts)
    return role if works or role != WORKING else HANDLING


def tags_of(station: StationConfig) -> tuple[TagSpec, ...]:
    """Tags of a unit: those of its profile, with the range of its power; without a device its meters."""
    meters = meters_of(station)
    if station.device is None:
        energy = (ENERGY,) if has_meter(station) else ()
        return tuple(meter.tag for meter in (*energy, *meters))
    high = power_range_kw(station.power)
    tags = replace(profiles[station.device.profile], media=meters).tags
    return tuple(replace(tag, high=high) if high and tag.name == POWER.name else tag for tag in tags)


def counting_tags(station: StationConfig) -> tuple[str, ...]:
    """Tags of a unit that only ever grow."""
    return tuple(tag.name for tag in tags_of(station) if tag.counter)


def said_tags(station: StationConfig) -> tuple[TagSpec, ...]:
    """All that a unit says: its tags, and those of its shadow where it has one."""
    tags = tags_of(station)
    shadowed = station.device is not None and station.device.shadow
    return (*tags, *shadow_tags(tags)) if shadowed else tags


def rating_of(station: StationConfig, tag: str) -> float | None:
    """Most that a counter can count in an hour: twice its highest rate; None if it is real, or parts add to it."""
    if station.device is not None and station.device.driver != "simulated":
        return None
    taken = {ENERGY.name: station.power, AIR.name: station.air, GAS.name: station.gas}[tag]
    if taken is None or taken.per_part:
        return None
    highest = max(taken.producing, taken.setup or 0.0, taken.idle, taken.down, taken.off)
    return 2 * highest or None


def counters_of(station: StationConfig) -> dict[str, MeterMaster]:
    """What is known of the counters of a unit: what the configuration says, and their ratings."""
    metered = has_meter(station)
    tags = (*([ENERGY.name] if metered else []), *(signal.name for signal in (AIR, GAS)))
    known = {}
    for tag in tags:
        said = station.meters.get(tag, MeterConfig()).model_dump()  # type: ignore[call-overload]
        known[tag] = MeterMaster(**{**said, "max_per_h": said["max_per_h"] or rating_of(station, tag)})
    return {tag: meter for tag, meter in known.items() if tag == ENERGY.name or meter != MeterMaster()}


def carried(config: PlantConfig, to: Mapping[EquipmentPath, Paths]) -> dict[EquipmentPath, dict[str, tuple[str, ...]]]:
    """Which items go where, of units before those that join several and after those that take apart.

    Args:
        config: The plant.
        to: Where each unit gives its material to.
    """
    known = {path: station for path, _, station in config.stations()}
    back: dict[EquipmentPath, list[EquipmentPath]] = {}
    for path, targets in to.items():
        for target in targets:
            back.setdefault(target, []).append(path)
    before = reach([path for path, one in known.items() if one.joins], lambda path: back.get(path, ()))
    after = reach([path for path, one in known.items() if one.splits], lambda path: to[path])
    concerned = {*before, *after}
    if not concerned:
        return {}
    items = items_at(known, to, {path: rework_target(path, one, known) for path, one in known.items()})
    return {
        path: {
            str(target): tuple(sorted(known[target].accepts(known[path].leaving(items[path], target))))
            for target in to[path]
        }
        for path in known
        if path in concerned
    }


def material(station: StationConfig, position: int, ways: tuple[Paths, Paths]) -> dict[str, Any]:
    """What master data say of the ways of material through a unit; parameters as of :func:`equipment`."""
    to, rework_to = ways
    return {
        "position": position,
        "to": to,
        "rework_to": next(iter(rework_to), ""),
        "routed": station.pooled,
        "completes": station.releases,
        "joins": station.joins,
        "splits": station.splits,
        "gives": getattr(station, "gives", {}),
        "takes": getattr(station, "takes", {}),
        "parts": getattr(station, "parts", {}),
        "samples": getattr(station, "samples", False),
        "sampled": getattr(station, "sampled", None) if getattr(station, "samples", False) else None,
        "leaves": station.ends and getattr(stations[station.kind], "records_parts", Station.records_parts),
    }


def equipment(
    station: StationConfig,
    position: int,
    ways: tuple[Paths, Paths],
    planned: Mapping[str, float],
    calendar: CalendarConfig | None = None,
    carries: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> EquipmentMaster:
    """Master data of one unit.

    Args:
        station: The unit.
        position: Its position in its line.
        ways: Where it gives its material to, and where it sends rework to.
        planned: Planned run time by pool, which is that of its tools.
        calendar: Its own calendar, where its line has another.
        carries: Items that go to each unit after it, where that matters.
    """
    title = station.title or Title(en=station.id, zh=station.id)
    kind_en, kind_zh = getattr(stations[station.kind], "titles", Station.titles)
    stores = bool(getattr(stations[station.kind], "stores", False))
    profile = None if station.device is None else profiles[station.device.profile]
    return EquipmentMaster(
        kind=station.kind,
        role=role_of(station),
        kind_en=kind_en,
        kind_zh=kind_zh,
        profile=None if station.device is None else station.device.profile,
        profile_en="" if profile is None else profile.en,
        profile_zh="" if profile is None else profile.zh,
        tags=said_tags(station),
        meters=counters_of(station),
        en=title.en,
        zh=title.zh,
        ideal_s=planned.get(pool_of(station)) if station.pooled else ideal_s(station),
        capacity=getattr(station, "capacity", None) if stores else None,
        link=station.link,
        **material(station, position, ways),
        carries=dict(carries),
        final=bool(getattr(station, "final", False)),
        calendar=None if calendar is None else calendar_master(calendar),
    )


def line_calendar(config: PlantConfig, site: SiteConfig, line: LineConfig) -> CalendarConfig | None:
    """The calendar by which a line's shifts are counted: that of all its stations if they agree, else the line's."""
    named = {calendar_name(site, line, station) for station in line.stations}
    name = named.pop() if len(named) == 1 else calendar_name(site, line)
    return None if name is None else config.calendars[name]


def _place(title: Title | None, name: str, axis: Axis) -> PlaceMaster:
    shown = title or Title(en=name, zh=name)
    return PlaceMaster(en=shown.en, zh=shown.zh, utc_offset_s=axis.offset_s, zone=axis.zone.name)


def _site_place(config: PlantConfig, path: EquipmentPath, site: SiteConfig) -> PlaceMaster:
    axis = config.axis(site)
    shown = site.title or Title(en=site.id, zh=site.id)
    district = config.districts.get(site.district or "")
    return PlaceMaster(
        en=shown.en,
        zh=shown.zh,
        utc_offset_s=axis.offset_s,
        zone=axis.zone.name,
        latitude=site.latitude,
        longitude=site.longitude,
        district=site.district,
        district_en=(site.district or "") if district is None else district.en,
        district_zh=(site.district or "") if district is None else district.zh,
        grid_factor_kg_per_kwh=site.grid_factor,
        grid_factors_kg_per_kwh=site.grid_factors,
        tariff_cny_per_kwh=site.tariff,
        items=item_names(config),
        causes=cause_names(config, path, site),
    )


def _line_place(config: PlantConfig, site: SiteConfig, line: LineConfig) -> PlaceMaster:
    place = _place(line.title, line.id, config.axis(site))
    calendar = line_calendar(config, site, line)
    if calendar is None:
        return place
    known = calendar_master(calendar)
    return place.model_copy(update={name: getattr(known, name) for name in CalendarMaster.model_fields})


def site_masters(config: PlantConfig, site: EquipmentPath) -> Iterator[tuple[EquipmentPath, Master]]:
    """Master data of a site, its enterprise, areas, lines and units, from the top down."""
    for enterprise in config.enterprises:
        for each in enterprise.sites:
            if EquipmentPath.of(enterprise.id, each.id) == site:
                yield EquipmentPath(enterprise.id), _place(enterprise.title, enterprise.id, config.axis())
                yield site, _site_place(config, site, each)
                yield from _areas(config, site, each)


def _areas(config: PlantConfig, path: EquipmentPath, site: SiteConfig) -> Iterator[tuple[EquipmentPath, Master]]:
    to, _ = destinations(config)
    planned = planned_run_s(config)
    known = {unit: station for unit, _, station in config.stations()}
    items = carried(config, to)
    for area in site.areas:
        yield path.child(area.id), _place(area.title, area.id, config.axis(site))
        for line in area.lines:
            here = path.child(area.id).child(line.id)
            yield here, _line_place(config, site, line)
            common = line_calendar(config, site, line)
            for position, station in enumerate(line.stations):
                unit, own = here.child(station.id), config.calendars.get(calendar_name(site, line, station) or "")
                ways, carries = (to[unit], rework_target(unit, station, known)), items.get(unit, {})
                yield unit, equipment(station, position, ways, planned, None if own is common else own, carries)


def _link(config: PlantConfig, link: ChainLinkConfig) -> LinkMaster:
    units = tuple(str(path) for path, _, station in config.stations() if station.link == link.id)
    return LinkMaster(
        id=link.id,
        en=link.title.en,
        zh=link.title.zh,
        segment=link.segment,
        item=link.item,
        quantity=link.quantity,
        key=link.key,
        status=link.status,
        units=units,
    )


def chain_master(config: PlantConfig, chain: ChainConfig) -> ChainMaster:
    """Master data of the chain over all sites."""
    edges = [
        EdgeMaster(source=edge.source, target=edge.target, distance_km=edge.distance, time_s=edge.time)
        for edge in chain.edges
    ]
    return ChainMaster(
        id=chain.id,
        en=chain.title.en,
        zh=chain.title.zh,
        final_item=chain.final_item,
        demand_per_day=None if chain.demand is None else chain.demand * DAY_S,
        links=tuple(_link(config, link) for link in chain.links),
        edges=tuple(edges),
        item_values={name: item.value for name, item in config.items.items() if item.value is not None},
    )


def chain_meta(config: PlantConfig, time_ns: int) -> Frame | None:
    """The META frame of the chain; None when the plant has none."""
    if config.chain is None:
        return None
    return meta_frame(time_ns, [(chain_path(config.chain.id), chain_master(config, config.chain))])
