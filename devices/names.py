"""What people call that of which records give the id only: materials, failure modes, jobs, orders, perturbations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from twin.basis import Title
from twin.config.plant import PlantConfig, SiteConfig, StationConfig
from twin.equipment import EquipmentPath
from twin.master import NameMaster

Named = tuple[str, Title | None]

STANDING = Title(en="Standing order", zh="常规订单")
"""What people call the order of a line to which nobody gave one."""


def item_names(config: PlantConfig) -> dict[str, NameMaster]:
    """What people call the materials."""
    return {name: _name(name, item.title) for name, item in config.items.items()}


def cause_names(config: PlantConfig, path: EquipmentPath, site: SiteConfig) -> dict[str, NameMaster]:
    """What people call the causes that states and alarms of a site can have, and orders that nobody named."""
    return {cause: _name(cause, title) for cause, title in _causes(config, path, site)}


def _causes(config: PlantConfig, path: EquipmentPath, site: SiteConfig) -> Iterator[Named]:
    caps: Sequence[Any] = () if site.envelope is None else site.envelope.caps
    for each in (*config.perturbations, *caps):
        yield each.id, each.title
    for envelope in config.envelopes:
        yield from ((cap.id, cap.title or envelope.title) for cap in envelope.caps)
        yield envelope.id, envelope.title
    for pool in config.pools.values():
        yield from ((each.id, each.title) for each in pool.downtimes)
    yield from ((each.standing_order, STANDING) for area in site.areas for each in area.lines if each.order is None)
    for unit, _, station in config.stations():
        if unit.is_under(path):
            yield from _own(station)


def _own(station: StationConfig) -> Iterator[Named]:
    """Failure modes and maintenance jobs of a unit."""
    for field in ("failures", "maintenance"):
        modes: Sequence[Any] = getattr(station, field, None) or ()
        yield from ((mode.id, mode.title) for mode in modes)


def _name(name: str, title: Title | None) -> NameMaster:
    """A name; without a title the id in words.

    >>> _name("tool_break", None).en
    'tool break'
    """
    words = name.replace("_", " ")
    return NameMaster(en=words, zh=words) if title is None else NameMaster(en=title.en, zh=title.zh)
