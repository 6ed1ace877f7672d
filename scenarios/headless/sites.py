"""The sites and units of a plant as the brain comes to know them: by their master data."""

from __future__ import annotations

from devices.master import site_masters
from twin.brain.site import Site
from twin.brain.unit import Unit
from twin.config.plant import PlantConfig
from twin.master import EquipmentMaster


def sites_of(config: PlantConfig) -> list[Site]:
    """All sites with their units, which have told nothing yet."""
    found = []
    for path, _ in config.sites():
        site = Site(path)
        for name, master in site_masters(config, path):
            if isinstance(master, EquipmentMaster):
                site.units[name] = Unit(name, site, master=master)
        found.append(site)
    return found


def units_of(config: PlantConfig) -> tuple[Unit, ...]:
    """All units in the order of the plant's."""
    return tuple(unit for site in sites_of(config) for unit in site.units.values())
